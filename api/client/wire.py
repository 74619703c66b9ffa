"""One request of the client: sent again under the same key until it is answered, of the state that was seen last.

What a server refuses is raised as `Refused`, with the place, the problem and the remedy of its problem document (RFC 9457).
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Generic, TypeVar
from uuid import uuid4

import httpx2
from pydantic import ValidationError

from schemas.http.service import Problem

T = TypeVar("T")
TRIES = 5
WAIT = 0.2  # seconds before the second try; twice as long before each one after it
LONGEST = 30.0  # seconds that a server may make a caller wait before another try
KNOWN = 1_000  # states and documents that are remembered
# what says that nothing was done, or that the same key will tell what was: worth another try
AGAIN = frozenset({"busy", "running", "too-many", "in-doubt", "http-502", "http-503", "http-504"})
KEY, MATCH, NONE_MATCH, SECOND = "idempotency-key", "if-match", "if-none-match", "x-second-authorization"


class Refused(Exception):  # noqa: N818 - a refusal is an answer of the server, and mostly no error of its
    """An answer that refuses: `code` is stable, `place` a JSON pointer into what was sent or the rule that refuses."""

    def __init__(self, problem: Problem) -> None:
        """Take the problem document of the answer."""
        self.problem = problem
        first = problem.errors[0] if problem.errors else None
        self.status, self.code, self.trace = problem.status, problem.code, problem.trace_id
        self.place = (first.pointer or first.rule) if first else ""
        self.said = first.message_en if first else problem.detail
        self.remedy = first.help if first else ""
        self.law = first.law_ref if first else ""
        place = f"{self.place}: " if self.place else ""
        remedy = f"; {self.remedy}" if self.remedy else ""
        super().__init__(f"{place}{self.said}{remedy} ({self.code}, trace {self.trace})")


@dataclass(frozen=True)
class Call:
    """What is to be sent: where, with which parameters and body, and of which thing it is a change."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    content: bytes | None = None
    keyed: bool = False  # under an Idempotency-Key
    thing: str = ""  # the path of the thing whose state is shown or changed
    changes: bool = False  # under If-Match
    kept: bool = False  # a document that is fetched again only when it has changed

    @property
    def repeatable(self) -> bool:
        """Whether it may be sent twice without a second effect (RFC 9110, 9.2.2; the key otherwise)."""
        return self.keyed or self.method != "POST"


class Pages(Generic[T]):
    """Every row of a list, page after page as they are reached; each loop over it begins anew."""

    def __init__(
        self, first: Callable[[], tuple[list[T], str | None]], more: Callable[[str], tuple[list[T], str | None]]
    ) -> None:
        """Take what fetches the first page, and what fetches the one at an address; each returns rows and the next address."""
        self._first, self._more = first, more

    def __iter__(self) -> Iterator[T]:
        rows, following = self._first()
        yield from rows
        while following:
            rows, following = self._more(following)
            yield from rows


class Wire:
    """A connection to one server; what it remembers of states is of this connection's caller only."""

    def __init__(self, http: httpx2.Client, headers: Mapping[str, str]) -> None:
        """Send through `http`, which knows the address, with `headers` at each request."""
        self._http = http
        self.headers = dict(headers)
        self._tags: OrderedDict[str, str] = OrderedDict()
        self._documents: OrderedDict[str, tuple[str, bytes]] = OrderedDict()
        self._also: ContextVar[Mapping[str, str]] = ContextVar("also", default={})  # noqa: B039 - never changed in place

    @contextmanager
    def also(self, name: str, value: str) -> Iterator[None]:
        """Send a header along with what is sent inside."""
        token = self._also.set({**self._also.get(), name: value})
        try:
            yield
        finally:
            self._also.reset(token)

    def send(self, call: Call) -> httpx2.Response:
        """Send a request until it is answered, at most TRIES times. Raises Refused, httpx2.TransportError."""
        headers = self._headers(call)  # made once: every try is under the same key and of the same state
        for number in range(1, TRIES + 1):
            wait = WAIT * 2 ** (number - 1)
            try:
                got = self._http.request(
                    call.method, call.path, params=call.query or None, json=call.json, content=call.content, headers=headers
                )
            except httpx2.TransportError:
                if number == TRIES or not call.repeatable:
                    raise
            else:
                refused = self._judged(call, got)
                if refused is None:
                    return got
                # too many requests are refused before anything is done, so that even one without a key may be sent again
                again = refused.code in AGAIN and (call.repeatable or refused.code == "too-many")
                if number == TRIES or not again:
                    raise refused
                told = got.headers.get("retry-after", "")
                wait = max(wait, min(float(told), LONGEST)) if told.isdecimal() else wait
            time.sleep(wait)
        raise AssertionError

    def document(self, call: Call) -> bytes:
        """Return the body of an answer; one that the server says is known already is the one that was kept. Raises as `send`."""
        got = self.send(call)
        if got.status_code == HTTPStatus.NOT_MODIFIED:
            return self._documents[_address(call)][1]
        tag = got.headers.get("etag", "")
        if call.kept and tag:
            _remember(self._documents, _address(call), (tag, got.content))
        return got.content

    def _headers(self, call: Call) -> dict[str, str]:
        headers = dict(self.headers)
        if call.keyed:
            headers[KEY] = str(uuid4())
        if call.changes and call.thing in self._tags:
            headers[MATCH] = self._tags[call.thing]  # without one the server refuses (428): nobody changes what they never saw
        if call.kept and _address(call) in self._documents:
            headers[NONE_MATCH] = self._documents[_address(call)][0]
        if call.content is not None:
            headers["content-type"] = "application/zip"
        return {**headers, **(self._also.get() if call.keyed else {})}

    def _judged(self, call: Call, got: httpx2.Response) -> Refused | None:
        """Remember the state that an answer is of, and return the refusal that it is, None where it is none."""
        tag = got.headers.get("etag", "")
        # a refused attempt is an event of the stream, and its answer tells the state after it; an overtaken change saw none
        if call.thing and tag and got.status_code != HTTPStatus.PRECONDITION_FAILED:
            _remember(self._tags, got.headers.get("location", call.thing), tag)
        if got.status_code < HTTPStatus.BAD_REQUEST:
            return None
        try:
            return Refused(Problem.model_validate_json(got.content))
        except ValidationError:  # a proxy before the server, say
            code = f"http-{got.status_code}"
            found = Problem(
                type=f"urn:fenji:problem:{code}", title=got.reason_phrase, status=got.status_code, instance=call.path, code=code,
                detail="the answer is no problem document; ask whoever runs what stands before the server",
                title_zh=got.reason_phrase, title_en=got.reason_phrase, errors=[], trace_id=got.headers.get("x-trace-id", ""),
            )  # fmt: skip
            return Refused(found)


def _address(call: Call) -> str:
    return f"{call.path}?{sorted(call.query.items())}"


def _remember(kept: OrderedDict[str, Any], name: str, value: Any) -> None:
    kept[name] = value
    kept.move_to_end(name)
    while len(kept) > KNOWN:
        kept.popitem(last=False)
