"""What a fact may still be: the domain of each type, and how a filing writes part of it.

    bool            F, U or T                     0, 1, 2
    enum, outcome   a mask of possible values     bit i = i-th declared value (an outcome keeps bit 0 for "not governed")
    int, decimal    (low, high), both included    decimals as integers of their last place, infinity for no bound
    date            (low, high) of day ordinals
    set             (must, may), two masks

DESIGN section 1: a fact is the set of values it may still have; numbers and dates have no holes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from engine.errors import FactError, Place
from engine.rulebook.read import Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from engine.rulebook.read import Node
    from schemas.rulebook import Fact
    from schemas.term import Type

Slots = list[Any]  # what is known of a filing, or of one item, by slot
Closure = Callable[[Slots, Slots], Any]  # (filing's slots, item's slots) -> what is possible
Possible = Any  # one of the five forms above; the type of the fact says which
F, U, T = 0, 1, 2
INF = math.inf
UNKNOWN_REASONS = ("not_asked", "cannot_say", "refused")
LIMIT = 10**18
LAST_DAY = date.max.toordinal()
_INT = re.compile(r"-?(0|[1-9][0-9]*)\Z")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")


def whole(fact: Fact, kind: Type) -> Possible:
    """Return every value that the fact can have."""
    match kind.name:
        case "bool":
            return U
        case "enum":
            return (1 << len(kind.values)) - 1
        case "set":
            return (0, (1 << len(kind.values)) - 1)
        case _:
            return (-INF if fact.min is None else _number(fact.min, kind), INF if fact.max is None else _number(fact.max, kind))


def _number(value: int | date | Decimal, kind: Type) -> int:
    if isinstance(value, date):
        return value.toordinal()
    return int(value * 10**kind.places)


def known(kind: Type, value: Possible) -> bool:
    """Tell whether exactly one value is left."""
    match kind.name:
        case "bool":
            return bool(value != U)
        case "enum" | "outcome":
            return bool(value & (value - 1) == 0)
        case _:
            return bool(value[0] == value[1])


def meet(kind: Type, a: Possible, b: Possible) -> Possible | None:
    """Return what both leave possible, or None when that is nothing."""
    match kind.name:
        case "bool":
            return a if b in (U, a) else (b if a == U else None)
        case "enum" | "outcome":
            return (a & b) or None
        case "set":
            must, may = a[0] | b[0], a[1] & b[1]
            return (must, may) if must & ~may == 0 else None
        case _:
            low, high = max(a[0], b[0]), min(a[1], b[1])
            if kind.name == "date" and (low > LAST_DAY or high < 1):
                return None  # beyond the calendar there is no day to show
            return (low, high) if low <= high else None


def show(kind: Type, value: Possible) -> Any:
    """Return `value` as a filing would write it; None when nothing is known."""
    match kind.name:
        case "bool":
            return None if value == U else value == T
        case "enum":
            names = [name for i, name in enumerate(kind.values) if value >> i & 1]
            return names[0] if len(names) == 1 else {"one_of": names}
        case "set":
            must = [name for i, name in enumerate(kind.values) if value[0] >> i & 1]
            if value[0] == value[1]:
                return must
            return {"includes": must, "excludes": [n for i, n in enumerate(kind.values) if not value[1] >> i & 1]}
        case _:
            low, high = (None if abs(bound) == INF else _unnumber(bound, kind) for bound in value)
            if low is not None and low == high:
                return low
            return {key: bound for key, bound in (("at_least", low), ("at_most", high)) if bound is not None} or None


def _unnumber(bound: int, kind: Type) -> int | str:
    if kind.name == "date":
        return date.fromordinal(bound).isoformat()
    return str(Decimal(bound).scaleb(-kind.places)) if kind.name == "decimal" else bound


def parse(fact: Fact, kind: Type, node: Node) -> Possible | None:
    """Return what `node` says about `fact`, or None for a stated unknown. Raises FactError."""
    if isinstance(node, Mapping):
        return _partial(fact, kind, node)
    if isinstance(node, Sequence):
        if kind.name != "set":
            remedy = "write one value, or `{one_of: [...]}` when it is one of several"
            raise FactError("list-for-scalar", f"`{fact.id}` takes one value, not a list", remedy, node.place)
        mask = _mask(fact, kind, node)
        return (mask, mask)
    if kind.name == "set":
        raise FactError("scalar-for-set", f"`{fact.id}` takes a list of values", f"write `[{node.text}]`", node.place)
    value = _scalar(fact, kind, node)
    return _bounded(fact, kind, (value, value), node.place) if kind.name in ("int", "decimal", "date") else value


def _scalar(fact: Fact, kind: Type, node: Scalar) -> Possible:
    text = node.text
    match kind.name:
        case "bool":
            if node.plain and text in ("true", "false"):
                return T if text == "true" else F
            raise FactError(
                "wrong-type", f"`{fact.id}` is true or false, not `{_cut(text)}`", "write `true` or `false`", node.place
            )
        case "enum":
            return 1 << _index(fact, kind, node)
        case "date":
            return _day(fact, node)
        case "int":
            if node.plain and _INT.match(text) and len(text) <= 19:  # noqa: PLR2004 - the digits of LIMIT
                return int(text)
            remedy = "write digits only, without separators, quotes or units"
            raise FactError("wrong-type", f"`{fact.id}` is a whole number, not `{_cut(text)}`", remedy, node.place)
        case _:
            return _decimal(fact, kind, node)


def _day(fact: Fact, node: Scalar) -> int:
    try:
        return date.fromisoformat(node.text if _DAY.match(node.text) else "").toordinal()
    except ValueError:
        problem = f"`{fact.id}` is a date, not `{_cut(node.text)}`"
        raise FactError("wrong-type", problem, "write it as YYYY-MM-DD, a day that exists", node.place) from None


def _decimal(fact: Fact, kind: Type, node: Scalar) -> int:
    try:
        value = Decimal(node.text) if node.plain and len(node.text) <= 30 else Decimal("NaN")  # noqa: PLR2004 - beyond any real figure
    except InvalidOperation:
        value = Decimal("NaN")
    scaled = value.scaleb(kind.places) if value.is_finite() else value
    if not scaled.is_finite() or scaled != scaled.to_integral_value():
        problem = f"`{fact.id}` is a number with at most {kind.places} decimals, not `{_cut(node.text)}`"
        raise FactError("wrong-type", problem, "write digits and a point", node.place)
    return int(scaled)


def _index(fact: Fact, kind: Type, node: Node) -> int:
    text = node.text if isinstance(node, Scalar) else "a list"
    if text in kind.values:
        return kind.values.index(text)
    near = get_close_matches(text, kind.values, 1)
    remedy = f"did you mean `{near[0]}`?" if near else f"one of {', '.join(kind.values)}"
    raise FactError("unknown-value", f"`{fact.id}` has no value `{_cut(text)}`", remedy, node.place)


def _mask(fact: Fact, kind: Type, node: Node) -> int:
    if not isinstance(node, Sequence):
        raise FactError("scalar-for-set", f"`{fact.id}` takes a list of values here", "write `[a, b]`", node.place)
    mask = 0
    for item in node.items:
        mask |= 1 << _index(fact, kind, item)
    return mask


def _partial(fact: Fact, kind: Type, node: Mapping) -> Possible | None:
    keys = {key.text for key, _ in node.pairs}
    if keys == {"unknown"}:
        _stated_unknown(fact, node)
        return None
    if keys == {"one_of"} and kind.name == "enum":
        mask = _mask(fact, kind, node.pairs[0][1])
        if mask:
            return mask
        raise FactError("empty-range", f"`{fact.id}` is one of nothing", "name at least one value", node.place)
    if keys and keys <= {"at_least", "at_most"} and kind.name in ("int", "decimal", "date"):
        low = _bound(fact, kind, node, "at_least", -INF)
        high = _bound(fact, kind, node, "at_most", INF)
        if low > high:
            raise FactError("empty-range", f"`{fact.id}`: at_least is above at_most", "exchange them", node.place)
        return _bounded(fact, kind, (low, high), node.place)
    if keys and keys <= {"includes", "excludes"} and kind.name == "set":
        must, no = (_mask(fact, kind, part) if (part := node.get(key)) else 0 for key in ("includes", "excludes"))
        if must & no:
            raise FactError("empty-range", f"`{fact.id}` includes and excludes the same value", "keep one of them", node.place)
        return (must, (1 << len(kind.values)) - 1 & ~no)
    forms = {"enum": "{one_of: [...]}", "set": "{includes: [...], excludes: [...]}", "bool": "true or false"}
    form = forms.get(kind.name, "{at_least: ..., at_most: ...}")
    raise FactError(
        "wrong-form", f"`{fact.id}` cannot be written like this", f"write a value, {form} or {{unknown: not_asked}}", node.place
    )


def _stated_unknown(fact: Fact, node: Mapping) -> None:
    reason = node.pairs[0][1]
    if not (isinstance(reason, Scalar) and reason.text in UNKNOWN_REASONS):
        remedy = f"one of {', '.join(UNKNOWN_REASONS)}"
        raise FactError("unknown-reason", f"`{fact.id}` is unknown for a reason that is not known here", remedy, node.place)


def _bound(fact: Fact, kind: Type, node: Mapping, key: str, default: float) -> Any:
    part = node.get(key)
    if part is None:
        return default
    if not isinstance(part, Scalar):
        raise FactError("wrong-type", f"`{fact.id}`: {key} takes one value", "write a number or a date", part.place)
    return _scalar(fact, kind, part)


def _bounded(fact: Fact, kind: Type, value: Possible, place: Place) -> Possible:
    if any(abs(bound) != INF and abs(bound) > LIMIT for bound in value):
        raise FactError("out-of-range", f"`{fact.id}` is larger than {LIMIT}", "check the number", place)
    met = meet(kind, whole(fact, kind), value)
    if met is None:
        low, high = whole(fact, kind)
        limit = f"at least {_unnumber(low, kind)}" if value[1] < low else f"at most {_unnumber(high, kind)}"
        raise FactError("out-of-range", f"`{fact.id}` is {limit}", "check the number", place)
    return met


def _cut(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004 - what fits on a line
