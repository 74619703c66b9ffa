"""What a server does by itself: forget what is past its time, and take up a rulebook that was activated."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.access.accounts import stamp
from api.cli.options import now
from api.cli.rulebooks import choose_for_record
from api.client import Client
from api.http import once
from api.http.app import create
from api.http.limits import Rate
from api.http.office import Office, Settings
from api.http.upkeep import Upkeep
from engine.errors import EvidenceError
from engine.evidence import log, release
from engine.evidence.installation import open_home
from engine.evidence.keys import Holder
from engine.rulebook.locate import files_of, find, open_rulebook
from engine.store.access import AccessStore, Account, Sending, Session
from tests.http.conftest import people
from tests.http.test_app import FACTS

NOW = datetime(2026, 9, 1, tzinfo=UTC)


def until(true: Callable[[], bool]) -> None:
    for _ in range(1_200):
        if true():
            return
        time.sleep(0.05)
    raise TimeoutError


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation that nothing was published in, with something to forget."""
    found = tmp_path_factory.mktemp("upkeep") / "home"
    people(found, now())
    store = AccessStore(found / "access.db")
    store.put(Account("a", "a", "chen", ("decider",)))
    for name, age in (("old", timedelta(hours=1)), ("fresh", timedelta(hours=-1))):
        at = now() - timedelta(hours=once.KEEP_HOURS) - age
        store.put(Sending(name, "request", name, "", stamp(at), 201, "{}"))
        store.put(Session(name, "a", "", stamp(at), stamp(now() - age)))
    store.close()
    return found


@pytest.fixture(scope="module")
def client(home: Path) -> Iterator[TestClient]:
    app = create(Settings(home, now, lambda opened, day: choose_for_record(opened, "", day)), Rate(1e9, 1 << 30))
    with TestClient(app, base_url="https://testserver", raise_server_exceptions=False) as found:
        yield found


def of(client: TestClient) -> Office:
    app: Any = client.app
    found: Office = app.state.office
    return found


def test_a_server_that_starts_forgets_what_is_past_its_time(client: TestClient) -> None:
    store = of(client).accounts.store
    until(lambda: store.sending("old") is None and store.session("old") is None)
    assert store.sending("fresh")
    assert store.session("fresh")
    plan = store.run("EXPLAIN QUERY PLAN DELETE FROM sending WHERE at < ?", ("2026",))
    assert "sending_at" in plan[0][3]


def test_a_rulebook_that_is_activated_answers_without_a_restart(client: TestClient, home: Path) -> None:
    at = of(client)
    key = at.accounts.make_key(at.accounts.store.account("id", "a") or pytest.fail("no account"), ("decision.propose",), now())
    served = Client(key=key, http=client)
    before = at.as_it_is()

    def released() -> str:
        said = served.decisions.make(pack="nanjing-tiering", facts=FACTS).statement["predicate"]
        return str(said["rulepack"]["version"])

    assert served.operators.ready()["rulebook"] == "unpublished"
    assert released() == "unpublished"
    with open_home(home) as opened:  # as another process does
        first, moment = opened.actors.key_of("chen", "decision", log.stamp(now())), log.stamp(now())
        for name in ("wu", "zhao"):
            opened.add_actor(Holder(name, name, "市工信局", ("publisher",)), "rulebook", moment, first)
        keys = [opened.actors.key_of(name, "rulebook", log.stamp(now())) for name in ("wu", "zhao")]
        made = release.publish(opened, files_of(find()), open_rulebook(find()), keys, log.stamp(now()))
        release.activate(opened, made, keys[0], log.stamp(now()))
    until(lambda: at.chosen.release == made.id)
    assert served.operators.ready()["rulebook"] == made.id
    assert released() == made.id
    assert before.chosen.release == "unpublished"  # what began before goes on as it began
    assert before.streams().rulebook is before.chosen.rulebook
    assert at.streams().rulebook is at.chosen.rulebook


def test_a_server_that_cannot_read_what_was_activated_is_not_ready(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    at = of(client)

    def damaged(*_: object) -> Any:
        raise EvidenceError("damaged", "the archive is damaged")

    with monkeypatch.context() as patched:
        patched.setattr(at, "settings", replace(at.settings, choose=damaged))
        patched.setattr(at, "_seen", -2)
        with pytest.raises(EvidenceError, match="damaged"):
            at.refresh(now())
        assert (client.get("/readyz").status_code, client.get("/readyz").json()["code"]) == (503, "not-ready")
    at.refresh(now())
    assert client.get("/readyz").status_code == 200


def test_a_task_that_fails_keeps_no_other_from_its_turn() -> None:
    told: list[datetime] = []

    def fails(_: datetime) -> None:
        raise ZeroDivisionError

    Upkeep(lambda: NOW, (fails, told.append)).tidy()
    assert told == [NOW]
