"""The life of a pilot: acts on its stream, with the fields that the rules work out and nobody types in.

Who applies, signs or decides is judged by the table `pilot`; here the proposal of the pack, its open conditions and whether the
official deviates from it are put beside each decision, terms are named by their hash, and where they go beyond what was admitted
is put beside the official's signature. A decision against the proposal, on a matter that the facts leave open, or on terms beyond
what was admitted, needs reasons and a second official.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from engine.errors import FenjiError, InputError
from engine.evidence.disclosed import opened
from engine.evidence.log import stamp
from engine.rulebook.days import legal_day
from engine.store import streams as stored
from engine.supervise import uscc
from engine.supervise.admitted import AGREED, OFFERED, STATED, admitted, beyond, uncompared
from engine.supervise.opinions import PROCESS, Opinion, opinion, shown_by, uncoerced
from engine.supervise.proven import proven, tolerance_asked
from engine.supervise.state import State, from_text
from engine.supervise.streams import ATTEMPTS, Act, Recorded, Streams, history
from engine.supervise.terms import agreed, offered, readable
from engine.supervise.watched import NUMBERS, second

if TYPE_CHECKING:
    from engine.evidence.installation import Installation
    from engine.evidence.keys import PublicKey
    from engine.rulebook.model import Rulebook

TOLERANCE, CORRECTED, DAYS = "tolerance.", "tolerance.corrected", "tolerance.correction_days"
FACTS = "facts:"  # what the names of sealed facts begin with
OFFICIAL, FINDING = "official", "find"
TIERS = frozenset({"check", FINDING, "admit"})  # where an official states the tier that was confirmed
SHOWS = frozenset({"ask_extension"})  # makes the facts apply that it states
APPLIES = frozenset({"apply", "supplement"})
BEGINS = "sketch"
ENDS, OPEN_INCIDENTS = "conclude", "open_incidents"
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
COMPUTED = frozenset({"proposal", "met", "unmet", "unproven", "deviates", "beyond", "uncompared"})


def perform(streams: Streams, act: Act) -> Recorded:
    """Record an act on a pilot with what the rules work out. Raises InputError when it is refused, StoreError, SigningError.

    What is worked out holds for the events that were seen: when another came first it is worked out again, and the attempt stays
    recorded as overtaken.
    """
    for attempt in range(ATTEMPTS):
        row = stored.stream(streams.home.store, act.stream)
        found = _prepared(streams, act)
        if act.expected is not None or not found.computed:
            break
        try:
            return streams.perform(replace(found, expected=from_text(row.fold).number if row else 0))
        except FenjiError as error:
            if error.finding.code != "overtaken" or attempt + 1 == ATTEMPTS:
                raise
    return streams.perform(found)


def _prepared(streams: Streams, act: Act) -> Act:
    """Return an act with its computed fields; an attempt that cannot have them is recorded as refused. Raises as `prepared`."""
    try:
        return prepared(streams, act)
    except InputError as error:
        streams.refuse(act, error)
        raise


def prepared(streams: Streams, act: Act) -> Act:
    """Return an act with its computed fields. Raises InputError when one was typed in, or facts cannot be read."""
    _tried(streams, act)
    _not_fewer(streams, act)
    if act.name == BEGINS and "unit" not in act.fields and act.by and _of_office(act.by):
        return replace(act, fields={**act.fields, "unit": act.by.holder.unit})  # whoever begins one is in charge of it
    if act.name == ENDS and OPEN_INCIDENTS not in act.fields:  # typed in, the streams refuse it
        return replace(
            act, fields={**act.fields, OPEN_INCIDENTS: _unsettled(streams, act.stream)}, computed=frozenset({OPEN_INCIDENTS})
        )
    if act.name in APPLIES and "budget" in act.fields:
        readable(streams, act.fields)
    if act.name in OFFERED and "terms" in act.fields:
        return replace(act, fields=offered(streams, act))
    if act.name not in DECIDES and act.name not in AGREED:
        return act
    typed = sorted(COMPUTED & set(act.fields))
    if typed:
        problem = f"`{typed[0]}` of `{act.name}` is worked out by the rules"
        raise InputError("computed-field", problem, "leave it out")
    if act.name in AGREED:
        return replace(act, fields=_signing(streams, act), computed=COMPUTED)
    _asked(streams, act)
    found = current(streams, act)
    wanted = {name for each in streams.table(PROCESS).transitions if each.event == act.name for name in (*each.needs, *each.may)}
    values: dict[str, Any] = {"proposal": found.value, "deviates": _deviates(act, found)}
    lists = {"met": found.met, "unmet": found.unmet, "unproven": found.unproven}
    values |= {name: list(entries) or ["none"] for name, entries in lists.items()}
    fields = {**act.fields, **{name: value for name, value in values.items() if name in wanted}}
    return replace(act, fields=fields, computed=COMPUTED)


def _of_office(by: PublicKey) -> bool:
    return OFFICIAL in by.holder.roles and not uscc.is_firm(by.holder.unit)


def _signing(streams: Streams, act: Act) -> dict[str, Any]:
    """Return the fields of an official's signature: what the terms say, and where they go beyond what was admitted."""
    numbers, state, on = agreed(streams, act), streams.state(act.stream), act.on or legal_day(act.now)
    found = admitted(streams, act.stream)
    shown = {name: state.values[name] for name in NUMBERS if name in state.values} if act.name == "countersign" else numbers
    terms = {**found.text, **shown}
    signed = replace(state, values={**{name: each for name, each in state.values.items() if name not in NUMBERS}, **shown})
    facts = facts_of(streams.home, streams.rulebook, signed, on)
    facts |= {fact.removeprefix(FACTS): terms[name] for fact, name in STATED.items() if type(terms.get(name)) is int}
    after = opinion(streams.rulebook, facts, on, "admission")
    before = proposed(streams, act, "admission") if act.name == "countersign_amendment" else None
    more = beyond(found, terms, before, after)
    not_compared = uncompared(found, terms) or ["none"]
    return {**act.fields, **numbers, "beyond": more or ["none"], "uncompared": not_compared, "deviates": bool(more)}


def _unsettled(streams: Streams, stream: str) -> bool:
    """Tell whether an incident of a pilot has not been closed, merged or withdrawn."""
    return not all(streams.state(each).closed for each in streams.state(stream).values.get("incident", ()))


def _not_fewer(streams: Streams, act: Act) -> None:
    """Refuse fewer subjects than were told for the same moment or an earlier one: all count who took part so far.

    An official who gives reasons corrects the number, and counting goes on from there. Raises InputError.
    """
    count = act.fields.get("subjects")
    if type(count) is not int or _corrects(act):
        return
    moment = _moment(act.fields.get("happened"), stamp(act.now))
    before: list[int] = []
    for each in history(streams.home, act.stream):
        values = each["values"]
        if "subjects" in values:
            official = bool(each["by"]) and each["by"]["role"] == OFFICIAL and "reasons" in each["given"]
            before = [] if official else before
            before += [values["subjects"]] if official or _moment(values.get("happened"), each["at"]) <= moment else []
    most = max(before, default=count)
    if count < most:
        problem = f"{most} subjects were told before, and {count} are fewer"
        raise InputError("fewer-subjects", problem, "count all who took part so far; an official corrects it, with reasons")


def _corrects(act: Act) -> bool:
    """Tell whether an official gives reasons."""
    return act.by is not None and OFFICIAL in act.by.holder.roles and bool(act.fields.get("reasons"))


def _moment(happened: object, recorded: str) -> int:
    """Return the second at which something happened, that of its recording when no moment of the form is given."""
    try:
        return second(str(happened or recorded))
    except (ValueError, OverflowError):  # its field refuses it
        return second(recorded)


def _asked(streams: Streams, act: Act) -> None:
    """Refuse an opinion on tolerance for another matter than the one that was asked last. Raises InputError."""
    matter = tolerance_asked(history(streams.home, act.stream)) if act.name == "opine_tolerance" else act.fields.get("event")
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

    What only an authority can supply counts from an official's finding alone (`find`, and the tier that a decision states): an
    official who applies for a firm tells what the firm says. No finding is milder than what the stream proves.
    """
    stated = _stated(home, rulebook, state)
    found = stated | shown_by(state, on) | proven(home, state, stated, on)
    if found.get(CORRECTED) is False:  # of what was not corrected nobody asks how long it took
        found.pop(DAYS, None)
    return found


def _stated(home: Installation, rulebook: Rulebook, state: State) -> dict[str, Any]:
    """Return the facts told, the later over the earlier; those on tolerance belong to one matter and go with it."""
    stated: dict[str, Any] = {}
    matter = ""
    for predicate in history(home, state.stream):
        if predicate["name"] == "ask_tolerance" and predicate["values"]["event"] != matter:
            matter = predicate["values"]["event"]
            stated = {name: value for name, value in stated.items() if not name.startswith(TOLERANCE)}
        official = bool(predicate["by"]) and predicate["by"]["role"] == OFFICIAL
        if predicate["name"] in TIERS and official and "tier" in predicate["values"]:
            stated["pilot.tier"] = predicate["values"]["tier"]
        if predicate["input_commitments"] and "facts" in predicate["given"]:
            official = official and predicate["name"] == FINDING
            found, _ = opened(home, predicate["event_id"])
            named = {each.name.removeprefix(FACTS): each.value for each in found if each.name.startswith(FACTS)}
            stated |= {name: value for name, value in named.items() if official or _may_state(rulebook, name)}
    return stated


def _tried(streams: Streams, act: Act) -> None:
    """Let the rules read new facts beside the old before they are recorded: one that they cannot read would stop every opinion.

    Raises InputError for an unknown fact, a wrong value, or a contradiction.
    """
    new = act.fields.get("facts")
    if not isinstance(new, Mapping) or act.name in SHOWS:
        return
    uncoerced(streams.rulebook, new, "the pilot")
    on = act.on or legal_day(act.now)
    official = act.name == FINDING and act.by is not None and OFFICIAL in act.by.holder.roles
    told = {name: value for name, value in new.items() if official or _may_state(streams.rulebook, name)}
    state = State(act.stream, PROCESS) if act.name == "sketch" else streams.state(act.stream)
    old = _stated(streams.home, streams.rulebook, state)
    after = {"tolerance.asked": True} if act.name == "ask_tolerance" else {}
    opinion(streams.rulebook, old | told | shown_by(state, on) | after, on, "measure")


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
