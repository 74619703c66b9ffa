"""`fenji assess`: a filing -> its answer. This module imports no more than that takes, since it is the one that is timed."""

from __future__ import annotations

import typer

from api.cli.options import AsOf, File, Home, Json, KnownAt, Language, PackName, Rules, day, document, say
from api.cli.rulebooks import choose
from engine.decide.assess import assess as decide

app = typer.Typer()


@app.command()
def assess(
    pack: PackName,
    file: File,
    lang: Language,
    as_of: AsOf = "",
    known_at: KnownAt = "",
    *,
    json: Json = False,
    rules: Rules = "",
    home: Home = "",
) -> None:
    """Answer a filing. Exits 0 when determined, 1 when something is open, 2 on bad input."""
    today, chosen = day(as_of), choose(rules, known_at, home)
    answer = chosen.marked(decide(chosen.rulebook, pack, document(file), today))
    if json:
        say(answer.model_dump_json(by_alias=True, indent=2))
    else:
        from api.render import text  # noqa: PLC0415 - JSON needs no words

        say(text.answer(chosen.rulebook, answer, lang))
    raise typer.Exit(0 if answer.determined else 1)
