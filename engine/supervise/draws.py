"""Draws of inspections at random (双随机) that nobody can choose, and that anybody can draw again from the log.

Three acts by two officials. The first *announces*: how many, which inspectors, and the hash of a nonce. Another *freezes* the
list of cases that may be drawn, as the log stood. Then the first *draws*: the nonce is revealed, and the seed comes from it and
from the root of the log's tree just after the list. The first did not know that root when committing to the nonce, the second
never knew the nonce, so neither of them can steer the seed alone; both together can. Whoever announced knows the outcome before
it is revealed, and may abandon the draw: with reasons, a second official, and for ever visible.
The principle is article 54 of the Regulation on improving the business environment; commit, freeze and reveal are design.

A recused inspector is followed by the next of the same seed. Where fewer than two of the roll are left for a case, nobody picks
others: the regulation has inspectors chosen at random, and two inspect at least (Administrative Penalty Law, articles 42 and 43).
So another roll is announced for that `case` alone, and drawn from in the same three acts (design).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from engine.errors import EvidenceError, InputError, Place
from engine.evidence import merkle
from engine.evidence.keys import PublicKey
from engine.evidence.log import new_id, stamp
from engine.store import streams as stored
from engine.supervise.rolls import ARM, BEGIN, INSPECTED, WATCHED, eligible, exhausted, inspection, require_roll
from engine.supervise.sampling import INSPECTORS, Drawn, draw
from engine.supervise.streams import Act, Recorded, Streams, history

if TYPE_CHECKING:
    from engine.evidence.installation import Installation
    from engine.supervise.state import State

TABLE, DRAWN = "inspection-draw", "draw"  # the table, and its event that draws
FORMAT = "fenji-draw/1"
TRIES = 8  # how often a draw is made up again when a case moved meanwhile


@dataclass(frozen=True)
class Plan:
    """What is announced: how many cases, the roll of inspectors by their names as actors, and of which cases (all, if unsaid).

    `case` is one under inspection of whose inspectors fewer than two are left: others are drawn for it, and nothing else.
    """

    count: int
    pool: Sequence[str]
    unit: str = ""
    district: str = ""
    matters: str = ""
    case: str = ""


def announce(streams: Streams, by: PublicKey, now: datetime, plan: Plan) -> Recorded:
    """Announce a draw and commit to its nonce. Raises InputError when it is refused, SigningError."""
    if plan.count < 1:
        raise InputError("wrong-value", f"{plan.count} cases cannot be drawn", "draw one at least")
    require_roll(streams.home, plan.pool, stamp(now))
    if plan.case:
        _require_alone(streams, plan)
    stream = new_id(now)
    shown = {name: value for name in ("unit", "district", "matters", "case") if (value := getattr(plan, name))}
    commitment = sha256(_nonce(streams.home, stream, by)).hexdigest()
    fields = {"count": plan.count, "pool": list(plan.pool), "commitment": commitment, **shown}
    return streams.perform(Act(stream, TABLE, "announce", by, now, fields, computed=frozenset({"commitment"})))


def freeze(streams: Streams, stream: str, by: PublicKey, now: datetime) -> Recorded:
    """Freeze the list of cases as the log stands. Raises InputError when it is refused, or nothing could be drawn from it."""
    act = Act(stream, TABLE, "freeze", by, now, computed=frozenset({"list", "size"}))
    streams.require(replace(act, fields={"list": {}, "size": 0}))
    announced = streams.state(stream).values
    head = streams.home.head()
    size = head.size if head else 0
    listed = eligible(streams.home, size, announced, stamp(now))
    if not listed:
        problem, remedy = "no case may be drawn: none is watched there", "open cases of the results-based arm"
        if "case" in announced:
            problem, remedy = f"`{announced['case']}` needs no other inspectors any more", "abandon this draw"
        raise InputError("nothing-to-draw", problem, remedy, Place(stream[:60]))
    draw("trial", len(listed), listed, announced["pool"])  # refuses a list with a case that too few may inspect
    fields = {"list": {name: sorted(barred) for name, barred in listed.items()}, "size": size}
    return streams.perform(replace(act, fields=fields))


def reveal(streams: Streams, stream: str, by: PublicKey, now: datetime) -> Recorded:
    """Reveal the nonce and draw: each drawn case that is still watched gets its inspection in the same durable group.

    A case that has moved since the list was frozen stays drawn, without an inspection; no other takes its place. One that other
    inspectors were to be drawn for gets them unless it has moved, or has got others meanwhile. Raises InputError when refused.
    """
    computed = frozenset({"nonce", "root", "seed", "drawn"})
    nonce, nothing = _nonce(streams.home, stream, by).hex(), "0" * 64
    act = Act(stream, TABLE, DRAWN, by, now, computed=computed)
    streams.require(replace(act, fields={"nonce": nonce, "root": nothing, "seed": nothing, "drawn": []}))
    root = root_after_list(streams.home, stream)
    seed = seed_of(nonce, root)
    announced = streams.state(stream).values
    found = _drawn(seed, announced)
    event = "redrawn" if "case" in announced else "drawn"
    for left in reversed(range(TRIES)):
        states = {name: streams.state(name) for name, _ in found.streams}
        taken = {name: _waits(streams.home, state, event) for name, state in states.items()}
        drawn = [{"case": name, "inspectors": list(two), "taken": taken[name]} for name, two in found.streams]
        fields = {"nonce": nonce, "root": root, "seed": seed, "drawn": drawn}
        acts = [replace(act, fields=fields)]
        for name, two in found.streams:
            if taken[name]:
                seen = states[name].number if event == "redrawn" else None  # no other draw may have come between
                acts.append(Act(name, ARM, event, None, now, {"draw": stream, "inspectors": list(two)}, expected=seen))
        try:
            return streams.perform_all(acts)[0]
        except InputError as error:
            if not left or not error.finding.place.file.startswith(f"{ARM}/"):
                raise
    raise AssertionError  # the last try returns or raises


def replaced(streams: Streams, case: str, now: datetime) -> Recorded:
    """Give a drawn case the next inspectors of its seed that are not recused.

    Raises InputError when it was not drawn, when none of its inspectors is recused, or when fewer than two of its roll are left:
    others are drawn for it then.
    """
    state = streams.state(case)
    found = inspection(streams.home, history(streams.home, case))
    if state.process != ARM or not found.draw:
        remedy = "name a case that is inspected after a draw; of one inspected otherwise `fenji draw announce --case` draws"
        raise InputError("not-drawn", f"`{case[:60]}` was not drawn", remedy)
    inspecting = state.values["inspectors"]
    if set(inspecting) <= set(found.able):
        problem = f"`{'` and `'.join(inspecting)}` inspect it, and neither is recused"
        raise InputError("inspectors-left", problem, "record the recusal first: `fenji case do CASE recuse`", Place(case[:60]))
    if len(found.able) < INSPECTORS:
        out = ", ".join(f"`{each}`" for each in found.roll if each not in found.able)
        left = "none may" if not found.able else f"`{found.able[0]}` alone may"
        remedy = f"announce another roll for this case: `fenji draw announce --case {case[:60]} --inspector ...`"
        raise InputError("no-inspectors", f"of its roll {left} still inspect: {out} stay out", remedy, Place(case[:60]))
    values = streams.state(found.draw).values
    ((_, two),) = draw(values["seed"], 1, {case: set(found.roll) - set(found.able)}, values["pool"]).streams
    return streams.perform(Act(case, ARM, "redrawn", None, now, {"draw": found.draw, "inspectors": list(two)}))


def check(streams: Streams, stream: str) -> list[str]:
    """Work a draw out again from the log alone; return what comes out differently, nothing when all holds. Raises InputError.

    List, root, seed, drawn cases and inspectors are derived anew, and the list is of the log as it stood after the announcement;
    that the nonce is the one committed to, the table judged.
    """
    home, events = streams.home, {each["name"]: each for each in history(streams.home, stream)}
    if "announce" not in events:
        raise InputError("wrong-process", f"`{stream[:60]}` is no draw", "name a draw")
    announced, wrong = events["announce"]["values"], []
    if "freeze" in events:
        frozen, places = events["freeze"], _places(home, stream)
        if not places["announce"] < frozen["values"]["size"] <= places["freeze"]:
            wrong.append("the list is not of the log between announcement and list")
        listed = eligible(home, frozen["values"]["size"], announced, frozen["at"])
        if {name: sorted(barred) for name, barred in listed.items()} != frozen["values"]["list"]:
            wrong.append("the list is not what the log of then gives")
    if DRAWN in events:
        said = events[DRAWN]["values"]
        root = root_after_list(home, stream)
        if said["root"] != root or said["seed"] != seed_of(said["nonce"], root):
            wrong.append("root or seed do not follow from log and nonce")
        again = [[name, list(two)] for name, two in _drawn(said["seed"], events["freeze"]["values"] | announced).streams]
        if again != [[each["case"], each["inspectors"]] for each in said["drawn"]]:
            wrong.append("the seed draws other cases or inspectors")
        wrong += [
            f"{each['case']} has no inspection of this draw"
            for each in said["drawn"]
            if each["taken"] and not _has(home, each, stream)
        ]
    return wrong


def _waits(home: Installation, state: State, event: str) -> bool:
    """Tell whether a drawn case is still as it was listed: watched, or without inspectors."""
    return state.name == WATCHED if event == "drawn" else exhausted(home, state.name, history(home, state.stream))


def _require_alone(streams: Streams, plan: Plan) -> None:
    """Refuse a plan that draws inspectors for one case and more besides, or for one that has them. Raises InputError."""
    if plan.count != 1 or plan.unit or plan.district:
        problem = "inspectors for one case are drawn for nothing else"
        raise InputError("wrong-value", problem, "leave count, unit and district out", Place(plan.case[:60]))
    state, events = streams.state(plan.case), history(streams.home, plan.case)
    if state.process != ARM or state.name != INSPECTED:
        problem = f"`{plan.case[:60]}` is not under inspection"
        raise InputError("not-drawn", problem, "name a case whose inspectors are recused", Place(plan.case[:60]))
    if not exhausted(streams.home, state.name, events):
        able = ", ".join(f"`{each}`" for each in inspection(streams.home, events).able)
        remedy = "`fenji draw replace` gives a drawn case the next of its seed; inspectors who are not recused inspect"
        raise InputError("inspectors-left", f"{able} may still inspect it", remedy, Place(plan.case[:60]))


def root_after_list(home: Installation, stream: str) -> str:
    """Return the root of the log's tree whose last leaf is the frozen list, in hexadecimal. Raises EvidenceError without one."""
    for each in stored.events(home.store, stream):
        if json.loads(each.payload)["predicate"]["name"] == "freeze":
            return merkle.frontier(each.seq + 1, home.store.appender.hash).root().hex()
    raise EvidenceError("no-list", f"the list of `{stream[:60]}` is not frozen", "freeze it first")


def seed_of(nonce: str, root: str) -> str:
    """Return the seed: SHA-256 over the format, a zero byte, the 32 bytes of the nonce and the 32 of the root, in hexadecimal."""
    return sha256(FORMAT.encode() + b"\0" + bytes.fromhex(nonce) + bytes.fromhex(root)).hexdigest()


def _nonce(home: Installation, stream: str, by: PublicKey) -> bytes:
    """Return the nonce of a draw: the hash of a signature, which its signer alone can make, and makes again (RFC 8032, 5.1.6).

    So it is stored nowhere before it is revealed.
    """
    return sha256(home.signer(by).sign(f"{FORMAT}\n{stream}\n".encode())).digest()


def _drawn(seed: str, values: Mapping[str, Any]) -> Drawn:
    return draw(seed, values["count"], values["list"], values["pool"])


def _places(home: Installation, stream: str) -> dict[str, int]:
    """Return the place in the log of each event of a draw, by its name."""
    return {json.loads(each.payload)["predicate"]["name"]: each.seq for each in stored.events(home.store, stream)}


def _has(home: Installation, drawn: Mapping[str, Any], stream: str) -> bool:
    """Tell whether a case has the inspection that a draw says it got."""
    return any(
        each["name"] in BEGIN and each["values"] == {"draw": stream, "inspectors": drawn["inspectors"]}
        for each in history(home, drawn["case"])
    )
