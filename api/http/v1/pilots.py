"""Pilots: their life, what the rules propose on them, their alarms and budget, and how often a plan would be stopped."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from api.http.acts import Acted, Events, Facts, Filter, Id, Long, Short, named
from api.http.body import Sent, Strict
from api.http.change import DONE, MADE, Changing, Doing, Making
from api.http.conditions import TAGGED
from api.http.office import Needs, Office, office
from api.http.paging import LINKED
from api.http.shown import Queue, clocks, happened, listed, shown
from api.http.things import PILOT, cut, owned
from api.http.times import AsOf, day_of
from engine.errors import InputError
from engine.evidence.log import stamp
from engine.supervise import alarms, pilots
from engine.supervise.monitors.budget import Burn
from engine.supervise.opinions import PROCESS
from engine.supervise.streams import Act, Recorded
from engine.supervise.watched import second
from schemas.http.service import Listed
from schemas.http.streams import Alarm, Clock, Happened, Line, Opinion, Row, Shown, Words

router = APIRouter(prefix="/pilots", tags=["pilots"], route_class=Strict)
FIRMS = (
    "apply", "supplement", "withdraw", "sign", "start", "report", "midterm_report", "count", "complaint", "outage", "insure",
    "halt", "ask_extension", "ask_tolerance", "sign_amendment", "exit_report",
)  # fmt: skip
PREPARES = (
    "check",
    "return",
    "lapse",
    "expire",
    "consult",
    "drop",
    "find",
    "assign",
    "recuse",
    "lift_recusal",
    "propose",
    "breach",
)
DECISIONS = (
    "admit", "refuse", "countersign", "countersign_amendment", "extend", "decline_extension", "warn", "settle", "rectify",
    "rectified", "pause", "resume", "opine_tolerance", "terminate", "bar", "graduate", "convert", "end", "close",
)  # fmt: skip
# event -> whose task it is; `sketch` begins a pilot, `incident` and `regrade` follow from what is told of incidents;
# `observe` is for the command line, since no role of an account is an observer's
EVENTS: Events = {
    **dict.fromkeys(FIRMS, ("pilot.apply",)),
    **dict.fromkeys(PREPARES, ("pilot.review",)),
    **dict.fromkeys(DECISIONS, ("pilot.decide",)),
    **dict.fromkeys(("offer", "amend", "conclude"), ("pilot.decide", "pilot.apply")),
    "opine": ("pilot.opinion",),
}
At = Annotated[Office, Depends(office)]
Change = Annotated[Changing, Depends()]
READS, APPLIES, ACTS, REVIEWS, SIMULATES = (
    [Depends(Needs(f"pilot.{action}"))] for action in ("read", "apply", "act", "review", "simulate")
)
Matter = Literal["admission", "extension", "tolerance", "measure", "onward"]
NOTHING_NEW: dict[int | str, dict[str, Any]] = {
    **DONE,
    204: {"description": "No alarm is new: nothing was recorded.", "headers": TAGGED},
}


class Sketch(Sent):
    """An idea, in the words of whoever brings it. A firm brings its own."""

    holder: Annotated[str, Field(min_length=18, max_length=18)] | None = Field(
        None, description="Unified social credit code of the firm; a firm's own, when left out."
    )
    product: Short
    innovation: Long | None = None
    maturity: Literal["research", "nascent", "growing", "mature"] | None = None
    facts: Facts | None = None
    unit: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    district: Annotated[str, Field(min_length=1, max_length=32)] | None = None


class PilotAct(Acted):
    """An event in the life of a pilot. What the rules work out, such as the proposal beside a decision, nobody sends."""

    event: named(EVENTS)  # type: ignore[valid-type]  # the names are those of the table


@router.get("", dependencies=READS, response_model=Listed[Row], responses={200: {"headers": LINKED}})
def list_(request: Request, at: At, pages: Annotated[Queue, Depends()], tier: Filter = "") -> Response:
    """List pilots, the one whose clock ends first at the head."""
    return listed(at, pages, PILOT, {**pages.where, "tier": tier, **cut(at, request)}, pages.order)


@router.post("", dependencies=APPLIES, status_code=201, response_model=None, responses=MADE)
def open_(body: Sketch, made: Annotated[Making, Depends()]) -> Response:
    """Bring an idea: it begins a pilot."""
    given = {"holder": made.who.enterprise, **body.model_dump(exclude_none=True)}
    return made.make(PILOT, lambda doing: pilots.perform(doing.streams, doing.act(PROCESS, "sketch", given)))


@router.get("/{pilot}", dependencies=READS, response_model=Shown, responses={200: {"headers": TAGGED}})
def show(request: Request, pilot: Id, at: At) -> Response:
    """Show a pilot: its application and terms, where it stands, and what may happen next."""
    return shown(at.streams(), owned(at, request, pilot, PILOT))


@router.get("/{pilot}/events", dependencies=READS)
def events(request: Request, pilot: Id, at: At) -> list[Happened]:
    """List what happened to a pilot, refused attempts among it, oldest first."""
    owned(at, request, pilot, PILOT)
    return happened(at.streams(), pilot)


@router.get("/{pilot}/clocks", dependencies=READS)
def running(request: Request, pilot: Id, at: At) -> list[Clock]:
    """List the clocks of a pilot that have not been stopped."""
    return clocks(at.streams(), owned(at, request, pilot, PILOT), at.now())


@router.get("/{pilot}/opinions/{matter}", dependencies=READS, response_model=Opinion)
def opinion(request: Request, pilot: Id, matter: Matter, at: At, as_of: AsOf = "") -> dict[str, Any]:
    """Say what the rules propose on a matter on a day, each condition met, not met or not proven."""
    owned(at, request, pilot, PILOT)
    day = day_of(as_of, "as_of") if as_of else None
    return asdict(pilots.proposed(at.streams(), Act(pilot, PROCESS, "", None, at.now(), on=day), matter))


@router.get("/{pilot}/alarms", dependencies=READS)
def watch(request: Request, pilot: Id, at: At) -> list[Alarm]:
    """Let both monitors speak of a pilot as of now, and list the alarms that stand."""
    owned(at, request, pilot, PILOT)
    return [
        Alarm(
            **{name: value for name, value in asdict(each.alarm).items() if name in Alarm.model_fields},
            title=Words(zh=each.monitor.title.zh, en=each.monitor.title.en),
            proposes=each.monitor.proposes,
            why=each.why,
            assumed=list(each.assumed),
        )
        for each in alarms.standing(at.streams(), pilot, at.now())
    ]


@router.get("/{pilot}/budget", dependencies=READS)
def budget(request: Request, pilot: Id, at: At) -> list[Line]:
    """Show what is used and left of a pilot's tolerance budget, and when it would be used up."""
    owned(at, request, pilot, PILOT)
    fault = alarms.unread_budget(at.streams(), pilot)
    if fault:
        raise InputError(fault.code, fault.problem, fault.help)
    burn = Burn(alarms.plan_of(at.streams()), alarms.events_of(at.streams(), pilot))
    return [Line(**asdict(each), percent=each.percent) for each in burn.lines(second(stamp(at.now())))]


@router.post("/{pilot}/events", dependencies=ACTS, response_model=None, responses=DONE)
def act(pilot: Id, body: PilotAct, change: Change) -> Response:
    """Do something in the life of a pilot, as the firm or as an official; what the rules work out is added."""

    def do(doing: Doing) -> Recorded:
        return pilots.perform(doing.streams, doing.act(PROCESS, body.event, body.fields, pilot, body.day))

    return change.change_as(PILOT, pilot, EVENTS[body.event], do)


@router.post("/{pilot}/proposals", dependencies=REVIEWS, response_model=None, responses=NOTHING_NEW)
def propose(pilot: Id, change: Change) -> Response:
    """Record the strictest of what new alarms propose; an official decides on it. No alarm is proposed twice."""
    return change.change_if(
        PILOT,
        pilot,
        lambda at: alarms.proposal(at.streams(), pilot, at.now()),
        lambda doing, found: doing.streams.perform(replace(found, now=doing.now, expected=doing.expected, id=doing.id)),
    )
