"""Make, check and open stores: `sqlite:PATH` or a `postgresql://` address."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from engine.errors import Place, StoreError
from engine.store.append import Appender, Dialect, refused

if TYPE_CHECKING:
    from sqlalchemy import Engine

HEAD = "0003"
BUSY_SECONDS = 5.0
SQLITE = Dialect(("BEGIN IMMEDIATE",), "?", (sqlite3.Error,))
LOCK = 0x66656E6A69  # "fenji": the advisory lock of the one writer at a time


@dataclass
class Store:
    """An open store: the hot path, and an engine for reads that is made when first used."""

    address: str
    connection: Any
    appender: Appender
    _engine: Any = None

    @property
    def engine(self) -> Engine:
        """The SQLAlchemy engine for reads."""
        if self._engine is None:
            self._engine = sql_engine(self.address)
        found: Engine = self._engine
        return found

    def close(self) -> None:
        """Give back every connection."""
        self.connection.close()
        if self._engine is not None:
            self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def sqlite_path(address: str) -> Path | None:
    """Return the file of an SQLite address, None for another database."""
    return Path(address.removeprefix("sqlite:")) if address.startswith("sqlite:") else None


def create(address: str) -> None:
    """Make a new store, or bring an older one to this version's schema and triggers. Raises StoreError."""
    from alembic import command  # noqa: PLC0415 - only a new store needs it
    from alembic.config import Config  # noqa: PLC0415
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    from engine.store.guarding import guard  # noqa: PLC0415

    path = sqlite_path(address)
    if path:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise StoreError("store", f"the store cannot be made: {reason}", "choose another --home", Place(str(path))) from None
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    engine = sql_engine(address)
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            guard(connection)
    except SQLAlchemyError as error:
        raise refused(getattr(error, "orig", None) or error) from None
    finally:
        engine.dispose()


def open_store(address: str, *, make: bool = False) -> Store:
    """Open a store; a missing one is made when `make`. Raises StoreError when it is missing, of another version, or refuses."""
    path = sqlite_path(address)
    if path and not path.exists():
        if not make:
            raise StoreError("no-store", "there is no store", "make one with `fenji init`", Place(str(path)))
        create(address)
    connection, dialect = _connect_sqlite(path) if path else _connect_postgresql(address)
    try:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except dialect.errors as error:
        connection.close()
        if make and not path and "alembic_version" in str(error):
            create(address)
            return open_store(address)
        raise refused(error) from None
    if row is None or row[0] != HEAD:
        connection.close()
        found = row[0] if row else "none"
        raise StoreError(
            "store-version", f"the store has schema {found}, not {HEAD}", "upgrade with `fenji init`", Place(address)
        )
    return Store(address, connection, Appender(connection, dialect))


def prepare_sqlite(connection: Any) -> None:
    """Set what durability rests on: write-ahead log, a sync at every commit, and triggers that REPLACE does not pass by."""
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON", "trusted_schema=OFF"):
        connection.execute(f"PRAGMA {pragma}")


def _connect_sqlite(path: Path) -> tuple[Any, Dialect]:
    try:
        connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY_SECONDS)
        prepare_sqlite(connection)
    except sqlite3.Error as error:
        raise refused(error) from None
    return connection, SQLITE


def _connect_postgresql(address: str) -> tuple[Any, Dialect]:
    try:
        import psycopg  # noqa: PLC0415 - an optional extra
    except ImportError:
        raise StoreError("no-driver", "psycopg is not installed", "pip install 'fenji[postgresql]'") from None
    try:
        connection = psycopg.connect(address, autocommit=True)
        _prepare_postgresql(connection)
    except psycopg.Error as error:
        raise refused(error) from None
    begin = ("BEGIN ISOLATION LEVEL READ COMMITTED", f"SELECT pg_advisory_xact_lock({LOCK})")
    return connection, Dialect(begin, "%s", (psycopg.Error,))


def _prepare_postgresql(connection: Any) -> None:
    """Wait for another writer as long as on SQLite, and commit to the disk even where the server is told not to wait for it.

    Raises StoreError for a server that never waits for the disk, or may tear pages: no session can change that.
    """
    for setting in ("fsync", "full_page_writes"):
        if connection.execute(f"SHOW {setting}").fetchone() == ("off",):
            connection.close()
            raise StoreError("not-durable", f"the server runs with {setting}=off", f"set {setting}=on in postgresql.conf")
    connection.execute(f"SET lock_timeout = {1000 * BUSY_SECONDS:.0f}")
    if connection.execute("SHOW synchronous_commit").fetchone() == ("off",):
        connection.execute("SET synchronous_commit = on")


def sql_engine(address: str) -> Engine:
    """Return an SQLAlchemy engine for an address."""
    from sqlalchemy import create_engine  # noqa: PLC0415 - the hot path does without

    path = sqlite_path(address)
    if path is None:
        return create_engine(address.replace("postgresql://", "postgresql+psycopg://", 1))
    return create_engine(f"sqlite:///{path}", connect_args={"timeout": BUSY_SECONDS})
