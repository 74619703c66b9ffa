"""Owners' policies and overlays: what an owner or a grantor can say, over which rules, and until when.

The plan lets the city try things with one enterprise (article 1); it cannot move what ranks above the city. An overlay therefore
ends, names the discretion that it uses, and touches only rules of the city's own making.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from engine.errors import Finding, Place
from engine.rulebook.check.names import nearest, pack_file, rule_file
from engine.rulebook.policies import catalogue_item

if TYPE_CHECKING:
    from engine.rulebook.load import Loaded
    from engine.rulebook.model import PackRules, Rulebook
    from schemas.overlay import Overlay
    from schemas.rulebook import Fact, Instrument, Rule

# of these ranks an instrument stands above the city, unless a body of the city issued it
ABOVE = frozenset({"law", "regulation", "department_rule", "local_regulation", "local_rule", "normative", "standard"})
CITY = "nanjing"
BY_LAW = frozenset({"law", "regulation", "department_rule", "local_regulation", "local_rule"})
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
Fault = tuple[tuple[str | int, ...], str, str, str]  # path, code, problem, help


def policies(loaded: Loaded) -> Iterator[Finding]:
    """A policy is of one data set, says something to a request, and neither obliges anyone nor has the force of law."""
    yield from _one_per_item(loaded)
    for pack_id, pack in loaded.rulebook.packs.items():
        for path, code, problem, remedy in _policy(loaded.rulebook, pack):
            yield Finding(code, loaded.sources.place(pack_file(pack_id), *path), problem, remedy)
        for rule_id, rule in pack.rules.items() if pack.doc.data_set else ():
            if rule.effect == "statutory":
                place = loaded.sources.place(rule_file(pack_id, rule_id), "effect")
                yield Finding("beyond-grantor", place, "an owner's term has no force of law", "use owner or agreed")


def _one_per_item(loaded: Loaded) -> Iterator[Finding]:
    """One item of the catalogue has one policy: of two, a request would be judged by the milder, by naming it."""
    found: dict[str, str] = {}
    for pack_id, pack in loaded.rulebook.packs.items():
        if pack.doc.data_set and (first := found.setdefault(catalogue_item(pack.doc.data_set.catalogue), pack_id)) != pack_id:
            place = loaded.sources.place(pack_file(pack_id), "data_set", "catalogue")
            problem = f"the catalogue item `{pack.doc.data_set.catalogue}` has a policy already: `{first}`"
            yield Finding("two-policies", place, problem, "put all terms into one policy, or register items of their own")


def _policy(book: Rulebook, pack: PackRules) -> Iterator[Fault]:
    named = "/" in pack.doc.id
    if named != bool(pack.doc.data_set):
        problem = "a policy has no register entry" if named else "a register entry belongs to a policy"
        remedy = "add `data_set:`" if named else "a policy lies in OWNER/DATA-SET/ of a policies folder"
        yield ("id",), "not-a-policy", problem, remedy
    if not pack.doc.data_set:
        return
    said = {value.request or outcome.request for outcome in pack.doc.outcomes for value in outcome.values}
    if not said & {"permit", "refuse", "duty"}:
        yield ("outcomes",), "says-nothing", "no value says anything to a request", "say `request: permit` or `refuse`"
    if "oblige" in said:
        yield ("outcomes",), "beyond-grantor", "an owner cannot oblige itself by law", "use permit"
    for name, value in pack.doc.data_set.facts.items():
        fact = book.facts.get(name)
        if fact is None:
            remedy = nearest(name, book.facts, "name a fact of the vocabulary")
            yield ("data_set", "facts", name), "unknown-fact", f"no fact named `{name}`", remedy
        elif book.list_of(name) != "request":
            yield ("data_set", "facts", name), "out-of-scope", f"`{name}` is no fact of a requested item", "name one of `request`"
        elif not _fits(fact, value):
            yield ("data_set", "facts", name), "wrong-type", f"`{name}` cannot be that", f"write a value of type {fact.type}"


def _fits(fact: Fact, value: Any) -> bool:
    """Tell whether a register's value is of the type of its fact; a decimal is read when it is used."""
    known = {each.id for each in fact.values}
    match fact.type:
        case "bool":
            return isinstance(value, bool)
        case "enum":
            return isinstance(value, str) and value in known
        case "set":
            return isinstance(value, list) and set(map(str, value)) <= known
        case "int":
            return isinstance(value, int) and not isinstance(value, bool)
        case "date":
            return isinstance(value, str) and _DAY.match(value) is not None
        case _:
            return isinstance(value, (str, int)) and not isinstance(value, bool)


def overlays(loaded: Loaded) -> Iterator[Finding]:
    """An overlay ends, is granted by a known body under a named discretion, and touches nothing that ranks above the city."""
    book = loaded.rulebook
    for file, overlay in loaded.docs["overlay"].items():
        for path, code, problem, remedy in _overlay(book, overlay):
            yield Finding(code, loaded.sources.place(file, *path), problem, remedy)
        head = PurePosixPath(file).relative_to("rules/overlays").with_suffix("").as_posix().replace("/", "--")
        pack = book.packs.get(overlay.pack)
        for rule_id, rule in pack.rules.items() if pack else ():
            if pack and rule_id.startswith(f"{head}--"):
                for path, code, problem, remedy in _rule(book, pack, overlay, rule):
                    yield Finding(code, _at(loaded, overlay.pack, rule_id, path), problem, remedy)


def _at(loaded: Loaded, pack: str, rule: str, path: tuple[str | int, ...]) -> Place:
    return loaded.sources.place(rule_file(pack, rule), *path)


def _overlay(book: Rulebook, overlay: Overlay) -> Iterator[Fault]:
    if overlay.pack not in book.packs:
        yield ("pack",), "unknown-pack", f"no pack named `{overlay.pack}`", nearest(overlay.pack, book.packs, "name one")
    elif book.packs[overlay.pack].doc.data_set:
        remedy = "the owner writes terms for one enterprise into its own policy"
        yield ("pack",), "beyond-grantor", f"`{overlay.pack}` is an owner's policy, which no grantor moves", remedy
    if overlay.grantor not in book.authorities:
        remedy = nearest(overlay.grantor, book.authorities, "add it to rules/authorities.yaml")
        yield ("grantor",), "unknown-authority", f"no authority named `{overlay.grantor}`", remedy
    if overlay.valid.end is None:
        yield ("valid",), "no-expiry", "the overlay does not end", "write its last day: a trial is for a time"
    if not overlay.discretion:
        yield ("discretion",), "no-source", "nothing says which discretion is used", "name the instrument that leaves it"
    for i, source in enumerate(overlay.discretion):
        if source.instrument not in book.instruments:
            remedy = nearest(source.instrument, book.instruments, "add it to rules/instruments/")
            yield ("discretion", i), "unknown-instrument", f"no instrument named `{source.instrument}`", remedy


def _rule(book: Rulebook, pack: PackRules, overlay: Overlay, rule: Rule) -> Iterator[Fault]:
    for i, name in enumerate(rule.overrides):
        if name in pack.rules and (act := _above(book, pack.rules[name])):
            problem = f"`{name}` rests on {act}, which ranks above the city"
            yield ("overrides", i), "above-the-city", problem, "an overlay can move only what the city made itself"
    for v, version in enumerate(rule.versions):
        inside = version.valid.start in overlay.valid and version.valid.end and version.valid.end in overlay.valid
        if overlay.valid.end and not inside:
            yield ("versions", v, "valid"), "no-expiry", f"`{version.valid}` lies beyond the overlay", f"stay in {overlay.valid}"
        for name, given in version.then.items():
            if _obliges(pack, name, given):
                problem = f"`{name}` would oblige the owner of data to share them"
                yield ("versions", v, "then", name), "beyond-grantor", problem, "only law obliges to share"
            if undercut := _undercuts(pack, name, given):
                yield ("versions", v, "then", name), "above-the-city", undercut, "leave the floor of law as it is"
    if rule.effect == "statutory" and not _empowered(book, overlay, rule):
        problem = "the discretion used gives the grantor no statutory effect"
        yield ("effect",), "beyond-grantor", problem, "use agreed, owner or advisory, or cite the law that gives the power"


def _above(book: Rulebook, rule: Rule) -> str:
    """Return the instrument above the city on which a rule rests as law, else nothing: analogy and design only cite."""
    if rule.effect != "statutory" and "law" not in (rule.origin.factor, rule.origin.effect):
        return ""
    cited = [*rule.sources, *(source for version in rule.versions for source in version.sources)]
    found = [book.instruments[source.instrument] for source in cited if source.instrument in book.instruments]
    return next((act.id for act in found if _outranks(act)), "a competence of law" if rule.effect == "statutory" else "")


def _outranks(act: Instrument) -> bool:
    return act.binding and act.rank in ABOVE and not act.issuer.startswith(CITY)


def _obliges(pack: PackRules, name: str, given: str | list[str]) -> bool:
    """Tell whether a value of an outcome obliges to share, or may: a computed one may be any of them."""
    outcome = pack.outcomes.get(name)
    values = [given] if isinstance(given, str) else given
    said = {value.id: value.request or outcome.request for value in outcome.values} if outcome else {}
    return any(said.get(value) == "oblige" or (value not in said and "oblige" in said.values()) for value in values)


def _undercuts(pack: PackRules, name: str, given: str | list[str]) -> str:
    """Say how a value undercuts a floor that is law; a rule that gives less than the floor stands in its place."""
    outcome = pack.outcomes.get(name)
    if outcome is None or outcome.combine != "strictest" or not isinstance(given, str):
        return ""
    order = [value.id for value in outcome.values]
    lawful = [floor.value for floor in outcome.floor if floor.effect == "statutory" and floor.value in order]
    lower = given in order and any(order.index(given) < order.index(floor) for floor in lawful)
    return f"`{given}` undercuts the floor of `{name}`, which is law" if lower else ""


def _empowered(book: Rulebook, overlay: Overlay, rule: Rule) -> bool:
    acts = [book.instruments[source.instrument] for source in overlay.discretion if source.instrument in book.instruments]
    return rule.authority == overlay.grantor and any(act.binding and act.rank in BY_LAW for act in acts)
