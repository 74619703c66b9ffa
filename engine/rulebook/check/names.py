"""Names: declared once, of the right form, and every reference meets a declaration."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import TYPE_CHECKING

from engine.errors import Finding, Place

if TYPE_CHECKING:
    from engine.rulebook.load import Loaded
    from schemas.rulebook import Source

_FACT = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+\Z")
_WORD = re.compile(r"[a-z][a-z0-9_]*\Z")
_DASHED = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")


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


def vocabulary(loaded: Loaded) -> Iterator[Finding]:
    """Facts, lists and constraints have good names, once each."""
    seen: dict[str, Place] = {}
    for file, topic in loaded.docs.get("topic", {}).items():
        for kind in ("lists", "facts", "constraints"):
            for i, entry in enumerate(getattr(topic, kind)):
                place = loaded.sources.place(file, kind, i, "id")
                form = {"lists": _WORD, "facts": _FACT, "constraints": _DASHED}[kind]
                if not form.match(entry.id):
                    yield Finding(
                        "bad-name", place, f"`{entry.id}` is not a name", "use lower-case words joined as the README says"
                    )
                if entry.id in seen:
                    yield Finding(
                        "duplicate-name", place, f"`{entry.id}` is declared twice", f"it stands first at {seen[entry.id]}"
                    )
                seen.setdefault(entry.id, place)
        for i, fact in enumerate(topic.facts):
            if fact.type in ("enum", "set") and len({value.id for value in fact.values}) != max(2, len(fact.values)):
                place = loaded.sources.place(file, "facts", i)
                yield Finding(
                    "bad-values", place, f"`{fact.id}` needs two or more values, each once", "list them under `values:`"
                )


def packs(loaded: Loaded) -> Iterator[Finding]:
    """Packs and rules name lists, rules and authorities that exist."""
    book = loaded.rulebook
    for pack_id, pack in book.packs.items():
        home = pack_file(pack_id)
        if f"rules/{pack_id}/pack.yaml" not in loaded.sources.nodes:
            yield Finding(
                "bad-name", Place(home), f"the pack `{pack_id}` does not lie in a folder of its name", "rename the folder"
            )
        if pack.doc.date != "as_of" and pack.doc.date not in book.facts:
            place = loaded.sources.place(home, "date")
            yield Finding(
                "unknown-fact", place, f"no fact named `{pack.doc.date}`", nearest(pack.doc.date, book.facts, "or use as_of")
            )
        for rule_id, rule in pack.rules.items():
            file = rule_file(pack_id, rule_id)
            if rule.date not in ("", "as_of") and rule.date not in book.facts:
                place = loaded.sources.place(file, "date")
                remedy = nearest(rule.date, book.facts, "or use as_of")
                yield Finding("unknown-fact", place, f"no fact named `{rule.date}`", remedy)
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


def tables(loaded: Loaded) -> Iterator[Finding]:
    """Tables are keyed by enum or boolean facts, and their cells are declared values."""
    book = loaded.rulebook
    for file, table in loaded.docs.get("table", {}).items():
        given = set(table.gives.values)
        if table.gives.fact in book.facts:
            given = {value.id for value in book.facts[table.gives.fact].values}
        for i, key in enumerate(table.keys):
            if key not in book.facts:
                place = loaded.sources.place(file, "keys", i)
                yield Finding("unknown-fact", place, f"no fact named `{key}`", nearest(key, book.facts, "declare it"))
            elif book.facts[key].type not in ("enum", "bool"):
                place = loaded.sources.place(file, "keys", i)
                yield Finding("wrong-type", place, f"`{key}` cannot be a key", "a key is an enum or boolean fact")
        for v, version in enumerate(table.versions):
            if version.otherwise not in given | {"unknown"}:
                place = loaded.sources.place(file, "versions", v, "otherwise")
                remedy = nearest(version.otherwise, given, "declare it")
                yield Finding("unknown-value", place, f"`{version.otherwise}` is no value of the table", remedy)
            for r, row in enumerate(version.rows):
                place = loaded.sources.place(file, "versions", v, "rows", r)
                if row.is_ not in given | {"unknown"}:
                    yield Finding(
                        "unknown-value", place, f"`{row.is_}` is no value of the table", nearest(row.is_, given, "declare it")
                    )
                for key, value in row.when.items():
                    if key not in table.keys:
                        yield Finding(
                            "unknown-key", place, f"`{key}` is no key of the table", nearest(key, table.keys, "add it to keys")
                        )
                    elif (
                        key in book.facts
                        and book.facts[key].type == "enum"
                        and value not in [x.id for x in book.facts[key].values]
                    ):
                        known = [x.id for x in book.facts[key].values]
                        yield Finding(
                            "unknown-value", place, f"`{key}` has no value `{value}`", nearest(str(value), known, "declare it")
                        )


def sources(loaded: Loaded) -> Iterator[Finding]:
    """Every rule, floor and clause rests on an instrument that is known."""
    book = loaded.rulebook
    for pack_id, pack in book.packs.items():
        for rule_id, rule in pack.rules.items():
            yield from _sources(loaded, rule_file(pack_id, rule_id), ("sources",), rule.sources)
        for o, outcome in enumerate(pack.doc.outcomes):
            for f, floor in enumerate(outcome.floor):
                yield from _sources(loaded, pack_file(pack_id), ("outcomes", o, "floor", f, "sources"), floor.sources)
        for g, clause in enumerate(pack.doc.goes_to):
            if clause.outcome not in pack.outcomes:
                place = loaded.sources.place(pack_file(pack_id), "goes_to", g, "outcome")
                remedy = nearest(clause.outcome, pack.outcomes, "declare it")
                yield Finding("unknown-outcome", place, f"no outcome named `{clause.outcome}`", remedy)
            yield from _sources(loaded, pack_file(pack_id), ("goes_to", g, "sources"), clause.sources)


def _sources(loaded: Loaded, file: str, path: tuple[str | int, ...], found: list[Source]) -> Iterator[Finding]:
    known = loaded.rulebook.instruments
    if not found:
        yield Finding("no-source", loaded.sources.place(file, *path), "nothing says where this comes from", "name an instrument")
    for i, source in enumerate(found):
        if source.instrument not in known:
            place = loaded.sources.place(file, *path, i, "instrument")
            remedy = nearest(source.instrument, known, "add it to rules/instruments/")
            yield Finding("unknown-instrument", place, f"no instrument named `{source.instrument}`", remedy)
