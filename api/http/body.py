"""What a request says: strict JSON that keeps the place of every value, so that a fault names its JSON pointer.

The place of a finding is then a pointer as a fragment, `#/facts/people` (RFC 6901, section 6): no path of a file looks like it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from engine.errors import FenjiError, InputError, Place
from engine.rulebook.read import Mapping, Node, Scalar, Sequence
from engine.rulebook.read_json import read_json

NAME = "body"


@dataclass(frozen=True)
class Body:
    """A JSON object that was sent."""

    root: Mapping

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text. Raises InputError when it is missing without a default, or no text."""
        node = self.root.get(name)
        if node is None and default is not None:
            return default
        if not isinstance(node, Scalar) or node.plain:
            raise InputError("invalid", f"`{name}` is wanted, and is a text", "send it in quotes", Place(f"#/{name}"))
        return node.text

    def day(self, name: str, default: date) -> date:
        """Return a day, written YYYY-MM-DD. Raises InputError."""
        text = self.text(name, default.isoformat())
        try:
            return date.fromisoformat(text if len(text) == len("2026-08-01") else "")
        except ValueError:
            raise InputError("wrong-date", f"`{text[:60]}` is no day", "write YYYY-MM-DD", Place(f"#/{name}")) from None

    def part(self, name: str) -> Node:
        """Return an object as it stands. Raises InputError."""
        node = self.root.get(name)
        if not isinstance(node, Mapping):
            raise InputError(
                "invalid", f"`{name}` is wanted, and is an object", "send names with their values", Place(f"#/{name}")
            )
        return node

    def only(self, *names: str) -> None:
        """Refuse names that are none of these. Raises InputError."""
        for key, _ in self.root.pairs:
            if key.text not in names:
                remedy = f"the names are {', '.join(names)}"
                raise InputError("invalid", f"`{key.text[:60]}` is unknown", remedy, Place(f"#/{_escaped(key.text)}"))

    def pointed(self, error: FenjiError) -> FenjiError:
        """Return an error whose place in the text has become a JSON pointer."""
        place = error.finding.place
        pointer = pointer_to(self.root, place) if place.file == NAME else None
        if pointer is None:
            return error
        found = error.finding
        return type(error)(found.code, found.problem, found.help, Place(f"#{pointer}"))


def body_of(data: bytes) -> Body:
    """Return what was sent. Raises ReadError, InputError when it is no object."""
    root = read_json(data, NAME)
    if not isinstance(root, Mapping):
        raise InputError("invalid", "the request is no JSON object", "send one in braces", Place("#"))
    return Body(root)


def pointer_to(root: Node, place: Place) -> str | None:
    """Return the pointer to the value, or to the name, that begins at a place; the nearest before it otherwise."""
    best: tuple[tuple[int, int], str] | None = None
    todo: list[tuple[Node, str]] = [(root, "")]
    while todo:
        node, pointer = todo.pop()
        for at in (node.place,):
            if (at.line, at.column) <= (place.line, place.column) and (best is None or (at.line, at.column) >= best[0]):
                best = (at.line, at.column), pointer
        if isinstance(node, Mapping):
            todo += [(value, f"{pointer}/{_escaped(key.text)}") for key, value in node.pairs]
            for key, _ in node.pairs:
                if (key.place.line, key.place.column) == (place.line, place.column):
                    return f"{pointer}/{_escaped(key.text)}"
        elif isinstance(node, Sequence):
            todo += [(value, f"{pointer}/{number}") for number, value in enumerate(node.items)]
    return best[1] if best else None


def _escaped(name: str) -> str:
    return name[:100].replace("~", "~0").replace("/", "~1")
