"""Answers that changed facts or a new rulebook move: recorded by themselves in the open cases, naming the clauses, once each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import yaml

from engine.errors import InputError
from engine.evidence.fsck import fsck
from engine.rulebook.model import Rulebook
from engine.supervise import cases, reassess
from engine.supervise.audit import audit
from engine.supervise.state import State
from engine.supervise.streams import Streams, history
from tests.rulebook import RULES, book
from tests.supervise.desk import FILED, Desk, desk

PACK, TABLE = "nanjing-tiering", "ex-ante-review"
SAMPLE: dict[str, Any] = yaml.safe_load((RULES / "samples" / PACK / "machine-vision.yaml").read_text("utf-8"))
FACTS = {name: str(value) if hasattr(value, "isoformat") else value for name, value in SAMPLE.items() if name != "about"}
SECURITY = "product.national_security_field"
HIGH = {SECURITY: True, "product.core_process": True}
CLAUSE = "field-national-security"


@pytest.fixture(scope="module")
def on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("reassess")) as made:
        yield made


def office(on: Desk, by: str = "li", second: str = "", release: str = "unpublished") -> cases.Office:
    on.at()
    return cases.Office(on.streams, on.people[by], on.now, release, on.people[second] if second else None)


def proposed(on: Desk, name: str, facts: dict[str, Any]) -> str:
    """Return a case on a filing of its own, accepted and proposed."""
    on.act(name, "filing", "draft", "firm", {})
    on.act(name, "filing", "submit", "firm", {**FILED, "product": name, "unit": "市工信局", "facts": facts})
    opening = cases.Opening(TABLE, fields={"legal": "plan", "reasons": "拟入公共场所"})
    opened = cases.open_case(office(on, second="wang"), name, opening).state.stream
    on.act(opened, TABLE, "accept", "li", {})
    cases.propose(office(on), opened, cases.question(office(on), opened), {})
    return opened


def without(rule: str) -> Rulebook:
    """Return a rulebook that lacks a rule."""
    pack = book().packs[PACK]
    rules = {name: doc for name, doc in pack.rules.items() if name != rule}
    return replace(book(), packs={**book().packs, PACK: replace(pack, rules=rules)}, digest="0" * 64)


def drift_of(state: State) -> dict[str, Any]:
    found: dict[str, Any] = state.values["drift"]
    return found


def test_a_new_version_moves_its_open_case(on: Desk) -> None:
    case, other = proposed(on, "f1", FACTS), proposed(on, "f2", FACTS)
    before = on.streams.state(case).values["outcome"]
    reassess.revise(office(on, "firm"), "f1", {"facts": FACTS})
    assert "drift" not in on.streams.state(case).values, "a version that moves nothing is no drift"
    reassess.revise(office(on, "firm"), "f1", {"facts": FACTS | HIGH})
    drift = drift_of(on.streams.state(case))
    assert (drift["cause"], drift["before"], drift["now"]) == ("facts", before, ["t1"])
    assert any(clause.startswith(f"{CLAUSE}@") and "nanjing-plan-2022 20" in clause for clause in drift["clauses"])
    assert on.streams.state(case).name == "proposed", "it re-opens the answer, never the decision"
    assert "drift" not in on.streams.state(other).values
    last = history(on.home, case)[-1]
    assert (last["name"], last["by"], last["from"], last["to"]) == ("drifted", None, "proposed", "proposed")
    reassess.revise(office(on, "firm"), "f1", {"facts": FACTS | HIGH})
    assert history(on.home, case)[-1] == last, "what is said already is not said again"
    reassess.revise(
        office(on, "firm"), "f1", {"facts": {name: value for name, value in FACTS.items() if name != "product.field"}}
    )
    # answered again, it is no drift any more
    on.act(case, TABLE, "return", "li", {"reasons": "事实变化"})
    cases.propose(office(on), case, cases.question(office(on), case), {})
    assert "drift" not in on.streams.state(case).values
    assert case not in {each.case for each in reassess.affected(office(on))}
    assert audit(on.home)
    assert fsck(on.home)["event"]


def test_a_case_shows_the_version_that_was_answered(on: Desk) -> None:
    """Whatever is typed: the version is that of the facts on which the answer beside the event was worked out."""
    case = proposed(on, "v1", FACTS)
    typed = cases.Opening(TABLE, fields={"legal": "plan", "reasons": "拟入公共场所", "version": 1})
    with pytest.raises(InputError) as error:
        cases.open_case(office(on, second="wang"), "v1", typed)
    assert error.value.finding.code == "computed-field"
    on.act(case, TABLE, "return", "li", {"reasons": "事实变化"})
    reassess.revise(office(on, "firm"), "v1", {"facts": FACTS | HIGH})
    assert cases.propose(office(on), case, cases.question(office(on), case), {}).state.values["version"] == 2
    on.act(case, TABLE, "state", "firm", {"statement": "无"})
    cases.decide(office(on, "chen"), case, cases.question(office(on), case), cases.Ruling("decide", "tier=t1"))
    on.act(case, TABLE, "serve", "li", {"served_on": on.now.date().isoformat(), "manner": "post"})
    reassess.revise(office(on, "firm"), "v1", {"facts": FACTS})
    for event, by in (("vary", "firm"), ("reassess", "li")):
        with pytest.raises(InputError) as error:
            cases.do(office(on, by), case, event, {"version": 1, "reasons": "换用新模型"})
        assert error.value.finding.code == "computed-field"
    assert cases.do(office(on, "firm"), case, "vary", {"reasons": "换用新模型"}).state.values["version"] == 3
    kept = cases.do(office(on), case, "keep", {"reasons": "不予变更"}).state
    assert kept.values["version"] == 2, "what stands was decided on the version before"


def test_a_deviation_is_no_drift(on: Desk) -> None:
    case = proposed(on, "f3", FACTS)
    on.act(case, TABLE, "state", "firm", {"statement": "无"})
    ruling = cases.Ruling("decide", "tier=t1", {"reasons": "从严"})
    cases.decide(office(on, "chen", "wang"), case, cases.question(office(on), case), ruling)
    assert on.streams.state(case).values["deviates"] is True
    assert case not in {each.case for each in reassess.affected(office(on))}


def test_a_new_rulebook_moves_open_cases_once(on: Desk) -> None:
    moved, unmoved = proposed(on, "f4", FACTS | HIGH), proposed(on, "f5", FACTS)
    closed = proposed(on, "f6", FACTS | HIGH)
    on.act(closed, TABLE, "withdraw", "firm", {})
    assert on.streams.state(moved).values["outcome"] == "t1"
    later = Desk.__new__(Desk)
    later.__dict__ = {**on.__dict__, "streams": Streams(on.home, without(CLAUSE))}
    acting = office(later, release="release-2")
    found = {each.case: each for each in reassess.record(acting, reassess.affected(acting))}
    assert moved in found
    assert not {unmoved, closed} & found.keys()
    drift = drift_of(on.streams.state(moved))
    assert (drift["cause"], drift["release"], drift["before"]) == ("rulebook", "release-2", "t1")
    assert any(clause.startswith(f"{CLAUSE}@") for clause in drift["clauses"]), "the clause that fell away is named"
    assert reassess.record(office(later), reassess.affected(office(later))) == []
    assert moved in {each.case for each in reassess.affected(office(later))}, "it is still listed"
    # facts and rules both changed: the old facts give the old answer still, so the facts moved it
    both = proposed(on, "f4b", FACTS)
    on.act("f4b", "filing", "revise", "firm", {"facts": FACTS | {"function.life_safety": True}})
    causes = {each.case: each.cause for each in reassess.affected(acting)}
    assert (causes[moved], causes[both]) == ("rulebook", "facts")
    assert audit(on.home)


def test_facts_that_changed_by_themselves_are_called_that(on: Desk) -> None:
    """A version submitted where nobody answered the cases again, as by an older program: `affected` finds it and says why."""
    case = proposed(on, "f9", FACTS)
    on.act("f9", "filing", "revise", "firm", {"facts": FACTS | HIGH})
    (drift,) = [each for each in reassess.affected(office(on)) if each.case == case]
    assert (drift.cause, drift.before, drift.now) == ("facts", "t3", ("t1",))
    assert reassess.moved(office(on), on.streams.state(case)) == drift


def test_what_moved_an_answer_is_filled_in(on: Desk) -> None:
    case = proposed(on, "f10", FACTS)
    on.act(case, TABLE, "state", "firm", {"statement": "无"})
    cases.decide(office(on, "chen"), case, cases.question(office(on), case), cases.Ruling("decide", "tier=t3", {}))
    on.act(case, TABLE, "serve", "li", {"served_on": "2026-09-01", "manner": "electronic"})
    with pytest.raises(InputError, match="missing-field"):
        cases.do(office(on), case, "reassess", {})  # nothing moved: whoever takes it up again says why
    reassess.revise(office(on, "firm"), "f10", {"facts": FACTS | HIGH})
    values = cases.do(office(on), case, "reassess", {}).state.values
    assert (values["cause"], values["clause"]) == ("facts", values["drift"]["clauses"])


@pytest.mark.parametrize("event", ["drifted", "recomputed", "refused"])
def test_nobody_makes_what_happens_by_itself(on: Desk, event: str) -> None:
    on.act(f"g-{event}", "filing", "draft", "firm", {})
    error = on.refused(f"g-{event}", "filing", event, "li", {"attempted": "x", "code": "x", "rule": "x"})
    assert error.finding.code == "no-transition"


def test_a_version_that_is_refused_moves_nothing(on: Desk) -> None:
    case = proposed(on, "f8", FACTS)
    number = on.streams.state(case).number
    with pytest.raises(InputError, match="own-filing"):
        reassess.revise(office(on, "rival"), "f8", {"facts": FACTS | HIGH})
    assert on.streams.state(case).number == number
