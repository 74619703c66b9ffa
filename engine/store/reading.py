"""Reads of the store, through SQLAlchemy: single rows by key, and everything in the order of the log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from engine.store import tables as t
from engine.store.append import Head, refused

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Select

    from engine.store.opening import Store

BATCH = 2_000
PAGE = 200  # decisions read at a time: what a list shows, not what is copied


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it is stored."""

    seq: int
    id: str
    kind: str
    leaf: bytes
    payload: bytes
    signatures: str
    at: str
    supersedes: str | None


_HELD: ContextVar[tuple[Store, Connection] | None] = ContextVar("snapshot", default=None)


@contextmanager
def connected(store: Store) -> Iterator[Connection]:
    """Give a connection for reads, within a `snapshot` its own. Raises StoreError."""
    held = _HELD.get()
    try:
        if held and held[0] is store:
            yield held[1]
            return
        with store.engine.connect() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise refused(getattr(error, "orig", None) or error) from None


@contextmanager
def snapshot(store: Store) -> Iterator[None]:
    """Let every read of the block see the store as it stands at its beginning, whatever others write meanwhile.

    One read transaction: deferred on SQLite, whose write-ahead log keeps what it reads; REPEATABLE READ on PostgreSQL (13.2.2 of
    its manual). Within another one it is that one. Raises StoreError.
    """
    held = _HELD.get()
    if held and held[0] is store:
        yield
        return
    with connected(store) as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN")
        else:
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        connection.execute(select(t.record.c.seq).limit(1)).first()  # both take their snapshot at the first read
        before = _HELD.set((store, connection))
        try:
            yield
        finally:
            _HELD.reset(before)


@contextmanager
def beyond_snapshot() -> Iterator[None]:
    """Let the reads of the block see what was written since the snapshot began."""
    before = _HELD.set(None)
    try:
        yield
    finally:
        _HELD.reset(before)


def _one(store: Store, query: Select[Any]) -> Any:
    with connected(store) as connection:
        return connection.execute(query).first()


RECORD = select(
    t.record.c.seq,
    t.record.c.id,
    t.record.c.kind,
    t.record.c.leaf,
    t.record.c.payload,
    t.record.c.signatures,
    t.record.c.at,
    t.record.c.supersedes,
)


# the kind stands in the text: an index of some rows is used only where the query says that it wants no others
OF_DECISIONS = RECORD.where(text(t.DECISIONS), t.record.c.seq >= bindparam("start")).order_by(t.record.c.seq).limit(PAGE)


def record_of(row: Any) -> Record:
    """Return the record of a row of `RECORD`."""
    return Record(row.seq, row.id, row.kind, bytes(row.leaf), bytes(row.payload), row.signatures, row.at, row.supersedes)


def along(store: Store, query: Select[Any], key: ColumnElement[Any], start: int | str) -> Iterator[Any]:
    """Yield rows in the order of a key, a batch at a time: whoever stops in the middle leaves no cursor open."""
    while True:
        with connected(store) as connection:
            rows = connection.execute(query.add_columns(key.label("_key")).where(key > start).order_by(key).limit(BATCH)).all()
        yield from rows
        if len(rows) < BATCH:
            return
        start = rows[-1]._key  # noqa: SLF001 - a column of ours


def record(store: Store, record_id: str) -> Record | None:
    """Return the record of an id, or None. Raises StoreError."""
    row = _one(store, RECORD.where(t.record.c.id == record_id))
    return record_of(row) if row else None


def at_leaf(store: Store, seq: int) -> Record | None:
    """Return the record of a leaf, or None. Raises StoreError."""
    row = _one(store, RECORD.where(t.record.c.seq == seq))
    return record_of(row) if row else None


def of_kind(store: Store, *kinds: str) -> list[Record]:
    """Return the records of some kinds, in the order of the log; meant for the kinds that are few. Raises StoreError."""
    with connected(store) as connection:
        rows = connection.execute(RECORD.where(t.record.c.kind.in_(kinds), text(t.FEW)).order_by(t.record.c.seq))
        return [record_of(row) for row in rows]


def newest_of_kind(store: Store, *kinds: str) -> int:
    """Return the place of the newest record of some kinds that are few, -1 when there is none. Raises StoreError."""
    row = _one(store, RECORD.where(t.record.c.kind.in_(kinds), text(t.FEW)).order_by(t.record.c.seq.desc()).limit(1))
    return int(row.seq) if row else -1


def records(store: Store, start: int = 0) -> Iterator[Record]:
    """Yield every record from leaf `start` on, a batch at a time. Raises StoreError."""
    while True:
        with connected(store) as connection:
            query = RECORD.where(t.record.c.seq >= start).order_by(t.record.c.seq).limit(BATCH)
            rows = [record_of(row) for row in connection.execute(query)]
        if not rows:
            return
        yield from rows
        start = rows[-1].seq + 1


def decisions(store: Store, start: int = 0) -> Iterator[Record]:
    """Yield the decisions from leaf `start` on, found by their index, a page's worth at a time. Raises StoreError."""
    while True:
        with connected(store) as connection:
            rows = [record_of(row) for row in connection.execute(OF_DECISIONS, {"start": start})]
        yield from rows
        if len(rows) < PAGE:
            return
        start = rows[-1].seq + 1


def checkpoints(store: Store, start: int = 0) -> Iterator[tuple[int, Head]]:
    """Yield every published head above `start` with the size it extends, oldest first. Raises StoreError."""
    c = t.checkpoint.c
    while True:
        with connected(store) as connection:
            query = select(c.size, c.previous, c.root, c.note, c.at).where(c.size > start).order_by(c.size).limit(BATCH)
            rows = list(connection.execute(query))
        if not rows:
            return
        for row in rows:
            yield row.previous, Head(row.size, bytes(row.root), row.note, row.at)
        start = rows[-1].size


def checkpoint_at(store: Store, size: int) -> Head | None:
    """Return the first head of at least `size` leaves, or None. Raises StoreError."""
    c = t.checkpoint.c
    row = _one(store, select(c.size, c.root, c.note, c.at).where(c.size >= size).order_by(c.size).limit(1))
    return Head(row.size, bytes(row.root), row.note, row.at) if row else None


def nodes(store: Store, level: int) -> Iterator[tuple[int, int, bytes]]:
    """Yield the stored tree nodes of a level by index. Raises StoreError."""
    c = t.node.c
    for row in along(store, select(c.level, c.idx, c.hash).where(c.level == level), c.idx, -1):
        yield row.level, row.idx, bytes(row.hash)


def blob(store: Store, sha256: str) -> bytes | None:
    """Return a large value by its hash, or None. Raises StoreError."""
    row = _one(store, select(t.blob.c.data).where(t.blob.c.sha256 == sha256))
    return bytes(row.data) if row else None


def blobs(store: Store) -> Iterator[tuple[str, bytes]]:
    """Yield every large value with its hash, in order. Raises StoreError."""
    with connected(store) as connection:
        names = list(connection.scalars(select(t.blob.c.sha256).order_by(t.blob.c.sha256)))
    for name in names:
        yield name, blob(store, name) or b""


def has_sealed(store: Store) -> bool:
    """Tell whether the store holds any sealed facts. Raises StoreError."""
    return _one(store, select(t.sealed.c.filing).limit(1)) is not None


def sealed(store: Store, filing: str) -> list[tuple[int, bytes, bytes]]:
    """Return the generations of a filing's sealed facts: number, nonce, ciphertext. Raises StoreError."""
    c = t.sealed.c
    with connected(store) as connection:
        query = select(c.generation, c.nonce, c.ciphertext).where(c.filing == filing).order_by(c.generation)
        return [(row.generation, bytes(row.nonce), bytes(row.ciphertext)) for row in connection.execute(query)]


def all_sealed(store: Store) -> Iterator[tuple[str, int, bytes, bytes]]:
    """Yield every generation of sealed facts: filing, number, nonce, ciphertext. Raises StoreError."""
    c = t.sealed.c
    with connected(store) as connection:
        query = select(c.filing, c.generation, c.nonce, c.ciphertext).order_by(c.filing, c.generation)
        for row in connection.execution_options(yield_per=BATCH).execute(query):
            yield row.filing, row.generation, bytes(row.nonce), bytes(row.ciphertext)


def counts(store: Store) -> dict[str, int]:
    """Return how many rows each table holds. Raises StoreError."""
    with connected(store) as connection:
        return {
            table.name: int(connection.scalar(select(func.count()).select_from(table)) or 0) for table in t.metadata.sorted_tables
        }
