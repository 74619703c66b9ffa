"""Names: declared once, of the right form, and every reference meets a declaration."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import TYPE_CHECKING

from engine.errors import Finding, Place

if TYPE_CHECKING:
    from engine.rulebook.load import Loaded
    from schemas.rulebook import Source


def nearest(name: str, known: Iterable[str], otherwise: str) -> str:
    """Return `did you mean ...` for the nearest known name, or `otherwise`."""
    near = get_close_matches(name, list(known), 1)
    return f"did you mean `{near[0]}`?" if near else otherwise


def rule_file(pack: str, rule: str) -> str:
    """Return the file of a rule."""
    return f"rules/{pack}/{rule}.yaml"


def pack_file(pack: str) -> str:
    """Return the file of a pack's own declarations."""
    return f"rules/{pack}/pack.yaml"


def packs(loaded: Loaded) -> Iterator[Finding]:
    """Packs and rules name lists, rules and authorities that exist."""
    book = loaded.rulebook
    for pack_id, pack in book.packs.items():
        home = pack_file(pack_id)
        if f"rules/{pack_id}/pack.yaml" not in loaded.sources.nodes:
            yield Finding(
                "bad-name", Place(home), f"the pack `{pack_id}` does not lie in a folder of its name", "rename the folder"
            )
        yield from _date(loaded, home, pack.doc.date)
        for rule_id, rule in pack.rules.items():
            file = rule_file(pack_id, rule_id)
            yield from _date(loaded, file, rule.date)
            if rule.on and rule.on not in book.lists:
                place = loaded.sources.place(file, "on")
                yield Finding("unknown-list", place, f"no list named `{rule.on}`", nearest(rule.on, book.lists, "declare it"))
            for i, other in enumerate(rule.overrides):
                place = loaded.sources.place(file, "overrides", i)
                if other not in pack.rules:
                    yield Finding(
                        "unknown-rule", place, f"no rule named `{other}`", nearest(other, pack.rules, "name a rule of the pack")
                    )
                elif pack.rules[other].on != rule.on:
                    yield Finding(
                        "bad-override", place, f"`{other}` runs over other things", "override a rule with the same `on:`"
                    )
            if rule.overrides and not rule.principle:
                yield Finding(
                    "no-principle", loaded.sources.place(file, "overrides"), "an override needs its principle", "add `principle:`"
                )


def _date(loaded: Loaded, file: str, name: str) -> Iterator[Finding]:
    """A date that selects law is a date of the filing."""
    book = loaded.rulebook
    if name in ("", "as_of"):
        return
    place = loaded.sources.place(file, "date")
    if name not in book.facts:
        yield Finding("unknown-fact", place, f"no fact named `{name}`", nearest(name, book.facts, "or use as_of"))
    elif book.facts[name].type != "date":
        yield Finding("wrong-type", place, f"`{name}` is not a date", "name a fact of type date, or use as_of")
    elif home := book.list_of(name):
        yield Finding("out-of-scope", place, f"`{name}` belongs to each {home}", "name a date of the filing, or use as_of")


def sources(loaded: Loaded) -> Iterator[Finding]:
    """Every rule, floor and clause rests on an instrument that is known."""
    book = loaded.rulebook
    for pack_id, pack in book.packs.items():
        for rule_id, rule in pack.rules.items():
            yield from cited(loaded, rule_file(pack_id, rule_id), ("sources",), rule.sources)
        for o, outcome in enumerate(pack.doc.outcomes):
            for f, floor in enumerate(outcome.floor):
                yield from cited(loaded, pack_file(pack_id), ("outcomes", o, "floor", f, "sources"), floor.sources)
        for g, clause in enumerate(pack.doc.goes_to):
            if clause.outcome not in pack.outcomes:
                place = loaded.sources.place(pack_file(pack_id), "goes_to", g, "outcome")
                remedy = nearest(clause.outcome, pack.outcomes, "declare it")
                yield Finding("unknown-outcome", place, f"no outcome named `{clause.outcome}`", remedy)
            yield from cited(loaded, pack_file(pack_id), ("goes_to", g, "sources"), clause.sources)


def cited(loaded: Loaded, file: str, path: tuple[str | int, ...], found: list[Source]) -> Iterator[Finding]:
    """Every source of a thing names an instrument that is known, and there is one."""
    known = loaded.rulebook.instruments
    if not found:
        yield Finding("no-source", loaded.sources.place(file, *path), "nothing says where this comes from", "name an instrument")
    for i, source in enumerate(found):
        if source.instrument not in known:
            place = loaded.sources.place(file, *path, i, "instrument")
            remedy = nearest(source.instrument, known, "add it to rules/instruments/")
            yield Finding("unknown-instrument", place, f"no instrument named `{source.instrument}`", remedy)
