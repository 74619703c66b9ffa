"""Working days: by the year's notice where there is one, within bounds where there is none yet.

    announced     Monday to Friday less the days off, with the weekend days that are worked (调休)
    unannounced   the statutory days are off. An arrangement may have at most `swaps` weekend days worked within the `reach` of
                  a holiday; as many weekdays within its `stretch` are off in turn, and one for each statutory day on a
                  weekend (补假)
    beyond        nothing is known: every day may be worked, none need be

Days are ordinals. Counts are over (a, b]: the first day is not counted (Civil Code, article 201).

INVARIANT: `most` and `least` are the exact extremes over all arrangements of the model. So both grow with b, the announced
calendar lies between them, and knowing more only narrows.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from schemas.calendar import CalendarYear, Notice, Statutory, StatutoryYear
    from schemas.rulebook import Period

FRIDAY = 5  # ISO
WEEK = 7
Window = tuple[int, int]  # (a, b]: the day after the first to the second
Windows = Sequence[Window]


@dataclass(frozen=True, slots=True)
class Bounds:
    """The first and the last day that a day may be, as ordinals; `provisional` when a notice to come may move it."""

    earliest: float
    latest: float
    provisional: bool = False

    @property
    def day(self) -> date | None:
        """Return the day where it is decided."""
        return date.fromordinal(int(self.earliest)) if self.earliest == self.latest else None


@dataclass(slots=True)
class _Season:
    """Holidays whose reaches meet: days that an arrangement may move, how many, and how many days off are owed besides."""

    first: int
    last: int
    swaps: int
    owed: int
    weekends: list[int] = field(default_factory=list)
    weekdays: list[int] = field(default_factory=list)

    def most(self, windows: Windows) -> int:
        """Return by how much an arrangement can raise the working days of the windows at most."""
        inside, outside = _within(self.weekends, windows), len(self.weekdays) - _within(self.weekdays, windows)
        return max(min(m, inside) - max(0, self.owed + m - outside) for m in range(self._moves() + 1))

    def least(self, windows: Windows) -> int:
        """Return the same at least; mostly below zero."""
        outside, inside = len(self.weekends) - _within(self.weekends, windows), _within(self.weekdays, windows)
        return min(max(0, m - outside) - min(self.owed + m, inside) for m in range(self._moves() + 1))

    def _moves(self) -> int:
        return min(self.swaps, len(self.weekends))


class Calendar:
    """The working days of a rulebook: pure arithmetic over its years and what is certain of years to come."""

    def __init__(self, years: Iterable[CalendarYear] = (), statutory: Statutory | None = None) -> None:
        """Take the announced years, and the statutory days of those that are not announced."""
        announced = {each.year: each for each in years}
        named = _named(notice for each in announced.values() for notice in each.notices)
        lawful = {each.year: each for each in (statutory.years if statutory else []) if each.year not in announced}
        self.seasons = _seasons(lawful.values(), statutory, named) if statutory else []
        closed = {day for each in lawful.values() for period in each.days.values() for day in _days(period)}
        named |= dict.fromkeys(closed, False)
        self.added = sorted(day for day, worked in named.items() if worked and _weekend(day))
        self.removed = sorted(day for day, worked in named.items() if not worked and not _weekend(day))
        self.first, self.settled, self.last = _limits(announced, lawful)

    def most(self, *windows: Window) -> int:
        """Return how many days of some windows (a, b] are worked at most; the windows do not meet."""
        found = [self._clip(*window) for window in windows]
        unknown = sum(b - a - (high - low) for (a, b), (low, high) in zip(windows, found, strict=True))
        return unknown + self._fixed(found) + sum(season.most(found) for season in self._meeting(found))

    def least(self, *windows: Window) -> int:
        """Return how many are worked at least."""
        found = [self._clip(*window) for window in windows]
        return self._fixed(found) + sum(season.least(found) for season in self._meeting(found))

    def after(self, start: int, days: int, *before: Window) -> Bounds:
        """Return the last of so many working days after `start`, which is not counted; those of earlier windows count too."""
        span = range(start, start + 2 * days + 60)  # no run of days off is longer than this allows
        ends = []
        for count in (self.most, self.least):
            at = bisect_left(span, days, key=lambda end, count=count: count(*before, (start, end)))  # type: ignore[misc]
            ends.append(float(span[at]) if at < len(span) else inf)
        return Bounds(ends[0], ends[1], self._open(before[0][0] if before else start, ends[1]))

    def rolled(self, day: int) -> Bounds:
        """Return the day, or the next working day when it is a day off."""
        return self.after(day - 1, 1)

    def works(self, day: int) -> bool | None:
        """Tell whether a day is worked by the notices there are; None where there is none and the law does not decide."""
        if self.first <= day <= self.settled:
            return bool(self._fixed([(day - 1, day)]))
        most, least = self.most((day - 1, day)), self.least((day - 1, day))
        return bool(most) if most == least else None

    def open(self, day: int) -> bool:
        """Tell whether a notice to come may still say otherwise of a day."""
        return self.most((day - 1, day)) != self.least((day - 1, day))

    def _fixed(self, windows: Windows) -> int:
        weekdays = sum(_weekdays(high) - _weekdays(low) for low, high in windows)
        return weekdays + _within(self.added, windows) - _within(self.removed, windows)

    def _clip(self, a: int, b: int) -> Window:
        low, high = max(a, self.first - 1), min(b, self.last)
        return (low, high) if low < high else (a, a)

    def _meeting(self, windows: Windows) -> Iterator[_Season]:
        low, high = windows[0][0], windows[-1][1]
        return (season for season in self.seasons if season.first <= high and season.last > low)

    def _open(self, start: int, latest: float) -> bool:
        if start < self.first - 1 or latest > self.settled:
            return True
        return any(True for _ in self._meeting([(start, int(latest))]))


def _limits(announced: dict[int, CalendarYear], lawful: dict[int, StatutoryYear]) -> tuple[int, int, int]:
    """Return the first day known, the last of the announced years, and the last of which anything is known."""
    if not announced:
        return 1, 0, 0
    first = last = min(announced)
    while last + 1 in announced:
        last += 1
    settled = last
    while last + 1 in lawful or last + 1 in announced:
        last += 1
    # the New Year of a year of which nothing is known may move days of December
    return date(first, 1, 1).toordinal(), date(settled, 12, 31).toordinal(), date(last, 11, 30).toordinal()


def _named(notices: Iterable[Notice]) -> dict[int, bool]:
    """Return each day that a notice names, and whether it is worked; the later notice prevails."""
    found: dict[int, bool] = {}
    for notice in sorted(notices, key=lambda each: each.issued):
        found |= {day: False for each in notice.breaks for day in _days(each.off)}
        found |= {day.toordinal(): True for each in notice.breaks for day in each.worked}
    return found


def _seasons(years: Iterable[StatutoryYear], statutory: Statutory, named: dict[int, bool]) -> list[_Season]:
    reach = {holiday.id: holiday.reach for holiday in statutory.holidays}
    spans = sorted(
        ((min(days) - reach[holiday], max(days) + reach[holiday], days))
        for year in years
        for holiday, period in year.days.items()
        for days in [_days(period)]
    )
    found: list[_Season] = []
    closed: list[int] = []
    for first, last, days in spans:
        owed = sum(_weekend(day) or day in closed for day in days)  # two holidays on one day owe a day as well
        closed += days
        if found and first <= found[-1].last:
            season = found[-1]
            season.last, season.swaps, season.owed = max(last, season.last), season.swaps + statutory.swaps, season.owed + owed
        else:
            found.append(_Season(first, last, statutory.swaps, owed))
    kept = named.keys() | set(closed)
    near = {day for each in closed for day in range(each - statutory.stretch, each + statutory.stretch + 1)}
    for season in found:
        free = [day for day in range(season.first, season.last + 1) if day not in kept]
        season.weekends = [day for day in free if _weekend(day)]
        season.weekdays = [day for day in free if not _weekend(day) and day in near]
    return found


def _days(period: Period) -> list[int]:
    end = period.end or period.start
    return list(range(period.start.toordinal(), end.toordinal() + 1))


def _within(days: list[int], windows: Windows) -> int:
    return sum(bisect_right(days, b) - bisect_right(days, a) for a, b in windows)


def _weekend(day: int) -> bool:
    return (day - 1) % WEEK >= FRIDAY  # the first of January of the year 1 was a Monday


def _weekdays(day: int) -> int:
    """Return the number of days from Monday to Friday up to a day, that day included."""
    weeks, rest = divmod(day, WEEK)
    return weeks * FRIDAY + min(rest, FRIDAY)


def span(start: date, end: date) -> Iterator[date]:
    """Yield the days from `start` to `end`, both included."""
    yield from (start + timedelta(days=n) for n in range((end - start).days + 1))


__all__ = ["Bounds", "Calendar", "span"]
