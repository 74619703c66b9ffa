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
    from collections.abc import Iterator

    from engine.evidence.installation import Installation
    from engine.evidence.keys import PublicKey
    from engine.supervise.fields import Given
    from schemas.lifecycle import Lifecycle

ASSIGNEE = "assignee"  # whoever is handed a stream, in every table that has the field
UNITS = ("unit", "lead", "units")  # fields that name units of officials: in charge, in the lead, asked
STAYS_OUT, ACTS = "impartial", "among"  # guards whose fields name who stays out, and the only ones who act


def refused(home: Installation, table: Lifecycle, event: str, given: Given, at: str) -> Refusal | None:
    """Return the refusal of the first name that is no official of the installation, nor a unit of one; None when all are.

    Whoever is to act has a valid key at the moment `at`; whoever stays out may get one again, so a key of the past will do.
    """
    for field, name in _named(table, given):
        lasting = _is(table, STAYS_OUT, field)
        known = _officials(home, "" if lasting else at)
        if name not in known:
            problem = f"`{name[:60]}` is no official here" + ("" if lasting else " with a valid key")
            remedy = "give the id of an actor with the role official or admin (`fenji actor add` makes one)"
            return Refusal("no-such-official", f"{table.id}/{event}#{field}", problem, remedy)
    return _unknown_unit(home, table, event, given, at)


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


def _named(table: Lifecycle, given: Given) -> Iterator[tuple[str, str]]:
    """Yield the fields of an event that name officials, each with a name."""
    for each in table.fields:
        if each.id in given.open and (each.id == ASSIGNEE or _is(table, STAYS_OUT, each.id) or _is(table, ACTS, each.id)):
            yield from ((each.id, str(name)) for name in _each(given.open[each.id]))


def _each(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _is(table: Lifecycle, guard: str, field: str) -> bool:
    return any(each.is_ == guard and field in each.of for each in table.guards)


def _officials(home: Installation, at: str) -> set[str]:
    """Return who has a key to decide as an official or administrator, one that is valid at a moment if one is named."""
    keys = [each for each in home.actors.keys if each.purpose == "decision" and set(each.holder.roles) & set(OFFICES)]
    return {each.holder.sub for each in keys if not at or _valid(each, at)}


def _valid(key: PublicKey, at: str) -> bool:
    return key.was_valid(at) and not key.compromised
