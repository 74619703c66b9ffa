"""Answer open cases again when their facts or the rules change, record what moved, and name the clauses that move it.

An answer is compared with the one that the rules gave when it was recorded, not with what an official made of it: a deviation
is no drift. What moved is an event of the case, done by nobody: it re-opens the answer, never the decision. Whether the case is
taken up again (`reassess`, `vary`) an official decides, who owes the party its trust in what was granted (licensing
law, article 8).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from engine.decide.assess import examine
from engine.errors import FenjiError
from engine.evidence import canonical, facts
from engine.evidence.disclosed import opened
from engine.rulebook.days import legal_day
from engine.store import reading
from engine.store.streams import rows
from engine.supervise.cases import Looking, Office, Question, question, restricted
from engine.supervise.filings import FACTS, PROCESS, require, taken_up
from engine.supervise.state import DRIFT, State, from_text
from engine.supervise.step import ANSWERS
from engine.supervise.streams import Act, Recorded
from schemas.answer import Answer
from schemas.lifecycle import DRIFTED

Cause = Literal["facts", "rulebook", "law"]
TIER = "tier"
ANSWERED = frozenset({"case", "request"})  # kinds of streams whose answer the rules give
Progress = Callable[[int, int], None]
_Rule = tuple[str, str]  # a rule with its version, and its articles


@dataclass(frozen=True, slots=True)
class Drift:
    """A case whose answer is another now: what it was, what is possible, and the rules that move it, each with its articles.

    `cause` says what changed since the answer was recorded: the facts, the rules, or neither but the law, which began or ended
    meanwhile. `problem` says why a case could not be answered again, such as facts that were erased; it is then neither moved
    nor unmoved, and has no cause.
    """

    case: str
    before: str
    now: tuple[str, ...]
    clauses: tuple[str, ...]
    cause: Cause | Literal[""] = ""
    problem: str = ""

    def values(self, release: str = "") -> dict[str, Any]:
        """Return what the event says of it, and under which release it was found."""
        moved = {"before": self.before, "now": list(self.now), "clauses": list(self.clauses), "problem": self.problem}
        return {"cause": self.cause, "release": release, **moved}


def affected(office: Office, progress: Progress = lambda _done, _all: None) -> Iterator[Drift]:
    """Yield every open case whose answer the rules of today do not give again. Raises StoreError."""
    found = [row for row in rows(office.streams.home.store) if not row.closed]
    for done, row in enumerate(found):
        progress(done, len(found))
        drift = moved(office, from_text(row.fold))
        if drift:
            yield drift


def record(office: Office, drifts: Iterable[Drift]) -> list[Drift]:
    """Record in each case how its answer moved, unless it says so already; return these. Raises StoreError.

    It may be run again: what was recorded before it broke off is not recorded twice.
    """
    found = []
    for drift in drifts:
        act = _event(office, drift)
        if act:
            office.streams.perform(act)
            found.append(drift)
    return found


def revise(office: Office, filing: str, fields: Mapping[str, Any]) -> Recorded:
    """Submit another version of a filing, and record in its open cases how the answer moves, in one group. Raises InputError."""
    streams = office.streams
    streams.state(filing, PROCESS)
    act = office.act(filing, "revise", fields)
    require(streams, act)
    acts = [act]
    for case in cases_of(office, filing):
        drift = moved(office, case, fields[FACTS])
        event = _event(office, drift) if drift else None
        acts += [event] if event else []
    return streams.perform_all(acts)[0]


def cases_of(office: Office, filing: str) -> list[State]:
    """Return the open cases that were opened on a filing. Raises InputError when there is no such filing."""
    return [state for state in taken_up(office.streams, filing) if not state.closed]


@dataclass(frozen=True, slots=True)
class _Before:
    """The answer of a record: the values it left possible, and the rules that gave them."""

    possible: tuple[str, ...]
    rules: frozenset[_Rule] = frozenset()


def moved(office: Looking, state: State, values: Mapping[str, Any] | None = None) -> Drift | None:
    """Return how the answer of a stream moves, with other facts if these are given; None when it does not, or there is none."""
    tier = str(state.values.get(TIER) or "")
    try:
        if office.streams.table(state.process).kind not in ANSWERED or not (tier or ANSWERS & state.values.keys()):
            return None
        recorded = _recorded(office, state)
        asked = question(office, state.stream)
        if values is not None:
            asked = asked.stating(values)
        before = _before(recorded, asked) or (_Before((tier,)) if tier and asked.outcome == TIER else None)
        drift = _answered(office, state, asked, before) if before else None
        if drift and drift.before != "|".join(drift.now):
            return replace(drift, cause=_cause(office, recorded, asked))
    except FenjiError as error:
        return Drift(state.stream, tier, (), (), problem=error.finding.problem)
    return None


def _cause(office: Looking, recorded: dict[str, Any] | None, asked: Question) -> Cause:
    """Return what changed since an answer was recorded; where facts and rules did, the facts if the old ones still give it."""
    if recorded is None:
        return "rulebook"
    disclosed, erased = opened(office.streams.home, recorded["decision_id"])
    told = {each.name: each.value for each in disclosed}
    same_rules = recorded["rulepack"]["sha256"] == canonical.sha256(asked.of.data)
    if not erased and told == asked.values:
        return "law" if same_rules else "rulebook"
    if same_rules or erased:
        return "facts"
    before = recorded["verdict"]["outcomes"].get(asked.outcome, {}).get("possible")
    of_then = _possible(office, replace(asked, values=restricted(asked.of, told)))
    return "facts" if list(of_then) == before else "rulebook"


def _event(office: Office, drift: Drift) -> Act | None:
    """Return the event that says how an answer moved; None where the stream says so already."""
    state, values = office.streams.state(drift.case), drift.values(office.release)
    told = state.values.get(DRIFT) or {}
    if all(told.get(name) == values[name] for name in ("before", "now", "problem")):
        return None
    return Act(state.stream, state.process, DRIFTED, None, office.now, values)


def _possible(office: Looking, asked: Question) -> tuple[str, ...]:
    return tuple(_today(office, asked).outcomes[asked.outcome].possible or ())


def _today(office: Looking, asked: Question) -> Answer:
    filing = facts.filing_of(asked.of.rulebook, asked.values)
    return examine(asked.of.rulebook, asked.of.pack, filing, legal_day(office.now), search=False)[0]


def _answered(office: Looking, state: State, asked: Question, before: _Before) -> Drift:
    answer = _today(office, asked)
    now = tuple(answer.outcomes[asked.outcome].possible or ())
    telling = [*answer.fired, *(answer.unknown if len(now) > 1 else ())]  # what is open is open by rules that may apply
    gave = [each for each in telling if _gives(asked, each.rule)]
    rules = {_named(each.rule, each.version, [source.cited for source in each.sources]) for each in gave}
    moving = rules ^ before.rules or rules
    return Drift(state.stream, "|".join(before.possible), now, tuple(f"{name}: {law}" for name, law in sorted(moving)))


def _recorded(office: Looking, state: State) -> dict[str, Any] | None:
    """Return the predicate of the record in which a case was answered last, None when nothing was recorded yet."""
    name = max(str(state.values.get(each) or "") for each in ANSWERS)  # ids sort by time
    found = reading.record(office.streams.home.store, name) if name else None
    predicate: dict[str, Any] | None = json.loads(found.payload)["predicate"] if found and found.kind == "decision" else None
    return predicate


def _before(predicate: dict[str, Any] | None, asked: Question) -> _Before | None:
    """Return what the rules gave in a record; None when it says nothing of what is asked."""
    if predicate is None or predicate["rulepack"]["name"] != asked.of.pack:
        return None
    outcome = predicate["verdict"]["outcomes"].get(asked.outcome)
    if outcome is None:
        return None
    gave = [each for each in predicate["reasons"] if any(asked.outcome in then for then in each["outcome"])]
    open_ = predicate["verdict"]["unknown"] if len(outcome["possible"]) > 1 else []
    rules = {_named(each["rule_id"], each["version"], each["citations"]) for each in gave}
    rules |= {
        _named(
            each["rule"], each["version"], (f"{source['instrument']} {source['article']}".strip() for source in each["sources"])
        )
        for each in open_
        if _gives(asked, each["rule"])
    }
    return _Before(tuple(outcome["possible"]), frozenset(rules))


def _named(rule: str, version: Iterable[str], articles: Iterable[str]) -> _Rule:
    return f"{rule}@{'+'.join(version)}", ", ".join(articles)


def _gives(asked: Question, rule: str) -> bool:
    """Tell whether a rule of today gives a value of the outcome that is asked for."""
    found = asked.of.rulebook.packs[asked.of.pack].rules.get(rule)
    return found is not None and any(asked.outcome in version.then for version in found.versions)
