"""What a filing leaves possible, and the places in the slots from which that is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.decide import combine
from engine.decide.values import U

if TYPE_CHECKING:
    from engine.decide.values import Slots


@dataclass(frozen=True)
class Picture:
    """What a filing leaves possible.

    `outcomes` and `rules` (fired, applied) are keyed by (name, item index, or -1 at filing level); the index after the last
    listed item stands for items not yet listed.
    """

    outcomes: dict[tuple[str, int], Any]
    fired: dict[tuple[str, int], int]
    applied: dict[tuple[str, int], int]
    versions: dict[str, tuple[str, ...]]


class Cell(NamedTuple):
    """One thing that a picture shows: where its value lies in the slots, and how two of its values unite."""

    combine: str  # of the outcome, or `truth`
    table: str
    name: str
    item: int
    home: int  # slot of the list, -1 for the filing
    at: int
    unlisted: bool

    def read(self, slots: Slots) -> Any:
        """Return the value in the slots of a filing."""
        if self.home < 0:
            return slots[self.at]
        listed = slots[self.home]
        return (listed.more if self.unlisted else listed.items[self.item])[self.at]

    def of(self, picture: Picture) -> Any:
        """Return the value that a picture shows."""
        table: dict[tuple[str, int], Any] = getattr(picture, self.table)
        return table[self.name, self.item]

    def merge(self, a: Any, b: Any) -> Any:
        """Return what is possible when either value is the case."""
        if self.combine == "truth":
            return a if a == b else U
        return combine.merge(self.combine, a, b)
