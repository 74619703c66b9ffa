"""How often a plan's monitors would stop it: random lives of a pilot, drawn again from the same seed, so that caps can be chosen.

The chances are the applicant's assumption, not a forecast. Every draw is `Random(f"{seed}/{run}").random()`, whose values Python
keeps from version to version, turned into waiting times of a Poisson process.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import log
from random import Random
from statistics import median_low
from typing import TYPE_CHECKING

from engine.errors import InputError
from engine.supervise.monitors.events import DAY, Event, Kind, Terms
from engine.supervise.monitors.reference import first_true

if TYPE_CHECKING:
    from engine.supervise.monitors.plan import Plan

STOPS = ("pause", "terminate")
REPORT_DAYS = 30
RUNS = 10_000
STILL = frozenset({"subjects", "uninsured"})  # what a life does not change: all take part, and are covered, until its end
LIFE_DAYS = 366


@dataclass(frozen=True)
class Scenario:
    """What is assumed of a pilot: days it lasts, persons taking part, its terms, and what happens within 30 days on average.

    `rates` are keyed by a grade or `complaints` (per thousand persons) or `downtime` (outages of `outage_minutes`), `breaches` by
    kind; `late` is the chance, in hundredths, that a monthly report comes `late_days` too late. What is not stated does
    not happen, and is named beside the result.
    """

    days: int
    subjects: int
    budget: tuple[tuple[str, int], ...] = ()
    rates: tuple[tuple[str, float], ...] = ()
    breaches: tuple[tuple[str, float], ...] = ()
    outage_minutes: int = 60
    late: int | None = None
    late_days: int = 5


@dataclass(frozen=True)
class Stopped:
    """How often a monitor held within the pilot's days, in runs, and the middle one of the days on which it first did."""

    monitor: str
    proposes: str
    runs: int
    middle_day: int | None


@dataclass(frozen=True)
class Simulation:
    """What came of it: runs in which any monitor proposed to pause or terminate, the middle day, and each monitor by itself.

    `unstated` are the rates that the scenario does not give (`late` is that of late reports): none of these happened in any life.
    `not_simulated` are monitors of what no scenario draws: subjects and cover stay as they are.
    """

    seed: str
    runs: int
    stopped: int
    middle_day: int | None
    monitors: tuple[Stopped, ...]
    unstated: tuple[str, ...] = ()
    not_simulated: tuple[str, ...] = ()


def simulate(plan: Plan, scenario: Scenario, seed: str, runs: int) -> Simulation:
    """Return how often monitors would have held in `runs` lives. Raises InputError for a scenario that cannot be drawn."""
    _checked(plan, scenario, runs)
    held: dict[str, list[int]] = {monitor.id: [] for monitor in plan.monitors}
    stopped: list[int] = []
    stops = {monitor.id for monitor in plan.monitors if monitor.proposes in STOPS}
    for run in range(runs):
        first = first_true(plan, list(life(plan, scenario, Random(f"{seed}/{run}"))))  # noqa: S311 - replayable, not secret
        for name, at in first.items():
            held[name].append(at // DAY)
        ends = [at // DAY for name, at in first.items() if name in stops]
        if ends:
            stopped.append(min(ends))
    still = tuple(monitor.id for monitor in plan.monitors if monitor.counts in STILL)
    drawn = (monitor for monitor in plan.monitors if monitor.id not in still)
    each = tuple(Stopped(m.id, m.proposes, len(held[m.id]), _middle(held[m.id])) for m in drawn)
    return Simulation(seed, runs, len(stopped), _middle(stopped), each, unstated(plan, scenario), still)


def unstated(plan: Plan, scenario: Scenario) -> tuple[str, ...]:
    """Return what monitors watch and a scenario gives no rate of; a rate of 0 is one."""
    rates = {name for name, _ in scenario.rates}
    kinds = {monitor.kind for monitor in plan.monitors if monitor.counts == "breaches"}
    breaches = {f"breaches.{kind}" for kind in kinds - {name for name, _ in scenario.breaches}}
    if not scenario.breaches and any(monitor.counts == "repeats" for monitor in plan.monitors):
        breaches.add("breaches")
    lines = [*plan.rank, *(line for line in plan.lines if line not in plan.rank)]
    late = () if scenario.late is not None else ("late",)
    return (*(f"rates.{line}" for line in lines if line not in rates), *sorted(breaches), *late)


def work(plan: Plan, scenario: Scenario) -> float:
    """Return how much work a life is, in events, so that a caller can bound it. Raises InputError as `simulate`.

    The reference monitor looks at the incidents and breaches before each again, so that dense ones cost as their square
    (measured: 250 pairs take as long as one event).
    """
    _checked(plan, scenario, 1)
    months = scenario.days / 30
    each = [(kind, rate * months) for kind, _, rate, _ in _sources(plan, scenario)]
    dense = sum(count for kind, count in each if kind in ("incident", "breach"))
    return scenario.days + 2 * months + sum(count for _, count in each) + dense * dense / 250


def life(plan: Plan, scenario: Scenario, random: Random) -> Iterator[Event]:
    """Yield the events of one life, from second 0 on; time itself is told at the end of each day."""
    end = scenario.days * DAY
    yield Event("p", "terms", "terms", 0, 0, terms=Terms(scenario.subjects, end, scenario.budget))
    yield Event("p", "subjects", "subjects", 0, 1, number=scenario.subjects)
    seq = 2
    for kind, name, rate, number in _sources(plan, scenario):
        for at in _arrivals(random, rate, end):
            yield Event("p", kind, f"{name}{seq}", at, seq, at, number=number, name=name)
            seq += 1
    for due in range(REPORT_DAYS * DAY, end + 1, REPORT_DAYS * DAY):
        late = scenario.late_days * DAY if 100 * random.random() < (scenario.late or 0) else 0
        yield Event("p", "due", f"r{due}", due - DAY, seq, due, number=due)
        if due + late <= end:
            yield Event("p", "report", f"r{due}", due + late, seq + 1, due + late)
        seq += 2
    for day in range(1, scenario.days + 1):
        yield Event("p", "tick", f"t{day}", day * DAY, seq + day, day * DAY)


def _sources(plan: Plan, scenario: Scenario) -> Iterator[tuple[Kind, str, float, int]]:
    """Yield what happens by chance: kind, name, expected number per 30 days, and the number each carries."""
    share = scenario.subjects / 1000
    for line, rate in scenario.rates:
        if line in plan.rank:
            yield "incident", line, rate * share, 0
        elif line == "complaints":
            yield "complaint", line, rate * share, 1
        else:
            yield "downtime", line, rate, scenario.outage_minutes
    for kind, rate in scenario.breaches:
        yield "breach", kind, rate, 0


def _arrivals(random: Random, rate: float, end: int) -> Iterator[int]:
    at = 0.0
    while rate > 0:
        at -= log(1 - random.random()) / rate * 30 * DAY
        if at >= end:
            return
        yield int(at)


def _middle(days: list[int]) -> int | None:
    return median_low(days) if days else None


def _checked(plan: Plan, scenario: Scenario, runs: int) -> None:
    for line in [name for name, _ in (*scenario.rates, *scenario.budget) if name not in plan.lines]:
        raise InputError("unknown-line", f"no line `{line[:40]}` of a budget", f"the lines are {', '.join(plan.lines)}")
    numbers = [("days", scenario.days, 1, LIFE_DAYS), ("subjects", scenario.subjects, 1, 10**7), ("runs", runs, 1, RUNS)]
    numbers += [("outage_minutes", scenario.outage_minutes, 0, 30 * 24 * 60), ("late", scenario.late or 0, 0, 100)]
    numbers += [("late_days", scenario.late_days, 0, LIFE_DAYS)]
    numbers += [(f"budget.{line}", allowed, 0, 10**6) for line, allowed in scenario.budget]
    for name, value, least, most in numbers:
        if not least <= value <= most:
            raise InputError("out-of-range", f"`{name}` is {value}", f"give a number from {least} to {most}")
    for name, rate in (*scenario.rates, *scenario.breaches):
        if not 0 <= rate <= 10_000:  # noqa: PLR2004 - more than this is no pilot, and would not end
            raise InputError("out-of-range", f"the rate of `{name[:40]}` is {rate}", "give a number from 0 to 10000 per 30 days")
