"""What the commands of filings and cases share: an office at work, fields as they are typed, and how a stream is printed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.options import day, document, file_bytes, home_folder, now, say, say_json
from api.cli.rulebooks import Beside, Chosen, choose_for_record
from api.render.streams import Shown
from engine.decide.filing import from_document
from engine.errors import InputError, Place
from engine.evidence import facts
from engine.evidence.installation import Installation, open_home
from engine.evidence.log import stamp
from engine.rulebook.model import Rulebook
from engine.supervise.cases import Office
from engine.supervise.filings import taken_up
from engine.supervise.streams import Recorded, Streams
from schemas.lifecycle import FieldDecl, Lifecycle

LISTS = frozenset({"texts", "persons"})  # types of fields that are typed as JSON, or as parts between commas
JSON = ("[", "{", '"')  # how what is typed as JSON begins
Stream = Annotated[str, typer.Argument(metavar="ID", help="The filing, case or request; `list` shows them.")]
Set = Annotated[
    list[str],
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="A field; @FILE stands for its hash, or for files (@A,@B); a list is JSON or parts between commas. Repeatable.",
    ),
]
Dated = Annotated[str, typer.Option("--on", metavar="YYYY-MM-DD", help="The legal day, when it is recorded later.")]
Second = Annotated[str, typer.Option("--second", metavar="ACTOR", help="The second official who signs.")]
Evidence = Annotated[list[str], typer.Option("--evidence", metavar="FILE", help="A file that proves something, kept by hash.")]


@dataclass(frozen=True)
class Desk:
    """An open installation with the rules in force."""

    home: Installation
    rulebook: Rulebook
    streams: Streams
    release: str
    sharing: Chosen  # the rules with the owners' policies of `--policies`, or the same rules

    def office(self, by: str, second: str = "") -> Office:
        """Return the office of an actor, now. Raises SigningError."""
        moment = now()
        actors, at = self.home.actors, stamp(moment)
        other = actors.key_of(second, "decision", at) if second else None
        return Office(self.streams, actors.key_of(by, "decision", at), moment, self.release, other)


@contextmanager
def open_desk(home: str, rules: str, beside: Beside | None = None) -> Iterator[Desk]:
    """Open the installation under the rules in force, or those of `--rules`. Raises StoreError, RulebookError, InputError."""
    with open_home(home_folder(home)) as opened:
        chosen = choose_for_record(opened, rules, "")
        sharing = choose_for_record(opened, rules, "", beside) if beside and beside.folder else chosen
        yield Desk(opened, chosen.rulebook, Streams(opened, chosen.rulebook), chosen.release, sharing)


def fields_of(table: Lifecycle, typed: list[str]) -> dict[str, Any]:
    """Return fields as their types want them; files that are named one by one add up. Raises InputError for no `NAME=VALUE`."""
    declared = {each.id: each for each in table.fields}
    found: dict[str, Any] = {}
    for each in typed:
        name, equals, text = each.partition("=")
        if not equals:
            raise InputError("wrong-field", f"`{each[:60]}` is not NAME=VALUE", "write --set NAME=VALUE", Place("--set"))
        value = _typed(declared[name], text) if name in declared else text
        several = isinstance(value, list) and isinstance(found.get(name), list) and declared[name].type == "files"
        found[name] = [*found[name], *value] if several else value
    return found


def _typed(decl: FieldDecl, text: str) -> Any:
    """Return a value; what has not the form of its type stays text, and the engine says what is wrong with it."""
    if decl.type == "hash" and text.startswith("@"):
        return sha256(file_bytes(text[1:])).hexdigest()
    if decl.type == "files" and text.startswith("@"):
        return evidence_of(text[1:].split(",@"))
    if decl.type in LISTS:
        return _several(text)
    if decl.type == "faults" and text.lstrip().startswith(JSON):  # a bare text is one fault, here as in HTTP
        return _json(text)
    if decl.type == "bool":
        return {"true": True, "false": False}.get(text, text)
    if decl.type == "int":
        return int(text) if text.lstrip("-").isdecimal() else text
    if decl.type in ("document", "files", "facts"):
        return _json(text)
    return text


def _several(text: str) -> Any:
    """Return a list as it is typed: JSON where it begins as JSON, else parts between commas."""
    if text.lstrip().startswith(JSON):
        return _json(text)
    return [part.strip() for part in text.split(",") if part.strip()]


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def facts_of(rulebook: Rulebook, file: str) -> dict[str, Any]:
    """Return the facts of a filing as named values. Raises InputError."""
    return facts.values_of(rulebook, from_document(rulebook, document(file)))


def evidence_of(paths: list[str]) -> list[dict[str, str]]:
    """Return files by name and hash. Raises InputError."""
    return [{"name": Path(path).name, "sha256": sha256(file_bytes(path)).hexdigest()} for path in paths]


def dated(text: str) -> date | None:
    """Return the day that `--on` names, None without one. Raises InputError."""
    return day(text, "--on") if text else None


def tell(desk: Desk, done: Recorded, lang: str, *, json: bool) -> None:
    """Print what was recorded: the event with its receipt, and where the stream stands."""
    if json:
        say_json({"stream": done.state.stream, "event": done.id, "statement": done.statement, "receipt": done.receipt.text()})
    else:
        say(Shown(desk.rulebook, desk.streams.table(done.state.process), lang).recorded(done.state))


def tell_cases(desk: Desk, filing: str, lang: str) -> None:
    """Print where the cases stand that were opened on a filing, which itself stays submitted meanwhile."""
    for state in taken_up(desk.streams, filing):
        table = desk.streams.table(state.process)
        say(f"{state.stream}: {table.title.get(lang)}, {Shown(desk.rulebook, table, lang).label(state.name)}")


def show(desk: Desk, stream: str, said: Mapping[str, Any], lang: str, *, json: bool) -> None:
    """Print a stream: its state, what it says, what may happen next, and its history."""
    from engine.supervise.queued import ended  # noqa: PLC0415 - as below
    from engine.supervise.streams import history  # noqa: PLC0415 - only this command reads it

    state, events = desk.streams.state(stream), history(desk.home, stream)
    if json:
        say_json({"state": state.to_json(), "ended": ended(desk.streams, state), "fields": dict(said), "events": events})
    else:
        say(Shown(desk.rulebook, desk.streams.table(state.process), lang).page(state, events, said))
