"""Grants of shared data and what was made of them: each recorded use is compared with the limits of its grant.

A use is within its grant only when everything that the grant limits is told and inside; it is beyond when something told is
outside; what is not told leaves it open. A use is never refused here: it has happened, and is recorded as it was.

Source: 政务数据共享条例 (State Council Order 809), article 25(1): use within the approved scope and purpose, no onward provision
without consent; article 27(1): data are disposed of once the purpose is reached.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal

Verdict = Literal["within", "beyond", "open"]
Limit = Literal["purpose", "items", "before_start", "after_end", "uses", "records", "onward", "revoked"]


@dataclass(frozen=True, slots=True)
class Grant:
    """What was granted: purposes, items, days, how many uses and records in all, and to whom data may be passed on."""

    purposes: frozenset[str]
    items: frozenset[str]
    start: date
    end: date | None = None
    uses: int | None = None
    records: int | None = None
    onward: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Use:
    """One use as it was told; None is not told."""

    id: str
    day: date
    purpose: str | None = None
    items: frozenset[str] | None = None
    records: int | None = None
    onward: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Ledger:
    """A grant with its uses in the order of their days, and the day on which it was revoked."""

    grant: Grant
    uses: tuple[Use, ...] = ()
    revoked: date | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """A use, how it stands to its grant, the limits that it passes, and those that what is not told leaves open."""

    use: Use
    verdict: Verdict
    beyond: tuple[Limit, ...] = ()
    open: tuple[Limit, ...] = ()


@dataclass(frozen=True, slots=True)
class Used:
    """What was used so far: how many uses, and how many records at least; `exact` when every use told its records."""

    uses: int
    records: int
    exact: bool
    beyond: int = field(default=0)


def fold(events: Iterable[Mapping[str, Any]]) -> Ledger:
    """Return the ledger that the events of a grant add up to: `name` and `values`, as they are recorded.

    A use is corrected by a later event of the same id, and taken back by `retract`.
    """
    grant = Grant(frozenset(), frozenset(), date.min)
    uses: dict[str, Use] = {}
    revoked = None
    for event in events:
        values = event["values"]
        match event["name"]:
            case "grant" | "change":
                grant = _grant(values)
            case "use":
                uses[values["use"]] = _use(values)
            case "retract":
                uses.pop(values["use"], None)
            case "revoke":
                revoked = date.fromisoformat(values["on"])
    return Ledger(grant, tuple(sorted(uses.values(), key=lambda each: (each.day, each.id))), revoked)


def compare(ledger: Ledger) -> list[Compared]:
    """Return each use with how it stands to the grant; limits on numbers are passed by the uses that come after them."""
    return [_compared(ledger, count, _so_far(ledger.uses[:count])) for count in range(1, len(ledger.uses) + 1)]


def used(ledger: Ledger) -> Used:
    """Return what was used so far."""
    least, most = _so_far(ledger.uses)
    beyond = sum(each.verdict == "beyond" for each in compare(ledger))
    return Used(len(ledger.uses), least, most is not None, beyond)


def with_use(ledger: Ledger, use: Use) -> Ledger:
    """Return the ledger with one more use, as it would stand."""
    uses = [each for each in ledger.uses if each.id != use.id]
    return replace(ledger, uses=tuple(sorted([*uses, use], key=lambda each: (each.day, each.id))))


def _compared(ledger: Ledger, count: int, records: tuple[int, int | None]) -> Compared:
    use = ledger.uses[count - 1]
    found = dict(_limits(ledger, use, count, records))
    beyond = tuple(name for name, passed in found.items() if passed)
    left = tuple(name for name, passed in found.items() if passed is None)
    return Compared(use, "beyond" if beyond else "open" if left else "within", beyond, left)


def _limits(ledger: Ledger, use: Use, count: int, records: tuple[int, int | None]) -> Iterator[tuple[Limit, bool | None]]:
    """Yield each limit of the grant and whether the use passes it; None when what is not told decides."""
    grant = ledger.grant
    yield "purpose", None if use.purpose is None else use.purpose not in grant.purposes
    yield "items", None if use.items is None else not use.items <= grant.items
    yield "before_start", use.day < grant.start
    yield "after_end", grant.end is not None and use.day > grant.end
    yield "revoked", ledger.revoked is not None and use.day > ledger.revoked
    yield "uses", grant.uses is not None and count > grant.uses
    if grant.records is not None:
        least, most = records
        yield "records", True if least > grant.records else None if most is None else False
    yield "onward", None if use.onward is None else not use.onward <= grant.onward


def _so_far(uses: Sequence[Use]) -> tuple[int, int | None]:
    """Return how many records were used: at least, and at most where every use told it."""
    told = [each.records for each in uses if each.records is not None]
    return sum(told), sum(told) if len(told) == len(uses) else None


def _grant(values: Mapping[str, Any]) -> Grant:
    return Grant(
        purposes=frozenset(values["purposes"]),
        items=frozenset(values["items"]),
        start=date.fromisoformat(values["start"]),
        end=date.fromisoformat(values["end"]) if values.get("end") else None,
        uses=values.get("max_uses"),
        records=values.get("max_records"),
        onward=frozenset(values.get("onward", ())),
    )


def _use(values: Mapping[str, Any]) -> Use:
    items, onward = values.get("used_items"), values.get("passed_to")
    return Use(
        id=values["use"],
        day=date.fromisoformat(values["date"]),
        purpose=values.get("purpose"),
        items=None if items is None else frozenset(items),
        records=values.get("records"),
        onward=None if onward is None else frozenset(onward),
    )


__all__ = ["Compared", "Grant", "Ledger", "Limit", "Use", "Used", "Verdict", "compare", "fold", "used", "with_use"]
