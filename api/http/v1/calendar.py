"""Working days, the periods of law, when a period ends, and what is due next."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import Field

from api.http.body import Sent, Strict
from api.http.office import Needs, Office, office
from api.http.things import cut
from api.render import clocks as render
from engine.errors import InputError, Place
from engine.rulebook.model import Rulebook
from engine.supervise import clocks
from engine.supervise.agenda import agenda
from schemas.calendar import Clock as OfLaw
from schemas.http.records import Days, PeriodEnd
from schemas.http.streams import Clock

router = APIRouter(prefix="/calendar", tags=["calendar"], route_class=Strict)
At = Annotated[Office, Depends(office)]
READS = [Depends(Needs("calendar.read"))]
Year = Annotated[int, Path(ge=1949, le=2999)]
Start = Annotated[str, Field(max_length=40, description="The day, YYYY-MM-DD; for hours the moment, RFC 3339 with its offset.")]


class Paused(Sent):
    """A pause: the day on which the clock pauses still counts; without an end it lasts."""

    start: Start
    end: Start | None = None
    reason: str = Field("", max_length=60)


class Asked(Sent):
    """A period: a length in a unit, or a clock of law; the first day is not counted."""

    start: Start
    unit: Literal["hours", "days", "working_days", "months"] | None = None
    length: int | None = Field(None, ge=1, le=10_000)
    rolls: bool = Field(default=False, description="A last day that is a day off moves to the next working day.")
    clock: str | None = Field(None, max_length=64, description="A period of law, as /v1/calendar/clocks names them.")
    extended: bool = Field(default=False, description="With the extension that the law allows the clock.")
    pauses: list[Paused] = Field(default_factory=list, max_length=100)


@router.get("/years/{year}", dependencies=READS)
def of_year(year: Year, at: At) -> Days:
    """Show the days off and the weekend days worked of a year, with the notice behind them."""
    return Days.model_validate(render.year_json(at.chosen.rulebook, year))


@router.get("/clocks", dependencies=READS)
def periods(at: At) -> list[OfLaw]:
    """List the periods of law: length, rule of counting, what interrupts them, and their articles."""
    return list(at.chosen.rulebook.clocks.values())


@router.post("/due", dependencies=READS)
def due(body: Asked, at: At) -> PeriodEnd:
    """Say when a period ends, and when to be reminded; nothing is kept."""
    book = at.chosen.rulebook
    named = _clock(book, body.clock) if body.clock else None
    term = _term(book, named, body)
    for number, each in enumerate(body.pauses):
        clocks.require_pause(named, each.reason, Place(f"#/pauses/{number}/reason"))
    run = clocks.Run(body.start, tuple(clocks.Pause(each.start, each.end, each.reason) for each in body.pauses))
    end = clocks.due(book.calendar, term, run)
    counting = book.countings[named.counting] if named else None
    counted = render.Counted(term, run, end, clocks.reminders(book.calendar, term, run), named, counting)
    return PeriodEnd.model_validate(render.due_json(counted))


@router.get("/next", dependencies=[Depends(Needs("case.read"))])
def next_(
    request: Request,
    at: At,
    unit: Annotated[str, Query(max_length=64)] = "",
    district: Annotated[str, Query(max_length=32)] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> list[Clock]:
    """List what is due next over the open streams that whoever asks may see, the shortest first."""
    asked = {name: value for name, value in (("unit", unit), ("district", district)) if value}
    where = {**asked, **{name: str(value) for name, value in cut(at, request).items()}}
    return [Clock.model_validate(render.item_json(each)) for each in agenda(at.streams(), at.now(), where, limit)]


def _clock(book: Rulebook, name: str) -> OfLaw:
    if name not in book.clocks:
        raise InputError("unknown-clock", f"no period named `{name}`", "GET /v1/calendar/clocks lists them", Place("#/clock"))
    return book.clocks[name]


def _term(book: Rulebook, named: OfLaw | None, asked: Asked) -> clocks.Term:
    """Return the period that is asked for. Raises InputError unless it is one of a clock, or of a length in a unit."""
    given = asked.unit is not None and asked.length is not None
    if bool(named) == given or (named and (asked.unit or asked.length or asked.rolls)) or (asked.extended and not named):
        remedy = "send `unit` and `length`, with `rolls` where it does; or `clock`, with `extended` where it is"
        raise InputError("no-period", "a period is a length in a unit, or a clock of law", remedy)
    if named:
        return clocks.Term.of_law(named, book.countings[named.counting], extended=asked.extended, place=Place("#/extended"))
    if asked.rolls and asked.unit not in ("days", "months"):
        raise InputError("no-roll", f"a period in {asked.unit} does not end on a day off", "leave out `rolls`", Place("#/rolls"))
    return clocks.Term(asked.unit or "days", asked.length or 0, asked.rolls)
