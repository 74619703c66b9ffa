"""From a filing to its outcomes, case by case: the files of tests/decide/ over tiny rulebooks."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from functools import cache
from typing import Any

import pytest

from api.render.explanation import explanation
from engine.decide.assess import assess
from engine.decide.complete import Enumeration, TooManyError
from engine.decide.evaluate import Evaluator
from engine.decide.explain import explain
from engine.decide.narrow import settle
from engine.decide.questions import questions, what_if
from engine.decide.values import show, whole
from engine.errors import InputError
from engine.rulebook.model import Rulebook
from schemas.answer import Answer
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


def outcome(work: Callable[[], Any]) -> Any:
    """What `work` gives, or what it refuses, without the place."""
    try:
        return work()
    except InputError as error:
        return f"{error.finding.code}: {error.finding.problem}"


PLAIN = base.evaluator({})


@pytest.mark.parametrize(("fact", "written", "expected"), base.cases("values"), ids=str)
def test_values(fact: str, written: Any, expected: Any) -> None:
    kind = PLAIN.rulebook.type_of_fact(PLAIN.rulebook.facts[fact])

    def known() -> Any:
        found = base.filed(PLAIN, {fact: written}).facts.get(fact)
        return None if found is None else show(kind, found)

    assert outcome(known) == expected


NARROWING = base.cases("narrowing")
READ_ALL = (
    "f.dep and f.c",
    "f.n + f.k > 1",
    "f.m > 1",
    "f.i > 1 and f.d > 1",
    "f.end > f.day",
    "f.e == f.g",
    "nonempty(f.s)",
    "nonempty(f.t)",
)


@cache
def narrowing(k: int) -> Evaluator:
    """The pack of one case, with rules that read every fact."""
    rules: dict[str, Any] = {f"r{j}": {"when": text} for j, text in enumerate(READ_ALL)}
    return base.evaluator({"rules": rules | {"w": {"on": "w", "when": "w.k > w.n", "then": {"w.level": "mid"}}}} | NARROWING[k])


@pytest.mark.parametrize(("k", "row"), [(k, row) for k, case in enumerate(NARROWING) for row in case["filed"]], ids=str)
def test_narrowing(k: int, row: list[Any]) -> None:
    evaluate = narrowing(k)
    layout = evaluate.inputs.layout
    filing = base.filed(evaluate, row[0])
    slots = evaluate.inputs.slots(filing)

    def known(entry: str) -> Any:
        name, _, index = entry.partition("@")
        found = (slots[layout.slot["w"]].items[int(index)] if index else slots)[layout.slot[name]]
        unchanged = found == whole(evaluate.rulebook.facts[name], layout.type_of(name))
        return "-" if unchanged and row[1][entry] == "-" else show(layout.type_of(name), found)

    refused = outcome(lambda: settle(evaluate.inputs, filing, slots))
    assert (refused or {entry: known(entry) for entry in row[1]}) == row[1]


OUTCOMES = base.cases("outcomes")


@cache
def outcomes(k: int) -> Evaluator:
    """The pack of one case."""
    return base.evaluator(OUTCOMES[k])


@pytest.mark.parametrize(
    ("k", "row"),
    [(k, row) for k, case in enumerate(OUTCOMES) for row in case["filed"]],
    ids=lambda each: OUTCOMES[each]["case"] if isinstance(each, int) else str(each),
)
def test_outcomes(k: int, row: list[Any]) -> None:
    evaluate = outcomes(k)
    found = outcome(lambda: base.shown(evaluate, evaluate.picture(base.filed(evaluate, row[0]), DAY)))
    assert (found if isinstance(found, str) else {name: found[name] for name in row[1]}) == row[1]


ANSWERS = base.cases("answers")


@cache
def answering(k: int) -> Rulebook:
    """The rulebook of one case."""
    return base.book(ANSWERS[k])


def said(answer: Answer, path: str) -> Any:
    """One part of an answer, as short as a case writes it."""
    named = {"missing": "fact", "may_matter": "fact", "fired": "rule", "unknown": "rule", "overridden": "rule"}
    if path == "settle":
        words = [
            [f"{base.at(r.fact, r.item)}={r.value if isinstance(r.value, str) else json.dumps(r.value)}" for r in e.answers]
            for e in answer.settle
        ]
        return [f"{e.outcome} {e.value}: {' '.join(each)}" for e, each in zip(answer.settle, words, strict=True)]
    if path in named:
        return [base.at(getattr(part, named[path]), part.item) for part in getattr(answer, path)]
    if path in ("goes_to", "notes", "unread_law"):
        return [getattr(part, "outcome" if path == "goes_to" else "id") for part in getattr(answer, path)]
    found: Any = answer.model_dump()
    found |= found["outcomes"] | found["items"]
    for step in path.split("."):
        found = found[int(step) if step.isdigit() else step]
    return found


@pytest.mark.parametrize(
    ("k", "row"),
    [(k, row) for k, case in enumerate(ANSWERS) for row in case["filed"]],
    ids=lambda each: ANSWERS[each]["case"] if isinstance(each, int) else str(each),
)
def test_answers(k: int, row: list[Any]) -> None:
    answer = assess(answering(k), "p", base.node(row[0]), DAY)
    assert {path: said(answer, path) for path in row[1]} == row[1]


EXPLAINED = base.cases("explained")


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("k", range(len(EXPLAINED)), ids=lambda k: EXPLAINED[k]["case"])
def test_explained(k: int, lang: str) -> None:
    rulebook = base.book(EXPLAINED[k])
    found = explain(rulebook, "p", base.node(EXPLAINED[k]["filed"]), DAY)
    assert explanation(rulebook, found, lang).replace(rulebook.digest[:12], "DIGEST") == EXPLAINED[k][lang].rstrip()


@pytest.mark.parametrize(("document", "expected"), base.cases("filings"), ids=str)
def test_filings(document: Any, expected: str) -> None:
    try:
        found = "" if base.filed(PLAIN, document) else "nothing"
    except InputError as error:
        found = error.text().partition("\n")[0]
    assert found == expected


def test_a_list_has_its_limit() -> None:
    with pytest.raises(InputError, match="too-many-items"):
        base.filed(PLAIN, {"w": [{}] * 2001})


CHANGING = base.book(
    {
        "rules": {
            "a": {"when": "f.b", "then": {"level": "mid"}},
            "b": {"when": "f.n > 5", "then": {"duties": ["low"]}},
            "c": {"when": "any(w: w.n > 5)", "then": {"route": "high"}},
        }
    }
)


@pytest.mark.parametrize(("document", "changes", "expected"), base.cases("changes"), ids=str)
def test_changes(document: Any, changes: dict[str, str], expected: Any) -> None:
    found = outcome(lambda: what_if(CHANGING, "p", base.node(document), changes, DAY))
    assert (found if isinstance(found, str) else {name: found.after[name].value for name in found.changed}) == expected


def test_questions_begin_with_the_most_decisive() -> None:
    high = {"when": "f.n > 5 and (f.b or any(w: w.b))", "then": {"level": "high"}}
    rulebook = base.book({"rules": {"a": {"when": "f.b and f.c"}, "b": high}})
    found = questions(rulebook, "p", base.node({"w": [{"id": "x"}]}), DAY)
    assert [base.at(q.fact, q.item) for q in found.questions] == ["f.n", "f.b", "f.c"]
    assert found.settle[-1].value == "high"


def test_an_enumeration_is_exact_or_gives_up() -> None:
    rules = {"a": {"when": "f.b and not f.c"}, "i": {"on": "w", "when": "w.b and f.b", "then": {"w.level": "high"}}}
    evaluate = base.evaluator({"rules": rules, "constraints": [{"always": "f.b == f.c"}]})
    filing = base.filed(evaluate, {"w": {"complete": True, "items": [{}]}})
    found = Enumeration(evaluate, DAY, 40).run(filing)
    assert (found["level", -1], found["w.level", 0]) == (0b10, 0b1010)
    with pytest.raises(TooManyError):
        Enumeration(evaluate, DAY, 3).run(filing)


def test_a_pack_that_is_not_there() -> None:
    with pytest.raises(InputError, match="no pack named `q`"):
        assess(CHANGING, "q", base.node({}), DAY)
