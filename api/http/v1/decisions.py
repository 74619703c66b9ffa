"""Decisions: recorded proposals of the rules and decisions of officials, with explanation, replay, receipt and bundle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from starlette.concurrency import run_in_threadpool

from api.access.accounts import digest
from api.access.permissions import Thing, Who, permissions
from api.http.body import Body, Strict, body_of
from api.http.conditions import Key, Second
from api.http.office import Needs, Office, not_found, office
from api.http.once import Answer
from engine.decide.filing import from_document
from engine.errors import FenjiError, InputError, SigningError
from engine.evidence import bundle, canonical, decide, facts, replay
from engine.evidence.keys import PublicKey
from engine.evidence.log import stamp
from engine.store import reading

router = APIRouter(prefix="/decisions", tags=["decisions"], route_class=Strict)
At = Annotated[Office, Depends(office)]
READS = [Depends(Needs("decision.read"))]
NAMES = ("pack", "facts", "as_of", "outcome", "reasons", "filed_by", "supersedes", "retention")
SENT = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["pack", "facts"],
                    "additionalProperties": False,
                    "properties": {name: {"type": "object" if name == "facts" else "string"} for name in NAMES},
                }
            }
        },
    }
}


@dataclass(frozen=True)
class _Asking:
    """Who asks for a decision, with which keys."""

    who: Who
    second: Who | None
    body: Body


@router.post("", status_code=201, dependencies=[Depends(Needs("decision.propose"))], openapi_extra=SENT)
async def make(request: Request, key: Key = "", second: Second = "") -> Response:
    """Record what the rules propose, or what an official decides; the answer is given when it is durable."""
    data = await request.body()
    found = await run_in_threadpool(_make, request, data, key, second)
    where = {"location": f"/v1/decisions/{found.body['id']}"}
    return Response(canonical.dumps(found.body), found.status, where, "application/json")


def _make(request: Request, data: bytes, key: str, second: str) -> Answer:
    at = office(request)
    sent = body_of(data)
    sent.only(*NAMES)
    who = at.allow(request, "decision.record" if sent.text("outcome", "") else "decision.propose")
    asking = _Asking(who, at.second(second, who) if second else None, sent)
    said = digest(f"{request.url.path} {data.decode('utf-8', 'replace')}")
    return at.once.run(who, key, said, at.now(), lambda reserved: _done(at, asking, reserved))


def _done(at: Office, asking: _Asking, reserved: str) -> Answer:
    """Record a decision under the id reserved for it, unless an attempt that was cut off did."""
    if reading.record(at.home.store, reserved) is not None:
        return Answer(201, _shown(at, reserved))
    made = decide.prepare(at.home, _asked(at, asking, reserved))
    receipt = at.writer.record(made.entry, made.blobs)
    return Answer(201, {"id": reserved, "statement": made.statement, "receipt": receipt.text()})


def _asked(at: Office, asking: _Asking, reserved: str) -> decide.Asked:
    body, now = asking.body, at.now()
    pack = body.text("pack")
    if pack not in at.chosen.rulebook.packs:
        raise InputError("unknown-pack", f"no pack named `{pack[:60]}`", "GET /v1/packs lists them")
    of = at.rules_of(pack)
    try:
        values = facts.values_of(of.rulebook, from_document(at.chosen.rulebook, body.part("facts")))
    except FenjiError as error:
        raise body.pointed(error) from None
    outcome = body.text("outcome", "")
    return decide.Asked(
        of=of,
        release=at.chosen.release,
        values=values,
        as_of=body.day("as_of", now.date()),
        now=now,
        by=_key(at, asking.who),
        filed_by=asking.who.enterprise or body.text("filed_by", "") or None,
        outcome=decide.named_outcome(of, outcome) if outcome else None,
        ground=body.text("reasons", ""),
        approved_by=_key(at, asking.second) if asking.second else None,
        supersedes=body.text("supersedes", "") or None,
        retention=body.text("retention", "decision"),
        decision_id=reserved,
        mark=at.chosen.unpublished,
    )


def _key(at: Office, who: Who) -> PublicKey:
    if not who.actor:
        raise SigningError("forbidden", "the account has no actor whose key signs", "an administrator names one")
    return at.home.actors.key_of(who.actor, "decision", stamp(at.now()))


@router.get("/{decision}", dependencies=READS)
def show(request: Request, decision: str, at: At) -> dict[str, Any]:
    """Show a decision: its statement and its receipt; facts stand in it as commitments only."""
    _read(request, at, decision, "decision.read")
    return _shown(at, decision)


@router.get("/{decision}/explanation", dependencies=READS)
def explanation(request: Request, decision: str, at: At) -> dict[str, Any]:
    """Show why: the rules behind it with their law, what was missing, and where it goes."""
    verdict: dict[str, Any] = _read(request, at, decision, "decision.read")["predicate"]["verdict"]
    return verdict


@router.get("/{decision}/replay", dependencies=READS)
def again(request: Request, decision: str, at: At) -> dict[str, Any]:
    """Work a decision out again from its record and the facts that were not erased."""
    statement = _read(request, at, decision, "decision.read")
    return worked_out(at, decision, statement)


@router.get(
    "/{decision}/bundle",
    dependencies=[Depends(Needs("decision.export"))],
    response_class=Response,
    responses={200: {"content": {"application/zip": {}}}},
)
def export(request: Request, decision: str, at: At, profile: str = "public") -> Response:
    """Export one archive with which a stranger verifies the decision; the profile says how much of the facts it shows."""
    _read(request, at, decision, "decision.export")
    who = at.who(request)
    wide = permissions().reach(who, "decision.export") & {"any"}
    if profile in ("full", "court") and not wide:
        raise SigningError("forbidden", f"the profile `{profile}` is for officials and auditors", "take `regulator` or `public`")
    made = bundle.export(at.home, decision, profile, _key(at, who))
    name = f'attachment; filename="{decision}.fenji.zip"'
    return Response(made.data, 200, {"content-disposition": name, "cache-control": "no-store"}, "application/zip")


def worked_out(at: Office, decision: str, statement: dict[str, Any]) -> dict[str, Any]:
    """Return what replaying a decision comes to: 0 the same, 1 open because facts were erased, 3 another outcome."""
    disclosed, gone = decide.opened(at.home, decision)
    if gone:
        return {"exit": 1, "problem": "inputs erased", "erased": gone, "differences": []}
    found = replay.compare(bundle.rules_of(at.home, statement), disclosed, statement)
    return {"exit": 3 if found.differences else 0, "engine": found.engine, "differences": found.differences, "erased": 0}


def _read(request: Request, at: Office, decision: str, action: str) -> dict[str, Any]:
    """Return the statement of a decision that may be read. Raises what `allow` does; what is not there is not found."""
    at.allow(request, action)
    stored = reading.record(at.home.store, decision)
    if stored is None or stored.kind != "decision":
        raise not_found()
    statement: dict[str, Any] = canonical.loads(stored.payload, "the record")
    at.allow(request, action, Thing(enterprise=statement["predicate"]["filed_by"] or ""), decision)
    return statement


def _shown(at: Office, decision: str) -> dict[str, Any]:
    stored, head = reading.record(at.home.store, decision), at.home.head()
    if stored is None or head is None:
        raise not_found()
    receipt = at.home.log(stamp(at.now())).receipt(stored.seq, head).text()
    return {"id": decision, "statement": canonical.loads(stored.payload, "the record"), "receipt": receipt}
