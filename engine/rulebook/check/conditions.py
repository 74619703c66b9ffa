"""Conditions: names, types, units and values; and those that types alone decide."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from engine.errors import Finding, Place
from engine.rulebook import condition as ir
from engine.rulebook.check.duties import texts
from engine.rulebook.check.names import pack_file, rule_file
from engine.rulebook.graph import expression
from engine.rulebook.typing import Checker, type_of_term

if TYPE_CHECKING:
    from engine.rulebook.load import Loaded
    from engine.rulebook.model import PackRules, Rulebook


def every(loaded: Loaded) -> Iterator[tuple[PackRules, str, str, Place, bool]]:
    """Yield each text of a condition or term: pack, scope, text, place, and whether it must be a condition."""
    book, place = loaded.rulebook, loaded.sources.place_in
    for pack_id, pack in book.packs.items():
        for rule_id, rule in pack.rules.items():
            file = rule_file(pack_id, rule_id)
            for v, version in enumerate(rule.versions):
                yield pack, rule.on, version.when, place(version.when, file, "versions", v, "when"), True
                for outcome, value in version.then.items():
                    if isinstance(value, str) and (text := expression(value)) is not None:
                        yield pack, rule.on, text, place(text, file, "versions", v, "then", outcome), False
        for d, derived in enumerate(pack.doc.derived):
            for v, definition in enumerate(derived.versions):
                at = place(definition.is_, pack_file(pack_id), "derived", d, "versions", v, "is")
                yield pack, book.list_of(derived.id), definition.is_, at, derived.type == "bool"
        yield from texts(loaded, pack)
        if when := pack.doc.shares_when:
            yield pack, "request" if "request" in book.lists else "", when, place(when, pack_file(pack_id), "shares_when"), True
    first = next(iter(book.packs.values()), None)
    if first is None:
        return
    for file, topic in loaded.docs["topic"].items():
        for i, fact in enumerate(topic.facts):
            if fact.applies_when:
                at = place(fact.applies_when, file, "facts", i, "applies_when")
                yield first, book.list_of(fact.id), fact.applies_when, at, True
        for i, constraint in enumerate(topic.constraints):
            yield first, constraint.on, constraint.always, place(constraint.always, file, "constraints", i, "always"), True


def typed(loaded: Loaded) -> Iterator[Finding]:
    """Every name exists in scope and every comparison makes sense."""
    checkers: dict[str, Checker] = {}
    for pack, scope, text, place, is_condition in every(loaded):
        checker = checkers.setdefault(pack.doc.id, Checker(loaded.rulebook, pack))
        node = loaded.rulebook.conditions[text]
        for code, problem, remedy in checker.faults(node, scope) if is_condition else checker.term_faults(node, scope):
            yield Finding(code, _within(place, text, problem), problem, remedy)


def derived(loaded: Loaded) -> Iterator[Finding]:
    """A derived number is a whole number in its own unit."""
    for pack_id, pack in loaded.rulebook.packs.items():
        for d, entry in enumerate(pack.doc.derived):
            for v, version in enumerate(entry.versions if entry.type == "int" else ()):
                kind = type_of_term(loaded.rulebook.conditions[version.is_], loaded.rulebook, pack)
                place = loaded.sources.place_in(version.is_, pack_file(pack_id), "derived", d, "versions", v, "is")
                if kind.name not in ("int", "error", "bool"):
                    yield Finding("wrong-type", place, f"`{entry.id}` is a whole number, `{version.is_}` is none", "count or add")
                elif kind.name == "int" and kind.unit and kind.unit != entry.unit:
                    problem = f"`{entry.id}` counts {entry.unit or 'nothing named'}, `{version.is_}` counts {kind.unit}"
                    yield Finding("unit-mismatch", place, problem, "give it the unit that it counts")


def _within(place: Place, text: str, problem: str) -> Place:
    """Return the place inside a condition of the word that the problem quotes, where its column can be counted."""
    quoted = problem.split("`")
    at = text.find(quoted[1]) if len(quoted) > 1 else -1
    return Place(place.file, place.line, place.column and place.column + max(at, 0))


# what ranges decide --------------------------------------------------------------------------------------------------

Range = tuple[float | Decimal, float | Decimal]
INF = math.inf


def decided_by_types(loaded: Loaded) -> Iterator[Finding]:
    """No comparison is always or never true by the declared ranges of its facts."""
    for pack, _, text, place, _ in every(loaded):
        for part in ir.walk(loaded.rulebook.conditions[text]):
            if isinstance(part, ir.Compare) and (verdict := _verdict(loaded.rulebook, pack, part)):
                problem = f"`{ir.to_text(part)}` is {verdict} true"
                remedy = "compare with a value inside the declared range"
                yield Finding(f"{verdict}-true", _within(place, text, problem), problem, remedy)


def _verdict(book: Rulebook, pack: PackRules, node: ir.Compare) -> str:
    terms = (node.first, *(term for _, term in node.rest))
    if all(isinstance(term, ir.Const) for term in terms):
        return ""  # said elsewhere
    kinds = {str(type_of_term(term, book, pack).name) for term in terms}
    if not (kinds <= {"int", "decimal"} or kinds == {"date"}):
        return ""
    ranges = [_range(book, term) for term in terms]
    links = [_link(a, op, b) for a, (op, _), b in zip(ranges, node.rest, ranges[1:], strict=False)]
    if "never" in links or _empty(node, kinds):
        return "never"
    return "always" if all(link == "always" for link in links) else ""


def _range(book: Rulebook, term: ir.Node) -> Range:
    """Return the smallest and the largest value that a term can have by what is declared of its facts."""
    match term:
        case ir.Const():
            value = _point(term.value)
            return value, value
        case ir.Name() if term.id in book.facts:
            fact = book.facts[term.id]
            return (-INF if fact.min is None else _point(fact.min)), (INF if fact.max is None else _point(fact.max))
        case ir.Count():
            return 0, INF
        case ir.Fold():
            low, high = _range(book, term.value)
            return (0 if low >= 0 or term.op == "max" else -INF), (INF if term.op != "max" or high > 0 else 0)
        case ir.Add():
            # what does not apply adds nothing, so 0 is always among the values of a part
            parts = [
                (min(low, 0), max(high, 0)) if isinstance(p, ir.Name) else (low, high)
                for p in term.parts
                for low, high in [_range(book, p)]
            ]
            return _sum(low for low, _ in parts), _sum(high for _, high in parts)
    return -INF, INF


def _sum(values: Iterable[float | Decimal]) -> float | Decimal:
    found = list(values)
    return next((value for value in found if abs(value) == INF), sum((Decimal(value) for value in found), Decimal(0)))


def _point(value: Any) -> Decimal:
    return Decimal(value.toordinal()) if isinstance(value, date) else Decimal(value)


def _link(a: Range, op: str, b: Range) -> str:
    """Return `always` or `never` where the ranges of the two sides decide a comparison, else nothing."""
    if op in (">", ">="):
        return _link(b, {">": "<", ">=": "<="}[op], a)
    if op in ("==", "!="):
        apart = a[1] < b[0] or b[1] < a[0]
        return ("never" if op == "==" else "always") if apart else ""
    if a[1] < b[0] or (op == "<=" and a[1] == b[0]):
        return "always"
    return "never" if a[0] > b[1] or (op == "<" and a[0] == b[1]) else ""


def _empty(node: ir.Compare, kinds: set[str]) -> bool:
    """Tell whether nothing lies between the ends of a chain `a < x < b` of constants around one term."""
    if len(node.rest) != 2 or not isinstance(node.first, ir.Const) or not isinstance(node.rest[1][1], ir.Const):  # noqa: PLR2004 - a < x < b
        return False
    (one, _), (two, _) = node.rest
    low, high = _point(node.first.value), _point(node.rest[1][1].value)
    if one[0] != two[0] or one[0] not in "<>":
        return False
    if one[0] == ">":
        low, high = high, low
    strict = (one in "<>") + (two in "<>")
    # between whole numbers and between days there is nothing, between decimals there is
    step = Decimal(1) if kinds <= {"int", "date"} else Decimal(0)
    return high - low < (step * strict if step else 0) or (not step and bool(strict) and high == low)
