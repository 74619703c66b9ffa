"""A filing worked out once, and again where it differs in one fact: only what reads that fact is worked out anew.

The search for what settles an answer asks thousands of times what one other value would give. What can follow from a fact lies
in its part of the inputs (constraints and applicability) and in the steps that read it; all else stays as it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.decide import combine
from engine.decide.narrow import again
from engine.errors import ContradictionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from engine.decide.filing import Filing
    from engine.decide.inputs import Inputs
    from engine.decide.program import Program
    from engine.decide.values import Slots

Run = tuple["Program", "Slots"]


@dataclass(frozen=True)
class Frame:
    """What the trials of some outcomes share."""

    inputs: Inputs
    dates: frozenset[str]  # the facts that select law
    combines: dict[str, str]  # outcome -> how rules are combined to it
    start: Callable[[Filing], Iterator[Run]]  # a filing's runs from nothing, one an edition


class Trial:
    """One filing under each edition of law that it may meet; editions are run when they are asked for."""

    def __init__(self, frame: Frame, filing: Filing, rest: Iterator[Run] | None = None) -> None:
        """Take a filing, and its runs where they follow from those of another."""
        self.frame = frame
        self.filing = filing
        self._run: list[Run] = []
        self._rest = frame.start(filing) if rest is None else rest

    def decided(self) -> tuple[Any, ...] | None:
        """Return the values of the outcomes when plain Kleene fixes them all, else None; stops at the first doubt."""
        found: tuple[Any, ...] | None = None
        for values in self._values():
            fixed = all(combine.fixed(c, value) for c, value in zip(self.frame.combines.values(), values, strict=True))
            if not fixed or found not in (None, values):
                return None
            found = values
        return found

    def possible(self) -> tuple[Any, ...] | None:
        """Return what plain Kleene leaves possible of the outcomes under all editions; None when the facts agree with no law."""
        found: tuple[Any, ...] | None = None
        for values in self._values():
            pairs = zip(self.frame.combines.values(), found or (), values, strict=False)
            found = values if found is None else tuple(combine.merge(c, a, b) for c, a, b in pairs)
        return found

    def with_(self, filing: Filing, fact: str) -> Trial:
        """Return the trial of a filing that differs from this one in one fact."""
        part = self.frame.inputs.part(fact)
        # a day may select other law; and what agrees with no law says nothing of what stays
        if self.frame.dates & set(part.facts) or not next(self._runs(), None):
            return Trial(self.frame, filing)
        return Trial(self.frame, filing, self._again(filing, part))

    def _values(self) -> Iterator[tuple[Any, ...]]:
        slot = self.frame.inputs.layout.slot
        for _, slots in self._runs():
            yield tuple(slots[slot[name]] for name in self.frame.combines)

    def _again(self, filing: Filing, part: Inputs) -> Iterator[Run]:
        for law, before in self._runs():
            try:
                slots = again(self.frame.inputs, part, filing, before)
            except ContradictionError:
                continue
            law.rerun(slots, part.changed(slots, before), tuple(self.frame.combines))
            yield law, slots

    def _runs(self) -> Iterator[Run]:
        """Yield every edition, those that were run already first."""
        at = 0
        while at < len(self._run) or self._more():
            yield self._run[at]
            at += 1

    def _more(self) -> bool:
        found = next(self._rest, None)
        if found is not None:
            self._run.append(found)
        return found is not None
