"""Events a second and memory of the monitors over thousands of pilots that come and go; nothing here fails."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random

from engine.supervise.monitors.events import DAY, Event, Terms
from engine.supervise.monitors.reference import Reference
from engine.supervise.monitors.stream import Stream
from engine.supervise.monitors.watch import Watch
from tests.monitors.streams import NEW_YEAR, PLAN

PILOTS = 5_000
LIFE = 50  # weeks, one event each
EVENTS = 1_000_000
WARM = 100_000
BATCH = 200


def stream(random: Random) -> Iterator[Event]:
    """Yield events of pilots that start spread over a life, and are replaced when they end; the last one of a life is `ended`."""
    seq = 0
    for week in range(10**6):
        for place in range(PILOTS):
            age = (week + place) % LIFE
            pilot = f"{place}/{(week + place) // LIFE}"
            at = NEW_YEAR + week * 7 * DAY + place * 100
            yield _event(random, pilot, age, at, seq)
            seq += 1


def _event(random: Random, pilot: str, age: int, at: int, seq: int) -> Event:
    """Return one event: terms, then reports, persons, and now and then an incident, a late one, or a correction."""
    name = f"{pilot}/{age}"
    if age == 0:
        return Event(pilot, "terms", name, at, seq, at, terms=Terms(1000, at + 400 * DAY, (("serious", 2), ("slight", 10))))
    if age % 4 == 1:
        return Event(pilot, "due", name, at, seq, at, number=at + 10 * DAY)
    if age % 4 == 2:
        return Event(pilot, "report", f"{pilot}/{age - 1}", at, seq, at)
    chance = random.random()
    if chance < 0.15:
        return Event(pilot, "incident", name, at - (20 * DAY if chance < 0.02 else 0), seq, at, name="slight")
    if chance < 0.17:
        return Event(pilot, "correction", name, at, seq, at, of=f"{pilot}/{age - 4}", name="")
    if chance < 0.3:
        return Event(pilot, "complaint", name, at, seq, at, number=1)
    return (
        Event(pilot, "subjects", name, at, seq, at, number=random.randrange(1000))
        if chance < 0.6
        else Event(pilot, "tick", name, at, seq, at)
    )


def resident() -> float:
    """Return the resident memory of this process in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def reference(count: int) -> None:
    """Print how many events a second the reference takes, alone on one core."""
    pilots: dict[str, Reference] = {}
    events = list(islice(stream(Random(1)), count))
    start, cpu = time.perf_counter(), time.process_time()
    for event in events:
        found = pilots.get(event.pilot)
        if found is None:
            found = pilots[event.pilot] = Reference(PLAN)
        found.add(event)
    wall, spent = time.perf_counter() - start, time.process_time() - cpu
    print(f"reference monitor: {count / wall:,.0f} events a second, {count / spent:,.0f} a second of processor (wanted 20,000)")


def both(count: int) -> None:
    """Print events a second and the growth of memory with both monitors over live pilots."""
    with Stream(len(PLAN.monitors)) as second:
        if not second.alive:
            print(f"both monitors: not measured, {second.silent}")
            return
        watch = Watch(PLAN, second, lambda _: [])
        source = stream(Random(1))
        warm = 0.0
        start = time.perf_counter()
        for done in range(0, count, BATCH):
            batch = list(islice(source, BATCH))
            watch.see(batch)
            for event in batch:
                if event.id.endswith(f"/{LIFE - 1}"):
                    watch.forget(event.pilot)
            if done == WARM:
                warm = resident()
        spent = time.perf_counter() - start
        grown = 100 * (resident() - warm) / warm if warm else 0.0
        print(
            f"both monitors: {count / spent:,.0f} events a second (wanted 5,000) over {PILOTS:,} pilots;"
            f" {resident():.0f} MB, {grown:+.1f} % since event {WARM:,} (wanted below 5)"
        )


def main(count: int = EVENTS) -> None:
    """Print every figure."""
    reference(min(count, 200_000))
    both(count)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS)
