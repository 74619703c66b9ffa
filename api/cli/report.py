"""`fenji report`: the self-assessment over all packs as a document to file, in Markdown or HTML."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated

import typer

from api.cli.options import (
    AsOf,
    Enterprise,
    Home,
    KnownAt,
    Language,
    On,
    Policies,
    Rules,
    days,
    document,
    now,
    say,
    write_new,
)
from api.cli.rulebooks import Beside, choose
from api.render import document as written
from api.render.overall import blocks
from engine.decide.overall import assess_all
from engine.errors import InputError, Place

app = typer.Typer()


class Form(StrEnum):
    """The forms of a report."""

    md = "md"
    html = "html"
    xlsx = "xlsx"


Format = Annotated[
    str,
    typer.Option("--format", metavar="md|html|xlsx", help="Markdown, a page of HTML that stands alone, or counts in Excel."),
]
Out = Annotated[str, typer.Option("--out", metavar="FILE", help="A new file.", show_default="standard output")]


Period = Annotated[str, typer.Option("--period", metavar="YYYY-MM..YYYY-MM", help="Count what was recorded in these months.")]
Filing = Annotated[str, typer.Argument(metavar="FILE", help="The filing, YAML or JSON; - for standard input.")]
_MONTHS = re.compile(r"([0-9]{4}-(?:0[1-9]|1[0-2]))\.\.([0-9]{4}-(?:0[1-9]|1[0-2]))\Z")


@app.command()
def report(
    lang: Language,
    file: Filing = "",
    format_: Format = Form.md.value,
    period: Period = "",
    as_of: AsOf = "",
    on: On = "",
    out: Out = "",
    known_at: KnownAt = "",
    policies: Policies = "",
    enterprise: Enterprise = "",
    *,
    rules: Rules = "",
    home: Home = "",
) -> None:
    """Write the self-assessment report of a filing over all packs; with --period count filings, tiers, lateness and refusals."""
    form = _form(format_)
    if period:
        if form == Form.html:
            raise InputError("wrong-form", "counts are not written as HTML", "write --format md or xlsx", Place("--format"))
        if form == Form.xlsx and not out:
            raise InputError("no-out", "a workbook is written to a file", "name it with --out", Place("--out"))
        data = _period(period, form, lang, home, rules)
        if out:
            write_new(out, data)
        else:
            say(data.decode(), end="")
        return
    if form == Form.xlsx or not file:
        raise InputError(
            "wrong-form", "a self-assessment report is of a FILE, in Markdown or HTML", "or give --period for counts"
        )
    (today, judged), chosen = days(as_of, on), choose(rules, known_at, home, Beside(policies, enterprise))
    found = assess_all(chosen.rulebook, document(file), today, judged)
    parts = blocks(chosen.rulebook, found, lang)
    text = written.page(parts, lang) if form == Form.html else written.markdown(parts)
    if out:
        write_new(out, text.encode())
    else:
        say(text, end="")
    raise typer.Exit(0 if found.determined else 1)


def _form(text: str) -> Form:
    """Return the form that `--format` names. Raises InputError."""
    try:
        return Form(text)
    except ValueError:
        problem = f"`{text[:40]}` is no form of a report"
        raise InputError("wrong-form", problem, f"write --format {', '.join(Form)}", Place("--format")) from None


def _period(period: str, form: Form, lang: str, home: str, rules: str) -> bytes:
    """Return the counts of a period as they stand now, as a file of a form. Raises InputError, StoreError."""
    from api.cli.desk import open_desk  # noqa: PLC0415 - only counts need the store
    from api.render import period as counts  # noqa: PLC0415 - as above
    from engine.supervise.period import count, months  # noqa: PLC0415 - as above

    named, moment = _MONTHS.match(period), now()
    if named is None:
        remedy = "write YYYY-MM..YYYY-MM, the earlier month first"
        raise InputError("wrong-period", f"`{period[:40]}` is no period", remedy, Place("--period"))
    wanted = months(named[1], named[2], moment, Place("--period"))
    with open_desk(home, rules) as desk:
        found = count(desk.streams, *wanted.days(), moment)
    return counts.workbook(found, wanted, lang) if form == Form.xlsx else counts.markdown(found, wanted, lang).encode()
