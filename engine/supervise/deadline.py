"""When the clocks of a stream run out, by its table and the calendar, and which is first.

The ends are written into each event: what was known on the day it was recorded stays there, and `recomputed` events carry what a
new notice made of it. An end that nothing says yet is never counted as past.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from engine.evidence.log import stamp
from engine.store.append import NO_DUE
from engine.supervise import clocks
from engine.supervise.clocked import prolonged
from engine.supervise.state import Run, State
from engine.supervise.step import Refusal, transition_of

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from engine.rulebook.workdays import Calendar
    from engine.supervise.state import Event
    from schemas.lifecycle import Lifecycle, Limit

UNKNOWN = ("", "")


def timed(table: Lifecycle, state: State, calendar: Calendar, met: Container[str] = ()) -> State:
    """Return the state with the end of every clock that runs, and of those whose limit its last event `met`; and the first."""
    known = {each.id for each in table.clocks}
    runs = [run for run in state.clocks if run.clock in known and (run.stopped is None or run.clock in met)]
    return ended(state, {run.clock: _end(replace(run, stopped=None), term(table, state, run), calendar) for run in runs})


def too_soon(table: Lifecycle, state: State, event: Event, calendar: Calendar) -> Refusal | None:
    """Return the refusal of an event whose window has not come: so many working days before a day, which is not counted itself.

    A guard sees no calendar, so this is judged when an event is recorded, and not again when a stream is worked out anew. While
    a notice to come may still bring the day into the window nothing is refused: whoever applies loses no time by the doubt.
    """
    transition = transition_of(table, state.name, event.name)
    window = transition.within if transition else None
    if transition is None or window is None:
        return None
    last = state.values.get(window.before)
    rule, sources = f"{table.id}/{event.name}", tuple(transition.sources)
    if not isinstance(last, str):
        return Refusal("too-early", rule, f"`{window.before}` is not known", "it is set first", sources)
    day, end = date.fromisoformat(event.on).toordinal(), date.fromisoformat(last).toordinal()
    left = calendar.least((day - 1, end - 1)) if day < end else 0
    if left <= window.working_days:
        return None
    problem = f"{left} working days are left before `{window.before}` {last}"
    return Refusal("too-early", rule, problem, f"it is done in the last {window.working_days} of them", sources)


def term(table: Lifecycle, state: State, run: Run) -> clocks.Term:
    """Return the period of a run: the limit of its clock, and that of the clock which it prolongs."""
    limits = {each.id: each.limit for each in table.clocks}
    found, base = _term(limits[run.clock], state, run), prolonged(table, run.clock, state.clocks)
    if base is None or base.started != run.started:
        return found
    return replace(found, length=found.length + _term(limits[base.clock], state, base).length)


def _term(limit: Limit, state: State, run: Run) -> clocks.Term:
    if not limit.until:
        return clocks.Term.of(limit, rolls=limit.rolls)
    last = date.fromisoformat(state.values[limit.until])
    return clocks.Term("days", (last - date.fromisoformat(run.started)).days, limit.rolls)


def ended(state: State, ends: Mapping[str, Sequence[str]]) -> State:
    """Return the state with these ends of its clocks, each the soonest and the latest it may be.

    What has stopped keeps its end; only the last run of a clock may have stopped without one, in the event that met its limit.
    """
    last = {run.clock: run for run in state.clocks}
    settled = {clock for clock, run in last.items() if run.stopped is not None and clock not in ends}
    runs = tuple(
        run if run is not last[run.clock] or run.clock in settled else _with(run, ends.get(run.clock, UNKNOWN))
        for run in state.clocks
    )
    return replace(state, clocks=runs, due=min((run.soonest for run in runs if run.running and run.soonest), default=NO_DUE))


def _with(run: Run, end: Sequence[str]) -> Run:
    return replace(run, soonest=end[0], due=end[1])


def _end(run: Run, period: clocks.Term, calendar: Calendar) -> tuple[str, str]:
    """Return the soonest and the latest that the last day, for hours the last moment, may be; empty where nothing says it."""
    if run.stopped is not None:
        return UNKNOWN
    found = clocks.due(calendar, period, run)
    if found is None:
        return UNKNOWN
    return _text(found.earliest), _text(found.latest) if found.latest else ""


def _text(moment: clocks.Moment) -> str:
    return stamp(moment) if isinstance(moment, datetime) else moment.isoformat()
