"""`fenji share use`, `retract` and `uses`: what was made of data that were shared, compared with what was granted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.options import Actor, Home, Json, Language, Rules, home_folder, now, say, say_json
from api.cli.rulebooks import choose_for_record
from api.cli.share import app, group
from api.render import uses as render
from engine.supervise.grants import Ledger, compare, used

if TYPE_CHECKING:
    from engine.evidence.installation import Installation
    from engine.supervise.registers import Actor as Person
    from engine.supervise.streams import Streams

Request = Annotated[str, typer.Argument(metavar="REQUEST", help="The id of a request that was granted.")]
Times = Annotated[int, typer.Option("--times", min=1, max=1_000_000, help="How many uses are told at once.")]
Id = Annotated[str, typer.Option("--id", metavar="ID", help="The use's own id.", show_default="its number")]
Day = Annotated[str, typer.Option("--date", metavar="YYYY-MM-DD", help="The day of the use.", show_default="today")]
Purpose = Annotated[str, typer.Option("--purpose", help="What it was for.")]
Items = Annotated[list[str], typer.Option("--item", help="An item of data used. Repeatable.")]
Records = Annotated[int | None, typer.Option("--records", min=0, help="How many records were used.", show_default="not told")]
PassedTo = Annotated[list[str], typer.Option("--passed-to", metavar="WHO", help="To whom the data went on. Repeatable.")]
Kept = Annotated[bool, typer.Option("--kept", help="The data went to nobody else.")]


def _streams(opened: Installation, rules: str) -> Streams:
    from engine.supervise.streams import Streams  # noqa: PLC0415 - a request that is only checked needs no store

    return Streams(opened, choose_for_record(opened, rules, "").rulebook)


def _actor(opened: Installation, by: str) -> Person:
    from engine.evidence.log import stamp  # noqa: PLC0415 - as above
    from engine.supervise.registers import Actor as Person  # noqa: PLC0415

    moment = now()
    return Person(opened.actors.key_of(by, "decision", stamp(moment)), moment)


def use(
    request: Request,
    by: Actor,
    lang: Language,
    name: Id = "",
    date: Day = "",
    purpose: Purpose = "",
    items: Items = [],  # noqa: B006 - typer copies it
    records: Records = None,
    passed_to: PassedTo = [],  # noqa: B006 - as above
    times: Times = 1,
    *,
    kept: Kept = False,
    json: Json = False,
    home: Home = "",
    rules: Rules = "",
) -> None:
    """Record a use of shared data. Exit 1 when it is beyond the grant, or what is not told leaves that open."""
    told: dict[str, Any] = {"use": name, "date": date, "purpose": purpose, "used_items": items, "passed_to": passed_to}
    fields = {field: value for field, value in told.items() if value} | {"used": times}
    fields |= {} if records is None else {"used_records": records}
    fields |= {"kept": True} if kept else {}
    from engine.evidence.installation import open_home  # noqa: PLC0415 - as above
    from engine.supervise import uses as service  # noqa: PLC0415

    with open_home(home_folder(home)) as opened:
        done, found = service.record(_streams(opened, rules), request, _actor(opened, by), fields)
    if json:
        say_json({"record": done.id, **render.compared_json(found)})
    else:
        say(f"{done.id}\n{render.compared([found], lang)}")
    raise typer.Exit(int(found.verdict != "within"))


def retract(
    request: Request,
    by: Actor,
    name: Annotated[str, typer.Option("--id", metavar="ID", help="The use's own id.")],
    reasons: Annotated[str, typer.Option("--reasons", metavar="TEXT", help="Why it is taken back.")],
    *,
    home: Home = "",
    rules: Rules = "",
) -> None:
    """Take the record of a use back, with reasons."""
    from engine.evidence.installation import open_home  # noqa: PLC0415 - as above
    from engine.supervise import uses as service  # noqa: PLC0415

    with open_home(home_folder(home)) as opened:
        say(service.retract(_streams(opened, rules), request, _actor(opened, by), name, reasons).id)


def uses(request: Request, lang: Language, *, json: Json = False, home: Home = "", rules: Rules = "") -> None:
    """The uses of a grant, each compared with its limits, and the facts they make. Exit 1 when one is beyond or open."""
    from engine.evidence.installation import open_home  # noqa: PLC0415 - as above
    from engine.supervise import uses as service  # noqa: PLC0415

    with open_home(home_folder(home)) as opened:
        ledger: Ledger = service.ledger(_streams(opened, rules), request)
    found, facts, total = compare(ledger), service.facts(ledger), used(ledger)
    if json:
        shown = [render.compared_json(each) for each in found]
        say_json({"grant": render.grant_json(ledger.grant), "uses": shown, "facts": facts})
    else:
        say("\n".join([render.grant(ledger.grant, total, lang), *([render.compared(found, lang)] if found else [])]))
    raise typer.Exit(int(any(each.verdict != "within" for each in found)))


for command in (use, uses, retract):
    group.command()(command)
__all__ = ["app"]
