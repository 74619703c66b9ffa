"""A filing -> a recorded decision with its receipt, or nothing at all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from engine.errors import EvidenceError, InputError, SigningError
from engine.evidence import canonical, facts, policy, published, record, superseding
from engine.evidence.installation import Entry, Installation
from engine.evidence.keys import FileSigner, PublicKey
from engine.evidence.log import new_id, stamp
from engine.evidence.note import Receipt
from engine.evidence.record import Request, Rules
from schemas.answer import Answer


@dataclass(frozen=True)
class Asked:
    """What a person asks to record: facts by name, the legal day, and what they decide themselves."""

    of: Rules
    release: str
    values: dict[str, Any]
    as_of: date
    now: datetime
    by: PublicKey
    known_at: str | None = None
    filed_by: str | None = None
    outcome: tuple[str, str] | None = None
    ground: str = ""
    approved_by: PublicKey | None = None
    supersedes: str | None = None
    stream: str = ""  # the case or request in which it is decided; empty for a decision that stands alone
    retention: str = "decision"
    # where a policy is decided, what law says against what its terms propose, and against the outcome: engine/evidence/merged
    against_terms: tuple[str, ...] = ()
    against_outcome: tuple[str, ...] = ()
    decision_id: str = ""  # reserved for it before; a fresh one otherwise


@dataclass(frozen=True, slots=True)
class Decided:
    """A recorded decision: its id, its statement and its receipt."""

    id: str
    statement: dict[str, Any]
    payload: bytes
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Prepared:
    """A decision that is worked out and signed, and not yet recorded."""

    statement: dict[str, Any]
    entry: Entry
    blobs: tuple[tuple[str, bytes], ...]


def decide(home: Installation, asked: Asked) -> Decided:
    """Record what the rules propose, or an official decides. Raises InputError, EvidenceError; then nothing is kept."""
    made = prepare(home, asked)
    receipt = home.record([made.entry], made.blobs).receipt()
    return Decided(made.entry.id, made.statement, made.entry.payload, receipt)


def prepare(home: Installation, asked: Asked) -> Prepared:
    """Return a decision to record in whatever group its caller likes. Raises InputError, EvidenceError."""
    if asked.supersedes:
        party = asked.filed_by or asked.by.holder.unit
        matter = superseding.Matter(asked.stream, asked.of.pack, party, official=asked.outcome is not None)
        superseding.require(home, asked.supersedes, matter)
    disclosed = facts.disclosures(asked.values)
    request = _request(home, asked)
    answer, picture = record.answered(asked.of, disclosed, asked.as_of)
    marked = published.unpublished(home, asked.of.hashes, answer, asked.release, asked.known_at or "")
    request = replace(request, unpublished=tuple(marked))
    signers: list[FileSigner] = []
    if asked.against_terms and not asked.outcome:
        remedy = "correct the request, or have officials decide it: --outcome, --reasons and --approved-by"
        raise EvidenceError("against-law", "; ".join(asked.against_terms), remedy)
    if not asked.outcome and (asked.ground or asked.approved_by):
        problem = "reasons and a second official belong to an outcome that an official decides, and none is named"
        raise InputError("no-outcome", problem, "name it with --outcome, or leave both out: the rules give their own reasons")
    if asked.outcome:
        request, signers = _official(home, asked, request, answer)
    made = record.statement(asked.of, disclosed, request, (answer, picture))
    entry = Entry(
        request.decision_id,
        "decision",
        canonical.dumps(made),
        request.decided_at,
        tuple(signers),
        asked.supersedes,
        facts.write(disclosed) if disclosed else b"",
    )
    return Prepared(made, entry, ((canonical.sha256(asked.of.data), asked.of.data),))


def _request(home: Installation, asked: Asked) -> Request:
    role = home.actors.require(asked.by, "official", "enterprise", "admin", "owner", "grantor")
    policy.require_owner(asked.by, asked.of.rulebook.packs[asked.of.pack].doc)
    return Request(
        decision_id=asked.decision_id or new_id(asked.now),
        kind="proposal",
        type=asked.of.rulebook.packs[asked.of.pack].doc.decides,
        release=asked.release,
        as_of=asked.as_of,
        known_at=asked.known_at,
        decided_at=stamp(asked.now),
        actor=asked.by.holder,
        role=role,
        key=asked.by.keyid,
        filed_by=asked.filed_by,
        supersedes=asked.supersedes,
        retention=asked.retention,
    )


def _official(home: Installation, asked: Asked, request: Request, answer: Answer) -> tuple[Request, list[FileSigner]]:
    """Return the request with an official's outcome, and who signs it; a deviation needs a ground and a second official."""
    home.actors.require(asked.by, "official")
    name, value = asked.outcome or ("", "")
    ground = asked.ground.strip()
    # where law does not bear what the terms propose, they are no measure of what deviates: law is
    other = bool(asked.against_outcome) or (deviates(answer, name, value) and not asked.against_terms)
    told = f" ({'; '.join(asked.against_outcome)})" if asked.against_outcome else ""
    if other and not ground:
        raise InputError("no-ground", f"an outcome that the rules do not propose needs reasons{told}", "give --reasons")
    if other and asked.approved_by is None:
        problem = f"an outcome that the rules do not propose needs a second official{told}"
        raise SigningError("two-persons", problem, "name another with --approved-by")
    if asked.approved_by is not None:
        home.actors.require(asked.approved_by, "official")
        if asked.approved_by.holder.sub == asked.by.holder.sub:
            raise SigningError("two-persons", "nobody approves a decision of their own", "name another with --approved-by")
    keys = [asked.by, *([asked.approved_by] if asked.approved_by else [])]
    override = {"by": asked.by.holder.sub, "approved_by": asked.approved_by.holder.sub if asked.approved_by else None}
    changed = replace(
        request,
        kind="decision",
        role="official",
        outcome={"name": name, "value": value, "reasons": ground},
        overrides=({**override, "ground": ground},) if other else (),
    )
    return changed, [home.signer(key) for key in keys]


def deviates(answer: Answer, name: str, value: str) -> bool:
    """Tell whether an official's value departs from what the rules propose for an outcome that has one value.

    Where the rules leave several values open they propose none of them, so choosing the mildest is a decision of one's own.
    Records made before this was so are accepted as they are: it is asked when a decision is recorded, not when it is verified.
    """
    return bool(answer.outcomes[name].value != value)


def named_outcome(of: Rules, text: str) -> tuple[str, str]:
    """Return the outcome and value that `VALUE` or `OUTCOME=VALUE` names. Raises InputError."""
    name, equals, value = text.partition("=")
    pack = of.rulebook.packs[of.pack]
    choices = [o for o in pack.doc.outcomes if o.combine != "union" and not of.rulebook.list_of(o.id)]
    if equals:
        found = [o for o in choices if o.id == name and any(v.id == value for v in o.values)]
    else:
        value = text
        found = [o for o in choices if any(v.id == value for v in o.values)]
    if len(found) != 1:
        values = "; ".join(f"{o.id}={'|'.join(v.id for v in o.values)}" for o in choices)
        raise InputError("wrong-outcome", f"`{text[:60]}` names no one outcome", f"write one of {values}")
    return found[0].id, value
