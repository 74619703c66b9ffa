"""A second reading of a pack, and where the rules say something else.

It is written from the law by hand, not from the rules: articles, effect, competent body, deadline, and what proves a duty.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from engine.decide.comply import Proofs
from engine.decide.filing import from_document
from engine.decide.values import F, T
from engine.errors import CheckFailedError, FenjiError, Place
from engine.rulebook.form import findings
from engine.rulebook.model import PackRules
from engine.rulebook.read import Node, node_from, plain
from engine.study.steps import fallen
from schemas.study import DutyReading, Reading

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.rulebook.model import Rulebook
    from schemas.rulebook import Duty, Source

Trial = tuple[str, dict[str, Any], str, int]  # what is tried, the filing, the rule of the proof pack, its truth
ISSUERS = ("self", "third_party", "accredited", "authority")
DAY = timedelta(days=1)


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
    elif kind == "proofs":
        yield from _proofs(reading, "", rulebook, pack)
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
    got = [source.cited for source in sources]
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
    floors = pack.outcomes[name].floor
    readings = reading.floors.get(name, [])
    if readings and len(readings) != len(floors):
        yield f"{len(floors)} floors, not {len(readings)}"
    for wanted, floor in zip(readings, floors, strict=False):
        yield from _law(wanted.law, floor.sources)
        got = (floor.valid.start, floor.value, floor.effect)
        if got != (wanted.since, wanted.value, wanted.effect):
            yield f"the floor is {', '.join(map(str, got))}, not {wanted.since}, {wanted.value}, {wanted.effect}"


def _duty(wanted: DutyReading, duty: Duty) -> Iterator[str]:
    due = fallen(duty.due) if duty.due else ""
    if due != wanted.due:
        yield f"due {due or 'at once'}, not {wanted.due or 'at once'}"
    if duty.authority != wanted.body:
        yield f"the body is {duty.authority or 'that of the rule'}, not {wanted.body or 'that of the rule'}"


# what proves a duty -----------------------------------------------------------------------------------------------------


def _proofs(reading: Reading, name: str, rulebook: Rulebook, pack: PackRules) -> Iterator[str]:
    trials = _Trials(reading, name, rulebook)
    proofs = Proofs(rulebook, _alone(pack, trials.name))
    for what, facts, rule, wanted in trials.of_duty() if name else trials.of_evidence():
        try:
            filing = from_document(rulebook, node_from(facts, Place(f"duty {name}")))
            got = proofs.of(filing, reading.on, reading.on).fired.get(rule, F)
        except FenjiError as error:
            yield f"{what}: {error.finding.problem}"
            continue
        if got != wanted:
            yield f"{what}: `{rule}` is {('false', 'open', 'true')[got]}, not {('false', 'open', 'true')[wanted]}"


def _alone(pack: PackRules, name: str) -> PackRules:
    """Return a pack with one duty only: what proves the others is not asked."""
    kept = [(outcome, [value for value in outcome.values if value.id == name]) for outcome in pack.doc.outcomes]
    outcomes = [outcome.model_copy(update={"values": values, "floor": []}) for outcome, values in kept if values]
    return PackRules(pack.doc.model_copy(update={"outcomes": outcomes}), {})


class _Trials:
    """The filings that a reading of a duty stands for, with what each must prove."""

    def __init__(self, reading: Reading, name: str, rulebook: Rulebook) -> None:
        """Take one duty, or for evidence as such the first that says what proves it."""
        self.reading = reading
        self.name = name or next((each for each, duty in reading.duties.items() if duty.proof), "")
        self.kinds = [value.id for value in rulebook.facts["evidence.kind"].values] if self.name else []

    def of_duty(self) -> Iterator[Trial]:
        """Yield what proves a duty, what does not, and what breaches it."""
        wanted, met, breached = self.reading.duties[self.name], f"met:{self.name}", f"breached:{self.name}"
        if not wanted.proof:
            return
        kind, issuer = wanted.proof[0], wanted.by[0]
        other = next(value for value in self.kinds if value not in wanted.proof)
        right = self._item(kind, issuer)
        for each in wanted.proof:
            yield f"evidence {each}", self._filed(self._item(each, issuer)), met, T
        for each in ISSUERS:
            yield f"issued by {each}", self._filed(self._item(kind, each)), met, T if _may(each, wanted) else F
        yield "evidence that does not stand", self._filed(right | {"positive": False}), met, F
        yield f"evidence {other}", self._filed(self._item(other, "authority")), met, F
        yield f"evidence {kind} beside {other}", self._filed(right, self._item(other, issuer)), met, T
        yield "no evidence", self._filed(), met, F
        if found := self.reading.findings:
            yield "no finding", self._filed(right), breached, F
            yield "a finding", self._filed(right, **{found: [self.name]}), breached, T
        for fact, value in wanted.against.items():
            yield f"{fact}: {value}", self._filed(right, **{fact: value}), breached, T
            if not isinstance(value, bool):
                yield f"{fact}: {value}", self._filed(right, **{fact: value}), met, F

        for fact, value in wanted.undone.items():
            yield f"{fact}: {value}", self._filed(right, **{fact: value}), f"undone:{self.name}", T
            yield f"{fact}: {value}", self._filed(right, **{fact: value}), breached, F

    def of_evidence(self) -> Iterator[Trial]:
        """Yield when evidence stands: it covers the filing, is positive, is issued, and has not run out."""
        if not self.name:
            return
        wanted, on = self.reading.duties[self.name], self.reading.on
        right = self._item(wanted.proof[0], wanted.by[0])
        cases: list[tuple[str, dict[str, Any], int]] = [("evidence", {}, T), ("of something else", {"covers": False}, F)]
        cases += [
            ("negative", {"positive": False}, F),
            ("of the day", {"issued": on}, T),
            ("of the next day", {"issued": on + DAY}, F),
        ]
        for days, holds in ((-1, F), (0, T), (1, T)):
            cases.append((f"running out after {days} days", {"expiring": True, "expires": on + days * DAY}, holds))
        for what, changed, holds in cases:
            yield what, self._filed(right | {key: _plain(value) for key, value in changed.items()}), f"met:{self.name}", holds

    def _filed(self, *items: dict[str, Any], **facts: Any) -> dict[str, Any]:
        listed = [{"id": f"e{i}", **each} for i, each in enumerate(items)]
        found: dict[str, Any] = {self.reading.findings: []} if self.reading.findings else {}
        return found | self.reading.duties[self.name].given | {"evidence": {"complete": True, "items": listed}} | facts

    def _item(self, kind: str, issuer: str) -> dict[str, Any]:
        issued = (self.reading.on - DAY).isoformat()
        return {"kind": kind, "issuer": issuer, "covers": True, "positive": True, "issued": issued, "expiring": False}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _may(issuer: str, wanted: DutyReading) -> bool:
    return issuer in wanted.by or len(wanted.by) == len(ISSUERS) - 1  # anyone, other third parties included
