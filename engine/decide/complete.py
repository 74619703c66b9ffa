"""The exact answer by enumeration: every completion, with branches cut off that can add nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.decide import combine
from engine.decide.combine import fixed
from engine.decide.missing import points, state
from engine.decide.narrow import settle
from engine.decide.values import INF, F, known, meet
from engine.errors import InputError

if TYPE_CHECKING:
    from datetime import date

    from engine.decide.evaluate import Evaluator
    from engine.decide.filing import Filing

Outcomes = dict[tuple[str, int], Any]


class TooManyError(Exception):
    """The node limit of one enumeration was reached; the case is not counted."""


class Enumeration:
    """Exact outcomes of one filing with complete lists."""

    def __init__(self, evaluator: Evaluator, as_of: date, limit: int) -> None:
        """Enumerate with at most `limit` evaluations."""
        self.evaluator = evaluator
        self.as_of = as_of
        self.left = limit
        self.points = points(evaluator)
        self.found: Outcomes = {}

    def run(self, filing: Filing) -> Outcomes:
        """Return what completions reach. Raises TooManyError."""
        self._visit(filing, self._order(filing))
        return self.found

    def _order(self, filing: Filing) -> list[tuple[str, int]]:
        guards = [name for name, _ in self.evaluator.inputs.applies]
        names = [n for n in self.evaluator.inputs.facts if n not in guards] + guards
        rows = []
        for name in names:
            home = self.evaluator.rulebook.list_of(name)
            indexes = range(len(filing.lists[home].items)) if home and home in filing.lists else () if home else (-1,)
            rows += [(name, index) for index in indexes]
        return rows

    def _visit(self, filing: Filing, rest: list[tuple[str, int]]) -> None:
        self.left -= 1
        if self.left < 0:
            raise TooManyError
        try:
            slots = self.evaluator.inputs.slots(filing)
            settle(self.evaluator.inputs, filing, slots)
            picture = self.evaluator.picture(filing, self.as_of, split=False, governed=False)
        except InputError:
            return
        fact = self._next(slots, rest)
        if fact is None or self._all_fixed(picture.outcomes):
            self._add(picture.outcomes)
            return
        if self._nothing_new(picture.outcomes):
            return
        home = self.evaluator.rulebook.list_of(fact[0])
        row = slots if fact[1] < 0 else slots[self.evaluator.inputs.layout.slot[home]].items[fact[1]]
        kind, now = self.evaluator.inputs.layout.type_of(fact[0]), row[self.evaluator.inputs.layout.slot[fact[0]]]
        ends = ((now[0], now[0]), (now[1], now[1])) if kind.name in ("int", "decimal", "date") else ()
        for cell in dict.fromkeys((*self.points[fact[0]], *(end for end in ends if abs(end[0]) != INF))):
            met = meet(kind, now, cell)
            if met is not None:
                self._visit(state(filing, home, fact[1], fact[0], met), [other for other in rest if other != fact])

    def _next(self, slots: Any, rest: list[tuple[str, int]]) -> tuple[str, int] | None:
        layout = self.evaluator.inputs.layout
        for name, index in rest:
            home = self.evaluator.rulebook.list_of(name)
            row = slots if index < 0 else slots[layout.slot[home]].items[index]
            guard = layout.applies.get(name)
            if not known(layout.type_of(name), row[layout.slot[name]]) and (guard is None or row[guard] != F):
                return name, index
        return None

    def _all_fixed(self, outcomes: Outcomes) -> bool:
        return all(fixed(self.evaluator.pack.outcomes[name].combine, value) for (name, _), value in outcomes.items())

    def _nothing_new(self, outcomes: Outcomes) -> bool:
        return bool(self.found) and all(self._merged(key, value) == self.found.get(key) for key, value in outcomes.items())

    def _merged(self, key: tuple[str, int], value: Any) -> Any:
        return combine.merge(self.evaluator.pack.outcomes[key[0]].combine, self.found[key], value) if key in self.found else value

    def _add(self, outcomes: Outcomes) -> None:
        for key, value in outcomes.items():
            self.found[key] = self._merged(key, value)
