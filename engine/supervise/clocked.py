"""What a transition does to clocks: runs begin, stand still, go on and end; nothing here counts days."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.supervise.state import Pause, Run

if TYPE_CHECKING:
    from schemas.lifecycle import Lifecycle, Transition


def clocked(table: Lifecycle, transition: Transition, runs: tuple[Run, ...], on: str, at: str) -> tuple[Run, ...]:
    """Return the runs after a transition on a legal day `on`, recorded at `at`; limits in hours go by the moment."""
    hourly = {each.id for each in table.clocks if each.limit.hours}
    effects, found = transition.clocks, []
    for run in runs:
        moment = at if run.clock in hourly else on
        if run.clock in (*effects.stop, *effects.start):  # a clock that starts again ends its earlier run
            run = _stop(run, moment)  # noqa: PLW2901 - one effect after the other
        if run.clock in effects.pause and run.running:
            run = replace(run, pauses=(*run.pauses, Pause(max(moment, run.started), None, transition.event)))  # noqa: PLW2901
        if run.clock in effects.resume and run.paused:
            run = _resume(run, moment)  # noqa: PLW2901
        found.append(run)
    started = [Run(name, at if name in hourly else on) for name in effects.start]
    return (*found, *started)


def _stop(run: Run, moment: str) -> Run:
    if run.stopped is not None:
        return run
    run = _resume(run, moment) if run.paused else run
    return replace(run, stopped=max(moment, run.started))


def _resume(run: Run, moment: str) -> Run:
    last = run.pauses[-1]
    return replace(run, pauses=(*run.pauses[:-1], replace(last, end=max(moment, last.start))))
