"""Registers of transfers abroad: what a handler sent, told with its persons, and how many distinct ones went in a year.

Persons are named to be counted once. They are kept as keyed hashes, and neither the names nor the hashes are ever told again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request, Response
from fastapi import Path as InPath
from pydantic import Field

from api.http.acts import Facts, Filter, Id, Long, Short
from api.http.body import Sent, Strict, sent
from api.http.change import DONE, MADE, Changing, Doing, Making, told
from api.http.conditions import TAGGED
from api.http.office import Needs, Office, office
from api.http.paging import LINKED, Paging
from api.http.shown import happened, listed, standing, tagged
from api.http.things import REGISTER, cut, owned
from api.http.times import Day, day_of
from api.render import transfers as render
from engine.decide.filing import from_document
from engine.errors import FenjiError, InputError, Place
from engine.rulebook.days import legal_day
from engine.supervise import filings, registers
from engine.supervise.routes import Routed
from engine.supervise.streams import Streams
from engine.supervise.transfers import Kind, through
from schemas.http.data import Meaning, Registered, RegisterShown, YearShown
from schemas.http.service import Listed
from schemas.http.streams import Changed, Happened, Row

router = APIRouter(prefix="/transfer-registers", tags=["transfers"], route_class=Strict)
At = Annotated[Office, Depends(office)]
READS, RECORDS = ([Depends(Needs(f"transfer.{action}"))] for action in ("read", "record"))
Year = Annotated[int, InPath(ge=2017, le=9999, description="The calendar year.")]
Paper = Annotated[
    str | None,
    Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the handler's mandate, where an official does this for it."),
]
Mechanism = Literal["exempt", "contract", "certification", "assessment"]


class Opening(Sent):
    """Whose register is opened; a handler has one. A firm opens its own."""

    holder: Annotated[str, Field(min_length=18, max_length=18)] | None = Field(
        None, description="The handler's unified social credit code; a firm's own, when left out."
    )
    name: Short
    unit: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    district: Annotated[str, Field(min_length=1, max_length=32)] | None = None


class Persons(Sent):
    """The persons of a kind in a flow, by whatever identifies them in the same way each time.

    An entry holds 50,000 at most; more of them are told in further entries of the same flow and kind.
    """

    flow: Short
    kind: Kind
    identifiers: list[Annotated[str, Field(min_length=1, max_length=200)]] = Field(max_length=50_000)


class Told(Sent):
    """A transfer as it is told: facts of the pack cn-cross-border, and its persons where they are named."""

    transfer: Short = Field(description="The transfer's own id.")
    facts: Facts
    persons: list[Persons] = Field(default_factory=list, max_length=200)
    fresh: bool = Field(default=False, description="None of its persons was in a transfer of an earlier day of the year.")
    under: Mechanism | None = Field(None, description="The mechanism used.")
    mandate: Paper = None


class Correction(Told):
    """A transfer as it should have been told, and why it was not."""

    reasons: Long


class Withdrawal(Sent):
    """A transfer that is taken back, and why."""

    transfer: Short
    reasons: Long
    mandate: Paper = None


class Declaration(Sent):
    """A period of which every transfer is recorded: without one, counts have no upper bound."""

    start: Day = Field(alias="from")
    through: Day
    mandate: Paper = None


RECORDED: dict[int | str, dict[str, Any]] = {200: {"model": Registered, "headers": TAGGED, "description": "Recorded."}}


@router.get("", dependencies=READS, response_model=Listed[Row], responses={200: {"headers": LINKED}})
def list_(request: Request, at: At, pages: Annotated[Paging, Depends()], unit: Filter = "", district: Filter = "") -> Response:
    """List registers, what changed last first."""
    return listed(at, pages, REGISTER, {"unit": unit, "district": district, **cut(at, request)}, "updated")


@router.post("", dependencies=RECORDS, status_code=201, response_model=None, responses=MADE)
def open_(body: Opening, made: Annotated[Making, Depends()]) -> Response:
    """Open the register of a handler."""
    given = {"holder": made.who.enterprise, **body.model_dump(exclude_none=True)}
    return made.make(REGISTER, lambda doing: doing.streams.perform(doing.act(registers.TABLE, "open", given)))


@router.get("/{register}", dependencies=READS, response_model=RegisterShown, responses={200: {"headers": TAGGED}})
def show(request: Request, register: Id, at: At) -> Response:
    """Show a register: whose it is, the years it has transfers of, and what may happen next."""
    state = owned(at, request, register, REGISTER)
    of = standing(at.streams(), state, {}, {})
    name = str(filings.content(at.streams(), register).fields.get("name", ""))
    years = sorted({each.day.year for each in registers.register(at.streams(), register).transfers.values()})
    return tagged(RegisterShown(**of.model_dump(include=set(RegisterShown.model_fields)), name=name, years=years))


@router.get("/{register}/years/{year}", dependencies=READS, response_model=YearShown)
def year_(request: Request, register: Id, year: Year, at: At) -> dict[str, Any]:
    """List the transfers of a year, and count the distinct persons that went abroad: exactly, or in bounds."""
    owned(at, request, register, REGISTER)
    found = registers.register(at.streams(), register)
    return render.listed_json(found, through(found, year, legal_day(at.now())))


@router.get("/{register}/events", dependencies=READS)
def events(request: Request, register: Id, at: At) -> list[Happened]:
    """List what happened to a register, refused attempts among it, oldest first; without the keys of persons."""
    owned(at, request, register, REGISTER)
    return [each.model_copy(update={"values": _without_keys(each.values)}) for each in happened(at.streams(), register)]


@router.post("/{register}/checks", dependencies=READS, response_model=Meaning)
def check(request: Request, register: Id, body: Told, at: At) -> dict[str, Any]:
    """Tell what a transfer would mean in its year; nothing is stored."""
    owned(at, request, register, REGISTER)
    streams = at.streams()
    return _meaning(registers.check(streams, register, _told(request, streams, body)))


@router.post("/{register}/transfers", dependencies=RECORDS, response_model=None, responses=RECORDED)
def record(request: Request, register: Id, body: Told, change: Annotated[Changing, Depends()]) -> Response:
    """Record a transfer, and tell what it means in its year."""
    return _recorded(request, register, body, change)


@router.post("/{register}/corrections", dependencies=RECORDS, response_model=None, responses=RECORDED)
def correct(request: Request, register: Id, body: Correction, change: Annotated[Changing, Depends()]) -> Response:
    """Correct a transfer; what was recorded first stays in the log."""
    return _recorded(request, register, body, change, body.reasons)


@router.post("/{register}/withdrawals", dependencies=RECORDS, response_model=None, responses=DONE)
def withdraw(register: Id, body: Withdrawal, change: Annotated[Changing, Depends()]) -> Response:
    """Take a transfer back."""
    return change.change(
        REGISTER,
        register,
        lambda doing: registers.withdraw(doing.streams, register, _under(doing, body), body.transfer, body.reasons),
    )


@router.post("/{register}/declarations", dependencies=RECORDS, response_model=None, responses=DONE)
def declare(register: Id, body: Declaration, change: Annotated[Changing, Depends()]) -> Response:
    """Declare that every transfer of a period is recorded."""
    first, last = day_of(body.start, "from"), day_of(body.through, "through")
    if last < first:
        raise InputError("wrong-period", "the period ends before it begins", "swap the days", Place("#/through"))
    return change.change(
        REGISTER, register, lambda doing: registers.declare(doing.streams, register, _under(doing, body), (first, last))
    )


def _under(doing: Doing, body: Told | Withdrawal | Declaration) -> registers.Actor:
    """Return who acts, under the paper of the handler that the body names."""
    return replace(doing.actor, mandate=body.mandate or "")


def _recorded(request: Request, register: str, body: Told, change: Changing, reasons: str | None = None) -> Response:
    def do(doing: Doing) -> Any:
        told = _told(request, doing.streams, body)
        return registers.record(doing.streams, register, _under(doing, body), told, reasons)[0]

    def tell(streams: Streams, statement: dict[str, Any], receipt: str) -> dict[str, Any]:
        # without the transfer as it stands now, so it is the same before and after
        found = registers.routed(streams, register, _told(request, streams, body))
        kept = Changed.model_validate(told(streams, statement, receipt)).model_dump(exclude={"statement"})
        return Registered(**kept, meaning=Meaning.model_validate(_meaning(found))).model_dump()

    return change.change(REGISTER, register, do, tell)


def _told(request: Request, streams: Streams, body: Told) -> registers.Told:
    """Return a transfer as the engine is told it. Raises InputError with the place of the fault."""
    all_of_it = sent(request)
    persons: dict[tuple[str, Kind], list[str]] = {}
    for each in body.persons:
        persons.setdefault((each.flow, each.kind), []).extend(name for line in each.identifiers if (name := line.strip()))
    try:
        filing = from_document(streams.rulebook, all_of_it.part("facts"))
    except FenjiError as error:
        raise all_of_it.pointed(error) from None
    return registers.Told(body.transfer, filing, persons, fresh=body.fresh, under=body.under or "")


def _meaning(found: Routed) -> dict[str, Any]:
    return {name: value for name, value in render.routed_json(found).items() if name != "record"}


def _without_keys(values: dict[str, Any]) -> dict[str, Any]:
    """Return what an event says, without the keyed hashes of persons."""
    flows = values.get("flows")
    if not isinstance(flows, list):
        return values
    kept = [{name: each for name, each in flow.items() if not name.endswith("_keys")} for flow in flows]
    return {**values, "flows": kept}
