"""Shapes of the calendar: the days off of each year by their notice, those of law where there is none yet, and the clocks."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from schemas.rulebook import Day, Origin, Period, Read, Shape, Source, Text


class Break(Shape):
    """The days off of a holiday, and the weekend days that are worked for it."""

    holiday: str
    off: Period
    worked: list[Day] = Field(default_factory=list)

    def days(self) -> list[date]:
        """Return the first and the last day off, and the days worked."""
        return [self.off.start, self.off.end or self.off.start, *self.worked]


class Notice(Shape):
    """A notice that arranges the days off of a year; of several, the later one prevails on the days that it names.

    `read` says how its days were read, `number_read` how its number and date were.
    """

    number: str
    issuer: str
    issued: Day
    address: str = ""
    read: Read
    number_read: Read
    breaks: list[Break] = Field(min_length=1)


class CalendarYear(Shape):
    """A year whose arrangement has been announced; it may name days at the end of the year before."""

    year: int = Field(ge=1949, le=9999)
    notices: list[Notice] = Field(min_length=1)


class Holiday(Shape):
    """A statutory holiday; within `reach` days of it weekend days may be worked for it."""

    id: str
    title: Text
    reach: int = Field(default=0, ge=0, le=30)


class StatutoryYear(Shape):
    """The statutory days of a year without a notice, by holiday."""

    year: int = Field(ge=1949, le=9999)
    days: dict[str, Period]


class Statutory(Shape):
    """What is certain of a year before its notice, and what a notice may move.

    At most `swaps` weekend days a holiday are worked, within its reach; the weekdays off lie within `stretch` days of it.
    """

    holidays: list[Holiday]
    swaps: int = Field(ge=0, le=10)
    stretch: int = Field(ge=0, le=30)
    origin: Origin
    sources: list[Source]
    note: Text
    years: list[StatutoryYear]


Unit = Literal["hours", "days", "working_days", "months"]
Reason = Literal["supplement", "hearing", "test", "experts"]


class Counting(Shape):
    """A rule of counting: its unit, and whether a last day that is a day off moves to the next working day, by what law."""

    id: str
    title: Text
    unit: Unit
    rolls: bool = False
    sources: list[Source] = Field(min_length=1)


class Clock(Shape):
    """A period set by law: how long, by which rule of counting, by how much it may be extended, and what interrupts it."""

    id: str
    title: Text
    starts: Text
    counting: str
    length: int = Field(ge=1, le=10_000)
    extension: int = Field(default=0, ge=0, le=10_000)
    pauses: list[Reason] = Field(default_factory=list)
    sources: list[Source] = Field(min_length=1)


class Clocks(Shape):
    """The file of clocks."""

    countings: list[Counting]
    clocks: list[Clock]
