"""Whole filings over all packs: each case of tests/duties/ says what is owed, open or free, and how duties stand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from engine.decide.overall import assess_all
from engine.errors import Place
from engine.rulebook.load import load
from engine.rulebook.model import Rulebook
from engine.rulebook.read import node_from, plain, read
from schemas.duties import Overall

ROOT = Path(__file__).parents[1]
EXPECTED = {"owes", "open", "free", "status", "effects", "conflicts", "flaws", "outcomes", "undetermined", "bodies"}
KEYS = {"name", "blind", "law", "on", "as_of", "base", "facts", "item"} | EXPECTED


def filed() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each case with the name of its file; the project's own reader keeps dates as they are written."""
    for path in sorted((ROOT / "tests/duties").glob("*.yaml")):
        cases: Any = plain(read(path.read_bytes(), path.name))
        yield from ((path.stem, case) for case in cases)


CASES = [pytest.param(case, id=f"{home}: {case['name']}") for home, case in filed()]


@cache
def book() -> Rulebook:
    return load(ROOT / "rules")


def facts_of(case: dict[str, Any]) -> dict[str, Any]:
    """Return the filing of a case: its facts over those of a sample, `item` over those of the sample's first data flow.

    A case that says nothing of exports and of requests for data has none: most are not about them, and exports cost the most.
    """
    found: dict[str, Any] = {"product.data_export": False, "sharing.requested": False}
    if base := case.get("base"):
        path = ROOT / f"rules/samples/{base}.yaml"
        sample: Any = plain(read(path.read_bytes(), path.name))
        found = {name: value for name, value in sample.items() if name != "about"}  # says itself whether anything is exported
        if changed := case.get("item"):
            first, *others = found["flow"]["items"]
            found["flow"] = {"complete": True, "items": [first | changed, *others]}
    stated: dict[str, Any] = case.get("facts", {})
    return found | stated


def answer(case: dict[str, Any]) -> Overall:
    on = date.fromisoformat(case["on"])
    as_of = date.fromisoformat(case.get("as_of", case["on"]))
    return assess_all(book(), node_from(facts_of(case), Place(case["name"])), as_of, on, search=False)


def differences(case: dict[str, Any]) -> list[str]:
    """Return where the answer differs from what the case expects."""
    found = answer(case)
    duties = {duty.id: duty for duty in found.duties}
    states = {name: duty.applies for name, duty in duties.items()}
    wrong = [f"{name} is {states.get(name)}, not owed" for name in case.get("owes", []) if states.get(name) != "certain"]
    wrong += [f"{name} is {states.get(name)}, not open" for name in case.get("open", []) if states.get(name) != "possible"]
    wrong += [f"{name} is {states[name]}, not free" for name in case.get("free", []) if name in states]
    wrong += [
        f"{name} is {duties[name].status if name in duties else None}, not {status}"
        for name, status in case.get("status", {}).items()
        if name not in duties or duties[name].status != status
    ]
    wrong += [
        f"{name} is {duties[name].effect}" for name, effect in case.get("effects", {}).items() if duties[name].effect != effect
    ]
    bodies = {name: duty.authority.title.en if duty.authority else "" for name, duty in duties.items()}
    wrong += [f"{name} goes to {bodies[name]}" for name, body in case.get("bodies", {}).items() if bodies[name] != body]
    for key, shown in (("conflicts", found.conflicts), ("flaws", found.flaws)):
        certain = {entry.id for entry in shown if entry.applies == "certain"}
        wrong += [f"{key}: {name} is missing" for name in case.get(key, []) if name not in certain]
    outcomes = {name: entry for pack in found.packs if pack.answer for name, entry in pack.answer.outcomes.items()}
    wrong += [
        f"{name} is {outcomes[name].possible}, not {value}"
        for name, value in case.get("outcomes", {}).items()
        if outcomes[name].value != value
    ]
    wrong += [f"{name} is {outcomes[name].value}" for name in case.get("undetermined", []) if outcomes[name].determined]
    return wrong


@pytest.mark.parametrize("case", CASES)
def test_whole_filings(case: dict[str, Any]) -> None:
    assert set(case) <= KEYS
    assert not differences(case)
