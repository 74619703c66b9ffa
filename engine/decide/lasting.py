"""Whether what a duty lasts as long as is over: its service has ended, its data are deleted, or a time after that has run.

A duty that lasts is judged on its last day. What was breached then stays breached; whatever else it was, it is no longer owed.
While it is open whether that day is past, both remain possible: a duty is never silently dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from engine.decide.due import EVER, Span, months_after, span
from engine.decide.values import F, T, U

if TYPE_CHECKING:
    from datetime import date

    from engine.decide.filing import Filing
    from schemas.duties import Final
    from schemas.rulebook import Lasting


class Over(NamedTuple):
    """Whether the last day of what a duty lasts as long as is past (T, U or F), and the days that it may be."""

    past: int
    last: Span


GOES_ON = Over(F, EVER)


def over(lasting: Lasting, filing: Filing, holds: int, on: date) -> Over:
    """Return whether it is over on a day; `holds` tells whether `over_when` does. The last day itself still counts.

    What has not begun has not ended, unless the filing says so against its own dates.
    """
    today = on.toordinal()
    low, high = span(filing, lasting.over_on)
    begun, _ = span(filing, lasting.begun_on) if lasting.begun_on else EVER
    low = max(low, begun) if begun <= high else low
    low, high = months_after(low, lasting.months), months_after(high, lasting.months)
    past = F if today <= low else T if today > high else U
    return Over(min(holds, past), (low, min(high, today)))


def bound(last: Span, first: float, since: Span) -> int:
    """Tell whether a duty was law by the last day: `first` since it has been law at all, `since` as it is on the day asked of.

    Between them it was law on other conditions, which were not asked.
    """
    return F if last[1] < first else T if last[0] >= since[1] else U


def standing(now: set[Final], then: set[Final], past: int) -> set[Final]:
    """Return the states of a duty from those of today and those of the last day."""
    found: set[Final] = {"breached" if state == "breached" else "ended" for state in then}
    return found | now if past == U else found
