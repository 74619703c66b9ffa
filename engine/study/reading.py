"""A second reading of a pack, and where the rules say something else.

It is written from the law by hand, not from the rules: articles, effect, competent body, deadline, and what proves a duty.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from engine.decide.comply import Proofs
from engine.decide.filing import from_document
from engine.decide.values import F, T
from engine.errors import CheckFailedError, FenjiError, Place
from engine.rulebook.form import findings
from engine.rulebook.read import Node, node_from, plain
from engine.study.mutants import cited, fallen
from schemas.study import DutyReading, Reading

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.rulebook.model import PackRules, Rulebook
    from schemas.rulebook import Duty, Source

Probe = tuple[str, dict[str, Any], str, int]  # what is tried, the filing, the rule of the proof pack, its truth
ISSUERS = ("self", "third_party", "accredited", "authority")
AGO = timedelta(days=30)


def read_reading(node: Node) -> Reading:
    """Return the second reading in a document. Raises CheckFailedError with every fault of form."""
    try:
        return Reading.model_validate(plain(node))
    except ValidationError as error:
        raise CheckFailedError(list(findings(node, error))) from None


def differences(reading: Reading, rulebook: Rulebook, pack: PackRules, part: str) -> Iterator[str]:
    """Yield where the rules differ from the second reading of one part, which is named as mutants name it."""
    kind, colon, name = part.partition(":")
    if not colon:
        yield from _covers(reading, pack) if part == "covers" else _rule(reading, pack, part)
    elif kind == "derived" and name in reading.derived:
        yield from _law(reading.derived[name], pack.derived[name].sources)
    elif kind == "floor":
        yield from _floor(reading, pack, name)
    elif kind == "duty" and name in reading.duties:
        duty = next((v.duty for o in pack.doc.outcomes for v in o.values if v.id == name and v.duty), None)
        if duty is None:
            yield "there is no such duty"
            return
        yield from _duty(reading.duties[name], duty)
        yield from _proofs(reading, name, rulebook, pack)


def parts(reading: Reading) -> Iterator[str]:
    """Yield every part that a second reading is about."""
    yield "covers"
    yield from reading.rules
    for kind, named in (("derived", reading.derived), ("floor", reading.floors), ("duty", reading.duties)):
        yield from (f"{kind}:{name}" for name in named)


def _covers(reading: Reading, pack: PackRules) -> Iterator[str]:
    if reading.covers != pack.doc.covers.start:
        yield f"the pack covers {pack.doc.covers}, not {reading.covers}.."


def _law(wanted: list[str], sources: list[Source]) -> Iterator[str]:
    got = [cited(source) for source in sources]
    if set(got) != set(wanted):
        yield f"the law is {', '.join(got)}, not {', '.join(wanted)}"


def _rule(reading: Reading, pack: PackRules, name: str) -> Iterator[str]:
    wanted, rule = reading.rules.get(name), pack.rules.get(name)
    if wanted is None:
        return
    if rule is None:
        yield "there is no such rule"
        return
    yield from _law(wanted.law, rule.sources)
    for version in rule.versions:
        yield from _law(wanted.versions.get(str(version.valid.start), []), version.sources)
    if rule.effect != wanted.effect:
        yield f"the effect is {rule.effect}, not {wanted.effect}"
    if rule.authority != wanted.body:
        yield f"the body is {rule.authority or 'none'}, not {wanted.body or 'none'}"


def _floor(reading: Reading, pack: PackRules, name: str) -> Iterator[str]:
    wanted = reading.floors.get(name)
    for floor in pack.outcomes[name].floor if wanted else ():
        assert wanted is not None  # noqa: S101 - INVARIANT: the loop is empty otherwise
        yield from _law(wanted.law, floor.sources)
        if (floor.value, floor.effect) != (wanted.value, wanted.effect):
            yield f"the floor is {floor.value}, {floor.effect}, not {wanted.value}, {wanted.effect}"


def _duty(wanted: DutyReading, duty: Duty) -> Iterator[str]:
    due = fallen(duty.due) if duty.due else ""
    if due != wanted.due:
        yield f"due {due or 'at once'}, not {wanted.due or 'at once'}"
    if duty.authority != wanted.body:
        yield f"the body is {duty.authority or 'that of the rule'}, not {wanted.body or 'that of the rule'}"


# what proves a duty -----------------------------------------------------------------------------------------------------


def _proofs(reading: Reading, name: str, rulebook: Rulebook, pack: PackRules) -> Iterator[str]:
    proofs = Proofs(rulebook, pack)
    for what, facts, rule, wanted in _probes(reading, name, rulebook):
        try:
            filing = from_document(rulebook, node_from(facts, Place(f"duty {name}")))
            got = proofs.of(filing, reading.on, reading.on).fired.get(rule, F)
        except FenjiError as error:
            yield f"{what}: {error.finding.problem}"
            continue
        if got != wanted:
            yield f"{what}: `{rule}` is {('false', 'open', 'true')[got]}, not {('false', 'open', 'true')[wanted]}"


def _probes(reading: Reading, name: str, rulebook: Rulebook) -> Iterator[Probe]:
    """Yield the filings that a reading of a duty stands for, with what each must prove."""
    wanted = reading.duties[name]
    if not wanted.proof:
        return
    met, breached = f"met:{name}", f"breached:{name}"
    kind, issuer = wanted.proof[0], wanted.by[0]
    other = next(value.id for value in rulebook.facts["evidence.kind"].values if value.id not in wanted.proof)

    def filed(*items: dict[str, Any], **facts: Any) -> dict[str, Any]:
        listed = [{"id": f"e{i}", **each} for i, each in enumerate(items)]
        return {reading.findings: []} | wanted.given | {"evidence": {"complete": True, "items": listed}} | facts

    def item(kind: str, issuer: str, *, positive: bool = True) -> dict[str, Any]:
        stands = {"covers": True, "positive": positive, "issued": (reading.on - AGO).isoformat(), "expiring": False}
        return {"kind": kind, "issuer": issuer, **stands}

    right = item(kind, issuer)
    for each in wanted.proof:
        yield f"evidence {each}", filed(item(each, issuer)), met, T
    for each in ISSUERS:
        yield f"issued by {each}", filed(item(kind, each)), met, T if _may(each, wanted) else F
    yield "evidence that does not stand", filed(item(kind, issuer, positive=False)), met, F
    yield f"evidence {other}", filed(item(other, "authority")), met, F
    yield f"evidence {kind} beside {other}", filed(right, item(other, issuer)), met, T
    yield "no evidence", filed(), met, F
    if reading.findings:
        yield "no finding", filed(right), breached, F
        yield "a finding", filed(right, **{reading.findings: [name]}), breached, T
    for fact, value in wanted.against.items():
        yield f"{fact}: {value}", filed(right, **{fact: value}), breached, T
        if fact in wanted.given and not isinstance(value, bool):
            yield f"{fact}: {value}", filed(right, **{fact: value}), met, F


def _may(issuer: str, wanted: DutyReading) -> bool:
    return issuer in wanted.by or len(wanted.by) == len(ISSUERS) - 1  # anyone, other third parties included
