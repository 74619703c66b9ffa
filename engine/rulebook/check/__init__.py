"""Prove a rulebook sound: every check is one function of the table below, and all findings are reported at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.rulebook.check import (
    calendars,
    clauses,
    conditions,
    dates,
    declared,
    duties,
    effects,
    lifecycles,
    monitors,
    names,
    outcomes,
    overlays,
    policies,
    strata,
    tables,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from engine.errors import Finding
    from engine.rulebook.load import Loaded

CHECKS: tuple[Callable[[Loaded], Iterator[Finding]], ...] = (
    declared.names,
    declared.ranges,
    declared.units,
    declared.translations,
    names.packs,
    tables.tables,
    names.sources,
    clauses.registers,
    clauses.citations,
    clauses.classes,
    conditions.typed,
    conditions.derived,
    conditions.decided_by_types,
    dates.versions,
    dates.instruments,
    outcomes.values,
    outcomes.floors,
    outcomes.bands,
    outcomes.unique_conflicts,
    effects.competence,
    effects.acts,
    monitors.monitors,
    duties.duties,
    duties.conflicts,
    policies.policies,
    overlays.discretions,
    overlays.overlays,
    lifecycles.named,
    lifecycles.named_clocks,
    lifecycles.dropped,
    lifecycles.restored,
    lifecycles.judged,
    lifecycles.by_itself,
    lifecycles.arms,
    lifecycles.mandates,
    lifecycles.shape,
    lifecycles.based,
    strata.acyclic,
    calendars.years,
    calendars.statutory,
    calendars.clocks,
)


def check(loaded: Loaded) -> list[Finding]:
    """Return every finding about a loaded rulebook, those of form first, then in the order of the table and of the files.

    Where a document that declares names is not of its form, only findings of form are returned: the rest would follow from it.
    """
    findings = list(loaded.findings)
    if declared.unreadable(loaded):
        return findings
    for proves in CHECKS:
        findings += proves(loaded)
    return list(dict.fromkeys(findings))
