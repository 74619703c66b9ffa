"""Fields as they are typed: lists as JSON or between commas, and nothing broken that looks like one."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from api.cli.desk import fields_of
from engine.supervise.fields import Given, given
from engine.supervise.step import Refusal
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


def test_files_are_typed_by_their_paths(tmp_path: Path) -> None:
    """One, several between commas, or one by one: each by its name and the hash of what it holds."""
    paths = [tmp_path / name for name in ("合同.pdf", "报告, 附件.pdf")]
    for path in paths:
        path.write_bytes(path.name.encode())
    table = book().lifecycles["cross-border-route"]
    wanted = [{"name": path.name, "sha256": sha256(path.name.encode()).hexdigest()} for path in paths]
    assert fields_of(table, [f"papers=@{paths[0]}"]) == {"papers": wanted[:1]}
    assert fields_of(table, [f"papers=@{paths[0]},@{paths[1]}"]) == {"papers": wanted}
    assert fields_of(table, [f"papers=@{path}" for path in paths]) == {"papers": wanted}
    refusal = given(table, "supplement_filing", {"papers": "合同.pdf"}, lambda _kind, value: value)
    assert isinstance(refusal, Refusal)
    assert "typed as @a.pdf,@b.pdf" in refusal.help
