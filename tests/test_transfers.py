"""Persons sent abroad: the counters hold the true number whatever is recorded late, corrected or left open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from math import inf
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.supervise import transfers
from engine.supervise.transfers import KINDS, Flow, Kind, Persons, Register, Transfer, count, fold, together

YEAR = (date(2026, 1, 1), date(2026, 12, 31))
DECLARED: dict[str, Any] = {"name": "declare", "values": {"from": "2025-01-01", "through": "2026-12-31"}}


def event(name: str, found: Transfer) -> dict[str, Any]:
    return {"name": name, "values": transfers.values(found)}


class World:
    """What truly happened: transfers with the persons in them, and how each was told."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.people = [f"{number:064x}" for number in range(30)]
        self.true: dict[str, tuple[date, dict[Kind, frozenset[str]]]] = {}
        self.sent: dict[str, frozenset[str]] = {}  # all persons of a transfer, whether or not they count
        self.events: list[dict[str, Any]] = []

    def act(self) -> None:
        """Record a transfer, correct one, or withdraw one; days go back and forth over the year's ends."""
        known = list(self.true)
        what = self.random.choice(["record", "record", "record", "correct", "withdraw"]) if known else "record"
        name = f"t{len(self.events)}" if what == "record" else self.random.choice(known)
        if what == "withdraw":
            del self.true[name]
            self.events.append({"name": "withdraw", "values": {"transfer": name}})
            return
        day = date(2025, 12, 20) + timedelta(days=self.random.randint(0, 390))
        self.sent[name] = frozenset()
        flows = [self.flow(str(number), name) for number in range(self.random.randint(1, 3))]
        persons: dict[Kind, frozenset[str]] = {kind: frozenset().union(*(each[kind] for _, each in flows)) for kind in KINDS}
        self.true[name] = (day, persons)
        self.events.append(event(what, Transfer(name, day, tuple(flow for flow, _ in flows))))

    def settle(self, *, falsely: bool = False) -> None:
        """Say of some transfers that their persons are new in the year: where it is true, or wherever it comes to mind."""
        last = {each["values"]["transfer"]: each["values"] for each in self.events}
        for name, (day, _) in self.true.items():
            before = [self.sent[other] for other, (when, _) in self.true.items() if when.year == day.year and when < day]
            new = not any(self.sent[name] & each for each in before)
            if (new or falsely) and self.random.random() < 0.5:
                last[name]["fresh"] = True

    def flow(self, name: str, transfer: str) -> tuple[Flow, dict[Kind, frozenset[str]]]:
        """Return a flow as it is told, and the persons of each kind that truly count."""
        counts = self.random.random() < 0.8
        persons: dict[Kind, frozenset[str]] = {
            kind: frozenset(self.random.sample(self.people, self.random.randint(0, 8))) for kind in KINDS
        }
        self.sent[transfer] = self.sent[transfer].union(*persons.values())
        counted: Any = "unknown" if self.random.random() < 0.2 else "yes" if counts else "no"
        flow = Flow(name, counted, self.told(persons["general"]), self.told(persons["sensitive"]))
        return flow, persons if counts else dict.fromkeys(KINDS, frozenset())

    def told(self, persons: frozenset[str]) -> Persons:
        """Return what a handler may say of some persons: who they are, how many, or within what bounds."""
        match self.random.randint(0, 3):
            case 0 | 1:
                return Persons.known(persons)
            case 2:
                return Persons(len(persons), len(persons))
            case _:
                most = inf if self.random.random() < 0.3 else len(persons) + self.random.randint(0, 4)
                return Persons(max(0, len(persons) - self.random.randint(0, 3)), most)

    def truth(self, kind: Kind, through: date) -> int:
        """Return the true count, from the persons themselves."""
        found: set[str] = set()
        for day, persons in self.true.values():
            if day.year == through.year and day <= through:
                found |= persons[kind]
        return len(found)


def recounted(events: list[dict[str, Any]], kind: Kind, through: date) -> tuple[int, float]:
    """Return the counter worked out once more, from the last event back, transfer by transfer, person by person."""
    settled: set[str] = set()
    sure: set[str] = set()
    any_: set[str] = set()
    rest = 0.0
    standing: list[Mapping[str, Any]] = []
    for each in reversed(events):
        values: Mapping[str, Any] = each["values"]
        name = values.get("transfer", "")
        if not name or name in settled:
            continue
        settled.add(name)
        if each["name"] == "withdraw" or not f"{through.year}-01-01" <= values["date"] <= through.isoformat():
            continue
        for flow in values["flows"]:
            if flow["counted"] == "no":
                continue
            if f"{kind}_keys" in flow:
                any_ |= set(flow[f"{kind}_keys"])
                sure |= set(flow[f"{kind}_keys"]) if flow["counted"] == "yes" else set()
                continue
            rest += flow.get(f"{kind}_at_most", inf)
        standing.append(values)
    return chained(standing, kind), len(any_) + rest


def chained(standing: list[Mapping[str, Any]], kind: Kind) -> int:
    """Return the least count: the longest way over the days, on which new persons add to whatever the days before had."""
    days = sorted({each["date"] for each in standing})
    best = dict.fromkeys(["", *days], 0)
    for at, day in enumerate(days, 1):
        before = best[["", *days][at - 1]]
        named: set[str] = set()
        for each in standing:
            sure = [flow for flow in each["flows"] if flow["counted"] == "yes"]
            keys = {key for flow in sure for key in flow.get(f"{kind}_keys", ())}
            named |= keys if each["date"] <= day else set()
            if each["date"] == day:
                own = max([len(keys), *(flow.get(f"{kind}_at_least", 0) for flow in sure)])
                best[day] = max(best[day], own + before * bool(each.get("fresh")))
        best[day] = max(best[day], before, len(named))
    return best[days[-1]] if days else 0


@settings(max_examples=300)
@given(st.integers(0, 2**32), st.integers(1, 25))
def test_counters_equal_a_recount_and_hold_the_truth(seed: int, length: int) -> None:
    world = World(Random(seed))
    for _ in range(length):
        world.act()
    world.settle()
    told = [*world.events, DECLARED]
    for kind in KINDS:
        for through in (*YEAR, date(2026, 6, 15), date(2025, 12, 31)):
            low, high = count(fold(told), kind, through)
            assert (low, high) == recounted(told, kind, through)
            assert low <= world.truth(kind, through) <= high
            assert count(fold(world.events), kind, through) == (low, inf)  # nobody said that this is all


@settings(max_examples=150)
@given(st.integers(0, 2**32), st.integers(2, 12))
def test_what_is_said_of_persons_never_turns_a_count_upside_down(seed: int, length: int) -> None:
    world = World(Random(seed))
    for _ in range(length):
        world.act()
    world.settle(falsely=True)
    register = fold([*world.events, DECLARED])
    for kind in KINDS:
        for besides in (None, Persons.known(world.people[:5]), Persons(3, 6)):
            low, high = count(register, kind, YEAR[1], besides)
            assert low <= high


@settings(max_examples=150)
@given(st.integers(0, 2**32), st.integers(1, 15))
def test_counters_do_not_depend_on_when_things_are_told(seed: int, length: int) -> None:
    world = World(Random(seed))
    for _ in range(length):
        world.act()
    world.settle()
    last: dict[str, dict[str, Any]] = {}
    for each in world.events:
        last[each["values"]["transfer"]] = each
    settled = [each | {"name": "record"} for each in last.values() if each["name"] != "withdraw"]
    world.random.shuffle(settled)
    for kind in KINDS:
        assert count(fold(settled), kind, YEAR[1])[0] == count(fold(world.events), kind, YEAR[1])[0]
        assert count(fold([*settled, DECLARED]), kind, YEAR[1]) == count(fold([*world.events, DECLARED]), kind, YEAR[1])


@settings(max_examples=150)
@given(st.integers(0, 2**32), st.integers(1, 12), st.booleans())
def test_persons_of_a_filing_are_left_out_within_the_truth(seed: int, length: int, named: bool) -> None:
    world = World(Random(seed))
    for _ in range(length):
        world.act()
    world.settle()
    own = frozenset(world.random.sample(world.people, 5))
    besides = Persons.known(own) if named else Persons(3, 6)
    for kind in KINDS:
        truth: set[str] = set()
        for day, persons in world.true.values():
            truth |= persons[kind] if day.year == YEAR[1].year else set()
        low, high = count(fold([*world.events, DECLARED]), kind, YEAR[1], besides)
        assert low <= len(truth - own) <= high


def transfer(name: str, day: str, general: Persons, counted: Any = "yes") -> Transfer:
    return Transfer(name, date.fromisoformat(day), (Flow("f", counted, general, Persons(0, 0)),))


def test_year_ends() -> None:
    told = [
        event("record", transfer("eve", "2025-12-31", Persons(5, 5))),
        event("record", transfer("new year", "2026-01-01", Persons(7, 7))),
        event("record", transfer("last", "2026-12-31", Persons(1, 2))),
        event("record", transfer("next", "2027-01-01", Persons(9, 9))),
        {"name": "declare", "values": {"from": "2025-12-31", "through": "2026-12-30"}},
    ]
    register = fold(told)
    assert count(register, "general", date(2026, 1, 1)) == (7, 7)
    assert count(register, "general", date(2026, 12, 30)) == (7, 7)
    assert count(register, "general", date(2026, 12, 31)) == (7, inf)  # the last day is not declared
    assert count(register, "general", date(2027, 1, 1)) == (9, inf)
    assert count(register, "general", date(2025, 12, 31)) == (5, inf)
    more = fold([*told, {"name": "declare", "values": {"from": "2026-12-31", "through": "2027-01-05"}}])
    assert count(more, "general", date(2026, 12, 31)) == (7, 9)
    assert more.known_through(2027) == date(2027, 1, 5)
    assert more.known_through(2025) is None
    assert more.known_through(2028) is None


@pytest.mark.parametrize(
    ("declared", "through"),
    [
        ([("2026-02-01", "2026-12-31")], None),
        ([("2026-01-01", "2026-03-31"), ("2026-04-02", "2026-12-31")], date(2026, 3, 31)),
        ([("2026-04-01", "2026-05-31"), ("2026-01-01", "2026-03-31")], date(2026, 5, 31)),
        ([("2025-06-01", "2027-06-01")], date(2026, 12, 31)),
    ],
)
def test_gaps_between_declared_periods_leave_the_count_open(declared: list[tuple[str, str]], through: date | None) -> None:
    told = [{"name": "declare", "values": {"from": start, "through": end}} for start, end in declared]
    assert fold(told).known_through(2026) == through


def test_a_correction_may_move_a_transfer_into_another_year_and_what_is_open_counts_at_most() -> None:
    first = transfer("a", "2026-03-01", Persons(100, 100))
    told = [event("record", first), DECLARED, event("correct", replace(first, day=date(2025, 3, 1)))]
    assert count(fold(told), "general", YEAR[1]) == (0, 0)
    assert count(fold(told), "general", date(2025, 12, 31)) == (100, 100)
    told = [event("record", first), event("record", transfer("b", "2026-04-01", Persons(50, 60), "unknown")), DECLARED]
    assert count(fold(told), "general", YEAR[1]) == (100, 160)


def test_new_persons_add_up_with_those_of_the_days_before() -> None:
    old = transfer("a", "2026-03-01", Persons(50, 50))
    new = replace(transfer("b", "2026-03-02", Persons(60, 60)), fresh=True)
    again = transfer("c", "2026-03-03", Persons(70, 80))
    told = [*(event("record", each) for each in (again, new, old)), DECLARED]
    assert count(fold(told), "general", date(2026, 3, 2)) == (110, 110)
    assert count(fold(told), "general", date(2026, 3, 3)) == (110, 190)
    same = [event("record", old), event("record", replace(new, day=old.day)), DECLARED]
    assert count(fold(same), "general", date(2026, 3, 3)) == (60, 110)  # new against the days before, not against the same day


def test_keys_decide_whether_persons_are_new() -> None:
    first, second = Persons.known(["1", "2", "3"]), Persons.known(["3", "4"])
    old, new = transfer("a", "2026-03-01", first), replace(transfer("b", "2026-03-02", second), fresh=True)
    other = transfer("n", "2026-03-01", Persons(9, 9))
    told = [*(event("record", each) for each in (new, other, old)), DECLARED]  # what disproves it is told late
    assert fold(told).repeats(2026) == {"b": "a"}
    assert count(fold(told), "general", YEAR[1]) == (9, 13)
    assert count(fold([*told, event("withdraw", old)]), "general", YEAR[1]) == (11, 11)
    elsewhere = Transfer("a", old.day, (Flow("f", "no", Persons(0, 0), Persons.known(["4"])),))
    assert fold([*told, event("correct", elsewhere)]).repeats(2026) == {"b": "a"}  # of another kind, in a flow that counts not
    assert not fold([*told, event("correct", replace(old, day=new.day))]).repeats(2026)  # new against the days before


def test_persons_of_several_flows_together() -> None:
    a, b = Persons.known(["1", "2"]), Persons.known(["2", "3"])
    assert together([Flow("x", "yes", a, a), Flow("y", "yes", b, b)], "general") == Persons.known(["1", "2", "3"])
    assert together([Flow("x", "yes", a, a), Flow("y", "unknown", b, b)], "general") == Persons(2, 3)
    assert together([Flow("x", "no", a, a), Flow("y", "yes", Persons(4, 6), b)], "general") == Persons(4, 6)
    assert together([Flow("x", "yes", Persons(3, 3), a), Flow("y", "yes", Persons(4, 6), b)], "general") == Persons(4, 9)
    assert together([], "general") == Persons.known([])


OFFICE, FIRM = {"by": {"role": "official"}}, {"by": {"role": "enterprise"}}
PAPER = {"mandate": "0" * 64}


def gone(by: dict[str, Any], **paper: str) -> dict[str, Any]:
    return {"name": "withdraw", "values": {"transfer": "a", "reasons": "x", **paper}} | by


@pytest.mark.parametrize(
    ("change", "counted"),
    [
        (event("record", transfer("b", "2026-04-01", Persons(5, 5))) | FIRM, (100, inf)),
        (event("correct", transfer("a", "2026-03-02", Persons(10, 10))) | FIRM, (10, 10)),
        (gone(FIRM), (0, 0)),
        (gone(OFFICE, **PAPER), (0, 0)),
        (gone(OFFICE), (0, inf)),
        (event("correct", transfer("a", "2026-03-01", Persons(10, 10))) | FIRM, (10, 10)),
        (event("correct", transfer("a", "2026-03-01", Persons(10, 10))) | OFFICE, (10, inf)),
        (event("correct", transfer("a", "2025-03-01", Persons(10, 10))) | OFFICE, (0, inf)),
        (event("record", transfer("b", "2026-04-01", Persons(5, 5))) | OFFICE, (100, inf)),
        (event("record", transfer("b", "2024-04-01", Persons(5, 5))) | OFFICE, (100, 100)),
    ],
)
def test_what_shows_that_a_declaration_was_wrong_bounds_no_count(change: dict[str, Any], counted: Any) -> None:
    told = [event("record", transfer("a", "2026-03-01", Persons(100, 100))) | FIRM, DECLARED, change]
    assert count(fold(told), "general", YEAR[1]) == counted
    again = fold([*told, DECLARED])
    assert count(again, "general", YEAR[1])[1] < inf


def test_events_that_do_not_concern_counting_change_nothing() -> None:
    assert fold([{"name": "refused", "values": {}}, {"name": "open", "values": {}}]) == Register()
