"""The life of a pilot: acts on its stream, with the fields that the rules work out and nobody types in.

Who applies, signs or decides is judged by the table `pilot`; here the proposal of the pack, its open conditions and whether the
official deviates from it are put beside each decision, and terms are named by their hash. A decision against the proposal, or on
a matter that the facts leave open, needs reasons and a second official.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from engine.errors import InputError
from engine.evidence import canonical
from engine.evidence.disclosed import opened
from engine.supervise.clocks import legal_day
from engine.supervise.monitors.plan import plan
from engine.supervise.opinions import PACK, PROCESS, Opinion, counted, opinion, shown_by, uncoerced
from engine.supervise.state import State
from engine.supervise.streams import Act, Recorded, Streams, history

if TYPE_CHECKING:
    from engine.evidence.installation import Installation
    from engine.rulebook.model import Rulebook

TOLERANCE, WITHIN = "tolerance.", "tolerance.within_plan"
MOST = 10**6  # of a line of the budget: more is no limit, and its product with the persons stays within 2^53
FACTS = "facts:"  # what the names of sealed facts begin with
OFFICIAL = "official"
SHOWS = frozenset({"ask_extension"})  # makes the facts apply that it states
# event -> the matter it decides, and the proposal from which it does not deviate
DECIDES: dict[str, tuple[str, str]] = {
    "check": ("admission", ""),
    "admit": ("admission", "admit"),
    "refuse": ("admission", "refuse"),
    "extend": ("extension", "extend"),
    "decline_extension": ("extension", "decline"),
    "opine_tolerance": ("tolerance", ""),
    "graduate": ("onward", ""),
    "convert": ("onward", "convert_ex_ante"),
    "end": ("onward", "ended"),
}
GRADUATES = {"results_based": "graduate_results", "disclose_track": "graduate_disclose"}
COMPUTED = frozenset({"proposal", "met", "unmet", "unproven", "deviates"})
OFFERS = frozenset({"offer", "amend"})
# what the stream shows of the terms
NUMBERS = ("cap_subjects", "ends_on", "insured_until", "bar_term", "bar_months", "observed_by", "budget")


def perform(streams: Streams, act: Act) -> Recorded:
    """Record an act on a pilot with what the rules work out. Raises InputError when it is refused, StoreError, SigningError."""
    return streams.perform(prepared(streams, act))


def prepared(streams: Streams, act: Act) -> Act:
    """Return an act with its computed fields. Raises InputError when one was typed in, or facts cannot be read."""
    _tried(streams, act)
    if act.name in OFFERS and "terms" in act.fields:
        terms = act.fields["terms"]
        _readable(streams, terms)
        numbers = _numbers(act, terms) if act.name == "offer" else {}
        return replace(act, fields={**act.fields, **numbers, "terms_sha256": terms_sha256(terms)})
    if act.name == "countersign_amendment":
        return replace(act, fields={**act.fields, **_numbers(act, _amendment(streams, act.stream))})
    if act.name not in DECIDES:
        return act
    typed = sorted(COMPUTED & set(act.fields))
    if typed:
        problem = f"`{typed[0]}` of `{act.name}` is worked out by the rules"
        raise InputError("computed-field", problem, "leave it out")
    _asked(streams, act)
    found = current(streams, act)
    wanted = {name for each in streams.table(PROCESS).transitions if each.event == act.name for name in (*each.needs, *each.may)}
    values: dict[str, Any] = {"proposal": found.value, "deviates": _deviates(act, found)}
    lists = {"met": found.met, "unmet": found.unmet, "unproven": found.unproven}
    values |= {name: list(entries) or ["none"] for name, entries in lists.items()}
    fields = {**act.fields, **{name: value for name, value in values.items() if name in wanted}}
    return replace(act, fields=fields, computed=COMPUTED)


def _asked(streams: Streams, act: Act) -> None:
    """Refuse an opinion on tolerance for another matter than the one that was asked last. Raises InputError."""
    matter = tolerance_asked(streams.home, act.stream) if act.name == "opine_tolerance" else act.fields.get("event")
    if act.fields.get("event") != matter:
        problem = f"tolerance is asked for `{matter}`" if matter else "no tolerance is asked"
        raise InputError("not-asked", problem, "let `ask_tolerance` come first, for that matter")


def current(streams: Streams, act: Act) -> Opinion:
    """Return what the rules propose on the matter that an act decides, on its day."""
    matter = DECIDES[act.name][0]
    return proposed(streams, act, matter)


def proposed(streams: Streams, act: Act, matter: str) -> Opinion:
    """Return what the rules propose on a matter from all facts of the stream. Raises InputError."""
    on = act.on or legal_day(act.now)
    return opinion(streams.rulebook, facts_of(streams.home, streams.rulebook, streams.state(act.stream), on), on, matter)


def facts_of(home: Installation, rulebook: Rulebook, state: State, on: date) -> dict[str, Any]:
    """Return the facts of a pilot: stated in its events, the later over the earlier, and shown by the stream over both.

    What only an authority can supply counts from an official's event alone.
    """
    stated = _stated(home, rulebook, state)
    return stated | shown_by(state, on) | counted(state, stated) | _outside(home, state)


def _stated(home: Installation, rulebook: Rulebook, state: State) -> dict[str, Any]:
    """Return the facts told, the later over the earlier; those on tolerance belong to one matter and go with it."""
    stated: dict[str, Any] = {}
    matter = ""
    for predicate in history(home, state.stream):
        if predicate["name"] == "ask_tolerance" and predicate["values"]["event"] != matter:
            matter = predicate["values"]["event"]
            stated = {name: value for name, value in stated.items() if not name.startswith(TOLERANCE)}
        if predicate["input_commitments"] and "facts" in predicate["given"]:
            official = bool(predicate["by"]) and predicate["by"]["role"] == OFFICIAL
            found, _ = opened(home, predicate["event_id"])
            named = {each.name.removeprefix(FACTS): each.value for each in found if each.name.startswith(FACTS)}
            if not official and WITHIN in named and _unshown(state, matter, predicate["on"]):
                del named[WITHIN]
            stated |= {name: value for name, value in named.items() if official or _may_state(rulebook, name)}
    return stated


def _unshown(state: State, matter: str, on: str) -> bool:
    """Tell whether nothing but a firm's word, given after the end, puts a matter within the term; an incident has its own day."""
    return matter not in state.values.get("incident", ()) and on > covered_until(state)


def _outside(home: Installation, state: State) -> dict[str, Any]:
    """Return that the incident for which tolerance is asked lies outside of the time under terms, where the stream shows it."""
    asked = tolerance_asked(home, state.stream) if "ask_tolerance" in state.done else ""
    for predicate in history(home, state.stream) if asked else ():
        if predicate["name"] == "incident" and predicate["values"]["incident"] == asked:
            day = legal_day(datetime.fromisoformat(predicate["values"]["happened"])).isoformat()
            return {} if state.done["start"].on <= day <= covered_until(state) else {WITHIN: False}
    return {}


def covered_until(state: State) -> str:
    """Return the last day on which the terms covered anything: the last day agreed, or that of an earlier end."""
    ends = [state.done[name].on for name in ("conclude", "expire", "terminate") if name in state.done]
    return min([str(state.values["ends_on"]), *ends])


def tolerance_asked(home: Installation, stream: str) -> str:
    """Return the matter of the last request for tolerance, empty when there was none."""
    asked = (each["values"]["event"] for each in reversed(history(home, stream)) if each["name"] == "ask_tolerance")
    return str(next(asked, ""))


def _tried(streams: Streams, act: Act) -> None:
    """Let the rules read new facts beside the old before they are recorded: one that they cannot read would stop every opinion.

    Raises InputError for an unknown fact, a wrong value, or a contradiction.
    """
    new = act.fields.get("facts")
    if not isinstance(new, Mapping) or act.name in SHOWS:
        return
    uncoerced(streams.rulebook, new, "the pilot")
    on = act.on or legal_day(act.now)
    official = act.by is not None and OFFICIAL in act.by.holder.roles
    told = {name: value for name, value in new.items() if official or _may_state(streams.rulebook, name)}
    state = State(act.stream, PROCESS) if act.name == "sketch" else streams.state(act.stream)
    old = _stated(streams.home, streams.rulebook, state)
    after = {"tolerance.asked": True} if act.name == "ask_tolerance" else {}
    opinion(streams.rulebook, old | told | shown_by(state, on) | counted(state, old | told) | after, on, "measure")


def _may_state(rulebook: Rulebook, name: str) -> bool:
    """Tell whether the firm can supply a fact; names that are none are left to be refused."""
    return name not in rulebook.facts or rulebook.facts[name].supplied_by != "authority"


def _deviates(act: Act, found: Opinion) -> bool:
    wanted = DECIDES[act.name][1]
    if act.name == "graduate":
        wanted = GRADUATES.get(str(act.fields.get("track")), "")
    elif act.name == "opine_tolerance":
        wanted = str(act.fields.get("outcome"))
    return found.value != wanted


def _numbers(act: Act, terms: Any) -> dict[str, Any]:
    """Return what the terms say of caps, days and budget: nobody signs one text and enters another. Raises InputError."""
    found = {name: terms[name] for name in NUMBERS if name in terms} if isinstance(terms, dict) else {}
    for name, value in found.items():
        if name in act.fields and act.fields[name] != value:
            problem = f"`{name}` is not what the terms say"
            raise InputError("terms-differ", problem, "leave it out: it is taken from the terms")
    return found


def _readable(streams: Streams, terms: Any) -> None:
    """Refuse a budget that no monitor could read, before anybody signs it. Raises InputError."""
    budget = terms.get("budget", {}) if isinstance(terms, dict) else {}
    lines = plan(streams.rulebook.packs[PACK]).lines
    if not isinstance(budget, dict):
        raise InputError(
            "wrong-budget", "`budget` of the terms is no list of lines", f"write `line: number`, of {', '.join(lines)}"
        )
    for line, allowed in budget.items():
        if line not in lines:
            raise InputError("unknown-line", f"no line `{str(line)[:40]}` of a budget", f"the lines are {', '.join(lines)}")
        if type(allowed) is not int or not 0 <= allowed <= MOST:
            problem = f"`{line}` of the budget is not a whole number from 0 to {MOST}"
            raise InputError("wrong-type", problem, "write what is tolerated per thousand persons and thirty days")


def _amendment(streams: Streams, stream: str) -> Any:
    """Return the terms offered last as an amendment; nothing when there are none, or when they were erased."""
    for predicate in reversed(history(streams.home, stream)):
        if predicate["name"] == "amend":
            disclosed, _ = opened(streams.home, predicate["event_id"])
            return next((each.value for each in disclosed if each.name == "terms"), None)
    return None


def terms_sha256(terms: Any) -> str:
    """Return the hash by which both sides name the terms that they sign (RFC 8785). Raises EvidenceError."""
    return canonical.sha256(canonical.dumps(terms))
