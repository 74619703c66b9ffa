"""Conditions: names, types, units and values; and those that types alone decide."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.errors import Finding, Place
from engine.rulebook import condition as ir
from engine.rulebook.check.duties import texts
from engine.rulebook.check.names import pack_file, rule_file
from engine.rulebook.graph import expression
from engine.rulebook.typing import Checker, type_of_term

if TYPE_CHECKING:
    from engine.rulebook.load import Loaded
    from engine.rulebook.model import PackRules


def every(loaded: Loaded) -> Iterator[tuple[PackRules, str, str, Place, bool]]:
    """Yield each text of a condition or term: pack, scope, text, place, and whether it must be a condition."""
    book = loaded.rulebook
    for pack_id, pack in book.packs.items():
        for rule_id, rule in pack.rules.items():
            for v, version in enumerate(rule.versions):
                at = ("versions", v)
                yield pack, rule.on, version.when, loaded.sources.place(rule_file(pack_id, rule_id), *at, "when"), True
                for outcome, value in version.then.items():
                    if isinstance(value, str) and (text := expression(value)) is not None:
                        yield pack, rule.on, text, loaded.sources.place(rule_file(pack_id, rule_id), *at, "then", outcome), False
        for d, derived in enumerate(pack.doc.derived):
            for v, definition in enumerate(derived.versions):
                place = loaded.sources.place(pack_file(pack_id), "derived", d, "versions", v, "is")
                yield pack, book.list_of(derived.id), definition.is_, place, derived.type == "bool"
        yield from texts(loaded, pack)
    first = next(iter(book.packs.values()), None)
    if first is None:
        return
    for file, topic in loaded.docs.get("topic", {}).items():
        for i, fact in enumerate(topic.facts):
            if fact.applies_when:
                yield (
                    first,
                    book.list_of(fact.id),
                    fact.applies_when,
                    loaded.sources.place(file, "facts", i, "applies_when"),
                    True,
                )
        for i, constraint in enumerate(topic.constraints):
            yield first, constraint.on, constraint.always, loaded.sources.place(file, "constraints", i, "always"), True


def typed(loaded: Loaded) -> Iterator[Finding]:
    """Every name exists in scope and every comparison makes sense."""
    checkers: dict[str, Checker] = {}
    for pack, scope, text, place, is_condition in every(loaded):
        checker = checkers.setdefault(pack.doc.id, Checker(loaded.rulebook, pack))
        node = loaded.rulebook.conditions[text]
        for code, problem, remedy in checker.faults(node, scope) if is_condition else checker.term_faults(node, scope):
            yield Finding(code, _within(place, text, problem), problem, remedy)


def _within(place: Place, text: str, problem: str) -> Place:
    """Return the place inside a one-line condition of the word that the problem quotes."""
    quoted = problem.split("`")
    at = text.find(quoted[1]) if len(quoted) > 1 and "\n" not in text else -1
    return Place(place.file, place.line, place.column + max(at, 0))


def decided_by_types(loaded: Loaded) -> Iterator[Finding]:
    """No comparison is always or never true by the declared range of its fact."""
    for pack, _, text, place, _ in every(loaded):
        for part in ir.walk(loaded.rulebook.conditions[text]):
            if isinstance(part, ir.Compare) and (verdict := _verdict(loaded, pack, part)):
                problem = f"`{ir.to_text(part)}` is {verdict} true"
                remedy = "compare with a value inside the declared range"
                yield Finding(f"{verdict}-true", _within(place, text, problem), problem, remedy)


def _verdict(loaded: Loaded, pack: PackRules, part: ir.Compare) -> str:
    fact = loaded.rulebook.facts.get(part.first.id) if isinstance(part.first, ir.Name) else None
    if fact is None or len(part.rest) != 1 or type_of_term(part.first, loaded.rulebook, pack).name != "int":
        return ""
    op, right = part.rest[0]
    if not isinstance(right, ir.Const) or not isinstance(right.value, int):
        return ""
    low, high = fact.min, fact.max
    below = isinstance(low, int) and (right.value < low or (right.value == low and op in (">=", "<")))
    above = isinstance(high, int) and (right.value > high or (right.value == high and op in ("<=", ">")))
    if below:
        return "always" if op in (">=", ">", "!=") else "never"
    if above:
        return "always" if op in ("<=", "<", "!=") else "never"
    return ""
