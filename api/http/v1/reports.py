"""Counts of a period for the report on supervision: filings, cases, decided tiers, lateness, refusals, pilots."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from api.http.body import Strict
from api.http.language import Lang, language
from api.http.office import Needs, Office, office
from api.render import period as written
from engine.supervise.period import count, months
from schemas.http.records import PeriodCounts, PeriodReport

router = APIRouter(prefix="/reports", tags=["reports"], route_class=Strict)
Month = Annotated[str, Query(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$", description="A month, YYYY-MM.")]


@router.get(
    "/period",
    dependencies=[Depends(Needs("report.read"))],
    response_model=PeriodReport,
    responses={200: {"content": {"text/markdown": {"schema": {"type": "string"}}, written.SHEET: {}}}},
)
def period(  # noqa: PLR0913, PLR0917 - a parameter each
    request: Request,
    at: Annotated[Office, Depends(office)],
    first: Month,
    last: Month,
    form: Annotated[Literal["json", "md", "xlsx"], Query(alias="format")] = "json",
    lang: Lang | None = None,
) -> Response:
    """Count what was recorded in some months. A long log takes long: POST /v1/jobs counts it in the background."""
    words, moment = lang or language(request), at.now()
    wanted = months(first, last, moment)
    found = count(at.streams(), *wanted.days(), moment)
    kept = {"cache-control": "no-store"}
    if form == "xlsx":
        headers = {**kept, "content-disposition": f'attachment; filename="{first}..{last}.xlsx"'}
        return Response(written.workbook(found, wanted, words), 200, headers, written.SHEET)
    if form == "md":
        return Response(written.markdown(found, wanted, words), 200, kept, "text/markdown; charset=utf-8")
    rows = [PeriodCounts(unit=unit, district=district, **vars(row)) for (unit, district), row in found.items()]
    report = PeriodReport(first=first, last=last, through=wanted.through, running=wanted.running, counts=rows)
    return Response(report.model_dump_json(), 200, kept, "application/json")
