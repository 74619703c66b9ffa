"""Planted personal data and secrets: sent wherever a request has room for them, and found nowhere that others read."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from api.http import logs
from api.http.hooks import told
from api.http.measures import Measures
from api.http.v1 import rules
from engine.store import reading
from tests.http.conftest import FIRMS, Served
from tests.http.test_app import SURE

NAME, PHONE, CARD = "欧阳植入", "13912340987", "320102199001011234"
TOKEN = "planted-secret-token"  # noqa: S105 - planted
PLANTED = (NAME, PHONE, CARD, TOKEN)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the server writes to its log, in the form in which `fenji serve` writes it."""
    root, kept = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    logs.configure(kept)
    try:
        yield kept
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


def planted_in(served: Served) -> list[Any]:
    """Send the planted words everywhere, and return the answers that do not go to who sent them."""
    facts = {**SURE, "people.minors": NAME}
    query = {"name": NAME, "phone": PHONE, "token": TOKEN}
    client = served.client
    client.post("/v1/assessments", json={"facts": {**SURE, NAME: PHONE}}, params=query)
    client.post("/v1/assessments", json={"facts": facts}, headers={"authorization": f"Bearer fenji_{TOKEN}_{CARD}"})
    client.post("/v1/batches", json={"filings": [{"id": CARD, "facts": facts}]}, params=query)
    client.get(f"/v1/{CARD}", params=query)
    client.get(f"/v1/packs/{PHONE}", params=query)
    client.get(f"/v1/calendar/feeds/{TOKEN}.ics")
    client.get("/v1/oidc/callback", params={"code": TOKEN, "state": PHONE})
    client.request(TOKEN, "/v1/packs")
    client.post("/v1/sessions", json={"login": NAME, "password": TOKEN, "code": PHONE})
    client.get("/healthz", headers={"cookie": f"__Host-fenji={TOKEN}", "user-agent": CARD, "referer": f"https://x/{PHONE}"})
    key = {"idempotency-key": TOKEN + str(uuid4())}
    made = served.call("decider", "POST", "/v1/decisions", {"pack": "nanjing-tiering", "facts": SURE, "as_of": "2026-08-01",
        "outcome": "tier=t3", "reasons": f"{NAME} {PHONE}", "filed_by": FIRMS["a"]}, **key)  # fmt: skip
    assert made.status_code == 201, made.text
    new = {"login": f"{PHONE}-{uuid4()}", "roles": ["viewer"], "password": TOKEN, "enterprise": FIRMS["a"]}
    served.call("administrator", "POST", "/v1/accounts", new)
    return [client.get("/metrics"), served.call("applicant-b", "GET", f"/v1/decisions/{made.json()['id']}")]


def test_planted_words_are_in_no_log_metric_or_answer_to_others(served: Served, log: io.StringIO) -> None:
    others = planted_in(served)
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert len(lines) > 10
    assert {"at", "level", "logger", "event", "trace_id", "route", "status", "ms"} <= lines[-1].keys()
    for text in [log.getvalue(), *(each.text for each in others)]:
        assert not [word for word in PLANTED if word in text]


def test_an_exception_that_quotes_a_filing_is_told_without_its_text(
    served: Served, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: Any) -> Any:
        raise RuntimeError(f"{NAME} {PHONE}")

    monkeypatch.setattr(rules, "_assessed", breaks)
    got = served.client.post("/v1/assessments", json={"facts": {}})
    assert got.json()["code"] == "internal"
    assert not [word for word in PLANTED if word in got.text + log.getvalue()]
    failed = next(line for line in map(json.loads, log.getvalue().splitlines()) if line["event"] == "failed")
    assert failed["error"] == "RuntimeError"
    assert failed["trace"][-1].endswith("breaks")


def test_what_others_log_is_not_filled_in(log: io.StringIO) -> None:
    logging.getLogger("some.library").error("GET %s failed", f"https://x/?name={NAME}")
    logging.getLogger("uvicorn.access").error('"%s" %d', f"/?token={TOKEN}", 200)
    logging.getLogger("some.library").error(ValueError(PHONE))
    assert not [word for word in PLANTED if word in log.getvalue()]
    assert "GET %s failed" in log.getvalue()


def test_an_address_that_an_answer_names_carries_ids_only(served: Served) -> None:
    where = served.call("reviewer", "POST", "/v1/jobs", {"kind": "replay", "decisions": [CARD]}, **{"idempotency-key": TOKEN})
    assert not [word for word in PLANTED if word in where.headers["location"]]
    problem = served.client.get("/v1/packs/none", params={"name": NAME}).json()
    assert NAME not in json.dumps(problem, ensure_ascii=False)
    assert problem["instance"] == "/v1/packs/none"


def test_a_refused_log_in_repeats_nothing(served: Served) -> None:
    got = served.client.post("/v1/sessions", json={"login": NAME, "password": TOKEN, "code": PHONE})
    assert not [word for word in PLANTED if word in got.text]
    got = served.client.get("/v1/accounts/me", headers={"authorization": f"Bearer fenji_x_{TOKEN}"})
    assert TOKEN not in got.text


def test_no_event_told_to_others_carries_more_than_ids_and_states(served: Served) -> None:
    planted_in(served)
    events = [event for record in reading.records(served.office.home.store) if (event := told(record))]
    assert "decision.recorded" in {event[0] for event in events}
    for event in events:
        assert not [word for word in PLANTED if word in json.dumps(event[1], ensure_ascii=False)]


def test_a_histogram_counts_every_request_once() -> None:
    found = Measures()
    for seconds in (0.0005, 0.02, 99.0):
        found.note("GET", "/packs", 200, seconds)
    text = found.text({"waiting": 2})
    assert 'fenji_request_seconds_bucket{method="GET",route="/packs",le="0.001"} 1' in text
    assert 'fenji_request_seconds_bucket{method="GET",route="/packs",le="0.025"} 2' in text
    assert 'fenji_request_seconds_bucket{method="GET",route="/packs",le="+Inf"} 3' in text
    assert 'fenji_request_seconds_count{method="GET",route="/packs"} 3' in text
    assert "fenji_waiting 2" in text
