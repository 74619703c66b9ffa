"""Keyset paging: a page begins after a row, not at a number, so that rows that come or go meanwhile move no other.

The cursor holds the place of the last row shown, with a MAC over it and what was asked: one that was made up, changed, or made
for another list or filter is refused. It tells its holder nothing but a place in a list that they were shown.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Sequence
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode

from fastapi import Query, Request, Response
from pydantic import BaseModel

from api.access.sealed import derived
from engine.errors import InputError
from schemas.http.service import Listed

MOST, USUAL = 200, 50
MAC = 16  # bytes
T = TypeVar("T")

Limit = Annotated[int, Query(ge=1, le=MOST, description="How many at most.")]
After = Annotated[str, Query(max_length=600, description="The `after` of the link `next` of the page before.")]
LINKED = {"Link": {"description": "The next page (RFC 8288), when there is one.", "schema": {"type": "string"}}}


class Cursors:
    """Cursors of an installation."""

    def __init__(self, secret: bytes) -> None:
        """Derive their key from the installation's master key."""
        self._key = derived(secret, b"fenji/cursors")

    def write(self, place: Sequence[str | int], of: str) -> str:
        """Return the cursor of a row's place in the list that `of` names."""
        data = json.dumps(list(place), ensure_ascii=False, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(self._mac(data, of) + data).decode().rstrip("=")

    def read(self, text: str, of: str) -> list[Any]:
        """Return the place that a cursor holds. Raises InputError unless it was made here for this list."""
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        mac, data = raw[:MAC], raw[MAC:]
        if not hmac.compare_digest(mac, self._mac(data, of)):
            problem = "`after` was not made for this list and these filters"
            raise InputError("wrong-cursor", problem, "follow the link `next`, or begin without `after`")
        found: list[Any] = json.loads(data)
        return found

    def _mac(self, data: bytes, of: str) -> bytes:
        return hmac.new(self._key, of.encode() + b"\0" + data, "sha256").digest()[:MAC]


class Paging:
    """Which page is asked for. As a dependency it reads `limit` and `after`; every other parameter filters."""

    def __init__(self, request: Request, limit: Limit = USUAL, after: After = "") -> None:
        """Read the parameters of a request."""
        self.request, self.limit = request, limit
        self._filters = sorted(
            (name, value) for name, value in request.query_params.multi_items() if name not in ("after", "limit")
        )
        self._of = json.dumps([request.url.path, self._filters])
        self._after = after

    def after(self, cursors: Cursors) -> list[Any] | None:
        """Return the place after which the page begins, None for the first. Raises InputError."""
        return cursors.read(self._after, self._of) if self._after else None

    def answer(self, cursors: Cursors, items: Sequence[BaseModel], last: Sequence[str | int] | None) -> Response:
        """Return a page; `last` is the place of its last row when more follow, else None."""
        following = None
        if last is not None:
            query = [*self._filters, ("limit", str(self.limit)), ("after", cursors.write(last, self._of))]
            following = f"{self.request.url.path}?{urlencode(query)}"
        page = Listed[Any](items=list(items), next=following)
        headers = {"link": f'<{following}>; rel="next"'} if following else {}
        return Response(page.model_dump_json(by_alias=True), 200, {"cache-control": "no-store", **headers}, "application/json")
