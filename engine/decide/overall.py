"""One filing -> one answer over every pack that can apply: outcomes, duties and how they stand, conflicts, flaws, questions."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from engine.decide.asked import Asked
from engine.decide.assess import answered, refuse_to_come
from engine.decide.comply import Proofs, Proven
from engine.decide.filing import from_document
from engine.decide.owed import Owed
from engine.decide.picture import Picture
from engine.decide.values import F, T, U
from engine.errors import DateError, InputError, Place
from schemas import duties as shapes
from schemas.rulebook import Text

if TYPE_CHECKING:
    from engine.decide.filing import Filing
    from engine.rulebook.model import PackRules, Rulebook
    from engine.rulebook.read import Node
    from schemas.answer import Answer, OutcomeAnswer
    from schemas.rulebook import Outcome, Value

HUMAN = Text(zh="由主管部门指定人员书面决定", en="a named official of the competent body decides in writing")


@lru_cache(maxsize=64)
def _kept(rulebook_id: int, digest: str, pack: str) -> list[Proofs]:  # noqa: ARG001 - the key of the cache
    return []


def proofs(rulebook: Rulebook, pack: str) -> Proofs:
    """Return the judge of a pack's duties, built once per rulebook."""
    kept = _kept(id(rulebook), rulebook.digest, pack)
    if not kept or kept[0].rulebook is not rulebook:
        kept[:] = [Proofs(rulebook, rulebook.packs[pack])]
    return kept[0]


def assess_all(rulebook: Rulebook, document: Node, as_of: date, on: date | None = None, *, search: bool = True) -> shapes.Overall:
    """Return the answer of every pack that can apply on one set of facts, compliance judged on `on`. Raises InputError."""
    return overall(rulebook, from_document(rulebook, document), as_of, on or as_of, search=search)


def overall(rulebook: Rulebook, filing: Filing, as_of: date, on: date, *, search: bool = True) -> shapes.Overall:
    """Return the answer over all packs to a filing that was read. Raises InputError.

    Law that began after the day on which compliance is judged could not have been kept on it: such days are refused.
    """
    if on < as_of:
        problem = f"compliance on {on} would be judged by the law of a later day, {as_of}"
        raise InputError("wrong-date", problem, "ask for the law of that day or of an earlier one", Place("--on"))
    refuse_to_come(rulebook, filing, on)
    asked = Asked(rulebook, filing)
    law = [name for name, pack in rulebook.packs.items() if not pack.doc.data_set]  # owners' terms answer requests only
    found = [_Part(rulebook, pack, filing, as_of, on).read(search=search) for pack in law]
    for part in found:
        asked.pack(part.pack, part.applies, part.answer, part.duties)
    duties = [duty for part in found for duty in part.duties]
    packs = [part.shape() for part in found]
    settled = all(pack.applies != "maybe" and (pack.answer is None or pack.answer.determined) for pack in packs)
    return shapes.Overall(
        as_of=as_of.isoformat(),
        on=on.isoformat(),
        rulebook=rulebook.digest,
        determined=settled and not any(duty.status == "undetermined" for duty in duties),
        packs=packs,
        duties=duties,
        conflicts=[conflict for part in found for conflict in part.conflicts],
        flaws=[flaw for part in found for flaw in part.flaws],
        questions=asked.questions(),
    )


class _Part:
    """One pack's share of the answer."""

    def __init__(self, rulebook: Rulebook, pack: str, filing: Filing, as_of: date, on: date) -> None:
        self.rulebook = rulebook
        self.pack: PackRules = rulebook.packs[pack]
        self.filing = filing
        self.as_of = as_of
        self.on = on
        self.proven: Proven = proofs(rulebook, pack).of(filing, as_of, on)
        self.applies = T if self._asserted() else self.proven.applies()
        self.answer: Answer | None = None
        self.picture: Picture | None = None
        self.duties: list[shapes.DutyAnswer] = []
        self.conflicts: list[shapes.ConflictAnswer] = []
        self.flaws: list[shapes.Flaw] = []

    def _asserted(self) -> bool:
        """Tell whether the filing states the pack's own date, or a list that its rules run over."""
        return self.pack.doc.date in self.filing.facts or any(rule.on in self.filing.lists for rule in self.pack.rules.values())

    def read(self, *, search: bool) -> _Part:
        """Work out the answer of the pack, unless it does not apply or is not yet law."""
        if self.applies == F:
            return self
        try:
            self.answer, self.picture = answered(self.rulebook, self.pack.doc.id, self.filing, self.as_of, search=search)
        except DateError:
            return self
        for outcome in self.pack.doc.outcomes:
            if self.rulebook.list_of(outcome.id):
                continue
            if outcome.combine == "union":
                self._values(outcome, self.picture)
            elif "conflict" in self.answer.outcomes[outcome.id].possible:
                self._clash(outcome, self.answer.outcomes[outcome.id], self.picture)
        return self

    def shape(self) -> shapes.PackPart:
        """Return what the pack says."""
        if self.applies == F or self.answer is None:
            return shapes.PackPart(
                pack=self.pack.doc.id, title=self.pack.doc.title, applies="no" if self.applies == F else "no_law"
            )
        applies: Any = "yes" if self.applies == T else "maybe"
        return shapes.PackPart(pack=self.pack.doc.id, title=self.pack.doc.title, applies=applies, answer=self.answer)

    def _clash(self, outcome: Outcome, found: OutcomeAnswer, picture: Picture) -> None:
        """Two rules of one pack give an outcome two values: both are shown, and the pack says which human decides."""
        to = next((clause.to for clause in self.pack.doc.goes_to if clause.outcome == outcome.id), HUMAN)
        sure: Any = "certain" if found.determined and self.applies == T else "possible"
        between = [
            rule.title
            for name, rule in self.pack.rules.items()
            if picture.applied.get((name, -1), F) != F and any(outcome.id in version.then for version in rule.versions)
        ]
        self.conflicts.append(
            shapes.ConflictAnswer(id=outcome.id, pack=self.pack.doc.id, label=outcome.title, applies=sure, between=between, to=to)
        )

    # values -----------------------------------------------------------------------------------------------------------

    def _values(self, outcome: Outcome, picture: Picture) -> None:
        must, may = picture.outcomes[outcome.id, -1]
        for index, value in enumerate(outcome.values):
            if not may >> index & 1:
                continue
            applied = min(self.applies, T if must >> index & 1 else U)
            self._value(outcome, value, applied, picture)

    def _value(self, outcome: Outcome, value: Value, applied: int, picture: Picture) -> None:
        sure: Any = "certain" if applied == T else "possible"
        pack = self.pack.doc.id
        if value.duty:
            self.duties.append(Owed(self.rulebook, self.pack, self.proven, picture).answer(outcome, value, applied))
        elif value.conflict:
            between = [self.rulebook.instruments[name].title for name in value.conflict.between]
            self.conflicts.append(
                shapes.ConflictAnswer(
                    id=value.id, pack=pack, label=value.label, applies=sure, between=between, to=value.conflict.to
                )
            )
        elif outcome.lists == "flaws":
            self.flaws.append(shapes.Flaw(id=value.id, pack=pack, label=value.label, applies=sure))
