"""Limits on what is sent, before anything reads it: size and rate. Depth, nodes and length of texts are limits of the reader."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http import problems
from engine.errors import Finding, InputError, Place

MOST = 1 << 20  # bytes of a body
LARGE = {"/v1/batches": 16 << 20, "/v1/verify": 8 << 20}  # where many filings are sent at once, or rules come along
CALLERS = 10_000  # callers whose rate is remembered


@dataclass(frozen=True, slots=True)
class Rate:
    """Requests a second that a caller may go on with, and how many at once."""

    each_second: float = 10.0
    burst: int = 50


class Limits:
    """ASGI middleware: a body that is too large, or a caller too quick, is refused with a problem."""

    def __init__(self, app: ASGIApp, rate: Rate) -> None:
        """Stand before `app`."""
        self.app = app
        self.rate = rate
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {name.lower(): value for name, value in scope["headers"]}
        if not self._may(self._caller(scope, headers)):
            await self._refuse(scope, receive, send, 429, "too-many", "ask more slowly")
            return
        declared = headers.get(b"content-length", b"0")
        most = LARGE.get(scope["path"], MOST)
        if not declared.isdigit() or int(declared) > most:
            await self._refuse(scope, receive, send, 413, "too-large", f"send at most {most} bytes")
            return
        await self.app(scope, _counted(receive, most), send)

    def _may(self, caller: str) -> bool:
        """Take one from a caller's bucket."""
        now = time.monotonic()
        left, at = self._left.pop(caller, (float(self.rate.burst), now))
        left = min(self.rate.burst, left + (now - at) * self.rate.each_second)
        self._left[caller] = (left - 1 if left >= 1 else left, now)
        while len(self._left) > CALLERS:
            self._left.popitem(last=False)
        return left >= 1

    @staticmethod
    def _caller(scope: Scope, headers: MutableMapping[bytes, bytes]) -> str:
        """Return what tells callers apart: the address, and the name of an API key where one is shown."""
        shown = headers.get(b"authorization", b"")[:31].decode("latin-1")  # `Bearer fenji_` and the key's id, no secret
        return f"{(scope.get('client') or ('',))[0]} {shown}"

    @staticmethod
    async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, code: str, remedy: str) -> None:  # noqa: PLR0913, PLR0917
        request = Request(scope, receive)
        finding = Finding(code, Place(), problems.titles(code)[1], remedy)
        headers = {"retry-after": "1"} if code == "too-many" else {}
        await problems.answer(request, status, [finding], headers)(scope, receive, send)


def _counted(receive: Receive, most: int) -> Callable[[], Awaitable[Message]]:
    """Return a receiver that ends a body which grows beyond the limit without having said so."""
    size = 0

    async def counting() -> Any:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > most:
            raise InputError("too-large", problems.titles("too-large")[1], f"send at most {most} bytes")
        return message

    return counting
