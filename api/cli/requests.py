"""`fenji share file` and `share decide`: a request for government data as a case, decided by the department that provides."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli.desk import Desk, Second, Set, Stream, facts_of, fields_of, open_desk, tell
from api.cli.options import Actor, Enterprise, File, Home, Json, Language, Policies, Rules
from api.cli.rulebooks import Beside
from api.cli.share import group
from api.cli.uses import app
from engine.decide.share import share_filing
from engine.evidence import facts, policy
from engine.evidence.merged import bound
from engine.rulebook.days import legal_day
from engine.rulebook.policies import OVERLAYS
from engine.supervise import cases, filings, requests, uses

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
        if "provider" in given:
            given.setdefault("unit", given["provider"])  # whoever answers has it in the queue
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
    """Answer a request: agree, or refuse with reasons; what law, or the terms, do not allow needs a second official.

    A grant carries the items and purposes of the request, unless `--set granted=` and `--set purposes=` name others. With
    `--policies` it binds the terms by their hashes: they have to be those that were published last.
    """
    with open_desk(home, rules, Beside(policies, enterprise)) as desk:
        office = desk.office(by, second)
        given = fields_of(desk.streams.table(uses.TABLE), typed)
        value = outcome.rpartition("=")[2]
        terms, against = _terms(desk, office, request, enterprise) if value != requests.REFUSED else ([], False)
        given |= {"policies": terms} if terms else {}
        done = requests.answer(office, request, value, given, against=against)
        tell(desk, done, lang, json=json)


def _terms(desk: Desk, office: cases.Office, request: str, enterprise: str) -> tuple[list[str], bool]:
    """Return the terms of a grant by name and hash, and whether they, with law, allow some item not at all.

    Raises EvidenceError when they are not those that were published last.
    """
    chosen = desk.sharing
    if chosen.policies is None:
        return [], False
    filing = facts.filing_of(chosen.rulebook, filings.content(desk.streams, request, ("items",)).facts)
    answer = share_filing(chosen.rulebook, filing, legal_day(office.now), enterprise=enterprise, search=False)
    for each in answer.policies:
        name = f"{OVERLAYS}/{each.name}" if each.kind == "overlay" else each.name
        policy.require_published(desk.home, chosen.policies, name)
    return bound(chosen.rulebook, chosen.marked_share(answer, {}), office.by)
