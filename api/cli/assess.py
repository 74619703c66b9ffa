"""`fenji assess`: a filing -> its answer. This module imports no more than that takes, since it is the one that is timed."""

from __future__ import annotations

import typer

from api.cli.options import AsOf, File, Json, Language, PackName, Rules, day, document, rulebook_of, say
from engine.decide.assess import assess as decide

app = typer.Typer()


@app.command()
def assess(pack: PackName, file: File, lang: Language, as_of: AsOf = "", *, json: Json = False, rules: Rules = "") -> None:
    """Answer a filing. Exits 0 when determined, 1 when something is open, 2 on bad input."""
    today, rulebook = day(as_of), rulebook_of(rules)
    answer = decide(rulebook, pack, document(file), today)
    if json:
        say(answer.model_dump_json(by_alias=True, indent=2))
    else:
        from api.render import text  # noqa: PLC0415 - JSON needs no words

        say(text.answer(rulebook, answer, lang))
    raise typer.Exit(0 if answer.determined else 1)
