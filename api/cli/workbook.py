"""`fenji workbook`: a pack's rules and cases as a decision table in Excel, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.options import (
    Home,
    Json,
    Language,
    PackName,
    Rules,
    file_bytes,
    now,
    pack_of,
    rulebook_of,
    rules_folder,
    say,
    say_json,
    unreadable,
    write_new,
)
from api.cli.rulebooks import frozen
from api.render import workbook
from engine.errors import CheckFailedError, Finding, Place
from engine.rulebook import lock as locks
from engine.rulebook.check import check as prove
from engine.rulebook.days import legal_day
from engine.rulebook.load import load_all
from engine.rulebook.locate import files_of
from engine.rulebook.read import place_of, plain, read
from engine.rulebook.rewrite import flow, loses_comments, rewrite
from engine.study.rows import Taken, changes, from_rows, to_rows

app = typer.Typer()
group = typer.Typer(no_args_is_help=True, help="A pack's rules and cases as a decision table in Excel, and back.")
app.add_typer(group, name="workbook")
Book = Annotated[str, typer.Argument(metavar="FILE", help="The workbook, .xlsx; - for standard input.")]
NewBook = Annotated[str, typer.Argument(metavar="FILE", help="A new workbook, .xlsx; - for standard output.")]
Write = Annotated[bool, typer.Option("--write", help="Write the changes into the rule files; otherwise they are only shown.")]


@group.command("out")
def out(pack: PackName, file: NewBook, *, rules: Rules = "") -> None:
    """Write the rules, versions, sources and cases of a pack to a workbook."""
    pack_of(rulebook_of(rules), pack)
    write_new(file, workbook.write(pack, to_rows(_docs(rules_folder(rules), pack)[0])))


@group.command("in")
def take(file: Book, lang: Language, *, write: Write = False, json: Json = False, rules: Rules = "", home: Home = "") -> None:
    """Show what a workbook would change, and with --write change it. Exits 1 when there are changes that were not written."""
    folder = rules_folder(rules)
    pack, sheets = workbook.read(file_bytes(file), file)
    pack_of(rulebook_of(rules), pack)
    before, texts = _docs(folder, pack)
    taken = from_rows(sheets, before)
    if taken.findings:
        raise CheckFailedError(taken.findings)
    after = {name: rewrite(texts[name], doc) for name, doc in taken.docs.items()}
    changed = [name for name in after if after[name] != texts[name]]
    if changed and (faults := _faults(folder, pack, after, taken, frozen(home))):
        raise CheckFailedError(faults)
    if write:
        _store(folder / pack, {name: after[name] for name in changed})
    rows = [row for name in changed for row in _rows(taken, name, before[name])]
    if json:
        say_json(rows)
    else:
        say(_said(rows, [name for name in changed if loses_comments(texts[name], after[name])], lang, written=write))
    raise typer.Exit(1 if changed and not write else 0)


def _docs(folder: Path, pack: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the rules of a pack as their files say, and the text of each file."""
    texts = {path.stem: path.read_text("utf-8") for path in sorted((folder / pack).glob("*.yaml")) if path.name != "pack.yaml"}
    return {name: plain(read(text.encode(), f"rules/{pack}/{name}.yaml")) for name, text in texts.items()}, texts


def _faults(folder: Path, pack: str, after: dict[str, str], taken: Taken, published: locks.Versions) -> list[Finding]:
    """Return what `check` finds in the changed rules, and what was published and is changed, each at its cell."""
    new = {f"{pack}/{name}.yaml": text.encode() for name, text in after.items()}
    loaded = load_all([(name, new.get(name, data)) for name, data in files_of(folder)])
    found = [finding for finding in prove(loaded) if finding.level == "error"]
    if not found:
        mine = {rule: held for rule, held in published.items() if rule.rpartition("/")[0] == pack}
        found = locks.changed(mine, loaded.rulebook, legal_day(now()))
    return [Finding(each.code, _cell(each.place, taken, after), each.problem, each.help) for each in found]


def _cell(place: Place, taken: Taken, after: dict[str, str]) -> Place:
    """Return the cell of a place in a rule file: the last one that does not stand after it."""
    rule = Path(place.file).stem
    if rule not in after:
        return place
    node = read(after[rule].encode(), place.file)
    cells = [(place_of(node, path), cell) for (name, path), cell in taken.cells.items() if name == rule]
    here = [(start.line, start.column, cell) for start, cell in cells if (start.line, start.column) <= (place.line, place.column)]
    return max(here)[2] if here else next((cell for _, cell in cells), place)


def _store(folder: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        path = folder / f"{name}.yaml"
        part = path.with_suffix(".part")
        try:
            part.write_text(text, "utf-8")
            part.replace(path)
        except OSError as error:
            raise unreadable(error, str(path)) from None


def _rows(taken: Taken, name: str, before: dict[str, Any]) -> list[dict[str, Any]]:
    """Return each change of a rule with the cell from which it came."""
    found = []
    for path, old, new in changes(before, taken.docs[name]):
        above = (path[:end] for end in range(len(path), 0, -1))
        cell = next((str(taken.cells[name, part]) for part in above if (name, part) in taken.cells), None)
        found.append({"rule": name, "path": ".".join(map(str, path)), "before": old, "after": new, "cell": cell})
    return found


SAID = {
    "zh": {
        "gone": "（无）",
        "bare": "{}：重新写出的列表，其中的注释会丢失",
        "count": "{}处改动",
        "written": "{}处改动：已写入，请运行 fenji check 和 fenji lock",
        "shown": "{}处改动：未写入，加 --write 写入",
    },
    "en": {
        "gone": "(nothing)",
        "bare": "{}: comments in a list that is written anew are lost",
        "count": "{} changes",
        "written": "{} changes: written; run fenji check and fenji lock",
        "shown": "{} changes: not written; add --write to write them",
    },
}


def _said(rows: list[dict[str, Any]], bare: list[str], lang: str, *, written: bool) -> str:
    words = SAID[lang]
    lines = []
    for row in rows:
        old, new = (words["gone"] if row[key] is None else flow(row[key]) for key in ("before", "after"))
        where = f" [{row['cell']}]" if row["cell"] else ""
        lines += [f"{row['rule']} {row['path']}{where}", f"  - {old}", f"  + {new}"]
    lines += [words["bare"].format(name) for name in bare]
    last = words["count" if not rows else "written" if written else "shown"].format(len(rows))
    return "\n".join([*lines, last])
