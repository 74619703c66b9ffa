"""Effects: a statutory effect names its competent body, and a city plan alone creates none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.errors import Finding
from engine.rulebook.check.names import nearest, rule_file

if TYPE_CHECKING:
    from engine.rulebook.load import Loaded

NO_LEGAL_FORCE = frozenset({"normative", "local_normative", "standard", "guidance", "foreign", "agreement"})


def competence(loaded: Loaded) -> Iterator[Finding]:
    """A city plan creates no licence, penalty or bar (Administrative Licence Law 14-17, Administrative Penalty Law 9, 16)."""
    book = loaded.rulebook
    for pack_id, pack in book.packs.items():
        for rule_id, rule in pack.rules.items():
            file = rule_file(pack_id, rule_id)
            if rule.authority and rule.authority not in book.authorities:
                place = loaded.sources.place(file, "authority")
                remedy = nearest(rule.authority, book.authorities, "add it to rules/authorities.yaml")
                yield Finding("unknown-authority", place, f"no authority named `{rule.authority}`", remedy)
            if rule.effect != "statutory":
                continue
            if not rule.authority:
                place = loaded.sources.place(file, "effect")
                yield Finding("no-authority", place, "a statutory effect needs its competent body", "add `authority:`")
            cited = [book.instruments[source.instrument] for source in rule.sources if source.instrument in book.instruments]
            if cited and all(instrument.rank in NO_LEGAL_FORCE for instrument in cited):
                place = loaded.sources.place(file, "effect")
                problem = "no instrument of this rank can create a statutory effect"
                yield Finding("beyond-competence", place, problem, "cite the law that does, or use agreed, owner or advisory")
