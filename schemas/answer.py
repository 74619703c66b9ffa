"""Shapes of an answer: what `fenji assess --json` prints."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from schemas.rulebook import Source, Text


class Part(BaseModel):
    """A frozen part of an answer."""

    model_config = ConfigDict(frozen=True, defer_build=True)


class OutcomeAnswer(Part):
    """What is possible for one outcome; `at_least` and `at_most` for ordered ones, `certain` for unions."""

    combine: str
    determined: bool
    value: Any = None
    possible: list[str]
    exact: bool
    at_least: str | None = None
    at_most: str | None = None
    certain: list[str] | None = None
    decided_by: str | None = None


class ItemAnswer(Part):
    """The outcomes of one item; the item called `unlisted` stands for items not yet listed."""

    id: str
    outcomes: dict[str, OutcomeAnswer]


class RuleAnswer(Part):
    """A rule that applied, may apply, or was overridden, with its law."""

    rule: str
    item: str | None = None
    version: list[str]
    titles: Text
    sources: list[Source]
    effect: str
    authority: str = ""
    overridden_by: list[str] = []


class MissingFact(Part):
    """A fact that is open, with the question to ask."""

    fact: str
    item: str | None = None
    question: Text


class Reply(Part):
    """One fact with one value that a filing could state."""

    fact: str
    item: str | None = None
    value: Any


class Settle(Part):
    """Answers that fix an outcome at a value; `smallest` when proven that no fewer do."""

    outcome: str
    value: str
    answers: list[Reply]
    smallest: bool


class GoesToAnswer(Part):
    """Where an undetermined outcome goes, with clause and basis."""

    outcome: str
    to: Text
    basis: str
    sources: list[Source]


class NoteAnswer(Part):
    """A remark on the law of the day."""

    id: str
    text: Text


class Answer(Part):
    """An assessment: computed, not recorded."""

    pack: str
    as_of: str
    rulebook: str
    determined: bool
    outcomes: dict[str, OutcomeAnswer]
    items: dict[str, list[ItemAnswer]]
    fired: list[RuleAnswer]
    unknown: list[RuleAnswer]
    overridden: list[RuleAnswer]
    missing: list[MissingFact]
    may_matter: list[MissingFact]
    settle: list[Settle]
    goes_to: list[GoesToAnswer]
    notes: list[NoteAnswer]
    unread_law: list[NoteAnswer]
    unpublished: list[str] = []
