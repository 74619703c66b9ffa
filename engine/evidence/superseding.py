"""Which decision may take the place of an earlier one: of the same matter, by whom the earlier one does not outrank."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Any

from engine.errors import EvidenceError, InputError
from engine.evidence import canonical
from engine.evidence.installation import Installation
from engine.store import reading
from engine.store.reading import Record


@dataclass(frozen=True, slots=True)
class Matter:
    """What a decision is in and about: the stream (empty: none), the pack, the party; and whether an official decides it."""

    stream: str
    pack: str
    party: str
    official: bool


def made_in(home: Installation, decision: Record) -> str:
    """Return the stream in which a decision was made, empty for one that stands alone. Raises StoreError.

    The event of a case that carries a decision goes down in one group with it, and after it: it is one of the leaves that follow
    of the same moment, the next one unless another case is handed over in the group.
    """
    for seq in count(decision.seq + 1):
        after = reading.at_leaf(home.store, seq)
        if after is None:
            return ""
        event = canonical.loads(after.payload, "the record")["predicate"] if after.kind == "event" else None
        if event and decision.id in event["values"].values():
            return str(event["stream"])
        if after.at != decision.at:
            return ""
    raise AssertionError  # the log ends


def require(home: Installation, name: str, matter: Matter) -> None:
    """Refuse to supersede what is not there, or is none of the asker's to replace. Raises EvidenceError, InputError.

    In a case the stream is the matter; elsewhere it is the pack together with whom the decision is about. What the rules merely
    propose, or a firm answers itself, never takes the place of what an official decided.
    """
    found = reading.record(home.store, name)
    if found is None or found.kind != "decision":
        raise EvidenceError("no-such-record", f"there is no record `{name}` to supersede", "name one that was recorded")
    earlier = canonical.loads(found.payload, "the record")["predicate"]
    stream = made_in(home, found)
    if stream != matter.stream:
        remedy = "replace it in the case that it belongs to"
        raise InputError("wrong-superseded", "that decision was made in another matter", remedy)
    if earlier["kind"] == "decision" and not matter.official:
        problem = "what an official decided is not replaced by a proposal of the rules"
        raise InputError("wrong-superseded", problem, "have an official decide anew")
    if not stream and (earlier["rulepack"]["name"], _about(earlier)) != (matter.pack, matter.party):
        problem = "that decision is of another pack, or about another party"
        raise InputError("wrong-superseded", problem, "supersede one of the same pack, filed by the same party")


def _about(predicate: dict[str, Any]) -> str:
    """Return whom a decision is about: who filed, else the unit of who asked for it."""
    return str(predicate["filed_by"] or predicate["actor"]["unit"])
