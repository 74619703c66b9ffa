"""What is due next over all open streams, the shortest first; and what time alone does to them.

Ends are worked out anew by the calendar in force, so that what is shown is never older than the rulebook. `recompute` writes them
into the streams that differ, as events of their own that change no state; `overtake` records what a table lets happen by itself
once a day has passed, such as the end of a pilot with its agreed term.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from engine.errors import InputError
from engine.evidence.keys import PublicKey
from engine.evidence.record import UNPUBLISHED
from engine.rulebook.days import legal_day
from engine.store.append import Projection
from engine.store.streams import Page, queue
from engine.supervise import clocks, uscc
from engine.supervise.clocks import Due, Reminder, Standing, Term
from engine.supervise.deadline import term as period
from engine.supervise.deadline import timed
from engine.supervise.state import Run, State, from_text
from engine.supervise.step import possible
from engine.supervise.streams import Act, Streams
from schemas.lifecycle import RECOMPUTED
from schemas.rulebook import Text

PAGE = 500


@dataclass(frozen=True, slots=True)
class Item:
    """A clock of an open stream: how it stands, when it ends, how much is left at least and at most, when to be reminded."""

    stream: str
    process: str
    clock: str
    title: Text
    term: Term
    run: Run
    end: Due | None
    standing: Standing
    left: tuple[int, int]
    reminders: tuple[Reminder, ...]


def agenda(streams: Streams, at: datetime, where: Mapping[str, str] | None = None, limit: int = 50) -> list[Item]:
    """Return the clocks of the open streams that are due first, shortest first. Raises InputError, StoreError."""
    page = queue(streams.home.store, Page({"closed": 0, **(where or {})}, limit=limit))
    found = [item for row in page for item in items(streams, from_text(row.fold), at)]
    return sorted(found, key=lambda each: (*clocks.urgency(each.end), each.stream, each.clock))[:limit]


def items(streams: Streams, state: State, at: datetime) -> Iterator[Item]:
    """Yield the clocks of a stream that have not been stopped. Raises InputError."""
    table, calendar = streams.table(state.process), streams.rulebook.calendar
    declared = {each.id: each for each in table.clocks}
    for run in state.clocks:
        if run.stopped is not None or run.clock not in declared:
            continue
        term = period(table, state, run)
        yield Item(
            stream=state.stream,
            process=state.process,
            clock=run.clock,
            title=declared[run.clock].title,
            term=term,
            run=run,
            end=clocks.due(calendar, term, run),
            standing=clocks.standing(calendar, term, run, at),
            left=clocks.remaining(calendar, term, run, at),
            reminders=tuple(clocks.reminders(calendar, term, run)),
        )


@dataclass(frozen=True, slots=True)
class Moved:
    """A clock whose recorded end another calendar moves: the soonest and latest it may be, before and after; `` is unknown."""

    stream: str
    process: str
    clock: str
    before: tuple[str, str]
    after: tuple[str, str]


def recompute(streams: Streams, now: datetime, release: str, by: PublicKey | None = None) -> list[Moved]:
    """Record the ends of open streams anew where the calendar of a release gives others; return how each clock moved.

    It happens by itself under a published release alone. By rules that were never published (UNPUBLISHED) an official or
    administrator answers for it (`by`), and the events say so. Raises InputError when nobody does, SigningError, StoreError.
    """
    states = [from_text(row.fold) for row in _open(streams) if row.process in streams.rulebook.lifecycles]
    moved = [found for state in states if (found := _moved(streams, state))]
    if moved and release == UNPUBLISHED:
        _require_answerable(streams, by, len(moved))
    values, answers = {"release": release}, by if release == UNPUBLISHED else None
    for first, *_ in moved:
        streams.perform(Act(first.stream, first.process, RECOMPUTED, answers, now, values, computed=frozenset(values)))
    return [each for found in moved for each in found]


def _moved(streams: Streams, state: State) -> list[Moved]:
    """Return the clocks of a stream whose ends are others by the calendar in use than those that were recorded."""
    after = timed(streams.table(state.process), state, streams.rulebook.calendar)
    return [
        Moved(state.stream, state.process, was.clock, (was.soonest, was.due), (now.soonest, now.due))
        for was, now in zip(state.clocks, after.clocks, strict=True)
        if (was.soonest, was.due) != (now.soonest, now.due)
    ]


def _require_answerable(streams: Streams, by: PublicKey | None, count: int) -> None:
    """Refuse to move ends by rules that were never published, unless an official answers for it. Raises InputError."""
    if by is None:
        problem = f"the clocks of {count} streams would move by rules that were never published"
        remedy = "publish the rules and put them in force; or an official answers for these ends: --as ACTOR"
        raise InputError("unpublished-calendar", problem, remedy)
    streams.home.actors.require(by, "official", "admin")
    if uscc.is_firm(by.holder.unit):
        raise InputError("wrong-role", f"`{by.holder.sub}` is of a firm", "an official or administrator of a body answers for it")


def overtake(streams: Streams, now: datetime, only: str = "") -> list[str]:
    """Record what happens by itself because a day has passed, in every open stream or in one; return these streams.

    It is dated on the day that passed, or on that of the last event where that was later. Raises InputError, StoreError.
    """
    states = [streams.state(only)] if only else [from_text(row.fold) for row in _open(streams)]
    found = []
    for state in states:
        event = _overtaken(streams, state, legal_day(now))
        if event:
            name, day = event
            streams.perform(Act(state.stream, state.process, name, None, now, on=max(day, date.fromisoformat(state.on))))
            found.append(state.stream)
    return found


def _overtaken(streams: Streams, state: State, today: date) -> tuple[str, date] | None:
    """Return what time has brought to a stream, and the day that passed."""
    table = streams.rulebook.lifecycles.get(state.process)
    for each in possible(table, state) if table else ():
        day = state.values.get(each.after) if each.after else None
        if day and day < today.isoformat():
            return each.event, date.fromisoformat(day)
    return None


def _open(streams: Streams) -> Iterator[Projection]:
    """Yield every open stream, in pages along its id's place in the queue; what is recorded meanwhile is not met twice."""
    rows: list[Projection] = []
    after: tuple[str, str] | None = None
    while True:
        page = queue(streams.home.store, Page({"closed": 0}, order="updated", after=after, limit=PAGE))
        rows += page
        if len(page) < PAGE:
            break
        after = (page[-1].updated, page[-1].id)
    yield from rows
