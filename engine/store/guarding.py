"""The triggers by which the database itself refuses to change, delete or replace a row, and the indexes; whether they stand.

SQLite's `INSERT OR REPLACE` deletes without asking the trigger on deletions unless its connection says `recursive_triggers`,
which is not kept in the file. So a row whose key is there is refused before it is inserted, in the words of the constraint that
it breaks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Index, Table, UniqueConstraint, inspect

from engine.errors import StoreError
from engine.store import tables

if TYPE_CHECKING:
    from collections.abc import Iterator

FUNCTION = " BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END "
ROW, STATEMENT = 1 | 2 | 8 | 16, 2 | 32  # pg_trigger.tgtype: row, before, delete, update; before, truncate


def guarded() -> list[Table]:
    """Return the tables that are append-only."""
    return [table for table in tables.metadata.sorted_tables if table not in tables.REPLACED]


def sqlite_triggers() -> dict[str, str]:
    """Return the statement that makes each trigger in SQLite, by its name."""
    found = {}
    for table in (each.name for each in guarded()):
        for event in ("UPDATE", "DELETE"):
            name = f"{table}_no_{event.lower()}"
            body = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            found[name] = f"CREATE TRIGGER {name} BEFORE {event} ON {table} {body}"
    return found | {name: text for table in guarded() for name, text in _no_replace(table)}


def _no_replace(table: Table) -> Iterator[tuple[str, str]]:
    """Yield name and statement of a trigger for each key of a table. The same blob may come again: it is then left alone."""
    unique = [each for each in table.constraints if isinstance(each, UniqueConstraint)]
    keys = [[column.name for column in each.columns] for each in (table.primary_key, *unique)]
    for key in sorted(keys):
        name = f"{table.name}_no_replace_{'_'.join(key)}"
        same = [f"{column} = NEW.{column}" for column in key]
        other = ["data IS NOT NEW.data"] if table is tables.blob else []
        there = f"EXISTS (SELECT 1 FROM {table.name} WHERE {' AND '.join(same + other)})"  # noqa: S608 - our own names
        told = ", ".join(f"{table.name}.{column}" for column in key)
        body = f"BEGIN SELECT RAISE(ABORT, 'UNIQUE constraint failed: {told}'); END"
        yield name, f"CREATE TRIGGER {name} BEFORE INSERT ON {table.name} WHEN {there} {body}"


def guard(connection: Any) -> None:
    """Make the indexes that are missing or differ, and the triggers, these in SQLite alone.

    PostgreSQL has no REPLACE, and its triggers come with the tables.
    """
    for index in _indexes():
        indexed = _indexed(connection)
        if _shape(index) != indexed.get(str(index.name)):
            if index.name in indexed:
                index.drop(connection)
            index.create(connection)
    if connection.dialect.name != "sqlite":
        return
    there = _sqlite(connection)
    for name, wanted in sqlite_triggers().items():
        if there.get(name) != wanted:
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
            connection.exec_driver_sql(wanted)


def require_guarded(connection: Any) -> None:
    """Refuse a store in which a trigger is missing, was changed or added, or does not fire. Raises StoreError."""
    sqlite = connection.dialect.name == "sqlite"
    wanted, there = (sqlite_triggers(), _sqlite(connection)) if sqlite else (_wanted(), _postgresql(connection))
    wrong = sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))
    if wrong:
        said = "is missing" if wrong[0] not in there else "was added" if wrong[0] not in wanted else "was changed, or is off"
        remedy = "find out who had the database in hand, or whether an older fenji made it"
        remedy += "; `fenji init` makes the triggers anew" if sqlite else "; restore a backup into a new database"
        raise StoreError("unguarded", f"the trigger {wrong[0][:64]}, which keeps rows as they are, {said}", remedy)


def require_indexed(connection: Any) -> None:
    """Refuse a store in which an index is missing, was changed or added; a unique one keeps rows apart. Raises StoreError."""
    wanted, there = {str(index.name): _shape(index) for index in _indexes()}, _indexed(connection)
    wrong = sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))
    if wrong:
        said = "is missing" if wrong[0] not in there else "was added" if wrong[0] not in wanted else "was changed"
        remedy = "`fenji init` makes the indexes anew" if wrong[0] in wanted else "drop it"
        raise StoreError("unguarded", f"the index {wrong[0][:64]} {said}", f"find out who had the database in hand; {remedy}")


def _indexes() -> list[Index]:
    return [index for table in tables.metadata.sorted_tables for index in table.indexes]


def _shape(index: Index) -> tuple[Any, ...]:
    table = index.table.name if index.table is not None else ""
    return table, tuple(column.name for column in index.columns), bool(index.unique)


def _indexed(connection: Any) -> dict[str, tuple[Any, ...]]:
    """Return table, columns and uniqueness of each index; those of keys and constraints come with their tables."""
    look = inspect(connection)
    return {
        str(each["name"]): (table.name, tuple(each["column_names"]), bool(each["unique"]))
        for table in tables.metadata.sorted_tables
        for each in look.get_indexes(table.name)
        if not each.get("duplicates_constraint")
    }


def _sqlite(connection: Any) -> dict[str, str]:
    rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    return {name: statement for name, statement in rows}  # noqa: C416 - rows, not pairs


def _wanted() -> dict[str, Any]:
    names = [table.name for table in guarded()]
    return {
        f"{name}_no_{kind}": (name, bits, FUNCTION) for name in names for kind, bits in (("row", ROW), ("statement", STATEMENT))
    }


def _postgresql(connection: Any) -> dict[str, Any]:
    """Return the triggers on our tables: table, kind and what runs; of one that does not fire its state instead."""
    rows = connection.exec_driver_sql(
        "SELECT t.tgname, c.relname, t.tgtype, p.prosrc, t.tgenabled FROM pg_trigger t "
        "JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_proc p ON p.oid = t.tgfoid "
        "WHERE NOT t.tgisinternal AND n.nspname = ANY (current_schemas(false))"
    ).fetchall()
    return {row[0]: (row[1], row[2], row[3]) if row[4] in ("O", "A", b"O", b"A") else row[4] for row in rows}
