"""Legal days: the days of law are those of China, whatever zone the machine is in, and none is known before it has come."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

from engine.errors import InputError, Place

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")  # legal days are days there, without summer time since 1992


def legal_day(moment: datetime) -> date:
    """Return the day of a moment where the law applies. Raises InputError for a moment without an offset."""
    if moment.tzinfo is None:
        raise InputError("no-offset", f"`{moment.isoformat()}` has no offset from UTC", "write +08:00 or Z after the time")
    return moment.astimezone(SHANGHAI).date()


def day_known(at: str) -> str:
    """Return the legal day (YYYY-MM-DD) of a record's time: what is published is known from that day on."""
    return legal_day(datetime.fromisoformat(at)).isoformat()


def require_come(day: date, now: datetime, name: str) -> None:
    """Refuse a day of knowledge that has not come: what is published until then nobody knows yet. Raises InputError."""
    if day > legal_day(now):
        remedy = f"name a day up to {legal_day(now)}, or leave it out"
        raise InputError("future-day", f"`{name}` is {day}, which has not come yet", remedy, Place(name))
