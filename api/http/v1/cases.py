"""Cases: opened on a filing, led by officials along their tables, proposed by the rules, decided by a named official."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from api.access.permissions import permissions
from api.http.acts import Acted, Filter, Id
from api.http.body import Sent, Strict
from api.http.change import DONE, MADE, Changing, Doing, Making
from api.http.conditions import TAGGED
from api.http.office import Needs, Office, office
from api.http.paging import LINKED, Paging
from api.http.shown import clocks, happened, listed, shown
from api.http.things import CASE, FILING, cut, owned
from engine.errors import InputError, Place, SigningError
from engine.store.streams import Page, queue
from engine.supervise import cases, reassess
from engine.supervise.state import State, from_text
from engine.supervise.streams import Recorded
from schemas.http.service import Listed
from schemas.http.streams import Clock, Drift, Happened, Row, Shown
from schemas.lifecycle import Transition

router = APIRouter(prefix="/cases", tags=["cases"], route_class=Strict)
At = Annotated[Office, Depends(office)]
Change = Annotated[Changing, Depends()]
Pages = Annotated[Paging, Depends()]
READS = [Depends(Needs("case.read"))]
Name = Annotated[str, Field(min_length=1, max_length=64)]
Fields = Annotated[dict[str, Any], Field(default_factory=dict, max_length=60, description="The fields that the event carries.")]
ANSWERED = {"propose": "proposal", "decide": "decision", "change": "decision"}  # event -> the route that asks the rules too


class Opening(Sent):
    """How a case is opened: on which filing, under which table, with which fields beside those of the filing."""

    filing: Name
    process: Name
    event: Name | None = Field(None, description="Where a table has several openings.")
    fields: Fields


class Event(Acted):
    """An event of the table, and the legal day on which it happened where it is told later."""

    event: Name
    fields: Fields


class Proposal(Sent):
    """The other fields of the event; the rules asked are those of the pack that the filing names."""

    fields: Fields


class Ruling(Sent):
    """What an official decides: the value, as `VALUE` or `OUTCOME=VALUE`, with the reasons that a deviation needs."""

    outcome: Annotated[str, Field(min_length=1, max_length=200)]
    event: Literal["decide", "change"] = "decide"
    fields: Fields


@router.get("", dependencies=READS, response_model=Listed[Row], responses={200: {"headers": LINKED}})
def list_(  # noqa: PLR0913, PLR0917 - a filter each
    request: Request,
    at: At,
    pages: Pages,
    process: Filter = "",
    state: Filter = "",
    unit: Filter = "",
    district: Filter = "",
    tier: Filter = "",
    assignee: Filter = "",
    closed: bool = False,
    overdue: bool = False,
    order: Literal["due", "updated"] = "due",
) -> Response:
    """List cases as a queue: open ones, the next deadline first; with `overdue` those in which something is, or may be."""
    where = {"process": process, "state": state, "unit": unit, "district": district, "tier": tier, "assignee": assignee}
    return listed(at, pages, CASE, {**where, "closed": int(closed), **cut(at, request)}, order, overdue=overdue)


@router.get(
    "/affected",
    dependencies=[Depends(Needs("case.affected"))],
    response_model=Listed[Drift],
    responses={200: {"headers": LINKED}},
)
def affected(request: Request, at: At, pages: Pages) -> Response:
    """List open cases that today's rules answer otherwise, with the clauses; `limit` counts the cases looked at."""
    at.allow(request, "case.affected", name="affected")
    desk = cases.Look(at.streams(), at.now(), at.chosen.release)
    after = pages.after(at.cursors)
    processes = tuple(name for name, table in at.chosen.rulebook.lifecycles.items() if CASE.of(table))
    place = (str(after[0]), str(after[1])) if after else None
    rows = queue(at.home.store, Page({"closed": 0, "process": processes}, "due", place, pages.limit + 1))
    seen = rows[: pages.limit]
    last = (seen[-1].due, seen[-1].id) if len(rows) > len(seen) else None
    return pages.answer(at.cursors, [_told(drift) for row in seen if (drift := reassess.moved(desk, from_text(row.fold)))], last)


def _told(drift: reassess.Drift) -> Drift:
    return Drift.model_validate({name: getattr(drift, name) for name in drift.__slots__})


@router.post("", dependencies=[Depends(Needs("case.open"))], status_code=201, response_model=None, responses=MADE)
def open_(request: Request, body: Opening, made: Annotated[Making, Depends()]) -> Response:
    """Open a case on a submitted filing; its clocks start on the day of the submission."""
    owned(made.at, request, body.filing, FILING)
    table = made.at.chosen.rulebook.lifecycles.get(body.process)
    if table is None or not CASE.of(table):
        known = ", ".join(name for name, each in made.at.chosen.rulebook.lifecycles.items() if CASE.of(each))
        raise InputError("unknown-process", f"no case is led by `{body.process}`", f"there are {known}", Place("#/process"))
    openings = [each for each in table.transitions if not each.from_ and body.event in (None, each.event)]
    request.state.action = _task(made.at, request, openings[:1], body.filing, "case.intake")
    how = cases.Opening(body.process, body.event or "", body.fields)
    return made.make(CASE, lambda doing: cases.open_case(doing.desk, body.filing, how))


@router.get("/{case}", dependencies=READS, response_model=Shown, responses={200: {"headers": TAGGED}})
def show(request: Request, case: Id, at: At) -> Response:
    """Show a case: where it stands, what it says, and what may happen next by whom on what basis."""
    return shown(at.streams(), owned(at, request, case, CASE), "items")


@router.get("/{case}/events", dependencies=READS)
def events(request: Request, case: Id, at: At) -> list[Happened]:
    """List what happened in a case, refused attempts among it, oldest first."""
    owned(at, request, case, CASE)
    return happened(at.streams(), case)


@router.get("/{case}/clocks", dependencies=READS)
def running(request: Request, case: Id, at: At) -> list[Clock]:
    """List the clocks of a case that have not been stopped, with their bounds and reminders."""
    return clocks(at.streams(), owned(at, request, case, CASE), at.now())


@router.post("/{case}/events", dependencies=[Depends(Needs("case.act"))], response_model=None, responses=DONE)
def act(request: Request, case: Id, body: Event, change: Change) -> Response:
    """Record an event of a case; what the table does not allow is refused with its rule, and the attempt recorded."""
    state = owned(change.at, request, case, CASE)
    if body.event in ANSWERED:
        remedy = f"POST it to /v1/cases/ID/{ANSWERED[body.event]}"
        raise InputError("wrong-event", f"`{body.event}` carries an answer of the rules", remedy, Place("#/event"))
    request.state.action = _action(change.at, request, state, body.event)

    def do(doing: Doing) -> Recorded:
        return cases.do(doing.desk, case, body.event, body.fields, body.day)

    return change.change(CASE, case, do)


@router.post("/{case}/proposal", dependencies=[Depends(Needs("case.review"))], response_model=None, responses=DONE)
def propose(case: Id, body: Proposal, change: Change) -> Response:
    """Record what the rules propose for a case, and that the party is told."""

    def do(doing: Doing) -> Recorded:
        desk = doing.desk
        return cases.propose(desk, case, cases.question(desk, case), body.fields)

    return change.change(CASE, case, do)


@router.post("/{case}/decision", dependencies=[Depends(Needs("case.decide"))], response_model=None, responses=DONE)
def decide(case: Id, body: Ruling, change: Change) -> Response:
    """Record what an official decides; what the rules do not propose needs `fields.reasons` and a second official."""

    def do(doing: Doing) -> Recorded:
        desk = doing.desk
        ruling = cases.Ruling(body.event, body.outcome, body.fields)
        return cases.decide(desk, case, cases.question(desk, case), ruling)

    return change.change(CASE, case, do)


def _action(at: Office, request: Request, state: State, event: str) -> str:
    """Return which action an event is for whoever asks. Raises SigningError where the table gives it to no enterprise."""
    rows = [each for each in at.streams().table(state.process).transitions if each.event == event]
    return _task(at, request, rows, state.stream, permissions().events.get(event, "case.review"))


def _task(at: Office, request: Request, rows: Sequence[Transition], stream: str, action: str) -> str:
    """Return the action of an office, or `case.party` for a firm. Raises SigningError where no row is for enterprises."""
    who = at.who(request)
    if not who.enterprise:
        return action
    if not any("enterprise" in each.role for each in rows):
        at.accounts.note(who, "case.party", stream, at.now(), allowed=False)
        raise SigningError("forbidden", "this is not done by the party", "the authority does this")
    return "case.party"
