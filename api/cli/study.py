"""`fenji coverage` and `fenji stale`: which clauses the rules encode, and which of them a changed law makes stale."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli.options import Json, Language, Rules, rulebook_of, say, say_json, unreadable
from api.render import coverage as said
from engine.errors import InputError, Place
from engine.study.coverage import coverage as cover
from engine.study.stale import compare

app = typer.Typer()
OneInstrument = Annotated[str, typer.Option("--instrument", metavar="ID", help="Only this instrument.", show_default="every one")]
Texts = Annotated[str, typer.Argument(metavar="FOLDER", help="Texts of laws, .txt or .md, named by instrument or title.")]


@app.command()
def coverage(lang: Language, *, instrument: OneInstrument = "", json: Json = False, rules: Rules = "") -> None:
    """List every clause: encoded by which rules, or why it is not."""
    rows = cover(rulebook_of(rules), lang, instrument)
    if json:
        say_json([row.model_dump() for row in rows])
    else:
        say(said.clauses(rows, lang))


@app.command()
def stale(folder: Texts, lang: Language, *, instrument: OneInstrument = "", json: Json = False, rules: Rules = "") -> None:
    """Compare texts of laws with those the rules were written from. Exits 1 when an article is stale or missing."""
    try:
        rows = compare(rulebook_of(rules), Path(folder), instrument)
    except OSError as error:
        raise unreadable(error, folder) from None
    if not instrument and not any(row.file for row in rows):
        remedy = "texts are .md or .txt files named by an instrument's id or Chinese title; `fenji coverage` lists the ids"
        raise InputError("no-text", "no file here is the text of a listed instrument", remedy, Place(folder))
    if json:
        say_json([row.model_dump() for row in rows])
    else:
        say(said.comparisons(rows, lang))
    raise typer.Exit(0 if all(row.status == "unchanged" for row in rows) else 1)
