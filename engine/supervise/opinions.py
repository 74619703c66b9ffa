"""What the rules for pilots say of one as it stands: a proposal, and each condition met, not met, or not proven.

What the stream shows by itself outranks what was stated in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from engine.decide.assess import evaluator, names_of
from engine.decide.combine import fixed
from engine.decide.filing import from_document
from engine.errors import InputError, Place
from engine.rulebook.read import node_from
from engine.supervise.clocks import months_after

if TYPE_CHECKING:
    from engine.rulebook.model import Rulebook
    from engine.supervise.state import State

PACK, PROCESS = "nanjing-pilot", "pilot"
OPEN, UNTOUCHED = "undetermined", "untouched"
NOT_ASKED = "not_asked"
UNDER_TERMS = frozenset({"running", "warned", "rectifying", "paused"})  # from which the last day agreed ends a pilot by itself
ENDED = frozenset({"concluded", "graduated", "converted", "ended"})
# matter -> the outcome that answers it, the unions that list what stands against it
MATTERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "admission": ("admission", ("unmet",)),
    "extension": ("extension", ("extension_unmet",)),
    "tolerance": ("tolerance", ("tolerance_unmet", "never_tolerated")),
    "measure": ("measure", ()),
    "onward": ("onward", ()),
}
BREACHES = ("false_material", "hidden_report", "refused_rectification", "prohibition")


@dataclass(frozen=True, slots=True)
class Opinion:
    """What is proposed on a matter (`undetermined` while facts leave more), how its conditions stand, what it never covers.

    On what nobody asked for (`not_asked`) no condition is proven: their facts do not apply yet.
    """

    matter: str
    value: str
    possible: tuple[str, ...]
    met: tuple[str, ...]
    unmet: tuple[str, ...]
    unproven: tuple[str, ...]
    untouched: tuple[str, ...] = ()

    @property
    def settled(self) -> bool:
        """Whether the rules propose something: the facts decide it, and it was asked for."""
        return self.value not in (OPEN, NOT_ASKED)


def opinion(rulebook: Rulebook, facts: dict[str, Any], as_of: date, matter: str) -> Opinion:
    """Return what the pack proposes on a matter from these facts. Raises InputError."""
    outcome, unions = MATTERS[matter]
    evaluate = evaluator(rulebook, PACK)
    filing = from_document(rulebook, node_from(facts, Place("the pilot")))
    picture = evaluate.picture(filing, as_of, about=[outcome, *unions, UNTOUCHED])
    declared = evaluate.pack.outcomes
    value = picture.outcomes[outcome, -1]
    possible = names_of(declared[outcome], value)
    said = possible[0] if fixed(declared[outcome].combine, value) else OPEN
    standing: dict[str, list[str]] = {"met": [], "unmet": [], "unproven": []}
    held = "unproven" if said == NOT_ASKED else "met"  # what no rule speaks against, because nothing was asked, is not met
    for union in unions:
        must, may = picture.outcomes[union, -1]
        for place, entry in enumerate(declared[union].values):
            standing["unmet" if must >> place & 1 else "unproven" if may >> place & 1 else held].append(entry.id)
    never = picture.outcomes[UNTOUCHED, -1][0] if matter == "tolerance" else 0
    untouched = tuple(entry.id for place, entry in enumerate(declared[UNTOUCHED].values) if never >> place & 1)
    met, unmet, unproven = (tuple(standing[name]) for name in ("met", "unmet", "unproven"))
    return Opinion(matter, said, tuple(possible), met, unmet, unproven, untouched)


def uncoerced(rulebook: Rulebook, facts: Mapping[str, Any], about: str) -> None:
    """Refuse a number or a yes written as a text, before it is read as what it looks like. Raises InputError."""
    for name, value in facts.items():
        kind = rulebook.facts[name].type if name in rulebook.facts else ""
        parts = [part for key, part in value.items() if key != "unknown"] if isinstance(value, dict) else [value]
        text = next((part for part in parts if isinstance(part, str)), None)
        if kind in ("int", "bool") and text is not None:
            said = "a whole number" if kind == "int" else "true or false"
            raise InputError(
                "wrong-type", f"`{name}` is {said}, not the text `{text[:40]}`", "write it without quotes", Place(about)
            )


def ran_out(state: State, on: date) -> str:
    """Return the last day of a running pilot's term when it has passed and no end is recorded yet; empty while it lasts.

    A pilot that never started has no end to record: once its last day has passed it cannot start.
    """
    ends = state.values.get("ends_on", "")
    return ends if state.name in UNDER_TERMS and ends < on.isoformat() else ""


def shown_by(state: State, on: date) -> dict[str, Any]:
    """Return the facts that the stream shows by itself. A breach that nobody has found stays unknown, it is not denied."""
    values, signed = state.values, "countersign" in state.done
    found: dict[str, Any] = {"pilot.applied": "apply" in state.done, "pilot.terms_signed": signed}
    if signed:
        found["pilot.bar_term"] = bool(values.get("bar_term"))
    open_ = {"cap_subjects": "pilot.subjects_cap", "ends_on": "pilot.ends_on", "subjects": "run.subjects"}
    found |= {fact: values[name] for name, fact in open_.items() if name in values}
    found |= {"pilot.months": _months(state, on)} if "ends_on" in values else {}
    if "insured_until" in values:
        found |= {"pilot.insured": True, "pilot.insured_until": values["insured_until"]}
        found["run.insurance_lapsed"] = values["insured_until"] < on.isoformat()
    names = {"prohibition": "prohibition_breached"}
    found |= {f"run.{names.get(kind, kind)}": True for kind in BREACHES if kind in values.get("breach", ())}
    found["pilot.finished"] = state.name in ENDED or bool(ran_out(state, on))
    found["run.rectifying"] = state.name == "rectifying"
    found["tolerance.asked"] = "ask_tolerance" in state.done
    return found | _extension(state)


def _months(state: State, on: date) -> int | dict[str, int]:
    """Return the months from the first day to the last, a part of one as a whole; at most that, while the first is not known.

    The first day is that of the start, else the one planned: nothing starts before it, nor before today.
    """
    planned = state.values.get("starts_on", "")
    known = state.done["start"].on if "start" in state.done else planned if planned >= on.isoformat() else ""
    first, last = date.fromisoformat(known) if known else on, date.fromisoformat(state.values["ends_on"])
    whole = max(0, 12 * (last.year - first.year) + last.month - first.month)
    count = whole + (months_after(first, whole) < last)
    return count if known else {"at_most": count}


def _extension(state: State) -> dict[str, Any]:
    asked = state.done.get("ask_extension")
    if asked is None:
        return {"extension.asked": False}
    before = (date.fromisoformat(state.values["ends_on"]) - date.fromisoformat(asked.on)).days
    earlier = state.done["extend"].count if "extend" in state.done else 0
    return {
        "extension.asked": True,
        "extension.earlier": earlier,
        "extension.months": state.values["months"],
        "extension.days_before": max(before, 0),
        "extension.reasons": True,
    }
