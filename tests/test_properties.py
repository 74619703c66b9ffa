"""What must always hold: soundness and narrowing, over random rulebooks and over the packs."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.decide.assess import assess, evaluator
from engine.decide.combine import fixed
from engine.decide.evaluate import Evaluator
from engine.decide.filing import Filing
from engine.decide.missing import points, state
from engine.decide.questions import what_if
from engine.errors import InputError
from engine.rulebook.model import Rulebook
from engine.rulebook.read import Node, read
from tests import randomness
from tests.rulebook import book

LONG = int(os.environ.get("FENJI_LONG", "1"))  # the long mode runs so many times as many examples
AS_OF = date(2026, 8, 1)
SEEDS = st.integers(min_value=0, max_value=2**32)
BOOK = book()
PACKS = tuple(BOOK.packs)
pytestmark = pytest.mark.no_cover  # tracing would treble the longest tests; smaller ones cover the same lines


def _check(evaluate: Evaluator, random: Random, items: int) -> None:
    """A completion lies inside the answer to every filing it completes, and more knowledge lies inside less."""
    try:
        whole = randomness.complete(evaluate, random, AS_OF, items)
    except AssertionError:
        return
    final = evaluate.picture(whole, AS_OF)
    some = randomness.forget(whole, random, random.choice((0.1, 0.3, 0.6)), open_lists=random.random() < 0.5)
    fewer = randomness.forget(some, random, 0.3, open_lists=True)
    middle, wide = evaluate.picture(some, AS_OF), evaluate.picture(fewer, AS_OF)
    assert not randomness.inside(evaluate, final, middle), "unsound"
    assert not randomness.inside(evaluate, middle, wide), "knowing more widened the answer"
    assert not randomness.inside(evaluate, middle, evaluate.picture(some, AS_OF, split=False)), "splitting widened the answer"


@settings(max_examples=400 * LONG)
@given(SEEDS)
def test_random_rulebooks(seed: int) -> None:
    """Random rules: derived facts, items, folds, overrides, dates."""
    random = Random(seed)
    book = randomness.rulebook(random)
    evaluate = Evaluator(book, book.packs["p"])
    for _ in range(5):
        _check(evaluate, random, random.randint(0 if book.lists["w"].min == 0 else 1, 3))


@pytest.mark.parametrize("pack", PACKS)
@settings(max_examples=60 * LONG)
@given(seed=SEEDS)
def test_packs(pack: str, seed: int) -> None:
    """The packs themselves: thousands of random filings."""
    random = Random(seed)
    _check(evaluator(BOOK, pack), random, random.randint(1, 3))


def test_an_empty_filing_is_never_mild() -> None:
    """Nothing known determines no ordered outcome."""
    for pack in PACKS:
        evaluate = evaluator(BOOK, pack)
        try:
            picture = evaluate.picture(Filing({}, {}, {}), AS_OF)
        except InputError as error:
            pytest.fail(error.text())
        for name, outcome in evaluate.pack.outcomes.items():
            if outcome.combine == "strictest":
                index = 0 if BOOK.list_of(name) else -1
                assert not fixed(outcome.combine, picture.outcomes[name, index]), name


def _settles(book: Rulebook, pack: str, document: Node, as_of: date) -> int:
    """Apply the answers of each settlement as a person would: the outcome is then fixed at the value. Return their number."""
    found = assess(book, pack, document, as_of).settle
    for entry in found:
        changes = {f"{a.fact}@{a.item}" if a.item else a.fact: json.dumps(a.value) for a in entry.answers}
        after = what_if(book, pack, document, changes, as_of).after[entry.outcome]
        assert (after.determined, after.value) == (True, entry.value), (entry, after)
    return len(found)


def test_what_settles_an_outcome_does() -> None:
    """Over every sample."""
    paths = sorted((Path(__file__).parents[1] / "rules" / "samples").glob("*/*.yaml"))
    assert sum(_settles(BOOK, path.parent.name, read(path.read_bytes(), path.name), AS_OF) for path in paths) > 20


@settings(max_examples=40 * LONG)
@given(SEEDS)
def test_what_settles_an_outcome_of_random_rules_does(seed: int) -> None:
    random = Random(seed)
    book = randomness.rulebook(random)
    evaluate = evaluator(book, "p")
    try:
        whole = randomness.complete(evaluate, random, AS_OF, 2)
    except AssertionError:
        return
    filing = randomness.forget(whole, random, random.choice((0.3, 0.6)), open_lists=True)
    _settles(book, "p", randomness.document(evaluate, filing), AS_OF)


@settings(max_examples=60 * LONG)
@given(SEEDS)
def test_a_change_of_one_fact_is_as_good_as_working_all_out_again(seed: int) -> None:
    """Chains of changes, some of which contradict the rest, some of the day that selects the law."""
    random = Random(seed)
    book = randomness.rulebook(random)
    evaluate = Evaluator(book, book.packs["p"])
    try:
        whole = randomness.complete(evaluate, random, AS_OF, 2)
    except AssertionError:
        return
    filing = randomness.forget(whole, random, random.choice((0, 0.2, 0.6)))
    names = tuple(random.sample(["grade", "kind", "duties"], random.randint(1, 3)))
    trial, cells = evaluate.trial(filing, AS_OF, names), points(evaluate)
    for _ in range(12):
        fact = random.choice([name for name in evaluate.inputs.facts if cells[name]])
        home = book.list_of(fact)
        filing = state(filing, home, random.randint(0, 1) if home else -1, fact, random.choice([*cells[fact], None]))
        trial, fresh = trial.with_(filing, fact), evaluate.trial(filing, AS_OF, names)
        assert (trial.decided(), trial.possible()) == (fresh.decided(), fresh.possible())
        try:
            outcomes = evaluate.picture(filing, AS_OF, split=False).outcomes
        except InputError:
            assert fresh.possible() is None
        else:
            assert fresh.possible() == tuple(outcomes[name, -1] for name in names)
