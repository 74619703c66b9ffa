"""What must hold among facts, as steps of narrowing: when one thing is certain, a fact keeps only some of its values.

An `or` whose other parts are certainly false makes the last one true; an atom over a fact is an interval or a choice of values;
`a + b <= c + d` bounds each of its facts by the others. A step that leaves the day of the question nothing tells that the facts
exclude each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.rulebook import condition as ir
from engine.rulebook.terms import FLIP, every, inverted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.rulebook.terms import Terms, Tree

DENIED = {"<": ">=", ">": "<=", "<=": ">", ">=": "<", "==": "!=", "!=": "=="}
Step = dict[str, Any]


class Narrowing:
    """Writes the steps of one condition that holds in each row of a list, or in the filing, while `guards` are certain."""

    def __init__(self, terms: Terms, home: str, guards: list[Tree]) -> None:
        """Write with `terms`."""
        self.terms = terms
        self.home = home
        self.guards = guards

    def steps(self, node: ir.Node) -> Iterator[Step]:
        """Yield the steps, beginning with the contradiction."""
        unless = every([*self.guards, inverted(self.terms.truth(node))])
        yield {"list": self.home, "when": unless, "fact": "as_of", "among": []}
        yield from self._to(node, self.guards, wanted=True)

    def _to(self, node: ir.Node, when: list[Tree], *, wanted: bool) -> Iterator[Step]:
        match node:
            case ir.Not():
                yield from self._to(node.part, when, wanted=not wanted)
            case ir.And() | ir.Or():
                for k, part in enumerate(node.parts):
                    others = [self.terms.truth(other) for j, other in enumerate(node.parts) if j != k]
                    settled = [] if isinstance(node, ir.And) == wanted else (list(map(inverted, others)) if wanted else others)
                    yield from self._to(part, [*when, *settled], wanted=wanted)
            case ir.Name() | ir.In() | ir.Has() | ir.Compare():
                # an atom is also false where its fact does not apply: then nothing follows for the value
                applying = [] if wanted else [f"?{name}" for name in ir.names(node) if self._may_be_absent(name)]
                for fact, keeps in self._atom(node, wanted=wanted):
                    yield {"list": self.home, "when": every([*when, *applying]), "fact": fact} | keeps

    def _may_be_absent(self, name: str) -> bool:
        home = self.terms.rulebook.list_of(name)  # what a fold reads adds nothing where it does not apply
        return self.terms.may_be_absent(name) and (not home or bool(self.home))

    def _atom(self, node: ir.Name | ir.In | ir.Has | ir.Compare, *, wanted: bool) -> Iterator[tuple[str, Step]]:
        match node:
            case ir.Name() if self._narrows(node.id):
                yield node.id, {"among": [int(wanted)]}
            case ir.In() if self._narrows(node.name.id):
                yield self._among(node.name.id, [str(value.value) for value in node.values], wanted=wanted)
            case ir.Has() if self._narrows(node.name.id):
                yield f"{node.name.id}={node.value.value}", {"among": [int(wanted)]}
            case ir.Compare() if len(node.rest) == 1:
                (op, right), left = node.rest[0], node.first
                if isinstance(left, ir.Const):
                    left, op, right = right, FLIP[op], left
                op = op if wanted else DENIED[op]
                if isinstance(right, ir.Const):
                    yield from self._by_constant(left, op, right)
                elif wanted:
                    yield from self._by_each_other(left, op, right)

    def _narrows(self, name: str) -> bool:
        home = self.terms.rulebook.list_of(name)
        return name in self.terms.rulebook.facts and (not home or bool(self.home))

    def _among(self, name: str, values: list[str], *, wanted: bool) -> tuple[str, Step]:
        declared = enumerate(value.id for value in self.terms.rulebook.facts[name].values)
        return name, {"among": [k for k, value in declared if (value in values) == wanted]}

    def _by_constant(self, left: ir.Node, op: str, right: ir.Const) -> Iterator[tuple[str, Step]]:
        if not (isinstance(left, ir.Name) and self._narrows(left.id)):
            return
        kind = self.terms.type_of(left)
        if kind.name == "bool":
            yield left.id, {"among": [int((right.value is True) == (op == "=="))]}
        elif kind.name == "enum":
            yield self._among(left.id, [str(right.value)], wanted=op == "==")
        elif op != "!=":
            point = int(self.terms.number(right, kind))  # type: ignore[arg-type]  # a constant is a number
            least = {"least": point + (op == ">")} if op in ("==", ">=", ">") else {}
            yield left.id, least | ({"most": point - (op == "<")} if op in ("==", "<=", "<") else {})

    def _by_each_other(self, left: ir.Node, op: str, right: ir.Node) -> Iterator[tuple[str, Step]]:
        if op in (">", ">="):
            left, op, right = right, FLIP[op], left
        small, large = self._added(left), self._added(right)
        if op not in ("<", "<=") or small is None or large is None:
            return
        gap = int(op == "<")
        for k, name in enumerate(small):
            others = [[-1, other] for j, other in enumerate(small) if j != k]
            if isinstance(name, str) and self._narrows(name):
                yield name, {"most": ["sum", *([1, each] for each in large), *others, [-1, gap]]}
        for k, name in enumerate(large):
            others = [[-1, other] for j, other in enumerate(large) if j != k]
            if isinstance(name, str) and self._narrows(name):
                yield name, {"least": ["sum", *([1, each] for each in small), *others, [1, gap]]}

    def _added(self, node: ir.Node) -> list[str | int] | None:
        """Return the whole numbers and days that a term adds up, or None when it is anything else."""
        found: list[str | int] = []
        facts = self.terms.rulebook.facts
        for part in node.parts if isinstance(node, ir.Add) else (node,):
            if isinstance(part, ir.Const) and isinstance(part.value, int):
                found.append(part.value)
            elif isinstance(part, ir.Name) and part.id in facts and facts[part.id].type in ("int", "date"):
                found.append(part.id)
            else:
                return None
        return found
