"""Dates: versions do not overlap, gaps are meant, and every day of a version has law in force behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from engine.errors import Finding
from engine.rulebook.check.names import pack_file, rule_file

if TYPE_CHECKING:
    from engine.rulebook.load import Loaded
    from schemas.rulebook import Instrument, Period, Source


def versions(loaded: Loaded) -> Iterator[Finding]:
    """Versions of one thing follow each other without overlap, and a gap says `gap: true`."""
    for pack_id, pack in loaded.rulebook.packs.items():
        for rule_id, rule in pack.rules.items():
            yield from _follow(loaded, rule_file(pack_id, rule_id), ("versions",), rule.versions)
        for key, named in (("derived", pack.doc.derived), ("proofs", pack.doc.proofs)):
            for d, derived in enumerate(named):
                yield from _follow(loaded, pack_file(pack_id), (key, d, "versions"), derived.versions)
        for o, outcome in enumerate(pack.doc.outcomes):
            yield from _follow(loaded, pack_file(pack_id), ("outcomes", o, "floor"), outcome.floor, gaps=False)
    for file, table in loaded.docs.get("table", {}).items():
        yield from _follow(loaded, file, ("versions",), table.versions, gaps=False)


def _follow(loaded: Loaded, file: str, path: tuple[Any, ...], found: Sequence[Any], *, gaps: bool = True) -> Iterator[Finding]:
    order = sorted(range(len(found)), key=lambda i: found[i].valid.start)
    for a, b in pairwise(order):
        before, after = found[a].valid, found[b].valid
        place = loaded.sources.place(file, *path, b, "valid")
        if before.end is None or after.start <= before.end:
            yield Finding(
                "overlapping-versions", place, f"`{after}` overlaps `{before}`", "end the earlier version the day before"
            )
        elif gaps and after.start > before.end + timedelta(days=1) and not found[b].gap:
            yield Finding("version-gap", place, f"no law between `{before}` and `{after}`", "close the gap, or say `gap: true`")


def instruments(loaded: Loaded) -> Iterator[Finding]:
    """Each day of a version has a source whose instrument is in force, each source a day, and no draft is law.

    Answers cite the sources of their day (engine/decide/cited), so a version may outlive one instrument while another carries it.
    """
    known = loaded.rulebook.instruments
    for pack_id, pack in loaded.rulebook.packs.items():
        for rule_id, rule in pack.rules.items():
            file = rule_file(pack_id, rule_id)
            if any(known[source.instrument].status == "draft" for source in rule.sources if source.instrument in known):
                place = loaded.sources.place(file, "sources")
                yield Finding("draft-is-not-law", place, "the rule rests on a draft", "wait until it is adopted")
            yield from _idle(loaded, file, ("sources",), rule.sources, [version.valid for version in rule.versions])
            for v, version in enumerate(rule.versions):
                yield from _idle(loaded, file, ("versions", v, "sources"), version.sources, [version.valid])
                yield from _lawless(loaded, file, ("versions", v), version.valid, [*rule.sources, *version.sources])
        for o, outcome in enumerate(pack.doc.outcomes):
            for f, floor in enumerate(outcome.floor):
                yield from _lawless(loaded, pack_file(pack_id), ("outcomes", o, "floor", f), floor.valid, floor.sources)


def _idle(loaded: Loaded, file: str, path: tuple[Any, ...], sources: Sequence[Source], days: list[Period]) -> Iterator[Finding]:
    """Yield the sources that are in force on no day of the versions that they stand at."""
    for k, source in enumerate(sources):
        act = loaded.rulebook.instruments.get(source.instrument)
        if act and act.in_force and not any(_meet(act.in_force, each) for each in days):
            place = loaded.sources.place(file, *path, k, "instrument")
            problem = f"`{source.instrument}` ({act.in_force}) is in force on no day of {', '.join(map(str, days))}"
            yield Finding("never-in-force", place, problem, "cite what was law then, or move it to the version that it governs")


def _lawless(loaded: Loaded, file: str, path: tuple[Any, ...], valid: Period, sources: Sequence[Source]) -> Iterator[Finding]:
    """Yield the first day of a version on which none of its instruments is in force."""
    known = loaded.rulebook.instruments
    cited = [source for source in sources if source.instrument in known]
    for day, there in by_day(valid, cited, known):
        if cited and not there:
            place = loaded.sources.place(file, *path, "valid")
            problem = f"none of the instruments of `{valid}` is in force on {day}"
            yield Finding("before-its-law", place, problem, "begin, and end, with the law; cite what replaced it")
            return


def by_day(valid: Period, sources: Sequence[Source], known: Mapping[str, Instrument]) -> Iterator[tuple[date, list[Source]]]:
    """Yield each day of a period from which other instruments are in force than before, with the sources in force from it."""
    forces = [force for source in sources if (force := known[source.instrument].in_force)]
    edges = {valid.start, *(force.start for force in forces), *(force.end + timedelta(days=1) for force in forces if force.end)}
    for day in sorted(day for day in edges if day in valid):
        yield day, [source for source in sources if (force := known[source.instrument].in_force) is None or day in force]


def _meet(a: Period, b: Period) -> bool:
    return (a.end is None or b.start <= a.end) and (b.end is None or a.start <= b.end)
