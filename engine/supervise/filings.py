"""Filings: drafts that may be incomplete, submissions, and versions; by a firm, by an official for it, or ex officio.

What a filing says now is what its events gave, the last of each field; the facts of a later version replace the earlier ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.decide.assess import require_sound
from engine.errors import FenjiError, InputError
from engine.evidence.disclosed import opened
from engine.evidence.facts import filing_of
from engine.evidence.keys import PublicKey
from engine.evidence.log import new_id
from engine.supervise import filed
from engine.supervise.state import FILED_BY, SUBMITTED, State, filed_by
from engine.supervise.streams import Act, Recorded, Streams, history
from schemas.lifecycle import BUILT_IN

PROCESS = "filing"
FACTS = "facts"


@dataclass(frozen=True)
class Content:
    """What a filing says: its fields by name, its facts by name, what can no longer be read, and which version this is."""

    fields: dict[str, Any]
    facts: dict[str, Any]
    erased: int = 0
    version: int = 0


def content(streams: Streams, filing: str, fields: tuple[str, ...] = (FACTS,)) -> Content:
    """Return what a stream says now; `fields` are its facts fields. Raises InputError when there is none, StoreError.

    INVARIANT: of open fields it says what the fold has, which an event may have brought back or forgotten.
    """
    said, known, erased, version = dict[str, Any](), dict[str, Any](), 0, 0
    state = streams.state(filing)
    table = streams.table(state.process)
    keyed = {each.id for each in table.fields if each.type in ("company", "person", "persons")}
    for predicate in history(streams.home, filing):
        if predicate["name"] in BUILT_IN:
            continue
        version += predicate["name"] in filed.VERSIONS
        said.update({name: value for name, value in predicate["values"].items() if name not in keyed})
        if any(name in predicate["given"] for name in fields):
            known = {}
        if not predicate["input_commitments"]:
            continue
        disclosed, gone = opened(streams.home, predicate["event_id"])
        erased += gone
        for each in disclosed:
            field, colon, fact = each.name.partition(":")
            if colon and field in fields:
                known[fact] = each.value
            else:
                said[each.name] = each.value
    kept = {each.id: each.collect for each in table.fields if each.open and each.id not in keyed}
    said = {name: value for name, value in said.items() if name not in kept or name in state.values}
    said |= {name: state.values[name] for name in said if kept.get(name) is False}
    return Content(said, known, erased, version)


def draft(streams: Streams, filing: str, fields: Mapping[str, Any], by: PublicKey, now: datetime) -> Recorded:
    """Save a draft, a new one when `filing` is empty; nothing need be complete. Raises InputError when refused."""
    event = "save" if filing and streams.state(filing, PROCESS) else "draft"
    return streams.perform(Act(filing or new_id(now), PROCESS, event, by, now, fields))


def submit(streams: Streams, filing: str, fields: Mapping[str, Any], by: PublicKey, now: datetime) -> Recorded:
    """Submit a draft as it stands, with these fields besides. Raises InputError when refused.

    A firm submits its own; an official submits for the firm with its mandate, else ex officio with reasons.
    """
    event, given = submission(streams, filing, fields, by)
    return file(streams, Act(filing, PROCESS, event, by, now, given))


def file(streams: Streams, act: Act) -> Recorded:
    """Record a submission or version. Raises InputError when table or facts are in its way, once the attempt is recorded."""
    require(streams, act)
    return streams.perform(act)


def require(streams: Streams, act: Act) -> None:
    """Refuse a submission or version, and record the attempt, which the table refuses or whose facts contradict each other.

    No answer could be given to it: neither office nor party could go on. Raises InputError, EvidenceError for a fact that the
    rules do not know, as of a draft that was saved under others.
    """
    streams.require(act)
    pack = str(act.fields.get("pack") or streams.state(act.stream).values.get("pack", ""))
    try:
        if pack in streams.rulebook.packs:
            require_sound(streams.rulebook, pack, filing_of(streams.rulebook, act.fields[FACTS]))
    except FenjiError as error:
        streams.refuse(act, error)
        raise


def submission(streams: Streams, filing: str, fields: Mapping[str, Any], by: PublicKey) -> tuple[str, dict[str, Any]]:
    """Return by which event somebody submits a draft, and all that is then given. Raises InputError when there is none."""
    streams.state(filing, PROCESS)
    before = content(streams, filing)
    official = "official" in by.holder.roles
    event = "submit" if not official else "submit_for_party" if "mandate" in fields else "submit_ex_officio"
    return event, {**before.fields, FACTS: before.facts, **fields}


def revise(streams: Streams, filing: str, fields: Mapping[str, Any], by: PublicKey, now: datetime) -> Recorded:
    """Submit another version of a filing. Raises InputError when refused."""
    streams.state(filing, PROCESS)
    return file(streams, Act(filing, PROCESS, "revise", by, now, fields))


def taken_up(streams: Streams, filing: str) -> list[State]:
    """Return the cases that were opened on a filing, first to last, closed ones too. Raises InputError when there is none."""
    return [streams.state(name) for name in filed.cases(streams.home, filing)]


def submitted(state: State) -> tuple[str, str]:
    """Return who filed and on which day: `enterprise`, `official` or `ex_officio`. Raises InputError for a draft."""
    by = filed_by(state)
    if not by:
        raise InputError("not-submitted", f"the filing `{state.stream[:60]}` is a draft", "submit it first")
    return by, state.done[SUBMITTED[FILED_BY.index(by)]].on
