"""The log as anybody may read it: checkpoint, receipts, the keys to trust, and verifying a bundle."""

from __future__ import annotations

import re
from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi import Path as PathOf
from starlette.concurrency import run_in_threadpool

from api.http.acts import Id
from api.http.body import Strict
from api.http.office import Needs, Office, not_found, office
from engine.errors import InputError
from engine.evidence import merkle, tiles
from engine.evidence.log import leaf, stamp
from engine.evidence.verify import verify as prove
from engine.store import reading
from schemas.http.records import Consistency, Verified

router = APIRouter(tags=["log"], route_class=Strict)
READS = [Depends(Needs("log.read"))]
At = Annotated[Office, Depends(office)]
ARCHIVE = {"requestBody": {"required": True, "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}}


_TILE = re.compile(r"(entries|[0-9]{1,2})/((?:x[0-9]{3}/){0,3}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?\Z")
TILE: dict[int | str, dict[str, Any]] = {200: {"content": {"application/octet-stream": {}}}}
TilePath = Annotated[str, PathOf(max_length=40)]
Size = Annotated[int, Query(ge=1, le=2**53 - 1)]


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
def receipt(record: Id, at: At) -> Response:
    """Show the proof that a record is in the log (C2SP tlog-proof); it tells nothing of what the record says."""
    stored, head = reading.record(at.home.store, record), at.home.head()
    if stored is None or head is None:
        raise not_found()
    text = at.home.log(stamp(at.now())).receipt(stored.seq, head).text()
    return Response(text, media_type="text/plain; charset=utf-8")


@router.get("/log/consistency", dependencies=READS)
def consistency(at: At, old: Size, new: Size) -> Consistency:
    """Prove that the log of `new` leaves extends that of `old` (RFC 6962, 2.1.2); sizes up to that of the checkpoint."""
    size = _size(at)
    if new > size:
        raise InputError("no-such-tree", f"the log has {size} records, not {new}", "ask up to the size of the checkpoint")
    return Consistency(
        old=old, new=new, hashes=[each.hex() for each in merkle.consistency(old, new, at.home.store.appender.hash)]
    )


@router.get("/log/tile/{path:path}", dependencies=READS, response_class=Response, responses=TILE)
def tile(at: At, path: TilePath) -> Response:
    """Show a tile of hashes, or of leaves (`entries`), as mirrors fetch them (C2SP tlog-tiles): `L/N` or `L/N.p/W`."""
    level, index, width = _tile(path)
    size = _size(at) >> tiles.HEIGHT * (level or 0)
    first = index << tiles.HEIGHT
    if first + width > size:
        raise not_found()
    if level is None:
        found = islice(reading.records(at.home.store, first), width)
        data = tiles.bundle(leaf(each.kind, each.payload) for each in found)
    else:
        data = tiles.tile(level, index, width, at.home.store.appender.hash)
    lasting = "public, max-age=31536000, immutable"  # the log only grows, so that no tile ever changes
    return Response(data, 200, {"cache-control": lasting}, "application/octet-stream")


def _size(at: Office) -> int:
    head = at.home.head()
    return head.size if head else 0


def _tile(path: str) -> tuple[int | None, int, int]:
    """Return level (None for leaves), index and width that the path of a tile names. Raises InputError."""
    found = _TILE.match(path)
    if found is None:
        raise not_found()
    index = int("".join(found[2].replace("x", "").split("/")))
    width = int(found[3] or tiles.WIDTH)
    level = None if found[1] == "entries" else int(found[1])
    if f"tile/{path}" != tiles.tile_path("entries" if level is None else level, index, width):
        raise not_found()  # another spelling of the same tile
    return level, index, width


@router.post("/verify", dependencies=[Depends(Needs("verify"))], openapi_extra=ARCHIVE)
async def verify(request: Request) -> Verified:
    """Prove a bundle under the keys of this installation, and work its outcome out again; nothing is kept."""
    data = await request.body()
    found = await run_in_threadpool(lambda: prove(data, office(request).home.actors.trust()))
    return Verified(
        exit=found.exit_code,
        trusted=found.trusted,
        withheld=found.withheld,
        differences=found.replayed.differences,
        leaf=found.index,
        statement=found.statement,
    )
