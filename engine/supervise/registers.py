"""Registers of transfers as streams: open one, record what went abroad, and read back what it adds up to.

Persons are named by whoever records a transfer, and kept as keyed hashes only, under the key of the installation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from engine.decide.filing import Filing
from engine.errors import ContradictionError, InputError
from engine.evidence.facts import values_of
from engine.evidence.keys import PublicKey
from engine.evidence.log import new_id
from engine.supervise.routes import Routed, read, route
from engine.supervise.streams import Act, Recorded, Streams, history
from engine.supervise.transfers import Kind, Register, fold, values

TABLE = "transfer-register"


@dataclass(frozen=True, slots=True)
class Told:
    """A transfer as it is told: its id, its filing, its persons by flow and kind where they are named, and how it was made."""

    id: str
    filing: Filing
    persons: Mapping[tuple[str, Kind], Iterable[str]]
    fresh: bool = False
    under: str = ""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and when; `reserved` and `expected` are those of the act (`streams.Act`).

    `mandate` is the hash of the firm's paper under which an official acts for it.
    """

    by: PublicKey
    now: datetime
    reserved: str = ""
    expected: int | None = None
    mandate: str = ""

    def act(self, table: str, stream: str, event: str, fields: Mapping[str, Any]) -> Act:
        """Return what this person does to a stream."""
        return Act(stream, table, event, self.by, self.now, fields, expected=self.expected, id=self.reserved)


def open_register(streams: Streams, actor: Actor, holder: str, name: str) -> Recorded:
    """Open the register of a handler. Raises InputError when it is refused, SigningError, StoreError."""
    fields = {"holder": holder, "name": name}
    return streams.perform(actor.act(TABLE, actor.reserved or new_id(actor.now), "open", fields))


def register(streams: Streams, stream: str) -> Register:
    """Return what a register adds up to. Raises InputError when there is none, EvidenceError, StoreError."""
    process = streams.state(stream).process
    if process != TABLE:
        raise InputError("wrong-process", f"`{stream[:60]}` is a stream of `{process}`", "name a register of transfers")
    return fold(history(streams.home, stream))


def routed(streams: Streams, stream: str, told: Told, *, doubted: bool = False) -> Routed:
    """Return what a transfer means in its year, whether or not the register has it. Raises InputError.

    What the handler declared complete bounds the count unless the transfer shows that it was wrong, or it is `doubted`.
    """
    keyed = {at: frozenset(streams.home.keyed("person", each) for each in names) for at, names in told.persons.items()}
    found = replace(read(streams.rulebook, told.filing, told.id, keyed), fresh=told.fresh, under=told.under)
    before = register(streams, stream)
    bounded = before.doubted(found) if doubted else before.disproved(found)
    return route(streams.rulebook, bounded, told.filing, found)


def check(streams: Streams, stream: str, told: Told) -> Routed:
    """Return what a transfer would mean in its year, without recording it. Raises InputError as `record` does."""
    found = routed(streams, stream, told)
    _require_new(found)
    return found


def record(streams: Streams, stream: str, actor: Actor, told: Told, reasons: str | None = None) -> tuple[Recorded, Routed]:
    """Record a transfer, or with reasons correct one; return it with its route before and after.

    Where an official names no mandate of the firm, what the firm declared complete is open again. Raises InputError, and
    ContradictionError, the attempt recorded, when its persons are said to be new and their keys show one on an earlier day.
    """
    found = routed(streams, stream, told, doubted="official" in actor.by.holder.roles and not actor.mandate)
    facts = values_of(streams.rulebook, told.filing)
    event, why = ("record", {}) if reasons is None else ("correct", {"reasons": reasons})
    fields: dict[str, Any] = {**values(found.transfer), "facts": facts, **why}
    try:
        _require_new(found)
    except ContradictionError as error:
        streams.refuse(actor.act(TABLE, stream, event, fields), error)
        raise
    return _perform(streams, stream, actor, event, fields), found


def _require_new(found: Routed) -> None:
    """Refuse a transfer of persons who are said to be new and were sent before by their keys. Raises ContradictionError."""
    if found.repeats:
        name, other = found.transfer.id[:64], found.repeats[:64]
        problem = f"the persons of `{name}` are said to be new, and by their keys `{other}` has some of them"
        raise ContradictionError("contradiction", problem, "leave `fresh` out: persons known by their keys count once")


def withdraw(streams: Streams, stream: str, actor: Actor, transfer: str, reasons: str) -> Recorded:
    """Take a transfer back. Raises InputError when it is refused."""
    return _perform(streams, stream, actor, "withdraw", {"transfer": transfer, "reasons": reasons})


def declare(streams: Streams, stream: str, actor: Actor, period: tuple[date, date]) -> Recorded:
    """Declare that every transfer of a period is recorded, an official under a mandate. Raises InputError."""
    start, through = period
    return _perform(streams, stream, actor, "declare", {"from": start.isoformat(), "through": through.isoformat()})


def _perform(streams: Streams, stream: str, actor: Actor, event: str, fields: Mapping[str, Any]) -> Recorded:
    under = {"mandate": actor.mandate} if actor.mandate else {}
    return streams.perform(actor.act(TABLE, stream, event, {**fields, **under}))
