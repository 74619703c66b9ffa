"""A transition that is about to be taken, as the tests of transition tables see it: the stream as it stands, and what is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.supervise.state import Done, Event, Run, State

if TYPE_CHECKING:
    from schemas.lifecycle import Lifecycle, Transition

_NOTHING = Done(0, "", (), ())
_DAY = len("2026-01-01")  # the end of a clock of hours is a moment, which is longer


@dataclass(frozen=True, slots=True)
class Happening:
    """A transition that is about to be taken."""

    table: Lifecycle
    transition: Transition
    state: State
    event: Event

    def done(self, name: str) -> Done:
        """Return what is known of the events of a name."""
        return self.state.done.get(name, _NOTHING)

    def value(self, name: str) -> object:
        """Return an open value as the event states it, else as the stream has it."""
        return self.event.values.get(name, self.state.values.get(name))


Guard = Callable[[Happening, Sequence[str]], str]  # the names that a guard is about -> what is wrong, nothing when it holds


def collected(h: Happening, name: str) -> list[object]:
    """Return the values that the stream has collected in a field, none where it keeps only one."""
    found = h.state.values.get(name)
    return found if isinstance(found, list) else []


def ran_out(h: Happening, run: Run) -> bool:
    """Tell whether the end of a run, which is known, has passed when the event happens."""
    return past(run, h.event.on, h.event.at)


def past(run: Run, on: str, at: str) -> bool:
    """Tell whether the end of a run lies before a legal day, or before a moment where it is a clock of hours."""
    return (on if len(run.due) == _DAY else at) > run.due
