"""pack.yaml -> every one that differs from it in one place: its first day, when it applies, derived facts, floors and duties."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.rulebook.duties import proof_pack
from engine.rulebook.model import PackRules
from engine.study.mutants import PROOFS, Change, Mutant, other_body, varied
from engine.study.steps import DAY, OTHER, dues_beside, moved, replaced, sources_beside
from schemas.rulebook import Period

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from engine.rulebook import condition as ir
    from engine.rulebook.model import Rulebook
    from engine.study.steps import Step
    from schemas.rulebook import Derived, Duty, Floor, Outcome


class PackMutants:
    """Changes what the rules of a pack share in one place at a time."""

    def __init__(self, rulebook: Rulebook, pack: PackRules) -> None:
        """Take the rulebook for types, authorities and conditions."""
        self.rulebook = rulebook
        self.pack = pack
        self.proofs = proof_pack(rulebook, pack) or pack

    def all(self) -> Iterator[Mutant]:
        """Yield the mutants of pack.yaml, in its order."""
        doc = self.pack.doc
        for step in (-DAY, DAY):
            covers = Period(start=doc.covers.start + step, end=doc.covers.end)
            yield self._mutant("covers", Change("date", ("covers",), doc.covers, covers), {"covers"}, {"covers": covers})
        yield from self._conditions("applies", ("applies_when",), doc.applies_when, lambda text: {"applies_when": text}, {PROOFS})
        for index, derived in enumerate(doc.derived):
            yield from self._derived("derived", index, derived, {f"derived:{derived.id}"})
        for index, derived in enumerate(doc.proofs):
            yield from self._derived("proofs", index, derived, {PROOFS})
        for index, outcome in enumerate(doc.outcomes):
            yield from self._floors(index, outcome)
            for at, value in enumerate(outcome.values):
                if value.duty:
                    yield from self._duty(index, at, value.id, value.duty)

    def _conditions(
        self, part: str, path: Step, text: str, put: Callable[[str], dict[str, Any]], touches: set[str]
    ) -> Iterator[Mutant]:
        for each in varied(self.rulebook, self._scope(part), text) if text else ():
            change = Change(each.kind, path, each.before, each.after)
            yield self._mutant(part, change, touches, put(each.text), {each.text: each.node})

    def _derived(self, key: str, index: int, derived: Derived, touches: set[str]) -> Iterator[Mutant]:
        part = f"{key}:{derived.id}"

        def put(**changed: Any) -> dict[str, Any]:
            return {key: replaced(getattr(self.pack.doc, key), index, derived.model_copy(update=changed))}

        for at, version in enumerate(derived.versions):

            def defined(text: str, at: int = at) -> dict[str, Any]:
                return put(versions=replaced(derived.versions, at, derived.versions[at].model_copy(update={"is_": text})))

            yield from self._conditions(part, (key, index, "versions", at, "is"), version.is_, defined, touches)
        if key == "proofs":
            return  # what proves a duty has neither days nor articles of its own
        for path, before, after, versions in moved(derived.versions, self.pack.doc.covers.start):
            change = Change("date", (key, index, "versions", *path), before, after)
            yield self._mutant(part, change, touches, put(versions=versions))
        for at, source, other, sources in sources_beside(derived.sources):
            change = Change("source", (key, index, "sources", at), source, other)
            yield self._mutant(part, change, touches, put(sources=sources))

    def _floors(self, index: int, outcome: Outcome) -> Iterator[Mutant]:
        home: Step = ("outcomes", index, "floor")
        order = [value.id for value in outcome.values]

        def mutant(change: Change, floors: Sequence[Floor]) -> Mutant:
            outcomes = replaced(self.pack.doc.outcomes, index, outcome.model_copy(update={"floor": floors}))
            return self._mutant(f"floor:{outcome.id}", change, {outcome.id}, {"outcomes": outcomes})

        for at, floor in enumerate(outcome.floor):
            value = order[(order.index(floor.value) + 1) % len(order)]
            changed = replaced(outcome.floor, at, floor.model_copy(update={"value": value}))
            yield mutant(Change("outcome", (*home, at, "value"), floor.value, value), changed)
            effect = OTHER[floor.effect]
            changed = replaced(outcome.floor, at, floor.model_copy(update={"effect": effect}))
            yield mutant(Change("effect", (*home, at, "effect"), floor.effect, effect), changed)
            for where, source, other, sources in sources_beside(floor.sources):
                changed = replaced(outcome.floor, at, floor.model_copy(update={"sources": sources}))
                yield mutant(Change("source", (*home, at, "sources", where), source, other), changed)
        for path, before, after, floors in moved(outcome.floor, self.pack.doc.covers.start):
            yield mutant(Change("date", (*home, *path), before, after), floors)

    def _duty(self, index: int, at: int, name: str, duty: Duty) -> Iterator[Mutant]:
        part: str = f"duty:{name}"
        path: Step = ("outcomes", index, "values", at, "duty")

        def put(**changed: Any) -> dict[str, Any]:
            outcome = self.pack.doc.outcomes[index]
            value = outcome.values[at].model_copy(update={"duty": duty.model_copy(update=changed)})
            values = replaced(outcome.values, at, value)
            return {"outcomes": replaced(self.pack.doc.outcomes, index, outcome.model_copy(update={"values": values}))}

        for key in ("satisfied_when", "breached_when", "undone_when"):

            def proved(text: str, key: str = key) -> dict[str, Any]:
                return put(**{key: text})

            yield from self._conditions(part, (*path, key), getattr(duty, key), proved, {part})
        if duty.authority:
            body = other_body(self.rulebook, duty.authority)
            change = Change("authority", (*path, "authority"), duty.authority, body)
            yield self._mutant(part, change, {part}, put(authority=body))
        for key, before, after, due in dues_beside(duty.due) if duty.due else ():
            yield self._mutant(part, Change("due", (*path, "due", key), before, after), {part}, put(due=due))

    def _scope(self, part: str) -> PackRules:
        return self.proofs if part.startswith(("duty:", PROOFS, "applies")) else self.pack

    def _mutant(
        self,
        part: str,
        change: Change,
        touches: set[str],
        changed: dict[str, Any],
        conditions: dict[str, ir.Node] | None = None,
    ) -> Mutant:
        pack = PackRules(self.pack.doc.model_copy(update=changed), self.pack.rules)
        return Mutant(part, change, pack, frozenset(touches), self._scope(part), conditions or {})
