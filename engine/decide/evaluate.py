"""A filing -> what is still possible: the union of Kleene over dates of law and over case splits.

The split facts come from `check` (engine/rulebook/polarity); how many are split depends on the rulebook alone, so the same filing
gives the same bytes for ever, and knowing more only ever narrows.
"""

from __future__ import annotations

from datetime import date
from itertools import pairwise, product
from typing import TYPE_CHECKING, Any

from engine.decide import combine, program
from engine.decide.compile import Kept
from engine.decide.narrow import ImpossibleError, settle
from engine.decide.picture import Cell, Picture
from engine.decide.split import Choices, Union, choices
from engine.decide.trial import Frame, Run, Trial
from engine.decide.values import INF, F, T, U
from engine.errors import ContradictionError, DateError, InputError
from engine.rulebook import graph, polarity

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from engine.decide.filing import Filing
    from engine.decide.program import Program
    from engine.decide.values import Slots
    from engine.rulebook.model import PackRules, Rulebook

AS_OF = "as_of"
Days = dict[str, tuple[Any, Any]]


class Evaluator:
    """Evaluates filings of one pack; programs are built on first use and kept."""

    def __init__(self, rulebook: Rulebook, pack: PackRules) -> None:
        """Prepare the slots, the days on which law changes, and the split facts of a pack."""
        self.rulebook = rulebook
        self.pack = pack
        self.inputs = program.inputs(rulebook, pack)
        self.kept = Kept(self.inputs.layout)
        self.cuts = graph.cuts(rulebook, pack)
        self.splits = polarity.split_facts(rulebook, pack)
        self.tables = [rulebook.tables[name] for name in graph.tables(rulebook, pack)]
        self._programs: dict[tuple[int, ...], Program] = {}

    def picture(
        self, filing: Filing, as_of: date, *, split: bool = True, governed: bool = True, about: Collection[str] | None = None
    ) -> Picture:
        """Return what is possible; a date that is certainly outside the pack is refused when `governed`.

        Only the outcomes `about` are split into cases, where they are named: the others may be wider. Raises
        ContradictionError, DateError.
        """
        base = self.inputs.slots(filing)
        settle(self.inputs, filing, base)
        days = self.days(base, as_of)
        if governed:
            self._governed(days, filing)
        found: Picture | None = None
        first: ContradictionError | None = None
        for law, slots in self.editions(base, days):
            try:
                self._resettle(filing, base, slots)
                here = self._united(law, slots, filing, self.pack.outcomes if about is None else about, split=split)
            except ContradictionError as error:
                first = first or error
                continue
            found = here if found is None else self._merge(found, here)
        if found is None:
            raise first or ImpossibleError("contradiction", "no case is possible", "two facts exclude each other")
        return found

    def trial(self, filing: Filing, as_of: date, outcomes: tuple[str, ...]) -> Trial:
        """Return the filing worked out as far as some filing-level outcomes read it, to be tried with other facts."""
        combines: dict[str, str] = {name: self.pack.outcomes[name].combine for name in outcomes}
        frame = Frame(self.inputs, frozenset(self.cuts), combines, lambda each: self._towards(each, as_of, outcomes))
        return Trial(frame, filing)

    def _towards(self, filing: Filing, as_of: date, outcomes: tuple[str, ...]) -> Iterator[Run]:
        """Yield each edition that a filing may meet, run as far as `outcomes` read; none when the facts agree with no law."""
        base = self.inputs.slots(filing)
        try:
            settle(self.inputs, filing, base)
            days = self.days(base, as_of)
            self._governed(days, filing)
        except InputError:
            return
        for law, slots in self.editions(base, days):
            try:
                self._resettle(filing, base, slots)
            except ContradictionError:
                continue
            law.run_towards(slots, outcomes)
            yield law, slots

    def editions(self, base: Slots, days: Days) -> Iterator[tuple[Program, Slots]]:
        """Yield each edition of law that the dates may meet, with its own slots."""
        names = list(days)
        segments = [self._segments(name, days) for name in names]
        for spans in product(*segments):
            chosen = dict(zip(names, spans, strict=True))
            slots = self.inputs.copy(base)
            for name, span in chosen.items():
                if name != AS_OF:
                    slots[self.inputs.layout.slot[name]] = span
            yield self.program(chosen), slots

    def _resettle(self, filing: Filing, base: Slots, slots: Slots) -> None:
        """Narrow an edition's slots where its days differ from those of the settled `base`: otherwise nothing can follow."""
        layout = self.inputs.layout
        if any(slots[layout.slot[name]] != base[layout.slot[name]] for name in self.cuts if name != AS_OF):
            settle(self.inputs, filing, slots)

    def _united(self, law: Program, slots: Slots, filing: Filing, about: Collection[str], *, split: bool) -> Picture:
        """Return plain Kleene met with the union over case splits for each open outcome. Raises ContradictionError."""
        law.run(slots)
        plain = picture = self._read(law, slots)
        tried: set[Choices] = set()
        for outcome in about if split else ():
            found = choices(self.inputs, self.splits, law, slots, outcome)
            if found and found not in tried:
                tried.add(found)
                open_ = self._open(slots, picture)
                union = Union(self.inputs, law, filing, [(cell, cell.of(plain)) for cell in open_]).over(slots, found)
                picture = self._met(picture, dict(zip(open_, union, strict=True)))
        return picture

    # dates ------------------------------------------------------------------------------------------------------------

    def days(self, slots: Slots, as_of: date) -> Days:
        """Return per date fact the days it may have."""
        today = as_of.toordinal()
        layout = self.inputs.layout
        return {name: (today, today) if name == AS_OF else slots[layout.slot[name]] for name in self.cuts}

    def _governed(self, days: Days, filing: Filing) -> None:
        low, high = days[self.pack.doc.date]
        covers = self.pack.doc.covers
        last = covers.end.toordinal() if covers.end else INF
        if high < covers.start.toordinal() or low > last:
            problem = f"`{self.pack.doc.date}` lies outside the law of pack `{self.pack.doc.id}`"
            raise DateError("date-not-covered", problem, f"the pack covers {covers}", filing.places.get((self.pack.doc.date,)))

    def _segments(self, name: str, days: Days) -> list[tuple[Any, Any]]:
        low, high = days[name]
        edges = [-INF, *self.cuts[name], INF]
        spans = pairwise(edges)
        return [(max(low, a), min(high, b - 1)) for a, b in spans if max(low, a) <= min(high, b - 1)]

    def program(self, days: dict[str, tuple[Any, Any]]) -> Program:
        """Return the program for days that lie in one segment each."""
        key = tuple(sum(1 for cut in self.cuts[name] if cut <= low) for name, (low, _) in days.items())
        if key not in self._programs:
            exact = {n: date.fromordinal(int(low) if low > -INF else 1) for n, (low, _) in days.items()}
            self._programs[key] = program.build(self.pack, self.inputs.facts, self.kept, exact)
        return self._programs[key]

    # reading and uniting ----------------------------------------------------------------------------------------------

    def _read(self, law: Program, slots: Slots) -> Picture:
        layout = self.inputs.layout
        outcomes = {}
        for name in self.pack.outcomes:
            for index, row in self.rows(slots, self.rulebook.list_of(name)):
                outcomes[name, index] = row[layout.slot[name]]
        fired, applied = {}, {}
        for rule_id in law.edition.rules:
            f_at, a_at = layout.slot[f"rule:{rule_id}"], layout.slot[f"applied:{rule_id}"]
            for index, row in self.rows(slots, self.pack.rules[rule_id].on):
                fired[rule_id, index] = row[f_at]
                applied[rule_id, index] = row[a_at]
        return Picture(outcomes, fired, applied, law.versions)

    def rows(self, slots: Slots, home: str) -> list[tuple[int, Slots]]:
        """Return the rows of a list with their index, the one for unlisted items last; or the filing itself as -1."""
        if not home:
            return [(-1, slots)]
        items, more, _ = slots[self.inputs.layout.slot[home]]
        rows = list(enumerate(items))
        return rows if more is None else [*rows, (len(items), more)]

    def _open(self, slots: Slots, picture: Picture) -> list[Cell]:
        """Return the cells of a picture that have more than one value left."""
        slot = self.inputs.layout.slot
        homes = {"": -1} | {home: slot[home] for home in self.inputs.lists}
        sizes = {at: len(slots[at].items) for at in homes.values() if at >= 0}
        found: list[tuple[str, str, str, int, int, int]] = []
        for (name, index), value in picture.outcomes.items():
            combine_ = self.pack.outcomes[name].combine
            if not combine.fixed(combine_, value):
                found.append((combine_, "outcomes", name, index, homes[self.rulebook.list_of(name)], slot[name]))
        for kind, table in (("fired", picture.fired), ("applied", picture.applied)):
            for (rule, index), value in table.items():
                if value == U:
                    at = slot[f"{'rule' if kind == 'fired' else kind}:{rule}"]
                    found.append(("truth", kind, rule, index, homes[self.pack.rules[rule].on], at))
        return [Cell(*cell, unlisted=cell[4] >= 0 and cell[3] == sizes[cell[4]]) for cell in found]

    def _met(self, picture: Picture, found: dict[Cell, Any]) -> Picture:
        """Return what both a picture and the union of cases leave possible; both are sound, so both hold."""
        tables: dict[str, dict[tuple[str, int], Any]] = {
            "outcomes": dict(picture.outcomes),
            "fired": dict(picture.fired),
            "applied": dict(picture.applied),
        }
        for cell, value in found.items():
            table = tables[cell.table]
            key = (cell.name, cell.item)
            table[key] = value if cell.combine == "truth" else combine.meet(cell.combine, table[key], value)
        return Picture(**tables, versions=picture.versions)

    def _merge(self, a: Picture, b: Picture) -> Picture:
        combines = {name: outcome.combine for name, outcome in self.pack.outcomes.items()}
        outcomes = {key: combine.merge(combines[key[0]], a.outcomes[key], b.outcomes[key]) for key in a.outcomes}
        versions = a.versions
        if a.versions is not b.versions:  # cases of one edition share them
            versions = {r: tuple(dict.fromkeys(a.versions.get(r, ()) + b.versions.get(r, ()))) for r in a.versions | b.versions}
        fired, applied = _either(a.fired, b.fired), _either(a.applied, b.applied)
        return Picture(outcomes, fired, applied, versions)


def _either(a: dict[tuple[str, int], int], b: dict[tuple[str, int], int]) -> dict[tuple[str, int], int]:
    return {key: x if (x := a.get(key, F)) == b.get(key, F) else U for key in a | b}


__all__ = ["AS_OF", "Evaluator", "InputError", "Picture", "T"]
