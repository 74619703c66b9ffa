"""Clocks of procedure: the last day in time, how much has run, what is left, and when to be reminded.

    working_days   days worked by the calendar (workdays.py)
    days, months   natural days; a month ends on the day of the same number, or the last of its month (Civil Code, article 202)
    hours          run on from the moment, by day and by night (article 201(2))

The first day is not counted (article 201). A last day that is a day off moves to the next working day where the rule of counting
says so (`rolls`): article 203 for civil periods, Civil Procedure Law article 85 for reconsideration and litigation; the periods
counted in working days never end on a day off.

A run is a start and the pauses in it. Days count over (start, pause], (resume, pause], ...: as the first day of a period is not
counted, neither is the day on which a clock starts again, and the day on which it pauses still is (design, after article 201).

INVARIANT: nothing is negative. A run counts from zero up, what is left goes down to zero, and a pause never brings an end nearer.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import inf
from typing import Literal, Protocol

from engine.errors import InputError, Place
from engine.rulebook.days import SHANGHAI, legal_day
from engine.rulebook.workdays import Bounds, Calendar
from schemas.calendar import Clock as ClockOfLaw
from schemas.calendar import Counting, Unit

HOUR = 3_600_000  # milliseconds, as moments are recorded
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SHARES = (50, 80)  # percent of a period after which one is reminded
Moment = date | datetime
Standing = Literal["running", "paused", "stopped", "open", "past"]
Span = tuple[int, float]


class PauseLike(Protocol):
    """A time in which a clock stands still; no `end` while it still does."""

    @property
    def start(self) -> str:
        """The day, for hours the moment, on which it pauses."""

    @property
    def end(self) -> str | None:
        """The day, for hours the moment, on which it goes on."""


class RunLike(Protocol):
    """A start, the pauses in it, and the end of the run; days as YYYY-MM-DD, moments of hours as RFC 3339."""

    @property
    def started(self) -> str:
        """The day, for hours the moment, of the start."""

    @property
    def pauses(self) -> Iterable[PauseLike]:
        """The pauses, one after the other."""

    @property
    def stopped(self) -> str | None:
        """When what was owed was done."""


class LimitLike(Protocol):
    """How long a clock runs, in one of four units."""

    @property
    def hours(self) -> int:
        """Hours, or 0."""

    @property
    def days(self) -> int:
        """Natural days, or 0."""

    @property
    def working_days(self) -> int:
        """Working days, or 0."""

    @property
    def months(self) -> int:
        """Months, or 0."""


@dataclass(frozen=True, slots=True)
class Term:
    """A period: its unit, its length, and whether a last day that is a day off moves on."""

    unit: Unit
    length: int
    rolls: bool = False

    @classmethod
    def of(cls, limit: LimitLike, *, rolls: bool = False) -> Term:
        """Return the period of a limit, of which one unit is set."""
        if limit.hours:
            return cls("hours", limit.hours)
        if limit.working_days:
            return cls("working_days", limit.working_days)
        return cls("days", limit.days, rolls) if limit.days else cls("months", limit.months, rolls)

    @classmethod
    def of_law(cls, clock: ClockOfLaw, counting: Counting, *, extended: bool, place: Place) -> Term:
        """Return the period of a clock of law. Raises InputError, at `place`, for an extension that the law does not know."""
        if extended and not clock.extension:
            raise InputError("no-extension", f"the law extends no `{clock.id}`", "leave the extension out", place)
        return cls(counting.unit, clock.length + (clock.extension if extended else 0), counting.rolls)


@dataclass(frozen=True, slots=True)
class Pause:
    """A time in which a clock stands still, and why."""

    start: str
    end: str | None
    reason: str = ""


def require_pause(clock: ClockOfLaw | None, reason: str, place: Place) -> None:
    """Refuse a pause of a clock of law for another reason than those that stop it by law; a period of one's own has none.

    Raises InputError, at `place`.
    """
    if clock is None or reason in clock.pauses:
        return
    given = f"`{reason[:40]}`" if reason else "a pause without its reason"
    remedy = f"by law it stops for {', '.join(clock.pauses)}" if clock.pauses else "nothing stops it by law: leave the pause out"
    raise InputError("no-such-pause", f"`{clock.id}` does not stop for {given}", remedy, place)


@dataclass(frozen=True, slots=True)
class Run:
    """A start, the pauses in it, and the end of the run."""

    started: str
    pauses: tuple[Pause, ...] = ()
    stopped: str | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """The first and the last day, for hours the moment, that may be the last in time; `provisional` when a notice may move it.

    No `latest` where it cannot be known: beyond the calendar, or while the clock stands still.
    """

    earliest: Moment
    latest: Moment | None
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class Reminder:
    """A day, for hours a moment, on which to be reminded: so many percent of the period have run, or one day is left."""

    at: Moment
    percent: int | None


def due(calendar: Calendar, term: Term, run: RunLike) -> Due | None:
    """Return when a period ends; None while its clock stands still. Raises InputError for a run that is not in order."""
    spans = _spans(term, run)
    if term.unit == "hours":
        end = _end(spans, term.length * HOUR)
        return None if end is None else Due(_moment(end.earliest), _moment(end.earliest))
    if term.unit == "working_days":
        found = _working(calendar, spans, term.length)
    else:
        found = _months(spans, term.length) if term.unit == "months" else _end(spans, term.length)
        found = calendar.rolled(int(found.earliest)) if found and term.rolls else found
    if found is None:
        return None
    return Due(_date(found.earliest), None if found.latest == inf else _date(found.latest), found.provisional)


def elapsed(calendar: Calendar, term: Term, run: RunLike, at: Moment) -> tuple[int, int]:
    """Return how much of a period has run by a day or moment: at least, at most; months in days. Raises InputError."""
    until = min(_number(term, at), _number(term, _read(term, run.stopped)) if run.stopped else inf)
    windows = [(start, int(min(end, until))) for start, end in _spans(term, run) if min(end, until) > start]
    if term.unit == "working_days":
        return (calendar.least(*windows), calendar.most(*windows)) if windows else (0, 0)
    count = sum(end - start for start, end in windows) // (HOUR if term.unit == "hours" else 1)
    return count, count


def remaining(calendar: Calendar, term: Term, run: RunLike, at: Moment) -> tuple[int, int]:
    """Return how much of a period is left on a day or at a moment: at least, at most; months in days. Raises InputError."""
    least, most = elapsed(calendar, term, run, at)
    start = _number(term, _read(term, run.started))
    length = _month_end(start, term.length) - start if term.unit == "months" else term.length
    return max(0, length - most), max(0, length - least)


def standing(calendar: Calendar, term: Term, run: RunLike, at: Moment) -> Standing:
    """Return how a clock stands on a day or at a moment; `open` when a notice to come decides whether it is past."""
    if run.stopped is not None:
        return "stopped"
    end = due(calendar, term, run)
    if end is None:
        return "paused"
    now = _number(term, at)
    if now <= _number(term, end.earliest):
        return "running"
    return "past" if end.latest is not None and now > _number(term, end.latest) else "open"


def reminders(calendar: Calendar, term: Term, run: RunLike) -> list[Reminder]:
    """Return when to be reminded of a clock that runs, in order: by the earliest end that may be. Raises InputError.

    Nobody is reminded twice on a day, for hours at a moment: a share of the period that ends on the last day before is left out.
    A share of working days that may end on a day off, while no notice says, is reminded of on the last day before that is worked.
    """
    end = due(calendar, term, run)
    if end is None or run.stopped is not None:
        return []
    found: dict[Moment, Reminder] = {}
    first = _read(term, run.started)
    for percent in SHARES:
        part = -(-term.length * percent // 100)  # rounded up
        at = due(calendar, Term(term.unit, part), run) if 0 < part < term.length else None
        if at and (day := _worked(calendar, term, at.earliest)) > first:
            found[day] = Reminder(day, percent)
    if term.unit != "hours" and (eve := _eve(calendar, end.earliest)) > first:
        found[eve] = Reminder(eve, None)
    return sorted(found.values(), key=lambda each: _number(term, each.at))


def urgency(end: Due | None) -> tuple[bool, datetime]:
    """Return a key that sorts clocks of all units: the shortest first, those that stand still last."""
    if end is None:
        return True, datetime.max.replace(tzinfo=SHANGHAI)
    return False, moment_of(end.earliest)


def moment_of(value: Moment) -> datetime:
    """Return the last moment of a day in Shanghai, or the moment itself."""
    if isinstance(value, datetime):
        return value
    return datetime(value.year, value.month, value.day, 23, 59, 59, tzinfo=SHANGHAI)


# spans ----------------------------------------------------------------------------------------------------------------


def _spans(term: Term, run: RunLike) -> list[Span]:
    """Return the stretches in which the clock runs, (start, end]; the last is unbounded unless the clock stands still."""
    start = _number(term, _read(term, run.started))
    found: list[Span] = []
    open_ = True
    for pause in run.pauses:
        stop = _number(term, _read(term, pause.start))
        if not open_:
            raise _disorder(pause.start, "a pause begins while the one before it lasts")
        if stop < start:
            raise _disorder(pause.start, f"a pause begins before {'the one before it ends' if found else 'the clock runs'}")
        found.append((start, stop))
        open_ = pause.end is not None
        if pause.end is not None:
            start = _number(term, _read(term, pause.end))
            if start < stop:
                raise _disorder(pause.end, "a pause ends before it begins")
    return [*found, (start, inf)] if open_ else found


def _disorder(text: str, problem: str) -> InputError:
    return InputError("clock-order", f"{problem}, at {text[:40]}", "give pauses in their order, each from its day to its day")


def _read(term: Term, text: str) -> Moment:
    """Return the day or, for hours, the moment that a text says. Raises InputError."""
    try:
        if term.unit == "hours":
            moment = datetime.fromisoformat(text)
            legal_day(moment)
            return moment
        return date.fromisoformat(text)
    except ValueError:
        wanted = "a moment such as 2026-09-14T09:30:00+08:00" if term.unit == "hours" else "a day such as 2026-09-14"
        raise InputError("wrong-date", f"`{text[:40]}` is not {wanted[: wanted.index(' such')]}", f"write {wanted}") from None


def _number(term: Term, value: Moment) -> int:
    """Return a day as its ordinal, for hours a moment as its millisecond."""
    if term.unit == "hours":
        return (moment_of(value) - EPOCH) // timedelta(milliseconds=1)
    return (legal_day(value) if isinstance(value, datetime) else value).toordinal()


def _moment(number: float) -> datetime:
    try:
        return (EPOCH + timedelta(milliseconds=number)).astimezone(SHANGHAI)
    except (OverflowError, ValueError):
        raise _beyond() from None


def _date(ordinal: float) -> date:
    try:
        return date.fromordinal(int(ordinal))
    except (OverflowError, ValueError):
        raise _beyond() from None


def _beyond() -> InputError:
    return InputError("beyond-calendar", "the period ends after the year 9999", "check its start and its length")


# ends -----------------------------------------------------------------------------------------------------------------


def _end(spans: list[Span], length: int) -> Bounds | None:
    """Return where a length of days or milliseconds is reached; None when the clock stands still before."""
    left = length
    for start, end in spans:
        if start + left <= end:
            return Bounds(start + left, start + left)
        left -= int(end) - start
    return None


def _working(calendar: Calendar, spans: list[Span], length: int) -> Bounds | None:
    """Return the same for working days: the earliest end, and the latest, unbounded when the clock may stand still before."""
    low = _reached(calendar, spans, length, "earliest")
    high = _reached(calendar, spans, length, "latest")
    if low is None:
        return None
    return Bounds(low.earliest, high.latest, low.provisional or high.provisional) if high else Bounds(low.earliest, inf, True)


def _reached(calendar: Calendar, spans: list[Span], length: int, which: Literal["earliest", "latest"]) -> Bounds | None:
    before: list[tuple[int, int]] = []
    for start, end in spans:
        found = calendar.after(start, length, *before)
        if getattr(found, which) <= end:
            return found
        before.append((start, int(end)))
    return None


def months_after(day: date, count: int) -> date:
    """Return the last day of so many months that begin the day after `day`. Raises InputError beyond the year 9999.

    Of the two readings of a month's end the longer one: from 28 February, the last of its month, three months reach to 31 May.
    """
    start = day.toordinal()
    return date.fromordinal(max(_month_end(start, count), _month_end(start + 1, count) - 1))


def _months(spans: list[Span], count: int) -> Bounds | None:
    """Return the end of a period in months: what the law leaves open for them, a pause moves it by its days (design)."""
    end = _month_end(spans[0][0], count)
    for (_, stop), after in zip(spans, [*(start for start, _ in spans[1:]), None], strict=True):
        if stop >= end:
            break
        if after is None:
            return None
        end += after - int(stop)
    return Bounds(end, end)


def _month_end(start: int, count: int) -> int:
    day = date.fromordinal(start)
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    if year > date.max.year:
        raise _beyond()
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1])).toordinal()


def _worked(calendar: Calendar, term: Term, at: Moment) -> Moment:
    """Return a day of working days, or the last before it that is certainly worked; of other units the same."""
    return _eve(calendar, at) if term.unit == "working_days" and not calendar.works(at.toordinal()) else at


def _eve(calendar: Calendar, end: Moment) -> date:
    """Return the last day before the end that is certainly worked, or the day before where none is known."""
    day = end.toordinal()
    for back in range(1, 30):
        if calendar.works(day - back):
            return date.fromordinal(day - back)
    return date.fromordinal(day - 1)
