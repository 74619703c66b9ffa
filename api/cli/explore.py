"""`fenji explain`, `fenji questions` and `fenji what-if`: why, what to ask next, and what other facts would give."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli.options import (
    AsOf,
    Enterprise,
    File,
    FileLast,
    Home,
    Json,
    KnownAt,
    Language,
    PackName,
    PackOrFile,
    Policies,
    Rules,
    day,
    document,
    no_file,
    say,
)
from api.cli.rulebooks import Beside, choose
from api.render.explanation import explanation as explained
from api.render.overall import asked, changed
from api.render.text import Words
from engine.decide import explain as explaining
from engine.decide import questions as asking
from engine.errors import InputError, Place

app = typer.Typer()
Changes = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE FACT=VALUE...",
        help="The filing, after a pack; then facts as a filing writes them, FACT@ITEM=VALUE for one item of a list.",
    ),
]


@app.command()
def explain(
    pack: PackName,
    file: File,
    lang: Language,
    as_of: AsOf = "",
    known_at: KnownAt = "",
    policies: Policies = "",
    enterprise: Enterprise = "",
    *,
    json: Json = False,
    rules: Rules = "",
    home: Home = "",
) -> None:
    """Say why, why not, and what would change the answer."""
    today, rulebook = day(as_of), choose(rules, known_at, home, Beside(policies, enterprise)).rulebook
    found = explaining.explain(rulebook, pack, document(file), today)
    say(found.model_dump_json(by_alias=True, indent=2) if json else explained(rulebook, found, lang))


@app.command()
def questions(
    pack: PackOrFile,
    lang: Language,
    file: FileLast = "",
    as_of: AsOf = "",
    known_at: KnownAt = "",
    policies: Policies = "",
    enterprise: Enterprise = "",
    *,
    json: Json = False,
    rules: Rules = "",
    home: Home = "",
) -> None:
    """List what to ask next, the most decisive first, and by one pack what would settle the answer."""
    today, rulebook = day(as_of), choose(rules, known_at, home, Beside(policies, enterprise)).rulebook
    if not file:
        no_file(rulebook, "questions", pack)
        every = asking.questions_of_all(rulebook, document(pack), today)
        say(every.model_dump_json(by_alias=True, indent=2) if json else "\n".join(asked(every, lang)))
        return
    found = asking.questions(rulebook, pack, document(file), today)
    say(
        found.model_dump_json(by_alias=True, indent=2) if json else "\n".join(Words(rulebook, pack, lang).questions(found, today))
    )


@app.command("what-if")
def what_if(
    pack: PackOrFile,
    lang: Language,
    words: Changes,
    as_of: AsOf = "",
    known_at: KnownAt = "",
    policies: Policies = "",
    enterprise: Enterprise = "",
    *,
    json: Json = False,
    rules: Rules = "",
    home: Home = "",
) -> None:
    """Compare the answer with that to a filing whose facts are changed; nothing is kept."""
    today, rulebook = day(as_of), choose(rules, known_at, home, Beside(policies, enterprise)).rulebook
    if pack not in rulebook.packs and "=" in words[0]:
        every = asking.what_if_all(rulebook, document(pack), _changes(words), today)
        say(every.model_dump_json(by_alias=True, indent=2) if json else "\n".join(changed(rulebook, every, lang)))
        return
    if pack in rulebook.packs and len(words) == 1:
        raise InputError(
            "wrong-change", "nothing is changed", "write such as `operator.ciio=true` behind the file", Place("<change>")
        )
    found = asking.what_if(rulebook, pack, document(words[0]), _changes(words[1:]), today)
    say(found.model_dump_json(by_alias=True, indent=2) if json else "\n".join(Words(rulebook, pack, lang).what_if(found, today)))


def _changes(words: list[str]) -> dict[str, str]:
    """Return the changes by fact. Raises InputError for one that is given twice."""
    found: dict[str, str] = {}
    for name, value in map(_change, words):
        if name in found:
            raise InputError("duplicate-fact", f"`{name}` is given twice", "keep one of them", Place("<change>"))
        found[name] = value
    return found


def _change(word: str) -> tuple[str, str]:
    """Return `fact=value` as its two halves. Raises InputError."""
    name, equals, value = word.partition("=")
    if not (equals and name and value) or not word.isprintable():
        raise InputError(
            "wrong-change", f"`{word[:60]}` is not FACT=VALUE", "write such as `operator.ciio=true`", Place("<change>")
        )
    return name, value
