"""Rules as rows of a decision table, and rows back to rules: every value has one cell, and every cell one value.

Four sheets: a row per rule, per dated version, per source, per case. A cell is text; nested values are one line of YAML. A field
that no column shows stays in the file as it is.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.errors import Finding, Place, ReadError
from engine.rulebook.read import plain, read
from engine.rulebook.rewrite import flow

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Path = tuple[str | int, ...]
# sheet -> column -> path below the rule, its version, source or case; `*` marks values that are one line of YAML
COLUMNS: dict[str, dict[str, str]] = {
    "rules": {
        "rule": "",
        "title zh": "title.zh",
        "title en": "title.en",
        "on": "on",
        "effect": "effect",
        "authority": "authority",
        "factor from": "origin.factor",
        "effect from": "origin.effect",
        "date": "date",
        "overrides": "overrides*",
        "principle": "principle",
        "note zh": "note.zh",
        "note en": "note.en",
    },
    "versions": {"rule": "", "no": "", "valid": "valid", "when": "when", "then": "then*", "gap": "gap*"},
    "sources": {
        "rule": "",
        "version": "",
        "no": "",
        "instrument": "instrument",
        "article": "article",
        "read": "read",
        "note zh": "note.zh",
        "note en": "note.en",
    },
    "cases": {
        "rule": "",
        "no": "",
        "name": "name",
        "on": "on",
        "facts": "facts*",
        "expect": "expect",
        "outcomes": "outcomes*",
        "missing": "missing*",
    },
}
Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Cells:
    """A row as it was read: text by column, and the place of each cell."""

    values: Row
    places: dict[str, Place]


@dataclass
class Taken:
    """Rules taken from rows, with the cell from which each value came, and what could not be taken."""

    docs: dict[str, dict[str, Any]] = field(default_factory=dict)
    cells: dict[tuple[str, Path], Place] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def to_rows(docs: Mapping[str, dict[str, Any]]) -> dict[str, list[Row]]:
    """Return the rows of each sheet for rules by name, as their files say."""
    sheets: dict[str, list[Row]] = {name: [] for name in COLUMNS}
    for rule, doc in docs.items():
        sheets["rules"].append(_row("rules", doc, rule=rule))
        for number, version in enumerate(doc["versions"], 1):
            sheets["versions"].append(_row("versions", version, rule=rule, no=str(number)))
        for home, holder in (("", doc), *((str(n), v) for n, v in enumerate(doc["versions"], 1))):
            for number, source in enumerate(holder.get("sources", ()), 1):
                sheets["sources"].append(_row("sources", source, rule=rule, version=home, no=str(number)))
        for number, case in enumerate(doc.get("cases", ()), 1):
            sheets["cases"].append(_row("cases", case, rule=rule, no=str(number)))
    return sheets


def _row(sheet: str, value: dict[str, Any], **keys: str) -> Row:
    row = dict(keys)
    for column, path in COLUMNS[sheet].items():
        if path:
            found: Any = value
            for step in path.rstrip("*").split("."):
                found = found.get(step) if isinstance(found, dict) else None
            row[column] = "" if found is None else flow(found) if path.endswith("*") else str(found)
    return row


def from_rows(sheets: Mapping[str, list[Cells]], docs: Mapping[str, dict[str, Any]]) -> Taken:
    """Return the rules that rows state, over the rules as they are; a rule without a row is refused, never dropped."""
    taken = Taken(docs={name: copy.deepcopy(doc) for name, doc in docs.items()})
    for cells in sheets["rules"]:
        rule = cells.values["rule"]
        if rule not in docs:
            remedy = "write a new rule with `fenji new-rule`; here the rules of the pack are changed"
            taken.findings.append(Finding("unknown-rule", cells.places["rule"], f"no rule named `{rule[:80]}`", remedy))
            continue
        _put(taken, cells, ("rules", rule, ()), taken.docs[rule])
    stated = {cells.values["rule"] for cells in sheets["rules"]}
    for rule in docs:
        if rule not in stated:
            problem, remedy = f"the rule `{rule}` has no row", "restore the row; a rule is deleted in its file"
            taken.findings.append(Finding("missing-row", Place(_sheet(sheets, "rules")), problem, remedy))
    for sheet in ("versions", "cases"):
        _lists(taken, sheet, sheets[sheet], sheet)
    _lists(taken, "sources", sheets["sources"], "sources")
    return taken


def _sheet(sheets: Mapping[str, list[Cells]], name: str) -> str:
    first = next((cells for cells in sheets[name]), None)
    return next(iter(first.places.values())).file.rpartition("!")[0] if first else name


def _lists(taken: Taken, sheet: str, rows: list[Cells], key: str) -> None:
    """Fill the lists of versions, sources or cases; entries follow each other in the order of the rows."""
    groups: dict[tuple[str, str], list[Cells]] = {}
    for cells in rows:
        rule, home = cells.values["rule"], cells.values.get("version", "")
        versions = taken.docs.get(rule, {}).get("versions", ())
        if rule not in taken.docs or (home and not (home.isdecimal() and 1 <= int(home) <= len(versions))):
            column = "rule" if rule not in taken.docs else "version"
            problem = f"no {column} `{cells.values[column][:80]}`"
            taken.findings.append(Finding("unknown-rule", cells.places[column], problem, "see the sheets `rules` and `versions`"))
            continue
        groups.setdefault((rule, home), []).append(cells)
    for rule, doc in taken.docs.items():
        for home, holder, path in _holders(doc, key):
            before: list[dict[str, Any]] = holder.get(key, [])
            found = [dict(before[i]) if i < len(before) else {} for i in range(len(groups.get((rule, home), ())))]
            for index, (cells, value) in enumerate(zip(groups.get((rule, home), ()), found, strict=True)):
                _put(taken, cells, (sheet, rule, (*path, key, index)), value)
            if found or key in holder:
                holder[key] = found


def _holders(doc: dict[str, Any], key: str) -> Iterator[tuple[str, dict[str, Any], Path]]:
    yield "", doc, ()
    if key == "sources":
        yield from ((str(n), version, ("versions", n - 1)) for n, version in enumerate(doc["versions"], 1))


def _put(taken: Taken, cells: Cells, to: tuple[str, str, Path], value: dict[str, Any]) -> None:
    """Put the cells of a row into what it stands for; `to` is its sheet, its rule and the path there."""
    sheet, rule, at = to
    for column, path in COLUMNS[sheet].items():
        if not path:
            continue
        *parents, last = path.rstrip("*").split(".")
        text, place = cells.values[column], cells.places[column]
        taken.cells[rule, (*at, *parents, last)] = place
        home = value
        if not text:
            for step in parents:
                home = home.get(step, {})
            if str(home.get(last, "")) != "":
                home.pop(last)
            continue
        try:
            new = plain(read(text.encode(), place.file)) if path.endswith("*") else text
        except ReadError as error:
            remedy = error.finding.help or "write one line of YAML"
            taken.findings.append(Finding(error.finding.code, place, error.finding.problem, remedy))
            continue
        for step in parents:
            home = home.setdefault(step, {})
        if path.endswith("*") or str(home.get(last, "")) != text:
            home[last] = new


def changes(before: Any, after: Any, at: Path = ()) -> Iterator[tuple[Path, Any, Any]]:
    """Yield each value that differs, with its path; a value that is not there is None."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in {**before, **after}:
            yield from changes(before.get(key), after.get(key), (*at, key))
    elif isinstance(before, list) and isinstance(after, list) and all(isinstance(each, dict) for each in (*before, *after)):
        for index in range(max(len(before), len(after))):
            old, new = (side[index] if index < len(side) else None for side in (before, after))
            yield from changes(old, new, (*at, index))
    elif before != after:
        yield at, before, after
