"""What the commands over streams share: who acts, under which rules, with which fields, on which day."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated, Any

import typer

from api.cli.options import day, document, home_folder, now, say, say_json
from api.cli.rulebooks import choose_for_record
from engine.errors import InputError
from engine.evidence.installation import open_home
from engine.evidence.log import stamp
from engine.rulebook.read import plain
from engine.supervise.state import State
from engine.supervise.streams import Act, Recorded, Streams

Fields = Annotated[str, typer.Argument(metavar="[FILE]", help="Fields of the event, YAML or JSON; - for standard input.")]
Second = Annotated[str, typer.Option("--second", metavar="ACTOR", help="The second official, where one must sign.")]
Happened = Annotated[
    str, typer.Option("--on", metavar="YYYY-MM-DD", help="The legal day, where it is recorded later.", show_default="today")
]
Expected = Annotated[int, typer.Option("--expected", metavar="NUMBER", help="The number of the last event seen, else refuse.")]


@contextmanager
def streams_of(rules: str, home: str) -> Iterator[Streams]:
    """Open the installation and the rulebook under which its streams are judged. Raises EvidenceError, RulebookError."""
    with open_home(home_folder(home)) as opened:
        yield Streams(opened, choose_for_record(opened, rules, "").rulebook)


def fields_of(file: str) -> dict[str, Any]:
    """Return the fields in a file; none without one. Raises InputError when they are no names with values."""
    if not file:
        return {}
    node = document(file)
    found: Any = plain(node)
    if not isinstance(found, dict):
        raise InputError("wrong-form", "the fields of an event are names with values", "write `name: value`", node.place)
    return found


def act(streams: Streams, where: tuple[str, str, str], fields: dict[str, Any], who: tuple[str, str], on: str, seen: int) -> Act:
    """Return an act: `where` is stream, process and event, `who` acts and signs as second. Raises SigningError, InputError."""
    moment, actors = now(), streams.home.actors
    key, second = (actors.key_of(name, "decision", stamp(moment)) if name else None for name in who)
    legal: date | None = day(on, "--on") if on else None
    return Act(*where, key, moment, fields, legal, second, None if seen < 0 else seen)


def told(recorded: Recorded, *, json: bool) -> None:
    """Print a recorded event: its stream, number, state and id."""
    after = recorded.state
    if json:
        say_json({"id": recorded.id, **shown(after)})
    else:
        say(f"{after.stream}: {after.name}, event {after.number}, leaf {recorded.receipt.index}")


def shown(state: State) -> dict[str, Any]:
    """Return a stream as JSON."""
    return {**state.to_json(), "state": state.name}
