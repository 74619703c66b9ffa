"""Tests of transition tables on whose unit acts: the sides of a matter, whoever leads it, and a third body between them.

Like all guards they are pure, and what is not known never counts as being in order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.supervise.happening import Guard, Happening

if TYPE_CHECKING:
    from collections.abc import Sequence


def _other_unit(h: Happening, of: Sequence[str]) -> str:
    """Neither the actor nor the second official is of a unit that the stream names."""
    for unit in (h.event.unit, h.event.second_unit):
        named = next((name for name in of if unit and h.state.values.get(name) == unit), "")
        if named:
            return f"`{unit}` is the `{named}` itself"
    return ""


def _lead_unit(h: Happening, of: Sequence[str]) -> str:
    """The unit of the actor, and that of the second official, is one of those that lead."""
    leads = [str(found) for name in of if (found := h.value(name))]
    units = [h.event.unit, *([h.event.second_unit] if h.event.second else [])]
    other = next((unit for unit in units if unit not in leads), None)
    return "" if other is None else f"`{other}` does not lead this; `{'` or `'.join(leads)}` does"


def _own_side(h: Happening, of: Sequence[str]) -> str:
    """Each side names who of its own stays out, or takes over; an administrator names anybody.

    The first field is whom the event names, the others are the sides: each names its own officials (people.py). Anybody may ask
    to stay out themself, as `impartial` has it; nobody hands the stream to themself.
    """
    named, *sides = of
    units = [str(unit) for side in sides if (unit := h.state.values.get(side))]
    stays_out = any(each.is_ == "impartial" and named in each.of for each in h.table.guards)
    if "admin" in h.event.roles or h.event.unit in units or (stays_out and h.event.values.get(named) == h.event.by):
        return ""
    return f"`{h.event.by}` is of `{h.event.unit[:64]}`, not of {' or '.join(f'`{unit}`' for unit in units)}"


def _named_unit(h: Happening, of: Sequence[str]) -> str:
    """The actor is of the unit that the stream names in the field; where it names none, whose task it is stays open."""
    unit = h.state.values.get(of[0])
    return f"`{h.event.by}` is of `{h.event.unit[:64]}`, and `{unit}` is the `{of[0]}`" if unit and h.event.unit != unit else ""


def _kept(h: Happening, of: Sequence[str]) -> str:
    """None of these values is changed once the stream has it."""
    for name in of:
        before, after = h.state.values.get(name), h.event.values.get(name)
        if before is not None and after is not None and before != after:
            return f"`{name}` is `{before}` already"
    return ""


GUARDS: dict[str, Guard] = {
    "other_unit": _other_unit,
    "lead_unit": _lead_unit,
    "own_side": _own_side,
    "named_unit": _named_unit,
    "kept": _kept,
}
