"""The first tables, and the triggers that make them append-only."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, PrimaryKeyConstraint, String, Text, text

from engine.store.migrations.forbidding import forbid

revision = "0001"
down_revision = None

TABLES = ("record", "node", "checkpoint", "sealed", "blob")


def upgrade() -> None:
    """Make the tables and forbid updates and deletions."""
    op.create_table(
        "record",
        Column("seq", BigInteger, primary_key=True, autoincrement=False),
        Column("id", String(64), nullable=False, unique=True),
        Column("kind", String(16), nullable=False),
        Column("leaf", LargeBinary, nullable=False),
        Column("payload", LargeBinary, nullable=False),
        Column("signatures", Text, nullable=False),
        Column("at", String(24), nullable=False),
        Column("supersedes", String(64)),
    )
    other = text("kind <> 'decision'")
    op.create_index("record_kind", "record", ["kind"], sqlite_where=other, postgresql_where=other)
    op.create_table(
        "node",
        Column("level", Integer, nullable=False),
        Column("idx", BigInteger, nullable=False),
        Column("hash", LargeBinary, nullable=False),
        PrimaryKeyConstraint("level", "idx"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "checkpoint",
        Column("size", BigInteger, primary_key=True, autoincrement=False),
        Column("previous", BigInteger, nullable=False, unique=True),
        Column("root", LargeBinary, nullable=False),
        Column("note", Text, nullable=False),
        Column("at", String(24), nullable=False),
    )
    op.create_table(
        "sealed",
        Column("filing", String(64), nullable=False),
        Column("generation", Integer, nullable=False),
        Column("nonce", LargeBinary, nullable=False),
        Column("ciphertext", LargeBinary, nullable=False),
        PrimaryKeyConstraint("filing", "generation"),
    )
    op.create_table("blob", Column("sha256", String(64), primary_key=True), Column("data", LargeBinary, nullable=False))
    for table in TABLES:
        forbid(table)
