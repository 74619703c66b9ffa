"""Run the cases of every rule: each rule shows one filing to which it applies, one to which it does not, one undecided."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from engine.decide.assess import names_of
from engine.decide.combine import fixed
from engine.decide.evaluate import Evaluator, Picture
from engine.decide.filing import from_document
from engine.decide.values import F, T
from engine.errors import FenjiError, Finding, Place
from engine.rulebook.read import node_from

if TYPE_CHECKING:
    from engine.rulebook.load import Loaded
    from schemas.rulebook import Case, Rule

NEEDED = ("applies", "not", "unknown")


def run(loaded: Loaded, pack: str | None = None, rules: set[str] | None = None) -> list[Finding]:
    """Return a finding for each case that fails and each kind of case that is missing; only of `pack`, and `rules` of it."""
    findings: list[Finding] = []
    for pack_id, each in loaded.rulebook.packs.items():
        if pack in (None, pack_id):
            evaluator = Evaluator(loaded.rulebook, each)
            for rule_id, rule in each.rules.items() if rules is None else ((name, each.rules[name]) for name in sorted(rules)):
                findings += _rule(loaded, evaluator, rule_id, rule)
    return findings


def _rule(loaded: Loaded, evaluator: Evaluator, rule_id: str, rule: Rule) -> Iterator[Finding]:
    file = f"rules/{evaluator.pack.doc.id}/{rule_id}.yaml"
    expected = {case.expect for case in rule.cases}
    for kind in NEEDED:
        if kind not in expected:
            place = loaded.sources.place(file, "cases")
            yield Finding("missing-case", place, f"no case in which the rule is `{kind}`", f"add a case with `expect: {kind}`")
    for index, case in enumerate(rule.cases):
        place = loaded.sources.place(file, "cases", index)
        try:
            yield from judge(evaluator, rule_id, case, place)
        except FenjiError as error:
            problem = f"case `{case.name}`: {error.finding.code}: {error.finding.problem}"
            yield Finding("case-input", place, problem, error.finding.help)


def judge(evaluator: Evaluator, rule_id: str, case: Case, place: Place) -> Iterator[Finding]:
    """Yield where a rule does not do what a case expects. Raises InputError."""
    rule = evaluator.pack.rules[rule_id]
    about = {*case.outcomes, *(name for version in rule.versions for name in version.then)} & evaluator.pack.outcomes.keys()
    filing = from_document(evaluator.rulebook, node_from(facts_of(evaluator, rule, case), place))
    picture = evaluator.picture(filing, case.on, about=sorted(about))
    index = 0 if rule.on else -1
    got = _status(picture, rule_id, index)
    if got != case.expect:
        problem = f"case `{case.name}`: expected `{case.expect}`, the rule is `{got}`"
        yield Finding("case-failed", place, problem, "correct the case or the condition")
    for name, wanted in case.outcomes.items():
        outcome = evaluator.pack.outcomes.get(name)
        at = 0 if outcome and evaluator.rulebook.list_of(name) else -1
        if outcome is None:
            yield Finding("unknown-outcome", place, f"no outcome named `{name}`", "declare it in pack.yaml")
            continue
        value = picture.outcomes[name, at]
        if outcome.combine == "union":
            shown = [v.id for i, v in enumerate(outcome.values) if value[0] >> i & 1]
            good = set(wanted if isinstance(wanted, list) else [wanted]) <= set(shown)
        else:
            shown = names_of(outcome, value)
            good = fixed(outcome.combine, value) and shown == [wanted]
        if not good:
            problem = f"case `{case.name}`: expected `{name}` to be {wanted}, it is {', '.join(shown)}"
            yield Finding("case-failed", place, problem, "correct the case or the rules")


def facts_of(evaluator: Evaluator, rule: Rule, case: Case) -> dict[str, Any]:
    """Return the filing of a case: flat item facts form the only item, and `on` is the rule's date unless stated."""
    flat = {name: value for name, value in case.facts.items() if rule.on and evaluator.rulebook.list_of(name) == rule.on}
    facts = {name: value for name, value in case.facts.items() if name not in flat}
    if rule.on and rule.on not in facts:
        facts[rule.on] = {"complete": True, "items": [flat]}
    for day in {evaluator.pack.date_of(rule), evaluator.pack.doc.date}:
        if day != "as_of" and not _stated(facts, day):
            facts[day] = case.on.isoformat()
    return facts


def _stated(facts: dict[str, Any], name: str) -> bool:
    if name in facts:
        return True
    head, dot, rest = name.partition(".")
    below = facts.get(head)
    return bool(dot) and isinstance(below, dict) and _stated(below, rest)


def _status(picture: Picture, rule_id: str, index: int) -> str:
    fired, applied = picture.fired.get((rule_id, index), F), picture.applied.get((rule_id, index), F)
    if applied == T:
        return "applies"
    if applied == F:
        return "overridden" if fired == T else "not"
    return "unknown"
