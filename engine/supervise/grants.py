"""Grants of shared data and what was made of them: each recorded use is compared with the limits of its grant.

The events are those of a request for data (rules/lifecycles/data-sharing-request.yaml). A use is within its grant only when all
that the grant limits is told and inside; it is beyond when something told is outside; what is not told leaves it open. A use is
never refused for being beyond: it has happened, and is recorded as it was.

Source: 政务数据共享条例 (State Council Order 809), article 25(1): use within the approved scope and purpose, no onward provision
without consent; article 27: permission suspended or ended, data disposed of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal

Verdict = Literal["within", "beyond", "open"]
OPENINGS = frozenset(
    {"request_unconditional", "request_conditional", "request_mixed", "request_not_shared", "request_other"}
)  # how a request is opened, by the law and the class of its items
Limit = Literal["purpose", "items", "before_start", "after_end", "uses", "records", "onward", "suspended", "ended"]


@dataclass(frozen=True, slots=True)
class Grant:
    """What was granted: purposes, items, days, how many uses and records in all, and to whom data may be passed on.

    Purposes and items are None where the grant does not tell them; then it is open whether a use is inside. `policies` are the
    owners' terms under which it was granted, each by its name and the hash of its files.
    """

    purposes: frozenset[str] | None
    items: frozenset[str] | None
    start: date
    end: date | None = None
    uses: int | None = None
    records: int | None = None
    onward: frozenset[str] = frozenset()
    policies: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Use:
    """One use, or `times` of them, as told; None is not told. `number` is that of its event, the order of uses of one day."""

    id: str
    day: date
    purpose: str | None = None
    items: frozenset[str] | None = None
    records: int | None = None
    onward: frozenset[str] | None = None
    times: int = 1
    number: int = 0


@dataclass(frozen=True, slots=True)
class Ledger:
    """A grant with its uses by day, those of one day as recorded, the days (start, end] of suspensions, and the day it ended."""

    grant: Grant
    uses: tuple[Use, ...] = ()
    suspended: tuple[tuple[date, date | None], ...] = ()
    ended: date | None = None


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
    """Return the ledger that the events of a request add up to: their `name`, `number`, legal day `on` and `values`."""
    ledger = Ledger(Grant(None, None, date.max))
    stated: dict[str, Any] = {}
    for event in events:
        day, told = date.fromisoformat(event["on"]), event["values"]
        match event["name"]:
            case name if name in OPENINGS:
                stated |= told
            case "agree":  # granted, and used by nobody before the data are provided
                stated |= told
                ledger = replace(ledger, grant=_grant(stated, date.max))
            case "provide":
                ledger = replace(ledger, grant=_grant(stated, day))
            case "use":
                ledger = with_use(ledger, _use(told, event["number"], day))
            case "retract":
                ledger = replace(ledger, uses=tuple(each for each in ledger.uses if each.id != told["use"]))
            case "suspend":
                ledger = replace(ledger, suspended=(*ledger.suspended, (day, None)))
            case "lift":
                ledger = replace(ledger, suspended=(*ledger.suspended[:-1], (ledger.suspended[-1][0], day)))
            case "terminate" | "dispose":
                ledger = replace(ledger, ended=day)
    return ledger


def compare(ledger: Ledger) -> list[Compared]:
    """Return each use with how it stands to the grant; limits on numbers are passed by the uses that come after them."""
    return [_compared(ledger, ledger.uses[:count]) for count in range(1, len(ledger.uses) + 1)]


def used(ledger: Ledger) -> Used:
    """Return what was used so far."""
    least, most = _so_far(ledger.uses)
    beyond = sum(each.verdict == "beyond" for each in compare(ledger))
    return Used(sum(each.times for each in ledger.uses), least, most is not None, beyond)


def with_use(ledger: Ledger, use: Use) -> Ledger:
    """Return the ledger with one more use, as it would stand."""
    uses = [each for each in ledger.uses if each.id != use.id]
    return replace(ledger, uses=tuple(sorted([*uses, use], key=lambda each: (each.day, each.number))))


def _compared(ledger: Ledger, uses: Sequence[Use]) -> Compared:
    """Return how the last of some uses stands to the grant."""
    found = dict(_limits(ledger, uses))
    beyond = tuple(name for name, passed in found.items() if passed)
    left = tuple(name for name, passed in found.items() if passed is None)
    return Compared(uses[-1], "beyond" if beyond else "open" if left else "within", beyond, left)


def _limits(ledger: Ledger, uses: Sequence[Use]) -> Iterator[tuple[Limit, bool | None]]:
    """Yield each limit of the grant and whether the last use passes it; None when what is not told decides."""
    grant, use = ledger.grant, uses[-1]
    yield "purpose", None if use.purpose is None or grant.purposes is None else use.purpose not in grant.purposes
    yield "items", None if use.items is None or grant.items is None else not use.items <= grant.items
    yield "before_start", use.day < grant.start
    yield "after_end", grant.end is not None and use.day > grant.end
    yield "suspended", any(start < use.day and (end is None or use.day <= end) for start, end in ledger.suspended)
    yield "ended", ledger.ended is not None and use.day > ledger.ended
    yield "uses", grant.uses is not None and sum(each.times for each in uses) > grant.uses
    if grant.records is not None:
        least, most = _so_far(uses)
        yield "records", True if least > grant.records else None if most is None else False
    yield "onward", None if use.onward is None else not use.onward <= grant.onward


def _so_far(uses: Sequence[Use]) -> tuple[int, int | None]:
    """Return how many records were used: at least, and at most where every use told it."""
    told = [each.records for each in uses if each.records is not None]
    return sum(told), sum(told) if len(told) == len(uses) else None


def _grant(values: Mapping[str, Any], start: date) -> Grant:
    """Return what was granted; without consent nothing is passed on."""
    return Grant(
        purposes=_set(values.get("purposes")),
        items=_set(values.get("granted")),
        start=start,
        end=date.fromisoformat(values["until"]) if values.get("until") else None,
        uses=values.get("uses"),
        records=values.get("records"),
        onward=frozenset(values.get("passed_on", ())),
        policies=frozenset(values.get("policies", ())),
    )


def _use(values: Mapping[str, Any], number: int, day: date) -> Use:
    onward = _set(values.get("passed_to"))
    if onward is None and values.get("kept"):
        onward = frozenset()
    return Use(
        id=values.get("use", str(number)),
        day=date.fromisoformat(values["date"]) if values.get("date") else day,
        purpose=values.get("purpose"),
        items=_set(values.get("used_items")),
        records=values.get("used_records"),
        onward=onward,
        times=values["used"],
        number=number,
    )


def _set(told: Sequence[str] | None) -> frozenset[str] | None:
    return None if told is None else frozenset(told)


__all__ = ["Compared", "Grant", "Ledger", "Limit", "Use", "Used", "Verdict", "compare", "fold", "used", "with_use"]
