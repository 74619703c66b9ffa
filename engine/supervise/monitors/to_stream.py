"""Monitors -> durable_rules: one single-message rule each, over two integers of the message; no joins, no state between messages.

A message is asserted as a fact, because an event is consumed by the first rule that matches it while a fact meets every rule; its
session is deleted at once. A rule without a condition of its own answers for every message, so silence is never taken for "no".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.errors import FactError
from engine.supervise.monitors.events import LARGEST

if TYPE_CHECKING:
    from engine.supervise.monitors.fold import Pair

RULESET = "monitors"
SEEN = "seen"
SESSION = "1"


def definition(count: int) -> dict[str, Any]:
    """Return the rules for `count` monitors, by name, without actions: counter `c` at least `l`, under each number."""
    rules: dict[str, Any] = {
        f"m{number}": {"all": [{"m": {"$gte": {f"c{number}": {"$m": f"l{number}"}}}}]} for number in range(count)
    }
    return {**rules, SEEN: {"all": [{"m": {"$gte": {"n": 0}}}]}}


def message(number: int, pairs: list[Pair]) -> dict[str, int | str]:
    """Return one message of typed integers. Raises FactError for what is none, or lies beyond 2^53."""
    made: dict[str, int | str] = {"sid": SESSION, "id": number, "n": number}
    for at, pair in enumerate(pairs):
        for name, value in zip(("c", "l"), pair, strict=True):
            if type(value) is not int or abs(value) > LARGEST:
                raise FactError("wrong-type", f"`{name}{at}` is not a whole number within 2^53", "messages hold integers only")
            made[f"{name}{at}"] = value
    return made
