"""What tests of evidence share: a log key that is the same in every run, and rows to append."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from engine.errors import EvidenceError
from engine.evidence.keys import FileSigner, Holder, PublicKey
from engine.evidence.log import leaf
from engine.evidence.merkle import leaf_hash, root_of_inclusion
from engine.evidence.note import Checkpoint, read_checkpoint, read_receipt, signed_by
from engine.store.append import COLUMNS, NO_DUE, Projection, Row

ORIGIN = "log.example/fenji"
AT = "2026-08-01T00:00:00.000Z"
SIGNER = FileSigner(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
LOG_KEY = PublicKey(SIGNER.public, "log", Holder("log", ORIGIN, "", ()), AT)


def row(number: int, content: bytes = b"", *, at: str = AT, sealed: bool = False, name: str = "r") -> Row:
    """Return a row to append; its payload is what `content` says."""
    payload = json.dumps({"content": content.hex(), "number": number}, separators=(",", ":")).encode()
    digest = leaf_hash(leaf("decision", payload))
    sealed_facts = (f"{name}-{number}", 0, b"nonce", b"cipher") if sealed else None
    return Row(f"{name}-{number}", "decision", digest, payload, "[]", at, None, sealed_facts)


def event(of: Row, stream: str, number: int, **shown: Any) -> Row:
    """Return the same row as an event of a stream, which shows `shown` since."""
    return replace(of, event=(stream, number), projection=projected(stream, number, **shown))


def projected(stream: str, number: int, **shown: Any) -> Projection:
    """Return the row of a stream after its event `number`."""
    empty: dict[str, Any] = dict.fromkeys(COLUMNS, "") | {"closed": 0, "due": NO_DUE, "opened": AT, "updated": AT, "fold": "{}"}
    return Projection(**{**empty, "id": stream, "number": number, "state": f"after-{number}", **shown})


def verify(leaf: bytes, text: str) -> Checkpoint:
    """Return the checkpoint of a receipt that proves a leaf hash and is signed by the log. Raises EvidenceError."""
    receipt = read_receipt(text)
    found = read_checkpoint(receipt.note)
    if signed_by(receipt.note, [LOG_KEY]) != [LOG_KEY] or found.origin != ORIGIN:
        raise EvidenceError("not-signed", "the log did not sign this")
    if root_of_inclusion(leaf, receipt.index, found.size, receipt.path) != found.root:
        raise EvidenceError("bad-proof", "the path leads elsewhere")
    return found
