"""Conditional requests (RFC 9110, section 13): what changes an object says which state of it was seen.

A strong ETag names the state of an object: of a stream the number of its events, of anything else the hash of what is shown.
A change without If-Match is refused (428, RFC 6585), one that was overtaken too (412).
"""

from __future__ import annotations

import hashlib
import re
from typing import Annotated, Any

from fastapi import Header, Request, Response

from engine.errors import InputError

LONGEST = 1_000  # characters of such a header
_TAG = re.compile(r'\s*(W/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*(?:,|\Z)')  # entity-tag of RFC 9110, 8.8.3

IfMatch = Annotated[
    str, Header(alias="If-Match", description="The ETag of the state that is changed, as GET showed it.", max_length=LONGEST)
]
IfNoneMatch = Annotated[str, Header(alias="If-None-Match", description="ETags that are known already.", max_length=LONGEST)]
Key = Annotated[str, Header(alias="Idempotency-Key", max_length=200, description="A fresh random text, the same on each retry.")]
Second = Annotated[
    str, Header(alias="X-Second-Authorization", max_length=200, description="`Bearer` and the API key of the second official.")
]
LOCATION = {"Location": {"description": "Where it is.", "schema": {"type": "string"}, "required": True}}
TAGGED = {"ETag": {"description": "The state shown (strong).", "schema": {"type": "string"}, "required": True}}


KNOWN: dict[int | str, dict[str, Any]] = {200: {"headers": TAGGED}, 304: {"description": "Known already.", "headers": TAGGED}}


def etag(state: int | bytes) -> str:
    """Return the strong ETag of a stream's number of events, or of the bytes of what is shown."""
    return f'"{state}"' if isinstance(state, int) else f'"{hashlib.sha256(state).hexdigest()[:32]}"'


def require(shown: str, current: str) -> None:
    """Refuse a change of a state that nobody saw, or that is no longer the current one. Raises InputError."""
    if not shown.strip():
        problem = "a change says which state it is of"
        raise InputError("no-match", problem, "send the ETag that GET showed as If-Match")
    if shown.strip() != "*" and current not in _strong(shown):
        raise InputError("overtaken", "this was changed since it was read", "read it again, then decide again")


def answer(request: Request, data: bytes, media: str = "application/json") -> Response:
    """Return what is open to all under the hash of its bytes: 304 when it is known already."""
    tag = etag(data)
    headers = {"etag": tag, "cache-control": "no-cache"}  # a cache asks each time whether the law has changed
    known = request.headers.get("if-none-match", "")
    if known.strip() == "*" or tag in {found.removeprefix("W/") for found in _tags(known)}:
        return Response(status_code=304, headers=headers)
    return Response(data, 200, headers, media)


def _strong(text: str) -> list[str]:
    """Return the strong tags of a header: a weak one matches no change (RFC 9110, 13.1.1)."""
    return [tag for tag in _tags(text) if not tag.startswith("W/")]


def _tags(text: str) -> list[str]:
    """Return the tags of a header; what is none ends the list, so that nothing is guessed."""
    found, at = [], 0
    while match := _TAG.match(text, at):
        found.append(f'{match[1] or ""}"{match[2]}"')
        if match.end() == at:
            break
        at = match.end()
    return found
