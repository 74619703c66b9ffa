"""The tolerance budget of a pilot: what is used and left, how it burnt down, and when it would be used up at the present rate.

A line of the budget is what the terms tolerate within thirty days per thousand persons taking part; the cap on persons is shown
as a line of its own, without days.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.supervise.monitors.events import DAY
from engine.supervise.monitors.plan import BUDGET_DAYS, ordered
from engine.supervise.monitors.reference import Reference

if TYPE_CHECKING:
    from engine.supervise.monitors.events import Event
    from engine.supervise.monitors.plan import Plan

RATE_DAYS = 10  # design: the present rate is that of the last ten days
AHEAD = BUDGET_DAYS  # the window is full of the present rate by then: what is not used up never is at that rate
CAP = "subjects"


@dataclass(frozen=True, slots=True)
class Line:
    """One line at an instant: used, allowed, and in how many days it would be used up; None is never at the present rate."""

    line: str
    used: int
    allowed: int
    exhausted_in: int | None = None

    @property
    def percent(self) -> int:
        """How much of the line is used, in hundredths; one that allows nothing is used up by the first.

        Rounded down, so that 100 is all of it; what is used beyond is rounded up.
        """
        if not self.allowed:
            return 100 * bool(self.used)
        return -(-100 * self.used // self.allowed) if self.used > self.allowed else 100 * self.used // self.allowed


class Burn:
    """The budget of one pilot over its events, in any order and with duplicates."""

    def __init__(self, plan: Plan, events: Sequence[Event]) -> None:
        """Take all recorded events of a pilot."""
        self.reference = Reference(plan)
        for event in ordered(list(events)):
            self.reference.raw.add(event)

    def lines(self, at: int) -> list[Line]:
        """Return every line at an instant, in seconds since 1970-01-01T00:00Z."""
        found = [Line(name, used, allowed, self._ends(name, at, allowed)) for name, used, allowed in self.reference.budget(at)]
        terms = self.reference.raw.latest("terms", at)
        if terms and terms.terms:
            found.append(Line(CAP, self.reference.subjects(at), terms.terms.cap_subjects))
        return found

    def down(self, start: int, end: int) -> list[tuple[int, list[Line]]]:
        """Return the lines at each day's end from `start` up to `end`."""
        return [(at, self.lines(at)) for at in range(start + DAY, end + 1, DAY)]

    def _ends(self, line: str, at: int, allowed: int) -> int | None:
        """Return in how many days a line is used up if the last days' rate goes on, 0 when it is now, None when never."""
        recent = self.reference.used(line, at, RATE_DAYS)
        for ahead in range(AHEAD + 1):
            still = self.reference.used(line, at, BUDGET_DAYS - ahead) if ahead < BUDGET_DAYS else 0  # 0 days would mean for ever
            if RATE_DAYS * still + recent * ahead >= RATE_DAYS * max(allowed, 1):
                return ahead
        return None
