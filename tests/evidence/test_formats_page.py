"""FORMATS.md names every field that the code writes, and no other: of rules, answers, states, and of each kind of record."""

from __future__ import annotations

import re
import shutil
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from engine.evidence import canonical, standalone, verify
from engine.evidence.fsck import KINDS
from engine.evidence.installation import open_home
from engine.rulebook.closure import closure
from engine.rulebook.locate import open_rulebook
from engine.store import reading
from engine.supervise import state
from schemas import answer, calendar, rulebook
from tests.evidence.conftest import ROOT, SAMPLES, Office
from tests.evidence.test_tampering import happened

PAGE = (ROOT / "engine" / "evidence" / "FORMATS.md").read_text("utf-8")
NAMES = re.compile(r"`([^`]+)`")

# the parts of one row, in the order in which the row names them
SHAPES: dict[str, list[type]] = {
    "pack": [rulebook.Pack],
    "data set": [rulebook.DataSet],
    "derived fact, and its version": [rulebook.Derived, rulebook.DerivedVersion],
    "outcome, and its floor": [rulebook.Outcome, rulebook.Floor],
    "value, also of an enum or a set": [rulebook.Value],
    "duty, and when it is due": [rulebook.Duty, rulebook.Due],
    "what duties last as long as": [rulebook.Lasting],
    "conflict": [rulebook.Conflict],
    "where an open outcome goes; note": [rulebook.GoesTo, rulebook.Note],
    "monitor": [rulebook.Monitor],
    "rule, its origin, and its version": [rulebook.Rule, rulebook.RuleOrigin, rulebook.RuleVersion],
    "source": [rulebook.Source],
    "fact": [rulebook.Fact],
    "list; constraint": [rulebook.ListDecl, rulebook.Constraint],
    "table, its values, its version, and a row": [rulebook.Table, rulebook.Gives, rulebook.TableVersion, rulebook.Row],
    "instrument": [rulebook.Instrument],
    "authority": [rulebook.Authority],
    "year, notice, and break": [calendar.CalendarYear, calendar.Notice, calendar.Break],
    "statutory days, holiday, and year": [calendar.Statutory, calendar.Holiday, calendar.StatutoryYear],
}
PARTS: dict[str, list[type]] = {
    "verdict": [answer.Answer],
    "of `outcomes`, by id": [answer.OutcomeAnswer],
    "of `items`, by list": [answer.ItemAnswer],
    "of `fired`, `unknown`, `overridden`": [answer.RuleAnswer],
    "of `missing`, `may_matter`": [answer.MissingFact],
    "of `settle`, and of its answers": [answer.Settle, answer.Reply],
    "of `goes_to`": [answer.GoesToAnswer],
    "of `notes`, `unread_law`": [answer.NoteAnswer],
    "state": [state.State],
    "of `done`, by name of event": [state.Done],
    "of `clocks`": [state.Run],
    "of `pauses`": [state.Pause],
}


def section(number: int) -> str:
    """Return the text of a section."""
    return PAGE.partition(f"\n## {number}. ")[2].partition("\n## ")[0]


def cells(text: str, head: str) -> list[tuple[str, list[str]]]:
    """Return the rows of all tables of a text whose first column is `head`: the first cell, and the others."""
    found: list[tuple[str, list[str]]] = []
    for block in text.split("\n\n"):
        lines = [line for line in block.split("\n") if line.startswith("|")]
        if lines and lines[0].startswith(f"| {head} |"):
            rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]
            found += [(first.strip(), rest) for first, *rest in rows]
    return found


def names(cell: str) -> list[str]:
    """Return the names that a cell gives."""
    return NAMES.findall(cell)


def of_shape(shape: type, without: set[str] = frozenset()) -> list[str]:  # type: ignore[assignment]
    """Return the names under which a shape's fields are written."""
    if issubclass(shape, BaseModel):
        return [field.alias or name for name, field in shape.model_fields.items() if name not in without]
    assert is_dataclass(shape)
    return [field.name for field in fields(shape)]


@pytest.mark.parametrize(("head", "shapes"), [("shape", SHAPES), ("part", PARTS)])
def test_shapes(head: str, shapes: dict[str, list[type]]) -> None:
    rows = cells(PAGE, head)
    assert [what for what, _ in rows] == [*shapes]
    for what, (cell,) in rows:
        written = [names(part) for part in cell.split(";")]
        assert written == [of_shape(shape, {"cases"} if shape is rulebook.Rule else set()) for shape in shapes[what]], what


def test_no_shape_is_left_out() -> None:
    """Every shape that a pack's rules can hold is one that the page names."""
    told = {shape for shapes in SHAPES.values() for shape in shapes} | {rulebook.Text, rulebook.Period, rulebook.Case}
    seen: set[type] = set()
    todo: list[type] = [rulebook.Pack, rulebook.Rule, rulebook.Fact, rulebook.ListDecl, rulebook.Constraint, rulebook.Table]
    todo += [rulebook.Instrument, rulebook.Authority, calendar.CalendarYear, calendar.Statutory]
    while todo:
        shape = todo.pop()
        seen.add(shape)
        text = " ".join(str(field.annotation) for field in shape.model_fields.values())  # type: ignore[attr-defined]
        for name in set(re.findall(r"schemas\.(?:rulebook|calendar)\.(\w+)", text)):
            inner = getattr(rulebook, name, None) or getattr(calendar, name)
            if inner not in seen:
                todo.append(inner)
    assert seen - told == set()
    assert told - seen == set()


def test_rules_and_decisions(made: Office) -> None:
    rules = closure(open_rulebook(made.rules), "nanjing-tiering")
    told = [name for first, _ in cells(section(2), "field") for name in names(first)]
    assert sorted(told) == sorted([*rules, *rules["program"]])
    predicate = [name for first, _ in cells(section(4), "field") for name in names(first)]
    assert set(predicate) == verify.PREDICATE == set(standalone.PREDICATE.split())
    assert len(predicate) == len(verify.PREDICATE)


def test_every_kind_of_record(office: Office, tmp_path: Path) -> None:
    """What an office has recorded has just the fields that the page gives to its kind."""
    office.said("erase", office.ids[2], "flow", "--basis", "PIPL 47", "--as", "chen", "--and", "wang")
    office.said("actor", "add", "liu", "--name", "刘", "--unit", "南京市交通运输局", "--role", "owner",
                "--purpose", "rulebook", "--as", "chen")  # fmt: skip
    shutil.copytree(SAMPLES / "policies", tmp_path / "policies")  # publishing locks the terms beside them
    name = ("njtransport/bus-flows", "--policies", tmp_path / "policies")
    office.said("policy", "publish", *name, "--as", "liu", "--rules", office.rules)
    with open_home(office.folder) as opened:
        lost = opened.actors.keys[-1].keyid
    office.said("actor", "revoke", lost, "--reason", "retired", "--as", "chen")
    happened(office)
    seen: dict[str, set[str]] = {}
    with open_home(office.folder) as opened:
        for each in reading.records(opened.store):
            statement: dict[str, Any] = canonical.loads(each.payload)
            seen.setdefault(each.kind, set()).update(statement["predicate"])
            assert statement["predicateType"] == f"urn:fenji:{each.kind}:v1"
            assert statement["subject"][0]["name"] in _subject(each.kind)
    assert seen.keys() == set(KINDS)
    assert seen.pop("decision") == verify.PREDICATE
    assert seen.pop("event") == {name for first, _ in cells(section(6), "field") for name in names(first)}
    told = {names(kind)[0]: set(names(rest[1])) for kind, rest in cells(section(5), "kind")}
    assert told.pop("event") == set()
    assert told == seen


def _subject(kind: str) -> list[str]:
    """Return the name of the subject that the page gives to a kind; a policy's is its own."""
    if kind == "decision":
        return ["filing"]
    found = next(rest[0] for first, rest in cells(section(5), "kind") if names(first) == [kind])
    return names(found.partition(":")[0]) or ["njtransport/bus-flows"]


def test_sections_are_numbered() -> None:
    numbers = [int(found) for found in re.findall(r"^## (\d+)\. ", PAGE, re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert {int(found) for found in re.findall(r"section (\d+)[,).;]", PAGE)} <= {*numbers}
    for path in re.findall(r"`((?:engine|schemas)/[\w/]+\.py)`", PAGE):
        assert (Path(ROOT) / path).is_file(), path
