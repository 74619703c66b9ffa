"""Streams as things that somebody owns: who may see one, and what a list is cut down to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request

from api.access.permissions import Thing, Who, permissions
from api.http.office import Office, not_found
from engine.errors import SigningError
from engine.evidence.superseding import made_in
from engine.store import streams
from engine.store.append import Projection
from engine.store.reading import Record
from engine.supervise import uscc
from engine.supervise.state import State, from_text
from schemas.lifecycle import Lifecycle


@dataclass(frozen=True)
class Noun:
    """What a route is about: its address, and which life cycles are of it."""

    path: str
    of: Callable[[Lifecycle], bool]


DRAFT = "draft"  # the state of a filing that was not submitted
FILING = Noun("/v1/filings", lambda table: table.kind == "filing")
CASE = Noun("/v1/cases", lambda table: table.kind == "case")
REQUEST = Noun("/v1/sharing-requests", lambda table: table.kind == "request")
REGISTER = Noun("/v1/transfer-registers", lambda table: table.kind == "register")
PILOT = Noun("/v1/pilots", lambda table: table.id == "pilot")
INCIDENT = Noun("/v1/incidents", lambda table: table.id == "incident")


def thing(at: Office, who: Who, row: Projection) -> Thing:
    """Return a stream as a thing: its firm is known by a keyed hash only, so that of whoever asks is compared with it."""
    values = from_text(row.fold).values
    units = {row.unit, str(values.get("lead", "")), *_texts(values.get("units")), *_texts(values.get("with_units"))}
    mine = bool(who.enterprise) and holder(at, who) == row.holder
    return Thing(who.enterprise if mine else "", frozenset(units - {""}))


def holder(at: Office, who: Who) -> str:
    """Return the keyed hash of the enterprise of whoever asks, as streams have it. Raises SigningError."""
    return at.home.keyed("company", uscc.tidy(who.enterprise)) if who.enterprise else ""


def owned(at: Office, request: Request, stream: str, noun: Noun) -> State:
    """Return a stream that whoever asks may do the route's action to. Raises InputError: what is not there is not found."""
    row = streams.stream(at.home.store, stream)
    table = at.chosen.rulebook.lifecycles.get(row.process) if row else None
    if row is None or table is None or not noun.of(table):
        raise not_found()
    who, state = at.who(request), from_text(row.fold)
    of = thing(at, who, row)
    if noun is FILING and state.name == DRAFT and not of.enterprise and not _made(who, state):
        raise not_found()  # nobody but its maker and its firm knows of what was not submitted
    at.allow(request, request.state.action, of, stream)
    return state


def _made(who: Who, state: State) -> bool:
    """Tell whether a draft was begun by whoever asks."""
    return bool(who.actor) and "draft" in state.done and who.actor in state.done["draft"].by


def of_decision(at: Office, who: Who, stored: Record, predicate: Mapping[str, Any]) -> Thing:
    """Return a decision as a thing: of the stream that it was made in, else of the enterprise that it names."""
    stream = made_in(at.home, stored)
    row = streams.stream(at.home.store, stream) if stream else None
    return thing(at, who, row) if row else Thing(enterprise=uscc.tidy(predicate["filed_by"] or ""))


def cut(at: Office, request: Request) -> dict[str, str | int]:
    """Return what a list of streams is cut down to for whoever asks: those of their enterprise, or of their unit."""
    who, action = at.who(request), request.state.action
    reach = permissions().reach(who, action)
    if "any" in reach:
        return {}
    if "own" in reach and who.enterprise:
        return {"holder": holder(at, who)}
    if "unit" in reach and who.unit:
        return {"unit": who.unit}
    raise SigningError(
        "forbidden", f"`{action}` reaches nothing for your account", "an administrator names its enterprise or unit"
    )


def _texts(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
