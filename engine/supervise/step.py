"""The one step function: a table, a state and an event give the next state, or the rule that refuses the event.

It is pure: it reads no clock, no store and no key. In order: the stream is open, the table has the transition, the actor has the
role, nothing is dated before its cause or after the day it is told, every field is given, no other is, every guard holds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from engine.supervise import uscc
from engine.supervise.clocked import clocked
from engine.supervise.dated import FIRM
from engine.supervise.guards import GUARDS, MANDATE
from engine.supervise.happening import Happening
from engine.supervise.state import DRIFT, MARK, Done, Event, State
from schemas.lifecycle import BUILT_IN, DRIFTED, REFUSED, SAME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemas.lifecycle import GuardDecl, Lifecycle, Transition
    from schemas.rulebook import Source

ANSWERS = frozenset({"proposal", "decision"})  # values that name the record of an answer
PAST = frozenset({"once", "done", "not_done", "fewer_than"})  # guards that ask only what has happened
DECIDE = "decide"  # the command that decides, and the event that it takes unless another is named
OFFICES = ("official", "admin")
# guards that say themselves whose official acts: a unit that was asked, that leads or began, or the inspectors who were named
SAY_WHO = frozenset({"asked_unit", "lead_unit", "other_unit", "same_unit", "among"})
DAYS = frozenset({"on_the_day", "told_late"})  # guards on days that are typed
SECOND = "official"  # the role of whoever signs as second


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an event does not happen: a stable code, the rule that refuses it as `table/transition#guard`, and what helps."""

    code: str
    rule: str
    problem: str
    help: str
    sources: tuple[Source, ...] = ()


def step(table: Lifecycle, state: State, event: Event) -> State | Refusal:
    """Return the state after an event, or the refusal of the first rule that is in its way."""
    if event.name in BUILT_IN:
        return noted(state, event)
    transition = transition_of(table, state.name, event.name)
    if transition is None:
        return _nowhere(table, state, event)
    role = role_of(transition, event)
    if role:  # from here on nobody has another: what is recorded is what was judged
        event = replace(event, roles=(role,))
    refusal = next(_refusals(table, transition, state, event), None)
    return refusal or _after(table, transition, state, event)


def may_not(table: Lifecycle, state: State, event: Event) -> Refusal | None:
    """Return the refusal of an event that the table does not have here, or of an actor without the role for it, else None."""
    transition = transition_of(table, state.name, event.name)
    return _nowhere(table, state, event) if transition is None else _wrong_role(table, transition, event)


def noted(state: State, event: Event) -> State:
    """Return the state after a refused attempt, a new calendar or a drift, which is the same state one event later."""
    refused = state.refused + (event.name == REFUSED)
    values = {**state.values, DRIFT: dict(event.values)} if event.name == DRIFTED else state.values
    opened = state.opened or event.at
    return replace(state, number=state.number + 1, refused=refused, at=event.at, opened=opened, values=values)


def transition_of(table: Lifecycle, state: str, event: str) -> Transition | None:
    """Return the transition of an event in a state, or None when the table has none."""
    return next((each for each in table.transitions if each.event == event and state in (each.from_ or [""])), None)


def possible(table: Lifecycle, state: State) -> list[Transition]:
    """Return the transitions that the table has for a state; who may take them, their guards say."""
    return [each for each in table.transitions if state.name in (each.from_ or [""])]


def offered(table: Lifecycle, state: State) -> list[Transition]:
    """Return those of the possible transitions that what has happened in the stream does not rule out already."""
    asked = {guard.id: guard for guard in table.guards if guard.is_ in PAST}
    found = []
    for each in possible(table, state):
        nobody = Happening(table, each, state, Event(each.event, "", (), "", state.on, state.on, state.at))
        if not any(GUARDS[asked[name].is_](nobody, asked[name].of) for name in each.guards if name in asked):
            found.append(each)
    return found


def role_of(transition: Transition, event: Event) -> str | None:
    """Return the one role in which an actor takes a transition, None when there is none.

    Whoever is of a firm acts as an enterprise where that is possible at all, never by choice as the office.
    """
    held = [role for role in transition.role if role in event.roles]
    return min(held, key=lambda role: (role == FIRM) != bool(event.own), default=None)


def _nowhere(table: Lifecycle, state: State, event: Event) -> Refusal:
    """Return the refusal of an event that the table does not have in this state."""
    if state.closed:
        return Refusal(
            "closed", f"{table.id}/{state.name}", f"`{state.name}` is final: nothing happens after it", "open another stream"
        )
    known = sorted({_called(table, each) for each in offered(table, state)})
    where = f"in the state `{state.name}`" if state.name else "before the stream is opened"
    problem = f"the table has no `{event.name}` {where}"
    return Refusal("no-transition", f"{table.id}/{state.name or '(none)'}", problem, f"possible here: {', '.join(known)}")


def _called(table: Lifecycle, transition: Transition) -> str:
    """Return how a transition is named to whoever may take it: of a case's other decisions than `decide` by the command."""
    decides = table.kind == "case" and "decision" in transition.needs and transition.event != DECIDE
    return f"{transition.event} (`fenji case {DECIDE} --event {transition.event}`)" if decides else transition.event


def _refusals(table: Lifecycle, transition: Transition, state: State, event: Event) -> Iterator[Refusal]:
    rule, sources = f"{table.id}/{transition.event}", tuple(transition.sources)
    role = role_of(transition, event)
    if barred := _wrong_role(table, transition, event):
        yield barred
    if event.second and (event.second == event.by or SECOND not in event.second_roles or uscc.is_firm(event.second_unit)):
        problem = f"`{event.second}` cannot sign as the second official"
        yield Refusal("wrong-second", rule, problem, "another official, who is of no firm, signs as second", sources)
    if event.on > event.told:
        yield Refusal("in-future", rule, f"{event.on} has not come yet", "name the day on which it happened", sources)
    if event.on < state.on:
        problem = f"{event.on} lies before {state.on}, when the stream came to `{state.name}`"
        yield Refusal("before-cause", rule, problem, "name the day on which it happened", sources)
    yield from _too_early(rule, transition, state, event)
    yield from _fields(table, transition, state, event)
    declared = {guard.id: guard for guard in table.guards}
    for name in (*_standing(table, transition, event, role), *transition.guards):
        yield from _guarded(rule, declared[name], Happening(table, transition, state, event))


def _wrong_role(table: Lifecycle, transition: Transition, event: Event) -> Refusal | None:
    if role_of(transition, event) is not None:
        return None
    wanted = " or ".join(transition.role)
    problem, remedy = f"`{event.by}` has not the role {wanted}", f"an actor with the role {wanted} does this"
    return Refusal("wrong-role", f"{table.id}/{transition.event}", problem, remedy, tuple(transition.sources))


def _fields(table: Lifecycle, transition: Transition, state: State, event: Event) -> Iterator[Refusal]:
    rule, sources = f"{table.id}/{transition.event}", tuple(transition.sources)
    allowed, computed = {*transition.needs, *transition.may}, {each.id for each in table.fields if each.computed}
    typed = [name for name in transition.may if name not in computed]
    missing = [name for name in transition.needs if name not in event.given]
    if missing:
        problem = f"{', '.join(f'`{name}`' for name in missing)} {'is' if len(missing) == 1 else 'are'} not given"
        remedy = f"give {'it' if len(missing) == 1 else 'them'}"
        if typed:
            remedy += f"; what can be given too: {', '.join(typed)}"
        yield Refusal("missing-field", f"{rule}#{missing[0]}", problem, remedy, sources)
    for name in sorted(event.given - allowed):
        remedy = f"it carries {', '.join(sorted(allowed - computed)) or 'nothing'}"
        yield Refusal("unknown-field", f"{rule}#{name}", f"`{transition.event}` carries no `{name}`", remedy, sources)
    for declared in table.fields:
        cause = state.done.get(declared.not_before)
        value = event.values.get(declared.id)
        if declared.type == "moment" and value is not None and value > event.at:
            problem = f"`{declared.id}` {value} has not come yet"
            yield Refusal("in-future", f"{rule}#{declared.id}", problem, "name the moment at which it happened", sources)
        if declared.not_past and value is not None and value < event.on:
            problem = f"`{declared.id}` {value} has passed"
            yield Refusal("in-past", f"{rule}#{declared.id}", problem, "name a day that is still to come", sources)
        if cause and value is not None and value < cause.on:
            problem = f"`{declared.id}` {value} lies before {declared.not_before} on {cause.on}"
            yield Refusal("before-cause", f"{rule}#{declared.id}", problem, "name the day on which it happened", sources)


def _standing(table: Lifecycle, transition: Transition, event: Event, role: str | None) -> list[str]:
    """Return the guards under which all stands that is done in a table: impartiality, the unit in charge, days that are typed."""
    kinds = {*DAYS, *(["impartial"] if role in OFFICES else []), *(["in_charge"] if _led(table, transition, event, role) else [])}
    return [each.id for each in table.guards if each.is_ in kinds and each.id not in transition.guards]


def _led(table: Lifecycle, transition: Transition, event: Event, role: str | None) -> bool:
    """Tell whether an act is one of the unit in charge, as all is that officials do, with these exceptions.

    Others act for the party under its paper, give the opinions that they were asked for, inspect where they were named, and say
    of themselves that they stay out; an administrator hands a stream over and names who is recused.
    """
    declared = {each.id: each for each in table.guards}
    recused = {name for each in table.guards if each.is_ == "impartial" for name in each.of}
    return (
        role == SECOND
        and MANDATE not in event.given
        and not any(declared[name].is_ in SAY_WHO for name in transition.guards)
        and not any(event.values.get(name) == event.by for name in recused & set(transition.needs))
    )


def _too_early(rule: str, transition: Transition, state: State, event: Event) -> Iterator[Refusal]:
    """Refuse what happens by itself once a day has passed, while it has not; the day on which it is told counts."""
    day = state.values.get(transition.after, "") if transition.after else ""
    if transition.after and not (day and event.told > day):
        problem = f"`{transition.after}` {day or 'is not known'}{' has not passed' if day else ''}"
        yield Refusal("too-early", rule, problem, "it happens by itself the day after", tuple(transition.sources))


def _guarded(rule: str, guard: GuardDecl, happening: Happening) -> Iterator[Refusal]:
    problem = GUARDS[guard.is_](happening, guard.of)
    if problem:
        yield Refusal(guard.id, f"{rule}#{guard.id}", problem, guard.title.en, tuple(guard.sources))


def _after(table: Lifecycle, transition: Transition, state: State, event: Event) -> State:
    """Return the state that a transition leads to."""
    name = leads_to(transition, state)
    return replace(
        state,
        name=name,
        number=state.number + 1,
        on=event.on,
        at=event.at,
        opened=state.opened or event.at,
        closed=next(each.final for each in table.states if each.id == name),
        holder=event.holder or state.holder,
        subject=event.subject if transition.unique else "" if transition.frees else state.subject,
        values=_values(table, transition, state, event),
        done=_done(transition, state, event),
        clocks=clocked(table, transition, state, event),
    )


def leads_to(transition: Transition, state: State) -> str:
    """Return the state that a transition leads to: for one with `instead`, it depends on what has happened in the stream."""
    to = next((to for event, to in transition.instead.items() if event in state.done), transition.to)
    return state.name if to == SAME else to


def _values(table: Lifecycle, transition: Transition, state: State, event: Event) -> dict[str, Any]:
    """Return the open values of the stream after an event: the last of each field, or all of one that collects them."""
    collected = {each.id: each.type for each in table.fields if each.collect}
    values = {key: value for key, value in state.values.items() if key not in transition.anew}
    for key, value in event.values.items():
        if key not in collected:
            values[key] = value
            continue
        old, stated = values.get(key, []), value if collected[key] == "texts" else [value]
        if key in transition.drops:
            values[key] = [each for each in old if each not in stated]
        else:
            values[key] = [*old, *(each for each in stated if collected[key] != "texts" or each not in old)]
    if ANSWERS & event.values.keys():
        values.pop(DRIFT, None)
    return _marked(transition, values)


def _marked(transition: Transition, values: dict[str, Any]) -> dict[str, Any]:
    """Return values with those brought back that a transition restores, and those noted that it marks.

    A stream that nothing marked yet, as one whose events are older than marks, keeps what it has.
    """
    mark = values.get(MARK)
    if transition.restores and mark is not None:
        back = {name: mark[name] for name in transition.restores if name in mark}
        values = {name: value for name, value in values.items() if name not in transition.restores} | back
    if transition.marks:
        values = {**values, MARK: {name: values[name] for name in transition.marks if name in values}}
    return values


def _done(transition: Transition, state: State, event: Event) -> dict[str, Done]:
    """Return what is known of events after a transition: it is done once more, what it forgets or asks anew is not done."""
    known = {name: each for name, each in state.done.items() if name not in transition.forgets}
    for name, asking in transition.asks.items():
        asked = event.values.get(asking, [])
        if name in known:
            known[name] = replace(known[name], units=tuple(unit for unit in known[name].units if unit not in asked))
    before = state.done.get(event.name, Done(0, "", (), ()))
    done = Done(before.count + 1, event.on, _with(_with(before.by, event.by), event.second), _with(before.units, event.unit))
    return {**known, event.name: done}


def _with(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    return names if name in names or not name else (*names, name)
