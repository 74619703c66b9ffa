"""What an event says of the filing that its stream is about, compared with it: versions, papers of the party, unit and cases.

A table alone cannot see another stream, so this is judged when an act is recorded, by whoever may do it at all; a filing only
grows, so what was true of its versions and papers once stays true.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.evidence.disclosed import opened
from engine.store import streams as stored
from engine.supervise import uscc
from engine.supervise.people import units
from engine.supervise.state import SUBMITTED, TAKE_UP, State, from_text
from engine.supervise.step import OFFICES, Refusal, transition_of

if TYPE_CHECKING:
    from engine.evidence.installation import Installation
    from engine.supervise.fields import Given
    from engine.supervise.state import Event
    from schemas.lifecycle import FieldDecl, Lifecycle

FILING = "filing"
OVER = "takes_over"  # the field of an opening that names the case which goes on in it
VERSIONS = (*SUBMITTED, "revise")
DRAFTS = ("draft", "save")  # what they say is filed only once it is submitted
UNIT = "unit"
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


@dataclass(frozen=True, slots=True)
class Look:
    """How other streams stand at a moment: as the acts that are judged together leave them, else as they are stored."""

    home: Installation
    tables: Mapping[str, Lifecycle]
    after: Mapping[str, State]
    at: str

    def state(self, stream: str) -> State | None:
        """Return a stream, None when there is none. Raises StoreError."""
        if stream in self.after:
            return self.after[stream]
        row = stored.stream(self.home.store, stream)
        return from_text(row.fold) if row else None

    def arm(self, process: str) -> str:
        """Return the outcome of the rules on which a table opens as an arm; empty when it is none."""
        table = self.tables.get(process)
        return table.arm.outcome if table and table.arm else ""


def refused(look: Look, table: Lifecycle, state: State, event: str, given: Given) -> Refusal | None:
    """Return the refusal of the first thing that an event says of its filing, or of cases on it, which is not so; else None."""
    transition = transition_of(table, state.name, event)
    if transition and transition.cases_closed and (open_ := _open_case(look, state.stream)):
        problem = f"the case `{open_.stream}` on it is open"
        return Refusal("open-case", f"{table.id}/{event}", problem, "it ends first; `fenji case show` says how")
    name = state.stream if table.kind == FILING else str(given.open.get(FILING) or state.values.get(FILING) or "")
    received = not state.name and OVER not in given.open  # whoever goes on with a case has it, whoever received the filing
    said = {**given.sealed, **given.open}
    declared = [each for each in table.fields if each.in_filing and each.id in said and (received or each.in_filing != UNIT)]
    brings = bool(transition and transition.brings)
    if not (declared or brings or FILING in given.open):
        return None
    filing = look.state(name) if name else None
    told = (_named(look, f"{table.id}/{event}#{each.id}", each, said[each.id], filing) for each in declared)
    first = next((refusal for refusal in told if refusal), None)
    if brings and filing and not first and not _brings(look, table, state, filing, given):
        problem = f"no paper is named that came in since, nor a version of the filing after {state.values.get('version')}"
        remedy = "name a paper that came in since (`lodge` puts it on the filing), or revise the filing and name the new version"
        return Refusal("nothing-new", f"{table.id}/{event}", problem, remedy)
    if first or filing is None or state.name:
        return first
    return _beside(look, table, f"{table.id}/{event}#unique", state.stream, filing)


def _named(look: Look, rule: str, field: FieldDecl, value: Any, filing: State | None) -> Refusal | None:
    """Return the refusal of a field that names a version or a paper which the filing has not, another unit, or no case of it.

    A case is opened for the unit that received the filing, which hands it over then. Where the filing names none, or one in which
    no official is left, any unit takes it up.
    """
    if filing is None or not version(filing):
        return Refusal("no-such-filing", rule, "the filing that is named was not submitted", "name one that was")
    if field.in_filing == "version" and not 1 <= value <= version(filing):
        problem = f"the filing has no version {value}, its last is {version(filing)}"
        return Refusal("no-such-version", rule, problem, "name a version that was submitted; `fenji file revise` adds one")
    if field.in_filing == "paper" and (strange := next(iter(_hashes(value) - papers(look.home, filing)), "")):
        problem = f"no paper {strange[:12]}... was filed with `{filing.stream[:60]}`"
        remedy = (
            f"put it on file first: `fenji case do {filing.stream[:60]} lodge --set paper=@FILE`, or as evidence of a version"
        )
        return Refusal("no-such-paper", rule, problem, remedy)
    if field.in_filing == UNIT and (unit := _received(filing)) != value and unit in units(look.home, look.at):
        problem = f"the filing was received by `{unit}`, not by `{value}`"
        return Refusal("wrong-unit", rule, problem, "that unit opens the case, and hands it over with `assign`")
    if field.in_filing == "case":
        return _other_case(look, rule, value, filing)
    return None


def _hashes(value: Any) -> set[str]:
    """Return the hashes of papers that a field names: one, or those of its files."""
    return {each["sha256"] for each in value} if isinstance(value, list) else {value}


def _brings(look: Look, table: Lifecycle, state: State, filing: State, given: Given) -> bool:
    """Tell whether an act brings a later version than its stream has, or a paper filed since that came to its state."""
    said = {**given.sealed, **given.open}
    kinds = {each.id: each.in_filing for each in table.fields if each.id in said}
    if any(kind == "version" and said[name] > state.values.get(name, 0) for name, kind in kinds.items()):
        return True
    events = _events(look.home, state.stream)
    came = max((each["at"] for each in events if each["to"] == state.name != each["from"]), default="")
    named = {each for name, kind in kinds.items() if kind == "paper" for each in _hashes(said[name])}
    return any(paper in named and at >= came for at, paper in _papers(look.home, filing))


def barred(look: Look, table: Lifecycle, state: State, event: Event) -> Refusal | None:
    """Return the refusal of an official who has no say on a filing: recused from a case on it, or of another unit.

    Whoever stays out of a case adds no paper to its file, does not conclude it, and opens no other on its filing (Civil Servant
    Law, articles 76 and 77); a paper of the firm makes nobody the office that received what it filed.
    """
    if not set(event.roles) & set(OFFICES):
        return None
    of = state.stream if table.kind == FILING else "" if state.name else str(event.values.get(FILING) or "")
    filing = look.state(of) if of else None
    if filing is None:
        return None
    if both := {event.by, event.second} & set(recused(look, filing)):
        problem = f"`{min(both)}` is recused from a case on this filing"
        return Refusal("recusal", f"{table.id}/{event.name}#recusal", problem, "another official does this")
    transition = transition_of(table, state.name, event.name)
    return _elsewhere(look, table, filing, event) if transition and transition.receiving else None


def _elsewhere(look: Look, table: Lifecycle, filing: State, event: Event) -> Refusal | None:
    """Return the refusal of an official who is of no unit that acts on a filing, else None."""
    acting = leads(look, filing)
    if not acting or event.unit in acting or "official" not in event.roles:
        return None
    problem = f"`{event.by}` is of `{event.unit[:64]}`, and the filing is with `{'`, `'.join(sorted(acting))}`"
    remedy = "an official does this of the unit that received the filing, or leads a case on it"
    return Refusal("receiving-unit", f"{table.id}/{event.name}#receiving-unit", problem, remedy)


def recused(look: Look, state: State) -> list[str]:
    """Return who stays out of a stream, or of a case that was opened on the same filing. Raises StoreError."""
    filing = look.state(str(state.values.get(FILING) or "")) or state
    return [name for each in (state, filing, *_cases(look, filing)) for name in each.values.get("recused", [])]


def leads(look: Look, state: State) -> set[str]:
    """Return the units that act for the office on a stream: whoever is in charge of a case; of a filing, those of its cases too.

    Empty, and then any may act, where nothing names one in which an official is left.
    """
    led = {str(case.values.get(UNIT, "")) for case in _cases(look, state)}
    own = _received(state) if state.process == FILING else str(state.values.get(UNIT, ""))
    return ({own} | led) & units(look.home, look.at)


def _received(filing: State) -> str:
    """Return the unit that received a filing: the one that it names, else the first whose official acted on it, else nothing."""
    if UNIT in filing.values:
        return str(filing.values[UNIT])
    acted = (unit for name, done in filing.done.items() if name not in DRAFTS for unit in done.units if not uscc.is_firm(unit))
    return next(acted, "")


def _cases(look: Look, filing: State) -> Iterator[State]:
    """Yield the cases that were opened on a filing, oldest first, as they stand."""
    if TAKE_UP in filing.done:
        yield from (case for case in map(look.state, cases(look.home, filing.stream)) if case)


def _other_case(look: Look, rule: str, value: str, filing: State) -> Refusal | None:
    """Return the refusal of a case that is unknown, closed, or another filing's, or goes on with a case in the same arm."""
    process, _, _ = rule.partition("/")
    case = look.state(value)
    lives = case is not None and not case.closed and case.values.get(FILING) == filing.stream
    if lives and process == filing.process:
        return None
    if process == filing.process:
        problem = f"`{value[:60]}` is no open case on this filing"
        return Refusal("no-such-case", rule, problem, "`fenji case open` opens one, and takes the filing up by itself")
    if case and lives and case.process != process and look.arm(case.process) == look.arm(process):
        return None
    problem = f"`{value[:60]}` is no open case on `{filing.stream[:60]}` in another arm"
    remedy = f"open it in the arm that goes on, with this case as `{OVER}`: both happen in one step"
    return Refusal("no-such-case", rule, problem, remedy)


def _beside(look: Look, table: Lifecycle, rule: str, stream: str, filing: State) -> Refusal | None:
    """Return the refusal of an opening while the filing stands in an open case of an arm that the same outcome leads to."""
    there = _open_case(look, filing.stream, arm) if (arm := look.arm(table.id)) else None
    if there is None or there.stream == stream:
        return None
    problem = f"the filing stands in `{there.process}`: the case `{there.stream}` is open"
    remedy = "go on with that one, or end it first"
    if any(each.id == OVER for each in table.fields):
        remedy += f"; named as `{OVER}`, with reasons, it is escalated to this one"
    return Refusal("duplicate", rule, problem, remedy)


def _open_case(look: Look, filing: str, arm: str = "") -> State | None:
    """Return a case on a filing that is still open, of any table or of an arm; None when there is none."""
    found = (look.state(name) for name in cases(look.home, filing))
    return next((each for each in found if each and not each.closed and (not arm or look.arm(each.process) == arm)), None)


def cases(home: Installation, filing: str) -> list[str]:
    """Return the cases that a filing was ever taken up as, oldest first. Raises StoreError."""
    return list(dict.fromkeys(each["values"]["case"] for each in _events(home, filing) if each["name"] == TAKE_UP))
