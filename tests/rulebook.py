"""The rulebook of the repository, loaded once in a process: loading it takes longer than most tests."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from engine.rulebook.locate import open_rulebook
from engine.rulebook.model import Rulebook

RULES = Path(__file__).resolve().parent.parent / "rules"


@cache
def book() -> Rulebook:
    """Return the rulebook, which no test changes."""
    return open_rulebook(RULES)
