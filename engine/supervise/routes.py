"""What a register means for a transfer: the volumes of the year it joins, and the route before and after it.

The facts of the pack on cross-border transfer that count the year (`prior.*`) come from the register, as bounds where it leaves
bounds. The route before is that of the same flows without their persons: what the volume of the year alone asks for. A transfer
crosses a threshold when the route after it is certainly stricter; it may cross when only some completions make it so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from engine.decide.assess import evaluator, examine
from engine.decide.evaluate import Evaluator
from engine.decide.filing import Filing, Item
from engine.decide.narrow import settle
from engine.decide.values import F, Slots, T
from engine.errors import ContradictionError, InputError
from engine.rulebook.model import Rulebook
from engine.supervise.transfers import KINDS, Counted, Flow, Interval, Kind, Persons, Register, Transfer, count, together
from schemas.answer import Answer

PACK = "cn-cross-border"
DAY, FLOWS, COUNTED = "transfer.date", "flow", "flow.counted"
BY_VOLUME: dict[str, Kind] = {"general_route": "general", "sensitive_route": "sensitive"}
CONTRACTS = ("contract", "certification")  # under these the earlier volume joins an assessment that becomes due
EARLIER = "contract.exported_this_year"
Crossing = Literal["yes", "maybe", "no"]
Keys = Mapping[tuple[str, Kind], frozenset[str]]


@dataclass(frozen=True, slots=True)
class Routed:
    """A transfer in its year: the counts without it and with it, the answers before and after, and what it crosses by outcome.

    `repeats` is the earlier transfer whose keys show that its persons are not new, though it is said that they are.
    """

    transfer: Transfer
    before: dict[Kind, Interval]
    after: dict[Kind, Interval]
    was: Answer
    now: Answer
    crosses: dict[str, Crossing]
    repeats: str = ""


def read(rulebook: Rulebook, filing: Filing, name: str, keys: Keys | None = None) -> Transfer:
    """Return the transfer that a filing describes: its day, its flows with their persons, and whether each counts.

    `keys` has the keyed hashes of persons by flow and kind. Raises InputError when the day is open, flows are left out, or the
    filing states what the register counts, and ContradictionError when it states another number than there are keys.
    """
    low, high = filing.facts.get(DAY, (0, 1))
    if low != high:
        raise InputError("no-day", f"`{DAY}` is not one day", "state the day of the transfer", filing.places.get((DAY,)))
    for kind in KINDS:
        if fact(kind) in filing.facts:
            problem = f"`{fact(kind)}` is counted by the register"
            raise InputError("counted-twice", problem, "leave it out", filing.places.get((fact(kind),)))
    listed = filing.lists.get(FLOWS)
    if listed is None or not listed.complete:
        raise InputError("open-flows", "the flows of a transfer are not all named", "write `flow: {complete: true, ...}`")
    if strange := sorted({flow for flow, _ in keys or {}} - {item.id for item in listed.items}):
        raise InputError("unknown-flow", f"the transfer has no flow `{strange[0][:40]}`", "name a flow of the filing")
    day = date.fromordinal(int(low))
    evaluate = evaluator(rulebook, PACK)
    base = evaluate.inputs.slots(filing)
    settle(evaluate.inputs, filing, base)  # what is told of a flow bounds what is not, as all its persons bound those of a kind
    flows = [
        Flow(item.id, counts, *(_persons(item.id, kind, bounds[kind], (keys or {}).get((item.id, kind))) for kind in KINDS))
        for item, counts, bounds in zip(
            listed.items, _counted(evaluate, base, day), _bounds(evaluate, base, listed.items), strict=True
        )
    ]
    return Transfer(name, day, tuple(flows))


def fact(kind: Kind) -> str:
    """Return the fact that counts the persons of a kind sent abroad in the year before."""
    return f"prior.{kind}_persons"


def route(rulebook: Rulebook, register: Register, filing: Filing, transfer: Transfer) -> Routed:
    """Return what a transfer means in its year, whether or not the register has it already. Raises InputError."""
    others = register.without(transfer.id)
    joined = others.with_(transfer)
    day = transfer.day
    filled = replace(filing, facts=filing.facts | prior(others, transfer) | _contracts(rulebook, others, filing, transfer))
    alone = replace(_nobody(filing), facts=filled.facts | {fact(kind): count(others, kind, day) for kind in KINDS})
    was, now = (examine(rulebook, PACK, each, day, search=False)[0] for each in (alone, filled))
    return Routed(
        transfer=replace(transfer, routes=tuple(now.outcomes["mechanism"].possible)),
        before={kind: count(others, kind, day) for kind in KINDS},
        after={kind: count(joined, kind, day) for kind in KINDS},
        was=was,
        now=now,
        crosses={
            name: _crossing(rulebook, name, was, now) if together(transfer.flows, kind).most else "no"
            for name, kind in BY_VOLUME.items()
        },
        repeats=joined.repeats(day.year).get(transfer.id, ""),
    )


def prior(register: Register, transfer: Transfer) -> dict[str, Interval]:
    """Return the facts on the persons sent abroad in the year so far, those of the transfer's own flows left out."""
    new = transfer.fresh and transfer.id not in register.with_(transfer).repeats(transfer.day.year)
    own = {kind: None if new else together(transfer.flows, kind) for kind in KINDS}
    return {fact(kind): count(register, kind, transfer.day, own[kind]) for kind in KINDS}


def _contracts(rulebook: Rulebook, register: Register, filing: Filing, transfer: Transfer) -> dict[str, int]:
    """Return that persons went abroad this year under a contract or certificate, where the register shows it."""
    holds = filing.facts.get(rulebook.facts[EARLIER].applies_when) == T
    earlier = any(each.under in CONTRACTS for each in register.of_year(transfer.day.year, transfer.day))
    return {EARLIER: T} if holds and earlier and EARLIER not in filing.facts else {}


def _bounds(evaluate: Evaluator, base: Slots, items: Iterable[Item]) -> Iterator[dict[Kind, Interval]]:
    """Yield for each flow how many persons of each kind it has, at least and at most, by all that is told of it."""
    slot = evaluate.inputs.layout.slot
    for item, slots in zip(items, base[slot[FLOWS]].items, strict=True):
        nobody = item.facts.get("flow.personal_information") == F
        told = {kind: (0, 0) if nobody else slots[slot[f"flow.{kind}_persons"]] for kind in KINDS}
        yield {kind: (max(0, int(least)), most) for kind, (least, most) in told.items()}


def _persons(flow: str, kind: Kind, bounds: Interval, keys: frozenset[str] | None) -> Persons:
    """Return the persons of a kind in a flow: those of the keys, else as many as its filing leaves possible."""
    least, most = bounds
    if keys is None:
        return Persons(least, most)
    if not least <= len(keys) <= most:
        problem = f"the flow `{flow}` has {len(keys)} keys of persons, and states another number of `{kind}` ones"
        raise ContradictionError("contradiction", problem, "give a key for each person, or none")
    return Persons.known(keys)


def _counted(evaluate: Evaluator, base: Slots, day: date) -> Iterator[Counted]:
    """Yield for each flow whether it counts towards the volumes, over every law that its day may meet."""
    slot = evaluate.inputs.layout.slot
    found: list[set[int]] = [set() for _ in base[slot[FLOWS]].items]
    for law, slots in evaluate.editions(base, evaluate.days(base, day)):
        law.run(slots)
        at = law.layout.slot[COUNTED]
        for states, item in zip(found, slots[law.layout.slot[FLOWS]].items, strict=True):
            states.add(item[at])
    for states in found:
        yield "yes" if states == {T} else "no" if states == {F} else "unknown"


def _nobody(filing: Filing) -> Filing:
    """Return the filing with the persons of its flows left out."""
    listed = filing.lists[FLOWS]
    items = [
        replace(item, facts={name: (0, 0) if name.endswith("persons") else value for name, value in item.facts.items()})
        for item in listed.items
    ]
    return replace(filing, lists=filing.lists | {FLOWS: replace(listed, items=tuple(items))})


def _crossing(rulebook: Rulebook, name: str, was: Answer, now: Answer) -> Crossing:
    """Tell whether a route is stricter than before: certainly, in some completions, or in none."""
    order = [value.id for value in rulebook.packs[PACK].outcomes[name].values]
    before, after = ([order.index(value) for value in each.outcomes[name].possible if value in order] for each in (was, now))
    if not before or not after:
        return "no"
    if min(after) > max(before):
        return "yes"
    return "maybe" if max(after) > min(before) else "no"


__all__ = ["PACK", "Crossing", "Routed", "fact", "prior", "read", "route"]
