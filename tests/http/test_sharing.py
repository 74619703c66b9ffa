"""Data sets, checks and requests for data over HTTP: as published, as granted, as used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.access.permissions import permissions
from engine.decide.share import share
from engine.errors import Place
from engine.evidence import policy
from engine.evidence.keys import Holder
from engine.evidence.log import stamp
from engine.rulebook.days import legal_day
from engine.rulebook.read import node_from
from engine.store.access import Account
from engine.supervise import cases
from tests.http.calls import change, ok, post
from tests.http.conftest import Served

SETS = ("njhealth/clinic-visits", "njmarket/enterprise-register", "njtransport/bus-flows")
ROOT = Path(__file__).parents[2]
SAMPLE = (ROOT / "rules/samples/requests/bus-flows/request.yaml").read_text("utf-8")
ASKS: dict[str, Any] = json.loads(json.dumps(yaml.safe_load(SAMPLE), default=str))  # days as texts
FILED: dict[str, Any] = {
    "requester": "市工信局", "provider": "南京市交通运输局", "items": ASKS, "basis": "职责", "scenario": "监管", "scope": "全市",
    "manner": "接口查询", "until": "2027-12-31",
}  # fmt: skip
CHECK = "/v1/sharing-checks"


@pytest.fixture(scope="module")
def published(served: Served) -> Served:
    """The installation with the sample data sets published by their owners, and two officials of one, `transport` and another."""
    at = served.office
    chosen: Any = at.sharing("", "")

    def work(home: Any) -> None:
        moment = stamp(at.now())
        admin = home.actors.key_of("chen", "decision", moment)
        for name in SETS:
            owner = name.partition("/")[0]
            key = home.add_actor(Holder(owner, owner, owner, ("owner",)), "rulebook", moment, admin)
            policy.publish(home, policy.Draft(chosen.policies, name, chosen.rulebook), key, moment)
        for sub in ("ma", "mu"):
            home.add_actor(Holder(sub, sub, FILED["provider"], ("official",)), "decision", moment, admin)

    at.writer.do(work)
    scopes = tuple(action for action in permissions().actions if permissions().may_ever("decider", action))
    for name, sub in (("transport", "ma"), ("transport-2", "mu")):
        made = Account(name, name, sub, ("decider",), "", "市监局")
        at.accounts.store.put(made)
        served.keys[name] = at.accounts.make_key(made, scopes, at.now())
    return served


def test_data_sets_are_shown_as_published(published: Served) -> None:
    first = ok(published.call("viewer", "GET", "/v1/data-sets?limit=2"))
    rest = ok(published.call("viewer", "GET", first["next"]))
    assert [each["name"] for each in (*first["items"], *rest["items"])] == list(SETS)
    assert rest["next"] is None
    assert ok(published.call("viewer", "GET", "/v1/data-sets?known_at=2020-01-01"))["items"] == []
    got = published.call("viewer", "GET", "/v1/data-sets/njtransport/bus-flows")
    assert (ok(got)["owner"]["en"] != "", len(ok(got)["publications"])) == (True, 1)
    known = {"if-none-match": got.headers["etag"]}
    assert published.call("viewer", "GET", "/v1/data-sets/njtransport/bus-flows", **known).status_code == 304
    assert published.call("viewer", "GET", "/v1/data-sets/njtransport/nothing").json()["code"] == "not-found"
    assert published.call("viewer", "GET", "/v1/data-sets/overlays/qilin-robotics").json()["code"] == "not-found"
    assert published.call("", "GET", "/v1/data-sets").status_code == 401


def test_terms_are_those_in_force_on_the_day(published: Served) -> None:
    path = "/v1/data-sets/njtransport/bus-flows/terms"
    now = ok(published.call("viewer", "GET", f"{path}?as_of=2026-08-01"))
    book = published.office.sharing("", "").rulebook
    assert {each["term"] for each in now["terms"]} == set(book.packs["njtransport/bus-flows"].rules)
    assert all(len(each["sha256"]) == 64 for each in now["terms"])
    assert ok(published.call("viewer", "GET", f"{path}?as_of=1999-01-01"))["terms"] == []
    assert published.call("viewer", "GET", f"{path}?as_of=soon").json()["code"] == "wrong-date"
    assert published.call("viewer", "GET", f"{path}?known_at=2020-01-01").status_code == 404


def test_a_check_is_the_answer_of_the_engine_and_leaves_nothing(published: Served) -> None:
    before = published.client.get("/v1/log/checkpoint").text
    got = ok(published.call("viewer", "POST", CHECK, {"request": ASKS, "as_of": "2026-08-05"}))
    chosen = published.office.sharing("", "")
    wanted = share(chosen.rulebook, node_from(ASKS, Place("x")), legal_day(published.office.now()).replace(2026, 8, 5))
    assert got["items"] == wanted.model_dump(mode="json", by_alias=True)["items"]
    shown = ok(published.call("viewer", "GET", "/v1/data-sets/njtransport/bus-flows"))
    assert [(each["name"], each["sha256"], each["known"]) for each in got["policies"]] == [
        ("njtransport/bus-flows", shown["sha256"], shown["known"])
    ]
    assert got["unpublished"] is not None
    assert published.client.get("/v1/log/checkpoint").text == before


NOWHERE = {"request": {"items": [{"id": "x", "data_set": "nope"}]}}
WRONG: list[tuple[str, Any, int, str, str]] = [
    ("viewer", {"request": {}}, 422, "no-items", ""),
    ("viewer", {"request": NOWHERE}, 422, "unknown-value", "/request/request/items/0/data_set"),
    ("viewer", {"request": ASKS, "as_of": "soon"}, 422, "invalid", "/as_of"),
    ("viewer", {"request": ASKS, "as_of": "2026-08-01"}, 422, "not-yet-received", "/request/sharing.received_on"),
    ("viewer", {"request": ASKS, "enterprise": "qilin-robotics"}, 403, "forbidden", ""),
    ("reviewer", {"request": ASKS, "enterprise": "nobody"}, 422, "unknown-enterprise", ""),
    ("reviewer", {"request": ASKS, "known_at": "2020-01-01"}, 422, "nothing-known", ""),
    ("administrator", {"request": ASKS}, 403, "forbidden", ""),
]  # fmt: skip


@pytest.mark.parametrize("case", WRONG, ids=lambda case: case[3])
def test_a_wrong_check_is_a_problem(published: Served, case: tuple[str, Any, int, str, str]) -> None:
    who, body, status, code, pointer = case
    got = published.call(who, "POST", CHECK, body)
    assert (got.status_code, got.json()["code"], got.json()["errors"][0]["pointer"]) == (status, code, pointer)


@pytest.fixture(scope="module")
def granted(published: Served) -> str:
    """A request that was granted and provided."""
    made = post(published, "intake", "/v1/sharing-requests", FILED)
    where: str = made.headers["location"]
    assert (ok(made)["state"], ok(published.call("decider", "GET", f"{where}/clocks"))) == ("asked", [])  # authorised operation
    assert made.json()["statement"]["values"]["unit"] == FILED["provider"]  # in the queue of whoever answers
    assert ok(published.call("reviewer", "GET", f"{where}/verdict"))["policies"][0]["name"] == "njtransport/bus-flows"
    said = {"outcome": "allow", "reasons": "职责所需", "uses": 2, "records": 100}
    mine = change(published, "decider", f"{where}/decision", said, "transport")
    assert (mine.status_code, mine.json()["code"]) == (403, "wrong-unit")
    theirs = post(published, "intake", "/v1/sharing-requests", {**FILED, "provider": "市监局"}).headers["location"]
    named = change(published, "decider-b", f"{theirs}/decision", said, "second-b")  # called the provider, and not the owner
    assert (named.status_code, named.json()["code"]) == (403, "wrong-unit")
    alone = change(published, "transport", f"{where}/decision", said)  # an owner's term allows no marketing
    assert (alone.status_code, alone.json()["code"]) == (403, "two-officials")
    done = ok(change(published, "transport", f"{where}/decision", said, "transport-2"))
    assert done["state"] == "granted"
    shown = ok(published.call("viewer", "GET", "/v1/data-sets/njtransport/bus-flows"))
    assert done["statement"]["values"]["policies"] == [f"njtransport/bus-flows {shown['sha256']}"]
    assert ok(published.call("auditor", "GET", f"/v1/decisions/{done['statement']['values']['decision']}"))
    assert ok(change(published, "transport", f"{where}/events", {"event": "provide"}))["state"] == "granted_use"
    return where


def test_uses_are_compared_with_the_grant(published: Served, granted: str) -> None:
    told = {"use": "u1", "purpose": "model_training", "used_items": ["training"], "used_records": 10, "kept": True}
    assert ok(change(published, "intake", f"{granted}/uses", told))["compared"]["verdict"] == "within"
    many = ok(change(published, "intake", f"{granted}/uses", {**told, "use": "u2", "used": 2, "used_records": 95}))
    assert (many["compared"]["verdict"], many["compared"]["beyond"]) == ("beyond", ["uses", "records"])
    again = change(published, "intake", f"{granted}/uses", told)
    assert (again.status_code, again.json()["errors"][0]["rule"]) == (409, "data-sharing-request/use#new-use")
    shown = ok(published.call("auditor", "GET", f"{granted}/uses"))
    assert (shown["facts"], len(shown["uses"])) == ({"request.uses_before": 3, "request.used_beyond": True}, 2)
    assert shown["grant"]["policies"][0].startswith("njtransport/bus-flows ")
    assert ok(change(published, "intake", f"{granted}/retractions", {"use": "u2", "reasons": "误记"}))
    assert ok(published.call("auditor", "GET", f"{granted}/uses"))["facts"]["request.used_beyond"] is False


AMONG = {
    "sharing.requester": "government_department",
    "sharing.provider": "government_department",
    "sharing.channel": "sharing",
    "sharing.received_on": "2026-08-03",
}
TOLD = {
    True: ("conditions_met", "duty_basis", "minimal"),
    False: ("state_secret", "work_secret", "trade_secret", "endangers", "abroad", "onward"),
}  # what the law asks of an item, besides its class


@pytest.mark.parametrize(("purpose", "answers"), [("marketing", (403, "two-officials")), ("statutory_duty", (200, ""))])
def test_the_terms_of_an_owner_alone_call_for_a_second_official(
    published: Served, purpose: str, answers: tuple[int, str]
) -> None:
    """What the law allows and the owner's terms refuse is no official's to grant alone; what both allow is."""
    item = {"id": "a", "data_set": "njtransport/bus-flows", "purpose": purpose, **dict.fromkeys(TOLD[True], True)}
    item |= {"class": "conditional", **dict.fromkeys(TOLD[False], False)}
    asks = {**AMONG, "request": {"complete": True, "items": [item]}}
    where = post(published, "intake", "/v1/sharing-requests", {**FILED, "items": asks}).headers["location"]
    said = {
        "outcome": "allow_with_duties",
        "uses": 1,
        "records": 1,
        "reasons": "职责",
    }
    alone = change(published, "transport", f"{where}/decision", said)
    assert (alone.status_code, alone.json().get("code", "")) == answers
    done = alone if answers[0] == 200 else change(published, "transport", f"{where}/decision", said, "transport-2")
    assert (ok(done)["state"], done.json()["statement"]["values"]["deviates"]) == ("agreed", answers[0] == 403)
    made = ok(published.call("auditor", "GET", f"/v1/decisions/{done.json()['statement']['values']['decision']}"))
    assert cases.possible(made["statement"], "share") == ["allow_with_duties"]  # of the law


def test_a_request_is_shown_listed_and_refused(published: Served, granted: str) -> None:
    asks = {**AMONG, "request": {"complete": True, "items": [{"id": "a", "purpose": "marketing"}]}}
    for told, pointer in (({}, "/unconditional"), ({"items": {"request": asks["request"]}}, "/items/sharing.channel")):
        open_ = post(published, "intake", "/v1/sharing-requests", {**FILED, "items": asks, **told})
        assert (open_.status_code, open_.json()["errors"][0]["pointer"]) == (422, pointer)
    made = post(published, "intake", "/v1/sharing-requests", {**FILED, "items": asks, "unconditional": True})
    where = made.headers["location"]
    assert ok(published.call("decider", "GET", where))["fields"]["scenario"] == "监管"
    assert [each["clock"] for each in ok(published.call("decider", "GET", f"{where}/clocks"))] == ["answer_unconditional"]
    listed = ok(published.call("decider", "GET", "/v1/sharing-requests?order=updated"))["items"]
    assert {where.rpartition("/")[2], granted.rpartition("/")[2]} <= {each["id"] for each in listed}
    refused = {"outcome": "refuse", "reasons": "无依据", "complete": False}
    papers = change(published, "transport", f"{where}/decision", refused)
    assert (papers.status_code, papers.json()["code"]) == (409, "not-for-papers")
    assert papers.json()["errors"][0]["law_ref"] == "order-809 21(2)"
    alone = change(published, "transport", f"{where}/decision", {**refused, "complete": True})  # the law leaves it open
    assert (alone.status_code, alone.json()["code"]) == (403, "two-officials")
    done = change(published, "transport", f"{where}/decision", {**refused, "complete": True}, "transport-2")
    assert ok(done)["state"] == "refused"
    names = [each["name"] for each in ok(published.call("auditor", "GET", f"{where}/events"))]
    assert names == ["request_unconditional", "refused", "refused", "refuse"]
    assert published.call("applicant", "GET", where).status_code == 403
    assert (
        change(published, "intake", f"{where}/events", {"event": "suspend", "fields": {"reasons": "x"}}).json()["code"]
        == "forbidden"
    )
    assert change(published, "decider", f"{where}/events", {"event": "nothing"}).json()["errors"][0]["pointer"] == "/event"


def test_what_the_verdict_leaves_open_is_no_officials_to_grant_alone(published: Served) -> None:
    """The decision reads the verdict that is shown: an item of no told data set may be another owner's, who refuses it."""
    item = {"id": "a", "purpose": "statutory_duty", **dict.fromkeys(TOLD[True], True), **dict.fromkeys(TOLD[False], False)}
    item |= {"class": "unconditional", "personal_data": False, "important": False, "core_data": False, "extra_conditions": False}
    item |= {"environment": "interface_query"}
    del item["conditions_met"]
    asks = {**AMONG, "sharing.complete": True, "request": {"complete": True, "items": [item]}}
    where = post(published, "intake", "/v1/sharing-requests", {**FILED, "items": asks}).headers["location"]
    found = ok(published.call("reviewer", "GET", f"{where}/verdict"))["items"][0]
    assert (found["verdict"], found["missing"][0]["fact"]) == ("undetermined", "request.data_set")
    alone = change(published, "transport", f"{where}/decision", {"outcome": "allow", "reasons": "职责"})
    assert (alone.status_code, alone.json()["code"]) == (403, "two-officials")
    more = change(published, "transport", f"{where}/decision", {"outcome": "allow", "granted": ["a", "plate"]})
    assert (more.status_code, more.json()["errors"][0]["pointer"]) == (422, "/granted")
    two = change(published, "transport", f"{where}/decision", {"outcome": "allow", "reasons": "职责"}, "transport-2")
    assert ok(two)["statement"]["values"]["deviates"] is True
