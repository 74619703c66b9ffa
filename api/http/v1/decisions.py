"""Decisions: recorded proposals of the rules and decisions of officials, with explanation, replay, receipt and bundle."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from api.access.accounts import digest
from api.access.permissions import Who, permissions
from api.http.acts import Filter, Id
from api.http.body import Body, Strict, json_of
from api.http.conditions import LOCATION, Key, Second
from api.http.office import Needs, Office, key_of, not_found, office
from api.http.once import Answer
from api.http.paging import LINKED, Paging
from api.http.things import of_decision
from api.http.times import KnownAt, known_of
from engine.decide.filing import from_document
from engine.errors import FenjiError, InputError, Place
from engine.evidence import bundle, canonical, decide, facts, record, replay, retention
from engine.evidence.disclosed import opened, unread
from engine.evidence.log import stamp
from engine.rulebook.closure import closure
from engine.rulebook.days import legal_day
from engine.store import reading
from engine.store.reading import Record
from engine.supervise import uscc
from schemas.answer import Answer as Verdict
from schemas.http.records import DecisionRow, DecisionShown, Replay
from schemas.http.service import Listed

router = APIRouter(prefix="/decisions", tags=["decisions"], route_class=Strict)
At = Annotated[Office, Depends(office)]
READS = [Depends(Needs("decision.read"))]
LOOKED_AT = 2_000  # decisions behind one page of the list, of which others may be most
Under = Annotated[Literal["recorded", "then", "today", "draft"], Query(description="Which rules on which day.")]
Kind = Annotated[Literal["", "proposal", "decision"], Query(description="Of the rules, or of an official.")]
Profile = Annotated[Literal["full", "court", "regulator", "public"], Query(description="How much of the facts it shows.")]
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


MADE: dict[int | str, dict[str, Any]] = {201: {"model": DecisionShown, "headers": LOCATION, "description": "Recorded."}}


@dataclass(frozen=True)
class _Asking:
    """Who asks for a decision, with which keys."""

    who: Who
    second: Who | None
    body: Body


@router.post(
    "",
    status_code=201,
    dependencies=[Depends(Needs("decision.propose"))],
    openapi_extra=SENT,
    response_model=None,
    responses=MADE,
)
async def make(request: Request, key: Key = "", second: Second = "") -> Response:
    """Record what the rules propose, or what an official decides; the answer is given when it is durable."""
    data = await request.body()
    found = await run_in_threadpool(_make, request, data, key, second)
    where = {"location": f"/v1/decisions/{found.body['id']}"}
    return Response(canonical.dumps(found.body), found.status, where, "application/json")


def _make(request: Request, data: bytes, key: str, second: str) -> Answer:
    at = office(request)
    sent = json_of(request, data)
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
    day = body.day("as_of", legal_day(now))
    if day > legal_day(now):
        problem, remedy = f"{day} is yet to come, and a record is of a day that came", "ask for an assessment of it"
        raise InputError("out-of-range", problem, remedy, Place("#/as_of"))
    try:
        values = facts.values_of(of.rulebook, from_document(at.chosen.rulebook, body.part("facts")))
    except FenjiError as error:
        raise body.pointed(error) from None
    outcome = body.text("outcome", "")
    return decide.Asked(
        of=of,
        release=at.chosen.release,
        values=values,
        as_of=day,
        now=now,
        by=key_of(at, asking.who, now),
        filed_by=_filed_by(asking),
        outcome=decide.named_outcome(of, outcome) if outcome else None,
        ground=body.text("reasons", ""),
        approved_by=key_of(at, asking.second, now) if asking.second else None,
        supersedes=_superseded(at, asking),
        retention=_retention(asking),
        decision_id=reserved,
    )


def _filed_by(asking: _Asking) -> str | None:
    """Return who filed: a firm itself, whoever an official names. Raises InputError for a firm that names another."""
    named, own = uscc.tidy(asking.body.text("filed_by", "")), asking.who.enterprise
    if own and named not in ("", own):
        raise InputError("invalid", "a firm files for itself alone", "leave it out", Place("#/filed_by"))
    return own or named or None


def _superseded(at: Office, asking: _Asking) -> str | None:
    """Return the decision to supersede. One that whoever asks may not read is not found. Raises InputError."""
    name = asking.body.text("supersedes", "")
    if not name:
        return None
    stored = reading.record(at.home.store, name)
    if stored is None or stored.kind != "decision":
        raise not_found(Place("#/supersedes"))
    predicate = canonical.loads(stored.payload, "the record")["predicate"]
    if not permissions().may(asking.who, "decision.read", of_decision(at, asking.who, stored, predicate)):
        raise not_found(Place("#/supersedes"))
    return name


def _retention(asking: _Asking) -> str:
    """Return the class of how long it is kept, which the authority names. Raises InputError, EvidenceError for one unknown."""
    named = asking.body.text("retention", "")
    if named and asking.who.enterprise:
        raise InputError("invalid", "how long it is kept is not said by the party", "leave it out", Place("#/retention"))
    return retention.require(named).id if named else "decision"


@router.get("", dependencies=READS, response_model=Listed[DecisionRow], responses={200: {"headers": LINKED}})
def list_(request: Request, at: At, pages: Annotated[Paging, Depends()], kind: Kind = "", pack: Filter = "") -> Response:
    """List decisions in the order of the log, as far as whoever asks may read them.

    A page ends after `limit` of them, or some thousands that others made: `next` may then lead on from a page that is short.
    """
    after = pages.after(at.cursors)
    who, found, last = at.who(request), list[DecisionRow](), None
    wide = "any" in permissions().reach(who, "decision.read")
    seq = int(after[0]) if after else -1
    for number, each in enumerate(reading.decisions(at.home.store, seq + 1)):
        if number >= LOOKED_AT or len(found) == pages.limit:
            last = (seq,)
            break
        seq = each.seq
        predicate = canonical.loads(each.payload, "the record")["predicate"]
        if (kind and predicate["kind"] != kind) or (pack and predicate["rulepack"]["name"] != pack):
            continue
        if wide or permissions().may(who, "decision.read", of_decision(at, who, each, predicate)):
            found.append(_row(each, predicate))
    if "auditor" in who.roles:
        at.accounts.note(who, "decision.read", f"list from {seq}", at.now(), allowed=True)
    return pages.answer(at.cursors, found, last)


def _row(of: Record, predicate: dict[str, Any]) -> DecisionRow:
    return DecisionRow(
        id=of.id,
        leaf=of.seq,
        at=of.at,
        kind=predicate["kind"],
        pack=predicate["rulepack"]["name"],
        as_of=predicate["as_of"],
        outcomes={name: each["possible"] or each["certain"] for name, each in predicate["verdict"]["outcomes"].items()},
        supersedes=of.supersedes,
    )


@router.get("/{decision}", dependencies=READS)
def show(request: Request, decision: Id, at: At) -> DecisionShown:
    """Show a decision: its statement and its receipt; facts stand in it as commitments only."""
    _read(request, at, decision, "decision.read")
    return DecisionShown.model_validate(_shown(at, decision))


@router.get("/{decision}/explanation", dependencies=READS, response_model=None, responses={200: {"model": Verdict}})
def explanation(request: Request, decision: Id, at: At) -> Response:
    """Show why: the rules behind it with their law, what was missing, and where it goes."""
    verdict = _read(request, at, decision, "decision.read")["predicate"]["verdict"]
    return Response(canonical.dumps(verdict), 200, {"cache-control": "no-store"}, "application/json")


@router.get("/{decision}/receipt", dependencies=READS, response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def receipt(request: Request, decision: Id, at: At) -> Response:
    """Show the proof that a decision is in the log (C2SP tlog-proof)."""
    _read(request, at, decision, "decision.read")
    return Response(_shown(at, decision)["receipt"], media_type="text/plain; charset=utf-8")


@router.get("/{decision}/replay", dependencies=READS)
def again(request: Request, decision: Id, at: At, under: Under = "recorded", known_at: KnownAt = "") -> Replay:
    """Work a decision out again: as recorded; by the law of then as known now; of today; or by the rulebook in preparation."""
    statement = _read(request, at, decision, "decision.read")
    if under == "recorded" and not known_at:
        return Replay.model_validate({"under": under, **worked_out(at, decision, statement)})
    if under in ("recorded", "draft"):
        if under == "recorded" or known_at:
            remedy = "leave out one of them"
            raise InputError("known-at", "`known_at` chooses the rules for `under=then` or `today`", remedy)
        chosen = at.draft()
    else:
        chosen = at.known(known_of(known_at, at.now()))
    disclosed, gone = opened(at.home, decision)
    if gone:
        left = unread(at.home, decision, disclosed)
        return Replay(under=under, exit=1, problem=left.problem, erased=left.erased, lost=left.lost, differences=[])
    pack = statement["predicate"]["rulepack"]["name"]
    if pack not in chosen.rulebook.packs:
        raise InputError("unknown-pack", f"the rules asked have no pack named `{pack}`", "ask for other rules")
    day = record.request_of(statement).as_of if under == "then" else legal_day(at.now())
    found = replay.under(record.rules(closure(chosen.rulebook, pack)), disclosed, statement, day, chosen.release)
    return Replay(under=under, exit=1 if found else 0, release=chosen.release, differences=found)


@router.get(
    "/{decision}/bundle",
    dependencies=[Depends(Needs("decision.export"))],
    response_class=Response,
    responses={200: {"content": {"application/zip": {}}}},
)
def export(request: Request, decision: Id, at: At, profile: Profile = "public") -> Response:
    """Export one archive with which a stranger verifies the decision; the profile says how much of the facts it shows."""
    _read(request, at, decision, "decision.export")
    who = at.who(request)
    made = bundle.export(at.home, decision, profile, key_of(at, who, at.now()))
    name = f'attachment; filename="{decision}.fenji.zip"'
    return Response(made.data, 200, {"content-disposition": name, "cache-control": "no-store"}, "application/zip")


def worked_out(at: Office, decision: Id, statement: dict[str, Any]) -> dict[str, Any]:
    """Return what replaying a decision comes to: 0 the same, 1 open because facts were erased or lost, 3 another outcome."""
    disclosed, gone = opened(at.home, decision)
    if gone:
        left = unread(at.home, decision, disclosed)
        return {"exit": 1, "problem": left.problem, **asdict(left), "differences": []}
    found = replay.compare(bundle.rules_of(at.home, statement), disclosed, statement)
    return {"exit": 3 if found.differences else 0, "engine": found.engine, "differences": found.differences, "erased": 0}


def _read(request: Request, at: Office, decision: str, action: str) -> dict[str, Any]:
    """Return the statement of a decision that may be read. Raises what `allow` does; what is not there is not found."""
    stored = reading.record(at.home.store, decision)
    if stored is None or stored.kind != "decision":
        raise not_found()
    statement: dict[str, Any] = canonical.loads(stored.payload, "the record")
    at.allow(request, action, of_decision(at, at.who(request), stored, statement["predicate"]), decision)
    return statement


def _shown(at: Office, decision: Id) -> dict[str, Any]:
    stored, head = reading.record(at.home.store, decision), at.home.head()
    if stored is None or head is None:
        raise not_found()
    receipt = at.home.log(stamp(at.now())).receipt(stored.seq, head).text()
    return {"id": decision, "statement": canonical.loads(stored.payload, "the record"), "receipt": receipt}
