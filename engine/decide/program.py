"""One edition of a pack -> a program: steps over slots, in the order of the strata.

A program is built once per combination of law in force and kept; running it on a branch of a filing is the reference evaluation.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.decide import bounds, combine
from engine.decide.compile import Kept, number, term_value, truth
from engine.decide.inputs import Inputs
from engine.decide.layout import Layout, Step
from engine.decide.values import Closure, F, Slots, T, known, whole
from engine.rulebook import graph
from engine.rulebook.typing import type_of_term
from schemas.term import Type

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.rulebook import condition as ir
    from engine.rulebook.graph import Edition
    from engine.rulebook.model import PackRules, Rulebook

_NOTHING: Slots = []  # what stands for an item where there is none


class Link(NamedTuple):
    """A step with the names that it reads and its own, as bits."""

    step: Step
    reads: int
    own: int


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a fact, rule, derived fact or outcome stands: the slot of its list or -1, its own, and that of its applicability."""

    home: int
    at: int
    guard: int | None
    kind: Type

    def fixed(self, filing: Slots, index: int) -> bool:
        """Tell whether it has one value left, or certainly does not apply."""
        row = filing
        if index >= 0:
            items, more, _ = filing[self.home]
            row = items[index] if index < len(items) else more
        applies = T if self.guard is None else row[self.guard]
        return bool(applies == F or (applies == T and known(self.kind, row[self.at])))


@dataclass(frozen=True)
class Program:
    """The steps of one edition with the layout of its slots."""

    edition: Edition
    layout: Layout
    steps: tuple[Step, ...]
    reads: dict[str, frozenset[str]]  # derived fact, rule:x, outcome or fact -> what it reads
    versions: dict[str, tuple[str, ...]]  # rule -> the days of the version that is law
    _kept: dict[tuple[str, ...], tuple[Link, ...]] = field(default_factory=dict, compare=False)
    _spots: dict[str, Spot] = field(default_factory=dict, compare=False)
    _apart: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=dict, compare=False)

    def live(self, filing: Slots, outcome: str, item: int | None = None) -> set[tuple[str, int]]:
        """Return the (name, item) pairs that an undetermined outcome or rule can still read, after a run over plain Kleene."""
        todo = [(outcome, index) for index in self._indexes(filing, outcome) if item in (None, index)]
        seen: set[tuple[str, int]] = set()
        dead: set[tuple[str, int]] = set()
        while todo:
            thing = name, at = todo.pop()
            if thing in seen or thing in dead:
                continue
            if self._spot(name).fixed(filing, at):
                dead.add(thing)
                continue
            seen.add(thing)
            here, elsewhere = self._readings(name)
            todo += [(read, at) for read in here]
            todo += [(read, index) for read in elsewhere for index in self._indexes(filing, read)]
        return seen

    def _readings(self, name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return what a name reads at its own place, the same item or the filing, and what in the other lists."""
        if name not in self._apart:
            home = self._spot(name).home
            reads = [(read, self._spot(read).home) for read in self.reads.get(name, ())]
            self._apart[name] = tuple(r for r, at in reads if at == home), tuple(r for r, at in reads if at != home)
        return self._apart[name]

    def _indexes(self, filing: Slots, name: str) -> range:
        home = self._spot(name).home
        if home < 0:
            return range(-1, 0)
        items, more, _ = filing[home]
        return range(len(items) + (more is not None))

    def _spot(self, name: str) -> Spot:
        if name not in self._spots:
            kind, colon, rule = name.partition(":")
            fires = bool(colon) and kind == "rule"
            home = self.edition.pack.rules[rule].on if fires else self.layout.rulebook.list_of(name)
            at, guard = self.layout.slot[name], self.layout.applies.get(name)
            type_ = Type("bool") if fires else self.layout.type_of(name)
            self._spots[name] = Spot(self.layout.slot[home] if home else -1, at, guard, type_)
        return self._spots[name]

    def run(self, filing: Slots) -> None:
        """Fill the slots of derived facts, rules and outcomes."""
        for step in self.steps:
            self._fill(step, filing)

    def run_towards(self, filing: Slots, outcomes: tuple[str, ...]) -> None:
        """Fill only the slots that `outcomes` read, and theirs."""
        for link in self._links(outcomes):
            self._fill(link.step, filing)

    def rerun(self, filing: Slots, changed: Iterable[str], outcomes: tuple[str, ...] = ()) -> None:
        """Fill again what reads the facts that `changed` since the run; only what `outcomes` read, where they are named.

        A step whose value comes out as it was sets nothing off.
        """
        bounds.check()  # what takes long is made of these, a case each
        dirty = sum(self._bits[name] for name in changed)
        for step, reads, own in self._links(outcomes) if dirty else ():
            if reads & dirty and self._fill(step, filing):
                dirty |= own

    def _fill(self, step: Step, filing: Slots) -> bool:
        """Fill a step's slot; tell whether its value changed."""
        at, closure = step.at, step.closure
        if not step.list:
            before, filing[at] = filing[at], closure(filing, _NOTHING)
            return bool(before != filing[at])
        items, more, _ = filing[self.layout.slot[step.list]]
        changed = False
        for item in items if more is None else (*items, more):
            before, item[at] = item[at], closure(filing, item)
            changed = changed or before != item[at]
        return changed

    @cached_property
    def _bits(self) -> dict[str, int]:
        return {name: 1 << k for k, name in enumerate(dict.fromkeys((*self.layout.slot, *(step.name for step in self.steps))))}

    def _links(self, outcomes: tuple[str, ...]) -> tuple[Link, ...]:
        """Return the steps that `outcomes` read, and theirs, in the order of the strata; every step where none is named."""
        if outcomes not in self._kept:
            found: list[Link] = []
            wanted = sum(self._bits[name] for name in outcomes)
            for step in reversed(self.steps):
                own = self._bits[step.name]
                if not outcomes or own & wanted:
                    found.append(Link(step, sum(self._bits.get(name, 0) for name in self._read_by(step.name)), own))
                    wanted |= found[-1].reads
            self._kept[outcomes] = tuple(reversed(found))
        return self._kept[outcomes]

    def _read_by(self, name: str) -> set[str]:
        """Return what the step of a name reads; of rules that are tied by overrides the vectors as well."""
        kind, colon, rule = name.partition(":")
        found = {f"rule:{rule}"} if colon and kind != "rule" else set(self.reads.get(name, ()))
        for members in self.edition.groups:
            if kind == "group" and rule in members:
                return {f"rule:{member}" for member in members}
            if found & {f"rule:{member}" for member in members}:
                found.add(f"group:{members[0]}")
        return found


def inputs(rulebook: Rulebook, pack: PackRules) -> Inputs:
    """Return the slots of a pack's facts, derived facts, rules and outcomes, and what holds among its facts."""
    facts = tuple(graph.pack_facts(rulebook, pack))
    named = [*facts, *pack.derived, *pack.outcomes]
    lists = tuple(name for name in rulebook.lists if any(rulebook.list_of(n) == name for n in named))
    slot: dict[str, int] = {}
    applies: dict[str, int] = {}
    width: dict[str, int] = {"": 0} | dict.fromkeys(lists, 0)

    def place(key: str, home: str, table: dict[str, int]) -> None:
        table[key] = width[home]
        width[home] += 1

    for name in lists:
        place(name, "", slot)
    for name in named:
        place(name, rulebook.list_of(name), slot)
        if name in rulebook.facts and rulebook.facts[name].applies_when:
            place(name, rulebook.list_of(name), applies)
    for rule_id, rule in pack.rules.items():
        place(f"rule:{rule_id}", rule.on, slot)
        place(f"applied:{rule_id}", rule.on, slot)
        place(f"group:{rule_id}", rule.on, slot)
    layout = Layout(rulebook, pack, slot, applies, width)
    blank = {home: [None] * size for home, size in width.items()}
    for name in facts:
        blank[rulebook.list_of(name)][slot[name]] = whole(rulebook.facts[name], layout.type_of(name))
    order = _applicability_order(rulebook, [name for name in facts if name in applies])
    steps = tuple((n, Step(n, rulebook.list_of(n), applies[n], truth(_applies(rulebook, n), layout))) for n in order)
    return Inputs(layout, facts, lists, blank, steps, tuple(_constraints(layout)))


def _applies(rulebook: Rulebook, name: str) -> ir.Node:
    return rulebook.conditions[rulebook.facts[name].applies_when]


def _applicability_order(rulebook: Rulebook, names: list[str]) -> list[str]:
    needs = {name: sorted(graph.mentioned(rulebook, rulebook.facts[name].applies_when) & set(names)) for name in names}
    return list(TopologicalSorter(needs).static_order())


def _constraints(layout: Layout) -> list[tuple[str, str, Closure]]:
    found = []
    for constraint in graph.pack_constraints(layout.rulebook, layout.pack):
        guards = [guard for name in graph.mentioned(layout.rulebook, constraint.always) if (guard := layout.applying(name))]
        holds = truth(layout.rulebook.conditions[constraint.always], layout)
        found.append((constraint.id, constraint.on, _when_applicable(guards, holds)))
    return found


def _when_applicable(guards: list[Closure], holds: Closure) -> Closure:
    def checked(f: Slots, i: Slots) -> int:
        return holds(f, i) if all(guard(f, i) == 2 for guard in guards) else 2  # noqa: PLR2004 - T

    return checked


# editions ------------------------------------------------------------------------------------------------------------


def build(pack: PackRules, facts: tuple[str, ...], kept: Kept, days: dict[str, date]) -> Program:
    """Return the program of what is law on `days`."""
    rulebook, law = kept.layout.rulebook, graph.edition(pack, days)
    main = days[pack.doc.date]
    faces = {name: kept.face(name, main) for name in rulebook.tables}
    inner = kept.layout
    layout = Layout(rulebook, pack, inner.slot, inner.applies, inner.width, faces, inner.kinds)
    builder = _Builder(kept, layout, law)
    steps: list[Step] = []
    same = (*map(id, law.rules.values()), *law.derived.items())  # editions that differ only in their tables
    if same not in kept.laws:
        kept.laws[same] = graph.strata(rulebook, law), _reads(rulebook, law, facts)
    order, reads = kept.laws[same]
    for thing in order:
        kind, _, name = thing.partition(":")
        steps += getattr(builder, kind)(name)
    missing = set(pack.derived) - set(law.derived)
    blanks = [Step(n, rulebook.list_of(n), layout.slot[n], combine.constant(_absent(layout, n))) for n in sorted(missing)]
    versions: dict[str, tuple[str, ...]] = {rule_id: (str(version.valid),) for rule_id, version in law.rules.items()}
    return Program(law, layout, (*blanks, *steps), reads, versions)


def _reads(rulebook: Rulebook, law: Edition, facts: tuple[str, ...]) -> dict[str, frozenset[str]]:
    reads = {name: set(graph.mentioned(rulebook, text)) for name, text in law.derived.items()}
    for name in facts:
        if when := rulebook.facts[name].applies_when:
            reads[name] = set(graph.mentioned(rulebook, when))
    for outcome in law.pack.outcomes:
        reads[outcome] = set()
    for rule_id, version in law.rules.items():
        reads[f"rule:{rule_id}"] = set(graph.mentioned(rulebook, version.when))
        for outcome, value in version.then.items():
            reads[outcome].add(f"rule:{rule_id}")
            if isinstance(value, str) and (computed := graph.expression(value)) is not None:
                reads[outcome] |= graph.mentioned(rulebook, computed)
    for members in graph.tied(law.pack.rules):  # of all rules: one that is no law now is known not to fire
        for outcome in {o for member in members if member in law.rules for o in law.rules[member].then}:
            reads[outcome] |= {f"rule:{member}" for member in members}
    return {name: frozenset(found) for name, found in reads.items()}


def _absent(layout: Layout, name: str) -> Any:
    """A derived fact without a definition on the day is false, or zero: it is no law yet."""
    return 0 if layout.type_of(name).name == "bool" else (0, 0)


class _Builder:
    def __init__(self, kept: Kept, layout: Layout, law: Edition) -> None:
        self.kept = kept
        self.layout = layout
        self.law = law
        self.grouped = {rule: k for k, members in enumerate(law.groups) for rule in members}

    def derived(self, name: str) -> list[Step]:
        """Return the step that works out a derived fact."""
        text, kind = self.law.derived[name], self.layout.type_of(name)
        node = self.layout.rulebook.conditions[text]
        closure = self.kept.truth(text, self.layout) if kind.name == "bool" else number(node, self.layout, kind)
        return [Step(name, self.layout.rulebook.list_of(name), self.layout.slot[name], closure)]

    def rule(self, name: str) -> list[Step]:
        """Return the steps of a rule: fired and, outside of groups, applied."""
        home = self.law.pack.rules[name].on
        fired = self.kept.truth(self.law.rules[name].when, self.layout)
        slot = self.layout.slot
        steps = [Step(f"rule:{name}", home, slot[f"rule:{name}"], fired)]
        if name not in self.grouped:
            at = slot[f"rule:{name}"]
            same: Closure = (lambda _f, i: i[at]) if home else (lambda f, _i: f[at])
            steps.append(Step(f"applied:{name}", home, slot[f"applied:{name}"], same))
        return steps

    def group(self, number: str) -> list[Step]:
        """Return the steps of rules tied by overrides: their possible vectors, then applied for each."""
        members = self.law.groups[int(number)]
        rules = self.law.pack.rules
        defeaters = tuple(tuple(k for k, o in enumerate(members) if m in rules[o].overrides) for m in members)
        group = combine.Group(members, defeaters)
        home = rules[members[0]].on
        slot = self.layout.slot
        reads = [slot[f"rule:{m}"] for m in members]
        at = slot[f"group:{members[0]}"]

        def vectors(f: Slots, i: Slots) -> combine.Vectors:
            slots = i if home else f
            return group.vectors(tuple(slots[read] for read in reads))

        steps = [Step(f"group:{members[0]}", home, at, vectors)]
        for k, member in enumerate(members):
            steps.append(Step(f"applied:{member}", home, slot[f"applied:{member}"], _column(at, k, bool(home))))
        return steps

    def outcome(self, name: str) -> list[Step]:
        """Return the step that combines what the rules give."""
        outcome = self.law.pack.outcomes[name]
        home = self.layout.rulebook.list_of(name)
        giving = [rule for rule, version in self.law.rules.items() if name in version.then]
        singles = [(self.layout.slot[f"rule:{r}"], self._value(r, name)) for r in giving if r not in self.grouped]
        parts = [self._part(k, name) for k in sorted({self.grouped[r] for r in giving if r in self.grouped})]
        floor = self.law.floors.get(name)
        if outcome.combine == "union":
            closure = combine.union(singles, parts, bool(home))
        else:
            make = combine.strictest if outcome.combine == "strictest" else combine.unique
            closure = make(outcome, singles, parts, floor, bool(home))
        return [Step(name, home, self.layout.slot[name], closure)]

    def _part(self, k: int, outcome: str) -> combine.Part:
        members = self.law.groups[k]
        values = tuple(self._value(m, outcome) if outcome in self.law.rules[m].then else None for m in members)
        return combine.Part(self.layout.slot[f"group:{members[0]}"], values)

    def _value(self, rule: str, outcome: str) -> Closure:
        given = self.law.rules[rule].then[outcome]
        computed = graph.expression(given) if isinstance(given, str) else None
        if computed is not None:
            node = self.layout.rulebook.conditions[computed]
            value = term_value(node, self.layout)
            # an outcome keeps its first place for "not governed", an enum or a table does not
            return value if type_of_term(node, self.layout.rulebook, self.layout.pack).name == "outcome" else _moved(value)
        return self.kept.constant(outcome, (given,) if isinstance(given, str) else tuple(given))


def _moved(value: Closure) -> Closure:
    return lambda f, i: value(f, i) << 1


def _column(at: int, k: int, local: bool) -> Closure:
    return (lambda _f, i: combine.column(i[at], k)) if local else (lambda f, _i: combine.column(f[at], k))


__all__ = ["Program", "build", "inputs"]
