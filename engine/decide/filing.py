"""A document -> a filing: every fact typed, every list with its completeness, the first fault reported with its place."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from engine.decide.values import Possible, parse
from engine.errors import FactError, Place
from engine.rulebook.read import Mapping, Node, Scalar, Sequence
from schemas.rulebook import DATA_SET

if TYPE_CHECKING:
    from engine.rulebook.model import Rulebook

FREE_TEXT = ("about", "name")
MAX_ITEMS = 2_000
MAX_ID = 80


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a list: its name, and what is known of its facts."""

    id: str
    facts: dict[str, Possible]


@dataclass(frozen=True, slots=True)
class Listing:
    """The items of a list, and whether there are no others."""

    items: tuple[Item, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class Filing:
    """What is known: facts of the filing and of its lists' items; places say where each stood."""

    facts: dict[str, Possible]
    lists: dict[str, Listing]
    places: dict[tuple[str, ...], Place]


def from_document(rulebook: Rulebook, node: Node) -> Filing:
    """Return the filing that a document states. Raises FactError for the first fault."""
    if not isinstance(node, Mapping):
        raise FactError("not-a-filing", "a filing is a mapping of facts", "write `fact: value` lines", node.place)
    return _Reader(rulebook).read(node)


class _Reader:
    def __init__(self, rulebook: Rulebook) -> None:
        self.rulebook = rulebook
        self.facts: dict[str, Possible] = {}
        self.lists: dict[str, Listing] = {}
        self.places: dict[tuple[str, ...], Place] = {}

    def read(self, node: Mapping) -> Filing:
        """Return the filing; free text is passed over."""
        for key, value in node.pairs:
            if key.text in FREE_TEXT and key.text not in self.rulebook.facts:
                continue
            self._take(key.text, key, value)
        return Filing(self.facts, self.lists, self.places)

    def _take(self, name: str, key: Scalar, value: Node) -> None:
        if name in self.rulebook.lists:
            if name in self.lists:
                raise FactError("duplicate-fact", f"`{name}` is given twice", "keep one of them", key.place)
            self.lists[name] = self._listing(name, value)
        elif name in self.rulebook.facts:
            if home := self.rulebook.list_of(name):
                raise FactError("out-of-scope", f"`{name}` belongs to each {home}", f"write it under `{home}: items:`", key.place)
            self._state(self.facts, (name,), name, key, value)
        elif isinstance(value, Mapping) and any(fact.startswith(f"{name}.") for fact in self.rulebook.facts):
            for inner, below in value.pairs:
                self._take(f"{name}.{inner.text}", inner, below)
        else:
            raise self._unknown(name, key)

    def _unknown(self, name: str, key: Scalar) -> FactError:
        if name == DATA_SET:  # no other fact is meant: the register of data sets comes with the owners' policies
            remedy = "data sets are known from the owners' policies: name their folder with --policies"
            return FactError("unknown-fact", f"no fact named `{name}` without policies", remedy, key.place)
        near = get_close_matches(name, [*self.rulebook.facts, *self.rulebook.lists], 1)
        shown = name if len(name) <= 80 else name[:77] + "..."  # noqa: PLR2004 - what fits on a line
        remedy = f"did you mean `{near[0]}`?" if near else "`fenji facts PACK` lists them"
        return FactError("unknown-fact", f"no fact named `{shown}`", remedy, key.place)

    def _state(self, into: dict[str, Possible], path: tuple[str, ...], name: str, key: Scalar, value: Node) -> None:
        if name in into or path in self.places:
            raise FactError("duplicate-fact", f"`{name}` is given twice", "keep one of them", key.place)
        fact = self.rulebook.facts[name]
        self.places[path] = key.place
        known = parse(fact, self.rulebook.type_of_fact(fact), value)
        if known is not None:
            into[name] = known

    def _listing(self, name: str, node: Node) -> Listing:
        complete = False
        if isinstance(node, Mapping):
            if (items := node.get("items")) is None:
                form = f"write `{name}: {{complete: true, items: [...]}}`"
                raise FactError("wrong-form", f"the list `{name}` has no items", form, node.place)
            complete = self._complete(name, node)
        else:
            items = node
        if not isinstance(items, Sequence):
            raise FactError("scalar-for-list", f"`{name}` takes a list of items", "begin each with `-`", items.place)
        if complete and len(items.items) < self.rulebook.lists[name].min:
            remedy = "name its items, or leave out `complete: true`"
            raise FactError("empty-list", f"the list `{name}` cannot be empty", remedy, items.place)
        if len(items.items) > MAX_ITEMS:
            remedy = "file like items as one, or split the filing"
            raise FactError("too-many-items", f"the list `{name}` has {len(items.items)} items", remedy, items.place)
        read = [self._item(name, index, item) for index, item in enumerate(items.items)]
        seen: set[str] = set()
        for item in read:
            if item.id in seen:
                raise FactError(
                    "duplicate-item", f"two items of `{name}` are called `{item.id}`", "give each its own id", items.place
                )
            seen.add(item.id)
        return Listing(tuple(read), complete)

    def _complete(self, name: str, node: Mapping) -> bool:
        for key, value in node.pairs:
            if key.text not in ("items", "complete"):
                raise FactError(
                    "wrong-form", f"`{key.text}` has no meaning in the list `{name}`", "use items and complete", key.place
                )
            if key.text == "complete" and not (isinstance(value, Scalar) and value.plain and value.text in ("true", "false")):
                raise FactError("wrong-type", f"`{name}.complete` is true or false", "write `true` or `false`", value.place)
        stated = node.get("complete")
        return isinstance(stated, Scalar) and stated.text == "true"

    def _item(self, name: str, index: int, node: Node) -> Item:
        if not isinstance(node, Mapping):
            raise FactError("wrong-form", f"an item of `{name}` is a mapping of facts", "write `- {fact: value}`", node.place)
        item_id = str(index + 1)
        facts: dict[str, Possible] = {}
        for key, value in node.pairs:
            if key.text == "id":
                item_id = self._id(name, value)
            elif key.text in FREE_TEXT:
                continue
            else:
                self._item_fact(name, index, facts, key, value)
        return Item(item_id, facts)

    def _id(self, name: str, value: Node) -> str:
        """Return the id of an item, which every answer prints: so it must not drive a terminal, nor pass for another."""
        if not (isinstance(value, Scalar) and 0 < len(value.text) <= MAX_ID and value.text.isprintable()):
            problem = f"the id of an item of `{name}` is 1 to {MAX_ID} printable characters"
            raise FactError("wrong-id", problem, "give it a short name", value.place)
        return value.text

    def _item_fact(self, name: str, index: int, facts: dict[str, Possible], key: Scalar, value: Node) -> None:
        full = key.text if key.text in self.rulebook.facts else f"{name}.{key.text}"
        if full not in self.rulebook.facts or self.rulebook.list_of(full) != name:
            raise self._unknown(full, key)
        self._state(facts, (name, str(index), full), full, key, value)
