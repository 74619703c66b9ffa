"""The records of a stream: its events, the decisions made in it, and those of the cases that were opened on it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.errors import EvidenceError
from engine.evidence.disclosed import opened
from engine.evidence.erase import ALL, Erased, Wish, erase
from engine.store import streams as stored
from engine.supervise.filings import FACTS
from engine.supervise.state import TAKE_UP
from engine.supervise.step import ANSWERS

if TYPE_CHECKING:
    from engine.evidence.installation import Installation
    from engine.evidence.keys import PublicKey


@dataclass(frozen=True, slots=True)
class Records:
    """The ids of events and of decisions, each oldest first by its stream."""

    events: tuple[str, ...]
    decisions: tuple[str, ...]


def of_stream(home: Installation, stream: str) -> Records | None:
    """Return the records of a stream and of the cases opened on it; None when there is no such stream. Raises StoreError."""
    if stored.stream(home.store, stream) is None:
        return None
    found = list(_found(home, stream))
    events = dict.fromkeys(name for name, is_event in found if is_event)
    return Records(tuple(events), tuple(dict.fromkeys(name for name, is_event in found if not is_event)))


def _found(home: Installation, stream: str) -> Iterator[tuple[str, bool]]:
    for each in stored.events(home.store, stream):
        event = json.loads(each.payload)["predicate"]
        yield each.id, True
        yield from ((event["values"][name], False) for name in sorted(ANSWERS & event["values"].keys()))
        if event["name"] == TAKE_UP:
            yield from _found(home, event["values"]["case"])


def erase_all(home: Installation, wish: Wish, approvers: Sequence[PublicKey], at: str) -> list[Erased]:
    """Erase facts by name from every record of a stream that still has them; `wish` names the stream.

    It may be run again: what is gone already is passed over. Raises EvidenceError when no record has any of them, StoreError.
    """
    records = of_stream(home, wish.decision_id)
    found = []
    for name in (*records.events, *records.decisions) if records else ():
        held = {each.name for each in opened(home, name)[0]}
        gone = held if ALL in wish.names else {each for each in held if each.removeprefix(f"{FACTS}:") in wish.names}
        if gone:
            found.append(erase(home, replace(wish, decision_id=name, names=tuple(sorted(gone))), approvers, at))
    if not found:
        problem = f"no record of `{wish.decision_id[:60]}` has a fact `{', '.join(wish.names)}` to erase"
        raise EvidenceError("no-such-fact", problem, "`fenji case show ID` and `fenji file show ID` say what can still be read")
    return found
