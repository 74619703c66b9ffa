"""Fields as they are typed: lists as JSON or between commas, and nothing broken that looks like one."""

from __future__ import annotations

from typing import Any

import pytest

from api.cli.desk import fields_of
from engine.supervise.fields import Given, given
from tests.rulebook import book

TABLE = book().lifecycles["ex-ante-review"]
LISTS = {each.id for table in book().lifecycles.values() for each in table.fields if each.type in ("texts", "persons", "faults")}


def taken(typed: str) -> Any:
    """Return what is recorded of a typed field, None when it is refused."""
    found = given(TABLE, "consult", fields_of(TABLE, [typed]), lambda _kind, value: value)
    return next(iter({**found.open, **found.sealed}.values())) if isinstance(found, Given) else None


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("units=市公安局, 市市场监管局", ["市公安局", "市市场监管局"]),
        ('units=["市公安局", "市市场监管局"]', ["市公安局", "市市场监管局"]),
        ('units= ["a, b"]', ["a, b"]),
        ("units=市公安局", ["市公安局"]),
        ('units=["市公安局"', None),
        ("units=[市公安局, 市市场监管局]", None),
        ('units={"a": 1}', None),
        ('units="市公安局"', None),
        ("units=[1, 2]", None),
        ("units=[]", None),
        ("units=,", None),
        ("faults=缺少报告, 缺少样本", ["缺少报告, 缺少样本"]),
        ('faults=[{"field": "facts", "fault": "缺少报告"}]', [{"field": "facts", "fault": "缺少报告"}]),
        ('faults=[{"field": "facts"}]', None),
        ('faults={"fault": "缺少报告"}', None),
        ("faults= ", None),
        ('clause=["a@1", "b@2"]', ["a@1", "b@2"]),
    ],
)
def test_a_list_is_taken_whole_or_refused(typed: str, wanted: Any) -> None:
    assert taken(typed) == wanted


@pytest.mark.parametrize("name", sorted(LISTS))
def test_every_list_field_takes_json(name: str) -> None:
    for table in book().lifecycles.values():
        if any(each.id == name for each in table.fields):
            assert fields_of(table, [f'{name}=["a", "b"]']) == {name: ["a", "b"]}
