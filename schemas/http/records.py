"""What is told of rules, decisions, the log that holds them, periods of law and counts of a period."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from schemas.calendar import Notice
from schemas.http.streams import Reminder


class PackRow(BaseModel):
    """A pack in the list: its title, the days that it covers, how many rules it has."""

    id: str
    title: dict[str, str]
    covers: str
    rules: int


class Release(BaseModel):
    """A rulebook that was published, when, and by whom."""

    id: str
    at: str
    statement: dict[str, Any]


class RuleRow(BaseModel):
    """A rule in the list of its pack."""

    id: str
    title: dict[str, str]
    versions: list[str]


class DecisionShown(BaseModel):
    """A decision: its statement (in-toto) and the proof that it is in the log."""

    id: str
    statement: dict[str, Any]
    receipt: str


class DecisionRow(BaseModel):
    """A decision in a list: what it was asked, and which values its outcomes left possible."""

    id: str
    leaf: int
    at: str
    kind: str
    pack: str
    as_of: str
    outcomes: dict[str, list[str] | None]
    supersedes: str | None


class Replay(BaseModel):
    """What replaying comes to: 0 the same, 1 facts were erased or lost, or other rules give another outcome, 3 not reproducible.

    Erased is what a signed tombstone says; facts whose keys are gone without one are lost.
    """

    under: str
    exit: int
    problem: str = ""
    erased: int = 0
    lost: int = 0
    engine: str | None = None
    release: str | None = None
    differences: list[str]


class Consistency(BaseModel):
    """The proof that one tree extends another: hashes in hexadecimal, lowest first."""

    old: int
    new: int
    hashes: list[str]


class Verified(BaseModel):
    """What a bundle proves: `exit` 0 all of it, 1 while its origin or outcome is open, 3 when another outcome comes out."""

    exit: int
    trusted: bool
    withheld: int
    differences: list[str]
    leaf: int
    statement: dict[str, Any]


class PeriodEnd(BaseModel):
    """When a period ends: `due` where it is certain, else bounds; `provisional` while a notice of days off may move it."""

    start: str
    unit: str
    length: int
    rolls: bool
    pauses: list[dict[str, Any]]
    due: str | None
    earliest: str | None
    latest: str | None
    provisional: bool
    paused: bool
    clock: dict[str, Any] | None
    counting: dict[str, Any] | None
    reminders: list[Reminder]


class Days(BaseModel):
    """A year: the notices behind it, weekend days worked, weekdays off, and days that a notice to come may move."""

    year: int
    announced: bool
    notices: list[Notice]
    working_days: int | None
    worked: list[str]
    off: list[str]
    open: list[str]


class PeriodCounts(BaseModel):
    """The counts of one unit in one district; `pilots` by the state that they came to.

    `decided` counts cases by the tier of their last decision in the period, `decisions` all decisions on cases, `answered`
    requests by their last answer. `late` counts the office's clocks that ran out in the period, each once ever; of these
    `late_settled` were settled by its end, and `late_open` is whatever was late and open then, whenever it ran out. `backdated`
    counts the office's clocks that were in time only by the legal day that was typed, `party_late` clocks of parties that ran
    out, without those of reports on incidents, which may not be owed at all.
    """

    unit: str
    district: str
    filings: int
    opened: int
    decided: dict[str, int]
    decisions: int
    answered: dict[str, int]
    late: int
    late_settled: int
    late_open: int
    backdated: int
    party_late: int
    refusals: int
    attempts: int
    pilots: dict[str, int]


class PeriodReport(BaseModel):
    """The counts of the months from the first to the last, by unit and district: through their end, or today while they run."""

    first: str
    last: str
    through: str
    running: bool
    counts: list[PeriodCounts]
