"""What a period counts."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from pathlib import Path

from openpyxl import load_workbook

from api.render import period as render
from engine.supervise import cases
from engine.supervise.period import count
from tests.supervise.desk import FILED, desk

UNIT, DISTRICT = "市工信局", "玄武区"


def test_counts(tmp_path: Path) -> None:
    with desk(tmp_path) as on:
        on.act("f", "filing", "draft", "firm", {})
        on.act("f", "filing", "submit", "firm", {**FILED, "unit": UNIT, "district": DISTRICT})
        on.at()
        office = cases.Office(on.streams, on.people["li"], on.now, second=on.people["wang"])
        how = cases.Opening("ex-ante-review", fields={"legal": "plan", "reasons": "事实未齐，从严"})
        opened = cases.open_case(office, "f", how).state
        on.refused(opened.stream, "ex-ante-review", "accept", "firm", {})
        on.until(date(2026, 10, 20))
        on.act(opened.stream, "ex-ante-review", "refuse_acceptance", "li", {"reasons": "不属于本机关职权"})
        row = count(on.home, "2026-09-01", "2026-10-31")[UNIT, DISTRICT]
        assert (row.filings, row.opened, row.late, row.refusals, row.attempts) == (1, 1, 1, 1, 1)
        assert count(on.home, "2026-09-01", "2026-09-30")[UNIT, DISTRICT].late == 0
        assert count(on.home, "2027-01-01", "2027-12-31") == {}
        found = count(on.home, "2026-09-01", "2026-10-31")
        assert f"| {UNIT} | {DISTRICT} | 1 | 1 |" in render.markdown(found, "2026-09..2026-10", "zh")
        sheet = load_workbook(BytesIO(render.workbook(found, "en"))).active
        assert sheet is not None
        assert [cell.value for cell in sheet[2]][:4] == [UNIT, DISTRICT, 1, 1]
