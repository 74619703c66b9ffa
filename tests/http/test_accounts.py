"""Accounts over HTTP: nobody is made to sign as another by one person, and everybody keeps their own secrets."""

from __future__ import annotations

import time
from base64 import b32decode
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from engine.store.access import Account
from tests.http.conftest import FIRMS, PASSWORD, Served


def added(served: Served, second: str = "", **more: Any) -> Any:
    also = {"x-second-authorization": f"Bearer {served.keys[second]}"} if second else {}
    return served.call(
        "first-administrator", "POST", "/v1/accounts", {"login": f"new-{uuid4()}", "password": PASSWORD, **more}, **also
    )


@pytest.fixture(scope="module", autouse=True)
def second(served: Served) -> str:
    """The API key of an administrator beside the first; as the first, it signs as nobody."""
    for name in ("first-administrator", "other-administrator"):
        account = Account(name, name, "", ("administrator",))
        served.office.accounts.store.put(account)
        served.keys[name] = served.office.accounts.make_key(account, ("account.manage",), served.office.now())
    return "other-administrator"


ACTING = [
    {"roles": ["decider"], "actor": "li"},
    {"roles": ["applicant"], "actor": "firm-a", "enterprise": FIRMS["a"]},
    {"roles": ["administrator"]},
]


@pytest.mark.parametrize("body", ACTING)
def test_one_administrator_alone_lets_nobody_sign(served: Served, second: str, body: dict[str, Any]) -> None:
    assert (added(served, **body).status_code, added(served, **body).json()["code"]) == (403, "two-persons")
    assert added(served, "first-administrator", **body).json()["code"] == "two-persons"
    assert added(served, "decider", **body).json()["code"] == "forbidden"
    assert added(served, second, **body).status_code == 201


def test_nor_does_a_link_to_an_identity_provider(served: Served, second: str) -> None:
    made = added(served, second, roles=["decider"], actor="li").json()["id"]
    got = served.call("first-administrator", "PUT", f"/v1/accounts/{made}/subject", {"subject": "me"})
    assert (got.status_code, got.json()["code"]) == (403, "two-persons")


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"roles": ["decider", "administrator"]}, "/roles"),
    ({"roles": ["applicant", "decider"], "enterprise": FIRMS["a"]}, "/roles"),
    ({"roles": ["applicant"]}, "/enterprise"),
    ({"roles": ["decider"], "enterprise": FIRMS["a"]}, "/enterprise"),
    ({"roles": ["applicant"], "actor": "firm-b", "enterprise": FIRMS["a"]}, "/actor"),
    ({"roles": ["applicant"], "actor": "chen", "enterprise": FIRMS["a"]}, "/actor"),
    ({"roles": ["decider"], "actor": "firm-a"}, "/actor"),
    ({"roles": ["decider"], "actor": "nobody"}, "/actor"),
    ({"roles": ["administrator"], "actor": "chen"}, "/actor"),
]


@pytest.mark.parametrize(("body", "pointer"), WRONG)
def test_an_account_whose_parts_contradict_each_other_is_refused(
    served: Served, second: str, body: dict[str, Any], pointer: str
) -> None:
    got = added(served, second, **body)
    assert (got.status_code, got.json()["errors"][0]["pointer"]) == (422, pointer), got.text


def test_an_enterprises_account_without_an_enterprise_writes_nothing(served: Served) -> None:
    account = Account("homeless", "homeless", "firm-a", ("applicant",))
    served.office.accounts.store.put(account)
    scopes = ("filing.draft", "pilot.apply", "decision.propose", "transfer.record")
    served.keys["homeless"] = served.office.accounts.make_key(account, scopes, served.office.now())
    for path in ("/v1/filings", "/v1/pilots", "/v1/decisions", "/v1/transfer-registers"):
        assert served.call("homeless", "POST", path, {"name": "x"}).status_code == 403, path


def test_a_log_in_name_is_one_however_it_is_written(served: Served) -> None:
    login = f"zhang-{uuid4()}"
    assert added(served, roles=["viewer"], enterprise=FIRMS["a"], login=login).status_code == 201
    for same in (login.upper(), f"{login} ", login.replace("z", "ｚ")):
        assert added(served, roles=["viewer"], enterprise=FIRMS["a"], login=same).json()["code"] == "exists"
    assert served.client.post("/v1/sessions", json={"login": login.upper(), "password": PASSWORD}).status_code == 201


def test_people_change_their_password_and_take_a_second_factor(served: Served) -> None:
    login, other = f"wu-{uuid4()}", "another long enough one"
    account = served.office.accounts.store.account(
        "id", added(served, roles=["viewer"], enterprise=FIRMS["a"], login=login).json()["id"]
    )
    assert account
    served.keys["wu"] = served.office.accounts.make_key(account, ("account.self",), served.office.now())
    path = "/v1/accounts/me/password"
    assert served.call("wu", "PUT", path, {"password": "wrong", "new": other}).status_code == 401
    assert served.call("wu", "PUT", path, {"password": PASSWORD, "new": "short"}).json()["code"] == "weak-password"
    assert served.call("wu", "PUT", path, {"password": PASSWORD, "new": other}).status_code == 204

    def come_in(password: str, **code: str) -> int:
        return int(served.client.post("/v1/sessions", json={"login": login, "password": password, **code}).status_code)

    assert (come_in(PASSWORD), come_in(other)) == (401, 201)
    made = served.call("wu", "POST", "/v1/accounts/me/one-time-password", {"password": other})
    assert made.status_code == 201
    once = TOTP(b32decode(made.json()["secret"]), 6, SHA1(), 30, enforce_key_length=False)  # noqa: S303 - RFC 6238
    assert come_in(other) == 401
    assert come_in(other, code=once.generate(int(time.time())).decode()) == 201
    assert served.call("wu", "POST", "/v1/accounts/me/one-time-password", {"password": other}).status_code == 401
    served.client.cookies.clear()
