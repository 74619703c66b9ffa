"""Tests of transition tables on what is settled before a stream goes on or ends: its answer, what was found, what is owed.

Like all guards they are pure, and what is not known never counts as being in order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.supervise.happening import Guard, Happening, collected, past
from engine.supervise.state import DRIFT, UNDETERMINED, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from schemas.lifecycle import Lifecycle


def _since_day(h: Happening, of: Sequence[str]) -> str:
    """The day that the event states (first) is not before a day of law (second)."""
    name, first = of
    day = h.event.values.get(name)
    return f"`{name}` {day} lies before {first}" if isinstance(day, str) and day < first else ""


def _answer_stands(h: Happening, _of: Sequence[str]) -> str:
    """The answer that the stream was opened on, or answered by since, is still what the rules answer, as far as it was told."""
    drift = h.state.values.get(DRIFT)
    now = drift.get("now") or ["not known"] if isinstance(drift, dict) else []
    return f"the answer of the rules has moved to {' or '.join(map(str, now))} since" if now else ""


def _possible_way(h: Happening, of: Sequence[str]) -> str:
    """Where the answer is open, the way that is taken fits one of the values left, or goes beyond it (`Arm.ways`).

    The fields are those of the values left, and of the answer. From a settled answer officials may deviate; what an open one
    excludes nobody can know to be the way.
    """
    left = _left(h, of)
    ways = h.table.arm.ways if h.table.arm else []
    way = next((each for each in ways if each.event == h.event.name or h.done(each.event).count), None)
    if way is None or not left:
        return "what the rules leave possible of it is not known"
    if h.value(of[1]) != UNDETERMINED or {*way.values, *way.beyond} & set(left):
        return ""
    return f"the rules leave {' or '.join(left)} possible, and `{way.route}` suits none of these"


def _rules_out(h: Happening, of: Sequence[str]) -> str:
    """The answer (the fields as for `possible_way`) leaves none of the values possible that stand from the third name on."""
    left = _left(h, of)
    found = [name for name in of[2:] if name in left]
    if not left:
        return "what the rules leave possible of it is not known"
    return f"the rules leave {' or '.join(left)} possible, and so `{found[0]}`" if found else ""


def _left(h: Happening, of: Sequence[str]) -> list[str]:
    """Return the values that an answer leaves possible: that of the event where it carries one, else that of the stream."""
    possible, track = of[:2]
    said = h.event.values if track in h.event.values else h.state.values
    found = said.get(track, UNDETERMINED)
    return list(said.get(possible) or ()) if found == UNDETERMINED else [str(found)]


def _settled(h: Happening, of: Sequence[str]) -> str:
    """The last value collected (first) is not the bad one (second) of an event (third), or a later event ended it (fourth)."""
    name, bad, found, ended = of
    values = collected(h, name)
    if not values or values[-1] != bad or (h.done(ended).count and h.done(ended).on >= h.done(found).on):
        return ""
    return f"the last `{name}` is `{bad}`, and no `{ended}` came after it"


def _tells_owed(h: Happening, of: Sequence[str]) -> str:
    """The field names every clock of the party that has not been stopped, as it stands."""
    owed = outstanding(h.table, h.state, h.event.on, h.event.at)
    return "" if h.event.values.get(of[0]) == owed else f"`{of[0]}` is not what the clocks of the party show"


def outstanding(table: Lifecycle, state: State, on: str, at: str) -> list[dict[str, Any]]:
    """Return what a party still owes in a stream: each clock that has not been stopped, its end, and if that has passed."""
    party = {each.id for each in table.clocks if each.binds == "party"}
    runs = [run for run in state.clocks if run.clock in party and run.stopped is None]
    return [{"clock": run.clock, "due": run.due, "over": run.running and bool(run.due) and past(run, on, at)} for run in runs]


def _at_least(h: Happening, of: Sequence[str]) -> str:
    """The list that the event states (first) names so many (second) at least."""
    name, number = of
    value = h.event.values.get(name)
    count = len(value) if isinstance(value, list) else 0
    return "" if count >= int(number) else f"`{name}` names {count}, and {number} at least are needed"


GUARDS: dict[str, Guard] = {
    "since_day": _since_day,
    "answer_stands": _answer_stands,
    "possible_way": _possible_way,
    "rules_out": _rules_out,
    "settled": _settled,
    "tells_owed": _tells_owed,
    "at_least": _at_least,
}
