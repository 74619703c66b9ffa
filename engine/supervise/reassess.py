"""Answer open cases again under the rules and facts of today, and name the clauses that move a tier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.decide.assess import examine
from engine.errors import FenjiError
from engine.evidence import facts
from engine.store.streams import rows
from engine.supervise.cases import Office, question
from engine.supervise.clocks import legal_day

if TYPE_CHECKING:
    from collections.abc import Iterator

TIER = "tier"


@dataclass(frozen=True, slots=True)
class Drift:
    """A case whose tier is another now: what it was, what is possible, and the rules that give it, each with its articles.

    `problem` says why a case could not be answered again, such as facts that were erased; it is then neither moved nor unmoved.
    """

    case: str
    before: str
    now: tuple[str, ...]
    clauses: tuple[str, ...]
    problem: str = ""


def affected(office: Office) -> Iterator[Drift]:
    """Yield every open case whose recorded tier the rules of today do not give alone. Raises StoreError."""
    for row in rows(office.streams.home.store):
        if row.closed or not row.tier or row.process == "filing":
            continue
        try:
            drift = again(office, row.id, row.tier)
        except FenjiError as error:
            drift = Drift(row.id, row.tier, (), (), error.finding.problem)
        if drift.problem or drift.now != (row.tier,):
            yield drift


def again(office: Office, case: str, before: str) -> Drift:
    """Return how a case is answered now. Raises InputError, EvidenceError."""
    asked = question(office, case)
    filing = facts.filing_of(asked.of.rulebook, asked.values)
    answer, _ = examine(asked.of.rulebook, asked.of.pack, filing, legal_day(office.now), search=False)
    now = tuple(answer.outcomes[TIER].possible or ())
    moving = [rule for rule in answer.fired if _gives(asked.of.pack, office, rule.rule)]
    clauses = tuple(
        f"{rule.rule}@{rule.version}: {', '.join(f'{source.instrument} {source.article}'.strip() for source in rule.sources)}"
        for rule in moving
    )
    return Drift(case, before, now, clauses)


def _gives(pack: str, office: Office, rule: str) -> bool:
    """Tell whether a rule gives a value of the tier."""
    return any(TIER in version.then for version in office.streams.rulebook.packs[pack].rules[rule].versions)
