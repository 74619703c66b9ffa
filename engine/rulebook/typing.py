"""Types of conditions: every name exists, every comparison makes sense, every value is declared."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from typing import TYPE_CHECKING

from engine.rulebook import condition as ir
from schemas.term import Type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.rulebook.model import PackRules, Rulebook

NUMBERS = ("int", "decimal")
ORDERED = (*NUMBERS, "date", "outcome")
Fault = tuple[str, str, str]  # code, problem, help
_BAD = Type("error")


def type_of_term(node: ir.Node, rulebook: Rulebook, pack: PackRules) -> Type:
    """Return the type of a term; `error` when it has none."""
    match node:
        case ir.Name():
            return rulebook.type_of(pack, node.id) or _BAD
        case ir.Const():
            return _type_of_const(node)
        case ir.Lookup():
            return _type_of_lookup(node, rulebook)
        case ir.Count():
            return Type("int")
        case ir.Fold():
            return type_of_term(node.value, rulebook, pack)
        case ir.Add():
            kinds = [type_of_term(part, rulebook, pack) for part in node.parts]
            units = [kind.unit for kind in kinds if kind.unit]
            places = max(kind.places for kind in kinds)
            return Type("decimal" if places else "int", (), units[0] if units else "", places)
        case _:
            return Type("bool")


def _type_of_const(node: ir.Const) -> Type:
    value = node.value
    if isinstance(value, bool):
        return Type("bool")
    if isinstance(value, int):
        return Type("int", (), node.unit)
    if isinstance(value, Decimal):
        return Type("decimal", (), node.unit, max(0, -int(value.as_tuple().exponent)))
    return Type("date") if isinstance(value, date) else Type("enum", (value,))


def _type_of_lookup(node: ir.Lookup, rulebook: Rulebook) -> Type:
    table = rulebook.tables.get(node.table)
    if table is None:
        return _BAD
    fact = rulebook.facts.get(table.gives.fact)
    return rulebook.type_of_fact(fact) if fact else Type("enum", tuple(table.gives.values))


class Checker:
    """Checks conditions of one pack and remembers nothing between them."""

    def __init__(self, rulebook: Rulebook, pack: PackRules) -> None:
        """Check against the names of `pack`."""
        self.rulebook = rulebook
        self.pack = pack
        self.names = [*rulebook.facts, *pack.derived, *pack.outcomes]

    def faults(self, node: ir.Node, scope: str) -> Iterator[Fault]:
        """Yield the faults of a condition in the scope of a list, or of the filing when `scope` is empty."""
        match node:
            case ir.And() | ir.Or():
                for part in node.parts:
                    yield from self.faults(part, scope)
            case ir.Not():
                yield from self.faults(node.part, scope)
            case ir.AnyOf() | ir.AllOf():
                yield from self._list(node.list)
                yield from self.faults(node.part, node.list)
            case ir.Name():
                yield from self._name(node, scope)
                if (kind := self._type(node)).name not in ("bool", "error"):
                    yield ("not-a-condition", f"`{node.id}` is {_a(kind)}, not a condition", "compare it with a value")
            case ir.Compare():
                yield from self._compare(node, scope)
            case ir.In():
                yield from self._name(node.name, scope)
                for value in node.values:
                    yield from self._value(node.name, value, ("enum", "outcome"), "in")
            case ir.Has():
                yield from self._name(node.name, scope)
                yield from self._value(node.name, node.value, ("set",), "has")
            case ir.NonEmpty():
                yield from self._name(node.name, scope)
                if (kind := self._type(node.name)).name not in ("set", "error"):
                    yield ("wrong-type", f"`nonempty` takes a set, `{node.name.id}` is {_a(kind)}", "compare it with a value")
            case ir.Const():
                if not isinstance(node.value, bool):
                    yield ("not-a-condition", f"`{ir.to_text(node)}` is not a condition", "compare a fact with it")
            case _:
                yield ("not-a-condition", f"`{ir.to_text(node)}` is not a condition", "compare it with a value")

    def term_faults(self, node: ir.Node, scope: str) -> Iterator[Fault]:
        """Yield the faults of a term: what stands at either side of a comparison."""
        match node:
            case ir.Name():
                yield from self._name(node, scope)
            case ir.Add():
                for part in node.parts:
                    yield from self.term_faults(part, scope)
                    if (kind := self._type(part)).name not in (*NUMBERS, "error"):
                        yield ("wrong-type", f"`{ir.to_text(part)}` is {_a(kind)} and cannot be added", "add numbers only")
                units = {kind.unit for part in node.parts if (kind := self._type(part)).unit}
                if len(units) > 1:
                    yield ("unit-mismatch", f"`{ir.to_text(node)}` adds {' and '.join(sorted(units))}", "add one unit only")
            case ir.Count():
                yield from self._list(node.list)
                if node.where:
                    yield from self.faults(node.where, node.list)
            case ir.Fold():
                yield from self._fold(node)
            case ir.Lookup():
                yield from self._lookup(node, scope)
            case ir.Const():
                pass
            case _:
                yield ("not-a-term", f"`{ir.to_text(node)}` cannot be compared", "compare facts, numbers, dates or values")

    def _type(self, node: ir.Node) -> Type:
        return type_of_term(node, self.rulebook, self.pack)

    def _name(self, node: ir.Name, scope: str) -> Iterator[Fault]:
        if self._type(node).name == "error":
            near = get_close_matches(node.id, self.names, 1)
            home = self.rulebook.topics.get(near[0], "") if near else ""
            remedy = f"did you mean `{near[0]}`?" if near else "declare it in rules/vocabulary/"
            yield ("unknown-fact", f"no fact named `{node.id}`", f"{remedy} facts are declared in {home}" if home else remedy)
        elif (home := self.rulebook.list_of(node.id)) and home != scope:
            remedy = f"use any({home}: ...), all({home}: ...) or a fold"
            yield ("out-of-scope", f"`{node.id}` belongs to each {home}, not to the filing", remedy)

    def _list(self, name: str) -> Iterator[Fault]:
        if name not in self.rulebook.lists:
            near = get_close_matches(name, list(self.rulebook.lists), 1)
            yield (
                "unknown-list",
                f"no list named `{name}`",
                f"did you mean `{near[0]}`?" if near else "declare it in rules/vocabulary/",
            )

    def _fold(self, node: ir.Fold) -> Iterator[Fault]:
        home = self.rulebook.list_of(node.value.id)
        if not home:
            yield ("not-an-item", f"`{node.op}` needs a fact of a list, `{node.value.id}` is none", "name it `<list>.<fact>`")
            return
        yield from self._name(node.value, home)
        kind = self._type(node.value)
        if kind.name not in (*NUMBERS, "error") and not (node.op == "max" and kind.name == "outcome"):
            yield ("wrong-type", f"`{node.op}` takes numbers, `{node.value.id}` is {_a(kind)}", "fold a number")
        if node.where:
            yield from self.faults(node.where, home)

    def _lookup(self, node: ir.Lookup, scope: str) -> Iterator[Fault]:
        table = self.rulebook.tables.get(node.table)
        if table is None:
            near = get_close_matches(node.table, list(self.rulebook.tables), 1)
            yield (
                "unknown-table",
                f"no table named `{node.table}`",
                f"did you mean `{near[0]}`?" if near else "add it to rules/lists/",
            )
            return
        for key in table.keys:
            yield from self._name(ir.Name(key), scope)

    def _compare(self, node: ir.Compare, scope: str) -> Iterator[Fault]:
        terms = (node.first, *(term for _, term in node.rest))
        for term in terms:
            yield from self.term_faults(term, scope)
        if all(isinstance(term, ir.Const) for term in terms):
            yield ("constant-comparison", f"`{ir.to_text(node)}` compares constants", "compare a fact")
            return
        for left, (op, right) in zip(terms, node.rest, strict=False):
            yield from self._sides(left, op, right)

    def _sides(self, left: ir.Node, op: str, right: ir.Node) -> Iterator[Fault]:
        if isinstance(left, ir.Const) and not isinstance(right, ir.Const):
            left, right = right, left
        a, b = self._type(left), self._type(right)
        if "error" in (a.name, b.name):
            return
        text = ir.to_text(left)
        if a.name == "set":
            yield ("wrong-type", f"`{text}` is a set and cannot be compared", "use `has` or `nonempty`")
        elif op not in ("==", "!=") and a.name not in ORDERED:
            yield ("wrong-type", f"`{text}` is {_a(a)} and has no order", "use == or !=")
        elif a.name in ("enum", "outcome") and isinstance(right, ir.Const):
            yield from self._value(left, right, ("enum", "outcome"), op)
        elif not (a.name == b.name or (a.name in NUMBERS and b.name in NUMBERS)) or (a.values and a.values != b.values):
            yield ("wrong-type", f"`{text}` is {_a(a)}, `{ir.to_text(right)}` is {_a(b)}", "compare things of one type")
        elif a.unit != b.unit and not (isinstance(right, ir.Const) and not b.unit):
            problem = f"`{text}` counts {a.unit or 'nothing named'}, `{ir.to_text(right)}` counts {b.unit or 'nothing named'}"
            yield ("unit-mismatch", problem, "compare one unit only")
        elif b.places > a.places and isinstance(right, ir.Const):
            yield ("too-precise", f"`{text}` has {a.places} decimals, `{ir.to_text(right)}` has more", "round the constant")

    def _value(self, term: ir.Node, value: ir.Const, kinds: tuple[str, ...], op: str) -> Iterator[Fault]:
        kind = self._type(term)
        text = ir.to_text(term)
        if kind.name == "error":
            return
        if kind.name not in kinds:
            yield (
                "wrong-type",
                f"`{op}` does not work on `{text}`, which is {_a(kind)}",
                "see the condition language in the README",
            )
        elif value.value not in kind.values:
            near = get_close_matches(str(value.value), kind.values, 1)
            remedy = f"did you mean `{near[0]}`?" if near else f"one of {', '.join(kind.values)}"
            yield ("unknown-value", f"`{text}` has no value `{value.value}`", remedy)


def _a(kind: Type) -> str:
    return {"int": "a whole number", "enum": "one of several values", "outcome": "an outcome"}.get(kind.name, f"a {kind.name}")
