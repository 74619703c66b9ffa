"""`fenji share file` and `share decide`: a request for government data as a case, decided by the department that provides."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli.desk import Second, Set, Stream, facts_of, fields_of, open_desk, tell
from api.cli.options import Actor, Enterprise, File, Home, Json, Language, Policies, Rules
from api.cli.rulebooks import Beside
from api.cli.share import group
from api.cli.uses import app
from engine.supervise import requests, uses

__all__ = ["app"]
Unconditional = Annotated[
    bool | None,
    typer.Option("--unconditional/--conditional", help="The class of sharing, where neither facts nor policies say it."),
]
Outcome = Annotated[str, typer.Option("--outcome", metavar="VALUE", help=f"What is decided: {', '.join(requests.ANSWERS)}.")]


@group.command()
def file(
    request: File,
    lang: Language,
    by: Actor,
    typed: Set = [],  # noqa: B006 - typer copies it
    policies: Policies = "",
    *,
    unconditional: Unconditional = None,
    json: Json = False,
    rules: Rules = "",
    home: Home = "",
) -> None:
    """File a request for data: its facts, and `--set` requester, provider, basis, scenario, scope, manner, until.

    The time of the answer runs from `sharing.received_on`, which is the day of filing unless the facts say another. Which time,
    say channel, parties and the class of each item; outside sharing between departments none is known by law, and none runs.
    """
    with open_desk(home, rules, Beside(policies)) as desk:
        office = desk.office(by)
        items = facts_of(desk.sharing.rulebook, request)
        given = {**fields_of(desk.streams.table(uses.TABLE), typed), "items": items}
        done = requests.ask(office, given, desk.sharing.rulebook, unconditional=unconditional)
        tell(desk, done, lang, json=json)


@group.command()
def decide(
    request: Stream,
    lang: Language,
    by: Actor,
    outcome: Outcome,
    typed: Set = [],  # noqa: B006 - as above
    second: Second = "",
    policies: Policies = "",
    enterprise: Enterprise = "",
    *,
    json: Json = False,
    rules: Rules = "",
    home: Home = "",
) -> None:
    """Answer a request: agree, or refuse with reasons; an item that law and terms do not surely allow needs a second official.

    A grant carries the items, purposes and uses of the request; `--set granted=`, `purposes=`, `uses=`, `until=` narrow it, and
    what is not granted is refused, with reasons. With `--policies` it binds the terms by their hashes: those published last.
    """
    with open_desk(home, rules, Beside(policies, enterprise)) as desk:
        office = desk.office(by, second)
        given = fields_of(desk.streams.table(uses.TABLE), typed)
        done = requests.answer(office, request, outcome.rpartition("=")[2], given, desk.sharing)
        tell(desk, done, lang, json=json)
