"""What a filing states of a pack's facts, in slots: applicability and constraints, and the parts in which they tie facts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from engine.decide.lists import Items
from engine.rulebook import graph

if TYPE_CHECKING:
    from engine.decide.filing import Filing
    from engine.decide.layout import Layout, Step
    from engine.decide.values import Closure, Slots


@dataclass(frozen=True)
class Inputs:
    """A pack's facts in slots: applicability steps and constraints, shared by all its editions."""

    layout: Layout
    facts: tuple[str, ...]
    lists: tuple[str, ...]
    blank: dict[str, Slots]
    applies: tuple[tuple[str, Step], ...]
    constraints: tuple[tuple[str, str, Closure], ...]  # id, list, closure; guarded by the applicability of its facts

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
