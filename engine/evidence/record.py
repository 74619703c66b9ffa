"""The statement of a decision: everything the answer depended on, as canonical bytes that can be made again."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache, cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from engine.decide.assess import examine
from engine.decide.values import T, U
from engine.evidence import canonical, facts
from engine.evidence.facts import Disclosure
from engine.evidence.keys import Holder
from engine.evidence.statement import actor_json, wrap
from engine.rulebook import lock
from engine.rulebook.closure import PARTS, from_closure

if TYPE_CHECKING:
    from engine.decide.picture import Picture
    from engine.rulebook.model import PackRules, Rulebook
    from schemas.answer import Answer, RuleAnswer

    Answered: TypeAlias = tuple[Answer, Picture]

REDACTION = "fenji-redaction/1"
UNPUBLISHED = "unpublished"
CONFLICT = canonical.MAX_INT  # in a trace: two rules give two values, which stands above them all


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

    @cached_property
    def pins(self) -> dict[str, Any]:
        """What a statement says of the rules besides their release: the hash of the whole, and of each of its parts."""
        parts = {f"{part}_sha256": canonical.sha256_of(self.value[part]) for part in PARTS}
        return {"sha256": canonical.sha256(self.data), **parts}

    @cached_property
    def hashes(self) -> lock.Versions:
        """The hash of the legal content of every version, to compare with what is published."""
        return lock.hashes(self.rulebook.packs[self.pack])


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


def answered(of: Rules, disclosed: list[Disclosure], as_of: date) -> Answered:
    """Return what the rules make of the facts on a day. Raises InputError, EvidenceError."""
    filing = facts.filing_of(of.rulebook, {each.name: each.value for each in disclosed})
    return examine(of.rulebook, of.pack, filing, as_of)


def statement(of: Rules, disclosed: list[Disclosure], request: Request, found: Answered | None = None) -> dict[str, Any]:
    """Return the statement of a decision, its answer worked out from rules and facts. Raises InputError, EvidenceError.

    `found` is the answer where the caller needed it before the request was complete.
    """
    answer, picture = found or answered(of, disclosed, request.as_of)
    answer = answer.model_copy(update={"unpublished": list(request.unpublished)})
    committed = facts.commitments(disclosed)
    subject = canonical.sha256_of(committed)
    pins = dict(of.pins)
    world: dict[str, Any] = {"as_of": request.as_of.isoformat(), "known_at": request.known_at, "externals": []}
    predicate = {
        "decision_id": request.decision_id,
        "kind": request.kind,
        "type": request.type,
        "subject_digests": [subject],
        "input_commitments": committed,
        "rulepack": {"name": of.pack, "version": request.release, "sha256": pins.pop("sha256")},
        **pins,
        "engine": {"version": engine_version(), "sources_sha256": engine_sources()},
        "as_of": world["as_of"],
        "known_at": request.known_at,
        "decided_at": request.decided_at,
        "externals": [],
        "world_sha256": canonical.sha256_of(world),
        "verdict": answer.model_dump(mode="json", by_alias=True),
        **derived(of.rulebook.packs[of.pack], answer, picture),
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


def derived(pack: PackRules, answer: Answer, picture: Picture) -> dict[str, Any]:
    """Return the parts of a predicate that follow from the answer and the picture."""
    return {
        "obligations": _obligations(answer),
        "reasons": [_reason(pack, rule) for rule in answer.fired],
        "effect": sorted({rule.effect for rule in answer.fired}),
        "trace_sha256": canonical.sha256_of(trace(pack, picture)),
    }


def _obligations(answer: Answer) -> list[dict[str, Any]]:
    return [
        {"outcome": name, "value": value}
        for name, outcome in sorted(answer.outcomes.items())
        if outcome.combine == "union"
        for value in outcome.certain or ()
    ]


def _reason(pack: PackRules, rule: RuleAnswer) -> dict[str, Any]:
    versions = [v for v in pack.rules[rule.rule].versions if str(v.valid) in rule.version]
    citations = [source.cited for source in rule.sources]
    return {
        "rule_id": rule.rule,
        "item": rule.item,
        "version": rule.version,
        "outcome": [dict(version.then) for version in versions],
        "citations": citations,
    }


def trace(pack: PackRules, picture: Picture) -> dict[str, list[int]]:
    """Return what each rule and outcome may be, by the names and rows of the program of rules.json and in its integers.

    What is certainly nothing (a rule that does not fire, an outcome that is not governed) is left out.
    """
    found: dict[str, list[int]] = {}
    for kind, values in (("rule", picture.fired), ("applied", picture.applied)):
        for (rule, row), value in values.items():
            found[f"{kind}:{rule}@{max(row, 0)}"] = [0, 1] if value == U else [int(value == T)]
    for (name, row), value in picture.outcomes.items():
        outcome, at = pack.outcomes[name], max(row, 0)
        if outcome.combine == "union":
            for k, declared in enumerate(outcome.values):
                found[f"{name}={declared.id}@{at}"] = [x for x, mask in ((0, ~value[0]), (1, value[1])) if mask >> k & 1]
        else:
            places = [k for k in range(value.bit_length()) if value >> k & 1]
            found[f"{name}@{at}"] = [k if k <= len(outcome.values) else CONFLICT for k in places]
    return {name: places for name, places in found.items() if places != [0]}


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
