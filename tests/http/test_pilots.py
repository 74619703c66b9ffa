"""Pilots and incidents over HTTP: from an idea to an alarm, decided by officials, seen by the firm alone."""

from __future__ import annotations

from typing import Any

import pytest

from api.cli.options import now
from api.http.v1 import incidents, pilots, sharing
from engine.evidence.log import stamp
from engine.supervise.grants import OPENINGS
from engine.supervise.terms import terms_sha256
from tests.http.calls import change, ok, post
from tests.http.conftest import FIRMS, Served
from tests.supervise.test_lives import APPLICATION, FINDINGS, QUIET, TERMS

BUDGET = {"minor": 4, "serious": 1, "grave": 0, "complaints": 20, "downtime": 600}
AGREED = TERMS | {"budget": BUDGET}
FACTS = {name: value for name, value in APPLICATION.items() if name != "holder"} | {"holder": FIRMS["a"]}
HASH = terms_sha256(AGREED)
LIFE: list[tuple[str, str, dict[str, Any], str]] = [
    ("applicant", "apply", FACTS, "applied"),
    ("reviewer-c", "find", {"facts": FINDINGS, "reasons": "核对"}, "applied"),
    ("decider", "admit", {}, "admitted"),
    ("decider", "offer", {"terms": AGREED}, "offered"),
    ("applicant", "sign", {"signed_sha256": HASH}, "signed"),
    ("decider", "countersign", {"agreed_sha256": HASH}, "agreed"),
    ("applicant", "start", {}, "running"),
    ("applicant", "count", {"subjects": 100}, "running"),
]


@pytest.fixture(scope="module")
def pilot(served: Served) -> str:
    """A pilot that runs under signed terms."""
    made = post(served, "applicant", "/v1/pilots", {"product": "沉浸式导览"})
    assert ok(made)["state"] == "idea"
    where: str = made.headers["location"]
    for who, event, fields, state in LIFE:
        done = change(served, who, f"{where}/events", {"event": event, "fields": fields})
        assert ok(done)["state"] == state, event
    return where


def test_every_event_of_the_tables_is_somebodys_task(served: Served) -> None:
    tables = served.office.chosen.rulebook.lifecycles
    apart = {
        # begins one; follow from incidents; no role of an account is an observer's
        "pilot": {"sketch", "incident", "regrade", "observe"},
        "incident": {"report"},
        "data-sharing-request": {*OPENINGS, "agree", "refuse", "use", "retract"},
    }
    for name, events in (("pilot", pilots.EVENTS), ("incident", incidents.EVENTS), ("data-sharing-request", sharing.EVENTS)):
        assert {each.event for each in tables[name].transitions} - apart[name] == set(events)


def test_a_pilot_is_shown_and_listed(served: Served, pilot: str) -> None:
    shown = ok(served.call("viewer", "GET", pilot))
    assert (shown["state"], shown["fields"]["scope"], shown["values"]["proposal"]) == ("running", "一个展厅", "admit")
    assert APPLICATION["named_person"] not in str(shown)
    assert {"report", "warn", "pause"} <= {each["event"] for each in shown["next"]}
    running = ok(served.call("viewer", "GET", f"{pilot}/clocks"))
    assert {each["clock"] for each in running} == {"duration", "midterm", "periodic"}
    assert ok(served.call("unit_opinion-b", "GET", "/v1/pilots?state=running"))["items"] == []  # of another unit
    listed = ok(served.call("decider", "GET", "/v1/pilots?state=running"))["items"]
    assert [each["id"] for each in listed] == [pilot.rpartition("/")[2]]
    assert ok(served.call("viewer-b", "GET", "/v1/pilots"))["items"] == []


def test_opinions_say_how_each_condition_stands(served: Served, pilot: str) -> None:
    said = ok(served.call("viewer", "GET", f"{pilot}/opinions/admission"))
    assert (said["value"], said["unmet"]) == ("admit", [])
    assert ok(served.call("viewer", "GET", f"{pilot}/opinions/measure"))["value"] == "undetermined"
    assert served.call("viewer", "GET", f"{pilot}/opinions/weather").status_code == 422
    lines = {each["line"]: each for each in ok(served.call("viewer", "GET", f"{pilot}/budget"))}
    assert (lines["subjects"]["used"], lines["subjects"]["percent"]) == (100, 20)


def test_an_incident_is_graded_told_late_and_raises_an_alarm_that_is_proposed_once(served: Served, pilot: str) -> None:
    nothing = change(served, "reviewer", f"{pilot}/proposals", None)
    assert (nothing.status_code, nothing.content) == (204, b"")
    told = {
        "pilot": pilot.rpartition("/")[2],
        "reference": "A1",
        "found_at": stamp(now()),
        "facts": QUIET | {"mishap.deaths": {"at_most": 1}},
    }
    early = post(served, "editor", "/v1/incidents", {**told, "found_at": "2026-11-01T10:00:00"})
    assert early.json()["errors"][0]["pointer"] == "/found_at"
    made = post(served, "editor", "/v1/incidents", told)
    values = ok(made)["statement"]["values"]
    assert (values["grade"], values["assumed"], values["missing"]) == ("grave", True, ["mishap.deaths", "mishap.persons_leaked"])
    incident: str = made.headers["location"]
    again = post(served, "editor", "/v1/incidents", told)
    assert (again.status_code, again.json()["code"]) == (409, "duplicate")
    proposed = ok(change(served, "reviewer", f"{pilot}/proposals", None))
    assert (proposed["statement"]["values"]["measure"], proposed["statement"]["by"]) == ("pause", None)
    assert change(served, "reviewer", f"{pilot}/proposals", None).status_code == 204
    alarms = ok(served.call("viewer", "GET", f"{pilot}/alarms"))
    assert "pause" in {each["proposes"] for each in alarms}
    first = ok(served.call("decider", "GET", "/v1/incidents"))["items"][0]
    assert (first["id"], first["process"]) == (incident.rpartition("/")[2], "incident")
    notify = {"event": "notify", "fields": {"told": ["notice_2h"], "told_at": stamp(now())}}
    assert ok(change(served, "editor", f"{incident}/events", notify))
    clocks = ok(served.call("viewer", "GET", f"{incident}/clocks"))
    assert clocks["late"] == []
    assert [each["earliest"] for each in clocks["running"]] == sorted(each["earliest"] for each in clocks["running"])
    typed = change(served, "applicant", f"{incident}/events", {"event": "correct", "fields": {"grade": "minor", "reasons": "x"}})
    assert (typed.status_code, typed.json()["code"]) == (422, "computed-field")
    graded = {"event": "grade", "fields": {"grade": "serious", "reasons": "核实"}}
    assert change(served, "applicant", f"{incident}/events", graded).json()["code"] == "forbidden"
    assert ok(change(served, "reviewer", f"{incident}/events", graded))["statement"]["values"]["grade"] == "serious"
    names = [each["name"] for each in ok(served.call("viewer", "GET", f"{pilot}/events"))]
    assert names[-3:] == ["incident", "propose", "regrade"]


def test_officials_decide_with_four_eyes_and_stay_out_when_recused(served: Served, pilot: str) -> None:
    stop = {"event": "terminate", "fields": {"reasons": "x", "event": "hidden_report"}}
    alone = change(served, "decider", f"{pilot}/events", stop)
    problem = alone.json()
    assert (alone.status_code, problem["code"], problem["title_zh"]) == (403, "two-officials-always", "须第二名官员签署")
    assert problem["errors"][0]["rule"] == "pilot/terminate#two-officials-always"
    firm = change(served, "applicant", f"{pilot}/events", stop)
    assert firm.json()["code"] == "forbidden"
    recusal = {"event": "recuse", "fields": {"recused": "li", "reasons": "亲属"}}
    assert change(served, "reviewer", f"{pilot}/events", recusal).json()["code"] == "body-recuses"
    assert ok(change(served, "reviewer", f"{pilot}/events", recusal, "decider"))
    mine = change(served, "decider-b", f"{pilot}/events", {"event": "warn", "fields": {"reasons": "提醒"}})
    problem = mine.json()
    assert (mine.status_code, problem["code"], problem["title_en"]) == (
        403,
        "recusal",
        "whoever has an interest in the pilot stays out of it",
    )
    assert problem["errors"][0]["law_ref"] == "civil-servant-law 76"
    warned = change(served, "decider", f"{pilot}/events", {"event": "warn", "fields": {"reasons": "提醒"}})
    assert ok(warned)["state"] == "warned"
    names = [each["name"] for each in ok(served.call("auditor", "GET", f"{pilot}/events"))]
    assert names[-5:] == ["refused", "refused", "recuse", "refused", "warn"]


def test_tenants_never_see_each_other(served: Served, pilot: str) -> None:
    name = pilot.rpartition("/")[2]
    nothing = served.call("applicant-b", "GET", "/v1/pilots/nothing").json()
    for path in ("", "/events", "/clocks", "/alarms", "/budget", "/opinions/admission"):
        theirs = served.call("applicant-b", "GET", pilot + path)
        assert (theirs.status_code, theirs.json()["detail"]) == (404, nothing["detail"]), path
    acts = change(served, "applicant-b", f"{pilot}/events", {"event": "halt", "fields": {"reasons": "x"}})
    told = {"pilot": name, "reference": "B", "found_at": "2026-11-01T10:00:00+08:00", "facts": {}}
    for got in (acts, post(served, "applicant-b", "/v1/incidents", told)):
        assert (got.status_code, got.json()["code"]) == (404, "not-found")
    incident = post(served, "editor", "/v1/incidents", {**told, "facts": QUIET}).headers["location"]
    for path in ("", "/events", "/clocks"):
        assert ok(served.call("viewer", "GET", incident + path))
        assert served.call("applicant-b", "GET", incident + path).status_code == 404, path
    assert served.call("viewer-b", "GET", "/v1/incidents").json()["items"] == []
    notify = {"event": "notify", "fields": {"told": ["notice_2h"], "told_at": "2026-11-02T10:00:00+08:00"}}
    assert change(served, "applicant-b", f"{incident}/events", notify).status_code == 404
    foreign = post(served, "applicant-b", "/v1/pilots", {"product": "x", "holder": FIRMS["a"]})
    assert (foreign.status_code, foreign.json()["code"]) == (403, "own-pilot")
    assert served.call("administrator", "GET", pilot).status_code == 403


def test_a_plan_is_simulated_within_bounds(served: Served) -> None:
    scenario = {"days": 90, "subjects": 300, "budget": {"minor": 1}, "rates": {"minor": 6.5}}
    asked = {"scenario": scenario, "seed": "7", "runs": 20}
    first = ok(served.call("applicant", "POST", "/v1/pilot-simulations", asked))
    assert first == ok(served.call("decider", "POST", "/v1/pilot-simulations", asked))
    assert (first["runs"], first["seed"]) == (20, "7")
    assert 0 < max(each["runs"] for each in first["monitors"]) <= 20
    much = {**asked, "scenario": {**scenario, "rates": {"minor": 10_000}}}
    got = served.call("applicant", "POST", "/v1/pilot-simulations", much)
    assert (got.status_code, got.json()["code"], got.json()["errors"][0]["pointer"]) == (422, "out-of-range", "/runs")
    odd = {**asked, "scenario": {**scenario, "rates": {"weather": 1}}}
    assert served.call("applicant", "POST", "/v1/pilot-simulations", odd).json()["code"] == "unknown-line"
    assert served.call("", "POST", "/v1/pilot-simulations", asked).status_code == 401
