"""One side of a request: a pack of law or an owner's policy, and what it says to each item.

A side is consulted where its `shares_when` holds, an owner's policy on the items of its data set. Its outcomes become marks of
`engine/decide/verdict`; the facts that may still change them are named, so that the search over open facts can split them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from engine.decide.compile import truth
from engine.decide.evaluate import AS_OF, Evaluator
from engine.decide.missing import Fact, Sum, sums, thresholds
from engine.decide.narrow import settle
from engine.decide.values import INF, F, T, U, known
from engine.decide.verdict import LAW_UNKNOWN, NOTHING, Mark, Worlds, both, either, mark
from engine.errors import ContradictionError
from engine.rulebook import condition as ir
from engine.rulebook.graph import expression, mentioned, rule_conditions
from engine.rulebook.model import PackRules
from schemas import rulebook as shapes

if TYPE_CHECKING:
    from engine.decide.filing import Filing
    from engine.decide.program import Program
    from engine.decide.values import Slots
    from engine.rulebook.model import Rulebook

REQUEST = "request"  # the list of what is asked for
SHARES = "shares"  # the rule that says whether a pack is consulted


class Heard(NamedTuple):
    """One rule as it bears on an item: how it applies, what it gives, and its mark."""

    rule: str
    item: int
    applied: int
    outcome: str
    value: str
    mark: int


@dataclass(frozen=True)
class State:
    """A side on one filing under one edition of law."""

    side: Side
    law: Program
    slots: Slots

    def row(self, item: int) -> Slots:
        """Return the slots of one item of the request, or of the filing where the side reads no items."""
        at = self.law.layout.slot.get(REQUEST)
        found: Slots = self.slots if at is None else self.slots[at].items[item]
        return found

    def worlds(self, item: int) -> Worlds:
        """Return the sets of marks that the side may give to an item; law may say anything on days that it does not cover."""
        asked = self.asked(item)
        if asked == F:
            return NOTHING
        said = (self.side.says(outcome, self._value(outcome, item)) for outcome in self.side.heard)
        found = both(*said) if self.covered else LAW_UNKNOWN
        return found if asked == T else either(found, NOTHING)

    @property
    def covered(self) -> bool:
        """Tell whether the pack covers the days of this edition; on others nobody has encoded what the law says."""
        clause = self.law.edition.rules.get(SHARES)
        return clause is None or clause.valid == self.side.pack.doc.covers

    def open(self, item: int) -> Iterator[Fact]:
        """Yield the unknown facts that may still change what the side says to an item, in declared order."""
        names = [name for name in self.side.heard if len(self.side.says(name, self._value(name, item))) > 1]
        if self.asked(item) == U:
            names.insert(0, f"rule:{SHARES}")
        live = set().union(*(self.law.live(self.slots, name, self.side.at(name, item)) for name in names))
        layout = self.law.layout
        for name in self.side.evaluator.inputs.facts:
            guard = layout.applies.get(name)
            for index, row in self.side.evaluator.rows(self.slots, self.side.rulebook.list_of(name)):
                # what may not apply is no fact to state: its guard is among the live facts and is settled first
                unknown = not known(layout.type_of(name), row[layout.slot[name]])
                if (name, index) in live and unknown and (guard is None or row[guard] == T) and self._listed(name, index):
                    yield name, index

    def marks(self, fact: Fact) -> set[int]:
        """Return the values at which a number or date begins to say something else, those that the other facts fix included."""
        found = set(self.side.marks.get(fact[0], ()))
        for each in self.side.sums:
            if fact[0] in each.facts:
                others = [(sign, self._fixed(name, fact[1])) for name, sign in each.facts.items() if name != fact[0]]
                if all(value is not None for _, value in others):
                    at = each.facts[fact[0]] * (each.const - sum(sign * (value or 0) for sign, value in others))
                    found |= {at, at + 1}
        return found

    def _fixed(self, name: str, item: int) -> int | None:
        """Return the value of a number that is known, of the item or of the filing; 0 of one that does not apply."""
        home = self.side.rulebook.list_of(name)
        if home and item < 0:
            return None
        guard = self.law.layout.applies.get(name)
        row = self.slots[self.law.layout.slot[home]].items[item] if home else self.slots
        if guard is not None and row[guard] != T:
            return 0 if row[guard] == F else None
        low, high = row[self.law.layout.slot[name]]
        return int(low) if low == high else None

    def value(self, fact: Fact) -> Any:
        """Return what is possible of a fact, narrowed by the others."""
        name, index = fact
        at = self.law.layout.slot[name]
        home = self.side.rulebook.list_of(name)
        return self.slots[at] if index < 0 else self.slots[self.law.layout.slot[home]].items[index][at]

    def consistent(self, item: int) -> bool:
        """Tell whether the constraints among the facts certainly hold; where the side is not consulted they bear on nothing."""
        inputs = self.side.evaluator.inputs
        return self.asked(item) == F or all(
            holds(self.slots, row) == T
            for _, home, holds in inputs.constraints
            for _, row in self.side.evaluator.rows(self.slots, home)
        )

    def rules(self, item: int) -> Iterator[Heard]:
        """Yield the rules that bear on an item and apply, or may; where one works a value out, first those behind it."""
        asked = self.asked(item)
        slot, row = self.law.layout.slot, self.row(item)
        for rule, local, given in self.side.giving(self.law) if asked != F else ():
            applied = min(asked, (row if local else self.slots)[slot[f"applied:{rule}"]])
            if applied != F:
                for outcome, value, bits in given:
                    if value is not None:
                        yield Heard(rule, item if local else -1, applied, outcome, value, bits)
                        continue
                    for each, m in self._told(outcome, item):
                        for other, sure in self._behind(rule, outcome, each):
                            yield Heard(other, -1, min(asked, sure), outcome, each, m)
                        yield Heard(rule, item if local else -1, applied, outcome, each, m)

    def _behind(self, rule: str, outcome: str, value: str) -> Iterator[tuple[str, int]]:
        """Yield the rules that give a value to the outcomes from which a rule works its own out, and how they apply."""
        pack, rules = self.side.pack, self.law.edition.rules
        todo = [(rule, outcome)]
        while todo:
            name, about = todo.pop()
            for read in _worked_from(self.side.rulebook, rules[name], about) & set(pack.outcomes):
                for other, version in rules.items():
                    given = version.then.get(read)
                    rows = self.side.evaluator.rows(self.slots, pack.rules[other].on)
                    applied = max((row[self.law.layout.slot[f"applied:{other}"]] for _, row in rows), default=F)
                    if applied != F and given == value:
                        yield other, applied
                    elif applied != F and isinstance(given, str) and expression(given) is not None:
                        todo.append((other, read))

    def duties(self, item: int) -> Iterator[tuple[str, shapes.Value, int]]:
        """Yield each value that is a duty and certain (T) or possible (U), with its outcome."""
        asked = self.asked(item)
        for name in self.side.heard if asked != F else ():
            value, marks = self._value(name, item), self.side.marked[name]
            one = self.side.pack.outcomes[name].combine != "union"
            must, may = (value if value & (value - 1) == 0 else 0, value) if one else value
            for k, each in enumerate(self.side.pack.outcomes[name].values):
                if may >> k + one & 1 and marks[k + one] & Mark.DUTY:
                    yield name, each, min(asked, T if must >> k + one & 1 else U)

    def _told(self, outcome: str, item: int) -> tuple[tuple[str, int], ...]:
        """Return the value of an outcome that a rule works out, once it is fixed."""
        told, mask = self.side.pack.outcomes[outcome], self._value(outcome, item)
        if told.combine == "union" or mask & (mask - 1) or mask < 2:  # noqa: PLR2004 - bit 0 is "not governed"
            return ()
        k = mask.bit_length() - 2
        return ((told.values[k].id, next(iter(self.side.says(outcome, mask)))),) if k < len(told.values) else ()

    def asked(self, item: int) -> int:
        """Return whether the side is consulted on an item."""
        if not self.side.pack.doc.shares_when:
            return T
        found: int = (self.row(item) if self.side.local else self.slots)[self.law.layout.slot[f"rule:{SHARES}"]]
        return found

    def _value(self, outcome: str, item: int) -> Any:
        at = self.law.layout.slot[outcome]
        return self.row(item)[at] if self.side.rulebook.list_of(outcome) else self.slots[at]

    def _listed(self, name: str, index: int) -> bool:
        home = self.side.rulebook.list_of(name)
        return index < 0 or index < len(self.slots[self.law.layout.slot[home]].items)


class Side:
    """A pack as it speaks to requests; built once per rulebook and kept."""

    def __init__(self, rulebook: Rulebook, pack: PackRules) -> None:
        """Prepare the outcomes that say something, and the rule that says where the pack is consulted."""
        self.rulebook = rulebook
        self.owner = pack.doc.data_set is not None
        when = pack.doc.shares_when
        self.local = any(rulebook.list_of(name) == REQUEST for name in mentioned(rulebook, when)) if when else False
        asked = {SHARES: _asked(pack, when, self.local)} if when else {}
        self.pack = PackRules(pack.doc, pack.rules | asked)
        self.evaluator = Evaluator(rulebook, self.pack)
        nothing: dict[str, Any] = {"derived": [], "outcomes": [], "goes_to": [], "notes": []}
        self.clause = Evaluator(rulebook, PackRules(pack.doc.model_copy(update=nothing), asked)).inputs if when else None
        self.reads = frozenset(self.evaluator.inputs.layout.slot)
        names = self.evaluator.inputs.facts
        self.reads_item = tuple(name for name in names if rulebook.list_of(name) == REQUEST)
        self.reads_whole = tuple(name for name in names if not rulebook.list_of(name))
        self.heard = tuple(name for name in pack.outcomes if self._speaks(name))
        self.marked = {name: self._marks_of(name) for name in self.heard}
        self._giving: dict[int, list[tuple[str, bool, list[tuple[str, str | None, int]]]]] = {}

    def states(self, filing: Filing, as_of: date) -> list[State]:
        """Return the side under each edition that the days may meet. Raises ContradictionError.

        There is none where it is not consulted, and none of a policy before or after its terms.
        """
        if not self._consulted(filing):
            return []
        base = self.evaluator.inputs.slots(filing)
        settle(self.evaluator.inputs, filing, base)
        if self.clause is None and self.in_force(self.pack.doc.covers, filing, as_of) == "no":
            return []
        days = self.evaluator.days(base, as_of)
        found, first = [], None
        for law, slots in self.evaluator.editions(base, days):
            try:
                settle(self.evaluator.inputs, filing, slots)
            except ContradictionError as error:  # no day of this law agrees with the facts
                first = first or error
                continue
            law.run(slots)
            found.append(State(self, law, slots))
        if first and not found:
            raise first
        return found

    def _consulted(self, filing: Filing) -> bool:
        """Tell whether the pack may be consulted at all: most of law is not, and its clause is worked out much faster than it."""
        if self.clause is None:
            return True
        slots, layout = self.clause.slots(filing), self.clause.layout
        settle(self.clause, filing, slots)
        holds = truth(self.rulebook.conditions[self.pack.doc.shares_when], layout)
        rows = slots[layout.slot[REQUEST]] if self.local else None
        if rows is None:
            return bool(holds(slots, []) != F)
        return any(holds(slots, row) != F for row in (*rows.items, *([rows.more] if rows.more else ())))

    @cached_property
    def compares_items(self) -> bool:
        """Tell whether what the side says to an item can depend on the other items of the request.

        It does through a part that counts or sums them up, or a constraint that ties a fact of the request to those of an item.
        """
        book = self.rulebook
        todo: list[str] = [*self.heard, *(mentioned(book, self.pack.doc.shares_when) if self.pack.doc.shares_when else ())]
        texts = {self.pack.doc.shares_when} - {""}
        seen: set[str] = set()
        while todo:
            if (name := todo.pop()) not in seen:
                seen.add(name)
                found = set(self._behind_name(name))
                todo += [other for text in found - texts for other in mentioned(book, text)]
                texts |= found
        tied = (each.always for each in book.constraints.values() if mentioned(book, each.always) & seen)
        return any(_over_items(book, text) for text in texts) or any(_ties_items(book, text) for text in tied)

    def _behind_name(self, name: str) -> Iterator[str]:
        """Yield the conditions from which an outcome, a derived fact, or whether a fact applies, is worked out."""
        if name in self.rulebook.facts:
            yield from filter(None, (self.rulebook.facts[name].applies_when,))
        elif name in self.pack.derived:
            yield from (version.is_ for version in self.pack.derived[name].versions)
        giving = {rule for rule, each in self.pack.rules.items() if any(name in version.then for version in each.versions)}
        size = -1
        while size != len(giving):  # and what overrides them
            size = len(giving)
            giving |= {rule for rule, each in self.pack.rules.items() if giving & set(each.overrides)}
        for rule in giving:
            for version in self.pack.rules[rule].versions:
                yield from rule_conditions(version)

    def in_force(self, period: shapes.Period, filing: Filing, as_of: date) -> Literal["certain", "possible", "no"]:
        """Tell whether a period lies over the days of a filing that select the law, or the terms, of this pack."""
        name, slot = self.pack.doc.date, self.evaluator.inputs.layout.slot
        today = as_of.toordinal()
        first, last = (today, today) if name == AS_OF else self.evaluator.inputs.slots(filing)[slot[name]]
        start, end = period.start.toordinal(), period.end.toordinal() if period.end else INF
        if last < start or first > end:
            return "no"
        return "certain" if start <= first and last <= end else "possible"

    @property
    def dates(self) -> list[str]:
        """The date facts that select law."""
        return [name for name in self.evaluator.cuts if name != AS_OF]

    @cached_property
    def sums(self) -> list[Sum]:
        """The comparisons of facts that are added up, or compared with each other."""
        return list(sums(self.evaluator))

    @cached_property
    def marks(self) -> dict[str, set[int]]:
        """The values at which numbers and dates begin to say something else."""
        found = thresholds(self.evaluator)
        for name, days in self.evaluator.cuts.items():
            found.setdefault(name, set()).update(days)
        return found

    def says(self, outcome: str, value: Any) -> Worlds:
        """Return the sets of marks of what is possible of an outcome."""
        marks = self.marked[outcome]
        if self.pack.outcomes[outcome].combine != "union":
            return frozenset(m for k, m in enumerate(marks) if value >> k & 1)
        must, may = value
        found = frozenset({_all(marks, must)})
        for k, m in enumerate(marks):
            if (may & ~must) >> k & 1:
                found = either(found, both(found, frozenset({m})))
        return found

    def word(self, outcome: str, value: str) -> str:
        """Return what a value says to a request, in the word of its pack."""
        told = self.pack.outcomes[outcome]
        return next((each.request for each in told.values if each.id == value and each.request), told.request)

    def at(self, name: str, item: int) -> int:
        """Return where an outcome or the rule `shares` stands for an item."""
        local = self.local if name.startswith("rule:") else bool(self.rulebook.list_of(name))
        return item if local else -1

    def giving(self, law: Program) -> list[tuple[str, bool, list[tuple[str, str | None, int]]]]:
        """Return per rule whether it is of the item, and each outcome, value and mark that it gives; no value when worked out."""
        if id(law) not in self._giving:
            self._giving[id(law)] = [
                (rule, bool(self.pack.rules[rule].on), given)
                for rule, version in law.edition.rules.items()
                if rule != SHARES and self.pack.rules[rule].on in ("", REQUEST) and (given := list(self._given(version)))
            ]
        return self._giving[id(law)]

    def _given(self, version: shapes.RuleVersion) -> Iterator[tuple[str, str | None, int]]:
        for outcome, given in version.then.items():
            if outcome not in self.heard:
                continue
            if isinstance(given, str) and expression(given) is not None:
                yield outcome, None, 0
                continue
            for value in [given] if isinstance(given, str) else given:
                k = [entry.id for entry in self.pack.outcomes[outcome].values].index(value)
                shift = self.pack.outcomes[outcome].combine != "union"
                yield outcome, value, self.marked[outcome][k + shift]

    def _speaks(self, name: str) -> bool:
        outcome = self.pack.outcomes[name]
        scope = self.rulebook.list_of(name) in ("", REQUEST)
        return scope and bool(outcome.request or any(value.request or value.conflict for value in outcome.values))

    def _marks_of(self, name: str) -> tuple[int, ...]:
        """Return the mark of each value; an outcome that takes one value has `not governed` before them and `conflict` after."""
        outcome = self.pack.outcomes[name]
        if outcome.combine == "union":
            return tuple(self._of_union(outcome, value) for value in outcome.values)
        told = (mark(value.request or outcome.request, owner=self.owner) for value in outcome.values)
        return (0, *told, int(Mark.HUMAN))

    def _of_union(self, outcome: shapes.Outcome, value: shapes.Value) -> int:
        """Return the mark of one value among others: a duty there grants nothing, and two regimes that collide need a human."""
        says = value.request or outcome.request
        if value.conflict:
            return int(Mark.HUMAN)
        return int(Mark.DUTY) if says == "duty" else mark(says, owner=self.owner)


def _worked_from(rulebook: Rulebook, version: shapes.RuleVersion, outcome: str) -> frozenset[str]:
    """Return the names from which a rule works out the value of an outcome."""
    given = version.then.get(outcome)
    text = expression(given) if isinstance(given, str) else None
    return mentioned(rulebook, text) if text is not None else frozenset()


def _over_items(rulebook: Rulebook, text: str) -> bool:
    """Tell whether a condition looks at all items of the request."""
    for part in ir.walk(rulebook.conditions[text]):
        match part:
            case ir.AnyOf() | ir.AllOf() | ir.Count():
                if part.list == REQUEST:
                    return True
            case ir.Fold():
                if rulebook.list_of(part.value.id) == REQUEST:
                    return True
    return False


def _ties_items(rulebook: Rulebook, text: str) -> bool:
    """Tell whether a constraint ties facts of an item to those of the request, so that one item tells something of another."""
    homes = {rulebook.list_of(name) for name in mentioned(rulebook, text)}
    return _over_items(rulebook, text) or (REQUEST in homes and len(homes) > 1)


def _all(marks: tuple[int, ...], mask: int) -> int:
    found = 0
    for k, m in enumerate(marks):
        if mask >> k & 1:
            found |= m
    return found


def _asked(pack: PackRules, when: str, local: bool) -> shapes.Rule:
    """Return the rule that fires where a pack is consulted, on days that the pack does not cover as well.

    Its version shows which: that of the days covered is valid on just these.
    """
    covers, other = pack.doc.covers, []
    if covers.start > date.min:
        other.append(shapes.Period(start=date.min, end=covers.start - timedelta(days=1)))
    if covers.end:
        other.append(shapes.Period(start=covers.end + timedelta(days=1)))
    versions = [
        shapes.RuleVersion.model_construct(valid=valid, when=when, then={}, gap=False, sources=[]) for valid in (covers, *other)
    ]
    origin = shapes.RuleOrigin(factor="design", effect="design")
    return shapes.Rule.model_construct(
        title=pack.doc.title, on=REQUEST if local else "", effect="advisory", origin=origin, sources=[], versions=versions
    )


__all__ = ["REQUEST", "Heard", "Side", "State"]
