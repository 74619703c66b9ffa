"""What surrounds every request: headers that browsers obey, one line in the log, one count; as plain ASGI.

Starlette's own `@app.middleware("http")` runs each request in a task group and copies its streams, which costs more than many
of our answers do.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.measures import Measures
from api.http.problems import trace_of

LOG = logging.getLogger("fenji.http")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
HEADERS = {
    "cache-control": "no-store",  # an answer is for who asked; what may be kept says so itself
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class Around:
    """ASGI middleware: adds headers to an answer, and tells log and counts of it by its route, never by its address."""

    def __init__(self, app: ASGIApp, measures: Measures) -> None:
        """Stand before `app`; what is counted goes to `measures`."""
        self.app = app
        self.measures = measures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and note what came of it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if head := scope["method"] == "HEAD":  # what GET would answer, without its body (RFC 9110, 9.3.2)
            scope = {**scope, "method": "GET"}
        start, status = time.perf_counter(), 500
        trace = trace_of(Request(scope))

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)  # a page of our own states a policy of its own
                headers["x-trace-id"] = trace
            elif head:
                message = {**message, "body": b""}
            await send(message)

        try:
            await self.app(scope, receive, noted)
        finally:
            route: Any = getattr(scope.get("route"), "path", "")
            seconds = time.perf_counter() - start
            self.measures.note("HEAD" if head else _method(scope["method"]), route, status, seconds)
            spent = round(1000 * seconds, 1)
            LOG.info("answered", extra={"trace_id": trace, "route": route, "status": status, "ms": spent})


def _method(said: str) -> str:
    """Return a method that is known: a caller may send any word as one, and would fill the counts with them."""
    return said if said in METHODS else "other"
