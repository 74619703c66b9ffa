"""The statement of a decision: everything the answer depended on, as canonical bytes that can be made again."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.decide.assess import examine
from engine.evidence import canonical, facts
from engine.evidence.facts import Disclosure
from engine.evidence.keys import Holder
from engine.evidence.statement import actor_json, wrap
from engine.rulebook.closure import calendars, from_closure

if TYPE_CHECKING:
    from engine.decide.evaluate import Picture
    from engine.rulebook.model import Rulebook
    from schemas.answer import Answer, RuleAnswer

REDACTION = "fenji-redaction/1"
UNPUBLISHED = "unpublished"


@dataclass(frozen=True)
class Rules:
    """The rules of one pack as they are pinned: their bytes, and the rulebook read back from them."""

    data: bytes
    value: dict[str, Any] = field(repr=False)
    rulebook: Rulebook = field(repr=False)

    @property
    def pack(self) -> str:
        """The pack."""
        return str(self.value["pack"]["id"])


def rules(value: dict[str, Any]) -> Rules:
    """Return rules from their JSON value. Raises EvidenceError, RulebookError."""
    return Rules(canonical.dumps(value), value, from_closure(value))


@dataclass(frozen=True)
class Request:
    """What a decision is asked of: the parts of a statement that the engine does not work out."""

    decision_id: str
    kind: str
    type: str
    release: str
    as_of: date
    known_at: str | None
    decided_at: str
    actor: Holder
    role: str
    key: str
    filed_by: str | None = None
    outcome: dict[str, Any] | None = None
    overrides: tuple[dict[str, Any], ...] = ()
    supersedes: str | None = None
    retention: str = "decision"
    request_id: str | None = None
    unpublished: tuple[str, ...] = ()


def statement(of: Rules, disclosed: list[Disclosure], request: Request) -> dict[str, Any]:
    """Return the statement of a decision, its answer worked out from rules and facts. Raises InputError, EvidenceError."""
    filing = facts.filing_of(of.rulebook, {each.name: each.value for each in disclosed})
    answer, picture = examine(of.rulebook, of.pack, filing, request.as_of)
    answer = answer.model_copy(update={"unpublished": list(request.unpublished)})
    committed = facts.commitments(disclosed)
    subject = canonical.sha256_of(committed)
    world: dict[str, Any] = {"as_of": request.as_of.isoformat(), "known_at": request.known_at, "externals": []}
    predicate = {
        "decision_id": request.decision_id,
        "kind": request.kind,
        "type": request.type,
        "subject_digests": [subject],
        "input_commitments": committed,
        "rulepack": {"name": of.pack, "version": request.release, "sha256": canonical.sha256(of.data)},
        "law_snapshot_sha256": canonical.sha256_of(of.value["instruments"]),
        "vocabulary_sha256": canonical.sha256_of([of.value["facts"], of.value["lists"], of.value["constraints"]]),
        "lists_sha256": canonical.sha256_of(of.value["tables"]),
        "calendars_sha256": canonical.sha256_of(calendars(of.value)),
        "authorities_sha256": canonical.sha256_of(of.value["authorities"]),
        "engine": {"version": engine_version(), "sources_sha256": engine_sources()},
        "as_of": world["as_of"],
        "known_at": request.known_at,
        "decided_at": request.decided_at,
        "externals": [],
        "world_sha256": canonical.sha256_of(world),
        "verdict": answer.model_dump(mode="json", by_alias=True),
        "obligations": _obligations(answer),
        "reasons": [_reason(of.rulebook, of.pack, rule) for rule in answer.fired],
        "effect": sorted({rule.effect for rule in answer.fired}),
        "trace_sha256": canonical.sha256_of(_trace(picture)),
        "outcome": request.outcome,
        "overrides": list(request.overrides),
        "supersedes": request.supersedes,
        "redaction_policy": REDACTION,
        "retention": request.retention,
        "request_id": request.request_id,
        "actor": actor_json(request.actor, request.role, request.key),
        "filed_by": request.filed_by,
    }
    return wrap("decision", "filing", subject, predicate)


def request_of(value: dict[str, Any]) -> Request:
    """Return the request that a decision's statement answers, so that it can be made again."""
    p = value["predicate"]
    actor = p["actor"]
    return Request(
        decision_id=p["decision_id"],
        kind=p["kind"],
        type=p["type"],
        release=p["rulepack"]["version"],
        as_of=date.fromisoformat(p["as_of"]),
        known_at=p["known_at"],
        decided_at=p["decided_at"],
        actor=Holder(actor["sub"], actor["name"], actor["unit"], ()),
        role=actor["role"],
        key=actor["key"],
        filed_by=p["filed_by"],
        outcome=p["outcome"],
        overrides=tuple(p["overrides"]),
        supersedes=p["supersedes"],
        retention=p["retention"],
        request_id=p["request_id"],
        unpublished=tuple(p["verdict"].get("unpublished", ())),
    )


def at(request: Request, as_of: date) -> Request:
    """Return the same request under the law of another day."""
    return replace(request, as_of=as_of)


def _obligations(answer: Answer) -> list[dict[str, Any]]:
    return [
        {"outcome": name, "value": value}
        for name, outcome in sorted(answer.outcomes.items())
        if outcome.combine == "union"
        for value in outcome.certain or ()
    ]


def _reason(rulebook: Rulebook, pack: str, rule: RuleAnswer) -> dict[str, Any]:
    versions = [v for v in rulebook.packs[pack].rules[rule.rule].versions if str(v.valid) in rule.version]
    citations = [f"{s.instrument} {s.article}".strip() for s in rule.sources]
    return {
        "rule_id": rule.rule,
        "item": rule.item,
        "version": rule.version,
        "outcome": [dict(version.then) for version in versions],
        "citations": citations,
    }


def _trace(picture: Picture) -> dict[str, Any]:
    """Return every rule and outcome of a picture: what may be fired, applied and possible, by name and item."""

    def named(values: dict[tuple[str, int], Any]) -> dict[str, Any]:
        return {f"{name}@{index}": value for (name, index), value in values.items()}

    return {"outcomes": named(picture.outcomes), "fired": named(picture.fired), "applied": named(picture.applied)}


# the engine itself ----------------------------------------------------------------------------------------------------


@cache
def engine_sources() -> str:
    """Return the hash of the engine: names and bytes of its sorted sources, and of the shapes that it fills."""
    root = Path(__file__).resolve().parents[2]
    found = [p for room in ("engine", "schemas") for p in (root / room).rglob("*") if p.suffix in (".py", ".lark")]
    names = sorted((path.relative_to(root).as_posix(), path) for path in found)
    return canonical.sha256_of([[name, canonical.sha256(path.read_bytes())] for name, path in names])


@cache
def engine_version() -> str:
    """Return the version of the installed package."""
    try:
        return version("fenji")
    except PackageNotFoundError:
        return "0"
