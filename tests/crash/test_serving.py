"""The server is killed under a mixed load: nothing acknowledged is lost, and a key has one decision however often it is sent."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import pytest

from api.cli.options import now
from api.cli.rulebooks import choose_for_record
from api.http.office import Office, Settings
from engine.evidence import fsck
from engine.evidence.installation import open_home
from engine.store import reading
from tests.http.conftest import accounts, people
from tests.http.serving import Server
from tests.long import LONG

SECONDS, KILLS, CLIENTS = (600, 20, 6) if LONG else (60, 3, 4)
AGAIN = (409, 429, 503)  # running, too many, busy: nothing was done, ask again
ASKED = {
    "pack": "nanjing-tiering",
    "facts": {"people.minors": False, "product": {"daily_consumption": True}},
    "as_of": "2026-08-01",
}


@dataclass(eq=False)
class Client(threading.Thread):
    """Somebody who decides, asks again, reads and assesses, and repeats what was cut off under the same key."""

    port: int
    key: str
    seed: int
    until: float
    made: dict[str, str] = field(default_factory=dict)  # Idempotency-Key -> id of the decision that was acknowledged
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Get ready to run."""
        super().__init__()
        self._random = Random(self.seed)

    def run(self) -> None:
        """Go on until the time is over; what was begun is brought to its end."""
        try:
            while time.monotonic() < self.until:
                self._one()
        except Exception as error:  # noqa: BLE001 - whoever joins is told
            self.wrong.append(repr(error))

    def _one(self) -> None:
        what = self._random.random()
        known = sorted(self.made)
        if what < 0.5 or not known:
            self._decide(str(UUID(int=self._random.getrandbits(128))))
        elif what < 0.7:
            self._decide(self._random.choice(known))
        elif what < 0.85:
            self._wanted("GET", f"/v1/decisions/{self.made[self._random.choice(known)]}", 200)
        else:
            self._wanted("POST", "/v1/assessments", 200, ASKED)

    def _decide(self, key: str) -> None:
        found = self._wanted("POST", "/v1/decisions", 201, ASKED, key)
        if found and self.made.setdefault(key, found["id"]) != found["id"]:
            self.wrong.append(f"{key}: {self.made[key]} and {found['id']}")

    def _wanted(self, method: str, path: str, status: int, body: object = None, key: str = "") -> Any:
        """Send until it is answered, and return the answer; the key stays the same."""
        headers = {"authorization": f"Bearer {self.key}", "content-type": "application/json", "idempotency-key": key}
        while True:
            to = HTTPConnection("127.0.0.1", self.port, timeout=60)
            try:
                to.request(method, path, json.dumps(body) if body else None, headers)
                got = to.getresponse()
                text = got.read()
            except (OSError, HTTPException):
                time.sleep(0.1)  # it was killed: nobody knows how far it came
                continue
            finally:
                to.close()
            if got.status == status:
                return json.loads(text)
            if got.status not in AGAIN:
                self.wrong.append(f"{method} {path}: {got.status} {text[:300]!r}")
                return None
            time.sleep(0.05)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    people(tmp_path / "home", now())
    return tmp_path / "home"


@pytest.fixture
def keys(home: Path) -> dict[str, str]:
    office = Office(Settings(home, now, lambda opened, day: choose_for_record(opened, "", day)))
    found = accounts(office)
    office.close()
    return found


def test_nothing_acknowledged_is_lost_when_the_server_is_killed(home: Path, keys: dict[str, str]) -> None:
    with Server("fenji", str(home)) as server:
        until = time.monotonic() + SECONDS
        clients = [Client(server.port, keys["reviewer"], seed, until) for seed in range(CLIENTS)]
        for each in clients:
            each.start()
        for _ in range(KILLS):
            time.sleep(SECONDS / (KILLS + 1))
            server.kill()
        for each in clients:
            each.join()
    assert [text for each in clients for text in each.wrong] == []
    made = {key: name for each in clients for key, name in each.made.items()}
    with open_home(home) as opened:
        decisions = {record.id for record in reading.records(opened.store) if record.kind == "decision"}
        assert decisions == set(made.values())  # each acknowledged one is there, and none besides
        assert len(decisions) == len(made) > KILLS
        fsck.fsck(opened)
