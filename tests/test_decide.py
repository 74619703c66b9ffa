"""From a filing to its outcomes, case by case: the files of tests/decide/ over tiny rulebooks."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any

import pytest

from engine.decide.evaluate import Evaluator
from engine.decide.narrow import settle
from engine.decide.values import show, whole
from engine.errors import InputError
from tests import decide_base as base

DAY = date(2024, 1, 1)
TRUTH = {True: 2, False: 0, "unknown": 1}
CONDITIONS = base.cases("conditions")


@pytest.fixture(scope="module")
def conditions() -> Evaluator:
    """Every condition of the table as a rule of one pack."""
    return base.evaluator({"rules": {f"r{k}": {"when": row[0]} for k, row in enumerate(CONDITIONS)}})


@pytest.mark.parametrize("k", range(len(CONDITIONS)), ids=lambda k: CONDITIONS[k][0])
def test_conditions(k: int, conditions: Evaluator) -> None:
    _, facts, expected = CONDITIONS[k]
    picture = conditions.picture(base.filed(conditions, facts), DAY, split=False)
    assert picture.fired[f"r{k}", -1] == TRUTH[expected]


def refusal(error: InputError) -> str:
    """What is wrong, without its place."""
    return f"{error.finding.code}: {error.finding.problem}"


PLAIN = base.evaluator({"rules": {"all": {"when": " or ".join(f"({row[0]})" for row in CONDITIONS[:3])}}})


@pytest.mark.parametrize(("fact", "written", "expected"), base.cases("values"), ids=str)
def test_values(fact: str, written: Any, expected: Any) -> None:
    try:
        known = base.filed(PLAIN, {fact: written}).facts.get(fact)
    except InputError as error:
        assert refusal(error) == expected
        assert error.finding.help
        return
    assert (known if known is None else show(PLAIN.rulebook.type_of_fact(PLAIN.rulebook.facts[fact]), known)) == expected


NARROWING = [(k, row) for k, case in enumerate(base.cases("narrowing")) for row in case["filed"]]


@cache
def narrowing(k: int) -> Evaluator:
    """The pack of one case, with rules that read every fact."""
    changes = base.cases("narrowing")[k]
    texts = (
        "f.dep and f.c",
        "f.n + f.k > 1",
        "f.m > 1",
        "f.i > 1 and f.d > 1",
        "f.end > f.day",
        "f.e == f.g",
        "nonempty(f.s)",
        "nonempty(f.t)",
    )
    rules = {f"r{j}": {"when": text} for j, text in enumerate(texts)} | {
        "w": {"on": "w", "when": "w.k > w.n", "then": {"w.level": "mid"}}
    }
    return base.evaluator({"rules": rules} | changes)


@pytest.mark.parametrize(("k", "row"), NARROWING, ids=str)
def test_narrowing(k: int, row: list[Any]) -> None:
    evaluate = narrowing(k)
    layout = evaluate.inputs.layout
    filing = base.filed(evaluate, row[0])
    slots = evaluate.inputs.slots(filing)
    try:
        settle(evaluate.inputs, filing, slots)
    except InputError as error:
        assert refusal(error) == row[1]
        return
    for entry, expected in row[1].items():
        name, _, index = entry.partition("@")
        line = slots[layout.slot["w"]].items[int(index)] if index else slots
        known = line[layout.slot[name]]
        whole_ = whole(evaluate.rulebook.facts[name], layout.type_of(name))
        assert ("-" if known == whole_ and expected == "-" else show(layout.type_of(name), known)) == expected, entry


OUTCOMES = base.cases("outcomes")
FILED = [(k, row) for k, case in enumerate(OUTCOMES) for row in case["filed"]]


@cache
def outcomes(k: int) -> Evaluator:
    """The pack of one case."""
    return base.evaluator(OUTCOMES[k])


@pytest.mark.parametrize(("k", "row"), FILED, ids=lambda each: OUTCOMES[each]["case"] if isinstance(each, int) else str(each))
def test_outcomes(k: int, row: list[Any]) -> None:
    evaluate = outcomes(k)
    try:
        found = base.shown(evaluate, evaluate.picture(base.filed(evaluate, row[0]), DAY))
    except InputError as error:
        assert refusal(error) == row[1]
        return
    assert {name: found[name] for name in row[1]} == row[1]
