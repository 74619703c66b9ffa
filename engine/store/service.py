"""What a server owes beside the log: jobs and their results, webhooks and their deliveries, calendar feeds.

It is apart from the log because it changes and proves nothing, and apart from the accounts because it may grow large; its loss
costs unfinished work and a webhook's place in the log, no evidence. What was asked is sealed by the caller; times sort as texts.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.store.keyed import Keyed

SCHEMA = """
CREATE TABLE IF NOT EXISTS job (
  id TEXT PRIMARY KEY, account TEXT NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL, done INTEGER NOT NULL,
  total INTEGER NOT NULL, made TEXT NOT NULL, changed TEXT NOT NULL, starts INTEGER NOT NULL, asked BLOB NOT NULL,
  code TEXT NOT NULL, problem TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS job_account ON job(account, id);
CREATE INDEX IF NOT EXISTS job_state ON job(state, id);
CREATE TABLE IF NOT EXISTS part (
  place TEXT PRIMARY KEY, job TEXT NOT NULL REFERENCES job(id) ON DELETE CASCADE, number INTEGER NOT NULL, data BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS part_job ON part(job, number);
CREATE TABLE IF NOT EXISTS webhook (
  id TEXT PRIMARY KEY, account TEXT NOT NULL, url TEXT NOT NULL, secret BLOB NOT NULL, types TEXT NOT NULL, made TEXT NOT NULL,
  cursor INTEGER NOT NULL, state TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS webhook_account ON webhook(account, id);
CREATE TABLE IF NOT EXISTS delivery (
  id TEXT PRIMARY KEY, webhook TEXT NOT NULL REFERENCES webhook(id) ON DELETE CASCADE, seq INTEGER NOT NULL, type TEXT NOT NULL,
  body TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL, due TEXT NOT NULL, changed TEXT NOT NULL,
  said TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS delivery_due ON delivery(state, due);
CREATE INDEX IF NOT EXISTS delivery_changed ON delivery(state, changed);
CREATE INDEX IF NOT EXISTS delivery_webhook ON delivery(webhook, state, id);
CREATE TABLE IF NOT EXISTS feed (
  id TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, account TEXT NOT NULL, made TEXT NOT NULL);
"""
OVER = ("done", "failed", "cancelled", "interrupted")  # states of a job that nothing changes any more
MARKS = ", ".join("?" * len(OVER))


@dataclass(frozen=True, slots=True)
class Job:
    """A job: who asked for what, how far it is, and what went wrong; `state` is waiting, running, cancelling or one of OVER."""

    id: str
    account: str
    kind: str
    state: str
    done: int
    total: int
    made: str
    changed: str
    starts: int = 0
    asked: bytes = b""
    code: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a job's result, sealed; the parts in order are the result."""

    place: str
    job: str
    number: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that is told of events: those of `types` (all when empty), from leaf `cursor` of the log on; `on` or `off`."""

    id: str
    account: str
    url: str
    secret: bytes
    types: tuple[str, ...]
    made: str
    cursor: int
    state: str = "on"


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event for an address: `waiting` until `due`, then `delivered`, or `dead`; `said` is how the last attempt ended."""

    id: str
    webhook: str
    seq: int
    type: str
    body: str
    state: str
    attempts: int
    due: str
    changed: str
    said: str = ""


@dataclass(frozen=True, slots=True)
class Feed:
    """A calendar feed: SHA-256 of the secret part of its address, and whose deadlines it shows."""

    id: str
    hash: str
    account: str
    made: str


TABLES: dict[type, str] = {Job: "job", Part: "part", Webhook: "webhook", Delivery: "delivery", Feed: "feed"}


class ServiceStore(Keyed):
    """An open file of what a server owes."""

    def __init__(self, path: Path) -> None:
        """Open the file at `path`, made when it is missing. Raises StoreError."""
        super().__init__(path, SCHEMA, TABLES)

    def job(self, job_id: str) -> Job | None:
        """Return a job, or None. Raises StoreError."""
        return self.one(Job, "id", job_id)

    def jobs(self, account: str, after: str = "", limit: int = 50) -> list[Job]:
        """Return the jobs of an account, in the order in which they were asked for. Raises StoreError."""
        return self.many(Job, "account = ? AND id > ? ORDER BY id LIMIT ?", (account, after, limit))

    def unfinished(self) -> list[Job]:
        """Return the jobs that are not over, the oldest first. Raises StoreError."""
        return self.many(Job, f"state NOT IN ({MARKS}) ORDER BY id", OVER)

    def count_unfinished(self, account: str = "") -> int:
        """Return how many jobs of an account, or of all, are not over, without what was asked. Raises StoreError."""
        counted = f"SELECT count(*) FROM job WHERE state NOT IN ({MARKS}) AND ? IN ('', account)"  # noqa: S608 - our own states
        return int(self.run(counted, (*OVER, account))[0][0])

    def next_job(self) -> Job | None:
        """Return the job that waits longest, or None. Raises StoreError."""
        found = self.many(Job, "state = 'waiting' ORDER BY id LIMIT 1", ())
        return found[0] if found else None

    def parts(self, job: str) -> list[Part]:
        """Return the result of a job as far as it is. Raises StoreError."""
        return self.many(Part, "job = ? ORDER BY number", (job,))

    def drop_jobs(self, before: str) -> None:
        """Forget jobs that were over before a time, with their results. Raises StoreError."""
        self.run(f"DELETE FROM job WHERE state IN ({MARKS}) AND changed < ?", (*OVER, before))  # noqa: S608 - our own states

    def webhooks(self, account: str = "") -> list[Webhook]:
        """Return the webhooks of an account, or all. Raises StoreError."""
        return self.many(Webhook, "? IN ('', account) ORDER BY id", (account,))

    def drop_webhook(self, webhook: str) -> None:
        """Forget a webhook and its deliveries. Raises StoreError."""
        self.run("DELETE FROM webhook WHERE id = ?", (webhook,))

    def due(self, at: str, limit: int) -> list[Delivery]:
        """Return deliveries to attempt, the longest due first. Raises StoreError."""
        return self.many(Delivery, "state = 'waiting' AND due <= ? ORDER BY due, id LIMIT ?", (at, limit))

    def deliveries(self, webhook: str, state: str = "", after: str = "", limit: int = 50) -> list[Delivery]:
        """Return the deliveries of a webhook, in the order of the log. Raises StoreError."""
        where = "webhook = ? AND ? IN ('', state) AND id > ? ORDER BY id LIMIT ?"
        return self.many(Delivery, where, (webhook, state, after, limit))

    def waiting(self, webhook: str) -> int:
        """Return how many deliveries of a webhook wait. Raises StoreError."""
        return int(self.run("SELECT count(*) FROM delivery WHERE webhook = ? AND state = 'waiting'", (webhook,))[0][0])

    def count_deliveries(self, state: str) -> int:
        """Return how many deliveries are in a state. Raises StoreError."""
        return int(self.run("SELECT count(*) FROM delivery WHERE state = ?", (state,))[0][0])

    def drop_deliveries(self, state: str, before: str) -> None:
        """Forget deliveries that came to a state before a time. Raises StoreError."""
        self.run("DELETE FROM delivery WHERE state = ? AND changed < ?", (state, before))

    def feeds(self, account: str) -> list[Feed]:
        """Return the feeds of an account. Raises StoreError."""
        return self.many(Feed, "account = ? ORDER BY id", (account,))

    def drop_feed(self, feed: str) -> None:
        """Forget a feed: its address shows nothing any more. Raises StoreError."""
        self.run("DELETE FROM feed WHERE id = ?", (feed,))
