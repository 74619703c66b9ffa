"""The counters of one pilot, kept up exactly as events come: the second monitor's arithmetic.

Counters move forward only. What comes late, or corrects, is folded in again from the last state that was kept, and every instant
since is asked again.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
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


def keys(plan: Plan) -> list[Key]:
    """Return the windows that a plan's monitors and budgets look at."""
    found: list[Key] = []
    for monitor in plan.monitors:
        if monitor.counts == "incidents":
            found.append(("incident", monitor.grade, monitor.days))
        elif monitor.counts == "rising":
            found += [("incident", monitor.grade, days) for days in (monitor.days, 2 * monitor.days)]
        elif monitor.counts in ("breaches", "repeats"):
            found.append(("breach", monitor.kind, monitor.days))
        elif monitor.counts in ("complaints", "downtime"):
            found.append((monitor.counts, "", monitor.days))
        elif monitor.counts == "budget":
            found += [("incident", grade, BUDGET_DAYS) for grade in plan.rank]
            found += [("complaints", "", BUDGET_DAYS), ("downtime", "", BUDGET_DAYS)]
    return list(dict.fromkeys(found))


class Counters:
    """Where the counters of a pilot stand."""

    __slots__ = ("answered", "at", "kinds", "open", "plan", "subjects", "terms", "windows")

    def __init__(self, plan: Plan) -> None:
        """Begin at nothing."""
        self.plan = plan
        self.at = 0
        self.terms: Terms | None = None
        self.subjects = 0
        self.windows: dict[Key, Window] = {key: Window(key[2] * DAY) for key in keys(plan) if key[:2] != ("breach", "")}
        self.kinds: dict[int, dict[str, Window]] = {m.days: {} for m in plan.monitors if m.counts == "repeats"}
        self.open: dict[str, int] = {}
        self.answered: set[str] = set()

    def copy(self) -> Counters:
        """Return a copy that goes its own way."""
        made = Counters(self.plan)
        made.at, made.terms, made.subjects = self.at, self.terms, self.subjects
        made.windows = {key: window.copy() for key, window in self.windows.items()}
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
            case "incident" if grade:
                self._incident(self.plan.rank[grade])
            case "complaint":
                self._count("complaints", event.number)
            case "downtime":
                self._count("downtime", event.number)
            case "breach":
                self._breach(event.name)
            case "due" if event.id not in self.answered:
                self.open[event.id] = event.number
            case "report":
                self._report(event.id)

    def pairs(self) -> list[Pair]:
        """Return per monitor its counter and the number from which it holds."""
        return [self._pair(monitor) for monitor in self.plan.monitors]

    def _incident(self, rank: int) -> None:
        for (what, grade, _), window in self.windows.items():
            if what == "incident" and self.plan.rank[grade] <= rank:
                window.add(self.at, 1)

    def _count(self, what: str, number: int) -> None:
        for key, window in self.windows.items():
            if key[0] == what:
                window.add(self.at, number)

    def _breach(self, kind: str) -> None:
        for (what, name, _), window in self.windows.items():
            if what == "breach" and name == kind:
                window.add(self.at, 1)
        for days, kinds in self.kinds.items():
            kinds.setdefault(kind, Window(days * DAY)).add(self.at, 1)

    def _report(self, name: str) -> None:
        if self.open.pop(name, None) is None:
            self.answered.add(name)  # its clock has not been recorded yet

    def _pair(self, monitor: Monitor) -> Pair:
        least = monitor.at_least or 0
        if monitor.counts == "budget":
            return self._scarcest(least)
        count = self._counter(monitor)
        if monitor.beyond:
            return (count, getattr(self.terms, monitor.beyond) + 1) if self.terms else NEVER
        return (1000 * count, least * max(self.subjects, 1)) if monitor.per_thousand else (count, least)

    def _counter(self, monitor: Monitor) -> int:
        match monitor.counts:
            case "incidents":
                return self._within("incident", monitor.grade, monitor.days)
            case "rising":
                now = self._within("incident", monitor.grade, monitor.days)
                return 2 * now - self._within("incident", monitor.grade, 2 * monitor.days)
            case "breaches":
                return self._within("breach", monitor.kind, monitor.days)
            case "repeats":
                return max((window.at(self.at) for window in self.kinds[monitor.days].values()), default=0)
            case "complaints" | "downtime":
                return self._within(monitor.counts, "", monitor.days)
            case "subjects":
                return self.subjects
            case "overdue":
                oldest = min(self.open.values(), default=self.at)
                return (self.at - oldest) // 3600 if oldest < self.at else -1
            case _:
                ended = self.terms.insured_until if self.terms else self.at
                return (self.at - ended) // DAY if ended < self.at else -1

    def _within(self, what: str, name: str, days: int) -> int:
        return self.windows[what, name, days].at(self.at)

    def _scarcest(self, percent: int) -> Pair:
        """Return the budget's line that is used up furthest, in hundredths, as how far it lies beyond its share."""
        margins = [100 * used - max(percent * allowed, 1) for _, used, allowed in self.budget()]
        return (max(margins), 0) if margins else NEVER

    def budget(self) -> list[tuple[str, int, int]]:
        """Return per line of the tolerance budget what is used in thirty days and what is allowed for the persons taking part."""
        found = []
        for line, allowance in self.terms.budget if self.terms else ():
            key = ("incident", line) if line in self.plan.rank else (line, "")
            allowed = (allowance * max(self.subjects, 1) + 999) // 1000
            found.append((line, self._within(*key, BUDGET_DAYS), allowed))
        return found


@dataclass(frozen=True, slots=True)
class Ask:
    """What is to be asked of the second monitor: instants with their pairs; from `again` on, earlier answers are void."""

    instants: tuple[tuple[int, list[Pair]], ...]
    again: int | None = None


class Folded:
    """One pilot's counters, the events since they were last kept, and what the second monitor said of each instant."""

    def __init__(self, plan: Plan) -> None:
        """Begin without events."""
        self.plan = plan
        self.kept = Counters(plan)
        self.now = Counters(plan)
        self.since: list[Event] = []
        self.corrected: dict[str, Event] = {}
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
            return Ask(((event.at, self.now.pairs()),))
        return self._again()

    def heard(self, ask: Ask, answers: list[int]) -> None:
        """Take the second monitor's answers: per instant a number whose bit `n` says whether monitor `n` holds."""
        if ask.again is not None:
            self.first = {name: at for name, at in self.first.items() if at < ask.again}
        for (at, _), bits in zip(ask.instants, answers, strict=True):
            for number, monitor in enumerate(self.plan.monitors):
                if bits >> number & 1:
                    self.first.setdefault(monitor.id, at)
                elif self.first.get(monitor.id) == at:  # another event of the same instant undid it
                    del self.first[monitor.id]

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
        return Ask(tuple(instants.items()), self.since[0].at)
