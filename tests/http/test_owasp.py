"""The table of checks: complete, open about what is open, every test of it is there; and checks with no better home."""

from __future__ import annotations

import ast
import json
import logging
import re
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.access.accounts import Accounts
from api.cli.options import now
from api.http.logs import JsonLines
from engine.errors import SigningError
from engine.store.access import AccessStore, Account
from tests.http.conftest import PASSWORD, Served

ROOT = Path(__file__).parents[2]
TABLE: dict[str, dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("owasp.yaml").read_text("utf-8"))
# how many requirements each section of the chapters has
SECTIONS = {"8.1": 4, "8.2": 4, "8.3": 3, "8.4": 2, "11.1": 4, "11.2": 5, "11.3": 5, "11.4": 4, "11.5": 2, "11.6": 2, "11.7": 2}
SECTIONS |= {"14.1": 2, "14.2": 8, "14.3": 3, "16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3, "16.5": 4}
ROWS = {name: row for rows in TABLE.values() for name, row in rows.items()}
NAMED = sorted({test for row in ROWS.values() for test in row.get("tests", ())})


@cache
def defined_in(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_number_of_the_lists_is_answered() -> None:
    assert list(TABLE["api_top_10"]) == [f"API{number}:2023" for number in range(1, 11)]
    assert [str(name) for name in TABLE["asvs"]] == [f"{of}.{n}" for of, count in SECTIONS.items() for n in range(1, count + 1)]


@pytest.mark.parametrize("name", ROWS)
def test_a_row_says_what_it_rests_on(name: str) -> None:
    row = ROWS[name]
    assert row["state"] in ("shown", "partly", "open", "outside")
    assert bool(row.get("tests")) is (row["state"] in ("shown", "partly"))
    assert bool(row.get("note")) is (row["state"] != "shown")


@pytest.mark.parametrize("name", NAMED)
def test_a_test_that_the_table_names_is_there(name: str) -> None:
    path, _, test = name.partition("::")
    assert test in defined_in(path)


# checks with no better home ------------------------------------------------------------------------------------------------

WEAK = re.compile(r"\b(MD5|md5|SHA1|sha1|ECB|TripleDES|ARC4|Blowfish|PKCS1v15|CBC|import random|from random)\b")
# SHA-1 is what RFC 6238 says and authenticator apps speak, and HMAC with it is not broken; a simulation draws from its seed
MAY = {"api/access/accounts.py": {"SHA1"}, "engine/supervise/monitors/simulate.py": {"from random", "import random"}}


def test_no_weak_primitive_is_named() -> None:
    found: dict[str, set[str]] = {}
    for room in ("api", "engine"):
        for path in sorted((ROOT / room).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            words = set(WEAK.findall(path.read_text("utf-8"))) - MAY.get(name, set())
            found |= {name: words} if words else {}
    assert found == {}


def test_secrets_come_from_the_system_and_are_long(tmp_path: Path) -> None:
    store = AccessStore(tmp_path / "access.db")
    accounts = Accounts(store, bytes(32))
    made = accounts.add(Account("a", "somebody", "", ("viewer",), "x"), PASSWORD)
    keys = [accounts.make_key(made, ("rules.read",), now()) for _ in range(50)]
    tokens = [accounts.log_in("somebody", PASSWORD, "", now())[0] for _ in range(3)]
    assert len({*keys, *tokens}) == 53
    assert min(len(key.split("_", 2)[2]) for key in keys) >= 22  # 22 letters of base64 hold 128 bits
    assert min(map(len, tokens)) >= 22
    store.close()


def test_every_log_in_is_noted(tmp_path: Path) -> None:
    store = AccessStore(tmp_path / "access.db")
    accounts = Accounts(store, bytes(32))
    accounts.add(Account("a", "somebody", "", ("viewer",), "x", subject="https://idp#me"), PASSWORD)
    accounts.log_in("somebody", PASSWORD, "", now())
    accounts.come_in("https://idp#me", now())
    for login in ("somebody", "a secret typed into the wrong field"):
        with pytest.raises(SigningError):
            accounts.log_in(login, "wrong", "", now())
    with pytest.raises(SigningError):
        accounts.come_in("https://idp#nobody", now())
    noted = [(each.account, each.action, each.thing, each.allowed) for each in store.readings()]
    assert noted == [
        ("a", "log-in", "password", True),
        ("a", "log-in", "identity provider", True),
        ("a", "log-in", "password", False),
        ("", "log-in", "password", False),
        ("", "log-in", "identity provider", False),
    ]
    store.close()


def test_answers_are_kept_by_nobody(served: Served) -> None:
    assert served.client.get("/v1/packs").headers["cache-control"] == "no-cache"  # public, and asked for again by its ETag
    for who, path in (("viewer", "/v1/accounts/me"), ("", "/v1/nowhere"), ("", "/docs")):
        assert served.call(who, "GET", path).headers["cache-control"] == "no-store"
    assert served.client.get("/docs/swagger-ui.css").headers["cache-control"].startswith("public")
    assert served.client.get("/docs/other.css").status_code == 404


def test_a_browser_forgets_at_log_out(served: Served) -> None:
    account = served.office.accounts.store.account("id", "viewer")
    assert account is not None
    served.office.accounts.set_password(account, PASSWORD)
    try:
        csrf = served.client.post("/v1/sessions", json={"login": "viewer", "password": PASSWORD}).json()["csrf"]
        got = served.client.delete("/v1/sessions/current", headers={"x-csrf-token": csrf})
        assert got.headers["clear-site-data"] == '"cache", "storage"'
        assert "max-age=0" in got.headers["set-cookie"].lower()
    finally:
        served.client.cookies.clear()


def test_times_of_logs_carry_their_offset() -> None:
    line = json.loads(JsonLines().format(logging.LogRecord("fenji", logging.INFO, "", 0, "said", None, None)))
    assert datetime.fromisoformat(line["at"]).utcoffset() is not None


def test_a_line_of_the_log_stays_one_line() -> None:
    record = logging.LogRecord("x", logging.ERROR, "", 0, 'a\n{"event": "forged"}\r\x1b[31m\u2028', None, None)
    record.route = "/x\n\x1b"
    text = JsonLines().format(record)
    assert text.isprintable()
    assert json.loads(text)["event"] == "a"
