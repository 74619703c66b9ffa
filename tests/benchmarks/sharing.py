"""Time a request under a policy of 1,000 terms, on complete facts, in processor time; beside it the same under ten terms."""

from __future__ import annotations

import gc
import json
import time
from datetime import date
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from engine.decide.share import share
from engine.errors import Place
from engine.rulebook.load import load_all
from engine.rulebook.locate import files_of
from engine.rulebook.model import Rulebook
from engine.rulebook.policies import Policies, merged, read_folder
from engine.rulebook.read import Node, node_from, plain, read

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "rules/samples"
DAY = date(2026, 8, 3)
BUS = "njtransport/bus-flows"
RUNS = 60


def term(random: Random, k: int) -> dict[str, Any]:
    """Return a term over purpose, environment, recipient, uses, retention and onward use; every fourth one refuses."""
    purpose, environment = random.sample(PURPOSES, 2), random.sample(ENVIRONMENTS, 2)
    when = (
        f"request.purpose in {json.dumps(purpose)} and request.environment in {json.dumps(environment)}"
        f" and sharing.requester in {json.dumps(random.sample(REQUESTERS, 2))}"
        f" and request.uses + request.uses_before <= {random.randrange(1, 99)} uses"
        f" and (request.retention_months <= {random.randrange(1, 60)} months or not request.onward)"
    )
    then: dict[str, Any] = {"request.terms": "refused"} if k % 4 == 0 else {"request.terms": "granted"}
    if k % 4 == 1:
        then["request.conditions"] = ["destroy"]
    word = {"zh": "条款", "en": "term"}
    return {
        "title": word,
        "on": "request",
        "effect": "owner",
        "origin": {"factor": "design", "effect": "design"},
        "sources": [{"instrument": BUS, "article": str(k + 1), "read": "official"}],
        "versions": [{"valid": "2026-01-01..", "when": when if k % 4 else f"{when} and request.uses > 999 uses", "then": then}],
    }


PURPOSES = ["statutory_duty", "public_service", "research", "model_training", "product"]
ENVIRONMENTS = ["interface_query", "sandbox", "usable_invisible", "model_or_result"]
REQUESTERS = ["government_department", "authorised_body", "public_enterprise", "enterprise"]


def book(terms: int) -> Rulebook:
    """Return the rules with the sample policies, the one on bus flows with so many terms instead of its own."""
    random = Random(1)
    policies = read_folder(SAMPLES / "policies")
    kept = [(name, data) for name, data in policies.files if not name.startswith(f"{BUS}/") or name == f"{BUS}/pack.yaml"]
    made = [(f"{BUS}/term-{k}.yaml", json.dumps(term(random, k), ensure_ascii=False).encode()) for k in range(terms)]
    loaded = load_all(merged(files_of(ROOT / "rules"), Policies(policies.folder, [*kept, *made], policies.shown)))
    assert not loaded.findings, loaded.findings[0].text()
    return loaded.rulebook


def request(item: int = 0) -> Node:
    """Return one item of the sample request, on complete facts."""
    path = SAMPLES / "requests/bus-flows/request.yaml"
    found: Any = plain(read(path.read_bytes(), path.name))
    found["request"]["items"] = found["request"]["items"][item : item + 1]
    return node_from(found, Place("request"))


def timed(rulebook: Rulebook, document: Node, runs: int = RUNS, *, search: bool = False) -> tuple[float, float, str]:
    """Return the median and the largest milliseconds of a check, and its verdict."""
    answer = share(rulebook, document, DAY, search=search)
    spent = []
    for _ in range(runs):
        start = time.process_time()  # of this process, whatever else the machine does
        share(rulebook, document, DAY, search=search)
        spent.append((time.process_time() - start) * 1000)
    return median(spent), max(spent), answer.items[0].verdict


def main() -> None:
    """Print the times beside their bar."""
    few, many = book(10), book(1_000)
    gc.freeze()  # as when a rulebook is opened
    small, large, refused = timed(few, request()), timed(many, request()), timed(many, request(1))
    wished = timed(many, request(1), 3, search=True)
    print(
        f"share check under 1,000 terms: median {large[0]:.2f} ms, largest {large[1]:.2f} ms (bar 10 ms), {large[2]}; "
        f"under 10 terms {small[0]:.2f} ms ({large[0] / small[0]:.1f} x)"
    )
    print(f"one that is refused: {refused[0]:.2f} ms ({refused[2]}), with the search for what would allow it {wished[0]:.0f} ms")


if __name__ == "__main__":
    main()
