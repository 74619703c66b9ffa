"""Limits on what is sent, before anything reads it: size, rate and time. Depth and length of texts are limits of the reader.

A caller is an account once its key or session is proven, and an address until then: headers that somebody invents make no
caller of their own. Behind a proxy all without an account are one address, unless the proxy limits them itself.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http import problems
from api.http.office import COOKIE
from engine.errors import Finding, InputError, Place

MOST = 1 << 20  # bytes of a body
LARGE = {"/v1/batches": 16 << 20, "/v1/verify": 8 << 20}  # where many filings are sent at once, or rules come along
CALLERS = 10_000  # callers whose rate is remembered
SECONDS = 30.0  # that a body may take to come (design)
PROVEN = 5.0  # seconds for which the rate of a key goes on counting for its account (design)
ASKED_OF = frozenset({"/healthz", "/readyz"})  # by what watches the server: a flood must not make it look dead


@dataclass(frozen=True, slots=True)
class Rate:
    """Requests a second that a caller may go on with, how many at once, and in how many seconds each has to come."""

    each_second: float = 10.0
    burst: int = 50
    seconds: float = SECONDS


class Limits:
    """ASGI middleware: a body that is too large, or a caller too quick, is refused with a problem."""

    def __init__(self, app: ASGIApp, rate: Rate) -> None:
        """Stand before `app`."""
        self.app = app
        self.rate = rate
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._proven: OrderedDict[tuple[str, str], tuple[str, float]] = OrderedDict()  # by what was shown: account, until when

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {name.lower(): value for name, value in scope["headers"]}
        account = await self._account(scope, headers)
        scope.setdefault("state", {})["account"] = account
        if scope["path"] not in ASKED_OF and not self._may(account or f"address {(scope.get('client') or ('',))[0]}"):
            await self._refuse(scope, receive, send, 429, "too-many", "ask more slowly")
            return
        declared = headers.get(b"content-length", b"0")
        most = LARGE.get(scope["path"], MOST)
        if not declared.isdigit() or int(declared) > most:
            await self._refuse(scope, receive, send, 413, "too-large", f"send at most {most} bytes")
            return
        if headers.get(b"content-encoding", b"identity").strip().lower() not in (b"identity", b""):
            await self._refuse(scope, receive, send, 415, "encoded", "send it without Content-Encoding")
            return
        await self.app(scope, _counted(receive, most, time.monotonic() + self.rate.seconds), send)

    async def _account(self, scope: Scope, headers: MutableMapping[bytes, bytes]) -> str:
        """Return the account of whoever shows a valid key or session, empty for others; what it may do is judged anew."""
        shown = headers.get(b"authorization", b"").decode("latin-1")
        if not shown and b"cookie" not in headers:
            return ""
        asked = shown, Request(scope).cookies.get(COOKIE, "")
        account, until = self._proven.get(asked, ("", 0.0))
        if until < time.monotonic():
            account = await run_in_threadpool(scope["app"].state.office.account_of, *asked)
            self._proven.pop(asked, None)
            if account:  # what is not proven is not kept: headers are easily invented
                self._proven[asked] = account, time.monotonic() + PROVEN
                while len(self._proven) > CALLERS:
                    self._proven.popitem(last=False)
        return account

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
    async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, code: str, remedy: str) -> None:  # noqa: PLR0913, PLR0917
        request = Request(scope, receive)
        finding = Finding(code, Place(), problems.titles(code)[1], remedy)
        headers = {"retry-after": "1"} if code == "too-many" else {}
        await problems.answer(request, status, [finding], headers)(scope, receive, send)


def _counted(receive: Receive, most: int, until: float) -> Callable[[], Awaitable[Message]]:
    """Return a receiver that ends a body which grows beyond the limit without having said so, or does not end in time."""
    size, ended = 0, False

    async def counting() -> Any:
        nonlocal size, ended
        if ended:
            return await receive()  # waits for the end of the connection, however long the answer takes
        try:
            async with asyncio.timeout(max(until - time.monotonic(), 0.001)):
                message = await receive()
        except TimeoutError:
            raise InputError("too-slow", problems.titles("too-slow")[1], "send the whole body at once") from None
        ended = not message.get("more_body", False)
        size += len(message.get("body", b""))
        if size > most:
            raise InputError("too-large", problems.titles("too-large")[1], f"send at most {most} bytes")
        return message

    return counting
