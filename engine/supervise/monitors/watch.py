"""Both monitors side by side over running pilots: nothing is proposed before both have spoken, and the stricter stands.

An alarm keeps since when its condition was true, in the time of the events, and when that was seen. A late or corrected event may
move the first, or withdraw the alarm; it never changes the second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from engine.supervise.monitors.events import DAY
from engine.supervise.monitors.fold import Ask, Folded, Layout
from engine.supervise.monitors.plan import SLACK, ordered
from engine.supervise.monitors.reference import Reference

if TYPE_CHECKING:
    from engine.supervise.monitors.events import Event
    from engine.supervise.monitors.plan import Plan
    from engine.supervise.monitors.stream import Stream
    from schemas.rulebook import Monitor

Spoke = Literal["both", "reference alone", "stream alone", "single monitor"]
History = Callable[[str], Sequence["Event"]]
OFTEN = 10 * DAY  # between two looks at what can be let go


@dataclass(frozen=True, slots=True)
class Alarm:
    """A monitor that holds or held: true since an event's time, seen when that was recorded, and which monitors say so."""

    monitor: str
    true_since: int
    seen_at: int
    seq: int
    spoke: Spoke


@dataclass(frozen=True, slots=True)
class Change:
    """What one event did to an alarm; `why` says why a monitor was silent or how the two disagree, empty when they agree."""

    pilot: str
    what: Literal["raised", "moved", "withdrawn"]
    alarm: Alarm
    monitor: Monitor
    why: str = ""


@dataclass(slots=True)
class _Pilot:
    reference: Reference
    folded: Folded
    known: dict[tuple[str, str], int] = field(default_factory=dict)  # (kind, id) of events at hand -> when they happened
    alarms: dict[str, Alarm] = field(default_factory=dict)
    before: int = -1  # what happened before this was let go
    heard: bool = True  # the second monitor spoke of every instant so far


@dataclass(slots=True)
class _Step:
    """An event on its way through both monitors."""

    event: Event
    pilot: _Pilot
    folded: Folded
    asks: list[Ask]
    reference: dict[str, int]


class Watch:
    """Watches the pilots of one plan; `history` gives all recorded events of one, for what comes later than memory reaches."""

    def __init__(self, plan: Plan, stream: Stream, history: History) -> None:
        """Begin without pilots."""
        self.plan = plan
        self.stream = stream
        self.history = history
        self._layout = Layout(plan)
        self._pilots: dict[str, _Pilot] = {}

    def see(self, events: Sequence[Event]) -> list[Change]:
        """Take recorded events in the order of recording and return what they changed; duplicates change nothing."""
        steps = [step for event in events if (step := self._step(event))]
        answers = self.stream.ask([ask for step in steps for ask in step.asks]) if steps else []
        spoken = iter(answers) if answers is not None else None
        changes: list[Change] = []
        for step in steps:
            self._hear(step, spoken)
            changes += self._changes(step)
        for pilot, at in {id(step.pilot): (step.pilot, step.event.at) for step in steps}.values():
            self._let_go(pilot, at)
        return changes

    def alarms(self, pilot: str) -> list[Alarm]:
        """Return the alarms of a pilot that stand, in the order of the plan."""
        found = self._pilots.get(pilot)
        return [found.alarms[m.id] for m in self.plan.monitors if m.id in found.alarms] if found else []

    def forget(self, pilot: str) -> None:
        """Forget a pilot that has ended."""
        self._pilots.pop(pilot, None)

    def _step(self, event: Event) -> _Step | None:
        pilot = self._pilots.get(event.pilot)
        if pilot is None:
            pilot = self._pilots[event.pilot] = _Pilot(Reference(self.plan), Folded(self._layout))
        if (event.kind, event.id) in pilot.known:
            return None
        if self._at_hand(event, pilot):
            asks = [self._take(event, pilot)]
        else:
            asks = self._read_again(event, pilot)
            if not asks:
                return None
        return _Step(event, pilot, pilot.folded, asks, dict(pilot.reference.first))

    def _at_hand(self, event: Event, pilot: _Pilot) -> bool:
        """Tell whether memory reaches as far back as an event, or as the incident that it corrects."""
        if event.at < pilot.before or (self.stream.alive and not pilot.heard):
            return False
        return event.kind != "correction" or pilot.before < 0 or ("incident", event.of) in pilot.known

    def _take(self, event: Event, pilot: _Pilot) -> Ask:
        pilot.known[event.kind, event.id] = event.at
        pilot.reference.add(event)
        return pilot.folded.add(event)

    def _read_again(self, event: Event, pilot: _Pilot) -> list[Ask]:
        """Read the pilot's log up to an event; return what is to be asked, nothing when the event is a duplicate."""
        logged = [each for each in self.history(event.pilot) if each.seq <= event.seq]
        known = ordered(logged)
        if event.seq not in {each.seq for each in known}:
            return []
        pilot.reference, pilot.folded = Reference(self.plan), Folded(self._layout)
        pilot.known, pilot.before, pilot.heard = {}, -1, True
        return [self._take(each, pilot) for each in known]

    def _hear(self, step: _Step, spoken: Iterator[list[int]] | None) -> None:
        if spoken is None:
            step.pilot.heard = False
            return
        for ask in step.asks:
            step.folded.heard(ask, next(spoken))

    def _changes(self, step: _Step) -> Iterator[Change]:
        pilot, event = step.pilot, step.event
        stream = step.folded.first if pilot.heard else step.reference
        if not (stream or step.reference or pilot.alarms):
            return
        for monitor in self.plan.monitors:
            first, second = step.reference.get(monitor.id), stream.get(monitor.id)
            before = pilot.alarms.get(monitor.id)
            since = min((at for at in (first, second) if at is not None), default=None)
            if since == (before.true_since if before else None):
                continue
            if since is None:
                assert before is not None  # noqa: S101 - INVARIANT: both None was equal above
                yield Change(event.pilot, "withdrawn", pilot.alarms.pop(monitor.id), monitor, self._why(pilot, first, second))
                continue
            # an alarm that moved to a later instant was not seen as such before: the event that moved it is what was seen
            seen, seq = (before.seen_at, before.seq) if before and since <= before.seen_at else (event.seen, event.seq)
            pilot.alarms[monitor.id] = alarm = Alarm(monitor.id, since, seen, seq, self._spoke(pilot, first, second))
            yield Change(event.pilot, "moved" if before else "raised", alarm, monitor, self._why(pilot, first, second))

    def _spoke(self, pilot: _Pilot, first: int | None, second: int | None) -> Spoke:
        if not pilot.heard:
            return "single monitor"
        return "both" if first == second else "stream alone" if first is None else "reference alone"

    def _why(self, pilot: _Pilot, first: int | None, second: int | None) -> str:
        if not pilot.heard:
            return f"single monitor: {self.stream.silent}"
        return "" if first == second else f"the reference says {first}, the stream says {second}"

    def _let_go(self, pilot: _Pilot, at: int) -> None:
        if at - SLACK < pilot.before + OFTEN:
            return
        pilot.before = at - SLACK
        pilot.reference.let_go(pilot.before)
        pilot.folded.let_go(pilot.before)
        pilot.known = {key: when for key, when in pilot.known.items() if when >= pilot.before}
