"""Registers of transfers over HTTP: a year with a threshold, and persons that are counted and never told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.http.calls import change, ok, post, register
from tests.http.conftest import FIRMS, Served

FILE = Path(__file__).parents[2] / "rules/samples/cn-cross-border/two-flows.yaml"
FACTS: dict[str, Any] = json.loads(json.dumps(yaml.safe_load(FILE.read_text("utf-8")), default=str))
for _name in ("about", "prior.general_persons", "prior.sensitive_persons"):
    FACTS.pop(_name)
PEOPLE = [f"32010219900101{number:04d}" for number in range(12)]
NEW = "/v1/transfer-registers"


def told(name: str, day: str, general: int, **more: Any) -> dict[str, Any]:
    """Return a transfer of two flows, the first of so many persons."""
    facts = json.loads(json.dumps(FACTS))
    facts["transfer.date"] = day
    facts["flow"]["items"][0] |= {"persons": general, "general_persons": general}
    return {"transfer": name, "facts": facts, **more}


@pytest.fixture(scope="module", name="register")
def opened(served: Served) -> str:
    return register(served)


def counted(served: Served, where: str, year: int = 2025) -> Any:
    return ok(served.call("viewer", "GET", f"{where}/years/{year}"))["persons"]["general"]


def test_a_year_of_transfers(served: Served, register: str) -> None:
    first = ok(change(served, "applicant", f"{register}/transfers", told("spring", "2025-04-15", 99_990, under="exempt")))
    assert first["meaning"]["crosses"]["general_route"] == "maybe"  # nobody said that this is all
    period = {"from": "2025-01-01", "through": "2025-12-31"}
    assert ok(change(served, "applicant", f"{register}/declarations", period))
    assert counted(served, register) == {"at_least": 99_990, "at_most": 99_990}
    would = ok(served.call("viewer", "POST", f"{register}/checks", told("autumn", "2025-09-01", 12)))
    assert would["crosses"]["general_route"] == "maybe"  # they may be persons sent before
    more = ok(change(served, "applicant", f"{register}/transfers", told("autumn", "2025-09-01", 12, fresh=True)))["meaning"]
    assert more["crosses"]["general_route"] == "maybe"  # the declaration was not all
    assert counted(served, register) == {"at_least": 100_002, "at_most": None}
    assert ok(change(served, "applicant", f"{register}/declarations", period))
    crossed = ok(served.call("viewer", "POST", f"{register}/checks", told("autumn", "2025-09-01", 12, fresh=True)))
    routes = (crossed["route_before"]["general_route"], crossed["route_after"]["general_route"])
    assert (crossed["crosses"]["general_route"], *routes) == ("yes", ["exempt"], ["contract_or_certification"])
    assert counted(served, register) == {"at_least": 100_002, "at_most": 100_002}
    better = told("autumn", "2025-09-01", 9, fresh=True, reasons="重复记载")
    assert ok(change(served, "applicant", f"{register}/corrections", better))["meaning"]["after"]["general"]["at_least"] == 99_999
    assert ok(change(served, "applicant", f"{register}/withdrawals", {"transfer": "spring", "reasons": "误记"}))
    assert counted(served, register) == {"at_least": 9, "at_most": 9}
    shown = ok(served.call("viewer", "GET", register))
    assert (shown["name"], shown["years"], shown["state"]) == ("甲公司", [2025], "open")
    assert {each["event"] for each in shown["next"]} == {"record", "correct", "withdraw", "declare", "close"}
    names = [each["name"] for each in ok(served.call("viewer", "GET", f"{register}/events"))]
    assert names == ["open", "record", "declare", "record", "declare", "correct", "withdraw"]


def test_persons_are_counted_once_and_never_told(served: Served, register: str) -> None:
    named = [{"flow": "analytics", "kind": "general", "identifiers": PEOPLE}]
    answers = []
    for name, day in (("a", "2026-03-01"), ("b", "2026-04-01")):
        answers.append(change(served, "applicant", f"{register}/transfers", told(name, day, 12, persons=named)))
        assert ok(answers[-1])["meaning"]["after"]["general"]["at_least"] == 12
    answers.append(served.call("viewer", "POST", f"{register}/checks", told("c", "2026-05-01", 12, persons=named)))
    new = told("c", "2026-05-01", 12, persons=named, fresh=True)
    for refused in (
        served.call("viewer", "POST", f"{register}/checks", new),
        change(served, "applicant", f"{register}/transfers", new),
    ):
        assert (refused.status_code, refused.json()["code"]) == (422, "contradiction")  # keys show that they are not new
    answers += [served.call("auditor", "GET", register + path) for path in ("", "/events", "/years/2026")]
    keys = {served.office.home.keyed("person", each) for each in PEOPLE}
    for answer in answers:
        assert ok(answer)
        assert not any(each in answer.text for each in (*keys, *PEOPLE))
    assert "keys" in answers[-1].text
    files = [path.read_bytes() for path in served.office.settings.home.rglob("*") if path.is_file()]
    assert not any(each.encode() in data for data in files for each in PEOPLE)


def test_a_register_is_its_owners(served: Served, register: str) -> None:
    for path, method, body in (("", "GET", None), ("/years/2025", "GET", None), ("/checks", "POST", told("x", "2025-01-01", 1))):
        theirs = served.call("applicant-b", method, register + path, body)
        assert (theirs.status_code, theirs.json()["code"]) == (404, "not-found"), path
    stranger = change(served, "applicant-b", f"{register}/transfers", told("x", "2025-01-01", 1))
    assert (stranger.status_code, stranger.json()["code"]) == (404, "not-found")
    assert register.rpartition("/")[2] in {each["id"] for each in ok(served.call("viewer", "GET", NEW))["items"]}
    assert ok(served.call("viewer-b", "GET", NEW))["items"] == []
    other = post(served, "applicant-b", NEW, {"name": "乙公司", "holder": FIRMS["a"]})
    assert (other.status_code, other.json()["code"], other.json()["title"]) == (403, "own-register", "企业只能记载本企业的出境")
    second = post(served, "applicant", NEW, {"name": "甲公司"})
    assert (second.status_code, second.json()["code"]) == (409, "duplicate")


def persons(flow: str, kind: str = "general") -> dict[str, Any]:
    return {"persons": [{"flow": flow, "kind": kind, "identifiers": ["z"]}]}


WRONG: list[tuple[str, Any, int, str, str]] = [
    ("transfers", {"transfer": "x", "facts": {"transfer.date": "soon"}}, 422, "wrong-type", "/facts/transfer.date"),
    ("transfers", {"transfer": "x", "facts": {"transfer.date": "2025-01-01"}}, 422, "open-flows", ""),
    ("transfers", told("x", "2025-01-01", 1, **persons("y")), 422, "unknown-flow", ""),
    ("transfers", told("x", "2025-01-01", 3, **persons("analytics")), 422, "contradiction", ""),
    ("transfers", told("x", "2025-01-01", 1, **persons("y", "all")), 422, "invalid", "/persons/0/kind"),
    ("transfers", told("x", "2999-01-01", 1), 422, "has-happened", ""),
    ("declarations", {"from": "2025-02-01", "through": "2025-01-01"}, 422, "wrong-period", "/through"),
    ("declarations", {"from": "2025-02-01", "through": "2999-01-01"}, 422, "is-over", ""),
    ("withdrawals", {"transfer": "nothing", "reasons": "r"}, 409, "recorded-before", ""),
]  # fmt: skip


@pytest.mark.parametrize("case", WRONG, ids=lambda case: case[3])
def test_what_is_wrong_is_told(served: Served, register: str, case: tuple[str, Any, int, str, str]) -> None:
    path, body, status, code, pointer = case
    got = change(served, "applicant", f"{register}/{path}", body)
    assert (got.status_code, got.json()["code"], got.json()["errors"][0]["pointer"]) == (status, code, pointer), got.text
