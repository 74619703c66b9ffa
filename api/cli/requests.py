"""`fenji share file` and `share decide`: a request for government data as a case, decided by the department that provides."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli.desk import Second, Set, Stream, facts_of, fields_of, open_desk, tell
from api.cli.options import Actor, File, Home, Json, Language, Rules
from api.cli.share import group
from api.cli.uses import app
from engine.supervise import requests, uses

__all__ = ["app"]
Unconditional = Annotated[bool, typer.Option("--unconditional", help="The data are shared without conditions.")]
Outcome = Annotated[str, typer.Option("--outcome", metavar="VALUE", help="What is decided, a value of the outcome `share`.")]


@group.command()
def file(
    request: File,
    lang: Language,
    by: Actor,
    typed: Set = [],  # noqa: B006 - typer copies it
    *,
    unconditional: Unconditional = False,
    json: Json = False,
    rules: Rules = "",
    home: Home = "",
) -> None:
    """File a request for data: its facts, and `--set` requester, provider, basis, scenario, scope, manner, until.

    The time of the answer runs from `sharing.received_on`, where the facts say it.
    """
    with open_desk(home, rules) as desk:
        office = desk.office(by)
        given = {**fields_of(desk.streams.table(uses.TABLE), typed), "items": facts_of(desk.rulebook, request)}
        if "provider" in given:
            given.setdefault("unit", given["provider"])  # whoever answers has it in the queue
        done = requests.ask(office, given, unconditional=unconditional)
        tell(desk, done, lang, json=json)


@group.command()
def decide(
    request: Stream,
    lang: Language,
    by: Actor,
    outcome: Outcome,
    typed: Set = [],  # noqa: B006 - as above
    second: Second = "",
    *,
    json: Json = False,
    rules: Rules = "",
    home: Home = "",
) -> None:
    """Answer a request: agree, or refuse with reasons; an answer that the law's rules do not propose needs a second official.

    A grant carries the items and purposes of the request, unless `--set granted=` and `--set purposes=` name others.
    """
    with open_desk(home, rules) as desk:
        office = desk.office(by, second)
        given = fields_of(desk.streams.table(uses.TABLE), typed)
        done = requests.answer(office, request, outcome.rpartition("=")[2], given)
        tell(desk, done, lang, json=json)
