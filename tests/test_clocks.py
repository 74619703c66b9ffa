"""Clocks of procedure: never negative, never nearer by a pause, and the same day that counting by hand gives."""

from __future__ import annotations

import os
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import icalendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InputError
from engine.rulebook.days import SHANGHAI
from engine.rulebook.read import plain, read
from engine.rulebook.workdays import Calendar
from engine.supervise import clocks
from engine.supervise.clocks import Due, Pause, Reminder, Run, Term
from engine.supervise.ics import Entry, ics
from tests.rulebook import book

LONG = int(os.environ.get("FENJI_LONG", "1"))
ROOT = Path(__file__).parents[1]
BOOK = book()
CALENDAR = BOOK.calendar
UNITS = ("working_days", "days", "months", "hours")


def cases() -> list[Any]:
    path = ROOT / "tests/clocks/due.yaml"
    found: Any = plain(read(path.read_bytes(), path.name))
    return [pytest.param(case, id=case["name"]) for case in found]


def term_of(case: dict[str, Any]) -> Term:
    if "clock" in case:
        clock = BOOK.clocks[case["clock"]]
        counting = BOOK.countings[clock.counting]
        return Term(counting.unit, clock.length + (clock.extension if case.get("extended") else 0), counting.rolls)
    unit: Any = next(name for name in UNITS if name in case)
    return Term(unit, case[unit], case.get("rolls", False))


def paused(text: str) -> Pause:
    start, _, end = text.partition("..")
    return Pause(start, end or None)


def shown(end: Due | None) -> str:
    if end is None:
        return "paused"
    if end.earliest == end.latest:
        return end.earliest.isoformat()
    return f"{end.earliest.isoformat()}..{end.latest.isoformat() if end.latest else ''}"


@pytest.mark.parametrize("case", cases())
def test_when_a_period_ends(case: dict[str, Any]) -> None:
    run = Run(case["start"], tuple(map(paused, case.get("pauses", ()))))
    end = clocks.due(CALENDAR, term_of(case), run)
    assert shown(end) == case["due"]
    assert bool(end and end.provisional) == case.get("provisional", False)


@st.composite
def runs(draw: st.DrawFn, first: date = date(2025, 1, 1), last: date = date(2027, 12, 1)) -> Run:
    """Return a run with up to four pauses, one after the other; the last may go on, and the run may have ended."""
    day = draw(st.dates(first, last))
    start = day
    pauses: list[Pause] = []
    for _ in range(draw(st.integers(0, 4))):
        day += timedelta(days=draw(st.integers(0, 20)))
        until = day + timedelta(days=draw(st.integers(0, 20)))
        pauses.append(Pause(day.isoformat(), until.isoformat()))
        day = until
    if draw(st.booleans()) and pauses:
        pauses[-1] = Pause(pauses[-1].start, None)
    stopped = draw(st.none() | st.integers(0, 60).map(lambda days: (start + timedelta(days=days)).isoformat()))
    return Run(start.isoformat(), tuple(pauses), stopped)


terms = st.builds(Term, st.sampled_from(("working_days", "days")), st.integers(1, 45), st.booleans()) | st.builds(
    Term, st.just("months"), st.integers(1, 6), st.booleans()
)


@settings(max_examples=200 * LONG)
@given(terms, runs(), st.integers(-30, 200))
def test_nothing_is_ever_negative(term: Term, run: Run, offset: int) -> None:
    found = [date.fromisoformat(run.started) + timedelta(days=offset + more) for more in range(3)]
    ran = [clocks.elapsed(CALENDAR, term, run, day) for day in found]
    left = [clocks.remaining(CALENDAR, term, run, day) for day in found]
    for low, high in (*ran, *left):
        assert 0 <= low <= high
    assert all(a[0] <= b[0] and a[1] <= b[1] for a, b in pairwise(ran))
    assert all(a[0] >= b[0] and a[1] >= b[1] for a, b in pairwise(left))


@settings(max_examples=200 * LONG)
@given(terms, runs(), st.integers(0, 40), st.integers(0, 20))
def test_a_pause_never_brings_the_end_nearer(term: Term, run: Run, after: int, days: int) -> None:
    stop = date.fromisoformat(run.pauses[-1].end or run.pauses[-1].start if run.pauses else run.started) + timedelta(days=after)
    if run.pauses and run.pauses[-1].end is None:
        return
    more = Run(run.started, (*run.pauses, Pause(stop.isoformat(), (stop + timedelta(days=days)).isoformat())))
    before, then = clocks.due(CALENDAR, term, run), clocks.due(CALENDAR, term, more)
    assert before
    assert then
    assert clocks.urgency(before) <= clocks.urgency(then)
    assert before.latest is None or then.latest is None or before.latest <= then.latest
    still = Run(run.started, (*run.pauses, Pause(stop.isoformat(), None)))
    if (now := clocks.due(CALENDAR, term, still)) and now.latest:
        assert clocks.urgency(now) == clocks.urgency(before)


def by_hand(length: int, run: Run, *, working: bool) -> date | None:
    """Return the day on which a count day by day reaches the length: the same rule, written once more as a walk."""
    day, count = date.fromisoformat(run.started), 0
    standing: list[tuple[date, date]] = [
        (date.fromisoformat(each.start), date.fromisoformat(each.end) if each.end else date.max) for each in run.pauses
    ]
    while count < length:
        day += timedelta(days=1)
        if any(start < day and end == date.max for start, end in standing):
            return None
        still = any(start < day <= end for start, end in standing)
        count += not still and (not working or CALENDAR.works(day.toordinal()) is True)
    return day


@settings(max_examples=200 * LONG)
@given(st.integers(1, 40), st.booleans(), runs(date(2019, 1, 1), date(2025, 9, 1)))
def test_counting_day_by_day_gives_the_same(length: int, working: bool, run: Run) -> None:
    end = clocks.due(CALENDAR, Term("working_days" if working else "days", length), run)
    assert (end and end.earliest) == by_hand(length, run, working=working)


@settings(max_examples=100 * LONG)
@given(terms, runs())
def test_the_period_has_run_when_it_ends_and_not_before(term: Term, run: Run) -> None:
    lasting = Run(run.started, run.pauses)
    end = clocks.due(CALENDAR, Term(term.unit, term.length), lasting)
    if end is None or end.latest is None or term.unit == "months":
        return
    assert clocks.remaining(CALENDAR, term, lasting, end.earliest)[0] == 0
    assert clocks.remaining(CALENDAR, term, lasting, end.latest) == (0, 0)
    assert clocks.remaining(CALENDAR, term, lasting, end.earliest - timedelta(days=1))[0] > 0
    assert clocks.standing(CALENDAR, Term(term.unit, term.length), lasting, end.earliest) == "running"
    assert clocks.standing(CALENDAR, Term(term.unit, term.length), lasting, end.latest + timedelta(days=1)) == "past"


@settings(max_examples=100 * LONG)
@given(terms, runs())
def test_reminders_lie_within_the_period_in_their_order(term: Term, run: Run) -> None:
    end = clocks.due(CALENDAR, term, run)
    found = clocks.reminders(CALENDAR, term, run)
    if end is None or run.stopped:
        assert found == []
        return
    days = [each.at for each in found]
    assert days == sorted(set(days))  # nobody is reminded twice on a day
    assert all(date.fromisoformat(run.started) < day <= end.earliest for day in days)
    if term.unit == "working_days":
        known = [day for day in days if date(2004, 3, 1) <= day <= date(2040, 11, 1)]
        assert all(CALENDAR.works(day.toordinal()) for day in known)  # an office reads it


def test_a_share_that_may_end_on_a_sunday_is_reminded_of_on_a_day_that_is_worked() -> None:
    term, run = Term("working_days", 20), Run("2026-12-07")
    share = clocks.due(CALENDAR, Term("working_days", 16), run)
    assert share
    found = {each.percent: each.at for each in clocks.reminders(CALENDAR, term, run)}
    assert (share.earliest, found[80]) == (date(2026, 12, 27), date(2026, 12, 25))


def test_a_notice_recomputes_what_was_provisional() -> None:
    term, run = Term("working_days", 10), Run("2025-12-22")
    before = Calendar([each for year, each in BOOK.years.items() if year < 2026], BOOK.statutory)
    assert clocks.due(CALENDAR, term, run) == Due(date(2026, 1, 6), date(2026, 1, 6))
    then = clocks.due(before, term, run)
    assert then
    assert then.provisional
    assert then.earliest <= date(2026, 1, 6)


def test_between_the_bounds_it_is_open_whether_a_clock_is_past() -> None:
    term, run = Term("working_days", 10), Run("2026-12-20")
    found = [clocks.standing(CALENDAR, term, run, date(2026, 12, day)) for day in (29, 30, 31)]
    assert found == ["running", "running", "open"]
    assert clocks.standing(CALENDAR, term, run, date(2027, 1, 5)) == "past"
    assert clocks.standing(CALENDAR, term, Run("2026-12-20", (), "2026-12-21"), date(2027, 1, 5)) == "stopped"
    assert clocks.standing(CALENDAR, term, Run("2026-12-20", (Pause("2026-12-21", None),)), date(2027, 1, 5)) == "paused"


def test_parallel_clocks_are_sorted_by_the_shortest_and_those_that_stand_still_come_last() -> None:
    found = {"1h": "2026-10-01T10:00:00+08:00", "24h": "2026-10-01T10:00:00+08:00", "30 days": "2026-09-02"}
    ends = {
        "1h": clocks.due(CALENDAR, Term("hours", 1), Run(found["1h"])),
        "30 days": clocks.due(CALENDAR, Term("days", 30), Run(found["30 days"])),
        "24h": clocks.due(CALENDAR, Term("hours", 24), Run(found["24h"])),
        "paused": clocks.due(CALENDAR, Term("days", 30), Run("2026-09-02", (Pause("2026-09-02", None),))),
    }
    order = sorted(ends, key=lambda name: clocks.urgency(ends[name]))
    assert order == ["1h", "24h", "30 days", "paused"]


@pytest.mark.parametrize(
    ("unit", "run", "message"),
    [
        ("days", Run("2026-09-31"), "is not a day"),
        ("hours", Run("2026-09-30"), "has no offset"),
        ("hours", Run("2026-09-30T10:00:00"), "has no offset"),
        ("days", Run("2026-09-30", (Pause("2026-09-29", None),)), "begins before the clock runs"),
        ("days", Run("2026-09-01", (Pause("2026-09-10", "2026-09-09"),)), "ends before it begins"),
        (
            "days",
            Run("2026-09-01", (Pause("2026-09-10", None), Pause("2026-09-11", None))),
            "begins while the one before it lasts",
        ),
        ("months", Run("9999-12-01"), "after the year 9999"),
        ("days", Run("9999-12-31"), "after the year 9999"),
        ("working_days", Run("9999-12-31"), "after the year 9999"),
    ],
)
def test_a_run_out_of_order_is_refused(unit: Any, run: Run, message: str) -> None:
    with pytest.raises(InputError, match=message):
        clocks.due(CALENDAR, Term(unit, 2), run)


def test_an_icalendar_file_is_read_back_as_it_was_written() -> None:
    at = datetime(2026, 8, 1, 9, 30, tzinfo=SHANGHAI)
    soon = at + timedelta(hours=4)
    entries = [
        Entry("a@x", "备案；期限，" + "长" * 60, Due(date(2026, 12, 30), date(2027, 1, 4), provisional=True), "第一行\n第二行"),
        Entry("b@x", "report", Due(soon, soon), "", (Reminder(at + timedelta(hours=2), 50),)),
        Entry("c@x", "day", Due(date(2026, 8, 3), date(2026, 8, 3)), "", (Reminder(date(2026, 7, 31), None),)),
    ]
    data = ics(entries, at)
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))  # RFC 5545, 3.1
    events = icalendar.Calendar.from_ical(data).walk("VEVENT")
    assert [str(each["uid"]) for each in events] == ["b@x", "c@x", "a@x"]
    first, second, last = events
    assert first.decoded("dtstart") == soon
    assert first.walk("VALARM")[0].decoded("trigger") == timedelta(hours=-2)
    assert second.walk("VALARM")[0].decoded("trigger") == timedelta(days=-3, hours=9)
    assert (last.decoded("dtstart"), last.decoded("dtend"), str(last["status"])) == (
        date(2026, 12, 30),
        date(2027, 1, 5),
        "TENTATIVE",
    )
    assert (str(last["summary"]), str(last["description"])) == (entries[0].title, entries[0].note)


def test_every_clock_of_law_can_be_counted() -> None:
    for clock in BOOK.clocks.values():
        term = term_of({"clock": clock.id})
        start = "2026-08-03T09:00:00+08:00" if term.unit == "hours" else "2026-08-03"
        assert clocks.due(CALENDAR, term, Run(start))
