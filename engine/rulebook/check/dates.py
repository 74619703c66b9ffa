"""Dates: versions do not overlap, gaps are meant, and an effect does not begin before its instrument."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from engine.errors import Finding
from engine.rulebook.check.names import pack_file, rule_file

if TYPE_CHECKING:
    from engine.rulebook.load import Loaded


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
    """No version begins before every instrument of its rule is in force, and no draft is law."""
    known = loaded.rulebook.instruments
    for pack_id, pack in loaded.rulebook.packs.items():
        for rule_id, rule in pack.rules.items():
            file = rule_file(pack_id, rule_id)
            cited = [known[source.instrument] for source in rule.sources if source.instrument in known]
            if any(instrument.status == "draft" for instrument in cited):
                place = loaded.sources.place(file, "sources")
                yield Finding("draft-is-not-law", place, "the rule rests on a draft", "wait until it is adopted")
            starts = [instrument.in_force.start for instrument in cited if instrument.in_force]
            first = min(version.valid.start for version in rule.versions)
            if starts and first < min(starts):
                place = loaded.sources.place(file, "versions", 0, "valid")
                problem = f"the rule begins {first}, before any of its instruments ({min(starts)})"
                yield Finding("before-its-law", place, problem, "begin when the instrument is in force")
