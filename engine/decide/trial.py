"""A filing worked out once, and again where it differs in one fact: only what reads that fact is worked out anew.

The search for what settles an answer asks thousands of times what one other value would give. What can follow from a fact lies
in its part of the inputs (constraints and applicability) and in the steps that read it; all else stays as it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.decide import combine
from engine.decide.narrow import again, settle
from engine.errors import ContradictionError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from engine.decide.evaluate import Evaluator
    from engine.decide.filing import Filing
    from engine.decide.inputs import Inputs
    from engine.decide.program import Program
    from engine.decide.values import Slots

Run = tuple["Program", "Slots"]


class Trial:
    """One filing under each edition of law that it may meet, as far as some filing-level outcomes read it."""

    def __init__(self, evaluator: Evaluator, filing: Filing, as_of: date, outcomes: tuple[str, ...]) -> None:
        """Work out what `outcomes` read; editions are run when they are asked for."""
        self.evaluator = evaluator
        self.filing = filing
        self.as_of = as_of
        self.outcomes = outcomes
        self._run: list[Run] = []
        self._rest = self._editions(filing)

    def decided(self) -> tuple[Any, ...] | None:
        """Return the values of the outcomes when plain Kleene fixes them all, else None; stops at the first doubt."""
        found: tuple[Any, ...] | None = None
        slot, outcomes = self.evaluator.inputs.layout.slot, self.evaluator.pack.outcomes
        for _, slots in self._runs():
            values = tuple(slots[slot[name]] for name in self.outcomes)
            fixed = all(combine.fixed(outcomes[n].combine, v) for n, v in zip(self.outcomes, values, strict=True))
            if not fixed or found not in (None, values):
                return None
            found = values
        return found

    def possible(self) -> tuple[Any, ...] | None:
        """Return what plain Kleene leaves possible of the outcomes under all editions; None when the facts agree with no law."""
        slot, combines = self.evaluator.inputs.layout.slot, [self.evaluator.pack.outcomes[name].combine for name in self.outcomes]
        found: tuple[Any, ...] | None = None
        for _, slots in self._runs():
            here = tuple(slots[slot[name]] for name in self.outcomes)
            merged = found and tuple(combine.merge(c, a, b) for c, a, b in zip(combines, found, here, strict=True))
            found = merged or here
        return found

    def with_(self, filing: Filing, fact: str) -> Trial:
        """Return the trial of a filing that differs from this one in one fact."""
        part = self.evaluator.inputs.part(fact)
        changed = Trial(self.evaluator, filing, self.as_of, self.outcomes)
        # a day may select other law; and what agrees with no law says nothing of what stays
        if not any(name in self.evaluator.cuts for name in part.facts) and next(self._runs(), None):
            changed._rest = self._again(filing, part)
        return changed

    def _editions(self, filing: Filing) -> Iterator[Run]:
        inputs = self.evaluator.inputs
        base = inputs.slots(filing)
        try:
            settle(inputs, filing, base)
            days = self.evaluator.days(base, self.as_of)
            self.evaluator.governed(days, filing)
        except InputError:
            return
        for law, slots in self.evaluator.editions(base, days):
            try:
                self.evaluator.resettle(filing, base, slots)
            except ContradictionError:
                continue
            law.run_towards(slots, self.outcomes)
            yield law, slots

    def _again(self, filing: Filing, part: Inputs) -> Iterator[Run]:
        for law, before in self._runs():
            try:
                slots = again(self.evaluator.inputs, part, filing, before)
            except ContradictionError:
                continue
            law.rerun(slots, part.changed(slots, before), self.outcomes)
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
