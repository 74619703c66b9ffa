"""The second verifier of fenji: `python verify.py BUNDLE [--trust FILE]`, for an auditor who trusts nobody.

Written from FORMATS.md, it shares nothing with the engine and needs Python 3.11 and `cryptography`. It checks the evidence byte
for byte, works the rules out again over the disclosed facts, slowly and plainly, and compares. Exit 0: valid and re-derived;
1: origin or outcome left open; 2: refused; 3: another outcome comes out.

What may be: one of several values is a frozenset; a truth value (NO < YES), a number or a day is (low, high); a set is (certain
members, possible members). An outcome may also be `not_governed` (no law yet) or `conflict` (rules disagree).
"""

from __future__ import annotations

import hashlib
import json
import math
import operator
import re
import sys
import unicodedata
import zipfile
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import date
from fractions import Fraction
from functools import reduce
from graphlib import CycleError, TopologicalSorter
from io import BytesIO
from itertools import pairwise, product
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Json = dict[str, Any]
Thing = tuple[str, int]  # a name, and the item of which it is asked; -1 is the filing itself
YES, NO, OPEN = (1, 1), (0, 0), (0, 1)
INF, NO_LAW, BUDGET, ROUNDS = math.inf, "not_governed", 64, 64
Contradiction = ArithmeticError  # facts that cannot be true together
OPS = {"==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}  # as seen from the other side
DENIED = {"<": ">=", ">": "<=", "<=": ">", ">=": "<", "==": "!=", "!=": "=="}

# what may be ---------------------------------------------------------------------------------------------------------


def hull(values: Iterable[Any]) -> Any:  # the range of values; of truth values, what all of them say or else open
    found = list(values)
    return (min(found), max(found))


def every(values: Iterable[Any]) -> Any:  # whether all of several truth values hold
    return tuple(map(min, zip(YES, *values, strict=True)))


def negate(value: Any) -> Any:
    return (1 - value[1], 1 - value[0])


def known(value: Any) -> bool:  # whether one value is left
    return len(value) == 1 if isinstance(value, frozenset) else bool(value[0] == value[1])


def both(a: Any, b: Any) -> Any:  # what may be when `a` and `b` are true of one thing
    if isinstance(a, frozenset):
        found: Any = a & b
    else:
        found = (a[0] | b[0], a[1] & b[1]) if isinstance(a[0], frozenset) else (max(a[0], b[0]), min(a[1], b[1]))
    if not (found if isinstance(a, frozenset) else found[0] <= found[1]):
        raise Contradiction("the facts exclude each other")
    return found


def either(a: Any, b: Any) -> Any:  # what may be when `a` or `b` is true of one thing
    if isinstance(a, frozenset):
        return a | b
    return (a[0] & b[0], a[1] | b[1]) if isinstance(a[0], frozenset) else (min(a[0], b[0]), max(a[1], b[1]))


def day(text: str) -> int:
    demand(re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text), "a day is not written YYYY-MM-DD")
    return date.fromisoformat(text).toordinal()


READ: dict[str, Callable[[Any], Any]] = {"bool": int, "int": operator.index, "decimal": Fraction, "date": day}


def ids(entry: Json) -> list[str]:  # the values of a fact or an outcome, in their order
    return [value["id"] for value in entry.get("values", ())]


def step(fact: Json) -> Any:  # the smallest difference between two numbers or days
    return Fraction(1, 10 ** fact.get("places", 0)) if fact["type"] == "decimal" else 1


def possible(fact: Json, said: Any) -> Any:  # what a disclosed value leaves possible of a fact; everything when it is None
    kind, values, parts = fact["type"], frozenset(ids(fact)), said if isinstance(said, dict) else {}
    if kind == "enum":
        return both(values, values if said is None else frozenset(parts["one_of"] if parts else [said]))
    if kind == "set":
        must, no = (parts["includes"], parts["excludes"]) if parts else (said or (), () if said is None else values.difference(said))
        return both((frozenset(), values), (frozenset(must), values.difference(no)))
    ends = (parts.get("at_least"), parts.get("at_most")) if parts else (said, said)
    low, high, least, most = (None if end is None else READ[kind](end) for end in (*ends, fact.get("min"), fact.get("max")))
    domain = OPEN if kind == "bool" else (-INF if least is None else least, INF if most is None else most)
    return both(domain, (-INF if low is None else low, INF if high is None else high))


def cell(fact: Json, given: Any) -> Any:  # one cell of a split
    if fact["type"] in ("enum", "set"):
        masks = given if fact["type"] == "set" else [given]
        members = tuple(frozenset(v for k, v in enumerate(ids(fact)) if mask >> k & 1) for mask in masks)
        return members if fact["type"] == "set" else members[0]
    low, high = (given, given) if fact["type"] == "bool" else given
    return (-INF if low is None else low * step(fact), INF if high is None else high * step(fact))


def plain(node: Json) -> Any:  # a part of a condition with days as numbers, `or` as not-and-not, `all` as not-any-not
    if node.keys() in ({"date"}, {"decimal"}):
        return day(node["date"]) if "date" in node else Fraction(node["decimal"])
    if node.get("kind") in ("or", "all"):
        parts = [{"kind": "not", "part": part} for part in node.get("parts", [node.get("part")])]
        inner = {"kind": "and", "parts": parts} if node["kind"] == "or" else {**node, "kind": "any", "part": parts[0]}
        return {"kind": "not", "part": inner}
    return node


def computed(value: Any) -> str:  # the expression of a rule's value `= expression`
    return value[1:].strip() if isinstance(value, str) and value.startswith("=") else ""


class Law:
    """What of rules.json is law when each date fact has a given day, by name; which rules are tied; what reads what."""

    def __init__(self, rules: Json, on: dict[str, int]) -> None:
        pack, derived, self.constraints = rules["pack"], rules["pack"].get("derived", []), rules["constraints"]
        self.cuts: dict[str, set[float]] = defaultdict(lambda: {-INF, INF})  # the days on which versions change

        def in_force(entries: list[Json], key: str = "versions") -> dict[str, Json]:
            found: dict[str, Json] = {}
            for entry, version in ((entry, version) for entry in entries for version in entry.get(key, ())):
                name, valid = entry.get("date") or pack.get("date", "as_of"), version["valid"]
                start, end = day(valid["start"]), day(valid.get("end") or "9999-12-31")
                self.cuts[name] |= {start, end + 1}
                if start <= on[name] <= end:
                    found.setdefault(entry["id"], {**entry, **version})
            return found

        self.rules, self.derived, self.law_tables = map(in_force, (rules["rules"], derived, rules["tables"]))
        self.floors = in_force(pack["outcomes"], "floor")
        in_force([{"id": "", "covers": [{"valid": pack["covers"]}]}], "covers")
        parts = (rules["facts"], rules["lists"], rules["tables"], pack["outcomes"], derived)
        self.facts, self.lists, self.tables, self.outcomes, terms = ({entry["id"]: entry for entry in part} for part in parts)
        self.splits = [(each["fact"], [cell(self.facts[each["fact"]], one) for one in each["cells"]]) for each in rules["splits"]]
        self.trees = json.loads(json.dumps(rules["conditions"]), object_hook=plain)
        self.names = {text: frozenset(self.mentioned(tree)) for text, tree in self.trees.items()}
        when = {name: fact["applies_when"] for name, fact in self.facts.items() if fact.get("applies_when")}
        order = TopologicalSorter({name: sorted(self.names[text] & when.keys()) for name, text in when.items()})
        self.conditional = {name: when[name] for name in order.static_order()}
        heads = {name: name.partition(".")[0] for name in (*self.facts, *self.outcomes, *terms)}
        self.homes = {name: head if head in self.lists else "" for name, head in heads.items()}  # the list whose items have it
        self.reads = {name: self.names[text] for name, text in self.conditional.items()}
        self.reads |= {name: self.names[version["is"]] for name, version in self.derived.items()}
        self.over = {r: [o for o in self.rules if r in self.rules[o].get("overrides", ())] for r in self.rules}
        self.tied: dict[str, frozenset[str]] = {rule: frozenset({rule}) for rule in self.rules}
        for rule, other in ((rule, other) for rule, others in self.over.items() for other in others):
            group = self.tied[rule] | self.tied[other]
            self.tied |= dict.fromkeys(group, group)
        for rule, version in self.rules.items():
            self.reads[f"rule:{rule}"] = self.names[version["when"]]
            self.reads[f"applied:{rule}"] = frozenset(f"rule:{other}" for other in self.tied[rule])
            self.homes |= dict.fromkeys((f"rule:{rule}", f"applied:{rule}"), version.get("on", ""))
        for name in self.outcomes:
            given = {rule: version["then"][name] for rule, version in self.rules.items() if name in version["then"]}
            below = (self.reads[f"applied:{rule}"] | self.names.get(computed(value), set()) for rule, value in given.items())
            self.reads[name] = frozenset[str]().union(*below)
        self.behind: dict[str, frozenset[str]] = {}  # everything that a name reads, directly or not
        self.looked: Json = {}

    def mentioned(self, node: Any) -> Iterator[str]:  # the names in a condition, keys of tables among them
        if isinstance(node, dict) and node["kind"] in ("name", "lookup"):
            yield from [node["id"]] if node["kind"] == "name" else self.tables[node["table"]]["keys"]
        for part in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            yield from self.mentioned(part)

    def needs(self, name: str) -> frozenset[str]:
        if name not in self.behind:
            self.behind[name] = frozenset({name}).union(*map(self.needs, self.reads.get(name, ())))
        return self.behind[name]


def rows_of(law: Law, facts: Json) -> dict[str, list[Json]]:
    """Return the facts as rows by list ("" is the filing), an open list with a last row for any item not yet listed.

    A row holds what each fact may be, under `?fact` whether it applies, and how many such items there are, its name, what was stated.
    """
    rows, used = {}, set(law.lists)
    for home in ("", *law.lists):
        said = facts.get(home, {"complete": False, "count": 0}) if home else {"complete": True, "count": 1}
        fields(said, "complete count", f"the list `{home}`")
        places = [f"{home}/{k}/" if home else "" for k in range(min(said["count"], len(facts) + 1))]
        own = {name: fact for name, fact in law.facts.items() if law.homes[name] == home}
        blank: Json = {f"?{name}": OPEN for name in own if name in law.conditional}
        stated = [{name: facts[place + name] for name in own if place + name in facts} for place in places]
        used |= {place + name for place, row in zip(places, stated, strict=True) for name in (*row, "id")}
        heads = [{"#": YES, "@": facts[f"{place}id"] if home else "", "!": row} for place, row in zip(places, stated, strict=True)]
        least = int(not places and bool(home) and law.lists[home].get("min", 0) > 0)
        heads += [] if said["complete"] else [{"#": (least, INF), "@": "unlisted", "!": {}}]
        rows[home] = [head | blank | {name: possible(fact, head["!"].get(name)) for name, fact in own.items()} for head in heads]
    demand(facts.keys() <= used, "a fact is disclosed that the rules do not know")
    return rows


class Case:
    """One case of a filing under one edition of the law; what follows from its facts is worked out when it is asked for."""

    def __init__(self, law: Law, rows: dict[str, list[Json]], parent: Case | None = None) -> None:
        self.law, self.parent, self.differs = law, parent, set[str]()  # names whose facts differ from those of the parent
        self.rows, self.memo = {home: [{**row} for row in each] for home, each in rows.items()}, dict[Thing, Any]()

    def row(self, name: str, i: int) -> Json:
        return self.rows[self.law.homes[name]][i if self.law.homes[name] else -1]

    def indexes(self, home: str) -> Iterable[int]:
        return range(len(self.rows[home])) if home else (-1,)

    def applies(self, name: str, i: int) -> Any:
        return self.row(name, i)[f"?{name}"] if name in self.law.conditional else YES

    def value(self, name: str, i: int) -> Any:  # of a fact, a derived fact, an outcome, `rule:` (does it fire) or `applied:`
        if name in self.law.facts:
            return self.row(name, i)[name]
        thing = (name, i if self.law.homes[name] else -1)
        if thing not in self.memo:
            same = self.parent if self.differs.isdisjoint(self.law.needs(name)) else None
            self.memo[thing] = same.value(*thing) if same else self.work_out(*thing)
        return self.memo[thing]

    def work_out(self, name: str, i: int) -> Any:
        law, (kind, colon, rule) = self.law, name.partition(":")
        if colon:
            return self.truth(law.trees[law.rules[rule]["when"]], i) if kind == "rule" else hull(rule in w for w in self.ways(rule, i))
        if name in law.outcomes or name not in law.derived:  # a derived fact without a definition is no law yet: no, or zero
            return self.outcome(name, i) if name in law.outcomes else NO
        return (self.truth if law.derived[name]["type"] == "bool" else self.term)(law.trees[law.derived[name]["is"]], i)

    def ways(self, rule: str, i: int) -> set[frozenset[str]]:  # which of the rules tied to a rule may apply together
        def applies(rule: str, fires: Json) -> bool:  # it fires, and no rule that applies overrides it
            return bool(fires[rule]) and not any(applies(other, fires) for other in self.law.over[rule])

        group = self.law.tied[rule]
        guesses = product(*(sorted({*self.value(f"rule:{each}", i)}) for each in group))
        cases = [dict(zip(group, guess, strict=True)) for guess in guesses]
        return {frozenset(each for each in group if applies(each, fires)) for fires in cases}

    def outcome(self, name: str, i: int) -> Any:  # the values of its rules, over all ways in which these may apply
        given: dict[str, frozenset[str]] = {}
        for rule, value in ((rule, law["then"][name]) for rule, law in self.law.rules.items() if name in law["then"]):
            text, fixed = computed(value), frozenset([value] if isinstance(value, str) else value)
            given[rule] = self.term(self.law.trees[text], i) if text else fixed
        groups = {self.law.tied[rule]: rule for rule in given}.values()
        choices = [[[given[rule] for rule in way if rule in given] for way in self.ways(each, i)] for each in groups]
        none = frozenset[str]()
        if self.law.outcomes[name]["combine"] == "union":
            pairs = [reduce(either, [(none.union(*way), none.union(*way)) for way in ways]) for ways in choices]
            return (none.union(*(certain for certain, _ in pairs)), none.union(*(may for _, may in pairs)))
        found = self.joined(name, [none.union(*(self.joined(name, way) for way in ways)) for ways in choices])
        return found - {NO_LAW} | {self.law.floors[name]["value"]} if NO_LAW in found and name in self.law.floors else found

    def joined(self, name: str, given: Iterable[frozenset[str]]) -> frozenset[str]:  # an outcome to which each of several gives a value
        order, strictest = [NO_LAW, *ids(self.law.outcomes[name])], self.law.outcomes[name]["combine"] == "strictest"

        def join(x: str, y: str) -> str:
            x, y = sorted((x, y), key=order.index) if strictest else (x, y)
            return y if strictest or x in (NO_LAW, y) else x if y == NO_LAW else "conflict"

        return reduce(lambda a, b: frozenset(join(x, y) for x in a for y in b), given, frozenset({NO_LAW}))

    def truth(self, node: Json, i: int) -> Any:  # a condition; an atom holds only of facts that apply
        kind = node["kind"]
        if kind == "not":
            return negate(self.truth(node["part"], i))
        if kind == "and":
            return every(self.truth(part, i) for part in node["parts"])
        if kind == "any":
            return tuple(min(1, number) for number in self.count(node["list"], node["part"]))
        terms = [node["first"], *(term for _, term in node["rest"])] if kind == "compare" else [node.get("name", node)]
        names = [name for term in terms if term["kind"] in ("name", "lookup") for name in self.law.mentioned(term)]
        holds = self.compare(terms, [op for op, _ in node["rest"]], i) if kind == "compare" else self.term(terms[0], i)
        if kind == "in":
            holds = hull(value in [each["value"] for each in node["values"]] for value in holds)
        elif kind in ("has", "nonempty"):
            holds = tuple(bool(members) if kind == "nonempty" else node["value"]["value"] in members for members in holds)
        return every([holds, *(self.applies(name, i) for name in names)])

    def compare(self, terms: list[Json], ops: list[str], i: int) -> Any:
        values = [self.term(term, i) for term in terms]
        if not isinstance(values[0], frozenset):
            return every(self.link(a, op, b) for (a, b), op in zip(pairwise(values), ops, strict=True))
        outcome = next((self.law.outcomes[name] for name in self.law.mentioned(terms) if name in self.law.outcomes), {})
        single, order = sum(term["kind"] != "const" for term in terms) == 1, [NO_LAW, *ids(outcome), "conflict"] if outcome else []

        def holds(chain: tuple[str, ...], ops: list[str]) -> bool:  # of exact values; no law and conflict are neither above nor below
            at = [order.index(each) if order else each for each in chain]
            lawful = not (single and order and {NO_LAW, "conflict"} & {*chain})
            return lawful and all(OPS[op](x, y) for (x, y), op in zip(pairwise(at), ops, strict=True))

        if single:  # one term between constants is one exact test
            return hull(holds(chain, ops) for chain in product(*values))
        return every(hull(holds(pair, [op]) for pair in product(*two)) for two, op in zip(pairwise(values), ops, strict=True))

    def link(self, a: Any, op: str, b: Any) -> Any:
        if op == "!=":
            return negate(self.link(a, "==", b))
        if op == "==" and max(a[0], b[0]) <= min(a[1], b[1]):
            return YES if known(a) and known(b) else OPEN
        return hull(OPS[op](x, y) for x in a for y in b)

    def term(self, node: Json, i: int) -> Any:
        kind, value = node["kind"], node.get("value")
        if kind == "name":
            return self.value(node["id"], i)
        if kind == "const":
            return frozenset({value}) if isinstance(value, str) else (value, value)
        if kind == "count":
            return self.count(node["list"], node["where"])
        if kind == "add":  # what does not apply adds nothing
            shares = [(self.applies(part.get("id", ""), i), self.term(part, i)) for part in node["parts"]]
            parts = [NO if on == NO else value if on == YES else either(NO, value) for on, value in shares]
            return (sum(low for low, _ in parts), sum(high for _, high in parts))
        return self.fold(node) if kind == "fold" else self.looked_up(node["table"], i)

    def looked_up(self, name: str, i: int) -> Any:  # all values of the table where its text was not read
        table, law = self.law.tables[name], self.law.law_tables.get(name, {"rows": (), "otherwise": "unknown"})
        values = tuple(self.value(key, i) for key in table["keys"])
        if (name, values) not in self.law.looked:
            all_values = table["gives"].get("values") or ids(self.law.facts[table["gives"]["fact"]])
            found = set[str]()
            for keys in product(*({*value} for value in values)):
                at = dict(zip(table["keys"], keys, strict=True))
                fitting = (row["is"] for row in law["rows"] if all(at[k] == v for k, v in row.get("when", {}).items()))
                value = next(fitting, law["otherwise"])
                found |= {*all_values} if value == "unknown" else {value}
            self.law.looked[name, values] = frozenset(found)
        return self.law.looked[name, values]

    def counted(self, home: str, tests: list[Callable[[int], Any]]) -> list[tuple[int, float, float]]:  # item, how many at least, at most
        held = [(k, every(test(k) for test in tests), self.rows[home][k]["#"]) for k in self.indexes(home)]
        return [(k, min(holds[0], many[0]), many[1]) for k, holds, many in held if holds != NO]

    def count(self, home: str, where: Json | None) -> Any:
        found = self.counted(home, [lambda k: self.truth(where, k)] if where else [])
        return (sum(least for _, least, _ in found), sum(most for _, _, most in found))

    def fold(self, node: Json) -> Any:  # `sum`, `max` or `distinct` of a value over the items that satisfy `where`
        where, name = node["where"], node["value"]["id"]
        tests: list[Any] = [lambda k: self.applies(name, k), *([lambda k: self.truth(where, k)] if where else [])]
        found = [(self.value(name, k), least, most) for k, least, most in self.counted(self.law.homes[name], tests)]
        if name in self.law.outcomes:
            return self.joined(name, [value if least else value | {NO_LAW} for value, least, _ in found])
        largest = max([0, *(low for (low, _), least, _ in found if least)])
        lows = [low * (most if low < 0 else least) if low else 0 for (low, _), least, most in found]
        highs = [high * (most if high > 0 else least) if high else 0 for (_, high), least, most in found]
        if node["op"] == "max":
            return (largest, max([0, *(high for (_, high), _, _ in found)]))
        return (sum(lows) if node["op"] == "sum" else largest, sum(highs))

    # what facts imply about each other

    def settle(self) -> None:  # narrow the facts by each other until nothing changes
        trees, changed, rounds = self.law.trees, True, ROUNDS
        while changed and rounds:
            changed, rounds = False, rounds - 1
            for name, text in self.law.conditional.items():
                for i in self.indexes(self.law.homes[name]):
                    row, holds = self.row(name, i), self.truth(trees[text], i)
                    if name in row["!"]:  # to state a fact is to say that it applies
                        changed |= both(holds, YES) != holds and self.narrow(trees[text], True, i)
                        holds = YES
                    row[f"?{name}"] = holds
            for text, home in ((constraint["always"], constraint.get("on", "")) for constraint in self.law.constraints):
                for i in self.indexes(home):
                    if every(self.applies(name, i) for name in self.law.names[text]) == YES:
                        holds = self.truth(trees[text], i)
                        changed |= both(holds, YES) != holds and self.narrow(trees[text], True, i)
        self.memo.clear()
        theirs = self.parent.rows if self.parent else self.rows
        pairs = ((a, b) for home, rows in self.rows.items() for a, b in zip(rows, theirs[home], strict=True))
        self.differs = {name.removeprefix("?") for a, b in pairs for name in a if a[name] != b[name]}

    def narrow(self, node: Json, wanted: bool, i: int) -> bool:  # take from facts what cannot be if a condition is (not) true
        kind, name = node["kind"], node.get("id") or node.get("name", {}).get("id", "")
        if kind == "not":
            return self.narrow(node["part"], not wanted, i)
        if kind == "and":
            left = [part for part in node["parts"] if wanted or self.truth(part, i) != YES]
            return (wanted or len(left) == 1) and any([self.narrow(part, wanted, i) for part in left])
        if not wanted and every(self.applies(each, i) for each in self.law.mentioned(node)) != YES:
            return False  # it may be false because a fact does not apply
        if kind == "compare" and len(node["rest"]) == 1:
            (op, right), left_ = node["rest"][0], node["first"]
            turn = left_["kind"] == "const"
            return self.narrow_link(*((right, TURNED[op], left_) if turn else (left_, op, right)), wanted, i)
        if kind == "name":
            return self.meet(name, YES if wanted else NO, i)
        if kind in ("in", "has") and name in self.law.facts:
            whole = frozenset(ids(self.law.facts[name]))
            values = frozenset({each["value"] for each in node["values"]} if kind == "in" else {node["value"]["value"]})
            if kind == "in":
                return self.meet(name, values if wanted else whole - values, i)
            return self.meet(name, (values, whole) if wanted else (frozenset(), whole - values), i)
        return False

    def narrow_link(self, left: Json, op: str, right: Json, wanted: bool, i: int) -> bool:
        op = op if wanted else DENIED[op]
        if wanted and right["kind"] != "const":
            return self.narrow_sums(*((right, TURNED[op], left) if op in (">", ">=") else (left, op, right)), i)
        fact = self.law.facts.get(left.get("id", "")) if left["kind"] == "name" and right["kind"] == "const" else None
        if fact is None or (op == "!=" and fact["type"] not in ("bool", "enum")):
            return False
        value, whole = right["value"], frozenset(ids(fact))
        if fact["type"] == "enum":
            return self.meet(left["id"], frozenset({value}) if op == "==" else whole - {value}, i)
        value, op = (1 - value, "==") if op == "!=" else (value, op)
        low = value + step(fact) * (op == ">") if op in ("==", ">=", ">") else -INF
        high = value - step(fact) * (op == "<") if op in ("==", "<=", "<") else INF
        return self.meet(left["id"], (low, high), i)

    def narrow_sums(self, left: Json, op: str, right: Json, i: int) -> bool:  # of whole numbers and days, `a + b <= c + d`
        small, large = (node["parts"] if node["kind"] == "add" else [node] for node in (left, right))
        kinds = [self.law.facts.get(each.get("id", ""), {}).get("type") or type(each.get("value")) for each in (*small, *large)]
        if op not in ("<", "<=") or not {*kinds} <= {"int", "date", int}:
            return False
        gap, changed = int(op == "<"), False
        for side in (small, large):
            for term in (each for each in side if each["kind"] == "name"):
                rest = [self.term(other, i) for other in side if other is not term]
                most = sum(self.term(each, i)[1] for each in large) - gap - sum(low for low, _ in rest)
                least = sum(self.term(each, i)[0] for each in small) + gap - sum(high for _, high in rest)
                changed |= self.meet(term["id"], (-INF, most) if side is small else (least, INF), i)
        return changed

    def meet(self, name: str, value: Any, i: int) -> bool:  # keep of a fact what `value` allows; tell whether that changed it
        if name not in self.law.facts or (self.law.homes[name] and i < 0):
            return False
        row = self.row(name, i)
        was, row[name] = row[name], both(row[name], value)
        if self.law.facts[name]["type"] == "date":
            both(row[name], (1, date.max.toordinal()))
        return bool(was != row[name])

    # cases

    def live(self, outcome: str) -> set[Thing]:  # what an open outcome can still read
        seen, todo = set[Thing](), [(outcome, i) for i in self.indexes(self.law.homes[outcome])]
        while todo:
            name, i = todo.pop()
            applies, home = self.applies(name, i), self.law.homes[name]
            if (name, i) in seen or applies == NO or (applies == YES and known(self.value(name, i))):
                continue
            seen.add((name, i))
            for other in self.law.reads.get(name, ()):
                there = self.law.homes[other]
                todo += [(other, k) for k in ([i] if there and there == home else self.indexes(there))]
        return seen

    def cases(self, outcome: str) -> tuple[Any, ...]:  # all choices of a cell for the first of its split facts, within the budget
        live, choices, size, homes = self.live(outcome), list[list[Any]](), 1, self.law.homes
        listed = {home: [i for i in self.indexes(home) if self.rows[home][i]["#"] == YES] for home in self.rows}
        order = dict.fromkeys(["", *(homes[name] for name, _ in self.law.splits)])
        asked = [(name, i, cells) for home in order for i in listed[home] for name, cells in self.law.splits if homes[name] == home]
        for name, i, cells in asked:
            value = self.value(name, i)
            if (name, i) not in live or known(value) or self.applies(name, i) == NO:
                continue
            if (size := size * len(cells)) > BUDGET:
                break
            choices.append([])
            for each in cells:
                with suppress(Contradiction):
                    choices[-1].append((name, i, both(value, each)))
        return tuple(product(*choices))

    def united(self, cases: tuple[Any, ...], things: list[Thing]) -> dict[Thing, Any]:  # what the cases together leave possible
        found: dict[Thing, Any] = {}
        for cells in cases:
            case = Case(self.law, self.rows, self)
            for name, i, value in cells:
                case.row(name, i)[name] = value
            with suppress(Contradiction):
                case.settle()
                here = {thing: case.value(*thing) for thing in things}
                found = {thing: either(found.get(thing, value), value) for thing, value in here.items()}
            if found and all(found[thing] == self.value(*thing) for thing in things):
                break  # no other case can add to this
        return found

    def answer(self) -> dict[Thing, Any]:  # what each outcome may be, and of each rule whether it applies
        self.settle()
        shown = [*self.law.outcomes, *(f"applied:{rule}" for rule in self.law.rules)]
        picture, tried = {(name, i): self.value(name, i) for name in shown for i in self.indexes(self.law.homes[name])}, set()
        for outcome in self.law.outcomes:
            if len(cases := self.cases(outcome)) > 1 and cases not in tried:
                tried.add(cases)
                things = [thing for thing, value in picture.items() if not known(value)]
                picture |= {thing: both(picture[thing], value) for thing, value in self.united(cases, things).items()}
        return picture


def answer(rules: Json, facts: Json, as_of: str) -> tuple[dict[str, list[Json]], dict[Thing, Any]]:
    """Return the rows, and what they leave possible over every edition of the law that their dates may meet."""
    law = Law(rules, defaultdict(lambda: day(as_of)))
    rows = rows_of(law, facts)
    base, spans, found = Case(law, rows), [], dict[Thing, Any]()
    base.settle()
    for name, cuts in law.cuts.items():
        low, high = (day(as_of),) * 2 if name == "as_of" else base.value(name, -1)
        pieces = [(max(low, a), min(high, b - 1)) for a, b in pairwise(sorted(cuts))]
        spans.append([(name, (a, b)) for a, b in pieces if a <= b])
    for chosen in product(*spans):
        case = Case(Law(rules, {name: int(max(low, 1)) for name, (low, _) in chosen}), base.rows)
        case.rows[""][0] |= {name: span for name, span in chosen if name != "as_of"}
        with suppress(Contradiction):
            here = case.answer()
            found = {t: either(found.get(t, NO), here.get(t, NO)) for t in found | here} if found else here
    demand(found, "the facts exclude each other")
    return rows, found


# evidence ------------------------------------------------------------------------------------------------------------

MEMBERS = "checkpoint facts.json keys.json manifest.dsse.json receipt.tlog-proof record.dsse.json record.json rules.json"
MEMBERS += " summary.en.md summary.zh.md verify.py"
PREDICATE = """decision_id kind type subject_digests input_commitments rulepack law_snapshot_sha256 vocabulary_sha256 lists_sha256
    calendars_sha256 authorities_sha256 engine as_of known_at decided_at externals world_sha256 verdict obligations reasons effect
    trace_sha256 outcome overrides supersedes redaction_policy retention request_id actor filed_by"""
TIME = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{3}Z"
MAX_BYTES, MAX_DEPTH, MAX_INT = 64_000_000, 64, 2**53 - 1


def demand(good: object, problem: str) -> None:  # refuse the evidence unless something holds
    if not good:
        raise ValueError(problem)


def fields(value: Any, wanted: str, what: str) -> None:  # refuse unknown and missing fields
    demand(isinstance(value, dict) and value.keys() == set(wanted.split()), f"{what} has not the fields that FORMATS.md names")


def canonical(value: Any) -> bytes:  # RFC 8785, restricted as FORMATS.md says
    def check(part: Any, depth: int) -> None:
        inner = [*part, *part.values()] if isinstance(part, dict) else part if isinstance(part, list) else ()
        demand(depth < MAX_DEPTH and not isinstance(part, float), "JSON nested too deep, or with a float")
        demand(not isinstance(part, str) or unicodedata.is_normalized("NFC", part), "a text is not NFC")
        demand(not isinstance(part, int) or abs(part) <= MAX_INT, "a number is beyond 2^53 - 1")
        demand(not isinstance(part, dict) or max("".join(part), default="") <= "\uffff", "a key is beyond U+FFFF")
        for each in inner:
            check(each, depth + 1)

    check(value, 0)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def parse(data: bytes, what: str) -> Any:
    demand(len(data) <= MAX_BYTES, f"{what} is too large")
    value = json.loads(data.decode())
    demand(canonical(value) == data, f"{what} is not canonical JSON")
    return value


def digest(data: Any) -> str:  # of bytes, or of the canonical form of a value
    return hashlib.sha256(data if isinstance(data, bytes) else canonical(data)).hexdigest()


def unbase64(text: str, size: int | None = None) -> bytes:
    data = b64decode(text, validate=True)
    demand(b64encode(data).decode() == text and size in (None, len(data)), "base64 is not canonical, or of the wrong length")
    return data


def unzip(data: bytes) -> dict[str, bytes]:
    """Return the members of the one archive that has these bytes: found by their headers, then packed again and compared."""
    members, at, packed = dict[str, bytes](), 0, BytesIO()
    while data[at : at + 4] == b"PK\3\4":
        size, name, extra = (int.from_bytes(data[at + k : at + k + n], "little") for k, n in ((22, 4), (26, 2), (28, 2)))
        start = at + 30 + name + extra
        members[data[at + 30 : at + 30 + name].decode("latin-1")], at = data[start : start + size], start + size
    demand(" ".join(members) == MEMBERS, "these are not the members of a bundle")
    with zipfile.ZipFile(packed, "w") as archive:
        for member, content in members.items():
            info = zipfile.ZipInfo(member, (1980, 1, 1, 0, 0, 0))
            info.create_system, info.external_attr = 3, 0o100644 << 16
            archive.writestr(info, content)
    demand(packed.getvalue() == data, "the archive is not the one that FORMATS.md describes")
    return members


def keys_of(data: bytes) -> tuple[str, dict[str, Json]]:
    """Return the name of the log and the keys of a trust file."""
    trust = parse(data.removesuffix(b"\n"), "the trust file")
    fields(trust, "format keys origin", "the trust file")
    demand(trust["format"] == "fenji-trust/1" and len({key["keyid"] for key in trust["keys"]}) == len(trust["keys"]), "trust file")
    for key in trust["keys"]:
        fields(key, "keyid public purpose holder valid_from valid_until compromised", "a key")
        fields(key["holder"], "sub name unit roles", "the holder of a key")
        fields(key["compromised"] or {"since": "", "size": 0}, "since size", "the compromise of a key")
        times = [time for time in (key["valid_from"], key["valid_until"]) if time is not None]
        demand(key["purpose"] in ("decision", "log", "rulebook") and all(re.fullmatch(TIME, time) for time in times), "a key is malformed")
        demand(key["keyid"] == digest(unbase64(key["public"], 32)), "the id of a key is not its hash")
    return trust["origin"], {key["keyid"]: key for key in trust["keys"]}


def holds(key: Json, message: bytes, signature: bytes, what: str) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(unbase64(key["public"], 32)).verify(signature, message)
    except InvalidSignature:
        demand(False, f"the signature of {what} does not hold")


def opened(data: bytes, kind: str, keys: Iterable[Json], what: str) -> tuple[bytes, list[Json]]:
    """Return the payload of an envelope and those of `keys` that signed it."""
    envelope = parse(data, what)
    fields(envelope, "payload payloadType signatures", what)
    for signature in envelope["signatures"]:
        fields(signature, "keyid sig", f"a signature of {what}")
    named = [signature["keyid"] for signature in envelope["signatures"]]
    demand(envelope["payloadType"] == kind and named == sorted(set(named)), f"{what} is no such envelope, or its signatures are out of order")
    payload, signatures = unbase64(envelope["payload"]), {each["keyid"]: unbase64(each["sig"], 64) for each in envelope["signatures"]}
    signers = [key for key in keys if key["keyid"] in signatures]
    for key in signers:
        holds(key, b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload), signatures[key["keyid"]], what)
    demand(signers, f"no trusted key signed {what}")
    return payload, signers


def logged(members: dict[str, bytes], origin: str, keys: Iterable[Json]) -> int:
    """Return the index of the record in the log, once receipt, proof and checkpoint hold."""
    head, _, note = members["receipt.tlog-proof"].decode().partition("\n\n")
    text, _, lines = note.rpartition("\n\n")
    (magic, number, *path), (name, count, top) = head.split("\n"), text.split("\n")
    demand(note.encode() == members["checkpoint"] and magic == "c2sp.org/tlog-proof@v1" and name == origin, "the receipt is of another log")
    demand(re.fullmatch("index (0|[1-9][0-9]{0,15})", number) and re.fullmatch("[1-9][0-9]{0,15}", count), "the receipt is malformed")
    index, size = int(number[6:]), int(count)
    leaf = {"format": "fenji-leaf/1", "kind": "decision", "sha256": digest(members["record.json"])}
    node, at, last = hashlib.sha256(b"\0" + canonical(leaf)).digest(), index, size - 1
    for step_ in (unbase64(each, 32) for each in path):
        demand(last > 0, "the inclusion proof is too long")
        left = at % 2 or at == last
        node = hashlib.sha256(b"\1" + (step_ + node if left else node + step_)).digest()
        while left and not at % 2 and at:
            at, last = at // 2, last // 2
        at, last = at // 2, last // 2
    demand(index < size and last == 0 and node == unbase64(top, 32), "the record is not in the log of the checkpoint")
    hashes = {hashlib.sha256(f"{origin}\n\1".encode() + unbase64(key["public"])).digest()[:4]: key for key in keys}
    signers = []
    demand(lines.endswith("\n"), "the checkpoint is cut off")
    for line in lines[:-1].split("\n"):
        matched = re.fullmatch("— ([^ +\n]+) ([A-Za-z0-9+/=]+)", line)
        demand(matched, "a line of the checkpoint is no signature")
        data = unbase64(matched[2])
        if matched[1] == origin and data[:4] in hashes:
            signers.append(hashes[data[:4]])
            holds(signers[-1], f"{text}\n".encode(), data[4:], "the checkpoint")
    good = [key for key in signers if not key["compromised"] or size <= key["compromised"]["size"]]
    demand(good and len({key["keyid"] for key in signers}) == len(signers), "no trusted log key signed the checkpoint")
    return index


def vouched(record: Json, signers: list[Json], index: int) -> None:
    """Refuse a record that is not one of a decision, or whose signers were not entitled to sign it."""
    fields(record, "_type predicate predicateType subject", "the statement")
    p = record["predicate"]
    for value, wanted, what in ((p, PREDICATE, "the predicate"), (p["rulepack"], "name sha256 version", "rulepack")):
        fields(value, wanted, what)
    fields(p["engine"], "sources_sha256 version", "engine")
    fields(p["actor"], "sub idp role name unit key", "actor")
    subject, world = digest(p["input_commitments"]), {each: p[each] for each in ("as_of", "known_at", "externals")}
    form = {"_type": "https://in-toto.io/Statement/v1", "predicateType": "urn:fenji:decision:v1", "predicate": p}
    demand(record == {**form, "subject": [{"name": "filing", "digest": {"sha256": subject}}]}, "the statement is not one of a decision")
    demand(p["subject_digests"] == [subject] and p["world_sha256"] == digest(world), "the statement contradicts itself")
    demand(p["kind"] in ("proposal", "decision") and re.fullmatch(TIME, p["decided_at"]) and p["known_at"] is None or day(p["known_at"]), "the kind or the time of the decision is malformed")
    for key in signers:
        mine, broken, until = key["keyid"] == p["actor"]["key"], key["compromised"], key["valid_until"]
        demand(not broken or (mine and index < broken["size"]), f"the key of {key['holder']['sub']} was compromised")
        in_time = key["valid_from"] <= p["decided_at"] and (until is None or p["decided_at"] < until)
        demand(in_time or not mine, f"the key of {key['holder']['sub']} was not valid when it was decided")
    official = p["actor"]["key"] in {key["keyid"] for key in signers}
    demand(official or p["kind"] == "proposal", "the decision lacks the signature of its official")


def disclosed(members: dict[str, bytes], committed: list[str]) -> Json:
    """Return the disclosed facts by name; each must belong to the record."""
    file, facts, hashes = parse(members["facts.json"], "the facts"), dict[str, Any](), set[str]()
    fields(file, "disclosures format", "the facts")
    for text in file["disclosures"]:
        raw = unbase64(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4))
        salt, name, value = parse(raw, "a disclosure")
        demand(isinstance(salt, str) and name not in facts, "a fact is disclosed twice")
        facts[name] = value
        hashes.add(urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("="))
    sound = file["format"] == "fenji-facts/1" and list(facts) == sorted(facts) and committed == sorted(set(committed))
    demand(sound and hashes <= set(committed), "the facts are not those that the record commits to")
    return facts


def verdict_of(rules: Json, rows: dict[str, list[Json]], picture: dict[Thing, Any]) -> Json:
    """Return what a verdict must say of outcomes, items and rules."""
    outcomes = {outcome["id"]: outcome for outcome in rules["pack"]["outcomes"]}
    said: Json = {"outcomes": {}, "items": {}, "fired": [], "unknown": []}
    homes = {rule["id"]: rule.get("on", "") for rule in rules["rules"]}
    for (name, i), value in picture.items():
        if name in outcomes:
            order, combine = [NO_LAW, *ids(outcomes[name]), "conflict"], outcomes[name]["combine"]
            certain, possible = (sorted(part, key=order.index) for part in (value if combine == "union" else (value, value)))
            ends = (possible[0], possible[-1]) if combine == "strictest" else (None, None)
            fixed = (certain if combine == "union" else possible[0]) if known(value) else None
            entry = {"determined": known(value), "value": fixed, "possible": possible, "at_least": ends[0], "at_most": ends[1]}
            entry["certain"] = certain if combine == "union" else None
            home = name.partition(".")[0] if i >= 0 else ""
            row = said["items"].setdefault(home, {}).setdefault(i, {}) if home else said["outcomes"]
            row[name] = entry
        elif value in (YES, OPEN):
            rule = name.partition(":")[2]
            said["fired" if value == YES else "unknown"].append((rule, rows[homes[rule]][i]["@"] if homes[rule] else ""))
    said["items"] = {home: [{"id": rows[home][i]["@"], "outcomes": each[i]} for i in sorted(each)] for home, each in said["items"].items()}
    return said


def differences(said: Json, verdict: Json) -> list[str]:
    def cut(outcomes: Json) -> Json:
        return {name: {key: each.get(key) for key in ("determined", "value", "possible", "at_least", "at_most", "certain")} for name, each in outcomes.items()}

    theirs = {"outcomes": cut(verdict["outcomes"])}
    theirs["items"] = {home: [{"id": row["id"], "outcomes": cut(row["outcomes"])} for row in rows] for home, rows in verdict["items"].items()}
    for word in ("fired", "unknown"):
        theirs[word] = sorted((rule["rule"], rule["item"] or "") for rule in verdict[word])
        said[word].sort()
    return [word for word in said if said[word] != theirs[word]]


def verify(data: bytes, trust: bytes | None) -> tuple[int, list[str]]:
    """Return the exit code and what to say of a bundle. Raises ValueError and others for one that does not hold."""
    members = unzip(data)
    (_, inside), (origin, keys) = keys_of(members["keys.json"]), keys_of(members["keys.json"] if trust is None else trust)
    of: Json = {purpose: [key for key in keys.values() if key["purpose"] == purpose] for purpose in ("decision", "log")}
    payload, signers = opened(members["record.dsse.json"], "application/vnd.in-toto+json", of["decision"], "the record")
    record = parse(members["record.json"], "the record")
    demand(payload == members["record.json"], "the record is not the payload of its envelope")
    index = logged(members, origin, of["log"])
    vouched(record, signers, index)
    payload, _ = opened(members["manifest.dsse.json"], "application/vnd.fenji.manifest+json", signers, "the manifest")
    p, manifest = record["predicate"], parse(payload, "the manifest")
    fields(manifest, "format id members profile", "the manifest")
    bound = [{"name": n, "sha256": digest(d), "size": len(d)} for n, d in members.items() if n != "manifest.dsse.json"]
    good = manifest["format"] == "fenji-bundle/1" and manifest["profile"] in ("full", "regulator", "court", "public")
    demand(good and manifest["id"] == p["decision_id"] and manifest["members"] == bound, "the manifest does not bind these members")
    rules = parse(members["rules.json"], "the rules")
    parts = {"law_snapshot": rules["instruments"], "vocabulary": [rules[k] for k in ("facts", "lists", "constraints")]}
    parts |= {"lists": rules["tables"], "calendars": [], "authorities": rules["authorities"]}
    same = all(p[f"{name}_sha256"] == digest(part) for name, part in parts.items()) and rules["format"] == "fenji-rules/1"
    demand(same and p["rulepack"]["sha256"] == digest(members["rules.json"]), "the rules are not those that the record pins")
    facts = disclosed(members, p["input_commitments"])
    lines = [f"{p['kind']} {p['decision_id']} of {p['rulepack']['name']}, decided {p['decided_at']} under the law of {p['as_of']}"]
    lines += [f"by {p['actor']['name']} ({p['actor']['unit']}, {p['actor']['role']}); entry {index} of the log {origin}"]
    lines += [f"  {name}: {' | '.join(o['possible'])}" for name, o in p["verdict"]["outcomes"].items()]
    lines += ["archive, manifest, signatures, inclusion proof, rules and commitments hold"]
    code = 0
    if trust is None:
        lines += ["origin not established: no trust file; the bundle itself names these keys:"]
        lines += [f"  {key['keyid']} {key['purpose']} {key['holder']['sub']}" for key in inside.values()]
        code = 1
    if len(facts) < len(p["input_commitments"]):
        return 1, [*lines, f"evidence valid, outcome not re-derived: {len(p['input_commitments']) - len(facts)} facts are withheld or erased"]
    rows, picture = answer(rules, facts, p["as_of"])
    wrong = differences(verdict_of(rules, rows, picture), p["verdict"])
    if wrong:
        return 3, [*lines, f"evidence valid, but another outcome comes out: {', '.join(wrong)} differ"]
    return code, [*lines, "outcome re-derived from the rules and the facts: the same"]


def main(words: list[str]) -> int:
    """Verify a bundle, and say what was found."""
    try:
        demand(len(words) in (1, 3) and words[1:2] in ([], ["--trust"]), "use: python verify.py BUNDLE [--trust FILE]")
        code, lines = verify(Path(words[0]).read_bytes(), Path(words[2]).read_bytes() if words[2:] else None)
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError, OSError, CycleError) as error:
        code, lines = 2, [f"refused: {type(error).__name__}: {error}"]
    text = "\n".join("".join(c if c.isprintable() else "?" for c in line) for line in lines)
    sys.stdout.buffer.write(f"{text}\n".encode(errors="replace"))
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
