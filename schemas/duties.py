"""Shapes of an assessment over all packs: what is owed, whether it is met, where regimes conflict, and what to ask."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from schemas.answer import Answer, Part
from schemas.rulebook import Effect, Owner, Phase, Source, Text

Status = Literal["met", "breached", "not_proven", "not_yet_due", "ended", "undetermined"]
Final = Literal["not_applicable", "ended", "met", "breached", "not_proven", "not_yet_due"]


class Body(Part):
    """The competent body under its name on the day of the answer."""

    id: str
    title: Text


class RuleRef(Part):
    """A rule that gives a duty, and whether it certainly applies."""

    rule: str
    certain: bool
    title: Text


class Deadline(Part):
    """The offset in words, and the first and the last day that may be the last one in time.

    `provisional` when a notice of days off that is still to come may move it; `before_law` when what it counts from lies before
    the law, or may: law then sets no day, and nobody was late.
    """

    text: Text
    earliest: str | None = None
    latest: str | None = None
    provisional: bool = False
    before_law: Literal["certain", "possible"] | None = None


class Ended(Part):
    """The end of what a duty lasted as long as: the days that its last day may be, and how the duty stood on that day.

    `status` is none where the duty was not yet law on that day.
    """

    what: Text
    sure: Literal["certain", "possible"]
    earliest: str | None = None
    latest: str | None = None
    status: Status | None = None
    possible: list[Final]


class DutyAnswer(Part):
    """One duty: why it is owed, by what law, until when, and whether its evidence meets it.

    `possible` are the states that the open facts leave when all are known; `status` is the one word for them.
    """

    id: str
    pack: str
    outcome: str
    label: Text
    applies: Literal["certain", "possible"]
    phase: Phase
    owner: Owner
    effect: Effect
    authority: Body | None = None
    deadline: Deadline | None = None
    status: Status
    possible: list[Final]
    ended: Ended | None = None
    rules: list[RuleRef]
    sources: list[Source]
    gaps: list[Text] = Field(default_factory=list)
    proof: list[Text] = Field(default_factory=list)


class ConflictAnswer(Part):
    """Two regimes that answer differently; a human decides."""

    id: str
    pack: str
    label: Text
    applies: Literal["certain", "possible"]
    between: list[Text]
    to: Text


class Flaw(Part):
    """A usual reason for rejection that the papers have, or may have."""

    id: str
    pack: str
    label: Text
    applies: Literal["certain", "possible"]


class Question(Part):
    """A fact to ask, once for all packs that read it."""

    fact: str
    item: str | None = None
    question: Text
    packs: list[str]
    decides: bool  # proven to change an answer; otherwise it may


class PackPart(Part):
    """What one pack says, or why it says nothing."""

    pack: str
    title: Text
    applies: Literal["yes", "maybe", "no", "no_law"]
    answer: Answer | None = None


class Overall(Part):
    """An assessment over all packs: computed, not recorded."""

    as_of: str
    on: str
    rulebook: str
    determined: bool
    packs: list[PackPart]
    duties: list[DutyAnswer]
    conflicts: list[ConflictAnswer]
    flaws: list[Flaw]
    questions: list[Question]


class AllQuestions(Part):
    """What all packs would ask of a filing, each fact once, what decides an answer first."""

    as_of: str
    questions: list[Question]


class Difference(Part):
    """One thing that other facts would change: what it may be before and after, nothing where it does not apply.

    A duty's entry has its standing and its deadline: a day, or `FIRST..LAST` where it is open, an end left out that has no bound.
    """

    pack: str
    kind: Literal["pack", "outcome", "duty", "conflict", "flaw"]
    id: str
    label: Text
    before: list[str]
    after: list[str]


class AllWhatIf(Part):
    """What other facts would change over all packs."""

    as_of: str
    changed: list[Difference]
