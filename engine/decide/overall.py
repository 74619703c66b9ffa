"""One filing -> one answer over every pack that can apply: outcomes, duties and how they stand, conflicts, flaws, questions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from engine.decide import due as deadlines
from engine.decide.assess import evaluator, examine
from engine.decide.comply import ORDER, Proofs, Proven, Standing
from engine.decide.evaluate import Picture
from engine.decide.filing import from_document
from engine.decide.values import F, T, U
from engine.errors import DateError
from engine.rulebook import condition as ir
from engine.rulebook import graph
from engine.rulebook.duties import ON, conditions
from engine.rulebook.prose import prose
from schemas import duties as shapes
from schemas.rulebook import Text

if TYPE_CHECKING:
    from engine.decide.filing import Filing
    from engine.rulebook.model import PackRules, Rulebook
    from engine.rulebook.read import Node
    from schemas.answer import Answer
    from schemas.rulebook import Duty, Effect, Outcome, Source, Value

EFFECTS: tuple[Effect, ...] = ("statutory", "agreed", "owner", "advisory")  # strongest first
EVIDENCE = "evidence"


@dataclass
class _Asked:
    """The questions of all packs, each once."""

    rulebook: Rulebook
    found: dict[tuple[str, str | None], tuple[list[str], list[bool]]] = field(default_factory=dict)

    def add(self, pack: str, fact: str, item: str | None = None, *, decides: bool = False) -> None:
        packs, decisive = self.found.setdefault((fact, item), ([], []))
        if pack not in packs:
            packs.append(pack)
        decisive.append(decides)

    def questions(self) -> list[shapes.Question]:
        """Return the questions, those proven to decide first, then those that more packs ask."""
        order = sorted(self.found.items(), key=lambda entry: (not any(entry[1][1]), -len(entry[1][0])))
        return [
            shapes.Question(fact=fact, item=item, question=self._text(fact), packs=packs, decides=any(decisive))
            for (fact, item), (packs, decisive) in order
        ]

    def _text(self, fact: str) -> Text:
        home = self.rulebook.lists.get(fact)
        return home.question if home else self.rulebook.facts[fact].question


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
    """Return the answer over all packs to a filing that was read. Raises InputError."""
    asked = _Asked(rulebook)
    found = [_Part(rulebook, pack, filing, as_of, on).read(search=search) for pack in rulebook.packs]
    for part in found:
        part.ask(asked)
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
            self.answer, self.picture = examine(self.rulebook, self.pack.doc.id, self.filing, self.as_of, search=search)
        except DateError:
            return self
        for outcome in self.pack.doc.outcomes:
            if outcome.combine == "union" and not self.rulebook.list_of(outcome.id):
                self._values(outcome, self.picture)
        return self

    def shape(self) -> shapes.PackPart:
        """Return what the pack says."""
        if self.applies == F or self.answer is None:
            return shapes.PackPart(
                pack=self.pack.doc.id, title=self.pack.doc.title, applies="no" if self.applies == F else "no_law"
            )
        applies: Any = "yes" if self.applies == T else "maybe"
        return shapes.PackPart(pack=self.pack.doc.id, title=self.pack.doc.title, applies=applies, answer=self.answer)

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
            self.duties.append(self._duty(outcome, value, value.duty, applied, picture))
        elif value.conflict:
            between = [self.rulebook.instruments[name].title for name in value.conflict.between]
            self.conflicts.append(
                shapes.ConflictAnswer(
                    id=value.id, pack=pack, label=value.label, applies=sure, between=between, to=value.conflict.to
                )
            )
        elif outcome.lists == "flaws":
            self.flaws.append(shapes.Flaw(id=value.id, pack=pack, label=value.label, applies=sure))

    def _duty(self, outcome: Outcome, value: Value, duty: Duty, applied: int, picture: Picture) -> shapes.DutyAnswer:
        rules = self._giving(outcome.id, value.id, picture)
        sure = [rule for rule, holds in rules if holds] or [rule for rule, _ in rules]
        standing = self.proven.standing(value.id, duty, applied)
        open_ = standing.status in ("not_proven", "undetermined", "not_yet_due")
        effects = [self.pack.rules[rule].effect for rule in sure]
        return shapes.DutyAnswer.model_construct(
            id=value.id,
            pack=self.pack.doc.id,
            outcome=outcome.id,
            label=value.label,
            applies="certain" if applied == T else "possible",
            phase=duty.phase,
            owner=duty.owner,
            effect=min(effects, key=EFFECTS.index),
            authority=self._body(duty.authority or next((a for rule in sure if (a := self.pack.rules[rule].authority)), "")),
            deadline=self._deadline(duty, standing),
            status=standing.status,
            possible=[state for state in ORDER if state in standing.possible],
            rules=self._refs(rules, applied),
            sources=self._sources(sure, picture),
            gaps=[self._words(part) for part in self.proven.gaps(duty)] if open_ else [],
            proof=self._proof(duty) if open_ else [],
        )

    def _refs(self, rules: list[tuple[str, bool]], applied: int) -> list[shapes.RuleRef]:
        return [
            shapes.RuleRef(rule=rule, certain=holds and applied == T, title=self.pack.rules[rule].title) for rule, holds in rules
        ]

    def _giving(self, outcome: str, value: str, picture: Picture) -> list[tuple[str, bool]]:
        found = []
        for rule in self.proven.proofs.giving.get((outcome, value), ()):
            applied = picture.applied.get((rule, -1), F)
            if applied != F:
                found.append((rule, applied == T))
        return found

    def _sources(self, rules: list[str], picture: Picture) -> list[Source]:
        """Return the law of the rules, and of their versions, that is in force on the day; all of it when none is."""
        found = []
        for name in rules:
            rule = self.pack.rules[name]
            found += rule.sources
            for version in rule.versions:
                if str(version.valid) in picture.versions[name]:
                    found += version.sources
        return [source for source in found if self._in_force(source)] or found

    def _in_force(self, source: Source) -> bool:
        days = self.rulebook.instruments[source.instrument].in_force
        return days is None or self.as_of in days

    def _body(self, name: str) -> shapes.Body | None:
        entry = next((entry for entry in self.rulebook.authorities.get(name, []) if self.on in entry.valid), None)
        return shapes.Body(id=name, title=entry.title) if entry else None

    def _deadline(self, duty: Duty, standing: Standing) -> shapes.Deadline | None:
        text = deadlines.words(duty.due, self.rulebook)
        if text is None:
            return None
        days = [deadlines.day_of(day) for day in standing.deadline.days]
        first, last = (day.isoformat() if day else None for day in days)
        return shapes.Deadline(text=text, earliest=first, latest=last)

    def _words(self, node: ir.Node) -> Text:
        pack = self.proven.proofs.pack
        return Text(zh=prose(node, self.rulebook, pack, "zh"), en=prose(node, self.rulebook, pack, "en"))

    def _proof(self, duty: Duty) -> list[Text]:
        """Return the kinds of evidence that would prove a duty."""
        kind = f"{EVIDENCE}.kind"
        wanted: list[str] = []
        for part in ir.walk(self.rulebook.conditions[duty.satisfied_when]):
            if isinstance(part, ir.Compare) and part.first == ir.Name(kind):
                wanted += [str(term.value) for _, term in part.rest if isinstance(term, ir.Const)]
            elif isinstance(part, ir.In) and part.name.id == kind:
                wanted += [str(each.value) for each in part.values]
        labels = {value.id: value.label for value in self.rulebook.facts[kind].values} if wanted else {}
        return [labels[name] for name in dict.fromkeys(wanted)]

    # questions --------------------------------------------------------------------------------------------------------

    def ask(self, asked: _Asked) -> None:
        """Add what the pack would ask."""
        pack = self.pack.doc.id
        if self.applies == U:
            for name in sorted(graph.mentioned(self.rulebook, self.pack.doc.applies_when)):
                self._ask(asked, name)
        if self.answer is None:
            return
        for decides, facts in ((True, self.answer.missing), (False, self.answer.may_matter)):
            for fact in facts:
                asked.add(pack, fact.fact, fact.item, decides=decides)
        standing = {(duty.outcome, duty.id): duty for duty in self.duties}
        for outcome in self.pack.doc.outcomes:
            for value in outcome.values:
                answer = standing.get((outcome.id, value.id))
                if value.duty and answer and answer.status in ("not_proven", "undetermined", "not_yet_due"):
                    self._ask_duty(asked, value.duty)

    def _ask_duty(self, asked: _Asked, duty: Duty) -> None:
        texts = [text for _, text in conditions(duty)]
        names = {name for text in texts for name in graph.mentioned(self.rulebook, text)}
        if duty.due:
            names |= {duty.due.before or duty.due.after, duty.due.since, duty.due.done} - {""}
        for name in sorted(names):
            self._ask(asked, name)

    def _ask(self, asked: _Asked, name: str) -> None:
        home = self.rulebook.list_of(name)
        if home == EVIDENCE:
            listed = self.filing.lists.get(home)
            if listed is None or not listed.complete:
                asked.add(self.pack.doc.id, home)
        elif name in self.rulebook.facts and not home and name not in self.filing.facts and name != ON:
            asked.add(self.pack.doc.id, name)


__all__ = ["assess_all", "evaluator", "overall", "proofs"]
