"""Read a filing that may be JSON: what libyaml refuses but RFC 8259 allows, with the same places, limits and duplicate keys.

YAML 1.1 is not quite a superset of JSON: libyaml refuses escapes in surrogate pairs (section 7), DEL, and keys beyond 1,024
characters. Nothing here recurses, so depth is a count and not a crash.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from json import JSONDecodeError
from json.decoder import scanstring  # type: ignore[attr-defined]  # typeshed leaves it out; the C scanner of strings

from engine.errors import Place, ReadError
from engine.rulebook.read import MAX_DEPTH, Mapping, Node, Scalar, Sequence, decode, mapping, read

_SPACE = re.compile(r"[ \t\n\r]*")
_BARE = re.compile(r"true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_LONE = re.compile(r"[\ud800-\udfff]")
_CLOSERS = {"[": "]", "{": "}"}


def read_filing(data: bytes, file: str) -> Node:
    """Return the document in `data`, YAML or JSON; `file` is its name in messages. Raises ReadError."""
    try:
        return read(data, file)
    except ReadError as error:
        if error.finding.code != "syntax":
            raise
        refused = error
    try:
        return read_json(data, file)
    except ReadError as error:
        is_json = file.endswith(".json") or error.finding.code != "syntax"
        raise (error if is_json else refused) from None


def read_json(data: bytes, file: str) -> Node:
    """Return the JSON document in `data`; `file` is its name in messages. Raises ReadError."""
    return _Reader(decode(data, file), file).read()


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not been met."""

    closer: str
    place: Place
    children: list[Node]

    def close(self) -> Mapping | Sequence:
        """Return the node, now that its end has been met."""
        return mapping(self.children, self.place) if self.closer == "}" else Sequence(tuple(self.children), self.place)


class _Reader:
    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.at = 0
        self.starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self.stack: list[_Open] = []

    def read(self) -> Node:
        """Return the one value in the text."""
        node = self._value()
        while self.stack or node is None:
            node = self._value() if node is None else self._after(node)
        self._space()
        if self.at < len(self.text):
            raise self._fault("the document goes on after its end")
        return node

    def _value(self) -> Node | None:
        """Return the scalar or empty container that stands here; None when a container was opened."""
        character, place = self._peek(), self._place(self.at)
        if character not in _CLOSERS:
            return self._scalar(character, place)
        if len(self.stack) >= MAX_DEPTH:
            raise ReadError("too-deep", f"nested deeper than {MAX_DEPTH} levels", "no filing or rule needs that", place)
        self.at += 1
        opened = _Open(_CLOSERS[character], place, [])
        if self._peek() == opened.closer:
            self.at += 1
            return opened.close()
        self.stack.append(opened)
        self._key()
        return None

    def _after(self, node: Node) -> Node | None:
        """Put `node` into what encloses it; return that when it ends here, None when another value follows."""
        inside = self.stack[-1]
        inside.children.append(node)
        character = self._peek()
        if character not in (",", inside.closer):
            raise self._fault(f"`,` or `{inside.closer}` is missing")
        self.at += 1
        if character == ",":
            self._key()
            return None
        return self.stack.pop().close()

    def _key(self) -> None:
        if self.stack[-1].closer != "}":
            return
        place = self._place(self.at) if self._peek() == '"' else None
        if place is None:
            raise self._fault("a key in double quotes is missing")
        self.stack[-1].children.append(self._scalar('"', place))
        if self._peek() != ":":
            raise self._fault("`:` is missing after the key")
        self.at += 1

    def _scalar(self, character: str, place: Place) -> Scalar:
        if character == '"':
            try:
                text, self.at = scanstring(self.text, self.at + 1, True)
            except JSONDecodeError as error:
                self.at = error.pos
                raise self._fault(error.msg.lower().removesuffix(" starting at")) from None
            if _LONE.search(text):
                raise ReadError("syntax", "half of a surrogate pair stands alone", "write the character itself", place)
            return Scalar(text, plain=False, place=place)
        found = _BARE.match(self.text, self.at)
        if found is None:
            raise self._fault("a value is missing")
        self.at = found.end()
        return Scalar(found.group(), plain=True, place=place)

    def _space(self) -> None:
        found = _SPACE.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def _peek(self) -> str:
        self._space()
        return self.text[self.at : self.at + 1]

    def _place(self, at: int) -> Place:
        line = bisect_right(self.starts, at)
        return Place(self.file, line, at - self.starts[line - 1] + 1)

    def _fault(self, problem: str) -> ReadError:
        return ReadError("syntax", problem, "check quotes, commas and brackets", self._place(self.at))
