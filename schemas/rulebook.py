"""Shapes of the rulebook's files, as their authors write them."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")


class Shape(BaseModel):
    """A frozen shape that refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)


def _date(value: object) -> object:
    if not isinstance(value, str):
        return value
    if not _DATE.match(value):
        message = "a date is written YYYY-MM-DD"
        raise ValueError(message)
    return date.fromisoformat(value)


Day = Annotated[date, BeforeValidator(_date)]


class Text(Shape):
    """A text in both languages."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def get(self, lang: str) -> str:
        """Return the text in `zh` or `en`."""
        return self.zh if lang == "zh" else self.en


class Period(Shape):
    """Days from `start` to `end`, both included; no end means still open."""

    start: Day
    end: Day | None = None

    @model_validator(mode="before")
    @classmethod
    def _parse(cls, value: Any) -> Any:
        if isinstance(value, str):
            start, dots, end = value.partition("..")
            if not dots:
                message = "a period is written `2024-03-22..` or `2024-03-22..2024-12-31`"
                raise ValueError(message)
            return {"start": start, "end": end or None}
        return value

    @model_validator(mode="after")
    def _ordered(self) -> Period:
        if self.end is not None and self.end < self.start:
            message = "the period ends before it starts"
            raise ValueError(message)
        return self

    def __contains__(self, day: date) -> bool:
        """Tell whether `day` lies in the period."""
        return self.start <= day and (self.end is None or day <= self.end)

    def __str__(self) -> str:
        """Render as it is written."""
        return f"{self.start}..{self.end or ''}"


Effect = Literal["statutory", "agreed", "owner", "advisory"]
Origin = Literal["law", "plan", "analogy", "design"]
Read = Literal["official", "mirror", "secondary", "recalled"]


class Source(Shape):
    """Where a rule comes from: instrument, article, and how its text was read."""

    instrument: str
    article: str = ""
    read: Read
    note: Text | None = None

    @property
    def cited(self) -> str:
        """The source as `instrument article`."""
        return f"{self.instrument} {self.article}".strip()

    @property
    def verified(self) -> bool:
        """Only an official text or its mirror counts as verified."""
        return self.read in ("official", "mirror")


Enacted = Literal["law", "regulation", "department_rule", "local_regulation", "local_rule", "local_normative"]
Rank = Literal[Enacted, "normative", "standard", "guidance", "foreign", "agreement"]


class Instrument(Shape):
    """A legal instrument: title, rank, issuer, dates, whether it binds, and what it leaves to the discretion of whom."""

    id: str
    title: Text
    number: Text | None = None
    rank: Rank
    binding: bool
    in_force: Period | None = None
    status: Literal["in_force", "draft"] = "in_force"
    issuer: str = ""
    address: str = ""
    discretion: dict[str, list[str]] = {}  # by article, the bodies that hold it


class Instruments(Shape):
    """A file of instruments."""

    instruments: list[Instrument]


class Authority(Shape):
    """A public body under its name of a time."""

    id: str
    title: Text
    valid: Period
    note: Text | None = None


class Authorities(Shape):
    """The file of authorities."""

    authorities: list[Authority]


class Due(Shape):
    """When a duty falls due: by a fixed day, before a day, or an offset after one, the last day included; or on that day.

    `done` is the fact that says when it was done: a date, or for hours the hours it took. `since` counts the hours passed.
    `took` is the number of hours that it took where the offset is one of days: they bound the day to within one.
    What starts the offset may come after `after`: then it counts from the date `later`, unless `at_once_when` holds.
    """

    by: Day | None = None
    before: str = ""
    after: str = ""
    hours: int = Field(default=0, ge=0, le=10_000)
    days: int = Field(default=0, ge=0, le=10_000)
    working_days: int = Field(default=0, ge=0, le=1_000)
    months: int = Field(default=0, ge=0, le=1_200)
    since: str = ""
    done: str = ""
    took: str = ""
    later: str = ""
    at_once_when: str = ""


Phase = Literal["before_launch", "at_launch", "running", "yearly", "at_end", "on_event"]
Owner = Literal["management", "legal", "product", "algorithm", "data_protection", "security", "quality", "operations"]


class Duty(Shape):
    """What a duty asks: in which phase, of whom in the firm, until when, and how it is proved met or breached.

    Without an `authority` that of the rule stands. What no condition proves is not proven; by `undone_when` the firm did nothing.
    """

    phase: Phase
    owner: Owner
    authority: str = ""
    due: Due | None = None
    satisfied_when: str = Field(min_length=1)
    breached_when: str = ""
    undone_when: str = ""
    lasts: str = ""  # as long as one of the pack's `lasting`, or `itself`: until it is done, whatever else has ended


class Lasting(Shape):
    """What duties last as long as: a service, the data of it. It is over after the day `over_on`, once `over_when` holds.

    `months` is how much longer than that day the duties last. `begun_on` is the day before which there is nothing to end.
    """

    id: str
    title: Text
    over_when: str = Field(min_length=1)
    over_on: str = Field(min_length=1)
    begun_on: str = ""
    months: int = Field(default=0, ge=0, le=1_200)


class Conflict(Shape):
    """Two regimes that answer differently: both are shown, and a human decides."""

    between: list[str]
    to: Text


Says = Literal["", "refuse", "oblige", "permit", "duty", "human"]
Act = Literal["permit", "entitle", "penalise", "prohibit", "suspend", "bar"]


class Value(Shape):
    """One value of an enum, a set or an outcome; a value of a union may be a duty or a conflict of regimes.

    `request` is what it says to a request for data: it refuses, obliges to share, permits, permits under a duty, needs a human.
    `act` says what an outcome's value would do to the firm, where it is more than advice: whoever gives it needs the power.
    """

    id: str
    label: Text
    act: Act | None = None
    duty: Duty | None = None
    conflict: Conflict | None = None
    request: Says = ""


class Fact(Shape):
    """A fact that a filing may state."""

    id: str
    type: Literal["bool", "int", "decimal", "enum", "set", "date"]
    label: Text
    question: Text
    help: Text | None = None
    unit: str = ""
    min: int | Day | None = None
    max: int | Day | None = None
    places: int = Field(default=0, ge=0, le=9)
    values: list[Value] = []
    applies_when: str = ""
    past: bool = False  # a day of what has happened, never after that of the answer
    kind: Literal["fact", "judgement", "agreement"] = "fact"  # an agreement is a term that both sides signed
    personal_data: Literal["none", "personal", "sensitive"] = "none"
    secrecy: Literal["public", "business"] = "business"
    supplied_by: Literal["enterprise", "authority", "third_party"] = "enterprise"
    evidence: list[Text] = []


class ListDecl(Shape):
    """A list that a filing may contain; its item facts begin with its name."""

    id: str
    label: Text
    question: Text
    min: int = Field(default=0, ge=0, le=1)


class Constraint(Shape):
    """A condition that holds in every filing, among facts that apply."""

    id: str
    on: str = ""
    always: str
    message: Text


class Unit(Shape):
    """What a number counts, as it is said after the number; `one` is the English singular."""

    id: str
    label: Text
    one: str = ""


class Topic(Shape):
    """A file of the vocabulary."""

    topic: str
    title: Text
    units: list[Unit] = []
    lists: list[ListDecl] = []
    facts: list[Fact]
    constraints: list[Constraint] = []


class Row(Shape):
    """A row of a table: keys left out match everything; `unknown` is law whose text was not read."""

    when: dict[str, str | bool] = {}
    is_: str = Field(alias="is")
    why: Text | None = None
    sources: list[Source] = []


class TableVersion(Shape):
    """The rows of a table on the days of `valid`."""

    valid: Period
    rows: list[Row]
    otherwise: str


class Gives(Shape):
    """What a table gives: values of its own with their labels, or those of an enum fact."""

    values: list[str] = []
    labels: dict[str, Text] = {}
    fact: str = ""


class Table(Shape):
    """A look-up table."""

    id: str
    title: Text
    keys: list[str]
    gives: Gives
    sources: list[Source]
    versions: list[TableVersion]


class DerivedVersion(Shape):
    """The definition of a derived fact on the days of `valid`."""

    valid: Period
    is_: str = Field(alias="is")
    gap: bool = False


class Derived(Shape):
    """A fact computed from others."""

    id: str
    type: Literal["bool", "int"]
    unit: str = ""
    label: Text
    sources: list[Source] = []
    versions: list[DerivedVersion]


class Floor(Shape):
    """The value of an outcome when no rule applied, with its own source."""

    valid: Period
    value: str
    effect: Effect
    sources: list[Source]


class Outcome(Shape):
    """A question that the pack answers, and how rule results combine into the answer; no overlay moves one that is `fixed`."""

    id: str
    title: Text
    combine: Literal["strictest", "union", "unique"]
    lists: Literal["answers", "flaws"] = "answers"  # flaws are what the pre-check of papers shows
    request: Says = ""  # what each of its values says to a request, unless the value says otherwise
    values: list[Value]
    floor: list[Floor] = []
    fixed: bool = False


class GoesTo(Shape):
    """Where an undetermined outcome goes, with clause and basis."""

    outcome: str
    to: Text
    basis: Origin
    sources: list[Source]


class Note(Shape):
    """A remark shown with every answer dated within `valid`."""

    id: str
    valid: Period
    text: Text


DATA_SET = "request.data_set"  # the fact: which data set an item belongs to, `owner/data-set` of the register, or `other`


class DataSet(Shape):
    """A register entry: one data set of one owner; `facts` are its class, level and personal data in words of the vocabulary."""

    owner: Text
    catalogue: str = Field(pattern=r"\S")
    source: Text
    licence: Text
    facts: dict[str, Any] = {}


Tally = Literal["incidents", "rising", "breaches", "repeats", "complaints", "downtime"]
Counted = Literal[Tally, "subjects", "overdue", "uninsured", "budget"]


class Monitor(Shape):
    """What is watched while a pilot runs: a counter, the number from which it holds, and what is then proposed.

    `grade` is the least grade counted, `kind` the kind of breach, `days` the days looked back (0: the whole pilot). The number
    is `at_least`, or one more than the cap or a line of the budget (`beyond`); `per_thousand` counts for a thousand subjects.

    incidents   within the days                        rising     incidents within the days, less those of as many days before
    breaches    of a kind                              repeats    most breaches of any one kind
    complaints  within the days                        downtime   minutes within the days
    subjects    taking part                            overdue    whole hours since the clock of a report ended; -1 before
    uninsured   whole days since cover ended; -1 before    budget  percent of the tolerance budget used, its scarcest line
    """

    id: str
    title: Text
    counts: Counted
    grade: str = ""
    kind: str = ""
    days: int = Field(default=0, ge=0, le=3_660)
    per_thousand: bool = False
    at_least: int | None = None
    beyond: str = ""
    proposes: Literal["warn", "rectify", "pause", "terminate"]
    effect: Effect
    origin: Origin
    sources: list[Source]


class Pack(Shape):
    """A pack: the outcomes, derived facts and clauses that its rules share; over a data set, an owner's policy."""

    id: str
    title: Text
    covers: Period
    date: str = "as_of"
    decides: Literal["tier", "review", "crossborder", "share", "pilot", "event"] = "review"
    applies_when: str = ""  # in an assessment over all packs; a filing that states the pack's own date or list asserts it
    begins: str = ""  # the date before which what it regulates does not exist: duties of launch and of running wait for it
    lasting: list[Lasting] = []
    shares_when: str = ""  # for which items of a request the pack is consulted; never without it
    data_set: DataSet | None = None  # only in an owner's policy
    derived: list[Derived] = []
    proofs: list[Derived] = []  # derived facts that the duties' conditions share
    outcomes: list[Outcome]
    goes_to: list[GoesTo] = []
    notes: list[Note] = []
    graded_by: str = ""  # the outcome whose values are the grades of incidents that monitors count
    monitors: list[Monitor] = []


class Retention(Shape):
    """A class of records and how many years they are kept, at least."""

    id: str
    years: int = Field(ge=1, le=100)
    basis: str
    note: Text


class RuleOrigin(Shape):
    """Where the factor comes from and where its effect comes from."""

    factor: Origin
    effect: Origin


class RuleVersion(Shape):
    """A rule as it stood on the days of `valid`."""

    valid: Period
    when: str
    then: dict[str, str | list[str]]
    gap: bool = False
    sources: list[Source] = []


class Case(Shape):
    """A rule's own example: facts of a day and what the rule does."""

    name: str
    on: Day
    facts: dict[str, Any] = {}
    expect: Literal["applies", "not", "unknown", "overridden"]
    outcomes: dict[str, str | list[str]] = {}
    missing: list[str] = []


class Rule(Shape):
    """One rule, one file."""

    title: Text
    on: str = ""
    effect: Effect
    authority: str = ""
    origin: RuleOrigin
    date: str = ""
    overrides: list[str] = []
    principle: Literal["", "special_over_general", "later_over_earlier", "higher_over_lower"] = ""
    sources: list[Source]
    versions: list[RuleVersion] = Field(min_length=1)
    cases: list[Case] = []
    note: Text | None = None
