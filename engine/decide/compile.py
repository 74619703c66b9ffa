"""Condition -> closure over slots, in strong Kleene logic on F < U < T.

A closure takes the filing's slots and one item's slots. `and` is min, `or` is max, `not` is 2 - x. An atom over facts that may
not apply is `min(applies, atom)`; `not` stays outside of that (DESIGN section 1).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from engine.decide import lists
from engine.decide.tables import Face
from engine.decide.values import INF, F, T, U
from engine.rulebook import condition as ir
from engine.rulebook.typing import type_of_term

if TYPE_CHECKING:
    from collections.abc import Hashable

    from engine.decide.layout import Layout
    from engine.decide.values import Closure, Slots
    from schemas.term import Type


@dataclass
class Kept:
    """What the editions of a pack share: tables, conditions and constants that did not change between them."""

    layout: Layout  # of the facts, without tables
    faces: dict[tuple[str, int], Face] = field(default_factory=dict)  # by table and version
    closures: dict[tuple[str, tuple[int, ...]], Closure] = field(default_factory=dict)  # by text and faces
    constants: dict[tuple[str, tuple[str, ...]], Closure] = field(default_factory=dict)  # by outcome and values
    looked_up: dict[str, tuple[str, ...]] = field(default_factory=dict)  # the tables in a condition, by its text
    laws: dict[Hashable, tuple[list[str], dict[str, frozenset[str]]]] = field(default_factory=dict)  # strata, reads, by versions

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


def truth(node: ir.Node, at: Layout) -> Closure:
    """Return the closure of a condition: (filing slots, item slots) -> F, U or T."""
    match node:
        case ir.Const():
            value = T if node.value else F
            return lambda _f, _i: value
        case ir.Name():
            return _guarded(at, (node.id,), at.value(node.id))
        case ir.Not():
            part = truth(node.part, at)
            return lambda f, i: 2 - part(f, i)
        case ir.And():
            return _both([truth(part, at) for part in node.parts])
        case ir.Or():
            return _either([truth(part, at) for part in node.parts])
        case ir.AnyOf():
            return lists.any_of(at.slot[node.list], truth(node.part, at))
        case ir.AllOf():
            inverse = lists.any_of(at.slot[node.list], truth(ir.Not(node.part), at))
            return lambda f, i: 2 - inverse(f, i)
        case _:
            return _atom(node, at)


def _both(parts: list[Closure]) -> Closure:
    def both(f: Slots, i: Slots) -> int:
        result = T
        for part in parts:
            value = part(f, i)
            if value == F:
                return F
            result = min(result, value)
        return result

    return both


def _either(parts: list[Closure]) -> Closure:
    def either(f: Slots, i: Slots) -> int:
        result = F
        for part in parts:
            value = part(f, i)
            if value == T:
                return T
            result = max(result, value)
        return result

    return either


def _guarded(at: Layout, names: tuple[str, ...], atom: Closure) -> Closure:
    guards = [guard for name in names if (guard := at.applying(name))]
    return _both([*guards, atom]) if guards else atom


def _atom(node: ir.Node, at: Layout) -> Closure:
    match node:
        case ir.In():
            wanted = mask_of(at.type_of(node.name.id), {value.value for value in node.values})
            return _guarded(at, (node.name.id,), _within(at.value(node.name.id), wanted))
        case ir.Has():
            bit = 1 << at.type_of(node.name.id).values.index(str(node.value.value))
            return _guarded(at, (node.name.id,), _contains(at.value(node.name.id), bit))
        case ir.NonEmpty():
            return _guarded(at, (node.name.id,), _filled(at.value(node.name.id)))
        case ir.Compare():
            return _compare(node, at)
    msg = f"not a condition: {node}"
    raise TypeError(msg)


def _within(value: Closure, wanted: int) -> Closure:
    def within(f: Slots, i: Slots) -> int:
        mask = value(f, i)
        if mask & wanted == 0:
            return F
        return U if mask & ~wanted else T

    return within


def _contains(value: Closure, bit: int) -> Closure:
    def contains(f: Slots, i: Slots) -> int:
        must, may = value(f, i)
        return T if must & bit else (U if may & bit else F)

    return contains


def _filled(value: Closure) -> Closure:
    def filled(f: Slots, i: Slots) -> int:
        must, may = value(f, i)
        return T if must else (U if may else F)

    return filled


def mask_of(kind: Type, values: set[Any]) -> int:
    """Return the mask of named values; an outcome's bit 0 is "not governed"."""
    shift = 1 if kind.name == "outcome" else 0
    return sum(1 << i + shift for i, name in enumerate(kind.values) if name in values)


# comparisons ---------------------------------------------------------------------------------------------------------

_FLIP = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}


def _compare(node: ir.Compare, at: Layout) -> Closure:
    terms = (node.first, *(term for _, term in node.rest))
    open_terms = [term for term in terms if not isinstance(term, ir.Const)]
    direct = tuple(name for term in terms for name in _asserted(term, at))
    steps = list(zip(terms, [op for op, _ in node.rest], terms[1:], strict=False))
    if len(open_terms) == 1:
        kind = term_type(open_terms[0], at)
        touching = [step for step in steps if open_terms[0] in (step[0], step[2])]
        if not all(_constants_hold(*step, kind) for step in steps if step not in touching):
            return lambda _f, _i: F
        sides = [(op, right) if left is open_terms[0] else (_FLIP[op], left) for left, op, right in touching]
        if kind.name in ("enum", "outcome", "bool"):
            return _guarded(at, direct, _finite(open_terms[0], kind, sides, at))
        return _guarded(at, direct, _interval(open_terms[0], kind, sides, at))
    return _guarded(at, direct, _both([_pair(left, op, right, at) for left, op, right in steps]))


def _constants_hold(left: ir.Node, op: str, right: ir.Node, kind: Type) -> bool:
    """Tell whether a link between two constants of a chain holds; values of an enum stand in their declared order."""
    a, b = (kind.values.index(side.value) if isinstance(side.value, str) else side.value for side in (left, right))  # type: ignore[union-attr]
    return _holds(a, op, b)


def _asserted(term: ir.Node, at: Layout) -> list[str]:
    """Return the names that must apply for a comparison to hold; a sum is left out, since what does not apply adds nothing."""
    if isinstance(term, ir.Lookup):
        return at.tables[term.table].table.keys
    return [term.id] if isinstance(term, ir.Name) else []


def term_type(node: ir.Node, at: Layout) -> Type:
    """Return the type of a term that `check` has found good."""
    return type_of_term(node, at.rulebook, at.pack)


def _finite(term: ir.Node, kind: Type, sides: list[tuple[str, ir.Node]], at: Layout) -> Closure:
    value = term_value(term, at)
    if kind.name == "bool":
        (op, const), *_ = sides
        same = (const.value is True) == (op == "==")  # type: ignore[union-attr]  # sides are constants here
        return value if same else (lambda f, i: 2 - value(f, i))
    shift = 1 if kind.name == "outcome" else 0
    wanted = ((1 << len(kind.values)) - 1) << shift
    for op, const in sides:
        at_value = kind.values.index(str(const.value))  # type: ignore[union-attr]  # as above
        wanted &= sum(1 << k + shift for k in range(len(kind.values)) if _holds(k, op, at_value))
    return _within(value, wanted)


def _holds(a: Any, op: str, b: Any) -> bool:
    return bool({"==": a == b, "!=": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[op])


def _interval(term: ir.Node, kind: Type, sides: list[tuple[str, ir.Node]], at: Layout) -> Closure:
    value = number(term, at, kind)
    low, high, holes = interval_of(kind, sides)

    def inside(f: Slots, i: Slots) -> int:
        least, most = value(f, i)
        if most < low or least > high:
            return F
        result = T if least >= low and most <= high else U
        for hole in holes:
            if least == hole == most:
                return F
            if least <= hole <= most:
                result = U
        return result

    return inside


def interval_of(kind: Type, sides: list[tuple[str, ir.Node]]) -> tuple[Any, Any, list[int]]:
    """Return (low, high, excluded points) of a chain of comparisons with constants."""
    low: Any = -INF
    high: Any = INF
    holes = []
    for op, const in sides:
        point = scaled(const, kind)
        if op in ("==", ">=", ">"):
            low = max(low, point + (op == ">"))
        if op in ("==", "<=", "<"):
            high = min(high, point - (op == "<"))
        if op == "!=":
            holes.append(point)
    return low, high, holes


def scaled(const: ir.Node, kind: Type) -> int:
    """Return a constant in the units of `kind`: day ordinal, or integer of the last place."""
    value: Any = const.value  # type: ignore[union-attr]  # callers pass constants
    return value.toordinal() if isinstance(value, date) else int(value * 10**kind.places)


def _pair(left: ir.Node, op: str, right: ir.Node, at: Layout) -> Closure:
    # the finer side decides the scale: 2.5 and 2 are compared as 25 and 20
    kind = max((term_type(side, at) for side in (left, right) if not isinstance(side, ir.Const)), key=lambda kind: kind.places)
    if kind.name == "bool":
        return _agree(_finite_side(left, kind, at), _finite_side(right, kind, at), negated=op == "!=")
    if kind.name in ("enum", "outcome"):
        x, y = _finite_side(left, kind, at), _finite_side(right, kind, at)
        return _same(x, y, negated=op == "!=") if op in ("==", "!=") else _ordered(x, y, op)
    a, b = number(left, at, kind), number(right, at, kind)
    if op in (">", ">="):
        a, b, op = b, a, _FLIP[op]
    if op in ("==", "!="):
        return _equal(a, b, negated=op == "!=")
    strict = op == "<"

    def below(f: Slots, i: Slots) -> int:
        (a_low, a_high), (b_low, b_high) = a(f, i), b(f, i)
        if (a_high < b_low) if strict else (a_high <= b_low):
            return T
        return F if ((a_low >= b_high) if strict else (a_low > b_high)) else U

    return below


def _equal(a: Closure, b: Closure, *, negated: bool) -> Closure:
    def equal(f: Slots, i: Slots) -> int:
        (a_low, a_high), (b_low, b_high) = a(f, i), b(f, i)
        result = U
        if a_high < b_low or b_high < a_low:
            result = F
        elif a_low == a_high == b_low == b_high:
            result = T
        return 2 - result if negated else result

    return equal


def _same(a: Closure, b: Closure, *, negated: bool) -> Closure:
    def same(f: Slots, i: Slots) -> int:
        x, y = a(f, i), b(f, i)
        result = U
        if x & y == 0:
            result = F
        elif x == y and x & (x - 1) == 0:
            result = T
        return 2 - result if negated else result

    return same


def _ordered(a: Closure, b: Closure, op: str) -> Closure:
    """Compare two ranks: true when every possible pair holds, false when none does."""

    def ordered(f: Slots, i: Slots) -> int:
        x, y = a(f, i), b(f, i)
        found = {_holds(j, op, k) for j in _ranks(x) for k in _ranks(y)}
        return U if len(found) > 1 else (T if True in found else F)

    return ordered


def _ranks(mask: int) -> list[int]:
    return [k for k in range(mask.bit_length()) if mask >> k & 1]


def _finite_side(node: ir.Node, kind: Type, at: Layout) -> Closure:
    """Return the closure of one side of a link; a constant takes the form of the other side."""
    if not isinstance(node, ir.Const):
        return term_value(node, at)
    value = (T if node.value else F) if kind.name == "bool" else mask_of(kind, {node.value})
    return lambda _f, _i: value


def _agree(a: Closure, b: Closure, *, negated: bool) -> Closure:
    """Truth values are not masks: each is one value unless it is U."""

    def agree(f: Slots, i: Slots) -> int:
        x, y = a(f, i), b(f, i)
        if U in (x, y):
            return U
        return T if (x == y) != negated else F

    return agree


# terms ---------------------------------------------------------------------------------------------------------------


def term_value(node: ir.Node, at: Layout) -> Closure:
    """Return the closure of a term with finitely many values: a mask, or a truth value."""
    match node:
        case ir.Name():
            return at.value(node.id)
        case ir.Lookup():
            face = at.tables[node.table]
            return face.closure([at.value(key) for key in face.table.keys], [at.type_of(key) for key in face.table.keys])
        case ir.Fold():
            where = truth(node.where, at) if node.where else None
            return lists.max_outcome(at.slot[at.rulebook.list_of(node.value.id)], at.value(node.value.id), where)
        case _:
            return number(node, at)


def number(node: ir.Node, at: Layout, kind: Type | None = None) -> Closure:
    """Return the closure of a numeric or date term: (low, high), in the last place of `kind` or else of its own type."""
    kind = kind or term_type(node, at)
    match node:
        case ir.Const():
            point = scaled(node, kind)
            return lambda _f, _i: (point, point)
        case ir.Name():
            value = at.value(node.id)
        case ir.Count():
            value = lists.count(at.slot[node.list], truth(node.where, at) if node.where else None)
        case ir.Fold():
            value = _fold(node, at)
        case ir.Add():
            return _sum([_or_zero(part, at, kind) for part in node.parts])
        case _:
            msg = f"not a number: {node}"
            raise TypeError(msg)
    factor = 10 ** (kind.places - term_type(node, at).places)
    return value if factor == 1 else _times(value, factor)


def _times(value: Closure, factor: int) -> Closure:
    def times(f: Slots, i: Slots) -> tuple[Any, Any]:
        low, high = value(f, i)
        return (low * factor, high * factor)

    return times


def _fold(node: ir.Fold, at: Layout) -> Closure:
    parts = [truth(node.where, at)] if node.where else []
    if guard := at.applying(node.value.id):
        parts.append(guard)
    where = _both(parts) if parts else None
    slot = at.slot[at.rulebook.list_of(node.value.id)]
    return lists.FOLDS[node.op](slot, at.value(node.value.id), where)


def _or_zero(node: ir.Node, at: Layout, kind: Type) -> Closure:
    """A term that does not apply adds nothing."""
    value = number(node, at, kind)
    guard = at.applying(node.id) if isinstance(node, ir.Name) else None
    if guard is None:
        return value

    def or_zero(f: Slots, i: Slots) -> tuple[Any, Any]:
        applies = guard(f, i)
        if applies == F:
            return (0, 0)
        low, high = value(f, i)
        return (low, high) if applies == T else (min(low, 0), max(high, 0))

    return or_zero


def _sum(parts: list[Closure]) -> Closure:
    def total(f: Slots, i: Slots) -> tuple[Any, Any]:
        low: Any = 0
        high: Any = 0
        for part in parts:
            a, b = part(f, i)
            low += a
            high += b
        return (low, high)

    return total
