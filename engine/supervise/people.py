"""Whom an event names to act, or to stay out: actors of the installation, never any text.

A table alone knows no actor, so this is judged when an act is recorded. A case that is handed to a name that nobody has would
wait for ever, and a recusal of a misspelt name would keep nobody out (Civil Servant Law, article 76).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.supervise.step import OFFICES, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.evidence.installation import Installation
    from engine.supervise.fields import Given
    from schemas.lifecycle import Lifecycle

ASSIGNEE = "assignee"  # whoever is handed a stream, in every table that has the field
STAYS_OUT, ACTS = "impartial", "among"  # guards whose fields name who stays out, and the only ones who act


def refused(home: Installation, table: Lifecycle, event: str, given: Given, at: str) -> Refusal | None:
    """Return the refusal of the first name that is no official of the installation; None when all are. Raises StoreError.

    Whoever is to act has a valid key at the moment `at`; whoever stays out may get one again, so a key of the past will do.
    """
    for field, name in _named(table, given):
        lasting = _is(table, STAYS_OUT, field)
        known = _officials(home, "" if lasting else at)
        if name not in known:
            problem = f"`{name[:60]}` is no official here" + ("" if lasting else " with a valid key")
            remedy = "give the id of an actor with the role official or admin (`fenji actor add` makes one)"
            return Refusal("no-such-official", f"{table.id}/{event}#{field}", problem, remedy)
    return None


def _named(table: Lifecycle, given: Given) -> Iterator[tuple[str, str]]:
    """Yield the fields of an event that name officials, each with a name."""
    for each in table.fields:
        if each.id in given.open and (each.id == ASSIGNEE or _is(table, STAYS_OUT, each.id) or _is(table, ACTS, each.id)):
            value = given.open[each.id]
            yield from ((each.id, str(name)) for name in (value if isinstance(value, list) else [value]))


def _is(table: Lifecycle, guard: str, field: str) -> bool:
    return any(each.is_ == guard and field in each.of for each in table.guards)


def _officials(home: Installation, at: str) -> set[str]:
    """Return who has a key to decide as an official or administrator, one that is valid at a moment if one is named."""
    keys = [each for each in home.actors.keys if each.purpose == "decision" and set(each.holder.roles) & set(OFFICES)]
    return {each.holder.sub for each in keys if not at or (each.was_valid(at) and not each.compromised)}
