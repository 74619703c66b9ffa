"""Plain Kleene -> the union over cases: an outcome that pulls both ways on a fact is worked out for each of the fact's cells.

The cases are the leaves of a tree, one split fact a level. A branch is left as soon as it can add nothing: every leaf lies inside
of what its branch leaves possible, so the union is that of all cases.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.decide import bounds
from engine.decide.narrow import ImpossibleError, settle
from engine.decide.values import meet
from engine.errors import ContradictionError
from engine.rulebook import polarity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.decide.filing import Filing
    from engine.decide.inputs import Inputs
    from engine.decide.picture import Cell
    from engine.decide.program import Program
    from engine.decide.values import Slots
    from engine.rulebook.model import Split

Choice = tuple[str, int, tuple[Any, ...]]  # a fact, its item's index or -1, and the cells in which it may lie
Choices = tuple[Choice, ...]


def choices(inputs: Inputs, splits: tuple[Split, ...], law: Program, base: Slots, outcome: str) -> Choices:
    """Return which of a pack's split facts are split for an outcome in one edition of law, with their cells.

    Only facts that the undetermined outcome can still read are split, so that none of the budget is spent on the others. One
    that comes to lie in one cell, does not apply or is read no more frees its place for the next: more knowledge narrows.
    """
    layout = inputs.layout
    found: list[Choice] = []
    size = 1
    for split, index in _candidates(inputs, splits, law, base, outcome):
        value = inputs.row(base, split.name, index)[layout.slot[split.name]]
        met = (meet(layout.type_of(split.name), value, cell) for cell in split.cells)
        left = tuple(cell for cell in met if cell is not None)
        if len(left) <= 1:  # known well enough: nothing is left to split
            continue
        size *= len(left)
        if size > polarity.BUDGET:
            break
        found.append((split.name, index, left))
    return tuple(found)


def _candidates(
    inputs: Inputs, splits: tuple[Split, ...], law: Program, base: Slots, outcome: str
) -> Iterator[tuple[Split, int]]:
    bounds.check()
    rulebook, slot = inputs.layout.rulebook, inputs.layout.slot
    live = law.live(base, outcome)
    local: dict[str, list[Split]] = {}
    for split in splits:
        if home := rulebook.list_of(split.name):
            local.setdefault(home, []).append(split)
        elif (split.name, -1) in live:
            yield split, -1
    for home, mine in local.items():
        for index in range(len(base[slot[home]].items)):
            for split in mine:
                if (split.name, index) in live:
                    yield split, index


class Union:
    """What the cases of some facts together leave possible of the cells that plain Kleene leaves open."""

    def __init__(self, inputs: Inputs, law: Program, filing: Filing, plain: list[tuple[Cell, Any]]) -> None:
        """Take the open cells with what plain Kleene leaves possible of each."""
        self.inputs = inputs
        self.law = law
        self.filing = filing
        self.plain = plain
        self.found: list[Any] | None = None
        self.growing = list(range(len(plain)))  # the cells in which the union has not yet reached plain Kleene

    def over(self, slots: Slots, facts: Choices) -> list[Any]:
        """Return the union over all cases of `facts` of a filing that was run. Raises ImpossibleError when there is none."""
        self._visit(slots, facts)
        if self.found is None:
            raise ImpossibleError("contradiction", "no case is possible", "two facts exclude each other")
        return self.found

    def _visit(self, slots: Slots, facts: Choices) -> None:
        if not facts:
            self._add(slots)
            return
        (name, index, cells), rest = facts[0], facts[1:]
        for cell in cells:
            branch = self._branch(slots, name, index, cell)
            if branch is not None and self._adds(branch):
                self._visit(branch, rest)

    def _branch(self, slots: Slots, name: str, index: int, cell: Any) -> Slots | None:
        """Return the slots with a fact cut down to a cell, and what reads it worked out again; None when that cannot be."""
        part, at = self.inputs.part(name), self.inputs.layout.slot[name]
        branch = self.inputs.copy(slots)
        row = self.inputs.row(branch, name, index)
        row[at] = meet(self.inputs.layout.type_of(name), row[at], cell)
        if row[at] is None:
            return None
        try:
            settle(part, self.filing, branch)
        except ContradictionError:
            return None
        self.law.rerun(branch, part.changed(branch, slots))
        return branch

    def _adds(self, slots: Slots) -> bool:
        """Tell whether anything of a branch lies outside of what was found."""
        found, plain = self.found, self.plain
        return found is None or any(plain[k][0].merge(found[k], plain[k][0].read(slots)) != found[k] for k in self.growing)

    def _add(self, slots: Slots) -> None:
        if self.found is None:
            self.found = [cell.read(slots) for cell, _ in self.plain]
        else:
            for k in self.growing:
                cell = self.plain[k][0]
                self.found[k] = cell.merge(self.found[k], cell.read(slots))
        self.growing = [k for k in self.growing if self.found[k] != self.plain[k][1]]
