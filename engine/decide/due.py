"""When a duty falls due: whether the day may lie before or after the deadline, and whether it was certainly done too late.

N working days are counted by the calendar of the rulebook, the first day not counted. In a year whose notice has not been
published the deadline has bounds; between them a duty may be either not yet due or past.

An offset counts from what starts it only where the law was in force by then. What started earlier has no day of the law: nobody
was late for it, and no such day is shown. Where law gives a day to what existed already, that is a duty with a fixed day.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

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


class Days(NamedTuple):
    """The day of the question, whose law is asked; the days of judging; since when the duty is law; what the proofs say."""

    as_of: date
    on: Span
    law: Span = EVER
    at_once: int = T  # whether an offset counts from `after` itself, not from what comes later
    done: int = F  # whether the duty was done at all


@dataclass(frozen=True, slots=True)
class Deadline:
    """Whether the day may be before the deadline, may be past it, and whether the duty was done late; `days` bounds the date.

    `provisional` when a notice of days off that is still to come may move the deadline; `before_law` tells whether what
    it counts from lies before the law.
    """

    before: bool
    past: bool
    late: int
    days: Span
    provisional: bool = False
    before_law: int = F


NONE = Deadline(before=False, past=True, late=F, days=EVER)  # what has no deadline binds at once


def deadline(due: Due | None, filing: Filing, days: Days, calendar: Calendar) -> Deadline:
    """Return where a day stands to a deadline. Raises ContradictionError."""
    if due is None:
        return NONE
    start = begun(due, filing, days.at_once)
    if due.hours:  # so many hours ago is a day, too
        start = (max(start[0], days.as_of.toordinal() - span(filing, due.since)[1] // DAY - 1), start[1])
    early = F if due.by or start[0] >= days.law[1] else T if start[1] < days.law[0] else U
    found = _hours(due, filing, days) if due.hours else _counted(due, start, filing, days, calendar)
    if early == F:
        return found
    bounds, provisional = EVER, False
    if early == U and not due.hours:
        low, _, _ = _ends(due, (max(start[0], days.law[0]), start[1]), calendar)
        bounds, provisional = (low, found.days[1]), found.provisional
    return replace(found, late=min(found.late, 2 - early), days=bounds, provisional=provisional, before_law=early)


def begun(due: Due, filing: Filing, at_once: int) -> Span:
    """Return when what a deadline counts from may have come; of a fixed day there is nothing to know."""
    low, high = span(filing, due.before or due.after)
    if not due.later or at_once == T:
        return low, high
    first, last = span(filing, due.later)
    return low if at_once == U else max(low, first), max(high, last)


def waiting(when: Deadline, begins: Span, on: Span) -> Deadline:
    """Return a deadline of what may not have begun on a day: until then nothing is due."""
    if on[1] < begins[0]:
        return replace(when, before=True, past=False)
    return replace(when, before=True) if on[0] < begins[1] else when


def _counted(due: Due, start: Span, filing: Filing, days: Days, calendar: Calendar) -> Deadline:
    low, high, provisional = _ends(due, start, calendar)
    late = _late(span(filing, due.done), (low, high), due.done, days.done)
    if due.took:
        _possible(due.took, due, filing, _passed(start, EVER, days.as_of.toordinal()))
        least, most = span(filing, due.took)
        late = _late(((least - 1) // DAY, (most + DAY - 1) // DAY), (due.days, due.days), due.took, days.done)
    return Deadline(days.on[0] <= high, days.on[1] > low, late, (low, high), provisional)


def _ends(due: Due, start: Span, calendar: Calendar) -> tuple[float, float, bool]:
    """Return the first and the last day that may be the last one in time, and whether a notice may move them."""
    return _working(due, start, calendar) if due.working_days else (*_days(due, start), False)


def span(filing: Filing, name: str) -> Span:
    """Return the values that a date or number may have."""
    found: Span = filing.facts.get(name, EVER)
    return found


def _days(due: Due, start: Span) -> Span:
    low, high = start
    if due.by:
        return due.by.toordinal(), due.by.toordinal()
    if due.before:
        return low - 1, high - 1
    if due.months:
        return months_after(low, due.months), months_after(high, due.months)
    return low + due.days, high + due.days


def _working(due: Due, start: Span, calendar: Calendar) -> tuple[float, float, bool]:
    ends = [calendar.after(int(day), due.working_days) if abs(day) != INF else Bounds(day, day) for day in start]
    return ends[0].earliest, ends[1].latest, any(end.provisional for end in ends)


def months_after(day: float, months: int) -> float:
    """Return the day of the same number so many months later, or the last of that month."""
    if abs(day) == INF or not months:
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


def _hours(due: Due, filing: Filing, days: Days) -> Deadline:
    """Return where a day stands to a deadline of hours: only `since` tells more of them than the bounds of the days.

    Hours are stated of the day of the question, `as_of`; another day of judging adds those of the days between, to within a day.
    """
    low, high = span(filing, due.after)
    passed = _passed((low, high), span(filing, due.since), days.as_of.toordinal())
    if passed[0] > passed[1] or (due.since in filing.facts and low > days.as_of.toordinal()):
        problem = f"`{due.since}` and `{due.after}` exclude each other on {days.as_of}"
        raise ContradictionError("contradiction", problem, "count the hours to the day of the answer", _place(due, filing))
    _possible(due.done, due, filing, passed)
    today = days.as_of.toordinal()
    if days.on != (today, today):
        least, _ = _passed((low, high), EVER, days.on[0])
        _, most = _passed((low, high), EVER, days.on[1])
        first, last_ = (day - today for day in days.on)
        passed = (max(least, passed[0] + (first - 1) * DAY), min(most, passed[1] + (last_ + 1) * DAY))
    late = _late(span(filing, due.done), (due.hours, due.hours), due.done, days.done)
    last = (low + due.hours // DAY, high + (DAY + due.hours) // DAY)
    return Deadline(passed[0] <= due.hours, passed[1] > due.hours, late, last)


def _possible(took: str, due: Due, filing: Filing, passed: Span) -> None:
    """Refuse more hours than have passed since the start. Raises ContradictionError."""
    if took in filing.facts and span(filing, took)[0] > passed[1]:
        problem = f"`{took}` is more than the hours that have passed since `{due.after}`"
        place = filing.places.get((took,), filing.places.get((due.after,)))
        raise ContradictionError("contradiction", problem, "state the hours from the start until it was done", place)


def _passed(found: Span, stated: Span, today: float) -> Span:
    """Return how many hours may have passed on a day since one of the days `found`."""
    least, most = max(0, (today - found[1] - 1) * DAY), max(0, (today - found[0] + 1) * DAY)
    return max(least, stated[0]), min(most, stated[1])


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
    later = rulebook.facts[due.later].label if due.later else None
    zh, en = (f"（“{later.zh}”在后的，自其起）", f", or of “{later.en}” if later") if later else ("", "")
    return Text(zh=f"“{start.zh}”起{count}{unit[0]}内{zh}", en=f"within {count} {unit[1]} of “{start.en}”{en}")


__all__ = ["EVER", "NONE", "Days", "Deadline", "Span", "U", "day_of", "deadline", "months_after", "span", "words"]
