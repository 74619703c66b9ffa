"""Folds over lists that may be incomplete.

A list is (items, more, sure): the slots of the items listed; the slots of any item not yet listed, or None when the list is
complete; and whether at least one such item must exist (an empty list that cannot be empty).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from engine.decide.values import INF, F, T, U

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from engine.decide.values import Closure, Slots


class Items(NamedTuple):
    """The items of a list, what an unlisted item may be, and whether one must exist."""

    items: list[Slots]
    more: Slots | None
    sure: bool


def any_of(slot: int, part: Closure) -> Closure:
    """Return: some item satisfies `part`; an incomplete list leaves F unknown."""

    def any_item(f: Slots, _i: Slots) -> int:
        listed: Items = f[slot]
        result = F
        for item in listed.items:
            value = part(f, item)
            if value == T:
                return T
            result = max(result, value)
        if listed.more is not None:
            value = part(f, listed.more)
            if value == T and listed.sure:
                return T
            if value != F:
                return U
        return result

    return any_item


def _weighed(listed: Items, f: Slots, where: Closure | None) -> Iterator[tuple[Slots, int, bool]]:
    """Yield each item with its weight F/U/T and whether it stands for unlisted ones; weight F is left out."""
    for item in listed.items:
        weight = T if where is None else where(f, item)
        if weight != F:
            yield item, weight, False
    if listed.more is not None:
        weight = T if where is None else where(f, listed.more)
        if weight != F:
            yield listed.more, weight if listed.sure else U, True


def count(slot: int, where: Closure | None) -> Closure:
    """Return how many items satisfy `where`."""

    def counted(f: Slots, _i: Slots) -> tuple[Any, Any]:
        low = 0
        high: Any = 0
        for _, weight, unlisted in _weighed(f[slot], f, where):
            low += weight == T
            high += INF if unlisted else 1
        return (low, high)

    return counted


def total(slot: int, value: Closure, where: Closure | None) -> Closure:
    """Return the sum of a value."""

    def summed(f: Slots, _i: Slots) -> tuple[Any, Any]:
        low: Any = 0
        high: Any = 0
        for item, weight, unlisted in _weighed(f[slot], f, where):
            least, most = value(f, item)
            if unlisted:
                low += -INF if least < 0 else (least if weight == T else 0)
                high += INF if most > 0 else (most if weight == T else 0)
            else:
                low += least if weight == T else min(0, least)
                high += most if weight == T else max(0, most)
        return (low, high)

    return summed


def largest(slot: int, value: Closure, where: Closure | None) -> Closure:
    """Return the largest value, 0 when there is none."""

    def greatest(f: Slots, _i: Slots) -> tuple[Any, Any]:
        low: Any = 0
        high: Any = 0
        for item, weight, _ in _weighed(f[slot], f, where):
            least, most = value(f, item)
            if weight == T and least > low:
                low = least
            high = max(high, most)
        return (low, high)

    return greatest


def distinct(slot: int, value: Closure, where: Closure | None) -> Closure:
    """Return how many distinct persons there are: between the largest value and the sum."""
    most_of, sum_of = largest(slot, value, where), total(slot, value, where)
    return lambda f, i: (most_of(f, i)[0], sum_of(f, i)[1])


FOLDS: dict[str, Callable[[int, Closure, Closure | None], Closure]] = {"sum": total, "max": largest, "distinct": distinct}


def max_outcome(slot: int, value: Closure, where: Closure | None) -> Closure:
    """Return the strictest of an ordered outcome over the items, as a mask; bit 0 when there is none."""

    def strictest(f: Slots, _i: Slots) -> int:
        result = 1
        for item, weight, _ in _weighed(f[slot], f, where):
            mask = value(f, item)
            result = max_masks(result, mask if weight == T else mask | 1)
        return result

    return strictest


def max_masks(a: int, b: int) -> int:
    """Return the mask of max(x, y) for x in `a` and y in `b`."""
    least = max(a & -a, b & -b)
    return (a | b) & -least
