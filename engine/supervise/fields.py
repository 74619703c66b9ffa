"""What an event carries: values of declared fields, some open in the log, others sealed beside it, names of persons never.

Companies and persons stand in the log as keyed hashes only, so that they can be found and counted without being named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from unicodedata import normalize

from engine.errors import EvidenceError
from engine.evidence import canonical
from engine.evidence.log import stamp
from engine.supervise import uscc
from engine.supervise.step import Refusal
from schemas.lifecycle import FieldDecl, Lifecycle

MAX_TEXT, MAX_ITEMS = 20_000, 2_000
WIDTHS = {"unit": 64, "district": 32, "tier": 32, "assignee": 64}  # what a column of the queue can hold
HOLDER = "holder"
_HASH = re.compile(r"[0-9a-f]{64}\Z")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")

Keyed = Callable[[str, str], str]  # a kind and a value -> its keyed hash


@dataclass(frozen=True, slots=True)
class Given:
    """The fields of an event: `open` go into the statement, `sealed` beside it by name; `names` are all that were given."""

    open: dict[str, Any] = field(default_factory=dict)
    sealed: dict[str, Any] = field(default_factory=dict)
    names: frozenset[str] = frozenset()


def given(table: Lifecycle, event: str, fields: Mapping[str, Any], keyed: Keyed) -> Given | Refusal:
    """Return the fields as they are recorded, or the refusal of the first that has not its form.

    Fields that the table does not declare are only named: the step refuses them.
    """
    declared = {each.id: each for each in table.fields}
    found = Given(names=frozenset(fields))
    for name, raw in fields.items():
        decl = declared.get(name)
        if decl is None:
            continue
        try:
            _take(found, decl, _plain(raw), keyed)
        except ValueError as error:
            code = "wrong-uscc" if decl.type == "company" else "wrong-value"
            return Refusal(code, f"{table.id}/{event}#{name}", f"`{name}`: {error}", f"{decl.label.en}: {HELP[decl.type]}")
    return found


def _take(found: Given, decl: FieldDecl, raw: Any, keyed: Keyed) -> None:
    value = READERS[decl.type](decl, raw)
    if decl.type == "company":
        found.open[decl.id] = keyed("company", value)
        found.sealed[decl.id] = value
    elif decl.type == "person":
        found.open[decl.id] = keyed("person", value)
    elif decl.type == "persons":
        found.open[decl.id] = sorted({keyed("person", each) for each in value})
    elif decl.type == "facts":
        found.sealed.update({f"{decl.id}:{name}": each for name, each in value.items()})
    elif decl.open:
        if decl.id in WIDTHS and len(str(value)) > WIDTHS[decl.id]:
            raise ValueError(f"it is longer than {WIDTHS[decl.id]} characters")
        found.open[decl.id] = value
    else:
        found.sealed[decl.id] = value


def _plain(value: Any) -> Any:
    """Return a value with its texts in NFC, dates as text."""
    if isinstance(value, str):
        return normalize("NFC", value)
    if isinstance(value, Mapping):
        return {normalize("NFC", str(key)): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(each) for each in value]
    return value.isoformat() if isinstance(value, date) else value


# forms ----------------------------------------------------------------------------------------------------------------


def _text(_decl: FieldDecl, raw: Any) -> str:
    if not isinstance(raw, str) or not raw.strip() or len(raw) > MAX_TEXT:
        raise ValueError(f"it is no text of 1 to {MAX_TEXT} characters")
    if "\0" in raw:  # which PostgreSQL keeps in no text
        raise ValueError("it holds a character U+0000")
    return raw.strip()


def _texts(decl: FieldDecl, raw: Any) -> list[str]:
    if not isinstance(raw, list) or not raw or len(raw) > MAX_ITEMS:
        raise ValueError(f"it is no list of 1 to {MAX_ITEMS} texts")
    return list(dict.fromkeys(_text(decl, each) for each in raw))


def _date(_decl: FieldDecl, raw: Any) -> str:
    try:
        return date.fromisoformat(raw if _DAY.match(raw) else "").isoformat()
    except (TypeError, ValueError):
        raise ValueError(f"`{str(raw)[:40]}` is no day") from None


def _moment(_decl: FieldDecl, raw: Any) -> str:
    try:
        found = datetime.fromisoformat(raw)
        if found.tzinfo is None or "T" not in raw:
            raise ValueError  # noqa: TRY301 - told below in one way
        return stamp(found)
    except (TypeError, ValueError, OverflowError):  # in the first and last hours of the calendar UTC has no such day
        raise ValueError(f"`{str(raw)[:40]}` is no moment") from None


def _int(decl: FieldDecl, raw: Any) -> int:
    if type(raw) is not int or not 0 <= raw <= decl.most:
        raise ValueError(f"`{str(raw)[:40]}` is no whole number from 0 to {decl.most}")
    return raw


def _bool(_decl: FieldDecl, raw: Any) -> bool:
    if not isinstance(raw, bool):
        raise ValueError(f"`{str(raw)[:40]}` is neither true nor false")  # noqa: TRY004 - a fault of form
    return raw


def _choice(decl: FieldDecl, raw: Any) -> str:
    known = [value.id for value in decl.values]
    if raw not in known:
        raise ValueError(f"`{str(raw)[:40]}` is not one of {', '.join(known)}")
    return str(raw)


def _hash(_decl: FieldDecl, raw: Any) -> str:
    if not isinstance(raw, str) or not _HASH.match(raw):
        raise ValueError("it is no SHA-256 of 64 hexadecimal digits")
    return raw


def _company(_decl: FieldDecl, raw: Any) -> str:
    code = uscc.tidy(raw) if isinstance(raw, str) else ""
    wrong = uscc.fault(code)
    if wrong:
        raise ValueError(wrong)
    return code


def _files(_decl: FieldDecl, raw: Any) -> list[dict[str, str]]:
    if not isinstance(raw, list) or len(raw) > MAX_ITEMS:
        raise ValueError(f"it is no list of at most {MAX_ITEMS} files")
    for each in raw:
        if not isinstance(each, dict) or set(each) != {"name", "sha256"} or not all(isinstance(v, str) for v in each.values()):
            raise ValueError('a file is {name, sha256}, as {"name": "a.pdf", "sha256": "64 hexadecimal digits"}')
        _hash(_decl, each["sha256"])
    return raw


def _facts(_decl: FieldDecl, raw: Any) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise ValueError("facts are named values")  # noqa: TRY004 - all faults of form are told in one way
    _document(_decl, raw)
    return raw


def _faults(decl: FieldDecl, raw: Any) -> Any:
    """Return what is to be supplemented, told in one notice: texts, or objects with the text `fault`; never nothing.

    A text alone is one fault, commas and all.
    """
    raw = [raw] if isinstance(raw, str) else raw
    if not isinstance(raw, list) or not 0 < len(raw) <= MAX_ITEMS:
        raise ValueError(f"it is no list of 1 to {MAX_ITEMS} faults")
    for each in raw:
        _text(decl, each.get("fault") if isinstance(each, dict) else each)
    return _document(decl, raw)


def _document(_decl: FieldDecl, raw: Any) -> Any:
    try:
        canonical.check(raw)
    except EvidenceError as error:
        raise ValueError(error.finding.problem) from None
    return raw


READERS: dict[str, Callable[[FieldDecl, Any], Any]] = {
    "text": _text, "texts": _texts, "date": _date, "moment": _moment,
    "int": _int, "bool": _bool, "choice": _choice, "hash": _hash, "id": _text,
    "company": _company, "person": _text, "persons": _texts, "files": _files, "facts": _facts, "document": _document,
    "faults": _faults,
}  # fmt: skip
HELP = {
    "text": "a text", "texts": "a list of texts", "date": "a day as YYYY-MM-DD",
    "moment": "a moment as 2026-09-01T10:00:00+08:00", "int": "a whole number", "bool": "true or false",
    "choice": "one of its values", "hash": "a SHA-256", "id": "an id",
    "company": "a unified social credit code (GB 32100-2015)", "person": "what identifies a person", "persons": "a list of those",
    "files": "files as {name, sha256}, typed as @a.pdf,@b.pdf", "facts": "facts by name", "document": "JSON without floats",
    "faults": "a text that is one fault, or a list of faults, each a text or an object with the text `fault`",
}  # fmt: skip
