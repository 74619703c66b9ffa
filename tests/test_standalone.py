"""The second verifier works the rules out as the engine does, and is what it claims to be: one small file on its own."""

from __future__ import annotations

import ast
import json
import os
import sys
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest

from engine.decide.assess import evaluator, examine
from engine.decide.evaluate import Evaluator
from engine.decide.filing import Filing, from_document
from engine.errors import InputError
from engine.evidence import facts, record, standalone
from engine.rulebook.closure import closure
from engine.rulebook.model import Rulebook
from engine.rulebook.read import Node, read
from tests import randomness
from tests.rulebook import book

ROOT = Path(__file__).parents[1]
SOURCE = Path(standalone.__file__).read_text("utf-8")
SAMPLES = sorted((ROOT / "rules" / "samples").glob("*/*.yaml"))
BOOK = book()
AS_OF = date(2026, 8, 1)
TIMES = int(os.environ.get("FENJI_LONG", "1"))  # the long mode runs so many times as many filings
LINES = 400
FIRST = 3  # the first seed
BLOCKS = 6  # random filings come in blocks, so that cores can share them


@cache
def rules_of(pack: str) -> Any:
    """Return the rules as a bundle carries them."""
    return json.loads(json.dumps(closure(BOOK, pack)))


def differing(book: Rulebook, pack: str, rules: Any, document: Node) -> list[str]:
    """Return which parts of the answer the second verifier finds otherwise; both may refuse what contradicts itself."""
    filing = from_document(book, document)
    values = facts.values_of(book, filing)
    inside = {*(entry["id"] for part in ("facts", "lists") for entry in rules["vocabulary"][part]), "id"}
    values = {name: value for name, value in values.items() if name.rpartition("/")[2] in inside}
    try:
        answer, picture = examine(book, pack, filing, AS_OF, search=False)
    except InputError:
        with pytest.raises((ValueError, ArithmeticError)):
            standalone.answer(rules["program"], values, AS_OF.isoformat())
        return []
    predicate = {"verdict": answer.model_dump(mode="json", by_alias=True), **record.derived(book.packs[pack], answer, picture)}
    return standalone.differences(*standalone.answer(rules["program"], values, AS_OF.isoformat()), predicate)


def filings(evaluate: Evaluator, random: Random, items: int) -> Iterator[Filing]:
    """Yield a random filing as it stands when some of it is forgotten."""
    try:
        whole = randomness.complete(evaluate, random, AS_OF, items)
    except AssertionError:
        return
    yield randomness.forget(whole, random, random.choice((0, 0.1, 0.2)), open_lists=random.random() < 0.5)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
@pytest.mark.no_cover
def test_samples(path: Path) -> None:
    document = read(path.read_bytes(), path.name)
    assert differing(BOOK, path.parent.name, rules_of(path.parent.name), document) == []


@pytest.mark.parametrize("block", range(BLOCKS))
@pytest.mark.parametrize("pack", sorted(BOOK.packs))
@pytest.mark.no_cover
def test_packs(pack: str, block: int) -> None:
    evaluate = evaluator(BOOK, pack)
    for seed in range(FIRST + block * 26 * TIMES, FIRST + (block + 1) * 26 * TIMES):
        random = Random(seed)
        for filing in filings(evaluate, random, 1 if random.random() < 0.9 else 2):
            assert differing(BOOK, pack, rules_of(pack), randomness.document(evaluate, filing)) == [], seed


@pytest.mark.parametrize("block", range(BLOCKS))
@pytest.mark.no_cover
def test_random_rulebooks(block: int) -> None:
    for seed in range(block * 15 * TIMES, (block + 1) * 15 * TIMES):
        random = Random(seed)
        book = randomness.rulebook(random)
        rules = json.loads(json.dumps(closure(book, "p")))
        evaluate = Evaluator(book, book.packs["p"])
        for _ in range(5):
            for filing in filings(evaluate, random, random.randint(0 if book.lists["w"].min == 0 else 1, 3)):
                assert differing(book, "p", rules, randomness.document(evaluate, filing)) == [], seed


def test_it_is_small() -> None:
    lines = SOURCE.splitlines()
    assert len(lines) <= LINES
    assert max(map(len, lines)) <= 130


def test_it_stands_alone() -> None:
    wanted = set()
    for node in ast.walk(ast.parse(SOURCE)):
        if isinstance(node, ast.Import):
            wanted |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            wanted.add(str(node.module))
    assert {name.partition(".")[0] for name in wanted} <= {*sys.stdlib_module_names, "cryptography"}
