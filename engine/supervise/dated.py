"""Days that are typed: an event counts as of its legal day, and whoever types that day must not gain a time limit by it.

A table that declares these guards has them over everything that is done in it. Both days stand in the event: `on`, as of which it
counts, and `told`, on which it was recorded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.supervise.clocked import clocked
from engine.supervise.happening import past
from engine.supervise.state import ex_officio

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.supervise.happening import Happening
    from engine.supervise.state import Run

FIRM, OFFICE = "enterprise", "official"


def on_the_day(h: Happening, of: Sequence[str]) -> str:
    """What a party does counts on the day it is told; an official notes an earlier one under a paper that shows it (in `of`).

    An opening counts from the day of its filing, and what an official does on a filing made ex officio is no act of a party.
    """
    event = h.event
    if event.on >= event.told:
        return ""
    if FIRM in event.roles:
        return f"this is told on {event.told}, and cannot count as of {event.on}"
    party = OFFICE in event.roles and FIRM in h.transition.role and h.transition.from_
    if not party or event.given.intersection(of) or ex_officio(h.state):
        return ""
    return f"this is an act of the party, and no paper shows that it came in on {event.on}"


def told_late(h: Happening, of: Sequence[str]) -> str:
    """An official who ends or halts a clock as of a day in time, after its last day has passed, gives one of these fields."""
    if OFFICE not in h.event.roles or h.event.given.intersection(of):
        return ""
    after = clocked(h.table, h.transition, h.state, h.event)
    late = [run for run, new in zip(h.state.clocks, after, strict=False) if _gained(h, run, new)]
    if not late:
        return ""
    return f"the clock `{late[0].clock}` ran out on {late[0].due}, and {h.event.told} is the day on which this is recorded"


def _gained(h: Happening, run: Run, new: Run) -> bool:
    """Tell whether a run that has run out by now is ended, or halted, as of a day or moment at which it had not."""
    if not run.running or not run.due or new.running:
        return False
    return (new.stopped or new.pauses[-1].start) <= run.due and past(run, h.event.told, h.event.at)
