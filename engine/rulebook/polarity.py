"""Split facts: the facts used with both polarities on the way to one value of an outcome.

Kleene logic is exact for formulas in which every fact pulls one way; where a fact pulls both ways (`a or not a`) it is looser
than the truth. Outcomes are therefore the union of Kleene over case splits on these facts, in declared order, filing facts first.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from engine.rulebook import condition as ir
from engine.rulebook.graph import expression, pack_facts
from engine.rulebook.model import Split

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.rulebook.model import PackRules, Rulebook

Use = tuple[Any, ...]  # what an atom asks of a fact
BUDGET = 64  # most branches of one filing per day of law; a property of the rulebook, never of time


@dataclass
class _Uses:
    """The atoms over each fact, with the sign with which they pull."""

    found: dict[str, set[tuple[Use, int]]] = field(default_factory=lambda: defaultdict(set))
    seen: set[tuple[str, int]] = field(default_factory=set)


class _Walk:
    def __init__(self, rulebook: Rulebook, pack: PackRules) -> None:
        self.rulebook = rulebook
        self.pack = pack

    def condition(self, text: str, sign: int, uses: _Uses) -> None:
        """Follow the condition of this text."""
        self.node(self.rulebook.conditions[text], sign, uses)

    def node(self, node: ir.Node, sign: int, uses: _Uses) -> None:
        """Follow a node; `sign` is 1 where more of it makes the outcome stricter, -1 where less does."""
        match node:
            case ir.Not():
                self.node(node.part, -sign, uses)
            case ir.Name():
                self.name(node.id, ("is",), sign, uses)
            case ir.In():
                self.name(node.name.id, ("in", frozenset(v.value for v in node.values)), sign, uses)
            case ir.Has():
                self.name(node.name.id, ("has", node.value.value), sign, uses)
            case ir.NonEmpty():
                self.name(node.name.id, ("nonempty",), sign, uses)
            case ir.Compare():
                self.compare(node, sign, uses)
            case ir.Lookup():
                table = self.rulebook.tables.get(node.table)
                for key in table.keys if table else ():
                    self.name(key, ("key",), sign, uses)
            case ir.Fold():
                self.name(node.value.id, (">",), sign, uses)
                if node.where:
                    self.node(node.where, sign, uses)
            case _:
                for child in ir.children(node):
                    self.node(child, sign, uses)

    def compare(self, node: ir.Compare, sign: int, uses: _Uses) -> None:
        """Follow both sides of a comparison, the smaller one against the sign."""
        terms = (node.first, *(term for _, term in node.rest))
        if len(node.rest) > 1:
            for term in terms:
                self.both(term, uses)
            return
        (op, right), left = node.rest[0], node.first
        if isinstance(left, ir.Const):
            left, right, op = right, left, {"<": ">", ">": "<", "<=": ">=", ">=": "<="}.get(op, op)
        if isinstance(left, ir.Name) and isinstance(right, ir.Const):
            self.name(left.id, (op, right.value), sign, uses)
        elif op in ("==", "!="):
            self.both(left, uses)
            self.both(right, uses)
        else:
            up = sign if op in (">", ">=") else -sign
            self.node(left, up, uses) if not isinstance(left, ir.Name) else self.name(left.id, (">",), up, uses)
            self.node(right, -up, uses) if not isinstance(right, ir.Name) else self.name(right.id, (">",), -up, uses)

    def both(self, node: ir.Node, uses: _Uses) -> None:
        """Follow a node that pulls either way, as under an equality."""
        for sign in (1, -1):
            self.node(node, sign, uses) if not isinstance(node, ir.Name) else self.name(node.id, ("is",), sign, uses)

    def name(self, name: str, use: Use, sign: int, uses: _Uses) -> None:
        """Note the use of a fact, or follow a derived fact or an outcome to the facts behind it."""
        if name in self.rulebook.facts:
            uses.found[name].add((use, sign))
            if when := self.rulebook.facts[name].applies_when:
                self.once(f"applies:{name}", sign, uses, when)
        elif name in self.pack.derived:
            up = sign if use[0] not in ("<", "<=") else -sign
            signs = (1, -1) if use[0] in ("==", "!=") and not isinstance(use[1], bool) else (up if use != ("==", False) else -up,)
            for each in signs:
                for version in self.pack.derived[name].versions:
                    self.once(f"{name}:{version.valid}", each, uses, version.is_)
        elif name in self.pack.outcomes:
            signs = (sign,) if use[0] in (">", ">=", "has") else ((-sign,) if use[0] in ("<", "<=") else (1, -1))
            for each in signs:
                self.outcome(name, None if use[0] != "has" else str(use[1]), each, uses)

    def once(self, key: str, sign: int, uses: _Uses, text: str) -> None:
        """Follow a text unless that was done with the same sign."""
        if (key, sign) not in uses.seen:
            uses.seen.add((key, sign))
            self.condition(text, sign, uses)

    def outcome(self, name: str, value: str | None, sign: int, uses: _Uses) -> None:
        """Follow the rules that give an outcome this value, or any when it is None."""
        key = (f"outcome:{name}:{value}", sign)
        if key in uses.seen:
            return
        uses.seen.add(key)
        combine = self.pack.outcomes[name].combine
        order = [v.id for v in self.pack.outcomes[name].values]
        for rule_id, rule in self.pack.rules.items():
            for version in rule.versions:
                if name not in version.then:
                    continue
                given = version.then[name]
                computed = expression(given) if isinstance(given, str) else None
                for each in _signs(combine, order, None if computed else given, value, sign):
                    self.rule(rule_id, each, uses)
                    if computed:
                        self.node(self.rulebook.conditions[computed], each, uses)

    def rule(self, rule_id: str, sign: int, uses: _Uses) -> None:
        """Follow a rule, and against the sign those that override it."""
        rule = self.pack.rules[rule_id]
        for version in rule.versions:
            self.once(f"rule:{rule_id}:{version.valid}", sign, uses, version.when)
        for other_id, other in self.pack.rules.items():
            if rule_id in other.overrides and (f"over:{other_id}", sign) not in uses.seen:
                uses.seen.add((f"over:{other_id}", sign))
                self.rule(other_id, -sign, uses)


def _signs(combine: str, order: list[str], given: str | list[str] | None, value: str | None, sign: int) -> tuple[int, ...]:
    """Tell how a rule that gives `given` pulls on "the outcome is at least (has, is) `value`"."""
    if given is None or value is None:
        return (sign,) if combine != "unique" else (1, -1)
    if combine == "strictest":
        return (sign,) if order.index(str(given)) >= order.index(value) else ()
    if combine == "union":
        return (sign,) if value in given else ()
    return (sign,) if given == value else (-sign,)


def split_facts(rulebook: Rulebook, pack: PackRules) -> tuple[Split, ...]:
    """Return the split facts of a pack with their cells, filing facts first, as declared; kept in the rulebook."""
    if pack.doc.id not in rulebook.splits:
        rulebook.splits[pack.doc.id] = tuple(_found(rulebook, pack))
    return rulebook.splits[pack.doc.id]


def _found(rulebook: Rulebook, pack: PackRules) -> Iterator[Split]:
    walk = _Walk(rulebook, pack)
    mixed: dict[str, set[Use]] = defaultdict(set)
    for outcome in pack.doc.outcomes:
        for value in outcome.values:
            uses = _Uses()
            walk.outcome(outcome.id, value.id, 1, uses)
            for name, found in uses.found.items():
                if _pulls_both_ways(rulebook, name, found):
                    mixed[name] |= {use for use, _ in found}
    dates = {pack.doc.date, *(pack.date_of(rule) for rule in pack.rules.values())}
    for name in pack_facts(rulebook, pack):
        if name in mixed and name not in dates:
            cells = _cells(rulebook, name, mixed[name])
            if 1 < len(cells) <= BUDGET:
                yield Split(name, cells)


def _pulls_both_ways(rulebook: Rulebook, name: str, found: set[tuple[Use, int]]) -> bool:
    kind = rulebook.facts[name].type
    signs = {sign * _direction(use) for use, sign in found}
    if kind == "enum":
        wanted = {(_subset(rulebook, name, use), sign) for use, sign in found}
        chains = sorted((s if sign > 0 else _all(rulebook, name) - s for s, sign in wanted), key=len)
        return any(not a <= b for a, b in pairwise(chains)) or any(use[0] == "key" for use, _ in found)
    if kind == "set":
        return any((use, -sign) in found for use, sign in found)
    return len(signs) > 1


def _direction(use: Use) -> int:
    if use[0] in ("<", "<=") or use in (("==", False), ("!=", True)):
        return -1
    return 1


def _all(rulebook: Rulebook, name: str) -> frozenset[str]:
    return frozenset(value.id for value in rulebook.facts[name].values)


def _subset(rulebook: Rulebook, name: str, use: Use) -> frozenset[str]:
    every = _all(rulebook, name)
    if use[0] == "in":
        return frozenset(use[1])
    if use[0] in ("==", "!="):
        return frozenset({use[1]}) if use[0] == "==" else every - {use[1]}
    return every


def _cells(rulebook: Rulebook, name: str, uses: set[Use]) -> tuple[Any, ...]:
    fact = rulebook.facts[name]
    values = [value.id for value in fact.values]
    match fact.type:
        case "bool":
            return (0, 2)
        case "enum":
            if any(use[0] == "key" for use in uses):
                return tuple(1 << i for i in range(len(values)))
            blocks: dict[tuple[bool, ...], int] = defaultdict(int)
            subsets = sorted({tuple(sorted(_subset(rulebook, name, use))) for use in uses})
            for i, value in enumerate(values):
                blocks[tuple(value in subset for subset in subsets)] |= 1 << i
            return tuple(blocks.values())
        case "set":
            full = (1 << len(values)) - 1
            bits = [1 << values.index(str(use[1])) for use in uses if use[0] == "has"]
            return ((bits[0], full), (0, full & ~bits[0])) if len(bits) == 1 else ()
        case _:
            return _intervals(fact.places if fact.type == "decimal" else 0, uses)


def _intervals(places: int, uses: set[Use]) -> tuple[Any, ...]:
    points = set()
    for use in uses:
        if len(use) < 2:  # noqa: PLR2004 - a use without a constant
            return ()
        point = use[1].toordinal() if hasattr(use[1], "toordinal") else int(use[1] * 10**places)
        points |= {point} if use[0] in (">=", "<") else ({point + 1} if use[0] in (">", "<=") else {point, point + 1})
    edges = [float("-inf"), *sorted(points), float("inf")]
    return tuple((low, high - 1) for low, high in pairwise(edges))
