"""An operation, declared by the signature of the method that calls it: no body, a decorator that names method and path.

A parameter that the path names stands there; the others are the query of a GET or DELETE, else the fields of the body. None, and
what is not given, is not sent. A name ends in `_` where Python has a word of that name. What the method returns says how the
answer is read. tests/http/test_client.py compares all of it with the OpenAPI document.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, wraps
from math import isfinite
from typing import Any, Concatenate, ParamSpec, TypeVar, get_args, get_origin, get_type_hints
from urllib.parse import quote

from pydantic import TypeAdapter

from api.client.wire import Call, Pages, Wire
from schemas.http.service import Listed

P = ParamSpec("P")
T = TypeVar("T")
NAMED = re.compile(r"\{(\w+)\}")
ARCHIVE = "archive"  # the parameter that is the whole body, as bytes


class Noun:
    """Operations on one kind of thing."""

    def __init__(self, wire: Wire) -> None:
        """Send through `wire`."""
        self.wire = wire


@dataclass(frozen=True)
class Operation:
    """A method and a path of the interface, and the declaration behind it.

    `keyed` goes under an Idempotency-Key, `changes` under If-Match too, `kept` under If-None-Match; `sends` is what every request
    of it says.
    """

    method: str
    path: str
    stub: Callable[..., Any]
    keyed: bool = False
    changes: bool = False
    kept: bool = False
    sends: tuple[tuple[str, str], ...] = ()

    @cached_property
    def hints(self) -> dict[str, Any]:
        """What the parameters and the answer are, by name."""
        return get_type_hints(self.stub)

    @cached_property
    def signature(self) -> inspect.Signature:
        """The parameters of the method."""
        return inspect.signature(self.stub)

    @cached_property
    def row(self) -> Any:
        """What a page lists, None where the answer is no page."""
        answer = self.hints["return"]
        return get_args(answer)[0] if get_origin(answer) is Pages else None

    @cached_property
    def read(self) -> TypeAdapter[Any]:
        """What reads the answer."""
        answer: Any = self.hints["return"]
        listed: Any = Listed
        return TypeAdapter(listed[self.row] if self.row else answer)

    def values(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return what a method is called with, by the names of its parameters."""
        _, *found = self.signature.bind(*args, **kwargs).arguments.items()
        spread = {name for name, each in self.signature.parameters.items() if each.kind is each.VAR_KEYWORD}
        return {key: each for name, value in found for key, each in (value.items() if name in spread else ((name, value),))}

    def call(self, values: dict[str, Any]) -> Call:
        """Return the request that values of the parameters make."""
        given = {name: value for name, value in values.items() if value is not None}
        path, thing = self.path, ""
        for name in NAMED.findall(self.path):
            part = quote(str(given.pop(name)), safe="/" if name == "path" else "")
            path = path.replace(f"{{{name}}}", part)
        if self.keyed or self.method == "GET":
            end = len(self.path.split("/{", 1)[0].split("/")) + ("{" in self.path)
            thing = "/".join(path.split("/")[:end])
        content = given.pop(ARCHIVE, None)
        said = {**dict(self.sends), **{name.rstrip("_"): value for name, value in given.items()}}
        inside = self.method not in ("GET", "DELETE") and content is None
        query = {} if inside else {name: _text(value) for name, value in said.items()}
        json = _plain(said) if inside and (said or self._fields) else None
        shown = self.method != "GET" or path == thing  # of a thing, not of a part of it
        return Call(self.method, path, query, json, content, self.keyed, thing if shown else "", self.changes, self.kept)

    @property
    def _fields(self) -> bool:
        """Whether its body has fields at all: one that has is sent as an object even when it is empty."""
        return len(self.signature.parameters) - 1 > len(NAMED.findall(self.path))

    def answered(self, wire: Wire, values: dict[str, Any]) -> Any:
        """Send what values make, and return what the answer says. Raises Refused, httpx2.TransportError."""
        call = self.call(values)
        if self.row:
            return Pages(lambda: self._page(wire, call), lambda url: self._page(wire, Call("GET", url)))
        answer = self.hints["return"]
        data = wire.document(call)
        if answer is bytes:
            return data
        if answer is str:
            return data.decode()
        if answer is type(None) or not data:
            return None
        return self.read.validate_json(data)

    def _page(self, wire: Wire, call: Call) -> tuple[list[Any], str | None]:
        page = self.read.validate_json(wire.document(call))
        return page.items, page.next


def operation(
    method: str,
    path: str,
    *,
    keyed: bool = False,
    changes: bool = False,
    kept: bool = False,
    sends: tuple[tuple[str, str], ...] = (),
) -> Callable[[Callable[Concatenate[Any, P], T]], Callable[Concatenate[Any, P], T]]:
    """Return the decorator that makes a declared method call its operation."""

    def declare(stub: Callable[Concatenate[Any, P], T]) -> Callable[Concatenate[Any, P], T]:
        of = Operation(method, path, stub, keyed or changes, changes, kept, sends)

        @wraps(stub)
        def call(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> T:
            answer: T = of.answered(self.wire, of.values(self, *args, **kwargs))
            return answer

        call.operation = of  # type: ignore[attr-defined]  # where the test finds it
        return call

    return declare


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _plain(value: Any, place: str = "#") -> Any:
    """Return what JSON holds of a value: dates and moments as text (RFC 3339). Raises TypeError for what it does not hold.

    `place` is its pointer in the body, as a fragment (RFC 6901, section 6).
    """
    match value:
        case None | bool() | int() | str():
            return value
        case float() if isfinite(value):
            return value
        case date():  # a datetime is one too
            return value.isoformat()
        case Mapping() if all(isinstance(name, str) for name in value):
            return {name: _plain(each, f"{place}/{name.replace('~', '~0').replace('/', '~1')}") for name, each in value.items()}
        case Sequence() if not isinstance(value, bytes | bytearray):
            return [_plain(each, f"{place}/{number}") for number, each in enumerate(value)]
    kind = type(value).__name__
    message = f"{place}: JSON holds no such `{kind}`; give text, finite numbers, true or false, dates, lists, or mappings by text"
    raise TypeError(message)
