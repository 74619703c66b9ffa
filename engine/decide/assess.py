"""A filing -> an answer: outcomes, the rules behind them, what is open and where it goes."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from engine.decide.cited import Cited
from engine.decide.combine import fixed
from engine.decide.evaluate import AS_OF, Evaluator
from engine.decide.filing import Filing, from_document
from engine.decide.missing import Open, Search
from engine.decide.narrow import settle
from engine.decide.picture import Picture
from engine.decide.values import F, T, U
from engine.errors import FactError, InputError
from engine.rulebook import graph
from engine.rulebook.read import Node
from schemas import answer as shapes

if TYPE_CHECKING:
    from engine.rulebook.model import Rulebook
    from schemas.rulebook import Outcome


@lru_cache(maxsize=64)
def _prepared(rulebook_id: int, digest: str, pack: str) -> list[Any]:  # noqa: ARG001 - the key of the cache
    return []


def evaluator(rulebook: Rulebook, pack: str) -> Evaluator:
    """Return the evaluator of a pack, built once per rulebook. Raises InputError when there is no such pack."""
    if pack not in rulebook.packs:
        names = ", ".join(sorted(rulebook.packs))
        raise InputError("unknown-pack", f"no pack named `{pack}`", f"the packs are {names}")
    kept = _prepared(id(rulebook), rulebook.digest, pack)
    if not kept or kept[0].rulebook is not rulebook:
        kept[:] = [Evaluator(rulebook, rulebook.packs[pack])]
    found: Evaluator = kept[0]
    return found


def assess(rulebook: Rulebook, pack: str, document: Node, as_of: date, *, search: bool = True) -> shapes.Answer:
    """Return the answer to a filing on a day; `search` adds missing, may_matter and settle. Raises InputError."""
    return examine(rulebook, pack, from_document(rulebook, document), as_of, search=search)[0]


def examine(rulebook: Rulebook, pack: str, filing: Filing, as_of: date, *, search: bool = True) -> tuple[shapes.Answer, Picture]:
    """Return the answer to a filing and the picture that it was written from. Raises InputError."""
    refuse_to_come(rulebook, filing, as_of)
    return answered(rulebook, pack, filing, as_of, search=search)


def answered(rulebook: Rulebook, pack: str, filing: Filing, as_of: date, *, search: bool = True) -> tuple[shapes.Answer, Picture]:
    """Return the same for a filing whose days were compared with that of the answer. Raises InputError."""
    evaluate = evaluator(rulebook, pack)
    picture = evaluate.picture(filing, as_of)
    found = Search(evaluate, filing, as_of, picture).open() if search else Open((), (), ())
    return Writer(evaluate, filing, picture, as_of).answer(found), picture


def require_sound(rulebook: Rulebook, pack: str, filing: Filing) -> None:
    """Work out what the facts of a filing imply of each other, and no more. Raises ContradictionError, InputError."""
    inputs = evaluator(rulebook, pack).inputs
    settle(inputs, filing, inputs.slots(filing))


def refuse_to_come(rulebook: Rulebook, filing: Filing, on: date) -> None:
    """Refuse a day of what has happened that certainly lies after the day of the answer. Raises FactError."""
    for name, value in filing.facts.items():
        if rulebook.facts[name].past and value[0] > on.toordinal():
            problem = f"`{name}` says what has happened on {date.fromordinal(value[0])}, after {on}"
            raise FactError("day-to-come", problem, "correct it, or ask for a later day", filing.places.get((name,)))


class Writer:
    """Writes an answer from a picture of what is possible."""

    def __init__(self, evaluate: Evaluator, filing: Filing, picture: Picture, as_of: date) -> None:
        self.evaluator = evaluate
        self.rulebook = evaluate.rulebook
        self.pack = evaluate.pack
        self.filing = filing
        self.picture = picture
        self.as_of = as_of
        self.cited = Cited(evaluate.rulebook, evaluate.pack, filing, as_of)

    def answer(self, found: Open) -> shapes.Answer:
        """Return the answer, with what the search found open."""
        outcomes = {name: self._outcome(name, -1) for name in self.pack.outcomes if not self.rulebook.list_of(name)}
        determined = all(outcome.determined for outcome in outcomes.values())
        return shapes.Answer(
            pack=self.pack.doc.id,
            as_of=self.as_of.isoformat(),
            rulebook=self.rulebook.digest,
            determined=determined,
            outcomes=outcomes,
            items=self._items(),
            fired=self._rules(T),
            unknown=self._rules(U),
            overridden=self._overridden(),
            missing=[self._fact(*fact) for fact in found.missing],
            may_matter=[self._fact(*fact) for fact in found.may_matter],
            settle=[self._settle(entry) for entry in found.settle],
            goes_to=[
                shapes.GoesToAnswer(outcome=clause.outcome, to=clause.to, basis=clause.basis, sources=clause.sources)
                for clause in self.pack.doc.goes_to
                if clause.outcome in outcomes and not outcomes[clause.outcome].determined
            ],
            notes=[
                shapes.NoteAnswer(id=note.id, text=note.text) for note in self.pack.doc.notes if self._notes_apply(note.valid)
            ],
            unread_law=self._unread(),
        )

    def _notes_apply(self, valid: Any) -> bool:
        return self._day() in valid

    def _day(self) -> date:
        name = self.pack.doc.date
        low, high = (0, 0) if name == AS_OF else self.filing.facts.get(name, (0, 1))
        return type(self.as_of).fromordinal(low) if low == high and low else self.as_of

    def _items(self) -> dict[str, list[shapes.ItemAnswer]]:
        found: dict[str, dict[int, dict[str, shapes.OutcomeAnswer]]] = {}
        for name, index in self.picture.outcomes:
            if index >= 0:
                found.setdefault(self.rulebook.list_of(name), {}).setdefault(index, {})[name] = self._outcome(name, index)
        return {
            home: [
                shapes.ItemAnswer(id=self.item_name(home, index), outcomes=outcomes) for index, outcomes in sorted(rows.items())
            ]
            for home, rows in found.items()
        }

    def unlisted(self, rule_id: str, index: int) -> bool:
        """Tell whether `index` stands for items not yet listed."""
        home = self.pack.rules[rule_id].on
        return bool(home) and self.item_name(home, index) == "unlisted"

    def item_name(self, home: str, index: int) -> str:
        """Return the name of an item; `unlisted` for those not yet listed."""
        listing = self.filing.lists.get(home)
        return listing.items[index].id if listing and index < len(listing.items) else "unlisted"

    def _outcome(self, name: str, index: int) -> shapes.OutcomeAnswer:
        outcome, value = self.pack.outcomes[name], self.picture.outcomes[name, index]
        if outcome.combine == "union":
            return _union(outcome, value)
        determined = fixed(outcome.combine, value)
        possible = names_of(outcome, value)
        ordered = outcome.combine == "strictest"
        return shapes.OutcomeAnswer(
            combine=outcome.combine,
            determined=determined,
            value=possible[0] if determined else None,
            possible=possible,
            exact=determined,
            at_least=possible[0] if ordered else None,
            at_most=possible[-1] if ordered else None,
            decided_by=self._decided_by(outcome, index, possible[0]) if determined else None,
        )

    def _decided_by(self, outcome: Outcome, index: int, value: str) -> str:
        givers = self.pack.givers[outcome.id]
        given = [(rule, applied) for (rule, at), applied in self.picture.applied.items() if at == index and rule in givers]
        states = {applied for rule, applied in given if self._gives(rule, outcome.id, value)}
        if T in states:
            return "rule"
        # without a rule that certainly gives it, a value is certain because every case gives it in its own way
        unsure = any(self._gives(rule, outcome.id) for rule, applied in given if applied == U)
        if unsure or value not in ("not_governed", *(floor.value for floor in outcome.floor)):
            return "cases"
        return "floor" if value != "not_governed" else "no_law"

    def _gives(self, rule: str, outcome: str, value: str = "") -> bool:
        """Tell whether a version that may be law gives the outcome this value, or any when `value` is empty."""
        in_force = [version for version in self.pack.rules[rule].versions if str(version.valid) in self.picture.versions[rule]]
        given = [version.then[outcome] for version in in_force if outcome in version.then]
        return any(not value or each == value or (isinstance(each, str) and graph.expression(each) is not None) for each in given)

    def _rules(self, wanted: int) -> list[shapes.RuleAnswer]:
        return [self.rule(rule_id, index) for (rule_id, index), applied in self.picture.applied.items() if applied == wanted]

    def _overridden(self) -> list[shapes.RuleAnswer]:
        found = [key for key, fired in self.picture.fired.items() if fired == T and self.picture.applied[key] == F]
        return [self.rule(*key) for key in found]

    def rule(self, rule_id: str, index: int) -> shapes.RuleAnswer:
        """Return a rule of the answer, on one item or on the filing."""
        rule = self.pack.rules[rule_id]
        found = self.picture.applied.items() if rule_id in self.pack.overridable else ()
        over = [other for (other, at), applied in found if at == index and applied == T]
        return shapes.RuleAnswer.model_construct(
            rule=rule_id,
            item=self.item_name(rule.on, index) if rule.on else None,
            version=list(self.picture.versions[rule_id]),
            titles=rule.title,
            sources=self.cited.sources(rule_id, self.picture.versions[rule_id]),
            effect=rule.effect,
            authority=rule.authority,
            overridden_by=[other for other in over if rule_id in self.pack.rules[other].overrides],
        )

    def _fact(self, name: str, index: int) -> shapes.MissingFact:
        home = self.rulebook.list_of(name)
        item = self.item_name(home, index) if home else None
        return shapes.MissingFact(fact=name, item=item, question=self.rulebook.facts[name].question)

    def _settle(self, entry: Any) -> shapes.Settle:
        answers = [
            shapes.Reply(
                fact=a.fact,
                item=self.item_name(home, a.item) if (home := self.rulebook.list_of(a.fact)) else None,
                value=a.value,
            )
            for a in entry.answers
        ]
        return shapes.Settle(outcome=entry.outcome, value=entry.value, answers=answers, smallest=entry.smallest)

    def _unread(self) -> list[shapes.NoteAnswer]:
        """Name the tables whose text was not read for keys that the filing leaves possible."""
        slots = self.evaluator.inputs.slots(self.filing)
        found = []
        for table in self.evaluator.tables:
            for version in table.versions:
                rows = [row for row in version.rows if row.is_ == "unknown" and row.why and self._day() in version.valid]
                texts = {row.why for row in rows if row.why and self._row_possible(row.when, slots)}
                found += [shapes.NoteAnswer(id=table.id, text=text) for text in sorted(texts, key=lambda text: text.en)]
        return found

    def _row_possible(self, when: dict[str, Any], slots: Any) -> bool:
        layout = self.evaluator.inputs.layout
        for key, value in when.items():
            kind = layout.type_of(key)
            bit = (2 if value is True else 0) if kind.name == "bool" else 1 << kind.values.index(str(value))
            rows = self.evaluator.rows(slots, self.rulebook.list_of(key))
            stated = [row[layout.slot[key]] for _, row in rows]
            exact = [v == bit for v in stated]
            if not any(exact):
                return False
        return True


def names_of(outcome: Outcome, mask: int) -> list[str]:
    """Return the names in an outcome's mask: `not_governed`, the values in order, `conflict`."""
    names = ["not_governed", *(value.id for value in outcome.values), "conflict"]
    return [name for i, name in enumerate(names) if mask >> i & 1]


def _union(outcome: Outcome, value: tuple[int, int]) -> shapes.OutcomeAnswer:
    certain, possible = ([v.id for i, v in enumerate(outcome.values) if mask >> i & 1] for mask in value)
    determined = value[0] == value[1]
    shown = certain if determined else None
    return shapes.OutcomeAnswer(
        combine="union", determined=determined, value=shown, possible=possible, exact=determined, certain=certain
    )
