"""A pack as one JSON value: everything its answers depend on, conditions as trees, so that a stranger can work them out again.

The value is what a record pins by hash and a bundle carries. Reading it back gives a rulebook of that pack alone, whose answers
are equal to the byte; nothing else of the rulebook can change them.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from engine.errors import RulebookError
from engine.rulebook import condition as ir
from engine.rulebook import duties, graph, lower
from engine.rulebook.model import PackRules, Rulebook
from schemas import calendar as dates
from schemas import rulebook as shapes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel

FORMAT = "fenji-rules/2"
PARTS = ("law_snapshot", "vocabulary", "lists", "calendars", "authorities")  # a record pins each by its own hash


def closure(rulebook: Rulebook, pack_id: str) -> dict[str, Any]:
    """Return the JSON value of a pack; cases are left out, since they decide nothing."""
    pack = rulebook.packs[pack_id]
    tables = [rulebook.tables[name] for name in graph.tables(rulebook, pack)]
    facts = _facts(rulebook, pack, tables)
    lists = [entry for name, entry in rulebook.lists.items() if any(rulebook.list_of(fact) == name for fact in facts)]
    sources = {source.instrument for source in _sources(pack, tables)}
    bodies = {rule.authority for rule in pack.rules.values()}
    counted = any(duty.due and duty.due.working_days for _, _, duty in duties.duties(pack))
    return {
        "format": FORMAT,
        "rulebook": rulebook.digest,
        "pack": _dump(pack.doc),
        "rules": [{"id": rule_id, **_dump(rule, exclude={"cases"})} for rule_id, rule in pack.rules.items()],
        "vocabulary": {
            "facts": [_dump(rulebook.facts[name]) for name in facts],
            "lists": [_dump(entry) for entry in lists],
            "constraints": [_dump(entry) for entry in graph.pack_constraints(rulebook, pack)],
        },
        "lists": [_dump(table) for table in tables],
        "law_snapshot": [_dump(entry, exclude={"discretion"}) for name, entry in rulebook.instruments.items() if name in sources],
        "authorities": [_dump(entry) for name, entries in rulebook.authorities.items() if name in bodies for entry in entries],
        "calendars": _calendars(rulebook) if counted else [],
        "conditions": {text: ir.to_json(rulebook.conditions[text]) for text in graph.pack_texts(rulebook, pack)},
        "program": lower.program(rulebook, pack, facts),
    }


def from_closure(value: dict[str, Any]) -> Rulebook:
    """Return the rulebook of one pack from its JSON value. Raises RulebookError when the format is another."""
    if value.get("format") != FORMAT:
        raise RulebookError("unknown-format", f"the rules are not in the format {FORMAT}", "use the fenji that wrote them")
    rules = {entry["id"]: shapes.Rule.model_validate({k: v for k, v in entry.items() if k != "id"}) for entry in value["rules"]}
    doc = shapes.Pack.model_validate(value["pack"])
    facts = {entry["id"]: shapes.Fact.model_validate(entry) for entry in value["vocabulary"]["facts"]}
    authorities: dict[str, list[shapes.Authority]] = {}
    for entry in value["authorities"]:
        authorities.setdefault(entry["id"], []).append(shapes.Authority.model_validate(entry))
    return Rulebook(
        packs={doc.id: PackRules(doc, rules)},
        facts=facts,
        lists={entry["id"]: shapes.ListDecl.model_validate(entry) for entry in value["vocabulary"]["lists"]},
        constraints={entry["id"]: shapes.Constraint.model_validate(entry) for entry in value["vocabulary"]["constraints"]},
        tables={entry["id"]: shapes.Table.model_validate(entry) for entry in value["lists"]},
        instruments={entry["id"]: shapes.Instrument.model_validate(entry) for entry in value["law_snapshot"]},
        authorities=authorities,
        conditions={text: ir.from_json(node) for text, node in value["conditions"].items()},
        topics=dict.fromkeys(facts, ""),
        digest=value["rulebook"],
        years={entry["year"]: dates.CalendarYear.model_validate(entry) for entry in value["calendars"] if "year" in entry},
        statutory=next((dates.Statutory.model_validate(entry) for entry in value["calendars"] if "year" not in entry), None),
    )


def _calendars(rulebook: Rulebook) -> list[dict[str, Any]]:
    years = [_dump(year) for _, year in sorted(rulebook.years.items())]
    return years + ([_dump(rulebook.statutory)] if rulebook.statutory else [])


def _facts(rulebook: Rulebook, pack: PackRules, tables: list[shapes.Table]) -> list[str]:
    """Return the facts of a pack and those whose values its tables give, as declared."""
    found = {*graph.pack_facts(rulebook, pack), *(table.gives.fact for table in tables if table.gives.fact)}
    return [name for name in rulebook.facts if name in found]


def _sources(pack: PackRules, tables: list[shapes.Table]) -> Iterator[shapes.Source]:
    for rule in pack.rules.values():
        yield from rule.sources
        yield from chain.from_iterable(version.sources for version in rule.versions)
    for outcome in pack.doc.outcomes:
        yield from chain.from_iterable(floor.sources for floor in outcome.floor)
    yield from chain.from_iterable(derived.sources for derived in pack.doc.derived)
    yield from chain.from_iterable(clause.sources for clause in pack.doc.goes_to)
    yield from chain.from_iterable(monitor.sources for monitor in pack.doc.monitors)
    for table in tables:
        yield from table.sources
        yield from chain.from_iterable(row.sources for version in table.versions for row in version.rows)


def _dump(shape: BaseModel, **options: Any) -> dict[str, Any]:
    """Return the JSON value of a shape, with what stands at its default left out: a new field changes no old hash."""
    found: dict[str, Any] = shape.model_dump(mode="json", by_alias=True, exclude_defaults=True, **options)
    return found


__all__ = ["FORMAT", "PARTS", "closure", "from_closure"]
