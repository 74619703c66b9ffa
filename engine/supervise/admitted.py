"""What a pilot was admitted with, and where terms go beyond it.

Admitted is what the application says, then what was agreed or extended since under the same test. Numbers, days, the budget, the
observers and what is to be eased are compared; other texts only as equal or not: one that differs is named as not compared, since
no rule can say which of two texts allows more. A term that the text leaves out is as the application says; a budget, observers
and months of a re-entry bar come from the text alone, since it is what both sides sign.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.evidence.disclosed import opened
from engine.supervise.streams import Streams, history
from engine.supervise.watched import NUMBERS, SIGNED_ONLY

if TYPE_CHECKING:
    from engine.supervise.opinions import Opinion

BAR_MONTHS = 12  # design (re-entry bar): where terms are silent, and the most that is no deviation
OFFERED, AGREED = frozenset({"offer", "amend"}), frozenset({"countersign", "countersign_amendment"})
STATED = {"facts:pilot.log_months": "log_months", "facts:pilot.report_days": "report_days"}  # facts that terms name, too
EASES_NOTHING = "guidance"
Terms = Mapping[str, Any]


@dataclass(slots=True)
class Admitted:
    """What the application says, what is admitted by now, the terms offered last, and the conditions open at admission."""

    applied: dict[str, Any] = field(default_factory=dict)
    known: dict[str, Any] = field(default_factory=dict)
    text: dict[str, Any] = field(default_factory=dict)
    unmet: set[str] = field(default_factory=set)
    unproven: set[str] = field(default_factory=set)


def admitted(streams: Streams, stream: str) -> Admitted:
    """Return what a pilot was admitted with, from its events; what was erased is missing. Raises EvidenceError, StoreError."""
    found = Admitted()
    for predicate in history(streams.home, stream):
        name, values = predicate["name"], predicate["values"]
        if name in ("apply", "supplement"):
            disclosed, _ = opened(streams.home, predicate["event_id"])
            found.applied |= values | {STATED.get(each.name, each.name): each.value for each in disclosed}
            found.known = {**found.applied, "bar_months": BAR_MONTHS}
        elif name == "admit":
            found.unmet = set(values.get("unmet", ()))
            found.unproven = found.unmet | set(values.get("unproven", ()))
        elif name in OFFERED:
            found.text = _numbers(values) | text_of(streams, predicate)
        elif name in AGREED and "beyond" in values:
            found.known = _whole(found.applied, found.text | _numbers(values))
        elif name == "extend":
            found.known |= _numbers(values)
    return found


def text_of(streams: Streams, predicate: Mapping[str, Any]) -> dict[str, Any]:
    """Return the terms that an event offered, nothing when their text was erased. Raises EvidenceError, StoreError."""
    disclosed, _ = opened(streams.home, predicate["event_id"])
    found = next((each.value for each in disclosed if each.name == "terms"), None)
    return dict(found) if isinstance(found, Mapping) else {}


def _numbers(values: Terms) -> dict[str, Any]:
    return {name: values[name] for name in NUMBERS if name in values}


def _whole(applied: Terms, text: Terms) -> dict[str, Any]:
    """Return what holds under terms: what they say, beside what the application says and they do not."""
    months = text.get("bar_months", BAR_MONTHS) if text.get("bar_term") else 0
    return {**{name: value for name, value in applied.items() if name not in SIGNED_ONLY}, **text, "bar_months": months}


def beyond(found: Admitted, terms: Terms, before: Opinion | None, after: Opinion) -> list[str]:
    """Return where terms go beyond what was admitted: names of terms, and of conditions that held `before` and hold no more.

    Without `before`, the conditions are those that were open when the pilot was admitted.
    """
    said = _whole(found.applied, {**found.text, **terms})
    more = [name for name, passes in PASSES.items() if passes(said.get(name), found.known.get(name))]
    unmet = set(before.unmet) if before else found.unmet
    unproven = {*before.unmet, *before.unproven} if before else found.unproven
    fallen = [name for name in after.unmet if name not in unmet] + [name for name in after.unproven if name not in unproven]
    return [*more, *fallen]


def uncompared(found: Admitted, terms: Terms) -> list[str]:
    """Return the terms that no rule compares with what was admitted and that are not the same as there."""
    said = {**found.text, **terms}
    known = {name: value for name, value in found.known.items() if name in said}
    alike = (name for name, value in said.items() if name in known and known[name] == value)
    compared = {*NUMBERS, "eases", *(name for name in COUNTS if _both(said.get(name), known.get(name))), *alike}
    return sorted(name for name in said if name not in compared)


def _both(said: Any, known: Any) -> bool:
    """Tell whether both are numbers."""
    return type(said) is int and type(known) is int


def _later(said: Any, known: Any) -> bool:
    return said is None or known is None or bool(said > known)


def _earlier(said: Any, known: Any) -> bool:
    return said is None or known is None or bool(said < known)


def _looser(said: Any, known: Any) -> bool:
    """Tell whether a budget lacks a line of another one, or tolerates more in it; where there was none anything is stricter."""
    if not isinstance(known, Mapping):
        return False
    lines = said if isinstance(said, Mapping) else {}
    return any(line not in lines or lines[line] > allowed for line, allowed in known.items())


def _fewer(said: Any, known: Any) -> bool:
    """Tell whether somebody who observes under the terms does so no more."""
    return bool(set(known or ()) - set(said or ()))


PASSES: dict[str, Callable[[Any, Any], bool]] = {
    "cap_subjects": _later,
    "ends_on": _later,
    "insured_until": _earlier,
    "bar_months": _later,
    "observed_by": _fewer,
    "budget": _looser,
    "log_months": lambda said, known: _both(said, known) and said < known,
    "report_days": lambda said, known: _both(said, known) and said > known,
    "eases": lambda said, known: said not in (EASES_NOTHING, known),
}
COUNTS = ("log_months", "report_days")
