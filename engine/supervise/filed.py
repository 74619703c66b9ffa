"""What an event says of the filing that its stream is about, compared with that filing: versions, and papers of the party.

A table alone cannot see another stream, so this is judged when an act is recorded, by whoever may do it at all; a filing only
grows, so what was true of it once stays true.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from engine.evidence.disclosed import opened
from engine.store import streams as stored
from engine.supervise.state import SUBMITTED, TAKE_UP, State, from_text
from engine.supervise.step import OFFICES, Refusal, transition_of

if TYPE_CHECKING:
    from engine.evidence.installation import Installation
    from engine.store.append import Projection
    from engine.supervise.fields import Given
    from engine.supervise.state import Event
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
    return frozenset(paper for _, paper in _papers(home, filing))


def _papers(home: Installation, filing: State) -> Iterator[tuple[str, str]]:
    """Yield the moment at which each paper was filed, with its hash."""
    for predicate in _events(home, filing.stream):
        if predicate["name"] in DRAFTS:
            continue
        yield from ((predicate["at"], predicate["values"][name]) for name in PAPERS if name in predicate["values"])
        if EVIDENCE in predicate["given"]:
            disclosed, _ = opened(home, predicate["event_id"])
            files = (file for said in disclosed if said.name == EVIDENCE for file in said.value)
            yield from ((predicate["at"], file["sha256"]) for file in files)


def _events(home: Installation, stream: str) -> Iterator[dict[str, Any]]:
    for each in stored.events(home.store, stream):
        yield json.loads(each.payload)["predicate"]


def _cases(home: Installation, filing: str) -> Iterator[Projection]:
    """Yield the rows of the cases that were opened on a filing."""
    named = dict.fromkeys(each["values"]["case"] for each in _events(home, filing) if each["name"] == TAKE_UP)
    yield from (row for name in named if (row := stored.stream(home.store, name)))


def refused(home: Installation, table: Lifecycle, state: State, event: str, given: Given) -> Refusal | None:
    """Return the refusal of an end before that of its cases, of a value that the filing has not, or of what brings nothing.

    None when all is in order.
    """
    transition = transition_of(table, state.name, event)
    open_ = [row.id for row in _cases(home, state.stream) if not row.closed] if transition and transition.cases_closed else []
    if open_:
        problem = f"the case `{open_[0]}` on it is open"
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
    if (
        filing
        and transition
        and transition.brings
        and not _brings(home, state, filing, {each.id: each.in_filing for each in declared}, given)
    ):
        problem = f"the case has version {state.values.get('version')} already, and no paper filed since {state.on} is named"
        remedy = "revise the filing and name the new version, or `lodge` a paper on it and name that as `paper`"
        return Refusal("nothing-new", f"{table.id}/{event}#version", problem, remedy)
    return None


def _brings(home: Installation, state: State, filing: State, declared: dict[str, str], given: Given) -> bool:
    """Tell whether an act names a later version than its stream has, or a paper filed since the stream came to its state."""
    named = {kind: {given.open[name] for name, each in declared.items() if each == kind} for kind in ("version", "paper")}
    if any(value > state.values.get("version", 0) for value in named["version"]):
        return True
    came = max((each["at"] for each in _events(home, state.stream) if each["to"] == state.name != each["from"]), default="")
    return any(paper in named["paper"] and at >= came for at, paper in _papers(home, filing))


def recused(home: Installation, table: Lifecycle, state: State, event: Event) -> Refusal | None:
    """Return the refusal of an official who does something on a filing and is recused from a case that was opened on it.

    Whoever stays out of a case adds no paper to its file, and does not conclude it (Civil Servant Law, articles 76 and 77).
    """
    if TAKE_UP not in state.done or table.kind != "filing" or not set(event.roles) & set(OFFICES):
        return None
    for case in _cases(home, state.stream):
        both = {event.by, event.second} & set(from_text(case.fold).values.get("recused", []))
        if both:
            problem = f"`{min(both)}` is recused from the case `{case.id}` on this filing"
            return Refusal("recusal", f"{table.id}/{event.name}#recusal", problem, "another official does this")
    return None
