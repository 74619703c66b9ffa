"""A session of appends on a recorded disk, and the judgement of a disk that lost its power in the middle of it."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from random import Random

import apsw
import pytest

from engine.errors import StoreError
from engine.evidence.log import Log
from engine.store.append import Appender, Dialect, Head, Row
from engine.store.opening import create, open_store, prepare_sqlite
from tests.crash.judge import judge
from tests.crash.recording import NAME, Acknowledged, Recording, RecordingVFS
from tests.ledger import ORIGIN, SIGNER, event, row

DIALECT = Dialect(("BEGIN IMMEDIATE",), "?", (apsw.Error,))
GROUPS = 24
STORE = "store.db"


@dataclass
class Session:
    """What was asked of the log, and what it acknowledged."""

    recording: Recording = field(default_factory=Recording)
    rows: list[Row] = field(default_factory=list)
    blobs: list[list[tuple[str, bytes]]] = field(default_factory=list)
    heads: list[Head] = field(default_factory=list)
    numbers: Counter[str] = field(default_factory=Counter)  # the last event of each stream


@cache
def _fresh(folder: Path) -> Path:
    """Return an empty store, made once."""
    create(f"sqlite:{folder / STORE}")
    return folder / STORE


def run(folder: Path, fresh: Path, seed: int, synchronous: str = "FULL") -> Session:
    """Append groups of rows through the recording layer; now and then one is refused, or the store is closed and opened."""
    random = Random(seed)
    session = Session()
    shutil.copy(_fresh(fresh), folder / STORE)
    session.recording.begin(folder)
    vfs = RecordingVFS(session.recording)
    try:
        log, connection = _opened(folder, random, synchronous)
        while len(session.heads) < GROUPS:
            _append(session, log, random)
            if random.random() < 0.1:
                connection.close()
                log, connection = _opened(folder, random, synchronous)
        connection.close()
    finally:
        vfs.unregister()
    return session


def _opened(folder: Path, random: Random, synchronous: str) -> tuple[Log, apsw.Connection]:
    connection = apsw.Connection(str(folder / STORE), vfs=NAME)
    prepare_sqlite(connection)
    connection.execute(f"PRAGMA wal_autocheckpoint={random.choice((1, 8, 30, 1000))}")
    connection.execute(f"PRAGMA synchronous={synchronous}")
    return Log(Appender(connection, DIALECT), ORIGIN, [SIGNER]), connection


def _append(session: Session, log: Log, random: Random) -> None:
    start = len(session.rows)
    count = random.randrange(1, 5)
    rows = [_row(session, start + i, random) for i in range(count)]
    if random.random() < 0.05:
        with pytest.raises(StoreError, match=r"exists|overtaken"):
            log.append([*rows, rows[0]])
    data = random.randbytes(random.randrange(20_000)) if random.random() < 0.1 else b""
    blobs = [(sha256(data).hexdigest(), data)] if data else []
    session.rows += rows
    session.blobs.append(blobs)
    session.heads.append(log.append(rows, blobs).head)
    session.recording.events.append(Acknowledged(len(session.heads)))


def _row(session: Session, number: int, random: Random) -> Row:
    """Return the next row; half of them are events of a few streams."""
    made = row(number, random.randbytes(random.randrange(20, 5000)), sealed=random.random() < 0.3)
    if random.random() < 0.5:
        return made
    stream = f"s-{random.randrange(5)}"
    session.numbers[stream] += 1
    return event(made, stream, session.numbers[stream])


def lost(session: Session, acknowledged: int, folder: Path, *, go_on: bool) -> int:
    """Return how many acknowledged records a recovered store lacks; anything else that is wrong fails."""
    with open_store(f"sqlite:{folder / STORE}") as store:
        read = store.connection.execute
        found = read("PRAGMA integrity_check").fetchall()
        assert found == [("ok",)], found
        size = judge(store, dict(enumerate(session.rows)), session.heads)
        told = session.heads[acknowledged - 1].size if acknowledged else 0
        assert size in {0, *(each.size for each in session.heads)}, "a part of a group was recorded"
        for head, blobs in zip(session.heads, session.blobs, strict=True):
            for name, data in blobs if head.size <= size else ():
                assert read("SELECT data FROM blob WHERE sha256 = ?", (name,)).fetchone() == (data,)
        if go_on:
            after = Log(store.appender, ORIGIN, [SIGNER]).append([row(size, b"after")]).head
            assert judge(store, {}, [*(each for each in session.heads if each.size <= size), after]) == size + 1
        return max(0, told - size)
