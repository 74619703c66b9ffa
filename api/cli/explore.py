"""`fenji explain`, `fenji questions` and `fenji what-if`: why, what to ask next, and what other facts would give."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli.options import AsOf, File, Json, Language, PackName, Rules, day, document, rulebook_of, say
from engine.decide import explain as explaining
from engine.decide import explain_text

app = typer.Typer()
Changes = Annotated[
    list[str], typer.Argument(metavar="FACT=VALUE...", help="Facts as a filing writes them; FACT@ITEM for an item's.")
]


@app.command()
def explain(pack: PackName, file: File, lang: Language, as_of: AsOf = "", *, json: Json = False, rules: Rules = "") -> None:
    """Say why, why not, and what would change the answer."""
    today, rulebook = day(as_of), rulebook_of(rules)
    found = explaining.explain(rulebook, pack, document(file), today)
    say(found.model_dump_json(by_alias=True, indent=2) if json else explain_text.text(found, lang))
