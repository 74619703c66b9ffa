"""Tables: keys are enum or boolean facts, and every cell holds a declared value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.errors import Finding
from engine.rulebook.check.names import nearest

if TYPE_CHECKING:
    from engine.rulebook.load import Loaded
    from schemas.rulebook import Fact, Row, Table

FREE = "unknown"  # law whose text was not read


def tables(loaded: Loaded) -> Iterator[Finding]:
    """A table gives values of its own or those of an enum fact, for keys that are enum or boolean facts."""
    book = loaded.rulebook
    for file, table in loaded.docs["table"].items():
        for i, key in enumerate(table.keys):
            place = loaded.sources.place(file, "keys", i)
            if key not in book.facts:
                yield Finding("unknown-fact", place, f"no fact named `{key}`", nearest(key, book.facts, "declare it"))
            elif book.facts[key].type not in ("enum", "bool"):
                yield Finding("wrong-type", place, f"`{key}` cannot be a key", "a key is an enum or boolean fact")
        given = list(table.gives.values)
        if table.gives.fact:
            place = loaded.sources.place(file, "gives", "fact")
            fact = book.facts.get(table.gives.fact)
            if fact is None:
                remedy = nearest(table.gives.fact, book.facts, "declare it")
                yield Finding("unknown-fact", place, f"no fact named `{table.gives.fact}`", remedy)
                continue
            if fact.type != "enum":
                yield Finding("wrong-type", place, f"`{fact.id}` is not one of several values", "name an enum fact")
                continue
            given = [value.id for value in fact.values]
        elif not given:
            yield Finding("no-values", loaded.sources.place(file, "gives"), "the table gives nothing", "list its values")
            continue
        else:
            place = loaded.sources.place(file, "gives")
            for value in sorted(set(given) ^ set(table.gives.labels)):
                problem = f"`{value}` is given without a label" if value in given else f"`{value}` has a label and is not given"
                yield Finding("no-label", place, problem, "write each value under `values:` and under `labels:`")
        yield from _cells(loaded, file, table, given)


def _cells(loaded: Loaded, file: str, table: Table, given: list[str]) -> Iterator[Finding]:
    for v, version in enumerate(table.versions):
        if version.otherwise not in (*given, FREE):
            place = loaded.sources.place(file, "versions", v, "otherwise")
            remedy = nearest(version.otherwise, given, "declare it")
            yield Finding("unknown-value", place, f"`{version.otherwise}` is no value of the table", remedy)
        for r, row in enumerate(version.rows):
            place = loaded.sources.place(file, "versions", v, "rows", r)
            if row.is_ not in (*given, FREE):
                remedy = nearest(row.is_, given, "declare it")
                yield Finding("unknown-value", place, f"`{row.is_}` is no value of the table", remedy)
            for code, problem, remedy in _keys(loaded.rulebook.facts, table, row):
                yield Finding(code, place, problem, remedy)


def _keys(facts: dict[str, Fact], table: Table, row: Row) -> Iterator[tuple[str, str, str]]:
    for key, value in row.when.items():
        if key not in table.keys:
            yield "unknown-key", f"`{key}` is no key of the table", nearest(key, table.keys, "add it to keys")
        elif key in facts:
            known = [True, False] if facts[key].type == "bool" else [entry.id for entry in facts[key].values]
            if value not in known:
                shown = str(value).lower() if isinstance(value, bool) else value
                remedy = "write `true` or `false`" if True in known else nearest(shown, map(str, known), "declare it")
                yield "unknown-value", f"`{key}` has no value `{shown}`", remedy
