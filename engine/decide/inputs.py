"""What a filing states of a pack's facts, in slots: applicability and constraints, and the parts in which they tie facts."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from engine.decide.compile import mask_of, truth
from engine.decide.layout import Layout
from engine.decide.lists import Items
from engine.decide.tables import Face
from engine.decide.values import Closure, Slots, whole
from engine.rulebook import condition as ir
from engine.rulebook import graph

if TYPE_CHECKING:
    from datetime import date

    from engine.decide.filing import Filing
    from engine.rulebook.model import PackRules, Rulebook


@dataclass(frozen=True, slots=True)
class Step:
    """Work out `name`: fill slot `at` of the filing, or of every item of a list, with what `closure` gives."""

    name: str  # a fact whose applicability it is, a derived fact, an outcome, or `rule:x`, `applied:x`, `group:x`
    list: str
    at: int
    closure: Closure


@dataclass(frozen=True)
class Inputs:
    """A pack's facts in slots: applicability steps and constraints, shared by all its editions."""

    layout: Layout
    facts: tuple[str, ...]
    lists: tuple[str, ...]
    blank: dict[str, Slots]
    applies: tuple[tuple[str, Step], ...]
    constraints: tuple[tuple[str, str, Closure], ...]  # id, list, closure; guarded by the applicability of its facts
    faces: dict[tuple[str, int], Face] = field(default_factory=dict, compare=False)  # by table and version
    closures: dict[tuple[str, tuple[int, ...]], Closure] = field(default_factory=dict, compare=False)  # by text and faces
    constants: dict[tuple[str, tuple[str, ...]], Closure] = field(default_factory=dict, compare=False)  # by outcome and values
    looked_up: dict[str, tuple[str, ...]] = field(default_factory=dict, compare=False)  # the tables in a condition, by its text

    def slots(self, filing: Filing) -> Slots:
        """Return the slots of a filing, with every fact it leaves out at its whole domain."""
        slot = self.layout.slot
        top = self.blank[""].copy()
        for name, value in filing.facts.items():
            if name in slot:
                top[slot[name]] = value
        for name in self.lists:
            given = filing.lists.get(name)
            items = []
            for item in given.items if given else ():
                row = self.blank[name].copy()
                for fact, value in item.facts.items():
                    if fact in slot:
                        row[slot[fact]] = value
                items.append(row)
            complete = given is not None and given.complete
            sure = not items and self.layout.rulebook.lists[name].min > 0
            top[slot[name]] = Items(items, None if complete else self.blank[name].copy(), sure)
        return top

    def face(self, name: str, day: date) -> Face:
        """Return a table as it stands on a day; editions between which it did not change share it."""
        table = self.layout.rulebook.tables[name]
        at = next((k for k, version in enumerate(table.versions) if day in version.valid), -1)
        if (name, at) not in self.faces:
            gives = table.gives
            values = [value.id for value in self.layout.rulebook.facts[gives.fact].values] if gives.fact else gives.values
            self.faces[name, at] = Face(table, table.versions[at] if at >= 0 else None, tuple(values))
        return self.faces[name, at]

    def truth(self, text: str, layout: Layout) -> Closure:
        """Return the closure of a condition in an edition; editions share those whose tables are the same."""
        node = layout.rulebook.conditions[text]
        if text not in self.looked_up:
            self.looked_up[text] = tuple(part.table for part in ir.walk(node) if isinstance(part, ir.Lookup))
        key = text, tuple(id(layout.tables[table]) for table in self.looked_up[text])
        if key not in self.closures:
            self.closures[key] = truth(node, layout)
        return self.closures[key]

    def constant(self, outcome: str, values: tuple[str, ...]) -> Closure:
        """Return the closure of values of an outcome that a rule names."""
        key = outcome, values
        if key not in self.constants:
            mask = mask_of(self.layout.type_of(outcome), set(values))
            self.constants[key] = lambda _f, _i: mask
        return self.constants[key]

    def row(self, top: Slots, name: str, index: int) -> Slots:
        """Return the slots of the item that has a fact, or of the filing."""
        home = self.layout.rulebook.list_of(name)
        found: Slots = top[self.layout.slot[home]].items[index] if home else top
        return found

    def copy(self, top: Slots) -> Slots:
        """Return a copy of slots whose lists and rows can be filled without touching the original."""
        found = top.copy()
        for name in self.lists:
            at = self.layout.slot[name]
            items, more, sure = top[at]
            found[at] = Items([row.copy() for row in items], None if more is None else more.copy(), sure)
        return found

    def changed(self, now: Slots, before: Slots) -> list[str]:
        """Return the facts whose value or applicability differs between two slots of the same lists."""
        found = [name for name, at, guard in self._places[""] if now[at] != before[at] or now[guard] != before[guard]]
        for home in self.lists:
            pairs = list(zip(_rows(now[self.layout.slot[home]]), _rows(before[self.layout.slot[home]]), strict=True))
            for name, at, guard in self._places[home]:
                if any(a[at] != b[at] or a[guard] != b[guard] for a, b in pairs):
                    found.append(name)
        return found

    @cached_property
    def _places(self) -> dict[str, list[tuple[str, int, int]]]:
        """Return per list, or "" for the filing, each fact with its slot and that of its applicability, if it has one."""
        found: dict[str, list[tuple[str, int, int]]] = {home: [] for home in ("", *self.lists)}
        for name in self.facts:
            at = self.layout.slot[name]
            found[self.layout.rulebook.list_of(name)].append((name, at, self.layout.applies.get(name, at)))
        return found

    def part(self, fact: str) -> Inputs:
        """Return the part of the inputs that a fact can narrow, or be narrowed by: constraints and applicability tie them."""
        return self._parts[fact]

    @cached_property
    def _parts(self) -> dict[str, Inputs]:
        rulebook = self.layout.rulebook
        together = {name: {name} for name in self.facts}
        ties = [{name, *graph.mentioned(rulebook, rulebook.facts[name].applies_when)} for name, _ in self.applies]
        ties += [set(graph.mentioned(rulebook, rulebook.constraints[entry].always)) for entry, _, _ in self.constraints]
        for tie in ties:
            joined = set().union(*(together.get(name, {name}) for name in tie))
            together |= dict.fromkeys(joined, joined)
        parts = {id(names): self._within(names) for names in together.values()}
        return {name: parts[id(names)] for name, names in together.items()}

    def _within(self, names: set[str]) -> Inputs:
        rulebook = self.layout.rulebook
        applies = tuple(entry for entry in self.applies if entry[0] in names)
        always = (graph.mentioned(rulebook, rulebook.constraints[entry].always) for entry, _, _ in self.constraints)
        constraints = tuple(entry for entry, used in zip(self.constraints, always, strict=True) if used & names)
        facts = tuple(name for name in self.facts if name in names)
        lists = tuple(home for home in self.lists if any(rulebook.list_of(name) == home for name in facts))
        return replace(self, facts=facts, lists=lists, applies=applies, constraints=constraints)

    def restate(self, filing: Filing, top: Slots) -> None:
        """Put back into slots what a filing says of the facts, as if nothing had narrowed them."""
        for home, places in self._places.items():
            if home:
                listed, given = top[self.layout.slot[home]], filing.lists.get(home)
                rows = list(zip(_rows(listed), (item.facts for item in given.items) if given else (), strict=False))
                rows += [] if listed.more is None else [(listed.more, {})]
            else:
                rows = [(top, filing.facts)]
            for name, at, _ in places:
                for row, stated in rows:
                    row[at] = stated.get(name, self.blank[home][at])


def _rows(listed: Items) -> list[Slots]:
    return listed.items if listed.more is None else [*listed.items, listed.more]


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
