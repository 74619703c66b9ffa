"""Batches that are answered at once, and jobs for what takes longer: asked for, followed, cancelled, fetched."""

from __future__ import annotations

import json
import time
from datetime import datetime
from typing import Annotated, Any, Literal

from anyio import fail_after
from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from api.access.accounts import digest
from api.access.permissions import Thing, Who
from api.http import batch
from api.http.acts import Id
from api.http.body import Sent, Strict, is_json
from api.http.conditions import Key
from api.http.limits import MOST
from api.http.office import Needs, Office, not_found, office
from api.http.once import Answer
from api.http.paging import LINKED, Paging
from engine.errors import StoreError
from engine.store.service import OVER, Job
from schemas.http.service import Batch, JobShown, Listed

router = APIRouter(tags=["jobs"], route_class=Strict)
At = Annotated[Office, Depends(office)]
READS, STARTS = [Depends(Needs("job.read"))], [Depends(Needs("job.start"))]
Prefer = Annotated[str, Header(alias="Prefer", description="`respond-async` (RFC 7240) asks for a job however few they are.")]
FACTS = {"type": "object", "description": "names nested or dotted, as in a filing"}
DAY = {"type": "string", "format": "date"}
FILING = {"type": "object", "required": ["facts"], "properties": {"id": {"type": "string"}, "facts": FACTS}}
SENT = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["filings"],
                    "additionalProperties": False,
                    "properties": {
                        "pack": {"type": "string", "description": "one pack; all that can apply when left out"},
                        "as_of": {**DAY, "description": "the day of the question"},
                        "on": {**DAY, "description": "the day compliance is judged on"},
                        "filings": {"type": "array", "minItems": 1, "maxItems": batch.MOST, "items": FILING},
                    },
                }
            }
        },
    }
}
RESULT: dict[int | str, dict[str, Any]] = {200: {"content": {"application/x-ndjson": {}}}}


TAKEN: dict[int | str, dict[str, Any]] = {202: {"model": JobShown, "description": "A job; Location says where to follow it"}}
ANSWERED: dict[int | str, dict[str, Any]] = {**TAKEN, 200: {"model": Batch, "description": "The answers, in the order sent."}}
JobKey = Annotated[
    str | None, Header(alias="Idempotency-Key", max_length=200, description="As elsewhere; needed where a job comes of it.")
]


class Replaying(Sent):
    """Decisions to work out again."""

    kind: Literal["replay"]
    decisions: list[str] = Field(min_length=1, max_length=5_000)


class Reporting(Sent):
    """A period to count, and the form of the report."""

    kind: Literal["report"]
    period: str = Field(max_length=20, description="YYYY-MM..YYYY-MM")
    format: Literal["md", "xlsx"] = "md"
    lang: Literal["zh", "en"] = "zh"


@router.post("/batches", dependencies=[Depends(Needs("assess"))], openapi_extra=SENT, responses=ANSWERED)
async def assess(request: Request, key: JobKey = None, prefer: Prefer = "") -> Response:
    """Answer up to 100 filings at once, nothing of which is kept; more become a job, which needs an account and a key."""
    data, at = await request.body(), office(request)
    try:
        with fail_after(batch.TURN):
            await at.batching.acquire()  # waits as a task: no thread stands idle that another request could use
    except TimeoutError:
        raise StoreError("busy", "too many batches are being answered", "try again later") from None
    try:
        return await run_in_threadpool(_batch, request, data, key or "", "respond-async" in prefer)
    finally:
        at.batching.release()


def _batch(request: Request, data: bytes, key: str, later: bool) -> Response:
    at = office(request)
    is_json(request.headers.get("content-type", ""))
    later = later or len(data) > MOST
    who = at.allow(request, "job.start" if later else "assess")  # before anything is read: a large body costs time to read
    sent = batch.read_batch(at, data, at.now())
    if later or len(sent.rows) > batch.AT_ONCE:
        return _taken(at, who if later else at.allow(request, "job.start"), key, "assess", data)
    rows = batch.answered(at, sent, 0, len(sent.rows), time.monotonic() + batch.SECONDS)
    return Response(f'{{"as_of":"{sent.as_of}","results":[{",".join(rows)}]}}', media_type="application/json")


@router.post("/jobs", dependencies=STARTS, status_code=202, responses=TAKEN)
def ask(request: Request, sent: Annotated[Replaying | Reporting, Field(discriminator="kind")], at: At, key: Key = "") -> Response:
    """Ask for a job: replay decisions, or count a period for a report."""
    who = at.allow(request, "job.start")
    if isinstance(sent, Reporting):
        at.allow(request, "report.read")
        return _taken(at, who, key, f"report.{sent.format}", sent.model_dump_json().encode())
    at.allow(request, "decision.read")
    return _taken(at, who, key, "replay", sent.model_dump_json().encode())


def _taken(at: Office, who: Who, key: str, kind: str, asked: bytes) -> Response:
    """Take a job once for a key."""
    said = digest(f"{kind}\n{asked.decode('utf-8', 'replace')}")

    def effect(reserved: str) -> Answer:
        return Answer(202, _shown(at.jobs.add(reserved, who.account, kind, asked)).model_dump())

    found = at.once.run(who, key, said, at.now(), effect)
    where = {"location": f"/v1/jobs/{found.body['id']}"}
    return Response(json.dumps(found.body), found.status, where, "application/json")


@router.get("/jobs", dependencies=READS, response_model=Listed[JobShown], responses={200: {"headers": LINKED}})
def jobs(request: Request, at: At, pages: Annotated[Paging, Depends()]) -> Response:
    """List one's own jobs, the oldest first."""
    who = at.allow(request, "job.read", Thing(account=at.who(request).account))
    after = pages.after(at.cursors) or [""]
    found = at.jobs.store.jobs(who.account, str(after[0]), pages.limit + 1)
    last = (found[pages.limit - 1].id,) if len(found) > pages.limit else None
    return pages.answer(at.cursors, [_shown(job) for job in found[: pages.limit]], last)


@router.get("/jobs/{job}", dependencies=READS)
def show(request: Request, job: Id, at: At) -> JobShown:
    """Show how far a job is."""
    return _shown(_own(request, job, at))


@router.delete("/jobs/{job}", dependencies=READS, status_code=202)
def cancel(request: Request, job: Id, at: At) -> JobShown:
    """Cancel a job: at once when it waits, after the part it works at when it runs; one that is over stays."""
    at.jobs.cancel(_own(request, job, at).id)
    return _shown(_own(request, job, at))


@router.get("/jobs/{job}/result", dependencies=READS, response_class=StreamingResponse, responses=RESULT)
def result(request: Request, job: Id, at: At) -> Response:
    """Fetch what came of a job; it is kept for three days."""
    found = _own(request, job, at)
    media = at.jobs.kinds[found.kind].media
    return StreamingResponse(at.jobs.result(found), headers={"cache-control": "no-store"}, media_type=media)


def _own(request: Request, job: Id, at: Office) -> Job:
    at.allow(request, "job.read")
    found = at.jobs.store.job(job)
    if found is None:
        raise not_found()
    at.allow(request, "job.read", Thing(account=found.account), job)
    return found


def _shown(job: Job) -> JobShown:
    where = f"/v1/jobs/{job.id}/result" if job.state == "done" else None
    told = {name: getattr(job, name) for name in JobShown.model_fields if hasattr(job, name)}
    return JobShown.model_validate({**told, "seconds_left": _left(job), "result": where})


def _left(job: Job) -> int | None:
    """Return how many seconds a job may still take at the pace so far, None before its first part."""
    if job.state in OVER or not job.done:
        return None
    spent = datetime.fromisoformat(job.changed) - datetime.fromisoformat(job.made)
    return round(spent.total_seconds() / job.done * (job.total - job.done))
