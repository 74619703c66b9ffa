"""A transition that is about to be taken, as the guards of tables look at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.supervise.state import Done, Event, State

if TYPE_CHECKING:
    from schemas.lifecycle import Lifecycle, Transition

_NOTHING = Done(0, "", (), ())


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
