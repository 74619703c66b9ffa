"""Deadlines as an iCalendar file (RFC 5545): an event each, tentative while provisional, with alarms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from icalendar import Alarm, Calendar, Event

from engine.supervise.clocks import Due, Moment, Reminder

PRODUCT = "-//fenji//clock//ZH"


@dataclass(frozen=True, slots=True)
class Entry:
    """A deadline to show: a name that stays the same when the file is made again, what it is, when, and the reminders."""

    uid: str
    title: str
    due: Due
    note: str = ""
    reminders: tuple[Reminder, ...] = ()


def ics(entries: Iterable[Entry], at: datetime) -> bytes:
    """Return the file of some deadlines as made at a moment; the earliest end first."""
    found = Calendar()
    found.add("prodid", PRODUCT)
    found.add("version", "2.0")
    found.add("method", "PUBLISH")
    for entry in sorted(entries, key=lambda each: (each.due.earliest.isoformat(), each.uid)):
        found.add_component(_event(entry, at))
    data: bytes = found.to_ical()
    return data


def _event(entry: Entry, at: datetime) -> Event:
    event = Event()
    event.add("uid", entry.uid)
    event.add("dtstamp", at.astimezone(UTC).replace(microsecond=0))
    event.add("summary", entry.title)
    event.add("dtstart", _start(entry.due.earliest))
    if not isinstance(entry.due.earliest, datetime):
        event.add("dtend", (entry.due.latest or entry.due.earliest) + timedelta(days=1))  # not itself part of the event
    event.add("status", "TENTATIVE" if entry.due.provisional else "CONFIRMED")
    event.add("transp", "TRANSPARENT")  # a deadline makes nobody busy
    if entry.note:
        event.add("description", entry.note)
    for reminder in entry.reminders:
        event.add_component(_alarm(entry, reminder))
    return event


def _start(value: Moment) -> Moment:
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def _alarm(entry: Entry, reminder: Reminder) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", entry.title)
    alarm.add("trigger", _before(reminder.at, entry.due.earliest))
    return alarm


def _before(at: Moment, end: Moment) -> timedelta:
    """Return how long before an event its alarm rings: at nine on a day, for a moment at the moment."""
    if isinstance(at, datetime) and isinstance(end, datetime):
        return at - end
    days = date.toordinal(at) - date.toordinal(end)
    return timedelta(days=days, hours=9)
