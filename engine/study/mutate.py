"""Which changes of the rules would nobody notice: every mutant against every expectation that a person wrote and that can see it.

Expectations are the rules' own cases, whole filings (`expected`) and second readings (`reading`). What a program wrote is none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.decide import cases as own
from engine.decide.evaluate import Evaluator
from engine.errors import CheckFailedError, FenjiError, Finding, Place
from engine.rulebook import graph
from engine.rulebook.read import Mapping, read
from engine.study import expected, reading
from engine.study.mutants import PROOFS, Mutant
from engine.study.pack_mutants import PackMutants
from engine.study.rule_mutants import RuleMutants

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from engine.rulebook.model import PackRules, Rulebook
    from schemas.rulebook import Case as OwnCase
    from schemas.study import Reading

FORM = ("source", "effect", "authority", "due")  # what no condition reads: rules fire as before


@dataclass(frozen=True)
class Result:
    """A mutant, by what it was noticed first, or why nobody can; neither where nobody wrote anything."""

    mutant: Mutant
    noticed: str
    why: str = ""


@dataclass(frozen=True)
class Expectations:
    """What people expect: whole filings, and one second reading per pack."""

    wholes: tuple[expected.Case, ...] = ()
    readings: dict[str, Reading] = field(default_factory=dict)


def gather(folders: Sequence[Path], rules: Path) -> Expectations:
    """Return what the files of some folders expect: a list is whole filings, a mapping the second reading of a pack.

    Raises InputError, CheckFailedError.
    """
    wholes: list[expected.Case] = []
    readings: dict[str, Reading] = {}
    for file in (file for folder in folders for file in sorted(folder.glob("*.yaml"))):
        node = read(file.read_bytes(), str(file))
        if isinstance(node, Mapping):
            found = reading.read_reading(node)
            readings[found.pack] = found
        else:
            wholes += expected.read_cases(file, rules)
    return Expectations(tuple(wholes), readings)


def mutate(rulebook: Rulebook, expectations: Expectations, pack: str, rules: Collection[str] = ()) -> Iterator[Result]:
    """Yield what becomes of each mutant of a pack, or of some of its rules.

    Raises CheckFailedError when a case fails on the unchanged rules.
    """
    study = _Study(rulebook, rulebook.packs[pack], expectations)
    if failing := list(study.failing()):
        raise CheckFailedError(failing)
    for mutant in mutants(rulebook, study.pack, rules):
        noticed = study.noticed(mutant)
        yield Result(mutant, noticed, "" if noticed else study.reason(mutant))


def mutants(rulebook: Rulebook, pack: PackRules, rules: Collection[str] = ()) -> Iterator[Mutant]:
    """Yield the mutants of some rules; or of every rule and then of pack.yaml."""
    for name in rules or pack.rules:
        yield from RuleMutants(rulebook, pack, name).all()
    if not rules:
        yield from PackMutants(rulebook, pack).all()


def stale(results: list[Result], found: Reading) -> list[str]:
    """Return the reasons of a reading that explain no mutant of `results`, all of a pack's: they are to be taken out."""
    used = {(result.mutant.part, result.mutant.change) for result in results if result.why}
    return [f"{each.of}: {each.change}" for each in found.unnoticed if (each.of, each.change) not in used]


class _Study:
    """One pack with everything that people expect of it."""

    def __init__(self, rulebook: Rulebook, pack: PackRules, expectations: Expectations) -> None:
        self.rulebook = rulebook.with_pack(pack, {})
        self.pack = pack
        self.reading = expectations.readings.get(pack.doc.id)
        self.reasons = {(each.of, each.change): each.why for each in self.reading.unnoticed} if self.reading else {}
        self.reach = _Reach(rulebook, pack)
        self.own = [(name, case) for name, rule in pack.rules.items() for case in rule.cases]
        self.wholes = [found for case in expectations.wholes if (found := expected.about(pack, case))]

    def failing(self) -> Iterator[Finding]:
        """Yield the expectations that the unchanged rules do not meet: against them nothing can be noticed."""
        remedy = "mend the case or the rules first"
        for case in self.wholes:
            for line in _whole(case, self.rulebook):
                yield Finding("case-failed", case.place, f"case `{case.name}`: {line}", remedy)
        for part in reading.parts(self.reading) if self.reading else ():
            for line in reading.differences(self.reading, self.rulebook, self.pack, part) if self.reading else ():
                yield Finding("reading-differs", Place(f"{self.pack.doc.id}.yaml"), f"{part}: {line}", remedy)

    def reason(self, mutant: Mutant) -> str:
        """Return why a mutant cannot be noticed, where a person wrote it down."""
        return self.reasons.get((mutant.part, mutant.change), "")

    def noticed(self, mutant: Mutant) -> str:
        """Return what notices a mutant first: the cheapest is asked first; empty when nothing does."""
        changed = self.rulebook.with_pack(mutant.pack, mutant.conditions)
        if self.reading and next(reading.differences(self.reading, changed, mutant.pack, mutant.part), None):
            return "second reading"
        seen = self.reach.of(mutant.touches)
        if mutant.kind not in FORM and PROOFS not in mutant.touches:
            evaluator = Evaluator(changed, mutant.pack)
            for name, case in self._visible(mutant, seen):
                if _fails(evaluator, name, case):
                    return f"{name}: {case.name}"
        for whole in self.wholes:
            about = self._about(whole, seen)
            if about and next(_whole(about, changed), None):
                return f"{whole.file}: {whole.name}"
        return ""

    def _visible(self, mutant: Mutant, seen: set[str]) -> Iterator[tuple[str, OwnCase]]:
        """Yield the cases of rules that can see what a mutant touches, those of the mutated rule first."""
        found = [
            (name, case)
            for name, case in self.own
            if f"rule:{name}" in seen or seen & set(case.outcomes) or (mutant.part == name)
        ]
        yield from sorted(found, key=lambda each: each[0] != mutant.part)

    def _about(self, case: expected.Case, seen: set[str]) -> expected.Case | None:
        if PROOFS in seen or "covers" in seen:
            return case
        names = {name.partition(":")[2].rpartition(".")[2] for name in seen if name.startswith(("value:", "duty:"))}
        outcomes = {name for name in seen if name in self.pack.outcomes}
        return case.narrowed(names, names | outcomes, outcomes)


def _whole(case: expected.Case, rulebook: Rulebook) -> Iterator[str]:
    try:
        yield from expected.differences(case, case.answer(rulebook))
    except FenjiError as error:
        yield error.finding.problem


def _fails(evaluator: Evaluator, rule: str, case: OwnCase) -> bool:
    try:
        return any(True for _ in own.judge(evaluator, rule, case, Place()))
    except FenjiError:
        return True


class _Reach:
    """What in a pack can change when a thing of it does: through conditions, outcomes and overrides."""

    def __init__(self, rulebook: Rulebook, pack: PackRules) -> None:
        self.pack = pack
        self.readers: dict[str, set[str]] = {}
        for name, rule in pack.rules.items():
            for version in rule.versions:
                for text in graph.rule_conditions(version):
                    self._reads(f"rule:{name}", graph.mentioned(rulebook, text))
                for outcome, given in version.then.items():
                    values = [given] if isinstance(given, str) else given
                    self._reads(outcome, {f"rule:{name}"})
                    for value in values:
                        self._reads(f"value:{outcome}.{value}", {f"rule:{name}"})
            for other in rule.overrides:
                self._reads(f"rule:{other}", {f"rule:{name}"})
        for derived in pack.doc.derived:
            for definition in derived.versions:
                self._reads(f"derived:{derived.id}", graph.mentioned(rulebook, definition.is_))

    def _reads(self, reader: str, names: Collection[str]) -> None:
        for name in names:
            self.readers.setdefault(f"derived:{name}" if name in self.pack.derived else name, set()).add(reader)

    def of(self, things: Collection[str]) -> set[str]:
        """Return everything that can change when `things` do, themselves included."""
        todo, seen = list(things), set[str]()
        while todo:
            thing = todo.pop()
            if thing not in seen:
                seen.add(thing)
                todo += self.readers.get(thing, ())
        return seen
