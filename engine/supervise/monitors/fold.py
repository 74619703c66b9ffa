"""The counters of one pilot, kept up exactly as events come: the second monitor's arithmetic.

Counters move forward only. What comes late, or corrects, is folded in again from the last state that was kept, and every instant
since is asked again. A counter that has not moved since it was last asked about is not asked about again: a rule over the same
two integers gives the same answer, and its last one stands.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING

from engine.supervise.monitors.events import DAY
from engine.supervise.monitors.plan import BUDGET_DAYS

if TYPE_CHECKING:
    from engine.supervise.monitors.events import Event, Terms
    from engine.supervise.monitors.plan import Plan
    from schemas.rulebook import Monitor

AT = attrgetter("at")
ORDER = attrgetter("at", "seq")
Key = tuple[str, str, int]  # what is counted, of which grade or kind, within how many days (0: for ever)
Pair = tuple[int, int]  # a counter and the number from which its monitor holds
NEVER: Pair = (0, 1)


@dataclass(slots=True)
class Window:
    """A sum over the days up to now: entries leave at the back as time goes on."""

    seconds: int
    total: int = 0
    entries: deque[tuple[int, int]] = field(default_factory=deque)

    def add(self, at: int, count: int) -> None:
        """Count something that happened at an instant, not before the last one."""
        self.total += count
        if self.seconds:
            self.entries.append((at, count))

    def copy(self) -> Window:
        """Return a copy that goes its own way."""
        return Window(self.seconds, self.total, self.entries.copy())

    def at(self, now: int) -> int:
        """Return the sum now."""
        limit = now - self.seconds
        while self.entries and self.entries[0][0] <= limit:
            self.total -= self.entries.popleft()[1]
        return self.total


def _keys(plan: Plan) -> list[Key]:
    """Return the windows that a plan's monitors and budgets look at."""
    found: list[Key] = []
    for monitor in plan.monitors:
        if monitor.counts == "incidents":
            found.append(("incident", monitor.grade, monitor.days))
        elif monitor.counts == "rising":
            found += [("incident", monitor.grade, days) for days in (monitor.days, 2 * monitor.days)]
        elif monitor.counts == "breaches":
            found.append(("breach", monitor.kind, monitor.days))
        elif monitor.counts in ("complaints", "downtime"):
            found.append((monitor.counts, "", monitor.days))
        elif monitor.counts == "budget":
            found += [("incident", grade, BUDGET_DAYS) for grade in plan.rank]
            found += [("complaints", "", BUDGET_DAYS), ("downtime", "", BUDGET_DAYS)]
    return list(dict.fromkeys(found))


class Layout:
    """What the counters of all pilots of a plan have in common: their windows, what feeds each, and one gauge per monitor."""

    def __init__(self, plan: Plan) -> None:
        """Work out once what would else be worked out for every event."""
        self.plan = plan
        self.keys = _keys(plan)
        places = {key: place for place, key in enumerate(self.keys)}
        self.fed: dict[tuple[str, str], list[int]] = {}
        for (what, name, _), place in places.items():
            graver = [grade for grade, rank in plan.rank.items() if rank >= plan.rank[name]] if what == "incident" else [name]
            for each in graver:
                self.fed.setdefault((what, each), []).append(place)
        self.repeats = sorted({monitor.days for monitor in plan.monitors if monitor.counts == "repeats"})
        self.lines = {
            name or what: place for (what, name, days), place in places.items() if days == BUDGET_DAYS and what != "breach"
        }
        self.gauges = [_gauge(monitor, places) for monitor in plan.monitors]


class Counters:
    """Where the counters of a pilot stand."""

    __slots__ = ("answered", "at", "kinds", "layout", "open", "subjects", "terms", "windows")

    def __init__(self, layout: Layout) -> None:
        """Begin at nothing."""
        self.layout = layout
        self.at = 0
        self.terms: Terms | None = None
        self.subjects = 0
        self.windows = [Window(days * DAY) for _, _, days in layout.keys]
        self.kinds: dict[int, dict[str, Window]] = {days: {} for days in layout.repeats}
        self.open: dict[str, int] = {}
        self.answered: set[str] = set()

    def copy(self) -> Counters:
        """Return a copy that goes its own way."""
        made = Counters.__new__(Counters)
        made.layout, made.at, made.terms, made.subjects = self.layout, self.at, self.terms, self.subjects
        made.windows = [window.copy() for window in self.windows]
        made.kinds = {days: {kind: window.copy() for kind, window in kinds.items()} for days, kinds in self.kinds.items()}
        made.open, made.answered = dict(self.open), set(self.answered)
        return made

    def add(self, event: Event, grade: str) -> None:
        """Take an event that did not happen before the last one; `grade` is the incident's as corrected, empty when withdrawn."""
        self.at = event.at
        match event.kind:
            case "terms":
                self.terms = event.terms
            case "subjects":
                self.subjects = event.number
            case "incident":
                self._count("incident", grade, 1)
            case "complaint":
                self._count("complaints", "", event.number)
            case "downtime":
                self._count("downtime", "", event.number)
            case "breach":
                self._breach(event.name)
            case "due" if event.id not in self.answered:
                self.open[event.id] = event.number
            case "report":
                self._report(event.id)

    def pairs(self) -> list[Pair]:
        """Return per monitor its counter and the number from which it holds."""
        return [gauge(self) for gauge in self.layout.gauges]

    def _count(self, what: str, name: str, number: int) -> None:
        for place in self.layout.fed.get((what, name), ()):
            self.windows[place].add(self.at, number)

    def _breach(self, kind: str) -> None:
        self._count("breach", kind, 1)
        for days, kinds in self.kinds.items():
            kinds.setdefault(kind, Window(days * DAY)).add(self.at, 1)

    def _report(self, name: str) -> None:
        if self.open.pop(name, None) is None:
            self.answered.add(name)  # its clock has not been recorded yet


Gauge = Callable[[Counters], Pair]


def _gauge(monitor: Monitor, places: dict[Key, int]) -> Gauge:
    """Return what reads a monitor's counter and the number from which it holds."""
    least = monitor.at_least or 0
    if monitor.counts == "budget":
        percent, more = (100, 1) if monitor.beyond else (least, 0)
        return lambda now: _scarcest(now, percent, more)
    count = _counter(monitor, places)
    if monitor.beyond:
        term = monitor.beyond
        return lambda now: (count(now), getattr(now.terms, term) + 1) if now.terms else NEVER
    if monitor.per_thousand:
        return lambda now: (1000 * count(now), least * max(now.subjects, 1))
    return lambda now: (count(now), least)


def _counter(monitor: Monitor, places: dict[Key, int]) -> Callable[[Counters], int]:
    match monitor.counts:
        case "incidents":
            return _within(places["incident", monitor.grade, monitor.days])
        case "rising":
            short, long = (_within(places["incident", monitor.grade, days]) for days in (monitor.days, 2 * monitor.days))
            return lambda now: 2 * short(now) - long(now)
        case "breaches":
            return _within(places["breach", monitor.kind, monitor.days])
        case "repeats":
            days = monitor.days
            return lambda now: max((window.at(now.at) for window in now.kinds[days].values()), default=0)
        case "complaints" | "downtime":
            return _within(places[monitor.counts, "", monitor.days])
        case "subjects":
            return attrgetter("subjects")
        case "overdue":
            return _overdue
        case _:
            return _uninsured


def _within(place: int) -> Callable[[Counters], int]:
    return lambda now: now.windows[place].at(now.at)


def _overdue(now: Counters) -> int:
    oldest = min(now.open.values(), default=now.at)
    return (now.at - oldest) // 3600 if oldest < now.at else -1


def _uninsured(now: Counters) -> int:
    ended = now.terms.insured_until if now.terms else now.at
    return (now.at - ended) // DAY if ended < now.at else -1


def _scarcest(now: Counters, percent: int, more: int) -> Pair:
    """Return the budget's line that is used up furthest, in hundredths, as how far it lies beyond its share.

    What is allowed is meant for the persons taking part; a part of one counts as a whole one. With `more` 1 the share
    itself is not enough: all are whole numbers.
    """
    margins = []
    for line, allowance in now.terms.budget if now.terms else ():
        allowed = (allowance * max(now.subjects, 1) + 999) // 1000
        used = now.windows[now.layout.lines[line]].at(now.at)
        margins.append(100 * used - max(percent * allowed + more, 1))
    return (max(margins), 0) if margins else NEVER


@dataclass(frozen=True, slots=True)
class Ask:
    """What is to be asked of the second monitor: per instant the pairs that moved, by the number of their monitor.

    From `again` on, earlier answers are void.
    """

    instants: tuple[tuple[int, dict[int, Pair]], ...]
    again: int | None = None


class Folded:
    """One pilot's counters, the events since they were last kept, and what the second monitor said of each instant."""

    def __init__(self, layout: Layout) -> None:
        """Begin without events."""
        self.plan = layout.plan
        self.kept = Counters(layout)
        self.now = Counters(layout)
        self.since: list[Event] = []
        self.corrected: dict[str, Event] = {}
        self.asked: list[Pair] = []  # the pairs as they were last asked about
        self.first: dict[str, int] = {}

    def add(self, event: Event) -> Ask:
        """Take one event that is no duplicate and not older than what was let go; return what is to be asked."""
        late = bool(self.since) and event.at < self.since[-1].at
        insort(self.since, event, key=ORDER)
        if event.kind == "correction":
            last = self.corrected.get(event.of)
            if last is None or last.seq < event.seq:
                self.corrected[event.of] = event
        elif not late:
            self.now.add(event, self._grade(event))
            return Ask(((event.at, self._moved(self.now.pairs())),))
        return self._again()

    def heard(self, ask: Ask, answers: list[int]) -> None:
        """Take the second monitor's answers: per instant a number whose bit `n` says whether monitor `n`, if asked, holds."""
        if ask.again is not None:
            self.first = {name: at for name, at in self.first.items() if at < ask.again}
        for (at, pairs), bits in zip(ask.instants, answers, strict=True):
            for number in pairs:
                name = self.plan.monitors[number].id
                if bits >> number & 1:
                    self.first.setdefault(name, at)
                elif self.first.get(name) == at:  # another event of the same instant undid it
                    del self.first[name]

    def let_go(self, before: int) -> None:
        """Fold the events before an instant into what is kept."""
        cut = bisect_left(self.since, before, key=AT)
        for event in self.since[:cut]:
            self.kept.add(event, self._grade(event))
        del self.since[:cut]

    def _grade(self, event: Event) -> str:
        found = self.corrected.get(event.id) if event.kind == "incident" else None
        return found.name if found else event.name

    def _again(self) -> Ask:
        self.now = self.kept.copy()
        instants: dict[int, list[Pair]] = {}
        for event in self.since:
            self.now.add(event, self._grade(event))
            instants[event.at] = self.now.pairs()
        self.asked = []
        return Ask(tuple((at, self._moved(pairs)) for at, pairs in instants.items()), self.since[0].at)

    def _moved(self, pairs: list[Pair]) -> dict[int, Pair]:
        """Return the pairs that are not what they were when last asked about, all when none were."""
        before, self.asked = self.asked, pairs
        if not before:
            return dict(enumerate(pairs))
        return {number: pair for number, pair in enumerate(pairs) if pair != before[number]}
