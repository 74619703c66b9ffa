"""The duties of a pack, and the proof pack: one rule per condition that proves a duty met or breached, or a deadline known.

Compliance is worked out by the same evaluation as every other answer, so the conditions become rules of a pack of their own. They
read facts and the pack's `proofs`, never its outcomes, and are judged on the day of the answer.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from engine.rulebook.graph import pack_facts
from engine.rulebook.model import PackRules
from schemas import rulebook as shapes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.rulebook.model import Rulebook

APPLIES = "applies"
EVIDENCE = "evidence"  # the list of evidence
ON = "compliance.on"  # the date fact that stands for the day on which compliance is judged
ITSELF = "itself"  # lasts until it is done, or as long as its own rule says
_EVER = shapes.Period(start=date(1900, 1, 1))
_PROOF = "proof"
_WAITS = frozenset({"before_launch", "at_launch", "running", "yearly"})  # phases of what begins with a launch


def places(doc: shapes.Pack) -> Iterator[tuple[tuple[str | int, ...], shapes.Duty]]:
    """Yield the path of each value that is a duty, with the duty."""
    for o, outcome in enumerate(doc.outcomes):
        for v, value in enumerate(outcome.values):
            if value.duty:
                yield ("outcomes", o, "values", v), value.duty


def conditions(duty: shapes.Duty) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each condition of a duty."""
    yield "satisfied_when", duty.satisfied_when
    if duty.breached_when:
        yield "breached_when", duty.breached_when
    if duty.undone_when:
        yield "undone_when", duty.undone_when
    if duty.due and duty.due.at_once_when:
        yield "at_once_when", duty.due.at_once_when


def told(due: shapes.Due) -> Iterator[tuple[str, str]]:
    """Yield each fact that a deadline reads with the condition that it is told: stating it asserts that it applies."""
    for name in (due.before, due.after, due.later, due.done, due.took, due.since):
        if name:
            number = name in {due.since, due.took} or (due.hours and name == due.done)
            yield name, f"{name} >= 0" if number else f"{name} >= {_EVER.start}"


def dated(lasting: shapes.Lasting) -> Iterator[tuple[str, str]]:
    """Yield each date that what duties last as long as reads, with the condition that it is told."""
    for name in (lasting.over_on, lasting.begun_on):
        if name:
            yield name, f"{name} >= {_EVER.start}"


def duties(pack: PackRules) -> Iterator[tuple[shapes.Outcome, shapes.Value, shapes.Duty]]:
    """Yield each duty of a pack with its outcome and value, in declared order."""
    for outcome in pack.doc.outcomes:
        for value in outcome.values:
            if value.duty:
                yield outcome, value, value.duty


def waits_for(pack: shapes.Pack, duty: shapes.Duty) -> str:
    """Return the date fact before which a duty binds nobody yet, by its phase; empty where its own start is enough."""
    return pack.begins if duty.phase in _WAITS else ""


def told_of(rulebook: Rulebook, pack: PackRules) -> list[str]:
    """Return every fact that the answer of a pack can ask for: of its rules, its clause, its duties' proof and days.

    Facts of the filing come first, then those of a list's items; the day of judging is filled in by the system.
    """
    found = set(pack_facts(rulebook, pack))
    if proof := proof_pack(rulebook, pack):
        found |= set(pack_facts(rulebook, proof))
    declared = [name for name in rulebook.facts if name in found and name != ON]
    return sorted(declared, key=lambda name: bool(rulebook.list_of(name)))


def since(rule: shapes.Rule, outcome: str, value: str) -> dict[str, date]:
    """Return per version of a rule that gives a duty the day since which it has been law without a break, on one condition."""
    found: dict[str, date] = {}
    before: shapes.RuleVersion | None = None
    for version in rule.versions:
        given = version.then.get(outcome, ())
        if value in ([given] if isinstance(given, str) else given):
            start = version.valid.start
            if before and before.when == version.when and before.valid.end and (start - before.valid.end).days == 1:
                start = found[str(before.valid)]
            found[str(version.valid)] = start
            before = version
        else:
            before = None
    return found


def proof_pack(rulebook: Rulebook, pack: PackRules) -> PackRules | None:
    """Return the pack whose rules fire when the pack applies, each duty is met or breached, each date told; None without."""
    texts = {APPLIES: pack.doc.applies_when} if pack.doc.applies_when else {}
    for lasting in pack.doc.lasting:
        texts[f"over:{lasting.id}"] = lasting.over_when
        texts |= {f"told:{name}": text for name, text in dated(lasting) if name in rulebook.facts}
    for _, value, duty in duties(pack):
        texts[f"met:{value.id}"] = duty.satisfied_when
        if duty.breached_when:
            texts[f"breached:{value.id}"] = duty.breached_when
        if duty.undone_when:
            texts[f"undone:{value.id}"] = duty.undone_when
        if duty.due and duty.due.at_once_when:
            texts[f"at_once:{value.id}"] = duty.due.at_once_when
        for name, text in told(duty.due) if duty.due else ():
            if name in rulebook.facts:
                texts[f"told:{name}"] = text
    if not texts:
        return None
    doc = shapes.Pack.model_construct(
        id=f"{pack.doc.id}:{_PROOF}",
        title=pack.doc.title,
        covers=_EVER,
        date="as_of",
        decides=pack.doc.decides,
        applies_when="",
        derived=pack.doc.proofs,
        proofs=[],
        outcomes=[_outcome(pack, list(texts))],
        goes_to=[],
        notes=[],
    )
    return PackRules(doc, {name: _rule(pack, name, text) for name, text in texts.items()})


def _outcome(pack: PackRules, names: list[str]) -> shapes.Outcome:
    values = [shapes.Value.model_construct(id=name, label=pack.doc.title, duty=None, conflict=None) for name in names]
    return shapes.Outcome.model_construct(
        id=_PROOF, title=pack.doc.title, combine="union", lists="answers", values=values, floor=[]
    )


def _rule(pack: PackRules, name: str, text: str) -> shapes.Rule:
    version = shapes.RuleVersion.model_construct(valid=_EVER, when=text, then={_PROOF: [name]}, gap=False, sources=[])
    return shapes.Rule.model_construct(
        title=pack.doc.title,
        on="",
        effect="advisory",
        authority="",
        origin=shapes.RuleOrigin(factor="design", effect="design"),
        date="",
        overrides=[],
        principle="",
        sources=[],
        versions=[version],
        cases=[],
        note=None,
    )
