"""A rule -> every rule that differs from it in one place: condition, what follows, exceptions, days, articles, effect, body."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from engine.rulebook import graph
from engine.rulebook.model import PackRules
from engine.study.mutants import Change, Mutant, other_body, varied
from engine.study.steps import OTHER, given_otherwise, moved, replaced, sources_beside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.rulebook import condition as ir
    from engine.rulebook.model import Rulebook
    from engine.study.steps import Step
    from schemas.rulebook import Rule, RuleVersion


class RuleMutants:
    """Changes one rule of a pack in one place at a time."""

    def __init__(self, rulebook: Rulebook, pack: PackRules, name: str) -> None:
        """Take the rulebook for types, authorities and conditions."""
        self.rulebook = rulebook
        self.pack = pack
        self.name = name
        self.rule = pack.rules[name]

    def all(self) -> Iterator[Mutant]:
        """Yield the mutants of the rule, in the order of its file."""
        for index, version in enumerate(self.rule.versions):
            yield from self._conditions(index, version)
            yield from self._outcomes(index, version)
        # the law of a pack begins on its first day: an earlier one is no law of it
        first = self.pack.doc.covers.start if self.pack.date_of(self.rule) == self.pack.doc.date else date.min
        for path, before, after, versions in moved(self.rule.versions, first):
            yield self._mutant(Change("date", ("versions", *path), before, after), versions=versions)
        for index, other in enumerate(self.rule.overrides):
            left = [each for each in self.rule.overrides if each != other]
            change = Change("override", ("overrides", index), other, None)
            yield self._mutant(change, {f"rule:{other}"}, overrides=left)
        yield from self._law()

    def _conditions(self, index: int, version: RuleVersion) -> Iterator[Mutant]:
        texts: list[tuple[str, Step]] = [(version.when, ("when",))]
        for outcome, value in version.then.items():
            computed = graph.expression(value) if isinstance(value, str) else None
            if computed is not None:
                texts.append((computed, ("then", outcome)))
        for text, path in texts:
            for each in varied(self.rulebook, self.pack, text):
                change = Change(each.kind, ("versions", index, *path), each.before, each.after)
                versions = replaced(self.rule.versions, index, _with(version, path, each.text))
                yield self._mutant(change, conditions={each.text: each.node}, versions=versions)

    def _outcomes(self, index: int, version: RuleVersion) -> Iterator[Mutant]:
        for outcome, given in version.then.items():
            for before, after, then in given_otherwise(self.pack.outcomes[outcome], given):
                changed = version.model_copy(update={"then": version.then | {outcome: then}})
                change = Change("outcome", ("versions", index, "then", outcome), before, after)
                touched = {f"value:{outcome}.{each}" for each in (before, after) if each}
                yield self._mutant(change, touched, versions=replaced(self.rule.versions, index, changed))

    def _law(self) -> Iterator[Mutant]:
        rule = self.rule
        for index, before, after, sources in sources_beside(rule.sources):
            yield self._mutant(Change("source", ("sources", index), before, after), sources=sources)
        for at, version in enumerate(rule.versions):
            for index, before, after, sources in sources_beside(version.sources):
                versions = replaced(rule.versions, at, version.model_copy(update={"sources": sources}))
                yield self._mutant(Change("source", ("versions", at, "sources", index), before, after), versions=versions)
        effect = OTHER[rule.effect]
        yield self._mutant(Change("effect", ("effect",), rule.effect, effect), effect=effect)
        if rule.authority:
            body = other_body(self.rulebook, rule.authority)
            yield self._mutant(Change("authority", ("authority",), rule.authority, body), authority=body)

    def _mutant(
        self, change: Change, touches: set[str] | None = None, conditions: dict[str, ir.Node] | None = None, **changed: object
    ) -> Mutant:
        rule: Rule = self.rule.model_copy(update=changed)
        pack = PackRules(self.pack.doc, self.pack.rules | {self.name: rule})
        touched = frozenset({f"rule:{self.name}"} | (touches or set()))
        return Mutant(self.name, change, pack, touched, self.pack, conditions or {})


def _with(version: RuleVersion, path: Step, text: str) -> RuleVersion:
    """Return a version with another condition, or with another computed value."""
    if path[0] == "when":
        return version.model_copy(update={"when": text})
    return version.model_copy(update={"then": version.then | {str(path[1]): f"= {text}"}})
