"""Packs, rules and facts as they are in force, and assessments of which nothing is kept: open to everybody."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from api.http.body import Strict, body_of
from api.http.office import Needs, Office, office
from engine.decide.assess import examine
from engine.decide.filing import from_document
from engine.decide.overall import overall
from engine.errors import FenjiError, InputError, Place
from engine.rulebook.model import PackRules
from schemas.answer import Answer
from schemas.duties import Overall

router = APIRouter(tags=["rules"], route_class=Strict)
READS = [Depends(Needs("rules.read"))]
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


@router.get("/packs", dependencies=READS)
def packs(at: Annotated[Office, Depends(office)]) -> list[dict[str, Any]]:
    """List the packs that can be asked."""
    return [
        {"id": pack.doc.id, "title": pack.doc.title.model_dump(), "covers": str(pack.doc.covers), "rules": len(pack.rules)}
        for pack in at.chosen.rulebook.packs.values()
    ]


@router.get("/packs/{pack}", dependencies=READS)
def pack(pack: str, at: Annotated[Office, Depends(office)]) -> dict[str, Any]:
    """Show a pack: its outcomes, and where undetermined ones go."""
    return _pack(at, pack).doc.model_dump(mode="json", by_alias=True, exclude_defaults=True)


@router.get("/packs/{pack}/rules/{rule}", dependencies=READS)
def rule(pack: str, rule: str, at: Annotated[Office, Depends(office)]) -> dict[str, Any]:
    """Show a rule: its versions, conditions, sources and effect."""
    found = _pack(at, pack).rules.get(f"{pack}/{rule}") or _pack(at, pack).rules.get(rule)
    if found is None:
        raise InputError("not-found", f"no rule named `{rule[:60]}`", "the pack lists its rules", Place())
    return found.model_dump(mode="json", by_alias=True, exclude_defaults=True)


@router.get("/packs/{pack}/facts", dependencies=READS)
def facts(pack: str, at: Annotated[Office, Depends(office)]) -> list[dict[str, Any]]:
    """List the facts that a pack reads, with type and question."""
    from engine.rulebook import graph  # noqa: PLC0415

    names = graph.pack_facts(at.chosen.rulebook, _pack(at, pack))
    return [at.chosen.rulebook.facts[name].model_dump(mode="json", exclude_defaults=True) for name in names]


@router.post(
    "/assessments",
    dependencies=[Depends(Needs("assess"))],
    openapi_extra=SENT,
    response_model=None,
    responses={200: {"model": Answer | Overall}},
)
async def assess(request: Request) -> Response:
    """Answer a filing by one pack or by every pack that can apply; nothing is kept."""
    from starlette.concurrency import run_in_threadpool  # noqa: PLC0415

    data = await request.body()
    text = await run_in_threadpool(_assessed, office(request), data)
    return Response(text, media_type="application/json")


def _assessed(at: Office, data: bytes) -> str:
    sent = body_of(data)
    sent.only("pack", "facts", "as_of", "on")
    today = at.now().date()
    as_of = sent.day("as_of", today)
    rulebook = at.chosen.rulebook
    name = sent.text("pack", "")
    if name:
        _pack(at, name)
    try:
        filing = from_document(rulebook, sent.part("facts"))
        if name:
            return at.chosen.marked(examine(rulebook, name, filing, as_of)[0]).model_dump_json(by_alias=True)
        return at.chosen.marked_all(overall(rulebook, filing, as_of, sent.day("on", as_of))).model_dump_json(by_alias=True)
    except FenjiError as error:
        raise sent.pointed(error) from None


def _pack(at: Office, name: str) -> PackRules:
    found = at.chosen.rulebook.packs.get(name)
    if found is None:
        raise InputError("unknown-pack", f"no pack named `{name[:60]}`", "GET /v1/packs lists them", Place())
    return found
