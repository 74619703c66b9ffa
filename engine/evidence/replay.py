"""Work a decision out again: as it was, as it should have been, as it would be today, and under a draft."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from engine.evidence import canonical, record
from engine.evidence.facts import Disclosure
from engine.evidence.record import Rules


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came out differently, by path; `engine` is the version that replayed when it is another one than then."""

    differences: list[str]
    engine: str | None


def compare(of: Rules, disclosed: list[Disclosure], statement: dict[str, Any]) -> Replayed:
    """Return how a statement differs from the one that rules and facts give now. Raises InputError, EvidenceError."""
    again = record.statement(of, disclosed, record.request_of(statement))
    other = again["predicate"]["engine"] != statement["predicate"]["engine"]
    engine = again["predicate"]["engine"]["version"] if other else None
    if other:
        again["predicate"]["engine"] = statement["predicate"]["engine"]
    if canonical.dumps(again) == canonical.dumps(statement):
        return Replayed([], engine)
    return Replayed(list(differences(statement, again)), engine)


def differences(then: Any, now: Any, path: str = "") -> Iterator[str]:
    """Yield `path: then -> now` for each value that differs."""
    if isinstance(then, dict) and isinstance(now, dict):
        for key in sorted(then.keys() | now.keys()):
            yield from differences(then.get(key), now.get(key), f"{path}/{key}")
    elif isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        for index, (a, b) in enumerate(zip(then, now, strict=True)):
            yield from differences(a, b, f"{path}/{index}")
    elif then != now:
        yield f"{path}: {_short(then)} -> {_short(now)}"


def _short(value: Any) -> str:
    text = canonical.encode(value).decode()
    return text if len(text) <= 80 else text[:77] + "..."  # noqa: PLR2004 - what fits on a line


def under(of: Rules, disclosed: list[Disclosure], statement: dict[str, Any], as_of: date, release: str) -> list[str]:
    """Return how the outcomes differ under other rules or another day. Raises InputError, EvidenceError."""
    known = {*of.rulebook.facts, *of.rulebook.lists}
    kept = [each for each in disclosed if _fact(each.name) in known]
    request = replace(record.request_of(statement), as_of=as_of, release=release)
    again = record.statement(of, kept, request)["predicate"]["verdict"]
    then = statement["predicate"]["verdict"]
    return [
        *differences(_outcomes(then["outcomes"]), _outcomes(again["outcomes"]), "/outcomes"),
        *differences(_rules(then), _rules(again), "/fired"),
    ]


def _fact(name: str) -> str:
    return name.partition("/")[0] if name.endswith("/id") else name.rpartition("/")[2]


def _outcomes(verdict: dict[str, Any]) -> dict[str, Any]:
    return {
        name: outcome["certain"] if outcome["combine"] == "union" else outcome["possible"] for name, outcome in verdict.items()
    }


def _rules(verdict: dict[str, Any]) -> dict[str, Any]:
    return {f"{rule['rule']}@{rule['item'] or ''}": rule["version"] for rule in verdict["fired"]}
