"""Verify a bundle with nothing but the bundle and the keys that one trusts; no store, no network, no clock."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from engine.errors import EvidenceError, InputError, RulebookError
from engine.evidence import archive, canonical, decided, dsse, facts, merkle, record
from engine.evidence.bundle import FORMAT, MANIFEST, MEMBERS, PROFILES, manifest
from engine.evidence.keys import PublicKey, Trust, fields, read_trust
from engine.evidence.log import leaf
from engine.evidence.note import read_checkpoint, read_receipt, signed_by
from engine.evidence.replay import Replayed, compare
from engine.evidence.statement import wrap
from engine.rulebook import lower

PREDICATE = frozenset(
    {
        *("decision_id", "kind", "type", "subject_digests", "input_commitments", "rulepack", "law_snapshot_sha256"),
        *("vocabulary_sha256", "lists_sha256", "calendars_sha256", "authorities_sha256", "engine", "as_of", "known_at"),
        *("decided_at", "externals", "world_sha256", "verdict", "obligations", "reasons", "effect", "trace_sha256", "outcome"),
        *("overrides", "supersedes", "redaction_policy", "retention", "request_id", "actor", "filed_by"),
    }
)
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")


@dataclass
class Verified:
    """What a bundle proves: its statement, whether its origin is established, and what replaying it gave."""

    statement: dict[str, Any]
    index: int
    fingerprints: list[str]
    trusted: bool
    replayed: Replayed
    withheld: int = 0
    signers: list[PublicKey] = field(default_factory=list)
    decided: str = ""  # the line of what an official decided, why and with whose approval; empty for a proposal
    lost: str = ""  # since when the actor's key is compromised, where this was logged before

    @property
    def exit_code(self) -> int:
        """0 valid, trusted and re-derived; 1 when origin or outcome stays open; 3 when another outcome came out."""
        if self.replayed.differences:
            return 3
        return 0 if self.trusted and not self.withheld else 1


def verify(data: bytes, trust: Trust | None) -> Verified:
    """Return what a bundle proves under `trust`. Raises EvidenceError for evidence that does not hold."""
    members = archive.read(data, "the bundle")
    if tuple(sorted(members)) != MEMBERS:
        raise EvidenceError("wrong-members", "the bundle has not the members that FORMATS.md names", "ask for it again")
    inside = read_trust(canonical.loads(members["keys.json"], "keys.json"))
    believed = trust or inside
    statement, signers, receipt_index = _record(members, believed, trusted=trust is not None)
    _manifest(members, statement, signers)
    of = _rules(members, statement)
    disclosed = facts.read(members["facts.json"])
    withheld = _commitments(statement, disclosed)
    try:
        replayed = Replayed([], engine=None) if withheld else compare(of, disclosed, statement)
        said = decided.line(statement["predicate"], believed.keys)
    except (InputError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise EvidenceError("wrong-form", f"the statement cannot be read: {type(error).__name__}", "it was changed") from None
    lost = _lost(believed, statement["predicate"])
    fingerprints = [f"{key.keyid[:32]} {key.purpose} {key.holder.sub}" for key in inside.keys]
    since = lost[0] if lost else ""
    return Verified(statement, receipt_index, fingerprints, trust is not None, replayed, withheld, signers, said, since)


def _record(members: dict[str, bytes], trust: Trust, *, trusted: bool) -> tuple[dict[str, Any], list[PublicKey], int]:
    """Return the statement, who signed it, and its leaf, once envelope, receipt and windows hold."""
    payload, signers = dsse.verify(members["record.dsse.json"], dsse.STATEMENT, trust.of("decision"), "the record")
    if payload != members["record.json"]:
        raise EvidenceError("altered", "the record is not the payload of its envelope", "ask for the bundle again")
    statement = canonical.loads(payload, "the record")
    _form(statement)
    text = members["receipt.tlog-proof"].decode("utf-8", "replace")
    receipt = read_receipt(text)
    if receipt.text().encode() != members["receipt.tlog-proof"] or receipt.note.encode() != members["checkpoint"]:
        raise EvidenceError("altered", "receipt and checkpoint do not belong together", "ask for the bundle again")
    head = read_checkpoint(receipt.note)
    root = merkle.root_of_inclusion(merkle.leaf_hash(leaf("decision", payload)), receipt.index, head.size, receipt.path)
    if root != head.root:
        raise EvidenceError("bad-proof", "the record is not in the log that the checkpoint shows", "ask for the bundle again")
    logged = [key for key in signed_by(receipt.note, trust.of("log")) if not (key.compromised and head.size > key.compromised[1])]
    if head.origin != trust.origin or not logged:
        where = "the trust file" if trusted else "the bundle"
        raise EvidenceError("unknown-log", f"no log key of {where} signed the checkpoint", "use the trust file of this log")
    if not signers:
        raise EvidenceError("unknown-signer", "no trusted key signed the record", "use the trust file of this log")
    predicate = statement["predicate"]
    _entitled(predicate, signers, receipt.index)
    lost = _lost(trust, predicate)
    if lost and receipt.index >= lost[1]:
        problem = f"the key of {predicate['actor']['sub']} was compromised before this was logged"
        raise EvidenceError("compromised", problem, "decide again with a new key")
    return statement, signers, receipt.index


def _lost(trust: Trust, predicate: dict[str, Any]) -> tuple[str, int] | None:
    """Return since when, and from which size of the log on, the actor's key is compromised; a proposal names it, unsigned."""
    key = trust.by_id(predicate["actor"]["key"])
    return key.compromised if key else None


def _entitled(predicate: dict[str, Any], signers: list[PublicKey], index: int) -> None:
    """Refuse signers who might not sign when it was decided, exporters whose key was compromised, and missing officials."""
    at, seconds = predicate["decided_at"], {each["approved_by"] for each in predicate["overrides"]}
    officials = set[str]()
    for key in signers:
        # the second official of a deviation signs when it is decided, too; with a later key that person can only export
        if key.keyid == predicate["actor"]["key"] or (key.holder.sub in seconds and key.was_valid(at)):
            key.may_sign("decision", at, index)
            officials |= {key.keyid, key.holder.sub}
        elif key.compromised:
            raise EvidenceError("compromised", f"the exporter's key of {key.holder.sub} was compromised", "ask for a new export")
    if predicate["kind"] == "decision" and not {predicate["actor"]["key"], *seconds} <= officials:
        raise EvidenceError("unsigned", "the decision lacks the signature of an official", "it is a proposal at most")


def _form(statement: Any) -> None:
    """Refuse a statement with unknown or missing fields at its upper levels."""
    fields(statement, {"_type", "subject", "predicateType", "predicate"}, "the statement")
    p = statement["predicate"]
    fields(p, set(PREDICATE), "the predicate")
    fields(p["rulepack"], {"name", "version", "sha256"}, "rulepack")
    fields(p["engine"], {"version", "sources_sha256"}, "engine")
    fields(p["actor"], {"sub", "idp", "role", "name", "unit", "key"}, "actor")
    subject = canonical.sha256_of(p["input_commitments"])
    wanted = wrap("decision", "filing", subject, p)
    sound = isinstance(p["decision_id"], str) and _ID.match(p["decision_id"]) and p["kind"] in ("proposal", "decision")
    if statement != wanted or p["subject_digests"] != [subject] or not sound:
        raise EvidenceError("wrong-form", "the statement is not one of a decision, version 1", "use the fenji that wrote it")


def _manifest(members: dict[str, bytes], statement: dict[str, Any], signers: list[PublicKey]) -> None:
    payload, signed = dsse.verify(members[MANIFEST], dsse.MANIFEST, signers, "the manifest")
    value = canonical.loads(payload, "the manifest")
    fields(value, {"format", "id", "profile", "members"}, "the manifest")
    others = {name: data for name, data in members.items() if name != MANIFEST}
    known = value["format"] == FORMAT and value["profile"] in PROFILES and value["id"] == statement["predicate"]["decision_id"]
    if not signed or not known or manifest(others, value["id"], value["profile"]) != payload:
        raise EvidenceError("altered", "the manifest does not bind these members", "ask for the bundle again")


def _rules(members: dict[str, bytes], statement: dict[str, Any]) -> record.Rules:
    value = canonical.loads(members["rules.json"], "the rules")
    pinned = statement["predicate"]["rulepack"]
    if canonical.sha256(members["rules.json"]) != pinned["sha256"]:
        raise EvidenceError("altered", "the rules are not those that the record pins", "ask for the bundle again")
    try:
        of = record.rules(value)
        lowered = lower.program(of.rulebook, of.rulebook.packs[of.pack], [*of.rulebook.facts])
    except (RulebookError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise EvidenceError(
            "wrong-form", f"the rules cannot be read: {type(error).__name__}", "use the fenji that wrote them"
        ) from None
    if lowered != value["program"]:
        raise EvidenceError("altered", "the program is not that of the rules it stands beside", "do not trust who wrote them")
    return of


def _commitments(statement: dict[str, Any], disclosed: list[facts.Disclosure]) -> int:
    """Return how many commitments have no disclosure. Raises EvidenceError for a disclosure without a commitment."""
    committed = statement["predicate"]["input_commitments"]
    shown = facts.commitments(disclosed)
    if committed != sorted(set(committed)) or not set(shown) <= set(committed):
        raise EvidenceError("altered", "the facts are not those that the record commits to", "ask for the bundle again")
    return len(committed) - len(shown)
