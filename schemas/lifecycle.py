"""Shapes of life cycles: the transition tables of filings, cases, requests, registers and pilots, as their authors write them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from schemas.rulebook import Effect, Origin, Shape, Source, Text, Value

Role = Literal["admin", "official", "enterprise", "auditor", "observer", "system"]
Binds = Literal["office", "party", "perhaps", "nobody"]
FieldType = Literal[
    "text", "texts", "date", "moment", "int", "bool", "choice", "hash", "id", "company", "person", "persons", "files", "facts",
    "document", "faults",
]  # fmt: skip
GuardName = Literal[
    "once", "done", "not_done", "other_person", "impartial", "own_holder", "second", "given_if", "asked_unit", "lead_unit",
    "all_asked",
    "heard", "overdue", "not_overdue", "equals", "fewer_than", "same", "only_if", "new_value", "known_value", "not_future",
    "same_person", "reveals", "ended", "among", "tells_whether_differ", "lasts", "extends_by", "not_longer", "within_months",
    "owed", "none_runs", "reached", "official_if", "for_party", "same_unit", "other_unit", "ended_or_done", "not_before",
    "takes_part", "spares", "extends_within", "not_sooner", "since_day", "answer_stands", "day_over", "not_both", "in_charge",
    "settled", "second_unless", "tells_owed", "at_least", "on_the_day", "told_late", "possible_way", "rules_out",
    "not_earlier", "office_ends", "recused_by_body", "own_side", "named_unit", "kept",
]  # fmt: skip
MAX_COUNT = 2**53 - 1  # the largest that canonical JSON keeps exactly
SAME = "="  # as `to`: the state stays
# events of every stream, whatever its table says, done by nobody: an attempt that was refused, ends of clocks after a new notice
# of days off, an answer that changed facts or rules have moved; none of them leads to another state
REFUSED, RECOMPUTED, DRIFTED = "refused", "recomputed", "drifted"
BUILT_IN = frozenset({REFUSED, RECOMPUTED, DRIFTED})


class Limit(Shape):
    """How long a clock runs, the first day not counted; where it `rolls`, a last day that is a day off moves to a working day.

    `until` names the open date of the stream on which it ends.
    """

    hours: int = Field(default=0, ge=0, le=10_000)
    days: int = Field(default=0, ge=0, le=10_000)
    working_days: int = Field(default=0, ge=0, le=1_000)
    months: int = Field(default=0, ge=0, le=1_200)
    until: str = ""
    rolls: bool = False

    @model_validator(mode="after")
    def _one(self) -> Limit:
        if sum(bool(part) for part in (self.hours, self.days, self.working_days, self.months, self.until)) != 1:
            message = "a limit is a number of hours, days, working_days or months, or `until` a day: one of them"
            raise ValueError(message)
        return self


class StateDecl(Shape):
    """A state; after a `final` one nothing happens any more."""

    id: str
    label: Text
    final: bool = False


class FieldDecl(Shape):
    """What an event may carry. `open` fields stand in the log in clear; all others are commitments, their values sealed.

    Open fields named as a column of the queue (`unit`, `district`, `tier`, `assignee`) fill it; `holder` is the party, found
    by its keyed hash. A `collect` field keeps every value given, not the last; one of texts adds those that are new. A date is
    not before the event `not_before`. A whole number counts: it is not negative, and at `most` that. What is `computed` comes
    from the engine: nobody types it. A date that has `not_past` lies not before the legal day of its event. `in_filing` says
    what of the filing that the stream is about the value names: a `version` that was submitted, a `paper` of the party, by its
    hash, that was filed with it (each of several `files`), in an opening the `unit` that received it, or an open `case` of it, of
    another arm where a case names it. `names` says that the value names a fact to be judged, of those that the pack of the filing
    reads; `value_of` is the field whose fact has the value, as a filing would state it.
    """

    id: str
    label: Text
    type: FieldType
    open: bool = False
    collect: bool = False
    computed: bool = False
    values: list[Value] = Field(default_factory=list)
    not_before: str = ""
    not_past: bool = False
    in_filing: Literal["", "version", "paper", "unit", "case"] = ""
    names: Literal["", "judgement"] = ""
    value_of: str = ""
    most: int = Field(default=MAX_COUNT, ge=1, le=MAX_COUNT)


class GuardDecl(Shape):
    """A condition on a transition: a named test of the engine with the names it is about, and why it is asked."""

    id: str
    is_: GuardName = Field(alias="is")
    of: list[str] = Field(default_factory=list)
    title: Text
    origin: Origin
    sources: list[Source] = Field(default_factory=list)


class ClockDecl(Shape):
    """A limit of time that transitions start, pause, resume and stop.

    One that `prolongs` others goes on where the one that was running ends: its limit is added to theirs, in the same unit, from
    their start and with their pauses. `binds` says who is late once it is over: the office that leads the stream, the party,
    `perhaps` the party where facts that are open decide whether it owes anything, or nobody, as after a time in which one may
    object, or a term.
    """

    id: str
    title: Text
    limit: Limit
    prolongs: list[str] = Field(default_factory=list)
    binds: Binds = "office"
    origin: Origin
    sources: list[Source] = Field(default_factory=list)


class ClockEffects(Shape):
    """What a transition does to clocks, by their ids; stopped and paused ones need not run.

    One that is to `start` ends its earlier run; one that is to `begin` goes on where it has not been stopped, and one that is to
    `rerun` starts where it ever has. `named` is a field of names: those of them that are clocks begin, unless they ever have.
    `told` is one whose names stop. `since` is the field of the moment, or of the day, at which all this happens; without it, it
    is when the event is recorded. Of clocks in `again` the run goes on that was ended when the last one started, as if it had not
    been; the last one does itself where it started on the day that the stream has marked in the field named beside the clock: it
    is then no run of what falls away.
    """

    start: list[str] = Field(default_factory=list)
    begin: list[str] = Field(default_factory=list)
    rerun: list[str] = Field(default_factory=list)
    pause: list[str] = Field(default_factory=list)
    resume: list[str] = Field(default_factory=list)
    stop: list[str] = Field(default_factory=list)
    named: str = ""
    told: str = ""
    since: str = ""
    met: dict[str, str] = Field(default_factory=dict)
    again: dict[str, str] = Field(default_factory=dict)


class Window(Shape):
    """The last so many working days before an open day of the stream: an event is done in them, and not sooner."""

    before: str
    working_days: int = Field(ge=1, le=1_000)


class Transition(Shape):
    """One row of a table: in these states, on this event, by these roles, to that state - with what effect, on what basis.

    No `from` opens a stream; a `to` of `=` stays. `needs` are fields that must be given, `may` others that can be; `unique` names
    fields whose values no second open stream of the table may have, of facts all but the days; an event that `frees` lets another
    stream have them from then on. Of the fields in `anew` the stream keeps no earlier value: what the event does not give is not
    known after it; the events in `forgets` count as not yet done from then on, as opinions do that were given on other facts: the
    history keeps them. Of the collected fields in `drops` the stream forgets the value that the event states, or each of several,
    as of a use that is taken back: nobody takes it back twice. `after` names an open date of the stream: once that day has passed
    the event happens by itself, and never earlier. `cases_closed` says that it waits until every case on the filing is closed.
    What is `receiving` officials do only of the unit that received the filing, or of one that leads a case on it.

    `instead` maps events to states: where such an event has happened and was not forgotten, the transition leads there, the first
    that fits, and not to `to`; so a case that is taken up again comes back to where it stood. `asks` maps events to fields of
    units: the units that this event names there count as not having done that one, and do it (again). What `brings` something
    names a version of the filing later than that of the stream, or a paper filed since the stream came to its state. What happens
    `within` a window is refused while it has not come, as far as the calendar knows. Of the fields that it `marks` the stream
    notes the values after it; one that `restores` fields brings back their values of the last mark: what was not known then is
    not known again.
    """

    event: str
    from_: list[str] = Field(default_factory=list, alias="from")
    to: str
    title: Text
    role: list[Role] = Field(min_length=1)
    effect: Effect
    authority: str = ""
    origin: Origin
    sources: list[Source] = Field(default_factory=list)
    guards: list[str] = Field(default_factory=list)
    needs: list[str] = Field(default_factory=list)
    may: list[str] = Field(default_factory=list)
    unique: list[str] = Field(default_factory=list)
    frees: bool = False
    anew: list[str] = Field(default_factory=list)
    forgets: list[str] = Field(default_factory=list)
    drops: list[str] = Field(default_factory=list)
    instead: dict[str, str] = Field(default_factory=dict)
    asks: dict[str, str] = Field(default_factory=dict)
    brings: bool = False
    marks: list[str] = Field(default_factory=list)
    restores: list[str] = Field(default_factory=list)
    after: str = ""
    within: Window | None = None
    cases_closed: bool = False
    receiving: bool = False
    clocks: ClockEffects = ClockEffects()
    note: Text | None = None


class Way(Shape):
    """An opening of a table that takes a way of its own: the answers that lead to it, and those that it goes `beyond`.

    Who is asked for less by law may do more: beyond the answer the party itself goes by its own choice, and never the office.
    """

    event: str
    route: str
    values: list[str] = Field(min_length=1)
    beyond: list[str] = Field(default_factory=list)


class Arm(Shape):
    """Which answers of the rules lead to a table: values of an outcome. Opened on any other answer, a case deviates from it.

    A table with several openings names the answers of each as `ways`. A filing stands in one open case of an outcome at a time.
    """

    outcome: str
    values: list[str] = Field(default_factory=list)
    ways: list[Way] = Field(default_factory=list)

    @model_validator(mode="after")
    def _either(self) -> Arm:
        if bool(self.values) == bool(self.ways):
            message = "an arm names the answers that lead to it, as `values` or by opening as `ways`: one of them"
            raise ValueError(message)
        return self


class Lifecycle(Shape):
    """A transition table, one file; an `arm` of supervision opens as the answer to the filing leads to it."""

    id: str
    title: Text
    kind: Literal["filing", "case", "request", "register", "pilot"]
    arm: Arm | None = None
    states: list[StateDecl] = Field(min_length=1)
    fields: list[FieldDecl] = Field(default_factory=list)
    guards: list[GuardDecl] = Field(default_factory=list)
    clocks: list[ClockDecl] = Field(default_factory=list)
    transitions: list[Transition] = Field(min_length=1)
    note: Text | None = None
