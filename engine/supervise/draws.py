"""Draws of inspections at random (双随机) that nobody can choose, and that anybody can draw again from the log.

Three acts by two officials. The first *announces*: how many, which inspectors, and the hash of a nonce. Another *freezes* the
list of cases that may be drawn, as the log stood. Then the first *draws*: the nonce is revealed, and the seed comes from it and
from the root of the log's tree just after the list. The first did not know that root when committing to the nonce, the second
never knew the nonce, so neither of them can steer the seed alone; both together can. Whoever announced knows the outcome before
it is revealed, and may abandon the draw: with reasons, a second official, and for ever visible.
The principle is article 54 of the Regulation on improving the business environment; commit, freeze and reveal are design.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from engine.errors import EvidenceError, InputError, SigningError
from engine.evidence import merkle
from engine.evidence.keys import PublicKey
from engine.evidence.log import new_id, stamp
from engine.store import reading
from engine.store import streams as stored
from engine.supervise import uscc
from engine.supervise.sampling import INSPECTORS, Drawn, draw
from engine.supervise.streams import Act, Recorded, Streams, history

if TYPE_CHECKING:
    from engine.evidence.installation import Installation

TABLE, ARM = "inspection-draw", "results-based"
WATCHED = "watching"  # the state of the arm in which a case may be drawn
FORMAT = "fenji-draw/1"
TRIES = 8  # how often a draw is made up again when a case moved meanwhile


@dataclass(frozen=True)
class Plan:
    """What is announced: how many cases, the roll of inspectors by their names as actors, and of which cases (all, if unsaid)."""

    count: int
    pool: Sequence[str]
    unit: str = ""
    district: str = ""
    matters: str = ""


def announce(streams: Streams, by: PublicKey, now: datetime, plan: Plan) -> Recorded:
    """Announce a draw and commit to its nonce. Raises InputError when it is refused, SigningError."""
    if plan.count < 1:
        raise InputError("wrong-value", f"{plan.count} cases cannot be drawn", "draw one at least")
    _require_roll(streams.home, plan.pool, stamp(now))
    stream = new_id(now)
    shown = {name: value for name in ("unit", "district", "matters") if (value := getattr(plan, name))}
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
        raise InputError("nothing-to-draw", "no case may be drawn: none is watched there", "open cases of the results-based arm")
    draw("trial", len(listed), listed, announced["pool"])  # refuses a list with a case that too few may inspect
    fields = {"list": {name: sorted(barred) for name, barred in listed.items()}, "size": size}
    return streams.perform(replace(act, fields=fields))


def reveal(streams: Streams, stream: str, by: PublicKey, now: datetime) -> Recorded:
    """Reveal the nonce and draw: each drawn case that is still watched gets its inspection in the same durable group.

    A case that has moved since the list was frozen stays drawn, without an inspection; no other takes its place.
    Raises InputError when it is refused.
    """
    computed = frozenset({"nonce", "root", "seed", "drawn"})
    nonce, nothing = _nonce(streams.home, stream, by).hex(), "0" * 64
    act = Act(stream, TABLE, "draw", by, now, computed=computed)
    streams.require(replace(act, fields={"nonce": nonce, "root": nothing, "seed": nothing, "drawn": []}))
    root = root_after_list(streams.home, stream)
    seed = seed_of(nonce, root)
    found = _drawn(seed, streams.state(stream).values)
    for left in reversed(range(TRIES)):
        taken = {name: streams.state(name).name == WATCHED for name, _ in found.streams}
        drawn = [{"case": name, "inspectors": list(two), "taken": taken[name]} for name, two in found.streams]
        fields = {"nonce": nonce, "root": root, "seed": seed, "drawn": drawn}
        acts = [replace(act, fields=fields)]
        for name, two in found.streams:
            if taken[name]:
                acts.append(Act(name, ARM, "drawn", None, now, {"draw": stream, "inspectors": list(two)}))
        try:
            return streams.perform_all(acts)[0]
        except InputError as error:
            if not left or not error.finding.place.file.startswith(f"{ARM}/"):
                raise
    raise AssertionError  # the last try returns or raises


def replaced(streams: Streams, case: str, now: datetime) -> Recorded:
    """Give a drawn case the next inspectors of its seed that are not recused. Raises InputError when it was not drawn."""
    state = streams.state(case)
    stream = str(state.values.get("draw", ""))
    if state.process != ARM or not stream:
        raise InputError("not-drawn", f"`{case[:60]}` was not drawn", "name a case that is inspected after a draw")
    values = streams.state(stream).values
    barred = {*values["list"][case], *map(str, state.values.get("recused", ()))}
    ((_, two),) = draw(values["seed"], 1, {case: barred}, values["pool"]).streams
    return streams.perform(Act(case, ARM, "redrawn", None, now, {"draw": stream, "inspectors": list(two)}))


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
    if "draw" in events:
        said = events["draw"]["values"]
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


def eligible(home: Installation, size: int, announced: Mapping[str, Any], at: str) -> dict[str, frozenset[str]]:
    """Return the cases that may be drawn as the first `size` records of the log have them, each with who stays out of it.

    Whoever is of a firm inspects nobody, as in every act of an office (`guards`: impartial); an inspector also stays out of a
    case of their own body, and of one in which they were recused.
    """
    codes = _codes(home, announced["pool"], at)
    firms = {person for person, code in codes.items() if uscc.is_firm(code)}
    bodies = {person: home.keyed("company", code) for person, code in codes.items()}
    cases: dict[str, dict[str, Any]] = {}
    recused: dict[str, set[str]] = {}
    for each in reading.records(home.store):
        if each.seq >= size:
            break
        if each.kind != "event" or f'"process":"{ARM}"'.encode() not in each.payload:
            continue
        event = json.loads(each.payload)["predicate"]
        cases[event["stream"]] = event
        if event["name"] == "recuse":
            recused.setdefault(event["stream"], set()).add(event["values"]["recused"])
    found = {}
    for name, last in cases.items():
        scoped = all(announced.get(key, "") in ("", last["shows"][key]) for key in ("unit", "district"))
        if last["process"] == ARM and last["to"] == WATCHED and scoped:
            own = {person for person, body in bodies.items() if body == last["shows"]["holder"]}
            found[name] = frozenset(firms | own | recused.get(name, set()) & set(announced["pool"]))
    return found


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
        each["name"] == "drawn" and each["values"] == {"draw": stream, "inspectors": drawn["inspectors"]}
        for each in history(home, drawn["case"])
    )


def _require_roll(home: Installation, pool: Sequence[str], at: str) -> None:
    """Refuse a roll of inspectors of whom one is no official, or which are too few. Raises InputError."""
    actors, roll = home.actors, list(dict.fromkeys(pool))
    for name in roll:
        try:
            key = actors.key_of(name, "decision", at)
        except SigningError:
            key = None
        if key is None or "official" not in key.holder.roles:
            raise InputError("no-inspector", f"`{name[:60]}` is no official here", "name actors with the role official")
    if len(roll) < INSPECTORS:
        raise InputError("no-inspectors", f"a roll of {len(roll)} inspectors is too short", f"name {INSPECTORS} at least")


def _codes(home: Installation, pool: Sequence[str], at: str) -> dict[str, str]:
    """Return the credit code of the unit to which each inspector belonged at a time, for those whose unit is one."""
    units = {
        key.holder.sub: uscc.tidy(key.holder.unit) for key in home.actors.keys if key.valid_from <= at
    }  # the last one counts
    return {name: units[name] for name in pool if not uscc.fault(units.get(name, ""))}
