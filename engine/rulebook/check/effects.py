"""Effects: a statutory one names its body; a city plan alone licenses, punishes, bars and entitles nobody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from engine.errors import Finding
from engine.rulebook import condition as ir
from engine.rulebook.check.dates import by_day
from engine.rulebook.check.names import nearest, pack_file, rule_file
from engine.rulebook.graph import expression

if TYPE_CHECKING:
    from engine.errors import Place
    from engine.rulebook.load import Loaded
    from engine.rulebook.model import PackRules, Rulebook
    from schemas.rulebook import Outcome, Rule, RuleVersion, Source, Value

NO_LEGAL_FORCE = frozenset({"normative", "local_normative", "standard", "guidance", "foreign", "agreement"})
AGREEABLE = frozenset({"prohibit", "suspend", "bar"})  # nobody can agree to be licensed or punished
DOES = {
    "permit": "licenses",
    "entitle": "gives a right",
    "penalise": "punishes",
    "prohibit": "prohibits",
    "suspend": "suspends",
    "bar": "bars",
}


def competence(loaded: Loaded) -> Iterator[Finding]:
    """A city plan creates no licence, penalty or bar (Administrative Licence Law 14-17, Administrative Penalty Law 9, 16)."""
    book = loaded.rulebook
    for pack_id, pack in book.packs.items():
        for rule_id, rule in pack.rules.items():
            file = rule_file(pack_id, rule_id)
            if rule.authority and rule.authority not in book.authorities:
                place = loaded.sources.place(file, "authority")
                remedy = nearest(rule.authority, book.authorities, "add it to rules/authorities.yaml")
                yield Finding("unknown-authority", place, f"no authority named `{rule.authority}`", remedy)
            if rule.effect == "statutory" and not rule.authority:
                place = loaded.sources.place(file, "effect")
                yield Finding("no-authority", place, "a statutory effect needs its competent body", "add `authority:`")
            if rule.effect == "statutory" and _powerless(book, rule.sources):
                yield _beyond(loaded.sources.place(file, "effect"))
            elif rule.effect == "statutory":
                yield from _lapsed(loaded, file, rule)
        for o, outcome in enumerate(pack.doc.outcomes):
            for f, floor in enumerate(outcome.floor):
                if floor.effect == "statutory" and _powerless(book, floor.sources):
                    yield _beyond(loaded.sources.place(pack_file(pack_id), "outcomes", o, "floor", f, "effect"))


def _lapsed(loaded: Loaded, file: str, rule: Rule) -> Iterator[Finding]:
    """Yield the first day of each version on which no law in force can create the rule's effect, though some other day it can."""
    known = loaded.rulebook.instruments
    for v, version in enumerate(rule.versions):
        sources = [source for source in (*rule.sources, *version.sources) if source.instrument in known]
        for day, there in by_day(version.valid, sources, known):
            if _powerless(loaded.rulebook, there):
                place = loaded.sources.place(file, "versions", v, "valid")
                problem = f"no instrument in force on {day} can create a statutory effect"
                yield Finding("beyond-competence", place, problem, "cite the law that does on that day, or split the rule")
                break


def _beyond(place: Place) -> Finding:
    problem = "no instrument of this rank can create a statutory effect"
    return Finding("beyond-competence", place, problem, "cite the law that does, or use agreed, owner or advisory")


def _powerless(book: Rulebook, sources: Sequence[Source]) -> bool:
    """Tell whether none of the instruments cited is binding law of a rank that can create an effect; drafts fail elsewhere."""
    cited = [book.instruments[source.instrument] for source in sources if source.instrument in book.instruments]
    binding = [entry.binding or entry.status == "draft" for entry in cited if entry.rank not in NO_LEGAL_FORCE]
    return bool(cited) and not any(binding)


def acts(loaded: Loaded) -> Iterator[Finding]:
    """What licenses, punishes or entitles comes from law; what prohibits, suspends or bars from law or a term that was agreed.

    An act is declared at an outcome's value. Without law behind it, it needs an agreed or an owner's effect and a condition that
    reads a fact of kind `agreement`: the signature is what binds, never the plan (Administrative Penalty Law 9, 16).
    """
    for pack_id, pack in loaded.rulebook.packs.items():
        for rule_id, rule in pack.rules.items():
            for v, version in enumerate(rule.versions):
                if _powerless(loaded.rulebook, [*rule.sources, *version.sources]):
                    for name, value in _given(pack, version):
                        place = loaded.sources.place(rule_file(pack_id, rule_id), "versions", v, "then", name)
                        yield from _unfounded(loaded.rulebook, rule, version, value, place)
        for o, outcome in enumerate(pack.doc.outcomes):
            for f, floor in enumerate(outcome.floor):
                acting = [value for value in outcome.values if value.id == floor.value and value.act]
                if acting and _powerless(loaded.rulebook, floor.sources):
                    yield _alone(acting[0], loaded.sources.place(pack_file(pack_id), "outcomes", o, "floor", f, "value"))


def _given(pack: PackRules, version: RuleVersion) -> Iterator[tuple[str, Value]]:
    """Yield the values with an act that a version gives or, where it computes its value, may give."""
    for name, given in version.then.items():
        outcome: Outcome | None = pack.outcomes.get(name)
        wanted = {given} if isinstance(given, str) else set(given)
        computed = isinstance(given, str) and expression(given) is not None
        yield from (
            (name, value) for value in (outcome.values if outcome else ()) if value.act and (computed or value.id in wanted)
        )


def _unfounded(book: Rulebook, rule: Rule, version: RuleVersion, value: Value, place: Place) -> Iterator[Finding]:
    if rule.effect not in ("agreed", "owner") or value.act not in AGREEABLE:
        yield _alone(value, place)
    elif not _rests_on_agreement(book, book.conditions[version.when]):
        problem = f"`{value.id}` {DOES[str(value.act)]}, and no agreed term is a condition of it"
        yield Finding("no-agreement", place, problem, "require a fact of kind `agreement` with `and`")


def _alone(value: Value, place: Place) -> Finding:
    problem = f"`{value.id}` {DOES[str(value.act)]}, and nothing binding stands behind it: a plan alone cannot"
    remedy = "cite the law that does, or make it a term: `effect: agreed`" if value.act in AGREEABLE else "cite the law that does"
    return Finding("beyond-plan", place, problem, remedy)


def _rests_on_agreement(book: Rulebook, node: ir.Node) -> bool:
    """Tell whether a condition cannot hold unless a fact of kind `agreement` does."""
    match node:
        case ir.Name():
            return node.id in book.facts and book.facts[node.id].kind == "agreement"
        case ir.And():
            return any(_rests_on_agreement(book, part) for part in node.parts)
        case ir.Or():
            return all(_rests_on_agreement(book, part) for part in node.parts)
        case _:
            return False
