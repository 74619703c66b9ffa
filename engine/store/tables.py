"""The tables of the store. Nothing in them is ever updated or deleted, and the database refuses both - but for `stream`.

The rows of `stream` are replaced: each is what the last event of its stream says, so it can be made again from the log.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, PrimaryKeyConstraint, String, Table, Text, text

HEAD = "0003"  # the migration that this code expects
FEW = "kind <> 'decision' AND kind <> 'event'"  # the kinds of which there are few are found by an index
DECISIONS = "kind = 'decision'"

metadata = MetaData()

# one leaf of the log each, in the order of the log
record = Table(
    "record",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("id", String(64), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column(
        "signatures", Text, nullable=False
    ),  # canonical JSON of the envelope's signatures; [] when the checkpoint alone covers it
    Column("at", String(24), nullable=False),
    Column("supersedes", String(64)),
    sqlite_with_rowid=True,
)
# a list of decisions is read along this one, past the events that stand between them
Index("record_decision", record.c.kind, record.c.seq, sqlite_where=text(DECISIONS), postgresql_where=text(DECISIONS))
Index("record_kind", record.c.kind, sqlite_where=text(FEW), postgresql_where=text(FEW))

# complete subtrees above the leaves
node = Table(
    "node",
    metadata,
    Column("level", Integer, nullable=False),
    Column("idx", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("level", "idx"),
    sqlite_with_rowid=False,
)

# published heads; each names the one it extends, and no two extend the same, so the log cannot fork
checkpoint = Table(
    "checkpoint",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("previous", BigInteger, nullable=False, unique=True),
    Column("root", LargeBinary, nullable=False),
    Column("note", Text, nullable=False),
    Column("at", String(24), nullable=False),
)

# clear facts under a key of the vault; an erasure adds a generation without the fact and destroys the older keys
sealed = Table(
    "sealed",
    metadata,
    Column("filing", String(64), nullable=False),
    Column("generation", Integer, nullable=False),
    Column("nonce", LargeBinary, nullable=False),
    Column("ciphertext", LargeBinary, nullable=False),
    PrimaryKeyConstraint("filing", "generation"),
)

# large values by their hash: rules as they were, archives of releases
blob = Table(
    "blob",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

# the place of a record in its stream, from 1; the key is what lets only one of two writers go on
event = Table(
    "event",
    metadata,
    Column("stream", String(52), nullable=False),
    Column("number", Integer, nullable=False),
    Column("seq", BigInteger, nullable=False, unique=True),
    PrimaryKeyConstraint("stream", "number"),
    sqlite_with_rowid=False,
)

# every stream as its last event leaves it (`append.Projection`)
stream = Table(
    "stream",
    metadata,
    Column("id", String(52), primary_key=True),
    Column("process", String(32), nullable=False),
    Column("state", String(32), nullable=False),
    Column("closed", Integer, nullable=False),
    Column("holder", String(64), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("unit", String(64), nullable=False),
    Column("district", String(32), nullable=False),
    Column("tier", String(32), nullable=False),
    Column("assignee", String(64), nullable=False),
    Column("due", String(24), nullable=False),
    Column("opened", String(24), nullable=False),
    Column("updated", String(24), nullable=False),
    Column("number", Integer, nullable=False),
    Column("fold", Text, nullable=False),
)
# a queue is read along one of these orders; what it filters by stands in the same index, so that no row is read in vain
QUEUE = ("closed", "process", "state", "unit", "district", "tier", "assignee", "holder")
for _order in ("due", "updated"):
    Index(f"stream_{_order}", stream.c[_order], stream.c.id, *(stream.c[name] for name in QUEUE))
Index("stream_holder", stream.c.holder)
OPEN = "subject <> '' AND closed = 0"
Index("stream_subject", stream.c.subject, unique=True, sqlite_where=text(OPEN), postgresql_where=text(OPEN))

REPLACED = (stream,)  # every other table is append-only
