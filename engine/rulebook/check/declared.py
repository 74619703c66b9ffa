"""Declarations: every name is of the right form and declared once, every range has room, every text is in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from engine.errors import Finding, Place
from engine.rulebook.check.names import nearest, pack_file
from schemas.rulebook import Text

if TYPE_CHECKING:
    from engine.rulebook.load import Loaded
    from schemas.rulebook import Fact

# what the grammar reads as its own words: a list or an outcome of such a name could not be named in a condition
WORDS = frozenset(
    (
        "all",
        "and",
        "any",
        "count",
        "distinct",
        "false",
        "has",
        "in",
        "lookup",
        "max",
        "nonempty",
        "not",
        "or",
        "sum",
        "true",
        "where",
    )
)
_DOTTED = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+\Z")
_WORD = re.compile(r"[a-z][a-z0-9_]*\Z")
_EITHER = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?\Z")
_DASHED = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")
_HOME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*(/[a-z][a-z0-9]*(-[a-z0-9]+)*)?\Z")  # a policy's is `owner/data-set`
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_ENGLISH = re.compile(r"[a-z]{3}")
UNITS = "declare it under `units:` in rules/vocabulary/"
Entry = tuple[str, Place, re.Pattern[str]]
# the documents that others refer to: while one of them is not of its form, every name in it would seem unknown
DECLARING = ("vocabulary/", "instruments/", "lists/", "authorities.yaml", "/pack.yaml")


def unreadable(loaded: Loaded) -> bool:
    """Tell whether a document that declares names could not be read, so that nothing can be said about their use."""
    read = {file for docs in loaded.docs.values() for file in docs}
    return any(each.place.file not in read and any(part in each.place.file for part in DECLARING) for each in loaded.findings)


def names(loaded: Loaded) -> Iterator[Finding]:
    """Names have the form of their kind, are none of the language's words, and are declared once among those they may meet."""
    for space in (_vocabulary(loaded), _shared(loaded, "table"), _shared(loaded, "instruments"), _packs(loaded)):
        yield from _once(space)
    facts = {entry for docs in (loaded.rulebook.facts, loaded.rulebook.lists) for entry in docs}
    for pack_id, pack in loaded.rulebook.packs.items():
        yield from _once(_pack_names(loaded, pack_id), facts)
        for o, outcome in enumerate(pack.doc.outcomes):
            values = ("outcomes", o, "values")
            entries = (
                (v.id, loaded.sources.place(pack_file(pack_id), *values, i, "id"), _WORD) for i, v in enumerate(outcome.values)
            )
            yield from _once(entries)


def _once(entries: Iterator[Entry], taken: set[str] | frozenset[str] = frozenset()) -> Iterator[Finding]:
    seen: dict[str, Place] = {}
    for name, place, form in entries:
        if not form.match(name):
            yield Finding("bad-name", place, f"`{name}` is not a name", "use lower-case words joined as the README says")
        elif name in WORDS and form not in (_DASHED, _HOME):
            yield Finding("reserved-name", place, f"`{name}` is a word of the condition language", "choose another name")
        if name in seen:
            yield Finding("duplicate-name", place, f"`{name}` is declared twice", f"it stands first at {seen[name]}")
        elif name in taken:
            yield Finding("duplicate-name", place, f"`{name}` is the name of a fact or list", "choose another name")
        seen.setdefault(name, place)


def _vocabulary(loaded: Loaded) -> Iterator[Entry]:
    forms = {"units": _WORD, "lists": _WORD, "facts": _DOTTED, "constraints": _DASHED}
    for file, topic in loaded.docs["topic"].items():
        for kind, form in forms.items():
            for i, entry in enumerate(getattr(topic, kind)):
                yield entry.id, loaded.sources.place(file, kind, i, "id"), form


def _shared(loaded: Loaded, kind: str) -> Iterator[Entry]:
    for file, doc in loaded.docs[kind].items():
        if kind == "table":
            yield doc.id, loaded.sources.place(file, "id"), _DASHED
        else:
            for i, entry in enumerate(doc.instruments):
                yield entry.id, loaded.sources.place(file, "instruments", i, "id"), _DASHED


def _packs(loaded: Loaded) -> Iterator[Entry]:
    for file, doc in loaded.docs["pack"].items():
        yield doc.id, loaded.sources.place(file, "id"), _HOME


def _pack_names(loaded: Loaded, pack_id: str) -> Iterator[Entry]:
    doc = loaded.rulebook.packs[pack_id].doc
    for kind, form in (("derived", _DOTTED), ("outcomes", _EITHER)):
        for i, entry in enumerate(getattr(doc, kind)):
            yield entry.id, loaded.sources.place(pack_file(pack_id), kind, i, "id"), form


def ranges(loaded: Loaded) -> Iterator[Finding]:
    """A fact has the parts of its type and no others, and a range in which something lies."""
    for file, topic in loaded.docs["topic"].items():
        for i, fact in enumerate(topic.facts):
            place = loaded.sources.place(file, "facts", i)
            if fact.type in ("enum", "set") and len({value.id for value in fact.values}) != max(2, len(fact.values)):
                yield Finding(
                    "bad-values", place, f"`{fact.id}` needs two or more values, each once", "list them under `values:`"
                )
            for part in _foreign(fact):
                yield Finding("bad-range", place, f"`{fact.id}` is of type {fact.type} and has no `{part}`", f"remove `{part}:`")
            for part, bound in (("min", fact.min), ("max", fact.max)):
                if bound is not None and part not in _foreign(fact) and isinstance(bound, date) != (fact.type == "date"):
                    yield Finding("bad-range", place, f"`{part}` of `{fact.id}` is not of type {fact.type}", "write one that is")
            if type(fact.min) is type(fact.max) and fact.min is not None and fact.min >= fact.max:
                yield Finding("bad-range", place, f"`min` of `{fact.id}` is not below its `max`", "exchange them")


def units(loaded: Loaded) -> Iterator[Finding]:
    """What a number counts is declared, so that it can be said in both languages."""
    known = loaded.rulebook.units
    for file, topic in loaded.docs["topic"].items():
        for i, fact in enumerate(topic.facts):
            if fact.unit and fact.unit not in known:
                place = loaded.sources.place(file, "facts", i, "unit")
                yield Finding("unknown-unit", place, f"no unit named `{fact.unit}`", nearest(fact.unit, known, UNITS))
    for pack_id, pack in loaded.rulebook.packs.items():
        for d, derived in enumerate(pack.doc.derived):
            if derived.unit and derived.unit not in known:
                place = loaded.sources.place(pack_file(pack_id), "derived", d, "unit")
                yield Finding("unknown-unit", place, f"no unit named `{derived.unit}`", nearest(derived.unit, known, UNITS))


def _foreign(fact: Fact) -> list[str]:
    """Return the parts that a fact states although its type has none."""
    allowed = {"int": ("min", "max", "unit"), "decimal": ("min", "max", "unit", "places"), "date": ("min", "max")}
    allowed |= {"enum": ("values",), "set": ("values",)}
    stated = ("min", "max", "unit", "places", "values")
    return [part for part in stated if part in fact.model_fields_set and part not in allowed.get(fact.type, ())]


def translations(loaded: Loaded) -> Iterator[Finding]:
    """A Chinese text is Chinese and an English one is not; names such as `GB/T 35273` are the same in both."""
    for docs in loaded.docs.values():
        for file, doc in docs.items():
            for path, text in _texts(doc, ()):
                if _ENGLISH.search(text.zh) and not _CHINESE.search(text.zh):
                    place = loaded.sources.place(file, *path, "zh")
                    yield Finding("not-translated", place, "the Chinese text is not Chinese", "translate it")
                if _CHINESE.search(text.en) and not _ENGLISH.search(text.en):
                    place = loaded.sources.place(file, *path, "en")
                    yield Finding("not-translated", place, "the English text is Chinese", "translate it")


def _texts(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Text]]:
    if isinstance(value, Text):
        yield path, value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _texts(getattr(value, name), (*path, name))
    elif isinstance(value, (list, dict)):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _texts(each, (*path, key))
