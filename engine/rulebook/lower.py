"""A pack as a program of plain terms: what a reader must understand in order to work its answers out by hand.

A term is an integer, a name, or a list that begins with an operator. Values of enums and outcomes are their places among the
values, days are their ordinals, decimals are counted in their last place; a set is one truth for each member. Law that changes
is a term with versions. FORMATS.md section 2 says what each operator means; nothing here is evaluated.
"""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from engine.rulebook import condition as ir
from engine.rulebook import graph
from engine.rulebook.narrowing import Narrowing
from engine.rulebook.polarity import split_facts
from engine.rulebook.terms import Terms, inverted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.rulebook.model import PackRules, Rulebook
    from engine.rulebook.terms import Tree
    from schemas import rulebook as shapes

ALWAYS = (1, date.max.toordinal())
AS_OF = {"id": "as_of", "list": "", "type": "date", "range": [*ALWAYS], "places": 0}  # the day of the question is a fact too
NOT_GOVERNED, CONFLICT = "not_governed", "conflict"


def program(rulebook: Rulebook, pack: PackRules, facts: list[str]) -> dict[str, Any]:
    """Return the program of a pack over its `facts`, as the JSON value that FORMATS.md describes."""
    return _Lowering(rulebook, pack, facts).program()


class _Lowering:
    def __init__(self, rulebook: Rulebook, pack: PackRules, facts: list[str]) -> None:
        self.rulebook = rulebook
        self.pack = pack
        self.facts = facts
        self.read = graph.pack_facts(rulebook, pack)
        self.terms = Terms(rulebook, pack)
        self.groups = {rule: members for members in graph.tied(pack.rules) for rule in members}

    def program(self) -> dict[str, Any]:
        """Return facts, dates, terms, narrowing, splits and outcomes."""
        named = [*self.facts, *self.pack.derived, *self.pack.outcomes]
        return {
            "lists": {name: entry.min for name, entry in self.rulebook.lists.items() if any(map(self._lies_in(name), named))},
            "facts": [AS_OF, *(self._fact(self.rulebook.facts[name]) for name in self.facts)],
            "dates": {name: _cells(days) for name, days in graph.cuts(self.rulebook, self.pack).items()},
            "terms": [*self._applying(), *self._tables(), *self._derived(), *self._rules(), *self._outcomes()],
            "narrowing": list(self._narrowing()),
            "splits": list(self._splits()),
            "effects": {rule_id: rule.effect for rule_id, rule in self.pack.rules.items()},
            "outcomes": [self._declared(outcome) for outcome in self.pack.doc.outcomes],
        }

    def _lies_in(self, home: str) -> Any:
        return lambda name: self.rulebook.list_of(name) == home

    def _fact(self, fact: shapes.Fact) -> dict[str, Any]:
        said: dict[str, Any] = {"id": fact.id, "list": self.rulebook.list_of(fact.id), "type": fact.type}
        if fact.type == "bool":
            return said | {"values": [False, True]}
        if fact.values:
            return said | {"values": [value.id for value in fact.values]}
        if fact.type == "date":
            low, high = (bound.toordinal() if isinstance(bound, date) else None for bound in (fact.min, fact.max))
            return said | {"range": [low or ALWAYS[0], high or ALWAYS[1]], "places": 0}
        bounds = [bound if bound is None else int(bound * 10**fact.places) for bound in (fact.min, fact.max)]
        return said | {"range": bounds, "places": fact.places}

    def _declared(self, outcome: shapes.Outcome) -> dict[str, Any]:
        values = [value.id for value in outcome.values]
        shown = values if outcome.combine == "union" else [NOT_GOVERNED, *values, CONFLICT]
        home = self.rulebook.list_of(outcome.id)
        return {"id": outcome.id, "list": home, "combine": outcome.combine, "values": shown}

    def _term(self, name: str, home: str, versions: list[dict[str, Any]], otherwise: Tree | None = None) -> dict[str, Any]:
        last = [] if otherwise is None else [self._version(otherwise)]
        return {"id": name, "list": home, "versions": [*versions, *last]}

    def _version(self, tree: Tree, valid: shapes.Period | None = None, day: str = "", text: str = "") -> dict[str, Any]:
        """Return a version of a term: on which days of which date fact it is law; the text is for readers."""
        last = ALWAYS[1] if valid is None or valid.end is None else valid.end.toordinal()
        first = valid.start.toordinal() if valid else ALWAYS[0]
        return {"date": day or self.pack.doc.date, "from": first, "to": last, "is": tree} | ({"text": text} if text else {})

    def _condition(self, text: str) -> ir.Node:
        return self.rulebook.conditions[text]

    # terms -----------------------------------------------------------------------------------------------------------

    def _applying(self) -> Iterator[dict[str, Any]]:
        """Yield `?fact`, whether a fact applies: it was stated (`!fact`), or its condition holds."""
        for name in self.read:
            if when := self.rulebook.facts[name].applies_when:
                tree = ["or", f"!{name}", self.terms.truth(self._condition(when))]
                yield self._term(f"?{name}", self.rulebook.list_of(name), [self._version(tree, text=when)])

    def _tables(self) -> Iterator[dict[str, Any]]:
        for name in graph.tables(self.rulebook, self.pack):
            table = self.rulebook.tables[name]
            home = next((home for key in table.keys if (home := self.rulebook.list_of(key))), "")
            versions = [self._version(self.terms.table(table, each), each.valid) for each in table.versions]
            yield self._term(f"$lookup:{name}", home, versions, self.terms.table(table, None))

    def _derived(self) -> Iterator[dict[str, Any]]:
        for name, derived in self.pack.derived.items():
            versions = [
                self._version(self.terms.derived(name, self._condition(each.is_)), each.valid, text=each.is_)
                for each in derived.versions
            ]
            yield self._term(name, self.rulebook.list_of(name), versions, 0)

    def _rules(self) -> Iterator[dict[str, Any]]:
        for rule_id, rule in self.pack.rules.items():
            day = self.pack.date_of(rule)
            versions = [
                self._version(self.terms.truth(self._condition(each.when)), each.valid, day, each.when) for each in rule.versions
            ]
            yield self._term(f"rule:{rule_id}", rule.on, versions, 0)
            yield self._term(f"applied:{rule_id}", rule.on, [self._version(self._each(rule_id, self._applies(rule_id)))])

    def _applies(self, rule_id: str) -> Tree:
        """A rule applies when it fires and no rule that overrides it applies."""
        over = [other for other in self.groups.get(rule_id, ()) if rule_id in self.pack.rules[other].overrides]
        return ["and", f"rule:{rule_id}", *(inverted(self._applies(other)) for other in over)] if over else f"rule:{rule_id}"

    def _each(self, rule_id: str, tree: Tree) -> Tree:
        """What holds over rules tied by overrides is worked out for each way in which they may fire."""
        members = self.groups.get(rule_id)
        return ["each", tree, *(f"rule:{member}" for member in members)] if members else tree

    def _outcomes(self) -> Iterator[dict[str, Any]]:
        for name, outcome in self.pack.outcomes.items():
            home = self.rulebook.list_of(name)
            giving = [rule for rule, each in self.pack.rules.items() if any(name in version.then for version in each.versions)]
            if outcome.combine == "union":
                for value in outcome.values:
                    yield self._term(f"{name}={value.id}", home, [self._version(self._joined(giving, name, "or", value.id))])
            else:
                join = "max" if outcome.combine == "strictest" else "one"
                floor = [self._version(self.terms.place(name, each.value), each.valid) for each in outcome.floor]
                yield self._term(f"$floor:{name}", home, floor, 0)
                tree = ["else", self._joined(giving, name, join, ""), f"$floor:{name}"]
                yield self._term(name, home, [self._version(tree)])
            for rule_id in giving:
                yield from self._values(rule_id, name)

    def _joined(self, giving: list[str], outcome: str, join: str, value: str) -> Tree:
        """Join what each rule, or each way in which tied rules may apply, gives to an outcome (to a value of a union)."""
        parts = []
        for members in dict.fromkeys(self.groups.get(rule_id, (rule_id,)) for rule_id in giving):
            worth = [(rule, self._worth(rule, outcome, value)) for rule in members if rule in giving]
            given = [self._applied_worth(rule, tree, value) for rule, tree in worth if tree != 0]
            if given:
                parts.append(self._each(members[0], [join, *given] if len(given) > 1 else given[0]))
        return [join, *parts] if len(parts) > 1 else (parts[0] if parts else 0)

    def _applied_worth(self, rule_id: str, worth: Tree, value: str) -> Tree:
        applies = self._applies(rule_id)
        return applies if value and worth == 1 else ["if", applies, worth]

    def _worth(self, rule_id: str, outcome: str, value: str) -> Tree:
        """Return what a rule gives to an outcome when it applies: a constant, or a term with versions."""
        first, *others = self._by_version(rule_id, outcome, value)
        constant = isinstance(first, int) and all(other == first for other in others)
        return first if constant else f"$value:{rule_id}:{outcome}" + (f"={value}" if value else "")

    def _by_version(self, rule_id: str, outcome: str, value: str) -> list[Tree]:
        return [self._value(outcome, version.then.get(outcome), value) for version in self.pack.rules[rule_id].versions]

    def _values(self, rule_id: str, outcome: str) -> Iterator[dict[str, Any]]:
        """Yield what a rule gives to an outcome where its versions differ or it is worked out; for a union by value."""
        rule, declared = self.pack.rules[rule_id], self.pack.outcomes[outcome]
        for value in [value.id for value in declared.values] if declared.combine == "union" else [""]:
            if isinstance(name := self._worth(rule_id, outcome, value), str):
                given = zip(self._by_version(rule_id, outcome, value), rule.versions, strict=True)
                versions = [self._version(tree, each.valid, self.pack.date_of(rule)) for tree, each in given]
                yield self._term(name, rule.on, versions, 0)

    def _value(self, outcome: str, given: str | list[str] | None, value: str) -> Tree:
        if value or given is None:
            return int(value in ([given] if isinstance(given, str) else given or ()))
        (given,) = [given] if isinstance(given, str) else given
        computed = graph.expression(given)
        return self.terms.place(outcome, given) if computed is None else self.terms.computed(self._condition(computed))

    # narrowing and splits --------------------------------------------------------------------------------------------

    def _narrowing(self) -> Iterator[dict[str, Any]]:
        for name in self.read:
            if when := self.rulebook.facts[name].applies_when:
                home = self.rulebook.list_of(name)
                yield from Narrowing(self.terms, home, [f"!{name}"]).steps(self._condition(when))
        for entry in graph.pack_constraints(self.rulebook, self.pack):
            used = sorted(graph.mentioned(self.rulebook, entry.always))
            guards: list[Tree] = [f"?{name}" for name in used if self.terms.may_be_absent(name)]
            yield from Narrowing(self.terms, entry.on, guards).steps(self._condition(entry.always))

    def _splits(self) -> Iterator[list[Any]]:
        found = split_facts(self.rulebook, self.pack)
        for home in dict.fromkeys(["", *(self.rulebook.list_of(split.name) for split in found)]):
            here = [split for split in found if self.rulebook.list_of(split.name) == home]
            yield [home, [self._split(split.name, split.cells) for split in here]]

    def _split(self, name: str, cells: tuple[Any, ...]) -> list[Any]:
        fact = self.rulebook.facts[name]
        match fact.type:
            case "bool":
                return [name, [[0], [1]]]
            case "enum":
                return [name, [[k for k in range(len(fact.values)) if cell >> k & 1] for cell in cells]]
            case "set":
                member = next(value.id for k, value in enumerate(fact.values) if cells[0][0] >> k & 1)
                return [f"{name}={member}", [[0], [1]]]
            case _:
                return [name, [[None if abs(end) == float("inf") else int(end) for end in cell] for cell in cells]]


def _cells(cuts: list[int]) -> list[list[int]]:
    """Return the spans of days between those on which the law changes."""
    edges = [ALWAYS[0], *(day for day in cuts if ALWAYS[0] < day <= ALWAYS[1]), ALWAYS[1] + 1]
    return [[first, after - 1] for first, after in pairwise(edges)]


__all__ = ["ALWAYS", "program"]
