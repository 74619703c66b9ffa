"""What lets people in: accounts, API keys, sessions and the record of who read what, in a file of its own beside the store.

It is apart from the log because it changes (a password, a revoked key), because its loss loses no evidence, and because a backup
of the log must let nobody in. Secrets are hashes here, or sealed by the caller; times are UTC texts that sort.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.store.keyed import Keyed

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
CREATE INDEX IF NOT EXISTS sending_at ON sending(at);
CREATE TABLE IF NOT EXISTS reading (
  number INTEGER PRIMARY KEY, at TEXT NOT NULL, account TEXT NOT NULL, action TEXT NOT NULL, thing TEXT NOT NULL,
  allowed INTEGER NOT NULL, chain TEXT NOT NULL);
CREATE TRIGGER IF NOT EXISTS reading_kept BEFORE UPDATE ON reading BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER IF NOT EXISTS reading_there BEFORE DELETE ON reading BEGIN SELECT RAISE(ABORT, 'append-only'); END;
"""


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


TABLES: dict[type, str] = {Account: "account", ApiKey: "api_key", Session: "session", Reading: "reading", Sending: "sending"}


class AccessStore(Keyed):
    """An open file of accounts."""

    def __init__(self, path: Path) -> None:
        """Open the file at `path`, made when it is missing. Raises StoreError."""
        super().__init__(path, SCHEMA, TABLES, added=("reading",))

    def account(self, by: str, value: str) -> Account | None:
        """Return the account with an `id`, `login` or `subject`, or None. Raises StoreError."""
        return self.one(Account, by, value)

    def accounts(self) -> list[Account]:
        """Return every account by its login. Raises StoreError."""
        return self.many(Account, "1 = 1 ORDER BY login", ())

    def key(self, key_id: str) -> ApiKey | None:
        """Return an API key, or None. Raises StoreError."""
        return self.one(ApiKey, "id", key_id)

    def keys_of(self, account: str) -> list[ApiKey]:
        """Return the API keys of an account. Raises StoreError."""
        return self.many(ApiKey, "account = ? ORDER BY id", (account,))

    def session(self, digest: str) -> Session | None:
        """Return a session, or None. Raises StoreError."""
        return self.one(Session, "hash", digest)

    def end_sessions(self, account: str, digest: str = "") -> None:
        """End one session of an account, or all of them. Raises StoreError."""
        self.run("DELETE FROM session WHERE account = ? AND (? = '' OR hash = ?)", (account, digest, digest))

    def drop_sessions(self, ended: str) -> None:
        """Forget sessions that ended by a time. Raises StoreError."""
        self.run("DELETE FROM session WHERE expires <= ?", (ended,))

    def sending(self, key: str) -> Sending | None:
        """Return the request of an idempotency key, or None. Raises StoreError."""
        return self.one(Sending, "key", key)

    def drop_sending(self, key: str) -> None:
        """Forget a request that had no effect. Raises StoreError."""
        self.run("DELETE FROM sending WHERE key = ?", (key,))

    def drop_sendings(self, before: str) -> None:
        """Forget requests that were sent before a time. Raises StoreError."""
        self.run("DELETE FROM sending WHERE at < ?", (before,))

    def last_reading(self) -> Reading | None:
        """Return the last look that was recorded, or None. Raises StoreError."""
        found = self.many(Reading, "1 = 1 ORDER BY number DESC LIMIT 1", ())
        return found[0] if found else None

    def readings(self, after: int = 0, limit: int = 200) -> list[Reading]:
        """Return looks in the order of recording. Raises StoreError."""
        return self.many(Reading, "number > ? ORDER BY number LIMIT ?", (after, limit))
