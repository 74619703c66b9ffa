"""Life cycles: every name in a transition table is declared, every state is reached and left, every transition has its basis."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from engine.errors import Finding
from engine.rulebook.check.effects import NO_LEGAL_FORCE
from engine.rulebook.check.names import nearest
from schemas.lifecycle import BUILT_IN, SAME

if TYPE_CHECKING:
    from engine.rulebook.load import Loaded
    from schemas.lifecycle import Arm, ClockDecl, GuardDecl, Lifecycle, Transition

# what the names of a guard are, in their order; the last holds for all that follow, and `None` are values
_ABOUT: dict[str, tuple[str | None, ...]] = {
    "once": ("event",), "done": ("event",), "not_done": ("event",), "other_person": ("event",), "impartial": ("field",),
    "own_holder": ("field",), "same_unit": ("event",), "other_unit": ("field",), "for_party": ("field",),
    "second": ("field",), "given_if": ("field", "field", None), "asked_unit": ("field",),
    "lead_unit": ("field",), "all_asked": ("field", "event"), "heard": ("clock", "event"), "overdue": ("clock", None),
    "not_overdue": ("clock", None), "equals": ("field", None), "fewer_than": ("event", None),
    "new_value": ("field",), "known_value": ("field",), "takes_part": ("field",), "spares": ("field",), "not_future": ("field",),
    "lasts": ("field",), "reached": ("field",), "official_if": ("field",), "extends_by": ("field", "field"),
    "extends_within": ("field", None), "not_longer": ("field",), "not_sooner": ("field",), "not_before": ("field", "event"),
    "day_over": ("field",),
    "within_months": ("field", "event", "field", None), "owed": ("field",), "none_runs": (),
    "same": ("field", "field"), "only_if": ("field", "field", None),
    "same_person": ("event",), "ended": ("clock",), "ended_or_done": ("clock", "event"),
    "reveals": ("field", "field"), "among": ("field",), "tells_whether_differ": ("field",),
    "since_day": ("field", None), "answer_stands": (), "possible_way": ("field",),
    "rules_out": ("field", "field", None), "settled": ("field", None, "event", "event"),
    "second_unless": ("event",), "tells_owed": ("field",), "at_least": ("field", None),
    "not_both": ("field",), "not_earlier": ("field",), "own_side": ("field",), "named_unit": ("field",), "kept": ("field",),
    "in_charge": ("field",),
    "on_the_day": ("field",), "told_late": ("field",), "office_ends": (), "recused_by_body": ("field",),
}  # fmt: skip
Path = tuple[str | int, ...]


def named(loaded: Loaded) -> Iterator[Finding]:
    """A table lies in the file of its name; its states, fields, guards and clocks are declared once, and used as declared."""
    for file, table in loaded.docs["lifecycle"].items():
        if table.id != PurePosixPath(file).stem:
            yield Finding(
                "bad-name", loaded.sources.place(file, "id"), f"`{table.id}` does not lie in a file of its name", "rename"
            )
        for kind in ("states", "fields", "guards", "clocks"):
            seen: set[str] = set()
            for i, entry in enumerate(getattr(table, kind)):
                if entry.id in seen:
                    place = loaded.sources.place(file, kind, i, "id")
                    yield Finding("duplicate-name", place, f"`{entry.id}` is declared twice", "rename one of them")
                seen.add(entry.id)
        for path, name, known, what in _uses(table):
            if name not in known:
                remedy = nearest(name, known, f"declare it under `{what}s:`")
                yield Finding(f"unknown-{what}", loaded.sources.place(file, *path), f"no {what} named `{name}`", remedy)


def _uses(table: Lifecycle) -> Iterator[tuple[Path, str, set[str], str]]:
    """Yield every use of a name: where it stands, the name, the names there are, and of what kind."""
    states, clocks = {each.id for each in table.states}, {each.id for each in table.clocks}
    fields, guards = {each.id for each in table.fields}, {each.id for each in table.guards}
    events = {each.event for each in table.transitions}
    for i, each in enumerate(table.transitions):
        at: Path = ("transitions", i)
        yield from (((*at, "from", k), name, states, "state") for k, name in enumerate(each.from_))
        if each.to != SAME:
            yield (*at, "to"), each.to, states, "state"
        yield from (((*at, "guards", k), name, guards, "guard") for k, name in enumerate(each.guards))
        for key in ("needs", "may", "unique", "anew", "drops", "marks", "restores"):
            yield from (((*at, key, k), name, fields, "field") for k, name in enumerate(getattr(each, key)))
        yield from (((*at, "forgets", k), name, events, "event") for k, name in enumerate(each.forgets))
        yield from (((*at, "instead", name), name, events, "event") for name in each.instead)
        yield from (((*at, "instead", name), to, states, "state") for name, to in each.instead.items())
        yield from (((*at, "asks", name), name, events, "event") for name in each.asks)
        yield from (((*at, "asks", name), field, fields, "field") for name, field in each.asks.items())
        if each.after:
            yield (*at, "after"), each.after, fields, "field"
        if each.within:
            yield (*at, "within", "before"), each.within.before, fields, "field"
        for key in ("named", "told", "since"):
            if name := getattr(each.clocks, key):
                yield (*at, "clocks", key), name, fields, "field"
        for key in ("start", "begin", "rerun", "pause", "resume", "stop"):
            yield from (((*at, "clocks", key, k), name, clocks, "clock") for k, name in enumerate(getattr(each.clocks, key)))
        for key in ("met", "again"):
            days = getattr(each.clocks, key)
            yield from (((*at, "clocks", key, name), name, clocks, "clock") for name in days)
            yield from (((*at, "clocks", key, clock), name, fields, "field") for clock, name in days.items())
    openings = {each.event for each in table.transitions if not each.from_}
    for i, way in enumerate(table.arm.ways if table.arm else ()):
        yield ("arm", "ways", i, "event"), way.event, openings, "opening"
    kinds = {"event": events, "clock": clocks, "field": fields}
    for i, guard in enumerate(table.guards):
        about = _ABOUT[guard.is_]
        for k, name in enumerate(guard.of):
            what = about[min(k, len(about) - 1)] if about else None
            if what and name:  # an empty one is left out, as the months of `within_months` that no field says
                yield ("guards", i, "of", k), name, kinds[what], what
    yield from (
        (("clocks", i, "prolongs", k), name, clocks, "clock")
        for i, each in enumerate(table.clocks)
        for k, name in enumerate(each.prolongs)
    )
    for i, field in enumerate(table.fields):
        if field.not_before:
            yield ("fields", i, "not_before"), field.not_before, events, "event"
        if field.value_of:
            yield ("fields", i, "value_of"), field.value_of, fields, "field"
    yield from (
        (("clocks", i, "limit", "until"), each.limit.until, fields, "field")
        for i, each in enumerate(table.clocks)
        if each.limit.until
    )


def named_clocks(loaded: Loaded) -> Iterator[Finding]:
    """What names clocks in an event is an open list of texts; since when says an open moment, or a day where none is hourly.

    The day from which a limit ran that an event met, and that before which an event is done, are open dates.
    """
    for file, table in loaded.docs["lifecycle"].items():
        fields = {each.id: each for each in table.fields}
        days = () if any(each.limit.hours for each in table.clocks) else ("date",)
        for i, each in enumerate(table.transitions):
            for key, kinds in (("named", ("texts",)), ("told", ("texts",)), ("since", ("moment", *days))):
                field = fields.get(getattr(each.clocks, key))
                if field and (field.type not in kinds or not field.open):
                    place = loaded.sources.place(file, "transitions", i, "clocks", key)
                    problem = f"`{field.id}` is no open field of type {' or '.join(kinds)}"
                    yield Finding("wrong-type", place, problem, "declare it as that")
            dates: list[tuple[Path, str]] = [(("clocks", "met", clock), name) for clock, name in each.clocks.met.items()]
            dates += [(("within", "before"), each.within.before)] if each.within else []
            for path, name in dates:
                field = fields.get(name)
                if field and (field.type != "date" or not field.open):
                    place = loaded.sources.place(file, "transitions", i, *path)
                    yield Finding("wrong-type", place, f"`{field.id}` is no open field of type date", "declare it as that")


def restored(loaded: Loaded) -> Iterator[Finding]:
    """What an event brings back is an open field that another event marks: otherwise nothing would come back."""
    for file, table in loaded.docs["lifecycle"].items():
        marked = {name for each in table.transitions for name in each.marks} & {each.id for each in table.fields if each.open}
        for i, each in enumerate(table.transitions):
            for k, name in enumerate(each.restores):
                if name not in marked:
                    place = loaded.sources.place(file, "transitions", i, "restores", k)
                    yield Finding("wrong-type", place, f"no event marks `{name}` as an open field", "add it to `marks:` of one")


def dropped(loaded: Loaded) -> Iterator[Finding]:
    """What an event takes out of a stream is a value that it must name, of an open field that collects its values."""
    for file, table in loaded.docs["lifecycle"].items():
        kept = {each.id for each in table.fields if each.collect and each.open}
        for i, each in enumerate(table.transitions):
            for k, name in enumerate(each.drops):
                if name not in kept or name not in each.needs:
                    place = loaded.sources.place(file, "transitions", i, "drops", k)
                    problem = f"`{name}` is no open field that collects its values and that the event needs"
                    yield Finding("wrong-type", place, problem, "declare it with `collect: true`, and under `needs:`")


def judged(loaded: Loaded) -> Iterator[Finding]:
    """A clock that ends on a day of the stream names an open date, and a value of what is judged the open name of it."""
    for file, table in loaded.docs["lifecycle"].items():
        fields = {each.id: each for each in table.fields}
        for i, clock in enumerate(table.clocks):
            field = fields.get(clock.limit.until)
            if field and (field.type != "date" or not field.open):
                place = loaded.sources.place(file, "clocks", i, "limit", "until")
                yield Finding("wrong-type", place, f"`{field.id}` is no open field of type date", "declare it as that")
        for i, each in enumerate(table.fields):
            field = fields.get(each.value_of)
            place = loaded.sources.place(file, "fields", i, "value_of")
            if field and not (field.names and field.open):
                yield Finding(
                    "wrong-type", place, f"`{field.id}` is no open field that names what is judged", "give it `names: judgement`"
                )
            if field and (each.type != "document" or not each.open):
                yield Finding("wrong-type", place, f"`{each.id}` is no open field of type document", "declare it as that")


def by_itself(loaded: Loaded) -> Iterator[Finding]:
    """What happens by itself waits for an open date, needs nothing that somebody would have to tell, and the system does it."""
    for file, table in loaded.docs["lifecycle"].items():
        fields = {each.id: each for each in table.fields}
        for i, each in enumerate(table.transitions):
            field = fields.get(each.after)
            if field is None:
                continue
            place = loaded.sources.place(file, "transitions", i, "after")
            if field.type != "date" or not field.open:
                yield Finding("wrong-type", place, f"`{field.id}` is no open field of type date", "declare it as that")
            if "system" not in each.role or each.needs or not each.from_:
                problem, remedy = f"`{each.event}` cannot happen by itself", "give it `from`, the role system, and no `needs`"
                yield Finding("not-by-itself", place, problem, remedy)


def arms(loaded: Loaded) -> Iterator[Finding]:
    """An answer that leads to an arm is one that a pack gives, and no answer leads to two arms; one may lead to two openings."""
    outcomes = [each for pack in loaded.rulebook.packs.values() for each in pack.doc.outcomes]
    given = {(each.id, value.id) for each in outcomes for value in each.values}
    taken: dict[tuple[str, str], str] = {}
    for file, table in loaded.docs["lifecycle"].items():
        if table.arm is None:
            continue
        for path, value in _answers(table.arm):
            place, answer = loaded.sources.place(file, "arm", *path), (table.arm.outcome, value)
            if answer not in given:
                remedy = nearest(value, sorted(each for name, each in given if name == answer[0]), "name an answer of a pack")
                yield Finding("unknown-value", place, f"no pack answers `{answer[0]}` with `{value}`", remedy)
            elif answer in taken and not (table.arm.ways and taken[answer] == table.id):
                yield Finding("duplicate-name", place, f"`{value}` leads to `{taken[answer]}` already", "let it lead to one arm")
            taken.setdefault(answer, table.id)


def _answers(arm: Arm) -> Iterator[tuple[Path, str]]:
    """Yield the answers that an arm names, each with where it stands."""
    yield from ((("values", k), value) for k, value in enumerate(arm.values))
    for i, way in enumerate(arm.ways):
        yield from ((("ways", i, "values", k), value) for k, value in enumerate(way.values))
        yield from ((("ways", i, "beyond", k), value) for k, value in enumerate(way.beyond))


def mandates(loaded: Loaded) -> Iterator[Finding]:
    """An event that an official does for the party only under its mandate can carry that mandate."""
    for file, table in loaded.docs["lifecycle"].items():
        asked = {each.id for each in table.guards if each.is_ == "for_party"}
        for i, each in enumerate(table.transitions):
            if asked & set(each.guards) and "mandate" not in (*each.needs, *each.may):
                place = loaded.sources.place(file, "transitions", i, "event")
                problem = f"`{each.event}` carries no `mandate`, and a guard asks for it"
                yield Finding("unknown-field", place, problem, "add it to `may`")


def shape(loaded: Loaded) -> Iterator[Finding]:
    """Every state is reached from the opening, only final ones are dead ends, and no event of a state leads two ways."""
    for file, table in loaded.docs["lifecycle"].items():
        openings = [each for each in table.transitions if not each.from_]
        if not openings:
            yield Finding(
                "no-opening", loaded.sources.place(file, "transitions"), "no transition opens a stream", "leave `from` out of one"
            )
        reached = _reached(table, {each.to for each in openings})
        left = {name for each in table.transitions for name in each.from_ if each.to != SAME}
        for i, state in enumerate(table.states):
            place = loaded.sources.place(file, "states", i)
            if state.id not in reached:
                yield Finding(
                    "unreachable-state", place, f"nothing leads to `{state.id}`", "add the transition, or remove the state"
                )
            if not state.final and state.id not in left:
                yield Finding(
                    "dead-end", place, f"`{state.id}` is never left and not final", "say `final: true`, or add its way out"
                )
        yield from _ways(loaded, file, table)


def _ways(loaded: Loaded, file: str, table: Lifecycle) -> Iterator[Finding]:
    final, seen = {each.id for each in table.states if each.final}, set()
    for i, each in enumerate(table.transitions):
        place = loaded.sources.place(file, "transitions", i, "event")
        if each.event in BUILT_IN:
            yield Finding("reserved-name", place, f"every stream has the event `{each.event}`", "choose another name")
        if not each.from_ and each.to == SAME:
            yield Finding("bad-opening", place, "the opening leads to no state", "name the first state in `to:`")
        for name in each.from_ or [""]:
            if name in final:
                yield Finding(
                    "final-left", place, f"`{name}` is final, but `{each.event}` is possible in it", "remove one of the two"
                )
            if (name, each.event) in seen:
                yield Finding("two-ways", place, f"`{each.event}` in `{name}` stands twice", "use another event name")
            seen.add((name, each.event))


def _leads(each: Transition) -> set[str]:
    """Return the states that a transition may lead to, none for one that stays."""
    return {each.to, *each.instead.values()} - {SAME}


def _reached(table: Lifecycle, reached: set[str]) -> set[str]:
    while True:
        more = {to for each in table.transitions if reached & set(each.from_) for to in _leads(each)} - reached
        if not more:
            return reached
        reached |= more


def based(loaded: Loaded) -> Iterator[Finding]:
    """What is not design names its source, a statutory effect its body and a law that can create it."""
    book = loaded.rulebook
    for file, table in loaded.docs["lifecycle"].items():
        for path, each in _based(table):
            place = loaded.sources.place(file, *path)
            if each.origin != "design" and not each.sources:
                problem = f"what comes from {each.origin} names no source"
                yield Finding("no-source", place, problem, "add `sources:`, or say `origin: design`")
            for k, source in enumerate(each.sources):
                if source.instrument not in book.instruments:
                    there = loaded.sources.place(file, *path, "sources", k, "instrument")
                    remedy = nearest(source.instrument, book.instruments, "declare it in rules/instruments/")
                    yield Finding("unknown-instrument", there, f"no instrument named `{source.instrument}`", remedy)
        for i, transition in enumerate(table.transitions):
            yield from _competent(loaded, file, i, transition)


def _based(table: Lifecycle) -> Iterator[tuple[Path, Transition | GuardDecl | ClockDecl]]:
    groups: tuple[tuple[str, Iterable[Transition | GuardDecl | ClockDecl]], ...] = (
        ("transitions", table.transitions),
        ("guards", table.guards),
        ("clocks", table.clocks),
    )
    for kind, entries in groups:
        yield from (((kind, i), each) for i, each in enumerate(entries))


def _competent(loaded: Loaded, file: str, i: int, each: Transition) -> Iterator[Finding]:
    """A statutory effect needs a body and a law (Administrative Licence Law 14-17, Administrative Penalty Law 9, 16)."""
    book, place = loaded.rulebook, loaded.sources.place(file, "transitions", i)
    if each.authority and each.authority not in book.authorities:
        remedy = nearest(each.authority, book.authorities, "add it to rules/authorities.yaml")
        yield Finding("unknown-authority", place, f"no authority named `{each.authority}`", remedy)
    if each.effect != "statutory":
        return
    if not each.authority:
        yield Finding("no-authority", place, "a statutory effect needs its competent body", "add `authority:`")
    ranks = {book.instruments[source.instrument].rank for source in each.sources if source.instrument in book.instruments}
    if ranks <= NO_LEGAL_FORCE:
        remedy = "cite the law that does, or use agreed, owner or advisory"
        yield Finding("beyond-competence", place, "nothing cited can create a statutory effect", remedy)
