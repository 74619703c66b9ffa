"""What is told of data sets and their terms, of uses under a grant, and of registers of transfers abroad."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel

from schemas.http.streams import Changed, Next, Words
from schemas.rulebook import Effect, Source


class Publication(BaseModel):
    """A publication: its record in the log, the hash of its files, which a grant binds, and since when it is known."""

    id: str
    known: str
    sha256: str
    leaf: int
    unit: str


class Entry(BaseModel):
    """A data set in a list."""

    name: str
    title: Words
    owner: Words
    catalogue: str
    covers: str
    sha256: str
    known: str


class DataSet(Entry):
    """A register entry: class, level and personal data are `facts` of the vocabulary. The last publication is the newest one."""

    source: Words
    licence: Words
    facts: dict[str, Any]
    outcomes: list[str]
    publications: list[Publication]


class Term(BaseModel):
    """A term as it stands on a day: when it applies, what it says then, with what effect on what source."""

    term: str
    title: Words
    valid: str
    effect: Effect
    when: str
    then: dict[str, str | list[str]]
    overrides: list[str]
    sources: list[Source]
    sha256: str


class Terms(BaseModel):
    """The terms of a data set in force on a day, as known on a day."""

    name: str
    as_of: str
    sha256: str
    known: str
    terms: list[Term]


class Compared(BaseModel):
    """A use, and how it stands to its grant: the limits that it passes, and those that what is not told leaves open."""

    use: str
    date: str
    times: int
    purpose: str | None
    items: list[str] | None
    records: int | None
    passed_to: list[str] | None
    verdict: Literal["within", "beyond", "open"]
    beyond: list[str]
    open: list[str]


class Grant(BaseModel):
    """What was granted; `policies` are the owners' terms by name and hash."""

    purposes: list[str] | None
    items: list[str] | None
    start: str | None
    end: str | None
    uses: int | None
    records: int | None
    onward: list[str]
    policies: list[str]


class Ledger(BaseModel):
    """A grant, its uses compared with it, and the facts that they make for the next request."""

    grant: Grant
    uses: list[Compared]
    facts: dict[str, Any]


class Used(Changed):
    """A recorded use, and how it stands to its grant."""

    compared: Compared


class Interval(BaseModel):
    """How many persons: at least, and at most; null where nothing bounds them."""

    at_least: int
    at_most: int | None


class Counts(BaseModel):
    """Distinct persons by kind."""

    general: Interval
    sensitive: Interval


class Meaning(BaseModel):
    """What a transfer means in its year: counts and routes without it and with it, and whether it crosses a threshold."""

    transfer: str
    date: str
    before: Counts
    after: Counts
    route_before: dict[str, list[str]]
    route_after: dict[str, list[str]]
    crosses: dict[str, Literal["yes", "maybe", "no"]]


class Registered(BaseModel):
    """A recorded event of a register; its statement holds keys of persons and is not told. `meaning` is that of a transfer."""

    id: str
    process: str
    state: str
    number: int
    closed: bool
    due: str | None
    event: str
    receipt: str
    meaning: Meaning | None = None


class Keyed(Interval):
    """Persons of a kind in a flow; `keys` tells whether they were named."""

    keys: bool


class FlowShown(BaseModel):
    """A flow of a transfer, and whether it counts towards the volumes."""

    id: str
    counted: Literal["yes", "no", "unknown"]
    general: Keyed
    sensitive: Keyed


class TransferShown(BaseModel):
    """A transfer that stands in a register; one said to be of new persons `repeats` another when their keys show one in both."""

    transfer: str
    date: str
    fresh: bool
    repeats: str | None
    under: str | None
    routes: list[str]
    flows: list[FlowShown]


class YearShown(BaseModel):
    """A year of a register up to a day: the persons counted, and through which day it was declared complete."""

    year: int
    through: str
    complete_through: str | None
    persons: Counts
    transfers: list[TransferShown]


class RegisterShown(BaseModel):
    """A register of one handler."""

    id: str
    state: str
    title: Words
    name: str
    number: int
    refused: int
    closed: bool
    opened: str
    updated: str
    years: list[int]
    next: list[Next]
