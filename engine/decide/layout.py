"""Where each name of a pack lives while a filing is evaluated."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.decide.tables import Face
    from engine.decide.values import Closure
    from engine.rulebook.model import PackRules, Rulebook
    from schemas.term import Type


@dataclass(frozen=True)
class Layout:
    """Where each name of a pack lives: its slot, at filing level or in its list, and the slot that says whether it applies."""

    rulebook: Rulebook
    pack: PackRules
    slot: dict[str, int]
    applies: dict[str, int]
    width: dict[str, int]  # list, or "" for the filing -> number of slots
    tables: dict[str, Face] = field(default_factory=dict)
    kinds: dict[str, Type] = field(default_factory=dict, compare=False)  # the types that were asked for

    def type_of(self, name: str) -> Type:
        """Return the type of a name that `check` has found good."""
        if name not in self.kinds:
            kind = self.rulebook.type_of(self.pack, name)
            assert kind is not None, name  # noqa: S101 - INVARIANT: names are resolved before anything is compiled
            self.kinds[name] = kind
        return self.kinds[name]

    def value(self, name: str) -> Closure:
        """Return the closure that reads a name's slot."""
        at = self.slot[name]
        if self.rulebook.list_of(name):
            return lambda _f, i: i[at]
        return lambda f, _i: f[at]

    def applying(self, name: str) -> Closure | None:
        """Return the closure that tells whether a name applies, or None when it always does."""
        if name not in self.applies:
            return None
        at = self.applies[name]
        if self.rulebook.list_of(name):
            return lambda _f, i: i[at]
        return lambda f, _i: f[at]


@dataclass(frozen=True, slots=True)
class Step:
    """Work out `name`: fill slot `at` of the filing, or of every item of a list, with what `closure` gives."""

    name: str  # a fact whose applicability it is, a derived fact, an outcome, or `rule:x`, `applied:x`, `group:x`
    list: str
    at: int
    closure: Closure
