"""Simulations of a pilot before it is admitted: how often the monitors would stop lives that are drawn from a seed."""

from __future__ import annotations

import threading
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field

from api.http.body import Sent, Strict
from api.http.office import Needs, Office, office
from engine.errors import InputError, Place, StoreError
from engine.supervise.monitors.plan import plan
from engine.supervise.monitors.simulate import LIFE_DAYS, Scenario, simulate, work
from engine.supervise.opinions import PACK
from schemas.http.streams import Simulated

router = APIRouter(prefix="/pilot-simulations", tags=["pilots"], route_class=Strict)
At = Annotated[Office, Depends(office)]
MOST = 30_000  # events that the lives may have in all, on average: about five seconds
ONE = threading.BoundedSemaphore(1)  # a simulation takes one of the cores as long as it lasts
Amount = Annotated[int, Field(ge=0, le=1_000_000_000)]
Rate = Annotated[float, Field(ge=0, le=10_000)]


class Assumed(Sent):
    """What is assumed of a pilot: its days, persons and terms, and what happens within 30 days on average.

    `rates` are by a grade of incidents or `complaints`, per thousand persons, or by `downtime`, in outages; `breaches` by kind.
    """

    days: Annotated[int, Field(ge=1, le=LIFE_DAYS)]
    subjects: Annotated[int, Field(ge=1, le=10_000_000)]
    budget: dict[str, Amount] = Field(default_factory=dict)
    rates: dict[str, Rate] = Field(default_factory=dict)
    breaches: dict[str, Rate] = Field(default_factory=dict)
    outage_minutes: Annotated[int, Field(ge=0, le=44_640)] = 60
    late: Annotated[int, Field(ge=0, le=100, description="Of a hundred monthly reports, how many come too late.")] | None = None
    late_days: Annotated[int, Field(ge=0, le=LIFE_DAYS)] = 5


class Asked(Sent):
    """A scenario, the seed that draws the same lives again, and how many lives are drawn."""

    scenario: Assumed
    seed: Annotated[str, Field(max_length=100)] = "1"
    runs: Annotated[int, Field(ge=1, le=1_000)] = 100


@router.post("", dependencies=[Depends(Needs("pilot.simulate"))], response_model=Simulated)
def run(body: Asked, at: At) -> dict[str, Any]:
    """Draw lives of a pilot and count how often its monitors would stop it; nothing is stored."""
    given = body.scenario.model_dump()
    scenario = Scenario(**given | {name: tuple(given[name].items()) for name in ("budget", "rates", "breaches")})
    monitors = plan(at.chosen.rulebook.packs[PACK])
    events = body.runs * work(monitors, scenario)
    if events > MOST:
        problem = f"the lives are as much work as {int(events)} events, and may be as much as {MOST}"
        raise InputError("out-of-range", problem, "ask for fewer `runs`", Place("#/runs"))
    if not ONE.acquire(timeout=5):
        raise StoreError("busy", "another simulation runs", "try again later")
    try:
        return asdict(simulate(monitors, scenario, body.seed, body.runs))
    finally:
        ONE.release()
