"""What may be found of an open norm: which facts are judged at all, and which values they have.

What is judged is a fact of kind `judgement` that the pack of the filing reads. A table cannot see the vocabulary, so this is
judged when an act is recorded, and not again when a stream is worked out anew.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from engine.decide.filing import from_document
from engine.errors import InputError, Place
from engine.evidence import facts
from engine.rulebook import graph
from engine.rulebook.read import node_from
from engine.supervise.fields import Given
from engine.supervise.state import State
from engine.supervise.step import Refusal

if TYPE_CHECKING:
    from engine.rulebook.model import Rulebook
    from schemas.lifecycle import FieldDecl, Lifecycle


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of a rulebook, and the pack that judges the filing which a stream is about; empty where there is none."""

    rulebook: Rulebook
    pack: str

    def read(self, table: Lifecycle, state: State, event: str, said: Given) -> Given | Refusal:
        """Return what an event gives, with values as the vocabulary writes them; or the refusal of one that it does not know."""
        values = dict(said.open)
        for each in table.fields:
            if each.id not in values or not (each.names or each.value_of):
                continue
            try:
                if each.names:
                    self._norm(values[each.id])
                else:
                    norm = str(values.get(each.value_of, state.values.get(each.value_of)))
                    values[each.id] = self._value(each, norm, values[each.id])
            except InputError as error:
                found = error.finding
                return Refusal(found.code, f"{table.id}/{event}#{each.id}", found.problem, found.help)
        return replace(said, open=values)

    def _norm(self, norm: str) -> None:
        """Refuse a name that is no fact of the filing to be judged. Raises InputError."""
        book = self.rulebook
        known = graph.pack_facts(book, book.packs[self.pack]) if self.pack in book.packs else set[str]()
        judged = sorted(name for name in known if book.facts[name].kind == "judgement" and not book.list_of(name))
        if norm not in judged:
            stated = "is a fact that the party states, not one that is judged"
            problem = stated if norm in known else f"is no fact that `{self.pack[:60]}` reads"
            raise InputError("no-norm", f"`{norm[:60]}` {problem}", f"judged are {', '.join(judged) or 'none'}")

    def _value(self, decl: FieldDecl, norm: str, value: Any) -> Any:
        """Return a definite value of a fact as the vocabulary writes it. Raises InputError for any other."""
        if norm not in self.rulebook.facts:
            raise InputError("no-norm", f"there is no fact `{norm[:60]}` any more", "withdraw this, and ask for a finding anew")
        if isinstance(value, dict):
            raise InputError("no-finding", f"`{decl.id}` leaves `{norm}` open", "name one value: a finding decides")
        filing = from_document(self.rulebook, node_from({norm: value}, Place(f"<{decl.id}>")))
        return facts.values_of(self.rulebook, filing)[norm]
