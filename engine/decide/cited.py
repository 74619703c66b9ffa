"""A rule in an answer -> the law that it rests on, on the day of the question.

A version of a rule may outlive one of its instruments, or begin before another replaces it, while what it says stays the same.
Each source is then cited on the days on which its instrument is in force: `fenji check` proves that no day is left without one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.decide.evaluate import AS_OF
from engine.decide.values import INF

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    from engine.decide.filing import Filing
    from engine.rulebook.model import PackRules, Rulebook
    from schemas.rulebook import Period, Source

Days = tuple[float, float]  # ordinals, both included


class Cited:
    """Cites the law of one pack for one filing; an open date leaves every instrument that is in force on a day it may have."""

    def __init__(self, rulebook: Rulebook, pack: PackRules, filing: Filing, as_of: date) -> None:
        """Take the filing, whose dates select the law, and the day of the question."""
        self.instruments = rulebook.instruments
        self.pack = pack
        self.filing = filing
        self.as_of = as_of

    def sources(self, rule_id: str, versions: Collection[str]) -> list[Source]:
        """Return the sources of a rule and of those of its versions that may be law, each named once, in the rule's order."""
        rule, days = self.pack.rules[rule_id], self._days(rule_id)
        found: dict[tuple[str, str], Source] = {}
        for version in rule.versions:
            if str(version.valid) in versions:
                here = _both(days, version.valid)
                for source in (*rule.sources, *version.sources):
                    force = self.instruments[source.instrument].in_force
                    if force is None or _meets(_both(here, force)):
                        found.setdefault((source.instrument, source.article), source)
        order = [*rule.sources, *(source for version in rule.versions for source in version.sources)]
        return sorted(found.values(), key=order.index) if len(versions) > 1 else list(found.values())

    def _days(self, rule_id: str) -> Days:
        name, today = self.pack.date_of(self.pack.rules[rule_id]), self.as_of.toordinal()
        stated: Days = (today, today) if name == AS_OF else self.filing.facts.get(name, (-INF, INF))
        return stated


def _both(days: Days, period: Period) -> Days:
    return max(days[0], period.start.toordinal()), min(days[1], period.end.toordinal() if period.end else INF)


def _meets(days: Days) -> bool:
    return days[0] <= days[1]


__all__ = ["Cited"]
