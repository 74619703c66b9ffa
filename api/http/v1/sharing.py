"""Sharing: checks of which nothing is stored, and requests for government data, decided by the department that provides.

A grant names the owners' terms under which it was given by the hash of their files, and each use is compared with it.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from api.http.acts import Acted, Events, Facts, Hash, Id, Long, Short, named, narrow
from api.http.body import Sent, Strict, sent
from api.http.change import DONE, MADE, Changing, Doing, Making, told
from api.http.conditions import TAGGED
from api.http.office import InForce, Needs, Office, office
from api.http.paging import LINKED
from api.http.shown import Queue, clocks, happened, listed, shown
from api.http.things import REQUEST, cut, owned
from api.http.times import Day, day_of, known_of
from api.render import uses as render
from engine.decide.filing import from_document
from engine.decide.share import share
from engine.errors import FenjiError
from engine.evidence import facts, policy
from engine.rulebook.days import legal_day
from engine.rulebook.read import Node
from engine.supervise import requests, uses
from engine.supervise.cases import Look
from engine.supervise.grants import compare
from engine.supervise.streams import Recorded, Streams
from schemas.http.data import Ledger, Used
from schemas.http.service import Listed
from schemas.http.streams import Clock, Happened, Row, Shown
from schemas.sharing import ShareAnswer

router = APIRouter(tags=["sharing"], route_class=Strict)
PROCESS, ITEMS = uses.TABLE, requests.ITEMS
# event -> whose task it is; `agree` and `refuse` have a route of their own, uses too
EVENTS: Events = {
    **dict.fromkeys(("supplement", "doubt", "dispute", "dispose", "withdraw"), ("share.request",)),
    **dict.fromkeys(
        ("tell_missing", "prolong", "provide", "verify", "assign", "recuse", "lift_recusal", "archive"), ("share.answer",)
    ),
    **dict.fromkeys(("suspend", "lift", "terminate", "answer_again", "uphold_refusal"), ("share.decide",)),
}
At = Annotated[Office, Depends(office)]
Change = Annotated[Changing, Depends()]
CHECKS, READS, REQUESTS, ACTS, DECIDES, USES = (
    [Depends(Needs(f"share.{action}"))] for action in ("check", "read", "request", "act", "decide", "use")
)
Enterprise = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,100}$", description="The enterprise whose trial terms are added.")]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
Names = Annotated[list[Short], Field(min_length=1, max_length=2_000)]


class Check(Sent):
    """A request for data, and the days by which it is answered. Trial terms of an enterprise are for officials to add."""

    request: Facts
    as_of: Day | None = None
    known_at: Day | None = None
    enterprise: Enterprise | None = None


class Asked(Sent):
    """A request for data: of one department to another (Order 809, article 20(2)), or by another channel, as its facts say."""

    unconditional: bool | None = Field(
        None, description="Whether the data are shared without conditions, where neither the facts nor the owner's policy say it."
    )
    requester: Annotated[str, Field(min_length=1, max_length=200, description="The department that asks.")]
    provider: Annotated[str, Field(min_length=1, max_length=200, description="The department that provides.")]
    items: Facts
    basis: Long
    scenario: Long
    scope: Long
    manner: Long
    until: Day
    unit: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    district: Annotated[str, Field(min_length=1, max_length=32)] | None = None
    assignee: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    document: Hash | None = None


class Act(Acted):
    """An event in the life of a request."""

    event: named(EVENTS)  # type: ignore[valid-type]  # the names are those of the table


class Decision(Sent):
    """An official's answer: refused with reasons, or granted within what was asked; against rules or terms, two sign."""

    outcome: Annotated[str, Field(min_length=1, max_length=60, description="A value of the outcome `share` of cn-data-sharing.")]
    reasons: Long | None = None
    complete: bool | None = Field(None, description="The papers are complete: a request is not refused for want of papers.")
    purposes: Names | None = None
    granted: Names | None = Field(None, description="Items granted, all that are asked for without it; the others are refused.")
    uses: Count | None = None
    records: Count | None = None
    passed_on: Names | None = Field(None, description="Bodies to whom onward provision is agreed.")
    until: Day | None = None
    competent: Short | None = Field(None, description="The body competent for government data, to which a dispute goes.")
    document: Hash | None = None
    enterprise: Enterprise | None = None


class Use(Sent):
    """One use of shared data, or `used` of them; what is not told leaves open whether it is within the grant."""

    use: Short | None = Field(None, description="Its own id; its number without one.")
    used: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    date: Day | None = None
    purpose: Long | None = None
    used_items: Names | None = None
    used_records: Count | None = None
    passed_to: Names | None = None
    kept: bool | None = Field(None, description="The data went to nobody else.")


class Retraction(Sent):
    """A use that is taken back, and why."""

    use: Short
    reasons: Long


USED: dict[int | str, dict[str, Any]] = {200: {"model": Used, "headers": TAGGED, "description": "Recorded."}}


@router.post("/sharing-checks", dependencies=CHECKS, response_model=ShareAnswer)
def check(request: Request, body: Check, at: At) -> Response:
    """Check a request for data against law and the owners' terms, item by item; nothing is stored."""
    if body.enterprise:
        narrow(request, ("share.read",))
    day = known_of(body.known_at or "", at.now())
    chosen = at.sharing(day, body.enterprise or "")
    all_of_it = sent(request)
    try:
        found = _answered(at, chosen, all_of_it.part("request"), body)
    except FenjiError as error:
        raise all_of_it.pointed(error) from None
    return Response(found.model_dump_json(by_alias=True), media_type="application/json", headers={"cache-control": "no-store"})


def _answered(at: Office, chosen: InForce, document: Node, body: Check) -> ShareAnswer:
    day = day_of(body.as_of, "as_of") if body.as_of else legal_day(at.now())
    found = share(chosen.rulebook, document, day, enterprise=body.enterprise or "")
    return chosen.marked_share(found, _days(at))


def _days(at: Office) -> dict[str, str]:
    """Return the day from which each published policy is known, by the hash of its files."""
    return {each.sha256: each.known for each in reversed(policy.publications(at.home))}


@router.get("/sharing-requests", dependencies=READS, response_model=Listed[Row], responses={200: {"headers": LINKED}})
def list_(request: Request, at: At, pages: Annotated[Queue, Depends()]) -> Response:
    """List requests for data, the one whose answer is due first at the head."""
    return listed(at, pages, REQUEST, {**pages.where, **cut(at, request)}, pages.order)


@router.post("/sharing-requests", dependencies=REQUESTS, status_code=201, response_model=None, responses=MADE)
def file(request: Request, body: Asked, made: Annotated[Making, Depends()]) -> Response:
    """File a request for data; the time for its answer begins, where law names one."""
    given = body.model_dump(exclude_none=True, exclude={"unconditional", ITEMS})
    all_of_it, rulebook = sent(request), made.at.sharing("", "").rulebook
    try:
        given[ITEMS] = facts.values_of(rulebook, from_document(rulebook, all_of_it.part(ITEMS)))
    except FenjiError as error:
        raise all_of_it.pointed(error) from None
    return made.make(REQUEST, lambda doing: requests.ask(doing.desk, given, rulebook, unconditional=body.unconditional))


@router.get("/sharing-requests/{request_id}", dependencies=READS, response_model=Shown, responses={200: {"headers": TAGGED}})
def show(request: Request, request_id: Id, at: At) -> Response:
    """Show a request: what it says, where it stands, and what may happen next."""
    return shown(at.streams(), owned(at, request, request_id, REQUEST), ITEMS)


@router.get("/sharing-requests/{request_id}/events", dependencies=READS)
def events(request: Request, request_id: Id, at: At) -> list[Happened]:
    """List what happened to a request, refused attempts among it, oldest first."""
    owned(at, request, request_id, REQUEST)
    return happened(at.streams(), request_id)


@router.get("/sharing-requests/{request_id}/clocks", dependencies=READS)
def running(request: Request, request_id: Id, at: At) -> list[Clock]:
    """List the clocks of a request that have not been stopped."""
    return clocks(at.streams(), owned(at, request, request_id, REQUEST), at.now())


@router.get("/sharing-requests/{request_id}/verdict", dependencies=READS, response_model=ShareAnswer)
def verdict(request: Request, request_id: Id, at: At) -> Response:
    """Tell what law and the owners' terms say to a request today, item by item."""
    owned(at, request, request_id, REQUEST)
    chosen = at.sharing("", "")
    found = chosen.marked_share(requests.verdict(Look(at.streams(), at.now()), request_id, chosen), _days(at))
    return Response(found.model_dump_json(by_alias=True), media_type="application/json", headers={"cache-control": "no-store"})


@router.post("/sharing-requests/{request_id}/events", dependencies=ACTS, response_model=None, responses=DONE)
def act(request_id: Id, body: Act, change: Change) -> Response:
    """Do something else in the life of a request: as the department that asks, or the one that provides."""

    def do(doing: Doing) -> Recorded:
        return doing.streams.perform(doing.act(PROCESS, body.event, body.fields, request_id, body.day))

    return change.change_as(REQUEST, request_id, EVENTS[body.event], do)


@router.post("/sharing-requests/{request_id}/decision", dependencies=DECIDES, response_model=None, responses=DONE)
def decide(request_id: Id, body: Decision, change: Change) -> Response:
    """Agree to share, or refuse, as an official of the department that provides; its record stands beside the event."""
    given = body.model_dump(exclude_none=True, exclude={"outcome", "enterprise"})

    def do(doing: Doing) -> Recorded:
        chosen = doing.at.sharing("", body.enterprise or "")
        return requests.answer(doing.desk, request_id, body.outcome, given, chosen)

    return change.change(REQUEST, request_id, do)


@router.get("/sharing-requests/{request_id}/uses", dependencies=READS, response_model=Ledger)
def ledger(request: Request, request_id: Id, at: At) -> dict[str, Any]:
    """List the uses of a grant, each compared with its limits."""
    owned(at, request, request_id, REQUEST)
    found = uses.ledger(at.streams(), request_id)
    shown = [render.compared_json(each) for each in compare(found)]
    return {"grant": render.grant_json(found.grant), "uses": shown, "facts": uses.facts(found)}


@router.post("/sharing-requests/{request_id}/uses", dependencies=USES, response_model=None, responses=USED)
def use(request_id: Id, body: Use, change: Change) -> Response:
    """Record a use. One beyond the grant is recorded as such: it has happened."""
    given = body.model_dump(exclude_none=True)

    def tell(streams: Streams, statement: dict[str, Any], receipt: str) -> dict[str, Any]:
        found = uses.compared(streams, request_id, statement)
        return {**told(streams, statement, receipt), "compared": render.compared_json(found)}

    return change.change(REQUEST, request_id, lambda doing: uses.record(doing.streams, request_id, doing.actor, given)[0], tell)


@router.post("/sharing-requests/{request_id}/retractions", dependencies=USES, response_model=None, responses=DONE)
def retract(request_id: Id, body: Retraction, change: Change) -> Response:
    """Take the record of a use back."""
    return change.change(
        REQUEST, request_id, lambda doing: uses.retract(doing.streams, request_id, doing.actor, body.use, body.reasons)
    )
