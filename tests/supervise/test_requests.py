"""Requests for government data: due from the day of receipt, and granted with what was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.decide.filing import from_document
from engine.errors import InputError, Place
from engine.evidence.disclosed import opened
from engine.evidence.facts import values_of
from engine.rulebook.load import load_all
from engine.rulebook.locate import files_of
from engine.rulebook.policies import merged, read_folder
from engine.rulebook.read import node_from
from engine.supervise import cases, granting, requests, uses
from engine.supervise.registers import Actor
from engine.supervise.state import State
from engine.supervise.streams import history
from tests.rulebook import RULES, book
from tests.supervise.desk import Desk, desk

FIELDS: dict[str, Any] = {
    "requester": "市工信局", "provider": "市公安局", "basis": "职责", "scenario": "监管", "scope": "全市", "manner": "接口查询",
}  # fmt: skip
TERMS = count(date(2026, 12, 31).toordinal())  # no two requests here ask for the same until the same day
SAMPLE = next(iter(sorted((RULES / "samples/cn-data-sharing").glob("*.yaml"))))


@pytest.fixture(scope="module")
def on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("requests")) as made:
        yield made


def said_by(file: Path) -> dict[str, Any]:
    """Return what a sample says, its days as texts."""
    said = {name: value for name, value in yaml.safe_load(file.read_text("utf-8")).items() if name != "about"}
    return {name: str(value) if isinstance(value, date) else value for name, value in said.items()}


def told(**more: Any) -> dict[str, Any]:
    """Return the facts of the sample, changed; those that are None are left out."""
    said = said_by(SAMPLE) | {name.replace("__", "."): value for name, value in more.items()}
    plain = {name: value for name, value in said.items() if value is not None}
    return values_of(book(), from_document(book(), node_from(plain, Place("the request"))))


def fields(items: dict[str, Any]) -> dict[str, Any]:
    return {**FIELDS, "items": items, "until": date.fromordinal(next(TERMS)).isoformat()}


def asked(on: Desk, items: dict[str, Any]) -> State:
    on.at()
    return requests.ask(cases.Office(on.streams, on.people["li"], on.now), fields(items)).state


@pytest.mark.parametrize(
    ("received", "on_", "due"),
    [("2026-08-24", "2026-08-24", "2026-08-25"), (None, "2026-09-01", "2026-09-02"), ("2026-09-01", "2026-09-01", "2026-09-02")],
)
def test_the_answer_is_due_from_the_day_of_receipt(on: Desk, received: str | None, on_: str, due: str) -> None:
    state = asked(on, told(sharing__received_on=received))
    assert (state.on, state.due) == (on_, due)


def test_a_day_of_receipt_that_has_not_come_is_refused(on: Desk) -> None:
    with pytest.raises(InputError) as error:
        asked(on, told(sharing__received_on="2026-09-02"))
    assert error.value.finding.code == "not-yet-received"


def granted(on: Desk, items: dict[str, Any], **fields: Any) -> str:
    stream = asked(on, items).stream
    on.at()
    office = cases.Office(on.streams, on.people["zhao"], on.now, second=on.people["sun"])
    requests.answer(office, stream, "allow", {"reasons": "属于法定职责", **fields})
    on.act(stream, uses.TABLE, "provide", "zhao", {})
    return stream


def whole(items: dict[str, Any]) -> dict[str, Any]:
    """Return what a request asks for in all its items."""
    return granting.asked_for(items, granting.items(items).values())


def used(on: Desk, stream: str, **told_: Any) -> tuple[str, tuple[str, ...]]:
    on.at()
    _, found = uses.record(on.streams, stream, Actor(on.people["li"], on.now), {"used": 1, "kept": True, **told_})
    return found.verdict, found.beyond or found.open


def test_a_grant_carries_what_was_asked_for(on: Desk) -> None:
    items = told()
    wanted = whole(items)
    assert wanted["granted"] == [items[f"request/{place}/id"] for place in range(items["request"]["count"])]
    stream = granted(on, items)
    grant = uses.ledger(on.streams, stream).grant
    assert (sorted(grant.items or ()), sorted(grant.purposes or ())) == (sorted(wanted["granted"]), wanted["purposes"])
    inside = {"purpose": wanted["purposes"][0], "used_items": wanted["granted"][:1]}
    assert used(on, stream, **inside) == ("within", ())
    assert used(on, stream, **inside | {"purpose": "marketing"}) == ("beyond", ("purpose",))
    assert used(on, stream, **inside | {"used_items": ["other"]}) == ("beyond", ("items",))


def test_a_grant_that_names_its_own_keeps_them(on: Desk) -> None:
    stream = granted(on, told(), granted=["districts"], purposes=["statutory_duty"], until="2026-10-01")
    grant = uses.ledger(on.streams, stream).grant
    assert (grant.items, grant.purposes) == (frozenset({"districts"}), frozenset({"statutory_duty"}))
    assert grant.end == date(2026, 10, 1)


SURE = next(each for each in said_by(SAMPLE)["request"]["items"] if each["id"] == "districts")
WIDER: list[tuple[dict[str, Any], str]] = [
    ({"granted": ["districts", "plate"]}, "#/granted"),
    ({"granted": []}, "#/granted"),
    ({"purposes": ["statutory_duty", "marketing"]}, "#/purposes"),
    ({"passed_on": ["甲公司"]}, "#/passed_on"),
    ({"until": "2040-01-01"}, "#/until"),
    ({"uses": 11}, "#/uses"),
]


@pytest.mark.parametrize(("wider", "place"), WIDER, ids=lambda each: str(each)[:24])
def test_nothing_is_granted_that_was_not_asked_for(on: Desk, wider: dict[str, Any], place: str) -> None:
    """The request was judged as it was asked: not even two officials grant more on it."""
    items = told(request={"complete": True, "items": [{**SURE, "uses": 10}]})
    stream = asked(on, items).stream
    office = cases.Office(on.streams, on.people["zhao"], on.now, second=on.people["sun"])
    with pytest.raises(InputError) as error:
        requests.answer(office, stream, "allow", {"reasons": "x", **wider})
    assert (error.value.finding.code, error.value.finding.place.file) == ("beyond-request", place)
    assert on.streams.state(stream).name == "requested"


def test_receivers_are_granted_where_passing_on_was_asked_for(on: Desk) -> None:
    onward = {**SURE, "onward": True, "onward_consent": True}
    stream = asked(on, told(request={"complete": True, "items": [onward]})).stream
    alone = cases.Office(on.streams, on.people["zhao"], on.now)
    done = requests.answer(alone, stream, "allow_with_duties", {"passed_on": ["市民政局"]})
    assert (done.state.name, done.state.values["deviates"]) == ("agreed", False)


SECRET, OPEN = {"id": "secret", "state_secret": True}, {"id": "open", "state_secret": None}
SINGLY: list[tuple[str, list[dict[str, Any]], dict[str, Any], str]] = [
    ("the lawful item of a mixed request", [{}, SECRET], {"granted": ["districts"], "reasons": "国家秘密"}, "no"),
    ("and why not the other", [{}, SECRET], {"granted": ["districts"]}, "no-ground"),
    ("what law refuses", [{}, SECRET], {"reasons": "r"}, "deviates"),
    ("what law refuses alone", [{}, SECRET], {"granted": ["secret"], "reasons": "r"}, "deviates"),
    ("what law leaves open", [{}, OPEN], {"reasons": "r"}, "deviates"),
    ("the sure item beside an open one", [{}, OPEN], {"granted": ["districts"], "reasons": "未定"}, "no"),
    ("all that law owes", [{}, {"id": "too"}], {}, "no"),
    ("one of two that law owes", [{}, {"id": "too"}], {"granted": ["too"], "reasons": "r"}, "deviates"),
    ("refused, one that law owes among them", [{}, SECRET], {"outcome": "refuse", "reasons": "r", "complete": True}, "deviates"),
    ("refused as law does", [SECRET], {"outcome": "refuse", "reasons": "r", "complete": True}, "no"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "said", "wanted"), [pytest.param(*each[1:], id=each[0]) for each in SINGLY])
def test_items_are_granted_one_by_one(on: Desk, changes: list[dict[str, Any]], said: dict[str, Any], wanted: str) -> None:
    """What law does not surely allow, or surely owes and is not granted, calls for reasons and a second; nothing else does."""
    merged_ = [{**SURE, **each} for each in changes]
    items = told(request={"complete": True, "items": [{k: v for k, v in each.items() if v is not None} for each in merged_]})
    stream, fields_ = asked(on, items).stream, dict(said)
    outcome = fields_.pop("outcome", "allow")
    office = cases.Office(on.streams, on.people["zhao"], on.now)
    if wanted == "no":
        state = requests.answer(office, stream, outcome, fields_).state
        assert state.values["deviates"] is False
        return
    with pytest.raises(InputError) as error:
        requests.answer(office, stream, outcome, fields_)
    assert error.value.finding.code == ("two-officials" if wanted == "deviates" else wanted)
    if wanted == "deviates":
        two = cases.Office(on.streams, on.people["zhao"], on.now, second=on.people["sun"])
        assert requests.answer(two, stream, outcome, fields_).state.values["deviates"] is True


def test_a_deviation_gives_its_reasons(on: Desk) -> None:
    stream = asked(on, told(request={"complete": True, "items": [{**SURE, **SECRET}]})).stream
    two = cases.Office(on.streams, on.people["zhao"], on.now, second=on.people["sun"])
    with pytest.raises(InputError) as error:
        requests.answer(two, stream, "allow", {})
    assert error.value.finding.code == "deviation-reasons"


def test_the_record_of_a_grant_answers_what_is_granted(on: Desk) -> None:
    items = told(request={"complete": True, "items": [{**SURE, **SECRET}, SURE]})
    stream = asked(on, items).stream
    office = cases.Office(on.streams, on.people["zhao"], on.now)
    done = requests.answer(office, stream, "allow", {"granted": ["districts"], "reasons": "国家秘密"})
    disclosed, _ = opened(on.home, done.state.values["decision"])
    found = {each.name: each.value for each in disclosed}
    assert (found["request"]["count"], found["request/0/id"], found["request/0/request.state_secret"]) == (1, "districts", False)
    assert not any(name.startswith("request/1/") for name in found)


@pytest.mark.parametrize("outcome", ["agree", "share=allow", "conflict", "undetermined", ""])
def test_what_decides_nothing_is_no_answer(on: Desk, outcome: str) -> None:
    stream = asked(on, told()).stream
    office = cases.Office(on.streams, on.people["zhao"], on.now)
    with pytest.raises(InputError) as error:
        requests.answer(office, stream, outcome, {"reasons": "x"})
    assert error.value.finding.code == "wrong-outcome"
    assert "allow, allow_with_duties, refuse" in error.value.text()
    assert on.streams.state(stream).name == "requested"


def test_an_open_purpose_is_not_made_up() -> None:
    items = told()
    open_ = {name: value for name, value in items.items() if name != "request/0/request.purpose"}
    assert "purposes" not in whole(open_)
    assert whole({}) == {}


BOTH = {"request_unconditional": ["answer_unconditional"], "request_conditional": ["answer_conditional"]}
CLOCKS = BOTH | {"request_mixed": ["answer_unconditional", "answer_conditional"], "request_not_shared": [], "request_other": []}
OPENED: list[tuple[str, list[Any], dict[str, Any], bool | None, str]] = [
    ("one class", ["conditional"], {}, None, "request_conditional"),
    ("the other", ["unconditional", "unconditional"], {}, None, "request_unconditional"),
    ("both", ["conditional", "unconditional"], {}, None, "request_mixed"),
    ("neither", ["not_shared", "unlisted"], {}, None, "request_not_shared"),
    ("one beside an item that is not shared", ["not_shared", "unconditional"], {}, None, "request_unconditional"),
    ("told and the same", ["conditional"], {}, False, "request_conditional"),
    ("told otherwise", ["conditional"], {}, True, "other-class"),
    ("told otherwise, the reverse", ["unconditional"], {}, False, "other-class"),
    ("not told", ["conditional", None], {}, None, "class-open"),
    ("one of two", [{"one_of": ["conditional", "unconditional"]}], {}, None, "class-open"),
    ("told by whoever asks", [None], {}, True, "request_unconditional"),
    ("cannot be what is told", [{"one_of": ["conditional", "not_shared"]}], {}, True, "other-class"),
    ("an authorised body asks", ["conditional"], {"sharing.requester": "authorised_body"}, None, "request_conditional"),
    ("a public enterprise provides", ["conditional"], {"sharing.provider": "public_enterprise"}, None, "request_other"),
    ("opening", ["conditional"], {"sharing.channel": "opening"}, None, "request_other"),
    ("operation, and no class", [None], {"sharing.channel": "operation"}, None, "request_other"),
    ("operation, called unconditional", [None], {"sharing.channel": "operation"}, True, "request_other"),
    ("a trade", [None], {"sharing.channel": "trading"}, None, "request_other"),
    ("channel not told", ["conditional"], {"sharing.channel": None}, None, "law-open"),
    ("requester not told", ["conditional"], {"sharing.requester": None}, None, "law-open"),
    ("provider not told", ["conditional"], {"sharing.provider": None}, False, "law-open"),
    ("who asks, by another channel", [None], {"sharing.channel": "operation", "sharing.requester": None}, None, "request_other"),
    ("the day before Order 809", ["conditional"], {"sharing.received_on": "2025-07-31"}, None, "request_other"),
    ("the day of Order 809", ["conditional"], {"sharing.received_on": "2025-08-01"}, None, "request_conditional"),
    ("before the law that is encoded", [None], {"sharing.received_on": "2018-01-01"}, None, "date-not-covered"),
    ("nothing is asked for", [], {}, None, "no-items"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("classes", "facts", "unconditional", "wanted"), [pytest.param(*each[1:], id=each[0]) for each in OPENED]
)
def test_the_law_and_the_class_say_which_time_runs(
    on: Desk, classes: list[Any], facts: dict[str, Any], unconditional: bool | None, wanted: str
) -> None:
    items = [{"id": f"i{place}"} | ({"class": each} if each else {}) for place, each in enumerate(classes)]
    changed = {name.replace(".", "__"): each for name, each in facts.items()}
    said = told(**changed, request={"complete": True, "items": items} if items else None)
    on.at()
    office = cases.Office(on.streams, on.people["li"], on.now)
    if wanted not in CLOCKS:
        with pytest.raises(InputError) as error:
            requests.ask(office, fields(said), unconditional=unconditional)
        assert error.value.finding.code == wanted
        return
    done = requests.ask(office, fields(said), unconditional=unconditional)
    assert (done.statement["name"], [run.clock for run in done.state.clocks]) == (wanted, CLOCKS[wanted])
    other = wanted == "request_other"
    assert ("order-809" in " ".join(done.statement["basis"]), done.state.values.get("channel")) == (
        not other, facts.get("sharing.channel", "sharing") if other else None
    )  # fmt: skip


def test_the_register_gives_the_class(on: Desk) -> None:
    """What an owner registered need not be told again, and is not contradicted."""
    policies = read_folder(RULES / "samples/policies")
    chosen = load_all(merged(files_of(RULES), policies), policies.shown).rulebook
    asks = {**said_by(SAMPLE), "request": {"complete": True, "items": [{"id": "a", "data_set": "njmarket/enterprise-register"}]}}
    items = values_of(chosen, from_document(chosen, node_from(asks, Place("the request"))))
    on.at()
    office = cases.Office(on.streams, on.people["li"], on.now)
    assert requests.ask(office, fields(items), chosen).statement["name"] == "request_unconditional"
    with pytest.raises(InputError) as error:
        requests.ask(office, fields(items), chosen, unconditional=False)
    assert error.value.finding.code == "other-class"


def test_what_is_had_otherwise_lives_without_order_809(on: Desk) -> None:
    said = told(sharing__channel="operation", sharing__requester="enterprise")
    stream = granted(on, said)
    states = [each["to"] for each in history(on.home, stream)]
    assert states == ["asked", "granted", "granted_use"]
    assert not any("order-809" in source for each in history(on.home, stream) for source in each["basis"])
    assert not on.streams.state(stream).clocks
    assert uses.ledger(on.streams, stream).grant.items == frozenset(whole(said)["granted"])
