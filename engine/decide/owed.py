"""One duty -> its answer: the rules that give it, their law, the competent body, deadline, standing, and what is lacking."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from engine.decide import due as deadlines
from engine.decide.cited import Cited
from engine.decide.comply import OPEN, ORDER, Proven, Standing
from engine.decide.values import F, T, U
from engine.rulebook import condition as ir
from engine.rulebook.duties import EVIDENCE
from schemas import duties as shapes

if TYPE_CHECKING:
    from engine.decide.picture import Picture
    from engine.rulebook.model import PackRules, Rulebook
    from schemas.rulebook import Duty, Effect, Outcome, Source, Text, Value

NO_DAY: dict[int, Literal["certain", "possible"]] = {T: "certain", U: "possible"}  # what starts a deadline lies before its law
EFFECTS: tuple[Effect, ...] = ("statutory", "agreed", "owner", "advisory")  # strongest first


class Owed:
    """Writes the answers on the duties of one pack."""

    def __init__(self, rulebook: Rulebook, pack: PackRules, proven: Proven, picture: Picture) -> None:
        """Take what is possible from `picture` and what is proved from `proven`."""
        self.rulebook = rulebook
        self.pack = pack
        self.proven = proven
        self.picture = picture

    def answer(self, outcome: Outcome, value: Value, applied: int) -> shapes.DutyAnswer:
        """Return the answer on one value that is a duty and applies (T) or may apply (U)."""
        duty = value.duty
        assert duty is not None  # noqa: S101 - INVARIANT: only values with a duty come here
        rules = self._giving(outcome.id, value.id)
        sure = [rule for rule, holds in rules if holds] or [rule for rule, _ in rules]
        standing = self.proven.standing((outcome.id, value.id), duty, applied, self._law(outcome.id, value.id, rules))
        open_ = standing.status in OPEN
        effects = [self.pack.rules[rule].effect for rule in sure]
        return shapes.DutyAnswer.model_construct(
            id=value.id,
            pack=self.pack.doc.id,
            outcome=outcome.id,
            label=value.label,
            applies="certain" if applied == T else "possible",
            phase=duty.phase,
            owner=duty.owner,
            effect=min(effects, key=EFFECTS.index, default="advisory"),
            authority=self._body(duty.authority or next((a for rule in sure if (a := self.pack.rules[rule].authority)), "")),
            deadline=self._deadline(duty, standing),
            status=standing.status,
            possible=[state for state in ORDER if state in standing.possible],
            ended=self._ended(duty, standing),
            rules=self._refs(rules, applied),
            sources=self._sources(sure),
            gaps=[self.proven.proofs.words(part) for part in self.proven.gaps(duty)] if open_ else [],
            proof=self._proof(duty) if open_ else [],
        )

    def _refs(self, rules: list[tuple[str, bool]], applied: int) -> list[shapes.RuleRef]:
        return [
            shapes.RuleRef(rule=rule, certain=holds and applied == T, title=self.pack.rules[rule].title) for rule, holds in rules
        ]

    def _giving(self, outcome: str, value: str) -> list[tuple[str, bool]]:
        found = []
        for rule in self.proven.proofs.giving.get((outcome, value), ()):
            applied = self.picture.applied.get((rule, -1), F)
            if applied != F:
                found.append((rule, applied == T))
        return found

    def _law(self, outcome: str, value: str, rules: list[tuple[str, bool]]) -> deadlines.Span:
        """Return the first and the last day on which the duty may have become law: by the earliest of the rules that apply."""
        days = {}
        for name, _ in rules:
            since = self.proven.proofs.since[outcome, value, name]
            days[name] = [since[valid] for valid in self.picture.versions[name] if valid in since]
        sure = [max(days[name]) for name, holds in rules if holds and days[name]]
        every = [day for found in days.values() for day in found]
        return (min(every), min(sure) if sure else max(every)) if every else deadlines.EVER

    def _sources(self, rules: list[str]) -> list[Source]:
        """Return the law of the rules, and of their versions, that is in force on the day."""
        cited = Cited(self.rulebook, self.pack, self.proven.filing, self.proven.as_of)
        return [source for name in rules for source in cited.sources(name, self.picture.versions[name])]

    def _body(self, name: str) -> shapes.Body | None:
        entry = next((entry for entry in self.rulebook.authorities.get(name, []) if self.proven.on in entry.valid), None)
        return shapes.Body(id=name, title=entry.title) if entry else None

    def _deadline(self, duty: Duty, standing: Standing) -> shapes.Deadline | None:
        text = deadlines.words(duty.due, self.rulebook)
        if text is None:
            return None
        days = [deadlines.day_of(day) for day in standing.deadline.days]
        first, last = (day.isoformat() if day else None for day in days)
        when = standing.deadline
        early = NO_DAY.get(when.before_law)
        return shapes.Deadline(text=text, earliest=first, latest=last, provisional=when.provisional, before_law=early)

    def _ended(self, duty: Duty, standing: Standing) -> shapes.Ended | None:
        """Return the last day of what the duty lasted as long as, and how it stood then; None where that goes on."""
        if standing.last is None:
            return None
        first, last = (day.isoformat() if (day := deadlines.day_of(each)) else None for each in standing.over.last)
        return shapes.Ended(
            what=self.proven.proofs.lasting[duty.lasts].title,
            sure="certain" if standing.over.past == T else "possible",
            earliest=first,
            latest=last,
            status=standing.last.status if standing.last.possible != {"not_applicable"} else None,
            possible=[state for state in ORDER if state in standing.last.possible],
        )

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
