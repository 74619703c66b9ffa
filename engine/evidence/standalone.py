"""The second verifier of fenji: `python verify.py BUNDLE [--trust FILE]`, for an auditor who trusts nobody.

Written from FORMATS.md, it shares nothing with the engine and needs Python 3.11 and `cryptography`. It checks the evidence byte
for byte, works the rules out again over the disclosed facts, slowly and plainly, and compares. Exit 0: valid and re-derived;
1: origin or outcome left open; 2: refused; 3: another outcome comes out.

What may be: one of several values is a frozenset; a truth value, a number or a day is (low, high), so that NO < OPEN < YES and
`and` is the least; a set is (certain members, possible members). An outcome may be `not_governed` (no law yet) or `conflict`.
"""
# fmt: off

from __future__ import annotations

import hashlib
import json
import operator
import re
import sys
import unicodedata
import zipfile
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections import defaultdict
from contextlib import suppress
from datetime import date
from fractions import Fraction
from functools import reduce
from graphlib import TopologicalSorter
from io import BytesIO
from itertools import pairwise, product
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Json = dict[str, Any]
Thing = tuple[str, int]  # a name, and the item of which it is asked; -1 is the filing itself
Contradiction = ArithmeticError  # facts that cannot be true together
REFUSED = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError, OSError)
MEMBERS = ["checkpoint", "facts.json", "keys.json", "manifest.dsse.json", "receipt.tlog-proof", "record.dsse.json", "record.json",
           "rules.json", "summary.en.md", "summary.zh.md", "verify.py"]
PREDICATE = """decision_id kind type subject_digests input_commitments rulepack law_snapshot_sha256 vocabulary_sha256 lists_sha256
    calendars_sha256 authorities_sha256 engine as_of known_at decided_at externals world_sha256 verdict obligations reasons effect
    trace_sha256 outcome overrides supersedes redaction_policy retention request_id actor filed_by"""
TIME = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{3}Z"
MAX_BYTES, MAX_DEPTH, MAX_INT, BUDGET, ROUNDS = 64_000_000, 64, 2**53 - 1, 64, 64
NO, OPEN, YES, INF, NO_LAW = (0, 0), (0, 1), (1, 1), float("inf"), "not_governed"
OPS = {"==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}  # as seen from the other side
DENIED = {"<": ">=", ">": "<=", "<=": ">", ">=": "<", "==": "!=", "!=": "=="}

# what may be ---------------------------------------------------------------------------------------------------------

def demand(good: object, problem: str) -> None:
    """Refuse the evidence unless something holds."""
    if not good: raise ValueError(problem)

def fields(value: Any, wanted: str, what: str) -> None:
    """Refuse unknown and missing fields."""
    demand(isinstance(value, dict) and value.keys() == set(wanted.split()), f"{what} has not the fields that FORMATS.md names")

def hull(values: list[Any]) -> Any: return (min(values), max(values))  # of truth values: what all of them say, or open
def negate(value: Any) -> Any: return (1 - value[1], 1 - value[0])
def known(value: Any) -> bool: return len(value) == 1 if isinstance(value, frozenset) else bool(value[0] == value[1])
def ids(entry: Json) -> list[str]: return [value["id"] for value in entry.get("values", ())]
def step(fact: Json) -> Any: return Fraction(1, 10 ** fact.get("places", 0)) if fact["type"] == "decimal" else 1
def computed(value: Any) -> str: return value[1:].strip() if isinstance(value, str) and value.startswith("=") else ""

def both(a: Any, b: Any) -> Any:
    """Return what may be when `a` and `b` are true of one thing. Raises Contradiction when nothing may."""
    if isinstance(a, frozenset): found: Any = a & b
    else: found = (a[0] | b[0], a[1] & b[1]) if isinstance(a[0], frozenset) else (max(a[0], b[0]), min(a[1], b[1]))
    if not (found if isinstance(a, frozenset) else found[0] <= found[1]): raise Contradiction("the facts exclude each other")
    return found

def either(a: Any, b: Any) -> Any:
    """Return what may be when `a` or `b` is true of one thing."""
    if isinstance(a, frozenset): return a | b
    return (a[0] & b[0], a[1] | b[1]) if isinstance(a[0], frozenset) else (min(a[0], b[0]), max(a[1], b[1]))

def day(text: str) -> int:
    """Return the number of a day."""
    demand(re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text), "a day is not written YYYY-MM-DD")
    return date.fromisoformat(text).toordinal()

def possible(fact: Json, said: Any) -> Any:
    """Return what a disclosed value leaves possible of a fact; everything when it is None."""
    kind, values, parts = fact["type"], frozenset(ids(fact)), said if isinstance(said, dict) else {}
    if kind == "enum": return both(values, values if said is None else frozenset(parts["one_of"] if parts else [said]))
    if kind == "set":
        must, no = (parts["includes"], parts["excludes"]) if parts else (said or (), () if said is None else values - {*said})
        return both((frozenset(), values), (frozenset(must), values.difference(no)))
    read: Any = {"bool": int, "int": operator.index, "decimal": Fraction, "date": day}[kind]
    ends = [*((parts.get("at_least"), parts.get("at_most")) if parts else (said, said)), fact.get("min"), fact.get("max")]
    low, high, least, most = ((INF if k % 2 else -INF) if end is None else read(end) for k, end in enumerate(ends))
    return both(OPEN if kind == "bool" else (least, most), (low, high))

def cell(fact: Json, given: Any) -> Any:
    """Return one cell of a split."""
    if fact["type"] in ("enum", "set"):
        masks = given if fact["type"] == "set" else [given]
        members = tuple(frozenset(v for k, v in enumerate(ids(fact)) if mask >> k & 1) for mask in masks)
        return members if fact["type"] == "set" else members[0]
    low, high = (given, given) if fact["type"] == "bool" else given
    return (-INF if low is None else low * step(fact), INF if high is None else high * step(fact))

def plain(node: Json) -> Any:
    """Return a part of a condition with days as numbers, `or` as not-and-not, and `all` as not-any-not."""
    if node.keys() == {"date"}: return day(node["date"])
    if node.keys() == {"decimal"}: return Fraction(node["decimal"])
    if node.get("kind") not in ("or", "all"): return node
    parts = [{"kind": "not", "part": part} for part in node.get("parts", [node.get("part")])]
    inner = {"kind": "and", "parts": parts} if "parts" in node else {**node, "kind": "any", "part": parts[0]}
    return {"kind": "not", "part": inner}

# the rules -----------------------------------------------------------------------------------------------------------

class _Law:  # what of rules.json is law when each date fact has a given day, by name; which rules are tied; what reads what
    def __init__(self, rules: Json, on: dict[str, int]) -> None:
        pack, derived, self.constraints = rules["pack"], rules["pack"].get("derived", []), rules["constraints"]
        self.cuts: dict[str, set[float]] = defaultdict(lambda: {-INF, INF})  # the days on which versions change

        def in_force(entries: list[Json], key: str = "versions") -> dict[str, Json]:
            found: dict[str, Json] = {}
            for entry, version in ((each, version) for each in entries for version in each.get(key, ())):
                name, valid = entry.get("date") or pack.get("date", "as_of"), version["valid"]
                start, end = day(valid["start"]), day(valid.get("end") or "9999-12-31")
                self.cuts[name] |= {start, end + 1}
                if start <= on[name] <= end: found.setdefault(entry["id"], {**entry, **version})
            return found

        self.rules, self.derived, self.read = map(in_force, (rules["rules"], derived, rules["tables"]))
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
        self.over = {rule: [r for r in self.rules if rule in self.rules[r].get("overrides", ())] for rule in self.rules}
        self.tied = {rule: frozenset({rule}) for rule in self.rules}
        for group in (self.tied[rule] | self.tied[other] for rule, others in self.over.items() for other in others):
            self.tied |= dict.fromkeys(group, group)
        for rule, version in self.rules.items():
            self.reads[f"rule:{rule}"] = self.names[version["when"]]
            self.reads[f"applied:{rule}"] = frozenset(f"rule:{other}" for other in self.tied[rule])
            self.homes |= dict.fromkeys((f"rule:{rule}", f"applied:{rule}"), version.get("on", ""))
        self.then = {o: {r: law["then"][o] for r, law in self.rules.items() if o in law["then"]} for o in self.outcomes}
        for name, given in self.then.items():
            below = [self.reads[f"applied:{rule}"] | self.names.get(computed(value), set()) for rule, value in given.items()]
            self.reads[name] = frozenset[str]().union(*below)
        self.behind: dict[str, frozenset[str]] = {}
        self.looked: dict[Any, frozenset[str]] = {}

    def mentioned(self, node: Any) -> list[str]:  # the names in a condition, keys of tables among them
        if isinstance(node, list): return [name for part in node for name in self.mentioned(part)]
        if not isinstance(node, dict): return []
        own = [node["id"]] if node["kind"] == "name" else self.tables[node["table"]]["keys"] if node["kind"] == "lookup" else []
        return [*own, *self.mentioned([*node.values()])]

    def needs(self, name: str) -> frozenset[str]:  # everything that a name reads, directly or not
        if name not in self.behind: self.behind[name] = frozenset({name}).union(*map(self.needs, self.reads.get(name, ())))
        return self.behind[name]

def rows_of(law: _Law, facts: Json) -> dict[str, list[Json]]:
    """Return the facts as rows by list ("" is the filing), an open list with a last row for any item not yet listed.

    A row holds what each fact may be, under `?fact` whether it applies; how many there are (#), its id (@), what was stated (!).
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
        names = [facts[f"{place}id"] if home else "" for place in places]
        heads: list[Json] = [{"#": YES, "@": name, "!": row} for name, row in zip(names, stated, strict=True)]
        least = int(not places and bool(home) and law.lists[home].get("min", 0) > 0)
        heads += [] if said["complete"] else [{"#": (least, INF), "@": "unlisted", "!": {}}]
        rows[home] = [head | blank | {name: possible(fact, head["!"].get(name)) for name, fact in own.items()} for head in heads]
    demand(facts.keys() <= used, "a fact is disclosed that the rules do not know")
    return rows

# evaluation ----------------------------------------------------------------------------------------------------------

class _Case:  # one case of a filing under one edition of the law; what follows from its facts is worked out when it is asked for
    def __init__(self, law: _Law, rows: dict[str, list[Json]], parent: _Case | None = None) -> None:
        self.law, self.parent, self.differs = law, parent, set[str]()  # names whose facts differ from those of the parent
        self.rows, self.memo = {home: [{**row} for row in each] for home, each in rows.items()}, dict[Thing, Any]()

    def row(self, name: str, i: int) -> Json: return self.rows[self.law.homes[name]][i if self.law.homes[name] else -1]
    def indexes(self, home: str) -> list[int]: return [*range(len(self.rows[home]))] if home else [-1]
    def applies(self, name: str, i: int) -> Any: return self.row(name, i)[f"?{name}"] if name in self.law.conditional else YES

    def value(self, name: str, i: int) -> Any:  # of a fact, a derived fact, an outcome, `rule:` (does it fire) or `applied:`
        if name in self.law.facts: return self.row(name, i)[name]
        thing = (name, i if self.law.homes[name] else -1)
        if thing not in self.memo:
            same = self.parent if self.differs.isdisjoint(self.law.needs(name)) else None
            self.memo[thing] = same.value(*thing) if same else self.work_out(*thing)
        return self.memo[thing]

    def work_out(self, name: str, i: int) -> Any:
        law, (kind, _, rule) = self.law, name.partition(":")
        if kind == "rule": return self.truth(law.trees[law.rules[rule]["when"]], i)
        if kind == "applied": return hull([rule in way for way in self.ways(rule, i)])
        if name in law.outcomes: return self.outcome(name, i)
        if name not in law.derived: return NO  # not yet defined by law: no, or zero
        return (self.truth if law.derived[name]["type"] == "bool" else self.term)(law.trees[law.derived[name]["is"]], i)

    def ways(self, rule: str, i: int) -> set[frozenset[str]]:  # which of the rules tied to a rule may apply together
        def applies(rule: str, fires: Json) -> bool:  # it fires, and no rule that applies overrides it
            return bool(fires[rule]) and not any(applies(other, fires) for other in self.law.over[rule])

        group = self.law.tied[rule]
        guesses = product(*({*self.value(f"rule:{each}", i)} for each in group))
        cases = [dict(zip(group, guess, strict=True)) for guess in guesses]
        return {frozenset(each for each in group if applies(each, fires)) for fires in cases}

    def outcome(self, name: str, i: int) -> Any:  # the values of its rules, over all ways in which these may apply
        given, none = dict[str, frozenset[str]](), frozenset[str]()
        for rule, value in self.law.then[name].items():
            fixed, tree = frozenset([value] if isinstance(value, str) else value), self.law.trees.get(computed(value))
            given[rule] = self.term(tree, i) if tree else fixed
        groups = {self.law.tied[rule]: rule for rule in given}.values()
        choices = [[[given[rule] for rule in way if rule in given] for way in self.ways(each, i)] for each in groups]
        if self.law.outcomes[name]["combine"] == "union":
            pairs = [reduce(either, [(none.union(*way), none.union(*way)) for way in ways]) for ways in choices]
            return (none.union(*(certain for certain, _ in pairs)), none.union(*(may for _, may in pairs)))
        found = self.joined(name, [none.union(*(self.joined(name, way) for way in ways)) for ways in choices])
        return found - {NO_LAW} | {self.law.floors[name]["value"]} if NO_LAW in found and name in self.law.floors else found

    def joined(self, name: str, given: list[frozenset[str]]) -> frozenset[str]:  # an outcome to which several each give a value
        order, strictest = [NO_LAW, *ids(self.law.outcomes[name])], self.law.outcomes[name]["combine"] == "strictest"

        def join(x: str, y: str) -> str:
            if strictest: return max(x, y, key=order.index)
            return y if x in (NO_LAW, y) else x if y == NO_LAW else "conflict"

        return reduce(lambda a, b: frozenset(join(x, y) for x in a for y in b), given, frozenset({NO_LAW}))

    def truth(self, node: Json, i: int) -> Any:  # of a condition; an atom holds only of facts that apply
        kind = node["kind"]
        if kind == "not": return negate(self.truth(node["part"], i))
        if kind == "and":
            found = YES
            for part in node["parts"]:
                if found != NO: found = min(found, self.truth(part, i))
            return found
        if kind == "any": return tuple(min(1, number) for number in self.fold({**node, "where": node["part"]}))
        terms = [node["first"], *(term for _, term in node["rest"])] if kind == "compare" else [node.get("name", node)]
        keys = [self.law.tables[term["table"]]["keys"] if "table" in term else [term.get("id", "")] for term in terms]
        holds = self.compare(terms, [op for op, _ in node["rest"]], i) if kind == "compare" else self.term(terms[0], i)
        if kind == "in": holds = hull([value in [each["value"] for each in node["values"]] for value in holds])
        if kind == "has": holds = tuple(node["value"]["value"] in members for members in holds)
        if kind == "nonempty": holds = tuple(bool(members) for members in holds)
        return min([holds, *(self.applies(name, i) for each in keys for name in each if name in self.law.conditional)])

    def compare(self, terms: list[Json], ops: list[str], i: int) -> Any:
        values = [self.term(term, i) for term in terms]
        if not isinstance(values[0], frozenset):
            return min(self.link(a, op, b) for (a, b), op in zip(pairwise(values), ops, strict=True))
        names = [term["value"]["id"] if term["kind"] == "fold" else term.get("id") for term in terms]
        outcome = next((self.law.outcomes[name] for name in names if name in self.law.outcomes), None)
        order = [NO_LAW, *ids(outcome), "conflict"] if outcome else sorted(frozenset().union(*values))
        # no law and conflict are neither above nor below a value, nor different from it
        lawless = {NO_LAW, "conflict"} if any(term["kind"] == "const" for term in terms) else set()

        def holds(chain: tuple[str, ...]) -> bool:
            steps = zip(pairwise(chain), ops, strict=True)
            return lawless.isdisjoint(chain) and all(OPS[op](order.index(x), order.index(y)) for (x, y), op in steps)

        return hull([holds(chain) for chain in product(*values)])

    def link(self, a: Any, op: str, b: Any) -> Any:  # of two ranges
        if op == "!=": return negate(self.link(a, "==", b))
        if op == "==" and max(a[0], b[0]) <= min(a[1], b[1]): return YES if known(a) and known(b) else OPEN
        return hull([OPS[op](x, y) for x in a for y in b])

    def term(self, node: Json, i: int) -> Any:
        kind, value = node["kind"], node.get("value")
        if kind == "name": return self.value(node["id"], i)
        if kind == "const": return frozenset({value}) if isinstance(value, str) else (value, value)
        if kind in ("count", "fold"): return self.fold(node)
        if kind == "lookup": return self.looked_up(node["table"], i)
        shares = [(self.applies(part.get("id", ""), i), self.term(part, i)) for part in node["parts"]]
        # what does not apply adds nothing
        parts = [NO if on == NO else value if on == YES else either(NO, value) for on, value in shares]
        return (sum(low for low, _ in parts), sum(high for _, high in parts))

    def looked_up(self, name: str, i: int) -> frozenset[str]:  # all values of the table where its text was not read
        table, law = self.law.tables[name], self.law.read.get(name, {"rows": (), "otherwise": "unknown"})
        values = tuple(self.value(key, i) for key in table["keys"])
        if (name, values) not in self.law.looked:
            found = set[str]()
            for keys in product(*({*value} for value in values)):
                at = dict(zip(table["keys"], keys, strict=True))
                rows = (row["is"] for row in law["rows"] if all(at[k] == v for k, v in row.get("when", {}).items()))
                found.add(next(rows, law["otherwise"]))
            whole = table["gives"].get("values") or ids(self.law.facts[table["gives"]["fact"]])
            self.law.looked[name, values] = frozenset(whole if "unknown" in found else found)
        return self.law.looked[name, values]

    def fold(self, node: Json) -> Any:  # a count, or `sum`, `max` or `distinct` of a value, over the items that satisfy `where`
        where, name, op = node["where"], node["value"]["id"] if "value" in node else "", node.get("op", "sum")
        found: list[tuple[Any, float, float]] = []  # a value, and how many items have it: at least, at most
        for k in self.indexes(node.get("list") or self.law.homes[name]):
            least, most = self.rows[node.get("list") or self.law.homes[name]][k]["#"]
            holds = min(self.applies(name, k), self.truth(where, k) if where else YES)
            if holds != NO: found.append((self.value(name, k) if name else YES, min(holds[0], least), most))
        masks = [value if least else value | {NO_LAW} for value, least, _ in found] if name in self.law.outcomes else None
        if masks is not None: return self.joined(name, masks)
        largest = hull([0, *(low for (low, _), least, _ in found if least)])[1], max([0, *(high for (_, high), _, _ in found)])
        low_sum = sum(low * (most if low < 0 else least) for (low, _), least, most in found if low)
        high_sum = sum(high * (most if high > 0 else least) for (_, high), least, most in found if high)
        return largest if op == "max" else (low_sum if op == "sum" else largest[0], high_sum)

    def settle(self) -> None:  # narrow the facts by each other until nothing changes
        trees, changed, rounds = self.law.trees, True, ROUNDS
        while changed and rounds:
            changed, rounds = False, rounds - 1
            for name, i in ((each, i) for each in self.law.conditional for i in self.indexes(self.law.homes[each])):
                row, tree = self.row(name, i), trees[self.law.conditional[name]]
                row[f"?{name}"] = self.truth(tree, i)
                if name in row["!"] and both(row[f"?{name}"], YES) != row[f"?{name}"]:  # stated, so it applies
                    changed |= self.narrow(tree, True, i)
                    row[f"?{name}"] = YES
            for text, i in ((each["always"], i) for each in self.law.constraints for i in self.indexes(each.get("on", ""))):
                if all(self.applies(name, i) == YES for name in self.law.names[text]):
                    holds = self.truth(trees[text], i)
                    changed |= both(holds, YES) != holds and self.narrow(trees[text], True, i)
        theirs = self.parent.rows if self.parent else self.rows
        pairs = [(a, b) for home, rows in self.rows.items() for a, b in zip(rows, theirs[home], strict=True)]
        self.differs = {name.removeprefix("?") for a, b in pairs for name in a if a[name] != b[name]}
        self.memo.clear()

    def narrow(self, node: Json, wanted: bool, i: int) -> bool:  # take from the facts what cannot be if a condition is (not) true
        kind, name = node["kind"], node.get("name", node).get("id", "")
        whole = frozenset(ids(self.law.facts.get(name, {})))
        if kind == "not": return self.narrow(node["part"], not wanted, i)
        if kind == "and":
            left = [part for part in node["parts"] if wanted or self.truth(part, i) != YES]
            return (wanted or len(left) == 1) and sum([self.narrow(part, wanted, i) for part in left]) > 0
        if not wanted and any(self.applies(each, i) != YES for each in self.law.mentioned(node)): return False  # it may not apply
        if kind == "compare" and len(node["rest"]) == 1:
            left, (op, right) = node["first"], node["rest"][0]
            left, op, right = (right, TURNED[op], left) if left["kind"] == "const" else (left, op, right)
            sums = wanted and right["kind"] != "const"
            return self.narrow_sums(left, op, right, i) if sums else self.narrow_to(left, op if wanted else DENIED[op], right, i)
        if kind == "name": return self.meet(name, YES if wanted else NO, i)
        if kind not in ("in", "has"): return False
        values = frozenset(each["value"] for each in node["values"]) if kind == "in" else frozenset({node["value"]["value"]})
        if kind == "in": return self.meet(name, values if wanted else whole - values, i)
        return self.meet(name, (values, whole) if wanted else (frozenset(), whole - values), i)

    def narrow_to(self, left: Json, op: str, right: Json, i: int) -> bool:  # a fact by a constant
        fact = self.law.facts.get(left["id"]) if left["kind"] == "name" and right["kind"] == "const" else None
        if fact is None or (op == "!=" and fact["type"] not in ("bool", "enum")): return False
        value = right["value"]
        if fact["type"] == "enum": return self.meet(left["id"], frozenset(v for v in ids(fact) if OPS[op](v, value)), i)
        value, op = (1 - value, "==") if op == "!=" else (value, op)
        low = value + step(fact) * (op == ">") if op in ("==", ">=", ">") else -INF
        high = value - step(fact) * (op == "<") if op in ("==", "<=", "<") else INF
        return self.meet(left["id"], (low, high), i)

    def narrow_sums(self, left: Json, op: str, right: Json, i: int) -> bool:  # whole numbers and days by `a + b <= c + d`
        left, op, right = (right, TURNED[op], left) if op in (">", ">=") else (left, op, right)
        small, large = (node["parts"] if node["kind"] == "add" else [node] for node in (left, right))
        kinds = [self.law.facts.get(each.get("id", ""), {}).get("type") or type(each.get("value")) for each in (*small, *large)]
        if op not in ("<", "<=") or not {*kinds} <= {"int", "date", int}: return False
        gap, changed = int(op == "<"), False
        for term, side in ((each, terms) for terms in (small, large) for each in terms if each["kind"] == "name"):
            rest = [self.term(other, i) for other in side if other is not term]
            most = sum(self.term(each, i)[1] for each in large) - gap - sum(low for low, _ in rest)
            least = sum(self.term(each, i)[0] for each in small) + gap - sum(high for _, high in rest)
            changed |= self.meet(term["id"], (-INF, most) if side is small else (least, INF), i)
        return changed

    def meet(self, name: str, value: Any, i: int) -> bool:  # keep of a fact what `value` allows; tell whether that changed it
        if name not in self.law.facts or (self.law.homes[name] and i < 0): return False
        row = self.row(name, i)
        was, row[name] = row[name], both(row[name], value)
        if self.law.facts[name]["type"] == "date": both(row[name], (1, date.max.toordinal()))
        return bool(was != row[name])

    def live(self, outcome: str) -> set[Thing]:  # what an open outcome can still read
        seen, todo, homes = set[Thing](), [(outcome, i) for i in self.indexes(self.law.homes[outcome])], self.law.homes
        while todo:
            name, i = todo.pop()
            applies = self.applies(name, i)
            if (name, i) in seen or applies == NO or (applies == YES and known(self.value(name, i))): continue
            seen.add((name, i))
            for other in self.law.reads.get(name, ()):
                same_item = homes[other] and homes[other] == homes[name]
                todo += [(other, k) for k in ([i] if same_item else self.indexes(homes[other]))]
        return seen

    def cases(self, outcome: str) -> tuple[Any, ...]:  # all choices of a cell for the first of its split facts, within the budget
        live, choices, size, homes = self.live(outcome), list[list[Any]](), 1, self.law.homes
        order = dict.fromkeys(["", *(homes[name] for name, _ in self.law.splits)])
        things = [(home, name, i, cells) for home in order for i in self.indexes(home) for name, cells in self.law.splits]
        for name, i, cells in [(name, i, cells) for home, name, i, cells in things if homes[name] == home and (name, i) in live]:
            value = self.value(name, i)
            if known(value) or self.applies(name, i) == NO or self.row(name, i)["#"] != YES: continue
            size *= len(cells)
            if size > BUDGET: break
            choices.append([])
            for each in cells:
                with suppress(Contradiction): choices[-1].append((name, i, both(value, each)))
        return tuple(product(*choices))

    def united(self, cases: tuple[Any, ...], things: list[Thing]) -> dict[Thing, Any]:  # what the cases together leave possible
        found: dict[Thing, Any] | None = None
        for cells in cases:
            case = _Case(self.law, self.rows, self)
            for name, i, value in cells: case.row(name, i)[name] = value
            with suppress(Contradiction):
                case.settle()
                here = {thing: case.value(*thing) for thing in things}
                found = {thing: either(found[thing], value) for thing, value in here.items()} if found is not None else here
                if all(found[thing] == self.value(*thing) for thing in things): break  # no other case can add to this
        if found is None: raise Contradiction("no case is possible")
        return found

    def answer(self) -> dict[Thing, Any]:  # what each outcome may be, and of each rule whether it applies
        self.settle()
        shown, tried = [*self.law.outcomes, *(f"applied:{rule}" for rule in self.law.rules)], set[Any]()
        picture = {(name, i): self.value(name, i) for name in shown for i in self.indexes(self.law.homes[name])}
        for cases in map(self.cases, self.law.outcomes):
            if len(cases) > 1 and cases not in tried:
                tried.add(cases)
                things = [thing for thing, value in picture.items() if not known(value)]
                picture |= {thing: both(picture[thing], value) for thing, value in self.united(cases, things).items()}
        return picture

def answer(rules: Json, facts: Json, as_of: str) -> tuple[dict[str, list[Json]], dict[Thing, Any]]:
    """Return the facts as rows, and what they leave possible over every edition of the law that their dates may meet."""
    law, found = _Law(rules, defaultdict(lambda: day(as_of))), dict[Thing, Any]()
    base, spans = _Case(law, rows_of(law, facts)), []
    base.settle()
    for name, cuts in law.cuts.items():
        low, high = (day(as_of), day(as_of)) if name == "as_of" else base.value(name, -1)
        pieces = [(name, (max(low, a), min(high, b - 1))) for a, b in pairwise(sorted(cuts))]
        spans.append([(name, span) for name, span in pieces if span[0] <= span[1]])
    for chosen in product(*spans):
        case = _Case(_Law(rules, {name: int(max(low, 1)) for name, (low, _) in chosen}), base.rows)
        case.rows[""][0] |= {name: span for name, span in chosen if name != "as_of"}
        with suppress(Contradiction):
            here = case.answer()
            found = {t: either(found.get(t, NO), here.get(t, NO)) for t in found | here} if found else here
    demand(found, "the facts exclude each other")
    return base.rows, found

def verdict_of(rules: Json, rows: dict[str, list[Json]], picture: dict[Thing, Any]) -> Json:
    """Return what a verdict must say of outcomes, items and rules."""
    said: Json = {"outcomes": {}, "items": {}, "fired": [], "unknown": []}
    outcomes, homes = ({each["id"]: each for each in part} for part in (rules["pack"]["outcomes"], rules["rules"]))
    for (name, i), value in picture.items():
        if name in outcomes:
            order, combine = [NO_LAW, *ids(outcomes[name]), "conflict"], outcomes[name]["combine"]
            first, last = (sorted(part, key=order.index) for part in (value if combine == "union" else (value, value)))
            entry = {"determined": known(value), "possible": last, "certain": first if combine == "union" else None}
            entry["value"] = (first if combine == "union" else first[0]) if known(value) else None
            entry["at_least"], entry["at_most"] = (first[0], last[-1]) if combine == "strictest" else (None, None)
            blank = [{"id": row["@"], "outcomes": {}} for row in rows[name.partition(".")[0]]] if i >= 0 else []
            (said["items"].setdefault(name.partition(".")[0], blank)[i]["outcomes"] if i >= 0 else said["outcomes"])[name] = entry
        elif value != NO:
            rule = name.partition(":")[2]
            said["fired" if value == YES else "unknown"].append((rule, rows[homes[rule].get("on", "")][i]["@"]))
    return said

def differences(said: Json, verdict: Json) -> list[str]:
    """Return the parts of a verdict that say something else."""
    def cut(outcomes: Json) -> Json:
        keys = ("determined", "possible", "certain", "value", "at_least", "at_most")
        return {name: {key: each.get(key) for key in keys} for name, each in outcomes.items()}

    theirs: Json = {each: sorted((rule["rule"], rule["item"] or "") for rule in verdict[each]) for each in ("fired", "unknown")}
    items = {home: [{**row, "outcomes": cut(row["outcomes"])} for row in rows] for home, rows in verdict["items"].items()}
    theirs |= {"outcomes": cut(verdict["outcomes"]), "items": items}
    return [part for part, value in said.items() if (sorted(value) if isinstance(value, list) else value) != theirs[part]]

# evidence ------------------------------------------------------------------------------------------------------------

def canonical(value: Any) -> bytes:
    """Return the bytes of RFC 8785, for values that FORMATS.md allows."""
    def check(part: Any, depth: int) -> None:
        demand(depth < MAX_DEPTH and not isinstance(part, float), "JSON is nested too deep, or holds a float")
        demand(not isinstance(part, str) or unicodedata.is_normalized("NFC", part), "a text is not NFC")
        demand(not isinstance(part, int) or abs(part) <= MAX_INT, "a number is beyond 2^53 - 1")
        demand(not isinstance(part, dict) or max("".join(part), default="") <= "\uffff", "a key is beyond U+FFFF")
        for each in [*part, *part.values()] if isinstance(part, dict) else part if isinstance(part, list) else ():
            check(each, depth + 1)

    check(value, 0)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

def parse(data: bytes, what: str) -> Any:
    """Return the value of canonical JSON; with a double key or anything else not canonical, its bytes do not come back."""
    demand(len(data) <= MAX_BYTES, f"{what} is too large")
    value = json.loads(data.decode())
    demand(canonical(value) == data, f"{what} is not canonical JSON")
    return value

def digest(data: Any) -> str:
    """Return the SHA-256 of bytes, or of the canonical form of a value."""
    return hashlib.sha256(data if isinstance(data, bytes) else canonical(data)).hexdigest()

def unbase64(text: str, size: int | None = None) -> bytes:
    """Return the bytes of canonical base64."""
    data = b64decode(text, validate=True)
    demand(b64encode(data).decode() == text and size in (None, len(data)), "base64 is not canonical, or of the wrong length")
    return data

def unzip(data: bytes) -> dict[str, bytes]:
    """Return the members of an archive, found by their headers, then packed again and compared with the archive."""
    members, at, packed = dict[str, bytes](), 0, BytesIO()
    while data[at : at + 4] == b"PK\3\4":
        size, name, extra = (int.from_bytes(data[at + k : at + k + n], "little") for k, n in ((22, 4), (26, 2), (28, 2)))
        start = at + 30 + name + extra
        members[data[at + 30 : at + 30 + name].decode("latin-1")], at = data[start : start + size], start + size
    demand([*members] == MEMBERS, "these are not the members of a bundle")
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
    for key in trust["keys"]:
        fields(key, "keyid public purpose holder valid_from valid_until compromised", "a key")
        fields(key["holder"], "sub name unit roles", "the holder of a key")
        fields(key["compromised"] or {"since": "", "size": 0}, "since size", "the compromise of a key")
        timely = all(re.fullmatch(TIME, time) for time in (key["valid_from"], key["valid_until"]) if time is not None)
        demand(timely and key["purpose"] in ("decision", "log", "rulebook"), "a key has no such purpose or window")
        demand(key["keyid"] == digest(unbase64(key["public"], 32)), "the id of a key is not its hash")
    keys = {key["keyid"]: key for key in trust["keys"]}
    demand(trust["format"] == "fenji-trust/1" and len(keys) == len(trust["keys"]), "the trust file is malformed")
    return trust["origin"], keys

def check_signature(key: Json, message: bytes, signature: bytes, what: str) -> None:
    """Refuse a signature that is not that of a key."""
    try: Ed25519PublicKey.from_public_bytes(unbase64(key["public"], 32)).verify(signature, message)
    except InvalidSignature: demand(False, f"the signature of {what} does not hold")

def opened(data: bytes, kind: str, keys: list[Json], what: str) -> tuple[bytes, list[Json]]:
    """Return the payload of an envelope, and which keys signed it."""
    envelope = parse(data, what)
    fields(envelope, "payload payloadType signatures", what)
    for signature in envelope["signatures"]: fields(signature, "keyid sig", f"a signature of {what}")
    payload = unbase64(envelope["payload"])
    signatures = {each["keyid"]: unbase64(each["sig"], 64) for each in envelope["signatures"]}
    in_order = [each["keyid"] for each in envelope["signatures"]] == sorted(signatures)
    demand(envelope["payloadType"] == kind and in_order, f"{what} is no envelope of {kind}, or its signatures are out of order")
    signers = [key for key in keys if key["keyid"] in signatures]
    message = b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)
    for key in signers: check_signature(key, message, signatures[key["keyid"]], what)
    demand(signers, f"no trusted key signed {what}")
    return payload, signers

def logged(members: dict[str, bytes], origin: str, keys: list[Json]) -> int:
    """Return the index of the record in the log that a key signed."""
    head, _, note = members["receipt.tlog-proof"].decode().partition("\n\n")
    text, _, signed = note.rpartition("\n\n")
    (magic, number, *path), (name, count, top) = head.split("\n"), text.split("\n")
    belongs = note.encode() == members["checkpoint"] and magic == "c2sp.org/tlog-proof@v1" and name == origin
    demand(belongs and signed.endswith("\n"), "the receipt is malformed, or that of another log")
    demand(re.fullmatch("index (0|[1-9][0-9]{0,15})", number) and re.fullmatch("[1-9][0-9]{0,15}", count), "no index or size")
    index, size, kind = int(number.removeprefix("index ")), int(count), "decision"
    leaf = canonical({"format": "fenji-leaf/1", "kind": kind, "sha256": digest(members["record.json"])})
    node, at, last = hashlib.sha256(b"\0" + leaf).digest(), index, size - 1
    for other in [unbase64(each, 32) for each in path]:  # RFC 9162, 2.1.3.2
        demand(last > 0, "the inclusion proof is too long")
        left = at % 2 == 1 or at == last
        node = hashlib.sha256(b"\1" + (other + node if left else node + other)).digest()
        while left and at % 2 == 0 and at > 0: at, last = at // 2, last // 2
        at, last = at // 2, last // 2
    demand(index < size and last == 0 and node == unbase64(top, 32), "the record is not in the log of the checkpoint")
    names = {hashlib.sha256(f"{origin}\n\1".encode() + unbase64(key["public"])).digest()[:4]: key for key in keys}
    signers = list[Json]()
    for line in signed[:-1].split("\n"):
        matched = re.fullmatch("\u2014 ([^ +\n]+) ([A-Za-z0-9+/=]+)", line) or ["", "", ""]
        data = unbase64(matched[2])
        demand(matched[1] and data[:4] not in [name for name, key in names.items() if key in signers], "a line of the checkpoint")
        if matched[1] == origin and data[:4] in names:
            check_signature(names[data[:4]], f"{text}\n".encode(), data[4:], "the checkpoint")
            signers.append(names[data[:4]])
    good = [key for key in signers if not key["compromised"] or size <= key["compromised"]["size"]]
    demand(good, "no trusted log key signed the checkpoint")
    return index

def entitled(record: Json, signers: list[Json], index: int) -> None:
    """Refuse a record that is not one of a decision, or was signed by those who may not."""
    fields(record, "_type predicate predicateType subject", "the statement")
    p = record["predicate"]
    fields(p, PREDICATE, "the predicate")
    inner = {"rulepack": "name sha256 version", "engine": "sources_sha256 version", "actor": "sub idp role name unit key"}
    for part, wanted in inner.items(): fields(p[part], wanted, part)
    subject, world = digest(p["input_commitments"]), {each: p[each] for each in ("as_of", "known_at", "externals")}
    form = {"_type": "https://in-toto.io/Statement/v1", "predicateType": "urn:fenji:decision:v1", "predicate": p}
    form["subject"] = [{"name": "filing", "digest": {"sha256": subject}}]
    demand(record == form and p["kind"] in ("proposal", "decision"), "the statement is not one of a decision")
    demand(p["subject_digests"] == [subject] and p["world_sha256"] == digest(world), "the statement contradicts itself")
    demand(re.fullmatch(TIME, p["decided_at"]), "the time of the decision is malformed")
    for key in signers:
        own, until, who = key["keyid"] == p["actor"]["key"], key["valid_until"], key["holder"]["sub"]
        demand(not key["compromised"] or (own and index < key["compromised"]["size"]), f"the key of {who} was compromised")
        in_time = key["valid_from"] <= p["decided_at"] and (until is None or p["decided_at"] < until)
        demand(in_time or not own, f"the key of {who} was not valid when it was decided")
    official = p["actor"]["key"] in [key["keyid"] for key in signers]
    demand(official or p["kind"] == "proposal", "the decision lacks the signature of its official")

def disclosed(data: bytes, committed: list[str]) -> Json:
    """Return the disclosed facts by name; each must belong to the record."""
    file, facts, hashes = parse(data, "the facts"), dict[str, Any](), set[str]()
    fields(file, "disclosures format", "the facts")
    for text in file["disclosures"]:
        salt, name, value = parse(unbase64(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4)), "a disclosure")
        demand(isinstance(salt, str) and name not in facts, "a fact is disclosed twice")
        facts[name] = value
        hashes.add(urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("="))
    sound = file["format"] == "fenji-facts/1" and list(facts) == sorted(facts) and committed == sorted(set(committed))
    demand(sound and hashes <= set(committed), "the facts are not those that the record commits to")
    return facts

def verify(data: bytes, trust: bytes | None) -> tuple[int, list[str]]:
    """Return the exit code and what to say of a bundle. Raises what REFUSED names for one that does not hold."""
    members = unzip(data)
    (_, inside), (origin, keys) = keys_of(members["keys.json"]), keys_of(members["keys.json"] if trust is None else trust)
    deciding, logging = ([key for key in keys.values() if key["purpose"] == each] for each in ("decision", "log"))
    payload, signers = opened(members["record.dsse.json"], "application/vnd.in-toto+json", deciding, "the record")
    demand(payload == members["record.json"], "the record is not the payload of its envelope")
    record, index = parse(payload, "the record"), logged(members, origin, logging)
    entitled(record, signers, index)
    payload, _ = opened(members["manifest.dsse.json"], "application/vnd.fenji.manifest+json", signers, "the manifest")
    p, manifest, rules = record["predicate"], parse(payload, "the manifest"), parse(members["rules.json"], "the rules")
    bound = [{"name": n, "sha256": digest(d), "size": len(d)} for n, d in members.items() if n != "manifest.dsse.json"]
    wanted = {"format": "fenji-bundle/1", "id": p["decision_id"], "members": bound, "profile": manifest["profile"]}
    bound_so = manifest == wanted and manifest["profile"] in ("full", "regulator", "court", "public")
    demand(bound_so, "the manifest does not bind these members")
    parts = {"law_snapshot": rules["instruments"], "vocabulary": [rules[part] for part in ("facts", "lists", "constraints")]}
    parts |= {"lists": rules["tables"], "calendars": rules.get("calendars", []), "authorities": rules["authorities"]}
    pinned = rules["format"] == "fenji-rules/1" and p["rulepack"]["sha256"] == digest(members["rules.json"])
    pinned &= all(p[f"{name}_sha256"] == digest(part) for name, part in parts.items())
    demand(pinned, "the rules are not those that the record pins")
    facts = disclosed(members["facts.json"], p["input_commitments"])
    lines = [f"{p['kind']} {p['decision_id']} of {p['rulepack']['name']}, of {p['decided_at']}, under the law of {p['as_of']}"]
    lines += [f"by {p['actor']['name']} ({p['actor']['unit']}, {p['actor']['role']}); entry {index} of the log {origin}"]
    lines += [f"  {name}: {' | '.join(outcome['possible'])}" for name, outcome in p["verdict"]["outcomes"].items()]
    lines += ["archive, manifest, signatures, inclusion proof, rules and commitments hold"]
    if trust is None:
        lines += ["origin not established: no trust file; the bundle itself names these keys:"]
        lines += [f"  {key['keyid']} {key['purpose']} {key['holder']['sub']}" for key in inside.values()]
    if gone := len(p["input_commitments"]) - len(facts):
        return 1, [*lines, f"evidence valid, outcome not re-derived: {gone} facts are withheld or erased"]
    rows, picture = answer(rules, facts, p["as_of"])
    said = verdict_of(rules, rows, picture)
    wrong, fired = differences(said, p["verdict"]), {rule for rule, _ in said["fired"]}
    duties = [{"outcome": n, "value": v} for n, outcome in sorted(said["outcomes"].items()) for v in outcome["certain"] or ()]
    wrong += ["obligations"] * (p["obligations"] != duties) + ["reasons"] * ({each["rule_id"] for each in p["reasons"]} != fired)
    wrong += ["effect"] * (p["effect"] != sorted({rule["effect"] for rule in rules["rules"] if rule["id"] in fired}))
    if wrong:
        return 3, [*lines, f"evidence valid, but another outcome comes out: {', '.join(wrong)}"]
    return int(trust is None), [*lines, "outcome re-derived from the rules and the facts: the same"]

def main(words: list[str]) -> int:
    """Verify a bundle and say what was found, never with a traceback."""
    try:
        demand(len(words) in (1, 3) and words[1:2] in ([], ["--trust"]), "use: python verify.py BUNDLE [--trust FILE]")
        code, lines = verify(Path(words[0]).read_bytes(), Path(words[2]).read_bytes() if words[2:] else None)
    except REFUSED as error: code, lines = 2, [f"refused: {error}" if type(error) is ValueError else f"refused: {error!r}"]
    text = "\n".join("".join(char if char.isprintable() else "?" for char in line) for line in lines)
    sys.stdout.buffer.write(f"{text}\n".encode(errors="replace"))
    return code

if __name__ == "__main__": sys.exit(main(sys.argv[1:]))
