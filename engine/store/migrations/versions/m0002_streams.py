"""Streams of events: their places, append-only, and the one table whose rows are replaced."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, PrimaryKeyConstraint, String, Text, text

from engine.store.migrations.forbidding import forbid

revision = "0002"
down_revision = "0001"

FEW = text("kind <> 'decision' AND kind <> 'event'")
OPEN = text("subject <> '' AND closed = 0")
TEXTS = (
    ("holder", 64),
    ("subject", 64),
    ("unit", 64),
    ("district", 32),
    ("tier", 32),
    ("assignee", 64),
    ("due", 24),
    ("opened", 24),
    ("updated", 24),
)
QUEUE = ("closed", "process", "state", "unit", "district", "tier", "assignee", "holder")


def upgrade() -> None:
    """Make the tables `event` and `stream`, and leave events out of the index of the kinds that are few."""
    op.drop_index("record_kind", "record")
    op.create_index("record_kind", "record", ["kind"], sqlite_where=FEW, postgresql_where=FEW)
    op.create_table(
        "event",
        Column("stream", String(52), nullable=False),
        Column("number", Integer, nullable=False),
        Column("seq", BigInteger, nullable=False, unique=True),
        PrimaryKeyConstraint("stream", "number"),
        sqlite_with_rowid=False,
    )
    forbid("event")
    op.create_table(
        "stream",
        Column("id", String(52), primary_key=True),
        Column("process", String(32), nullable=False),
        Column("state", String(32), nullable=False),
        Column("closed", Integer, nullable=False),
        *(Column(name, String(length), nullable=False) for name, length in TEXTS),
        Column("number", Integer, nullable=False),
        Column("fold", Text, nullable=False),
    )
    for order in ("due", "updated"):
        op.create_index(f"stream_{order}", "stream", [order, "id", *QUEUE])
    op.create_index("stream_holder", "stream", ["holder"])
    op.create_index("stream_subject", "stream", ["subject"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN)
