"""Idempotency-Key: a request that is sent twice has one effect and one answer, also when the process dies in between.

The id that the effect will have is reserved durably before anything is done. After a crash the key is free to be tried again with
the same id, so what the first attempt recorded is found in the log and not recorded twice.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from api.access.accounts import digest, stamp
from api.access.permissions import Who
from engine.errors import InputError, StoreError
from engine.evidence.log import new_id
from engine.store.access import AccessStore, Sending

KEEP_HOURS = 72
LONGEST = 200  # characters of a key


@dataclass(frozen=True, slots=True)
class Answer:
    """The status and the JSON of an answer."""

    status: int
    body: dict[str, Any]


class Once:
    """The keys of an installation, as one process sees them."""

    def __init__(self, store: AccessStore) -> None:
        """Keep keys in `store`; what another process left unfinished may be tried again."""
        self._store = store
        self._process = secrets.token_hex(8)

    def run(self, who: Who, key: str, request: str, now: datetime, effect: Callable[[str], Answer]) -> Answer:
        """Return the answer of a key: the one it had, or that of `effect`, which is given the id reserved for it.

        `request` is the hash of all that was asked. Raises InputError `no-key` or `key-reused`, StoreError `running`, and what
        `effect` raises: then nothing was done, and the key is free.
        """
        name = _name(who, key)
        kept = self._begin(name, request, now)
        if kept.status:
            return Answer(kept.status, json.loads(kept.answer))
        try:
            answer = effect(kept.reserved)
        except StoreError as error:
            if error.finding.code not in ("in-doubt", "not-kept", "broken"):  # else what it did is found under its id
                self._store.drop_sending(name)
            else:
                self._leave(kept)
            raise
        except BaseException:
            self._store.drop_sending(name)
            raise
        text = json.dumps(answer.body, ensure_ascii=False)
        self._store.put(Sending(name, request, kept.reserved, self._process, kept.at, answer.status, text))
        return answer

    def tidy(self, now: datetime) -> None:
        """Forget keys that are older than they are kept."""
        self._store.drop_sendings(stamp(now - timedelta(hours=KEEP_HOURS)))

    def _begin(self, name: str, request: str, now: datetime) -> Sending:
        with self._store.together():
            found = self._store.sending(name)
            if found and found.request != request:
                problem = "this Idempotency-Key was sent with another request"
                raise InputError("key-reused", problem, "take a new key for another request")
            if found and not found.status and found.process == self._process:
                raise StoreError("running", "the first request with this Idempotency-Key is still running", "ask again later")
            if found and found.status:
                return found
            reserved = found.reserved if found else new_id(now)
            begun = Sending(name, request, reserved, self._process, found.at if found else stamp(now))
            self._store.put(begun)
            return begun

    def _leave(self, kept: Sending) -> None:
        """Let the key be tried again, with the same id."""
        self._store.put(Sending(kept.key, kept.request, kept.reserved, "", kept.at))


def _name(who: Who, key: str) -> str:
    if not key:
        raise InputError(
            "no-key", "a request that writes needs an Idempotency-Key", "send a fresh random one, again on each retry"
        )
    if len(key) > LONGEST or not key.isprintable():
        raise InputError(
            "no-key", f"an Idempotency-Key has at most {LONGEST} printable characters", "send a random one, such as a UUID"
        )
    return digest(f"{who.account}\n{key}")
