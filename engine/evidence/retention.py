"""How long records are kept: classes as data, in `retention.json` beside the rules."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from engine.errors import EvidenceError, Place
from engine.rulebook.locate import find
from schemas.rulebook import Retention

NAME = "retention.json"


def classes(folder: Path) -> dict[str, Retention]:
    """Return the retention classes by id. Raises EvidenceError when the file is missing or malformed."""
    path = folder / NAME
    try:
        found = TypeAdapter(list[Retention]).validate_python(json.loads(path.read_bytes()))
    except (OSError, ValueError, ValidationError):
        raise EvidenceError(
            "bad-retention", "the retention classes cannot be read", "restore the file", Place(f"rules/{NAME}")
        ) from None
    return {each.id: each for each in found}


def require(name: str, rules: str = "") -> Retention:
    """Return a retention class by its id. Raises EvidenceError when there is none."""
    known = classes(find(rules or None))
    if name not in known:
        raise EvidenceError("unknown-retention", f"there is no retention class `{name[:40]}`", f"one of {', '.join(known)}")
    return known[name]
