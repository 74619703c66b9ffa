"""What depends on what in a pack: the facts it reads, and the strata in which its named things are worked out.

Named things are derived facts, rules (fired), groups of rules tied by overrides, and outcomes; filing and item things form one
acyclic graph. A name is written `kind:id` so that a rule and an outcome may share an id.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from engine.rulebook import condition as ir

if TYPE_CHECKING:
    from engine.rulebook.model import PackRules, Rulebook
    from schemas.rulebook import Constraint, Period, Rule, RuleVersion

DAY_ONE = date(1, 1, 1)


def expression(text: str) -> str | None:
    """Return the expression of a rule value written `= expression`, or None for a plain value."""
    return text[1:].strip() if text.startswith("=") else None


def rule_conditions(version: RuleVersion) -> list[str]:
    """Return the texts of a version's condition and computed values."""
    values = [expression(value) for value in version.then.values() if isinstance(value, str)]
    return [version.when, *(value for value in values if value is not None)]


def mentioned(rulebook: Rulebook, text: str) -> frozenset[str]:
    """Return the names in a condition, table keys included."""
    return rulebook.mentions[text]


def leaves(rulebook: Rulebook, pack: PackRules, names: Iterable[str]) -> set[str]:
    """Return the facts behind names: those of derived facts, through all their definitions, instead of these."""
    todo, seen = list(names), set[str]()
    while todo:
        name = todo.pop()
        if name not in seen and name in pack.derived:
            todo += [other for version in pack.derived[name].versions for other in mentioned(rulebook, version.is_)]
        seen.add(name)
    return {name for name in seen if name in rulebook.facts}


def pack_conditions(pack: PackRules) -> list[str]:
    """Return the texts of everything that a pack works out: its derived facts and its rules."""
    texts = [definition.is_ for derived in pack.doc.derived for definition in derived.versions]
    return texts + [text for rule in pack.rules.values() for version in rule.versions for text in rule_conditions(version)]


def pack_constraints(rulebook: Rulebook, pack: PackRules) -> list[Constraint]:
    """Return the constraints among the facts of a pack."""
    known = {*pack_facts(rulebook, pack), *pack.derived}
    return [constraint for constraint in rulebook.constraints.values() if mentioned(rulebook, constraint.always) <= known]


def pack_texts(rulebook: Rulebook, pack: PackRules) -> list[str]:
    """Return every condition that can bear on a pack's answers: its own, applicability, and constraints."""
    applicability = [rulebook.facts[name].applies_when for name in pack_facts(rulebook, pack)]
    constraints = [constraint.always for constraint in pack_constraints(rulebook, pack)]
    return list(dict.fromkeys([*pack_conditions(pack), *filter(None, applicability), *constraints]))


def tables(rulebook: Rulebook, pack: PackRules) -> list[str]:
    """Return the tables that a pack looks up."""
    parts = (part for text in pack_conditions(pack) for part in ir.walk(rulebook.conditions[text]))
    used = {part.table for part in parts if isinstance(part, ir.Lookup)}
    return [name for name in rulebook.tables if name in used]


def pack_facts(rulebook: Rulebook, pack: PackRules) -> list[str]:
    """Return the facts that a pack reads, directly or through applicability and constraints, filing facts first, as declared."""
    texts = pack_conditions(pack)
    found = {pack.doc.date, *(pack.date_of(rule) for rule in pack.rules.values())}
    found |= {name for text in texts for name in mentioned(rulebook, text)}
    size = -1
    while size != len(found):
        size = len(found)
        for name in list(found):
            fact = rulebook.facts.get(name)
            if fact and fact.applies_when:
                found |= mentioned(rulebook, fact.applies_when)
        for constraint in rulebook.constraints.values():
            used = mentioned(rulebook, constraint.always)
            if used & found:
                found |= used
    declared = [name for name in rulebook.facts if name in found]
    return sorted(declared, key=lambda name: bool(rulebook.list_of(name)))


def periods(rulebook: Rulebook, pack: PackRules) -> Iterator[tuple[str, Period]]:
    """Yield each date fact of a pack with each period that it selects."""
    for rule in pack.rules.values():
        for version in rule.versions:
            yield pack.date_of(rule), version.valid
    for derived in pack.doc.derived:
        for definition in derived.versions:
            yield pack.doc.date, definition.valid
    for outcome in pack.doc.outcomes:
        for floor in outcome.floor:
            yield pack.doc.date, floor.valid
    for name in tables(rulebook, pack):
        for edition in rulebook.tables[name].versions:
            yield pack.doc.date, edition.valid
    yield pack.doc.date, pack.doc.covers


def cuts(rulebook: Rulebook, pack: PackRules) -> dict[str, list[int]]:
    """Return per date fact the day ordinals on which the law changes, sorted."""
    found: dict[str, set[int]] = {pack.doc.date: set()}
    for name, period in periods(rulebook, pack):
        days = found.setdefault(name, set())
        days.add(period.start.toordinal())
        if period.end:
            days.add(period.end.toordinal() + 1)
    return {name: sorted(days) for name, days in found.items()}


@dataclass(frozen=True)
class Edition:
    """The parts of a pack that are law on one choice of days: rule versions, definitions and floors by name."""

    pack: PackRules
    rules: dict[str, RuleVersion]
    derived: dict[str, str]
    floors: dict[str, str]
    groups: tuple[tuple[str, ...], ...]


def edition(pack: PackRules, days: dict[str, date]) -> Edition:
    """Return what is law when each date fact has the given day."""
    main = days[pack.doc.date]
    rules = {}
    for rule_id, rule in pack.rules.items():
        version = next((v for v in rule.versions if days[pack.date_of(rule)] in v.valid), None)
        if version:
            rules[rule_id] = version
    derived = {d.id: v.is_ for d in pack.doc.derived for v in d.versions if main in v.valid}
    floors = {o.id: floor.value for o in pack.doc.outcomes for floor in o.floor if main in floor.valid}
    return Edition(pack, rules, derived, floors, tuple(tied({r: pack.rules[r] for r in rules})))


def tied(rules: dict[str, Rule]) -> Iterator[tuple[str, ...]]:
    """Yield the groups of rules tied by overrides, each with overriders first. Raises CycleError."""
    defeats = {rule_id: [r for r in rule.overrides if r in rules] for rule_id, rule in rules.items()}
    group: dict[str, set[str]] = {}
    for rule_id, defeated in defeats.items():
        for other in defeated:
            joined = group.get(rule_id, {rule_id}) | group.get(other, {other})
            for member in joined:
                group[member] = joined
    for members in {id(g): g for g in group.values()}.values():
        order = TopologicalSorter({m: [o for o in sorted(members) if m in defeats[o]] for m in sorted(members)})
        yield tuple(order.static_order())


def strata(rulebook: Rulebook, law: Edition) -> list[str]:
    """Return the named things `derived:x rule:x group:k outcome:x` in an order that respects what they read.

    Raises CycleError.
    """
    owner = {name: f"derived:{name}" for name in law.derived} | {name: f"outcome:{name}" for name in law.pack.outcomes}
    needs: dict[str, set[str]] = {f"outcome:{name}": set() for name in law.pack.outcomes}
    for name, text in law.derived.items():
        needs[f"derived:{name}"] = _needs(rulebook, [text], owner)
    for rule_id, version in law.rules.items():
        needs[f"rule:{rule_id}"] = _needs(rulebook, [version.when], owner)
        for outcome, value in version.then.items():
            computed = expression(value) if isinstance(value, str) else None
            reads = _needs(rulebook, [computed], owner) if computed else set()
            needs.setdefault(f"outcome:{outcome}", set()).update(reads, {f"rule:{rule_id}"})
    for k, members in enumerate(law.groups):
        needs[f"group:{k}"] = {f"rule:{member}" for member in members}
        for outcome in {o for member in members for o in law.rules[member].then}:
            needs[f"outcome:{outcome}"].add(f"group:{k}")
    return list(TopologicalSorter({name: sorted(needs[name]) for name in needs}).static_order())


def _needs(rulebook: Rulebook, texts: Iterable[str], owner: dict[str, str]) -> set[str]:
    return {owner[name] for text in texts for name in mentioned(rulebook, text) if name in owner}


__all__ = [
    "CycleError",
    "Edition",
    "cuts",
    "edition",
    "expression",
    "leaves",
    "mentioned",
    "pack_conditions",
    "pack_constraints",
    "pack_facts",
    "pack_texts",
    "periods",
    "rule_conditions",
    "strata",
    "tables",
    "tied",
]
