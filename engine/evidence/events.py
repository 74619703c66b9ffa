"""Events of streams: their statement, the row that the last one leaves, and whether a log of them hangs together.

A stream is a filing, a case, a request or a pilot; its events are records of the log, numbered from 1. Each says from which state
to which it led, under which table, and what its stream shows since; so the rows of streams follow from the log alone. An event
has an id of its own beside its place: two writers who try for one place must not share the key of what they seal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from engine.errors import EvidenceError
from engine.evidence import canonical
from engine.evidence.installation import Installation
from engine.evidence.statement import wrap
from engine.store import streams
from engine.store.append import Projection
from engine.store.reading import Record

# what a stream shows in a queue, beside its id, process and state; all of it is text
SHOWN = ("holder", "subject", "unit", "district", "tier", "assignee", "due")


def statement(predicate: dict[str, Any]) -> bytes:
    """Return the canonical statement of an event. Raises EvidenceError for values outside canonical JSON."""
    digest = canonical.sha256_of(predicate["input_commitments"])
    return canonical.dumps(wrap("event", "event", digest, predicate))


def projection(predicate: Mapping[str, Any], opened: str, fold: str) -> Projection:
    """Return the row that an event leaves of its stream, which began at `opened`; `fold` is the state in canonical JSON."""
    shows = predicate["shows"]
    return Projection(
        id=predicate["stream"],
        process=predicate["process"],
        state=predicate["to"],
        closed=int(shows["closed"]),
        **{name: shows[name] for name in SHOWN},
        opened=opened,
        updated=predicate["at"],
        number=predicate["number"],
        fold=fold,
    )


@dataclass
class Chains:
    """The streams that a log's events make, as far as it was read; `fsck` compares them with the tables."""

    places: Iterator[tuple[int, str, int]]  # of the table `event`, in the order of the log
    rows: dict[str, Projection] = field(default_factory=dict)  # in the place of the fold stands its hash

    def go_on(self, each: Record, predicate: dict[str, Any]) -> None:
        """Take the next event of the log. Raises EvidenceError unless it goes on where its stream stood."""
        name, number = predicate["stream"], predicate["number"]
        before = self.rows.get(name)
        stood = (before.number, before.state, before.process) if before else (0, "", predicate["process"])
        if (number - 1, predicate["from"], predicate["process"]) != stood:
            raise wrong(f"the event {each.id[:48]}", "does not go on where its stream stood")
        if next(self.places, None) != (each.seq, name, number):
            raise wrong(f"the place of the event {each.id[:48]}", "is missing, or another stands before it")
        opened = before.opened if before else each.at
        self.rows[name] = projection(predicate, opened, predicate["state_sha256"])

    def compare(self, home: Installation) -> None:
        """Compare what is left of the tables. Raises EvidenceError for the first row that differs, is missing, or is too many."""
        for seq, name, number in self.places:
            raise wrong(f"the place {name[:40]}/{number}", f"names record {seq}, which is not this event")
        for row in streams.rows(home.store):
            if replace(row, fold=canonical.sha256(row.fold.encode())) != self.rows.pop(row.id, None):
                raise wrong(f"the stream {row.id[:40]}", "does not stand as its last event says")
        for name in self.rows:
            raise wrong(f"the stream {name[:40]}", "has no row")


def wrong(what: str, problem: str) -> EvidenceError:
    """Return the error for a stream that does not follow from the log."""
    return EvidenceError("fsck", f"{what} {problem}", "restore a backup that is not older than the last checkpoint")
