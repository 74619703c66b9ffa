"""Files -> Rulebook: read every document, give each its shape, parse each condition once.

Every fault of form is collected, so that an author sees them all; meaning is proved by check/.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from engine.errors import CheckFailedError, ConditionError, Finding, Place, ReadError
from engine.rulebook import condition as ir
from engine.rulebook import duties
from engine.rulebook.clauses import cited
from engine.rulebook.form import findings
from engine.rulebook.model import PackRules, Rulebook
from engine.rulebook.parse import parse
from engine.rulebook.policies import agreement, noted
from engine.rulebook.read import Node, place_in, place_of, plain, read
from schemas import calendar as dates
from schemas import rulebook as shapes
from schemas.lifecycle import Lifecycle
from schemas.overlay import Overlay
from schemas.register import Registers

if TYPE_CHECKING:
    from collections.abc import Iterator


KINDS = (
    *("pack", "rule", "topic", "table", "instruments", "registers", "authorities", "overlay", "year", "statutory", "clocks"),
    "lifecycle",
)


@dataclass
class Sources:
    """The nodes of every file read, so that a finding can name its place."""

    nodes: dict[str, Node] = field(default_factory=dict)

    def place(self, file: str, *path: str | int) -> Place:
        """Return the place of what `path` names in `file`."""
        return place_of(self.nodes[file], path) if file in self.nodes else Place(file)

    def place_in(self, text: str, file: str, *path: str | int) -> Place:
        """Return the place of `text` inside what `path` names in `file`, without a column where none can be counted."""
        return place_in(self.nodes[file], path, text) if file in self.nodes else Place(file)


@dataclass
class Loaded:
    """A rulebook with its places and the faults of form found on the way."""

    rulebook: Rulebook
    sources: Sources
    findings: list[Finding]
    docs: dict[str, dict[str, Any]]


def rule_files(folder: Path) -> list[Path]:
    """Return the files that make up the rulebook below `folder`, sorted; samples are not part of it."""
    return sorted(p for p in folder.rglob("*.yaml") if p.relative_to(folder).parts[0] != "samples")


def digest(files: list[tuple[str, bytes]]) -> str:
    """Return the SHA-256 over names and bytes of the rule files."""
    total = hashlib.sha256()
    for name, data in files:
        total.update(f"{name}\0{len(data)}\0".encode() + data)
    return total.hexdigest()


def load(folder: Path) -> Rulebook:
    """Return the rulebook below `folder`. Raises CheckFailedError with every fault of form."""
    loaded = load_all([(p.relative_to(folder).as_posix(), p.read_bytes()) for p in rule_files(folder)])
    if loaded.findings:
        raise CheckFailedError(loaded.findings)
    return loaded.rulebook


def load_all(files: list[tuple[str, bytes]], shown: dict[str, str] | None = None) -> Loaded:
    """Return what could be loaded of `files` (name below rules/, bytes) and every fault of form.

    `shown` names the files in messages that lie elsewhere: policies and overlays.
    """
    loader = _Loader()
    for name, data in files:
        loader.take(name, data, (shown or {}).get(name, f"rules/{name}"))
    return loader.finish(digest(files))


class _Loader:
    def __init__(self) -> None:
        self.sources = Sources()
        self.findings: list[Finding] = []
        self.docs: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
        self.conditions: dict[str, ir.Node] = {}
        self.names: list[str] = []

    def take(self, name: str, data: bytes, shown: str) -> None:
        """Read one file, keeping its document or the faults of its form."""
        self.names.append(name)
        kind, shape = _kind(PurePosixPath(name))
        try:
            node = read(data, shown)
        except ReadError as error:
            self.findings.append(error.finding)
            return
        file = f"rules/{name}"
        self.sources.nodes[file] = node
        try:
            doc = shape.model_validate(plain(node))
        except ValidationError as error:
            self.findings += findings(node, error)
            return
        self.docs[kind][file] = doc
        for path, text in _conditions(doc):
            self._parse(text, place_in(node, path, text))

    def _parse(self, text: str, place: Place) -> None:
        if text in self.conditions:
            return
        try:
            self.conditions[text] = parse(text, place)
        except ConditionError as error:
            self.conditions[text] = ir.Const(value=True)
            self.findings.append(error.finding)

    def finish(self, total: str) -> Loaded:
        """Return the rulebook of all documents taken."""
        packs = {}
        for file, doc in self.docs["pack"].items():
            folder = PurePosixPath(file).parent
            rules = {PurePosixPath(f).stem: r for f, r in self.docs["rule"].items() if PurePosixPath(f).parent == folder}
            packs[doc.id] = PackRules(doc, rules)
        overlays = {
            PurePosixPath(file).relative_to("rules/overlays").with_suffix("").as_posix(): doc
            for file, doc in self.docs["overlay"].items()
        }
        self.findings += self._homeless()
        topics = list(self.docs["topic"].items())
        authorities: dict[str, list[shapes.Authority]] = {}
        for doc in self.docs["authorities"].values():
            for authority in doc.authorities:
                authorities.setdefault(authority.id, []).append(authority)
        instruments = {entry.id: entry for doc in self.docs["instruments"].values() for entry in doc.instruments}
        rulebook = Rulebook(
            packs={name: noted(pack, overlays, authorities, instruments) for name, pack in packs.items()},
            facts={fact.id: fact for _, doc in topics for fact in doc.facts},
            lists={entry.id: entry for _, doc in topics for entry in doc.lists},
            constraints={entry.id: entry for _, doc in topics for entry in doc.constraints},
            tables={doc.id: doc for doc in self.docs["table"].values()},
            instruments=instruments | {name: agreement(pack.doc) for name, pack in packs.items() if pack.doc.data_set},
            authorities=authorities,
            conditions=self.conditions,
            topics={fact.id: file for file, doc in topics for fact in doc.facts},
            digest=total,
            units={entry.id: entry for _, doc in topics for entry in doc.units},
            overlays=overlays,
            lifecycles={doc.id: doc for doc in self.docs["lifecycle"].values()},
            registers={entry.instrument: entry for doc in self.docs["registers"].values() for entry in doc.registers},
            cited=tuple(cited(self.docs)),
            years={doc.year: doc for doc in self.docs["year"].values()},
            statutory=next(iter(self.docs["statutory"].values()), None),
            countings={entry.id: entry for doc in self.docs["clocks"].values() for entry in doc.countings},
            clocks={entry.id: entry for doc in self.docs["clocks"].values() for entry in doc.clocks},
        )
        return Loaded(rulebook, self.sources, self.findings, self.docs)

    def _homeless(self) -> Iterator[Finding]:
        """Yield a finding for each rule that no pack would take up: it would be dropped in silence."""
        homes = {PurePosixPath(name).parent for name in self.names if PurePosixPath(name).name == "pack.yaml"}
        for name in self.names:
            path = PurePosixPath(name)
            if _kind(path)[0] == "rule" and path.parent not in homes:
                remedy = "move the file to the folder of its pack, or write `pack.yaml` beside it"
                yield Finding("no-pack", Place(f"rules/{name}"), "the rule lies in a folder without `pack.yaml`", remedy)


_CALENDAR: dict[str, tuple[str, type[BaseModel]]] = {
    "statutory": ("statutory", dates.Statutory),
    "clocks": ("clocks", dates.Clocks),
}


def _kind(path: PurePosixPath) -> tuple[str, type[BaseModel]]:
    folder = path.parts[0]
    if folder == "vocabulary":
        return "topic", shapes.Topic
    if folder == "lists":
        return "table", shapes.Table
    if folder == "lifecycles":
        return "lifecycle", Lifecycle
    if folder == "instruments":
        return ("registers", Registers) if path.parent.name == "clauses" else ("instruments", shapes.Instruments)
    if folder == "overlays":
        return "overlay", Overlay
    if folder == "calendar":
        return _CALENDAR.get(path.stem, ("year", dates.CalendarYear))
    if path.name == "authorities.yaml":
        return "authorities", shapes.Authorities
    return ("pack", shapes.Pack) if path.name == "pack.yaml" else ("rule", shapes.Rule)


def _conditions(doc: BaseModel) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(doc, shapes.Rule):
        for i, version in enumerate(doc.versions):
            yield ("versions", i, "when"), version.when
            for outcome, value in version.then.items():
                if isinstance(value, str) and value.startswith("="):
                    yield ("versions", i, "then", outcome), value[1:].strip()
    elif isinstance(doc, shapes.Pack):
        for key, named in (("derived", doc.derived), ("proofs", doc.proofs)):
            for d, derived in enumerate(named):
                for i, definition in enumerate(derived.versions):
                    yield (key, d, "versions", i, "is"), definition.is_
        for key, text in (("applies_when", doc.applies_when), ("shares_when", doc.shares_when)):
            if text:
                yield (key,), text
        for i, lasting in enumerate(doc.lasting):
            yield ("lasting", i, "over_when"), lasting.over_when
            yield from ((("lasting", i), text) for _, text in duties.dated(lasting))
        for path, duty in duties.places(doc):
            yield from (((*path, "duty", key), text) for key, text in duties.conditions(duty))
            yield from (((*path, "duty", "due"), text) for _, text in (duties.told(duty.due) if duty.due else ()))
    elif isinstance(doc, shapes.Topic):
        for i, fact in enumerate(doc.facts):
            if fact.applies_when:
                yield ("facts", i, "applies_when"), fact.applies_when
        for i, constraint in enumerate(doc.constraints):
            yield ("constraints", i, "always"), constraint.always
