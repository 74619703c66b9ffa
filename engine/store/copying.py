"""Copy a whole store into an empty one, table by table, in one transaction."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from engine.errors import StoreError
from engine.store import tables
from engine.store.append import refused
from engine.store.opening import Store, sql_engine

BATCH = 1_000


def copy(source: Store, address: str, size: int) -> None:
    """Copy a store of `size` records into the empty store at `address`. Raises StoreError when it grew meanwhile."""
    target = sql_engine(address)
    try:
        with source.engine.connect() as reading, target.begin() as writing:
            for table in tables.metadata.sorted_tables:
                query = select(table).order_by(*table.primary_key.columns)
                for rows in reading.execution_options(yield_per=BATCH).execute(query).mappings().partitions(BATCH):
                    writing.execute(table.insert(), [dict(row) for row in rows])
            found = writing.scalar(select(func.count()).select_from(tables.record))
            if found != size:
                raise StoreError("busy", "the store grew while it was copied", "copy it again")
    except SQLAlchemyError as error:
        raise refused(getattr(error, "orig", None) or error) from None
    finally:
        target.dispose()


def require_empty(store: Store) -> None:
    """Refuse a store that holds anything. Raises StoreError."""
    if store.appender.head() is not None:
        raise StoreError("not-empty", "the store is not empty", "restore into a new database, and name it in home.json")
