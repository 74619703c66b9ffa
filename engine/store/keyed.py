"""A small SQLite file whose tables hold dataclasses: a row a table's key, put as a whole, replaced as a whole.

What changes and proves nothing stands in such files: accounts, jobs, deliveries. The log and its evidence never do.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from engine.store.append import refused

T = TypeVar("T")


class Keyed:
    """An open file; one connection, used by one thread at a time. The first field of each dataclass is the key of its table."""

    def __init__(self, path: Path, schema: str, tables: Mapping[type, str], added: Sequence[str] = ()) -> None:
        """Open the file at `path`, made when it is missing; rows of the tables `added` are never replaced. Raises StoreError."""
        self._lock = threading.RLock()
        self._tables = tables
        self._added = frozenset(added)
        try:
            self._connection = sqlite3.connect(path, isolation_level=None, timeout=5.0, check_same_thread=False)
            path.chmod(0o600)
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
                self._connection.execute(f"PRAGMA {pragma}")
            self._connection.executescript(schema)
        except (sqlite3.Error, OSError) as error:
            raise refused(error) from None

    def close(self) -> None:
        """Give back the connection."""
        self._connection.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Do what is inside in one transaction, or nothing of it. Raises StoreError."""
        with self._lock:
            self.run("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self.run("ROLLBACK")
                raise
            self.run("COMMIT")

    def put(self, row: Any) -> None:
        """Add a row, or replace that of its key. Raises StoreError."""
        table, names = self._tables[type(row)], columns(type(row))
        values = [_stored(getattr(row, name)) for name in names]
        updates = ", ".join(f"{name} = excluded.{name}" for name in names[1:])
        marks = ", ".join("?" * len(names))
        ending = "" if table in self._added else f" ON CONFLICT ({names[0]}) DO UPDATE SET {updates}"
        self.run(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks}){ending}", values)  # noqa: S608 - our own names

    def one(self, kind: type[T], by: str, value: str | int) -> T | None:
        """Return the row that has a value in a column, or None. Raises StoreError."""
        assert by in columns(kind)  # noqa: S101 - INVARIANT: names of columns are our own
        found = self.many(kind, f"{by} = ?", (value,))
        return found[0] if found else None

    def many(self, kind: type[T], where: str, values: Sequence[Any]) -> list[T]:
        """Return the rows that a clause of ours, with its order, chooses. Raises StoreError."""
        rows = self.run(f"SELECT {', '.join(columns(kind))} FROM {self._tables[kind]} WHERE {where}", values)  # noqa: S608 - as above
        types = get_type_hints(kind)
        return [_made(kind, row, types) for row in rows]

    def run(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """Run a statement of ours. Raises StoreError."""
        with self._lock:
            try:
                return self._connection.execute(sql, values).fetchall()
            except sqlite3.Error as error:
                raise refused(error) from None


def columns(kind: Any) -> tuple[str, ...]:
    """Return the columns of a dataclass's table: its fields."""
    return tuple(field.name for field in fields(kind))


def _stored(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, tuple) else int(value) if isinstance(value, bool) else value


def _made(kind: type[T], row: tuple[Any, ...], types: Mapping[str, Any]) -> T:
    values = dict(zip(columns(kind), row, strict=True))
    for name, hint in types.items():
        if hint is bool:
            values[name] = bool(values[name])
        elif hint == tuple[str, ...]:
            values[name] = tuple(json.loads(values[name]))
    return kind(**values)
