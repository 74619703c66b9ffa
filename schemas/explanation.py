"""Shapes of an explanation: what `fenji explain --json`, `questions --json` and `what-if --json` print."""

from __future__ import annotations

from typing import Any

from schemas.answer import Answer, MissingFact, OutcomeAnswer, Part, RuleAnswer, Settle
from schemas.rulebook import Instrument, Text


class UsedFact(Part):
    """A fact that a condition reads, with what is known of it; None when nothing is."""

    fact: str
    item: str | None = None
    label: Text
    value: Any = None


class Reason(Part):
    """A rule with its condition in words and the facts that it reads."""

    rule: RuleAnswer
    condition: Text
    facts: list[UsedFact]


class WhyNot(Part):
    """A rule that did not fire, with the parts of its condition that fail."""

    rule: RuleAnswer
    lacked: list[Text]


class Change(Part):
    """One fact told otherwise, and the outcomes that this would change: arithmetic, not advice to misreport."""

    fact: str
    item: str | None = None
    label: Text
    now: Any
    instead: Any
    outcomes: dict[str, list[str]]


class Narrowed(Part):
    """An outcome whose possible values were counted out by completing the filing."""

    possible: list[str]
    decided_by: str = "completion"


class Explanation(Part):
    """Why, why not, what is awaited, and what would change the answer."""

    answer: Answer
    titles: dict[str, Text]
    labels: dict[str, dict[str, Text]]
    instruments: dict[str, Instrument]
    why: list[Reason]
    awaited: list[Reason]
    why_not: list[WhyNot]
    changes: list[Change]
    changes_are: Text
    narrowed: dict[str, Narrowed]


class Questions(Part):
    """What to ask next, most decisive first, and what settles each outcome, hard stops last."""

    questions: list[MissingFact]
    may_matter: list[MissingFact]
    settle: list[Settle]


class WhatIf(Part):
    """The outcomes before and after a change of facts."""

    before: dict[str, OutcomeAnswer]
    after: dict[str, OutcomeAnswer]
    changed: list[str]
