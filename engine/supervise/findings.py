"""Findings as facts: what officials found of open norms counts in every answer to the filing while it is in force.

A finding stands in the place of what the party says of the same fact: the office, not the party, judges the norm (design).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from engine.decide.assess import evaluator
from engine.decide.narrow import settle
from engine.errors import ContradictionError, Place
from engine.evidence import facts

if TYPE_CHECKING:
    from engine.evidence.record import Rules
    from engine.supervise.state import State

PROCESS, IN_FORCE = "undetermined", "found"  # the table of findings, and its only state in which one counts
NORM, FINDING, UNTIL = "norm", "finding", "valid_until"


@dataclass(frozen=True, slots=True)
class Findings:
    """Findings in force on a filing: their facts by name, and the cases that found them."""

    values: dict[str, Any] = field(default_factory=dict)
    cases: tuple[str, ...] = ()


NOTHING_FOUND = Findings()


def in_force(cases: Iterable[State], on: date) -> Findings:
    """Return what the cases of one filing have found and what is in force on a day; its last day counts."""
    found = [each for each in cases if each.process == PROCESS and each.name == IN_FORCE]
    found = [each for each in found if each.values.get(UNTIL, "") >= on.isoformat()]
    return Findings({each.values[NORM]: each.values[FINDING] for each in found}, tuple(each.stream for each in found))


def standing(of: Rules, filed: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is taken as fact where something was found: the findings, and all that was filed beside them.

    What was filed of a fact that does not apply by what was found falls away. Raises ContradictionError where the filing
    contradicts itself, or the findings.
    """
    if not found:
        return dict(filed)
    _settle(of, filed)  # a filing that contradicts itself is told so, and not set right
    values = {**filed, **found}
    while True:
        try:
            _settle(of, values)
        except ContradictionError as error:
            name = error.finding.place.file
            if error.finding.code != "not-applicable" or name in found:
                raise
            del values[name]
        else:
            return values


def _settle(of: Rules, values: Mapping[str, Any]) -> None:
    """Work out what the facts imply of each other; a contradiction names as its place the fact that it is about."""
    inputs, filing = evaluator(of.rulebook, of.pack).inputs, facts.filing_of(of.rulebook, dict(values))
    filing = replace(filing, places={tuple(name.split("/")): Place(name) for name in values})
    settle(inputs, filing, inputs.slots(filing))
