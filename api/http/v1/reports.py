"""Counts of a period for the report on supervision: filings, cases, decided tiers, lateness, refusals, pilots."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from api.http.body import Strict
from api.http.language import Lang, language
from api.http.office import Needs, Office, office
from api.render import period as written
from engine.errors import InputError
from engine.supervise.period import count
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
    if first > last:
        raise InputError("wrong-period", f"`{first}` lies after `{last}`", "name the earlier month first")
    words = lang or language(request)
    found = count(at.streams(), f"{first}-01", f"{last}-31", at.now())
    kept = {"cache-control": "no-store"}
    if form == "xlsx":
        headers = {**kept, "content-disposition": f'attachment; filename="{first}..{last}.xlsx"'}
        return Response(written.workbook(found, words), 200, headers, written.SHEET)
    if form == "md":
        return Response(written.markdown(found, f"{first}..{last}", words), 200, kept, "text/markdown; charset=utf-8")
    rows = [PeriodCounts(unit=unit, district=district, **vars(row)) for (unit, district), row in found.items()]
    return Response(PeriodReport(first=first, last=last, counts=rows).model_dump_json(), 200, kept, "application/json")
