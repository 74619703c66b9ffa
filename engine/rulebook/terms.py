"""Conditions as plain terms: every node of the condition language written with the few operators of FORMATS.md section 2.

An atom over facts that may not apply becomes `and(applies, atom)`, a chain the `and` of its links, a comparison of one finite
thing with constants a test of membership, and numbers of different precision are multiplied to the finer one.
"""

from __future__ import annotations

import operator
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from engine.rulebook import condition as ir
from engine.rulebook.typing import type_of_term

if TYPE_CHECKING:
    from engine.rulebook.model import PackRules, Rulebook
    from schemas import rulebook as shapes
    from schemas.term import Type

Tree = int | str | list[Any]
OPS = {"==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
FLIP = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}  # as seen from the other side


def inverted(tree: Tree) -> Tree:
    """Return the term that holds where `tree` does not."""
    return tree[1] if isinstance(tree, list) and tree[0] == "not" else ["not", tree]


def every(parts: list[Tree]) -> Tree:
    """Return the term that holds where all parts do."""
    return ["and", *parts] if len(parts) > 1 else (parts[0] if parts else 1)


class Terms:
    """Writes conditions of one pack as terms."""

    def __init__(self, rulebook: Rulebook, pack: PackRules) -> None:
        """Write with the names of `pack`."""
        self.rulebook = rulebook
        self.pack = pack

    def type_of(self, node: ir.Node) -> Type:
        """Return the type of a term."""
        return type_of_term(node, self.rulebook, self.pack)

    def may_be_absent(self, name: str) -> bool:
        """Tell whether a name is a fact that may not apply."""
        return name in self.rulebook.facts and bool(self.rulebook.facts[name].applies_when)

    def truth(self, node: ir.Node) -> Tree:
        """Return the term of a condition: 1 where it holds, 0 where it does not."""
        match node:
            case ir.Const():
                return int(bool(node.value))
            case ir.Not():
                return inverted(self.truth(node.part))
            case ir.And():
                return every([self.truth(part) for part in node.parts])
            case ir.Or():
                return ["or", *map(self.truth, node.parts)]
            case ir.AnyOf():
                return ["max of", node.list, self.truth(node.part)]
            case ir.AllOf():
                return ["not", ["max of", node.list, inverted(self.truth(node.part))]]
            case ir.Compare():
                return self._compare(node)
            case _:
                return self._atom(node)

    def _atom(self, node: ir.Node) -> Tree:
        match node:
            case ir.Name():
                return self._guarded([node.id], node.id)
            case ir.In():
                places = sorted(self.place(node.name.id, str(value.value)) for value in node.values)
                return self._guarded([node.name.id], ["in", node.name.id, places])
            case ir.Has():
                return self._guarded([node.name.id], f"{node.name.id}={node.value.value}")
            case ir.NonEmpty():
                members = self.type_of(node.name).values
                return self._guarded([node.name.id], ["or", *(f"{node.name.id}={member}" for member in members)])
        msg = f"not a condition: {node}"
        raise TypeError(msg)

    def _guarded(self, names: list[str], tree: Tree) -> Tree:
        return every([*(f"?{name}" for name in names if self.may_be_absent(name)), tree])

    def place(self, name: str, value: str) -> int:
        """Return the place of a value among those of a fact or an outcome; 0 of an outcome is `not_governed`."""
        return _place(self.type_of(ir.Name(name)), value)

    # comparisons -----------------------------------------------------------------------------------------------------

    def _compare(self, node: ir.Compare) -> Tree:
        terms = (node.first, *(term for _, term in node.rest))
        asserted = [name for term in terms for name in self._asserted(term)]
        steps = [(left, op, right) for (left, right), (op, _) in zip(pairwise(terms), node.rest, strict=True)]
        open_terms = [term for term in terms if not isinstance(term, ir.Const)]
        if len(open_terms) > 1:
            return self._guarded(asserted, every([self._pair(*step) for step in steps]))
        (term,) = open_terms
        kind = self.type_of(term)
        touching = [step for step in steps if term in (step[0], step[2])]
        if not all(OPS[op](_point(a, kind), _point(b, kind)) for a, op, b in steps if (a, op, b) not in touching):
            return 0
        sides = [(op, right) if left is term else (FLIP[op], left) for left, op, right in touching]
        if kind.name in ("enum", "outcome", "bool"):
            return self._guarded(asserted, self._member(term, kind, sides))
        links = [_link(self.number(term, kind), op, _point(const, kind)) for op, const in sides]
        return self._guarded(asserted, every(links))

    def _asserted(self, term: ir.Node) -> list[str]:
        """Return the names that must apply for a comparison to hold; what does not apply adds nothing to a sum."""
        if isinstance(term, ir.Lookup):
            return list(self.rulebook.tables[term.table].keys)
        return [term.id] if isinstance(term, ir.Name) else []

    def _member(self, term: ir.Node, kind: Type, sides: list[tuple[str, ir.Node]]) -> Tree:
        if kind.name == "bool":
            (op, const), *_ = sides
            same = (const.value is True) == (op == "==")  # type: ignore[union-attr]  # sides are constants
            return self.finite(term, kind) if same else inverted(self.finite(term, kind))
        declared = range(int(kind.name == "outcome"), len(kind.values) + int(kind.name == "outcome"))
        places = [k for k in declared if all(OPS[op](k, _point(const, kind)) for op, const in sides)]
        return ["in", self.finite(term, kind), places]

    def _pair(self, left: ir.Node, op: str, right: ir.Node) -> Tree:
        # the finer side decides the scale: 2.5 and 2 are compared as 25 and 20
        kind = max((self.type_of(side) for side in (left, right) if not isinstance(side, ir.Const)), key=lambda kind: kind.places)
        if kind.name in ("bool", "enum", "outcome"):
            return _link(self.finite(left, kind), op, self.finite(right, kind), finite=True)
        return _link(self.number(left, kind), op, self.number(right, kind))

    # terms -----------------------------------------------------------------------------------------------------------

    def finite(self, node: ir.Node, kind: Type) -> Tree:
        """Return the term of a thing with finitely many values; a constant takes the form of `kind`."""
        match node:
            case ir.Const():
                return _point(node, kind)
            case ir.Name():
                return node.id
            case ir.Lookup():
                return f"$lookup:{node.table}"
            case ir.Fold():
                value: Tree = ["if", self.truth(node.where), node.value.id] if node.where else node.value.id
                return ["max of", self.rulebook.list_of(node.value.id), value]
            case _:
                return self.number(node, kind)

    def number(self, node: ir.Node, kind: Type) -> Tree:
        """Return the term of a number or a day, in the last place of `kind`."""
        match node:
            case ir.Const():
                return _point(node, kind)
            case ir.Add():
                return ["sum", *([1, self._or_zero(part, kind)] for part in node.parts)]
            case ir.Name():
                tree: Tree = node.id
            case ir.Count():
                tree = ["sum of", node.list, self.truth(node.where) if node.where else 1]
            case ir.Fold():
                tree = self._fold(node)
            case _:
                msg = f"not a number: {node}"
                raise TypeError(msg)
        factor = 10 ** (kind.places - self.type_of(node).places)
        return tree if factor == 1 else ["sum", [factor, tree]]

    def _or_zero(self, node: ir.Node, kind: Type) -> Tree:
        tree = self.number(node, kind)
        return ["if", f"?{node.id}", tree] if isinstance(node, ir.Name) and self.may_be_absent(node.id) else tree

    def _fold(self, node: ir.Fold) -> Tree:
        name = node.value.id
        parts: list[Tree] = [self.truth(node.where)] if node.where else []
        parts += [f"?{name}"] if self.may_be_absent(name) else []
        return [f"{node.op} of", self.rulebook.list_of(name), ["if", every(parts), name] if parts else name]

    def derived(self, name: str, node: ir.Node) -> Tree:
        """Return the term of a derived fact's definition."""
        kind = self.type_of(ir.Name(name))
        return self.truth(node) if kind.name == "bool" else self.number(node, kind)

    def computed(self, node: ir.Node) -> Tree:
        """Return the term of a rule's value that is worked out; values that are none of an outcome move up by one place."""
        kind = self.type_of(node)
        if kind.name == "outcome":
            return self.finite(node, kind)
        return ["table", [[[k], [k + 1]] for k in range(len(kind.values))], self.finite(node, kind)]

    def table(self, table: shapes.Table, version: shapes.TableVersion | None) -> Tree:
        """Return the term of a table as it stands: the first row that fits; law whose text was not read leaves every value."""
        gives = table.gives
        values = [value.id for value in self.rulebook.facts[gives.fact].values] if gives.fact else gives.values
        found = [(row.when, row.is_) for row in version.rows] if version else []
        rows: list[list[Any]] = []
        for when, value in [*found, ({}, version.otherwise if version else "unknown")]:
            keys = [[self._key(key, when[key])] if key in when else None for key in table.keys]
            rows.append([*keys, [*range(len(values))] if value == "unknown" else [values.index(value)]])
        return ["table", rows, *table.keys]

    def _key(self, name: str, value: str | bool) -> int:
        return int(value) if isinstance(value, bool) else self.place(name, value)


def _point(node: ir.Node, kind: Type) -> int:
    """Return a constant as an integer: its place among values, the ordinal of a day, or a number in the last place of `kind`."""
    value: Any = node.value  # type: ignore[union-attr]  # callers pass constants
    if kind.name in ("enum", "outcome"):
        return _place(kind, str(value))
    return value.toordinal() if isinstance(value, date) else int(value * 10**kind.places)


def _place(kind: Type, value: str) -> int:
    return kind.values.index(value) + (kind.name == "outcome")


def _link(left: Tree, op: str, right: Tree, *, finite: bool = False) -> Tree:
    """Return a comparison with `<`, `<=` and, for finite things, `==`; numbers are equal when neither is above the other."""
    if op in (">", ">="):
        left, op, right = right, FLIP[op], left
    if op in ("<", "<="):
        return [op, left, right]
    same: Tree = ["==", left, right] if finite else ["and", ["<=", left, right], ["<=", right, left]]
    return same if op == "==" else inverted(same)


__all__ = ["FLIP", "OPS", "Terms", "Tree", "every", "inverted"]
