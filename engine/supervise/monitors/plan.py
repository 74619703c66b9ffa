"""The monitors of a pack, ready to run: grades as ranks, days as seconds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from engine.errors import RulebookError
from engine.supervise.monitors.events import DAY

if TYPE_CHECKING:
    from engine.rulebook.model import PackRules
    from engine.supervise.monitors.events import Event
    from schemas.rulebook import Monitor

BUDGET_DAYS = 30
SLACK = 60 * DAY  # design: an event that comes later than this makes the pilot's log be read again


@dataclass(frozen=True)
class Plan:
    """Monitors with the ranks of grades; `rank` counts from 0, mildest first."""

    monitors: tuple[Monitor, ...]
    rank: dict[str, int]

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The lines that a tolerance budget may have: a grade of incidents each, complaints, and minutes out of service."""
        return tuple(sorted({*self.rank, "complaints", "downtime"}))

    @cached_property
    def reach(self) -> int:
        """Seconds that a counter looks back at most: a rising number looks at as many days again."""
        longest = max((monitor.days for monitor in self.monitors), default=0)
        return 2 * max(longest, BUDGET_DAYS) * DAY


def plan(pack: PackRules) -> Plan:
    """Return the plan of a pack's monitors. Raises RulebookError when it has none."""
    if not pack.doc.monitors:
        raise RulebookError("no-monitors", f"`{pack.doc.id}` declares no monitors", "name a pack that watches pilots")
    values = pack.outcomes[pack.doc.graded_by].values if pack.doc.graded_by else []
    return Plan(tuple(pack.doc.monitors), {value.id: number for number, value in enumerate(values)})


def ordered(events: list[Event]) -> list[Event]:
    """Return events without duplicates (the first recorded stands), in the order in which they happened."""
    first: dict[tuple[str, str], Event] = {}
    for event in sorted(events, key=lambda each: each.seq):
        first.setdefault((event.kind, event.id), event)
    return sorted(first.values(), key=lambda each: (each.at, each.seq))
