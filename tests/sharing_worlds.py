"""Small worlds for the verdict on requests: random law, random terms, and a reading of them that shares nothing with the engine.

A condition is a nested tuple that can be written as text for the engine and judged here on complete facts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain, combinations, product
from random import Random
from typing import Any

from engine.errors import Place
from engine.rulebook.load import Loaded, load_all
from engine.rulebook.model import PackRules, Rulebook
from engine.rulebook.parse import parse
from engine.rulebook.policies import agreement
from schemas import rulebook as shapes

BOTH = {"zh": "字", "en": "word"}
BOOLS, ENUM, INTS, SET = ("request.a", "request.b", "request.g"), "request.e", ("request.n", "filing.n"), "request.s"
FLAG, DAY, DATA_SET = "filing.f", "filing.day", "request.data_set"
VALUES, PARTS = ("x", "y", "z"), ("p", "q")
# the days stand for: before the law, its first version, its second one
DAYS = ("2019-06-01", "2025-06-01", "2026-06-01")
FIRST, SECOND = "2020-01-01..2025-12-31", "2026-01-01.."
NUMBERS = range(4)
GUARD = ("request.g", "request.a")  # the first applies when the second is true
Condition = tuple[Any, ...]
World = dict[str, Any]


@dataclass(frozen=True)
class Term:
    """A rule of either side: what it gives, when, from 2026 on perhaps otherwise, and which rules it defeats."""

    name: str
    when: Condition
    later: Condition | None
    outcome: str
    value: str
    overrides: tuple[str, ...] = ()


@dataclass(frozen=True)
class Worlds:
    """Random law and terms, as data and as a rulebook."""

    law: tuple[Term, ...]
    owner: tuple[Term, ...]
    shares: Condition
    rulebook: Rulebook


LAW = {
    "request.share": ("strictest", {"outside": "", "may": "permit", "must_do": "duty", "never": "refuse"}, "outside"),
    "request.ground": ("union", {"owed": "oblige", "seen": ""}, None),
    "request.law_duty": ("union", {"tell": "duty"}, None),
    "request.regime": ("unique", {"one": "", "two": ""}, None),
    "whole": ("strictest", {"fine": "", "banned": "refuse"}, "fine"),
}
OWNER = {
    "request.terms": ("strictest", {"granted": "permit", "with_care": "duty", "silent": "", "no": "refuse"}, "silent"),
    "request.duty": ("union", {"destroy": "duty", "report": "duty"}, None),
}


def text(condition: Condition) -> str:
    match condition:
        case ("is", name):
            return str(name)
        case ("in", name, *values):
            return f"{name} in [{', '.join(json.dumps(value) for value in values)}]"
        case ("least", name, number):
            return f"{name} >= {number}"
        case ("has", name, value):
            return f'{name} has "{value}"'
        case ("not", part):
            return f"not ({text(part)})"
        case (word, *parts):
            return f" {word} ".join(f"({text(part)})" for part in parts)
    raise AssertionError(condition)


def holds(condition: Condition, world: World) -> bool:
    match condition:
        case ("is", name):
            return applies(name, world) and bool(world[name])
        case ("in", name, *values):
            return world[name] in values
        case ("least", name, number):
            return bool(world[name] >= number)
        case ("has", name, value):
            return value in world[name]
        case ("not", part):
            return not holds(part, world)
        case ("and", *parts):
            return all(holds(part, world) for part in parts)
        case ("or", *parts):
            return any(holds(part, world) for part in parts)
    raise AssertionError(condition)


def applies(name: str, world: World) -> bool:
    return name != GUARD[0] or bool(world[GUARD[1]])


def condition(random: Random, depth: int, *, filing: bool = False) -> Condition:
    if depth and random.random() < 0.6:
        word = random.choice(("and", "or", "not"))
        parts = [condition(random, depth - 1, filing=filing) for _ in range(1 if word == "not" else 2)]
        return (word, *parts)
    if filing:
        return random.choice((("is", FLAG), ("least", "filing.n", random.randrange(1, 4))))
    return random.choice(
        (
            ("is", random.choice((*BOOLS, FLAG))),
            ("in", ENUM, *random.sample(VALUES, random.randrange(1, 3))),
            ("least", random.choice(INTS), random.randrange(1, 4)),
            ("has", SET, random.choice(PARTS)),
        )
    )


def terms(random: Random, outcomes: dict[str, Any], count: int, head: str) -> tuple[Term, ...]:
    found: list[Term] = []
    for k in range(count):
        outcome = random.choice(list(outcomes))
        values = [value for value in outcomes[outcome][1] if value not in ("outside", "silent", "fine")]
        here = "." in outcome
        earlier = [t.name for t in found if ("." in t.outcome) == here]
        overrides = (random.choice(earlier),) if earlier and random.random() < 0.3 else ()
        later = condition(random, 2, filing=not here) if head == "law" and random.random() < 0.3 else None
        when = condition(random, 2, filing=not here)
        found.append(Term(f"{head}-{k}", when, later, outcome, random.choice(values), overrides))
    return tuple(found)


def worlds(random: Random) -> Worlds:
    law, owner = terms(random, LAW, random.randrange(1, 6), "law"), terms(random, OWNER, random.randrange(1, 6), "term")
    shares = condition(random, 1) if random.random() < 0.5 else ("or", ("is", FLAG), ("not", ("is", FLAG)))
    return Worlds(law, owner, shares, _rulebook(law, owner, text(shares)))


def files(law: tuple[Term, ...], owner: tuple[Term, ...], shares: str) -> dict[str, Any]:
    """Return law and terms as the documents that an author would write."""
    found = dict(_shared()) | {
        "law/pack.yaml": {"shares_when": shares, "date": DAY} | _pack("law", LAW, "act"),
        "o/d/pack.yaml": {"data_set": _DATA_SET} | _pack("o/d", OWNER, "o/d"),
    }
    found |= {f"law/{term.name}.yaml": _rule(term, "act") for term in law}
    return found | {f"o/d/{term.name}.yaml": _rule(term, "o/d") for term in owner}


def loaded(found: dict[str, Any]) -> Loaded:
    return load_all([(name, json.dumps(document).encode()) for name, document in sorted(found.items())])


@cache
def _shared() -> dict[str, Any]:
    act = {"id": "act", "title": BOTH, "rank": "law", "binding": True, "in_force": "2020-01-01.."}
    return {
        "vocabulary/v.yaml": _vocabulary(),
        "vocabulary/data-sets.yaml": _register(),
        "instruments/i.yaml": {"instruments": [act]},
    }


@cache
def _empty() -> Rulebook:
    made = loaded(_shared())
    assert not made.findings, [finding.text() for finding in made.findings]
    return made.rulebook


def _rulebook(law: tuple[Term, ...], owner: tuple[Term, ...], shares: str) -> Rulebook:
    """Return the rulebook of `files` without writing and reading them: that would take most of the time."""
    made = files(law, owner, shares)
    docs = {name: shapes.Pack.model_validate(made[f"{name}/pack.yaml"]) for name in ("law", "o/d")}
    rules = {name: {t.name: shapes.Rule.model_validate(_rule(t, act)) for t in side} for name, side, act in _sides(law, owner)}
    texts = {shares, *(v.when for r in chain(*(each.values() for each in rules.values())) for v in r.versions)}
    conditions = {each: parse(each, Place()) for each in sorted(texts | set(_empty().conditions))}
    packs = {name: PackRules(docs[name], rules[name]) for name in docs}
    instruments = _empty().instruments | {"o/d": agreement(docs["o/d"])}
    digest = str(hash((law, owner, shares)))
    return replace(_empty(), packs=packs, conditions=conditions, instruments=instruments, digest=digest, splits={})


def _sides(law: tuple[Term, ...], owner: tuple[Term, ...]) -> tuple[tuple[str, tuple[Term, ...], str], ...]:
    return (("law", law, "act"), ("o/d", owner, "o/d"))


_DATA_SET = {"owner": BOTH, "catalogue": "1", "source": BOTH, "licence": BOTH}


def _fact(name: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "type": kind, "label": BOTH, "question": BOTH, **more}


def _vocabulary() -> dict[str, Any]:
    facts = [_fact(name, "bool", **({"applies_when": GUARD[1]} if name == GUARD[0] else {})) for name in (FLAG, *BOOLS)]
    facts += [_fact(name, "int", min=0, max=3) for name in INTS]
    facts.append(_fact(ENUM, "enum", values=[{"id": value, "label": BOTH} for value in VALUES]))
    facts.append(_fact(SET, "set", values=[{"id": value, "label": BOTH} for value in PARTS]))
    facts.append(_fact(DAY, "date"))
    return {"topic": "v", "title": BOTH, "lists": [{"id": "request", "label": BOTH, "question": BOTH}], "facts": facts}


def _register() -> dict[str, Any]:
    values = [{"id": value, "label": BOTH} for value in ("o/d", "other")]
    return {"topic": "d", "title": BOTH, "facts": [_fact("request.data_set", "enum", values=values)]}


def _pack(name: str, outcomes: dict[str, Any], act: str) -> dict[str, Any]:
    source = {"instrument": act, "article": "1", "read": "official"}
    found = []
    for outcome, (combine, values, floor) in outcomes.items():
        said = [{"id": value, "label": BOTH, **({"request": word} if word else {})} for value, word in values.items()]
        entry: dict[str, Any] = {"id": outcome, "title": BOTH, "combine": combine, "values": said}
        if combine == "unique":
            entry["values"][0]["request"] = "permit"  # so that the outcome speaks: its conflict does
        if floor:
            entry["floor"] = [{"valid": "2020-01-01..", "value": floor, "effect": "advisory", "sources": [source]}]
        found.append(entry)
    return {"id": name, "title": BOTH, "covers": "2020-01-01..", "outcomes": found}


def _rule(term: Term, act: str) -> dict[str, Any]:
    then = {term.outcome: term.value}
    versions = [{"valid": FIRST if term.later else "2020-01-01..", "when": text(term.when), "then": then}]
    if term.later:
        versions.append({"valid": SECOND, "when": text(term.later), "then": then})
    return {
        "title": BOTH,
        "on": "request" if "." in term.outcome else "",
        "effect": "owner" if act != "act" else "advisory",
        "origin": {"factor": "design", "effect": "design"},
        "overrides": list(term.overrides),
        "principle": "special_over_general" if term.overrides else "",
        "sources": [{"instrument": act, "article": "2", "read": "official"}],
        "versions": versions,
    }


# the reading of complete facts ------------------------------------------------------------------------------------------


def given(side: tuple[Term, ...], world: World) -> dict[str, list[tuple[str, str]]]:
    """Return per outcome the values that the applied terms give, with their names."""
    fired = {term.name: holds((term.later if world[DAY] >= DAYS[2] else None) or term.when, world) for term in side}
    applied: dict[str, bool] = {}
    for term in reversed(side):  # a term overrides earlier ones only
        applied[term.name] = fired[term.name] and not any(applied[o.name] for o in side if term.name in o.overrides)
    found: dict[str, list[tuple[str, str]]] = {}
    for term in side:
        if applied[term.name]:
            found.setdefault(term.outcome, []).append((term.value, term.name))
    return found


def strictest(outcomes: dict[str, Any], name: str, values: list[tuple[str, str]]) -> str:
    """Return the value of an ordered outcome: the strictest given, the floor when none is."""
    order = list(outcomes[name][1])
    return max((value for value, _ in values), key=order.index) if values else str(outcomes[name][2])


def verdicts(of: Worlds, world: World) -> set[str]:
    """Return the verdicts of complete facts.

    Of a data set outside the register the owner may say anything, and so may law on a day before the first that was encoded.
    """
    every = [{}, *({"request.terms": [(value, "?")]} for value in ("granted", "with_care", "no"))]
    owners = [given(of.owner, world)] if world[DATA_SET] == "o/d" else every
    return {verdict(law, owner) for law in laws(of, world) for owner in owners}


def laws(of: Worlds, world: World) -> list[dict[str, list[tuple[str, str]]]]:
    """Return what law may give: one thing, nothing where it is not consulted, anything where it was not encoded."""
    if not holds(of.shares, world):
        return [{}]
    if world[DAY] >= DAYS[1]:
        return [given(of.law, world)]
    said: tuple[dict[str, list[str]], ...] = (
        {},
        {"whole": ["banned"]},
        {"request.regime": ["one", "two"]},
        {"request.ground": ["owed"]},
    )
    return [
        {name: [(value, "?") for value in values] for name, values in (each | duty).items()}
        for each in said
        for duty in ({}, {"request.law_duty": ["tell"]})
    ]


def encoded(of: Worlds, world: World) -> bool:
    """Tell whether what law says to a world was encoded, or is not asked for."""
    return world[DAY] >= DAYS[1] or not holds(of.shares, world)


def verdict(law: dict[str, list[tuple[str, str]]], owner: dict[str, list[tuple[str, str]]]) -> str:
    """Return the verdict told as a lawyer would read the two sides."""
    share = strictest(LAW, "request.share", law.get("request.share", []))
    if share == "never" or any(value == "banned" for value, _ in law.get("whole", [])):
        return "refuse"
    if len({value for value, _ in law.get("request.regime", [])}) > 1:
        return "conflict"
    owed = any(value == "owed" for value, _ in law.get("request.ground", []))
    said = strictest(OWNER, "request.terms", owner.get("request.terms", []))
    if said == "no":
        return "conflict" if owed else "refuse"
    if not owed and said == "silent":
        return "refuse"
    duties = share == "must_do" or said == "with_care" or bool(law.get("request.law_duty")) or bool(owner.get("request.duty"))
    return "allow_with_duties" if duties else "allow"


# requests ---------------------------------------------------------------------------------------------------------------


DOMAINS: dict[str, list[Any]] = {
    FLAG: [False, True],
    DAY: list(DAYS),
    DATA_SET: ["o/d", "other"],
    **{name: [False, True] for name in BOOLS},
    **{name: list(NUMBERS) for name in INTS},
    ENUM: list(VALUES),
    SET: [list(chosen) for size in range(len(PARTS) + 1) for chosen in combinations(PARTS, size)],
}


def request(random: Random, unknown: float) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """Return a request of one item with some facts open, and per fact the values that it leaves."""
    item: dict[str, Any] = {"id": "one"}
    filing: dict[str, Any] = {}
    left: dict[str, list[Any]] = {}
    for name, domain in DOMAINS.items():
        into = item if name.startswith("request") else filing
        left[name] = domain
        if name == GUARD[0] and item.get(GUARD[1]) is not True:
            continue  # stating it would assert that it applies
        if random.random() < unknown / (3 if name == DATA_SET else 1):
            into |= _partly(random, name, domain, left)
            continue
        value = "o/d" if name == DATA_SET else random.choice(domain)
        into[name], left[name] = value, [value]
    return filing | {"request": {"complete": True, "items": [item]}}, left


def _partly(random: Random, name: str, domain: list[Any], left: dict[str, list[Any]]) -> dict[str, Any]:
    """Return what is told of a fact that is open: nothing, some of its values, or a range."""
    if name == SET:
        part = random.choice(PARTS)
        left[name] = [value for value in domain if part in value]
        return {name: {"includes": [part], "excludes": []}}
    kept = sorted(random.sample(domain, random.randrange(1, len(domain) + 1)))
    if name == ENUM and 1 < len(kept) < len(domain):
        left[name] = kept
        return {name: {"one_of": kept}}
    if name in INTS and random.random() < 0.5:
        left[name] = list(range(kept[0], kept[-1] + 1))
        return {name: {"at_least": kept[0], "at_most": kept[-1]}}
    return {}


def completions(left: dict[str, list[Any]]) -> Iterator[World]:
    for values in product(*left.values()):
        yield dict(zip(left, values, strict=True))
