"""Read YAML and JSON from libyaml's events into nodes that keep their places.

Composing is not used: it crashes on deep input and hides duplicate keys, aliases and the traps of YAML 1.1 (`no`, `1:30`).
A plain scalar stays text here; its reader decides what it means from the type that is expected.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import yaml

from engine.errors import Place, ReadError

MAX_BYTES = 4_000_000
MAX_DEPTH = 64
_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)\Z")
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Scalar:
    """One scalar: its text, whether it stood without quotes, its place, and whether it stands there letter by letter."""

    text: str
    plain: bool
    place: Place
    exact: bool = False  # on one line without escapes, so that a column can be counted


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list of nodes."""

    items: tuple[Node, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Mapping:
    """Pairs of key scalar and node, in the order written; keys are unique."""

    pairs: tuple[tuple[Scalar, Node], ...]
    place: Place

    def get(self, key: str) -> Node | None:
        """Return the node under `key`, or None."""
        return next((node for name, node in self.pairs if name.text == key), None)


Node = Scalar | Sequence | Mapping


def read(data: bytes, file: str) -> Node:
    """Return the one document in `data`; `file` is its name in messages. Raises ReadError."""
    text = decode(data, file)
    try:
        return _document(text, file)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
        raise ReadError("syntax", str(error.problem or error.context), "check indentation, quotes and brackets", place) from None
    except yaml.YAMLError as error:
        raise ReadError("syntax", str(error).splitlines()[0], "remove control characters", Place(file)) from None


def decode(data: bytes, file: str) -> str:
    """Return the text of a document that is neither too large nor badly encoded. Raises ReadError."""
    if len(data) > MAX_BYTES:
        remedy = "leave out what is no fact, or split it"
        raise ReadError("too-large", f"the document is larger than {MAX_BYTES} bytes", remedy, Place(file))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        place = Place(file, before.count(b"\n") + 1, error.start - (before.rfind(b"\n") + 1) + 1)
        raise ReadError("not-utf8", "the document is not UTF-8", "save it with UTF-8 encoding", place) from None


def _document(text: str, file: str) -> Node:
    events = (e for e in yaml.parse(text, Loader=_Loader) if not isinstance(e, (yaml.StreamStartEvent, yaml.DocumentStartEvent)))
    stack: list[tuple[Place, bool, list[Node]]] = []
    root: Node | None = None
    for event in events:
        mark = event.start_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
        _refuse(event, place)
        if isinstance(event, (yaml.SequenceStartEvent, yaml.MappingStartEvent)):
            if len(stack) >= MAX_DEPTH:
                raise ReadError("too-deep", f"nested deeper than {MAX_DEPTH} levels", "no filing or rule needs that", place)
            stack.append((place, isinstance(event, yaml.MappingStartEvent), []))
            continue
        if isinstance(event, yaml.ScalarEvent):
            node: Node = Scalar(event.value, event.implicit[0], place, _exact(event))
        elif isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
            start, is_mapping, children = stack.pop()
            node = mapping(children, start) if is_mapping else Sequence(tuple(children), start)
        else:
            continue
        if stack:
            stack[-1][2].append(node)
        elif root is not None:
            raise ReadError("two-documents", "a second document begins", "keep one document in a file", node.place)
        else:
            root = node
    if root is None:
        raise ReadError("empty", "the document is empty", "write at least one fact, or `{}` for none", Place(file, 1, 1))
    return root


def _exact(event: yaml.ScalarEvent) -> bool:
    start, end = event.start_mark, event.end_mark
    if start is None or end is None:
        return False
    quotes = 2 if event.style in ("'", '"') else 0
    return start.line == end.line and end.column - start.column == len(event.value) + quotes


def _refuse(event: yaml.Event, place: Place) -> None:
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
        raise ReadError("alias", "anchors and aliases are not accepted", "write the value out", place)
    if (tag := getattr(event, "tag", None)) not in (None, "!"):
        raise ReadError("tag", f"the tag `{tag}` is not accepted", "write a plain value", place)


def mapping(children: list[Node], place: Place) -> Mapping:
    """Return the mapping of keys and values that follow each other in `children`. Raises ReadError for a key given twice."""
    pairs: list[tuple[Scalar, Node]] = []
    seen: dict[str, Place] = {}
    for key, value in zip(children[::2], children[1::2], strict=True):
        if not isinstance(key, Scalar):
            raise ReadError("bad-key", "a key must be a name", "write `name: value`", key.place)
        if key.text in seen:
            raise ReadError(
                "duplicate-key", f"`{key.text}` is given twice", f"it stands first at line {seen[key.text].line}", key.place
            )
        seen[key.text] = key.place
        pairs.append((key, value))
    return Mapping(tuple(pairs), place)


def plain(node: Node) -> object:
    """Return dictionaries, lists, text, integers and booleans; `yes`, `1:30`, `1.5` and `~` stay text."""
    if isinstance(node, Mapping):
        return {key.text: plain(value) for key, value in node.pairs}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    if node.plain and node.text in ("true", "false"):
        return node.text == "true"
    if node.plain and _INTEGER.match(node.text) and len(node.text) <= 30:  # noqa: PLR2004 - longer ones are text, then refused by type
        return int(node.text)
    return node.text


def place_of(node: Node, path: tuple[str | int, ...]) -> Place:
    """Return the place of what `path` names below `node`, or of the nearest thing above it."""
    for step in path:
        if isinstance(node, Mapping) and (found := node.get(str(step))) is not None:
            node = found
        elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
        else:
            break
    return node.place


def place_in(node: Node, path: tuple[str | int, ...], text: str) -> Place:
    """Return the place of `text` inside the scalar that `path` names; without a column where none can be counted.

    A folded or escaped text does not stand in the file as it reads, so only the line on which it begins is known.
    """
    place = place_of(node, path)
    for step in path:
        below = (
            node.get(str(step)) if isinstance(node, Mapping) else node.items[int(step)] if isinstance(node, Sequence) else None
        )
        node = below if below is not None else node
    if not isinstance(node, Scalar) or text not in node.text:
        return place
    quote = 0 if node.plain else 1
    return Place(place.file, place.line, place.column + quote + node.text.index(text) if node.exact else 0)


def node_from(value: object, place: Place) -> Node:
    """Return the node of plain Python data, every part at `place`; numbers and dates become their text."""
    if isinstance(value, dict):
        return Mapping(tuple((Scalar(str(k), plain=True, place=place), node_from(v, place)) for k, v in value.items()), place)
    if isinstance(value, (list, tuple)):
        return Sequence(tuple(node_from(v, place) for v in value), place)
    if isinstance(value, bool):
        return Scalar("true" if value else "false", plain=True, place=place)
    return Scalar("" if value is None else str(value), plain=not isinstance(value, str) or value != "", place=place)
