"""Overlays (一企一试): who grants them under which discretion, over which rules, and until when.

The plan lets the city try things with one enterprise (article 1); it cannot move what ranks above the city. An overlay therefore
ends, names a discretion that its grantor holds, touches only rules of the city's own making, and lifts neither what is never
tolerated nor a pause, an end or a bar.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from engine.errors import Finding, Place
from engine.rulebook.check.dates import by_day
from engine.rulebook.check.names import nearest, rule_file

if TYPE_CHECKING:
    from engine.rulebook.load import Loaded
    from engine.rulebook.model import PackRules, Rulebook
    from schemas.overlay import Overlay
    from schemas.rulebook import Instrument, Rule, Source

# of these ranks an instrument stands above the city, unless a body of the city issued it
ABOVE = frozenset({"law", "regulation", "department_rule", "local_regulation", "local_rule", "normative", "standard"})
CITY = "nanjing"
BY_LAW = frozenset({"law", "regulation", "department_rule", "local_regulation", "local_rule"})
Fault = tuple[tuple[str | int, ...], str, str, str]  # path, code, problem, help


def discretions(loaded: Loaded) -> Iterator[Finding]:
    """Who holds a discretion is a known body."""
    book = loaded.rulebook
    for file, doc in loaded.docs["instruments"].items():
        for i, act in enumerate(doc.instruments):
            for article, held in act.discretion.items():
                for b, body in enumerate(held):
                    if body not in book.authorities:
                        place = loaded.sources.place(file, "instruments", i, "discretion", article, b)
                        remedy = nearest(body, book.authorities, "add it to rules/authorities.yaml")
                        yield Finding("unknown-authority", place, f"no authority named `{body}`", remedy)


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
    yield from _discretion(book, overlay)


def _discretion(book: Rulebook, overlay: Overlay) -> Iterator[Fault]:
    """Each discretion that is used is one that the grantor holds, and one is in force on each day of the overlay."""
    for i, source in enumerate(overlay.discretion):
        act = book.instruments.get(source.instrument)
        if act is None:
            remedy = nearest(source.instrument, book.instruments, "add it to rules/instruments/")
            yield ("discretion", i), "unknown-instrument", f"no instrument named `{source.instrument}`", remedy
        elif overlay.grantor in book.authorities and overlay.grantor not in (held := _holders(act, source)):
            problem = f"`{act.id}` article {source.article or '-'} leaves no discretion to `{overlay.grantor}`"
            remedy = (
                f"it is held by {', '.join(held)}"
                if held
                else "name an article that leaves one: `discretion:` in rules/instruments/"
            )
            yield ("discretion", i), "beyond-grantor", problem, remedy
    known = [source for source in overlay.discretion if source.instrument in book.instruments]
    lawless = [day for day, there in by_day(overlay.valid, known, book.instruments) if not there] if known else []
    if lawless:
        problem = f"no discretion that is used is in force on {lawless[0]}"
        yield ("valid",), "before-its-law", problem, "begin, and end, with what leaves the discretion"
    there = [each.valid for each in book.authorities.get(overlay.grantor, ())]
    for day in filter(None, (overlay.valid.start, overlay.valid.end)):
        if there and not any(day in valid for valid in there):
            yield ("valid",), "beyond-grantor", f"there is no `{overlay.grantor}` on {day}", "stay in the days of the grantor"
            return


def _holders(act: Instrument, source: Source) -> list[str]:
    """Return the bodies that hold the discretion of an article; a paragraph is of its article."""
    names = dict.fromkeys((source.article, source.article.partition("(")[0]))
    return [body for name in names for body in act.discretion.get(name, ())]


def _rule(book: Rulebook, pack: PackRules, overlay: Overlay, rule: Rule) -> Iterator[Fault]:
    for i, name in enumerate(rule.overrides):
        if name not in pack.rules:
            continue
        if act := _above(book, pack.rules[name]):
            problem = f"`{name}` rests on {act}, which ranks above the city"
            yield ("overrides", i), "above-the-city", problem, "an overlay can move only what the city made itself"
        elif stands := _stands(pack, pack.rules[name]):
            yield ("overrides", i), "never-lifted", f"`{name}` gives {stands}", "leave it: no trial is had without it"
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
    """Return what above the city a rule rests on as law, else nothing: by its effect or origin, whatever it cites.

    Analogy and design only cite; of what is law, the instrument is named where one of those cited outranks the city.
    """
    if rule.effect != "statutory" and "law" not in (rule.origin.factor, rule.origin.effect):
        return ""
    cited = [*rule.sources, *(source for version in rule.versions for source in version.sources)]
    found = [book.instruments[source.instrument] for source in cited if source.instrument in book.instruments]
    other = "a competence of law" if rule.effect == "statutory" else "law (its origin)"
    return next((act.id for act in found if _outranks(act)), other)


def _stands(pack: PackRules, rule: Rule) -> str:
    """Return what a rule gives that no overlay moves: an outcome that is fixed, or a value that suspends, prohibits or bars."""
    for version in rule.versions:
        for name, given in version.then.items():
            outcome = pack.outcomes.get(name)
            if outcome and outcome.fixed:
                return f"`{name}`, which no overlay moves"
            wanted = {given} if isinstance(given, str) else set(given)
            if act := next((each.act for each in outcome.values if each.act and each.id in wanted), None) if outcome else None:
                return f"`{name}`, and would {act}"
    return ""


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
