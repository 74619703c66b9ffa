"""Whatever is changed in a bundle or in a store, verify or fsck refuses it and says what is wrong."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from api.cli.options import now
from engine.errors import EvidenceError, FenjiError, InputError
from engine.evidence import archive, canonical
from engine.evidence.fsck import fsck
from engine.evidence.installation import Installation, open_home, settings
from engine.evidence.keys import Trust, read_trust
from engine.evidence.log import stamp
from engine.evidence.verify import verify
from engine.rulebook.locate import open_rulebook
from engine.store.opening import open_store
from engine.supervise.streams import Act, Streams
from tests.evidence.conftest import SAMPLES, Office
from tests.supervise.desk import FILED, HASH

LONG = "FENJI_LONG" in os.environ
FLIPS = 2_000
REPACKED = 600
pytestmark = pytest.mark.no_cover  # thousands of refusals, traced, take longer than all of them; test_office covers the lines


@pytest.fixture(scope="session")
def trust(made: Office) -> Trust:
    """The keys of the office."""
    return read_trust(canonical.loads(made.said("actor", "trust").strip().encode()))


def spread(size: int, count: int) -> Iterator[int]:
    """Yield `count` positions over `size`, all of them in the long mode."""
    yield from range(size) if LONG or size <= count else (k * size // count for k in range(count))


def test_every_byte_of_a_bundle(bundle_of: Callable[[int], Path], trust: Trust) -> None:
    good = bundle_of(4).read_bytes()
    for at in spread(len(good), FLIPS):
        bad = bytearray(good)
        bad[at] ^= 1 << at % 8
        with pytest.raises(EvidenceError):
            verify(bytes(bad), trust)


def test_every_byte_of_every_member(bundle_of: Callable[[int], Path], trust: Trust) -> None:
    """The archive is put together again, so that only the evidence can tell."""
    good = archive.read(bundle_of(4).read_bytes(), "it")
    assert verify(archive.write(good), trust).exit_code == 0
    places = [(name, at) for name in sorted(good) for at in spread(len(good[name]), REPACKED // len(good))]
    for name, at in places:
        bad = bytearray(good[name])
        bad[at] ^= 1 << at % 8
        with pytest.raises(EvidenceError):
            verify(archive.write({**good, name: bytes(bad)}), trust)


def test_members_come_and_go(bundle_of: Callable[[int], Path], trust: Trust) -> None:
    good = archive.read(bundle_of(4).read_bytes(), "it")
    for name in good:
        with pytest.raises(EvidenceError):
            verify(archive.write({other: data for other, data in good.items() if other != name}), trust)
    with pytest.raises(EvidenceError):
        verify(archive.write({**good, "more.txt": b""}), trust)


def test_members_of_another_bundle(bundle_of: Callable[[int], Path], trust: Trust) -> None:
    """No member can be exchanged with that of another valid bundle of the same log."""
    mine, other = (archive.read(bundle_of(number).read_bytes(), "it") for number in (2, 4))
    for name in mine:
        if mine[name] != other[name]:
            with pytest.raises(EvidenceError):
                verify(archive.write({**mine, name: other[name]}), trust)


# the store ------------------------------------------------------------------------------------------------------------


def changed(value: Any) -> Any:
    """Return another value of the same type."""
    if isinstance(value, bytes):
        return bytes([value[0] ^ 1]) + value[1:] if value else b"x"
    if isinstance(value, int):
        return value + 1_000
    return "x" if value is None else ("y" + value[1:] if value[:1] != "y" else "z" + value[1:])


def keys_of(connection: sqlite3.Connection, table: str) -> list[str]:
    """Return the columns of a table's primary key."""
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[5]]


def attacks(path: Path) -> Iterator[tuple[str, str, tuple[Any, ...]]]:
    """Yield every change of one stored value and every deletion of one row: name, statement, parameters."""
    with closing(sqlite3.connect(path)) as connection:
        for table in ("record", "node", "checkpoint", "sealed", "blob", "event", "stream"):
            keys = keys_of(connection, table)
            where = " AND ".join(f"{key} = ?" for key in keys)
            cursor = connection.execute(f"SELECT * FROM {table}")  # noqa: S608 - our own names
            columns = [entry[0] for entry in cursor.description]
            for row in cursor.fetchall():
                key = tuple(row[columns.index(k)] for k in keys)
                yield f"{table} {key} deleted", f"DELETE FROM {table} WHERE {where}", key  # noqa: S608
                for column, value in zip(columns, row, strict=True):
                    yield f"{table} {key} {column}", f"UPDATE {table} SET {column} = ? WHERE {where}", (changed(value), *key)  # noqa: S608


def derive(folder: Path, kept: str | None) -> dict[str, int]:
    """Run fsck on a store as it lies there, without the comparison that opening makes."""
    origin, address = settings(folder)
    with Installation(folder, origin, open_store(address)) as opened:
        return fsck(opened, kept)


def unlocked(path: Path) -> None:
    """Drop the triggers, as somebody with the file in hand can."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")


def test_every_stored_value(office: Office) -> None:
    """Each value changed, each row deleted."""
    store = office.folder / "store.db"
    office.said("erase", office.ids[2], "flow", "--basis", "PIPL 47", "--as", "chen", "--and", "wang")
    happened(office)
    office.said("erase", "a/2", "name", "--basis", "PIPL 47", "--as", "chen", "--and", "wang")
    kept = (office.folder / "checkpoint").read_text("utf-8")
    unlocked(store)
    saved = store.read_bytes()
    assert derive(office.folder, kept)
    unseen, tried = [], 0
    for name, statement, parameters in list(attacks(store)):
        with closing(sqlite3.connect(store, isolation_level=None)) as connection:
            try:
                connection.execute(statement, parameters)
            except sqlite3.IntegrityError:
                continue
        tried += 1
        with suppress(FenjiError):
            derive(office.folder, kept)
            unseen.append(name)
        put_back(store, saved)
    assert tried > 200
    assert unseen == []


def happened(office: Office) -> None:
    """Record events of two streams, one of them a refused attempt."""
    with open_home(office.folder) as opened:
        streams, chen = Streams(opened, open_rulebook(office.rules)), opened.actors.key_of("chen", "decision", stamp(now()))
        fields = {**FILED, "mandate": HASH}
        for stream, event in (("a", "draft"), ("a", "submit_for_party"), ("b", "draft"), ("a", "submit_for_party")):
            with suppress(InputError):
                streams.perform(Act(stream, "filing", event, chen, now(), fields if event != "draft" else {}))


def put_back(store: Path, saved: bytes) -> None:
    """Make the store what it was."""
    for suffix in ("-wal", "-shm"):
        store.with_name(store.name + suffix).unlink(missing_ok=True)
    fresh = store.with_name("fresh.db")  # a new file: a connection may still hold the old one
    fresh.write_bytes(saved)
    fresh.replace(store)


def test_order_and_rollback(office: Office) -> None:
    """Two records exchanged; the whole store put back to an earlier day."""
    store = office.folder / "store.db"
    with sqlite3.connect(store) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    early = store.read_bytes()
    office.said("decide", "nanjing-tiering", SAMPLES / "nanjing-tiering" / "robotaxi.yaml", "--as", "chen")
    kept = (office.folder / "checkpoint").read_text("utf-8")
    unlocked(store)
    with sqlite3.connect(store) as connection:
        for old, new in ((9, 999), (10, 9), (999, 10)):
            connection.execute("UPDATE record SET seq = ? WHERE seq = ?", (new, old))
    connection.close()
    with pytest.raises(EvidenceError, match="checkpoint 10"):
        derive(office.folder, kept)
    put_back(store, early)
    with pytest.raises(EvidenceError, match="rolled back"):
        derive(office.folder, kept)
    assert office.refused("log") == "old-backup"
    assert derive(office.folder, None)
