"""Record events of streams, and read streams back.

An act is judged by the table in force and the state as it stands; the event, its fields and the stream's new row go down in one
durable group with whatever is recorded beside it, or nothing does. A refused attempt is recorded as an event of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from unicodedata import normalize

from engine.errors import FenjiError, InputError, Place, StoreError
from engine.evidence import canonical, events, facts
from engine.evidence.installation import Entry, Installation
from engine.evidence.keys import FileSigner, PublicKey
from engine.evidence.log import Log, new_id, stamp
from engine.evidence.note import Receipt
from engine.evidence.statement import actor_json
from engine.rulebook.days import legal_day
from engine.rulebook.model import Rulebook
from engine.store import streams as stored
from engine.supervise import filed, people, uscc
from engine.supervise.deadline import timed, too_soon
from engine.supervise.fields import HOLDER, WIDTHS, Given, given
from engine.supervise.judged import Vocabulary
from engine.supervise.state import Event, State, from_text
from engine.supervise.step import SECOND, Refusal, may_not, noted, role_of, step, transition_of
from schemas.lifecycle import BUILT_IN, RECOMPUTED, REFUSED, Lifecycle

MAX_NAME = 128
ATTEMPTS = 64  # how often an act is judged again when another event came first


@dataclass(frozen=True)
class Act:
    """What somebody does: an event of a stream with its fields, on a legal day (today, unless it is recorded later).

    `by` is None for what the rules do by themselves (role `system`). `expected` is the number of the last event that the actor
    saw; without it, an act that was overtaken is judged again on the newer state. `id` was reserved for the event before, so
    that whoever was cut off finds it; an attempt that is refused has one of its own. `computed` names the fields that the engine
    worked out: an act of a person that carries another field of that kind is refused.
    """

    stream: str
    process: str
    name: str
    by: PublicKey | None
    now: datetime
    fields: Mapping[str, Any] = field(default_factory=dict)
    on: date | None = None
    second: PublicKey | None = None
    expected: int | None = None
    id: str = ""
    computed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Beside:
    """What is recorded in the same group as an event, such as the decision that it is about."""

    entries: Sequence[Entry] = ()
    blobs: Iterable[tuple[str, bytes]] = ()


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recorded event: the stream after it, its statement and its receipt."""

    id: str
    state: State
    statement: dict[str, Any]
    receipt: Receipt


class Streams:
    """The streams of an installation under a rulebook; the log is kept open between events."""

    def __init__(self, home: Installation, rulebook: Rulebook) -> None:
        """Judge by the tables of `rulebook`."""
        self.home = home
        self.rulebook = rulebook
        self._pins: dict[str, tuple[str, bytes]] = {}
        self._log: tuple[str, Log] | None = None

    def table(self, process: str) -> Lifecycle:
        """Return a transition table. Raises InputError when there is none of that name."""
        found = self.rulebook.lifecycles.get(process)
        if found is None:
            known = ", ".join(sorted(self.rulebook.lifecycles)) or "none"
            raise InputError("unknown-process", f"no life cycle named `{process[:60]}`", f"there are {known}")
        return found

    def state(self, stream: str, process: str = "") -> State:
        """Return a stream as it stands, one of `process` where that is named. Raises InputError when there is none such."""
        row = stored.stream(self.home.store, stream)
        remedy = "`fenji case list`, `fenji pilot list` and `fenji incident list` show them"
        if process:
            remedy = f"`fenji case list --where process={process}` shows them"
        if row is None:
            raise InputError("no-such-stream", f"there is no {process or 'stream'} `{stream[:60]}`", remedy)
        if process and row.process != process:
            raise InputError("wrong-process", f"`{stream[:60]}` is a stream of `{row.process}`, not of `{process}`", remedy)
        return from_text(row.fold)

    def perform(self, act: Act, beside: Beside | None = None) -> Recorded:
        """Record an event. Raises InputError when it is refused, once the attempt is recorded; StoreError, SigningError."""
        return self.perform_all([act], beside)[0]

    def require(self, *acts: Act) -> None:
        """Refuse the first of acts that would be refused, and record the attempt; else nothing is recorded. Raises InputError."""
        found = self._together(acts)[-1]
        if found.refusal:
            self._record([found], None)
            raise refusal_error(found.refusal)

    def refuse(self, act: Act, error: FenjiError) -> None:
        """Record an attempt that was refused before its table was asked; one that its actor may not make is refused as such.

        Nothing is recorded where there is no such stream. Raises InputError when the actor may not do it, StoreError.
        """
        row = stored.stream(self.home.store, act.stream)
        if row is None or row.process != act.process:
            return
        table, state = self.table(act.process), self.standing(act)
        barred = may_not(table, state, self._event(table, state, act, Given()))
        finding = error.finding
        refusal = barred or Refusal(finding.code, f"{act.process}/{act.name}"[:200], finding.problem, finding.help)
        self._record([self._attempt(act, refusal)], None)
        if barred:
            raise refusal_error(barred) from None

    def perform_all(self, acts: Sequence[Act], beside: Beside | None = None) -> list[Recorded]:
        """Record events of different streams in one group: all of them, or none and the first attempt that is refused."""
        for attempt in range(ATTEMPTS):
            prepared = self._together(acts)
            refused = prepared[-1] if prepared[-1].refusal else None
            try:
                done = self._record([refused] if refused else prepared, None if refused else beside)
            except StoreError as error:
                if error.finding.code == "overtaken" and attempt + 1 < ATTEMPTS and all(act.expected is None for act in acts):
                    continue
                if error.finding.code != "duplicate" or refused:
                    raise
                claiming = next(each for each in prepared if each.event.subject)
                duplicate = _duplicate(claiming.act, stored.open_about(self.home.store, claiming.event.subject))
                self._record([self._attempt(claiming.act, duplicate)], None)
                raise refusal_error(duplicate) from None
            if refused and refused.refusal:
                raise refusal_error(refused.refusal)
            return done
        raise AssertionError  # the last attempt returns or raises

    # judging ----------------------------------------------------------------------------------------------------------

    def _together(self, acts: Sequence[Act]) -> list[_Prepared]:
        """Return acts as they would be recorded in one group, up to the first that is refused.

        What an act says of other streams is compared with these as they stand once the whole group is recorded.
        """
        found: list[_Prepared] = []
        for act in acts:
            found.append(self._prepared(act))
            if found[-1].refusal:
                return found
        after = {each.after.stream: each.after for each in found}
        look = filed.Look(self.home, self.rulebook.lifecycles, after, found[0].event.at)
        for place, each in enumerate(found):
            refusal = filed.barred(look, each.table, each.before, each.event)
            refusal = refusal or filed.refused(look, each.table, each.before, each.act.name, each.fields)
            if refusal:
                return [*found[:place], self._attempt(each.act, refusal)]
        return found

    def _prepared(self, act: Act) -> _Prepared:
        """Return an act as it would be recorded: as its event, or as a refused attempt, as far as its own stream tells."""
        table = self.table(act.process)
        state = self.standing(act)
        if act.expected is not None and act.expected != state.number:
            problem = f"the stream has {state.number} events, not {act.expected}"
            return self._attempt(act, Refusal("overtaken", f"{act.process}/{act.name}", problem, "look at it again"))
        fields = _typed(table, act) or self._given(table, act)
        fields = fields if isinstance(fields, Refusal) else self._judged(table, state, act, fields)
        if isinstance(fields, Refusal):
            return self._attempt(act, fields)
        if refused := self._own_second(state.holder or fields.open.get(HOLDER, ""), act):
            return self._attempt(act, refused)
        event = self._event(table, state, act, fields)
        after = step(table, state, event)
        if isinstance(after, Refusal):
            return self._attempt(act, after)
        if refused := too_soon(table, state, event, self.rulebook.calendar):
            return self._attempt(act, refused)
        # what the rules do by themselves names who was judged when a person announced it
        if act.by and (refused := people.refused(self.home, table, state, act.name, fields, event.at)):
            return self._attempt(act, refused)
        if act.by and (refused := people.other_side(self.home, table, event)):
            return self._attempt(act, refused)
        met = taken.clocks.met if (taken := transition_of(table, state.name, act.name)) else ()
        after = timed(table, after, self.rulebook.calendar, met)
        return _Prepared(act, table, event, state, after, fields)

    def _own_second(self, holder: str, act: Act) -> Refusal | None:
        """Refuse a second official who belongs to the party. Events tell the firm of the first alone, so no guard sees it."""
        if not (act.by and act.second and holder and "official" in act.by.holder.roles):
            return None
        if self._firm(act.second.holder.unit) != holder:
            return None
        problem = f"`{act.second.holder.sub}` belongs to the party"
        return Refusal("recusal", f"{act.process}/{act.name}#recusal", problem, "an official of another body signs as second")

    def _firm(self, unit: str) -> str:
        """Return the keyed hash of the firm that a unit is, `` when it is none."""
        firm = uscc.tidy(unit)
        return self.home.keyed("company", firm) if not uscc.fault(firm) else ""

    def _given(self, table: Lifecycle, act: Act) -> Given | Refusal:
        """Return the fields of an act as they are recorded. Events of every stream happen by themselves, or not at all.

        Somebody answers for what is recorded under rules that were never published; the engine alone works out what that is.
        """
        if act.name not in BUILT_IN:
            return given(table, act.name, act.fields, self.home.keyed)
        answered_for = act.name == RECOMPUTED and act.computed == act.fields.keys() == {"release"}
        if act.by and not answered_for:
            problem = f"`{act.name}` happens by itself"
            return Refusal("no-transition", f"{table.id}/{act.name}", problem, "name an event of the table")
        return Given(dict(act.fields), names=frozenset(act.fields))

    def _judged(self, table: Lifecycle, state: State, act: Act, said: Given) -> Given | Refusal:
        """Return the fields with what they say of facts to be judged as the vocabulary writes it, or a refusal."""
        if not any(each.names or each.value_of for each in table.fields):
            return said
        row = stored.stream(self.home.store, str(said.open.get("filing") or state.values.get("filing") or ""))
        pack = str(from_text(row.fold).values.get("pack", "")) if row else ""
        return Vocabulary(self.rulebook, pack).read(table, state, act.name, said)

    def standing(self, act: Act) -> State:
        """Return the state of an act's stream, an empty one before it begins. Raises InputError for a name that none can have."""
        if not (act.stream.isprintable() and 0 < len(act.stream) <= MAX_NAME):
            problem = f"a stream is not named {act.stream[:60]!a}"
            raise InputError("no-such-stream", problem, f"a name has 1 to {MAX_NAME} printable characters")
        row = stored.stream(self.home.store, act.stream)
        state = from_text(row.fold) if row else State(act.stream, act.process)
        if state.process != act.process:
            problem = f"`{act.stream[:60]}` is a stream of `{state.process}`, not of `{act.process}`"
            raise InputError("wrong-process", problem, f"name it as one of `{state.process}`")
        return state

    def _attempt(self, act: Act, refusal: Refusal) -> _Prepared:
        """Return the event that says that an attempt was refused, and by which rule."""
        table, state = self.table(act.process), self.standing(act)
        fields = Given({"attempted": act.name[:64], "code": refusal.code, "rule": refusal.rule[:200]})
        event = self._event(table, state, replace(act, name=REFUSED, on=None, second=None), fields)
        alone = replace(act, second=None, id="")  # whoever was to sign as second has not
        return _Prepared(alone, table, event, state, noted(state, event), fields, refusal)

    def _event(self, table: Lifecycle, state: State, act: Act, fields: Given) -> Event:
        holder, unit = (act.by.holder, act.by.holder.unit) if act.by else (None, "")
        told = legal_day(act.now).isoformat()
        transition = transition_of(table, state.name, act.name)
        unique = transition.unique if transition else []
        return Event(
            name=act.name,
            by=holder.sub if holder else "",
            roles=holder.roles if holder else ("system",),
            unit=unit,
            on=act.on.isoformat() if act.on else told,
            told=told,
            at=stamp(act.now),
            values=fields.open,
            given=fields.names,
            second=act.second.holder.sub if act.second else "",
            second_roles=act.second.holder.roles if act.second else (),
            second_unit=act.second.holder.unit if act.second else "",
            own=self._firm(unit),
            holder=fields.open.get(HOLDER, ""),
            subject=self._subject(table, unique, fields) if unique else "",
        )

    def _subject(self, table: Lifecycle, unique: list[str], fields: Given) -> str:
        """Return the keyed hash of what no second open stream of the table, or of all arms of its outcome, may have."""
        of_facts = {each.id for each in table.fields if each.type == "facts"}
        said = fields.open | fields.sealed
        values = [self._asked(fields, name) if name in of_facts else said.get(name) for name in unique]
        plain = [_plainly(each) if isinstance(each, str) else each for each in values]
        of = f"arm:{table.arm.outcome}" if table.arm else table.id
        return self.home.keyed("subject", canonical.encode([of, *plain]).decode())

    def _asked(self, fields: Given, name: str) -> dict[str, Any]:
        """Return the facts of a field but for the days in them: what is asked again on another day is the same."""
        head, known = f"{name}:", self.rulebook.facts
        stated = {fact.removeprefix(head): value for fact, value in fields.sealed.items() if fact.startswith(head)}
        days = {fact for fact in stated if (declared := known.get(fact.rpartition("/")[2])) and declared.type == "date"}
        return {fact: value for fact, value in stated.items() if fact not in days}

    # recording --------------------------------------------------------------------------------------------------------

    def _record(self, prepared: list[_Prepared], beside: Beside | None) -> list[Recorded]:
        at = prepared[0].event.at
        entries = [self._entry(each) for each in prepared]
        others = list(beside.entries) if beside else []
        blobs = dict(self._pin(each.table) for each in prepared)
        blobs.update(beside.blobs if beside else ())
        group = [*others, *(entry for entry, _ in entries)]
        published = self.home.record(group, blobs.items(), self._opened(at))
        return [
            Recorded(entry.id, each.after, value, published.receipt(len(others) + place))
            for place, (each, (entry, value)) in enumerate(zip(prepared, entries, strict=True))
        ]

    def _entry(self, each: _Prepared) -> tuple[Entry, dict[str, Any]]:
        disclosed = facts.disclosures(each.fields.sealed)
        predicate = self._predicate(each, facts.commitments(disclosed))
        payload = events.statement(predicate)
        name, number = predicate["stream"], predicate["number"]
        entry = Entry(
            predicate["event_id"],
            "event",
            payload,
            each.event.at,
            self._signers(each.act),
            facts=facts.write(disclosed) if disclosed else b"",
            event=(name, number),
            projection=events.projection(predicate, each.after.opened, each.after.text()),
        )
        return entry, predicate

    def _predicate(self, each: _Prepared, commitments: list[str]) -> dict[str, Any]:
        state, event, act = each.after, each.event, each.act
        transition = transition_of(each.table, each.before.name, event.name)
        role = role_of(transition, event) if transition else None
        met = transition.clocks.met if transition else ()
        by = actor_json(act.by.holder, role or event.roles[0], act.by.keyid) if act.by else None
        second = actor_json(act.second.holder, SECOND, act.second.keyid) if act.second else None
        return {
            "event_id": act.id or new_id(act.now),
            "stream": state.stream,
            "number": state.number,
            "process": state.process,
            "table_sha256": self._pin(each.table)[0],
            "name": event.name,
            "from": each.before.name,
            "to": state.name,
            "on": event.on,
            "at": event.at,
            "by": by,
            "second": second,
            "effect": transition.effect if transition else "advisory",
            "basis": [source.cited for source in transition.sources] if transition else [],
            "values": dict(event.values),
            "given": sorted(event.given),
            "own": event.own,
            "input_commitments": commitments,
            "dues": {run.clock: [run.soonest, run.due] for run in state.clocks if run.stopped is None or run.clock in met},
            "shows": shown(state),
            "state_sha256": canonical.sha256(state.text().encode()),
        }

    def _signers(self, act: Act) -> tuple[FileSigner, ...]:
        return tuple(self.home.signer(key) for key in (act.by, act.second) if key)

    def _pin(self, table: Lifecycle) -> tuple[str, bytes]:
        if table.id not in self._pins:
            data = canonical.dumps(table.model_dump(mode="json", by_alias=True, exclude_defaults=True))
            self._pins[table.id] = (canonical.sha256(data), data)
        return self._pins[table.id]

    def _opened(self, at: str) -> Log:
        """Return the log, opened anew each day, so that keys come and go."""
        if self._log is None or self._log[0] != at[:10]:
            self._log = (at[:10], self.home.log(at))
        return self._log[1]


@dataclass(frozen=True)
class _Prepared:
    """An act that was judged: the event as it is recorded, and the state before and after it."""

    act: Act
    table: Lifecycle
    event: Event
    before: State
    after: State
    fields: Given
    refusal: Refusal | None = None


def shown(state: State) -> dict[str, Any]:
    """Return what a stream shows in a queue."""
    columns = {name: str(state.values.get(name, "")) for name in WIDTHS}
    closed = state.closed or not state.name  # a stream whose opening was refused waits for nobody
    return {**columns, "closed": closed, "holder": state.holder, "subject": state.subject, "due": state.due}


def refusal_error(refusal: Refusal) -> InputError:
    """Return the error of a refusal; its place is the rule that refuses."""
    basis = "; ".join(source.cited for source in refusal.sources)
    remedy = f"{refusal.help} ({basis})" if basis else refusal.help
    return InputError(refusal.code, refusal.problem, remedy, Place(refusal.rule), basis)


def _plainly(text: str) -> str:
    """Return a name without spaces, widths and case: written otherwise it is the same (NFKC, Unicode Standard Annex 15)."""
    return "".join(normalize("NFKC", text).split()).casefold()


def _typed(table: Lifecycle, act: Act) -> Refusal | None:
    """Return the refusal of a field that a person typed and the engine works out, such as whether a decision deviates."""
    computed = {each.id for each in table.fields if each.computed} - act.computed
    name = next((each for each in act.fields if each in computed), None) if act.by else None
    if name is None:
        return None
    return Refusal(
        "computed-field",
        f"{table.id}/{act.name}#{name}",
        f"`{name}` of `{act.name[:64]}` is not typed: the filing says it, or the rules do",
        "leave it out",
    )


def _duplicate(act: Act, open_: str) -> Refusal:
    """Return the refusal of a second open stream about the same, which names the first: it is of the same firm."""
    rule = f"{act.process}/{act.name}#unique"
    problem = f"the open stream `{open_}` is about the same" if open_ else "an open stream is about the same"
    return Refusal("duplicate", rule, problem, "go on with that one, or withdraw it first")


def history(home: Installation, stream: str) -> list[dict[str, Any]]:
    """Return the predicates of a stream's events, oldest first. Raises EvidenceError, StoreError."""
    return [json.loads(each.payload)["predicate"] for each in stored.events(home.store, stream)]
