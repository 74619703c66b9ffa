"""What is told of streams (filings, cases, requests, registers, pilots, incidents), and of what pilots are watched for."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel


class Words(BaseModel):
    """A text in both languages."""

    zh: str
    en: str


class Row(BaseModel):
    """A stream in a queue; `due` is the first of its deadlines, null while there is none.

    `overdue`: office or party owes something whose last day has passed, null where that is open: a notice of days off to come
    decides it, or facts whether anything is owed. A time in which one may object makes nobody late. `provisional`: `due` may
    still move. `ended`: closed, or a filing all of whose cases are closed, though nobody has concluded it.
    """

    id: str
    process: str
    state: str
    closed: bool
    unit: str
    district: str
    tier: str
    assignee: str
    due: str | None
    opened: str
    updated: str
    number: int
    overdue: bool | None
    provisional: bool
    ended: bool


class Next(BaseModel):
    """What may happen next: the event, who may do it, what it needs and carries, with what effect on what basis."""

    event: str
    title: Words
    roles: list[str]
    needs: list[str]
    may: list[str]
    effect: str
    basis: list[str]


class Shown(BaseModel):
    """A stream: where it stands, what it says, and what may happen next. `erased` counts facts that can be read no more."""

    id: str
    process: str
    state: str
    title: Words
    number: int
    refused: int
    closed: bool
    due: str | None
    opened: str
    updated: str
    values: dict[str, Any]
    fields: dict[str, Any]
    facts: dict[str, Any]
    erased: int
    next: list[Next]


class Happened(BaseModel):
    """An event as the log has it: fields that are not open are named in `given`, and stand in it as commitments only."""

    number: int
    event: str
    name: str
    on: str
    at: str
    by: dict[str, Any] | None
    second: dict[str, Any] | None
    to: str
    effect: str
    basis: list[str]
    values: dict[str, Any]
    given: list[str]


class Left(BaseModel):
    """How much of a limit is left, at least and at most."""

    at_least: int
    at_most: int
    unit: str


class Reminder(BaseModel):
    """When to be reminded: at so many percent of the time, null one day before the end."""

    at: str
    percent: int | None


class Clock(BaseModel):
    """A clock that has not been stopped: its bounds differ while a notice of days off is still to come (`provisional`)."""

    stream: str
    process: str
    clock: str
    title: Words
    started: str
    earliest: str | None
    latest: str | None
    provisional: bool
    standing: str
    left: Left
    reminders: list[Reminder]


class Changed(BaseModel):
    """What was recorded: the stream after it, the event, and the proof that it is in the log."""

    id: str
    process: str
    state: str
    number: int
    closed: bool
    due: str | None
    event: str
    statement: dict[str, Any]
    receipt: str


class Drift(BaseModel):
    """An open case that is answered otherwise today, what changed since, and the clauses that move it.

    `problem` says why one could not be answered again; it has no `cause` then.
    """

    case: str
    before: str
    now: list[str]
    clauses: list[str]
    cause: Literal["facts", "rulebook", "law", ""]
    problem: str


class IncidentClocks(BaseModel):
    """The clocks that have not been stopped, shortest first, and those that were stopped too late."""

    running: list[Clock]
    late: list[str]


class Opinion(BaseModel):
    """What is proposed on a matter (`undetermined` while facts leave more), how its conditions stand, what it never covers."""

    matter: str
    value: str
    possible: list[str]
    met: list[str]
    unmet: list[str]
    unproven: list[str]
    untouched: list[str]


class Alarm(BaseModel):
    """An alarm that stands: true since which second, seen when, by which monitors, and what it proposes.

    `why` says why one monitor was silent, or how the two disagree; seconds are since 1970-01-01T00:00Z. `assumed` are the
    incidents whose grade is still open: they count as the gravest that they may be.
    """

    monitor: str
    title: Words
    true_since: int
    seen_at: int
    spoke: str
    proposes: str
    why: str
    assumed: list[str]


class Line(BaseModel):
    """A line of a tolerance budget: what was used within thirty days, and what the terms allow the persons taking part.

    Terms allow per thousand persons and thirty days, and a part of one counts as one; `subjects` is the cap, which counts all so
    far. `exhausted_in` days at the present rate, null never.
    """

    line: str
    used: int
    allowed: int
    percent: int
    exhausted_in: int | None


class Monitored(BaseModel):
    """In how many lives a monitor held, and the middle one of the days on which it first did."""

    monitor: str
    proposes: str
    runs: int
    middle_day: int | None


class Simulated(BaseModel):
    """In how many lives a monitor proposed to pause or terminate; the chances are the caller's assumption, no forecast.

    `unstated` are the rates that the scenario does not give: none of these happened in any life. `not_simulated` are monitors
    of what no scenario draws: the cap on subjects, and the cover of the insurance.
    """

    seed: str
    runs: int
    stopped: int
    middle_day: int | None
    monitors: list[Monitored]
    unstated: list[str]
    not_simulated: list[str]
