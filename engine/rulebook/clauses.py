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
    from schemas.register import ClauseGroup, Register

Path = tuple[str | int, ...]
# what an entry of a document's list is called; a list not named here says it itself
SINGULAR = {"outcomes": "outcome", "proofs": "proof", "clocks": "clock", "countings": "counting", "guards": "guard"}


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
                yield Cited(_by(file, doc, path), file, path, source.instrument, source.article)


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


def _by(file: str, doc: Any, path: Path) -> str:
    """Return the name of what cites: `pack/rule`, `pack/floor:outcome`, `calendar/clock:id`, or the file below rules/."""
    home = PurePosixPath(file).parent.name
    within: Any = getattr(doc, str(path[0]))
    entry = within[path[1]] if len(path) > 1 and not isinstance(within, BaseModel) else within
    name = getattr(entry, "id", "") or getattr(entry, "outcome", "")
    if not name:
        return f"{home}/{PurePosixPath(file).stem}"
    part = "floor" if "floor" in path else SINGULAR.get(str(path[0]), str(path[0]))
    return f"{home}/{part}:{name}"


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
