"""`fenji demo`: every sample filing answered in a table, and one answer explained in full."""

from __future__ import annotations

from pathlib import Path

import typer

from api.cli.options import AsOf, Language, Rules, day, document, rulebook_of, rules_folder, say
from api.render import table
from api.render.text import Words
from engine.decide.assess import assess
from engine.errors import RulesNotFoundError
from engine.rulebook.model import Rulebook
from schemas.answer import Answer

app = typer.Typer()


@app.command()
def demo(lang: Language, as_of: AsOf = "", *, rules: Rules = "") -> None:
    """Answer the sample filings, then explain one of them in full."""
    today, folder, rulebook = day(as_of), rules_folder(rules), rulebook_of(rules)
    paths = [path for path in sorted(folder.glob("samples/*/*.yaml")) if path.parent.name in rulebook.packs]
    if not paths:
        raise RulesNotFoundError("no-samples", f"no sample filings below {folder / 'samples'}", "name a folder with --rules")
    answers = {path: assess(rulebook, path.parent.name, document(str(path)), today) for path in paths}
    heads = {"zh": ("样例", "结论", "已确定", "缺少"), "en": ("sample", "answer", "determined", "missing")}[lang]
    say({"zh": f"判定日 {today}", "en": f"as of {today}"}[lang])
    say(table.render(heads, [_row(rulebook, path, answer, lang) for path, answer in answers.items()]))
