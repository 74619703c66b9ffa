"""Every code that the engine or a way in can raise has a name in both languages, and its status is one of a refusal."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.http.problems import STATUS, titled, titles
from engine.errors import Finding, Place
from tests.http.conftest import Served

ROOT = Path(__file__).parents[2]
CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
RAISED = re.compile(r"(Finding|Refusal|[A-Za-z]*Error)\Z")
KNOWN = {"append-only", "read-only", "overtaken", "wrong-uscc", "denied"}  # raised with a name in the place of the code


def codes(path: Path) -> Iterator[str]:
    """Yield the codes that a module writes where it makes an error, a finding or a refusal."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        first = node.args[0]
        each = [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]
        if RAISED.match(name):
            yield from (c.value for c in each if isinstance(c, ast.Constant) and isinstance(c.value, str) and CODE.match(c.value))


RAISED_BY = {
    code: str(path.relative_to(ROOT))
    for folder in ("engine", "api")
    for path in sorted((ROOT / folder).rglob("*.py"))
    for code in codes(path)
}


def test_codes_are_found() -> None:
    assert {"wrong-role", "no-match", "unknown-fact", "two-persons", "not-canonical", "wrong-cursor"} <= set(RAISED_BY)
    assert len(RAISED_BY) > 200


@pytest.mark.parametrize("code", sorted({*RAISED_BY, *KNOWN, *STATUS}))
def test_a_code_has_a_name_in_both_languages(code: str) -> None:
    zh, en = titles(code)
    assert zh != titles("no such code at all")[0], RAISED_BY.get(code)
    assert any("\u4e00" <= letter <= "\u9fff" for letter in zh)
    assert re.fullmatch(r"[A-Za-z0-9 -]+", en)
    assert 400 <= STATUS.get(code, 422) < 600


def test_conditions_of_life_cycles_refuse_by_their_own_titles(served: Served) -> None:
    tables = served.office.chosen.rulebook.lifecycles
    for table in tables.values():
        for guard in table.guards:
            refused = Finding(guard.id, Place(f"{table.id}/{table.transitions[0].event}#{guard.id}"), "no", "yes")
            assert titled(tables, refused) == (guard.title.zh, guard.title.en)
    assert titled(tables, Finding("closed", Place("filing/withdrawn"), "no", "yes")) == titles("closed")
