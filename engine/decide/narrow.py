"""What facts imply about each other: applicability and `always` constraints, to a fixed point.

Stating a fact that depends on another asserts that it applies; an `always` holds among facts that apply. Narrowing removes only
values that no filing can have, so it is sound; each step is monotone, so knowing more narrows more. Raises ContradictionError.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.decide.compile import interval_of, mask_of, scaled, truth
from engine.decide.values import INF, F, T, meet, whole
from engine.errors import ContradictionError, Place
from engine.rulebook import condition as ir

if TYPE_CHECKING:
    from engine.decide.filing import Filing
    from engine.decide.inputs import Inputs
    from engine.decide.layout import Layout
    from engine.decide.lists import Items
    from engine.decide.values import Slots

ROUNDS = 64


def settle(base: Inputs, filing: Filing, top: Slots) -> None:
    """Narrow the slots of a filing until nothing changes; fill what applies. Raises ContradictionError."""
    layout = base.layout
    for _ in range(ROUNDS):
        changed = _applicability(base, filing, top)
        for constraint, home, holds in base.constraints:
            for index, item in _rows(layout, home, top):
                value = holds(top, item)
                if value == F:
                    _contradiction(base, filing, constraint, home, index)
                if value != T:
                    changed |= _Narrower(layout, top, item, index).to(_always(layout, constraint), wanted=True)
        if not changed:
            return


def again(whole: Inputs, part: Inputs, filing: Filing, before: Slots) -> Slots:
    """Return the settled slots of a filing that differs from `before` only in facts of a part. Raises ContradictionError."""
    slots = whole.copy(before)
    part.restate(filing, slots)
    settle(part, filing, slots)
    return slots


def _rows(layout: Layout, home: str, top: Slots) -> list[tuple[int, Slots]]:
    if not home:
        return [(-1, [])]
    listed: Items = top[layout.slot[home]]
    rows = list(enumerate(listed.items))
    return rows if listed.more is None else [*rows, (len(rows), listed.more)]


def _always(layout: Layout, constraint: str) -> ir.Node:
    return layout.rulebook.conditions[layout.rulebook.constraints[constraint].always]


def _applicability(base: Inputs, filing: Filing, top: Slots) -> bool:
    layout = base.layout
    changed = False
    for name, step in base.applies:
        for index, item in _rows(layout, step.list, top):
            slots = item if step.list else top
            value = step.closure(top, item)
            if value != T and _stated(filing, step.list, index, name):
                if value == F:
                    _not_applicable(layout, filing, name, index)
                condition = layout.rulebook.conditions[layout.rulebook.facts[name].applies_when]
                changed |= _Narrower(layout, top, item, index).to(condition, wanted=True)
                value = T
            slots[step.at] = value
    return changed


def _stated(filing: Filing, home: str, index: int, name: str) -> bool:
    if not home:
        return name in filing.facts
    listing = filing.lists.get(home)
    return listing is not None and index < len(listing.items) and name in listing.items[index].facts


def _not_applicable(layout: Layout, filing: Filing, name: str, index: int) -> None:
    home = layout.rulebook.list_of(name)
    place = filing.places.get((home, str(index), name) if home else (name,), Place())
    when = layout.rulebook.facts[name].applies_when
    raise ContradictionError("not-applicable", f"`{name}` is stated but does not apply", f"it applies when {when}", place)


def _contradiction(base: Inputs, filing: Filing, constraint: str, home: str, index: int) -> None:
    declared = base.layout.rulebook.constraints[constraint]
    used = ir.names(base.layout.rulebook.conditions[declared.always])
    paths = [(home, str(index), name) if base.layout.rulebook.list_of(name) else (name,) for name in used]
    place = next((filing.places[path] for path in paths if path in filing.places), Place())
    problem = f"the facts cannot be true together: {declared.message.en}"
    raise ContradictionError("contradiction", problem, f"constraint `{constraint}`: always {declared.always}", place)


class ImpossibleError(ContradictionError):
    """A narrowing that leaves nothing; a branch with it is dropped."""


class _Narrower:
    def __init__(self, layout: Layout, top: Slots, item: Slots, index: int) -> None:
        self.layout = layout
        self.top = top
        self.item = item
        self.index = index

    def to(self, node: ir.Node, *, wanted: bool) -> bool:
        """Narrow so that `node` is true, or false; tell whether anything changed."""
        match node:
            case ir.Not():
                return self.to(node.part, wanted=not wanted)
            case ir.And() | ir.Or():
                return self._parts(node, wanted=wanted)
            case ir.Name() | ir.In() | ir.Has() | ir.Compare():
                # an atom is also false where its fact does not apply: then nothing follows for the value
                if not wanted and any(map(self._may_be_absent, ir.names(node))):
                    return False
                return self._atom(node, wanted=wanted)
            case _:
                return False

    def _atom(self, node: ir.Name | ir.In | ir.Has | ir.Compare, *, wanted: bool) -> bool:
        match node:
            case ir.Name():
                return self._meet(node.id, T if wanted else F)
            case ir.In():
                mask = mask_of(self.layout.type_of(node.name.id), {v.value for v in node.values})
                return self._mask(node.name.id, mask, wanted=wanted)
            case ir.Has():
                bit = 1 << self.layout.type_of(node.name.id).values.index(str(node.value.value))
                full = (1 << len(self.layout.type_of(node.name.id).values)) - 1
                return self._meet(node.name.id, (bit, full) if wanted else (0, full & ~bit))
            case ir.Compare():
                return self._compare(node, wanted=wanted)

    def _may_be_absent(self, name: str) -> bool:
        guard = self.layout.applies.get(name)
        if guard is None or (self.layout.rulebook.list_of(name) and not self.item):
            return False  # what a fold reads adds nothing where it does not apply
        return bool(self._slots(name)[guard] != T)

    def _parts(self, node: ir.And | ir.Or, *, wanted: bool) -> bool:
        if isinstance(node, ir.And) == wanted:
            changed = [self.to(part, wanted=wanted) for part in node.parts]  # every part, not only up to the first change
            return any(changed)
        against = F if wanted else T
        live = [part for part in node.parts if truth(part, self.layout)(self.top, self.item) != against]
        return self.to(live[0], wanted=wanted) if len(live) == 1 else False

    def _compare(self, node: ir.Compare, *, wanted: bool) -> bool:
        if len(node.rest) != 1:
            return False
        (op, right), left = node.rest[0], node.first
        if isinstance(left, ir.Const):
            left, right = right, left
            op = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}.get(op, op)
        if not wanted:
            op = {"<": ">=", ">": "<=", "<=": ">", ">=": "<", "==": "!=", "!=": "=="}[op]
        if wanted and not isinstance(right, ir.Const):
            return self._ordered(left, op, right)
        if not (isinstance(left, ir.Name) and isinstance(right, ir.Const)):
            return False
        kind = self.layout.type_of(left.id)
        if kind.name == "bool":
            return self._meet(left.id, T if (right.value is True) == (op == "==") else F)
        if kind.name == "enum":
            return self._mask(left.id, mask_of(kind, {right.value}), wanted=op == "==")
        if op == "!=":
            return False
        low, high, _ = interval_of(kind, [(op, right)])
        return self._meet(left.id, (low, high))

    def _ordered(self, left: ir.Node, op: str, right: ir.Node) -> bool:
        """Narrow `a + b <= c + d` bound by bound."""
        if op in (">", ">="):
            left, right, op = right, left, {">": "<", ">=": "<="}[op]
        small, large = self._terms(left), self._terms(right)
        if op not in ("<", "<=") or small is None or large is None:
            return False
        gap = int(op == "<")
        changed = False
        for k, name in enumerate(small):
            others = sum(self._bounds(term)[0] for j, term in enumerate(small) if j != k)
            room = sum(self._bounds(term)[1] for term in large) - gap - others
            changed |= isinstance(name, str) and self._meet(name, (-INF, room))
        for k, name in enumerate(large):
            others = sum(self._bounds(term)[1] for j, term in enumerate(large) if j != k)
            need = sum(self._bounds(term)[0] for term in small) + gap - others
            changed |= isinstance(name, str) and self._meet(name, (need, INF))
        return changed

    def _terms(self, node: ir.Node) -> list[str | int] | None:
        """Return the numeric facts and constants that a term adds up, or None when it is anything else."""
        terms: list[str | int] = []
        for part in node.parts if isinstance(node, ir.Add) else (node,):
            if isinstance(part, ir.Const) and isinstance(part.value, int):
                terms.append(part.value)
            elif (
                isinstance(part, ir.Name)
                and part.id in self.layout.rulebook.facts
                and self.layout.type_of(part.id).name in ("int", "date")
            ):
                terms.append(part.id)
            else:
                return None
        return terms

    def _bounds(self, term: str | int) -> Any:
        return self._read(term) if isinstance(term, str) else (term, term)

    def _slots(self, name: str) -> Slots:
        return self.item if self.layout.rulebook.list_of(name) else self.top

    def _read(self, name: str) -> Any:
        return self._slots(name)[self.layout.slot[name]]

    def _mask(self, name: str, mask: int, *, wanted: bool) -> bool:
        full = whole(self.layout.rulebook.facts[name], self.layout.type_of(name)) if name in self.layout.rulebook.facts else mask
        return self._meet(name, mask if wanted else full & ~mask)

    def _meet(self, name: str, value: Any) -> bool:
        if name not in self.layout.rulebook.facts or (self.layout.rulebook.list_of(name) and not self.item):
            return False
        slots, at = self._slots(name), self.layout.slot[name]
        met = meet(self.layout.type_of(name), slots[at], value)
        if met is None:
            raise ImpossibleError("contradiction", f"`{name}` cannot have any value", "two facts exclude each other")
        changed = bool(met != slots[at])
        slots[at] = met
        return changed


__all__ = ["ImpossibleError", "again", "scaled", "settle"]
