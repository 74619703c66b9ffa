"""The counts of a period as a table: Markdown to read, a workbook to hand on."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO

from openpyxl import Workbook

from engine.supervise.period import Months, Row

HEADS = {
    "zh": (
        "单位",
        "行政区",
        "申报",
        "立案",
        "决定（件，按最后一次决定的等级）",
        "决定次数",
        "数据共享申请答复（件，按最后一次答复）",
        "逾期（期内届满）",
        "其中期末前已了结",
        "期末逾期未了结",
        "仅因所填日期未逾期（期内届满）",
        "当事人逾期（期内届满）",
        "不予受理或不同意",
        "被拒绝的操作",
        "试点（按到达的状态）",
    ),
    "en": (
        "unit",
        "district",
        "filings",
        "cases opened",
        "cases decided, by tier of the last decision",
        "decisions",
        "requests answered, by last answer",
        "late (ran out in the period)",
        "of these settled by its end",
        "late and open at its end",
        "in time only by the day that was typed (ran out in the period)",
        "parties late (ran out in the period)",
        "refusals",
        "refused attempts",
        "pilots by state reached",
    ),
}
TITLE = {"zh": "监管工作统计", "en": "Supervision in figures"}
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"  # media type of the workbook


def lines(found: Mapping[tuple[str, str], Row]) -> list[tuple[str | int, ...]]:
    """Return one line per unit and district."""
    return [
        (
            unit,
            district,
            row.filings,
            row.opened,
            _each(row.decided),
            row.decisions,
            _each(row.answered),
            row.late,
            row.late_settled,
            row.late_open,
            row.backdated,
            row.party_late,
            row.refusals,
            row.attempts,
            _each(row.pilots),
        )
        for (unit, district), row in found.items()
    ]


def _each(counts: Mapping[str, int]) -> str:
    return " ".join(f"{name or '-'}:{number}" for name, number in sorted(counts.items()))


def title(period: Months, lang: str) -> str:
    """Return the name of a period; while it runs, with the day through which it is counted."""
    name = f"{period.first}..{period.last}"
    return name + {"zh": f"，至{period.through}", "en": f", to {period.through}"}[lang] if period.running else name


def markdown(found: Mapping[tuple[str, str], Row], period: Months, lang: str) -> str:
    """Return the counts in Markdown."""
    heads = HEADS[lang]
    rows = [heads, tuple("---" for _ in heads), *lines(found)]
    table = "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in rows)
    return f"# {TITLE[lang]} {title(period, lang)}\n\n{table}\n"


def workbook(found: Mapping[tuple[str, str], Row], period: Months, lang: str) -> bytes:
    """Return the counts as a workbook, its sheet named for the period; a text that looks like a formula stays a text."""
    book = Workbook()
    book.properties.title = f"{TITLE[lang]} {title(period, lang)}"
    sheet = book.worksheets[0]
    sheet.title = title(period, lang)  # 31 characters at most, which is what a sheet may have
    for row in (HEADS[lang], *lines(found)):
        sheet.append([cell if isinstance(cell, int) else str(cell) for cell in row])
        for cell in sheet[sheet.max_row]:
            cell.data_type = "n" if isinstance(cell.value, int) else "s"
    out = BytesIO()
    book.save(out)
    return out.getvalue()
