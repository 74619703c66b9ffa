"""Decisions are found without reading the events between them."""

from alembic import op
from sqlalchemy import text

revision = "0003"
down_revision = "0002"

DECISIONS = text("kind = 'decision'")


def upgrade() -> None:
    """Index decisions in the order of the log."""
    op.create_index("record_decision", "record", ["kind", "seq"], sqlite_where=DECISIONS, postgresql_where=DECISIONS)
