"""Uses of shared data against their grant: inside, outside, or open for what is not told."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.supervise.grants import Compared, Grant, Ledger, Use, compare, fold, used, with_use

GRANT = Grant(frozenset({"rescue"}), frozenset({"name", "address"}), date(2026, 1, 1), date(2026, 6, 30), 3, 100)
USE = Use("u", date(2026, 3, 1), "rescue", frozenset({"name"}), 10, frozenset())


@pytest.mark.parametrize(
    ("change", "beyond", "left"),
    [
        ({}, (), ()),
        ({"purpose": "marketing"}, ("purpose",), ()),
        ({"purpose": None}, (), ("purpose",)),
        ({"items": frozenset({"name", "income"})}, ("items",), ()),
        ({"items": None, "records": None}, (), ("items", "records")),
        ({"day": date(2025, 12, 31)}, ("before_start",), ()),
        ({"day": date(2026, 1, 1)}, (), ()),
        ({"day": date(2026, 6, 30)}, (), ()),
        ({"day": date(2026, 7, 1)}, ("after_end",), ()),
        ({"records": 100}, (), ()),
        ({"records": 101}, ("records",), ()),
        ({"onward": frozenset({"a firm"})}, ("onward",), ()),
        ({"onward": None}, (), ("onward",)),
        ({"purpose": "marketing", "onward": None}, ("purpose",), ("onward",)),
    ],
)
def test_one_use_against_each_limit(change: dict[str, Any], beyond: tuple[str, ...], left: tuple[str, ...]) -> None:
    found = compare(Ledger(GRANT, (replace(USE, **change),)))[0]
    assert (found.beyond, found.open) == (beyond, left)
    assert found.verdict == ("beyond" if beyond else "open" if left else "within")


def test_limits_on_numbers_are_passed_by_the_use_that_comes_after_them() -> None:
    uses = tuple(replace(USE, id=str(n), day=date(2026, 3, n), records=40) for n in range(1, 5))
    found = compare(Ledger(GRANT, uses))
    assert [each.verdict for each in found] == ["within", "within", "beyond", "beyond"]
    assert found[2].beyond == ("records",)
    assert found[3].beyond == ("uses", "records")
    assert used(Ledger(GRANT, uses)).beyond == 2
    assert not used(with_use(Ledger(GRANT, uses), replace(USE, id="x", records=None))).exact


def test_a_grant_that_has_ended_or_is_suspended_covers_nothing_later() -> None:
    uses = (USE, replace(USE, id="v", day=date(2026, 3, 2)), replace(USE, id="w", day=date(2026, 3, 9)))
    assert [each.beyond for each in compare(Ledger(GRANT, uses, ended=date(2026, 3, 1)))] == [(), ("ended",), ("ended",)]
    found = compare(Ledger(GRANT, uses, suspended=((date(2026, 3, 1), date(2026, 3, 8)),)))
    assert [each.beyond for each in found] == [(), ("suspended",), ()]
    last = compare(Ledger(GRANT, uses, suspended=((date(2026, 3, 1), date(2026, 3, 9)),)))[2]
    assert last.beyond == ("suspended",)  # the day on which it is lifted still is one
    assert compare(Ledger(GRANT, uses, suspended=((date(2026, 3, 1), None),)))[2].beyond == ("suspended",)


def test_what_a_grant_does_not_tell_leaves_its_uses_open() -> None:
    found = compare(Ledger(replace(GRANT, purposes=None, items=None), (USE,)))[0]
    assert (found.verdict, found.open) == ("open", ("purpose", "items"))


def test_several_uses_told_at_once_count_as_many() -> None:
    found = compare(Ledger(GRANT, (replace(USE, times=3), replace(USE, id="v", day=date(2026, 3, 2)))))
    assert [each.beyond for each in found] == [(), ("uses",)]


def event(name: str, on: str = "2026-01-01", number: int = 0, **values: Any) -> dict[str, Any]:
    return {"name": name, "on": on, "number": number, "values": values}


def told(use: Use, number: int) -> dict[str, Any]:
    values: dict[str, Any] = {"use": use.id, "purpose": use.purpose, "used_records": use.records, "used": use.times}
    values["used_items"] = None if use.items is None else sorted(use.items)
    values["passed_to"] = sorted(use.onward) if use.onward else None
    values["kept"] = use.onward == frozenset() or None
    given = {name: value for name, value in values.items() if value is not None}
    return event("use", "2026-07-30", number, date=use.day.isoformat(), **given)


ASKED = event("request_conditional", "2025-12-01", until="2027-01-01")
AGREED = event("agree", "2025-12-20", purposes=["rescue"], granted=["address", "name"], until="2026-06-30", uses=3, records=100)
GRANTED = [ASKED, AGREED, event("provide", "2026-01-01")]


def random_use(random: Random, name: str) -> Use:
    return Use(
        name,
        date(2025, 12, 25) + timedelta(days=random.randint(0, 200)),
        random.choice(["rescue", "rescue", "marketing", None]),
        random.choice([frozenset({"name"}), frozenset({"name", "income"}), None]),
        random.choice([1, 30, 60, None]),
        random.choice([frozenset(), frozenset({"a firm"}), None]),
    )


@settings(max_examples=150)
@given(st.integers(0, 2**32), st.integers(0, 12))
def test_the_fold_equals_what_is_left_after_corrections_and_knowing_more_only_settles(seed: int, length: int) -> None:
    random = Random(seed)
    left: dict[str, Use] = {}
    events = [*GRANTED]
    for number in range(length):
        name = random.choice([str(number), *left])
        if name in left:
            del left[name]
            events.append(event("retract", use=name))
            continue
        left[name] = replace(random_use(random, name), number=number)
        events.append(told(left[name], number))
    ledger = fold([*events, event("refused"), event("dispose", on="2026-05-01")])
    uses = tuple(sorted(left.values(), key=lambda each: (each.day, each.number)))
    assert ledger == Ledger(GRANT, uses, ended=date(2026, 5, 1))
    full = replace(ledger, uses=tuple(map(told_all, ledger.uses)))
    for before, after in zip(compare(ledger), compare(full), strict=True):
        assert before.verdict in ("open", after.verdict)
        assert set(before.beyond) <= set(after.beyond)
        assert not after.open
    assert sum(each.verdict == "beyond" for each in compare(ledger)) == used(ledger).beyond


def told_all(use: Use) -> Use:
    """Return a use with everything told that was not."""
    return Use(
        use.id,
        use.day,
        use.purpose or "marketing",
        use.items if use.items is not None else frozenset({"name"}),
        use.records if use.records is not None else 70,
        use.onward if use.onward is not None else frozenset(),
        number=use.number,
    )


def test_uses_of_one_day_count_in_the_order_in_which_they_were_recorded() -> None:
    inside = {"purpose": "rescue", "used_items": ["name"], "kept": True, "used": 1}
    first = event("use", "2026-03-01", 4, **inside, use="v1", used_records=10)
    more = event("use", "2026-03-01", 5, **inside, use="v0", used_records=95)
    before = event("use", "2026-03-02", 6, **inside, use="w", used_records=1, date="2026-02-28")
    found = compare(fold([*GRANTED, first, more, before]))
    assert [(each.use.id, each.verdict) for each in found] == [("w", "within"), ("v1", "within"), ("v0", "beyond")]


def test_what_is_granted_shows_before_it_is_provided() -> None:
    assert fold([ASKED]).grant == Grant(None, None, date.max)
    assert fold([ASKED, AGREED]).grant == replace(GRANT, start=date.max)


def test_data_that_went_on_did_so_whatever_else_was_said_of_them() -> None:
    both = event("use", "2026-03-01", 9, used=1, kept=True, passed_to=["a firm"])  # no table takes that any more
    assert fold([*GRANTED, both]).uses[0].onward == frozenset({"a firm"})


def test_a_use_told_in_short_has_the_number_and_the_day_of_its_event() -> None:
    short = event("use", "2026-03-01", 9, used=2)
    ledger = fold([*GRANTED, short, event("suspend", "2026-03-05"), event("lift", "2026-03-06"), event("suspend", "2026-04-01")])
    assert ledger.uses == (Use("9", date(2026, 3, 1), times=2, number=9),)
    assert ledger.suspended == ((date(2026, 3, 5), date(2026, 3, 6)), (date(2026, 4, 1), None))
    assert compare(ledger) == [Compared(ledger.uses[0], "open", (), ("purpose", "items", "records", "onward"))]
