"""Whole filings and what people expect of them: one judge for the tests, for authors and for rule mutation.

A file holds a list of cases. `facts` are stated over those of a sample (`base`) or of an earlier case of the file (`like`), and
`item` over those of the first item of its list.

    owes, open, free      duties that are certain, possible, impossible
    last                  how a duty that has ended stood on its last day (`none` where it was not yet law)
    status, due           how a duty stands, and the last day that is certainly in time (`none` where there is none)
    effects, bodies       what a duty's effect is and who is competent; `sources` are some of its articles
    conflicts, flaws      certainly shown; `unflawed` are flaws that are certainly not
    outcomes, undetermined    `name@item` is an outcome of an item
    has, lacks            values that a union certainly has, or cannot have
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.decide.overall import assess_all
from engine.errors import InputError, Place
from engine.rulebook.read import node_from, plain, read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.rulebook.model import PackRules, Rulebook
    from engine.rulebook.read import Node
    from schemas.answer import OutcomeAnswer
    from schemas.duties import DutyAnswer, Overall

DUTIES = ("owes", "open", "free", "status", "last", "due", "effects", "bodies", "sources")
SHOWN = ("conflicts", "flaws", "unflawed")
OUTCOMES = ("outcomes", "undetermined", "has", "lacks")
EXPECTS = (*DUTIES, *SHOWN, *OUTCOMES)
KEYS = frozenset({"name", "blind", "law", "on", "as_of", "base", "facts", "item", "like", *EXPECTS})
STATES = {"owes": ("certain", "owed"), "open": ("possible", "open")}


@dataclass(frozen=True)
class Case:
    """A whole filing with its expectations, as written in `file`."""

    file: str
    place: Place
    doc: dict[str, Any]
    filing: Node

    @property
    def name(self) -> str:
        """Return the name of the case."""
        return str(self.doc["name"])

    def answer(self, rulebook: Rulebook) -> Overall:
        """Return the answer of a rulebook to the filing. Raises InputError."""
        on = date.fromisoformat(self.doc["on"])
        as_of = date.fromisoformat(self.doc.get("as_of", self.doc["on"]))
        return assess_all(rulebook, self.filing, as_of, on, search=False)

    def narrowed(self, duties: set[str], shown: set[str], outcomes: set[str]) -> Case | None:
        """Return the case with only those expectations that are about the names given; None when nothing is left."""
        doc = {key: value for key, value in self.doc.items() if key not in EXPECTS}
        kept = {}
        for keys, names in ((DUTIES, duties), (SHOWN, shown), (OUTCOMES, outcomes)):
            for key in keys:
                if left := _only(self.doc.get(key, ()), names):
                    kept[key] = left
        return Case(self.file, self.place, doc | kept, self.filing) if kept else None


def _only(expected: Any, names: set[str]) -> Any:
    if isinstance(expected, dict):
        return {name: value for name, value in expected.items() if name.partition("@")[0] in names}
    return [name for name in expected if name.partition("@")[0] in names]


def about(pack: PackRules, case: Case) -> Case | None:
    """Return what a case expects of one pack; None when that is nothing."""
    values = [value for outcome in pack.doc.outcomes for value in outcome.values]
    shown = {value.id for value in values} | set(pack.outcomes)
    return case.narrowed({value.id for value in values if value.duty}, shown, set(pack.outcomes))


def read_cases(file: Path, rules: Path) -> Iterator[Case]:
    """Yield the cases of a file; samples lie below `rules`. Raises InputError."""
    node = read(file.read_bytes(), file.name)
    docs: Any = plain(node)
    told: dict[str, dict[str, Any]] = {}
    for doc, part in zip(docs, getattr(node, "items", ()), strict=True):
        place = part.place
        if not isinstance(doc, dict) or not {"name", "on"} <= set(doc):
            raise InputError("bad-case", "a case has at least `name:` and `on:`", "see tests/duties", place)
        if unknown := sorted(set(doc) - KEYS):
            raise InputError("bad-case", f"a case has no `{unknown[0]}`", f"it may have {', '.join(sorted(KEYS))}", place)
        if (like := doc.get("like")) and like not in told:
            raise InputError(
                "bad-case", f"no case named `{like}` stands before this one", "name an earlier case of the file", place
            )
        told[doc["name"]] = _with_item(told[like] if like else _facts(doc, rules), doc) | doc.get("facts", {})
        yield Case(file.stem, place, doc, node_from(told[doc["name"]], place))


def _facts(doc: dict[str, Any], rules: Path) -> dict[str, Any]:
    """Return what a case starts from; one silent on exports, requests for data, pilots or an end has none: few are about them."""
    silent = {"pilot.applied": False}
    if not any(name.startswith("end.") for name in doc.get("facts", ())):
        silent["end.ended"] = False
    if not (base := doc.get("base")):
        return {"product.data_export": False, "sharing.requested": False} | silent
    path = rules / f"samples/{base}.yaml"
    sample: Any = plain(read(path.read_bytes(), path.name))
    return silent | {name: value for name, value in sample.items() if name != "about"}  # it says what is exported


def _with_item(found: dict[str, Any], doc: dict[str, Any]) -> dict[str, Any]:
    if not (changed := doc.get("item")):
        return found
    home = next(name for name in ("request", "flow") if name in found)
    first, *others = found[home]["items"]
    return found | {home: {"complete": True, "items": [first | changed, *others]}}


def differences(case: Case, found: Overall) -> list[str]:
    """Return where an answer differs from what the case expects; none when all is as expected."""
    doc = case.doc
    duties = {duty.id: duty for duty in found.duties}
    wrong = [
        f"{name} is {duties[name].applies if name in duties else None}, not {word}"
        for key, (state, word) in STATES.items()
        for name in doc.get(key, ())
        if name not in duties or duties[name].applies != state
    ]
    wrong += [f"{name} is {duties[name].applies}, not free" for name in doc.get("free", ()) if name in duties]
    wrong += [
        line for key in DUTIES[3:] for name, want in doc.get(key, {}).items() for line in _duty(key, duties.get(name), want)
    ]
    wrong += [f"{flaw.id} is {flaw.applies}" for flaw in found.flaws if flaw.id in doc.get("unflawed", ())]
    for key in ("conflicts", "flaws"):
        certain = {entry.id for entry in getattr(found, key) if entry.applies == "certain"}
        wrong += [f"{key}: {name} is missing" for name in doc.get(key, ()) if name not in certain]
    return [*wrong, *_outcomes(doc, _answers(found))]


def _answers(found: Overall) -> dict[str, OutcomeAnswer]:
    """Return every outcome of an answer by name, those of items as `name@item`."""
    answers = [pack.answer for pack in found.packs if pack.answer]
    outcomes = {name: entry for answer in answers for name, entry in answer.outcomes.items()}
    items = (item for answer in answers for listed in answer.items.values() for item in listed)
    return outcomes | {f"{name}@{item.id}": entry for item in items for name, entry in item.outcomes.items()}


def _outcomes(doc: dict[str, Any], outcomes: dict[str, OutcomeAnswer]) -> Iterator[str]:
    """Yield how outcomes differ from what is expected of them."""
    for key in OUTCOMES:
        expected = doc.get(key, {})
        for name in expected:
            value: Any = expected[name] if isinstance(expected, dict) else None
            entry = outcomes.get(name)
            if entry is None:
                yield f"{name} is not in the answer"
            elif key == "outcomes" and not _same(entry.value, value):
                yield f"{name} is {entry.possible}, not {value}"
            elif key == "undetermined" and entry.determined:
                yield f"{name} is {entry.value}"
            elif key == "has" and not set(value) <= set(entry.certain or ()):
                yield f"{name} has {entry.certain}, not {value}"
            elif key == "lacks" and set(value) & set(entry.possible):
                yield f"{name} may have {entry.possible}, which {value} are not"


def _same(got: Any, wanted: Any) -> bool:
    """Tell whether an outcome has the value expected; the order of a set is not expected."""
    if isinstance(got, list) and isinstance(wanted, list):
        return sorted(got) == sorted(wanted)
    return bool(got == wanted)


def _duty(key: str, duty: DutyAnswer | None, wanted: Any) -> Iterator[str]:
    """Yield how a duty differs from what is expected of it under `key`."""
    if duty is None:
        yield f"{key}: no such duty in the answer, not {wanted}"
        return
    got: Any
    match key:
        case "status":
            got = duty.status
        case "last":
            got = ((duty.ended.status or "none") if duty.ended.sure == "certain" else "possible") if duty.ended else "going on"
        case "due":
            got = (duty.deadline.latest if duty.deadline else None) or "none"
        case "effects":
            got = duty.effect
        case "bodies":
            got = duty.authority.title.en if duty.authority else ""
        case _:
            got = [source.cited for source in duty.sources]
            wanted = got if set(wanted) <= set(got) else wanted
    if got != wanted:
        yield f"{duty.id}: {key} is {got}, not {wanted}"
