"""Rules to a workbook and back: nothing is lost, nothing but what was changed changes, and bad cells are named."""

from __future__ import annotations

import shutil
from datetime import date
from decimal import Decimal
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from api.render import workbook
from engine.rulebook.read import plain, read
from engine.rulebook.rewrite import flow, rewrite
from engine.study.rows import COLUMNS
from tests.long import LONG
from tests.test_cli import fenji

ROOT = Path(__file__).parents[1]
PACKS = sorted(path.parent.name for path in (ROOT / "rules").glob("*/pack.yaml"))  # the large ones in the long mode
CELLS: Any = plain(read((ROOT / "tests/study/workbook.yaml").read_bytes(), "workbook.yaml"))
PACK = "cn-data-security"
NAMES = st.from_regex(r"[a-z][a-z_.]{0,8}", fullmatch=True)
PLAIN = st.recursive(
    st.booleans() | st.integers(-(10**9), 10**9) | st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.from_regex(r"[a-z][a-z_.]{0,8}", fullmatch=True), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "rules", tmp_path / "rules")
    return tmp_path / "rules"


@cache
def written() -> bytes:
    """The workbook of the rules as they are."""
    with TemporaryDirectory() as folder:
        assert fenji("workbook", "out", PACK, f"{folder}/first.xlsx").code == 0
        return Path(folder, "first.xlsx").read_bytes()


def out() -> Any:
    return load_workbook(BytesIO(written()))


def cell(book: Any, row: dict[str, Any]) -> Any:
    """The cell of a column in the first row of a rule."""
    sheet = book[row["sheet"]]
    number = next(cells[0].row for cells in sheet.iter_rows() if cells[0].value == row["rule"])
    return sheet.cell(number, list(COLUMNS[row["sheet"]]).index(row["column"]) + 1)


def fill(book: Any, row: dict[str, Any]) -> None:
    """Type into a cell what a person would."""
    at = cell(book, row)
    if "date" in row:
        at.value = date.fromisoformat(row["date"])
    elif "number" in row:
        at.value = float(row["number"]) if "." in row["number"] else int(row["number"])
    elif "formula" in row:
        at.value = row["formula"]
    else:
        at.value = row["write"]
        at.data_type = "s"


@pytest.mark.parametrize("pack", PACKS if LONG else [PACK, "cn-cross-border", "cn-data-trading"])
def test_out_and_back_changes_no_byte(pack: str, tmp_path: Path) -> None:
    book = tmp_path / "book.xlsx"
    assert fenji("workbook", "out", pack, book).code == 0
    ended = fenji("workbook", "in", book, "--lang", "en")
    assert (ended.code, ended.out) == (0, "0 changes\n")


def test_no_cell_is_a_formula_or_a_number() -> None:
    book = out()
    assert book.sheetnames == [workbook.NOTE, *COLUMNS]
    kinds = {at.data_type for sheet in book for row in sheet.iter_rows() for at in row if at.value is not None}
    assert kinds == {"s"}


@pytest.mark.parametrize("row", CELLS, ids=lambda row: row["name"])
def test_one_cell(row: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    book = out()
    address = cell(book, row).coordinate
    fill(book, row)
    book.save("book.xlsx")
    ended = fenji("workbook", "in", "book.xlsx", "--lang", "en")
    if "says" in row:
        assert (ended.code, ended.out) == (2, "")
        assert row["says"].replace("CELL", address) in ended.err.splitlines()
    else:
        assert ended.code == 1, ended.err
        assert ended.out.splitlines()[:3] == [line.replace("CELL", address) for line in row["changes"]]


def test_written_changes_touch_their_line_only(rules: Path) -> None:
    path = rules / PACK / "data-trading.yaml"
    path.write_text("# kept\n" + path.read_text("utf-8"), "utf-8")
    before = path.read_text("utf-8").splitlines()
    book = out()
    fill(book, {"sheet": "rules", "rule": "data-trading", "column": "title en", "write": "trade"})
    book.save("book.xlsx")
    assert fenji("workbook", "in", "book.xlsx", "--write", "--rules", rules).code == 0
    after = path.read_text("utf-8").splitlines()
    assert [line for line in after if line not in before] == [before[1].partition(", en: ")[0] + ", en: trade}"]
    assert len(after) == len(before)


def test_a_case_is_added_and_one_taken_out(rules: Path) -> None:
    book = out()
    sheet = book["cases"]
    last = next(cells[0].row for cells in reversed(list(sheet.iter_rows())) if cells[0].value == "data-trading")
    sheet.delete_rows(last)
    for text in ("sold nothing", "sold a little"):
        sheet.append(["data-trading", "9", text, "2026-08-01", "{data.trades: false}", "not", "", ""])
    book.save("book.xlsx")
    assert fenji("workbook", "in", "book.xlsx", "--write", "--rules", rules).code == 0
    doc: Any = plain(read((rules / PACK / "data-trading.yaml").read_bytes(), "x"))
    assert [case["name"] for case in doc["cases"]][-3:] == ["the day before the law", "sold nothing", "sold a little"]
    assert doc["cases"][-1] == {"name": "sold a little", "on": "2026-08-01", "facts": {"data.trades": False}, "expect": "not"}


@pytest.mark.parametrize("data", [b"no workbook", b""])
def test_not_a_workbook(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.xlsx").write_bytes(data)
    ended = fenji("workbook", "in", tmp_path / "x.xlsx")
    assert (ended.code, ended.err.splitlines()[0]) == (2, f"{tmp_path / 'x.xlsx'}: no-workbook: the file is not a workbook")


def test_a_sheet_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    book = out()
    del book["cases"]
    data = BytesIO()
    book.save(data)
    Path("book.xlsx").write_bytes(data.getvalue())
    ended = fenji("workbook", "in", "book.xlsx")
    assert (ended.code, ended.err.splitlines()[0]) == (2, "book.xlsx: no-sheet: there is no sheet `cases`")


@given(PLAIN)
def test_flow_is_read_back_as_it_was(value: Any) -> None:
    assert plain(read(flow([value]).encode(), "x")) == [value]


@given(st.dictionaries(st.from_regex(r"[a-z]{1,6}", fullmatch=True), PLAIN, min_size=1, max_size=4))
def test_a_rewritten_text_has_the_new_values(new: dict[str, Any]) -> None:
    text = "# head\na: 1  # one\nb: {c: [x, y]}\nsources:\n  - {d: e}  # f\n  - g\n"
    assert plain(read(rewrite(text, new).encode(), "x")) == new or not new


def test_decimals_are_no_plain_data() -> None:
    assert flow(Decimal("1.50")) == '"1.50"'
