"""Packs, rules and facts as they are in force, and assessments of which nothing is kept: open to everybody."""

from __future__ import annotations

import time
from typing import Annotated, Any

import orjson
from anyio import to_thread
from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from api.http import conditions
from api.http.body import Strict, json_of
from api.http.conditions import KNOWN, TAGGED, IfNoneMatch
from api.http.office import Needs, Office, office
from api.http.times import KnownAt, known_of
from engine.decide import bounds
from engine.decide.assess import examine
from engine.decide.filing import from_document
from engine.decide.overall import overall
from engine.errors import FenjiError, InputError, Place
from engine.evidence import release
from engine.rulebook.days import legal_day
from engine.rulebook.duties import told_of
from engine.rulebook.model import PackRules, Rulebook
from schemas.answer import Answer
from schemas.duties import Overall
from schemas.http.records import PackRow, Release, RuleRow
from schemas.rulebook import Fact as FactDecl
from schemas.rulebook import Pack as PackDoc
from schemas.rulebook import Rule as RuleDoc

router = APIRouter(tags=["rules"], route_class=Strict)
At = Annotated[Office, Depends(office)]
READS = [Depends(Needs("rules.read"))]
SECONDS = 10.0  # that an assessment may take (design); a job has no such limit
SENT = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["facts"],
                    "additionalProperties": False,
                    "properties": {
                        "pack": {"type": "string", "description": "one pack; all that can apply when left out"},
                        "facts": {"type": "object", "description": "names nested or dotted, as in a filing"},
                        "as_of": {"type": "string", "format": "date", "description": "the day of the question"},
                        "on": {"type": "string", "format": "date", "description": "the day compliance is judged on"},
                    },
                }
            }
        },
    }
}


def _told(request: Request, value: BaseModel | list[Any] | dict[str, Any]) -> Response:
    """Return rules under the hash of what they say, so that whoever has them need not fetch them again."""
    found = value.model_dump(mode="json", by_alias=True, exclude_defaults=True) if isinstance(value, BaseModel) else value
    return conditions.answer(request, orjson.dumps(found))


@router.get("/packs", dependencies=READS, response_model=list[PackRow], responses=KNOWN)
def packs(request: Request, at: At, known_at: KnownAt = "", _: IfNoneMatch = "") -> Response:
    """List the packs that can be asked; `known_at` asks for those of a rulebook of then."""
    listed = [
        PackRow(
            id=pack.doc.id, title=pack.doc.title.model_dump(), covers=str(pack.doc.covers), rules=len(pack.rules)
        ).model_dump()
        for pack in _book(at, known_at).packs.values()
    ]
    return _told(request, listed)


@router.get(
    "/packs/{pack}", dependencies=READS, response_model=None, responses={**KNOWN, 200: {"headers": TAGGED, "model": PackDoc}}
)
def pack(request: Request, pack: str, at: At, known_at: KnownAt = "", _: IfNoneMatch = "") -> Response:
    """Show a pack: its outcomes, and where undetermined ones go."""
    return _told(request, _pack(_book(at, known_at), pack).doc)


@router.get("/packs/{pack}/rules", dependencies=READS, response_model=list[RuleRow], responses=KNOWN)
def rules(request: Request, pack: str, at: At, known_at: KnownAt = "", _: IfNoneMatch = "") -> Response:
    """List the rules of a pack with the days of their versions."""
    listed = [
        RuleRow(id=name, title=each.title.model_dump(), versions=[str(version.valid) for version in each.versions]).model_dump()
        for name, each in _pack(_book(at, known_at), pack).rules.items()
    ]
    return _told(request, listed)


@router.get(
    "/packs/{pack}/rules/{rule}",
    dependencies=READS,
    response_model=None,
    responses={**KNOWN, 200: {"headers": TAGGED, "model": RuleDoc}},
)
def rule(request: Request, pack: str, rule: str, at: At, known_at: KnownAt = "", _: IfNoneMatch = "") -> Response:
    """Show a rule: its versions, conditions, sources and effect."""
    of = _pack(_book(at, known_at), pack).rules
    found = of.get(f"{pack}/{rule}") or of.get(rule)
    if found is None:
        raise InputError("not-found", f"no rule named `{rule[:60]}`", "the pack lists its rules", Place())
    return _told(request, found)


@router.get("/packs/{pack}/facts", dependencies=READS, response_model=list[FactDecl], responses=KNOWN)
def facts(request: Request, pack: str, at: At, known_at: KnownAt = "", _: IfNoneMatch = "") -> Response:
    """List the facts that a pack reads, with type and question."""
    book = _book(at, known_at)
    names = told_of(book, _pack(book, pack))
    return _told(request, [book.facts[name].model_dump(mode="json", exclude_defaults=True) for name in names])


@router.get("/releases", dependencies=READS)
def releases(at: At) -> list[Release]:
    """List the rulebooks that were published, oldest first; `known_at` asks for what one of them said."""
    return [Release(id=each.id, at=each.at, statement=each.predicate) for each in release.releases(at.home)]


@router.post(
    "/assessments",
    dependencies=[Depends(Needs("assess"))],
    openapi_extra=SENT,
    response_model=None,
    responses={200: {"model": Answer | Overall}},
)
async def assess(request: Request) -> Response:
    """Answer a filing by one pack or by every pack that can apply; nothing is kept."""
    data, moment = await request.body(), time.monotonic() + SECONDS
    limiter = None if request.state.account else office(request).assessing
    text = await to_thread.run_sync(_assessed, request, data, moment, limiter=limiter)
    return Response(text, media_type="application/json")


def _assessed(request: Request, data: bytes, moment: float) -> str:
    at, sent = office(request), json_of(request, data)
    sent.only("pack", "facts", "as_of", "on")
    as_of, on = sent.days(legal_day(at.now()))
    rulebook = at.chosen.rulebook
    name = sent.text("pack", "")
    if name:
        _pack(rulebook, name)
    try:
        with bounds.until(moment):
            bounds.check()  # its time may be over before its turn comes
            filing = from_document(rulebook, sent.part("facts"))
            if name:
                return at.chosen.marked(examine(rulebook, name, filing, as_of)[0]).model_dump_json(by_alias=True)
            return at.chosen.marked_all(overall(rulebook, filing, as_of, on)).model_dump_json(by_alias=True)
    except FenjiError as error:
        raise sent.pointed(error) from None


def _book(at: Office, known_at: str) -> Rulebook:
    return at.known(known_of(known_at, at.now())).rulebook


def _pack(book: Rulebook, name: str) -> PackRules:
    found = book.packs.get(name)
    if found is None:
        raise InputError("unknown-pack", f"no pack named `{name[:60]}`", "GET /v1/packs lists them", Place())
    return found
