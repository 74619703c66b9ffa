"""What a grant of shared data covers: compared with what was asked for, and with the verdict on each item that is granted.

A request is judged as it was asked. So what it does not ask for is never granted: no other item, purpose or receiver, no more
uses and no later end. An item that law and the owner's terms do not surely allow is granted only as a deviation; the other items
of the request stand in nobody's way. Order 809: within the approved scope and purpose (article 25(1)), reasons for what is not
shared (article 21(2)); an item that law owes is not left out as if the provider were free to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from engine.decide.verdict import ALLOWED
from engine.errors import InputError, Place

if TYPE_CHECKING:
    from engine.rulebook.model import Rulebook
    from schemas.sharing import ItemVerdict, ShareAnswer

LIST = "request"
PURPOSE, ONWARD, USES = "request.purpose", "request.onward", "request.uses"
OWED, FREE = "oblige", "open"  # what law says to an item that the owner may grant


class Under(Protocol):
    """What a request is answered under: law, with the owners' terms where they are at hand."""

    @property
    def rulebook(self) -> Rulebook:
        """The rulebook, with the owners' policies where there are any."""
        ...

    def marked_share(self, found: ShareAnswer, days: Mapping[str, str]) -> ShareAnswer:
        """Return the answer with the hash of each policy used."""
        ...


@dataclass(frozen=True, slots=True)
class LawAlone:
    """Law, and no terms of any owner."""

    rulebook: Rulebook

    def marked_share(self, found: ShareAnswer, _days: Mapping[str, str]) -> ShareAnswer:
        """Return the answer as it is."""
        return found


@dataclass(frozen=True, slots=True)
class Cover:
    """What a grant covers: its fields, the facts of the granted items alone, the verdict on them, and whether it deviates."""

    fields: dict[str, Any]
    facts: dict[str, Any]
    found: ShareAnswer
    deviates: bool


def cover(facts: Mapping[str, Any], until: str, said: Mapping[str, Any], found: ShareAnswer) -> Cover:
    """Return what a grant covers, of the request's `facts` and last day, as an official says it; the rest is as it was asked.

    Raises InputError for what the request does not ask for, and for an item left out without reasons.
    """
    asked = items(facts)
    named = said.get("granted")
    granted = list(asked) if named is None else _within("granted", named, asked)
    if not granted:
        raise InputError(
            "beyond-request", "a grant of no item is a refusal", "refuse the request, with reasons", Place("#/granted")
        )
    kept = [asked[name] for name in granted]
    _narrower(facts, kept, said, until)
    left = [each for each in found.items if each.item not in granted]
    if left and not str(said.get("reasons") or "").strip():
        problem = f"`{left[0].item[:60]}` is asked for and not granted"
        raise InputError(
            "no-ground", problem, "give `reasons`: what is not shared is refused", Place("#/reasons"), "order-809 21(2)"
        )
    ours = [each for each in found.items if each.item in granted]
    sets = {each.data_set for each in ours}
    policies = [each for each in found.policies if each.kind != "policy" or each.name in sets]
    part = found.model_copy(update={"items": ours, "policies": policies})
    unborne = not all(borne(each, alone=found.by_law_alone) for each in ours)
    return Cover({**asked_for(facts, kept), **said}, _part(facts, kept), part, unborne or owes(left))


def borne(item: ItemVerdict, *, alone: bool) -> bool:
    """Tell whether law and terms surely allow an item, with duties or without.

    By law `alone` no owner was asked: whoever answers speaks for the owner, and law must be sure not to stand against it.
    """
    if alone:
        return set(item.law) <= {OWED, FREE} and len(set(item.possible) & ALLOWED) == 1
    return item.verdict in ALLOWED


def owes(left: Iterable[ItemVerdict]) -> bool:
    """Tell whether law surely owes one of the items that are not granted: no terms and no provider may refuse it."""
    return any(item.law == [OWED] for item in left)


def items(facts: Mapping[str, Any]) -> dict[str, int]:
    """Return the place of each item that a request names, by its id."""
    count = facts.get(LIST, {}).get("count", 0) if isinstance(facts.get(LIST), Mapping) else 0
    return {str(facts[name]): index for index in range(count) if (name := f"{LIST}/{index}/id") in facts}


def asked_for(facts: Mapping[str, Any], places: Iterable[int]) -> dict[str, Any]:
    """Return items, purposes and uses asked for at these places; no purposes and no uses where one of them leaves them open."""
    kept = list(places)
    purposes, uses = _told(facts, kept, PURPOSE), _told(facts, kept, USES)
    found: dict[str, Any] = {"granted": [str(facts[f"{LIST}/{index}/id"]) for index in kept]}
    found |= {"purposes": sorted(set(purposes))} if purposes and all(isinstance(each, str) for each in purposes) else {}
    found |= {"uses": sum(uses)} if uses and all(isinstance(each, int) for each in uses) else {}
    return {name: value for name, value in found.items() if value != []}


def _narrower(facts: Mapping[str, Any], kept: list[int], said: Mapping[str, Any], until: str) -> None:
    """Refuse purposes, receivers, uses and an end that go beyond what these items ask for. Raises InputError."""
    purposes = _told(facts, kept, PURPOSE)
    if "purposes" in said and None not in purposes:
        _within("purposes", said["purposes"], {word for each in purposes for word in _words(each)})
    if said.get("passed_on") and not all(each is True for each in _told(facts, kept, ONWARD)):
        raise _beyond("passed_on", "the request does not ask to pass on every item that is granted (`onward`)")
    limit = asked_for(facts, kept).get("uses")
    if isinstance(said.get("uses"), int) and limit is not None and said["uses"] > limit:
        raise _beyond("uses", f"the items that are granted ask for {limit} uses")
    if isinstance(said.get("until"), str) and until and said["until"] > until:
        raise _beyond("until", f"the request asks until {until}")


def _within(name: str, said: Any, asked: Iterable[str]) -> list[str]:
    """Return the values that are granted, each once. Raises InputError for one that was not asked for."""
    known = list(asked)
    told = list(dict.fromkeys(map(str, said if isinstance(said, list | tuple) else [said])))
    other = next((each for each in told if each not in known), None)
    if other is not None:
        raise _beyond(name, f"`{other[:60]}` is not asked for; {', '.join(known) or 'nothing'} is")
    return told


def _beyond(name: str, problem: str) -> InputError:
    remedy = "grant what was asked for, or less of it; what goes further is asked for in a request of its own"
    return InputError("beyond-request", problem, remedy, Place(f"#/{name}"))


def _told(facts: Mapping[str, Any], places: Iterable[int], name: str) -> list[Any]:
    """Return the value of a fact at each of these items, None where it is not told."""
    return [facts.get(f"{LIST}/{index}/{name}") for index in places]


def _words(value: Any) -> list[str]:
    """Return the values that a told fact may have."""
    return [str(each) for each in value.get("one_of", ())] if isinstance(value, Mapping) else [str(value)]


def _part(facts: Mapping[str, Any], kept: list[int]) -> dict[str, Any]:
    """Return the facts of a request for these items alone, numbered anew."""
    heads = {f"{LIST}/{old}": f"{LIST}/{new}" for new, old in enumerate(kept)}
    found = {name: value for name, value in facts.items() if not name.startswith(f"{LIST}/")}
    for name, value in facts.items():
        head = "/".join(name.split("/", 2)[:2])
        if head in heads:
            found[heads[head] + name[len(head) :]] = value
    return found | {LIST: {**facts[LIST], "count": len(kept)}}
