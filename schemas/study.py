"""Shapes of a second reading: what a person, reading the law and not the rules, says that each rule is."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from schemas.rulebook import Day, Effect, Shape


class RuleReading(Shape):
    """A rule's articles as `instrument article`, those of single versions by their first day, its effect and its body."""

    law: list[str] = Field(default_factory=list)
    versions: dict[str, list[str]] = Field(default_factory=dict)
    effect: Effect
    body: str = ""


class FloorReading(Shape):
    """A floor: from when it holds, its value, articles and effect."""

    since: Day
    law: list[str] = Field(default_factory=list)
    value: str
    effect: Effect


class DutyReading(Shape):
    """A duty: when it falls due, who is competent, and what proves it.

    Each kind of `proof` alone proves it, issued `by` any of these, with the facts of `given`; each fact of `against` breaches it,
    each of `undone` says that nothing was done.
    """

    due: str = ""
    body: str = ""
    proof: list[str] = Field(default_factory=list)
    by: list[Literal["self", "accredited", "authority"]] = Field(default=["self", "accredited", "authority"])
    given: dict[str, Any] = Field(default_factory=dict)
    against: dict[str, Any] = Field(default_factory=dict)
    undone: dict[str, Any] = Field(default_factory=dict)


class Unnoticed(Shape):
    """A change that nobody can notice, and why: `of` is a rule or a named thing of pack.yaml."""

    of: str
    change: str = Field(min_length=1)
    why: str = Field(min_length=1)


class Reading(Shape):
    """The second reading of a pack; `on` is the day on which its duties' proofs are tried."""

    pack: str
    on: Day
    covers: Day
    findings: str = ""
    rules: dict[str, RuleReading] = Field(default_factory=dict)
    derived: dict[str, list[str]] = Field(default_factory=dict)
    floors: dict[str, list[FloorReading]] = Field(default_factory=dict)
    duties: dict[str, DutyReading] = Field(default_factory=dict)
    unnoticed: list[Unnoticed] = Field(default_factory=list)
