"""A page of a queue as people read it: which deadlines have passed or may move, and which filings wait for nothing any more.

All of it is worked out when the page is read, from the ends that the streams recorded: time passes without an event.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from engine.evidence.log import stamp
from engine.rulebook.days import legal_day
from engine.store import streams as stored
from engine.store.streams import Page, queue
from engine.supervise import filings
from engine.supervise.overdue import over, overdue
from engine.supervise.state import TAKE_UP, State, from_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.store.append import Projection
    from engine.supervise.streams import Streams

PAGE = 500


@dataclass(frozen=True, slots=True)
class Queued:
    """A row of a queue, and what it comes to at a moment.

    `overdue`: something that office or party owes is past its last day; None where a notice of days off to come, or facts whether
    it is owed, decide that.
    `over`: the next deadline has passed, whomever it binds. `provisional`: it may still move. `ended`: the stream is closed, or
    it is a filing on which cases were opened that are all closed, though nobody has concluded it.
    """

    row: Projection
    overdue: bool | None
    over: bool | None
    provisional: bool
    ended: bool


def page(streams: Streams, asked: Page, at: datetime) -> list[Queued]:
    """Return a page of a queue as it stands at a moment. Raises InputError, StoreError."""
    return list(_looked_at(streams, queue(streams.home.store, asked), at))


def overdue_page(streams: Streams, asked: Page, at: datetime) -> list[Queued]:
    """Return a page of those streams of a queue in which something is overdue or may be. Raises InputError, StoreError.

    They are found by their next deadline: a stream whose only clock was paused after it ran out has none, and is not found.
    """
    before = max(legal_day(at).isoformat(), stamp(at))  # no day or moment that has passed sorts after it
    found: list[Queued] = []
    left: Page | None = replace(asked, before=before)
    while left and len(found) < asked.limit:
        rows = queue(streams.home.store, left)
        found += [each for each in _looked_at(streams, rows, at) if each.overdue is not False]
        full = len(rows) == left.limit
        left = replace(left, after=(getattr(rows[-1], asked.order), rows[-1].id), limit=PAGE) if full else None
    return found[: asked.limit]


def ended(streams: Streams, filing: State) -> bool:
    """Tell whether a filing is closed, or all cases are that were opened on it. Raises StoreError."""
    cases = _cases(streams, filing)
    return filing.closed or (bool(cases) and not stored.open_among(streams.home.store, cases))


def _looked_at(streams: Streams, rows: Sequence[Projection], at: datetime) -> Iterator[Queued]:
    tables = streams.rulebook.lifecycles
    states = [from_text(row.fold) for row in rows]
    cases = {state.stream: named for state in states if not state.closed and (named := _cases(streams, state))}
    running = stored.open_among(streams.home.store, [name for named in cases.values() for name in named])
    for row, state in zip(rows, states, strict=True):
        first = [run for run in state.clocks if run.running and run.soonest == row.due]
        passed = {over(run, at) for run in first}
        yield Queued(
            row=row,
            overdue=overdue(tables, state, at),
            over=True if True in passed else None if None in passed else False,
            provisional=any(run.due != run.soonest for run in first),
            ended=state.closed or (state.stream in cases and running.isdisjoint(cases[state.stream])),
        )


def _cases(streams: Streams, state: State) -> list[str]:
    """Return the cases that were opened on a filing; the row names the last, its events all."""
    taken = state.done.get(TAKE_UP) if state.process == filings.PROCESS else None
    if taken is None:
        return []
    return [str(state.values["case"])] if taken.count == 1 else [each.stream for each in filings.taken_up(streams, state.stream)]
