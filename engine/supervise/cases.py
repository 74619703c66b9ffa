"""Cases: opened on a filing, proposed by the rules, decided by a named official, each with the record of the answer beside it.

The event and the record that it is about go down in one durable group. Whether the event may happen is judged before the answer
is worked out, so that an attempt without the role is refused and recorded as such.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Protocol

from engine.decide.assess import examine
from engine.errors import InputError, Place
from engine.evidence import canonical, facts
from engine.evidence.decide import Asked, Prepared, deviates, named_outcome, prepare
from engine.evidence.keys import PublicKey
from engine.evidence.log import new_id, stamp
from engine.evidence.record import Rules, rules
from engine.rulebook.closure import closure
from engine.rulebook.days import legal_day
from engine.store import reading
from engine.supervise import filed, filings, uscc
from engine.supervise.dated import FIRM
from engine.supervise.findings import NOTHING_FOUND, Findings, in_force, standing
from engine.supervise.guards import MANDATE
from engine.supervise.settled import outstanding
from engine.supervise.state import DRIFT, TAKE_UP, UNDETERMINED, State
from engine.supervise.step import SECOND, transition_of
from engine.supervise.streams import Act, Beside, Recorded, Streams
from schemas.answer import Answer
from schemas.lifecycle import Arm, Transition, Way

# what the engine says of an answer, and of the filing that it answers; nobody types it
COMPUTED = frozenset({
    "proposal", "decision", "outcome", "deviates", "compared", "tier", "track", "route", "voluntary", "filed_by", "findings",
    "filing", "holder", "product", "outstanding", "policies", "possible", "version",
})  # fmt: skip
TIER, REASSESS, ESCALATE, FINDINGS, COMPARED = "tier", "reassess", "escalate", "findings", "compared"
VERSION = "version"  # of the filing that an answer was worked out on
OUTSTANDING = "outstanding"  # the field that says what a party still owes
PACKS = {"data-sharing-request": "cn-data-sharing"}  # of streams that name no pack themselves
SHARED = ("holder", "product", "unit", "district")  # what a case takes over from its filing


class Looking(Protocol):
    """What it takes to ask the rules about a case and record nothing: no key signs, for nobody acts."""

    @property
    def streams(self) -> Streams:
        """The streams."""
        ...

    @property
    def now(self) -> datetime:
        """The moment."""
        ...

    @property
    def release(self) -> str:
        """The release of the rules."""
        ...


@dataclass(frozen=True)
class Look:
    """A look at cases by somebody who may read them."""

    streams: Streams
    now: datetime
    release: str = "unpublished"


@dataclass(frozen=True)
class Office:
    """Who acts when, under which release of the rules; `reserved` and `expected` are those of the act (`streams.Act`)."""

    streams: Streams
    by: PublicKey
    now: datetime
    release: str = "unpublished"
    second: PublicKey | None = None
    reserved: str = ""
    expected: int | None = None

    def act(self, stream: str, event: str, fields: Mapping[str, Any], on: date | None = None) -> Act:
        """Return an act of this person on a stream. Raises InputError when there is no such stream."""
        process = self.streams.state(stream).process
        return Act(stream, process, event, self.by, self.now, fields, on, self.second, self.expected, self.reserved)


@dataclass(frozen=True)
class Question:
    """What the rules are asked in a case: the pack and the facts of its stream, and the outcome that names the answer.

    INVARIANT: what `found` says of a fact is what `values` says of it.
    """

    of: Rules
    values: dict[str, Any]
    outcome: str
    filed_by: str | None = None
    stream: str = ""  # the case; empty while it is being opened
    retention: str = field(default="decision")
    found: Findings = NOTHING_FOUND
    version: int = 0  # of the filing

    def stating(self, values: Mapping[str, Any]) -> Question:
        """Return the question with other facts filed; what was found of them stays."""
        found = restricted(self.of, self.found.values)
        return replace(self, values=standing(self.of, restricted(self.of, values), found))


@dataclass(frozen=True)
class Ruling:
    """What an official decides: the event of the table, the value (`VALUE` or `OUTCOME=VALUE`), and the event's other fields.

    `deviates` says that it departs from what else binds the official, such as the owner's terms; from the proposal, it is seen.
    `policies` are the owners' terms on which it rests, each by its name and the hash of its files.
    """

    event: str
    value: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    deviates: bool = False
    policies: tuple[str, ...] = ()


@dataclass(frozen=True)
class Opening:
    """How a case is opened: its table, the event where the table has several openings, and fields beside those of the filing."""

    process: str
    event: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)


def open_case(office: Office, filing: str, how: Opening) -> Recorded:
    """Open a case on a submitted filing, received on the day of its submission. Raises InputError when refused.

    The tier is the rules' answer to the filing, recorded beside the opening. An arm of supervision to which that answer does not
    lead is opened only as a deviation: with reasons, and a second official. A case of another arm that it `takes_over` is
    escalated in the same group, and the filing is taken up by itself.
    """
    streams = office.streams
    streams.state(filing, filings.PROCESS)
    said = filings.content(streams, filing)
    act = _opening(office, filing, said, how)
    moved = _moved(office, act, str(how.fields.get(filed.OVER) or ""))
    taken = Act(filing, filings.PROCESS, TAKE_UP, None, office.now, {"case": act.stream})
    arm, made = streams.table(how.process).arm, None
    if arm:
        asked = _question(office, said, filings.submitted(streams.state(filing))[0], filing=filing)
        act, made = _answered(office, arm, act, asked, moved)
    done = streams.perform_all([*moved, act, taken], Beside([made.entry], made.blobs) if made else None)
    return done[len(moved)]


def _opening(office: Office, filing: str, said: filings.Content, how: Opening) -> Act:
    """Return the act that opens a case, with what it takes over from its filing. Raises InputError for a draft."""
    streams, state = office.streams, office.streams.state(filing)
    filed_by, received = filings.submitted(state)
    table = streams.table(how.process)
    declared = {each.id for each in table.fields}
    shared = {name: said.fields[name] for name in SHARED if name in said.fields and name in declared}
    if "unit" in declared and not _of_party(office.by):
        shared["unit"] = _unit(office, how, shared)
    given = {**shared, VERSION: said.version, **how.fields, "filing": filing}
    if "filed_by" in declared:
        given["filed_by"] = filed_by
    event = how.event or next(each.event for each in table.transitions if not each.from_)
    # what a firm opens arrives with its act, not with the filing before it
    day = None if _of_party(office.by) else date.fromisoformat(received)
    case, typed = office.reserved or new_id(office.now), COMPUTED - set(how.fields)
    return Act(case, how.process, event, office.by, office.now, given, day, office.second, id=office.reserved, computed=typed)


def _unit(office: Office, how: Opening, shared: Mapping[str, Any]) -> str:
    """Return the unit in charge of a case that an official opens, where nothing else is said.

    It is that of the case which goes on in it, else the one that received the filing, else the official's own.
    """
    over = str(how.fields.get(filed.OVER) or "")
    kept = office.streams.state(over).values.get("unit") if over else None
    return str(kept or shared.get("unit") or office.by.holder.unit)


def _moved(office: Office, opening: Act, over: str) -> list[Act]:
    """Return the act by which a case goes on in another one that is opened, none where it takes none over. Raises InputError."""
    if not over:
        return []
    fields = {"case": opening.stream} | ({"reasons": opening.fields["reasons"]} if "reasons" in opening.fields else {})
    return [replace(office.act(over, ESCALATE, fields), id="", expected=None)]


def _of_party(by: PublicKey) -> bool:
    """Tell whether somebody acts for a firm, as whoever is of one does wherever that is possible."""
    roles = by.holder.roles
    return FIRM in roles and (SECOND not in roles or uscc.is_firm(by.holder.unit))


def _led(arm: Arm, answer: Answer, way: Way | None = None, *, own: bool = False) -> dict[str, Any]:
    """Return what an answer says of an arm: the track, whether the arm deviates from it, and the tier once it is determined.

    A pack that does not speak of tracks leads nowhere: whatever arm is opened on its answer deviates. Of a `way` it is said too
    which route it is, if the party takes it by its `own` choice, beyond what is asked, and what an open answer leaves possible.
    """
    found = {name: each.value or UNDETERMINED for name, each in answer.outcomes.items() if name in (arm.outcome, TIER)}
    track = found.get(arm.outcome, UNDETERMINED)
    if way:
        beyond = own and track in way.beyond
        deviates = track not in way.values and not beyond
        left = answer.outcomes[arm.outcome].possible if track == UNDETERMINED and arm.outcome in answer.outcomes else None
        said = {"track": track, "deviates": deviates, "route": way.route, "voluntary": beyond}
        return said | ({"possible": list(left)} if left else {})
    return {"track": track, "deviates": track not in arm.values} | ({TIER: found[TIER]} if TIER in found else {})


def do(office: Office, stream: str, event: str, fields: Mapping[str, Any], on: date | None = None) -> Recorded:
    """Record an event of a case; what the engine knows of it is filled in. Raises InputError when refused."""
    if event == REASSESS:
        return _reassess(office, stream, fields, on)
    act, state = office.act(stream, event, fields, on), office.streams.state(stream)
    table = office.streams.table(state.process)
    row = transition_of(table, state.name, event)
    known = _version(office, state, row)
    if row and OUTSTANDING in row.needs:
        known[OUTSTANDING] = outstanding(table, state, (on or legal_day(office.now)).isoformat(), stamp(office.now))
    return office.streams.perform(replace(act, fields={**known, **fields}, computed=COMPUTED - set(fields)))


def _version(office: Office, state: State, row: Transition | None) -> dict[str, Any]:
    """Return the field that names the version of the filing as it stands, where an event carries it."""
    filing = str(state.values.get(filed.FILING) or "")
    if not filing or row is None or VERSION not in (*row.needs, *row.may):
        return {}
    return {VERSION: filed.version(office.streams.state(filing))}


def _reassess(office: Office, stream: str, fields: Mapping[str, Any], on: date | None) -> Recorded:
    """Take a case up again: its cause and clauses are those of the drift that it shows, its tier what the rules answer now.

    Where the table has the case answered at once, a new answer that leads to another arm is a deviation, as at the opening.
    """
    streams, state = office.streams, office.streams.state(stream)
    table = streams.table(state.process)
    row = transition_of(table, state.name, REASSESS)
    carries = {*row.needs, *row.may} if row else set[str]()
    drift = state.values.get(DRIFT, {})
    known = {"cause": drift.get("cause"), "clause": drift.get("clauses")}  # what moved the answer stands in the case already
    given = {name: value for name, value in known.items() if value and name in carries} | _version(office, state, row)
    found = replace(office.act(stream, REASSESS, given | dict(fields), on), computed=COMPUTED - set(fields))
    if table.arm is None or "proposal" not in carries:
        return streams.perform(found)
    found, made = _answered(office, table.arm, found, question(office, stream))
    return _recorded(office, found, made)


def _answered(office: Office, arm: Arm, act: Act, asked: Question, before: Sequence[Act] = ()) -> tuple[Act, Prepared]:
    """Return an act with the answer that leads to its arm, and the record of that answer. Raises InputError when refused.

    Acts `before` it are recorded in the same group, and judged with it. Whoever went beyond the answer, or is asked for less than
    before, stays on a stricter way by its own choice: it may leave it.
    """
    state = office.streams.standing(act)
    way = next((each for each in arm.ways if each.event == act.name or each.event in state.done), None)
    own = bool(state.name) or MANDATE in act.fields or (act.by is not None and _of_party(act.by))
    row = transition_of(office.streams.table(act.process), state.name, act.name)
    led = _led(arm, _answer(office, asked), way, own=own)
    carried = {name: value for name, value in led.items() if row is None or name in (*row.needs, *row.may)}
    given = {**act.fields, **(carried if way else led), **_rests_on(office, act, asked)}
    office.streams.require(*before, replace(act, fields={**given, "proposal": "-"}))
    made = prepare(office.streams.home, _asked(office, asked))
    return replace(act, fields={**given, "proposal": made.entry.id}), made


def _rests_on(office: Office, act: Act, asked: Question) -> dict[str, Any]:
    """Return the fields that name the version and the findings on which an answer rests, where the event carries them.

    A version that somebody typed stays, and is refused for that.
    """
    row = transition_of(office.streams.table(act.process), office.streams.standing(act).name, act.name)
    carried = {*row.needs, *row.may} if row else set[str]()
    known: dict[str, Any] = {VERSION: asked.version} if asked.version and VERSION in act.computed else {}
    known |= {FINDINGS: list(asked.found.cases)} if asked.found.cases else {}
    return {name: value for name, value in known.items() if name in carried}


def question(office: Looking, stream: str) -> Question:
    """Return what the rules are asked in a case or request, with the facts as they were filed last. Raises InputError.

    Of facts that an official has found, what was found counts while it is in force.

    INVARIANT: which pack answers is said by the filing, or by the kind of the stream; nobody who decides chooses it.
    """
    streams, state = office.streams, office.streams.state(stream)
    filing = str(state.values.get("filing", ""))
    if filing:
        said = filings.content(streams, filing)
        filed_by, _ = filings.submitted(streams.state(filing))
    else:
        said, filed_by = filings.content(streams, stream, ("items",)), "official"
    return replace(_question(office, said, filed_by, PACKS.get(state.process, ""), filing), stream=stream)


def _question(office: Looking, said: filings.Content, filed_by: str, own: str = "", filing: str = "") -> Question:
    streams, name = office.streams, own or str(said.fields.get("pack", ""))
    if name not in streams.rulebook.packs:
        known = ", ".join(sorted(streams.rulebook.packs))
        raise InputError("unknown-pack", f"no pack named `{name[:60]}`", f"the packs are {known}")
    of = rules(closure(streams.rulebook, name))
    doc = of.rulebook.packs[name].doc
    choices = [each.id for each in doc.outcomes if each.combine != "union" and not of.rulebook.list_of(each.id)]
    if not choices:
        problem = f"`{name}` has no outcome of one value that a case could be decided on"
        raise InputError("wrong-pack", problem, "file under a pack that has one")
    routed = [clause.outcome for clause in doc.goes_to if clause.outcome in choices]
    found = in_force(filings.taken_up(streams, filing), legal_day(office.now)) if filing else NOTHING_FOUND
    return Question(of, {}, (routed or choices)[0], filed_by, found=found, version=said.version).stating(said.facts)


def restricted(of: Rules, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of named values that the rules of a pack know."""
    return {name: value for name, value in values.items() if _known(of, name)}


def _known(of: Rules, name: str) -> bool:
    """Tell whether the rules of a pack know a named value of a filing."""
    head, slash, rest = name.partition("/")
    fact = rest.partition("/")[2] if slash else head
    return (head in of.rulebook.lists) if slash and fact == "id" else fact in {*of.rulebook.facts, *of.rulebook.lists}


def propose(office: Office, stream: str, asked: Question, fields: Mapping[str, Any]) -> Recorded:
    """Record what the rules propose, and the event that tells the party. Raises InputError when refused."""
    told = {"proposal": "-", "outcome": UNDETERMINED, **fields}
    act = replace(office.act(stream, "propose", told), computed=COMPUTED - set(fields))
    office.streams.require(act)
    made = prepare(office.streams.home, _asked(office, asked))
    found = possible(made.statement, asked.outcome)
    outcome = found[0] if len(found) == 1 else UNDETERMINED
    given = {**fields, "proposal": made.entry.id, "outcome": outcome, **_rests_on(office, act, asked)}
    arm = office.streams.table(act.process).arm
    if arm and asked.outcome == TIER:
        given |= _led(arm, _answer(office, asked))
    return _recorded(office, replace(act, fields=given), made)


def decide(office: Office, stream: str, asked: Question, ruling: Ruling) -> Recorded:
    """Record what an official decides, its record beside the event; it supersedes the one before. Raises InputError.

    It deviates where it departs from what the rules answer now, or from the proposal on which the party was heard.
    """
    name, value = named_outcome(asked.of, ruling.value)
    if name != asked.outcome:
        problem = f"`{name}` is not what this is decided on"
        raise InputError("wrong-outcome", problem, f"name a value of `{asked.outcome}`", Place("#/outcome"))
    state = office.streams.state(stream)
    earlier = str(state.values.get("decision") or state.values.get("proposal") or "")
    other = ruling.deviates or deviates(_answer(office, asked), name, value) or _unlike(office, state, name, value)
    given = {**ruling.fields, "decision": "-", "outcome": value, "deviates": other}
    given |= {"policies": list(ruling.policies)} if ruling.policies else {}
    if name == TIER:
        given[TIER] = value
    row = transition_of(office.streams.table(state.process), state.name, ruling.event)
    if row and COMPARED in row.needs:
        given[COMPARED] = _compared(asked, state.values.get("outcome"), value)
    act = replace(office.act(stream, ruling.event, given), computed=COMPUTED - set(ruling.fields))
    office.streams.require(act)
    given |= _rests_on(office, act, asked)
    full = _asked(office, asked, (name, value), str(ruling.fields.get("reasons", "")), earlier or None)
    made = prepare(office.streams.home, full)
    return _recorded(office, replace(act, fields={**given, "decision": made.entry.id}), made)


def _unlike(office: Office, state: State, name: str, value: str) -> bool:
    """Tell whether a value is another than the proposal on record; False where nothing was proposed."""
    told = str(state.values.get("proposal") or "")
    found = reading.record(office.streams.home.store, told) if told else None
    if found is None:
        return False
    proposed = canonical.loads(found.payload, "the record")["predicate"]["verdict"]["outcomes"].get(name)
    return proposed is None or bool(proposed["value"] != value)


def _compared(asked: Question, before: object, value: str) -> str:
    """Return how a value stands to the one decided before: `milder`, `same`, `harsher`, or `unknown`.

    The order is that of the values as the pack declares them, the mildest first, where the strictest prevails; an outcome of
    another kind has none, and of its values only the same one is known not to be harsher.
    """
    outcome = next(each for each in asked.of.rulebook.packs[asked.of.pack].doc.outcomes if each.id == asked.outcome)
    order = [each.id for each in outcome.values]
    if before == value:
        return "same"
    if outcome.combine != "strictest" or before not in order or value not in order:
        return "unknown"
    return "harsher" if order.index(value) > order.index(str(before)) else "milder"


def possible(statement: dict[str, Any], outcome: str) -> list[str]:
    """Return the values of an outcome that a decision's statement leaves possible."""
    found: list[str] = statement["predicate"]["verdict"]["outcomes"][outcome]["possible"]
    return found


def _answer(office: Office, asked: Question) -> Answer:
    """Return what the rules propose now, without the search for what would settle it."""
    filing = facts.filing_of(asked.of.rulebook, asked.values)
    return examine(asked.of.rulebook, asked.of.pack, filing, legal_day(office.now), search=False)[0]


def _asked(
    office: Office, asked: Question, outcome: tuple[str, str] | None = None, ground: str = "", supersedes: str | None = None
) -> Asked:
    return Asked(
        of=asked.of,
        release=office.release,
        values=asked.values,
        as_of=legal_day(office.now),
        now=office.now,
        by=office.by,
        filed_by=asked.filed_by,
        outcome=outcome,
        ground=ground,
        approved_by=office.second if outcome else None,
        supersedes=supersedes,
        stream=asked.stream,
        retention=asked.retention,
    )


def _recorded(office: Office, act: Act, made: Prepared) -> Recorded:
    return office.streams.perform(act, Beside([made.entry], made.blobs))
