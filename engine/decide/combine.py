"""Rule results -> outcomes, exact over which rules applied.

`applied(r) = fired(r) and no overrider applied`, so an overrider that is itself overridden revives what it defeated. Rules tied
by overrides form a group; its possible vectors are enumerated, because a fired rule with an unknown overrider would otherwise
leave the floor possible although one of the two applies.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce
from itertools import product
from typing import TYPE_CHECKING, Any

from engine.decide.lists import max_masks
from engine.decide.values import F, T, U

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.decide.values import Closure, Slots
    from schemas.rulebook import Outcome

Vectors = tuple[tuple[bool, ...], ...]


@dataclass(frozen=True)
class Group:
    """Rules tied by overrides, overriders before what they defeat; `defeaters[k]` are positions of k's overriders."""

    rules: tuple[str, ...]
    defeaters: tuple[tuple[int, ...], ...]
    memo: dict[tuple[int, ...], Vectors] = field(default_factory=dict, compare=False)

    def vectors(self, fired: tuple[int, ...]) -> Vectors:
        """Return the possible vectors of applied rules."""
        if fired not in self.memo:
            choices = [(value == T,) if value != U else (False, True) for value in fired]
            self.memo[fired] = tuple(dict.fromkeys(self._apply(vector) for vector in product(*choices)))
        return self.memo[fired]

    def _apply(self, fired: tuple[bool, ...]) -> tuple[bool, ...]:
        applied: list[bool] = []
        for holds, defeaters in zip(fired, self.defeaters, strict=True):
            applied.append(holds and not any(applied[k] for k in defeaters))
        return tuple(applied)


def column(vectors: Vectors, k: int) -> int:
    """Return F, U or T of one rule over the vectors."""
    values = {vector[k] for vector in vectors}
    return U if len(values) > 1 else (T if True in values else F)


@dataclass(frozen=True, slots=True)
class Part:
    """What a group gives to one outcome: per rule the closure of its value, or None; `at` is the slot of its vectors."""

    at: int
    values: tuple[Closure | None, ...]


def strictest(outcome: Outcome, singles: list[tuple[int, Closure]], parts: list[Part], floor: str | None, local: bool) -> Closure:
    """Return the closure of an ordered outcome's mask; bit 0 is "not governed"."""
    bit = _floor_bit(outcome, floor)

    def combined(f: Slots, i: Slots) -> int:
        slots = i if local else f
        mask = 1
        for at, value in singles:
            fired = slots[at]
            if fired:
                mask = max_masks(mask, value(f, i) if fired == T else value(f, i) | 1)
        for part in parts:
            mask = max_masks(mask, _part_mask(part, slots, f, i, max_masks))
        return mask & ~1 | bit if mask & 1 and bit else mask

    return combined


def unique(outcome: Outcome, singles: list[tuple[int, Closure]], parts: list[Part], floor: str | None, local: bool) -> Closure:
    """Return the closure of a one-valued outcome's mask; the bit above all values is "conflict"."""
    bit = _floor_bit(outcome, floor)
    conflict = 1 << len(outcome.values) + 1

    def agree(a: int, b: int) -> int:
        """Return the values that pairs of two masks agree on, or conflict."""
        return reduce(lambda mask, pair: mask | _one(*pair), product(_bits(a), _bits(b)), 0)

    def _one(x: int, y: int) -> int:
        if x in (1, y):
            return y
        return x if y == 1 else conflict

    def combined(f: Slots, i: Slots) -> int:
        slots = i if local else f
        mask = 1
        for at, value in singles:
            fired = slots[at]
            if fired:
                mask = agree(mask, value(f, i) if fired == T else value(f, i) | 1)
        for part in parts:
            mask = agree(mask, _part_mask(part, slots, f, i, agree))
        return mask & ~1 | bit if mask & 1 and bit else mask

    return combined


def union(singles: list[tuple[int, Closure]], parts: list[Part], local: bool) -> Closure:
    """Return the closure of a set-valued outcome: (certain, possible)."""

    def combined(f: Slots, i: Slots) -> tuple[int, int]:
        slots = i if local else f
        must = may = 0
        for at, value in singles:
            fired = slots[at]
            if fired:
                mask = value(f, i)
                may |= mask
                if fired == T:
                    must |= mask
        for part in parts:
            sets = [_union_of(part, vector, f, i) for vector in slots[part.at]]
            must |= reduce(int.__and__, sets)
            may |= reduce(int.__or__, sets)
        return (must, may)

    return combined


def _union_of(part: Part, vector: tuple[bool, ...], f: Slots, i: Slots) -> int:
    mask = 0
    for applied, value in zip(vector, part.values, strict=True):
        if applied and value:
            mask |= value(f, i)
    return mask


def _part_mask(part: Part, slots: Slots, f: Slots, i: Slots, join: Callable[[int, int], int]) -> int:
    mask = 0
    for vector in slots[part.at]:
        one = 1
        for applied, value in zip(vector, part.values, strict=True):
            if applied and value:
                one = join(one, value(f, i))
        mask |= one
    return mask


def _floor_bit(outcome: Outcome, floor: str | None) -> int:
    return 0 if floor is None else 1 << [value.id for value in outcome.values].index(floor) + 1


def _bits(mask: int) -> list[int]:
    bits = []
    while mask:
        bits.append(mask & -mask)
        mask &= mask - 1
    return bits


def constant(mask: int) -> Closure:
    """Return the closure of a fixed value."""
    return lambda _f, _i: mask


def merge(combine: str, a: Any, b: Any) -> Any:
    """Return what is possible when either `a` or `b` is the answer."""
    return (a[0] & b[0], a[1] | b[1]) if combine == "union" else a | b


def meet(combine: str, a: Any, b: Any) -> Any:
    """Return what is possible when both `a` and `b` hold the answer."""
    return (a[0] | b[0], a[1] & b[1]) if combine == "union" else a & b


def fixed(combine: str, value: Any) -> bool:
    """Tell whether an outcome has one value left."""
    return bool(value[0] == value[1]) if combine == "union" else bool(value & (value - 1) == 0)
