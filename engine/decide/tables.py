"""Look-up in tables of law whose text may be unread: an unread row leaves every value possible."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING

from engine.decide.values import F, T

if TYPE_CHECKING:
    from engine.decide.values import Closure, Slots
    from schemas.rulebook import Table, TableVersion
    from schemas.term import Type


@dataclass
class Face:
    """A table as it stands on one day, with the answers already worked out."""

    table: Table
    version: TableVersion | None
    values: tuple[str, ...]
    memo: dict[tuple[int, ...], int] = field(default_factory=dict)  # by possible keys
    rows: dict[tuple[str | bool, ...], int] = field(default_factory=dict)  # by exact keys

    def closure(self, reads: list[Closure], kinds: list[Type]) -> Closure:
        """Return the closure: the mask of values possible for the possible keys, which `reads` give in their types `kinds`."""

        def look(f: Slots, i: Slots) -> int:
            keys = tuple(read(f, i) for read in reads)
            if keys not in self.memo:
                self.memo[keys] = self._find(keys, kinds)
            return self.memo[keys]

        return look

    def _find(self, keys: tuple[int, ...], kinds: list[Type]) -> int:
        mask = 0
        for values in product(*(_values(key, kind) for key, kind in zip(keys, kinds, strict=True))):
            if values not in self.rows:
                self.rows[values] = self._row_mask(dict(zip(self.table.keys, values, strict=True)))
            mask |= self.rows[values]
        return mask

    def _row_mask(self, key: dict[str, str | bool]) -> int:
        """Return the mask for exact keys: one value, or all where the law's text was not read."""
        if self.version is None:
            return (1 << len(self.values)) - 1
        found = self.version.otherwise
        for row in self.version.rows:
            if row.when.items() <= key.items():
                found = row.is_
                break
        return (1 << len(self.values)) - 1 if found == "unknown" else 1 << self.values.index(found)


def _values(possible: int, kind: Type) -> list[str | bool]:
    if kind.name == "bool":
        return [value for value, truth in ((False, F), (True, T)) if possible != 2 - truth]
    return [name for i, name in enumerate(kind.values) if possible >> i & 1]
