"""`fenji share file` and `share decide`: a request for government data as a case, decided by the department that provides."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli.desk import Second, Set, Stream, facts_of, fields_of, open_desk, tell
from api.cli.options import Actor, File, Home, Json, Language, Rules
from api.cli.share import group
from api.cli.uses import app
from engine.evidence.log import new_id
from engine.supervise import cases
from engine.supervise.streams import Act

__all__ = ["app"]
PROCESS, PACK = "data-sharing-request", "cn-data-sharing"
REFUSED = "refuse"
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
    """File a request for data: its facts, and `--set` requester, provider, basis, scenario, scope, manner, until."""
    with open_desk(home, rules) as desk:
        office = desk.office(by)
        given = {**fields_of(desk.streams.table(PROCESS), typed), "items": facts_of(desk.rulebook, request)}
        if "provider" in given:
            given.setdefault("unit", given["provider"])  # whoever answers has it in the queue
        event = "request_unconditional" if unconditional else "request_conditional"
        done = desk.streams.perform(Act(new_id(office.now), PROCESS, event, office.by, office.now, given))
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
    """Answer a request: agree, or refuse with reasons; an answer that the law's rules do not propose needs a second official."""
    with open_desk(home, rules) as desk:
        office = desk.office(by, second)
        given = fields_of(desk.streams.table(PROCESS), typed)
        value = outcome.rpartition("=")[2]
        ruling = cases.Ruling("refuse" if value == REFUSED else "agree", f"share={value}", given)
        done = cases.decide(office, request, cases.question(office, request, PACK), ruling)
        tell(desk, done, lang, json=json)
