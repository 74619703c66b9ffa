"""Incidents of pilots: graded by rules, under every clock that may run, found again by their pilot and the firm's number."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from api.http.acts import Acted, Events, Facts, Id, Short, named
from api.http.body import Sent, Strict
from api.http.change import DONE, MADE, Changing, Doing, Making
from api.http.conditions import TAGGED
from api.http.office import Needs, Office, office
from api.http.paging import LINKED
from api.http.shown import Queue, clocks, happened, listed, shown
from api.http.things import INCIDENT, PILOT, cut, owned
from api.http.times import Moment
from engine.supervise import incidents
from engine.supervise.streams import Recorded
from schemas.http.service import Listed
from schemas.http.streams import Happened, IncidentClocks, Row, Shown

router = APIRouter(prefix="/incidents", tags=["incidents"], route_class=Strict)
# event -> whose task it is
EVENTS: Events = {
    **dict.fromkeys(("correct", "notify", "handle"), ("incident.report",)),
    **dict.fromkeys(("grade", "release", "recuse", "lift_recusal", "close", "merge", "withdraw"), ("incident.grade",)),
}
At = Annotated[Office, Depends(office)]
READS, REPORTS, ACTS = ([Depends(Needs(action))] for action in ("pilot.read", "incident.report", "incident.act"))


class Report(Sent):
    """What is told of an incident: grade and clocks follow from its facts; what is open counts as the worst it may be."""

    pilot: Annotated[str, Field(min_length=1, max_length=64)]
    reference: Short = Field(description="The firm's own number of it: told twice, it is one incident.")
    found_at: Moment = Field(description="When it was found; clocks run from then.")
    facts: Facts
    unit: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    district: Annotated[str, Field(min_length=1, max_length=32)] | None = None


class IncidentAct(Acted):
    """An event in the life of an incident."""

    event: named(EVENTS)  # type: ignore[valid-type]  # the names are those of the table


@router.get("", dependencies=READS, response_model=Listed[Row], responses={200: {"headers": LINKED}})
def list_(request: Request, at: At, pages: Annotated[Queue, Depends()]) -> Response:
    """List incidents, the one whose clock ends first at the head."""
    return listed(at, pages, INCIDENT, {**pages.where, **cut(at, request)}, pages.order)


@router.post("", dependencies=REPORTS, status_code=201, response_model=None, responses=MADE)
def report(request: Request, body: Report, made: Annotated[Making, Depends()]) -> Response:
    """Report an incident of a pilot: rules grade it and start its clocks, and its pilot notes it."""
    owned(made.at, request, body.pilot, PILOT)
    given = body.model_dump(exclude_none=True)
    return made.make(INCIDENT, lambda doing: incidents.perform(doing.streams, doing.act(incidents.PROCESS, "report", given)))


@router.get("/{incident}", dependencies=READS, response_model=Shown, responses={200: {"headers": TAGGED}})
def show(request: Request, incident: Id, at: At) -> Response:
    """Show an incident: its grade, the reports owed and given, and what may happen next."""
    return shown(at.streams(), owned(at, request, incident, INCIDENT))


@router.get("/{incident}/events", dependencies=READS)
def events(request: Request, incident: Id, at: At) -> list[Happened]:
    """List what happened to an incident, refused attempts among it, oldest first."""
    owned(at, request, incident, INCIDENT)
    return happened(at.streams(), incident)


@router.get("/{incident}/clocks", dependencies=READS)
def running(request: Request, incident: Id, at: At) -> IncidentClocks:
    """List the clocks of an incident, the one that ends first at the head; notice under the terms stops no statutory clock."""
    state = owned(at, request, incident, INCIDENT)
    found = sorted(clocks(at.streams(), state, at.now()), key=lambda each: (each.earliest or "9999", each.clock))
    return IncidentClocks(running=found, late=list(incidents.late(state)))


@router.post("/{incident}/events", dependencies=ACTS, response_model=None, responses=DONE)
def act(incident: Id, body: IncidentAct, change: Annotated[Changing, Depends()]) -> Response:
    """Correct, tell, grade, handle or close an incident; facts that are corrected grade it anew."""

    def do(doing: Doing) -> Recorded:
        return incidents.perform(doing.streams, doing.act(incidents.PROCESS, body.event, body.fields, incident, body.day))

    return change.change_as(INCIDENT, incident, EVENTS[body.event], do)
