"""`fenji assess`: a filing -> its answer by one pack, or by every pack. No more is imported than that takes: it is timed."""

from __future__ import annotations

from datetime import date

import typer

from api.cli.options import (
    AsOf,
    Enterprise,
    FileLast,
    Home,
    Json,
    KnownAt,
    Language,
    On,
    PackOrFile,
    Policies,
    Rules,
    days,
    document,
    no_file,
    say,
)
from api.cli.rulebooks import Beside, Chosen, choose
from engine.decide.assess import assess as decide
from engine.errors import InputError

app = typer.Typer()


@app.command()
def assess(
    pack: PackOrFile,
    lang: Language,
    file: FileLast = "",
    as_of: AsOf = "",
    on: On = "",
    known_at: KnownAt = "",
    policies: Policies = "",
    enterprise: Enterprise = "",
    *,
    json: Json = False,
    rules: Rules = "",
    home: Home = "",
) -> None:
    """Answer a filing. Exits 0 when determined, 1 when something is open, 2 on bad input."""
    (today, judged), chosen = days(as_of, on), choose(rules, known_at, home, Beside(policies, enterprise))
    if not file:
        no_file(chosen.rulebook, "assess", pack)
        raise typer.Exit(_over_all(chosen, pack, lang, today, judged, json=json))
    if on:
        raise InputError("no-compliance", "`--on` judges compliance over all packs", "leave out the pack, or `--on`")
    answer = chosen.marked(decide(chosen.rulebook, pack, document(file), today))
    if json:
        say(answer.model_dump_json(by_alias=True, indent=2))
    else:
        from api.render import text  # noqa: PLC0415 - JSON needs no words

        say(text.answer(chosen.rulebook, answer, lang))
    raise typer.Exit(0 if answer.determined else 1)


def _over_all(chosen: Chosen, file: str, lang: str, as_of: date, on: date, *, json: bool) -> int:
    """Print the answer over all packs and return the exit code. Raises InputError."""
    from engine.decide.overall import assess_all  # noqa: PLC0415 - an answer by one pack needs it not

    found = chosen.marked_all(assess_all(chosen.rulebook, document(file), as_of, on))
    if json:
        say(found.model_dump_json(by_alias=True, indent=2))
    else:
        from api.render import document as written  # noqa: PLC0415 - as above
        from api.render.overall import blocks  # noqa: PLC0415 - as above

        say(written.text(blocks(chosen.rulebook, found, lang)))
    return 0 if found.determined else 1
