"""`fenji case`: cases led by officials along their transition tables, from the filing to the archive."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli.desk import Dated, Second, Set, Stream, dated, fields_of, open_desk, show, tell
from api.cli.options import Actor, Home, Json, Language, Rules, now, progress, say, say_json
from api.render import streams as render
from engine.errors import InputError
from engine.store.streams import Page
from engine.supervise import cases, filings, queued
from engine.supervise.grants import OPENINGS

app = typer.Typer()
group = typer.Typer(no_args_is_help=True, help="Cases: opened on a filing, led by officials, decided by a named one.")
app.add_typer(group, name="case")
OTHERS = {"pilot": "pilot", "incident": "incident", "transfer-register": "transfer"}  # streams whose events are made elsewhere
Process = Annotated[str, typer.Option("--process", metavar="TABLE", help="The life cycle, such as ex-ante-review.")]
Event = Annotated[str, typer.Argument(metavar="EVENT", help="What happens; `fenji case show ID` lists what may.")]
Opening = Annotated[str, typer.Option("--event", metavar="EVENT", help="The opening, where a table has several.")]
Outcome = Annotated[str, typer.Option("--outcome", metavar="VALUE", help="What is decided: VALUE or OUTCOME=VALUE.")]
Which = Annotated[str, typer.Option("--event", metavar="EVENT", help="The event of the table.")]
Where = Annotated[
    list[str],
    typer.Option("--where", metavar="COLUMN=VALUE", help="process, state, unit, district, tier or assignee. Repeatable."),
]
After = Annotated[str, typer.Option("--after", metavar="ORDER,ID", help="The last row of the page before.")]
Order = Annotated[str, typer.Option("--order", help="due or updated.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1000)]


@group.command("open")
def open_(
    filing: Stream,
    lang: Language,
    by: Actor,
    process: Process,
    event: Opening = "",
    typed: Set = [],  # noqa: B006 - typer copies it
    second: Second = "",
    *,
    json: Json = False,
    rules: Rules = "",
    home: Home = "",
) -> None:
    """Open a case on a submitted filing; its clocks start on the day of the submission.

    An arm to which the answer of the rules does not lead needs `--set reasons=...` and `--second`.
    """
    with open_desk(home, rules) as desk:
        given = fields_of(desk.streams.table(process), typed)
        done = cases.open_case(desk.office(by, second), filing, cases.Opening(process, event, given))
        tell(desk, done, lang, json=json)


@group.command()
def do(
    case: Stream,
    event: Event,
    lang: Language,
    by: Actor,
    typed: Set = [],  # noqa: B006 - as above
    on: Dated = "",
    second: Second = "",
    *,
    json: Json = False,
    rules: Rules = "",
    home: Home = "",
) -> None:
    """Record an event of a case. What the table does not allow is refused with its rule, and the attempt recorded."""
    with open_desk(home, rules) as desk:
        state = desk.streams.state(case)
        other = OTHERS.get(state.process)
        if other:
            raise InputError("other-command", f"`{case[:60]}` is a stream of `{state.process}`", f"use `fenji {other}`")
        if event in OPENINGS:  # which one it is, the facts say
            raise InputError("other-command", f"`{event}` opens a request", "use `fenji share file`")
        given = fields_of(desk.streams.table(state.process), typed)
        done = cases.do(desk.office(by, second), case, event, given, dated(on))
        tell(desk, done, lang, json=json)


@group.command()
def propose(
    case: Stream,
    lang: Language,
    by: Actor,
    typed: Set = [],  # noqa: B006 - as above
    *,
    json: Json = False,
    rules: Rules = "",
    home: Home = "",
) -> None:
    """Record what the rules propose for a case, and that the party is told."""
    with open_desk(home, rules) as desk:
        office = desk.office(by)
        given = fields_of(desk.streams.table(desk.streams.state(case).process), typed)
        done = cases.propose(office, case, cases.question(office, case), given)
        tell(desk, done, lang, json=json)


@group.command()
def decide(
    case: Stream,
    lang: Language,
    by: Actor,
    outcome: Outcome,
    event: Which = "decide",
    typed: Set = [],  # noqa: B006 - as above
    second: Second = "",
    *,
    json: Json = False,
    rules: Rules = "",
    home: Home = "",
) -> None:
    """Record an official's decision; one that the rules do not propose needs `--set reasons=...` and `--second`."""
    with open_desk(home, rules) as desk:
        office, process = desk.office(by, second), desk.streams.state(case).process
        if process in cases.PACKS:  # what a grant covers is compared with what was asked for
            raise InputError("other-command", f"`{case[:60]}` is a request for data", "use `fenji share decide`")
        given = fields_of(desk.streams.table(process), typed)
        done = cases.decide(office, case, cases.question(office, case), cases.Ruling(event, outcome, given))
        tell(desk, done, lang, json=json)


@group.command("show")
def show_(case: Stream, lang: Language, *, json: Json = False, rules: Rules = "", home: Home = "") -> None:
    """Show a case: where it stands, its clocks, what may happen next on what basis, and its history."""
    with open_desk(home, rules) as desk:
        said = filings.content(desk.streams, case, ("items",))
        show(desk, case, {**said.fields, **said.facts}, lang, json=json)


@group.command("list")
def list_(
    lang: Language,
    where: Where = [],  # noqa: B006 - as above
    order: Order = "due",
    after: After = "",
    limit: Limit = 50,
    *,
    every: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those in which something is overdue, or may be.")] = False,
    json: Json = False,
    rules: Rules = "",
    home: Home = "",
) -> None:
    """List filings, cases and requests, the next deadline first."""
    found: dict[str, str | int] = {} if every else {"closed": 0}
    for each in where:
        name, equals, value = each.partition("=")
        if not equals:
            raise InputError("wrong-queue", f"`{each[:60]}` is not COLUMN=VALUE", "write --where COLUMN=VALUE")
        found[name] = value
    value, comma, last = after.partition(",")
    asked = Page(found, order, (value, last) if comma else None, limit, newest=order == "updated")
    with open_desk(home, rules) as desk:
        rows = (queued.overdue_page if overdue else queued.page)(desk.streams, asked, now())
        if json:
            say_json([render.listed(each) for each in rows])
        else:
            say(render.listing(desk.rulebook, rows, lang))


@group.command()
def affected(
    lang: Language,
    by: Actor,
    *,
    record: Annotated[bool, typer.Option("--record", help="Record it in the cases that do not say so yet.")] = False,
    json: Json = False,
    rules: Rules = "",
    home: Home = "",
) -> None:
    """List the open cases that are answered otherwise today: what changed, and the clauses that move it. Exits 1 then."""
    from engine.supervise import reassess  # noqa: PLC0415 - only this command answers cases again

    with open_desk(home, rules) as desk:
        office = desk.office(by)
        found = list(reassess.affected(office, progress))
        if record:
            reassess.record(office, found)
    if json:
        say_json([{name: getattr(each, name) for name in each.__slots__} for each in found])
    else:
        none = {"zh": "没有受影响的在办件", "en": "no open case is affected"}[lang]
        lines = (render.drifted(each.case, each.values(), lang) for each in found)
        say("\n".join(lines) or none)
    raise typer.Exit(1 if found else 0)
