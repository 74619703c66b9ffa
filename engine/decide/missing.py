"""What would settle an answer: `missing`, `may_matter` and `settle`, by a bounded search that the rulebook fixes.

A fact matters when two completions differ in it alone and have different outcomes: a witness proves it. A fact no undetermined
outcome can read does not matter. What is neither proven is `may_matter`. How many completions
are tried is a constant, never a time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from engine.decide import bounds
from engine.decide.combine import fixed
from engine.decide.compile import scaled
from engine.decide.filing import Filing, Item, Listing
from engine.decide.narrow import again, settle
from engine.decide.values import INF, LAST_DAY, F, U, known, meet, show, whole
from engine.errors import ContradictionError
from engine.rulebook import condition as ir
from engine.rulebook import graph

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from engine.decide.evaluate import Evaluator, Picture
    from engine.decide.inputs import Inputs
    from engine.decide.trial import Trial
    from engine.decide.values import Slots

COMPLETIONS = 6
NODES = 80
Fact = tuple[str, int]  # name, item index or -1


@dataclass(frozen=True, slots=True)
class Answer:
    """One fact with one value that a filing could state."""

    fact: str
    item: int
    value: Any


@dataclass(frozen=True, slots=True)
class Settlement:
    """For one possible value of an outcome, answers that fix it; `smallest` when no fewer can."""

    outcome: str
    value: str
    answers: tuple[Answer, ...]
    smallest: bool


@dataclass(frozen=True, slots=True)
class Open:
    """What is open: facts that matter, facts that may, and how to settle each value."""

    missing: tuple[Fact, ...]
    may_matter: tuple[Fact, ...]
    settle: tuple[Settlement, ...]


class Search:
    """Searches completions of one filing; every evaluation is counted."""

    def __init__(self, evaluator: Evaluator, filing: Filing, as_of: date, picture: Picture) -> None:
        """Search for what settles `picture`, the answer to `filing`."""
        self.evaluator = evaluator
        self.filing = filing
        self.as_of = as_of
        self.picture = picture
        self.candidates = self._candidates()

    @cached_property
    def points(self) -> dict[str, tuple[Any, ...]]:
        """Return the values that stand for all; an answer that is determined never asks for them."""
        return points(self.evaluator)

    def open(self) -> Open:
        """Return what is open; nothing is when every filing-level outcome is determined."""
        if not self._undetermined(self.picture):
            return Open((), (), ())
        found = self._completions()
        completions = {id(trial): trial for trial in found.values()}.values()
        # one witness is enough: `any` stops at the first completion in which the fact decides
        proven = {fact for fact in self.candidates if any(self._matters(trial, fact) for trial in completions)}
        missing = tuple(fact for fact in self.candidates if fact in proven)
        rest = tuple(fact for fact in self.candidates if fact not in proven)
        return Open(missing, rest, tuple(self._settlements(found)))

    # candidates -------------------------------------------------------------------------------------------------------

    def _undetermined(self, picture: Picture) -> list[str]:
        outcomes = self.evaluator.pack.outcomes
        return [
            n
            for n, outcome in outcomes.items()
            if (n, -1) in picture.outcomes and not fixed(outcome.combine, picture.outcomes[n, -1])
        ]

    def _candidates(self) -> list[Fact]:
        """Return the unknown facts that an undetermined outcome can read through rules that are not certainly out."""
        relevant = self._cone()
        slots = self.evaluator.inputs.slots(self.filing)
        layout = self.evaluator.inputs.layout
        found = []
        for name in self.evaluator.inputs.facts:
            if name not in relevant:
                continue
            home = self.evaluator.rulebook.list_of(name)
            for index, row in self.evaluator.rows(slots, home):
                listed = index < 0 or index < len(slots[layout.slot[home]].items)
                if listed and not known(layout.type_of(name), row[layout.slot[name]]):
                    found.append((name, index))
        return found

    def _cone(self) -> set[str]:
        rulebook, pack = self.evaluator.rulebook, self.evaluator.pack
        todo = self._undetermined(self.picture)
        seen: set[str] = {pack.doc.date} if any(len(v) > 1 for v in self.picture.versions.values()) else set()
        while todo:
            name = todo.pop()
            if name in seen:
                continue
            seen.add(name)
            todo += self._reads(rulebook, pack, name)
        return seen

    def _reads(self, rulebook: Any, pack: Any, name: str) -> Iterator[str]:
        fact = rulebook.facts.get(name)
        if fact and fact.applies_when:
            yield from graph.mentioned(rulebook, fact.applies_when)
        if name in pack.derived:
            for version in pack.derived[name].versions:
                yield from graph.mentioned(rulebook, version.is_)
        if name in pack.outcomes:
            for rule_id, rule in pack.rules.items():
                for version in rule.versions:
                    if name in version.then and any(v for (r, _), v in self.picture.fired.items() if r == rule_id):
                        for text in graph.rule_conditions(version):
                            yield from graph.mentioned(rulebook, text)
                        yield pack.date_of(rule)

    # completions ------------------------------------------------------------------------------------------------------

    def _completions(self) -> dict[tuple[str, Any], Trial]:
        """Return a completed filing per value of an undetermined outcome, as far as COMPLETIONS and NODES allow."""
        names = self._undetermined(self.picture)
        found: dict[tuple[str, Any], Trial] = {}
        spent = 0
        for turn in range(COMPLETIONS):
            draft = Draft.of(self.evaluator.inputs, self.filing)
            for k, fact in enumerate(self.candidates):
                if spent >= NODES * COMPLETIONS:
                    break
                spent += 1
                draft = self._choose(draft, fact, turn, k)
            trial = self._trial(draft.filing, names)
            for name, value in zip(names, trial.possible() or (), strict=False):
                if fixed(self.evaluator.pack.outcomes[name].combine, value):
                    found.setdefault((name, value), trial)
        return found

    def _choose(self, draft: Draft, fact: Fact, turn: int, k: int) -> Draft:
        bounds.check()
        cells = self.points.get(fact[0], ())
        if not cells or not draft.can_apply(*fact):
            return draft
        # all first values, all last ones, then values that alternate from fact to fact and from pair to pair
        order = (0, -1)[turn] if turn < 2 else (turn * 7 + k // (turn // 2)) % len(cells)  # noqa: PLR2004 - the first two turns
        for step in range(len(cells)):
            changed = draft.stating(*fact, cells[(order + step) % len(cells)])
            if changed is not None:
                return changed
        return draft

    def _trial(self, filing: Filing, outcomes: Iterable[str]) -> Trial:
        return self.evaluator.trial(filing, self.as_of, tuple(outcomes))

    def _matters(self, completion: Trial, fact: Fact) -> bool:
        """Tell whether two values of a fact give a completion two answers; its own is known."""
        seen = set()
        own = _stated(completion.filing, self._home(fact), fact)
        for cell in self.points.get(fact[0], ()):
            value = self._met(fact, cell)
            if value is None:
                continue
            changed = state(completion.filing, self._home(fact), fact[1], fact[0], value)
            trial = completion if value == own else completion.with_(changed, fact[0])
            if values := trial.decided():
                seen.add(values)
                if len(seen) > 1:
                    return True
        return False

    def _met(self, fact: Fact, cell: Any) -> Any:
        """Return what of a cell the filing itself leaves possible."""
        kind = self.evaluator.inputs.layout.type_of(fact[0])
        stated = _stated(self.filing, self._home(fact), fact)
        return meet(kind, whole(self.evaluator.rulebook.facts[fact[0]], kind) if stated is None else stated, cell)

    # settlements ------------------------------------------------------------------------------------------------------

    def _settlements(self, found: dict[tuple[str, Any], Trial]) -> Iterator[Settlement]:
        for name in self._undetermined(self.picture):
            outcome = self.evaluator.pack.outcomes[name]
            if outcome.combine == "union":
                continue
            for k, value in enumerate(outcome.values):
                bit = 1 << k + 1
                if self.picture.outcomes[name, -1] & bit and (name, bit) in found:
                    yield self._settlement(name, value.id, bit, found[name, bit].filing)

    def _settlement(self, name: str, value: str, bit: int, completion: Filing) -> Settlement:
        added = [
            fact
            for fact in self.candidates
            if _stated(completion, self._home(fact), fact) != _stated(self.filing, self._home(fact), fact)
        ]
        asked = self._trial(self.filing, (name,))
        for fact in added:
            alone = self._like(self.filing, completion, fact)
            found = asked.with_(alone, fact[0])
            if found.decided() == (bit,):
                shrunk = self._shrunk(alone, found, (fact,), bit)
                return Settlement(name, value, (self._answer(shrunk, fact),), smallest=True)
        needed, filing = list(added), self.filing
        for fact in added:
            filing = self._like(filing, completion, fact)
        trial = self._trial(filing, (name,))
        for fact in reversed(added):
            fewer = self._like(filing, self.filing, fact)
            found = trial.with_(fewer, fact[0])
            if found.decided() == (bit,):
                needed, filing, trial = [other for other in needed if other != fact], fewer, found
        shrunk = self._shrunk(filing, trial, tuple(needed), bit)
        return Settlement(name, value, tuple(self._answer(shrunk, fact) for fact in needed), smallest=len(needed) <= 1)

    def _shrunk(self, filing: Filing, trial: Trial, added: tuple[Fact, ...], bit: int) -> Filing:
        """Return the filing with its added sets reduced to the values that the outcome needs."""
        for fact in added:
            if self.evaluator.inputs.layout.type_of(fact[0]).name == "set":
                for k in range(len(self.evaluator.rulebook.facts[fact[0]].values)):
                    now = _stated(filing, self._home(fact), fact)[0]
                    if now >> k & 1 and self._within(fact, now & ~(1 << k)):
                        fewer = state(filing, self._home(fact), fact[1], fact[0], (now & ~(1 << k), now & ~(1 << k)))
                        found = trial.with_(fewer, fact[0])
                        filing, trial = (fewer, found) if found.decided() == (bit,) else (filing, trial)
        return filing

    def _within(self, fact: Fact, mask: int) -> bool:
        """Tell whether a set agrees with what the filing states of it."""
        stated = _stated(self.filing, self._home(fact), fact)
        return stated is None or stated[0] & ~mask == 0

    def _home(self, fact: Fact) -> str:
        return self.evaluator.rulebook.list_of(fact[0])

    def _like(self, filing: Filing, other: Filing, fact: Fact) -> Filing:
        """Return the filing with one fact as another filing states it, or leaves it out."""
        return state(filing, self._home(fact), fact[1], fact[0], _stated(other, self._home(fact), fact))

    def _answer(self, completion: Filing, fact: Fact) -> Answer:
        kind = self.evaluator.inputs.layout.type_of(fact[0])
        return Answer(fact[0], fact[1], show(kind, _stated(completion, self._home(fact), fact)))


def _stated(filing: Filing, home: str, fact: Fact) -> Any:
    facts = filing.facts if fact[1] < 0 else filing.lists[home].items[fact[1]].facts
    return facts.get(fact[0])


@dataclass(frozen=True, slots=True)
class Draft:
    """A filing on the way to completion, with its settled slots."""

    inputs: Inputs
    filing: Filing
    slots: Slots

    @classmethod
    def of(cls, inputs: Inputs, filing: Filing) -> Draft:
        """Return the draft of a filing. Raises ContradictionError."""
        slots = inputs.slots(filing)
        settle(inputs, filing, slots)
        return cls(inputs, filing, slots)

    def can_apply(self, name: str, index: int) -> bool:
        """Tell whether a fact may apply."""
        guard = self.inputs.layout.applies.get(name)
        return guard is None or bool(self.inputs.row(self.slots, name, index)[guard] != F)

    def bounds(self, name: str, index: int) -> Any:
        """Return what the other facts leave possible of one."""
        return self.inputs.row(self.slots, name, index)[self.inputs.layout.slot[name]]

    def stating(self, name: str, index: int, cell: Any) -> Draft | None:
        """Return the draft with what it states of a fact cut down to a cell; None when the facts exclude that."""
        rulebook, kind = self.inputs.layout.rulebook, self.inputs.layout.type_of(name)
        home = rulebook.list_of(name)
        stated = _stated(self.filing, home, (name, index))
        met = meet(kind, whole(rulebook.facts[name], kind) if stated is None else stated, cell)
        if met is None:
            return None
        changed = state(self.filing, home, index, name, met)
        try:
            return Draft(self.inputs, changed, again(self.inputs, self.inputs.part(name), changed, self.slots))
        except ContradictionError:
            return None


def state(filing: Filing, home: str, index: int, name: str, value: Any) -> Filing:
    """Return the filing with a fact stated, at filing level when `index` is -1; without it when `value` is None."""
    if index < 0:
        return replace(filing, facts=_with(filing.facts, name, value))
    listing = filing.lists[home]
    items = list(listing.items)
    items[index] = Item(items[index].id, _with(items[index].facts, name, value))
    return replace(filing, lists=filing.lists | {home: Listing(tuple(items), listing.complete)})


def _with(facts: dict[str, Any], name: str, value: Any) -> dict[str, Any]:
    return {key: each for key, each in facts.items() if key != name} if value is None else facts | {name: value}


def points(evaluator: Evaluator) -> dict[str, tuple[Any, ...]]:
    """Return per fact values that stand for all: each enum value, both truths, the ends of each interval between thresholds."""
    marks = thresholds(evaluator)
    totals = set().union(*marks.values()) if marks else set()
    return {name: _cells(evaluator, name, marks.get(name, set()), totals) for name in evaluator.inputs.facts}


def thresholds(evaluator: Evaluator) -> dict[str, set[int]]:
    """Return per number and date the first values at which a comparison with a constant changes."""
    marks: dict[str, set[int]] = {}
    for text in graph.pack_texts(evaluator.rulebook, evaluator.pack):
        for part in ir.walk(evaluator.rulebook.conditions[text]):
            if isinstance(part, ir.Compare):
                _marks(part, evaluator.inputs.layout, marks)
    return marks


@dataclass(frozen=True, slots=True)
class Sum:
    """A comparison of numbers or dates that are added up or compared with each other: facts by their sign, and a constant."""

    facts: dict[str, int]
    const: int


def sums(evaluator: Evaluator) -> Iterator[Sum]:
    """Yield the comparisons in which more than one fact stands, each once; whole numbers or dates, each fact once."""
    layout = evaluator.inputs.layout
    for text in graph.pack_texts(evaluator.rulebook, evaluator.pack):
        for part in ir.walk(evaluator.rulebook.conditions[text]):
            if isinstance(part, ir.Compare) and len(part.rest) == 1:
                left, right = ([(term, sign) for term in _added(side)] for side, sign in ((part.first, 1), (part.rest[0][1], -1)))
                terms = left + right
                named = {term.id: sign for term, sign in terms if isinstance(term, ir.Name) and term.id in evaluator.inputs.facts}
                consts = [(term, sign) for term, sign in terms if isinstance(term, ir.Const)]
                kinds = {layout.type_of(name).name for name in named}
                if 1 < len(named) == len(terms) - len(consts) and kinds in ({"int"}, {"date"}):
                    kind = layout.type_of(next(iter(named)))
                    yield Sum(named, -sum(sign * scaled(term, kind) for term, sign in consts))


def _added(node: ir.Node) -> tuple[ir.Node, ...]:
    return node.parts if isinstance(node, ir.Add) else (node,)


def _marks(node: ir.Compare, layout: Any, marks: dict[str, set[int]]) -> None:
    """Add per fact the first values at which a comparison with a constant changes."""
    terms = (node.first, *(term for _, term in node.rest))
    named = [name for term in terms for name in ir.names(term) if name in layout.slot]
    consts = [(op, term) for op, pair in zip([op for op, _ in node.rest], pairwise(terms), strict=True) for term in pair]
    for name in named:
        kind = layout.type_of(name)
        if kind.name in ("int", "decimal", "date"):
            for op, term in consts:
                if isinstance(term, ir.Const) and hasattr(term.value, "toordinal") == (kind.name == "date"):
                    at = scaled(term, kind)
                    # on whichever side the constant stands, one of `<` and `<=` changes at it and the other after it
                    marks.setdefault(name, set()).update(
                        {at, at + 1} if op in ("<=", ">", "==", "!=") or term is terms[0] else {at}
                    )


def uncertain(evaluator: Evaluator) -> set[str]:
    """Return the facts for which no few values stand for all: sets, and numbers that are added up or compared with each other."""
    facts = evaluator.rulebook.facts
    found = {name for name in evaluator.inputs.facts if facts[name].type == "set"}
    for text in graph.pack_texts(evaluator.rulebook, evaluator.pack):
        for part in ir.walk(evaluator.rulebook.conditions[text]):
            if isinstance(part, ir.Compare):
                open_terms = [term for term in (part.first, *(term for _, term in part.rest)) if not isinstance(term, ir.Const)]
                if len(open_terms) > 1 or not isinstance(open_terms[0], (ir.Name, ir.Lookup)):
                    found |= {
                        name for term in open_terms for name in graph.leaves(evaluator.rulebook, evaluator.pack, ir.names(term))
                    }
    return {name for name in found if name in facts and facts[name].type in ("int", "decimal", "date", "set")}


def _cells(evaluator: Evaluator, name: str, marks: set[int], totals: set[int]) -> tuple[Any, ...]:
    kind = evaluator.inputs.layout.type_of(name)
    domain = whole(evaluator.rulebook.facts[name], kind)
    match kind.name:
        case "bool":
            return (F, 2)
        case "enum":
            return tuple(1 << i for i in range(len(kind.values)))
        case "set":
            full = domain[1]
            return ((0, 0), *((1 << i, 1 << i) for i in range(len(kind.values))), (full, full))
        case "date":
            days = {day for cut in {*evaluator.cuts.get(name, []), *marks} for day in (cut - 1, cut) if 1 <= day <= LAST_DAY}
            return tuple((day, day) for day in sorted(days))
        case _:
            low = domain[0] if domain[0] > -INF else 0
            points = {low} | {p for m in marks or totals for p in (m - 1, m) if domain[0] <= p <= domain[1] and m < 10**9}
            return tuple((p, p) for p in sorted(points))


__all__ = ["Answer", "Open", "Search", "Settlement", "U", "state"]
