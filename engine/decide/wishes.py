"""What would make an item allowed: the fewest facts told otherwise, tried in a fixed order up to a fixed number of cases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Any

from engine.decide.missing import Fact, state
from engine.decide.review import Node, Review, cells_of, registered, whole_of
from engine.decide.sides import REQUEST, Side
from engine.decide.values import known, meet
from engine.decide.verdict import ALLOWED, BLOCKS, Verdict, Worlds, both, lift
from engine.errors import InputError
from schemas.rulebook import DATA_SET

Changes = tuple[tuple[Fact, Any], ...]
CASES = 1_000  # most cases that are tried for one item
SIZE = 2  # most facts that are changed together


@dataclass(frozen=True)
class Wish:
    """Facts with the values that would make the item allowed, and whether no fewer facts do."""

    changes: Changes
    verdict: Verdict
    smallest: bool


class Wishes:
    """Tries changes of one item of a request."""

    def __init__(self, review: Review, item: int, node: Node) -> None:
        """Take an item as it was filed; what the register says of its data set is not the requester's to change."""
        self.review = review
        self.item = item
        self.node = node
        self.filing = node.filing
        self.left = CASES
        self.alone: dict[tuple[Fact, Any], Node | None] = {}  # each change by itself; None where the facts exclude it

    def found(self) -> Wish | None:
        """Return the fewest changes that make the item allowed, None when none was found."""
        options = [(fact, cell) for fact in self._facts() for cell in self._cells(fact)]
        for size in range(1, SIZE + 1):
            for chosen in combinations(options, size):
                if len({fact for fact, _ in chosen}) < size:
                    continue
                if self.left <= 0:
                    return None
                verdict = self._tried(chosen)
                if verdict:
                    return Wish(self._widened(chosen, verdict), verdict, smallest=True)
        return None

    def _widened(self, chosen: Changes, verdict: Verdict) -> Changes:
        """Return the changes with each range of numbers or days as wide as it still gives the verdict, cell by cell."""
        found = list(chosen)
        for k, (fact, _) in enumerate(chosen):
            for more in self._cells(fact) if self.review.kind(fact[0]).name in ("int", "decimal", "date") else ():
                now = found[k][1]
                if more[0] == now[1] + 1 or more[1] == now[0] - 1:
                    wider = (fact, (min(now[0], more[0]), max(now[1], more[1])))
                    if self._tried((*found[:k], wider, *found[k + 1 :])) == verdict:
                        found[k] = wider
        return tuple(found)

    def _tried(self, chosen: Changes) -> Verdict | None:
        """Return the verdict that the changes give where it allows the item, and is the only one."""
        self.left -= 1
        if len(chosen) > 1 and self._hopeless(chosen):
            return None
        node: Node | None = self.node
        for k, change in enumerate(chosen):
            node = self._alone(change) if k == 0 else self._after(node, change) if node else None
        possible = node.possible if node else frozenset[Verdict]()
        return next(iter(possible)) if len(possible) == 1 and possible <= ALLOWED else None

    def _alone(self, change: tuple[Fact, Any]) -> Node | None:
        if change not in self.alone:
            self.alone[change] = self._after(self.node, change)
        return self.alone[change]

    def _after(self, node: Node, change: tuple[Fact, Any]) -> Node | None:
        """Return a case with one fact told otherwise, None where the facts exclude it."""
        (name, index), cell = change
        try:
            changed = state(node.filing, self.review.rulebook.list_of(name), index, name, cell)
            return self.review.node(changed, self.item, node, name)
        except InputError:
            return None

    def _hopeless(self, chosen: Changes) -> bool:
        """Tell whether changes cannot allow the item, from what each side says to them one by one.

        A side that reads one of the changed facts says to all of them what it says to that one; of one that reads more nothing is
        known. INVARIANT: what is skipped would not have been allowed, so that skipping changes no answer.
        """
        fixed = [self.node.owner]
        for k, (side, _) in enumerate(self.node.states):
            read = [change for change in chosen if change[0][0] in side.reads]
            node = self._alone(read[0]) if len(read) == 1 else self.node
            if len(read) <= 1 and node is not None:
                fixed.append(node.worlds[k])
        return not _may_allow(both(*fixed))

    def _facts(self) -> Iterator[Fact]:
        """Yield the facts that may be told otherwise: unknown ones first, then those of the item, then those of the request."""
        rulebook = self.review.rulebook
        name = self.review.data_set(self.filing, self.item)
        fixed = {DATA_SET, *(registered(rulebook, self.review.owners[name].pack) if name in self.review.owners else ())}
        read = {fact for side in self._blocking() for fact in side.evaluator.inputs.facts} - fixed
        facts = [(fact, self._index(fact)) for fact in rulebook.facts if fact in read and rulebook.list_of(fact) in ("", REQUEST)]
        open_ = [fact for fact in facts if not (self._known(fact) and self._who(fact))]
        yield from sorted(open_, key=lambda fact: (self._known(fact), self.review.kind(fact[0]).name == "enum", fact[1] < 0))

    def _who(self, fact: Fact) -> bool:
        """Tell whether a fact says who asks whom, when and by which channel: told otherwise, it would be another request."""
        return fact[1] < 0 and self.review.kind(fact[0]).name in ("enum", "date")

    def _blocking(self) -> Iterator[Side]:
        """Yield the sides without which the item might be allowed: those that may block it, and the owner's."""
        for (side, _), worlds in zip(self.node.states, self.node.worlds, strict=True):
            if side.owner or any(marks & BLOCKS for marks in worlds):
                yield side

    def _index(self, name: str) -> int:
        return self.item if self.review.rulebook.list_of(name) else -1

    def _stated(self, fact: Fact) -> Any:
        facts = self.filing.facts if fact[1] < 0 else self.filing.lists[REQUEST].items[fact[1]].facts
        return facts.get(fact[0])

    def _known(self, fact: Fact) -> bool:
        stated = self._stated(fact)
        return stated is not None and known(self.review.kind(fact[0]), stated)

    def _cells(self, fact: Fact) -> Iterator[Any]:
        """Yield what a fact could be told as: of an open one a part of what is possible, of a known one anything else."""
        kind, stated = self.review.kind(fact[0]), self._stated(fact)
        everything = whole_of(self.review.rulebook, fact[0])
        marks = sorted(self.node.marks(fact))
        if kind.name == "set":
            yield from _one_more_or_less(stated, everything)
            return
        if stated is not None and not self._known(fact):
            everything = stated
        for cell in cells_of(kind, everything, marks):
            if cell != everything and (stated is None or not self._known(fact) or meet(kind, cell, stated) is None):
                yield cell


@cache
def _may_allow(worlds: Worlds) -> bool:
    """Tell whether the other sides might say something with which these worlds all give one verdict, and it allows."""
    return any(lift(both(worlds, frozenset({said}))) in ({"allow"}, {"allow_with_duties"}) for said in range(64))


def _one_more_or_less(stated: Any, everything: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Yield the sets that differ in one value from one that is known, or that have one value or none."""
    must, may = everything
    bits = [1 << k for k in range(may.bit_length())]
    if stated is not None and stated[0] == stated[1]:
        yield from ((stated[0] ^ bit, stated[0] ^ bit) for bit in bits)
    else:
        yield from ((must | bit, must | bit) for bit in (0, *bits))


__all__ = ["Wish", "Wishes"]
