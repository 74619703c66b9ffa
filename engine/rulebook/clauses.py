"""Which clauses are listed, and which rules cite them: derived from the sources that documents name, never listed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from engine.rulebook.citation import Address, Span, expand, parse
from engine.rulebook.model import Cited
from schemas.rulebook import Source

if TYPE_CHECKING:
    from schemas.rulebook import ClauseGroup, Register

Path = tuple[str | int, ...]
# the lists of a pack or table whose entries have names of their own
NAMED = ("outcomes", "derived", "proofs", "goes_to")


@dataclass(frozen=True, slots=True)
class Clause:
    """A listed clause with its group."""

    address: Address
    group: ClauseGroup


def cited(docs: Mapping[str, Mapping[str, BaseModel]]) -> Iterator[Cited]:
    """Yield every citation in documents by kind and file, whatever they are: rules, floors, tables, life cycles."""
    for kind, files in docs.items():
        if kind == "registers":
            continue
        for file, doc in files.items():
            for path, source in _sources(doc, ()):
                yield Cited(_by(kind, file, doc, path), file, path, source.instrument, source.article)


def _sources(value: Any, path: Path) -> Iterator[tuple[Path, Source]]:
    if isinstance(value, Source):
        yield path, value
    elif isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            yield from _sources(getattr(value, name), (*path, field.alias or name))
    elif isinstance(value, list | tuple):
        for i, entry in enumerate(value):
            yield from _sources(entry, (*path, i))
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield from _sources(entry, (*path, key))


def _by(kind: str, file: str, doc: Any, path: Path) -> str:
    """Return the name of what cites: `pack/rule`, `pack/floor:outcome`, `pack/derived:fact`, or the file below rules/."""
    name = PurePosixPath(file)
    if kind == "rule":
        return f"{name.parent.name}/{name.stem}"
    if kind != "pack" or path[0] not in NAMED:
        return f"{name.parent.name}/{name.stem}"
    entry = getattr(doc, str(path[0]))[path[1]]
    part = "floor" if "floor" in path else {"outcomes": "outcome", "proofs": "proof"}.get(str(path[0]), str(path[0]))
    return f"{doc.id}/{part}:{getattr(entry, 'id', '') or entry.outcome}"


def listed(register: Register) -> list[Clause]:
    """Return the clauses of a register as written. Raises ValueError for a list that is none."""
    return [Clause(address, group) for group in register.clauses for address in expand(group.in_)]


@cache
def spans(article: str) -> tuple[Span, ...]:
    """Return the spans of a citation, none for what is no citation."""
    try:
        return parse(article)
    except ValueError:
        return ()


def by_article(found: Iterable[Cited]) -> dict[str, dict[str, list[str]]]:
    """Return per instrument and citation, as it is written, what cites it."""
    index: dict[str, dict[str, list[str]]] = {}
    for each in found:
        index.setdefault(each.instrument, {}).setdefault(each.article, []).append(each.by)
    return index


def citing(articles: Mapping[str, list[str]], address: Address) -> list[str]:
    """Return what cites a clause, each name once, rules first, from the citations of its instrument."""
    found = {by for article, names in articles.items() if any(span.hits(address) for span in spans(article)) for by in names}
    return sorted(found, key=lambda by: (":" in by, by))
