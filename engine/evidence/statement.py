"""Statements of the log: what every record of any kind says in the same way (in-toto Statement v1)."""

from __future__ import annotations

from typing import Any

from engine.evidence.keys import Holder

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "urn:fenji:{}:v1"


def wrap(kind: str, name: str, sha256: str, predicate: dict[str, Any]) -> dict[str, Any]:
    """Return an in-toto Statement v1 of one subject."""
    return {
        "_type": STATEMENT,
        "subject": [{"name": name, "digest": {"sha256": sha256}}],
        "predicateType": PREDICATE.format(kind),
        "predicate": predicate,
    }


def actor_json(actor: Holder, role: str, key: str) -> dict[str, Any]:
    """Return who acted, as statements say it."""
    return {"sub": actor.sub, "idp": "local", "role": role, "name": actor.name, "unit": actor.unit, "key": key}
