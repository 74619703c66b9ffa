"""Power is lost at random points of recorded sessions: nothing acknowledged is lost, and no published head is forked."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from random import Random

import pytest

from engine.errors import StoreError
from tests.crash.disk import Disk
from tests.crash.session import STORE, lost, run
from tests.long import LONG

RUNS, STATES = (400, 250) if LONG else (20, 100)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fresh")


def crashes(folder: Path, fresh: Path, seed: int, states: int, synchronous: str = "FULL") -> int:
    """Return how many records are lost over all states of one session."""
    recorded = folder / "recorded"
    recorded.mkdir()
    session = run(recorded, fresh, seed, synchronous)
    events = session.recording.events
    disk, random, missing = Disk(session.recording), Random(seed), 0
    points = sorted(random.randrange(len(events) + 1) for _ in range(states))
    done = 0
    for number, point in enumerate(points):
        for event in events[done:point]:
            disk.go_on(event)
        done = point
        after = folder / "after"
        after.mkdir()
        for name, data in disk.crash(random).items():
            (after / name).write_bytes(data)
        if number % 3 == 0:  # the index of the write-ahead log is memory that a file stands for: anything may be in it
            (after / f"{STORE}-shm").write_bytes(random.randbytes(32768))
        missing += lost(session, disk.acknowledged, after, go_on=number % 10 == 0)
        shutil.rmtree(after)
    return missing


@pytest.mark.parametrize("seed", range(RUNS))
def test_nothing_acknowledged_is_lost(seed: int, tmp_path: Path, fresh: Path) -> None:
    assert crashes(tmp_path, fresh, seed, STATES) == 0


def test_harness_sees_loss(tmp_path: Path, fresh: Path) -> None:
    """Without a sync at every commit acknowledged records are lost: so the tests above can fail."""
    assert crashes(tmp_path, fresh, 3, 60, "NORMAL") > 0


def test_harness_sees_damage(tmp_path: Path, fresh: Path) -> None:
    """Without any sync the store itself is damaged, which the judgement does not overlook."""
    with pytest.raises((AssertionError, StoreError, sqlite3.DatabaseError)):
        crashes(tmp_path, fresh, 1, 100, "OFF")
