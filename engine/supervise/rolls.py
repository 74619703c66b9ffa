"""Which cases may be drawn for inspection and who may inspect them: lists and rolls of draws, read from the log alone.

A list holds as the first so many records of the log have it, so that whoever draws again later finds the same one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.errors import InputError
from engine.store import reading
from engine.supervise import uscc
from engine.supervise.people import SHOWN, able
from engine.supervise.sampling import INSPECTORS
from engine.supervise.streams import history

if TYPE_CHECKING:
    from engine.evidence.installation import Installation

ARM = "results-based"
WATCHED, INSPECTED = "watching", "inspecting"  # the states in which a case may be drawn, and in which inspectors for it may be
BEGIN = ("drawn", "redrawn", "complained")  # the events that name inspectors
RECUSE, LIFT = "recuse", "lift_recusal"  # that which bars one, and that which lets them in again


def eligible(home: Installation, size: int, announced: Mapping[str, Any], at: str) -> dict[str, frozenset[str]]:
    """Return the cases that may be drawn as the first `size` records of the log have them, each with who stays out of it.

    Whoever is of a firm inspects nobody, as in every act of an office (`guards`: impartial); an inspector also stays out of a
    case of their own body, and of one in which they were recused. Where a `case` was announced, it alone may be drawn, and only
    while it is under inspection and fewer than two are left of those whom its inspectors come from.
    """
    codes = _codes(home, announced["pool"], at)
    firms = {person for person, code in codes.items() if uscc.is_firm(code)}
    bodies = {person: home.keyed("company", code) for person, code in codes.items()}
    last: dict[str, dict[str, Any]] = {}
    named: dict[str, list[dict[str, Any]]] = {}  # what says who inspects, and who does not
    for event in _of_arm(home, size):
        last[event["stream"]] = event
        if event["name"] in (*BEGIN, RECUSE, LIFT):
            named.setdefault(event["stream"], []).append(event)
    found = {}
    for name, event in last.items():
        if "case" in announced:
            may = name == announced["case"] and exhausted(home, event["to"], named.get(name, ()))
        else:
            scoped = all(announced.get(key, "") in ("", event["shows"][key]) for key in ("unit", "district"))
            may = scoped and event["to"] == WATCHED
        if may:
            own = {person for person, body in bodies.items() if body == event["shows"]["holder"]}
            found[name] = frozenset(firms | own | _recused(named.get(name, ())) & set(announced["pool"]))
    return found


def _of_arm(home: Installation, size: int) -> Iterator[dict[str, Any]]:
    """Yield the events of cases of the arm among the first `size` records of the log."""
    for each in reading.records(home.store):
        if each.seq >= size:
            break
        if each.kind == "event" and f'"process":"{ARM}"'.encode() in each.payload:
            event = json.loads(each.payload)["predicate"]
            if event["process"] == ARM:
                yield event


@dataclass(frozen=True)
class Inspection:
    """An inspection of a case: its draw, empty on a complaint, the roll that inspectors come from, and who of it still may."""

    draw: str
    roll: Sequence[str]
    able: Sequence[str]


def inspection(home: Installation, events: Sequence[Mapping[str, Any]]) -> Inspection:
    """Return the last inspection of a case by its events; of a complaint the roll is whom an official named."""
    begun = [each for each in events if each["name"] in BEGIN]
    out = _recused(events)
    if not begun:
        return Inspection("", (), ())
    name, roll = begun[-1]["values"].get("draw", ""), begun[-1]["values"]["inspectors"]
    if name:
        said = {each["name"]: each["values"] for each in history(home, name)}
        roll = list(dict.fromkeys(said["announce"]["pool"]))
        out |= set(said["freeze"]["list"][begun[-1]["stream"]])
    return Inspection(name, roll, [each for each in roll if each not in out])


def exhausted(home: Installation, state: str, events: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether a case in a state is under inspection, with fewer than two left of those whom its inspectors come from."""
    return state == INSPECTED and len(inspection(home, events).able) < INSPECTORS


def _recused(events: Sequence[Mapping[str, Any]]) -> set[str]:
    """Return who stays out by events of a case, oldest first: whoever was recused, and has not been let in again since."""
    last = {each["values"]["recused"]: each["name"] for each in events if each["name"] in (RECUSE, LIFT)}
    return {name for name, event in last.items() if event == RECUSE}


def _codes(home: Installation, pool: Sequence[str], at: str) -> dict[str, str]:
    """Return the credit code of the unit to which each inspector belonged at a time, for those whose unit is one."""
    units = {
        key.holder.sub: uscc.tidy(key.holder.unit) for key in home.actors.keys if key.valid_from <= at
    }  # the last one counts
    return {name: units[name] for name in pool if not uscc.fault(units.get(name, ""))}


def require_roll(home: Installation, pool: Sequence[str], at: str) -> None:
    """Refuse a roll of inspectors of whom one is no official, or which are too few. Raises InputError."""
    roll, known = list(dict.fromkeys(pool)), able(home, at)
    for name in roll:
        if name not in known:
            remedy = f"there are {', '.join(sorted(known)[:SHOWN]) or 'none'}; `fenji actor add` makes one"
            raise InputError("no-inspector", f"`{name[:60]}` is no official here with a valid key and of no firm", remedy)
    if len(roll) < INSPECTORS:
        raise InputError("no-inspectors", f"a roll of {len(roll)} inspectors is too short", f"name {INSPECTORS} at least")
