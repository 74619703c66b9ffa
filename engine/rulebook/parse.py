"""Text of a condition -> its nodes, with the place of every fault."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from engine.errors import ConditionError, Place
from engine.rulebook import condition as ir

if TYPE_CHECKING:
    from lark import Lark, Token, Tree

MAX_LENGTH = 20_000
MAX_NESTING = 64


@cache
def _grammar() -> Lark:
    from lark import Lark  # noqa: PLC0415 - only rulebooks that are not cached need the parser

    text = Path(__file__).with_name("condition.lark").read_text(encoding="utf-8")
    return Lark(text, parser="lalr", propagate_positions=False, maybe_placeholders=True)


def parse(text: str, place: Place | None = None) -> ir.Node:
    """Return the condition written in `text`, which begins at `place`. Raises ConditionError."""
    from lark.exceptions import UnexpectedInput, UnexpectedToken  # noqa: PLC0415 - as above

    start = place or Place()
    _measure(text, start)
    try:
        tree = _grammar().parse(text)
    except UnexpectedInput as error:
        token = error.token if isinstance(error, UnexpectedToken) else None
        ended = token is not None and token.type == "$END"
        where = _shift(start, text, len(text) if ended else (error.pos_in_stream or 0))
        found = "the condition ends too early" if ended else f"`{token or text[error.pos_in_stream or 0]}` is not expected here"
        raise ConditionError("condition-syntax", found, "see the condition language in the README", where) from None
    try:
        return _node(cast("Tree[Token]", tree.children[0]))
    except ValueError as error:
        raise ConditionError("condition-syntax", str(error), "dates are written YYYY-MM-DD", start) from None


def _measure(text: str, place: Place) -> None:
    if len(text) > MAX_LENGTH:
        raise ConditionError(
            "condition-too-long", f"the condition has {len(text)} characters", f"the limit is {MAX_LENGTH}", place
        )
    depth = nots = 0
    for index, character in enumerate(text):
        depth += (character in "([") - (character in ")]")
        if depth > MAX_NESTING:
            where = _shift(place, text, index)
            raise ConditionError(
                "condition-too-deep", f"nested deeper than {MAX_NESTING} levels", "name a part as a derived fact", where
            )
    nots = text.count("not ")
    if nots > MAX_NESTING:
        raise ConditionError("condition-too-deep", f"`not` stands {nots} times", "name a part as a derived fact", place)


def _shift(place: Place, text: str, index: int) -> Place:
    """Return the place of a character of `text`, which begins at `place`; a place without column has none to count from."""
    lines = text.count("\n", 0, index)
    if lines and not place.column:
        return place
    column = index - text.rfind("\n", 0, index) if lines else place.column + index
    return Place(place.file, place.line + lines, column if place.column else 0)


def _node(tree: Tree[Token]) -> ir.Node:
    parts: list[Any] = tree.children
    match tree.data:
        case "literal":
            return _literal(parts)
        case "name":
            return ir.Name(str(parts[0]))
        case "either":
            return ir.Or(tuple(_flat(ir.Or, parts)))
        case "both":
            return ir.And(tuple(_flat(ir.And, parts)))
        case "negation":
            return ir.Not(_node(parts[0]))
        case "comparison":
            rest = tuple((str(op), _node(term)) for op, term in zip(parts[1::2], parts[2::2], strict=True))
            return ir.Compare(_node(parts[0]), rest)
        case "add":
            return ir.Add(tuple(_flat(ir.Add, parts)))
        case _:
            return _form(str(tree.data), parts)


def _form(kind: str, parts: list[Any]) -> ir.Node:
    if kind == "lookup":
        return ir.Lookup(str(parts[0])[1:-1])
    if kind == "fold":
        return ir.Fold(str(parts[0]), ir.Name(str(parts[1].children[0])), _node(parts[2]) if parts[2:] and parts[2] else None)
    name = str(parts[0].children[0])
    if kind == "nonempty":
        return ir.NonEmpty(ir.Name(name))
    if kind == "inside":
        return ir.In(ir.Name(name), tuple(_literal(part.children) for part in parts[1:]))
    if kind == "has":
        return ir.Has(ir.Name(name), _literal(parts[1].children))
    if kind == "count":
        return ir.Count(name, _node(parts[1]) if len(parts) > 1 and parts[1] else None)
    return (ir.AnyOf if kind == "any_of" else ir.AllOf)(name, _node(parts[1]))


def _flat(cls: type[ir.And | ir.Or | ir.Add], parts: list[Any]) -> list[ir.Node]:
    nodes: list[ir.Node] = []
    for node in map(_node, parts):
        nodes += node.parts if isinstance(node, cls) else (node,)
    return nodes


def _literal(parts: list[Any]) -> ir.Const:
    token = parts[0]
    match token.type:
        case "TRUE" | "FALSE":
            return ir.Const(token.type == "TRUE")
        case "DATE":
            return ir.Const(date.fromisoformat(token))
        case "TEXT":
            return ir.Const(str(token)[1:-1])
        case kind:
            unit = str(parts[1]) if len(parts) > 1 and parts[1] else ""
            return ir.Const(Decimal(token) if kind == "DECIMAL" else int(token), unit)
