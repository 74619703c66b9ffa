"""The hot path: records, tree nodes and the new head go down in one durable transaction, or not at all.

An event of a stream is a record that also takes a place in its stream: the key (stream, number) lets one of two writers through,
and the stream's row, the only row of the store that is ever replaced, goes down in the same transaction.

The connection comes from outside (sqlite3, psycopg, or apsw where power loss is simulated), in autocommit mode; every statement
is spelled out here. What the tree becomes is worked out by `grow`, inside the transaction, from the head that the transaction
sees: so two writers can never publish different trees of one size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from typing import Any, Protocol

from engine.errors import StoreError

NO_DUE = "9999-12-31"  # so that what is never due stands last in a queue


@dataclass(frozen=True, slots=True)
class Projection:
    """A stream as its last event leaves it: what a queue shows and filters by, and the folded state in canonical JSON.

    `holder` and `subject` are keyed hashes; `subject` is empty unless no second open stream may have the same.
    """

    id: str
    process: str
    state: str
    closed: int
    holder: str
    subject: str
    unit: str
    district: str
    tier: str
    assignee: str
    due: str
    opened: str
    updated: str
    number: int
    fold: str


COLUMNS = tuple(each.name for each in fields(Projection))


@dataclass(frozen=True, slots=True)
class Row:
    """One record to append; `leaf` is its leaf hash, `sealed` facts as (filing, generation, nonce, ciphertext).

    `event` is its place in a stream as (stream, number from 1), `projection` the stream's row after it.
    """

    id: str
    kind: str
    leaf: bytes
    payload: bytes
    signatures: str
    at: str
    supersedes: str | None = None
    sealed: tuple[str, int, bytes, bytes] | None = None
    event: tuple[str, int] | None = None
    projection: Projection | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """The published head: size, root, signed note and the time of its last record."""

    size: int
    root: bytes
    note: str
    at: str


@dataclass(frozen=True, slots=True)
class Growth:
    """What appending makes of the tree: complete nodes (level, index, hash), the new root and its signed note."""

    nodes: list[tuple[int, int, bytes]]
    root: bytes
    note: str


class Connection(Protocol):
    """What is asked of a connection: it runs one statement and gives a cursor with `fetchone`."""

    def execute(self, sql: str, parameters: Any = ..., /) -> Any:
        """Run one statement."""
        ...


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a database spells what differs, and the root of the errors that its driver raises."""

    begin: tuple[str, ...]
    mark: str
    errors: tuple[type[Exception], ...]

    def sql(self, text: str) -> str:
        """Return a statement with the driver's parameter marks."""
        return text.replace("?", self.mark)


Grow = Callable[[Head | None, Sequence[Row]], Growth]


class Appender:
    """Appends to one store; after a failure to commit it refuses to go on, since what the disk holds is then unknown."""

    def __init__(self, connection: Connection, dialect: Dialect) -> None:
        """Append through `connection`."""
        self._connection = connection
        self._dialect = dialect
        self._broken = False
        sql = dialect.sql
        self._head = sql("SELECT size, root, note, at FROM checkpoint ORDER BY size DESC LIMIT 1")
        self._record = sql(
            "INSERT INTO record (seq, id, kind, leaf, payload, signatures, at, supersedes) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        )
        self._node = sql("INSERT INTO node (level, idx, hash) VALUES (?, ?, ?)")
        self._checkpoint = sql("INSERT INTO checkpoint (size, previous, root, note, at) VALUES (?, ?, ?, ?, ?)")
        self._sealed = sql("INSERT INTO sealed (filing, generation, nonce, ciphertext) VALUES (?, ?, ?, ?)")
        self._blob = sql("INSERT INTO blob (sha256, data) VALUES (?, ?) ON CONFLICT (sha256) DO NOTHING")
        self._event = sql("INSERT INTO event (stream, number, seq) VALUES (?, ?, ?)")
        self._project = sql(project())
        self._read_leaf = sql("SELECT leaf FROM record WHERE seq = ?")
        self._read_node = sql("SELECT hash FROM node WHERE level = ? AND idx = ?")

    @property
    def broken(self) -> bool:
        """Tell whether a commit failed, so that this connection is not used again."""
        return self._broken

    def head(self) -> Head | None:
        """Return the published head, or None for an empty store. Raises StoreError."""
        try:
            row = self._connection.execute(self._head).fetchone()
        except self._dialect.errors as error:
            raise refused(error) from None
        return Head(int(row[0]), bytes(row[1]), str(row[2]), str(row[3])) if row else None

    def hash(self, level: int, index: int) -> bytes:
        """Return the hash of a complete subtree. Raises StoreError when it is not there."""
        try:
            if level == 0:
                row = self._connection.execute(self._read_leaf, (index,)).fetchone()
            else:
                row = self._connection.execute(self._read_node, (level, index)).fetchone()
        except self._dialect.errors as error:
            raise refused(error) from None
        if row is None:
            raise StoreError("damaged", f"the store lacks the hash {level}/{index}", "run `fenji fsck`, then restore a backup")
        return bytes(row[0])

    def append(self, rows: Sequence[Row], grow: Grow, blobs: Iterable[tuple[str, bytes]] = ()) -> Head:
        """Append rows and publish the head that `grow` makes of them; on return all of it is durable. Raises StoreError."""
        if self._broken:
            raise StoreError("broken", "an earlier commit failed, so this connection is not used again", "open the store anew")
        execute = self._connection.execute
        try:
            for statement in self._dialect.begin:
                execute(statement)
        except self._dialect.errors as error:
            self._roll_back()
            raise refused(error) from None
        try:
            before = self.head()
            start = before.size if before else 0
            growth = grow(before, rows)
            for sha256, data in blobs:
                execute(self._blob, (sha256, data))
            for seq, row in enumerate(rows, start):
                self._insert(seq, row)
            for entry in growth.nodes:
                execute(self._node, entry)
            head = Head(start + len(rows), growth.root, growth.note, rows[-1].at)
            execute(self._checkpoint, (head.size, start, head.root, head.note, head.at))
        except BaseException as error:
            self._roll_back()
            if isinstance(error, self._dialect.errors):
                raise refused(error) from None
            raise
        self._commit()
        return head

    def replace(self, rows: Sequence[Projection]) -> None:
        """Put these rows in the place of all rows of streams. Raises StoreError; then they are as they were."""
        execute = self._connection.execute
        try:
            for statement in self._dialect.begin:
                execute(statement)
            execute("DELETE FROM stream")
            for row in rows:
                execute(self._project, astuple(row))
        except self._dialect.errors as error:
            self._roll_back()
            raise refused(error) from None
        self._commit()

    def _insert(self, seq: int, row: Row) -> None:
        execute = self._connection.execute
        if row.event:  # first, so that a writer who was overtaken learns just that
            execute(self._event, (*row.event, seq))
        execute(self._record, (seq, row.id, row.kind, row.leaf, row.payload, row.signatures, row.at, row.supersedes))
        if row.sealed:
            execute(self._sealed, row.sealed)
        if row.projection:
            execute(self._project, astuple(row.projection))

    def _commit(self) -> None:
        try:
            self._connection.execute("COMMIT")
        except self._dialect.errors as error:
            self._broken = True  # a failed sync is never retried: the kernel may have dropped the pages
            self._roll_back()
            remedy = "open the store anew and look whether this was recorded, before recording it again"
            raise StoreError("in-doubt", f"the commit failed: {_said(error)}", remedy) from None

    def _roll_back(self) -> None:
        try:
            if getattr(self._connection, "in_transaction", True):  # SQLite ends it by itself when the disk is full
                self._connection.execute("ROLLBACK")
        except self._dialect.errors:
            self._broken = True


OVERTAKEN = "another event of this stream came first; look at the stream again"
DUPLICATE = "go on with the one that is open, or withdraw it first"


def project() -> str:
    """Return the statement that puts a stream's row in the place of its earlier one."""
    replaced = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS[1:])
    marks = ", ".join("?" for _ in COLUMNS)
    return f"INSERT INTO stream ({', '.join(COLUMNS)}) VALUES ({marks}) ON CONFLICT (id) DO UPDATE SET {replaced}"  # noqa: S608 - our own names


def refused(error: Exception) -> StoreError:
    """Return the error for what a database refused."""
    text = _said(error)
    lowered = text.lower()
    for word, code, remedy in (
        ("locked", "busy", "another writer holds the store; try again"),
        ("lock timeout", "busy", "another writer holds the store; try again"),
        ("full", "disk-full", "free some space, then try again"),
        ("no space left", "disk-full", "free some space, then try again"),
        ("readonly", "read-only", "give the store's file and folder write permission"),
        ("read-only", "read-only", "give the store's file and folder write permission"),
        ("append-only", "append-only", "records are superseded, never edited"),
        ("event.stream", "overtaken", OVERTAKEN),  # as SQLite names the key of the table `event`
        ("event_pkey", "overtaken", OVERTAKEN),  # as PostgreSQL does
        ("stream.subject", "duplicate", DUPLICATE),
        ("stream_subject", "duplicate", DUPLICATE),
        ("unique", "exists", "this was recorded before"),
        ("malformed", "damaged", "run `fenji fsck`, then restore a backup"),
        ("not a database", "damaged", "restore a backup"),
    ):
        if word in lowered:
            return StoreError(code, f"the store refuses: {text}", f"{remedy}; nothing was recorded")
    return StoreError("store", f"the store refuses: {text}", "nothing was recorded; mend the store, then try again")


def _said(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
