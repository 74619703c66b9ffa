"""Calendar feeds: deadlines at a secret address, for programs that can show no key. Ids and titles, no facts, no names."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from api.access.accounts import digest, stamp
from api.access.permissions import Who, permissions
from api.http.acts import Id
from api.http.body import Strict
from api.http.language import Lang, language
from api.http.office import Needs, Office, not_found, office
from api.http.things import holder
from api.render import clocks
from engine.errors import InputError
from engine.evidence.log import new_id
from engine.store.service import Feed
from engine.supervise.agenda import agenda
from engine.supervise.ics import ics

router = APIRouter(prefix="/calendar/feeds", tags=["calendar"], route_class=Strict)
READS = [Depends(Needs("case.read"))]
At = Annotated[Office, Depends(office)]
MOST = 10  # feeds of an account
CLOCKS = 500
CALENDAR: dict[int | str, dict[str, Any]] = {200: {"content": {"text/calendar": {}}}}


@router.post("", status_code=201, dependencies=READS)
def add(request: Request, at: At) -> dict[str, str]:
    """Make a feed of the deadlines of one's enterprise or unit; its address is secret and shown this once."""
    who = at.allow(request, "case.read")
    if len(at.service.feeds(who.account)) >= MOST:
        raise InputError("too-many-feeds", f"an account has at most {MOST} feeds", "delete one first")
    token, made = secrets.token_urlsafe(32), stamp(at.now())
    feed = Feed(new_id(at.now()), digest(token), who.account, made)
    at.service.put(feed)
    return {"id": feed.id, "made": made, "url": f"/v1/calendar/feeds/{token}.ics"}


@router.get("", dependencies=READS)
def feeds(request: Request, at: At) -> list[dict[str, str]]:
    """List one's own feeds, without their addresses."""
    who = at.allow(request, "case.read")
    return [{"id": feed.id, "made": feed.made} for feed in at.service.feeds(who.account)]


@router.delete("/{feed}", status_code=204, dependencies=READS)
def revoke(request: Request, feed: Id, at: At) -> None:
    """Revoke a feed: its address shows nothing any more."""
    who = at.allow(request, "case.read")
    found = at.service.one(Feed, "id", feed)
    if found is None or found.account != who.account:
        raise not_found()
    at.service.drop_feed(feed)


@router.get("/{token}.ics", dependencies=[Depends(Needs("feed.read"))], response_class=Response, responses=CALENDAR)
def show(request: Request, token: str, at: At, lang: Lang | None = None) -> Response:
    """Show the deadlines of a feed as iCalendar (RFC 5545), as far as its account may see them now."""
    feed = at.service.one(Feed, "hash", digest(token))
    who = at.accounts.who(feed.account) if feed else None
    if who is None or not permissions().may(who, "case.read"):
        raise not_found()
    found = agenda(at.streams(), at.now(), _where(at, who), CLOCKS)
    data = ics(filter(None, (clocks.entry(each, lang or language(request)) for each in found)), at.now())
    return Response(data, headers={"cache-control": "private, no-store"}, media_type="text/calendar; charset=utf-8")


def _where(at: Office, who: Who) -> dict[str, str]:
    """Return which streams a feed shows: those of the enterprise, or of the unit; of all units for who has none and sees all."""
    if "any" in permissions().reach(who, "case.read"):
        return {"unit": who.unit} if who.unit else {}
    if who.enterprise:
        return {"holder": holder(at, who)}
    if not who.unit:
        raise not_found()
    return {"unit": who.unit}
