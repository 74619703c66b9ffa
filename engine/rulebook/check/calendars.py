"""The calendar: each year lies in its own file, follows the year before, names days of its own, and works weekend days only."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from engine.errors import Finding
from engine.rulebook.check.names import cited, nearest

if TYPE_CHECKING:
    from engine.rulebook.load import Loaded
    from schemas.calendar import CalendarYear, Notice

SATURDAY = 5
HOME = "rules/calendar/"
Fault = tuple[tuple[str | int, ...], str, str, str]  # path below the file, code, problem, help


def years(loaded: Loaded) -> Iterator[Finding]:
    """Announced years follow each other, and each notice arranges days of its year for a holiday that is declared."""
    known = loaded.docs["year"]
    for file, doc in known.items():
        if file != f"{HOME}{doc.year}.yaml":
            place = loaded.sources.place(file, "year")
            yield Finding("bad-name", place, f"the year {doc.year} does not lie in a file of its name", "rename the file")
        for n, notice in enumerate(doc.notices):
            for path, code, problem, remedy in _faults(loaded, doc, notice):
                yield Finding(code, loaded.sources.place(file, "notices", n, *path), problem, remedy)
    found = sorted(loaded.rulebook.years)
    for year in found[1:]:
        if year - 1 not in found:
            place = loaded.sources.place(f"{HOME}{year}.yaml", "year")
            yield Finding("calendar-gap", place, f"there is no notice for {year - 1}", "add the year before, or begin later")


def to_come(loaded: Loaded, today: date) -> Iterator[Finding]:
    """No notice is of a day to come: until it is issued nobody knows its days, and a deadline must not be said to be final.

    Apart from the other proofs, since a rulebook that is sound stays so, whenever it is asked.
    """
    for file, doc in loaded.docs["year"].items():
        for n, notice in enumerate(doc.notices):
            if notice.issued > today:
                place = loaded.sources.place(file, "notices", n, "issued")
                problem = f"the notice `{notice.number}` is of {notice.issued}, which has not come yet"
                yield Finding("day-to-come", place, problem, "leave it out until it is issued")


def _faults(loaded: Loaded, doc: CalendarYear, notice: Notice) -> Iterator[Fault]:
    book = loaded.rulebook
    holidays = {holiday.id for holiday in book.statutory.holidays} if book.statutory else set()
    if notice.issuer not in book.authorities:
        remedy = nearest(notice.issuer, book.authorities, "add it to rules/authorities.yaml")
        yield ("issuer",), "unknown-authority", f"no authority named `{notice.issuer}`", remedy
    last = max(day for arranged in notice.breaks for day in arranged.days())
    if notice.issued > last:
        remedy = f"it names days up to {last}: check the day of the notice"
        yield ("issued",), "bad-value", f"a notice of {notice.issued} would arrange only what is past", remedy
    for b, arranged in enumerate(notice.breaks):
        if arranged.holiday not in holidays:
            remedy = nearest(arranged.holiday, holidays, "declare it in rules/calendar/statutory.yaml")
            yield ("breaks", b, "holiday"), "unknown-holiday", f"no holiday named `{arranged.holiday}`", remedy
        for day in arranged.days():
            if not date(doc.year - 1, 12, 1) <= day <= date(doc.year, 12, 31):
                remedy = "a notice names days of its year, and of the December before"
                yield ("breaks", b), "bad-value", f"{day} is no day of {doc.year}", remedy
        for w, day in enumerate(arranged.worked):
            if day.weekday() < SATURDAY:
                yield ("breaks", b, "worked", w), "bad-value", f"{day} is worked anyway", "name the Saturdays and Sundays worked"


def statutory(loaded: Loaded) -> Iterator[Finding]:
    """The statutory days of a year to come are days of that year, each of a holiday that is declared; the law is known."""
    for file, doc in loaded.docs["statutory"].items():
        yield from cited(loaded, file, ("sources",), doc.sources)
        known = {holiday.id for holiday in doc.holidays}
        for y, each in enumerate(doc.years):
            for name, period in each.days.items():
                place = loaded.sources.place(file, "years", y, "days", name)
                if name not in known:
                    remedy = nearest(name, known, "declare it under `holidays:`")
                    yield Finding("unknown-holiday", place, f"no holiday named `{name}`", remedy)
                if {period.start.year, (period.end or period.start).year} != {each.year}:
                    yield Finding("bad-value", place, f"`{period}` does not lie in {each.year}", "name days of the year")


def clocks(loaded: Loaded) -> Iterator[Finding]:
    """Each clock counts by a rule that is declared, and each of both rests on an instrument that is known."""
    for file, doc in loaded.docs["clocks"].items():
        known = {counting.id for counting in doc.countings}
        for key, entries in (("countings", doc.countings), ("clocks", doc.clocks)):
            seen: set[str] = set()
            for i, entry in enumerate(entries):
                if entry.id in seen:
                    place = loaded.sources.place(file, key, i, "id")
                    yield Finding("duplicate-name", place, f"`{entry.id}` is declared twice", "rename one of them")
                seen.add(entry.id)
                yield from cited(loaded, file, (key, i, "sources"), entry.sources)
        for i, clock in enumerate(doc.clocks):
            if clock.counting not in known:
                place = loaded.sources.place(file, "clocks", i, "counting")
                remedy = nearest(clock.counting, known, "declare it under `countings:`")
                yield Finding("unknown-counting", place, f"no rule of counting named `{clock.counting}`", remedy)
