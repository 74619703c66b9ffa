"""The log as anybody may read it: checkpoint, receipts, the keys to trust, and verifying a bundle."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from starlette.concurrency import run_in_threadpool

from api.http.body import Strict
from api.http.office import Needs, Office, not_found, office
from engine.evidence.log import stamp
from engine.evidence.verify import verify as prove
from engine.store import reading

router = APIRouter(tags=["log"], route_class=Strict)
READS = [Depends(Needs("log.read"))]
At = Annotated[Office, Depends(office)]
ARCHIVE = {"requestBody": {"required": True, "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}}


@router.get("/log/checkpoint", dependencies=READS, response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def checkpoint(at: At) -> Response:
    """Show the published head of the log: a signed note (C2SP tlog-checkpoint)."""
    head = at.home.head()
    if head is None:
        raise not_found()
    return Response(head.note, media_type="text/plain; charset=utf-8")


@router.get("/log/trust", dependencies=READS)
def trust(at: At) -> dict[str, Any]:
    """Show the keys of this installation; whoever verifies compares them with those got another way."""
    return at.home.actors.trust().to_json()


@router.get(
    "/log/records/{record}/receipt", dependencies=READS, response_class=Response, responses={200: {"content": {"text/plain": {}}}}
)
def receipt(record: str, at: At) -> Response:
    """Show the proof that a record is in the log (C2SP tlog-proof); it tells nothing of what the record says."""
    stored, head = reading.record(at.home.store, record), at.home.head()
    if stored is None or head is None:
        raise not_found()
    text = at.home.log(stamp(at.now())).receipt(stored.seq, head).text()
    return Response(text, media_type="text/plain; charset=utf-8")


@router.post("/verify", dependencies=[Depends(Needs("verify"))], openapi_extra=ARCHIVE)
async def verify(request: Request) -> dict[str, Any]:
    """Prove a bundle under the keys of this installation, and work its outcome out again; nothing is kept."""
    data = await request.body()
    found = await run_in_threadpool(lambda: prove(data, office(request).home.actors.trust()))
    return {
        "exit": found.exit_code,
        "trusted": found.trusted,
        "withheld": found.withheld,
        "differences": found.replayed.differences,
        "leaf": found.index,
        "statement": found.statement,
    }
