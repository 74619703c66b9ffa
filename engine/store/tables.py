"""The tables of the store. Nothing in them is ever updated or deleted; the database refuses both."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, PrimaryKeyConstraint, String, Table, Text, text

HEAD = "0001"  # the migration that this code expects

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
Index("record_kind", record.c.kind, sqlite_where=text("kind <> 'decision'"), postgresql_where=text("kind <> 'decision'"))

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
