"""Shapes of the answer to a sharing request: what `fenji share check --json` prints."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from schemas.answer import MissingFact, Part
from schemas.rulebook import Source, Text

Word = Literal["allow", "allow_with_duties", "refuse", "conflict", "undetermined"]
Sure = Literal["certain", "possible"]
Basis = Literal["law", "owner", "overlay"]


class Reason(Part):
    """A rule of law or a term of the owner that bears on the item, with what it says and its source."""

    pack: str
    rule: str
    basis: Basis
    says: list[str]  # the values that it gives
    marks: list[str]  # what these say to the request: refuse, oblige, permit, duty, human
    applies: Sure
    title: Text
    effect: str
    sources: list[Source]


class RuleName(Part):
    """A rule by its pack and name."""

    pack: str
    rule: str


class DutyOfItem(Part):
    """A duty under which an item may be given, by law or by the owner's terms."""

    pack: str
    outcome: str
    value: str
    label: Text
    basis: Basis
    applies: Sure


class NotCovered(Part):
    """A pack of law that bears on the item and does not cover its day, or one of the days that it may have."""

    pack: str
    date: str  # the fact that selects its law
    covers: str
    applies: Sure


class Changed(Part):
    """One fact told otherwise, or told at all when `now` is None."""

    fact: str
    item: str | None = None
    label: Text
    now: Any = None
    instead: Any


class WouldAllow(Part):
    """What would make an item allowed: facts that would have to be other, and rules that all would have to fall.

    `smallest` when no fewer facts do; arithmetic, not advice to misreport.
    """

    facts: list[Changed] = Field(default_factory=list)
    smallest: bool = False
    verdict: Word | None = None
    rules: list[RuleName] = Field(default_factory=list)


class ItemVerdict(Part):
    """The verdict on one item; `possible` are all verdicts that the open facts leave, `exact` when each of them is reached."""

    item: str
    data_set: str | None
    verdict: Word
    possible: list[str]
    exact: bool
    law: list[str]
    owner: list[str]
    reasons: list[Reason]
    smallest: list[RuleName]  # the fewest rules and terms that already give the verdict; none when nothing grants
    duties: list[DutyOfItem]
    missing: list[MissingFact]
    may_matter: list[MissingFact]
    not_covered: list[NotCovered] = Field(default_factory=list)  # law that nobody has encoded: it may say anything
    allowed_if: WouldAllow | None = None
    to: Text | None = None


class PolicyUsed(Part):
    """An owner's policy, or an overlay, that was used: its hash, which a grant binds, and how it was published.

    `in_force` tells whether its days cover the day of the question; outside of them a policy grants nothing.
    """

    name: str
    title: Text
    kind: Literal["policy", "overlay"]
    valid: str
    in_force: Literal["certain", "possible", "no"]
    sha256: str = ""
    known: str = ""
    grantor: Text | None = None
    discretion: list[Source] = Field(default_factory=list)
    scope: Text | None = None


class ShareAnswer(Part):
    """The answer to a sharing request: computed, not recorded."""

    as_of: str
    rulebook: str
    enterprise: str | None = None
    by_law_alone: bool  # no owner's terms were consulted
    determined: bool
    complete: bool
    items: list[ItemVerdict]
    policies: list[PolicyUsed]
    unpublished: list[str] = Field(default_factory=list)
