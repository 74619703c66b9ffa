"""What a server forgets in time, by itself."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fastapi.testclient import TestClient

from api.access.accounts import stamp
from api.cli.options import now
from api.cli.rulebooks import choose_for_record
from api.http import once
from api.http.app import create
from api.http.office import Settings
from api.http.upkeep import Upkeep
from engine.store.access import AccessStore, Account, Sending, Session
from tests.http.conftest import people

NOW = datetime(2026, 9, 1, tzinfo=UTC)


def test_a_server_that_starts_forgets_what_is_past_its_time(tmp_path: Path) -> None:
    home = tmp_path / "home"
    people(home, now())
    store = AccessStore(home / "access.db")
    store.put(Account("a", "a", "", ("viewer",)))
    for name, age in (("old", timedelta(hours=1)), ("fresh", timedelta(hours=-1))):
        at = now() - timedelta(hours=once.KEEP_HOURS) - age
        store.put(Sending(name, "request", name, "", stamp(at), 201, "{}"))
        store.put(Session(name, "a", "", stamp(at), stamp(now() - age)))
    app = create(Settings(home, now, lambda opened, day: choose_for_record(opened, "", day)))
    with TestClient(app, base_url="https://testserver"):
        for _ in range(100):
            if store.sending("old") is None and store.session("old") is None:
                break
            time.sleep(0.05)
    assert (store.sending("old"), store.session("old")) == (None, None)
    assert store.sending("fresh")
    assert store.session("fresh")
    plan = store.run("EXPLAIN QUERY PLAN DELETE FROM sending WHERE at < ?", ("2026",))
    assert "sending_at" in plan[0][3]
    store.close()


def test_a_task_that_fails_keeps_no_other_from_its_turn() -> None:
    told: list[datetime] = []

    def fails(_: datetime) -> None:
        raise ZeroDivisionError

    Upkeep(lambda: NOW, (fails, told.append)).tidy()
    assert told == [NOW]
