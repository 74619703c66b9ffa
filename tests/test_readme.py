"""What the README names is there: every command with its options, every target of make, every room of the interface."""

from __future__ import annotations

import re
import shlex
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from api.cli import _application
from api.http.app import ROUTERS
from api.http.document import ways

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "README.zh.md")
COMMAND = re.compile(r"\bfenji ((?:(?!\bfenji )[^#;`\n（])+)")


def commands(page: str) -> set[str]:
    """Return the command lines of a page: those of its blocks, and those between backticks."""
    lines = (ROOT / page).read_text("utf-8").splitlines()
    return {found.strip() for line in lines if line.startswith("    ") or "`fenji " in line for found in COMMAND.findall(line)}


@cache
def program() -> Any:
    """Return the whole command line."""
    return get_command(_application([]))


def unknown(words: list[str]) -> list[str]:
    """Return the words of a command line that are no command, and the options that its command does not have."""
    command = program()
    while hasattr(command, "commands") and words:
        name, *words = words
        if not set(name.split("|")) <= command.commands.keys():
            return [name]
        command = command.commands[name.partition("|")[0]]
    known = {option for each in command.params for option in (*each.opts, *each.secondary_opts)}
    return [found for word in words for found in re.findall(r"^\[?(--[a-z-]+)", word) if found not in known]


@pytest.mark.parametrize("page", PAGES)
def test_every_command_is_there(page: str) -> None:
    found = commands(page)
    assert len(found) > 80
    assert {line: wrong for line in found if (wrong := unknown(shlex.split(line)))} == {}


@pytest.mark.parametrize("page", PAGES)
def test_every_target_of_make_is_there(page: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    found = set(re.findall(r"(?:^    |`)make ([a-z-]+)", (ROOT / page).read_text("utf-8"), re.MULTILINE))
    assert {"demo", "serve", "test"} <= found <= targets


def test_every_room_of_the_interface_is_told() -> None:
    served = {way.path.split("/")[2] for way in ways(ROUTERS, "/v1")}
    table = (ROOT / "README.md").read_text("utf-8").partition("| below `/v1` |")[2].partition("\n\n")[0]
    told = {name for line in table.splitlines() for name in re.findall(r"`([a-z-]+)`", line.split(" | ")[0])}
    assert told == served - {"accounts", "sessions", "oidc"}  # who comes in: told in the text below the table
