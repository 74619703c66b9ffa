"""The HTTP interface as its callers see it: answers, problems, permissions, keys that are sent twice."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml

from api.http.body import Body, body_of
from api.http.language import preferred
from api.http.limits import MOST
from engine.errors import FactError, Place
from engine.evidence.note import read_receipt
from tests.http.conftest import FIRMS, PASSWORD, Served

FACTS = {"people.minors": False, "product": {"daily_consumption": True}}
SURE = yaml.safe_load((Path(__file__).parents[2] / "rules/samples/nanjing-tiering/power-plant-canteen.yaml").read_text("utf-8"))
ASKED = {"pack": "nanjing-tiering", "facts": FACTS, "as_of": "2026-08-01"}
JSON = {"content-type": "application/json"}
WRONG: list[tuple[str, str, Any, int, str, str]] = [
    ("GET", "/nowhere", None, 404, "not-found", ""),
    ("DELETE", "/v1/packs", None, 405, "method-not-allowed", ""),
    ("GET", "/v1/packs/nope", None, 404, "unknown-pack", ""),
    ("GET", "/v1/packs/nanjing-tiering/rules/nope", None, 404, "not-found", ""),
    ("GET", "/v1/packs?known_at=2999-01-01", None, 422, "future-day", ""),
    ("POST", "/v1/assessments", [], 422, "invalid", ""),  # the whole document: RFC 6901, section 5
    ("POST", "/v1/assessments", {}, 422, "invalid", "/facts"),
    ("POST", "/v1/assessments", {"facts": {}, "when": "now"}, 422, "invalid", "/when"),
    ("POST", "/v1/assessments", {"facts": {}, "as_of": "yesterday"}, 422, "wrong-date", "/as_of"),
    ("POST", "/v1/assessments", {"facts": {}, "pack": 7}, 422, "invalid", "/pack"),
    ("POST", "/v1/assessments", {"facts": {}, "pack": "nope"}, 404, "unknown-pack", ""),
    ("POST", "/v1/assessments", {"facts": {"people": {"minors": "x"}}}, 422, "wrong-type", "/facts/people/minors"),
    ("POST", "/v1/assessments", {"facts": {"people.minos": True}}, 422, "unknown-fact", "/facts/people.minos"),
    ("POST", "/v1/sessions", {"login": "x"}, 422, "invalid", "/password"),
    ("POST", "/v1/sessions", {"login": "x", "password": "y"}, 401, "denied", ""),
    ("GET", "/v1/decisions/nope", None, 401, "unauthenticated", ""),
    ("GET", "/v1/log/records/nope/receipt", None, 404, "not-found", ""),
    ("POST", "/v1/verify", {"no": "archive"}, 422, "not-canonical", ""),
]


@pytest.mark.parametrize("case", WRONG, ids=lambda case: f"{case[0]} {case[1]} {case[4]}")
def test_every_refusal_is_a_problem(served: Served, case: tuple[str, str, Any, int, str, str]) -> None:
    method, path, body, status, code, pointer = case
    for language in ("zh-CN", "en"):
        got = served.call("", method, path, body, **{"accept-language": language})
        problem = got.json()
        assert (got.status_code, problem["status"], problem["code"]) == (status, status, code)
        assert got.headers["content-type"] == "application/problem+json"
        assert got.headers["content-language"] == language[:2]
        assert problem["title"] == problem[f"title_{language[:2]}"]
        assert problem["errors"][0]["pointer"] == pointer
        assert problem["trace_id"] == got.headers["x-trace-id"]
        assert any("\u4e00" <= letter <= "\u9fff" for letter in problem["title_zh"])


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "zh"),
        ("zh-CN,zh;q=0.9", "zh"),
        ("en-US,en;q=0.9,zh;q=0.1", "en"),
        ("fr, en;q=0.2, zh;q=0.7", "zh"),
        ("fr, zh;q=0.2", "zh"),
        ("fr", "en"),
        ("*", "zh"),
        ("en, *;q=0.5", "en"),
        ("fr, *;q=0.5", "zh"),
        ("zh;q=0", "en"),
        ("zh;q=0, *", "en"),
        ("en, zh", "en"),
        ("zh, en", "zh"),
        ("EN", "en"),
        ("en;q=2, \x01", "zh"),
    ],
)
def test_the_language_is_the_one_that_is_weighed_most(header: str, language: str) -> None:
    assert preferred(header) == language


def test_a_path_says_which_methods_it_has_and_head_is_get_without_a_body(served: Served) -> None:
    for path, methods in (("/v1/filings/x", "GET, HEAD, PATCH"), ("/v1/packs", "GET, HEAD"), ("/v1/assessments", "POST")):
        got = served.call("", "PUT", path)
        assert (got.status_code, got.headers["allow"]) == (405, methods)
    shown = served.client.head("/v1/packs")
    full = served.client.get("/v1/packs")
    assert (shown.status_code, shown.content, shown.headers["etag"]) == (200, b"", full.headers["etag"])
    assert shown.headers["content-length"] == full.headers["content-length"]
    assert served.client.head("/v1/packs/none").status_code == 404
    assert served.call("", "HEAD", "/v1/cases").status_code == 401


@pytest.mark.parametrize("path", ["assessments", "batches", "decisions", "filings", "jobs"])
def test_what_does_not_say_that_it_is_json_is_refused(served: Served, path: str) -> None:
    shown = {"authorization": f"Bearer {served.keys['applicant']}", "idempotency-key": str(uuid4())}
    for media in ("text/plain", "application/xml", ""):
        got = served.client.post(f"/v1/{path}", content=b"{}", headers={**shown, "content-type": media})
        assert (got.status_code, got.json()["code"]) == (415, "not-json"), (path, media)


def test_a_firm_reads_what_was_filed_for_it_however_its_code_was_typed(served: Served) -> None:
    typed = f" {FIRMS['a'][:4].lower()} {FIRMS['a'][4:].lower()}"
    made = decided(served, "decider", filed_by=typed).json()
    assert served.call("viewer", "GET", f"/v1/decisions/{made['id']}").status_code == 200
    assert served.call("viewer-b", "GET", f"/v1/decisions/{made['id']}").status_code == 404


def test_what_is_too_large_or_too_deep_is_refused(served: Served) -> None:
    assert served.client.post("/v1/assessments", content=b"x" * (MOST + 1)).status_code == 413
    parts = (b"[" * 1000 for _ in range(MOST // 1000 + 10))
    assert served.client.post("/v1/assessments", content=parts).status_code == 413
    assert served.client.post("/v1/assessments", content=b'{"facts":' * 100, headers=JSON).status_code == 422


def test_where_a_file_of_the_server_lies_is_not_told(served: Served) -> None:
    kept = served.office.settings.home / "checkpoint"
    before = kept.read_text()
    try:
        kept.write_text("torn")
        got = served.client.get("/readyz")
        assert (got.status_code, got.json()["code"]) == (503, "not-ready")
        assert str(kept.parent) not in got.text
    finally:
        kept.write_text(before)


def test_headers_say_what_browsers_may_do(served: Served) -> None:
    headers = served.client.get("/healthz").headers
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert headers["x-content-type-options"] == "nosniff"


def test_an_assessment_is_the_answer_of_the_engine_and_leaves_nothing(served: Served) -> None:
    before = served.client.get("/v1/log/checkpoint").text
    got = served.call("", "POST", "/v1/assessments", ASKED)
    assert (got.status_code, got.json()["pack"], got.json()["as_of"]) == (200, "nanjing-tiering", "2026-08-01")
    overall = served.call("", "POST", "/v1/assessments", {"facts": FACTS, "as_of": "2026-08-01"}).json()
    assert {part["pack"] for part in overall["packs"]} == set(served.office.chosen.rulebook.packs)
    assert served.client.get("/v1/log/checkpoint").text == before


def decided(served: Served, who: str = "applicant", **more: str) -> Any:
    return served.call(who, "POST", "/v1/decisions", {**ASKED, **more}, **{"idempotency-key": str(uuid4())})


def test_a_decision_is_recorded_once_for_a_key(served: Served) -> None:
    key = {"idempotency-key": str(uuid4())}
    first = served.call("applicant", "POST", "/v1/decisions", ASKED, **key)
    again = served.call("applicant", "POST", "/v1/decisions", ASKED, **key)
    assert first.status_code == again.status_code == 201
    assert first.json()["id"] == again.json()["id"]
    other = served.call("applicant", "POST", "/v1/decisions", {**ASKED, "as_of": "2026-08-02"}, **key)
    assert (other.status_code, other.json()["code"]) == (422, "key-reused")
    assert served.call("applicant", "POST", "/v1/decisions", ASKED).status_code == 400


def test_many_at_once_are_each_recorded(served: Served) -> None:
    keys = [{"idempotency-key": str(uuid4())} for _ in range(48)]
    with ThreadPoolExecutor(16) as pool:  # a reader meets a log that grows between two of its readings
        made = list(pool.map(lambda key: served.call("applicant", "POST", "/v1/decisions", ASKED, **key), keys))
    assert {got.status_code for got in made} == {201}
    assert len({got.json()["id"] for got in made}) == len(keys)


def test_a_decision_is_read_explained_replayed_and_exported(served: Served) -> None:
    made = decided(served).json()
    path = f"/v1/decisions/{made['id']}"
    assert read_receipt(made["receipt"]).index > 0
    assert served.call("applicant", "GET", path).json()["statement"] == made["statement"]
    assert served.call("applicant", "GET", f"{path}/explanation").json()["pack"] == "nanjing-tiering"
    assert served.call("auditor", "GET", f"{path}/replay").json()["exit"] == 0
    archive = served.call("decider", "GET", f"{path}/bundle?profile=full")
    assert served.client.post("/v1/verify", content=archive.content).json()["exit"] == 0
    assert served.call("applicant", "GET", f"{path}/bundle?profile=full").status_code == 200  # what the firm recorded itself
    assert served.call("applicant", "GET", f"{path}/bundle").status_code == 200


def test_tenants_never_learn_of_each_other(served: Served) -> None:
    path = f"/v1/decisions/{decided(served).json()['id']}"
    nothing = served.call("applicant-b", "GET", "/v1/decisions/nope")
    for route in ("", "/explanation", "/replay", "/bundle"):
        theirs = served.call("applicant-b", "GET", path + route)
        assert (theirs.status_code, theirs.json()["code"]) == (404, nothing.json()["code"])


def test_a_deviation_needs_a_second_official(served: Served) -> None:
    more = {"facts": SURE, "outcome": "tier=t0", "reasons": "公共安全", "filed_by": FIRMS["a"]}
    key = {"idempotency-key": str(uuid4())}
    assert served.call("decider", "POST", "/v1/decisions", {**ASKED, **more}, **key).json()["code"] == "two-persons"
    second = {"x-second-authorization": f"Bearer {served.keys['decider']}"}
    assert served.call("decider", "POST", "/v1/decisions", {**ASKED, **more}, **key, **second).json()["code"] == "two-persons"
    second = {"x-second-authorization": f"Bearer {served.keys['applicant-b']}"}
    assert served.call("decider", "POST", "/v1/decisions", {**ASKED, **more}, **key, **second).status_code == 403
    second = {"x-second-authorization": f"Bearer {served.keys['decider-b']}"}
    made = served.call("decider", "POST", "/v1/decisions", {**ASKED, **more}, **key, **second)
    assert made.status_code == 201
    assert made.json()["statement"]["predicate"]["overrides"][0]["approved_by"] == "li"
    assert served.call("applicant", "GET", f"/v1/decisions/{made.json()['id']}").status_code == 200


def test_what_is_open_is_not_settled_by_one_official_without_reasons(served: Served) -> None:
    sent = {**ASKED, "outcome": "tier=t3", "filed_by": FIRMS["a"]}
    second = {"x-second-authorization": f"Bearer {served.keys['decider-b']}"}
    refused: Any = (({}, second, "no-ground"), ({"reasons": " "}, second, "no-ground"), ({"reasons": "x"}, {}, "two-persons"))
    for more, headers, code in refused:
        key = {"idempotency-key": str(uuid4())}
        assert served.call("decider", "POST", "/v1/decisions", {**sent, **more}, **key, **headers).json()["code"] == code
    key = {"idempotency-key": str(uuid4())}
    assert served.call("decider", "POST", "/v1/decisions", {**sent, "reasons": "核查"}, **key, **second).status_code == 201


@pytest.fixture(scope="module")
def mine(served: Served) -> str:
    found: str = decided(served).json()["id"]
    return found


def test_log_in_with_a_browser(served: Served) -> None:
    account = served.office.accounts.store.account("id", "viewer")
    assert account is not None
    served.office.accounts.set_password(account, PASSWORD)
    client = served.client
    got = client.post("/v1/sessions", json={"login": "viewer", "password": PASSWORD})
    assert got.status_code == 201
    cookie = got.headers["set-cookie"].lower()
    assert all(word in cookie for word in ("__host-fenji=", "secure", "httponly", "samesite=strict", "path=/"))
    try:
        assert client.get("/v1/accounts/me").json()["roles"] == ["viewer"]
        assert client.delete("/v1/sessions/current").json()["code"] == "forbidden"
        assert client.delete("/v1/sessions/current", headers={"x-csrf-token": got.json()["csrf"]}).status_code == 204
    finally:
        client.cookies.clear()


def test_what_an_auditor_reads_and_what_is_refused_is_noted(served: Served, mine: str) -> None:
    served.call("auditor", "GET", f"/v1/decisions/{mine}")
    served.call("editor", "GET", f"/v1/decisions/{mine}/bundle")
    noted = served.office.accounts.store.readings(0, 10_000)
    assert any(
        (each.account, each.action, each.thing, each.allowed) == ("auditor", "decision.read", mine, True) for each in noted
    )
    assert any((each.account, each.action, each.allowed) == ("editor", "decision.export", False) for each in noted)


def test_administrators_keep_accounts_and_owners_their_keys(served: Served) -> None:
    new = {"login": f"new-{uuid4()}", "roles": ["viewer"], "enterprise": FIRMS["a"], "password": PASSWORD}
    made = served.call("administrator", "POST", "/v1/accounts", new)
    assert made.status_code == 201
    assert "password" not in made.json()
    assert served.call("administrator", "POST", "/v1/accounts", new).json()["code"] == "exists"
    assert served.call("administrator", "POST", "/v1/accounts", {**new, "king": True}).json()["code"] == "invalid"
    key = served.call("viewer-b", "POST", "/v1/accounts/me/keys", {"scopes": ["filing.read"], "days": 1}).json()["key"]
    shown = served.call("viewer-b", "GET", "/v1/accounts/me").json()["keys"]
    one = next(each for each in shown if each["id"] == key.split("_")[1])
    assert one["scopes"] == ["filing.read"]
    assert served.call("viewer", "DELETE", f"/v1/accounts/me/keys/{one['id']}").status_code == 404
    assert served.call("viewer-b", "DELETE", f"/v1/accounts/me/keys/{one['id']}").status_code == 204
    assert served.call("administrator", "DELETE", f"/v1/accounts/{made.json()['id']}").status_code == 204
    assert served.call("administrator", "DELETE", "/v1/accounts/nobody").status_code == 404


def test_metrics_and_readiness(served: Served) -> None:
    assert served.client.get("/readyz").json()["status"] == "ready"
    text = served.client.get("/metrics").text
    assert 'route="/v1/packs"' in text or 'route="/packs"' in text
    assert "fenji_waiting 0" in text


@pytest.mark.parametrize(
    ("place", "pointer"),
    [((1, 1), ""), ((1, 2), "/a"), ((1, 8), "/a/0"), ((1, 11), "/a/1"), ((1, 15), "/b~1c"), ((1, 99), "/b~1c/d")],
)
def test_places_become_pointers(place: tuple[int, int], pointer: str) -> None:
    sent: Body = body_of(b'{"a": [1, 2], "b/c": {"d": "e"}}')
    error = sent.pointed(FactError("x", "y", "z", Place("body", *place)))
    assert error.finding.place.file == f"#{pointer}"


def test_the_openapi_document_names_every_route_and_the_problem(served: Served) -> None:
    document = json.loads(served.client.get("/openapi.json").text)
    assert document["openapi"].startswith("3.1")
    assert "Problem" in document["components"]["schemas"]
    assert {"/v1/assessments", "/v1/decisions", "/v1/log/checkpoint", "/v1/sessions"} <= set(document["paths"])


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({"scopes": ["filing.submit"], "days": 1}, 403, "/scopes/0"),
        ({"scopes": ["filing.read", "filing.submit"], "days": 1}, 403, "/scopes/1"),
        ({"scopes": ["filing.read"], "days": 30}, 403, "/days"),
        ({"scopes": ["filing.read"], "days": 1}, 201, ""),
    ],
)
def test_a_key_makes_none_that_reaches_further(served: Served, body: dict[str, Any], status: int, pointer: str) -> None:
    account = served.office.accounts.store.account("id", "applicant")
    assert account
    served.keys["cut"] = served.office.accounts.make_key(account, ("account.self", "filing.read"), served.office.now(), 2)
    got = served.call("cut", "POST", "/v1/accounts/me/keys", body)
    assert got.status_code == status, got.text
    if status == 201:
        assert got.json()["key"].startswith(f"fenji_{got.json()['id']}_")
        mine = {each["id"]: each["expires"] for each in served.call("cut", "GET", "/v1/accounts/me").json()["keys"]}
        assert mine[got.json()["id"]] == got.json()["expires"]
    else:
        assert got.json()["errors"][0]["pointer"] == pointer
