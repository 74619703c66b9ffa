"""Whole filings and requests over all packs: what tests/duties/ and tests/sharing/ expect is owed, open, free or allowed."""

from __future__ import annotations

import re
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


def test_the_readme_counts_the_cases() -> None:
    """The table of tests/duties/README.md says how many cases each of its files has."""
    folder = ROOT / "tests" / "duties"
    rows = dict(re.findall(r"^\| `(\w+\.yaml)` \|.*\| (\d+) \|$", (folder / "README.md").read_text("utf-8"), re.MULTILINE))
    assert {name: int(count) for name, count in rows.items()} == {
        path.name: len(list(read_cases(path, ROOT / "rules"))) for path in folder.glob("*.yaml")
    }
