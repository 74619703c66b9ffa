"""Tiny rulebooks for the cases of tests/decide/: the base with what a case adds, proved sound before it is used."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from engine.decide.assess import names_of
from engine.decide.combine import fixed
from engine.decide.evaluate import Evaluator, Picture
from engine.decide.filing import Filing, from_document
from engine.errors import Place
from engine.rulebook.check import check
from engine.rulebook.load import Loaded, load_all
from engine.rulebook.model import Rulebook
from engine.rulebook.read import Node, node_from

FOLDER = Path(__file__).parent / "decide"
RULE: dict[str, Any] = {
    "title": {"zh": "规则", "en": "rule"},
    "effect": "advisory",
    "origin": {"factor": "design", "effect": "design"},
    "sources": [{"instrument": "act", "article": "2", "read": "official"}],
}


class _Loader(yaml.SafeLoader):
    """YAML in which `on` and `no` are words."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in forms if not tag.endswith(":bool")]
    for first, forms in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"(true|false)\Z"), list("tf"))


def cases(name: str) -> list[Any]:
    """Return the cases of one file."""
    found: list[Any] = yaml.load((FOLDER / f"{name}.yaml").read_text("utf-8"), _Loader)  # noqa: S506 - a SafeLoader
    return found


@cache
def _base() -> dict[str, Any]:
    return dict(yaml.safe_load((FOLDER / "base.yaml").read_text("utf-8")))


def load(changes: dict[str, Any]) -> Loaded:
    """Return the base with `rules`, `constraints`, `facts`, `tables`, and `pack` parts of a case."""
    files = deepcopy(_base())
    for name, rule in changes.get("rules", {}).items():
        files[f"p/{name}.yaml"] = RULE | _versioned(rule)
    words = {"zh": "错", "en": "wrong"}
    files["vocabulary/v.yaml"]["constraints"] = [
        {"id": f"c{k}", "message": words, **entry} for k, entry in enumerate(changes.get("constraints", []))
    ]
    files["vocabulary/v.yaml"]["facts"] += changes.get("facts", [])
    files["p/pack.yaml"] |= changes.get("pack", {})
    for name, table in changes.get("tables", {}).items():
        files[f"lists/{name}.yaml"] = files["lists/tab.yaml"] | {"id": name} | table
    written = [(name, json.dumps(document, default=str, ensure_ascii=False).encode()) for name, document in sorted(files.items())]
    return load_all(written)


def _versioned(rule: dict[str, Any]) -> dict[str, Any]:
    """Return a rule whose only version may be written as `when` and `then` beside its other fields."""
    if "versions" in rule:
        return rule
    version = {"valid": rule.get("valid", "2020-01-01.."), "when": rule["when"], "then": rule.get("then", {"level": "mid"})}
    return {key: value for key, value in rule.items() if key not in ("when", "then", "valid")} | {"versions": [version]}


def book(changes: dict[str, Any]) -> Rulebook:
    """Return the rulebook of a case, which `check` finds without error."""
    loaded = load(changes)
    errors = [
        finding.text() for finding in check(loaded) if finding.level == "error" and finding.code not in changes.get("despite", [])
    ]
    assert errors == []
    return loaded.rulebook


def evaluator(changes: dict[str, Any]) -> Evaluator:
    """Return the evaluator of a case."""
    rulebook = book(changes)
    return Evaluator(rulebook, rulebook.packs["p"])


def node(facts: dict[str, Any]) -> Node:
    """Return the document that states `facts`."""
    return node_from(json.loads(json.dumps(facts, default=str)), Place("f"))


def filed(evaluate: Evaluator, facts: dict[str, Any]) -> Filing:
    """Return the filing that states `facts`."""
    return from_document(evaluate.rulebook, node(facts))


def at(name: str, item: str | None) -> str:
    """Return a name with its item."""
    return f"{name}@{item}" if item else name


def shown(evaluate: Evaluator, picture: Picture) -> dict[str, Any]:
    """Return the outcomes as a case writes them: one value, a list of those possible, or `must + may` of a union."""
    found: dict[str, Any] = {}
    for (name, index), value in picture.outcomes.items():
        outcome = evaluate.pack.outcomes[name]
        if outcome.combine == "union":
            sets = [" ".join(v.id for i, v in enumerate(outcome.values) if mask >> i & 1) for mask in value]
            said: Any = sets[0] if value[0] == value[1] else " + ".join(sets)
        else:
            said = names_of(outcome, value)
            said = said[0] if fixed(outcome.combine, value) else said
        found[name if index < 0 else f"{name}@{index}"] = said
    return found
