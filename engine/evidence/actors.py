"""The table of actors: who holds which key, in which unit and roles, from when to when - the fold of the log's own records.

An actor record is signed by the new key itself, which proves possession, and by an administrator's key unless it is the first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from engine.errors import EvidenceError, SigningError
from engine.evidence import canonical
from engine.evidence.keys import PublicKey, Purpose, Trust, read_trust
from engine.evidence.statement import wrap
from engine.store.reading import Record

ROLES = ("admin", "official", "enterprise", "author", "publisher", "auditor", "observer", "owner", "grantor")


@dataclass(frozen=True, slots=True)
class Revocation:
    """A key that is `retired` from a time on, or `compromised` from a size of the log on (where this is logged, if None)."""

    keyid: str
    reason: str
    since: str
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Actors:
    """Every key that the log knows, in the order in which it learnt them."""

    origin: str
    keys: tuple[PublicKey, ...]

    def trust(self) -> Trust:
        """Return what a verifier elsewhere needs."""
        return Trust(self.origin, self.keys)

    def key_of(self, sub: str, purpose: Purpose, at: str) -> PublicKey:
        """Return the key with which an actor signs at a time. Raises SigningError when there is none."""
        mine = [key for key in self.keys if key.holder.sub == sub and key.purpose == purpose and not key.compromised]
        valid = [key for key in mine if key.valid_from <= at and (key.valid_until is None or at < key.valid_until)]
        if early := [key.valid_from for key in mine if at < key.valid_from and not valid]:
            problem = f"the clock says {at}, but `{sub}` has a key from {min(early)} on"
            raise SigningError("clock-backwards", problem, "set the clock right; nothing was recorded")
        if not valid:
            usable = [key for key in self.keys if key.purpose == purpose and key.was_valid(at) and not key.compromised]
            known = sorted({key.holder.sub for key in usable})
            remedy = f"actors with such a key: {', '.join(known) or 'none'}; `fenji actor add` makes one"
            raise SigningError("no-actor", f"`{sub}` has no valid {purpose} key", remedy)
        return valid[-1]

    def require(self, key: PublicKey, *roles: str) -> str:
        """Return the role in which a key's holder acts. Raises SigningError when it has none of `roles`."""
        found = next((role for role in roles if role in key.holder.roles), None)
        if found is None:
            wanted = " or ".join(roles)
            raise SigningError("wrong-role", f"`{key.holder.sub}` is not {wanted}", f"an actor with the role {wanted} does this")
        return found

    def require_left(self, keyid: str, at: str) -> None:
        """Refuse to take away the last key with which actors can be managed. Raises SigningError.

        Nobody could add an actor then, not even to mend it. A key that ends at some time is no key that is left.
        """
        left = [
            key.keyid
            for key in self.keys
            if key.purpose == "decision" and "admin" in key.holder.roles and not key.compromised
            if key.valid_from <= at and key.valid_until is None
        ]
        if left == [keyid]:
            remedy = "add another administrator first (`fenji actor add NAME --role admin --purpose decision`)"
            remedy += "; if this key is compromised, too: sign with it once more for that, then revoke it as the new one"
            raise SigningError("last-admin", "this is the last valid key of an administrator", remedy)


def fold(origin: str, records: Iterable[Record]) -> Actors:
    """Return the table that actor and revocation records make. Raises EvidenceError."""
    keys: dict[str, PublicKey] = {}
    for each in records:
        predicate = canonical.loads(each.payload, f"the record {each.id}")["predicate"]
        if each.kind == "actor":
            key = key_from(predicate["key"])
            keys[key.keyid] = key
        elif each.kind == "revocation":
            keys[predicate["keyid"]] = revoked(keys[predicate["keyid"]], predicate, each.seq)
    return Actors(origin, tuple(keys.values()))


def key_from(value: Any) -> PublicKey:
    """Return the key of a trust file's entry. Raises EvidenceError."""
    return read_trust({"format": "fenji-trust/1", "origin": "", "keys": [value]}).keys[0]


def revoked(key: PublicKey, predicate: dict[str, Any], seq: int) -> PublicKey:
    """Return the key as it stands after a revocation: closed from a time on, or compromised from a size of the log on."""
    if predicate["reason"] == "retired":
        return replace(key, valid_until=predicate["since"])
    size = predicate["size"] if predicate["size"] is not None else seq
    return replace(key, compromised=(predicate["since"], size))


def actor_statement(key: PublicKey, by: str | None, at: str) -> bytes:
    """Return the statement that an actor holds a key."""
    predicate = {"key": key.to_json(), "by": by, "at": at}
    return canonical.dumps(wrap("actor", "key", key.keyid, predicate))


def revocation_statement(revocation: Revocation, by: str, at: str) -> bytes:
    """Return the statement that a key counts no longer. Raises EvidenceError for a reason that there is not."""
    if revocation.reason not in ("retired", "compromised"):
        raise EvidenceError("wrong-reason", f"`{revocation.reason}` is no reason to revoke a key", "retired or compromised")
    predicate = {**asdict(revocation), "by": by, "at": at}
    return canonical.dumps(wrap("revocation", "key", revocation.keyid, predicate))
