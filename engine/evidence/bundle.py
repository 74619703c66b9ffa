"""A bundle: one decision with everything that a stranger needs to verify it and to work it out again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import EvidenceError, SigningError
from engine.evidence import archive, canonical, dsse, facts, record, summary
from engine.evidence.disclosed import opened
from engine.evidence.facts import Disclosure
from engine.evidence.installation import Installation
from engine.evidence.keys import PublicKey, Trust
from engine.evidence.record import Rules
from engine.store import reading

FORMAT = "fenji-bundle/2"
MANIFEST = "manifest.dsse.json"
MEMBERS = (
    "checkpoint",
    "facts.json",
    "keys.json",
    MANIFEST,
    "receipt.tlog-proof",
    "record.dsse.json",
    "record.json",
    "rules.json",
    "summary.en.md",
    "summary.zh.md",
    "verify.py",
)
# design: which classes of personal data, and which of secrecy (vocabulary, `personal_data` and `secrecy`), each reader is shown
PROFILES = {
    "full": (("none", "personal", "sensitive"), ("public", "business")),
    "court": (("none", "personal", "sensitive"), ("public", "business")),
    "regulator": (("none", "personal"), ("public", "business")),
    "public": (("none",), ("public",)),
}


@dataclass(frozen=True, slots=True)
class Exported:
    """A bundle and how many facts it withholds."""

    data: bytes
    withheld: int


def export(home: Installation, decision_id: str, profile: str, by: PublicKey) -> Exported:
    """Return the bundle of a decision for a profile, signed by the exporting actor. Raises EvidenceError, SigningError."""
    if profile not in PROFILES:
        raise EvidenceError("unknown-profile", f"there is no profile `{profile[:40]}`", f"one of {', '.join(PROFILES)}")
    stored, head = reading.record(home.store, decision_id), home.head()
    if stored is None or head is None or stored.kind != "decision":
        raise EvidenceError("no-such-record", f"there is no decision `{decision_id}`", "`fenji log` lists them")
    statement = canonical.loads(stored.payload, "the record")
    _require_reach(statement["predicate"], profile, by)
    of = rules_of(home, statement)
    disclosed, gone = opened(home, decision_id)
    shown = [each for each in disclosed if _shown(of, each, profile)]
    receipt = home.log(stored.at).receipt(stored.seq, head)
    signer = home.signer(by)
    envelope = _countersigned(stored.payload, stored.signatures, dsse.seal(dsse.STATEMENT, stored.payload, [signer]))
    withheld = gone + len(disclosed) - len(shown)
    known = _keys(home, envelope)
    recorded = summary.Recorded(statement["predicate"], stored.seq, known.keys)
    members = {
        "checkpoint": receipt.note.encode(),
        "facts.json": facts.write(shown),
        "keys.json": canonical.dumps(known.to_json()),
        "receipt.tlog-proof": receipt.text().encode(),
        "record.dsse.json": envelope,
        "record.json": stored.payload,
        "rules.json": of.data,
        "summary.en.md": summary.page(of, recorded, withheld, "en"),
        "summary.zh.md": summary.page(of, recorded, withheld, "zh"),
        "verify.py": second_verifier(),
    }
    members[MANIFEST] = dsse.seal(dsse.MANIFEST, manifest(members, decision_id, profile), [signer])
    return Exported(archive.write(members), withheld)


def _require_reach(p: dict[str, Any], profile: str, by: PublicKey) -> None:
    """Refuse more than the public profile to whoever is no official, no auditor, and not of the unit that recorded the decision.

    Design: an official's decision on a firm's filing is the official's record and may hold facts of others.
    """
    holder, actor = by.holder, p["actor"]
    own = bool(holder.unit) and holder.unit == actor["unit"] and actor["role"] in holder.roles
    if profile != "public" and not own and not {"official", "auditor"} & {*holder.roles}:
        problem = (
            f"the profile `{profile}` is not for `{holder.sub}`, no official or auditor, and of another unit than recorded it"
        )
        raise SigningError("forbidden", problem, "take the profile `public`, or ask an official for it")


def manifest(members: dict[str, bytes], decision_id: str, profile: str) -> bytes:
    """Return the canonical manifest that binds every other member of a bundle."""
    listed = [{"name": name, "sha256": canonical.sha256(members[name]), "size": len(members[name])} for name in sorted(members)]
    return canonical.dumps({"format": FORMAT, "id": decision_id, "profile": profile, "members": listed})


def rules_of(home: Installation, statement: dict[str, Any]) -> Rules:
    """Return the rules that a decision pins. Raises EvidenceError when the store lost them."""
    pinned = statement["predicate"]["rulepack"]["sha256"]
    data = reading.blob(home.store, pinned)
    if data is None or canonical.sha256(data) != pinned:
        raise EvidenceError("damaged", f"the rules {pinned[:16]} are missing or changed", "restore a backup")
    return record.rules(canonical.loads(data, "the rules"))


def second_verifier() -> bytes:
    """Return the program that verifies bundles without the engine."""
    return (Path(__file__).parent / "standalone.py").read_bytes()


def _shown(of: Rules, disclosed: Disclosure, profile: str) -> bool:
    """Tell whether a reader is shown a fact; the frame of a list and the ids of its items are business of those who filed."""
    personal, secrecy = PROFILES[profile]
    fact = of.rulebook.facts.get(disclosed.name.rpartition("/")[2])
    return fact.personal_data in personal and fact.secrecy in secrecy if fact else "business" in secrecy


def _countersigned(payload: bytes, stored: str, sealed: bytes) -> bytes:
    """Return the envelope with the stored signatures and the exporter's."""
    both = {entry["keyid"]: entry for entry in canonical.loads(stored.encode(), "the signatures")}
    both |= {entry["keyid"]: entry for entry in canonical.loads(sealed, "the envelope")["signatures"]}
    return dsse.rebuild(payload, canonical.dumps([both[keyid] for keyid in sorted(both)]).decode())


def _keys(home: Installation, envelope: bytes) -> Trust:
    """Return the keys that a verifier of this bundle looks up: those of the log and of every signer."""
    _, signatures = dsse.read(envelope, dsse.STATEMENT, "the envelope")
    known = home.actors.trust()
    return Trust(known.origin, tuple(key for key in known.keys if key.purpose == "log" or key.keyid in signatures))
