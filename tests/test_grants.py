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


def test_a_revoked_grant_covers_nothing_later() -> None:
    found = compare(Ledger(GRANT, (USE, replace(USE, id="v", day=date(2026, 3, 2))), revoked=date(2026, 3, 1)))
    assert [each.verdict for each in found] == ["within", "beyond"]


def event(name: str, **values: Any) -> dict[str, Any]:
    return {"name": name, "values": values}


def told(use: Use) -> dict[str, Any]:
    values: dict[str, Any] = {"use": use.id, "date": use.day.isoformat(), "purpose": use.purpose, "records": use.records}
    for name, found in (("used_items", use.items), ("passed_to", use.onward)):
        values[name] = None if found is None else sorted(found)
    return event("use", **{name: value for name, value in values.items() if value is not None})


GRANTED = event(
    "grant", purposes=["rescue"], items=["address", "name"], start="2026-01-01", end="2026-06-30", max_uses=3, max_records=100
)


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
    events = [GRANTED]
    for number in range(length):
        name = random.choice([str(number), *left])
        if name in left and random.random() < 0.3:
            del left[name]
            events.append(event("retract", use=name))
            continue
        left[name] = random_use(random, name)
        events.append(told(left[name]))
    ledger = fold([*events, event("refused"), event("revoke", on="2026-05-01")])
    assert ledger == Ledger(GRANT, tuple(sorted(left.values(), key=lambda each: (each.day, each.id))), date(2026, 5, 1))
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
    )


def test_a_change_replaces_the_terms() -> None:
    ledger = fold([GRANTED, event("change", purposes=["rescue", "planning"], items=["name"], start="2026-02-01")])
    assert ledger.grant == Grant(frozenset({"rescue", "planning"}), frozenset({"name"}), date(2026, 2, 1))
    assert compare(with_use(ledger, USE)) == [Compared(USE, "within")]
