"""Whole filings and requests over all packs: what tests/duties/ and tests/sharing/ expect is owed, open, free or allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.study.expected import Case, differences, read_cases
from tests.rulebook import book

ROOT = Path(__file__).parents[1]
CASES = [
    pytest.param(case, id=f"{case.file}: {case.name}")
    for home in ("duties", "sharing")
    for path in sorted((ROOT / "tests" / home).glob("*.yaml"))
    for case in read_cases(path, ROOT / "rules")
]


@pytest.mark.parametrize("case", CASES)
def test_whole_filings(case: Case) -> None:
    assert not differences(case, case.answer(book()))
