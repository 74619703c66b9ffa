"""A second monitor that dies, fails or is not there is silent and says why; no event is lost, and it catches up."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import pytest

from engine.errors import FactError
from engine.supervise.monitors import stream as streams
from engine.supervise.monitors import to_stream, worker
from engine.supervise.monitors.events import FIELDS, Event, read
from engine.supervise.monitors.fold import Ask, Folded, Layout
from engine.supervise.monitors.stream import STARTS, Stream
from engine.supervise.monitors.watch import Watch
from tests.monitors.streams import NEW_YEAR, PLAN

needs_durable = pytest.mark.skipif(find_spec("durable") is None, reason="durable_rules is not installed")
HIDDEN = "w6"  # the monitor of a single hidden report


@pytest.fixture
def second() -> Iterator[Stream]:
    with Stream(len(PLAN.monitors)) as found:
        yield found


def hidden(seq: int, pilot: str = "p") -> Event:
    return Event(pilot, "breach", f"b{seq}", NEW_YEAR + seq, seq, NEW_YEAR + seq + 60, name="hidden_report")


@needs_durable
def test_a_killed_worker_is_silence_and_the_next_one_catches_up(second: Stream) -> None:
    log = [hidden(seq) for seq in range(1, 5)]
    watch = Watch(PLAN, second, lambda _: log)
    assert second.pid is not None
    os.kill(second.pid, signal.SIGKILL)
    changes = watch.see(log[:1])
    assert [(change.what, change.alarm.monitor, change.alarm.spoke) for change in changes] == [
        ("raised", HIDDEN, "single monitor")
    ]
    assert changes[0].why == "single monitor: its process ended with -9"
    assert changes[0].alarm.seen_at == NEW_YEAR + 61
    later = watch.see(log[1:2])  # the second breach is a repeat; both monitors have read the whole log by then
    assert {change.alarm.monitor: change.alarm.spoke for change in later} == {"w4": "both", "w5": "both"}
    assert [alarm.monitor for alarm in watch.alarms("p")] == ["w4", "w5", HIDDEN]


@needs_durable
def test_a_worker_that_keeps_dying_is_given_up(second: Stream) -> None:
    log = [hidden(seq, f"p{seq}") for seq in range(2 * STARTS)]
    watch = Watch(PLAN, second, lambda pilot: [each for each in log if each.pilot == pilot])
    for event in log:
        if second.pid:
            os.kill(second.pid, signal.SIGKILL)
        assert [change.alarm.monitor for change in watch.see([event])] == [HIDDEN]
    assert not second.alive


@needs_durable
def test_what_an_action_raises_is_seen() -> None:
    class Full(list[str]):
        def append(self, name: str, /) -> None:
            if name != to_stream.SEEN:
                raise MemoryError(name)
            super().append(name)

    rules = worker.Rules(1)
    rules.fired = Full()  # so that noting what fired raises, inside the action
    with pytest.raises(RuntimeError, match="exception caught m0"):
        rules.ask(to_stream.message(1, {0: (1, 1)}))


@needs_durable
def test_a_failed_rule_is_silence_with_its_reason(second: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([{"failed": "exception caught out of range"}])
    monkeypatch.setattr(second, "_frame", lambda _: next(answers))
    assert second.ask([Ask(((1, {0: (0, 1)}),))]) is None
    assert second.silent == "a rule failed: exception caught out of range"


def test_without_durable_rules_the_reference_runs_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "find_spec", lambda _: None)
    with Stream(len(PLAN.monitors)) as alone:
        watch = Watch(PLAN, alone, lambda _: [])
        changes = watch.see([hidden(1)])
    assert [(change.alarm.spoke, change.why) for change in changes] == [
        ("single monitor", "single monitor: durable_rules is not installed")
    ]


@needs_durable
def test_monitors_that_disagree_are_shown_and_the_stricter_stands(second: Stream) -> None:
    watch = Watch(PLAN, second, lambda _: [])
    asked = second.ask
    second.ask = lambda asks: [[bits & ~(1 << 6) for bits in row] for row in asked(asks) or []]  # type: ignore[method-assign]
    changes = watch.see([hidden(1)])
    assert [(change.alarm.monitor, change.alarm.spoke) for change in changes] == [(HIDDEN, "reference alone")]
    assert changes[0].why == f"the reference says {NEW_YEAR + 1}, the stream says None"


@pytest.mark.parametrize("value", ["12", "false", 1.0, True, None, 2**53, -(2**53), 10**300])
def test_messages_hold_whole_numbers_only(value: Any) -> None:
    with pytest.raises(FactError, match="wrong-type"):
        to_stream.message(1, {0: (value, 1)})


@needs_durable
def test_numbers_keep_their_value_up_to_the_largest(second: Stream) -> None:
    count = len(PLAN.monitors)
    for number in (0, 1, 2**31 - 1, 2**31, 2**32, 2**53 - 2):
        below, at = dict.fromkeys(range(count), (number, number + 1)), dict.fromkeys(range(count), (number, number))
        assert second.ask([Ask(((1, below), (2, at)))]) == [[0, 2**count - 1]]
    negative = (dict.fromkeys(range(count), pair) for pair in ((-1, 0), (-(2**53) + 1, -(2**53) + 2)))
    assert second.ask([Ask(tuple(enumerate(negative)))]) == [[0, 0]]


@needs_durable
def test_only_the_monitors_in_a_message_answer(second: Stream) -> None:
    assert second.ask([Ask(((1, {3: (1, 1)}), (2, {}), (3, {3: (0, 1), 9: (0, 0)})))]) == [[1 << 3, 0, 1 << 9]]


def test_what_has_not_moved_is_not_asked_again_and_what_comes_late_asks_anew() -> None:
    folded = Folded(Layout(PLAN))
    ticks = [Event("p", "tick", f"t{number}", NEW_YEAR + number, number) for number in range(4)]
    complaint = Event("p", "complaint", "c", NEW_YEAR + 2, 9, number=1)
    asked = [folded.add(event) for event in (ticks[0], ticks[1], complaint, ticks[3], ticks[2])]
    assert [[sorted(pairs) for _, pairs in ask.instants] for ask in asked] == [
        [list(range(len(PLAN.monitors)))],
        [[]],
        [[7]],  # complaints within ten days
        [[]],
        [list(range(len(PLAN.monitors))), [], [7], []],
    ]
    assert [ask.again for ask in asked] == [None] * 4 + [NEW_YEAR]


GOOD = {"id": "x", "at": NEW_YEAR, "count": 3, "grade": "serious", "of": "y", "minutes": 4, "kind": "scope", "until": NEW_YEAR}
TERMS = {"cap_subjects": 1000, "insured_until": NEW_YEAR, "budget": {"serious": 1}}


@pytest.mark.parametrize("kind", FIELDS)
def test_recorded_values_are_read_and_never_converted(kind: str) -> None:
    given: dict[str, Any] = {name: (GOOD | TERMS)[name] for name in ("id", "at", *FIELDS[kind])}  # type: ignore[index]
    event = read("p", kind, given, (7, NEW_YEAR))
    assert (event.kind, event.id, event.seq, event.seen) == (kind, "x", 7, NEW_YEAR)
    for name, value in given.items():
        wrong = str(value) if isinstance(value, int) else 12
        with pytest.raises(FactError, match="wrong-type"):
            read("p", kind, given | {name: wrong}, (7, NEW_YEAR))
        with pytest.raises(FactError, match="wrong-type"):
            read("p", kind, {key: each for key, each in given.items() if key != name}, (7, NEW_YEAR))
    with pytest.raises(FactError, match="unknown-field"):
        read("p", kind, given | {"surprise": 1}, (7, NEW_YEAR))
    with pytest.raises(FactError, match="negative"):
        read("p", kind, given | {"at": -1}, (7, NEW_YEAR))


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(FactError, match="unknown-event"):
        read("p", "weather", {"id": "x", "at": 1}, (1, 1))


@needs_durable
def test_a_correction_withdraws_an_alarm_and_keeps_when_it_was_seen(second: Stream) -> None:
    grave = Event("p", "incident", "i1", NEW_YEAR, 1, NEW_YEAR + 60, name="grave")
    milder = replace(grave, kind="correction", id="c1", of="i1", name="general", seq=2, at=NEW_YEAR + 5, seen=NEW_YEAR + 90)
    watch = Watch(PLAN, second, lambda _: [])
    raised = watch.see([grave])
    withdrawn = watch.see([milder])
    assert ("raised", "w1", NEW_YEAR, NEW_YEAR + 60) in [
        (c.what, c.alarm.monitor, c.alarm.true_since, c.alarm.seen_at) for c in raised
    ]
    assert ("withdrawn", "w1", NEW_YEAR + 60) in [(c.what, c.alarm.monitor, c.alarm.seen_at) for c in withdrawn]
    assert "w1" not in [alarm.monitor for alarm in watch.alarms("p")]


@needs_durable
def test_a_late_event_moves_since_when_and_not_when_seen(second: Stream) -> None:
    watch = Watch(PLAN, second, lambda _: [])
    watch.see([hidden(5)])
    earlier = replace(hidden(2), seq=9, seen=NEW_YEAR + 999)
    moved = [change for change in watch.see([earlier]) if change.alarm.monitor == HIDDEN]
    assert [(c.what, c.alarm.true_since, c.alarm.seen_at) for c in moved] == [("moved", NEW_YEAR + 2, NEW_YEAR + 65)]
