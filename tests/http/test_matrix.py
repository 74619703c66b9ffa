"""Every route x role x tenant, as routes.yaml and the table of permissions together want it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml

from api.access.permissions import PUBLIC, permissions
from api.http.app import ROUTERS
from api.http.document import ways
from engine.store.service import Webhook
from tests.http.calls import post, register
from tests.http.conftest import Served
from tests.http.test_cases import opened, proposed
from tests.http.test_filings import submitted
from tests.http.test_jobs import waited

TABLE = permissions()
DATA = yaml.safe_load(Path(__file__).with_name("routes.yaml").read_text("utf-8"))
ROUTES: dict[str, dict[str, Any]] = DATA["routes"]
WHO = ["", *(f"{role}{tenant}" for role in TABLE.roles for tenant in ("", "-b"))]


def _webhook(served: Served) -> str:
    """Put a webhook where it is kept, off: what the tests record is told to nobody outside."""
    served.office.service.put(Webhook("w1", "applicant", "https://fenji.example/", b"", (), "2026-01-01T00:00:00Z", 0, "off"))
    return "w1"


def _job(served: Served) -> str:
    """Start a job and wait until it is over, so that it is the same for every role."""
    asked = {"kind": "replay", "decisions": ["none"]}
    where = post(served, "intake", "/v1/jobs", asked).headers["location"]
    assert waited(served, "intake", where)["state"] == "done"
    return str(where.rpartition("/")[2])


MADE: dict[str, Callable[[Served], str]] = {
    "filing": lambda served: submitted(served).rpartition("/")[2],
    "case": lambda served: opened(served).rpartition("/")[2],
    "decision": lambda served: str(served.call("auditor", "GET", proposed(served)).json()["values"]["proposal"]),
    "register": lambda served: register(served).rpartition("/")[2],
    "webhook": _webhook,
    "job": _job,
}


class Things:
    """Things of the first enterprise and unit, made when a route first asks for them."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.ids: dict[str, str] = {}

    def id(self, name: str) -> str:
        if name not in self.ids:
            how = DATA["things"][name]
            if "made" in how:
                self.ids[name] = MADE[how["made"]](self.served)
            else:
                body = _filled(how.get("body"), self)
                got = self.served.call(how["who"], "POST", how["path"], body, **{"idempotency-key": str(uuid4())})
                assert got.status_code in (201, 202), got.text
                self.ids[name] = got.json()["id"]
        return self.ids[name]


@pytest.fixture(scope="module")
def things(served: Served) -> Things:
    return Things(served)


def _filled(value: Any, things: Things) -> Any:
    """Return a value with the ids of things in the place of their names in braces."""
    if isinstance(value, dict):
        return {key: _filled(each, things) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, things) for each in value]
    if isinstance(value, str) and value[:1] == "{" and value[1:-1] in DATA["things"]:
        return things.id(value[1:-1])
    return value


def test_every_route_has_a_row_with_its_action() -> None:
    served = {f"{method} {way.path}": way.action for way in ways(ROUTERS, "/v1") for method in way.methods}
    assert {name: row["action"] for name, row in ROUTES.items()} == served


def wanted(row: dict[str, Any], who: str) -> list[int]:
    """Return the statuses that somebody may get."""
    role, foreign = who.removesuffix("-b"), who.endswith("-b")
    actions = [row["action"], *([row["also"]] if "also" in row else [])]
    if all(PUBLIC in TABLE.actions[action] for action in actions):
        return list(row["ok"])
    if not who:
        return [401]
    reaches = [TABLE.actions[action].get(role, TABLE.actions[action].get(PUBLIC)) for action in actions]
    if not all(reaches):
        return [403]
    if row.get("maker"):
        return list(row["ok"]) if who == DATA["things"][row["of"]]["who"] else [404]
    if "of" in row and foreign and reaches[0] in ("own", "unit"):
        return [404]
    return list(row["ok"]) if any(role in TABLE.actions[action] for action in row.get("task", [row["action"]])) else [403]


@pytest.mark.parametrize("name", ROUTES)
def test_every_cell(served: Served, things: Things, name: str) -> None:
    row, (method, path) = ROUTES[name], name.split(" ")
    names = {**({row["of"]: things.id(row["of"])} if "of" in row else {}), **row.get("set", {})}
    path, body = f"{path.format(**names)}?{row.get('query', '')}", _filled(row.get("body"), things)
    public = PUBLIC in TABLE.actions[row["action"]]
    makers = [DATA["things"][row["of"]]["who"]] if row.get("maker") else []
    wrong = {}
    for who in [each for each in (WHO[:3] if public else WHO) if each not in makers] + makers:  # a maker may end the thing: last
        got = served.call(who, method, path, body)
        if got.status_code not in wanted(row, who) or (got.status_code >= 400 and "trace_id" not in got.text):
            wrong[who] = (got.status_code, wanted(row, who), got.text[:200])
    assert not wrong


def test_a_key_cut_down_to_other_actions_opens_nothing(served: Served) -> None:
    account = served.office.accounts.store.account("id", "decider")
    assert account
    served.keys["narrow"] = served.office.accounts.make_key(account, ("rules.read",), served.office.now())
    for name, row in ROUTES.items():
        if PUBLIC not in TABLE.actions[row["action"]]:
            method, path = name.split(" ")
            assert served.call("narrow", method, path, row.get("body")).status_code == 403, name
