"""The triggers that make a table append-only."""

from alembic import op


def forbid(table: str) -> None:
    """Make the database refuse every update, deletion and truncation of a table."""
    if op.get_bind().dialect.name == "sqlite":
        _sqlite(table)
    else:
        _postgresql(table)


def _sqlite(table: str) -> None:
    for event in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def _postgresql(table: str) -> None:
    op.execute(
        "CREATE OR REPLACE FUNCTION fenji_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    for events, each in (("UPDATE OR DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
        op.execute(
            f"CREATE TRIGGER {table}_no_{each.lower()} BEFORE {events} ON {table} "
            f"FOR EACH {each} EXECUTE FUNCTION fenji_append_only()"
        )
