"""Working days: equal to what others know of announced years, within bounds in the others, and never in circles."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from random import Random

import chinese_calendar
import holidays
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.rulebook.workdays import Calendar, span
from schemas.calendar import CalendarYear, Notice, Statutory, StatutoryYear
from schemas.rulebook import Period
from tests.rulebook import book

LONG = int(os.environ.get("FENJI_LONG", "1"))
BOOK = book()
FIRST, LAST = date(2004, 1, 1), date(2026, 12, 31)
# the notice for 2006 (国办发明电〔2005〕35号, 一) has this Saturday worked; chinesecalendar leaves it out, holidays has it
MISSED = date(2005, 12, 31)
# extensions by special act, which no bound foresees: see rules/calendar/statutory.yaml
SPECIAL = {"国发明电〔2015〕1号", "国办发明电〔2020〕1号"}
NAMES = {
    "New Year's Day": "new_year",
    "Chinese New Year's Eve": "spring_festival",
    "Chinese New Year (Spring Festival)": "spring_festival",
    "Tomb-Sweeping Day": "qingming",
    "Labor Day": "labour_day",
    "Dragon Boat Festival": "dragon_boat",
    "Mid-Autumn Festival": "mid_autumn",
    "National Day": "national_day",
}
days = st.dates(date(2003, 12, 1), date(2041, 3, 1)).map(date.toordinal)
counts = st.integers(min_value=0, max_value=70)


def statutory() -> Statutory:
    assert BOOK.statutory
    return BOOK.statutory


@cache
def lawful(year: int) -> StatutoryYear:
    """Return the statutory days of a year as the package holidays has them."""
    found: dict[str, list[date]] = {}
    for day, text in sorted(holidays.country_holidays("CN", years=year, language="en_US").items()):
        for name in text.split("; "):
            if day.year == year and name in NAMES:
                found.setdefault(NAMES[name], []).append(day)
    return StatutoryYear(year=year, days={name: Period(start=each[0], end=each[-1]) for name, each in found.items()})


def foreseen() -> list[CalendarYear]:
    """Return the announced years without what special acts added."""
    usual = {year: [each for each in doc.notices if each.number not in SPECIAL] for year, doc in BOOK.years.items()}
    return [BOOK.years[year].model_copy(update={"notices": notices}) for year, notices in usual.items()]


def test_every_day_is_as_chinesecalendar_has_it() -> None:
    differing = [d for d in span(FIRST, LAST) if BOOK.calendar.works(d.toordinal()) != chinese_calendar.is_workday(d)]
    assert differing == [MISSED]
    assert BOOK.calendar.works(MISSED.toordinal())


def test_every_day_is_as_holidays_has_it() -> None:
    other = holidays.country_holidays("CN", years=range(2004, 2027))
    assert not [d for d in span(FIRST, LAST) if BOOK.calendar.works(d.toordinal()) != other.is_working_day(d)]


def test_statutory_days_to_come_are_as_holidays_has_them() -> None:
    assert not [each.year for each in statutory().years if each != lawful(each.year)]


@pytest.mark.parametrize(
    ("start", "count", "earliest", "latest", "provisional"),
    [
        ("2026-09-14", 20, "2026-10-16", "2026-10-16", False),  # National Day, with two Sundays and Saturdays worked
        ("2026-02-10", 10, "2026-03-02", "2026-03-02", False),  # Spring Festival
        ("2026-12-01", 10, "2026-12-15", "2026-12-15", False),
        ("2026-12-20", 10, "2026-12-30", "2027-01-04", True),  # the New Year of 2027 may move days of December 2026
        ("2026-12-15", 20, "2027-01-13", "2027-01-13", True),
        ("2027-01-25", 10, "2027-02-04", "2027-02-16", True),
        ("2027-03-01", 5, "2027-03-08", "2027-03-08", True),  # far from a holiday, yet no notice has been published
    ],
)
def test_due_days(start: str, count: int, earliest: str, latest: str, *, provisional: bool) -> None:
    found = BOOK.calendar.after(date.fromisoformat(start).toordinal(), count)
    shown = [date.fromordinal(int(each)).isoformat() for each in (found.earliest, found.latest)]
    assert (*shown, found.provisional) == (earliest, latest, provisional)


def test_beyond_the_calendar_nothing_is_claimed() -> None:
    for start in (date(1999, 1, 1), date(2041, 1, 1)):
        found = BOOK.calendar.after(start.toordinal(), 10)
        assert (found.earliest, found.latest) == (start.toordinal() + 10, float("inf"))
    assert Calendar().after(700_000, 3).earliest == 700_003


def hidden(year: int) -> Calendar:
    """Return the calendar as it was before the notice for a year."""
    lawful_years = [lawful(each) for each in (year, year + 1)]
    return Calendar([each for each in foreseen() if each.year < year], statutory().model_copy(update={"years": lawful_years}))


@pytest.mark.parametrize("year", range(2008, 2027))
def test_bounds_held_in_every_year_before_its_notice(year: int) -> None:
    before, after = hidden(year), Calendar(foreseen(), statutory())
    for start in range(date(year - 1, 11, 1).toordinal(), date(year, 10, 1).toordinal(), 3):
        for count in (1, 10, 20, 45):
            then, now = before.after(start, count), after.after(start, count)
            assert then.earliest <= now.earliest <= now.latest <= then.latest, (date.fromordinal(start), count)
            assert then.provisional or then == now


def arranged(random: Random) -> CalendarYear:
    """Return an arrangement of 2027 that the model allows: each season moves what it may."""
    dates = BOOK.calendar
    worked: list[int] = []
    off: list[int] = []
    for season in dates.seasons:
        if date(2026, 12, 1).toordinal() <= season.first < date(2027, 12, 1).toordinal():
            moves = random.randint(0, min(season.swaps, len(season.weekends)))
            worked += random.sample(season.weekends, moves)
            off += random.sample(season.weekdays, moves + season.owed)
    closed = [*statutory().years[0].days.values()]
    periods = [*closed, *(Period(start=date.fromordinal(each), end=date.fromordinal(each)) for each in off)]
    moved = [date.fromordinal(each) for each in worked]
    breaks = [{"holiday": "new_year", "off": str(each), "worked": []} for each in periods]
    breaks[0]["worked"] = [each.isoformat() for each in moved]
    notice = {"number": "n", "issuer": "state-council-office", "issued": "2026-12-01", "read": "recalled", "breaks": breaks}
    return CalendarYear(year=2027, notices=[Notice.model_validate(notice | {"number_read": "recalled"})])


def told(random: Random) -> Calendar:
    """Return the calendar when such an arrangement has been announced."""
    later = statutory().model_copy(update={"years": statutory().years[1:2]})
    return Calendar([BOOK.years[2026], arranged(random)], later)


@settings(max_examples=150 * LONG)
@given(st.randoms(use_true_random=False), st.integers(-40, 340), st.integers(1, 45))
def test_any_arrangement_of_a_year_to_come_lies_within_its_bounds(random: Random, offset: int, count: int) -> None:
    start = date(2027, 1, 1).toordinal() + offset
    then, now = BOOK.calendar.after(start, count), told(random).after(start, count)
    assert then.earliest <= now.earliest <= now.latest <= then.latest


@pytest.mark.parametrize(("start", "count"), [("2027-01-25", 10), ("2027-02-01", 12), ("2027-04-28", 9)])
def test_bounds_are_met_by_an_arrangement(start: str, count: int) -> None:
    random, day = Random(1), date.fromisoformat(start).toordinal()
    found = {told(random).after(day, count).earliest for _ in range(2000)}
    bounds = BOOK.calendar.after(day, count)
    assert {min(found), max(found)} == {bounds.earliest, bounds.latest}


@given(days, counts)
def test_a_later_start_and_a_longer_period_are_never_due_sooner(start: int, count: int) -> None:
    now, later, longer = (BOOK.calendar.after(*each) for each in ((start, count), (start + 1, count), (start, count + 1)))
    assert now.earliest <= now.latest
    for each in (later, longer):
        assert now.earliest <= each.earliest
        assert now.latest <= each.latest


@given(days, st.integers(0, 400))
def test_counts_grow_with_the_window(start: int, length: int) -> None:
    for count in (BOOK.calendar.most, BOOK.calendar.least):
        found = [count((start, start + each)) for each in range(0, length + 2, 7)]
        assert all(a <= b for a, b in pairwise(found))
        assert found[0] == 0


@given(days, counts)
def test_counting_day_by_day_gives_the_same_in_announced_years(start: int, count: int) -> None:
    found = BOOK.calendar.after(start, count)
    if not found.provisional:
        worked = [day for day in walk(start, int(found.latest)) if chinese_calendar.is_workday(day) or day == MISSED]
        assert len(worked) == count
        assert not count or worked[-1].toordinal() == found.latest


def walk(start: int, end: int) -> Iterator[date]:
    yield from span(date.fromordinal(start) + timedelta(days=1), date.fromordinal(end))


def test_a_day_off_moves_on_and_a_working_day_stays() -> None:
    saturday, worked, friday = date(2026, 8, 1), date(2026, 10, 10), date(2026, 7, 31)
    assert BOOK.calendar.rolled(saturday.toordinal()).day == date(2026, 8, 3)
    assert BOOK.calendar.rolled(worked.toordinal()).day == worked
    assert BOOK.calendar.rolled(friday.toordinal()).day == friday
    assert BOOK.calendar.rolled(date(2026, 10, 1).toordinal()).day == date(2026, 10, 8)
