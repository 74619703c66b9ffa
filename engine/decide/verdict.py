"""The verdict on one item of a request: what law and the owner's terms say together, as a small algebra.

What a rule says is a mark; a complete world leaves one set of marks, and `verdict` reads it from the top of this list:

    law refuses                        refuse             law outranks the owner: no term can allow it
    two regimes collide                conflict           a human decides
    law obliges, the owner refuses     conflict           the owner has no power to refuse; a human decides
    the owner refuses                  refuse
    law obliges, or the owner grants   allow, with duties where there are any
    neither                            refuse             nothing grants it

Open facts leave several sets of marks, and the verdict is then the set of what these give: `lift` is exact over sets of marks.
INVARIANT: fewer sets of marks never give more verdicts, so knowing more only narrows.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntFlag
from functools import cache, lru_cache, reduce
from itertools import combinations
from typing import Literal, TypeVar

Verdict = Literal["allow", "allow_with_duties", "refuse", "conflict"]
VERDICTS: tuple[Verdict, ...] = ("allow", "allow_with_duties", "refuse", "conflict")
ALLOWED: frozenset[Verdict] = frozenset({"allow", "allow_with_duties"})
Worlds = frozenset[int]  # the sets of marks that are possible, each as its bits
Named = TypeVar("Named")


class Mark(IntFlag):
    """What one rule or term says to a request."""

    LAW_REFUSES = 1
    HUMAN = 2
    LAW_OBLIGES = 4
    OWNER_REFUSES = 8
    OWNER_GRANTS = 16
    DUTY = 32


BLOCKS = Mark.LAW_REFUSES | Mark.HUMAN | Mark.OWNER_REFUSES
NOTHING: Worlds = frozenset({0})
# law that nobody has encoded may refuse, oblige, leave two regimes to a human or say nothing, each with duties or without
LAW_UNKNOWN: Worlds = frozenset(
    int(said | duty) for said in (Mark(0), Mark.LAW_REFUSES, Mark.HUMAN, Mark.LAW_OBLIGES) for duty in (Mark(0), Mark.DUTY)
)
# an owner whose terms are not known may grant, refuse, ask for duties, or have said nothing
OWNER_UNKNOWN: Worlds = frozenset(map(int, (0, Mark.OWNER_REFUSES, Mark.OWNER_GRANTS, Mark.OWNER_GRANTS | Mark.DUTY)))
# by law alone: no refusal and no duty of an owner is asked for
OWNER_NOT_ASKED: Worlds = frozenset({0, int(Mark.OWNER_GRANTS)})


def mark(says: str, *, owner: bool) -> int:
    """Return the mark of what a value says: `refuse`, `oblige`, `permit`, `duty`, `human` or nothing."""
    return int(_mark(says, owner=owner))


def _mark(says: str, *, owner: bool) -> int:
    match says:
        case "refuse":
            return Mark.OWNER_REFUSES if owner else Mark.LAW_REFUSES
        case "oblige":
            return 0 if owner else Mark.LAW_OBLIGES
        case "permit":
            return Mark.OWNER_GRANTS if owner else 0
        case "duty":
            return (Mark.OWNER_GRANTS | Mark.DUTY) if owner else Mark.DUTY
        case "human":
            return Mark.HUMAN
        case _:
            return 0


@cache
def verdict(marks: int) -> Verdict:
    """Return the verdict of one complete world."""
    if marks & Mark.LAW_REFUSES:
        return "refuse"
    if marks & Mark.HUMAN:
        return "conflict"
    if marks & Mark.OWNER_REFUSES:
        return "conflict" if marks & Mark.LAW_OBLIGES else "refuse"
    if marks & (Mark.LAW_OBLIGES | Mark.OWNER_GRANTS):
        return "allow_with_duties" if marks & Mark.DUTY else "allow"
    return "refuse"


def either(*worlds: Worlds) -> Worlds:
    """Return the worlds of which one is the case."""
    return reduce(frozenset.union, worlds, frozenset())


def both(*worlds: Worlds) -> Worlds:
    """Return the worlds in which every part speaks, the parts being independent."""
    return reduce(_pair, worlds, NOTHING)


@lru_cache(maxsize=65_536)
def _pair(first: Worlds, second: Worlds) -> Worlds:
    return frozenset(a | b for a in first for b in second)


def lift(worlds: Worlds) -> frozenset[Verdict]:
    """Return the verdicts that are possible."""
    return _lift(worlds)


@lru_cache(maxsize=65_536)
def _lift(worlds: Worlds) -> frozenset[Verdict]:
    return frozenset(map(verdict, worlds))


def smallest(causes: Iterable[tuple[int, Named]], wanted: Verdict) -> tuple[Named, ...]:
    """Return the fewest causes that give a verdict whatever the other causes say, the first named of those that say the same.

    A refusal because nothing grants needs none; one that is spoken is named all the same.
    """
    spoken = int(Mark.LAW_REFUSES | Mark.OWNER_REFUSES)
    first: dict[int, Named] = {}
    for marks, name in causes:
        first.setdefault(marks, name)
    others = both(*(frozenset({0, marks}) for marks in first))
    must = spoken if wanted == "refuse" and any(marks & spoken for marks in first) else 0
    for size in range(len(first) + 1):
        for chosen in combinations(first, size):
            given = reduce(int.__or__, chosen, 0)
            if (not must or given & must) and all(verdict(given | marks) == wanted for marks in others):
                return tuple(first[marks] for marks in chosen)
    return ()
