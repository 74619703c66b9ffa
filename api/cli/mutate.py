"""`fenji mutate`: which changes of the rules would nobody's expectation notice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from api.cli.options import Json, Language, Rules, progress, rulebook_of, rules_folder, say, say_json, unreadable
from api.render import mutants as said
from engine.errors import InputError
from engine.rulebook.load import load_all
from engine.rulebook.locate import files_of
from engine.rulebook.model import Rulebook
from engine.study.mutate import Expectations, Result, gather, mutate, stale

app = typer.Typer()
KINDS = ("duties", "sharing", "gates", "reading")  # folders of expectations in tests/, beside the rules
Parts = Annotated[
    list[str] | None, typer.Argument(metavar="[PACK|RULE]...", help="Packs, or rules as PACK/RULE; all when left out.")
]
Cases = Annotated[
    list[str] | None,
    typer.Option("--cases", metavar="FOLDER", help="A folder of expectations; may be repeated.", show_default="those in tests/"),
]
Survivors = Annotated[bool, typer.Option("--survivors", help="Also list those that have a reason, with it.")]


@app.command("mutate")
def run(
    lang: Language,
    parts: Parts = None,
    cases: Cases = None,
    *,
    survivors: Survivors = False,
    json: Json = False,
    rules: Rules = "",
) -> None:
    """Change the law in one place at a time and tell what no hand-written expectation notices. Exits 1 when anything is left."""
    folder, rulebook = rules_folder(rules), rulebook_of(rules)
    expectations = _expectations(folder, cases)
    report = said.Report(rulebook, load_all(files_of(folder)).sources, lang)
    wanted = _wanted(rulebook, parts or [])
    for pack, some in wanted.items():
        results = list(_counted(rulebook, expectations, pack, some))
        report.add(pack, results, _stale(expectations, some, results, pack))
    if json:
        say_json(report.json())
    else:
        say(report.text(every=survivors))
    raise typer.Exit(1 if report.open else 0)


def _expectations(rules: Path, named: list[str] | None) -> Expectations:
    folders = [Path(name) for name in named] if named else [rules.parent / "tests" / kind for kind in KINDS]
    missing = [folder for folder in folders if not folder.is_dir()]
    if named and missing:
        raise InputError("unreadable", f"there is no folder {missing[0]}", "name a folder of expectations with --cases")
    try:
        return gather([folder for folder in folders if folder.is_dir()], rules)
    except OSError as error:
        raise unreadable(error, str(folders[0])) from None


def _wanted(rulebook: Rulebook, parts: list[str]) -> dict[str, list[str]]:
    """Return the rules to mutate by pack; an empty list is the whole pack."""
    if not parts:
        return {pack: [] for pack in rulebook.packs}
    wanted: dict[str, list[str]] = {}
    for part in parts:
        pack, slash, rule = part.partition("/")
        known = rulebook.packs.get(pack)
        if known is None or (slash and rule not in known.rules):
            remedy = "write PACK or PACK/RULE; `fenji packs` lists the packs"
            raise InputError("unknown-rule", f"no pack or rule named `{part[:80]}`", remedy)
        wanted.setdefault(pack, []).extend([rule] if slash else [])
    return wanted


def _counted(rulebook: Rulebook, expectations: Expectations, pack: str, rules: list[str]) -> Iterator[Result]:
    for count, result in enumerate(mutate(rulebook, expectations, pack, rules)):
        if not (count + 1) % 50:
            progress(count + 1, 10**9)
        yield result


def _stale(expectations: Expectations, some: list[str], results: list[Result], pack: str) -> list[str]:
    found = expectations.readings.get(pack)
    return stale(results, found) if found and not some else []
