"""The condition language: fifteen frozen nodes, their text and their JSON.

A node carries names, never the things named, so one condition can be read without its rulebook.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal

Literal = bool | int | Decimal | date | str


@dataclass(frozen=True, slots=True)
class Const:
    """A literal: boolean, integer or decimal with optional unit, date, or the text of an enum value."""

    value: Literal
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Name:
    """A fact, a derived fact or an outcome."""

    id: str


@dataclass(frozen=True, slots=True)
class Compare:
    """A chain `first op term op term ...`; on one name with constants it is one exact interval test."""

    first: Node
    rest: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class In:
    """The name has one of the values."""

    name: Name
    values: tuple[Const, ...]


@dataclass(frozen=True, slots=True)
class Has:
    """The set contains the value."""

    name: Name
    value: Const


@dataclass(frozen=True, slots=True)
class NonEmpty:
    """The set contains anything."""

    name: Name


@dataclass(frozen=True, slots=True)
class And:
    """Every part holds."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Some part holds."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Node


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Some item of the list satisfies the part."""

    list: str
    part: Node


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every item of the list satisfies the part."""

    list: str
    part: Node


@dataclass(frozen=True, slots=True)
class Count:
    """How many items of the list satisfy `where`."""

    list: str
    where: Node | None = None


@dataclass(frozen=True, slots=True)
class Fold:
    """`sum`, `max` or `distinct` of an item's value over the items that satisfy `where`."""

    op: str
    value: Name
    where: Node | None = None


@dataclass(frozen=True, slots=True)
class Add:
    """The sum of terms."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Lookup:
    """The value of a table at the facts that are its keys."""

    table: str


Node = Const | Name | Compare | In | Has | NonEmpty | And | Or | Not | AnyOf | AllOf | Count | Fold | Add | Lookup
TERMS = (Const, Name, Count, Fold, Add, Lookup)  # what has a value and can stand at a side of a comparison
KINDS: dict[str, type] = {
    "const": Const, "name": Name, "compare": Compare, "in": In, "has": Has, "nonempty": NonEmpty, "and": And, "or": Or,
    "not": Not, "any": AnyOf, "all": AllOf, "count": Count, "fold": Fold, "add": Add, "lookup": Lookup,
}  # fmt: skip
_KIND_OF = {cls: kind for kind, cls in KINDS.items()}


def children(node: Node) -> tuple[Node, ...]:
    """Return the nodes directly below `node`, in reading order."""
    match node:
        case Compare():
            return (node.first, *(term for _, term in node.rest))
        case And() | Or() | Add():
            return node.parts
        case Not() | AnyOf() | AllOf():
            return (node.part,)
        case In():
            return (node.name, *node.values)
        case Has():
            return (node.name, node.value)
        case NonEmpty():
            return (node.name,)
        case Count():
            return (node.where,) if node.where else ()
        case Fold():
            return (node.value, node.where) if node.where else (node.value,)
        case _:
            return ()


def walk(node: Node) -> Iterator[Node]:
    """Yield `node` and everything below it, in reading order."""
    yield node
    for child in children(node):
        yield from walk(child)


def names(node: Node) -> tuple[str, ...]:
    """Return the names that a condition mentions, each once, in reading order."""
    return tuple(dict.fromkeys(part.id for part in walk(node) if isinstance(part, Name)))


# text ----------------------------------------------------------------------------------------------------------------

_LEVEL = {Or: 1, And: 2, Not: 3, Compare: 4, In: 4, Has: 4, Add: 5}


def to_text(node: Node) -> str:
    """Return the text that parses back to `node`."""
    match node:
        case Const():
            return _literal(node)
        case Name():
            return node.id
        case Compare():
            return _inner(node.first, 5) + "".join(f" {op} {_inner(term, 5)}" for op, term in node.rest)
        case In():
            return f"{node.name.id} in [{', '.join(_literal(v) for v in node.values)}]"
        case Has():
            return f"{node.name.id} has {_literal(node.value)}"
        case NonEmpty():
            return f"nonempty({node.name.id})"
        case And():
            return " and ".join(_inner(part, 3) for part in node.parts)
        case Or():
            return " or ".join(_inner(part, 2) for part in node.parts)
        case Not():
            return f"not {_inner(node.part, 3)}"
        case Add():
            return " + ".join(_inner(part, 6) for part in node.parts)
        case Lookup():
            return f'lookup("{node.table}")'
        case _:
            return _list_form(node)


def _list_form(node: AnyOf | AllOf | Count | Fold) -> str:
    match node:
        case AnyOf():
            return f"any({node.list}: {to_text(node.part)})"
        case AllOf():
            return f"all({node.list}: {to_text(node.part)})"
        case Count():
            head = f"count({node.list}"
        case Fold():
            head = f"{node.op}({node.value.id}"
    return f"{head} where {to_text(node.where)})" if node.where else f"{head})"


def _inner(node: Node, level: int) -> str:
    text = to_text(node)
    return f"({text})" if _LEVEL.get(type(node), 9) < level else text


def _literal(node: Const) -> str:
    value = node.value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    text = value.isoformat() if isinstance(value, date) else str(value)
    return f"{text} {node.unit}" if node.unit else text


# JSON ----------------------------------------------------------------------------------------------------------------


def to_json(node: Node) -> dict[str, object]:
    """Return the canonical JSON form: `kind` and the node's own fields."""
    return {"kind": _KIND_OF[type(node)]} | {f.name: _field(getattr(node, f.name)) for f in fields(node)}


def _field(value: object) -> object:
    if type(value) in _KIND_OF:
        return to_json(value)  # type: ignore[arg-type]  # narrowed by the table of kinds
    if isinstance(value, tuple):
        return [_field(item) for item in value]
    if isinstance(value, date):
        return {"date": value.isoformat()}
    return {"decimal": str(value)} if isinstance(value, Decimal) else value


def from_json(data: object) -> Node:
    """Return the node of its JSON form."""
    node: Node = _unfield(data)  # type: ignore[assignment]  # the outermost value is a node
    return node


def _unfield(value: object) -> object:
    if isinstance(value, list):
        return tuple(_unfield(item) for item in value)
    if isinstance(value, dict):
        if "date" in value:
            return date.fromisoformat(value["date"])
        if "decimal" in value:
            return Decimal(value["decimal"])
        cls = KINDS[value["kind"]]
        return cls(**{key: _unfield(item) for key, item in value.items() if key != "kind"})
    return value
