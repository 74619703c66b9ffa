"""Alarms of one pilot from both monitors, and the proposal that follows from what is new; an official decides on it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from engine.errors import Finding, Place
from engine.evidence.log import stamp
from engine.supervise.monitors.events import Event, read
from engine.supervise.monitors.plan import Plan, plan
from engine.supervise.monitors.stream import Stream
from engine.supervise.monitors.watch import Watch
from engine.supervise.opinions import PACK, PROCESS
from engine.supervise.streams import Act, Recorded, Streams, history
from engine.supervise.watched import Standing, second, uncounted, unread, watched

SINGLE = "single monitor"
NOTES = frozenset({"incident", "regrade"})
GRADED = frozenset({"incidents", "rising", "budget"})  # counts that rest on grades


def events_of(streams: Streams, pilot: str) -> list[Event]:
    """Return what monitors read of a pilot and of its incidents. Raises InputError when there is none, StoreError."""
    return watched(history(streams.home, pilot), _incidents(streams, pilot), plan_of(streams).lines)


def uncounted_of(streams: Streams, pilot: str) -> list[str]:
    """Return what is recorded of a pilot and its incidents and lies outside of its days under terms: no monitor counts it."""
    return uncounted(history(streams.home, pilot), _incidents(streams, pilot))


def _incidents(streams: Streams, pilot: str) -> list[list[dict[str, Any]]]:
    incidents = streams.state(pilot).values.get("incident", [])
    return [history(streams.home, each) for each in dict.fromkeys(incidents)]


def unread_budget(streams: Streams, pilot: str) -> Finding | None:
    """Return the finding that a pilot's budget in force cannot be read whole; None when it can. Raises InputError, StoreError."""
    values = streams.state(pilot).values
    lost = unread(values, plan_of(streams).lines)
    if not lost:
        return None
    name = lost[0][:40] if lost[0].isprintable() else ascii(lost[0][:40])
    problem = f"no monitor can read `{name}` of the budget, and none watches it"
    return Finding("wrong-budget", Place(pilot), problem, "agree on terms with another budget: `amend`")


def _assumed(streams: Streams, pilot: str, events: list[Event]) -> tuple[str, ...]:
    """Return the incidents among events of a pilot whose grade is a working assumption."""
    noted = {each["values"]["incident"]: each["values"] for each in history(streams.home, pilot) if each["name"] in NOTES}
    return tuple(each.id for each in events if each.kind == "incident" and noted[each.id].get("assumed"))


def plan_of(streams: Streams) -> Plan:
    """Return the monitors of pilots. Raises RulebookError when the rules declare none."""
    return plan(streams.rulebook.packs[PACK])


def standing(streams: Streams, pilot: str, now: datetime) -> list[Standing]:
    """Return the alarms of a pilot that stand at a moment, after both monitors have spoken. Raises InputError, StoreError."""
    monitors, events = plan_of(streams), [*events_of(streams, pilot)]
    moment = second(stamp(now))
    events.append(_tick(pilot, len(events) and events[-1].seq, moment))
    why: dict[str, str] = {}
    with Stream(len(monitors.monitors)) as stream:
        watch = Watch(monitors, stream, lambda _: events)
        for change in watch.see(events):
            why[change.monitor.id] = change.why
        found = watch.alarms(pilot)
    declared = {monitor.id: monitor for monitor in monitors.monitors}
    assumed = _assumed(streams, pilot, events)
    return [
        Standing(alarm, monitor, why.get(alarm.monitor, ""), assumed if monitor.counts in GRADED else ())
        for alarm in found
        for monitor in [declared[alarm.monitor]]
    ]


def _tick(pilot: str, last: int, moment: int) -> Event:
    return read(pilot, "tick", {"id": f"tick/{moment}", "at": moment}, (last + 1, moment))


def propose(streams: Streams, pilot: str, now: datetime) -> Recorded | None:
    """Record the strictest of what new alarms propose; None when nothing is new. Raises InputError, StoreError."""
    act = proposal(streams, pilot, now)
    return streams.perform(act) if act else None


def proposal(streams: Streams, pilot: str, now: datetime) -> Act | None:
    """Return the act that proposes the strictest of what new alarms propose; None when nothing is new. Raises as `propose`."""
    said = {name for each in history(streams.home, pilot) for name in _named(each)}
    new = [each for each in standing(streams, pilot, now) if each.name not in said]
    if not new:
        return None
    ranks = [value.id for value in streams.rulebook.packs[PACK].outcomes["measure"].values]
    fields = {
        "measure": max((each.monitor.proposes for each in new), key=ranks.index),
        "monitors": [each.name for each in new],
        "single": any(each.alarm.spoke == SINGLE for each in new),
        "reasons": "\n".join(_reason(each) for each in new),
    }
    return Act(pilot, PROCESS, "propose", None, now, fields)


def _named(predicate: dict[str, object]) -> Iterator[str]:
    values = predicate["values"]
    if predicate["name"] == "propose" and isinstance(values, dict):
        yield from values.get("monitors", ())


def _reason(each: Standing) -> str:
    """Return why a measure is proposed, in both languages, with its basis and where the two monitors stand."""
    basis = "; ".join(source.cited for source in each.monitor.sources)
    title = each.monitor.title
    spoke = f" [{each.alarm.spoke}{': ' + each.why if each.why else ''}]" if each.alarm.spoke != "both" else ""
    open_ = f" [等级未定，暂按可能的最高等级 / grade still open, the gravest possible assumed: {', '.join(each.assumed)}]"
    return f"{title.zh} / {title.en} ({each.monitor.effect}; {basis}){spoke}{open_ if each.assumed else ''}"
