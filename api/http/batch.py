"""Many filings in one request: each is answered for itself, and the fault of one costs no other its answer."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from api.http import problems
from api.http.body import Body, body_of
from api.http.office import Office
from engine.decide import bounds
from engine.decide.assess import examine
from engine.decide.filing import from_document
from engine.decide.overall import overall
from engine.errors import FenjiError, Finding, InputError, Place
from engine.rulebook.days import legal_day
from engine.rulebook.read import Mapping, Scalar, Sequence

NAMES = ("pack", "as_of", "on", "filings")
ROW = ("id", "facts")
AT_ONCE = 100  # filings that are answered while the caller waits
MOST = 10_000
TURN = 20.0  # seconds that a caller may wait for its turn
SECONDS = 20.0  # that a batch may take
LONGEST = 200  # characters of an id


@dataclass(frozen=True)
class Batch:
    """Filings to assess by one pack, or by every one that can apply, on one day."""

    pack: str
    as_of: date
    on: date
    rows: tuple[Mapping, ...]


def read_batch(at: Office, data: bytes, accepted: datetime) -> Batch:
    """Return the batch that was sent, accepted at a moment. Raises InputError with the place of what is wrong as a whole."""
    sent = body_of(data)
    sent.only(*NAMES)
    pack, (as_of, on) = sent.text("pack", ""), sent.days(legal_day(accepted))
    if pack and pack not in at.chosen.rulebook.packs:
        raise InputError("unknown-pack", f"no pack named `{pack[:60]}`", "GET /v1/packs lists them", Place())
    filings = sent.root.get("filings")
    if not isinstance(filings, Sequence) or not 1 <= len(filings.items) <= MOST:
        raise InputError("invalid", f"`filings` is wanted, a list of 1 to {MOST}", "send one object each", Place("#/filings"))
    rows = []
    for number, row in enumerate(filings.items):
        if not isinstance(row, Mapping):
            raise InputError("invalid", "a filing is an object", "send `facts` with an `id`", Place(f"#/filings/{number}"))
        rows.append(row)
    return Batch(pack, as_of, on, tuple(rows))


def answered(at: Office, batch: Batch, start: int, stop: int, until: float = float("inf")) -> Iterator[str]:
    """Yield the answer to each filing as a line of JSON; those not begun at the monotonic second `until` are refused."""
    for number in range(start, stop):
        row = Body(batch.rows[number])
        if time.monotonic() > until:
            late = Finding("out-of-time", Place(), f"the batch took {SECONDS:g} seconds", "send fewer, or ask for a job")
            yield _refused(number, row, 503, [late])
            continue
        try:
            row.only(*ROW)
            with bounds.until(until):
                name, answer = row.text("id", "")[:LONGEST], _answer(at, batch, row)
            yield f'{{"number":{number},"id":{_quoted(name)},"status":200,"answer":{answer}}}'
        except FenjiError as error:
            found = row.pointed(error)
            yield _refused(number, row, problems.status_of(found), getattr(found, "findings", None) or [found.finding])


def _answer(at: Office, batch: Batch, row: Body) -> str:
    rulebook = at.chosen.rulebook
    filing = from_document(rulebook, row.part("facts"))
    if batch.pack:
        return at.chosen.marked(examine(rulebook, batch.pack, filing, batch.as_of)[0]).model_dump_json(by_alias=True)
    return at.chosen.marked_all(overall(rulebook, filing, batch.as_of, batch.on)).model_dump_json(by_alias=True)


def _refused(number: int, row: Body, status: int, findings: list[Finding]) -> str:
    """Return the refusal of one filing; its pointers begin at the batch."""
    node, where = row.root.get("id"), f"/filings/{number}"
    name = node.text[:LONGEST] if isinstance(node, Scalar) else ""
    found = problems.problem_of(status, [_below(where, each) for each in findings], (where, ""))
    return f'{{"number":{number},"id":{_quoted(name)},"status":{status},"problem":{found.model_dump_json()}}}'


def _below(where: str, found: Finding) -> Finding:
    place = found.place.file if found.place.file.startswith("#") else ""
    return Finding(found.code, Place(f"#{where}{place[1:]}"), found.problem, found.help)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
