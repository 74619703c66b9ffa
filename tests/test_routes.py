"""A transfer in its year: the thresholds of the law from both sides, and what the register leaves open."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from math import inf
from pathlib import Path
from typing import Any

import pytest

from engine.decide.filing import Filing, from_document
from engine.errors import InputError
from engine.rulebook.read import read
from engine.supervise import routes
from engine.supervise.transfers import Flow, Persons, Register, Transfer
from tests.rulebook import book

ROOT = Path(__file__).parents[1]
BOOK = book()
NOBODY = Persons(0, 0)
WHOLE = ((date(2025, 1, 1), date(2025, 12, 31)),)


def filing(general: int, sensitive: int = 0, purpose: str = "analytics") -> Filing:
    """Return a transfer of 2025-04-15 of one flow, from the sample of two."""
    found = from_document(BOOK, read((ROOT / "rules/samples/cn-cross-border/two-flows.yaml").read_bytes(), "two-flows.yaml"))
    facts = {name: value for name, value in found.facts.items() if not name.startswith("prior.")}
    item = found.lists["flow"].items[0]
    persons = {f"flow.{kind}": (n, n) for kind, n in (("general_persons", general), ("sensitive_persons", sensitive))}
    index = [each.id for each in BOOK.facts["flow.purpose"].values].index(purpose)
    stated = item.facts | persons | {"flow.persons": (general + sensitive, general + sensitive), "flow.purpose": 1 << index}
    return replace(found, facts=facts, lists={"flow": replace(found.lists["flow"], items=(replace(item, facts=stated),))})


def register(*earlier: Transfer, complete: bool = True) -> Register:
    return Register({each.id: each for each in earlier}, WHOLE if complete else ())


def sent(general: int, sensitive: int = 0, day: str = "2025-02-01", under: str = "") -> Transfer:
    flow = Flow("f", "yes", Persons(general, general), Persons(sensitive, sensitive))
    return Transfer(f"{day}/{general}/{sensitive}", date.fromisoformat(day), (flow,), under=under)


def routed(book: Register, stated: Filing, *, fresh: bool = True) -> routes.Routed:
    return routes.route(BOOK, book, stated, replace(routes.read(BOOK, stated, "new"), fresh=fresh))


@pytest.mark.parametrize(
    ("before", "now", "outcome", "was", "then", "crosses"),
    [
        ((49_999, 0), (50_000, 0), "general_route", "exempt", "exempt", "no"),
        ((50_000, 0), (50_000, 0), "general_route", "exempt", "contract_or_certification", "yes"),
        ((50_001, 0), (50_000, 0), "general_route", "exempt", "contract_or_certification", "yes"),
        ((100_000, 0), (1, 0), "general_route", "contract_or_certification", "contract_or_certification", "no"),
        ((949_999, 0), (50_000, 0), "general_route", "contract_or_certification", "contract_or_certification", "no"),
        ((950_000, 0), (50_000, 0), "general_route", "contract_or_certification", "assessment", "yes"),
        ((950_001, 0), (50_000, 0), "general_route", "contract_or_certification", "assessment", "yes"),
        ((0, 0), (0, 1), "sensitive_route", "exempt", "contract_or_certification", "yes"),
        ((0, 9_998), (0, 1), "sensitive_route", "contract_or_certification", "contract_or_certification", "no"),
        ((0, 9_999), (0, 1), "sensitive_route", "contract_or_certification", "assessment", "yes"),
    ],
)
def test_thresholds_of_the_year(  # noqa: PLR0913, PLR0917 - one row of the table
    before: tuple[int, int], now: tuple[int, int], outcome: str, was: str, then: str, crosses: str
) -> None:
    found = routed(register(sent(*before)), filing(*now))
    assert (found.was.outcomes[outcome].value, found.now.outcomes[outcome].value) == (was, then)
    assert found.crosses[outcome] == crosses


def test_persons_who_may_be_the_same_leave_the_crossing_open() -> None:
    found = routed(register(sent(50_000)), filing(50_000), fresh=False)
    assert found.now.outcomes["general_route"].possible == ["exempt", "contract_or_certification"]
    assert (found.crosses["general_route"], found.after["general"]) == ("maybe", (50_000, 100_000))
    assert routed(register(sent(10)), filing(10), fresh=False).crosses["general_route"] == "no"


def test_a_register_that_nobody_declared_complete_never_exempts() -> None:
    found = routed(register(sent(10), complete=False), filing(20))
    assert found.now.outcomes["general_route"].possible == ["exempt", "contract_or_certification", "assessment"]
    assert found.crosses["general_route"] == "maybe"
    assert found.before["general"] == (10, float("inf"))


def test_the_year_before_and_exempt_flows_do_not_count() -> None:
    earlier = register(sent(99_999, day="2024-12-31"), sent(40, day="2025-01-01"))
    assert routed(earlier, filing(60), fresh=False).after["general"] == (60, 100)
    hr = routes.read(BOOK, filing(500, purpose="hr"), "hr")
    assert hr.flows[0].counted == "unknown"  # nobody said whether the two instruments exist
    assert routes.read(BOOK, filing(500), "x").flows[0].counted == "yes"


@pytest.mark.parametrize(
    ("told", "general", "sensitive"),
    [
        ({"persons": (10, 200_000), "sensitive_persons": (0, 0)}, (10, 200_000), (0, 0)),
        ({"persons": (100, 100), "sensitive_persons": (30, 40)}, (60, 100), (30, 40)),  # one person may have both kinds of data
        ({"persons": (100, 120), "general_persons": (20, 30)}, (20, 30), (70, 120)),
        ({"persons": (100, 120)}, (0, 120), (0, 120)),
        ({"general_persons": (20, 30), "sensitive_persons": (0, 0)}, (20, 30), (0, 0)),
        ({"sensitive_persons": (5, 5)}, (0, inf), (5, 5)),
        ({"personal_information": 0}, (0, 0), (0, 0)),
    ],
)
def test_what_is_told_of_a_flow_bounds_what_is_not(
    told: dict[str, Any], general: tuple[int, float], sensitive: tuple[int, float]
) -> None:
    stated = filing(0)
    (item,) = stated.lists["flow"].items
    kept = {name: value for name, value in item.facts.items() if not name.endswith("persons")}
    if "personal_information" in told:
        kept = {name: value for name, value in kept.items() if BOOK.facts[name].applies_when != "flow.personal_information"}
    facts = kept | {f"flow.{name}": value for name, value in told.items()}
    listed = replace(stated.lists["flow"], items=(replace(item, facts=facts),))
    (flow,) = routes.read(BOOK, replace(stated, lists={"flow": listed}), "new").flows
    assert [(each.least, each.most) for each in (flow.general, flow.sensitive)] == [general, sensitive]


def test_persons_known_by_keys_count_once() -> None:
    keys = frozenset(f"{number:064x}" for number in range(60))
    first = replace(sent(0), id="first", flows=(Flow("f", "yes", Persons.known(keys), NOBODY),))
    stated = filing(60)
    named: routes.Keys = {("analytics", "general"): keys}
    new = routes.read(BOOK, stated, "new", named)
    found = routes.route(BOOK, register(first), stated, new)
    assert [*found.after["general"]] == [60, 60]
    with pytest.raises(InputError, match="has 60 keys of persons"):
        routes.read(BOOK, filing(61), "new", named)
    with pytest.raises(InputError, match="has no flow `other`"):
        routes.read(BOOK, stated, "new", {("other", "general"): keys})


def test_persons_said_to_be_new_are_left_out_all_the_same_where_keys_show_them_before() -> None:
    keys = frozenset(f"{number:064x}" for number in range(60_000))
    first = replace(sent(0), id="first", flows=(Flow("f", "yes", Persons.known(keys), NOBODY),))
    stated = filing(60_000)
    new = routes.read(BOOK, stated, "new", {("analytics", "general"): keys})
    found, said = (routes.route(BOOK, register(first), stated, replace(new, fresh=fresh)) for fresh in (False, True))
    assert [*said.after["general"]] == [60_000, 60_000]
    assert (found.repeats, said.repeats) == ("", "first")
    assert said.now.outcomes == found.now.outcomes
    assert said.crosses == found.crosses == {"general_route": "no", "sensitive_route": "no"}


def test_earlier_volume_under_contract_joins_the_assessment() -> None:
    stated = filing(50_000)
    held = replace(stated, facts=stated.facts | {"contract.held": 2, "contract.changed": 0})
    found = routed(register(sent(950_000, under="contract")), held)
    assert "include_earlier_volume" in (found.now.outcomes["duties"].certain or ())
    assert "include_earlier_volume" not in (routed(register(sent(950_000)), held).now.outcomes["duties"].certain or ())


def test_what_the_register_counts_is_not_stated_and_the_day_is_one() -> None:
    stated = filing(10)
    with pytest.raises(InputError, match="counted by the register"):
        routes.read(BOOK, replace(stated, facts=stated.facts | {"prior.general_persons": (0, 0)}), "x")
    with pytest.raises(InputError, match="is not one day"):
        routes.read(BOOK, replace(stated, facts={}), "x")
    with pytest.raises(InputError, match="not all named"):
        routes.read(BOOK, replace(stated, lists={}), "x")
