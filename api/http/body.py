"""What a request says: strict JSON that keeps the place of every value, so that a fault names its JSON pointer.

The place of a finding is then a pointer as a fragment, `#/facts/people` (RFC 6901, section 6): no path of a file looks like it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool

from api.http.times import day_of
from engine.errors import FenjiError, InputError, Place
from engine.rulebook.read import Mapping, Node, Scalar, Sequence
from engine.rulebook.read_json import read_json

NAME = "body"
_CHARSET = re.compile(r""";\s*charset\s*=\s*"?([^";\s]+)""", re.IGNORECASE)
WORDS = {"true": True, "false": False, "null": None}
DIGITS = 30  # of a whole number; a longer one is no number of ours


class Sent(BaseModel):
    """What is sent: nothing is converted, nothing unknown is taken."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Strict(APIRoute):
    """A route whose JSON is read by our reader before pydantic judges it: no key twice, no deep nest, faults with their place.

    It reads in a thread: the reader is Python, and a large body would hold up every other request.
    """

    known_only = True  # names in the query

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler that reads first."""
        handle = super().get_route_handler()
        wanted = self.body_field is not None
        known = set(_parameters(self.dependant))

        async def read_first(request: Request) -> Response:
            if self.known_only:
                _asked_for(request, known)
            request.state.raw = await request.body()
            if wanted:
                request.state.sent = await run_in_threadpool(json_of, request, request.state.raw)
                request._json = value_of(request.state.sent.root)  # noqa: SLF001 - where starlette keeps what it has read
            return await handle(request)

        return read_first


def _parameters(of: Dependant) -> Iterator[str]:
    """Yield the names that a route, and what it depends on, reads from the query."""
    yield from (each.alias for each in of.query_params)
    for each in of.dependencies:
        yield from _parameters(each)


def _asked_for(request: Request, known: set[str]) -> None:
    """Refuse a name in the query that the route does not know: a filter with a slip in it would filter nothing."""
    for name in request.query_params:
        if name not in known:
            remedy = f"the names are {', '.join(sorted(known))}" if known else "leave it out"
            raise InputError("unknown-parameter", f"`{name[:60]}` is no parameter here", remedy, Place())


def is_json(media: str) -> None:
    """Refuse what does not say that it is JSON. Raises InputError."""
    kind = media.partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise InputError("not-json", f"the request is `{kind[:60]}`, not JSON", "send application/json")
    charset = _CHARSET.search(media)
    if charset and charset[1].lower() not in ("utf-8", "utf8"):
        raise InputError("not-json", f"the request is in `{charset[1][:60]}`, and JSON is in UTF-8", "send it in UTF-8")


def json_of(request: Request, data: bytes) -> Body:
    """Return what was sent, which must be said to be JSON. Raises ReadError, InputError."""
    is_json(request.headers.get("content-type", ""))
    return body_of(data)


def sent(request: Request) -> Body:
    """Return what was sent, with the places of its values."""
    found: Body = request.state.sent
    return found


def value_of(node: Node) -> Any:
    """Return the Python value of a JSON document; a number with a point is a float, which no field of ours takes."""
    if isinstance(node, Mapping):
        return {key.text: value_of(value) for key, value in node.pairs}
    if isinstance(node, Sequence):
        return [value_of(item) for item in node.items]
    if not isinstance(node, Scalar) or not node.plain:
        return node.text
    if node.text in WORDS:
        return WORDS[node.text]
    return int(node.text) if node.text.lstrip("-").isdecimal() and len(node.text) <= DIGITS else float(node.text)


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
        return day_of(self.text(name, default.isoformat()), name, Place(f"#/{name}"))

    def days(self, today: date) -> tuple[date, date]:
        """Return the day of the question and that of compliance; one that is not sent follows the other. Raises InputError."""
        on = self.day("on", today) if self.text("on", "") else None
        as_of = self.day("as_of", min(today, on or today))
        return as_of, on or as_of

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
        return type(error)(found.code, found.problem, found.help, Place(f"#{pointer}"), found.law)


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
