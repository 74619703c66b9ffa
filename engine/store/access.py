"""What lets people in: accounts, API keys, sessions and the record of who read what, in a file of its own beside the store.

It is apart from the log because it changes (a password, a revoked key), because its loss loses no evidence, and because a backup
of the log must let nobody in. Secrets are hashes here, or sealed by the caller; times are UTC texts that sort.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from engine.errors import StoreError
from engine.store.append import refused

SCHEMA = """
CREATE TABLE IF NOT EXISTS account (
  id TEXT PRIMARY KEY, login TEXT NOT NULL UNIQUE, actor TEXT NOT NULL, roles TEXT NOT NULL, enterprise TEXT NOT NULL,
  unit TEXT NOT NULL, password TEXT NOT NULL, totp BLOB, step INTEGER NOT NULL DEFAULT 0, failed INTEGER NOT NULL DEFAULT 0,
  locked_until TEXT NOT NULL DEFAULT '', disabled INTEGER NOT NULL DEFAULT 0, subject TEXT NOT NULL DEFAULT '');
CREATE UNIQUE INDEX IF NOT EXISTS account_subject ON account(subject) WHERE subject <> '';
CREATE TABLE IF NOT EXISTS api_key (
  id TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES account(id), hash TEXT NOT NULL, scopes TEXT NOT NULL,
  expires TEXT NOT NULL, revoked INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS session (
  hash TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES account(id), csrf TEXT NOT NULL, seen TEXT NOT NULL,
  expires TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sending (
  key TEXT PRIMARY KEY, request TEXT NOT NULL, reserved TEXT NOT NULL, process TEXT NOT NULL, at TEXT NOT NULL,
  status INTEGER NOT NULL DEFAULT 0, answer TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS reading (
  number INTEGER PRIMARY KEY, at TEXT NOT NULL, account TEXT NOT NULL, action TEXT NOT NULL, thing TEXT NOT NULL,
  allowed INTEGER NOT NULL, chain TEXT NOT NULL);
CREATE TRIGGER IF NOT EXISTS reading_kept BEFORE UPDATE ON reading BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER IF NOT EXISTS reading_there BEFORE DELETE ON reading BEGIN SELECT RAISE(ABORT, 'append-only'); END;
"""
COLUMNS = {
    "account": ("id", "login", "actor", "roles", "enterprise", "unit", "password", "totp", "step", "failed", "locked_until",
                "disabled", "subject"),
    "api_key": ("id", "account", "hash", "scopes", "expires", "revoked"),
    "session": ("hash", "account", "csrf", "seen", "expires"),
    "sending": ("key", "request", "reserved", "process", "at", "status", "answer"),
    "reading": ("number", "at", "account", "action", "thing", "allowed", "chain"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Account:
    """An account; `password` is an Argon2 hash (empty: none), `totp` a sealed secret, `subject` its name at an identity provider.

    `step` is the last time step of a one-time password that was used, so that none is used twice.
    """

    id: str
    login: str
    actor: str
    roles: tuple[str, ...]
    enterprise: str = ""
    unit: str = ""
    password: str = ""
    totp: bytes | None = None
    step: int = 0
    failed: int = 0
    locked_until: str = ""
    disabled: bool = False
    subject: str = ""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key: SHA-256 of its secret, the actions it is cut down to, and when it ends."""

    id: str
    account: str
    hash: str
    scopes: tuple[str, ...]
    expires: str
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Session:
    """A browser's session: SHA-256 of its token, the token that forms must carry, when it was last used and when it ends."""

    hash: str
    account: str
    csrf: str
    seen: str
    expires: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at something, or one that was refused; `chain` hashes it with the one before."""

    number: int
    at: str
    account: str
    action: str
    thing: str
    allowed: bool
    chain: str


@dataclass(frozen=True, slots=True)
class Sending:
    """A request under an idempotency key: hash of what was asked, id of its effect, process that works on it, its answer."""

    key: str
    request: str
    reserved: str
    process: str
    at: str
    status: int = 0
    answer: str = ""


Row = Account | ApiKey | Session | Reading | Sending
T = TypeVar("T", Account, ApiKey, Session, Reading, Sending)
_TABLE: dict[type, str] = {Account: "account", ApiKey: "api_key", Session: "session", Reading: "reading", Sending: "sending"}


class AccessStore:
    """An open file of accounts; one connection, used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Open the file at `path`, made when it is missing. Raises StoreError."""
        self._lock = threading.RLock()
        try:
            self._connection = sqlite3.connect(path, isolation_level=None, timeout=5.0, check_same_thread=False)
            path.chmod(0o600)
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
                self._connection.execute(f"PRAGMA {pragma}")
            self._connection.executescript(SCHEMA)
        except (sqlite3.Error, OSError) as error:
            raise refused(error) from None

    def close(self) -> None:
        """Give back the connection."""
        self._connection.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Do what is inside in one transaction, or nothing of it. Raises StoreError."""
        with self._lock:
            self._run("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._run("ROLLBACK")
                raise
            self._run("COMMIT")

    def put(self, row: Row) -> None:
        """Add a row, or replace that of its key. Raises StoreError."""
        table = _TABLE[type(row)]
        names = COLUMNS[table]
        values = [_stored(getattr(row, name)) for name in names]
        updates = ", ".join(f"{name} = excluded.{name}" for name in names[1:])
        marks = ", ".join("?" * len(names))
        ending = "" if table == "reading" else f" ON CONFLICT ({names[0]}) DO UPDATE SET {updates}"
        self._run(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks}){ending}", values)  # noqa: S608 - our own names

    def account(self, by: str, value: str) -> Account | None:
        """Return the account with an `id`, `login` or `subject`, or None. Raises StoreError."""
        return self._one(Account, by, value)

    def accounts(self) -> list[Account]:
        """Return every account by its login. Raises StoreError."""
        return self._many(Account, "1 = 1 ORDER BY login", ())

    def key(self, key_id: str) -> ApiKey | None:
        """Return an API key, or None. Raises StoreError."""
        return self._one(ApiKey, "id", key_id)

    def keys_of(self, account: str) -> list[ApiKey]:
        """Return the API keys of an account. Raises StoreError."""
        return self._many(ApiKey, "account = ? ORDER BY id", (account,))

    def session(self, digest: str) -> Session | None:
        """Return a session, or None. Raises StoreError."""
        return self._one(Session, "hash", digest)

    def end_sessions(self, account: str, digest: str = "") -> None:
        """End one session of an account, or all of them. Raises StoreError."""
        self._run("DELETE FROM session WHERE account = ? AND (? = '' OR hash = ?)", (account, digest, digest))

    def sending(self, key: str) -> Sending | None:
        """Return the request of an idempotency key, or None. Raises StoreError."""
        return self._one(Sending, "key", key)

    def drop_sending(self, key: str) -> None:
        """Forget a request that had no effect. Raises StoreError."""
        self._run("DELETE FROM sending WHERE key = ?", (key,))

    def drop_sendings(self, before: str) -> None:
        """Forget requests that were sent before a time. Raises StoreError."""
        self._run("DELETE FROM sending WHERE at < ?", (before,))

    def last_reading(self) -> Reading | None:
        """Return the last look that was recorded, or None. Raises StoreError."""
        found = self._many(Reading, "1 = 1 ORDER BY number DESC LIMIT 1", ())
        return found[0] if found else None

    def readings(self, after: int = 0, limit: int = 200) -> list[Reading]:
        """Return looks in the order of recording. Raises StoreError."""
        return self._many(Reading, "number > ? ORDER BY number LIMIT ?", (after, limit))

    def _one(self, kind: type[T], by: str, value: str) -> T | None:
        assert by in COLUMNS[_TABLE[kind]]  # noqa: S101 - INVARIANT: names of columns are our own
        found = self._many(kind, f"{by} = ?", (value,))
        return found[0] if found else None

    def _many(self, kind: type[T], where: str, values: Sequence[Any]) -> list[T]:
        table = _TABLE[kind]
        rows = self._run(f"SELECT {', '.join(COLUMNS[table])} FROM {table} WHERE {where}", values)  # noqa: S608 - our own names
        return [_made(kind, row) for row in rows]

    def _run(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        with self._lock:
            try:
                return self._connection.execute(sql, values).fetchall()
            except sqlite3.Error as error:
                raise refused(error) from None


def _stored(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, tuple) else int(value) if isinstance(value, bool) else value


def _made(kind: type[T], row: tuple[Any, ...]) -> T:
    values = dict(zip(COLUMNS[_TABLE[kind]], row, strict=True))
    for name in ("roles", "scopes"):
        if name in values:
            values[name] = tuple(json.loads(values[name]))
    for name in ("disabled", "revoked", "allowed"):
        if name in values:
            values[name] = bool(values[name])
    return kind(**values)


__all__ = ["AccessStore", "Account", "ApiKey", "Reading", "Sending", "Session", "StoreError"]
