"""DSSE v1 envelopes: a payload, its type, and who signed both (secure-systems-lab/dsse, protocol.md)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from engine.errors import EvidenceError
from engine.evidence import canonical
from engine.evidence.keys import PublicKey, Signer, fields, keyid

STATEMENT = "application/vnd.in-toto+json"
MANIFEST = "application/vnd.fenji.manifest+json"


def pae(kind: str, payload: bytes) -> bytes:
    """Return the bytes that are signed: type and payload with their lengths."""
    return b"DSSEv1 %d %s %d %s" % (len(kind.encode()), kind.encode(), len(payload), payload)


def seal(kind: str, payload: bytes, signers: Iterable[Signer]) -> bytes:
    """Return the canonical bytes of an envelope signed by each of `signers`."""
    message = pae(kind, payload)
    signatures = [{"keyid": keyid(signer.public), "sig": canonical.base64(signer.sign(message))} for signer in signers]
    signatures.sort(key=lambda entry: entry["keyid"])
    return canonical.dumps({"payload": canonical.base64(payload), "payloadType": kind, "signatures": signatures})


def rebuild(payload: bytes, signatures: str, kind: str = STATEMENT) -> bytes:
    """Return the envelope of a stored payload and its stored signatures."""
    return canonical.dumps({"payload": canonical.base64(payload), "payloadType": kind, "signatures": json.loads(signatures)})


def read(data: bytes, kind: str, what: str) -> tuple[bytes, dict[str, bytes]]:
    """Return the payload of an envelope and the signature of each key id, unverified. Raises EvidenceError."""
    value = canonical.loads(data, what)
    fields(value, {"payload", "payloadType", "signatures"}, what)
    if value["payloadType"] != kind or not isinstance(value["signatures"], list) or not value["signatures"]:
        raise EvidenceError("wrong-form", f"{what} is no signed envelope of type {kind}", "it was changed")
    signatures: dict[str, bytes] = {}
    for entry in value["signatures"]:
        fields(entry, {"keyid", "sig"}, f"a signature of {what}")
        signatures[str(entry["keyid"])] = canonical.unbase64(entry["sig"], f"a signature of {what}", 64)
    if list(signatures) != sorted(signatures) or len(signatures) != len(value["signatures"]):
        raise EvidenceError("wrong-form", f"the signatures of {what} are out of order", "it was changed")
    return canonical.unbase64(value["payload"], f"the payload of {what}"), signatures


def verify(data: bytes, kind: str, keys: Iterable[PublicKey], what: str) -> tuple[bytes, list[PublicKey]]:
    """Return the payload and those of `keys` that signed it. Raises EvidenceError when the signature of one of them fails."""
    payload, signatures = read(data, kind, what)
    message = pae(kind, payload)
    found: list[Any] = []
    for key in keys:
        if key.keyid in signatures:
            key.verify(message, signatures[key.keyid], what)
            found.append(key)
    return payload, found
