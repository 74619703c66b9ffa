"""Incidents of a pilot: graded by rules, under every clock that may run, counted once, corrected and told late or out of order.

An incident is a stream of its own, found by its pilot and the firm's number for it; its pilot notes it in the same durable
group. Clocks run from the moment of finding. While facts are open the grade is the highest possible one, a working assumption,
shown as one with the facts that it waits for, and every clock that may run does (notes of incident-clocks).

A grade that an official gave in writing stands over what the rules say. A correction of facts on which no grade rests does not
touch it; one of facts on which it does reopens it: until an official grades again the stricter of the two stands, so that no firm
corrects its way out of a grade.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from engine.decide.assess import evaluator, names_of
from engine.decide.filing import from_document
from engine.decide.values import U
from engine.errors import DateError, InputError, Place
from engine.evidence.disclosed import opened
from engine.rulebook import graph
from engine.rulebook.days import SHANGHAI
from engine.rulebook.read import node_from
from engine.supervise.opinions import PACK, uncoerced
from engine.supervise.streams import Act, Recorded, Streams, history

if TYPE_CHECKING:
    from engine.decide.evaluate import Picture
    from engine.rulebook.model import Rulebook
    from engine.supervise.state import State

PROCESS, CLOCKS = "incident", "incident-clocks"
GRADED = ("report", "correct", "grade")
ITEM = "mishap"
REOPENED = "reopened"
ASSUMED = "assumed"
GRADE = "mishap.grade"
COMPUTED = frozenset({"possible", "owes", "missing", ASSUMED, REOPENED})
FACTS = "facts:"  # what the names of sealed facts begin with


@dataclass(frozen=True, slots=True)
class Judged:
    """How an incident is graded, which grades are possible, and which reports may be owed by agreement or by law.

    `missing` are the facts of the incident that rules wait for before its grade is certain.
    """

    grade: str
    possible: tuple[str, ...]
    owes: tuple[str, ...]
    missing: tuple[str, ...]


def judged(rulebook: Rulebook, facts: dict[str, Any], found: date) -> Judged:
    """Return the grade and the reports of an incident found on a day, from `mishap.*`, `incident.*` and `operator.*` facts.

    Raises InputError, for a day before the rules began too.
    """
    known = {name.removeprefix(f"{ITEM}."): value for name, value in facts.items() if name.startswith(f"{ITEM}.")}
    general = {name: value for name, value in facts.items() if not name.startswith(f"{ITEM}.")}
    evaluate = evaluator(rulebook, PACK)
    item = {"pilot.terms_signed": True, ITEM: {"complete": True, "items": [known]}}
    filing = from_document(rulebook, node_from(item, Place("the incident")))
    try:
        picture = evaluate.picture(filing, found, about=[GRADE, "mishap.reports"])
        statutory = _statutory(rulebook, general | _shared(known, general), found)
    except DateError as error:
        problem = f"no rule on incidents goes back to {found.isoformat()}, on which it was found"
        raise InputError(error.finding.code, problem, "write the moment as `found_at`", Place("the incident")) from None
    possible = tuple(names_of(evaluate.pack.outcomes[GRADE], picture.outcomes[GRADE, 0]))
    owes = _may(evaluate.pack.outcomes["mishap.reports"], picture.outcomes["mishap.reports", 0])
    missing = _missing(rulebook, picture, possible, facts) if len(possible) > 1 else ()
    return Judged(possible[-1], possible, (*owes, *statutory), missing)


def _missing(rulebook: Rulebook, picture: Picture, possible: tuple[str, ...], facts: dict[str, Any]) -> tuple[str, ...]:
    """Return the facts that rules which may yet raise the grade wait for, in the order of the vocabulary."""
    pack = rulebook.packs[PACK]
    versions = [each for (rule, _), state in picture.applied.items() if state == U for each in pack.rules[rule].versions]
    texts = [text for each in versions if each.then.get(GRADE) in possible[1:] for text in graph.rule_conditions(each)]
    waited = {name for text in texts for name in graph.mentioned(rulebook, text)}
    return tuple(name for name in rulebook.facts if name in waited and isinstance(facts.get(name, {}), Mapping))


def _shared(known: dict[str, Any], general: dict[str, Any]) -> dict[str, Any]:
    """Return what the law asks under another name and the facts of the incident already say."""
    leaked = {"incident.persons_leaked": known["persons_leaked"]} if "persons_leaked" in known else {}
    return {name: value for name, value in leaked.items() if name not in general}


def _statutory(rulebook: Rulebook, facts: dict[str, Any], found: date) -> tuple[str, ...]:
    stated = {"incident.happened": True, "incident.found_on": found.isoformat()} | facts
    evaluate = evaluator(rulebook, CLOCKS)
    filing = from_document(rulebook, node_from(stated, Place("the incident")))
    return _may(evaluate.pack.outcomes["clocks"], evaluate.picture(filing, found, about=["clocks"]).outcomes["clocks", -1])


def _may(outcome: Any, value: tuple[int, int]) -> tuple[str, ...]:
    return tuple(entry.id for place, entry in enumerate(outcome.values) if value[1] >> place & 1)


def perform(streams: Streams, act: Act) -> Recorded:
    """Record an act on an incident, with its grade and clocks and what its pilot notes of it. Raises InputError, StoreError."""
    if act.name not in GRADED:
        return streams.perform(act)
    typed = sorted(COMPUTED & set(act.fields))
    if typed or ("grade" in act.fields and act.name != "grade"):
        problem = f"`{(typed or ['grade'])[0]}` of `{act.name}` is worked out by the rules"
        raise InputError("computed-field", problem, "leave it out; an official grades with `grade`")
    before = None if act.name == "report" else streams.state(act.stream)
    if before and before.process != PROCESS:
        problem = f"`{act.stream[:60]}` is a stream of `{before.process}`, not of `{PROCESS}`"
        raise InputError("wrong-process", problem, "`fenji incident list` shows the incidents")
    pilot = str(act.fields.get("pilot", "")) if before is None else str(before.values["pilot"])
    stated = act.fields.get("facts")  # what is no mapping is refused by its field
    told = _opened(streams, history(streams.home, act.stream)) if before else {}
    facts = {**told, **(stated if isinstance(stated, Mapping) else {})}
    uncoerced(streams.rulebook, facts, "the incident")
    found = judged(streams.rulebook, facts, _found_on(act, before))
    grade, reopened, written = _standing_grade(streams, act, found, facts)
    assumed = len(found.possible) > 1 and not written
    fields = {**act.fields, "grade": grade, "possible": list(found.possible), "owes": list(found.owes) or ["none"]}
    fields |= {ASSUMED: assumed, "missing": list(found.missing if assumed else ()) or ["none"]}
    if before is not None:
        fields[REOPENED] = reopened
    if before is None:
        fields.setdefault("holder", _holder(streams, pilot))
        shown = streams.state(pilot).values
        fields = {**{name: shown[name] for name in ("unit", "district") if name in shown}, **fields}
    acts = [replace(act, fields=fields, computed=COMPUTED)]
    said = (before.values["grade"], before.values.get(ASSUMED, False)) if before else None
    if said != (grade, assumed) and not streams.state(pilot).closed:
        acts.append(_noted(act, pilot, {"grade": grade, ASSUMED: assumed}, str(fields.get("found_at", "")), first=before is None))
    return streams.perform_all(acts)[0]


def _standing_grade(streams: Streams, act: Act, found: Judged, facts: dict[str, Any]) -> tuple[str, bool, bool]:
    """Return the grade after an act, whether one given has to be given again, and whether it stands as an official gave it.

    Raises InputError.
    """
    known = [value.id for value in streams.rulebook.packs[PACK].outcomes["mishap.grade"].values]
    if act.name == "grade":
        return _known_grade(known, str(act.fields.get("grade", ""))), False, True
    told = history(streams.home, act.stream)
    last = next((place for place in range(len(told) - 1, -1, -1) if told[place]["name"] == "grade"), None)
    if last is None:
        return found.grade, False, False
    given = str(told[last]["values"]["grade"])
    if _graded_by(_opened(streams, told[: last + 1])) == _graded_by(facts):
        return given, False, True
    return max(given, found.grade, key=known.index), True, False


def _graded_by(facts: dict[str, Any]) -> dict[str, Any]:
    """Return the facts on which a grade rests."""
    return {name: value for name, value in facts.items() if name.startswith(f"{ITEM}.")}


def _noted(act: Act, pilot: str, grade: Mapping[str, Any], found_at: str, *, first: bool) -> Act:
    """Return what the pilot notes of an incident: that it happened, or that its grade is another, or is assumed no more."""
    fields = {"incident": act.stream, **grade} | ({"happened": found_at} if first else {})
    name = "incident" if first else "regrade"
    alone: dict[str, Any] = {"second": None, "expected": None, "on": None, "id": "", "computed": frozenset(fields)}
    return replace(act, stream=pilot, process="pilot", name=name, fields=fields, **alone)


def _opened(streams: Streams, told: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the facts that events told, the later over the earlier; what was erased is missing."""
    found: dict[str, Any] = {}
    for predicate in told:
        if "facts" in predicate["given"]:
            disclosed, _ = opened(streams.home, predicate["event_id"])
            found |= {each.name.removeprefix(FACTS): each.value for each in disclosed if each.name.startswith(FACTS)}
    return found


def _found_on(act: Act, state: State | None) -> date:
    moment = act.fields.get("found_at") if state is None else state.values["found_at"]
    if moment is None:
        raise InputError("missing-field", "`found_at` is not given", "write when it was found, as 2026-09-01T10:00:00+08:00")
    try:
        return datetime.fromisoformat(str(moment)).astimezone(SHANGHAI).date()
    except (ValueError, OverflowError):
        problem = f"`{str(moment)[:40]}` is no moment"
        raise InputError("wrong-value", problem, "write `found_at` as 2026-09-01T10:00:00+08:00") from None


def _known_grade(known: list[str], grade: str) -> str:
    if grade not in known:
        raise InputError("unknown-value", f"there is no grade `{grade[:40]}`", f"one of {', '.join(known)}")
    return grade


def _holder(streams: Streams, pilot: str) -> str:
    """Return the firm of a pilot from its application. Raises InputError when there is no such pilot."""
    streams.state(pilot)
    for predicate in history(streams.home, pilot):
        if "holder" in predicate["given"] and predicate["name"] != "refused":
            disclosed, _ = opened(streams.home, predicate["event_id"])
            code = next((str(each.value) for each in disclosed if each.name == "holder"), "")
            if code:
                return code
    raise InputError("no-holder", f"the firm of `{pilot[:40]}` cannot be read any more", "give `holder`")


def late(state: State) -> tuple[str, ...]:
    """Return the clocks of a stream that were stopped after their end."""
    return tuple(run.clock for run in state.clocks if run.stopped and run.due and run.stopped > run.due)
