"""A pack -> every pack that differs from it in one place of its law.

What is changed: numbers, comparisons, operators and values of conditions; what follows; which rules are set aside; from and until when
it is law; which article, with what effect, which body; and when a duty falls due.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Literal

from engine.rulebook import condition as ir
from engine.rulebook import graph
from engine.rulebook.duties import proof_pack
from engine.rulebook.model import PackRules
from engine.study.vary import Varying
from schemas.rulebook import Effect, Period, Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from schemas.rulebook import Derived, Due, Duty, Floor, Outcome, Rule, RuleVersion

    from engine.rulebook.model import Rulebook

Kind = Literal[
    "threshold", "comparison", "operator", "value", "outcome", "override", "date", "source", "effect", "authority", "due"
]
Step = tuple[str | int, ...]
OTHER: dict[Effect, Effect] = {"statutory": "advisory", "advisory": "statutory", "agreed": "statutory", "owner": "advisory"}
OFFSETS = ("hours", "days", "working_days", "months")
PROOFS = "proofs:"  # touches every duty of the pack
DAY = timedelta(days=1)
_NUMBER = re.compile(r"[0-9]+")


@dataclass(frozen=True)
class Mutant:
    """A pack with one thing changed.

    `part` is the rule, or a named thing of pack.yaml written `derived:x`, `floor:x`, `duty:x`; `path` leads to the change in `file`.
    `before` and `after` are what people read: a part of a condition, a source, a period, a name; without `after` it is left out.
    """

    kind: Kind
    part: str
    file: str
    path: Step
    before: Any
    after: Any
    pack: PackRules
    touches: frozenset[str]
    scope: PackRules  # whose names the conditions read
    conditions: dict[str, ir.Node] = field(default_factory=dict)

    @property
    def change(self) -> str:
        """Return the change in the words of the files: what stands before and after, for lists of reasons."""
        return f"{written(self.before)} -> {written(self.after) if self.after is not None else 'left out'}"


def written(said: Any) -> str:
    """Return what was changed as an author writes it."""
    if isinstance(said, Source):
        return cited(said)
    if isinstance(said, (str, Period, date)):
        return str(said)
    return ir.to_text(said)


def cited(source: Source) -> str:
    """Return a source as `instrument article`."""
    return f"{source.instrument} {source.article}".strip()


class Mutants:
    """Changes one pack in one place at a time."""

    def __init__(self, rulebook: Rulebook, pack: PackRules) -> None:
        """Take the rulebook for types, authorities and conditions."""
        self.rulebook = rulebook
        self.pack = pack
        self.home = pack.doc.id
        self.proofs = proof_pack(rulebook, pack) or pack

    def all(self) -> Iterator[Mutant]:
        """Yield every mutant: those of rules by name, then those of pack.yaml as written."""
        for name in self.pack.rules:
            yield from self.rule(name)
        yield from self.shared()

    # rules ------------------------------------------------------------------------------------------------------------

    def rule(self, name: str) -> Iterator[Mutant]:
        """Yield the mutants of one rule."""
        rule = self.pack.rules[name]
        for index, version in enumerate(rule.versions):
            for text, put in self._texts(rule, index, version):
                for kind, before, after, key, node in self._varied(text, self.pack):
                    yield self._rule(
                        kind, name, ("versions", index, *put), before, after, self._put(rule, index, put, key), {key: node}
                    )
            yield from self._outcomes(name, rule, index, version)
        first = self.pack.doc.covers.start if self.pack.date_of(rule) == self.pack.doc.date else date.min
        for path, before, after, versions in _moved(rule.versions, first):
            changed = rule.model_copy(update={"versions": versions})
            yield self._rule("date", name, ("versions", *path), before, after, changed)
        for index, other in enumerate(rule.overrides):
            changed = rule.model_copy(update={"overrides": [each for each in rule.overrides if each != other]})
            yield self._rule("override", name, ("overrides", index), other, None, changed, touches={f"rule:{other}"})
        yield from self._law(name, rule)

    def _texts(self, rule: Rule, index: int, version: RuleVersion) -> Iterator[tuple[str, Step]]:
        yield version.when, ("when",)
        for outcome, value in version.then.items():
            computed = graph.expression(value) if isinstance(value, str) else None
            if computed is not None:
                yield computed, ("then", outcome)

    def _put(self, rule: Rule, index: int, path: Step, text: str) -> Rule:
        version = rule.versions[index]
        then = version.then | {str(path[1]): f"= {text}"} if path[0] == "then" else version.then
        when = text if path[0] == "when" else version.when
        changed = version.model_copy(update={"when": when, "then": then})
        return rule.model_copy(update={"versions": _replaced(rule.versions, index, changed)})

    def _outcomes(self, name: str, rule: Rule, index: int, version: RuleVersion) -> Iterator[Mutant]:
        for outcome, given in version.then.items():
            declared = self.pack.outcomes[outcome]
            for before, after, then in _given(declared, given):
                changed = version.model_copy(update={"then": version.then | {outcome: then}})
                versions = _replaced(rule.versions, index, changed)
                path = ("versions", index, "then", outcome)
                touched = {f"value:{outcome}.{each}" for each in (before, after) if each}
                yield self._rule(
                    "outcome", name, path, before, after, rule.model_copy(update={"versions": versions}), touches=touched
                )

    def _law(self, name: str, rule: Rule) -> Iterator[Mutant]:
        for index, before, after, sources in _sources(rule.sources):
            yield self._rule("source", name, ("sources", index), before, after, rule.model_copy(update={"sources": sources}))
        for at, version in enumerate(rule.versions):
            for index, before, after, sources in _sources(version.sources):
                versions = _replaced(rule.versions, at, version.model_copy(update={"sources": sources}))
                path = ("versions", at, "sources", index)
                yield self._rule("source", name, path, before, after, rule.model_copy(update={"versions": versions}))
        effect = OTHER[rule.effect]
        yield self._rule("effect", name, ("effect",), rule.effect, effect, rule.model_copy(update={"effect": effect}))
        if rule.authority:
            body = self._other_body(rule.authority)
            yield self._rule("authority", name, ("authority",), rule.authority, body, rule.model_copy(update={"authority": body}))

    def _other_body(self, name: str) -> str:
        return next(other for other in sorted(self.rulebook.authorities) if other != name)

    def _rule(  # noqa: PLR0913, PLR0917 - the parts of a mutant
        self,
        kind: Kind,
        name: str,
        path: Step,
        before: Any,
        after: Any,
        changed: Rule,
        conditions: dict[str, ir.Node] | None = None,
        touches: set[str] | None = None,
    ) -> Mutant:
        pack = PackRules(self.pack.doc, self.pack.rules | {name: changed})
        touched = frozenset({f"rule:{name}"} | (touches or set()))
        file = f"rules/{self.home}/{name}.yaml"
        return Mutant(kind, name, file, path, before, after, pack, touched, self.pack, conditions or {})

    def _varied(self, text: str, scope: PackRules) -> Iterator[tuple[Kind, ir.Node, ir.Node | None, str, ir.Node]]:
        for each in Varying(self.rulebook, scope).of(self.rulebook.conditions[text]):
            yield each.kind, each.before, each.after, ir.to_text(each.whole), each.whole

    # what the rules share ---------------------------------------------------------------------------------------------

    def shared(self) -> Iterator[Mutant]:
        """Yield the mutants of pack.yaml: its first day, derived facts, floors, duties and what their proofs share."""
        doc = self.pack.doc
        for step in (-DAY, DAY):
            covers = Period(start=doc.covers.start + step, end=doc.covers.end)
            yield self._shared("date", "covers", ("covers",), doc.covers, covers, {"covers": covers}, {"covers"})
        yield from self._conditions("applies", ("applies_when",), doc.applies_when, lambda text: {"applies_when": text}, {PROOFS})
        for key, named, prefix in (("derived", doc.derived, "derived:"), ("proofs", doc.proofs, PROOFS)):
            for index, derived in enumerate(named):
                yield from self._derived(key, named, index, derived, {f"{prefix}{derived.id}"} if key == "derived" else {PROOFS})
        for index, outcome in enumerate(doc.outcomes):
            yield from self._floors(index, outcome)
            for at, value in enumerate(outcome.values):
                if value.duty:
                    yield from self._duty(index, at, value.id, value.duty)

    def _conditions(self, part: str, path: Step, text: str, put: Any, touches: set[str]) -> Iterator[Mutant]:
        if not text:
            return
        scope = self.proofs if part.startswith(("duty:", "proofs:", "applies")) else self.pack
        for kind, before, after, key, node in self._varied(text, scope):
            yield self._shared(kind, part, path, before, after, put(key), touches, {key: node})

    def _derived(self, key: str, named: list[Derived], index: int, derived: Derived, touches: set[str]) -> Iterator[Mutant]:
        part = f"{'derived' if key == 'derived' else 'proofs'}:{derived.id}"

        def put(changed: dict[str, Any]) -> dict[str, Any]:
            return {key: _replaced(named, index, derived.model_copy(update=changed))}

        for at, version in enumerate(derived.versions):
            path = (key, index, "versions", at, "is")
            yield from self._conditions(
                part,
                path,
                version.is_,
                lambda text, at=at, version=version: put(
                    {"versions": _replaced(derived.versions, at, version.model_copy(update={"is_": text}))}
                ),
                touches,
            )
        if key == "derived":
            for path, before, after, versions in _moved(derived.versions, self.pack.doc.covers.start):
                yield self._shared(
                    "date", part, (key, index, "versions", *path), before, after, put({"versions": versions}), touches
                )
            for at, before, after, sources in _sources(derived.sources):
                yield self._shared("source", part, (key, index, "sources", at), before, after, put({"sources": sources}), touches)

    def _floors(self, index: int, outcome: Outcome) -> Iterator[Mutant]:
        part, touches = f"floor:{outcome.id}", {outcome.id}

        def put(floors: Sequence[Floor]) -> dict[str, Any]:
            return {"outcomes": _replaced(self.pack.doc.outcomes, index, outcome.model_copy(update={"floor": floors}))}

        order = [value.id for value in outcome.values]
        for at, floor in enumerate(outcome.floor):
            path: Step = ("outcomes", index, "floor", at)
            value = order[(order.index(floor.value) + 1) % len(order)]
            changes: list[tuple[Kind, str, Any, Any]] = [("outcome", "value", floor.value, value)]
            changes.append(("effect", "effect", floor.effect, OTHER[floor.effect]))
            for kind, key, before, after in changes:
                changed = _replaced(outcome.floor, at, floor.model_copy(update={key: after}))
                yield self._shared(kind, part, (*path, key), before, after, put(changed), touches)
            for where, source, other, sources in _sources(floor.sources):
                changed = _replaced(outcome.floor, at, floor.model_copy(update={"sources": sources}))
                yield self._shared("source", part, (*path, "sources", where), source, other, put(changed), touches)
        for where, before, after, floors in _moved(outcome.floor, self.pack.doc.covers.start):
            yield self._shared("date", part, ("outcomes", index, "floor", *where), before, after, put(floors), touches)

    def _duty(self, index: int, at: int, name: str, duty: Duty) -> Iterator[Mutant]:
        part, path = f"duty:{name}", ("outcomes", index, "values", at, "duty")

        def put(changed: dict[str, Any]) -> dict[str, Any]:
            outcome = self.pack.doc.outcomes[index]
            value = outcome.values[at].model_copy(update={"duty": duty.model_copy(update=changed)})
            values = _replaced(outcome.values, at, value)
            return {"outcomes": _replaced(self.pack.doc.outcomes, index, outcome.model_copy(update={"values": values}))}

        for key in ("satisfied_when", "breached_when"):
            text = getattr(duty, key)
            yield from self._conditions(part, (*path, key), text, lambda text, key=key: put({key: text}), {part})
        if duty.authority:
            body = self._other_body(duty.authority)
            yield self._shared("authority", part, (*path, "authority"), duty.authority, body, put({"authority": body}), {part})
        for key, before, after, due in _due(duty.due) if duty.due else ():
            yield self._shared("due", part, (*path, "due", key), before, after, put({"due": due}), {part})

    def _shared(  # noqa: PLR0913, PLR0917 - the parts of a mutant
        self,
        kind: Kind,
        part: str,
        path: Step,
        before: Any,
        after: Any,
        changed: dict[str, Any],
        touches: set[str],
        conditions: dict[str, ir.Node] | None = None,
    ) -> Mutant:
        pack = PackRules(self.pack.doc.model_copy(update=changed), self.pack.rules)
        scope = self.proofs if part.startswith(("duty:", "proofs:", "applies")) else self.pack
        file = f"rules/{self.home}/pack.yaml"
        return Mutant(kind, part, file, path, before, after, pack, frozenset(touches), scope, conditions or {})


def _replaced(values: Sequence[Any], index: int, value: Any) -> list[Any]:
    return [*values[:index], value, *values[index + 1 :]]


def _given(outcome: Outcome, given: str | list[str]) -> Iterator[tuple[str, str | None, str | list[str]]]:
    """Yield what a rule gives, what instead, and the whole: one value less, or the next one in their order."""
    if isinstance(given, str) and graph.expression(given) is not None:
        return
    order = [value.id for value in outcome.values]
    if outcome.combine == "union":
        values = [given] if isinstance(given, str) else given
        yield from ((value, None, [each for each in values if each != value]) for value in values)
    elif isinstance(given, str) and len(order) > 1:
        other = order[(order.index(given) + 1) % len(order)]
        yield given, other, other


def _sources(sources: list[Source]) -> Iterator[tuple[int, Source, Source | None, list[Source]]]:
    """Yield each source with the article after it instead, or without it where it names none."""
    for index, source in enumerate(sources):
        if found := _NUMBER.search(source.article):
            article = f"{source.article[: found.start()]}{int(found[0]) + 1}{source.article[found.end() :]}"
            other = source.model_copy(update={"article": article})
            yield index, source, other, _replaced(sources, index, other)
        else:
            yield index, source, None, sources[:index] + sources[index + 1 :]


def _moved(versions: Sequence[Any], first: date) -> Iterator[tuple[Step, Period, Period, list[Any]]]:
    """Yield versions whose first or last day is one day earlier or later; a day between two of them moves both."""
    for index, version in enumerate(versions):
        valid: Period = version.valid
        before = next((i for i, other in enumerate(versions) if other.valid.end and other.valid.end + DAY == valid.start), None)
        for step in (-DAY, DAY):
            start = valid.start + step
            if start >= first and (valid.end is None or start <= valid.end):
                found = _replaced(versions, index, version.model_copy(update={"valid": Period(start=start, end=valid.end)}))
                if before is not None:
                    span = Period(start=versions[before].valid.start, end=start - DAY)
                    found = _replaced(found, before, found[before].model_copy(update={"valid": span}))
                yield (index, "valid"), valid, Period(start=start, end=valid.end), found
        if valid.end and not any(other.valid.start == valid.end + DAY for other in versions):
            for step in (-DAY, DAY):
                span = Period(start=valid.start, end=valid.end + step) if valid.end + step >= valid.start else valid
                yield (index, "valid"), valid, span, _replaced(versions, index, version.model_copy(update={"valid": span}))


def _due(due: Due) -> Iterator[tuple[str, str, str, Due]]:
    """Yield deadlines that are one unit, or one day, shorter or longer."""
    for key in OFFSETS:
        if count := getattr(due, key):
            for step in (-1, 1):
                changed = due.model_copy(update={key: count + step})
                yield key, fallen(due), fallen(changed), changed
    if due.by:
        for step in (-DAY, DAY):
            changed = due.model_copy(update={"by": due.by + step})
            yield "by", fallen(due), fallen(changed), changed


def fallen(due: Due) -> str:
    """Return when a duty falls due, as people write it down: `10 working days after launch.date`."""
    if due.by:
        return f"by {due.by}"
    if due.before:
        return f"before {due.before}"
    key, count = next(((key, count) for key in OFFSETS if (count := getattr(due, key))), ("days", 0))
    return f"{count} {key.replace('_', ' ')} after {due.after}"
