"""A request -> the verdicts that its open facts leave possible, item by item, exact as far as a fixed number of cases allows.

Plain Kleene on law and policy apart is looser than the truth, because both read the same facts: a purpose that the law forbids is
often the one that the owner's terms leave out. So open facts are split into cells that together cover them, facts of the data
set first, until one verdict is left. The union over the cells is exact; where the cases run out, or an open fact has no few cells
(numbers added up or compared with each other), the answer is an over-set and says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from engine.decide.evaluate import AS_OF
from engine.decide.filing import Filing, Item
from engine.decide.missing import Fact, state
from engine.decide.sides import REQUEST, Side, State
from engine.decide.values import INF, F, T, known, meet, parse, whole
from engine.decide.verdict import NOTHING, OWNER_NOT_ASKED, OWNER_UNKNOWN, Verdict, Worlds, both, either, lift
from engine.errors import ContradictionError, DateError, InputError, Place
from engine.rulebook.read import node_from
from schemas.rulebook import DATA_SET

if TYPE_CHECKING:
    from datetime import date

    from engine.rulebook.model import PackRules, Rulebook
    from schemas.term import Type

CASES = 1_000  # most cases of one item; a constant, never a time, so that the same request has the same answer for ever
Kept = TypeVar("Kept")
RECEIVED = "sharing.received_on"
STATES = 4_096  # most states that are kept of one request
OTHER = "other"  # a data set that the register does not hold


@dataclass(frozen=True)
class Found:
    """The verdicts that are possible of an item, whether that is exact, and the facts that decide or may decide.

    `uncovered` are the packs of law that do not cover a day which is possible.
    """

    possible: frozenset[Verdict]
    exact: bool
    missing: tuple[Fact, ...] = ()
    may_matter: tuple[Fact, ...] = ()
    uncovered: tuple[Side, ...] = ()


@dataclass(frozen=True)
class Node:
    """One case of a request: its filing with the register's facts, and every side that is consulted on an item of it."""

    filing: Filing
    states: tuple[tuple[Side, list[State]], ...]
    worlds: tuple[Worlds, ...]  # one per side
    owner: Worlds  # what an owner without terms may say

    @property
    def possible(self) -> frozenset[Verdict]:
        """The verdicts that are possible."""
        return lift(both(*self.worlds, self.owner))

    def marks(self, fact: Fact) -> set[int]:
        """Return the values at which a number or date begins to say something else to one of the sides."""
        read = [each for _, states in self.states for each in states if fact[0] in each.law.layout.slot]
        return {mark for each in read for mark in each.marks(fact)}

    def uncovered(self, item: int) -> Iterator[tuple[Side, bool]]:
        """Yield the packs of law that do not cover the day of the request, and whether they certainly bear on an item then."""
        for side, states in self.states:
            asked = {each.asked(item) for each in states if not each.covered} - {F}
            if asked:
                yield side, asked == {T} and not any(each.covered for each in states)

    def decisive(self) -> Iterator[tuple[Side, list[State]]]:
        """Yield the sides of which the verdict still depends."""
        for k, (side, worlds) in enumerate(zip(self.states, self.worlds, strict=True)):
            rest = both(*self.worlds[:k], *self.worlds[k + 1 :], self.owner)
            if len({lift(both(rest, frozenset({world}))) for world in worlds}) > 1:
                yield side


class Review:
    """Reviews one request under law and the owners' policies of a rulebook."""

    def __init__(self, rulebook: Rulebook, filing: Filing, as_of: date) -> None:
        """Take the request; what the register says of its data sets is added. Raises InputError."""
        if REQUEST not in filing.lists or not filing.lists[REQUEST].items:
            raise InputError("no-items", "the request asks for nothing", f"list what is asked for under `{REQUEST}: items:`")
        self.rulebook = rulebook
        self.as_of = as_of
        self.law, self.owners = sides(rulebook)
        self.filing = self.filled(self._dated(filing))
        self._found: dict[Any, Any] | None = None  # of items that are reviewed by themselves, by what is known of them

    def parts(self) -> list[tuple[Review, int]]:
        """Return per item the review that answers on it, and where the item stands there.

        What no side compares with the other items is reviewed by itself: with n items, each case costs an n-th.
        """
        items = self.filing.lists[REQUEST].items
        if any(side.compares_items for side in (*self.law, *self.owners.values())):
            return [(self, index) for index in range(len(items))]
        found: dict[Any, Any] = {}
        return [(self._alone(index, found), 0) for index in range(len(items))]

    def once(self, what: str, work: Callable[[], Kept]) -> Kept:
        """Return what is worked out of an item, once for all items of which the same is known."""
        if self._found is None:
            return work()
        key = what, frozenset(self.filing.lists[REQUEST].items[0].facts.items())
        if key not in self._found:
            self._found[key] = work()
        kept: Kept = self._found[key]
        return kept

    def _alone(self, index: int, kept: dict[Any, Any]) -> Review:
        """Return the review of one item of the request, the places of its facts kept."""
        listing = self.filing.lists[REQUEST]
        places = {
            (REQUEST, "0", *path[2:]) if path[0] == REQUEST and len(path) > 1 else path: place
            for path, place in self.filing.places.items()
            if path[:2] in ((REQUEST,), (REQUEST, str(index))) or path[0] != REQUEST
        }
        lists = self.filing.lists | {REQUEST: replace(listing, items=(listing.items[index],), complete=True)}
        found = copy(self)
        found.filing, found._found = Filing(self.filing.facts, lists, places), kept  # noqa: SLF001 - a copy of its own
        return found

    def item(self, item: int, node: Node) -> Found:
        """Return what is possible of an item, whose node is that of the request as filed. Raises ContradictionError."""
        search = _Search(self, item)
        reached = search.visit(node)
        seen = dict.fromkeys(search.seen)
        decide = tuple(fact for fact in seen if fact in search.decide)
        may_decide = tuple(fact for fact in seen if fact not in search.decide)
        return Found(reached.possible, reached.exact, decide, may_decide, tuple(search.uncovered))

    def governed(self, node: Node) -> None:
        """Refuse a request whose law no pack covers on its day, whatever is asked for. Raises DateError."""
        for side, sure in node.uncovered(0):
            if sure and not side.local:
                name, covers = side.pack.doc.date, side.pack.doc.covers
                problem = f"`{name}` lies outside the law of pack `{side.pack.doc.id}`"
                raise DateError("date-not-covered", problem, f"the pack covers {covers}", self.filing.places.get((name,)))

    def node(self, filing: Filing, item: int, before: Node | None = None, changed: str = "") -> Node:
        """Return what law and the owner say to an item of a filing that was filled. Raises ContradictionError.

        A side that does not read the fact in which the filing was `changed` says what it said before.
        """
        name = self.data_set(filing, item)
        sides_ = (*self.law, *((self.owners[name],) if name in self.owners else ()))
        same = {side: states for side, states in before.states if changed not in side.reads} if before else {}
        states = tuple((side, same[side] if side in same else self._states(side, filing)) for side in sides_)
        worlds = tuple(either(*(each.worlds(item) for each in found)) if found else NOTHING for _, found in states)
        owner = NOTHING if name in self.owners else OWNER_UNKNOWN if self.asks_owner else OWNER_NOT_ASKED
        return Node(filing, states, worlds, owner)

    def _dated(self, filing: Filing) -> Filing:
        """Return the filing with what the order of days tells. Raises ContradictionError, DateError.

        A request was received by the day of the question, and what it asks for leaves no earlier than that.
        """
        if RECEIVED not in self.rulebook.facts:
            return filing
        low, high = filing.facts.get(RECEIVED, whole_of(self.rulebook, RECEIVED))
        today = self.as_of.toordinal()
        if low > today:
            problem = f"`{RECEIVED}` is after {self.as_of}, the day of the question"
            remedy = "correct the day, or ask as of a day on which the request is there"
            raise DateError("not-yet-received", problem, remedy, filing.places.get((RECEIVED,)))
        facts = {RECEIVED: (low, min(high, today))}
        for name in {side.pack.doc.date for side in self.law} - {RECEIVED, AS_OF}:
            first, last = filing.facts.get(name, whole_of(self.rulebook, name))
            if last < low:
                problem = f"`{name}` is before `{RECEIVED}`: what is asked for cannot have left by then"
                raise ContradictionError("before-request", problem, "correct one of the two", filing.places.get((name,)))
            facts[name] = (max(first, low), last)
        return replace(filing, facts=filing.facts | facts)

    def _states(self, side: Side, filing: Filing) -> list[State]:
        """Return what a side says to a filing. Raises ContradictionError.

        Where items are reviewed by themselves it is worked out once for all cases that the side cannot tell apart.
        """
        if self._found is None:
            return side.states(filing, self.as_of)
        facts, item = filing.facts, filing.lists[REQUEST].items[0].facts
        lists = (id(listing) for home, listing in filing.lists.items() if home != REQUEST)
        key = side, *map(facts.get, side.reads_whole), *map(item.get, side.reads_item), *lists
        if key not in self._found:
            if len(self._found) > STATES:
                self._found.clear()
            self._found[key] = filing, side.states(filing, self.as_of)  # the filing is kept so that no other takes its lists' ids
        found: list[State] = self._found[key][1]
        return found

    @property
    def asks_owner(self) -> bool:
        """Tell whether there is a register of data sets; without it the answer is by law alone."""
        return DATA_SET in self.rulebook.facts

    def data_set(self, filing: Filing, item: int) -> str | None:
        """Return the data set of an item, None while more than one is possible."""
        if not self.asks_owner:
            return None
        kind = self.kind(DATA_SET)
        value = filing.lists[REQUEST].items[item].facts.get(DATA_SET)
        return kind.values[value.bit_length() - 1] if value is not None and known(kind, value) else None

    def filled(self, filing: Filing) -> Filing:
        """Return the filing with what the register says of the data sets that are known. Raises ContradictionError."""
        listing = filing.lists[REQUEST]
        items = list(listing.items)
        for index, item in enumerate(items):
            name = self.data_set(filing, index)
            if name in self.owners:
                items[index] = Item(item.id, item.facts | self._registered(name or "", item))
        return replace(filing, lists=filing.lists | {REQUEST: replace(listing, items=tuple(items))})

    def _registered(self, name: str, item: Item) -> dict[str, Any]:
        found = {}
        for fact, value in registered(self.rulebook, self.owners[name].pack).items():
            met = meet(self.kind(fact), item.facts[fact], value) if fact in item.facts else value
            if met is None:
                problem = f"item `{item.id}` states `{fact}` otherwise than the register does of `{name}`"
                raise ContradictionError("register-differs", problem, "correct the request, or have the register corrected")
            found[fact] = met
        return found

    def kind(self, fact: str) -> Type:
        """Return the type of a fact."""
        return self.rulebook.type_of_fact(self.rulebook.facts[fact])


@lru_cache(maxsize=8)
def _kept(rulebook_id: int, digest: str) -> list[Any]:  # noqa: ARG001 - the key of the cache
    return []


def sides(rulebook: Rulebook) -> tuple[tuple[Side, ...], dict[str, Side]]:
    """Return the packs of law that are consulted on requests, and the owners' policies by data set; built once per rulebook."""
    kept = _kept(id(rulebook), rulebook.digest)
    if not kept or kept[0] is not rulebook:
        law = tuple(Side(rulebook, pack) for pack in rulebook.packs.values() if pack.doc.shares_when and not pack.doc.data_set)
        owners = {name: Side(rulebook, pack) for name, pack in rulebook.packs.items() if pack.doc.data_set}
        kept[:] = [rulebook, law, owners]
    found: tuple[tuple[Side, ...], dict[str, Side]] = (kept[1], kept[2])
    return found


def registered(rulebook: Rulebook, pack: PackRules) -> dict[str, Any]:
    """Return what the register entry of a policy says of its data set, as possible values by fact. Raises FactError."""
    found = {}
    for name, value in pack.doc.data_set.facts.items() if pack.doc.data_set else ():
        fact = rulebook.facts[name]
        stated = parse(fact, rulebook.type_of_fact(fact), node_from(value, Place(f"<{pack.doc.id}>")))
        if stated is not None:
            found[name] = stated
    return found


class _Reached(NamedTuple):
    """The verdicts that a case reaches, whether all of them are, and whether law of its day is not encoded."""

    possible: frozenset[Verdict]
    exact: bool
    uncovered: bool = False


@dataclass
class _Search:
    """Splits the open facts of one item."""

    review: Review
    item: int
    left: int = CASES
    seen: list[Fact] = field(default_factory=list)
    decide: set[Fact] = field(default_factory=set)
    uncovered: dict[Side, None] = field(default_factory=dict)

    def visit(self, node: Node) -> _Reached:
        """Return the verdicts that completions of a case reach. Raises ContradictionError."""
        self.left -= 1
        possible = node.possible
        uncovered = dict(node.uncovered(self.item))
        if any(uncovered.values()):  # what law says on the day is not known, whatever is told
            self.uncovered |= dict.fromkeys(side for side, sure in uncovered.items() if sure)
            return _Reached(possible, exact=False, uncovered=True)
        split = next(self._splits(node), None) if len(possible) > 1 and self.left > 0 else None
        if split is None:
            self.uncovered |= dict.fromkeys(uncovered)
            # what is left open is exact where only an owner without terms leaves it so
            decided = len(possible) == 1 or (self.left > 0 and not list(node.decisive()))
            exact = decided and all(each.consistent(self.item) for _, states in node.states for each in states)
            return _Reached(possible, exact)
        fact, cells = split
        self.seen.append(fact)
        found = list(self._cases(node, fact, cells))
        if not found:
            raise ContradictionError("contradiction", "no case is possible", "two facts exclude each other")
        exact = all(each.exact for each in found)
        proved = all(each.exact or each.uncovered for each in found)
        if proved and len({(each.possible, each.uncovered) for each in found}) > 1:
            self.decide.add(fact)  # one value of the fact reaches a verdict that another cannot
        possible = frozenset().union(*(each.possible for each in found))
        return _Reached(possible, exact, proved and any(each.uncovered for each in found))

    def _cases(self, node: Node, fact: Fact, cells: tuple[Any, ...]) -> Iterator[_Reached]:
        home = self.review.rulebook.list_of(fact[0])
        for cell in cells:
            try:
                changed = state(node.filing, home, fact[1], fact[0], cell)
                if fact[0] == DATA_SET:  # the register says more of it
                    yield self.visit(self.review.node(self.review.filled(changed), self.item))
                else:
                    yield self.visit(self.review.node(changed, self.item, node, fact[0]))
            except ContradictionError:
                continue

    def _splits(self, node: Node) -> Iterator[tuple[Fact, tuple[Any, ...]]]:
        """Yield the open facts with the cells that cover them: the data set, days that select law, then what is read."""
        if self.review.asks_owner and self.review.data_set(node.filing, self.item) is None:
            stated = node.filing.lists[REQUEST].items[self.item].facts.get(DATA_SET, whole_of(self.review.rulebook, DATA_SET))
            yield (DATA_SET, self.item), cells_of(self.review.kind(DATA_SET), stated, ())
            return
        decisive = list(node.decisive())
        for side, states in decisive:
            for name in side.dates if len(states) > 1 else ():
                yield from self._cut(node, side, (name, -1), node.filing.facts.get(name, whole_of(side.rulebook, name)))
        for side, states in decisive:
            for each in states:
                for fact in each.open(self.item):
                    yield from self._cut(node, side, fact, each.value(fact))

    def _cut(self, node: Node, side: Side, fact: Fact, value: Any) -> Iterator[tuple[Fact, tuple[Any, ...]]]:
        marks = node.marks(fact)
        cells = cells_of(side.rulebook.type_of_fact(side.rulebook.facts[fact[0]]), value, sorted(marks))
        if len(cells) > 1:
            yield fact, cells


def whole_of(rulebook: Rulebook, name: str) -> Any:
    """Return every value that a fact can have."""
    fact = rulebook.facts[name]
    return whole(fact, rulebook.type_of_fact(fact))


def cells_of(kind: Type, value: Any, marks: Any) -> tuple[Any, ...]:
    """Return cells that together cover what is possible of a fact: each value, or for numbers what lies between the marks."""
    match kind.name:
        case "bool":
            return (F, T)
        case "enum":
            return tuple(1 << k for k in range(len(kind.values)) if value >> k & 1)
        case "set":
            must, may = value
            bit = (may & ~must) & -(may & ~must)  # the first value that is open: in the set, or not
            return ((must | bit, may), (must, may & ~bit))
        case _:
            low, high = value
            edges = [low, *(mark for mark in marks if low < mark <= high), high + 1 if high != INF else INF]
            return tuple((a, b - 1 if b != INF else INF) for a, b in pairwise(edges))


__all__ = ["CASES", "OTHER", "RECEIVED", "Found", "Node", "Review", "cells_of", "registered", "sides"]
