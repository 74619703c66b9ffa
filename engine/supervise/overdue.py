"""Whether the time of a clock is over, and who is late by it: the ends are those that the last event of the stream recorded.

An end between two bounds is not over before the later of them: until then a notice of days off that is still to come decides it.
A clock that binds nobody, such as a time in which one may object, or a term, makes nobody late when it is over. One that binds
`perhaps` runs for a report that open facts may make owed: what it was started for the log does not tell, so it is never certainly
late.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from engine.rulebook.days import legal_day
from engine.supervise.clocks import moment_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.supervise.state import Run, State
    from schemas.lifecycle import Binds, Lifecycle

DAY = len("2026-01-01")  # a longer text is a moment, the end of a clock of hours


def binds(tables: Mapping[str, Lifecycle], process: str, clock: str) -> Binds:
    """Return whom a clock binds, by the table in force; one that no table knows any more counts as the office's (design)."""
    declared = tables[process].clocks if process in tables else []
    return next((each.binds for each in declared if each.id == clock), "office")


def over(run: Run, at: datetime) -> bool | None:
    """Tell whether the time of a run was over at a moment; None where only a notice to come can tell.

    One that nothing says the end of, because its clock stands still, is not over.
    """
    if not run.soonest or at <= _last(run.soonest):
        return False
    return True if run.due and at > _last(run.due) else None


def overdue(tables: Mapping[str, Lifecycle], state: State, at: datetime) -> bool | None:
    """Tell whether something is overdue in a stream that is open; None where it may be."""
    if state.closed:
        return False
    found = set()
    for run in state.clocks:
        whom = binds(tables, state.process, run.clock)
        if run.stopped is None and whom != "nobody":
            found.add(over(run, at) and (None if whom == "perhaps" else True))
    return True if True in found else None if None in found else False


def lateness(run: Run, closed: tuple[str, str] | None, at: datetime) -> tuple[str, str] | None:
    """Return the legal days on which a run was over and on which it was settled, the latter empty while it is not.

    Settled is what was done, or what waits for nobody any more since its stream was `closed`, on a legal day at a moment. None
    where it was in time, or is not certainly late at the moment `at`.
    """
    if not over(run, at) or not run.due:
        return None
    settled = run.stopped or (closed[len(run.due) > DAY] if closed else "")
    if settled and settled <= run.due:
        return None
    return _day(run.due), _day(settled)


def _day(text: str) -> str:
    return legal_day(datetime.fromisoformat(text)).isoformat() if len(text) > DAY else text


def _last(text: str) -> datetime:
    """Return the last moment in time that a recorded end leaves."""
    return moment_of(datetime.fromisoformat(text) if len(text) > DAY else date.fromisoformat(text))
