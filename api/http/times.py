"""Days and moments of requests: a day is YYYY-MM-DD, a moment RFC 3339 with its offset; one without an offset is refused.

`as_of` is the day whose law is asked for, `known_at` the day by which the rulebook had been published.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated

from fastapi import Query
from pydantic import AfterValidator, Field, WithJsonSchema

from engine.errors import InputError, Place
from engine.rulebook.days import require_come

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
# RFC 3339, 5.6: date-time; what fromisoformat takes besides (no offset, weeks, no colons, a space) is refused
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})\Z")


def day_of(text: str, name: str, place: Place | None = None) -> date:
    """Return the day that a parameter, or the text at a place of the body, names. Raises InputError."""
    try:
        return date.fromisoformat(text if _DAY.match(text) else "")
    except ValueError:
        raise InputError("wrong-date", f"`{name}` is `{text[:60]}`, which is no day", "write YYYY-MM-DD", place) from None


def known_of(text: str, now: datetime) -> str:
    """Return the day of knowledge that a parameter names, empty without one. Raises InputError for one that has not come."""
    if not text:
        return ""
    day = day_of(text, "known_at")
    require_come(day, now, "known_at")
    return day.isoformat()


def moment_of(text: str, name: str) -> datetime:
    """Return the moment that a parameter names. Raises InputError when it has no offset."""
    try:
        return datetime.fromisoformat(text if _MOMENT.match(text) else "")
    except ValueError:
        remedy = "write RFC 3339 with its offset, as 2026-09-01T10:00:00+08:00"
        raise InputError("wrong-moment", f"`{name}` is `{text[:60]}`, which is no moment", remedy) from None


def _checked(read: Callable[[str, str], date]) -> AfterValidator:
    """Return what leaves a text in a body as it is, once it can be read."""

    def check(text: str) -> str:
        try:
            read(text, "it")
        except InputError as error:
            raise ValueError(f"{error.finding.problem}; {error.finding.help}") from None
        return text

    return AfterValidator(check)


# in bodies: texts that are checked, and said to be of their form in the OpenAPI document
Moment = Annotated[str, Field(max_length=40), _checked(moment_of), WithJsonSchema({"type": "string", "format": "date-time"})]
Day = Annotated[str, Field(max_length=10), _checked(day_of), WithJsonSchema({"type": "string", "format": "date"})]

AsOf = Annotated[
    str, Query(description="The day whose law is asked for; today without it.", json_schema_extra={"format": "date"})
]
KnownAt = Annotated[
    str,
    Query(description="By the rulebook that was published by this day; the one in force without it.",
          json_schema_extra={"format": "date"}),
]  # fmt: skip
