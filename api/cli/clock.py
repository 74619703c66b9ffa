"""fenji clock: when a period ends, the working days of a year, the periods of law, what is due next, and iCalendar files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.options import (
    AsOf,
    File,
    Home,
    Json,
    Language,
    On,
    Rules,
    days,
    document,
    home_folder,
    now,
    rulebook_of,
    say,
    say_json,
    write_new,
)
from api.cli.rulebooks import choose_for_record
from api.render import clocks as render
from api.render import table
from engine.decide.overall import assess_all
from engine.errors import InputError, Place
from engine.rulebook.model import Rulebook
from engine.supervise import clocks
from engine.supervise.ics import Entry, ics
from schemas.calendar import Clock
from schemas.duties import DutyAnswer

if TYPE_CHECKING:
    from engine.supervise.streams import Streams

app = typer.Typer()
group = typer.Typer(no_args_is_help=True, help="Working days and periods: when they end, and what they rest on.")
app.add_typer(group, name="clock")

Start = Annotated[str, typer.Option("--start", metavar="DAY", help="The day, for hours the moment, on which the period starts.")]
Count = Annotated[int, typer.Option(min=0, max=10_000)]
Named = Annotated[str, typer.Option("--clock", metavar="ID", help="A period of law; `fenji clock list` names them.")]
Paused = Annotated[
    list[str], typer.Option("--pause", metavar="DAY..DAY[=REASON]", help="A pause; without its second day it lasts. Repeatable.")
]
_PAUSE = re.compile(r"([^.=]+)\.\.([^=]*)(?:=(.*))?\Z")


@group.command()
def due(
    lang: Language,
    start: Start,
    working_days: Count = 0,
    days: Count = 0,
    months: Count = 0,
    hours: Count = 0,
    clock: Named = "",
    roll: Annotated[bool, typer.Option("--roll", help="A last day that is a day off moves to the next working day.")] = False,
    extended: Annotated[bool, typer.Option("--extended", help="With the extension that the law allows the clock.")] = False,
    pause: Paused = [],  # noqa: B006 - typer wants a list
    as_json: Json = False,
    rules: Rules = "",
) -> None:
    """When a period ends. Exit 1 while a notice of days off that is still to come may move the day."""
    book = rulebook_of(rules)
    named = _clock(book, clock) if clock else None
    counts = {"working_days": working_days, "days": days, "months": months, "hours": hours}
    term = _term(book, named, counts, roll=roll, extended=extended)
    run = clocks.Run(start, tuple(_pause(each) for each in pause))
    for each in run.pauses:
        clocks.require_pause(named, each.reason, Place("--pause"))
    end = clocks.due(book.calendar, term, run)
    counting = book.countings[named.counting] if named else None
    found = render.Counted(term, run, end, clocks.reminders(book.calendar, term, run), named, counting)
    if as_json:
        say_json(render.due_json(found))
    else:
        say(render.due(book, found, lang))
    raise typer.Exit(int(end is None or end.provisional))


@group.command("calendar")
def of_year(
    lang: Language,
    year: Annotated[int, typer.Argument(min=1, max=9999, metavar="YEAR", help="The year.")],
    as_json: Json = False,
    rules: Rules = "",
) -> None:
    """The days off and the weekend days worked of a year, and the notice behind them. Exit 1 before there is a notice."""
    book = rulebook_of(rules)
    if as_json:
        say_json(render.year_json(book, year))
    else:
        say(render.year(book, year, lang))
    raise typer.Exit(int(year not in book.years))


@group.command("list")
def named(lang: Language, as_json: Json = False, rules: Rules = "") -> None:
    """The periods of law: length, rule of counting, what interrupts them, and their articles."""
    book = rulebook_of(rules)
    if as_json:
        say_json([each.model_dump(mode="json") for each in book.clocks.values()])
    else:
        say(table.render(*render.listed(book, lang)))


@group.command("ics")
def to_ics(
    lang: Language,
    file: File,
    as_of: AsOf = "",
    on: On = "",
    out: Annotated[str, typer.Option("--out", metavar="FILE", help="A new file; - for standard output.")] = "-",
    rules: Rules = "",
) -> None:
    """The deadlines of a filing's duties that are not met, as an iCalendar file, but for those whose last day is open."""
    book = rulebook_of(rules)
    law, judged = days(as_of, on)
    found = assess_all(book, document(file), law, judged)
    owed = [duty for duty in found.duties if duty.deadline and duty.status != "met"]
    entries = [entry for duty in owed if (entry := _entry(duty, lang))]
    write_new(out, ics(entries, now()))
    if left := len(owed) - len(entries):
        words = {
            "zh": f"另有{left}项期限的末日未定，未列入；`fenji assess` 列明",
            "en": f"{left} deadlines whose last day is open are left out; `fenji assess` names them",
        }
        typer.echo(words[lang], err=True)


@group.command("next")
def next_(
    lang: Language,
    unit: Annotated[str, typer.Option("--unit", help="Only streams of this unit.")] = "",
    district: Annotated[str, typer.Option("--district", help="Only streams of this district.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000)] = 50,
    out: Annotated[str, typer.Option("--ics", metavar="FILE", help="Write an iCalendar file; - for standard output.")] = "",
    *,
    as_json: Json = False,
    home: Home = "",
    rules: Rules = "",
) -> None:
    """What is due next over all open cases, the shortest first, with reminders. Exit 1 when something is past or may be."""
    from engine.supervise.agenda import agenda  # noqa: PLC0415 - periods alone need no store

    where = {name: value for name, value in (("unit", unit), ("district", district)) if value}
    with _streams(home, rules) as streams:
        found = agenda(streams, now(), where, limit)
    if out:
        write_new(out, ics(filter(None, (render.entry(each, lang) for each in found)), now()))
    elif as_json:
        say_json([render.item_json(each) for each in found])
    else:
        say(table.render(*render.items(found, lang)))
    raise typer.Exit(int(any(each.standing in ("past", "open") for each in found)))


@group.command()
def recompute(
    by: Annotated[
        str, typer.Option("--as", metavar="ACTOR", help="Who answers for ends by rules that were never published.")
    ] = "",
    *,
    as_json: Json = False,
    home: Home = "",
    rules: Rules = "",
) -> None:
    """Record what time alone brought, once a day: ends that a new notice moved, pilots whose term has ended; print those.

    Ends move by the release in force; by other rules only with --as, and their events say that they were never published.
    """
    from engine.evidence.installation import open_home  # noqa: PLC0415 - periods alone need no store
    from engine.evidence.log import stamp  # noqa: PLC0415 - as above
    from engine.supervise import agenda  # noqa: PLC0415 - as above
    from engine.supervise.streams import Streams  # noqa: PLC0415 - as above

    moment = now()
    with open_home(home_folder(home)) as opened:
        chosen = choose_for_record(opened, rules, "")
        streams = Streams(opened, chosen.rulebook)
        key = opened.actors.key_of(by, "decision", stamp(moment)) if by else None
        overtaken = [streams.state(stream) for stream in agenda.overtake(streams, moment)]
        moved = agenda.recompute(streams, moment, chosen.release, key)
    if as_json:
        say_json(render.recomputed_json(chosen.release, moved, overtaken))
    elif moved or overtaken:
        say(render.recomputed(chosen.release, moved, overtaken))


@contextmanager
def _streams(home: str, rules: str) -> Iterator[Streams]:
    from engine.evidence.installation import open_home  # noqa: PLC0415 - as above
    from engine.supervise.streams import Streams  # noqa: PLC0415

    with open_home(home_folder(home)) as opened:
        yield Streams(opened, choose_for_record(opened, rules, "").rulebook)


def _clock(book: Rulebook, name: str) -> Clock:
    if name not in book.clocks:
        raise InputError("unknown-clock", f"no period named `{name[:60]}`", "`fenji clock list` names them", Place("--clock"))
    return book.clocks[name]


def _term(book: Rulebook, named: Clock | None, counts: dict[str, int], *, roll: bool, extended: bool) -> clocks.Term:
    given = [(unit, count) for unit, count in counts.items() if count]
    if len(given) + bool(named) != 1:
        remedy = "give one of --working-days, --days, --months, --hours and --clock"
        raise InputError("no-period", "a period is one number of one unit, or a clock of law", remedy)
    if named:
        return clocks.Term.of_law(named, book.countings[named.counting], extended=extended, place=Place("--extended"))
    if extended:
        raise InputError("no-extension", "a period of one's own has no extension by law", "count it in", Place("--extended"))
    unit, count = given[0]
    if roll and unit not in ("days", "months"):
        raise InputError("no-roll", f"a period in {unit.replace('_', ' ')} does not end on a day off", "leave out --roll")
    chosen: Any = unit
    return clocks.Term(chosen, count, roll)


def _pause(text: str) -> clocks.Pause:
    found = _PAUSE.match(text)
    if not found:
        remedy = "write 2026-09-20..2026-09-25=hearing, or 2026-09-20.. while it lasts"
        raise InputError("wrong-pause", f"`{text[:60]}` is no pause", remedy, Place("--pause"))
    return clocks.Pause(found[1], found[2] or None, found[3] or "")


def _entry(duty: DutyAnswer, lang: str) -> Entry | None:
    """Return the deadline of a duty that is still to be met, where its days are known.

    A first day alone is none: it says since when the law holds, or what is known least, and nobody has that day to keep.
    """
    when = duty.deadline
    if when is None or when.earliest is None or when.latest is None:
        return None
    earliest, latest = date.fromisoformat(when.earliest), date.fromisoformat(when.latest)
    end = clocks.Due(earliest, latest, when.provisional or latest != earliest or duty.applies == "possible")
    title = duty.label.get(lang)
    if duty.applies == "possible":
        title += {"zh": "（可能适用）", "en": " (may apply)"}[lang]
    span = {"zh": f"不早于{earliest}，不晚于{latest}", "en": f"not before {earliest}, not after {latest}"}[lang]
    body = duty.authority.title.get(lang) if duty.authority else ""
    note = "\n".join(filter(None, (when.text.get(lang), span if latest != earliest else "", body)))
    return Entry(f"{duty.pack}.{duty.id}@fenji", title, end, note)
