"""Outcomes: values exist, floors are explicit, ladders instead of bands, and no certain conflict of `unique` rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.errors import Finding
from engine.rulebook import condition as ir
from engine.rulebook.check.names import nearest, pack_file, rule_file
from engine.rulebook.graph import expression
from engine.rulebook.typing import type_of_term

if TYPE_CHECKING:
    from engine.rulebook.load import Loaded
    from engine.rulebook.model import PackRules
    from schemas.rulebook import Outcome, Rule


def values(loaded: Loaded) -> Iterator[Finding]:
    """A rule gives declared values to outcomes of its own scope."""
    for pack_id, pack in loaded.rulebook.packs.items():
        for rule_id, rule in pack.rules.items():
            for v, version in enumerate(rule.versions):
                for name, value in version.then.items():
                    place = loaded.sources.place(rule_file(pack_id, rule_id), "versions", v, "then", name)
                    for code, problem, remedy in _value_faults(loaded, pack, rule, name, value):
                        yield Finding(code, place, problem, remedy)


def _value_faults(
    loaded: Loaded, pack: PackRules, rule: Rule, name: str, value: str | list[str]
) -> Iterator[tuple[str, str, str]]:
    outcome = pack.outcomes.get(name)
    if outcome is None:
        yield "unknown-outcome", f"no outcome named `{name}`", nearest(name, pack.outcomes, "declare it in pack.yaml")
        return
    if loaded.rulebook.list_of(name) != rule.on:
        yield (
            "out-of-scope",
            f"`{name}` belongs to {loaded.rulebook.list_of(name) or 'the filing'}",
            "give it from a rule with that `on:`",
        )
    known = [entry.id for entry in outcome.values]
    if isinstance(value, str) and (text := expression(value)) is not None:
        node = loaded.rulebook.conditions[text]
        kind = type_of_term(node, loaded.rulebook, pack)
        said = kind.name == "error" or not isinstance(node, ir.TERMS)
        if not said and kind.values != tuple(known):
            yield "wrong-type", f"`{text}` does not have the values of `{name}`", "name an outcome with the same values"
        return
    if isinstance(value, list) and outcome.combine != "union":
        yield "wrong-type", f"`{name}` takes one value", "give one value"
        return
    for entry in [value] if isinstance(value, str) else value:
        if entry not in known:
            yield "unknown-value", f"`{name}` has no value `{entry}`", nearest(entry, known, f"one of {', '.join(known)}")


def floors(loaded: Loaded) -> Iterator[Finding]:
    """A `strictest` or `unique` outcome has a floor, and the floor a declared value; a union has none."""
    for pack_id, pack in loaded.rulebook.packs.items():
        for o, outcome in enumerate(pack.doc.outcomes):
            place = loaded.sources.place(pack_file(pack_id), "outcomes", o)
            if outcome.combine == "union" and outcome.floor:
                yield Finding("bad-floor", place, f"`{outcome.id}` is a union and has no floor", "remove `floor:`")
            if outcome.combine == "strictest" and not outcome.floor:
                yield Finding("no-floor", place, f"`{outcome.id}` has no floor", "add `floor:` with value, effect and source")
            for floor in outcome.floor:
                if floor.value not in [value.id for value in outcome.values]:
                    yield Finding("unknown-value", place, f"`{outcome.id}` has no value `{floor.value}`", "use a declared value")


def bands(loaded: Loaded) -> Iterator[Finding]:
    """Warn about bands inside `strictest`: an upper bound loosens what missing facts leave possible."""
    for pack_id, pack in loaded.rulebook.packs.items():
        for rule_id, rule in pack.rules.items():
            for v, version in enumerate(rule.versions):
                strict = [name for name in version.then if name in pack.outcomes and pack.outcomes[name].combine == "strictest"]
                for part in ir.walk(loaded.rulebook.conditions[version.when]) if strict else ():
                    if isinstance(part, ir.Compare) and len(part.rest) == 2 and isinstance(part.first, ir.Const):  # noqa: PLR2004 - a <= x < b
                        place = loaded.sources.place(rule_file(pack_id, rule_id), "versions", v, "when")
                        remedy = "write a ladder: only the lower bound, the strictest value wins"
                        yield Finding("band", place, f"`{ir.to_text(part)}` is a band inside `{strict[0]}`", remedy, "warning")


def unique_conflicts(loaded: Loaded) -> Iterator[Finding]:
    """Two rules with the same condition do not give a `unique` outcome two values."""
    for pack_id, pack in loaded.rulebook.packs.items():
        for outcome in pack.doc.outcomes:
            if outcome.combine == "unique":
                yield from _conflicts(loaded, pack_id, pack, outcome)


def _conflicts(loaded: Loaded, pack_id: str, pack: PackRules, outcome: Outcome) -> Iterator[Finding]:
    same: dict[frozenset[str], list[tuple[str, int]]] = defaultdict(list)
    for rule_id, rule in pack.rules.items():
        for v, version in enumerate(rule.versions):
            if outcome.id in version.then:
                node = loaded.rulebook.conditions[version.when]
                parts = node.parts if isinstance(node, ir.And) else (node,)
                same[frozenset(ir.to_text(part) for part in parts)].append((rule_id, v))
    for found in same.values():
        for k, (rule_id, v) in enumerate(found):
            for other_id, w in found[:k]:
                a, b = pack.rules[rule_id], pack.rules[other_id]
                one, two = a.versions[v], b.versions[w]
                meet = one.valid.start in two.valid or two.valid.start in one.valid
                if (
                    meet
                    and one.then[outcome.id] != two.then[outcome.id]
                    and rule_id not in b.overrides
                    and other_id not in a.overrides
                ):
                    here, there = (
                        loaded.sources.place(rule_file(pack_id, r), "versions", i) for r, i in ((rule_id, v), (other_id, w))
                    )
                    problem = f"`{rule_id}` and `{other_id}` give `{outcome.id}` two values under one condition"
                    yield Finding("unique-conflict", here, problem, f"the other stands at {there}; let one override the other")
