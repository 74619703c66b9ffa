"""Requests for government data: due from the day of receipt, and granted with what was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import yaml

from engine.decide.filing import from_document
from engine.errors import InputError, Place
from engine.evidence.facts import values_of
from engine.rulebook.read import node_from
from engine.supervise import cases, requests, uses
from engine.supervise.registers import Actor
from engine.supervise.state import State
from tests.rulebook import RULES, book
from tests.supervise.desk import Desk, desk

FIELDS: dict[str, Any] = {
    "requester": "市工信局", "provider": "市公安局", "basis": "职责", "scenario": "监管", "scope": "全市", "manner": "接口查询",
    "until": "2026-12-31",
}  # fmt: skip
SAMPLE = next(iter(sorted((RULES / "samples/cn-data-sharing").glob("*.yaml"))))


@pytest.fixture(scope="module")
def on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("requests")) as made:
        yield made


def told(**more: Any) -> dict[str, Any]:
    """Return the facts of the sample, changed; those that are None are left out."""
    said = {name: value for name, value in yaml.safe_load(SAMPLE.read_text("utf-8")).items() if name != "about"}
    said |= {name.replace("__", "."): value for name, value in more.items()}
    plain = {name: str(value) if isinstance(value, date) else value for name, value in said.items() if value is not None}
    return values_of(book(), from_document(book(), node_from(plain, Place("the request"))))


def asked(on: Desk, items: dict[str, Any]) -> State:
    on.at()
    return requests.ask(cases.Office(on.streams, on.people["li"], on.now), {**FIELDS, "items": items}).state


@pytest.mark.parametrize(
    ("received", "on_", "due"),
    [("2026-08-24", "2026-08-24", "2026-09-07"), (None, "2026-09-01", "2026-09-15"), ("2026-09-01", "2026-09-01", "2026-09-15")],
)
def test_the_answer_is_due_from_the_day_of_receipt(on: Desk, received: str | None, on_: str, due: str) -> None:
    state = asked(on, told(sharing__received_on=received))
    assert (state.on, state.due) == (on_, due)


def test_a_day_of_receipt_that_has_not_come_is_refused(on: Desk) -> None:
    with pytest.raises(InputError) as error:
        asked(on, told(sharing__received_on="2026-09-02"))
    assert error.value.finding.code == "in-future"


def granted(on: Desk, items: dict[str, Any], **fields: Any) -> str:
    stream = asked(on, items).stream
    on.at()
    office = cases.Office(on.streams, on.people["zhao"], on.now, second=on.people["sun"])
    requests.answer(office, stream, "allow", {"reasons": "属于法定职责", **fields})
    on.act(stream, uses.TABLE, "provide", "zhao", {})
    return stream


def used(on: Desk, stream: str, **told_: Any) -> tuple[str, tuple[str, ...]]:
    on.at()
    _, found = uses.record(on.streams, stream, Actor(on.people["li"], on.now), {"used": 1, "kept": True, **told_})
    return found.verdict, found.beyond or found.open


def test_a_grant_carries_what_was_asked_for(on: Desk) -> None:
    items = told()
    wanted = requests.asked_for(items)
    assert wanted["granted"] == [items[f"request/{place}/id"] for place in range(items["request"]["count"])]
    stream = granted(on, items)
    grant = uses.ledger(on.streams, stream).grant
    assert (sorted(grant.items or ()), sorted(grant.purposes or ())) == (sorted(wanted["granted"]), wanted["purposes"])
    inside = {"purpose": wanted["purposes"][0], "used_items": wanted["granted"][:1]}
    assert used(on, stream, **inside) == ("within", ())
    assert used(on, stream, **inside | {"purpose": "marketing"}) == ("beyond", ("purpose",))
    assert used(on, stream, **inside | {"used_items": ["other"]}) == ("beyond", ("items",))


def test_a_grant_that_names_its_own_keeps_them(on: Desk) -> None:
    stream = granted(on, told(), granted=["districts"], purposes=["监管"])
    grant = uses.ledger(on.streams, stream).grant
    assert (grant.items, grant.purposes) == (frozenset({"districts"}), frozenset({"监管"}))


def test_an_open_purpose_is_not_made_up() -> None:
    items = told()
    open_ = {name: value for name, value in items.items() if name != "request/0/request.purpose"}
    assert "purposes" not in requests.asked_for(open_)
    assert requests.asked_for({}) == {}
