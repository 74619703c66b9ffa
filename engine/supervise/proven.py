"""What the stream of a pilot proves by itself on tolerance, whoever says otherwise: no finding undoes what is on record.

It proves only what stands against tolerance: a cap that was passed, a clock that ran out, breaches on record, a grave incident,
an incident outside of the days under terms. What it does not show is not proven until an official finds it (the conditions are
design, by analogy with Administrative Penalty Law 33: the first time, slight, corrected in time).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from engine.rulebook.days import legal_day
from engine.store import streams as stored
from engine.supervise.state import from_text
from engine.supervise.streams import history
from engine.supervise.watched import NONE, REPORTS, second

if TYPE_CHECKING:
    from engine.evidence.installation import Installation
    from engine.supervise.state import Run, State

Predicates = Sequence[dict[str, Any]]
OFFICIAL, GRAVE = "official", "grave"
SUMMARY = "closing_summary"  # comes after an incident was handled, and is no report of it


def proven(home: Installation, state: State, stated: dict[str, Any], on: date) -> dict[str, Any]:
    """Return the facts on a pilot's breaches, and on the matter for which tolerance is asked, that its stream proves on a day."""
    told = history(home, state.stream)
    incidents = {name: _state(home, name) for name in dict.fromkeys(state.values.get("incident", ()))}
    passed = passed_cap(told)
    late = len([run for each in (state, *incidents.values()) for run in _late(each, on) if run.clock in REPORTS])
    found = _counted(state, stated, {"run.out_of_plan": int(passed > 0), "run.late_reports": late})
    matter = tolerance_asked(told)
    if not matter:
        return found
    happened = next((_moment(each) for each in told if each["name"] == "incident" and each["values"]["incident"] == matter), None)
    outside = happened is not None and not _under_terms(state, happened)
    over = passed > 0 and (happened is None or happened >= passed)
    shown = {
        "tolerance.within_plan": outside or over,
        "tolerance.reported": matter in incidents and any(run.clock != SUMMARY for run in _late(incidents[matter], on)),
        "tolerance.first": _again(told, happened),
        "tolerance.corrected": _uncorrected(told, state, matter, on),
    }
    found |= dict.fromkeys((name for name, against in shown.items() if against), False)
    return found | ({"tolerance.harm": GRAVE} if matter in incidents and _grave(incidents[matter]) else {})


def passed_cap(told: Predicates) -> int:
    """Return the second since when a pilot had more subjects than its terms allow; 0 while it had not.

    A correction by an official who gives reasons takes back what was told before it.
    """
    cap, since = None, 0
    for each in told:
        values = each["values"]
        cap = values.get("cap_subjects", cap)
        if "subjects" not in values:
            continue
        if each["by"] and each["by"]["role"] == OFFICIAL and "reasons" in each["given"]:
            since = 0
        if cap is not None and values["subjects"] > cap and not since:
            since = _moment(each)
    return since


def covered_until(state: State) -> str:
    """Return the last day on which the terms covered anything: the last day agreed, or that of an earlier end."""
    ends = [state.done[name].on for name in ("conclude", "expire", "terminate") if name in state.done]
    return min([str(state.values["ends_on"]), *ends])


def tolerance_asked(told: Predicates) -> str:
    """Return the matter of the last request for tolerance, empty when there was none."""
    return str(next((each["values"]["event"] for each in reversed(told) if each["name"] == "ask_tolerance"), ""))


def _counted(state: State, stated: dict[str, Any], shown: dict[str, int]) -> dict[str, Any]:
    """Return how often terms were breached: as an official stated it, unless the stream shows more; then at least that."""
    breaches = Counter(state.values.get("breach", ()))
    counts = {
        "run.out_of_plan": max(breaches["out_of_plan"], shown["run.out_of_plan"]),
        "run.late_reports": max(breaches["late_report"], shown["run.late_reports"]),
        "run.similar_breaches": max(breaches.values(), default=0),
    }
    known = {name: value if isinstance(value, int) else -1 for name, value in stated.items()}
    return {name: {"at_least": count} for name, count in counts.items() if count > known.get(name, -1)}


def _under_terms(state: State, happened: int) -> bool:
    """Tell whether a second lies within the days under terms."""
    day = legal_day(datetime.fromtimestamp(happened, UTC)).isoformat()
    return state.done["start"].on <= day <= covered_until(state)


def _again(told: Predicates, happened: int | None) -> bool:
    """Tell whether a breach is on record from before an incident; of another matter, whether two are: it may be one."""
    moments = [_moment(each) for each in told if each["name"] == "breach"]
    return len(moments) > 1 if happened is None else any(moment < happened for moment in moments)


def _uncorrected(told: Predicates, state: State, matter: str, on: date) -> bool:
    """Tell whether the order to rectify this very matter has run out unanswered."""
    orders = [each["values"].get("event") for each in told if each["name"] == "rectify"]
    run = state.clock("rectification")
    return bool(run and run.running and orders and orders[-1] == matter and _overrun(run, on))


def _grave(incident: State) -> bool:
    """Tell whether an incident is grave for certain: a death, a grave injury and the like (rules `grave-*`, or an official)."""
    values = incident.values
    return values["grade"] == GRAVE and not values.get("assumed") and not NONE & incident.done.keys()


def _late(state: State, on: date) -> list[Run]:
    """Return the clocks of a stream that stopped after their end, or run on after it; none of what is no incident."""
    return [] if NONE & state.done.keys() else [run for run in state.clocks if _overrun(run, on)]


def _overrun(run: Run, on: date) -> bool:
    if run.stopped:
        return bool(run.due and run.stopped > run.due)
    due = run.due if len(run.due) <= len("2026-01-01") else legal_day(datetime.fromisoformat(run.due)).isoformat()
    return run.running and bool(due) and due < on.isoformat()


def _moment(predicate: dict[str, Any]) -> int:
    return second(predicate["values"].get("happened") or predicate["at"])


def _state(home: Installation, stream: str) -> State:
    row = stored.stream(home.store, stream)
    assert row is not None  # noqa: S101 - INVARIANT: a pilot notes an incident in the group that records it
    return from_text(row.fold)
