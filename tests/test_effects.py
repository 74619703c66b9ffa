"""No answer claims an effect that the city plan alone cannot have: over every pack, on random filings, from what was answered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.decide.assess import evaluator, names_of
from engine.decide.combine import fixed
from engine.decide.evaluate import Evaluator, Picture
from engine.decide.filing import Filing
from engine.decide.values import T
from schemas.lifecycle import SAME, Lifecycle
from schemas.rulebook import Source, Value
from tests import randomness
from tests.long import LONG
from tests.rulebook import book

AS_OF = date(2026, 8, 1)
PACKS = sorted(folder.parent.name for folder in (Path(__file__).parents[1] / "rules").glob("*/pack.yaml"))
pytestmark = pytest.mark.no_cover


def lawful(sources: list[Source]) -> bool:
    """Tell whether a law, a regulation or a rule that binds here is among the sources."""
    ranks = ("law", "regulation", "department_rule", "local_regulation", "local_rule")
    cited = [book().instruments[source.instrument] for source in sources]
    return any(entry.binding and entry.rank in ranks for entry in cited)


def done(evaluate: Evaluator, picture: Picture) -> Iterator[tuple[str, int, Value]]:
    """Yield the values that certainly hold and do more than advise, with outcome and item."""
    for (name, index), value in picture.outcomes.items():
        outcome = evaluate.pack.outcomes[name]
        if outcome.combine == "union":
            sure = [entry for i, entry in enumerate(outcome.values) if value[0] >> i & 1]
        else:
            sure = [entry for entry in outcome.values if fixed(outcome.combine, value) and names_of(outcome, value) == [entry.id]]
        yield from ((name, index, entry) for entry in sure if entry.act)


def backed(evaluate: Evaluator, filing: Filing, picture: Picture, name: str, value: str) -> bool:
    """Tell whether a rule that applied backs the value: by law, or by a term that the filing says was signed."""
    signed = any(filing.facts.get(fact.id) == T for fact in book().facts.values() if fact.kind == "agreement")
    for (rule_id, _), state in picture.applied.items():
        rule = evaluate.pack.rules[rule_id]
        given = [then for version in rule.versions for key, then in version.then.items() if key == name]
        if state == T and any(value == then or value in then or str(then).startswith("=") for then in given):
            if lawful([*rule.sources, *(source for version in rule.versions for source in version.sources)]):
                return True
            if rule.effect in ("agreed", "owner") and signed:
                return True
    return False


@pytest.mark.parametrize("pack", PACKS)
@settings(max_examples=300 if LONG else 8)
@given(seed=st.integers(min_value=0, max_value=2**32))
def test_nothing_is_done_by_the_plan_alone(pack: str, seed: int) -> None:
    random = Random(seed)
    evaluate = evaluator(book(), pack)
    if not any(value.act for outcome in evaluate.pack.outcomes.values() for value in outcome.values):
        return
    try:
        filing = randomness.complete(evaluate, random, AS_OF, random.randint(1, 2))
    except AssertionError:
        return
    filing = randomness.forget(filing, random, random.choice((0.0, 0.2, 0.5)), open_lists=True)
    picture = evaluate.picture(filing, AS_OF)
    for name, index, value in done(evaluate, picture):
        assert backed(evaluate, filing, picture, name, value.id), f"{name}[{index}]: {value.id} {value.act}"


@pytest.mark.parametrize("pack", PACKS)
def test_what_claims_to_be_statutory_is_law(pack: str) -> None:
    rules = book().packs[pack]
    claims = [(rule_id, rule.sources) for rule_id, rule in rules.rules.items() if rule.effect == "statutory"]
    claims += [(o.id, floor.sources) for o in rules.outcomes.values() for floor in o.floor if floor.effect == "statutory"]
    claims += [(monitor.id, monitor.sources) for monitor in rules.doc.monitors if monitor.effect not in ("agreed", "advisory")]
    assert [name for name, sources in claims if not lawful(sources)] == []


SIGNS = frozenset({"countersign"})
MEASURES = frozenset({"warn", "rectify", "pause", "terminate", "bar"})


def reached(table: Lifecycle, without: frozenset[str]) -> set[str]:
    """Return the states of a table that are reached without these events."""
    found = {each.to for each in table.transitions if not each.from_}
    while True:
        ways = [each for each in table.transitions if each.event not in without and found & set(each.from_)]
        more = {each.to for each in ways if each.to != SAME} - found
        if not more:
            return found
        found |= more


def test_no_transition_of_a_pilot_goes_beyond_the_plan() -> None:
    """None is statutory, and no measure is possible in a state that is reached before both sides have signed."""
    tables = [table for table in book().lifecycles.values() if table.kind == "pilot"]
    assert {table.id for table in tables} == {"pilot", "incident"}
    assert [(table.id, each.event) for table in tables for each in table.transitions if each.effect == "statutory"] == []
    pilot = book().lifecycles["pilot"]
    unsigned = reached(pilot, SIGNS)
    early = [each.event for each in pilot.transitions if each.event in MEASURES and unsigned & set(each.from_)]
    assert early == []
    assert {each.event for each in pilot.transitions if each.event in MEASURES} == MEASURES
    assert {each.effect for each in pilot.transitions if each.event in MEASURES} == {"agreed"}


@pytest.mark.parametrize("table", ["pilot", "incident"])
def test_a_transition_before_the_signatures_is_advice(table: str) -> None:
    """What the firm does of its own accord aside: signing, starting, telling."""
    life = book().lifecycles[table]
    unsigned = reached(life, SIGNS) if table == "pilot" else set()
    agreed = {each.event for each in life.transitions if each.effect == "agreed" and unsigned & set(each.from_)}
    assert agreed <= {"sign", "countersign"}


def test_the_acts_of_a_pilot_are_seen() -> None:
    """The property would be empty if nothing acted: a terminated pilot does."""
    evaluate = evaluator(book(), "nanjing-pilot")
    filing = Filing({"pilot.terms_signed": T, "run.refused_rectification": T}, {}, {})
    picture = evaluate.picture(filing, AS_OF)
    assert [value.id for _, _, value in done(evaluate, picture)] == ["terminate"]
    assert not backed(evaluate, Filing({}, {}, {}), picture, "measure", "terminate")
