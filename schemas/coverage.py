"""Shapes of what the study of clauses finds: what becomes of each, and which articles of a law changed."""

from __future__ import annotations

from typing import Literal

from schemas.register import Class
from schemas.rulebook import Shape

Status = Literal["encoded"] | Class
Standing = Literal["unchanged", "stale", "missing"]


class Coverage(Shape):
    """One clause and what becomes of it: its status, the rules that cite it, and why when none does."""

    instrument: str
    clause: str
    status: Status
    rules: list[str]
    reason: str
    locator: str


class Comparison(Shape):
    """One article compared with a text: the clauses and rules that rest on it, both hashes, and where its text stands now."""

    instrument: str
    article: str
    status: Standing
    clauses: list[str]
    rules: list[str]
    file: str = ""
    sha256: str
    found: str = ""
    moved_to: str = ""
