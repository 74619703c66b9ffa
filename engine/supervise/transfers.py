"""Persons sent abroad per handler and calendar year, from recorded transfers: distinct where keys are given, else in bounds.

A register is the fold of its events. A transfer is recorded, corrected (the last correction stands) or withdrawn, in any order
and however late; it counts in the year of its own day. Of transfers whose persons are known by keyed hashes, persons count once;
of the others the count lies between the largest of them and the sum, unless a handler says that the persons of a transfer are
new: then they add up with those of the days before. Keys that show one of them on an earlier day disprove that, whenever they
become known: it is then as if it had not been said. Whether a flow counts may be open: it can raise the count, and need not.

INVARIANT: a register that nobody declared complete for the year so far gives no upper bound: what was not recorded is not "no".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import groupby
from math import inf
from typing import Any, Literal

Kind = Literal["general", "sensitive"]
KINDS: tuple[Kind, ...] = ("general", "sensitive")
Counted = Literal["yes", "no", "unknown"]
Interval = tuple[int, float]
MANDATE = "mandate"


@dataclass(frozen=True, slots=True)
class Persons:
    """How many persons: at least, at most, and by whom they are known where keyed hashes were given."""

    least: int = 0
    most: float = inf
    keys: frozenset[str] | None = None

    @classmethod
    def known(cls, keys: Iterable[str]) -> Persons:
        """Return the persons of some keyed hashes."""
        found = frozenset(keys)
        return cls(len(found), len(found), found)


@dataclass(frozen=True, slots=True)
class Flow:
    """A data flow of a transfer: its persons, and whether they count towards the volumes."""

    id: str
    counted: Counted
    general: Persons
    sensitive: Persons

    def persons(self, kind: Kind) -> Persons:
        """Return the persons of a kind."""
        return self.general if kind == "general" else self.sensitive


@dataclass(frozen=True, slots=True)
class Transfer:
    """A transfer abroad on a day: its flows, under what it was made, and the routes that were possible when it was recorded.

    `fresh` says that none of its persons was in a transfer of an earlier day of the year.
    """

    id: str
    day: date
    flows: tuple[Flow, ...]
    fresh: bool = False
    under: str = ""
    routes: tuple[str, ...] = ()

    def keys(self) -> frozenset[str]:
        """Return the keyed hashes of all its persons, of either kind and whether or not their flows count."""
        return _keys(flow.persons(kind) for flow in self.flows for kind in KINDS)


@dataclass(frozen=True, slots=True)
class Register:
    """The transfers of one handler that stand, as first recorded, and the periods declared complete."""

    transfers: Mapping[str, Transfer] = field(default_factory=dict)
    complete: tuple[tuple[date, date], ...] = ()

    def of_year(self, year: int, through: date | None = None) -> list[Transfer]:
        """Return the transfers of a year, up to a day if one is named, by day."""
        found = [each for each in self.transfers.values() if each.day.year == year and (not through or each.day <= through)]
        return sorted(found, key=lambda each: (each.day, each.id))

    def known_through(self, year: int) -> date | None:
        """Return the last day up to which every transfer since 1 January is declared recorded; None when there is none."""
        reached = date(year, 1, 1) - timedelta(days=1)
        for start, end in sorted(self.complete):
            if start <= reached + timedelta(days=1):
                reached = max(reached, end)
        return min(reached, date(year, 12, 31)) if reached.year >= year else None

    def doubted(self, *changed: Transfer) -> Register:
        """Return the register without the declarations of periods that hold the day of a transfer, as it was or is to be."""
        before = [self.transfers[each.id] for each in changed if each.id in self.transfers]
        days = {each.day for each in (*before, *changed)}
        return replace(self, complete=tuple(each for each in self.complete if not any(each[0] <= day <= each[1] for day in days)))

    def disproved(self, transfer: Transfer) -> Register:
        """Return the register without the declarations that a transfer of the handler's own telling shows to have been wrong.

        A period that holds its day, and under which it did not stand before, was not complete. Numbers that are corrected of what
        stood in it leave it so.
        """
        was = self.transfers.get(transfer.id)

        def stood(period: tuple[date, date]) -> bool:
            start, end = period
            return not start <= transfer.day <= end or (was is not None and start <= was.day <= end)

        return replace(self, complete=tuple(each for each in self.complete if stood(each)))

    def without(self, transfer: str) -> Register:
        """Return the register as if a transfer had not been recorded."""
        return replace(self, transfers={name: each for name, each in self.transfers.items() if name != transfer})

    def with_(self, transfer: Transfer) -> Register:
        """Return the register with one more transfer, or another version of one."""
        return replace(self, transfers={**self.transfers, transfer.id: transfer})

    def repeats(self, year: int) -> dict[str, str]:
        """Return the transfers of a year that are said to be of new persons and are not, each with an earlier one of the same.

        Only keys show it: of transfers whose persons are known by number nobody can tell.
        """
        transfers = self.of_year(year)
        if not any(each.fresh for each in transfers):
            return {}
        first: dict[str, str] = {}  # the transfer in which a person was first, by key
        found: dict[str, str] = {}
        for _, group in groupby(transfers, key=lambda each: each.day):
            day = [(each, each.keys()) for each in group]
            for each, keys in day:
                if each.fresh and (known := keys & first.keys()):
                    found[each.id] = first[min(known)]
            for each, keys in day:
                for key in keys:
                    first.setdefault(key, each.id)
        return found


def fold(events: Iterable[Mapping[str, Any]]) -> Register:
    """Return what the events of a register add up to: `name`, `values` and `by`, as they are recorded; others change nothing.

    A transfer that the handler itself records later in a period shows that what it declared of it was wrong. What an official
    records, corrects or withdraws without a paper of the handler shows the same, or leaves it open. Such a period bounds the
    count no longer, until it is declared again.
    """
    register = Register()
    for event in events:
        values = event["values"]
        match event["name"]:
            case "record" | "correct":
                told = transfer(values)
                register = (register.disproved(told) if _own_act(event) else register.doubted(told)).with_(told)
            case "withdraw":
                gone = register.transfers.get(values["transfer"])
                register = register if gone is None or _own_act(event) else register.doubted(gone)
                register = register.without(values["transfer"])
            case "declare":
                period = date.fromisoformat(values["from"]), date.fromisoformat(values["through"])
                register = replace(register, complete=(*register.complete, period))
    return register


def _own_act(event: Mapping[str, Any]) -> bool:
    """Tell whether the handler did it, or an official under a paper of the handler."""
    by = event.get("by") or {}
    return by.get("role") != "official" or MANDATE in event["values"]


def transfer(values: Mapping[str, Any]) -> Transfer:
    """Return the transfer that the values of an event state."""
    return Transfer(
        id=values["transfer"],
        day=date.fromisoformat(values["date"]),
        flows=tuple(
            Flow(each["id"], each["counted"], _persons(each, "general"), _persons(each, "sensitive")) for each in values["flows"]
        ),
        fresh=values.get("fresh", False),
        under=values.get("under", ""),
        routes=tuple(values.get("routes", ())),
    )


def values(found: Transfer) -> dict[str, Any]:
    """Return a transfer as the values of its event."""
    stated = {"transfer": found.id, "date": found.day.isoformat(), "flows": [_flow(each) for each in found.flows]}
    more = {"fresh": found.fresh, "under": found.under, "routes": list(found.routes)}
    return stated | {name: value for name, value in more.items() if value}


def _flow(flow: Flow) -> dict[str, Any]:
    stated: dict[str, Any] = {"id": flow.id, "counted": flow.counted}
    for kind in KINDS:
        persons = flow.persons(kind)
        if persons.keys is not None:
            stated[f"{kind}_keys"] = sorted(persons.keys)
            continue
        stated[f"{kind}_at_least"] = persons.least
        if persons.most != inf:
            stated[f"{kind}_at_most"] = int(persons.most)
    return stated


def _persons(flow: Mapping[str, Any], kind: Kind) -> Persons:
    keys = flow.get(f"{kind}_keys")
    if keys is not None:
        return Persons.known(keys)
    return Persons(flow.get(f"{kind}_at_least", 0), flow.get(f"{kind}_at_most", inf))


def together(flows: Iterable[Flow], kind: Kind) -> Persons:
    """Return the distinct persons of a kind in some flows; those of flows that may not count are among them at most."""
    found = [each for each in flows if each.counted != "no"]
    persons = [each.persons(kind) for each in found]
    if all(each.counted == "yes" for each in found) and all(each.keys is not None for each in persons):
        return Persons.known(_keys(persons))
    return Persons(_own(found, kind), _most(persons, None))


def count(register: Register, kind: Kind, through: date, besides: Persons | None = None) -> Interval:
    """Return how many distinct persons of a kind went abroad from 1 January of a day's year up to that day, at least, at most.

    `besides` leaves persons out, as those of a filing whose own flows are counted apart.
    """
    found = register.of_year(through.year, through)
    flows = [flow for each in found for flow in each.flows if flow.counted != "no"]
    least = _least(found, kind, register.repeats(through.year))
    if besides:
        certain = _keys(flow.persons(kind) for flow in flows if flow.counted == "yes")
        least = max(0, least - int(min(besides.most, least)), len(certain - besides.keys) if besides.keys is not None else 0)
    known = register.known_through(through.year)
    if known is None or known < through:
        return least, inf
    return least, _most([flow.persons(kind) for flow in flows], besides)


def through(register: Register, year: int, today: date) -> date:
    """Return the day up to which a year is counted: its end, or in the running year the day declared, else today."""
    return date(year, 12, 31) if year != today.year else min(today, register.known_through(year) or today)


def _least(transfers: Iterable[Transfer], kind: Kind, repeats: Mapping[str, str]) -> int:
    """Return how many distinct persons certainly count: day by day, since new persons add up with those of the days before.

    INVARIANT: never more than `_most` of the same: what is added to the days before is of persons whom no key shows in them.
    """
    least = 0
    keys: frozenset[str] = frozenset()
    for _, day in groupby(transfers, key=lambda each: each.day):
        before = least
        for each in day:
            keys |= _keys(flow.persons(kind) for flow in each.flows if flow.counted == "yes")
            least = max(least, _own(each.flows, kind) + (before if each.fresh and each.id not in repeats else 0), len(keys))
    return least


def _own(flows: Iterable[Flow], kind: Kind) -> int:
    """Return how many distinct persons of a kind some flows have at least: the largest of those that certainly count."""
    certain = [flow.persons(kind) for flow in flows if flow.counted == "yes"]
    return max([len(_keys(certain)), *(each.least for each in certain)])


def _most(persons: Iterable[Persons], besides: Persons | None) -> float:
    found = list(persons)
    keys = _keys(found) - (besides.keys if besides and besides.keys is not None else frozenset())
    return len(keys) + sum(each.most for each in found if each.keys is None)


def _keys(persons: Iterable[Persons]) -> frozenset[str]:
    return frozenset().union(*(each.keys for each in persons if each.keys is not None))
