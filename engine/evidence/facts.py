"""Facts of a filing as named values, each under a salted commitment of its own (after RFC 9901)."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.decide.filing import Filing, Item, Listing
from engine.decide.values import parse, show
from engine.errors import EvidenceError, InputError, Place
from engine.evidence import canonical
from engine.evidence.keys import fields
from engine.rulebook.read import node_from

if TYPE_CHECKING:
    from engine.rulebook.model import Rulebook

FORMAT = "fenji-facts/1"
SALT = 16


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One named value with its salt (base64url of 16 bytes)."""

    salt: str
    name: str
    value: Any

    def text(self) -> str:
        """Return the disclosure as it is passed on."""
        return canonical.base64url(canonical.dumps([self.salt, self.name, self.value]))

    def commitment(self) -> str:
        """Return what a record holds of it: the hash of its text."""
        return canonical.base64url(bytes.fromhex(canonical.sha256(self.text().encode())))


def disclosures(values: dict[str, Any]) -> list[Disclosure]:
    """Return the values with fresh salts, in the order of their names. Raises InputError for a number that no record holds."""
    for name, value in values.items():
        if beyond := _beyond(value):
            problem = f"`{name}` is {beyond}; a record holds whole numbers up to {canonical.MAX_INT} exactly"
            raise InputError("beyond-record", problem, f"check it; `at_least: {canonical.MAX_INT}` says that it is larger")
    return [Disclosure(canonical.base64url(os.urandom(SALT)), name, values[name]) for name in sorted(values)]


def _beyond(value: Any) -> int | None:
    """Return the first whole number in a value that canonical JSON does not hold exactly."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if abs(value) > canonical.MAX_INT else None
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((found for each in below if (found := _beyond(each)) is not None), None)


def commitments(disclosed: Iterable[Disclosure]) -> list[str]:
    """Return the commitments of disclosures, sorted so that their order tells nothing."""
    return sorted(each.commitment() for each in disclosed)


def write(disclosed: Iterable[Disclosure]) -> bytes:
    """Return the bytes of a facts file."""
    texts = [each.text() for each in sorted(disclosed, key=lambda each: each.name)]
    return canonical.dumps({"format": FORMAT, "disclosures": texts})


def read(data: bytes) -> list[Disclosure]:
    """Return the disclosures of a facts file. Raises EvidenceError for any that is not canonical, repeated or out of order."""
    value = canonical.loads(data, "the facts")
    fields(value, {"format", "disclosures"}, "the facts file")
    found = [_disclosure(text) for text in value["disclosures"]] if isinstance(value["disclosures"], list) else []
    names = [each.name for each in found]
    if value["format"] != FORMAT or write(found) != data or len(set(names)) != len(names):
        raise EvidenceError("wrong-form", "the facts file has not the form that FORMATS.md gives", "it was changed")
    return found


def _disclosure(text: object) -> Disclosure:
    padded = str(text).replace("-", "+").replace("_", "/") + "=" * (-len(str(text)) % 4)
    value = canonical.loads(canonical.unbase64(padded, "a disclosure"), "a disclosure")
    if not (isinstance(value, list) and len(value) == 3 and isinstance(value[0], str) and isinstance(value[1], str)):  # noqa: PLR2004
        raise EvidenceError("wrong-form", "a disclosure is [salt, name, value]", "it was changed")
    return Disclosure(*value)


# filings --------------------------------------------------------------------------------------------------------------


def values_of(rulebook: Rulebook, filing: Filing) -> dict[str, Any]:
    """Return the named values of a filing, of the facts that `rulebook` knows; nothing is said of the others."""

    def shown(name: str, value: Any) -> Any:
        return show(rulebook.type_of_fact(rulebook.facts[name]), value)

    found = {name: shown(name, value) for name, value in filing.facts.items() if name in rulebook.facts}
    for name, listing in filing.lists.items():
        if name not in rulebook.lists:
            continue
        found[name] = {"complete": listing.complete, "count": len(listing.items)}
        for index, item in enumerate(listing.items):
            found[f"{name}/{index}/id"] = item.id
            inner = {fact: value for fact, value in item.facts.items() if fact in rulebook.facts}
            found |= {f"{name}/{index}/{fact}": shown(fact, value) for fact, value in inner.items()}
    return {name: value for name, value in found.items() if value is not None}


def filing_of(rulebook: Rulebook, values: dict[str, Any]) -> Filing:
    """Return the filing that named values state, each in the place of its name.

    Raises EvidenceError for a name without a place, InputError for a value.
    """
    stated: dict[str, Any] = {}
    lists: dict[str, Listing] = {}
    items: dict[tuple[str, int], dict[str, Any]] = {}
    ids: dict[tuple[str, int], str] = {}
    for name, value in values.items():
        home, slash, rest = name.partition("/")
        index, _, fact = rest.partition("/")
        if not slash and name in rulebook.lists:
            fields(value, {"complete", "count"}, f"the list `{name}`")
        elif slash and fact == "id" and index.isdigit():
            ids[home, int(index)] = str(value)
        elif slash and index.isdigit() and fact in rulebook.facts and rulebook.list_of(fact) == home:
            items.setdefault((home, int(index)), {})[fact] = _possible(rulebook, fact, value)
        elif not slash and name in rulebook.facts and not rulebook.list_of(name):
            stated[name] = _possible(rulebook, name, value)
        else:
            raise EvidenceError("unknown-fact", f"the rules know no fact `{name}`", "the facts belong to other rules")
    for name in rulebook.lists:
        if name in values:
            count = range(values[name]["count"])
            rows = tuple(Item(ids.get((name, k), str(k + 1)), items.get((name, k), {})) for k in count)
            lists[name] = Listing(rows, bool(values[name]["complete"]))
    return Filing(stated, lists, {tuple(name.split("/")): Place(name) for name in values})


def _possible(rulebook: Rulebook, name: str, value: Any) -> Any:
    fact = rulebook.facts[name]
    return parse(fact, rulebook.type_of_fact(fact), node_from(value, Place(f"<{name}>")))
