"""Findings as facts: what officials found of open norms counts in every answer to the filing while it is in force.

A finding stands in the place of what the party says of the same fact: the office, not the party, judges the norm (design).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from engine.decide.assess import require_sound
from engine.errors import ContradictionError
from engine.evidence.facts import filing_of

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
    contradicts itself in what was not found, or contradicts the findings.
    """
    if not found:
        return dict(filed)
    # what contradicts itself whatever was found is told so, and not set right
    _require_sound(of, {name: value for name, value in filed.items() if name not in found})
    values = {**filed, **found}
    while True:
        try:
            _require_sound(of, values)
        except ContradictionError as error:
            name = error.finding.place.file
            if error.finding.code != "not-applicable" or name in found:
                raise
            del values[name]
        else:
            return values


def _require_sound(of: Rules, values: dict[str, Any]) -> None:
    require_sound(of.rulebook, of.pack, filing_of(of.rulebook, values))
