"""When a duty falls due: whether the day may lie before or after the deadline, and whether it was certainly done too late.

No calendar of working days is known here. N working days are never shorter than N calendar days, so until then a duty is
certainly not yet due; from then on it may be either, for as long as no calendar says otherwise.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from engine.decide.values import INF, F, T, U
from schemas.rulebook import Text

if TYPE_CHECKING:
    from engine.decide.filing import Filing
    from engine.rulebook.model import Rulebook
    from schemas.rulebook import Due

Span = tuple[float, float]
DAY = 24
EVER: Span = (-INF, INF)


@dataclass(frozen=True, slots=True)
class Deadline:
    """Whether the day may be before the deadline, may be past it, and whether the duty was done late; `days` bounds the date."""

    before: bool
    past: bool
    late: int
    days: Span


NONE = Deadline(before=False, past=True, late=F, days=EVER)  # what has no deadline binds at once


def deadline(due: Due | None, filing: Filing, on: date, done: int) -> Deadline:
    """Return where `on` stands to the deadline; `done` says whether the duty was done at all."""
    if due is None:
        return NONE
    if due.hours:
        return _hours(due, filing, on, done)
    low, high = _days(due, span(filing, due.before or due.after))  # of a fixed day there is nothing to know
    today = on.toordinal()
    return Deadline(today <= high, today > low, _late(span(filing, due.done), (low, high), due.done, done), (low, high))


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
    if due.working_days:
        return low + due.working_days, INF  # until a calendar of working days is known
    if due.months:
        return _months(low, due.months), _months(high, due.months)
    return low + due.days, high + due.days


def _months(day: float, months: int) -> float:
    if abs(day) == INF:
        return day
    start = date.fromordinal(int(day))
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    if year > date.max.year:
        return INF
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(start.day, last)).toordinal()


def _late(when: Span, last: Span, name: str, done: int) -> int:
    if not name or done == F or when[1] <= last[0]:
        return F
    return T if done == T and when[0] > last[1] else U


def _hours(due: Due, filing: Filing, on: date, done: int) -> Deadline:
    low, high = span(filing, due.after)
    ends = (low * DAY + due.hours, (high + 1) * DAY + due.hours)  # the hour of the day is not told
    late = _late(span(filing, due.done), (due.hours, due.hours), due.done, done)
    days = (ends[0] // DAY if abs(low) != INF else low, ends[1] // DAY if abs(high) != INF else high)
    if due.since in filing.facts:
        passed = span(filing, due.since)
        return Deadline(passed[0] <= due.hours, passed[1] > due.hours, late, days)
    today = on.toordinal() * DAY
    return Deadline(today <= ends[1], today + DAY > ends[0], late, days)


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
