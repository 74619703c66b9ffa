"""Count what happened in a period: filings, decided tiers, lateness, refusals and pilots, by unit and district.

The city plan asks for assessment of the work by its results. Only what the log shows in clear is counted, so that the count holds
after facts were erased.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.store import reading
from engine.supervise.state import SUBMITTED
from schemas.lifecycle import REFUSED

if TYPE_CHECKING:
    from engine.evidence.installation import Installation

NO_CASE = frozenset({"filing", "pilot", "incident", "transfer-register", "inspection-draw"})
UNFAVOURABLE = frozenset({"not_accepted", "refused", "not_passed"})  # states in which a party was told no


@dataclass
class Row:
    """The counts of one unit in one district."""

    filings: int = 0
    opened: int = 0
    decided: Counter[str] = field(default_factory=Counter)  # by tier, empty where none was shown
    late: int = 0
    refusals: int = 0
    attempts: int = 0
    pilots: Counter[str] = field(default_factory=Counter)  # by the state that one came to


def count(home: Installation, first: str, last: str) -> dict[tuple[str, str], Row]:
    """Return the counts of the legal days from `first` to `last`, by unit and district. Raises StoreError."""
    found: dict[tuple[str, str], Row] = {}
    dues: dict[str, dict[str, list[str]]] = {}
    for each in reading.records(home.store):
        if each.kind != "event":
            continue
        event = json.loads(each.payload)["predicate"]
        before = dues.get(event["stream"], {})
        if first <= event["on"] <= last:
            row = found.setdefault((event["shows"]["unit"], event["shows"]["district"]), Row())
            _counted(row, event, before)
        dues[event["stream"]] = event["dues"]
    return {place: row for place, row in sorted(found.items()) if row != Row()}


def _counted(row: Row, event: dict[str, Any], before: dict[str, list[str]]) -> None:
    if event["name"] == REFUSED:
        row.attempts += 1
        return
    row.filings += event["name"] in SUBMITTED
    row.opened += event["from"] == "" and event["process"] not in NO_CASE
    if event["process"] == "pilot" and event["from"] != event["to"]:
        row.pilots[event["to"]] += 1
    row.refusals += event["to"] in UNFAVOURABLE and event["from"] != event["to"]
    if "decision" in event["values"]:
        row.decided[event["shows"]["tier"]] += 1
    # a clock that ended with this event after the latest day that was in time; one whose end is not known is not late
    ended = [end for clock, end in before.items() if clock not in event["dues"] and end[1]]
    row.late += sum((event["on"] if len(end[1]) == len(event["on"]) else event["at"]) > end[1] for end in ended)
