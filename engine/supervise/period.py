"""Count what happened in a period: filings, decided cases, lateness, refusals and pilots, by unit and district.

The city plan asks for assessment of the work by its results. Only what the log shows in clear is counted, so that the count holds
after facts were erased. What is still late shows in no event, so lateness is counted by clocks: each once, in the period of the
last day that was in time, whoever settles it when; and what is still open is counted again at the end of every period until then.
"""

from __future__ import annotations

import json
from calendar import monthrange
from collections import Counter
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.errors import InputError
from engine.errors import Place as Where
from engine.rulebook.days import legal_day
from engine.store import reading
from engine.store import streams as stored
from engine.supervise.overdue import DAY, binds, lateness
from engine.supervise.state import SUBMITTED, from_text
from schemas.lifecycle import REFUSED

if TYPE_CHECKING:
    from engine.evidence.installation import Installation
    from engine.supervise.streams import Streams
    from schemas.lifecycle import Binds

NO_CASE = frozenset({"filing", "pilot", "incident", "transfer-register", "inspection-draw"})
UNFAVOURABLE = frozenset({"not_accepted", "refused", "declined", "not_passed"})  # states in which a party was told no
Place = tuple[str, str]  # unit and district


@dataclass(frozen=True, slots=True)
class Months:
    """The months that are counted, YYYY-MM both, and the day through which that is: their last, or today while they run."""

    first: str
    last: str
    through: str
    running: bool

    def days(self) -> tuple[str, str]:
        """Return the first and the last day."""
        return f"{self.first}-01", f"{self.last}-31"


def months(first: str, last: str, at: datetime, place: Where | None = None) -> Months:
    """Return the months of a period as they stand at a moment.

    Raises InputError, at `place`, for a last month before the first, and for a period that has not begun: an empty count would
    say that nothing happened.
    """
    today = legal_day(at).isoformat()
    if first > last:
        raise InputError("wrong-period", f"`{first}` lies after `{last}`", "name the earlier month first", place)
    if f"{first}-01" > today:
        raise InputError("wrong-period", f"{first} has not begun", "name months that have", place)
    year, month = map(int, last.split("-"))
    end = f"{last}-{monthrange(year, month)[1]:02d}"
    return Months(first, last, min(end, today), today <= end)


@dataclass
class Row:
    """The counts of one unit in one district.

    `decided` are cases by the tier of their last decision in the period, empty where none was shown, `decisions` all of theirs;
    `answered` requests by what they were told last. `late` are clocks of the office that ran out in the period, of which
    `late_settled` were done, or waited for nobody any more, by its end; `late_open` are all that were still open then, whenever
    they ran out. `backdated` are clocks of the office that ran out in the period and were in time only by the legal day that was
    typed: what ended or halted them was recorded afterwards. `party_late` are clocks of parties that ran out in the period; those
    of reports on incidents are not among them, since whether one was owed at all may be open.
    """

    filings: int = 0
    opened: int = 0
    decided: Counter[str] = field(default_factory=Counter)
    decisions: int = 0
    answered: Counter[str] = field(default_factory=Counter)
    late: int = 0
    late_settled: int = 0
    late_open: int = 0
    backdated: int = 0
    party_late: int = 0
    refusals: int = 0
    attempts: int = 0
    pilots: Counter[str] = field(default_factory=Counter)  # by the state that one came to


@dataclass
class _Stream:
    """What the log says of a stream: where it lay since which legal day, when it closed, and its last decision in the period.

    `dues` are the ends of its clocks as the last event left them. Of those that an event took away which was recorded after them,
    `passed` are the ended runs, `halted` those that stand still as of a day in time: the clock and its end.
    """

    process: str
    led: list[tuple[str, Place]] = field(default_factory=list)
    closed: tuple[str, str] | None = None
    decision: dict[str, Any] | None = None
    dues: dict[str, str] = field(default_factory=dict)
    passed: set[tuple[str, str]] = field(default_factory=set)
    halted: set[tuple[str, str]] = field(default_factory=set)

    def note(self, event: dict[str, Any]) -> Place:
        """Take an event in; return where the stream lies after it."""
        place = _place(event)
        if not self.led or self.led[-1][1] != place:
            self.led.append((event["on"], place))
        if event["to"] and event["shows"]["closed"] and self.closed is None:
            self.closed = event["on"], event["at"]
        self._timed(event)
        return place

    def _timed(self, event: dict[str, Any]) -> None:
        """Take in which clocks an event ended or halted after they had run out."""
        dues = {clock: due for clock, (_, due) in event["dues"].items()}
        told = legal_day(datetime.fromisoformat(event["at"])).isoformat()
        for clock, due in self.dues.items():
            if not due or dues.get(clock) == due or due >= (told if len(due) == DAY else event["at"]):
                continue
            if dues.get(clock) == "" and event["on"] <= due:
                self.halted.add((clock, due))
            if dues.get(clock) != "":  # ended, and perhaps begun anew
                self.passed.add((clock, due))
        self.dues = dues

    def place(self, day: str) -> Place:
        """Return where it lay on a legal day, the first place for a day before."""
        return next((place for since, place in reversed(self.led) if since <= day), self.led[0][1])


@dataclass(frozen=True)
class _Late:
    """A clock that is late: whom it binds, its last day in time, when it was settled, and where its stream lay."""

    whom: Binds
    day: str
    settled: str
    stream: _Stream


def count(streams: Streams, first: str, last: str, at: datetime) -> dict[Place, Row]:
    """Return the counts of the legal days from `first` to `last`, by unit and district, as things stand at a moment.

    Of a period that is not over, only what has passed by then is late. Raises StoreError.
    """
    tables = streams.rulebook.lifecycles
    requests = {name for name, table in tables.items() if table.kind == "request"}
    found: dict[Place, Row] = {}
    known: dict[str, _Stream] = {}
    for event in _events(streams.home):
        stream = known.setdefault(event["stream"], _Stream(event["process"]))
        place = stream.note(event)
        if not first <= event["on"] <= last:
            continue
        row = found.setdefault(place, Row())
        _counted(row, event)
        if event["from"] and "decision" in event["values"]:  # what opens a stream may name the answer that led there
            stream.decision = event
            row.decisions += event["process"] not in requests
    for stream in known.values():
        if stream.decision:
            _decided(found[_place(stream.decision)], stream.decision, requests)
    until = min(last, legal_day(at).isoformat())
    for late in _late(streams, known, at) if first <= until else ():
        _overran(found, late, first, until)
    for stream, day in _backdated(streams, known):
        if first <= day <= until:
            found.setdefault(stream.place(day), Row()).backdated += 1
    return {place: row for place, row in sorted(found.items()) if row != Row()}


def _events(home: Installation) -> Iterator[dict[str, Any]]:
    for each in reading.records(home.store):
        if each.kind == "event":
            yield json.loads(each.payload)["predicate"]


def _place(event: dict[str, Any]) -> Place:
    return event["shows"]["unit"], event["shows"]["district"]


def _counted(row: Row, event: dict[str, Any]) -> None:
    """Count an event of the period."""
    if event["name"] == REFUSED:
        row.attempts += 1
        return
    row.filings += event["name"] in SUBMITTED
    row.opened += event["from"] == "" and event["process"] not in NO_CASE
    if event["process"] == "pilot" and event["from"] != event["to"]:
        row.pilots[event["to"]] += 1
    row.refusals += event["to"] in UNFAVOURABLE and event["from"] != event["to"]


def _decided(row: Row, event: dict[str, Any], requests: Container[str]) -> None:
    """Count a case or a request by the last decision on it in the period."""
    if event["process"] in requests:
        row.answered[event["values"].get("outcome", "")] += 1
    else:
        row.decided[event["shows"]["tier"]] += 1


def _late(streams: Streams, known: dict[str, _Stream], at: datetime) -> Iterator[_Late]:
    """Yield every clock of an office or a party that is certainly late at a moment, by the rows of the streams."""
    tables = streams.rulebook.lifecycles
    for row in stored.rows(streams.home.store):
        stream = known.get(row.id)
        for run in from_text(row.fold).clocks if stream else ():
            whom = binds(tables, row.process, run.clock)
            found = lateness(run, stream.closed, at) if stream and whom in ("office", "party") else None
            if stream and found:
                yield _Late(whom, *found, stream)


def _backdated(streams: Streams, known: dict[str, _Stream]) -> Iterator[tuple[_Stream, str]]:
    """Yield the last days of the office's clocks that were ended or halted as of a day in time, and recorded later."""
    tables = streams.rulebook.lifecycles
    for name, stream in known.items():
        row = stored.stream(streams.home.store, name) if stream.passed else None
        runs = from_text(row.fold).clocks if row else ()
        ended = {(run.clock, run.due) for run in runs if run.stopped is not None and run.stopped <= run.due}
        for clock, due in sorted(stream.halted | (stream.passed & ended)):
            if binds(tables, stream.process, clock) == "office":
                yield stream, due if len(due) == DAY else legal_day(datetime.fromisoformat(due)).isoformat()


def _overran(found: dict[Place, Row], late: _Late, first: str, until: str) -> None:
    """Count a late clock: where its stream lay on its last day in time, and what is still open where it lies at the end."""
    settled = bool(late.settled) and late.settled <= until
    if first <= late.day <= until:
        row = found.setdefault(late.stream.place(late.day), Row())
        row.party_late += late.whom == "party"
        row.late += late.whom == "office"
        row.late_settled += late.whom == "office" and settled
    if late.whom == "office" and late.day <= until and not settled:
        found.setdefault(late.stream.place(until), Row()).late_open += 1
