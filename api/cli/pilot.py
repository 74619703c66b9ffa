"""`fenji pilot` and `fenji incident`: the life of a pilot, what the rules propose on it, its alarms, budget and simulation."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Annotated, Any

import typer

from api.cli.acting import Expected, Fields, Happened, Second, act, fields_of, shown, streams_of, told
from api.cli.options import (
    Actor,
    District,
    Home,
    Json,
    Language,
    Rules,
    Unit,
    home_folder,
    now,
    rulebook_of,
    say,
    say_json,
)
from api.render import pilots as said
from engine.errors import InputError
from engine.evidence.installation import open_home
from engine.evidence.log import new_id, stamp
from engine.rulebook.days import legal_day
from engine.rulebook.model import Rulebook
from engine.store import streams as stored
from engine.supervise import agenda, alarms, incidents, pilots
from engine.supervise.monitors.budget import Burn
from engine.supervise.monitors.plan import plan
from engine.supervise.monitors.simulate import Scenario, work
from engine.supervise.monitors.simulate import simulate as simulated
from engine.supervise.opinions import MATTERS, PACK, PROCESS, ran_out
from engine.supervise.streams import Act, Recorded, Streams
from engine.supervise.watched import second

app = typer.Typer()
pilot = typer.Typer(no_args_is_help=True, help="Pilots with tolerance: their life, proposals, alarms and budget.")
incident = typer.Typer(no_args_is_help=True, help="Incidents of pilots: graded by rules, under parallel clocks.")
app.add_typer(pilot, name="pilot")
app.add_typer(incident, name="incident")
Pilot = Annotated[str, typer.Argument(metavar="PILOT", help="The pilot; `fenji pilot list` shows them.")]
Incident = Annotated[str, typer.Argument(metavar="INCIDENT", help="The incident; `fenji incident list` shows them.")]
Event = Annotated[str, typer.Argument(metavar="EVENT", help="What happens; `show` lists what can.")]
Matter = Annotated[str, typer.Argument(metavar="MATTER", help=f"One of {', '.join(MATTERS)}.")]
StateName = Annotated[str, typer.Option("--state", help="Only this state.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many at most.")]
MOST = 3_000_000  # events that the lives of a simulation may have in all: some two minutes
PARTS = ("budget", "rates", "breaches")
DECIMAL = re.compile(r"[0-9]{1,9}\.[0-9]{1,9}")
Record = Annotated[bool, typer.Option("--record", help="Record what new alarms propose, and an end that is due.")]


# pilots ---------------------------------------------------------------------------------------------------------------


@pilot.command("open")
def open_(file: Fields, by: Actor, *, json: Json = False, rules: Rules = "", home: Home = "") -> None:
    """Bring an idea: begins a pilot and prints its id."""
    with streams_of(rules, home) as streams:
        where = (new_id(now()), PROCESS, "sketch")
        told(pilots.perform(streams, act(streams, where, fields_of(file), (by, ""), "", -1)), json=json)


@pilot.command("act")
def pilot_act(
    which: Pilot,
    event: Event,
    by: Actor,
    file: Fields = "",
    second_by: Second = "",
    on: Happened = "",
    expected: Expected = -1,
    *,
    json: Json = False,
    rules: Rules = "",
    home: Home = "",
) -> None:
    """Do something in the life of a pilot; what the rules work out is added, a refusal is recorded and exits with 2."""
    with streams_of(rules, home) as streams:
        where = (which, PROCESS, event)
        told(pilots.perform(streams, act(streams, where, fields_of(file), (by, second_by), on, expected)), json=json)
        found = streams.state(which)
        last = f"{which}/{found.number}"
        _outside([each for each in alarms.uncounted_of(streams, which) if each == last], "en", json=json)


def _outside(names: list[str], lang: str, *, json: bool) -> None:
    """Say what is recorded and not counted; beside JSON on standard error."""
    if names:
        typer.echo(said.uncounted(names, lang), err=json)


@pilot.command("show")
def pilot_show(which: Pilot, lang: Language, *, json: Json = False, rules: Rules = "", home: Home = "") -> None:
    """Show how a pilot stands: terms, clocks, what can happen next."""
    _show(which, lang, json=json, rules=rules, home=home)


@pilot.command("list")
def pilot_list(
    unit: Unit = "", district: District = "", state: StateName = "", limit: Limit = 50, *, json: Json = False, home: Home = ""
) -> None:
    """List pilots: id, state, tier, unit, district, day of the last event."""
    _list(PROCESS, {"unit": unit, "district": district, "state": state}, limit, json=json, home=home)


@pilot.command("opinion")
def pilot_opinion(
    which: Pilot, matter: Matter, lang: Language, *, json: Json = False, rules: Rules = "", home: Home = ""
) -> None:
    """Say what the rules propose on a matter, each condition met, not met or not proven.

    Exits 1 while it is undetermined, or nobody asked for it.
    """
    if matter not in MATTERS:
        raise InputError("unknown-matter", f"no matter named `{matter[:40]}`", f"one of {', '.join(MATTERS)}")
    with streams_of(rules, home) as streams:
        found = pilots.proposed(streams, Act(which, PROCESS, "", None, now()), matter)
        say_json(asdict(found)) if json else say(said.opinion(streams.rulebook, found, lang))
    raise typer.Exit(0 if found.settled else 1)


@pilot.command("watch")
def watch(
    which: Pilot, lang: Language, *, record: Record = False, json: Json = False, rules: Rules = "", home: Home = ""
) -> None:
    """Let both monitors speak of a pilot as of now. Exits 1 when an alarm stands, or a line of its budget cannot be read.

    With --record what new alarms propose is recorded, and the end of a pilot whose agreed term has run out.
    """
    with streams_of(rules, home) as streams:
        moment = now()
        if record:
            agenda.overtake(streams, moment, which)
        found = alarms.standing(streams, which, moment)
        recorded = alarms.propose(streams, which, moment) if record else None
        fault = alarms.unread_budget(streams, which)
        uncounted = alarms.uncounted_of(streams, which)
    if fault:
        typer.echo(fault.text(), err=True)
    if json:
        rows = [
            {**asdict(each.alarm), "proposes": each.monitor.proposes, "why": each.why, "assumed": each.assumed} for each in found
        ]
        say_json({"alarms": rows, "recorded": recorded.id if recorded else None})
    else:
        say(said.alarms(found, lang))
        if recorded:
            told(recorded, json=False)
    _outside(uncounted, lang, json=json)
    raise typer.Exit(1 if found or fault else 0)


@pilot.command("budget")
def budget(which: Pilot, lang: Language, *, json: Json = False, rules: Rules = "", home: Home = "") -> None:
    """Show what is used and left of a pilot's tolerance budget, and when it would be used up.

    Exits 1 when it cannot be read whole.
    """
    with streams_of(rules, home) as streams:
        lines = Burn(alarms.plan_of(streams), alarms.events_of(streams, which)).lines(second(stamp(now())))
        fault = alarms.unread_budget(streams, which)
        uncounted = alarms.uncounted_of(streams, which)
    if fault:
        typer.echo(fault.text(), err=True)
    say_json([{**asdict(line), "percent": line.percent} for line in lines]) if json else say(said.budget(lines, lang))
    _outside(uncounted, lang, json=json)
    raise typer.Exit(1 if fault else 0)


@pilot.command("simulate")
def simulate(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The scenario, YAML or JSON; - for standard input.")],
    lang: Language,
    seed: Annotated[str, typer.Option("--seed", help="The same seed draws the same lives.")] = "1",
    runs: Annotated[int, typer.Option("--runs", help="How many lives are drawn.")] = 1000,
    *,
    json: Json = False,
    rules: Rules = "",
) -> None:
    """Draw lives of a pilot under assumptions and count how often its monitors would stop it; caps can be chosen so."""
    rulebook = rulebook_of(rules)
    watched, assumed = plan(rulebook.packs[PACK]), _scenario(rulebook, fields_of(file))
    events = runs * work(watched, assumed)
    if events > MOST:
        problem = f"the lives are as much work as {int(events):,} events, and may be as much as {MOST:,}"
        raise InputError("out-of-range", problem, "ask for fewer `--runs`, or lower the rates")
    found = simulated(watched, assumed, seed, runs)
    say_json(asdict(found)) if json else say(said.simulation(found, rulebook, lang))


def _scenario(rulebook: Rulebook, stated: dict[str, Any]) -> Scenario:
    """Return the scenario that a file states. Raises InputError for a part that it has not, misses, or that is no number."""
    known = Scenario.__dataclass_fields__
    for name in stated:
        if name not in known:
            raise InputError("unknown-field", f"a scenario has no `{name[:40]}`", f"it has {', '.join(known)}")
    for name in ("days", "subjects"):
        if name not in stated:
            raise InputError("missing-field", f"`{name}` is not given", "a scenario says at least `days` and `subjects`")
    read: dict[str, Any] = {}
    for name, value in stated.items():
        if name not in PARTS:
            read[name] = _whole(name, value)
        elif isinstance(value, dict):
            number = _whole if name == "budget" else _rate
            read[name] = tuple((line, number(f"{name}.{line}", each)) for line, each in value.items())
        else:
            raise InputError("wrong-type", f"`{name}` has no lines", f"write it as `{name}: {{line: number}}`")
    kinds = [each.id for decl in rulebook.lifecycles[PROCESS].fields if decl.id == "breach" for each in decl.values]
    for kind, _ in read.get("breaches", ()):
        if kind not in kinds:
            raise InputError("unknown-line", f"no kind of breach named `{kind[:40]}`", f"one of {', '.join(kinds)}")
    return Scenario(**read)


def _whole(name: str, value: Any) -> int:
    if type(value) is not int:
        raise InputError("wrong-type", f"`{name[:60]}` is no whole number", "write digits, without quotes")
    return value


def _rate(name: str, value: Any) -> float:
    """Return a rate: a whole number, or a decimal, which the reader of files keeps as its text."""
    if type(value) is int or (isinstance(value, str) and DECIMAL.fullmatch(value)):
        return float(value)
    raise InputError("wrong-type", f"`{name[:60]}` is no number", "write how often it happens in 30 days on average, as 1.5")


# incidents ------------------------------------------------------------------------------------------------------------


@incident.command("report")
def report(which: Pilot, file: Fields, by: Actor, *, json: Json = False, rules: Rules = "", home: Home = "") -> None:
    """Report an incident of a pilot: reference, found_at and facts; rules grade it and start its clocks."""
    with streams_of(rules, home) as streams:
        where = (new_id(now()), incidents.PROCESS, "report")
        fields = {"pilot": which, **fields_of(file)}
        _told(streams, incidents.perform(streams, act(streams, where, fields, (by, ""), "", -1)), json=json)


@incident.command("act")
def incident_act(
    which: Incident,
    event: Event,
    by: Actor,
    file: Fields = "",
    second_by: Second = "",
    on: Happened = "",
    expected: Expected = -1,
    *,
    json: Json = False,
    rules: Rules = "",
    home: Home = "",
) -> None:
    """Correct, grade, tell, handle or close an incident."""
    with streams_of(rules, home) as streams:
        where = (which, incidents.PROCESS, event)
        done = incidents.perform(streams, act(streams, where, fields_of(file), (by, second_by), on, expected))
        _told(streams, done, json=json)


def _told(streams: Streams, recorded: Recorded, *, json: bool) -> None:
    """Print a recorded event of an incident, and whether its grade is a working assumption."""
    told(recorded, json=json)
    pilot_ = str(recorded.state.values.get("pilot", ""))
    _outside([each for each in alarms.uncounted_of(streams, pilot_) if each == recorded.state.stream], "en", json=json)
    open_ = said.assumed(streams.rulebook, recorded.state, "en")
    if open_ and not json:
        say(f"  ! {open_}")


@incident.command("show")
def incident_show(which: Incident, lang: Language, *, json: Json = False, rules: Rules = "", home: Home = "") -> None:
    """Show an incident: grade, reports owed and given, clocks and what was late."""
    _show(which, lang, json=json, rules=rules, home=home)


@incident.command("list")
def incident_list(
    unit: Unit = "", district: District = "", state: StateName = "", limit: Limit = 50, *, json: Json = False, home: Home = ""
) -> None:
    """List incidents, the one whose clock ends first at the head."""
    _list(incidents.PROCESS, {"unit": unit, "district": district, "state": state}, limit, json=json, home=home)


def _show(which: str, lang: str, *, json: bool, rules: str, home: str) -> None:
    with streams_of(rules, home) as streams:
        found, today = streams.state(which), legal_day(now())
        if json:
            late = list(incidents.late(found))
            say_json({**shown(found), "late": late, "ran_out": ran_out(found, today)})
        else:
            say(said.state(streams.rulebook, found, lang, today))


def _list(process: str, where: dict[str, str], limit: int, *, json: bool, home: str) -> None:
    wanted: dict[str, str | int] = {"process": process, **{name: value for name, value in where.items() if value}}
    with open_home(home_folder(home)) as opened:
        rows = stored.queue(opened.store, stored.Page(wanted, limit=limit))
    if json:
        say_json([{name: value for name, value in asdict(row).items() if name != "fold"} for row in rows])
    else:
        today = legal_day(now())
        say("\n".join(said.row(row, today) for row in rows) or "-")
