"""The facts of a record that can still be read: those whose key the vault has."""

from __future__ import annotations

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
    committed = canonical.loads(stored.payload, "the record")["predicate"]["input_commitments"]
    found: list[Disclosure] = []
    for generation, nonce, ciphertext in reversed(reading.sealed(home.store, stored.id)):
        key = home.vault.key(stored.id, generation)
        if key:
            found = facts.read(unseal(key, stored.id, generation, nonce, ciphertext))
            break
    return found, len(committed) - len(found)
