"""`fenji report`: the self-assessment over all packs as a document to file, in Markdown or HTML."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from api.cli.options import AsOf, Enterprise, File, Home, KnownAt, Language, On, Policies, Rules, day, document, say, write_new
from api.cli.rulebooks import Beside, choose
from api.render import document as written
from api.render.overall import blocks
from engine.decide.overall import assess_all

app = typer.Typer()


class Form(StrEnum):
    """The forms of a report."""

    md = "md"
    html = "html"


Format = Annotated[Form, typer.Option("--format", help="Markdown, or a page of HTML that stands alone.")]
Out = Annotated[str, typer.Option("--out", metavar="FILE", help="A new file.", show_default="standard output")]


@app.command()
def report(
    file: File,
    lang: Language,
    form: Format = Form.md,
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
    """Write the self-assessment report of a filing over all packs. Exits 0 when determined, 1 when something is open."""
    today, chosen = day(as_of), choose(rules, known_at, home, Beside(policies, enterprise))
    found = assess_all(chosen.rulebook, document(file), today, day(on, "--on") if on else today)
    parts = blocks(chosen.rulebook, found, lang)
    text = written.page(parts, lang) if form == Form.html else written.markdown(parts)
    if out:
        write_new(out, text.encode())
    else:
        say(text, end="")
    raise typer.Exit(0 if found.determined else 1)
