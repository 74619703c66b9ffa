"""Answers cite the law of their day: over every version of every rule, and in what is answered on both sides of a change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from engine.decide.assess import assess
from engine.decide.cited import Cited
from engine.decide.evaluate import AS_OF
from engine.decide.filing import Filing
from engine.errors import Place
from engine.rulebook.read import node_from
from schemas.rulebook import Rule, RuleVersion
from tests.rulebook import book


def days_of(rule: Rule, version: RuleVersion) -> set[date]:
    """The first day of a version, its last one, and those on which an instrument comes into force or goes out of it."""
    forces = [book().instruments[source.instrument].in_force for source in (*rule.sources, *version.sources)]
    edges = {version.valid.start, version.valid.end or date(2100, 1, 1)}
    for force in filter(None, forces):
        last = force.end or date(2100, 1, 1)
        edges |= {force.start - timedelta(days=1), force.start, last, last + timedelta(days=1)}
    return {day for day in edges if day in version.valid}


def versions() -> Iterator[tuple[str, str, RuleVersion]]:
    for pack_id, pack in book().packs.items():
        for rule_id, rule in pack.rules.items():
            yield from ((pack_id, rule_id, version) for version in rule.versions)


def test_each_rule_cites_the_law_of_each_day() -> None:
    """Some, and none that is not in force; what is left out is in force on no day of the question."""
    for pack_id, rule_id, version in versions():
        pack = book().packs[pack_id]
        rule = pack.rules[rule_id]
        for day in days_of(rule, version):
            name = pack.date_of(rule)
            facts: dict[str, Any] = {} if name == AS_OF else {name: (day.toordinal(), day.toordinal())}
            found = Cited(book(), pack, Filing(facts, {}, {}), day).sources(rule_id, [str(version.valid)])
            forces = [book().instruments[source.instrument].in_force for source in found]
            assert found, (pack_id, rule_id, day)
            assert all(force is None or day in force for force in forces), (pack_id, rule_id, day)
            every = {source.cited for source in (*rule.sources, *version.sources)} - {source.cited for source in found}
            assert not [each for each in every if _in_force(each.split()[0], day)], (pack_id, rule_id, day)


def _in_force(instrument: str, day: date) -> bool:
    force = book().instruments[instrument].in_force
    return force is None or day in force


OPERATION = {"sharing.channel": "operation", "operation.authorised": True, "request": {"complete": True, "items": [{"id": "it"}]}}
DEPARTMENTS = {
    "sharing.channel": "sharing",
    "sharing.requester": "government_department",
    "sharing.provider": "government_department",
    "request": {"complete": True, "items": [{"id": "it", "class": "conditional"}]},
}
EACH: list[tuple[dict[str, Any], Any, str, set[str]]] = [
    (OPERATION, "2025-02-28", "operated", {"nanjing-operation-measures 3"}),
    (OPERATION, "2025-03-01", "operated", {"nanjing-operation-measures 3", "operation-norms 3", "operation-norms 13"}),
    (OPERATION, "2030-03-01", "operated", {"nanjing-operation-measures 3"}),
    (DEPARTMENTS, "2025-07-31", "regime-departments", {"interim-sharing-2016", "jiangsu-public-data-measures 2"}),
    (DEPARTMENTS, "2025-08-01", "regime-departments", {"order-809 2", "jiangsu-public-data-measures 2"}),
    (
        DEPARTMENTS,
        {"at_least": "2025-07-31", "at_most": "2025-08-01"},
        "regime-departments",
        {"interim-sharing-2016", "order-809 2", "jiangsu-public-data-measures 2"},
    ),
]


@pytest.mark.parametrize(("filing", "received", "rule", "law"), EACH, ids=range(len(EACH)))
def test_an_answer_cites_the_law_of_its_day(filing: dict[str, Any], received: Any, rule: str, law: set[str]) -> None:
    document = node_from(filing | {"sharing.received_on": received}, Place("filing"))
    answer = assess(book(), "cn-data-sharing", document, date(2030, 6, 1), search=False)
    (fired,) = [each for each in answer.fired if each.rule == rule]
    assert {source.cited for source in fired.sources} == law
