"""`fenji pages`: the page of each pack, in both languages, written from its rules."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli.options import Language, Rules, pack_of, rulebook_of, rules_folder, say, unreadable
from api.render import document, pages
from engine.rulebook.model import Rulebook

app = typer.Typer()
NAMES = {"en": "PAGE.md", "zh": "PAGE.zh.md"}
OnePack = Annotated[str, typer.Argument(metavar="[PACK]", help="Only this pack; every pack when left out.", show_default=False)]
Check = Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 when a page is not current.")]


@app.command("pages")
def write(lang: Language, pack: OnePack = "", *, check: Check = False, rules: Rules = "") -> None:
    """Write each pack's page beside its rules: plain words, articles, parameters, dates, where facts are used."""
    folder, rulebook = rules_folder(rules), rulebook_of(rules)
    names = [pack_of(rulebook, pack).doc.id] if pack else sorted(rulebook.packs)
    made = {folder / name / file: page(rulebook, name, each) for name in names for each, file in NAMES.items()}
    try:
        changed = [path for path, text in made.items() if not path.exists() or path.read_text("utf-8") != text]
        for path in [] if check else changed:
            path.write_text(made[path], "utf-8")
    except OSError as error:
        raise unreadable(error, str(folder)) from None
    count = f"{len(changed)}页" if lang == "zh" else f"{len(changed)} pages"
    state = {"zh": ("已更新", "不是最新，请运行 fenji pages"), "en": ("written", "not current; run fenji pages")}[lang][check]
    say("\n".join([*map(str, changed), f"{count}: {state}" if changed or not check else count]))
    raise typer.Exit(1 if check and changed else 0)


def page(rulebook: Rulebook, pack: str, lang: str) -> str:
    """Return the text of a pack's page."""
    return document.markdown(pages.blocks(rulebook, pack, lang))
