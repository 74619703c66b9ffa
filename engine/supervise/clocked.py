"""What a transition does to clocks: runs begin, stand still, go on and end; nothing here counts days."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.rulebook.days import SHANGHAI
from engine.supervise.state import MARK, Pause, Run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engine.supervise.state import Event, State
    from schemas.lifecycle import ClockEffects, Lifecycle, Transition


def clocked(table: Lifecycle, transition: Transition, state: State, event: Event) -> tuple[Run, ...]:
    """Return the runs after a transition; limits in hours go by its moment, all others by its legal day."""
    hourly = {each.id for each in table.clocks if each.limit.hours}
    effects, values = transition.clocks, {**state.values, **event.values}
    on, at = _when(values.get(effects.since), event)
    starts, stops, found = _started(table, effects, values, state), {*effects.stop, *_names(values, effects.told)}, []
    revived, later = _revived(effects, state), list[Run]()
    for place, run in enumerate(state.clocks):
        moment = at if run.clock in hourly else on
        if run.clock in stops or run.clock in {*effects.start, *effects.rerun}:  # a clock that starts again ends its earlier run
            run = _stop(run, moment)  # noqa: PLW2901 - one effect after the other
        if run.clock in effects.pause and run.running:
            run = replace(run, pauses=(*run.pauses, Pause(max(moment, run.started), None, transition.event)))  # noqa: PLW2901
        if run.clock in effects.resume and run.paused:
            run = _resume(run, moment)  # noqa: PLW2901
        if revived.get(place) == place:
            run = _goes_on(run, moment)  # noqa: PLW2901
        elif place in revived:
            later.append(_goes_on(run, moment))
        found.append(run)
    begun = [_begun(table, name, state.clocks, at if name in hourly else on) for name in starts]
    return (*found, *begun, *later, *_met(effects, values, event))


def _revived(effects: ClockEffects, state: State) -> dict[int, int]:
    """Return the runs that go on once the last one of their clock fell away with what started it: their places in the stream.

    Each is mapped to the place in which it goes on, its own or that after all: what runs is the last one of its clock. A run that
    was stopped for another reason than the start of the next, as by a review of its own act, is over.
    """
    marked, found = state.values.get(MARK) or {}, dict[int, int]()
    for name, day in effects.again.items():
        places = [place for place, run in enumerate(state.clocks) if run.clock == name]
        if not places:
            continue
        started = state.clocks[places[-1]].started
        # the one that goes on may have done so before: what it ended stands before its first run
        first = next(at for at, place in enumerate(places) if state.clocks[place].started == started)
        if started == marked.get(day):
            found[places[-1]] = places[-1]
        elif first and state.clocks[places[first - 1]].stopped == started:
            found[places[first - 1]] = len(state.clocks)
    return found


def _goes_on(run: Run, moment: str) -> Run:
    """Return a run as if it had not been ended; where it stood still then, it has stood still until now."""
    cut = run.stopped is not None and bool(run.pauses) and run.pauses[-1].end == run.stopped
    pauses = (*run.pauses[:-1], replace(run.pauses[-1], end=max(moment, run.pauses[-1].start))) if cut else run.pauses
    return replace(run, pauses=pauses, stopped=None)


def _met(effects: ClockEffects, values: Mapping[str, Any], event: Event) -> list[Run]:
    """Return a run of each limit that the event met, from its own day until now; none where that day is still to come."""
    days = {clock: values.get(name) for clock, name in effects.met.items()}
    return [Run(clock, day, stopped=event.on) for clock, day in days.items() if isinstance(day, str) and day <= event.on]


def _begun(table: Lifecycle, name: str, runs: tuple[Run, ...], moment: str) -> Run:
    """Return a new run; that of a clock which prolongs another has the start and the pauses of that one."""
    base = prolonged(table, name, runs)
    return Run(name, base.started, base.pauses) if base and base.stopped is None else Run(name, moment)


def prolonged(table: Lifecycle, name: str, runs: tuple[Run, ...]) -> Run | None:
    """Return the last run that a clock prolongs, None when it prolongs none."""
    clocks = next(each.prolongs for each in table.clocks if each.id == name)
    return next((run for run in reversed(runs) if run.clock in clocks), None)


def _when(since: object, event: Event) -> tuple[str, str]:
    """Return the legal day and the moment at which an event's effects on clocks happen.

    A day says no moment: no clock of a table that names one runs in hours (check).
    """
    if not isinstance(since, str):
        return event.on, event.at
    if "T" not in since:
        return since, event.at
    return datetime.fromisoformat(since).astimezone(SHANGHAI).date().isoformat(), since


def _started(table: Lifecycle, effects: ClockEffects, values: Mapping[str, Any], state: State) -> list[str]:
    """Return the clocks that begin: those of the table, and those that the event names and that have not begun before."""
    begun = {run.clock for run in state.clocks}
    named = _names(values, effects.named)
    idle = [name for name in effects.begin if (run := state.clock(name)) is None or run.stopped is not None]
    anew = [name for name in effects.rerun if name in begun]
    return [*effects.start, *idle, *anew, *(each.id for each in table.clocks if each.id in named and each.id not in begun)]


def _names(values: Mapping[str, Any], field: str) -> Sequence[str]:
    found = values.get(field) if field else None
    return found if isinstance(found, list) else ()


def _stop(run: Run, moment: str) -> Run:
    if run.stopped is not None:
        return run
    run = _resume(run, moment) if run.paused else run
    return replace(run, stopped=max(moment, run.started))


def _resume(run: Run, moment: str) -> Run:
    last = run.pauses[-1]
    return replace(run, pauses=(*run.pauses[:-1], replace(last, end=max(moment, last.start))))
