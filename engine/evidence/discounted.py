"""Records that no longer count: logged at or after the size from which on a key that they rest on is compromised.

The store is sound, and every signature holds; but a verifier refuses such a record, so whoever keeps the log must know of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.evidence import canonical
from engine.evidence.installation import Installation
from engine.store import reading

# what verifiers and readers judge by its key; who holds a key is judged by whoever signs with it
KINDS = ("decision", "event", "release", "policy", "erasure")


@dataclass(frozen=True, slots=True)
class Discounted:
    """A record that no longer counts: its leaf, its kind and id, and whose key was compromised."""

    seq: int
    kind: str
    id: str
    sub: str


def discounted(home: Installation) -> list[Discounted]:
    """Return the records that no longer count, in the order of the log; nothing is read unless a key is compromised.

    A proposal is signed by nobody and counts by the key that its actor names. Raises StoreError, EvidenceError.
    """
    lost = {key.keyid: (key.compromised[1], key.holder.sub) for key in home.actors.keys if key.compromised}
    if not lost:
        return []
    found = []
    for each in reading.records(home.store, max(0, min(size for size, _ in lost.values()))):
        if each.kind not in KINDS:
            continue
        by = [entry["keyid"] for entry in canonical.loads(each.signatures.encode(), f"the signatures of {each.id}")]
        if each.kind == "decision":
            by.append(canonical.loads(each.payload, f"the record {each.id}")["predicate"]["actor"]["key"])
        whose = sorted({lost[keyid][1] for keyid in by if keyid in lost and each.seq >= lost[keyid][0]})
        if whose:
            found.append(Discounted(each.seq, each.kind, each.id, ", ".join(whose)))
    return found
