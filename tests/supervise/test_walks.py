"""Random walks through the tables of pilots, incidents and reviews, by the pure step alone.

Whatever is tried, in a pilot the terms come first, and in a review nothing is in force that was taken out of it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.supervise.deadline import timed
from engine.supervise.guards import GUARDS
from engine.supervise.state import Event, State
from engine.supervise.step import Refusal, possible, step, transition_of
from schemas.lifecycle import FieldDecl, Lifecycle
from tests.long import LONG
from tests.rulebook import book

MEASURES = frozenset({"warn", "rectify", "pause", "resume", "terminate", "bar"})
ROLES = ("official", "enterprise", "system", "admin")
HASHES = ("0" * 64, "1" * 64)
UNITS = ("市公安局", "市工信局")
START = date(2026, 9, 1)


@cache
def fields(table: str) -> dict[str, FieldDecl]:
    return {each.id: each for each in book().lifecycles[table].fields}


def value(random: Random, decl: FieldDecl, on: date, table: Lifecycle) -> Any:
    match decl.type:
        case "choice":
            return random.choice(decl.values).id
        case "hash":
            return HASHES[random.random() < 0.15]
        case "bool":
            return random.random() < (0.1 if decl.computed else 0.5)  # the engine deviates seldom, or few walks would go far
        case "int":
            return random.randint(0, 3)
        case "date":
            return (on + timedelta(days=0 if decl.id == "served_on" else random.randint(0, 90))).isoformat()
        case "moment":
            return f"{on - timedelta(days=random.randint(0, 3))}T00:00:00.000Z"
        case "texts":
            return random.sample([each.id for each in table.clocks], 2) if decl.id != "units" else ["市公安局"]
        case _ if decl.id == "unit":
            return random.choice(UNITS)
        case _:
            return "市公安局" if decl.id == "lead" else random.choice(("admit", "市公安局", "a"))


def attempt(random: Random, table: Lifecycle, state: State, on: date) -> Event:
    """Return something that somebody tries: mostly what the table has for the state, with the fields that it needs."""
    final = {each.id for each in table.states if each.final}
    here = [each for each in possible(table, state) if each.to not in final or random.random() < 0.1]
    chosen = random.choice(here) if here and random.random() < 0.8 else random.choice(table.transitions)
    names = [*chosen.needs, *(name for name in chosen.may if random.random() < 0.5)]
    if names and random.random() < 0.1:
        names.pop()
    values = {
        name: value(random, fields(table.id)[name], on, table)
        for name in names
        if fields(table.id)[name].open or fields(table.id)[name].type in ("company", "person", "persons")
    }
    role = random.choice(chosen.role) if random.random() < 0.9 else random.choice(ROLES)
    by, second = random.choice(("li", "wang", "he")), random.choice(("", "wang", "zhao"))
    return Event(
        name=chosen.event,
        by=by,
        roles=(role,),
        unit=str(state.values.get("unit") or values.get("unit")) if random.random() < 0.8 else random.choice(UNITS),
        on=on.isoformat(),
        told=on.isoformat(),
        at=f"{on}T01:00:00.000Z",
        values=values,
        given=frozenset(names),
        second=second,
        second_roles=("official",) if second else (),
        own="firm" if role == "enterprise" else "",
        holder="firm",
        subject="s" if chosen.unique else "",
    )


PATH: tuple[tuple[str, str, dict[str, Any]], ...] = (
    (
        "open",
        "li",
        dict.fromkeys(("filing", "version", "holder", "legal", "unit", "proposal", "track"), "市公安局") | {"deviates": False},
    ),
    ("accept", "li", {}),
    ("propose", "li", {"proposal": "p", "outcome": "t2"}),
    ("waive", "firm", {"document": HASHES[0]}),
    ("decide", "wang", {"decision": "d", "outcome": "t2", "deviates": False}),
    ("serve", "li", {"served_on": START.isoformat(), "manner": "post"}),
    ("announce", "he", {"measure": "suspend", "reasons": "x"}),
    ("waive", "firm", {"document": HASHES[0]}),
    ("suspend", "li", {"reasons": "x"}),
    ("serve", "li", {"served_on": START.isoformat(), "manner": "post"}),
)


@cache
def begun(name: str, far: int) -> State:
    """Return the state from which a walk begins: of reviews at the door, with a decision that was served, or suspended."""
    table, state = book().lifecycles[name], State("s", name)
    for event, by, values in PATH[: (0, 6, 10)[far]] if name == "ex-ante-review" else ():
        role, day = ("enterprise" if by == "firm" else "official"), START.isoformat()
        told = (day, day, f"{day}T01:00:00.000Z")
        signed: dict[str, Any] = {"second": "wang", "second_roles": ("official",)} if event == "suspend" else {}
        own = "firm" if by == "firm" else ""
        done = Event(event, by, (role,), "市公安局", *told, values, frozenset(values), own=own, holder="firm")
        after = step(table, state, replace(done, **signed))
        assert not isinstance(after, Refusal), after
        state = timed(table, after, book().calendar)
    return state


@pytest.mark.parametrize("name", ["pilot", "incident", "ex-ante-review"])
@settings(max_examples=400 if LONG else 40)
@given(seed=st.integers(min_value=0, max_value=2**32))
def test_walks(name: str, seed: int) -> None:
    random, table = Random(seed), book().lifecycles[name]
    state, on = begun(name, seed % 3), START
    for _ in range(120):
        on += timedelta(days=random.choice((0, 0, 1, 20)))
        event = attempt(random, table, state, on)
        after = step(table, state, event)
        if isinstance(after, Refusal):
            assert after.code
            assert after.rule.startswith(f"{name}/")
            continue
        after = timed(table, after, book().calendar)
        holds(table, state, event, after)
        state = after


def holds(table: Lifecycle, before: State, event: Event, after: State) -> None:
    """What is so after every event that happened."""
    declared = {each.id: each for each in table.states}
    assert after.number == before.number + 1
    assert after.closed == declared[after.name].final
    assert not before.closed
    for run in after.clocks:
        assert run.stopped is None or run.stopped >= run.started
        assert all(each.end is None or each.end >= each.start >= run.started for each in run.pauses)
    transition = transition_of(table, before.name, event.name)
    assert transition is not None
    if table.id == "pilot" and event.name in MEASURES:
        assert transition.effect == "agreed"
        assert {"sign", "countersign", "start"} <= after.done.keys()
        agreed = after.values["agreed_sha256"]
        assert agreed in HASHES
    if table.id == "pilot" and event.roles == ("official",) and "mandate" not in event.given and event.name != "opine":
        assert event.unit == (before.values.get("unit") or event.values["unit"])
    if table.id == "ex-ante-review":
        remedied(before, event, after)
    if event.name == "bar":
        assert after.values["bar_term"] is True
    if table.id == "pilot" and event.name in ("terminate", "resume"):
        assert event.second not in ("", event.by)


def remedied(before: State, event: Event, after: State) -> None:
    """In a review nothing is in force that was suspended, revoked or annulled, and nobody is burdened unheard."""
    if after.name in ("served", "suspended", "revoked"):
        standing = [name for name in ("revoke", "suspend") if name in after.done]
        assert {"served": [], "suspended": ["suspend"], "revoked": ["revoke"]}[after.name] == standing[:1]
        assert "serve" in after.done
    if event.name in ("suspend", "revoke", "decide"):
        told = before.clock("statement")
        assert told is not None
        assert told.stopped is not None or told.due < event.on
    if event.name in ("suspension_annulled", "revocation_annulled"):
        further = after.clock("further")
        assert further is not None
        assert further.running
    if event.name == "keep":
        mark = after.values.get("mark", {})
        assert {name: after.values.get(name) for name in ("decision", "outcome", "tier")} == {
            name: mark.get(name) for name in ("decision", "outcome", "tier")
        }
    if event.name == "review_annulled":
        assert not {"serve", "suspend", "revoke"} & after.done.keys()
    if event.name == "archive":
        assert all(run.due < event.on for run in before.clocks if run.stopped is None)


@pytest.mark.parametrize("name", ["pilot", "incident", "ex-ante-review"])
def test_walks_go_far(name: str) -> None:
    """The walk would prove nothing if it stayed at the door: together they come to most of the states."""
    table, reached = book().lifecycles[name], set()
    for seed in range(300):
        random, state, on = Random(seed), begun(name, seed % 3), START
        for _ in range(120):
            on += timedelta(days=random.choice((0, 0, 1, 20)))
            after = step(table, state, attempt(random, table, state, on))
            if not isinstance(after, Refusal):
                state = timed(table, after, book().calendar)
                reached.add(state.name)
        if len(reached) >= len(table.states) - 2:
            break
    assert len(reached) >= len(table.states) - 2, {each.id for each in table.states} - reached
    assert {guard.is_ for guard in table.guards} <= GUARDS.keys()
