"""`fenji draw`: cases and inspectors drawn at random by two officials, of whom neither can choose the seed."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli.desk import Stream, open_desk, tell
from api.cli.options import Actor, District, Home, Json, Language, Rules, Unit, say, say_json
from api.render.streams import Shown
from engine.supervise import draws

app = typer.Typer()
group = typer.Typer(no_args_is_help=True, help="Inspections drawn at random: announce, freeze the list, reveal, check.")
app.add_typer(group, name="draw")
Count = Annotated[int, typer.Option("--count", min=1, max=100_000, help="How many cases are drawn.")]
Inspector = Annotated[list[str], typer.Option("--inspector", metavar="ACTOR", help="One of the roll of inspectors. Repeatable.")]
Case = Annotated[str, typer.Option("--case", metavar="ID", help="Draw inspectors for this case alone, and nothing else.")]
Matters = Annotated[str, typer.Option("--matters", metavar="TEXT", help="What is inspected.")]


@group.command()
def announce(
    lang: Language,
    by: Actor,
    pool: Inspector,
    count: Count = 1,
    unit: Unit = "",
    district: District = "",
    matters: Matters = "",
    case: Case = "",
    *,
    json: Json = False,
    rules: Rules = "",
    home: Home = "",
) -> None:
    """Announce a draw: how many, and who may inspect. The hash of a nonce goes down, the nonce itself nowhere.

    With --case other inspectors are drawn for a case of whose inspectors too many are recused.
    """
    with open_desk(home, rules) as desk:
        office = desk.office(by)
        plan = draws.Plan(count, pool, unit, district, matters, case)
        tell(desk, draws.announce(desk.streams, office.by, office.now, plan), lang, json=json)


@group.command()
def freeze(draw: Stream, lang: Language, by: Actor, *, json: Json = False, rules: Rules = "", home: Home = "") -> None:
    """Freeze the list of cases that may be drawn; another official does this than announced it."""
    with open_desk(home, rules) as desk:
        office = desk.office(by)
        tell(desk, draws.freeze(desk.streams, draw, office.by, office.now), lang, json=json)


@group.command()
def reveal(draw: Stream, lang: Language, by: Actor, *, json: Json = False, rules: Rules = "", home: Home = "") -> None:
    """Reveal the nonce and draw: whoever announced it does this, and each drawn case gets its inspection."""
    with open_desk(home, rules) as desk:
        office = desk.office(by)
        done = draws.reveal(desk.streams, draw, office.by, office.now)
        tell(desk, done, lang, json=json)
        if not json:
            missed = {"zh": "名单封存后已变动，未立检查", "en": "it has moved since the list was frozen: no inspection"}[lang]
            for each in done.statement["values"]["drawn"]:
                say(f"  {each['case']}: {', '.join(each['inspectors'])}" + ("" if each["taken"] else f" ({missed})"))


@group.command()
def replace(case: Stream, lang: Language, by: Actor, *, json: Json = False, rules: Rules = "", home: Home = "") -> None:
    """Give a drawn case the next inspectors of its seed, once one of them is recused (`fenji case do CASE recuse`)."""
    with open_desk(home, rules) as desk:
        tell(desk, draws.replaced(desk.streams, case, desk.office(by).now), lang, json=json)


@group.command()
def check(draw: Stream, lang: Language, *, json: Json = False, rules: Rules = "", home: Home = "") -> None:
    """Draw again from the log alone: list, root, seed, cases and inspectors.

    Exits 3 when something comes out differently, 1 where nothing is drawn.
    """
    with open_desk(home, rules) as desk:
        wrong, state = draws.check(desk.streams, draw), desk.streams.state(draw)
        label = Shown(desk.rulebook, desk.rulebook.lifecycles[draws.TABLE], lang).label(state.name)
    drawn = draws.DRAWN in state.done
    if json:
        say_json({"draw": draw, "drawn": drawn, "differences": wrong})
    elif wrong or drawn:
        same = {"zh": "按日志重新推导，结果一致", "en": "drawn again from the log: the same"}[lang]
        say("\n".join(wrong) or same)
    else:
        zh, en = (
            f"没有抽取结果（{label}）；已记载的部分与日志一致",
            f"nothing is drawn ({label}); what is recorded so far follows from the log",
        )
        say({"zh": zh, "en": en}[lang])
    raise typer.Exit(3 if wrong else int(not drawn))
