"""When a duty falls due: whether the day may lie before or after the deadline, and whether it was certainly done too late.

N working days are counted by the calendar of the rulebook, the first day not counted. In a year whose notice has not been
published the deadline has bounds; between them a duty may be either not yet due or past.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from engine.decide.values import INF, F, T, U
from engine.errors import ContradictionError, Place
from engine.rulebook.workdays import Bounds
from schemas.rulebook import Text

if TYPE_CHECKING:
    from engine.decide.filing import Filing
    from engine.rulebook.model import Rulebook
    from engine.rulebook.workdays import Calendar
    from schemas.rulebook import Due

Span = tuple[float, float]
DAY = 24
EVER: Span = (-INF, INF)


@dataclass(frozen=True, slots=True)
class Deadline:
    """Whether the day may be before the deadline, may be past it, and whether the duty was done late; `days` bounds the date.

    `provisional` when a notice of days off that is still to come may move the deadline.
    """

    before: bool
    past: bool
    late: int
    days: Span
    provisional: bool = False


NONE = Deadline(before=False, past=True, late=F, days=EVER)  # what has no deadline binds at once


def deadline(due: Due | None, filing: Filing, on: date, done: int, calendar: Calendar) -> Deadline:
    """Return where `on` stands to the deadline; `done` says whether the duty was done at all. Raises ContradictionError."""
    if due is None:
        return NONE
    if due.hours:
        return _hours(due, filing, on, done)
    start = span(filing, due.before or due.after)  # of a fixed day there is nothing to know
    low, high, provisional = _working(due, start, calendar) if due.working_days else (*_days(due, start), False)
    today = on.toordinal()
    late = _late(span(filing, due.done), (low, high), due.done, done)
    return Deadline(today <= high, today > low, late, (low, high), provisional)


def span(filing: Filing, name: str) -> Span:
    """Return the values that a date or number may have."""
    found: Span = filing.facts.get(name, EVER)
    return found


def _days(due: Due, start: Span) -> Span:
    """Return the first and the last day that may be the last one in time."""
    low, high = start
    if due.by:
        return due.by.toordinal(), due.by.toordinal()
    if due.before:
        return low - 1, high - 1
    if due.months:
        return _months(low, due.months), _months(high, due.months)
    return low + due.days, high + due.days


def _working(due: Due, start: Span, calendar: Calendar) -> tuple[float, float, bool]:
    ends = [calendar.after(int(day), due.working_days) if abs(day) != INF else Bounds(day, day) for day in start]
    return ends[0].earliest, ends[1].latest, any(end.provisional for end in ends)


def _months(day: float, months: int) -> float:
    if abs(day) == INF:
        return day
    start = date.fromordinal(int(day))
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    if year > date.max.year:
        return INF
    last = monthrange(year, month + 1)[1]
    return date(year, month + 1, min(start.day, last)).toordinal()


def _late(when: Span, last: Span, name: str, done: int) -> int:
    if not name or done == F or when[1] <= last[0]:
        return F
    return T if done == T and when[0] > last[1] else U


def _hours(due: Due, filing: Filing, on: date, done: int) -> Deadline:
    """Return where a day stands to a deadline of hours: only `since` tells more of them than the bounds of the days."""
    low, high = span(filing, due.after)
    today = on.toordinal()
    least, most = max(0, (today - high - 1) * DAY), max(0, (today - low + 1) * DAY)
    stated = span(filing, due.since)
    passed = (max(least, stated[0]), min(most, stated[1]))
    if passed[0] > passed[1]:
        problem = f"`{due.since}` and `{due.after}` exclude each other on {on}"
        raise ContradictionError("contradiction", problem, "count the hours to the day of the answer", _place(due, filing))
    late = _late(span(filing, due.done), (due.hours, due.hours), due.done, done)
    days = (low + due.hours // DAY, high + (DAY + due.hours) // DAY)
    return Deadline(passed[0] <= due.hours, passed[1] > due.hours, late, days)


def _place(due: Due, filing: Filing) -> Place | None:
    return filing.places.get((due.since,), filing.places.get((due.after,)))


def day_of(ordinal: float) -> date | None:
    """Return the day of an ordinal; None when it is unbounded."""
    return date.fromordinal(int(ordinal)) if 0 < ordinal < date.max.toordinal() else None


def words(due: Due | None, rulebook: Rulebook) -> Text | None:
    """Return the deadline as an offset, in words."""
    if due is None:
        return None
    if due.by:
        return Text(zh=f"{due.by}以前（含当日）", en=f"by {due.by}, that day included")
    start = rulebook.facts[due.before or due.after].label
    if due.before:
        return Text(zh=f"“{start.zh}”之前", en=f"before “{start.en}”")
    units: list[tuple[int, Any]] = [
        (due.hours, ("小时", "hours")),
        (due.working_days, ("个工作日", "working days")),
        (due.months, ("个月", "months")),
        (due.days, ("日", "days")),
    ]
    count, unit = next(((n, u) for n, u in units if n), (0, ("", "")))
    if not count:
        return Text(zh=f"“{start.zh}”当日", en=f"on “{start.en}”")
    return Text(zh=f"“{start.zh}”起{count}{unit[0]}内", en=f"within {count} {unit[1]} of “{start.en}”")


__all__ = ["NONE", "Deadline", "U", "day_of", "deadline", "span", "words"]
