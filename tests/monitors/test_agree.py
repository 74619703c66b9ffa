"""The two monitors agree, whatever comes in whatever order; and a third, plain reading of all events at once agrees with both."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from random import Random

import pytest

from engine.supervise.monitors.events import Event
from engine.supervise.monitors.reference import first_true
from engine.supervise.monitors.stream import Stream
from engine.supervise.monitors.watch import Change, Watch
from tests.long import LONG
from tests.monitors.streams import PLAN, stream

STREAMS = 10_000 if LONG else 1_000
PARTS = 10


@pytest.fixture(scope="module")
def worker() -> Iterator[Stream]:
    if find_spec("durable") is None:
        pytest.skip("durable_rules is not installed: it needs a C compiler and Python before 3.13")
    with Stream(len(PLAN.monitors)) as found:
        yield found


def watched(events: list[Event], worker: Stream, random: Random) -> tuple[Watch, list[Change]]:
    """Show the events to a watch in random batches; the alarms are those of a plain reading, now and then and at last."""
    log: list[Event] = []
    watch = Watch(PLAN, worker, lambda _: log)
    changes: list[Change] = []
    while len(log) < len(events):
        batch = events[len(log) : len(log) + random.choice((1, 1, 2, 5))]
        log += batch
        changes += watch.see(batch)
        if len(log) == len(events) or random.random() < 0.2:
            found = {alarm.monitor: alarm.true_since for alarm in watch.alarms(events[0].pilot)}
            assert found == first_true(PLAN, log)
    return watch, changes


@pytest.mark.parametrize("part", range(PARTS))
def test_random_streams(part: int, worker: Stream) -> None:
    for number in range(part, STREAMS, PARTS):
        random = Random(number)
        events = stream(random, "p", random.randrange(2, 24), random.choice((2, 20, 60, 400)))
        _, changes = watched(events, worker, random)
        assert {change.alarm.spoke for change in changes} <= {"both"}
        assert all(not change.why for change in changes)
        assert all(change.alarm.true_since <= change.alarm.seen_at for change in changes if change.what != "withdrawn")
    assert worker.silent == ""
