"""Webhooks in the form of Standard Webhooks 1.0: what the log records is told to the addresses that asked, at least once.

Each webhook has a place in the log of its own, moved in the same transaction that makes its deliveries, so that a process that
dies forgets none; a receiver knows a repeated one by its `webhook-id`. Ids and states are told, never a fact and never a name.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import secrets
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from http.client import HTTPException
from itertools import islice
from typing import Any

from api.access.accounts import Accounts, stamp
from api.access.permissions import Reach, Who, permissions
from api.access.sealed import Sealing
from api.http.outward import Outward
from api.http.upkeep import Worker
from engine.errors import FenjiError
from engine.evidence import canonical
from engine.evidence.installation import Installation
from engine.store import reading
from engine.store.reading import Record
from engine.store.service import Delivery, ServiceStore, Webhook
from engine.supervise import uscc

LOG = logging.getLogger("fenji.webhooks")
PREFIX = "whsec_"
EVERY = 1.0  # seconds between looks at the log
AT_ONCE = 500  # records of one look
SENDERS = 4
ROUND = 20  # deliveries of one round
BEHIND = 10_000  # waiting deliveries of a webhook, above which its place in the log stands still
KEEP_DAYS = 7  # of what was delivered (design)
DEAD_DAYS = 90  # of what was given up (design): as long as somebody may still find out and ask for it again
# seconds after each failed attempt, as the specification proposes: nine retries over about three days
BACKOFF = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
DECIDED = "decision.recorded"
GONE = 410  # the receiver wants no more
RULES = {"release": "rulebook.published", "activation": "rulebook.activated", "policy": "policy.published"}


def signature(secret: str, message: str, at: int, body: bytes) -> str:
    """Return the `webhook-signature` of a message: HMAC-SHA-256 of its id, its time and its body."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    mac = hmac.new(key, f"{message}.{at}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(mac).decode()}"


def told(record: Record) -> tuple[str, dict[str, Any], str, str] | None:
    """Return type and data of the event that a record is, with the enterprise that owns it: by name, or by its keyed hash."""
    if record.kind in RULES:
        return RULES[record.kind], {"id": record.id}, "", ""
    if record.kind not in ("decision", "event"):
        return None
    said: dict[str, Any] = canonical.loads(record.payload, "the record")["predicate"]
    if record.kind == "decision":
        data = {"id": record.id, "kind": said["kind"], "pack": said["rulepack"]["name"]}
        return DECIDED, data, uscc.tidy(said["filed_by"] or ""), ""
    data = {"stream": said["stream"], "number": said["number"], "process": said["process"], "state": said["to"]}
    return f"{said['process']}.{said['name']}", data, "", said["shows"]["holder"]


class Hooks(Worker):
    """The webhooks of an installation, and the thread that tells them."""

    def __init__(
        self,
        store: ServiceStore,
        accounts: Accounts,
        opened: Callable[[], Installation],
        clock: Callable[[], datetime],
        secret: bytes,
    ) -> None:
        """Work on `store`; `opened` gives the installation of the thread that asks."""
        super().__init__("fenji-webhooks")
        self.store = store
        self.outward = Outward()
        self._accounts = accounts
        self._opened = opened
        self._clock = clock
        self._seal = Sealing(secret, b"fenji/webhooks")

    def add(self, webhook: str, who: Who, url: str, types: tuple[str, ...]) -> tuple[Webhook, str]:
        """Add a webhook that is told of what is recorded from now on; return it with its secret. Raises InputError."""
        self.outward.checked(url)
        secret = PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
        head = self._opened().head()
        sealed = self._seal.seal(webhook, secret.encode())
        made = Webhook(webhook, who.account, url, sealed, types, stamp(self._clock()), head.size if head else 0)
        self.store.put(made)
        return made, secret

    def redeliver(self, delivery: Delivery) -> Delivery:
        """Let a delivery be attempted again, from the first attempt on; its id stays."""
        now = stamp(self._clock())
        again = replace(delivery, state="waiting", attempts=0, due=now, changed=now)
        self.store.put(again)
        return again

    # from the log -----------------------------------------------------------------------------------------------------

    def collect(self) -> int:
        """Make deliveries of what was recorded since each webhook's place in the log; return how many records were read."""
        active = [each for each in self.store.webhooks() if each.state == "on" and self.store.waiting(each.id) < BEHIND]
        if not active:
            return 0
        start = min(each.cursor for each in active)
        records = list(islice(reading.records(self._opened().store, start), AT_ONCE))
        for webhook in active:
            new = [record for record in records if record.seq >= webhook.cursor]
            if new:
                self._deliveries(webhook, new)
        return len(records)

    def _deliveries(self, webhook: Webhook, records: list[Record]) -> None:
        who = self._accounts.who(webhook.account)  # as it stands now: an account that lost its role is told nothing
        reach = permissions().reach(who, "webhook.manage") if who else frozenset()
        with self.store.together():
            now = stamp(self._clock())
            for record in records:
                event = told(record)
                if event and who and self._reaches(who, reach, event) and (not webhook.types or event[0] in webhook.types):
                    body = json.dumps({"type": event[0], "timestamp": record.at, "data": event[1]}, ensure_ascii=False)
                    name = f"msg_{webhook.id}_{record.seq:012d}"  # the same, however often this record is met
                    self.store.put(Delivery(name, webhook.id, record.seq, event[0], body, "waiting", 0, now, now))
            self.store.put(replace(webhook, cursor=records[-1].seq + 1))

    def _reaches(self, who: Who, reach: frozenset[Reach], event: tuple[str, dict[str, Any], str, str]) -> bool:
        kind, _, named, keyed = event
        if kind in RULES.values() or "any" in reach:
            return True
        mine = who.enterprise if "own" in reach else ""
        return bool(mine) and (named == uscc.tidy(mine) or keyed == self._opened().keyed("company", uscc.tidy(mine)))

    # to the receivers -------------------------------------------------------------------------------------------------

    def send(self, pool: ThreadPoolExecutor) -> int:
        """Attempt what is due; return how many."""
        due = self.store.due(stamp(self._clock()), ROUND)
        list(pool.map(self._attempt, due))
        return len(due)

    def _attempt(self, delivery: Delivery) -> None:
        webhook = self.store.one(Webhook, "id", delivery.webhook)
        if webhook is None:  # removed meanwhile, and its deliveries with it
            return
        said, status = self._said(webhook, delivery) if webhook.state == "on" else ("off", GONE)
        now = self._clock()
        kept = replace(delivery, attempts=delivery.attempts + 1, changed=stamp(now), said=said)
        if 200 <= status < 300:  # noqa: PLR2004 - what RFC 9110 calls successful
            self.store.put(replace(kept, state="delivered"))
        elif status == GONE or delivery.attempts >= len(BACKOFF):
            self.store.put(replace(kept, state="dead"))
            if status == GONE:
                self.store.put(replace(webhook, state="off"))
        else:
            wait = BACKOFF[delivery.attempts] * (1 + secrets.randbelow(100) / 1000)  # not all of them at the same moment
            self.store.put(replace(kept, due=stamp(now + timedelta(seconds=wait))))

    def _said(self, webhook: Webhook, delivery: Delivery) -> tuple[str, int]:
        """Return how an attempt ended, in a word, and the status, 0 without one."""
        at, body = int(self._clock().timestamp()), delivery.body.encode()
        secret = self._seal.open(webhook.id, webhook.secret).decode()
        headers: Mapping[str, str] = {
            "content-type": "application/json",
            "user-agent": "fenji",
            "webhook-id": delivery.id,
            "webhook-timestamp": str(at),
            "webhook-signature": signature(secret, delivery.id, at, body),
        }
        try:
            status = self.outward.post(webhook.url, body, headers)
        except FenjiError as error:
            return error.finding.code, 0
        except (OSError, HTTPException) as error:
            return type(error).__name__, 0
        return str(status), status

    def tidy(self, now: datetime) -> None:
        """Forget what was delivered KEEP_DAYS ago, and what was given up DEAD_DAYS ago; the log still has it."""
        for state, days in (("delivered", KEEP_DAYS), ("dead", DEAD_DAYS)):
            self.store.drop_deliveries(state, stamp(now - timedelta(days=days)))

    # ------------------------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        with ThreadPoolExecutor(SENDERS, "fenji-sender") as pool:
            while not self._end.is_set():
                try:
                    busy = self.collect() + self.send(pool)
                except Exception as error:  # noqa: BLE001 - the next look tries again from where this one was kept
                    LOG.error("failed", extra={"code": type(error).__name__})  # noqa: TRY400 - a trace may show what was recorded
                    busy = 0
                self._end.wait(0 if busy >= ROUND else EVERY)
