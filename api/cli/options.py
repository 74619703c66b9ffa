"""What commands share: options, the rulebook, the document in FILE, the day, and printing."""

from __future__ import annotations

import errno
import json
import os
import re
import sys
from datetime import date, datetime
from enum import StrEnum
from io import BytesIO
from pathlib import Path
from typing import Annotated, Any, BinaryIO, NoReturn

import typer

from engine.errors import InputError, Place
from engine.rulebook.days import legal_day
from engine.rulebook.locate import find, open_rulebook
from engine.rulebook.model import PackRules, Rulebook
from engine.rulebook.read import MAX_BYTES, Node
from engine.rulebook.read_json import read_filing

BROKEN_PIPE = 141  # what a shell reports for a command that SIGPIPE ended
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")


class Lang(StrEnum):
    """The languages of answers."""

    zh = "zh"
    en = "en"


DEMO = "accounts.json"  # where a furnished installation keeps the passwords that make it a demo


def _language() -> Lang:
    names = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return Lang.zh if next((name for name in names if name), "").startswith("zh") else Lang.en


PackName = Annotated[str, typer.Argument(metavar="PACK", help="The pack; `fenji packs` lists them.")]
File = Annotated[str, typer.Argument(metavar="FILE", help="The filing, YAML or JSON; - for standard input.")]
PackOrFile = Annotated[
    str, typer.Argument(metavar="[PACK]", help="The pack; every pack that can apply when left out.", show_default=False)
]
FileLast = Annotated[
    str, typer.Argument(metavar="FILE", help="The filing, YAML or JSON; - for standard input.", show_default=False)
]
AsOf = Annotated[str, typer.Option("--as-of", metavar="YYYY-MM-DD", help="The day of the answer.", show_default="today")]
On = Annotated[
    str, typer.Option("--on", metavar="YYYY-MM-DD", help="The day on which compliance is judged.", show_default="--as-of")
]
Language = Annotated[
    Lang, typer.Option("--lang", help="The language of the text.", show_default="that of the locale", default_factory=_language)
]
Home = Annotated[str, typer.Option("--home", metavar="FOLDER", help="The installation's folder.", show_default="the user's")]
Actor = Annotated[str, typer.Option("--as", metavar="ACTOR", help="Who acts; `fenji actor list` lists them.")]
KnownAt = Annotated[str, typer.Option("--known-at", metavar="YYYY-MM-DD", help="Use the rulebook published by this day.")]
Policies = Annotated[
    str, typer.Option("--policies", metavar="FOLDER", help="Owners' policies and overlays, read beside the rules.")
]
Enterprise = Annotated[str, typer.Option("--enterprise", metavar="NAME", help="The enterprise whose overlays are used.")]
Unit = Annotated[str, typer.Option("--unit", help="Only this unit in charge.")]
District = Annotated[str, typer.Option("--district", help="Only this district.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Rules = Annotated[str, typer.Option("--rules", metavar="FOLDER", help="The rules folder.", show_default="the one installed")]


def rules_folder(rules: str) -> Path:
    """Return the rules folder that `--rules` names, or the usual one. Raises RulesNotFoundError."""
    return find(rules or None)


def rulebook_of(rules: str) -> Rulebook:
    """Return the rulebook that `--rules` names, or the usual one, as it is known today. Raises RulebookError, InputError."""
    folder = rules_folder(rules)
    try:
        return open_rulebook(folder).as_known(legal_day(now()))
    except OSError as error:
        raise unreadable(error, str(folder)) from None


def pack_of(rulebook: Rulebook, pack: str) -> PackRules:
    """Return a pack by its name. Raises InputError when there is none of that name."""
    if pack not in rulebook.packs:
        known = f"the packs are {', '.join(sorted(rulebook.packs))}"
        remedy = "an owner's policy lies in a folder of its own: name it with --policies" if "/" in pack else known
        raise InputError("unknown-pack", f"no pack named `{pack}`", remedy)
    return rulebook.packs[pack]


def no_file(rulebook: Rulebook, command: str, first: str) -> None:
    """Refuse a pack's name that stands where the filing is wanted. Raises InputError."""
    if first in rulebook.packs:
        remedy = f"write `fenji {command} {first} FILE`, or FILE alone for every pack"
        raise InputError("no-file", "the filing is missing", remedy)


def document(file: str) -> Node:
    """Return the document in `file`, or on standard input for `-`. Raises InputError."""
    if file == "-":
        return read_filing(standard_input().read(MAX_BYTES + 1), "<stdin>")
    return read_filing(file_bytes(file, MAX_BYTES), file)


def standard_input() -> BinaryIO:
    """Return standard input as bytes; one that is closed is empty."""
    return BytesIO() if sys.stdin is None else sys.stdin.buffer


def unreadable(error: Exception, file: str) -> InputError:
    """Return the error for a file or folder that the system refuses to read or write."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    named = str(error.filename) if isinstance(error, OSError) and error.filename else file
    return InputError(
        "unreadable", f"the system refuses: {reason[:1].lower()}{reason[1:]}", "check the name and its permissions", Place(named)
    )


def now() -> datetime:
    """Return the moment: the only place where fenji reads the clock."""
    return datetime.now().astimezone()


def day(as_of: str, option: str = "--as-of") -> date:
    """Return the day that an option names, or today where the law applies. Raises InputError."""
    if not as_of:
        return legal_day(now())
    try:
        return date.fromisoformat(as_of if _DAY.match(as_of) else "")
    except ValueError:
        remedy = "write it as YYYY-MM-DD, a day that exists"
        raise InputError("wrong-date", f"`{option}` is a date, not `{as_of[:60]}`", remedy, Place(option)) from None


def days(as_of: str, on: str) -> tuple[date, date]:
    """Return the day of the answer and that on which compliance is judged; an earlier `--on` alone is both. Raises InputError."""
    law, judged = day(as_of), day(on, "--on") if on else None
    if judged is None:
        return law, law
    return (law if as_of else min(law, judged)), judged


def home_folder(home: str) -> Path:
    """Return the installation's folder: `--home`, FENJI_HOME, or the user's data folder. Raises InputError without any."""
    stated = home or os.environ.get("FENJI_HOME")
    if stated:
        return Path(stated)
    try:
        return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "fenji"
    except RuntimeError:
        raise InputError("no-home", "there is no home folder", "name one with --home or FENJI_HOME") from None


def file_bytes(file: str, limit: int = 64_000_000) -> bytes:
    """Return the bytes of a file, or of standard input for `-`. Raises InputError."""
    if file == "-":
        return standard_input().read(limit + 1)
    try:
        with Path(file).open("rb") as opened:
            return opened.read(limit + 1)
    except (OSError, ValueError) as error:
        raise unreadable(error, file) from None


def write_new(path: str, data: bytes) -> None:
    """Write a new file, never over another; `-` is standard output. Raises InputError."""
    if path == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    try:
        with Path(path).open("xb") as out:
            out.write(data)
    except FileExistsError:
        raise InputError("exists", "there is a file of this name", "choose another name", Place(path)) from None
    except (OSError, ValueError) as error:
        raise unreadable(error, path) from None


def progress(done: int, total: int) -> None:
    """Show how far long work has come, on standard error of a terminal."""
    if sys.stderr and sys.stderr.isatty():
        sys.stderr.write(f"\r{done}/{total}" + ("\n" if done >= total else ""))


def say(text: str, *, end: str = "\n") -> None:
    """Print to standard output; a reader who has gone away ends the program quietly."""
    try:
        sys.stdout.write(text + end)
        sys.stdout.flush()
    except OSError as error:
        if error.errno not in (errno.EPIPE, errno.EINVAL):  # EINVAL is how Windows says it
            raise
        _hang_up()


def _hang_up() -> NoReturn:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that the flush at exit has somewhere to go
    raise typer.Exit(BROKEN_PIPE)


def say_json(value: Any) -> None:
    """Print `value` as JSON, Chinese unescaped."""
    say(json.dumps(value, ensure_ascii=False, indent=2))
