"""Work every stream out again from its events, each under the table that it pins, and make the rows of streams anew."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

from pydantic import ValidationError

from engine.errors import EvidenceError
from engine.evidence import canonical, events
from engine.evidence.installation import Installation
from engine.rulebook.days import legal_day
from engine.store import reading
from engine.store import streams as stored
from engine.store.append import Projection
from engine.store.reading import Record
from engine.supervise.deadline import ended
from engine.supervise.state import Event, State
from engine.supervise.step import Refusal, step
from engine.supervise.streams import shown
from schemas.lifecycle import REFUSED, Lifecycle

Progress = Callable[[int, int], None]
EVERY = 100


def refold(home: Installation, stream: str) -> Projection:
    """Return the row that a stream's events make. Raises EvidenceError for the first that no table lets happen."""
    tables = cache(lambda sha256: _table(home, sha256))
    state, predicate = State(stream, ""), dict[str, Any]()
    for each in stored.events(home.store, stream):
        predicate = json.loads(each.payload)["predicate"]
        state = _next(tables(predicate["table_sha256"]), replace(state, process=predicate["process"]), each, predicate)
    if not predicate:
        raise events.wrong(f"the stream {stream[:40]}", "has no event")
    return events.projection(predicate, state.opened, state.text())


def audit(home: Installation, progress: Progress = lambda _done, _all: None) -> int:
    """Work every stream out again; return how many there are. Raises EvidenceError for the first that comes out differently.

    `fsck` shows that a log hangs together; this, that every event of it was legal under the table it pins and led where it says.
    """
    count, total = 0, reading.counts(home.store)["stream"]
    for row in stored.rows(home.store):
        if refold(home, row.id) != row:
            raise events.wrong(f"the stream {row.id[:40]}", "does not stand as its events make it")
        count += 1
        if count % EVERY == 0 or count >= total:
            progress(count, total)
    return count


def rebuild(home: Installation) -> int:
    """Make the row of every stream anew from the log; return how many there are. Raises EvidenceError, StoreError."""
    names = dict.fromkeys(name for _, name, _ in stored.places(home.store))
    home.store.appender.replace([refold(home, name) for name in names])
    return len(names)


def _next(table: Lifecycle, state: State, each: Record, predicate: dict[str, Any]) -> State:
    """Return the state after a recorded event, which must be the one that was recorded."""
    after = step(table, state, _event(predicate))
    if isinstance(after, Refusal):
        raise events.wrong(f"the event {each.id}", f"is refused by {after.rule}: {after.problem}")
    after = ended(after, predicate["dues"])
    said = (predicate["to"], predicate["shows"], predicate["state_sha256"])
    if said != (after.name, shown(after), canonical.sha256(after.text().encode())):
        raise events.wrong(f"the event {each.id}", "does not lead where it says")
    return after


def _event(predicate: dict[str, Any]) -> Event:
    by, second, shows = predicate["by"], predicate["second"], predicate["shows"]
    return Event(
        name=predicate["name"],
        by=by["sub"] if by else "",
        roles=(by["role"] if by else "system",),
        unit=by["unit"] if by else "",
        on=predicate["on"],
        told=legal_day(datetime.fromisoformat(predicate["at"])).isoformat(),
        at=predicate["at"],
        values=predicate["values"],
        given=frozenset(predicate["given"]) if predicate["name"] != REFUSED else frozenset(predicate["values"]),
        second=second["sub"] if second else "",
        second_roles=(second["role"],) if second else (),
        second_unit=second["unit"] if second else "",
        own=predicate["own"],
        holder=shows["holder"],
        subject=shows["subject"],
    )


def _table(home: Installation, sha256: str) -> Lifecycle:
    data = reading.blob(home.store, sha256)
    if data is None or canonical.sha256(data) != sha256:
        raise EvidenceError("damaged", f"the table {sha256[:16]} is missing or changed", "restore a backup")
    try:
        return Lifecycle.model_validate(canonical.loads(data, "a table"))
    except ValidationError:
        raise EvidenceError("damaged", f"the table {sha256[:16]} is of another version", "use the fenji that wrote it") from None
