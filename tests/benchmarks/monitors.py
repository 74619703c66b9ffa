"""Events a second and memory of the monitors over thousands of pilots that come and go; nothing here fails.

Two plans: that of the pack, and that of the tests, which uses every counter. Time of processor is told beside time on the clock,
because only the first can be compared on a machine that does other work.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from random import Random

from engine.rulebook.load import load
from engine.supervise.monitors.events import DAY, Event, Terms
from engine.supervise.monitors.plan import Plan, plan
from engine.supervise.monitors.reference import Reference
from engine.supervise.monitors.stream import Stream
from engine.supervise.monitors.watch import Watch
from tests.monitors.streams import NEW_YEAR, PLAN

PILOTS = 5_000
LIFE = 50  # weeks, one event each
EVENTS = 1_000_000
WARM = 100_000
BATCH = 200


def stream(random: Random, grades: list[str]) -> Iterator[Event]:
    """Yield events of pilots that start spread over a life, and are replaced when they end; the last one of a life is `ended`."""
    seq = 0
    for week in range(10**6):
        for place in range(PILOTS):
            age = (week + place) % LIFE
            pilot = f"{place}/{(week + place) // LIFE}"
            at = NEW_YEAR + week * 7 * DAY + place * 100
            yield _event(random, Event(pilot, "tick", f"{pilot}/{age}", at, seq, at), age, grades)
            seq += 1


def _event(random: Random, tick: Event, age: int, grades: list[str]) -> Event:
    """Return one event: terms, then reports, persons, and now and then an incident, a late one, or a correction."""
    pilot, at = tick.pilot, tick.at
    if age == 0:
        terms = Terms(1000, at + 400 * DAY, ((grades[2], 2), (grades[0], 10)))
        return replace(tick, kind="terms", terms=terms)
    if age % 4 == 1:
        return replace(tick, kind="due", number=at + 10 * DAY)
    if age % 4 == 2:
        return replace(tick, kind="report", id=f"{pilot}/{age - 1}")
    chance = random.random()
    if chance < 0.15:
        return replace(tick, kind="incident", at=at - (20 * DAY if chance < 0.02 else 0), name=grades[0])
    if chance < 0.17:
        return replace(tick, kind="correction", of=f"{pilot}/{age - 4}")
    if chance < 0.3:
        return replace(tick, kind="complaint", number=1)
    return replace(tick, kind="subjects", number=random.randrange(1000)) if chance < 0.6 else tick


def resident() -> float:
    """Return the resident memory of this process in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def processor(pid: int | None) -> float:
    """Return the seconds of processor that another process has used."""
    parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


def reference(name: str, watched: Plan, count: int) -> None:
    """Print how many events a second the reference takes, alone on one core."""
    pilots: dict[str, Reference] = {}
    events = list(islice(stream(Random(1), list(watched.rank)), count))
    start, cpu = time.perf_counter(), time.process_time()
    for event in events:
        found = pilots.get(event.pilot)
        if found is None:
            found = pilots[event.pilot] = Reference(watched)
        found.add(event)
    wall, spent = time.perf_counter() - start, time.process_time() - cpu
    print(f"reference, {name}: {count / wall:,.0f} events a second, {count / spent:,.0f} a second of processor (wanted 20,000)")


def both(name: str, watched: Plan, count: int) -> None:
    """Print events a second and the growth of memory with both monitors over live pilots."""
    with Stream(len(watched.monitors)) as second:
        if not second.alive:
            print(f"both, {name}: not measured, {second.silent}")
            return
        watch = Watch(watched, second, lambda _: [])
        source = stream(Random(1), list(watched.rank))
        warm = spent = 0.0
        start, cpu, worker = time.perf_counter(), time.process_time(), processor(second.pid)
        for done in range(0, count, BATCH):
            batch = list(islice(source, BATCH))
            watch.see(batch)
            for event in batch:
                if event.id.endswith(f"/{LIFE - 1}"):
                    watch.forget(event.pilot)
            if done == WARM:
                warm = resident()
        wall, spent = time.perf_counter() - start, time.process_time() - cpu + processor(second.pid) - worker
        grown = 100 * (resident() - warm) / warm if warm else 0.0
        print(
            f"both, {name}: {count / wall:,.0f} events a second, {count / spent:,.0f} a second of processor (wanted 5,000)"
            f" over {PILOTS:,} pilots; {resident():.0f} MB, {grown:+.1f} % since event {WARM:,} (wanted below 5)"
        )


def main(count: int = EVENTS) -> None:
    """Print every figure; the whole count is seen with the plan of the tests, a fifth of it with that of the pack."""
    packed = plan(load(Path(__file__).parents[2] / "rules").packs["nanjing-pilot"])
    for whose, watched, part in (("pack", packed, count // 5), ("tests", PLAN, count)):
        name = f"{len(watched.monitors)} monitors of the {whose}"
        reference(name, watched, min(part, 200_000))
        both(name, watched, part)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS)
