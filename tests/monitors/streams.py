"""Random streams over a plan that uses every counter: late, twice, corrected, at one instant, over the turn of a year."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from engine.supervise.monitors.events import DAY, Event, Kind, Terms
from engine.supervise.monitors.plan import Plan
from schemas.rulebook import Monitor

RANK = {"slight": 0, "general": 1, "serious": 2, "grave": 3}
NEW_YEAR = 1_798_732_800  # 2027-01-01T00:00+08:00 lies eight hours before it
SHAPES: list[dict[str, object]] = [
    {"counts": "incidents", "grade": "serious", "days": 30, "at_least": 3, "proposes": "pause"},
    {"counts": "incidents", "grade": "grave", "days": 0, "at_least": 1, "proposes": "pause"},
    {"counts": "incidents", "grade": "slight", "days": 30, "at_least": 40, "per_thousand": True, "proposes": "warn"},
    {"counts": "rising", "grade": "slight", "days": 30, "at_least": 2, "proposes": "warn"},
    {"counts": "repeats", "at_least": 2, "proposes": "terminate"},
    {"counts": "repeats", "days": 20, "at_least": 2, "proposes": "rectify"},
    {"counts": "breaches", "kind": "hidden_report", "at_least": 1, "proposes": "terminate"},
    {"counts": "complaints", "days": 10, "at_least": 5, "proposes": "warn"},
    {"counts": "downtime", "days": 7, "at_least": 90, "proposes": "warn"},
    {"counts": "subjects", "beyond": "cap_subjects", "proposes": "pause"},
    {"counts": "overdue", "at_least": 0, "proposes": "rectify"},
    {"counts": "overdue", "at_least": 48, "proposes": "pause"},
    {"counts": "uninsured", "at_least": 0, "proposes": "pause"},
    {"counts": "budget", "at_least": 50, "proposes": "warn"},
    {"counts": "budget", "at_least": 100, "proposes": "pause"},
    {"counts": "budget", "beyond": "budget", "proposes": "pause"},
]
COMMON = {"title": {"zh": "监测", "en": "monitor"}, "effect": "agreed", "origin": "design", "sources": []}
PLAN = Plan(tuple(Monitor.model_validate({**COMMON, "id": f"w{n}", **shape}) for n, shape in enumerate(SHAPES)), RANK)
KINDS: list[Kind] = ["terms", "subjects", "incident", "correction", "complaint", "downtime", "breach", "due", "report", "tick"]
WEIGHTS = [2, 3, 6, 2, 3, 3, 2, 3, 2, 3]


def stream(random: Random, pilot: str, size: int, days: int) -> list[Event]:
    """Return events of one pilot in the order of recording."""
    start = NEW_YEAR - random.randrange(days) * DAY
    instants = [start + random.randrange(days * DAY) // 1800 * 1800 for _ in range(max(2, size // 2))]
    found: list[Event] = []
    happened: dict[tuple[str, str], int] = {}  # what is told twice keeps its time
    at = seen = start
    for seq in range(size):
        at = random.choice(instants) if random.random() < 0.3 else min(start + days * DAY, at + random.randrange(4 * DAY))
        made = event(random, pilot, random.choices(KINDS, WEIGHTS)[0], at, seq)
        seen = max(seen, made.seen)  # what is recorded later is not seen earlier
        found.append(replace(made, at=happened.setdefault((made.kind, made.id), at), seen=seen))
    return found


def event(random: Random, pilot: str, kind: Kind, at: int, seq: int) -> Event:
    """Return one event; few ids, so that there are duplicates, answers and corrections."""
    made: dict[str, object] = {}
    if kind == "terms":
        budget = (("complaints", random.randrange(4)), ("downtime", 60), ("serious", random.randrange(3)), ("slight", 5))
        made = {"terms": Terms(random.choice((2, 1000)), at + random.randrange(90) * DAY, budget)}
    elif kind == "subjects":
        made = {"number": random.choice((0, 1, 3, 999, 1000, 1001))}
    elif kind == "incident":
        made = {"name": random.choice(list(RANK))}
    elif kind == "correction":
        made = {"of": f"x{random.randrange(12)}", "name": random.choice(["", *RANK])}
    elif kind in ("complaint", "downtime"):
        made = {"number": random.randrange(60)}
    elif kind == "breach":
        made = {"name": random.choice(("scope", "consent", "hidden_report"))}
    elif kind == "due":
        made = {"number": at + random.randrange(10 * DAY)}
    name = f"x{random.randrange(12)}" if kind in ("incident", "due", "report") else f"x{random.randrange(60)}"
    return Event(pilot, kind, name, at, seq, at + random.randrange(DAY), **made)  # type: ignore[arg-type]
