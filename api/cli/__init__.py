"""The command line: each command is a function of one module here, and only the module of the command given is imported.

Exit codes: 0 done, 1 findings or something open, 2 bad input or evidence that does not hold, 3 not reproducible.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

import typer

from engine.errors import FenjiError

# command -> the module that registers it on its own `app`, in the order of `--help`
COMMANDS = {
    "demo": "demo",
    "packs": "browse",
    "facts": "browse",
    "assess": "assess",
    "report": "report",
    "explain": "explore",
    "questions": "explore",
    "what-if": "explore",
    "ask": "interview",
    "check": "author",
    "new-rule": "author",
    "lock": "author",
    "mutate": "mutate",
    "pages": "pages",
    "workbook": "workbook",
    "coverage": "study",
    "stale": "study",
    "decide": "decide",
    "export": "evidence",
    "verify": "evidence",
    "replay": "evidence",
    "init": "keep",
    "log": "keep",
    "fsck": "keep",
    "erase": "keep",
    "backup": "keep",
    "restore": "keep",
    "file": "file",
    "case": "case",
    "draw": "draws",
    "actor": "actors",
    "rulebook": "release",
    "policy": "policy",
    "share": "requests",  # which adds its commands to those of `uses`, as that does to those of `share`
    "clock": "clock",
    "transfer": "transfer",
    "pilot": "pilot",
    "incident": "pilot",
    "furnish": "furnished",
    "serve": "serve",
    "account": "serve",
}
BAD_INPUT = 2
YOUNG = 50_000  # objects between two collections: nearly all that a command makes it either keeps or frees at once


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and exit with its code; what fenji refuses is said on standard error, without a traceback."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    gc.set_threshold(YOUNG)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal that cannot show Chinese shows escapes
    try:
        _application(words)(words, prog_name="fenji")
    except FenjiError as error:
        typer.echo("".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in error.text()), err=True)
    sys.exit(BAD_INPUT)


def _application(words: list[str]) -> typer.Typer:
    """Return the application with the command that `words` begin with, or with all commands."""
    known = COMMANDS.get(words[0]) if words else None
    application = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)
    application.callback()(_fenji)
    for name in dict.fromkeys([known] if known else COMMANDS.values()):
        application.add_typer(import_module(f"api.cli.{name}").app)
    return application


def _fenji() -> None:
    """Tiered AI regulation and data governance (分级) as rules: assess a filing, see why, and what is missing."""
