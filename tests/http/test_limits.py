"""Limits: who counts as a caller, how long a request may take to come, and how long an answer may take."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from api.http.limits import Limits, Rate
from api.http.v1 import rules
from tests.http.conftest import Running, Served


def limited(served: Served, rate: Rate) -> Callable[[Scope, Receive, Send], Any]:
    """The application behind limits of its own."""
    limits = Limits(served.app, rate)

    async def outer(scope: Scope, receive: Receive, send: Send) -> None:
        await limits({**scope, "app": served.app}, receive, send)

    return outer


def test_invented_headers_make_no_caller(served: Served) -> None:
    client = TestClient(limited(served, Rate(0.0, 3)), base_url="https://testserver")
    known = {"authorization": f"Bearer {served.keys['viewer']}"}
    got = [client.get("/v1/packs", headers={"authorization": f"Bearer fenji_{n:016x}_x"}).status_code for n in range(3)]
    got.append(client.get("/v1/packs", headers={"cookie": "__Host-fenji=x"}).status_code)
    assert got == [200, 200, 200, 429]
    assert client.get("/healthz").status_code == client.get("/readyz").status_code == 200
    assert [client.get("/v1/packs", headers=known).status_code for _ in range(4)] == [200, 200, 200, 429]
    forged = {"authorization": f"{known['authorization']}x"}
    assert client.get("/v1/packs", headers=forged).status_code == 429


def test_a_body_that_never_ends_is_refused(served: Served) -> None:
    sent: list[Any] = []
    scope: dict[str, Any] = {
        "type": "http", "http_version": "1.1", "method": "POST", "path": "/v1/assessments", "raw_path": b"/v1/assessments",
        "query_string": b"", "scheme": "https", "client": ("127.0.0.1", 1), "server": ("testserver", 443), "root_path": "",
        "headers": [(b"content-type", b"application/json"), (b"content-length", b"9")],
    }  # fmt: skip

    async def receive() -> Any:
        await asyncio.sleep(60)

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(limited(served, Rate(9, 9, 0.05))(scope, receive, send))
    assert (sent[0]["status"], b"too-slow" in sent[1]["body"]) == (408, True)


def test_a_head_that_never_ends_is_refused(running: Running) -> None:
    with socket.create_connection(("127.0.0.1", running.server.port)) as one:
        one.sendall(b"GET /v1/packs HTTP/1.1\r\nHost: x\r\nX-")
        one.settimeout(30)
        assert one.recv(100).startswith(b"HTTP/1.1 408")


def test_a_compressed_body_is_refused(served: Served) -> None:
    got = served.call("", "POST", "/v1/assessments", {}, **{"content-encoding": "gzip"})
    assert (got.status_code, got.json()["code"]) == (415, "encoded")


def test_an_answer_that_takes_too_long_is_refused(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work grows faster than the items that are left open: it ends in time, and says what to do."""
    items = [{"id": f"f{number}", "persons": {"at_least": 0, "at_most": 2_000_000}} for number in range(200)]
    monkeypatch.setattr(rules, "SECONDS", 0.5)
    began = time.monotonic()
    got = served.call("", "POST", "/v1/assessments", {"pack": "cn-cross-border", "facts": {"flow": {"items": items}}})
    assert (got.status_code, got.json()["code"]) == (503, "out-of-time")
    assert "with an account" in got.json()["errors"][0]["help"]
    assert time.monotonic() - began < 20  # not a timing: it took minutes


SLIPS: list[tuple[str, str, str, dict[str, Any], int, str]] = [
    ("applicant", "GET", "/v1/filings?sate=draft", {}, 422, "unknown-parameter"),
    ("applicant", "GET", "/v1/filings?state=nope", {}, 422, "invalid"),
    ("intake", "GET", "/v1/filings?state=nope", {}, 422, "invalid"),
    ("intake", "GET", "/v1/cases?state=nope", {}, 422, "invalid"),
    ("", "GET", "/v1/packs?zz=1", {}, 422, "unknown-parameter"),
    ("", "POST", "/v1/assessments", {"content-type": "application/json; charset=gbk"}, 415, "not-json"),
    ("", "POST", "/v1/assessments", {"content-type": "application/json; charset=UTF-8"}, 422, "invalid"),
]


@pytest.mark.parametrize(("who", "method", "path", "headers", "status", "code"), SLIPS)
def test_what_would_be_passed_over_is_refused(  # noqa: PLR0913, PLR0917 - a column each
    served: Served, who: str, method: str, path: str, headers: dict[str, Any], status: int, code: str
) -> None:
    got = served.call(who, method, path, {} if method == "POST" else None, **headers)
    assert (got.status_code, got.json()["code"]) == (status, code), got.text


def test_a_webhook_names_types_that_exist_and_the_port_of_tls(served: Served) -> None:
    url = "https://1.1.1.1/"
    got = served.call("applicant", "POST", "/v1/webhooks", {"url": url, "types": ["filing.submit", "nope"]})
    assert (got.status_code, got.json()["errors"][0]["pointer"]) == (422, "/types/1")
    got = served.call("applicant", "POST", "/v1/webhooks", {"url": "https://1.1.1.1:22/"})
    assert (got.status_code, got.json()["code"]) == (422, "private-address")


def test_a_problem_is_named_in_chinese_and_its_remedy_in_words_of_http(served: Served) -> None:
    asked = {"pack": "nanjing-tiering", "facts": {}, "reasons": "x"}
    got = served.call("decider", "POST", "/v1/decisions", asked, **{"idempotency-key": "slip-1", "accept-language": "zh"})
    assert got.json()["code"] == "no-outcome"
    assert got.json()["detail"].isascii() is False
    assert "--" not in got.json()["errors"][0]["help"]
    got = served.call("applicant", "POST", "/v1/accounts/me/keys", {"scopes": ["nope"]}, **{"accept-language": "zh"})
    assert got.json()["detail"] == got.json()["title_zh"]
