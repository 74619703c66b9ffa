"""Rows <-> a workbook. Every cell is text, so that no id becomes a number, no date shifts and nothing is a formula."""

from __future__ import annotations

import zipfile
from datetime import date, datetime, time
from io import BytesIO
from typing import TYPE_CHECKING, Any

from engine.errors import CheckFailedError, Finding, InputError, Place
from engine.study.rows import COLUMNS, Cells, Row

if TYPE_CHECKING:
    from openpyxl.cell import Cell, MergedCell
    from openpyxl.worksheet.worksheet import Worksheet

LIMIT = 64_000_000  # bytes when unpacked
ACTIVE = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet might take for a formula
WIDTHS = {"when": 70, "facts": 60, "then": 40, "title zh": 36, "title en": 36, "rule": 28, "name": 30}
NOTE = "pack"  # the sheet that names the pack


def write(pack: str, sheets: dict[str, list[Row]]) -> bytes:
    """Return a workbook of the rows of each sheet, heads first and fixed."""
    from openpyxl import Workbook  # noqa: PLC0415 - only these commands need it

    book = Workbook()
    book.remove(book.worksheets[0])
    first = book.create_sheet(NOTE)
    _text(first.cell(1, 1), "pack")
    _text(first.cell(1, 2), pack)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "B2"
        for column, head in enumerate(COLUMNS[name], 1):
            _text(sheet.cell(1, column), head)
            sheet.column_dimensions[sheet.cell(1, column).column_letter].width = WIDTHS.get(head, 16)
            for number, row in enumerate(rows, 2):
                _text(sheet.cell(number, column), row[head])
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _text(cell: Cell | MergedCell, text: str) -> None:
    cell.value = text or None
    cell.number_format = "@"
    if text:
        cell.data_type = "s"
        cell.quotePrefix = text.startswith(ACTIVE)


def read(data: bytes, file: str) -> tuple[str, dict[str, list[Cells]]]:
    """Return the pack that a workbook is about and its rows. Raises InputError, CheckFailedError with every bad cell."""
    from openpyxl import load_workbook  # noqa: PLC0415 - as above
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415

    try:
        with zipfile.ZipFile(BytesIO(data)) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > LIMIT:
                raise InputError("too-large", f"the workbook unpacks to more than {LIMIT} bytes", "use one pack's", Place(file))
        book = load_workbook(BytesIO(data))
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError, SyntaxError):
        raise InputError(
            "no-workbook", "the file is not a workbook", "write one with `fenji workbook out`", Place(file)
        ) from None
    missing = [name for name in (NOTE, *COLUMNS) if name not in book.sheetnames]
    if missing:
        raise InputError(
            "no-sheet", f"there is no sheet `{missing[0]}`", "write the workbook anew and copy your changes", Place(file)
        )
    reader = _Reader(file)
    sheets = {name: reader.sheet(book[name]) for name in COLUMNS}
    pack = reader.text(book[NOTE], book[NOTE].cell(1, 2))
    if reader.findings:
        raise CheckFailedError(reader.findings)
    return pack, sheets


class _Reader:
    def __init__(self, file: str) -> None:
        self.file = file
        self.findings: list[Finding] = []

    def sheet(self, sheet: Worksheet) -> list[Cells]:
        """Return the rows of a sheet; empty ones are passed over."""
        heads = [str(cell.value or "") for cell in sheet[1]]
        wanted = list(COLUMNS[sheet.title])
        lacking = [head for head in wanted if head not in heads]
        if lacking:
            place = Place(f"{self.file}!{sheet.title}!1")
            self.findings.append(
                Finding("no-column", place, f"there is no column `{lacking[0]}`", "restore the heads of the sheet")
            )
            return []
        at = {head: heads.index(head) for head in wanted}
        rows = []
        for cells in sheet.iter_rows(min_row=2):
            values = {head: self.text(sheet, cells[index]) for head, index in at.items()}
            if any(values.values()):
                places = {head: self.place(sheet, cells[index]) for head, index in at.items()}
                rows.append(Cells(values, places))
        return rows

    def place(self, sheet: Worksheet, cell: Any) -> Place:
        """Return the place of a cell: file!sheet!cell."""
        return Place(f"{self.file}!{sheet.title}!{cell.coordinate}")

    def text(self, sheet: Worksheet, cell: Any) -> str:
        """Return a cell as text; what has no one text is a finding."""
        value = cell.value
        if value is None:
            return ""
        if cell.data_type == "f":
            return self.refuse(sheet, cell, "formula", "formulas are not accepted", "write the value as text")
        if cell.data_type == "e":
            return self.refuse(sheet, cell, "bad-cell", f"the cell shows the error {value}", "write the value as text")
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, datetime):
            if value.time() != time():
                return self.refuse(sheet, cell, "wrong-date", "a day has no time of day", "write it as text, YYYY-MM-DD")
            return value.date().isoformat()
        if isinstance(value, date):
            return value.isoformat()
        if isinstance(value, float) and not value.is_integer():
            return self.refuse(
                sheet, cell, "wrong-type", f"`{value}` became a number", "format the cell as text and write it again"
            )
        return str(int(value)) if isinstance(value, float) else str(value)

    def refuse(self, sheet: Worksheet, cell: Any, code: str, problem: str, remedy: str) -> str:
        """Note what is wrong with a cell."""
        self.findings.append(Finding(code, self.place(sheet, cell), problem, remedy))
        return ""
