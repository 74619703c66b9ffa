"""The records of a stream: its events, the decisions made in it, and those of the cases that were opened on it.

Who erases facts of a filing or a case: two, one of them an official of the unit in charge, neither recused in it, and not while
it is still needed: personal information goes once its purpose is achieved or it is no longer necessary, among other grounds
(Personal Information Protection Law, article 47), and while a case is open neither is so.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.errors import EvidenceError, SigningError
from engine.evidence.disclosed import named_record, opened
from engine.evidence.erase import ALL, Erased, Wish, erase
from engine.evidence.superseding import made_in
from engine.store import streams as stored
from engine.supervise import filed
from engine.supervise.filings import FACTS
from engine.supervise.state import TAKE_UP
from engine.supervise.step import ANSWERS, SECOND

if TYPE_CHECKING:
    from engine.evidence.installation import Installation
    from engine.evidence.keys import PublicKey
    from engine.supervise.state import State


@dataclass(frozen=True, slots=True)
class Records:
    """The ids of events and of decisions, each oldest first by its stream."""

    events: tuple[str, ...]
    decisions: tuple[str, ...]


def of_stream(home: Installation, stream: str) -> Records | None:
    """Return the records of a stream and of the cases opened on it; None when there is no such stream. Raises StoreError."""
    if stored.stream(home.store, stream) is None:
        return None
    found = list(_found(home, stream))
    events = dict.fromkeys(name for name, is_event in found if is_event)
    return Records(tuple(events), tuple(dict.fromkeys(name for name, is_event in found if not is_event)))


def _found(home: Installation, stream: str) -> Iterator[tuple[str, bool]]:
    for each in stored.events(home.store, stream):
        event = json.loads(each.payload)["predicate"]
        yield each.id, True
        yield from ((event["values"][name], False) for name in sorted(ANSWERS & event["values"].keys()))
        if event["name"] == TAKE_UP:
            yield from _found(home, event["values"]["case"])


def erase_facts(home: Installation, wish: Wish, approvers: Sequence[PublicKey], at: str, although: str = "") -> list[Erased]:
    """Erase facts by name of one record, or of a stream in all its records that still have them; `wish` names either.

    While a case is open, or a clock runs, they are needed: `although` says why they go all the same, and the tombstone keeps it
    beside the basis. Raises SigningError for approvers who may not, EvidenceError, StoreError.
    """
    stream, records = wish.decision_id, of_stream(home, wish.decision_id)
    if records is None:
        stream = _made_in(home, stream)
    wish = _judged(home, stream, wish, approvers, at, although.strip()) if stream else wish
    return _erased(home, wish, records, approvers, at) if records else [erase(home, wish, approvers, at)]


def _made_in(home: Installation, name: str) -> str:
    """Return the stream in which a record was made, empty for a decision that stands alone. Raises EvidenceError, StoreError."""
    record = named_record(home, name)
    return str(json.loads(record.payload)["predicate"]["stream"]) if record.kind == "event" else made_in(home, record)


def _judged(home: Installation, stream: str, wish: Wish, approvers: Sequence[PublicKey], at: str, although: str) -> Wish:  # noqa: PLR0913, PLR0917 - who erases what, when and why
    """Return a wish with the whole of its basis. Raises SigningError for approvers without a say, EvidenceError while needed."""
    look, needed = filed.Look(home, {}, {}, at), ""
    for each in _touched(look, stream):
        _may(look, each, approvers)
        running = any(run.stopped is None for run in each.clocks)
        if not each.closed and (running or filed.FILING in each.values):
            needed = needed or each.stream
    if needed and not although:
        problem = f"`{needed}` is open, and rests on what would be erased"
        remedy = "wait until it is closed, or say why it goes all the same: `--although TEXT`, which the tombstone keeps"
        raise EvidenceError("still-needed", problem, remedy)
    return replace(wish, basis=f"{wish.basis}; although still needed: {although}") if needed and wish.basis.strip() else wish


def _touched(look: filed.Look, stream: str) -> list[State]:
    """Return a stream with the cases that were opened on it."""
    names = [stream, *filed.cases(look.home, stream)]
    return [state for state in map(look.state, names) if state]


def _may(look: filed.Look, state: State, approvers: Sequence[PublicKey]) -> None:
    """Refuse approvers of whom one is recused from a stream, or none is of the unit in charge. Raises SigningError."""
    if out := {key.holder.sub for key in approvers} & set(filed.recused(look, state)):
        problem = f"`{min(out)}` is recused from `{state.stream}`, or from a case on the same filing"
        raise SigningError("recusal", problem, "name another approver")
    charge = filed.leads(look, state)
    if charge and not charge & {key.holder.unit for key in approvers if SECOND in key.holder.roles}:
        problem = f"no approver is an official of the unit in charge of `{state.stream}`: {', '.join(sorted(charge))}"
        raise SigningError("in-charge", problem, "name one of it as an approver (--as or --and)")


def _erased(home: Installation, wish: Wish, records: Records, approvers: Sequence[PublicKey], at: str) -> list[Erased]:
    """Erase facts by name from every record of a stream that has them; what is gone already is passed over."""
    found = []
    for name in (*records.events, *records.decisions):
        held = {each.name for each in opened(home, name)[0]}
        gone = held if ALL in wish.names else {each for each in held if each.removeprefix(f"{FACTS}:") in wish.names}
        if gone:
            found.append(erase(home, replace(wish, decision_id=name, names=tuple(sorted(gone))), approvers, at))
    if not found:
        problem = f"no record of `{wish.decision_id[:60]}` has a fact `{', '.join(wish.names)}` to erase"
        raise EvidenceError("no-such-fact", problem, "`fenji case show ID` and `fenji file show ID` say what can still be read")
    return found
