"""The life of a pilot as its monitors read it: terms, subjects, incidents, breaches, and every report that has a clock.

What happened keeps its own moment, what was recorded its order; refused attempts are no events of a pilot. What a moment places
before the pilot began, or after its last day, is recorded and raises none of its alarms; what is told after the end without a
moment counts on the last day (design).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from engine.rulebook.days import SHANGHAI
from engine.supervise.monitors.events import LARGEST, Event, Kind, read
from schemas.lifecycle import REFUSED

if TYPE_CHECKING:
    from engine.supervise.monitors.watch import Alarm
    from schemas.rulebook import Monitor

Predicate = Mapping[str, Any]
Said = tuple[Kind, dict[str, Any]]
REPORTS = frozenset({"periodic", "midterm", "exit_report", "notice_2h", "notice_24h", "full_10d", "closing_summary"})
TERMS = frozenset({"countersign", "countersign_amendment", "insure"})
COUNTS: dict[str, tuple[Kind, str]] = {
    "subjects": ("subjects", "count"),
    "complaints": ("complaint", "count"),
    "downtime": ("downtime", "minutes"),
}
# what the stream shows of terms, and what no terms lack
NUMBERS = ("cap_subjects", "ends_on", "insured_until", "bar_term", "bar_months", "observed_by", "budget")
NEEDED = NUMBERS[:4]
SIGNED_ONLY = NUMBERS[3:]  # what holds only as the signed text says it
ANEW = frozenset({"offer", "countersign_amendment"})  # after which nothing is left of what only earlier terms said
LAST = time(23, 59, 59)  # the last second of a day
COUNTED = frozenset({"incident", "subjects", "complaint", "downtime", "breach"})  # which bear on a pilot only while it lasts
ENDS = frozenset({"conclude", "expire", "terminate"})
NONE = frozenset({"withdraw", "merge"})  # what an official finds to be no incident of its own is none for the counters


@dataclass(frozen=True, slots=True)
class Standing:
    """An alarm that stands, its monitor, and why a monitor was silent or how the two disagree (empty when they agree).

    `assumed` are the incidents whose grade is still open: they count as the gravest they may be.
    """

    alarm: Alarm
    monitor: Monitor
    why: str
    assumed: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The alarm by its monitor and the second since when it is true."""
        return f"{self.alarm.monitor}@{self.alarm.true_since}"


def watched(pilot: Sequence[Predicate], incidents: Sequence[Sequence[Predicate]], lines: Sequence[str]) -> list[Event]:
    """Return what monitors read of a pilot's events and those of its incidents, in the order in which they were recorded.

    `lines` are the lines that a budget may have; what else one has is left out, `unread` tells it.
    """
    return _read(pilot, incidents, lines)[0]


def uncounted(pilot: Sequence[Predicate], incidents: Sequence[Sequence[Predicate]]) -> list[str]:
    """Return what is recorded and lies outside of a pilot's days: incidents by their stream, the others as `STREAM/NUMBER`."""
    return _read(pilot, incidents, ())[1]


def _read(
    pilot: Sequence[Predicate], incidents: Sequence[Sequence[Predicate]], lines: Sequence[str]
) -> tuple[list[Event], list[str]]:
    """Return what monitors read, and the ids of what lies outside of the pilot's days."""
    rows = [(each["at"], each["process"] != "pilot", each["number"], each) for part in (pilot, *incidents) for each in part]
    clocks: dict[str, dict[str, Any]] = {}
    known: dict[str, Any] = {}
    first, last = _lasted(pilot)
    outside: dict[str, None] = {}  # what is none of the pilot's time, in the order of recording
    found: list[Event] = []
    for order, (at, _, _, predicate) in enumerate(sorted(rows, key=lambda row: row[:3]), 1):
        if predicate["name"] == REFUSED:
            continue
        if predicate["process"] == "pilot":
            kept = {} if predicate["name"] in ANEW else {name: known[name] for name in SIGNED_ONLY if name in known}
            known = {**{name: value for name, value in known.items() if name not in SIGNED_ONLY}, **kept, **predicate["values"]}
        stream, after = predicate["stream"], dict(predicate["dues"])
        said = [*_happened(predicate, known, lines), *_reports(predicate, clocks.get(stream, {}), after)]
        for kind, values in said:
            if kind in COUNTED:
                moment = values["at"] if predicate["values"].get("happened") else min(values["at"], last)
                if not first <= moment <= last:
                    outside[values["id"]] = None
                    continue
                values["at"] = moment
            if stream not in outside and values.get("of") not in outside:
                found.append(read(pilot[0]["stream"], kind, values, (order, second(at))))
        clocks[stream] = after
    return found, list(outside)


def _lasted(pilot: Sequence[Predicate]) -> tuple[int, int]:
    """Return the first and the last second of a pilot: of the legal day of its start, and of its last day or an earlier end."""
    starts = [each["on"] for each in pilot if each["name"] == "start"]
    agreed = [each["values"]["ends_on"] for each in pilot if "ends_on" in each["values"]]
    ends = [*agreed[-1:], *(each["on"] for each in pilot if each["name"] in ENDS)]
    first = second(datetime.combine(date.fromisoformat(starts[0]), time(), SHANGHAI).isoformat()) if starts else 0
    return first, min(map(_until, ends), default=LARGEST)


def unread(values: Mapping[str, Any], lines: Sequence[str]) -> list[str]:
    """Return the lines of a budget that no monitor can read: logs from before they were refused may have some."""
    budget = values.get("budget") or {}
    if not isinstance(budget, Mapping):
        return ["budget"]
    return sorted(str(line) for line, allowed in budget.items() if line not in lines or type(allowed) is not int or allowed < 0)


def _happened(predicate: Predicate, known: Mapping[str, Any], lines: Sequence[str]) -> Iterator[Said]:
    """Yield what one event says; `known` are the open values of the pilot after it."""
    name, values = predicate["name"], predicate["values"]
    at = second(values.get("happened") or predicate["at"])
    about = {"id": f"{predicate['stream']}/{predicate['number']}", "at": at}
    if predicate["process"] != "pilot":
        if name in NONE:
            yield "correction", {**about, "of": predicate["stream"], "grade": ""}
        return
    if name in TERMS:
        terms = {"cap_subjects": known["cap_subjects"], "insured_until": _until(known["insured_until"])}
        lost = unread(known, lines)
        budget = {} if lost == ["budget"] else known.get("budget") or {}
        yield "terms", {**about, **terms, "budget": {line: allowed for line, allowed in budget.items() if line not in lost}}
    for field, (kind, word) in COUNTS.items():
        if field in values:
            yield kind, {**about, word: values[field]}
    match name:
        case "incident":
            yield "incident", {"id": values["incident"], "at": at, "grade": values["grade"]}
        case "regrade":
            yield "correction", {**about, "of": values["incident"], "grade": values["grade"]}
        case "breach":
            yield "breach", {**about, "kind": values["breach"]}
        case "propose":  # so that an alarm of passing time keeps the moment at which it was first seen
            yield "tick", {**about, "at": second(predicate["at"])}


def _reports(predicate: Predicate, before: dict[str, Any], after: dict[str, Any]) -> Iterator[Said]:
    """Yield what an event does to the clocks of reports: a report is due from when its clock runs, and given when it stops."""
    at = second(predicate["values"].get("told_at") or predicate["at"])
    for clock in sorted(REPORTS & (before.keys() | after.keys())):
        old, new = (dues.get(clock, ["", ""])[1] for dues in (before, after))
        if old and old != new:
            yield "report", {"id": f"{predicate['stream']}:{clock}:{old}", "at": at}
        if new and old != new:
            yield "due", {"id": f"{predicate['stream']}:{clock}:{new}", "at": at, "until": _until(new)}


def _until(due: str) -> int:
    """Return the last second in time: of a day its end, of a moment itself; none lies before 1970."""
    if len(due) == len("2026-01-01"):
        return max(0, int(datetime.combine(date.fromisoformat(due), LAST, SHANGHAI).timestamp()))
    return second(due)


def second(moment: str) -> int:
    """Return the whole second of a moment (RFC 3339), 0 for one before 1970: no pilot is older, and counters count from there."""
    return max(0, int(datetime.fromisoformat(moment).timestamp()))
