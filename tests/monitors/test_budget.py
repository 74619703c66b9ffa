"""The tolerance budget by hand, and lives of pilots drawn again from a seed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.errors import InputError
from engine.supervise.monitors.budget import Burn, Line
from engine.supervise.monitors.events import DAY, Event, Terms
from engine.supervise.monitors.simulate import Scenario, simulate
from tests.monitors.streams import PLAN

TERMS = Event("p", "terms", "t", 0, 0, terms=Terms(1000, 400 * DAY, (("complaints", 0), ("serious", 2), ("slight", 10))))


def persons(count: int, seq: int = 1) -> Event:
    return Event("p", "subjects", f"s{seq}", 0, seq, number=count)


def incidents(*days: int, grade: str = "slight") -> list[Event]:
    return [Event("p", "incident", f"{grade}{day}", day * DAY, 10 + n, name=grade) for n, day in enumerate(days)]


# persons taking part, incidents of the grade on these days, day asked: used, allowed, used up in so many days
LINES = [
    (1000, "slight", [], 40, 0, 10, None),
    (1000, "slight", [1, 2, 3], 20, 3, 10, None),  # none in the last ten days: it never will be
    (1000, "slight", [31, 32, 33, 34, 35], 40, 5, 10, 10),  # half a one a day: five more in ten days
    (100, "slight", [40], 40, 1, 1, 0),  # a tenth of ten, and what is over counts whole
    (101, "slight", [40], 40, 1, 2, 10),
    (1000, "serious", [10, 40], 40, 1, 2, 10),  # the thirtieth day before is out
    (1000, "serious", [11, 40], 40, 2, 2, 0),
    (1000, "slight", [9, 10, 11], 40, 1, 10, None),
]


@pytest.mark.parametrize("case", LINES, ids=str)
def test_lines(case: tuple[int, str, list[int], int, int, int, int | None]) -> None:
    count, grade, days, day, used, allowed, ends = case
    lines = {line.line: line for line in Burn(PLAN, [TERMS, persons(count), *incidents(*days, grade=grade)]).lines(day * DAY)}
    assert lines[grade] == Line(grade, used, allowed, ends)
    assert lines["subjects"] == Line("subjects", count, 1000)


def test_graver_incidents_use_up_milder_lines_and_nothing_allowed_is_used_up_by_the_first() -> None:
    complaint = Event("p", "complaint", "c", 5 * DAY, 30, number=1)
    lines = {
        line.line: line for line in Burn(PLAN, [TERMS, persons(1000), *incidents(5, grade="grave"), complaint]).lines(6 * DAY)
    }
    assert {name: line.percent for name, line in lines.items()} == {
        "complaints": 100,
        "serious": 50,
        "slight": 10,
        "subjects": 100,
    }


@pytest.mark.parametrize(
    ("used", "allowed", "percent"), [(499, 500, 99), (500, 500, 100), (501, 500, 101), (500, 499, 101), (1, 0, 100)]
)
def test_all_of_a_line_is_a_hundred_hundredths_and_no_more(used: int, allowed: int, percent: int) -> None:
    assert Line("subjects", used, allowed).percent == percent


def test_it_burns_down_day_by_day_whatever_the_order_and_what_comes_twice() -> None:
    events = [TERMS, persons(1000), *incidents(1, 2)]
    twice = [*reversed(events), replace(events[-1], seq=99)]
    down = Burn(PLAN, twice).down(0, 4 * DAY)
    assert [next(line.used for line in lines if line.line == "slight") for _, lines in down] == [1, 2, 2, 2]


CALM = Scenario(days=90, subjects=1000, budget=(("slight", 5),))


def test_a_simulation_is_drawn_again_from_its_seed() -> None:
    wild = replace(CALM, rates=(("slight", 4.0), ("serious", 1.0), ("complaints", 3.0), ("downtime", 2.0)), late=50)
    assert simulate(PLAN, wild, "seed", 20) == simulate(PLAN, wild, "seed", 20)
    assert simulate(PLAN, wild, "seed", 20) != simulate(PLAN, wild, "another", 20)


def test_what_never_happens_stops_nothing_and_what_always_does_stops_all() -> None:
    assert simulate(PLAN, CALM, "s", 10).stopped == 0
    worst = simulate(PLAN, replace(CALM, rates=(("grave", 500.0),)), "s", 10)
    assert (worst.stopped, worst.middle_day) == (10, 0)
    late = simulate(PLAN, replace(CALM, late=100), "s", 3)
    assert [(each.runs, each.middle_day) for each in late.monitors if each.monitor in ("w10", "w11")] == [(3, 31), (3, 32)]


def test_a_smaller_cap_meets_fewer_incidents() -> None:
    rates = (("serious", 2.0),)
    runs = [simulate(PLAN, replace(CALM, subjects=cap, budget=(), rates=rates), "s", 60) for cap in (50, 500, 5000)]
    three = [next(each.runs for each in run.monitors if each.monitor == "w0") for run in runs]
    assert three == sorted(three)
    assert three[0] < three[-1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"days": 0}, "`days` is 0"),
        ({"days": 367}, "`days` is 367"),
        ({"subjects": 0}, "`subjects` is 0"),
        ({"rates": (("weather", 1.0),)}, "no line `weather` of a budget"),
        ({"budget": (("weather", 1),)}, "no line `weather` of a budget"),
        ({"rates": (("slight", -1.0),)}, "the rate of `slight` is -1.0"),
        ({"breaches": (("scope", 10_001.0),)}, "the rate of `scope` is 10001.0"),
    ],
)
def test_scenarios_that_cannot_be_drawn(change: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        simulate(PLAN, replace(CALM, **change), "s", 1)  # type: ignore[arg-type]
