"""Monitors -> durable_rules: one single-message rule each, over two integers of the message; no joins, no state between messages.

A message is asserted as a fact, because an event is consumed by the first rule that matches it while a fact meets every rule; its
session is deleted at once. A rule without a condition of its own answers for every message, so silence is never taken for "no". A
message holds the monitors that are asked about; a rule whose counter is not in it does not meet it.
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


def message(number: int, pairs: dict[int, Pair]) -> dict[str, int | str]:
    """Return one message of typed integers: the pairs by the number of their monitor. Raises FactError for what is none.

    Both of a pair are always in it: a rule over a counter whose line is missing meets the message (measured).
    """
    made: dict[str, int | str] = {"sid": SESSION, "id": number, "n": number}
    for at, (counter, line) in pairs.items():
        made[f"c{at}"] = _integer(counter, at)
        made[f"l{at}"] = _integer(line, at)
    return made


def _integer(value: int, at: int) -> int:
    if type(value) is not int or not -LARGEST <= value <= LARGEST:
        raise FactError("wrong-type", f"a number of monitor {at} is not a whole one within 2^53", "messages hold integers only")
    return value
