"""The rulebook in memory: what its files say, with every condition parsed and every place kept."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from engine.rulebook import condition as ir
from engine.rulebook.workdays import Calendar
from schemas.term import Type

if TYPE_CHECKING:
    from datetime import date

    from engine.errors import Place
    from schemas import calendar as dates
    from schemas import rulebook as shapes
    from schemas.lifecycle import Lifecycle
    from schemas.overlay import Overlay
    from schemas.register import Register


@dataclass(frozen=True, slots=True)
class Where:
    """Where a thing stands: its file's place, and the place of each part by path."""

    file: str
    parts: dict[tuple[str | int, ...], Place] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cited:
    """A source as a document names it: by what, and where it stands."""

    by: str
    file: str
    path: tuple[str | int, ...]
    instrument: str
    article: str


@dataclass(frozen=True, slots=True)
class Split:
    """A fact and the cells into which it is split: truth values, masks or intervals that together cover its domain."""

    name: str
    cells: tuple[Any, ...]


@dataclass(frozen=True)
class PackRules:
    """A pack and its rules by id."""

    doc: shapes.Pack
    rules: dict[str, shapes.Rule]

    @cached_property
    def outcomes(self) -> dict[str, shapes.Outcome]:
        """Outcomes by id, in declared order."""
        return {outcome.id: outcome for outcome in self.doc.outcomes}

    @cached_property
    def derived(self) -> dict[str, shapes.Derived]:
        """Derived facts by id, in declared order."""
        return {derived.id: derived for derived in self.doc.derived}

    @cached_property
    def givers(self) -> dict[str, frozenset[str]]:
        """Rules by the outcome that one of their versions gives."""
        return {
            name: frozenset(rule for rule, doc in self.rules.items() if any(name in version.then for version in doc.versions))
            for name in self.outcomes
        }

    @cached_property
    def overridable(self) -> frozenset[str]:
        """The rules that another rule overrides."""
        return frozenset(other for rule in self.rules.values() for other in rule.overrides)

    def date_of(self, rule: shapes.Rule) -> str:
        """Return the date fact that selects the law for a rule."""
        return rule.date or self.doc.date


@dataclass(frozen=True)
class Rulebook:
    """Everything the files say; `conditions` holds the parsed text of each condition by its text."""

    packs: dict[str, PackRules]
    facts: dict[str, shapes.Fact]
    lists: dict[str, shapes.ListDecl]
    constraints: dict[str, shapes.Constraint]
    tables: dict[str, shapes.Table]
    instruments: dict[str, shapes.Instrument]
    authorities: dict[str, list[shapes.Authority]]
    conditions: dict[str, ir.Node]
    topics: dict[str, str]
    digest: str
    units: dict[str, shapes.Unit] = field(default_factory=dict)
    lifecycles: dict[str, Lifecycle] = field(default_factory=dict)
    registers: dict[str, Register] = field(default_factory=dict, compare=False)  # by instrument
    cited: tuple[Cited, ...] = field(default=(), compare=False)  # every source that any document names
    years: dict[int, dates.CalendarYear] = field(default_factory=dict)
    statutory: dates.Statutory | None = None
    countings: dict[str, dates.Counting] = field(default_factory=dict)
    clocks: dict[str, dates.Clock] = field(default_factory=dict)
    splits: dict[str, tuple[Split, ...]] = field(default_factory=dict, compare=False)  # by pack, filled by polarity.split_facts

    overlays: dict[str, Overlay] = field(default_factory=dict)  # `enterprise/name`, merged into their packs as rules

    def overlay_of(self, pack: str, rule: str) -> str | None:
        """Return the overlay that brought a rule into a pack, None for the pack's own rules."""
        heads = {name: f"{name.replace('/', '--')}--" for name, overlay in self.overlays.items() if overlay.pack == pack}
        return next((name for name, head in heads.items() if rule.startswith(head)), None)

    @cached_property
    def mentions(self) -> dict[str, frozenset[str]]:
        """The names in each condition by its text, table keys included; worked out once, kept in the cached rulebook."""
        return {text: self._mentioned(node) for text, node in self.conditions.items()}

    def as_known(self, day: date) -> Rulebook:
        """Return the rulebook as it is known on a day: without notices of days off that had not been issued by then.

        The same one where all were, so that what is bound to it is found again. Its `digest` stays that of its files.
        """
        if all(notice.issued <= day for year in self.years.values() for notice in year.notices):
            return self
        issued = {number: [each for each in year.notices if each.issued <= day] for number, year in self.years.items()}
        years = {number: self.years[number].model_copy(update={"notices": each}) for number, each in issued.items() if each}
        return replace(self, years=years)

    @cached_property
    def calendar(self) -> Calendar:
        """The working days, worked out once and kept in the cached rulebook."""
        return Calendar(self.years.values(), self.statutory)

    def with_pack(self, pack: PackRules, conditions: dict[str, ir.Node]) -> Rulebook:
        """Return the rulebook of one pack as it would be with other content; what was worked out of the others is kept."""
        found = replace(self, packs={pack.doc.id: pack}, conditions=self.conditions | conditions, splits={})
        # a cached property of a frozen value is filled beside it: most conditions are the same
        found.__dict__["mentions"] = self.mentions | {text: self._mentioned(node) for text, node in conditions.items()}
        return found

    def _mentioned(self, node: ir.Node) -> frozenset[str]:
        found = set(ir.names(node))
        for part in ir.walk(node):
            if isinstance(part, ir.Lookup) and part.table in self.tables:
                found |= set(self.tables[part.table].keys)
        return frozenset(found)

    def list_of(self, name: str) -> str:
        """Return the list whose items have the fact, derived fact or outcome `name`; empty at filing level."""
        head = name.partition(".")[0]
        return head if head in self.lists and name != head else ""

    @cached_property
    def _types(self) -> dict[str, Type]:
        return {name: self.type_of_fact(fact) for name, fact in self.facts.items()}

    def type_of_fact(self, fact: shapes.Fact) -> Type:
        """Return the type of a declared fact."""
        return Type(fact.type, tuple(value.id for value in fact.values), fact.unit, fact.places)

    def type_of(self, pack: PackRules, name: str) -> Type | None:
        """Return the type of a fact, derived fact or outcome, or None when there is none of that name."""
        if name in self.facts:
            return self._types[name]
        if name in pack.derived:
            derived = pack.derived[name]
            return Type(derived.type, (), derived.unit)
        if name in pack.outcomes:
            outcome = pack.outcomes[name]
            return Type("set" if outcome.combine == "union" else "outcome", tuple(value.id for value in outcome.values))
        return None
