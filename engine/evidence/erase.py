"""Erase facts of a decision: their keys and salts are destroyed, a signed tombstone stays, and every root and receipt holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.errors import EvidenceError, SigningError
from engine.evidence import canonical, facts
from engine.evidence.disclosed import named_record, opened
from engine.evidence.installation import Entry, Installation
from engine.evidence.keys import PublicKey
from engine.evidence.statement import actor_json, wrap
from engine.store import reading
from engine.store.vault import seal

ALL = "*"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be erased and why: facts by name (`*` for all) of one decision, and the legal basis."""

    decision_id: str
    names: tuple[str, ...]
    basis: str


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased: the names of the facts, and the id of the tombstone."""

    names: list[str]
    tombstone: str


def erase(home: Installation, wish: Wish, approvers: Sequence[PublicKey], at: str) -> Erased:
    """Erase facts with a legal basis and two approvers. Raises SigningError, EvidenceError, StoreError.

    The tombstone is recorded before the keys go: a crash between leaves a promise that `fsck` shows open and `finish` keeps.
    """
    decision_id, names = wish.decision_id, wish.names
    if len({key.holder.sub for key in approvers}) < 2:  # noqa: PLR2004 - two persons
        raise SigningError("two-persons", "an erasure needs two approvers", "name another with --and")
    if not wish.basis.strip():
        raise EvidenceError("no-basis", "an erasure needs its legal basis", "give --basis, as `PIPL 47`")
    decision_id = named_record(home, decision_id).id
    disclosed, _ = opened(home, decision_id)
    gone = [each for each in disclosed if ALL in names or each.name in names]
    unknown = sorted(set(names) - {each.name for each in disclosed} - {ALL})
    if unknown or not gone:
        raise EvidenceError(
            "no-such-fact", f"the decision has no fact `{', '.join(unknown) or ALL}` to erase", "see `fenji replay ID`"
        )
    named = [actor_json(each.holder, home.actors.require(each, "official", "admin"), each.keyid) for each in approvers]
    older = reading.sealed(home.store, decision_id)
    generation, sealed = len(older), None
    kept = [each for each in disclosed if each not in gone]
    if kept:
        key = home.vault.make([(decision_id, generation)])[0]
        sealed = (decision_id, generation, *seal(key, decision_id, generation, facts.write(kept)))
    predicate = {
        "decision_id": decision_id,
        "commitments": facts.commitments(gone),
        "below": generation,
        "kept": len(kept),
        "sealed": [canonical.sha256(nonce + ciphertext) for _, nonce, ciphertext in older],
        "basis": wish.basis,
        "approvers": named,
        "at": at,
    }
    payload = canonical.dumps(wrap("erasure", "filing", canonical.sha256_of(predicate["commitments"]), predicate))
    entry = Entry(home.next_id("erasure"), "erasure", payload, at, tuple(home.signer(each) for each in approvers), sealed=sealed)
    home.record([entry])
    home.vault.destroy(decision_id, generation)
    return Erased([each.name for each in gone], entry.id)


def finish(home: Installation) -> int:
    """Destroy again the keys that tombstones say are gone, as after a crash or a restored vault; return how many were left."""
    count = 0
    for each in reading.of_kind(home.store, "erasure"):
        predicate = canonical.loads(each.payload, f"the record {each.id}")["predicate"]
        count += home.vault.destroy(predicate["decision_id"], predicate["below"])
    return count
