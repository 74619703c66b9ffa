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
    from schemas.lifecycle import Lifecycle, Limit


def timed(table: Lifecycle, state: State) -> State:
    """Return the state with the end of every clock that runs, and the first of them."""
    limits = {each.id: each.limit for each in table.clocks}
    runs = tuple(_ended(run, limits.get(run.clock)) for run in state.clocks)
    ends = [run.due for run in runs if run.running and run.due]
    return replace(state, clocks=runs, due=min(ends, default=NO_DUE))


def _ended(run: Run, limit: Limit | None) -> Run:
    if run.stopped is not None:
        return run
    return replace(run, due="" if run.paused or limit is None else due(run, limit))


def due(run: Run, limit: Limit) -> str:
    """Return the last day, for hours the last moment, in time; empty where only the calendar could say it."""
    if limit.hours:
        end = datetime.fromisoformat(run.started) + timedelta(hours=limit.hours)
        stood = sum((_moment(each.end) - _moment(each.start) for each in run.pauses), timedelta())
        return (end + stood).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if limit.working_days:
        return ""
    start = date.fromisoformat(run.started)
    end_day = start + timedelta(days=limit.days) if limit.days else months(start, limit.months)
    return (end_day + sum((_day(each.end) - _day(each.start) for each in run.pauses), timedelta())).isoformat()


def months(start: date, count: int) -> date:
    """Return the day of the same number so many months later, the last of its month where there is none."""
    year, month = divmod(start.year * 12 + start.month - 1 + count, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def _moment(text: str | None) -> datetime:
    return datetime.fromisoformat(text or "")


def _day(text: str | None) -> date:
    return date.fromisoformat(text or "")
