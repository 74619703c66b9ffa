"""The store on SQLite and on PostgreSQL: what goes in stays, and whatever is in the way is said and loses nothing."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from engine.errors import EvidenceError, InputError, SigningError, StoreError
from engine.evidence import canonical
from engine.evidence.installation import Entry, init, open_home
from engine.evidence.keys import Holder
from engine.evidence.log import Log, stamp
from engine.evidence.merkle import consistency, verify_consistency
from engine.store import opening, reading, streams, tables
from engine.store.append import Appender, refused
from engine.store.guarding import guarded, require_guarded
from engine.store.opening import Store, create, open_store, sqlite_path
from engine.store.vault import unseal
from tests import postgres
from tests.crash.judge import judge
from tests.ledger import AT, ORIGIN, SIGNER, event, projected, row, verify

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def store(address: str) -> Iterator[Store]:
    with open_store(address, make=True) as found:
        yield found


def log_of(store: Store) -> Log:
    return Log(store.appender, ORIGIN, [SIGNER])


def errors_of(store: Store) -> tuple[type[Exception], ...]:
    return (sqlite3.Error,) if isinstance(store.connection, sqlite3.Connection) else (psycopg.Error,)


def size_of(store: Store) -> int:
    head = store.appender.head()
    return head.size if head else 0


def test_receipts_verify_and_heads_extend(store: Store) -> None:
    log, heads, number = log_of(store), [], 0
    assert store.appender.head() is None
    for count in (1, 7, 2, 16, 1):
        rows = [row(number + i) for i in range(count)]
        published = log.append(rows)
        assert published.start == number
        number += count
        for offset, each in enumerate(rows):
            assert verify(each.leaf, published.receipt(offset).text()).size == number
            assert published.receipt(offset) == log.receipt(published.start + offset, published.head)
        heads.append(published.head)
    assert judge(store, {i: row(i) for i in range(number)}, heads) == number
    assert [head for _, head in reading.checkpoints(store)] == heads
    assert verify(row(0).leaf, log.receipt(0, heads[-1]).text()).size == number
    with pytest.raises(EvidenceError, match="no-such-leaf"):
        log.receipt(number, heads[-1])


def test_everything_is_read_back(store: Store) -> None:
    data = b"x" * 100
    name = canonical.sha256(data)
    log_of(store).append([row(0, sealed=True), row(1)], [(name, data), (name, data)])
    assert [(each.seq, each.id, each.payload) for each in reading.records(store)] == [
        (i, f"r-{i}", row(i).payload) for i in (0, 1)
    ]
    found = reading.record(store, "r-1")
    assert found is not None
    assert (found.leaf, found.supersedes) == (row(1).leaf, None)
    assert reading.record(store, "r-2") is None
    assert reading.sealed(store, "r-0") == [(0, b"nonce", b"cipher")]
    assert list(reading.blobs(store)) == [(name, data)]
    assert [[index for _, index, _ in reading.nodes(store, level)] for level in (1, 2)] == [[0], []]
    assert reading.counts(store) == {"record": 2, "node": 1, "checkpoint": 1, "sealed": 1, "blob": 1, "event": 0, "stream": 0}
    at = reading.checkpoint_at(store, 1)
    assert at is not None
    assert at.size == 2


CHANGES = [
    "UPDATE {table} SET {column} = {column}",
    "DELETE FROM {table}",
    "TRUNCATE {table}",
    "REPLACE INTO {table} SELECT * FROM {table}",
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda text: text.split()[0])
def test_append_only(store: Store, change: str) -> None:
    sqlite = isinstance(store.connection, sqlite3.Connection)
    if change.startswith("TRUNCATE" if sqlite else "REPLACE"):
        return  # the other database has no such statement
    log_of(store).append([row(0, sealed=True), event(row(1), "s", 1)], [("0" * 64, b"")])
    for table in set(tables.metadata.sorted_tables) - set(tables.REPLACED):
        sql = change.format(table=table.name, column=next(iter(table.columns)).name)
        with pytest.raises(errors_of(store)) as caught:
            store.connection.execute(sql)
        codes = ("exists", "overtaken", "append-only") if change.startswith("REPLACE") else ("append-only",)
        assert refused(caught.value).finding.code in codes
    assert size_of(store) == 2


def test_replacing_is_refused_on_every_connection(store: Store, address: str) -> None:
    """`recursive_triggers` is off on a connection of others, so REPLACE would delete without asking the trigger on deletions."""
    log_of(store).append([row(0, sealed=True), event(row(1), "s", 1)], [("0" * 64, b"")])
    path = sqlite_path(address)
    if path is None:
        return
    before = {table.name: rows_of(path, table.name) for table in guarded()}
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        for table in guarded():
            names = [column.name for column in table.columns]
            changed = ", ".join("x'00'" if name in ("payload", "data", "hash", "root", "ciphertext") else name for name in names)
            for form in ("REPLACE", "INSERT OR REPLACE"):
                statement = f"{form} INTO {table.name} SELECT {changed} FROM {table.name}"  # noqa: S608 - our own names
                if table.name == "event":  # the whole of it is key
                    statement = f"{form} INTO event SELECT stream, number, seq + 1 FROM event"  # noqa: S608
                with pytest.raises(sqlite3.IntegrityError, match="UNIQUE constraint failed"):
                    other.execute(statement)
    assert {table.name: rows_of(path, table.name) for table in guarded()} == before


def rows_of(path: Path, table: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - our own names


def test_triggers_that_are_gone_are_noticed(store: Store, address: str) -> None:
    guards(store)
    sqlite = sqlite_path(address) is not None
    drop = "DROP TRIGGER blob_no_delete" if sqlite else "ALTER TABLE blob DISABLE TRIGGER blob_no_row"
    store.connection.execute(drop)
    with pytest.raises(StoreError, match="the trigger blob_no_"):
        guards(store)
    if sqlite:
        create(address)
        guards(store)


def guards(store: Store) -> None:
    with reading.connected(store) as connection:
        require_guarded(connection)


def test_group_is_recorded_whole_or_not_at_all(store: Store) -> None:
    log = log_of(store)
    log.append([row(0), row(1), row(2)])
    with pytest.raises(StoreError, match="exists"):
        log.append([row(3), row(4), row(1)])
    assert size_of(store) == 3
    head = log.append([row(3)]).head
    assert judge(store, {i: row(i) for i in range(4)}, [head]) == 4


def test_writers_take_turns(store: Store, address: str) -> None:
    with open_store(address) as second:
        logs = [log_of(store), log_of(second)]
        heads = [logs[i % 2].append([row(2 * i), row(2 * i + 1)]).head for i in range(9)]
        assert judge(second, {i: row(i) for i in range(18)}, heads) == 18


def test_two_processes_write_at_once(store: Store, address: str) -> None:
    command = [sys.executable, "-m", "tests.writers", address]
    pipe = subprocess.PIPE
    writers = [subprocess.Popen([*command, name, "150"], cwd=ROOT, text=True, stdin=pipe, stdout=pipe) for name in "ab"]
    for writer in writers:
        assert writer.stdout
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin
        writer.stdin.write("go\n")
        writer.stdin.flush()
    lines = []
    for name, writer in zip("ab", writers, strict=True):
        out, _ = writer.communicate(timeout=120)
        assert writer.returncode == 0
        lines += [{"name": name, **json.loads(line)} for line in out.splitlines()]
    lines.sort(key=lambda line: line["start"])
    size, roots = 0, {}
    for line in lines:
        assert line["start"] == size
        size += len(line["leaves"])
        for leaf, receipt in zip(line["leaves"], line["receipts"], strict=True):
            found = verify(bytes.fromhex(leaf), receipt)
            assert found.size == size
            roots[size] = found.root
    assert len(lines) == 300
    assert sum(one["name"] != two["name"] for one, two in pairwise(lines)) > 2, "they did not write at once"
    assert judge(store, {}, []) == size
    appender, last = store.appender, max(roots)
    for each, root in roots.items():
        verify_consistency(each, root, last, roots[last], consistency(each, last, appender.hash))


def test_another_version_is_refused(store: Store, address: str) -> None:
    log_of(store).append([row(0)])
    store.connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="schema 9999, not 0003") as caught:
        open_store(address)
    assert (caught.value.finding.code, caught.value.finding.help) == ("store-version", "upgrade with `fenji init`")
    store.connection.execute("DELETE FROM alembic_version")
    with pytest.raises(StoreError, match="schema none"):
        open_store(address)


def test_missing_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no-store"):
        open_store(f"sqlite:{tmp_path / 'none.db'}")
    (tmp_path / "other.db").write_bytes(b"not a database, but long enough to be looked at" * 30)
    with pytest.raises(StoreError, match="damaged"):
        open_store(f"sqlite:{tmp_path / 'other.db'}")
    with pytest.raises(StoreError, match="cannot be made"):
        open_store(f"sqlite:{tmp_path / 'other.db' / 'below.db'}", make=True)


def test_unreachable_server(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="the store refuses"):
        open_store(f"postgresql://fenji@/none?host={tmp_path}")


def test_missing_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match="no-driver"):
        open_store("postgresql://fenji@/none")


def test_locked(store: Store, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "BUSY_SECONDS", 0.05)
    sqlite = isinstance(store.connection, sqlite3.Connection)
    with open_store(address) as second:
        log = log_of(second)
        log.append([row(0)])
        store.connection.execute("BEGIN IMMEDIATE" if sqlite else "BEGIN")
        if not sqlite:
            store.connection.execute(f"SELECT pg_advisory_xact_lock({opening.LOCK})")
        with pytest.raises(StoreError, match="busy"):
            log.append([row(1)])
        store.connection.execute("ROLLBACK")
        assert log.append([row(1)]).head.size == 2


def test_clock_backwards(store: Store) -> None:
    log, now = log_of(store), datetime(2026, 8, 1, tzinfo=UTC)
    log.append([row(0, at=stamp(now))])
    with pytest.raises(StoreError, match="clock-backwards"):
        log.append([row(1, at=stamp(now)), row(2, at=stamp(now - timedelta(seconds=10, milliseconds=1)))])
    assert size_of(store) == 1
    assert log.append([row(1, at=stamp(now - timedelta(seconds=10)))]).head.size == 2


def test_damaged_tree_is_not_extended(store: Store) -> None:
    log_of(store).append([row(i) for i in range(4)])
    table = "node" if isinstance(store.connection, sqlite3.Connection) else "node ON node"
    for trigger in ("node_no_update",) if table == "node" else ("node_no_row",):
        store.connection.execute(f"DROP TRIGGER {trigger}{table.removeprefix('node')}")
    store.connection.execute("UPDATE node SET idx = 7 WHERE level = 2")
    with pytest.raises(StoreError, match="lacks the hash 2/0"):
        log_of(store).append([row(4)])
    store.connection.execute("UPDATE node SET idx = 0, hash = (SELECT leaf FROM record WHERE seq = 0) WHERE level = 2")
    with pytest.raises(StoreError, match="does not lead to the published root"):
        log_of(store).append([row(4)])
    assert size_of(store) == 4


# streams --------------------------------------------------------------------------------------------------------------


def test_only_one_of_two_writers_goes_on(store: Store, address: str) -> None:
    log = log_of(store)
    log.append([event(row(0), "s", 1, unit="a")])
    with open_store(address) as second:
        log_of(second).append([event(row(1), "s", 2, unit="b")])
    with pytest.raises(StoreError, match="overtaken") as caught:
        log.append([row(2), event(row(3), "s", 2, unit="c")])
    assert "nothing was recorded" in caught.value.finding.help
    assert [each.id for each in streams.events(store, "s")] == ["r-0", "r-1"]
    assert list(streams.places(store)) == [(0, "s", 1), (1, "s", 2)]
    found = streams.stream(store, "s")
    assert found == projected("s", 2, unit="b")
    assert streams.stream(store, "t") is None
    assert judge(store, {}, []) == 2


def test_two_open_streams_are_not_about_the_same(store: Store) -> None:
    log = log_of(store)
    log.append([event(row(0), "s", 1, subject="x"), event(row(1), "t", 1, subject="")])
    with pytest.raises(StoreError, match="duplicate"):
        log.append([event(row(2), "t", 2, subject="x")])
    log.append([event(row(2), "s", 2, subject="x", closed=1)])
    log.append([event(row(3), "t", 2, subject="x")])
    assert judge(store, {}, []) == 4


def test_queue_pages(store: Store) -> None:
    shown = [
        {"due": f"2026-0{1 + k % 3}-01", "unit": "a" if k % 2 else "b", "closed": int(k == 4), "updated": f"{k:02}"}
        for k in range(9)
    ]
    log_of(store).append([event(row(k), f"s{k}", 1, **each) for k, each in enumerate(shown)])
    pages, after = [], None
    while page := streams.queue(store, streams.Page({"closed": 0}, after=after, limit=3)):
        pages.append([each.id for each in page])
        after = (page[-1].due, page[-1].id)
    assert pages == [["s0", "s3", "s6"], ["s1", "s7", "s2"], ["s5", "s8"]]
    newest = streams.queue(store, streams.Page({"unit": "b"}, order="updated", newest=True, limit=2))
    assert [each.id for each in newest] == ["s8", "s6"]
    older = streams.queue(store, streams.Page({"unit": "b"}, order="updated", newest=True, after=("06", "s6")))
    assert [each.id for each in older] == ["s4", "s2", "s0"]
    for strange in (streams.Page({"fold": "{}"}), streams.Page({}, order="fold")):
        with pytest.raises(InputError, match="wrong-queue"):
            streams.queue(store, strange)


def test_decisions_are_listed_along_their_index(store: Store) -> None:
    log_of(store).append([replace(row(k), kind="decision" if k % 10 == 0 else "event") for k in range(3_000)])
    assert [each.seq for each in reading.decisions(store, 7)] == list(range(10, 3_000, 10))
    sqlite = isinstance(store.connection, sqlite3.Connection)
    query = reading.OF_DECISIONS.params(start=7).compile(store.engine, compile_kwargs={"literal_binds": True})
    with store.engine.connect() as connection:
        if not sqlite:
            connection.execute(text("ANALYZE record"))
        rows = connection.execute(text(f"EXPLAIN {'QUERY PLAN' if sqlite else ''} {query}"))
        plan = "\n".join(str(each) for each in rows)
    assert "record_decision" in plan, plan
    assert "TEMP B-TREE" not in plan, plan  # nor sorted afterwards


def test_rows_of_streams_are_replaced_together(store: Store) -> None:
    log_of(store).append([event(row(0), "s", 1), event(row(1), "t", 1)])
    store.appender.replace([projected("s", 1, unit="x")])
    assert list(streams.rows(store)) == [projected("s", 1, unit="x")]
    with pytest.raises(StoreError, match="duplicate"):
        store.appender.replace([projected("u", 1, subject="x"), projected("v", 1, subject="x")])
    assert [each.id for each in streams.rows(store)] == ["s"]


def test_an_older_store_is_upgraded(address: str) -> None:
    with open_store(address, make=True) as made:
        drop(made)
    with pytest.raises(StoreError, match="schema 0001, not 0003"):
        open_store(address)
    opening.create(address)
    with open_store(address) as again:
        log_of(again).append([row(0), event(row(1), "s", 1)])
        assert judge(again, {}, []) == 2


def drop(store: Store) -> None:
    """Make a store what the first version made."""
    execute = store.connection.execute
    for statement in ("DROP TABLE stream", "DROP TABLE event", "DROP INDEX record_kind", "DROP INDEX record_decision"):
        execute(statement)
    execute("CREATE INDEX record_kind ON record (kind) WHERE kind <> 'decision'")
    execute("UPDATE alembic_version SET version_num = '0001'")


# the disk and the connection -----------------------------------------------------------------------------------------


class Failing:
    """A connection whose statements that begin with a word fail."""

    def __init__(self, connection: Any, word: str, error: Exception) -> None:
        """Hand everything else to `connection`."""
        self._connection, self._word, self._error = connection, word, error

    def execute(self, sql: str, parameters: Any = ()) -> Any:
        """Run one statement, or fail."""
        if sql.startswith(self._word):
            raise self._error
        return self._connection.execute(sql, parameters)


def test_failed_commit_is_not_retried(store: Store, address: str) -> None:
    log_of(store).append([row(0)])
    failing = Failing(store.connection, "COMMIT", errors_of(store)[0]("disk I/O error"))
    log = Log(Appender(failing, store.appender._dialect), ORIGIN, [SIGNER])
    with pytest.raises(StoreError, match="in-doubt") as caught:
        log.append([row(1)])
    assert "look whether" in caught.value.finding.help
    failing._word = "nothing"
    with pytest.raises(StoreError, match="broken"):
        log.append([row(1)])
    with open_store(address) as again:
        assert log_of(again).append([row(1)]).head.size == 2


def test_lost_connection(store: Store, address: str) -> None:
    log = log_of(store)
    log.append([row(0)])
    store.connection.close()
    with pytest.raises(StoreError, match="refuses"):
        log.append([row(1)])
    with pytest.raises(StoreError, match="refuses"):
        store.appender.head()
    with pytest.raises(StoreError, match="refuses"):
        store.appender.hash(0, 0)
    with open_store(address) as again:
        assert log_of(again).append([row(1)]).head.size == 2


def test_disk_full(tmp_path: Path) -> None:
    with open_store(f"sqlite:{tmp_path / 'store.db'}", make=True) as store:
        log = log_of(store)
        heads = [log.append([row(0)]).head]
        (pages,) = store.connection.execute("PRAGMA page_count").fetchone()
        store.connection.execute(f"PRAGMA max_page_count={pages}")
        with pytest.raises(StoreError, match="disk-full"):
            log.append([row(1, bytes(40_000))])
        store.connection.execute("PRAGMA max_page_count=100000")
        heads.append(log.append([row(1, bytes(40_000))]).head)
        assert judge(store, {0: row(0), 1: row(1, bytes(40_000))}, heads) == 2


def test_file_may_not_grow(tmp_path: Path) -> None:
    address = f"sqlite:{tmp_path / 'store.db'}"
    with open_store(address, make=True) as store:
        log = log_of(store)
        heads = [log.append([row(0)]).head]
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
        try:
            with pytest.raises(StoreError, match=r"refuses|in-doubt"):
                log.append([row(1, bytes(200_000))])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    with open_store(address) as store:
        heads.append(log_of(store).append([row(1)]).head)
        assert judge(store, {0: row(0), 1: row(1)}, heads) == 2


MESSAGES = [
    (psycopg.errors.DiskFull('could not extend file "base/1/2": No space left on device'), "disk-full"),
    (psycopg.errors.LockNotAvailable("canceling statement due to lock timeout"), "busy"),
    (psycopg.errors.ReadOnlySqlTransaction("cannot execute INSERT in a read-only transaction"), "read-only"),
    (sqlite3.OperationalError("attempt to write a readonly database"), "read-only"),
    (sqlite3.OperationalError("database or disk is full"), "disk-full"),
    (sqlite3.DatabaseError("database disk image is malformed"), "damaged"),
    (sqlite3.OperationalError("disk I/O error"), "store"),
]


@pytest.mark.parametrize(("error", "code"), MESSAGES, ids=[code for _, code in MESSAGES])
def test_what_a_database_refuses(error: Exception, code: str) -> None:
    finding = refused(error).finding
    assert finding.code == code
    assert finding.help.endswith("nothing was recorded") or code == "store"


@contextlib.contextmanager
def someone_else() -> Iterator[None]:
    """Go on without the powers of root, who may write anything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(pwd.getpwnam("nobody").pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)


def test_read_only_file() -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        path = folder / "store.db"
        with open_store(f"sqlite:{path}", make=True) as store:
            log_of(store).append([row(0)])
        folder.chmod(0o755)
        path.chmod(0o444)
        with someone_else(), pytest.raises(StoreError, match=r"read-only|unable to open"):
            log_of(open_store(f"sqlite:{path}")).append([row(1)])
        path.chmod(0o600)
        with open_store(f"sqlite:{path}") as store:
            assert log_of(store).append([row(1)]).head.size == 2
    finally:
        shutil.rmtree(folder)


def test_read_only_server(server: Any) -> None:
    address = server.database()
    open_store(address, make=True).close()
    with open_store(address) as store:
        store.connection.execute("SET default_transaction_read_only = on")
        with pytest.raises(StoreError, match="read-only"):
            log_of(store).append([row(0)])
        store.connection.execute("SET default_transaction_read_only = off")
        assert log_of(store).append([row(0)]).head.size == 1


def test_commits_are_synchronous(server: Any) -> None:
    address = server.database()
    with open_store(address, make=True) as store:
        store.connection.execute(f"ALTER DATABASE {address.partition('?')[0].rpartition('/')[2]} SET synchronous_commit = off")
    with open_store(address) as store:
        assert store.connection.execute("SHOW synchronous_commit").fetchone() == ("on",)


# installations -------------------------------------------------------------------------------------------------------

ADMIN = Holder("admin", "Admin", "", ("admin",))


@pytest.fixture
def home(address: str, tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    assert init(folder, ORIGIN, address, AT) is not None
    return folder


def entry(number: int) -> Entry:
    return Entry(f"e-{number}", "decision", row(number).payload, AT)


def test_installation_keeps_its_head(home: Path) -> None:
    with open_home(home) as found:
        found.record([entry(0), entry(1)])
        admin = found.add_actor(ADMIN, "decision", AT, None)
        head = found.head()
        assert head is not None
        assert head.size == 4
        assert (home / "checkpoint").read_text("utf-8") == head.note
        assert found.actors.key_of("admin", "decision", AT) == admin
    assert init(home, ORIGIN, "ignored", AT) is None


@pytest.mark.parametrize(("change", "code"), [("missing", "no-key"), ("open", "unsafe-key"), ("other", "no-key")])
def test_log_key_file(home: Path, change: str, code: str) -> None:
    with open_home(home) as found:
        path = home / "keys" / f"{found.actors.keys[0].keyid}.pem"
        kept = path.read_bytes()
        if change == "missing":
            path.unlink()
        elif change == "open":
            path.chmod(0o644)
        else:
            path.write_bytes(b"no key")
        with pytest.raises(SigningError) as caught:
            found.record([entry(0)])
        assert caught.value.finding.code == code
        assert caught.value.finding.help
        assert size_of(found.store) == 1
        path.write_bytes(kept)
        path.chmod(0o600)
        assert found.record([entry(0)]).head.size == 2


def test_master_key_file(home: Path) -> None:
    master = home / "keys" / "master"
    master.write_bytes(b"short")
    with open_home(home) as found, pytest.raises(SigningError, match="not 32 bytes"):
        found.record([Entry("e", "decision", b"{}", AT, facts=b"facts")])
    with open_home(home) as found:
        assert size_of(found.store) == 1


def test_refused_entry_is_tried_again(home: Path) -> None:
    with open_home(home) as found:
        found.record([entry(0)])
        early = Entry("early", "decision", row(1).payload, "2020-01-01T00:00:00.000Z", facts=b"facts")
        log = found.log(AT)
        with pytest.raises(StoreError, match="clock-backwards"):
            found.record([early], log=log)
        published = found.record([replace(early, at=AT)], log=log)
        ((generation, nonce, cipher),) = reading.sealed(found.store, "early")
        key = found.vault.key("early", generation)
        assert key is not None
        assert unseal(key, "early", generation, nonce, cipher) == b"facts"
        assert published.head.size == 3


def point(home: Path, address: str) -> None:
    """Make an installation use another store, as a restore does."""
    config = canonical.loads((home / "home.json").read_bytes())
    (home / "home.json").write_bytes(canonical.dumps({**config, "store": address}))


def copy_of(address: str, request: pytest.FixtureRequest) -> str:
    """Return the address of a copy of a store that nobody has open."""
    path = opening.sqlite_path(address)
    if path is None:
        server = request.getfixturevalue("server")
        found: str = server.database(address.partition("?")[0].rpartition("/")[2])
        return found
    shutil.copy(path, path.with_name("copy.db"))
    return f"sqlite:{path.with_name('copy.db')}"


def test_old_backup_is_refused(home: Path, address: str, request: pytest.FixtureRequest) -> None:
    backup = copy_of(address, request)
    with open_home(home) as found:
        found.record([entry(0)])
    point(home, backup)
    with pytest.raises(StoreError, match="has 1 records, but 2 were published") as caught:
        open_home(home)
    assert (caught.value.finding.code, caught.value.finding.help) == ("old-backup", "restore a newer backup")
    point(home, address)
    with open_home(home) as found:
        assert found.record([entry(1)]).head.size == 3


@pytest.mark.parametrize("more", [1, 2])
def test_fork_of_a_backup_is_refused(home: Path, address: str, request: pytest.FixtureRequest, more: int) -> None:
    """An old backup that was written to elsewhere has as many records as were published, or more, but others."""
    backup = copy_of(address, request)
    kept = (home / "checkpoint").read_bytes()
    with open_home(home) as found:
        found.record([entry(0)])
    last = (home / "checkpoint").read_bytes()
    point(home, backup)
    (home / "checkpoint").write_bytes(kept)
    with open_home(home) as found:
        for number in range(more):
            found.record([entry(number + 1)])
    (home / "checkpoint").write_bytes(last)
    with pytest.raises(StoreError, match="forked"):
        open_home(home)


def test_checkpoint_that_cannot_be_kept(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_home(home) as found:
        monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        with pytest.raises(StoreError, match="not-kept") as caught:
            found.record([entry(0)])
        assert "recorded" in caught.value.finding.problem
        assert size_of(found.store) == 2
    monkeypatch.undo()
    with open_home(home) as found:
        assert found.record([entry(1)]).head.size == 3


def test_no_installation(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no-home"):
        open_home(tmp_path)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreError, match="no-home"):
        init(tmp_path / "file" / "home", ORIGIN, "sqlite:store.db", AT)


def test_server_that_loses_what_it_acknowledged(server: postgres.Server) -> None:
    """No session can make a server with fsync=off durable, so its store is not opened."""
    with psycopg.connect(server.address(), autocommit=True) as connection:
        for change, good in (("SET fsync = off", False), ("RESET fsync", True)):
            connection.execute(f"ALTER SYSTEM {change}".encode())
            connection.execute("SELECT pg_reload_conf()")
            wanted = "on" if good else "off"
            while True:
                with psycopg.connect(server.address()) as fresh:
                    if fresh.execute("SHOW fsync").fetchone() == (wanted,):
                        break
            with pytest.raises(StoreError, match="alembic_version" if good else "not-durable"):
                open_store(server.address())
