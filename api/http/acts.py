"""Acts that a route takes by their name: each has an action of its own in the table of permissions, beside that of the route.

What a life cycle allows in a state, its table says and the engine judges; here is only whose task an event is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import Path, Query, Request
from pydantic import AfterValidator, Field, WithJsonSchema

from api.access.permissions import permissions
from api.http.body import Sent
from api.http.office import office
from api.http.times import Day, day_of

Events = Mapping[str, tuple[str, ...]]  # event -> the actions of which one is needed

Short = Annotated[str, Field(min_length=1, max_length=200)]
Long = Annotated[str, Field(min_length=1, max_length=20_000)]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256, hexadecimal.")]
Facts = Annotated[dict[str, Any], Field(description="Facts by name, nested or dotted, as a filing states them.")]
Id = Annotated[str, Path(max_length=64, description="The id that it was given when it was begun.")]
Filter = Annotated[str, Query(max_length=64, pattern=r"^[^\x00-\x1f]*$")]


def one_of(events: Events) -> Callable[[str], str]:
    """Return the check that a text names one of some events."""

    def check(text: str) -> str:
        if text not in events:
            message = f"it is none of {', '.join(sorted(events))}"
            raise ValueError(message)
        return text

    return check


class Acted(Sent):
    """What a person does: an event with its fields, on a legal day when it is recorded later."""

    fields: dict[str, Any] = Field(default_factory=dict, description="What the event carries; `next` of the stream says it.")
    on: Day | None = Field(None, description="The legal day; today without it.")

    @property
    def day(self) -> date | None:
        """The legal day that was sent, None without one. Raises InputError."""
        return day_of(self.on, "on") if self.on else None


def named(events: Events) -> Any:
    """Return the type of the name of one of some events."""
    enum = {"type": "string", "enum": sorted(events)}
    return Annotated[str, AfterValidator(one_of(events)), WithJsonSchema(enum)]


def narrow(request: Request, actions: tuple[str, ...]) -> None:
    """Let the request go on as the first of some actions that whoever asks may do to anything. Raises SigningError."""
    at = office(request)
    who = at.who(request)
    request.state.action = next((each for each in actions if permissions().may(who, each)), actions[0])
    at.allow(request, request.state.action, noted=False)
