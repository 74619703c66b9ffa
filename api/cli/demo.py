"""`fenji demo`: every sample filing answered in a table, and one answer explained in full."""

from __future__ import annotations

from pathlib import Path

import typer

from api.cli.options import AsOf, Language, Rules, day, document, rulebook_of, rules_folder, say
from api.render import table
from api.render.explanation import explanation as explained
from api.render.text import Words
from engine.decide.assess import assess
from engine.decide.explain import explain
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
    shown = next((path for path, answer in answers.items() if not answer.determined), paths[0])
    heads = {"zh": ("样例", "结论", "已确定", "缺少"), "en": ("sample", "answer", "determined", "missing")}[lang]
    say({"zh": f"判定日 {today}", "en": f"as of {today}"}[lang])
    say(table.render(heads, [_row(rulebook, path, answer, lang) for path, answer in answers.items()]))
    explanation = explain(rulebook, shown.parent.name, document(str(shown)), today)
    say(f"\n{shown.relative_to(folder)}\n{explained(rulebook, explanation, lang)}")


def _row(rulebook: Rulebook, path: Path, answer: Answer, lang: str) -> tuple[str, str, str, str]:
    words = Words(rulebook, answer.pack, lang)
    name = _headline(rulebook, answer)
    (line, *_) = words.outcome(name, answer.outcomes[name])
    sure = {"zh": "是", "en": "yes"} if answer.determined else {"zh": "否", "en": "no"}
    return f"{answer.pack}/{path.stem}", line, sure[lang], str(len(answer.missing) or "")


def _headline(rulebook: Rulebook, answer: Answer) -> str:
    """Return the outcome that names the answer: the first of the filing for which the pack says where it goes when open."""
    routed = [clause.outcome for clause in rulebook.packs[answer.pack].doc.goes_to]
    return next(name for name in (*routed, *answer.outcomes) if name in answer.outcomes)
