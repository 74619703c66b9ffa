"""Why an answer is what it is, why not another, and what would change it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.decide.assess import Writer, evaluator, names_of
from engine.decide.combine import fixed
from engine.decide.compile import truth
from engine.decide.complete import Enumeration, TooManyError
from engine.decide.filing import Filing, from_document
from engine.decide.missing import Search, points, state, uncertain
from engine.decide.narrow import settle
from engine.decide.values import F, T, U, known, show
from engine.errors import ContradictionError, InputError
from engine.rulebook import condition as ir
from engine.rulebook import graph
from engine.rulebook.prose import prose
from engine.rulebook.read import Node
from schemas import explanation as shapes
from schemas.rulebook import Text

if TYPE_CHECKING:
    from datetime import date

    from engine.decide.evaluate import Evaluator, Picture
    from engine.decide.program import Program
    from engine.decide.values import Slots
    from engine.rulebook.model import Rulebook

NEAREST = 5
CHANGES = 12
NODES = 400
ARITHMETIC = Text(
    zh="以下只是算术推演，不是建议；如实申报是申报人的义务",
    en="arithmetic only, not advice: facts must be filed as they are",
)


def explain(rulebook: Rulebook, pack: str, document: Node, as_of: date) -> shapes.Explanation:
    """Return the explanation of a filing's answer. Raises InputError."""
    evaluate = evaluator(rulebook, pack)
    filing = from_document(rulebook, document)
    return _Explainer(evaluate, filing, as_of).explanation()


class _Explainer:
    def __init__(self, evaluate: Evaluator, filing: Filing, as_of: date) -> None:
        self.evaluator = evaluate
        self.rulebook = evaluate.rulebook
        self.pack = evaluate.pack
        self.filing = filing
        self.as_of = as_of
        self.picture = evaluate.picture(filing, as_of)
        self.laws = self._laws()
        self.writer = Writer(evaluate, filing, self.picture, as_of)

    def explanation(self) -> shapes.Explanation:
        """Return the answer with its reasons."""
        answer = self.writer.answer(Search(self.evaluator, self.filing, self.as_of, self.picture).open())
        cited = {source.instrument for rule in (*answer.fired, *answer.unknown, *answer.overridden) for source in rule.sources}
        return shapes.Explanation(
            answer=answer,
            titles={name: outcome.title for name, outcome in self.pack.outcomes.items()},
            labels={name: {v.id: v.label for v in outcome.values} for name, outcome in self.pack.outcomes.items()},
            instruments={name: self.rulebook.instruments[name] for name in sorted(cited)},
            why=self._reasons(T),
            awaited=self._reasons(U),
            why_not=self._why_not(),
            changes=self._changes(),
            changes_are=ARITHMETIC,
            narrowed=self._narrowed(),
        )

    def _laws(self) -> dict[str, tuple[Program, Slots]]:
        """Return per rule the newest law of the possible days that has it, with the filing's slots filled under that law."""
        base = self.evaluator.inputs.slots(self.filing)
        settle(self.evaluator.inputs, self.filing, base)
        found: dict[str, tuple[Program, Slots]] = {}
        for law, slots in self.evaluator.editions(base, self.evaluator.days(base, self.as_of)):
            try:
                settle(self.evaluator.inputs, self.filing, slots)
            except ContradictionError:
                continue  # no day of this law agrees with the facts
            law.run(slots)
            found |= dict.fromkeys(law.edition.rules, (law, slots))
        return found

    # why --------------------------------------------------------------------------------------------------------------

    def _reasons(self, wanted: int) -> list[shapes.Reason]:
        return [
            shapes.Reason(
                rule=self.writer.rule(rule, index), condition=self._words(self._when(rule)), facts=self._facts(rule, index)
            )
            for (rule, index), applied in self.picture.applied.items()
            if applied == wanted
        ]

    def _when(self, rule: str) -> ir.Node:
        return self.rulebook.conditions[self.laws[rule][0].edition.rules[rule].when]

    def _words(self, node: ir.Node) -> Text:
        return Text(zh=prose(node, self.rulebook, self.pack, "zh"), en=prose(node, self.rulebook, self.pack, "en"))

    def _facts(self, rule: str, index: int) -> list[shapes.UsedFact]:
        """Return the declared facts behind a rule's condition, derived facts followed down to them."""
        law, slots = self.laws[rule]
        todo, seen = sorted(graph.mentioned(self.rulebook, law.edition.rules[rule].when)), dict[str, None]()
        while todo:
            name = todo.pop(0)
            if name in law.edition.derived and name not in seen:
                todo += sorted(graph.mentioned(self.rulebook, law.edition.derived[name]))
            seen[name] = None
        return [used for name in seen if name in self.rulebook.facts for used in self._uses(slots, name, index)]

    def _uses(self, slots: Slots, name: str, index: int) -> list[shapes.UsedFact]:
        home = self.rulebook.list_of(name)
        layout = self.evaluator.inputs.layout
        found = []
        for at, row in self.evaluator.rows(slots, home):
            if home and index >= 0 and at != index:
                continue
            item = self.writer.item_name(home, at) if home else None
            value = show(layout.type_of(name), row[layout.slot[name]])
            found.append(shapes.UsedFact(fact=name, item=item, label=self.rulebook.facts[name].label, value=value))
        return found

    # why not ----------------------------------------------------------------------------------------------------------

    def _why_not(self) -> list[shapes.WhyNot]:
        """Return the rules that came nearest to firing: those with the fewest failing parts."""
        near = []
        for (rule, index), fired in self.picture.fired.items():
            if fired == F and not self.writer.unlisted(rule, index):
                failing = self._failing(rule, index)
                if failing:
                    near.append((len(failing), rule, index, failing))
        near.sort(key=lambda entry: entry[:3])
        return [
            shapes.WhyNot(rule=self.writer.rule(rule, index), lacked=[self._words(part) for part in failing])
            for _, rule, index, failing in near[:NEAREST]
        ]

    def _failing(self, rule: str, index: int) -> list[ir.Node]:
        node, (law, slots) = self._when(rule), self.laws[rule]
        item = dict(self.evaluator.rows(slots, self.pack.rules[rule].on))[index] if index >= 0 else []
        parts = node.parts if isinstance(node, ir.And) else (node,)
        return [part for part in parts if truth(part, law.layout)(slots, item) == F]

    # what would change it -----------------------------------------------------------------------------------------------

    def _changes(self) -> list[shapes.Change]:
        found: list[shapes.Change] = []
        cells = points(self.evaluator)
        for name in self.evaluator.inputs.facts:
            home = self.rulebook.list_of(name)
            listed = len(self.filing.lists[home].items) if home in self.filing.lists else 0
            for index in range(listed) if home else (-1,):
                if len(found) < CHANGES and (change := self._change(name, home, index, cells[name])):
                    found.append(change)
        return found

    def _change(self, name: str, home: str, index: int, cells: tuple[Any, ...]) -> shapes.Change | None:
        """Return the first other value of a known fact that changes a filing-level outcome, nearest values first."""
        stated = self.filing.facts if index < 0 else self.filing.lists[home].items[index].facts
        kind = self.evaluator.inputs.layout.type_of(name)
        if name not in stated or not known(kind, stated[name]):
            return None
        now = stated[name]
        if kind.name in ("int", "decimal", "date"):
            cells = tuple(sorted(cells, key=lambda cell: abs(cell[0] - now[0])))
        for cell in cells:
            changed = self._outcomes_with(state(self.filing, home, index, name, cell)) if cell != now else {}
            if changed:
                item = self.writer.item_name(home, index) if home else None
                label = self.rulebook.facts[name].label
                there, here = show(kind, cell), show(kind, now)
                return shapes.Change(fact=name, item=item, label=label, now=here, instead=there, outcomes=changed)
        return None

    def _outcomes_with(self, filing: Filing) -> dict[str, list[str]]:
        try:
            picture = self.evaluator.picture(filing, self.as_of, split=False)
        except InputError:
            return {}
        ordered = [n for n, outcome in self.pack.outcomes.items() if outcome.combine != "union" and not self.rulebook.list_of(n)]
        return {n: self._possible(picture, n) for n in ordered if picture.outcomes[n, -1] & ~self.picture.outcomes[n, -1]}

    def _possible(self, picture: Picture, name: str) -> list[str]:
        return names_of(self.pack.outcomes[name], picture.outcomes[name, -1])

    def _narrowed(self) -> dict[str, shapes.Narrowed]:
        """Return outcomes whose possible values an enumeration of completions makes fewer; nothing when it is too large."""
        names = [n for n, o in self.pack.outcomes.items() if o.combine != "union" and (n, -1) in self.picture.outcomes]
        open_names = [n for n in names if not fixed(self.pack.outcomes[n].combine, self.picture.outcomes[n, -1])]
        complete = all(n in self.filing.lists and self.filing.lists[n].complete for n in self.evaluator.inputs.lists)
        if not open_names or not complete or self._beyond_counting():
            return {}
        try:
            exact = Enumeration(self.evaluator, self.as_of, NODES).run(self.filing)
        except TooManyError:
            return {}
        fewer = [n for n in open_names if (n, -1) in exact and exact[n, -1] != self.picture.outcomes[n, -1]]
        return {n: shapes.Narrowed(possible=names_of(self.pack.outcomes[n], exact[n, -1])) for n in fewer}

    def _beyond_counting(self) -> bool:
        """Tell whether an open fact has values for which no few can stand, so that trying these would prove nothing."""
        slots = self.evaluator.inputs.slots(self.filing)
        settle(self.evaluator.inputs, self.filing, slots)
        layout = self.evaluator.inputs.layout
        for name in uncertain(self.evaluator):
            for _, row in self.evaluator.rows(slots, self.rulebook.list_of(name)):
                value, guard = row[layout.slot[name]], layout.applies.get(name)
                settled = value[0] == value[1]
                if not settled and (guard is None or row[guard] != F):
                    return True
        return False
