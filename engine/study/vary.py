"""A condition -> every condition that differs from it in one place: a number, a comparison, an operator, a value.

Two changes that mean the same (`>= 10` to `> 10`, and to `>= 11`) are one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from engine.rulebook import condition as ir
from engine.rulebook.typing import type_of_term

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.rulebook.model import PackRules, Rulebook

Kind = Literal["threshold", "comparison", "operator", "value"]
SWAP = {">=": ">", ">": ">=", "<": "<=", "<=": "<", "==": "!=", "!=": "=="}
FLIP = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
# a step that the swapped comparison already makes: `x > 10` is `x >= 11`, `x < 10` is `x <= 9`
SAME = {">=": 1, "<": 1, ">": -1, "<=": -1}
FOLDS = {"sum": "max", "distinct": "max", "max": "sum"}


@dataclass(frozen=True, slots=True)
class Variation:
    """One change of a condition: the smallest part that reads otherwise, and the whole; without `after` the part is left out."""

    kind: Kind
    before: ir.Node
    after: ir.Node | None
    whole: ir.Node


class Varying:
    """Varies the conditions of one pack."""

    def __init__(self, rulebook: Rulebook, pack: PackRules) -> None:
        """Take the types of terms from `rulebook` and `pack`."""
        self.rulebook = rulebook
        self.pack = pack

    def of(self, node: ir.Node) -> Iterator[Variation]:
        """Yield each variation of a condition, those of its whole first, then of its parts in reading order."""
        for kind, before, after, whole in self._here(node):
            yield Variation(kind, before, after, whole)
        below = ir.children(node)
        for index, child in enumerate(below):
            for each in self.of(child):
                yield Variation(
                    each.kind, each.before, each.after, rebuilt(node, (*below[:index], each.whole, *below[index + 1 :]))
                )

    def _here(self, node: ir.Node) -> Iterator[tuple[Kind, ir.Node, ir.Node | None, ir.Node]]:
        match node:
            case ir.And() | ir.Or():
                other = ir.Or(node.parts) if isinstance(node, ir.And) else ir.And(node.parts)
                yield "operator", node, other, other
                yield from (("operator", part, None, _without(node, index)) for index, part in enumerate(node.parts))
            case ir.Not():
                yield "operator", node, node.part, node.part
            case ir.AnyOf() | ir.AllOf():
                quantified = ir.AllOf(node.list, node.part) if isinstance(node, ir.AnyOf) else ir.AnyOf(node.list, node.part)
                yield "operator", node, quantified, quantified
            case ir.Count() | ir.Fold():
                yield from (("operator", node, each, each) for each in self._folds(node))
            case ir.Add():
                yield from (("operator", part, None, _without(node, index)) for index, part in enumerate(node.parts))
            case ir.Compare() | ir.In() | ir.Has():
                yield from ((kind, node, each, each) for kind, each in self._atoms(node))

    def _folds(self, node: ir.Count | ir.Fold) -> Iterator[ir.Node]:
        if isinstance(node, ir.Count):
            if node.where:
                yield ir.Count(node.list)
            return
        if node.where:
            yield ir.Fold(node.op, node.value)
        if type_of_term(node.value, self.rulebook, self.pack).name != "outcome":
            yield ir.Fold(FOLDS[node.op], node.value, node.where)

    def _atoms(self, node: ir.Compare | ir.In | ir.Has) -> Iterator[tuple[Kind, ir.Node]]:
        match node:
            case ir.Compare():
                yield from self._comparisons(node)
            case ir.In() if len(node.values) > 1:
                for index in range(len(node.values)):
                    yield "value", ir.In(node.name, node.values[:index] + node.values[index + 1 :])
            case ir.Has():
                if other := self._next(node.name, node.value):
                    yield "value", ir.Has(node.name, other)

    def _comparisons(self, node: ir.Compare) -> Iterator[tuple[Kind, ir.Node]]:
        terms = [node.first, *(term for _, term in node.rest)]
        for index, (op, right) in enumerate(node.rest):
            left = terms[index]
            yield "comparison", _compare(terms, [SWAP[o] if i == index else o for i, (o, _) in enumerate(node.rest)])
            for at, const, other in ((index, left, right), (index + 1, right, left)):
                if isinstance(const, ir.Const) and not isinstance(other, ir.Const):
                    said = op if at > index else FLIP.get(op, op)
                    for kind, changed in self._constants(said, const, other):
                        yield kind, _compare([changed if i == at else t for i, t in enumerate(terms)], [o for o, _ in node.rest])

    def _constants(self, op: str, const: ir.Const, other: ir.Node) -> Iterator[tuple[Kind, ir.Const]]:
        """Yield the constants next to one that stands on the right of `op`."""
        if isinstance(const.value, bool):
            return
        if isinstance(const.value, str):
            if following := self._next(other, const):
                yield "value", following
            return
        for step in (-1, 1):
            if SAME.get(op) != step:
                yield "threshold", ir.Const(self._stepped(const.value, step, other), const.unit)

    def _stepped(self, value: int | Decimal | date, step: int, other: ir.Node) -> int | Decimal | date:
        if isinstance(value, date):
            return value + timedelta(days=step)
        if isinstance(value, Decimal):
            places = max(type_of_term(other, self.rulebook, self.pack).places, -int(value.as_tuple().exponent))
            return value + step * Decimal(1).scaleb(-places)
        return value + step

    def _next(self, term: ir.Node, const: ir.Const) -> ir.Const | None:
        """Return the value that is declared after this one, the first after the last; None where there is no other."""
        values = type_of_term(term, self.rulebook, self.pack).values
        if const.value not in values or len(values) < 2:  # noqa: PLR2004 - nothing beside it
            return None
        return ir.Const(values[(values.index(str(const.value)) + 1) % len(values)])


def _without(node: ir.And | ir.Or | ir.Add, index: int) -> ir.Node:
    left = node.parts[:index] + node.parts[index + 1 :]
    return left[0] if len(left) == 1 else type(node)(left)


def _compare(terms: list[ir.Node], ops: list[str]) -> ir.Compare:
    return ir.Compare(terms[0], tuple(zip(ops, terms[1:], strict=True)))


def rebuilt(node: ir.Node, below: tuple[ir.Node, ...]) -> ir.Node:
    """Return `node` with other children; the inverse of `condition.children`."""
    match node:
        case ir.Compare():
            return _compare(list(below), [op for op, _ in node.rest])
        case ir.And() | ir.Or() | ir.Add():
            return type(node)(below)
        case ir.Not():
            return ir.Not(below[0])
        case ir.AnyOf() | ir.AllOf():
            return type(node)(node.list, below[0])
        case ir.Count():
            return ir.Count(node.list, below[0] if below else None)
        case ir.Fold():
            return ir.Fold(node.op, node.value, below[1] if len(below) > 1 else None)
        case _:
            return node  # names and constants have nothing below them that varies
