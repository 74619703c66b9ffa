"""Cases over HTTP: led from the filing to the decision, by the right people, with every refusal recorded."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import yaml

from engine.rulebook.days import legal_day
from tests.http.conftest import Served
from tests.http.test_app import FACTS, SURE
from tests.http.test_filings import changed, drafted, key
from tests.rulebook import RULES


def act(served: Served, who: str, case: str, event: str, **fields: Any) -> Any:
    match = served.call("auditor", "GET", case).headers["etag"]
    return changed(served, who, f"{case}/events", {"event": event, "fields": fields}, match)


def opened(served: Served, **more: Any) -> str:
    """A case on a submitted filing of the first firm; its address."""
    where = drafted(served, **{"facts": SURE, **more}).headers["location"]
    assert changed(served, "applicant", f"{where}/submission", {}, '"1"').status_code == 200
    fields = {"legal": "plan", "unit": "市工信局", "reasons": "拟入公共场所"}
    body = {"filing": where.rpartition("/")[2], "process": "ex-ante-review", "fields": fields}
    second = {"x-second-authorization": f"Bearer {served.keys['intake-b']}"}
    made = served.call("intake", "POST", "/v1/cases", body, **key(), **second)
    assert made.status_code == 201, made.text
    return str(made.headers["location"])


def proposed(served: Served, by: str = "reviewer", **more: Any) -> str:
    case = opened(served, **more)
    assert act(served, "intake", case, "accept").status_code == 200
    match = served.call("auditor", "GET", case).headers["etag"]
    done = changed(served, by, f"{case}/proposal", {}, match)
    assert done.status_code == 200, done.text
    return case


def decided(served: Served, case: str, who: str, outcome: str, **more: Any) -> Any:
    match = served.call("auditor", "GET", case).headers["etag"]
    headers = {"x-second-authorization": f"Bearer {served.keys[more.pop('second')]}"} if "second" in more else {}
    body = {"outcome": outcome, "event": more.pop("event", "decide"), "fields": more}
    return served.call(who, "POST", f"{case}/decision", body, **key(), **{"if-match": match}, **headers)


def test_rows_say_what_is_overdue(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    case = opened(served).rpartition("/")[2]

    def listed(filters: str) -> dict[str, Any]:
        return {each["id"]: each for each in served.call("auditor", "GET", f"/v1/cases?limit=200{filters}").json()["items"]}

    assert (listed("")[case]["overdue"], listed("")[case]["ended"]) == (False, False)
    assert case not in listed("&overdue=true")
    later = served.office.now() + timedelta(days=60)  # whatever notice of days off is still to come
    monkeypatch.setattr(type(served.office), "now", lambda _: later)
    assert listed("")[case]["overdue"] is True
    assert listed("&overdue=true")[case]["due"] == listed("")[case]["due"]
    following = served.call("auditor", "GET", "/v1/cases?limit=1&overdue=true").json()
    seen = [each["id"] for each in following["items"]]
    while following["next"]:
        following = served.call("auditor", "GET", following["next"]).json()
        seen += [each["id"] for each in following["items"]]
    assert sorted(seen) == sorted(listed("&overdue=true"))


def test_a_case_from_the_filing_to_the_decision(served: Served) -> None:
    case = proposed(served, "reviewer-c")
    shown = served.call("applicant", "GET", case).json()
    assert (shown["state"], shown["values"]["outcome"]) == ("proposed", "t3")
    assert act(served, "applicant", case, "state", statement="无异议").json()["state"] == "proposed"
    same = decided(served, case, "decider-c", "t3")
    assert (same.status_code, same.json()["code"]) == (403, "other-than-proposer")
    done = decided(served, case, "decider", "t3")
    assert (done.status_code, done.json()["state"]) == (200, "decided")
    decision = f"/v1/decisions/{done.json()['statement']['values']['decision']}"
    assert served.call("applicant", "GET", decision).status_code == 200
    assert served.call("applicant-b", "GET", decision).status_code == 404
    got = served.call("viewer", "GET", f"{case}/clocks")
    assert got.status_code == 200
    (clock,) = got.json()
    assert (clock["clock"], clock["left"]["unit"]) == ("service", "working_days")
    names = [each["name"] for each in served.call("viewer", "GET", f"{case}/events").json()]
    assert names == ["open", "accept", "propose", "state", "refused", "decide"]


def test_a_deviation_needs_reasons_and_a_second_official(served: Served) -> None:
    case = proposed(served)
    act(served, "applicant", case, "state", statement="无异议")
    assert decided(served, case, "decider-c", "t0").json()["code"] == "reasons-for-deviation"
    lone = decided(served, case, "decider-c", "t0", reasons="公共安全")
    assert (lone.json()["code"], lone.json()["errors"][0]["rule"]) == ("two-officials", "ex-ante-review/decide#two-officials")
    assert decided(served, case, "decider-c", "t0", reasons="公共安全", second="decider-c").json()["code"] == "two-persons"
    assert decided(served, case, "decider-c", "t0", reasons="公共安全", second="reviewer").status_code == 403
    done = decided(served, case, "decider-c", "t0", reasons="公共安全", second="decider")
    assert done.status_code == 200, done.text
    assert done.json()["statement"]["second"]["sub"] == "chen"


def test_an_objection_makes_nothing_worse(served: Served) -> None:
    """Which outcome is harsher the pack says, by the order of its values; nobody types it."""
    case = proposed(served)
    act(served, "applicant", case, "state", statement="无异议")
    assert decided(served, case, "decider", "t2", reasons="从严", second="second-b").status_code == 200
    today = legal_day(served.office.now()).isoformat()
    assert act(served, "decider", case, "serve", served_on=today, manner="electronic").json()["state"] == "served"
    assert act(served, "applicant", case, "object", grounds="等级过高").json()["state"] == "objected"
    worse = decided(served, case, "decider-c", "t1", event="change", reasons="从严")
    assert (worse.json()["code"], worse.json()["errors"][0]["law_ref"]) == (
        "no-harsher", "reconsideration-law 63(2); penalties-law 45(2)",
    )  # fmt: skip
    assert (
        decided(served, case, "decider-c", "t3", event="change", reasons="成立", compared="milder").json()["code"]
        == "computed-field"
    )
    done = decided(served, case, "decider-c", "t3", event="change", reasons="成立")
    assert (done.status_code, done.json()["statement"]["values"]["compared"]) == (200, "milder")


def test_what_is_open_is_settled_as_a_deviation_is(served: Served) -> None:
    case = proposed(served, facts=FACTS)
    assert served.call("auditor", "GET", case).json()["values"]["outcome"] == "undetermined"
    act(served, "applicant", case, "state", statement="无异议")
    assert decided(served, case, "decider-c", "t3").json()["code"] == "reasons-for-deviation"
    assert decided(served, case, "decider-c", "t3", reasons="核查").json()["code"] == "two-officials"
    done = decided(served, case, "decider-c", "t3", reasons="核查", second="decider")
    assert (done.status_code, done.json()["statement"]["values"]["deviates"]) == (200, True)


@pytest.mark.parametrize("pack", ["nanjing-pilot", "cn-data-sharing", "cn-ai-duties", "nanjing-tiering"])
def test_nobody_chooses_the_pack_that_answers_a_case(served: Served, pack: str) -> None:
    """A decider alone would else turn what is proposed into the answer of rules that have nothing to do with the filing."""
    case = opened(served)
    act(served, "intake", case, "accept")
    match = served.call("auditor", "GET", case).headers["etag"]
    got = changed(served, "reviewer", f"{case}/proposal", {"pack": pack}, match)
    assert (got.status_code, got.json()["errors"][0]["pointer"]) == (422, "/pack")
    asked = {"pack": pack, "outcome": "admission=refuse"}
    got = served.call("decider", "POST", f"{case}/decision", asked, **key(), **{"if-match": match})
    assert (got.status_code, got.json()["errors"][0]["pointer"]) == (422, "/pack")


def test_a_case_is_decided_on_what_was_proposed(served: Served) -> None:
    """Another outcome of the same pack is no decision of the case, however well the rules bear it."""
    case = proposed(served)
    act(served, "applicant", case, "state", statement="无异议")
    got = decided(served, case, "decider-c", "track=self_responsibility", reasons="x", second="decider")
    assert (got.status_code, got.json()["code"]) == (422, "wrong-outcome")


def test_no_case_is_opened_under_a_pack_that_has_no_one_outcome(served: Served) -> None:
    where = drafted(served, facts=SURE, pack="cn-ai-duties").headers["location"]
    assert changed(served, "applicant", f"{where}/submission", {}, '"1"').status_code == 200
    fields = {"legal": "plan", "unit": "市工信局", "reasons": "x"}
    body = {"filing": where.rpartition("/")[2], "process": "ex-ante-review", "fields": fields}
    got = served.call("intake", "POST", "/v1/cases", body, **key())
    assert (got.status_code, got.json()["code"]) == (422, "wrong-pack")


def test_what_departs_from_the_proposal_on_record_deviates(served: Served) -> None:
    """The party was heard on the proposal: facts told since then make no other decision an undeviating one."""
    case = proposed(served)
    filing = f"/v1/filings/{served.call('reviewer', 'GET', case).json()['values']['filing']}"
    match = served.call("applicant", "GET", filing).headers["etag"]
    version = {"facts": {**SURE, "function.life_safety": True}}
    assert changed(served, "applicant", f"{filing}/versions", version, match).status_code == 200
    now = served.call("auditor", "POST", "/v1/assessments", {"pack": "nanjing-tiering", **version}).json()["outcomes"]["tier"]
    assert now["value"] not in (None, "t3")
    act(served, "applicant", case, "state", statement="无异议")
    got = decided(served, case, "decider-c", now["value"])
    assert (got.status_code, got.json()["code"]) == (422, "reasons-for-deviation")


REFUSED: list[tuple[str, str, dict[str, Any], int, str, str]] = [
    ("intake", "notice", {}, 422, "missing-field", "licensing-law 32(1)(4)"),
    ("intake", "decided", {}, 403, "forbidden", ""),
    ("reviewer", "resume", {}, 409, "no-transition", ""),
    ("reviewer", "decide", {}, 422, "wrong-event", ""),
    ("unit_opinion", "opine", {"opinion": "agree", "reasons": "x"}, 409, "no-transition", ""),
    ("unit_opinion-b", "opine", {"opinion": "agree", "reasons": "x"}, 404, "not-found", ""),
    ("applicant", "accept", {}, 403, "forbidden", ""),
    ("applicant-b", "withdraw", {}, 404, "not-found", ""),
    ("editor", "withdraw", {}, 403, "forbidden", ""),
    ("administrator", "accept", {}, 403, "forbidden", ""),
    ("auditor", "accept", {}, 403, "forbidden", ""),
    ("decider", "revoke", {"reasons": "x"}, 409, "no-transition", ""),
    ("intake", "deem_accepted", {}, 409, "is-licence", "licensing-law 32(1)(4)"),
]


@pytest.fixture(scope="module")
def case(served: Served) -> str:
    return opened(served)


@pytest.mark.parametrize(("who", "event", "fields", "status", "code", "law"), REFUSED)
def test_what_is_refused_and_why(  # noqa: PLR0913, PLR0917 - a column each
    served: Served, case: str, who: str, event: str, fields: dict[str, Any], status: int, code: str, law: str
) -> None:
    got = act(served, who, case, event, **fields)
    assert (got.status_code, got.json()["code"], got.json()["errors"][0]["law_ref"]) == (status, code, law)


def test_whoever_is_recused_does_nothing_more(served: Served) -> None:
    case = opened(served)
    assert act(served, "decider", case, "recuse", recused="chen", reasons="亲属").status_code == 200
    got = act(served, "intake", case, "accept")
    assert (got.status_code, got.json()["code"]) == (403, "recusal")
    assert "civil-servant-law 76" in got.json()["errors"][0]["law_ref"]
    assert act(served, "intake-c", case, "accept").status_code == 200


def test_cases_are_a_queue_and_a_unit_sees_its_own(served: Served, case: str) -> None:
    found = served.call("unit_opinion", "GET", "/v1/cases?process=ex-ante-review&limit=200").json()["items"]
    assert case.rpartition("/")[2] in {each["id"] for each in found}
    assert {each["unit"] for each in found} == {"市工信局"}
    assert [each["due"] for each in found] == sorted(each["due"] for each in found)
    assert served.call("unit_opinion-b", "GET", "/v1/cases").json()["items"] == []
    assert served.call("viewer-b", "GET", "/v1/cases").json()["items"] == []
    assert served.call("intake", "GET", "/v1/cases?process=filing").json()["items"] == []
    assert served.call("administrator", "GET", "/v1/cases").status_code == 403


def test_a_unit_that_was_asked_gives_its_opinion_and_the_unit_in_charge_finds(served: Served) -> None:
    where = drafted(served, facts=SURE).headers["location"]
    assert changed(served, "applicant", f"{where}/submission", {}, '"1"').status_code == 200
    fields = {"norm": "product.social_stability_field", "question": "是否关系社会稳定", "unit": "市工信局"}
    body = {"filing": where.rpartition("/")[2], "process": "undetermined", "fields": fields}
    made = served.call("intake", "POST", "/v1/cases", body, **key())
    assert made.status_code == 201, made.text
    case = str(made.headers["location"])
    opinion = {"proposed": True, "reasons": "涉及就业"}
    assert act(served, "reviewer", case, "opine", **opinion).status_code == 200
    assert served.call("unit_opinion-b", "GET", case).status_code == 404
    assert act(served, "unit_opinion-b", case, "second_opinion", **opinion).status_code == 404
    assert act(served, "reviewer-b", case, "second_opinion", **opinion).json()["code"] == "asked"
    assert act(served, "reviewer", case, "consult", units=["市监局"]).status_code == 200
    assert served.call("unit_opinion-b", "GET", case).status_code == 200
    assert act(served, "unit_opinion-b", case, "consult", units=["市监局"]).status_code == 403
    assert act(served, "unit_opinion-b", case, "second_opinion", **opinion).json()["state"] == "second_given"
    found = {"finding": True, "reasons": "一致", "differs": False}
    found["valid_until"] = (legal_day(served.office.now()) + timedelta(days=90)).isoformat()
    assert act(served, "second-b", case, "find", **found).json()["code"] == "in-charge"
    assert act(served, "decider", case, "find", **found).json()["state"] == "found"


def test_cases_that_are_answered_otherwise_are_named(served: Served) -> None:
    """What an official made of an answer is no drift; what changed facts make of it is, and says what changed."""
    deviating, moving = proposed(served), proposed(served)
    act(served, "applicant", deviating, "state", statement="无异议")
    assert decided(served, deviating, "decider-c", "t0", reasons="公共安全", second="decider").status_code == 200
    filing = f"/v1/filings/{served.call('reviewer', 'GET', moving).json()['values']['filing']}"
    match = served.call("applicant", "GET", filing).headers["etag"]
    version = {"facts": {**SURE, "function.life_safety": True}}
    assert changed(served, "applicant", f"{filing}/versions", version, match).status_code == 200
    page, seen, moved = "/v1/cases/affected?limit=1", 0, dict[str, Any]()
    while page:
        got = served.call("reviewer", "GET", page)
        assert got.status_code == 200
        moved |= {each["case"]: each for each in got.json()["items"]}
        page, seen = got.json()["next"], seen + 1
    assert seen > 1
    assert deviating.rpartition("/")[2] not in moved
    found = moved[moving.rpartition("/")[2]]
    assert (found["before"], found["now"], found["cause"], found["problem"]) == ("t3", ["t1"], "facts", "")
    assert "nanjing-plan-2022 20" in found["clauses"][0]


def test_a_firm_opens_the_case_of_its_own_transfer_and_no_other(served: Served) -> None:
    sample = yaml.safe_load((RULES / "samples/cn-cross-border/loyalty-2024-03-22.yaml").read_text("utf-8"))
    facts = json.loads(json.dumps({name: value for name, value in sample.items() if name != "about"}, default=str))
    where = drafted(served, pack="cn-cross-border", facts=facts).headers["location"]
    assert changed(served, "applicant", f"{where}/submission", {}, '"1"').status_code == 200
    filing = where.rpartition("/")[2]
    body = {"filing": filing, "process": "cross-border-route"}
    assert served.call("applicant-b", "POST", "/v1/cases", body, **key()).status_code == 404
    assert served.call("editor", "POST", "/v1/cases", body, **key()).status_code == 403
    other = {"filing": filing, "process": "results-based"}
    assert served.call("applicant", "POST", "/v1/cases", other, **key()).status_code == 403
    made = served.call("applicant", "POST", "/v1/cases", body, **key())
    assert made.status_code == 201, made.text
    shown = served.call("applicant", "GET", made.headers["location"]).json()
    assert (shown["state"], shown["values"]["track"], shown["values"]["route"]) == ("self_kept", "exempt", "exempt")
    again = served.call("applicant", "POST", "/v1/cases", {**body, "event": "declare", "fields": {"papers": []}}, **key())
    assert again.json()["code"] == "own-choice"
