"""The questions of all packs on one filing, each asked once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.decide.comply import OPEN
from engine.decide.values import U
from engine.rulebook import graph
from engine.rulebook.duties import EVIDENCE, ON, conditions, waits_for
from schemas.duties import Question

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.decide.filing import Filing
    from engine.rulebook.model import PackRules, Rulebook
    from schemas.answer import Answer
    from schemas.duties import DutyAnswer
    from schemas.rulebook import Duty, Lasting, Text


@dataclass
class Asked:
    """The questions of all packs, each once."""

    rulebook: Rulebook
    filing: Filing
    found: dict[tuple[str, str | None], tuple[list[str], list[bool]]] = field(default_factory=dict)

    def _add(self, pack: str, fact: str, item: str | None = None, *, decides: bool = False) -> None:
        packs, decisive = self.found.setdefault((fact, item), ([], []))
        if pack not in packs:
            packs.append(pack)
        decisive.append(decides)

    def pack(self, pack: PackRules, applies: int, answer: Answer | None, duties: list[DutyAnswer]) -> None:
        """Add what one pack would ask: of its clause, of its outcomes, and of what proves its duties."""
        name = pack.doc.id
        if applies == U:
            self._open(name, graph.mentioned(self.rulebook, pack.doc.applies_when))
        if answer is None:
            return
        for decides, facts in ((True, answer.missing), (False, answer.may_matter)):
            for fact in facts:
                self._add(name, fact.fact, fact.item, decides=decides)
        standing = {(duty.outcome, duty.id): duty for duty in duties}
        lasting = {each.id: each for each in pack.doc.lasting}
        for outcome in pack.doc.outcomes:
            for value in outcome.values:
                stands = standing.get((outcome.id, value.id))
                if value.duty and stands and stands.status in OPEN:
                    self._open(name, self._reads(value.duty) | ({waits_for(pack.doc, value.duty)} - {""}))
                    if stands.ended:  # is over, or may be
                        self._open(name, self._ends(lasting[value.duty.lasts]))

    def _reads(self, duty: Duty) -> set[str]:
        names = {name for _, text in conditions(duty) for name in graph.mentioned(self.rulebook, text)}
        due = duty.due
        return names | ({due.before, due.after, due.later, due.since, due.done, due.took} - {""} if due else set())

    def _ends(self, lasting: Lasting) -> set[str]:
        return {*graph.mentioned(self.rulebook, lasting.over_when), lasting.over_on, lasting.begun_on} - {""}

    def _open(self, pack: str, names: Iterable[str]) -> None:
        """Add the facts that the filing leaves open; evidence is asked for as a list, unless it is complete."""
        for name in sorted(names):
            home = self.rulebook.list_of(name)
            if home == EVIDENCE:
                listed = self.filing.lists.get(home)
                if listed is None or not listed.complete:
                    self._add(pack, home)
            elif name in self.rulebook.facts and not home and name not in self.filing.facts and name != ON:
                self._add(pack, name)

    def questions(self) -> list[Question]:
        """Return the questions, those proven to decide first, then those that more packs ask."""
        order = sorted(self.found.items(), key=lambda entry: (not any(entry[1][1]), -len(entry[1][0])))
        return [
            Question(fact=fact, item=item, question=self._text(fact), packs=packs, decides=any(decisive))
            for (fact, item), (packs, decisive) in order
        ]

    def _text(self, fact: str) -> Text:
        home = self.rulebook.lists.get(fact)
        return home.question if home else self.rulebook.facts[fact].question
