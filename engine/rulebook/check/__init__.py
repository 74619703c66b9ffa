"""Prove a rulebook sound: every check is one function of the table below, and all findings are reported at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.rulebook.check import conditions, dates, duties, effects, names, outcomes, strata

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from engine.errors import Finding
    from engine.rulebook.load import Loaded

CHECKS: tuple[Callable[[Loaded], Iterator[Finding]], ...] = (
    names.vocabulary,
    names.packs,
    names.tables,
    names.sources,
    conditions.typed,
    conditions.decided_by_types,
    dates.versions,
    dates.instruments,
    outcomes.values,
    outcomes.floors,
    outcomes.bands,
    outcomes.unique_conflicts,
    effects.competence,
    duties.duties,
    duties.conflicts,
    strata.acyclic,
)


def check(loaded: Loaded) -> list[Finding]:
    """Return every finding about a loaded rulebook, those of form first, then in the order of the table and of the files."""
    findings = list(loaded.findings)
    for proves in CHECKS:
        findings += proves(loaded)
    return list(dict.fromkeys(findings))
