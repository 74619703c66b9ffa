"""Whom an event names to act, or to stay out, and which units: actors of the installation and theirs, never any text.

A table alone knows no actor, so this is judged when an act is recorded. A case that is handed to a name that nobody has, or to a
unit without an official, would wait for ever, and a recusal of a misspelt name would keep nobody out (Civil Servant Law, article
76).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.supervise import uscc
from engine.supervise.step import OFFICES, SECOND, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from engine.evidence.installation import Installation
    from engine.evidence.keys import PublicKey
    from engine.supervise.fields import Given
    from engine.supervise.state import Event, State
    from schemas.lifecycle import Lifecycle

ASSIGNEE = "assignee"  # whoever is handed a stream, in every table that has the field
UNITS = ("unit", "lead", "units", "competent")  # fields that name units of officials: in charge, in the lead, asked, above
OWN_SIDE = "own_side"  # the guard whose first field names officials of the actor's own unit
STAYS_OUT, ACTS = "impartial", "among"  # guards whose fields name who stays out, and the only ones who act
SHOWN = 20  # how many of those there are a refusal names


def refused(home: Installation, table: Lifecycle, state: State, event: str, given: Given, at: str) -> Refusal | None:  # noqa: PLR0913, PLR0917 - a stream and what is said of it
    """Return the refusal of the first name that is no official of the installation, nor a unit of one; None when all are.

    Whoever is to act has a valid key at the moment `at`, is of no firm and not recused from the stream; whoever stays out may get
    a key again, so one of the past will do.
    """
    out = {str(name) for each in table.fields if _is(table, STAYS_OUT, each.id) for name in state.values.get(each.id) or ()}
    for field, name in _named(table, given):
        lasting, rule = _is(table, STAYS_OUT, field), f"{table.id}/{event}#{field}"
        known = _officials(home) if lasting else able(home, at, OFFICES if field == ASSIGNEE else (SECOND,))
        if name not in known:
            problem = f"`{name[:60]}` is no official here" + ("" if lasting else " with a valid key and of no firm")
            remedy = f"there are {', '.join(sorted(known)[:SHOWN]) or 'none'}; `fenji actor add` makes one"
            return Refusal("no-such-official", rule, problem, remedy)
        if not lasting and name in out:
            return Refusal("recusal", rule, f"`{name}` is recused from this stream", "name somebody else")
    return _unknown_unit(home, table, event, given, at)


def other_side(home: Installation, table: Lifecycle, event: Event) -> Refusal | None:
    """Return the refusal of an official of another unit, whom a side of a matter (`own_side`) names; None where all are its own.

    Whether somebody stays out is for their own body to say (Civil Servant Law, article 77), never for the other side.
    """
    rows = [each for each in table.transitions if each.event == event.name]
    asked = [each for each in table.guards if each.is_ == OWN_SIDE and any(each.id in row.guards for row in rows)]
    if "admin" in event.roles:
        return None
    for guard in asked:
        for name in map(str, _each(event.values.get(guard.of[0], event.by))):
            if name != event.by and event.unit not in _units_of(home, name):
                problem = f"`{name[:60]}` is no official of `{event.unit[:64]}`"
                return Refusal(guard.id, f"{table.id}/{event.name}#{guard.id}", problem, guard.title.en, tuple(guard.sources))
    return None


def _units_of(home: Installation, name: str) -> set[str]:
    """Return the units under which an official has, or ever had, a key to decide."""
    return {each.holder.unit for each in home.actors.keys if each.purpose == "decision" and each.holder.sub == name}


def units(home: Installation, at: str) -> set[str]:
    """Return the units of the officials who have a valid key at a moment; officials of firms are of no office."""
    keys = (each for each in home.actors.keys if each.purpose == "decision" and SECOND in each.holder.roles and _valid(each, at))
    return {each.holder.unit for each in keys if not uscc.is_firm(each.holder.unit)}


def _unknown_unit(home: Installation, table: Lifecycle, event: str, given: Given, at: str) -> Refusal | None:
    """Return the refusal of the first unit that no official is of: nobody there could ever act; one that is dropped may be so."""
    dropped = {field for each in table.transitions if each.event == event for field in each.drops}
    named = [(field, str(unit)) for field in UNITS if field in {*given.open} - dropped for unit in _each(given.open[field])]
    known = units(home, at) if named else set[str]()
    for field, unit in named:
        if unit not in known:
            problem = f"no official here is of the unit `{unit[:60]}`"
            remedy = f"there are {', '.join(sorted(known))}; `fenji actor add ... --unit` makes an official of another"
            return Refusal("unknown-unit", f"{table.id}/{event}#{field}", problem, remedy)
    return None


def able(home: Installation, at: str, roles: Sequence[str] = (SECOND,)) -> set[str]:
    """Return who can act for an office in one of these roles at a moment: of no firm, with a valid key. Raises StoreError."""
    keys = [each for each in home.actors.keys if each.purpose == "decision" and set(each.holder.roles) & set(roles)]
    return {each.holder.sub for each in keys if _valid(each, at) and not uscc.is_firm(each.holder.unit)}


def _named(table: Lifecycle, given: Given) -> Iterator[tuple[str, str]]:
    """Yield the fields of an event that name officials, each with a name."""
    for each in table.fields:
        if each.id in given.open and (each.id == ASSIGNEE or _is(table, STAYS_OUT, each.id) or _is(table, ACTS, each.id)):
            yield from ((each.id, str(name)) for name in _each(given.open[each.id]))


def _each(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _is(table: Lifecycle, guard: str, field: str) -> bool:
    return any(each.is_ == guard and field in each.of for each in table.guards)


def _officials(home: Installation) -> set[str]:
    """Return who has, or ever had, a key to decide as an official or administrator."""
    keys = [each for each in home.actors.keys if each.purpose == "decision" and set(each.holder.roles) & set(OFFICES)]
    return {each.holder.sub for each in keys}


def _valid(key: PublicKey, at: str) -> bool:
    return key.was_valid(at) and not key.compromised
