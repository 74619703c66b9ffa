"""fenji transfer: a register of what a handler sent abroad, its counts of the year, and the route that each transfer joins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from math import inf
from typing import Annotated

import typer

from api.cli.options import Actor, File, Home, Json, Language, Rules, day, document, file_bytes, home_folder, now, say, say_json
from api.cli.rulebooks import choose_for_record
from api.render import transfers as render
from engine.decide.filing import from_document
from engine.errors import InputError, Place
from engine.evidence.installation import open_home
from engine.evidence.log import stamp
from engine.rulebook.days import legal_day
from engine.supervise import registers
from engine.supervise.routes import Routed
from engine.supervise.streams import Streams
from engine.supervise.transfers import KINDS, Kind, count
from engine.supervise.transfers import through as last_day

app = typer.Typer()
group = typer.Typer(no_args_is_help=True, help="Transfers abroad, counted per handler and calendar year.")
app.add_typer(group, name="transfer")

Register = Annotated[str, typer.Argument(metavar="REGISTER", help="The id of a register; `fenji transfer open` gives it.")]
Id = Annotated[str, typer.Option("--id", metavar="ID", help="The transfer's own id.")]
Named = Annotated[
    list[str],
    typer.Option(
        "--persons",
        metavar="FLOW:KIND=FILE",
        help="Identifiers, one a line, kept as keyed hashes; KIND is general or sensitive.",
    ),
]
Fresh = Annotated[bool, typer.Option("--fresh", help="None of its persons was in a transfer of an earlier day of the year.")]
Under = Annotated[str, typer.Option("--under", help="The mechanism used: exempt, contract, certification or assessment.")]
Why = Annotated[str, typer.Option("--reasons", metavar="TEXT", help="Why it is corrected or withdrawn.")]
Mandate = Annotated[
    str, typer.Option("--mandate", metavar="FILE", help="The handler's paper under which an official does this for it.")
]
Year = Annotated[int | None, typer.Option("--year", min=2017, max=9999, help="The calendar year.", show_default="this year")]


@dataclass(frozen=True, slots=True)
class _Desk:
    streams: Streams
    actor: registers.Actor | None

    def acting(self) -> registers.Actor:
        """Return who acts; every command that records names one."""
        assert self.actor is not None  # noqa: S101 - INVARIANT: only commands with --as call this
        return self.actor


@contextmanager
def _desk(home: str, rules: str, by: str = "", mandate: str = "") -> Iterator[_Desk]:
    moment = now()
    paper = sha256(file_bytes(mandate)).hexdigest() if mandate else ""
    with open_home(home_folder(home)) as opened:
        chosen = choose_for_record(opened, rules, "")
        actor = registers.Actor(opened.actors.key_of(by, "decision", stamp(moment)), moment, mandate=paper) if by else None
        yield _Desk(Streams(opened, chosen.rulebook), actor)


@group.command("open")
def open_(
    holder: Annotated[str, typer.Option("--holder", metavar="CODE", help="The handler's unified social credit code.")],
    name: Annotated[str, typer.Option("--name", help="The handler's name.")],
    by: Actor,
    *,
    home: Home = "",
    rules: Rules = "",
) -> None:
    """Open the register of a handler and print its id; a handler has one."""
    with _desk(home, rules, by) as desk:
        say(registers.open_register(desk.streams, desk.acting(), holder, name).state.stream)


@group.command()
def record(
    register: Register,
    file: File,
    name: Id,
    by: Actor,
    lang: Language,
    persons: Named = [],  # noqa: B006 - typer copies it
    under: Under = "",
    mandate: Mandate = "",
    *,
    fresh: Fresh = False,
    json: Json = False,
    home: Home = "",
    rules: Rules = "",
) -> None:
    """Record a transfer; FILE states its facts. Exit 1 when it crosses a threshold of the year, or may."""
    with _desk(home, rules, by, mandate) as desk:
        told = _told(desk, file, name, persons, under, fresh=fresh)
        done, found = registers.record(desk.streams, register, desk.acting(), told)
        _shown(desk, found, lang, json=json, recorded=done.id)


@group.command()
def correct(
    register: Register,
    file: File,
    name: Id,
    by: Actor,
    reasons: Why,
    lang: Language,
    persons: Named = [],  # noqa: B006 - typer copies it
    under: Under = "",
    mandate: Mandate = "",
    *,
    fresh: Fresh = False,
    json: Json = False,
    home: Home = "",
    rules: Rules = "",
) -> None:
    """Correct a transfer that was recorded, with reasons; what was recorded first stays in the log."""
    with _desk(home, rules, by, mandate) as desk:
        told = _told(desk, file, name, persons, under, fresh=fresh)
        done, found = registers.record(desk.streams, register, desk.acting(), told, reasons)
        _shown(desk, found, lang, json=json, recorded=done.id)


@group.command()
def check(
    register: Register,
    file: File,
    lang: Language,
    name: Id = "new",
    persons: Named = [],  # noqa: B006 - typer copies it
    *,
    fresh: Fresh = False,
    json: Json = False,
    home: Home = "",
    rules: Rules = "",
) -> None:
    """The route before and after a transfer that is not recorded. Exit 1 when it would cross a threshold, or might."""
    with _desk(home, rules) as desk:
        told = _told(desk, file, name, persons, "", fresh=fresh)
        _shown(desk, registers.check(desk.streams, register, told), lang, json=json)


@group.command()
def withdraw(
    register: Register, name: Id, by: Actor, reasons: Why, mandate: Mandate = "", *, home: Home = "", rules: Rules = ""
) -> None:
    """Take a recorded transfer back, with reasons."""
    with _desk(home, rules, by, mandate) as desk:
        say(registers.withdraw(desk.streams, register, desk.acting(), name, reasons).id)


@group.command()
def declare(
    register: Register,
    start: Annotated[str, typer.Option("--from", metavar="YYYY-MM-DD", help="The first day of the period.")],
    through: Annotated[str, typer.Option("--through", metavar="YYYY-MM-DD", help="Its last day.")],
    by: Actor,
    mandate: Mandate = "",
    *,
    home: Home = "",
    rules: Rules = "",
) -> None:
    """Declare that every transfer of a period is recorded: without this the counts of a year have no upper bound."""
    first, last = day(start, "--from"), day(through, "--through")
    if last < first:
        raise InputError("wrong-period", "the period ends before it begins", "swap the days", Place("--through"))
    with _desk(home, rules, by, mandate) as desk:
        say(registers.declare(desk.streams, register, desk.acting(), (first, last)).id)


@group.command("list")
def list_(
    register: Register, lang: Language, year: Year = None, *, json: Json = False, home: Home = "", rules: Rules = ""
) -> None:
    """The transfers of a year and how many persons went abroad. Exit 1 while the count has no upper bound."""
    today = legal_day(now())
    wanted = year or today.year
    with _desk(home, rules) as desk:
        found = registers.register(desk.streams, register)
    through = last_day(found, wanted, today)
    if json:
        say_json(render.listed_json(found, through))
    else:
        say(render.listed(found, through, lang))
    raise typer.Exit(int(any(count(found, kind, through)[1] == inf for kind in KINDS)))


def _told(desk: _Desk, file: str, name: str, persons: list[str], under: str, *, fresh: bool) -> registers.Told:
    filing = from_document(desk.streams.rulebook, document(file))
    return registers.Told(name, filing, dict(map(_persons, persons)), fresh=fresh, under=under)


def _persons(text: str) -> tuple[tuple[str, Kind], list[str]]:
    """Return flow, kind and identifiers from FLOW:KIND=FILE."""
    at, _, path = text.partition("=")
    flow, _, kind = at.rpartition(":")
    if not flow or kind not in KINDS or not path:
        remedy = "write FLOW:general=FILE or FLOW:sensitive=FILE"
        raise InputError("wrong-persons", f"`{text[:60]}` names no flow, kind and file", remedy, Place("--persons"))
    lines = file_bytes(path).decode("utf-8", "replace").splitlines()
    return (flow, kind), [line.strip() for line in lines if line.strip()]


def _shown(desk: _Desk, found: Routed, lang: str, *, json: bool, recorded: str = "") -> None:
    if json:
        say_json(render.routed_json(found, recorded))
    else:
        say(render.routed(desk.streams.rulebook, found, lang, recorded))
    raise typer.Exit(int(any(each != "no" for each in found.crosses.values())))
