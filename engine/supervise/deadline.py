"""When the clocks of a stream run out, and which is first.

Days and months count from the day after the start; a pause moves the end by the days it lasted. What the calendar cannot say yet
stays unknown, and an unknown end is never counted as past.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from engine.store.append import NO_DUE
from engine.supervise.state import Run, State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engine.rulebook.workdays import Calendar
    from schemas.lifecycle import Lifecycle, Limit


def timed(table: Lifecycle, state: State, calendar: Calendar) -> State:
    """Return the state with the end of every clock that runs, and the first of them."""
    limits = {each.id: each.limit for each in table.clocks}
    return ended(state, {run.clock: _end(run, limits[run.clock], calendar) for run in state.clocks if run.clock in limits})


def ended(state: State, ends: Mapping[str, Sequence[str]]) -> State:
    """Return the state with these ends of its clocks, each the soonest and the latest it may be."""
    runs = tuple(
        run
        if run.stopped is not None
        else replace(run, soonest=ends.get(run.clock, ("", ""))[0], due=ends.get(run.clock, ("", ""))[1])
        for run in state.clocks
    )
    return replace(state, clocks=runs, due=min((run.soonest for run in runs if run.running and run.soonest), default=NO_DUE))


def _end(run: Run, limit: Limit, calendar: Calendar) -> tuple[str, str]:
    """Return the soonest and the latest that the last day, for hours the last moment, may be; empty where nothing says it."""
    if run.paused or run.stopped is not None:
        return "", ""
    if limit.hours:
        end = datetime.fromisoformat(run.started) + timedelta(hours=limit.hours)
        stood = sum((_moment(each.end) - _moment(each.start) for each in run.pauses), timedelta())
        return (moment := (end + stood).isoformat(timespec="milliseconds").replace("+00:00", "Z")), moment
    start = date.fromisoformat(run.started)
    if limit.working_days:
        bounds = calendar.after(start.toordinal(), limit.working_days)
        return _text(bounds.earliest), _text(bounds.latest)
    end_day = start + timedelta(days=limit.days) if limit.days else months(start, limit.months)
    day = (end_day + sum((_day(each.end) - _day(each.start) for each in run.pauses), timedelta())).isoformat()
    return day, day


def _text(ordinal: float) -> str:
    return date.fromordinal(int(ordinal)).isoformat() if ordinal < date.max.toordinal() else ""


def months(start: date, count: int) -> date:
    """Return the day of the same number so many months later, the last of its month where there is none."""
    year, month = divmod(start.year * 12 + start.month - 1 + count, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def _moment(text: str | None) -> datetime:
    return datetime.fromisoformat(text or "")


def _day(text: str | None) -> date:
    return date.fromisoformat(text or "")
