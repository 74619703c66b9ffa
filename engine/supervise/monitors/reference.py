"""The reference monitor: each counter by its plain definition, over raw events.

It keeps the raw events that can still bear on an instant to come; what instants said that were let go stays said, until a late or
corrected event makes the log be read again.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import Counter
from operator import attrgetter
from typing import TYPE_CHECKING

from engine.supervise.monitors.events import DAY
from engine.supervise.monitors.plan import BUDGET_DAYS, ordered

if TYPE_CHECKING:
    from engine.supervise.monitors.events import Event
    from engine.supervise.monitors.plan import Plan
    from schemas.rulebook import Monitor

AT = attrgetter("at")
ORDER = attrgetter("at", "seq")
FOREVER = 0


class Raw:
    """The raw events of one pilot, by kind, in the order in which they happened."""

    def __init__(self) -> None:
        """Hold nothing yet."""
        self.of: dict[str, list[Event]] = {}
        self.corrected: dict[str, Event] = {}

    def add(self, event: Event) -> None:
        """Take one event."""
        if event.kind == "correction":
            last = self.corrected.get(event.of)
            if last is None or last.seq < event.seq:
                self.corrected[event.of] = event
        insort(self.of.setdefault(event.kind, []), event, key=ORDER)

    def within(self, kind: str, at: int, days: int) -> list[Event]:
        """Return the events of a kind in the days up to an instant: after the day that lies `days` before it; 0 is all."""
        events = self.of.get(kind, [])
        start = 0 if days == FOREVER else bisect_right(events, at - days * DAY, key=AT)
        return events[start : bisect_right(events, at, key=AT)]

    def latest(self, kind: str, at: int) -> Event | None:
        """Return the last event of a kind up to an instant."""
        events = self.of.get(kind, [])
        end = bisect_right(events, at, key=AT)
        return events[end - 1] if end else None

    def grade(self, incident: Event) -> str:
        """Return the grade of an incident as it was last corrected; empty when it was withdrawn."""
        found = self.corrected.get(incident.id)
        return found.name if found else incident.name


class Reference:
    """Watches one pilot."""

    def __init__(self, plan: Plan) -> None:
        """Begin without events."""
        self.plan = plan
        self.raw = Raw()
        self.instants: list[int] = []
        self.first: dict[str, int] = {}  # monitor -> the first instant at which it held
        self._lines: list[tuple[str, int, int]] | None = None  # the budget at the instant looked at, worked out once

    def add(self, event: Event) -> None:
        """Take one event that is no duplicate and not older than what was let go."""
        self.raw.add(event)
        late = bool(self.instants) and event.at < self.instants[-1]
        if late or event.kind == "correction":
            self._again(event)
            return
        if not self.instants or self.instants[-1] != event.at:
            self.instants.append(event.at)
        self._look(event.at)

    def holds(self, at: int) -> set[str]:
        """Return the monitors that hold at an instant."""
        self._lines = None
        return {monitor.id for monitor in self.plan.monitors if self._holds(monitor, at)}

    def let_go(self, before: int) -> None:
        """Let go of raw events before an instant, as far as no counter of a later instant can need them."""
        keep = {kind: self._needed(kind, events, before) for kind, events in self.raw.of.items()}
        self.raw.of = keep
        self.instants = [at for at in self.instants if at >= before]

    def _again(self, event: Event) -> None:
        """Look again at every instant at hand; what older instants said stands, since nothing before them has changed."""
        if event.at not in self.instants:
            insort(self.instants, event.at)
        start = self.instants[0]
        self.first = {name: at for name, at in self.first.items() if at < start}
        for at in self.instants:
            self._look(at)

    def _look(self, at: int) -> None:
        self._lines = None
        for monitor in self.plan.monitors:
            known = self.first.get(monitor.id)
            if known is not None and known < at:
                continue
            if self._holds(monitor, at):
                self.first[monitor.id] = at
            elif known == at:  # another event of the same instant undid it
                del self.first[monitor.id]

    def _holds(self, monitor: Monitor, at: int) -> bool:
        if monitor.counts == "budget":
            if self._lines is None:
                self._lines = self.budget(at)
            if monitor.beyond:
                return any(used > allowed for _, used, allowed in self._lines)
            return any(100 * used >= max((monitor.at_least or 0) * allowed, 1) for _, used, allowed in self._lines)
        count = self._count(monitor, at)
        if monitor.beyond:
            terms = self.raw.latest("terms", at)
            return terms is not None and terms.terms is not None and count > getattr(terms.terms, monitor.beyond)
        if monitor.per_thousand:
            return 1000 * count >= (monitor.at_least or 0) * max(self.subjects(at), 1)
        return count >= (monitor.at_least or 0)

    def _count(self, monitor: Monitor, at: int) -> int:
        match monitor.counts:
            case "incidents":
                return self._incidents(monitor.grade, at, monitor.days)
            case "rising":
                now = self._incidents(monitor.grade, at, monitor.days)
                return now - self._incidents(monitor.grade, at - monitor.days * DAY, monitor.days)
            case "breaches":
                return sum(event.name == monitor.kind for event in self.raw.within("breach", at, monitor.days))
            case "repeats":
                kinds = Counter(event.name for event in self.raw.within("breach", at, monitor.days))
                return max(kinds.values(), default=0)
            case "complaints" | "downtime":
                kind = "complaint" if monitor.counts == "complaints" else "downtime"
                return sum(event.number for event in self.raw.within(kind, at, monitor.days))
            case "subjects":
                return self.subjects(at)
            case "overdue":
                return self._overdue(at)
            case _:
                return self._uninsured(at)

    def _incidents(self, grade: str, at: int, days: int) -> int:
        rank = self.plan.rank
        graded = (self.raw.grade(event) for event in self.raw.within("incident", at, days))
        return sum(bool(found) and rank[found] >= rank[grade] for found in graded)

    def subjects(self, at: int) -> int:
        """Return the persons taking part at an instant, 0 before any were told."""
        event = self.raw.latest("subjects", at)
        return event.number if event else 0

    def _overdue(self, at: int) -> int:
        """Return the whole hours since the oldest clock of a report ended that was not answered by then, -1 when none has."""
        answered = {event.id for event in self.raw.within("report", at, FOREVER)}
        ends = [event.number for event in self.raw.within("due", at, FOREVER) if event.id not in answered]
        return (at - min(ends)) // 3600 if ends and min(ends) < at else -1

    def _uninsured(self, at: int) -> int:
        """Return the whole days since cover ended, -1 while it lasts or no terms are agreed yet."""
        event = self.raw.latest("terms", at)
        ended = event.terms.insured_until if event and event.terms else at
        return (at - ended) // DAY if ended < at else -1

    def budget(self, at: int) -> list[tuple[str, int, int]]:
        """Return per line of the tolerance budget what is used and what is allowed; what is over counts as a whole one."""
        event = self.raw.latest("terms", at)
        lines = event.terms.budget if event and event.terms else ()
        persons = max(self.subjects(at), 1)
        return [(line, self.used(line, at, BUDGET_DAYS), -(-allowance * persons // 1000)) for line, allowance in lines]

    def used(self, line: str, at: int, days: int) -> int:
        """Return how much of a line of the budget was used within the days up to an instant."""
        if line in self.plan.rank:
            return self._incidents(line, at, days)
        kind = "complaint" if line == "complaints" else line
        return sum(event.number for event in self.raw.within(kind, at, days))

    def _needed(self, kind: str, events: list[Event], before: int) -> list[Event]:
        cut = bisect_right(events, before - 1, key=AT)
        old, kept = events[:cut], events[cut:]
        if kind in ("terms", "subjects"):
            return old[-1:] + kept
        if kind in ("due", "report"):
            answered = {event.id for event in self.raw.within("report", before - 1, FOREVER)}
            return [event for event in events if event.id not in answered] if kind == "due" else self._unasked(old) + kept
        counted = {"incident": ("incidents", "rising"), "breach": ("breaches", "repeats"), "complaint": ("complaints",)}
        names = counted.get(kind, (kind,))
        for_ever = any(monitor.counts in names and monitor.days == FOREVER for monitor in self.plan.monitors)
        look_back = bisect_right(old, before - self.plan.reach, key=AT)
        return (old if for_ever else old[look_back:]) + kept

    def _unasked(self, reports: list[Event]) -> list[Event]:
        """Return the reports whose clock has not been recorded yet: it may still be."""
        asked = {event.id for event in self.raw.of.get("due", [])}
        return [event for event in reports if event.id not in asked]


def first_true(plan: Plan, events: list[Event]) -> dict[str, int]:
    """Return for all events of a pilot, in any order, each monitor that ever held with the first instant at which it did."""
    watch = Reference(plan)
    known = ordered(events)
    for event in known:
        watch.raw.add(event)
    for at in sorted({event.at for event in known}):
        watch._look(at)  # noqa: SLF001 - the same definition, all at once
    return watch.first
