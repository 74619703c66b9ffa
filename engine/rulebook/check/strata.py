"""Strata: derived facts, rules and outcomes read each other without a circle."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from graphlib import CycleError
from itertools import product
from typing import TYPE_CHECKING

from engine.errors import Finding
from engine.rulebook.check.names import pack_file
from engine.rulebook.graph import cuts, edition, strata

if TYPE_CHECKING:
    from engine.rulebook.load import Loaded


def acyclic(loaded: Loaded) -> Iterator[Finding]:
    """On every day of law, nothing depends on itself."""
    book = loaded.rulebook
    for pack_id, pack in book.packs.items():
        seen: set[tuple[str, ...]] = set()
        days = cuts(book, pack)
        for choice in product(*([date.fromordinal(day) for day in found] for found in days.values())):
            try:
                strata(book, edition(pack, dict(zip(days, choice, strict=True))))
            except CycleError as error:
                members = tuple(error.args[1])
                if frozenset(members) not in {frozenset(s) for s in seen}:
                    seen.add(members)
                    circle = " -> ".join(name.rpartition(":")[2] for name in members)
                    place = loaded.sources.place(pack_file(pack_id))
                    yield Finding("cycle", place, f"a circle: {circle}", "let one of them read facts only")
