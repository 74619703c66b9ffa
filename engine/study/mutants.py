"""What a mutant is: a pack with one thing of its law changed, and how its conditions are changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from engine.rulebook import condition as ir
from engine.study.steps import Step
from engine.study.vary import Varying
from schemas.rulebook import Period, Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.rulebook.model import PackRules, Rulebook

Kind = Literal[
    "threshold", "comparison", "operator", "value", "outcome", "override", "date", "source", "effect", "authority", "due"
]
PROOFS = "proofs:"  # touches every duty of the pack


class Change(NamedTuple):
    """One change: where it stands in its file, and what stands there before and after; without `after` it is left out.

    People read before and after: a part of a condition, a source, a period, a name.
    """

    kind: Kind
    path: Step
    before: Any
    after: Any


@dataclass(frozen=True)
class Mutant:
    """A pack with one thing changed.

    `part` is the rule, or a named thing of pack.yaml written `derived:x`, `floor:x`, `duty:x`; `touches` names what changes.
    """

    part: str
    made: Change
    pack: PackRules
    touches: frozenset[str]
    scope: PackRules  # whose names the conditions read
    conditions: dict[str, ir.Node] = field(default_factory=dict)

    @property
    def kind(self) -> Kind:
        """Return what kind of thing was changed."""
        return self.made.kind

    @property
    def file(self) -> str:
        """Return the file in which the change would stand."""
        name = self.part if self.part in self.pack.rules else "pack"
        return f"rules/{self.pack.doc.id}/{name}.yaml"

    @property
    def change(self) -> str:
        """Return the change in the words of the files, for lists of reasons."""
        return f"{written(self.made.before)} -> {written(self.made.after)}"


def written(said: Any) -> str:
    """Return what stands before or after a change as an author writes it."""
    if said is None:
        return "left out"
    if isinstance(said, Source):
        return said.cited
    return str(said) if isinstance(said, (str, Period, date)) else ir.to_text(said)


class Varied(NamedTuple):
    """One variation of a condition: what is changed, and the whole as text and as tree."""

    kind: Kind
    before: ir.Node
    after: ir.Node | None
    text: str
    node: ir.Node


def varied(rulebook: Rulebook, scope: PackRules, text: str) -> Iterator[Varied]:
    """Yield every variation of the condition of this text."""
    for each in Varying(rulebook, scope).of(rulebook.conditions[text]):
        yield Varied(each.kind, each.before, each.after, ir.to_text(each.whole), each.whole)


def other_body(rulebook: Rulebook, name: str) -> str:
    """Return another authority than this one."""
    return next(other for other in sorted(rulebook.authorities) if other != name)
