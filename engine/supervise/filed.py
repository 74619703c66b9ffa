"""What an event says of the filing that its stream is about, compared with that filing: versions, and papers of the party.

A table alone cannot see another stream, so this is judged when an act is recorded, by whoever may do it at all; a filing only
grows, so what was true of it once stays true.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.evidence.disclosed import opened
from engine.store import streams as stored
from engine.supervise.state import SUBMITTED, TAKE_UP, State, from_text
from engine.supervise.step import Refusal, transition_of

if TYPE_CHECKING:
    from engine.evidence.installation import Installation
    from engine.supervise.fields import Given
    from schemas.lifecycle import Lifecycle

VERSIONS = (*SUBMITTED, "revise")
DRAFTS = ("draft", "save")  # what they say is filed only once it is submitted
EVIDENCE, PAPERS = "evidence", ("mandate", "paper")  # fields of a filing: files that it came with, and papers of the party


def version(filing: State) -> int:
    """Return how many versions of a filing were submitted."""
    return sum(filing.done[name].count for name in VERSIONS if name in filing.done)


def papers(home: Installation, filing: State) -> frozenset[str]:
    """Return the SHA-256 of every paper that was ever filed with a filing, mandates among them. Raises EvidenceError, StoreError.

    Files whose names were erased are not among them: nobody can tell any more that they were filed.
    """
    return frozenset(_papers(home, filing))


def _papers(home: Installation, filing: State) -> Iterator[str]:
    for each in stored.events(home.store, filing.stream):
        predicate = json.loads(each.payload)["predicate"]
        if predicate["name"] in DRAFTS:
            continue
        yield from (predicate["values"][name] for name in PAPERS if name in predicate["values"])
        if EVIDENCE in predicate["given"]:
            disclosed, _ = opened(home, predicate["event_id"])
            yield from (file["sha256"] for said in disclosed if said.name == EVIDENCE for file in said.value)


def _open_case(home: Installation, filing: str) -> str:
    """Return the id of a case on a filing that is still open, `` when there is none."""
    for each in stored.events(home.store, filing):
        predicate = json.loads(each.payload)["predicate"]
        row = stored.stream(home.store, predicate["values"]["case"]) if predicate["name"] == TAKE_UP else None
        if row and not row.closed:
            return row.id
    return ""


def refused(home: Installation, table: Lifecycle, state: State, event: str, given: Given) -> Refusal | None:
    """Return the refusal of an end before that of its cases, or of a value that the filing has not; None when all is in order."""
    transition = transition_of(table, state.name, event)
    if transition and transition.cases_closed and (open_ := _open_case(home, state.stream)):
        problem = f"the case `{open_}` on it is open"
        return Refusal("open-case", f"{table.id}/{event}", problem, "it ends first; `fenji case show` says how")
    declared = [each for each in table.fields if each.in_filing and each.id in given.open]
    name = str(given.open.get("filing") or state.values.get("filing") or "")
    row = stored.stream(home.store, name) if declared and name else None
    filing = from_text(row.fold) if row else None
    for each in declared:
        value, rule = given.open[each.id], f"{table.id}/{event}#{each.id}"
        if filing is None or not version(filing):
            return Refusal("no-such-filing", rule, f"no filing `{name[:60]}` was submitted", "name one that was")
        if each.in_filing == "version" and not 1 <= value <= version(filing):
            problem = f"the filing has no version {value}, its last is {version(filing)}"
            return Refusal("no-such-version", rule, problem, "name a version that was submitted; `fenji file revise` adds one")
        if each.in_filing == "paper" and value not in papers(home, filing):
            problem = f"no paper {value[:12]}... was filed with `{name[:60]}`"
            return Refusal("no-such-paper", rule, problem, "put it on file first: `lodge` on the filing")
    return None
