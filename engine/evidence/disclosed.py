"""The facts of a record that can still be read: those whose key the vault has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.errors import EvidenceError
from engine.evidence import canonical, facts
from engine.evidence.facts import Disclosure
from engine.evidence.installation import Installation
from engine.store import reading, streams
from engine.store.reading import Record
from engine.store.vault import unseal


def named_record(home: Installation, name: str) -> Record:
    """Return the decision or event of an id, or the event at a place. Raises EvidenceError when there is none."""
    stored = reading.record(home.store, name) or streams.at(home.store, name)
    if stored is None or stored.kind not in ("decision", "event"):
        raise EvidenceError("no-such-record", f"there is no decision `{name}`", "`fenji log` lists them")
    return stored


def opened(home: Installation, name: str) -> tuple[list[Disclosure], int]:
    """Return the facts of a decision or an event that can still be read, and how many were erased or lost. Raises StoreError.

    An event is named by its id or its place, `STREAM/NUMBER`.
    """
    stored = named_record(home, name)
    committed = _predicate(stored)["input_commitments"]
    found: list[Disclosure] = []
    for generation, nonce, ciphertext in reversed(reading.sealed(home.store, stored.id)):
        key = home.vault.key(stored.id, generation)
        if key:
            found = facts.read(unseal(key, stored.id, generation, nonce, ciphertext))
            break
    return found, len(committed) - len(found)


@dataclass(frozen=True, slots=True)
class Unread:
    """How many facts of a record can no longer be read: `erased`, as a signed tombstone says, or `lost`, as none does."""

    erased: int
    lost: int

    @property
    def problem(self) -> str:
        """What replaying says of it: a loss is never told as an erasure."""
        return "inputs lost" if self.lost else "inputs erased" if self.erased else ""

    def text(self) -> str:
        """Return a line for the reader, with what helps."""
        said = []
        if self.lost:
            said.append(f"inputs lost: {self.lost} facts can no longer be read, and no tombstone says that they were erased")
            said.append("  help: put vault.db back from where you keep it; `fenji fsck` names what else is wrong")
        if self.erased:
            said.append(f"inputs erased: {self.erased} facts can no longer be read")
        return "\n".join(said)


def unread(home: Installation, name: str, disclosed: list[Disclosure]) -> Unread:
    """Return how many of a record's facts were erased, and how many lost, besides those disclosed. Raises StoreError."""
    stored = named_record(home, name)
    missing = {*_predicate(stored)["input_commitments"]} - {*facts.commitments(disclosed)}
    tombstones = (_predicate(each) for each in reading.of_kind(home.store, "erasure")) if missing else ()
    erased = {each for tombstone in tombstones if tombstone["decision_id"] == stored.id for each in tombstone["commitments"]}
    return Unread(len(missing & erased), len(missing - erased))


def _predicate(stored: Record) -> dict[str, Any]:
    found: dict[str, Any] = canonical.loads(stored.payload, f"the record {stored.id}")["predicate"]
    return found
