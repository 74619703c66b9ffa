"""Keys derived from the master key of an installation, one for each purpose, and what is sealed under one."""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from engine.errors import StoreError

NONCE = 12


def derived(secret: bytes, purpose: bytes) -> bytes:
    """Return the key of a purpose (HKDF, RFC 5869)."""
    return HKDF(SHA256(), 32, None, purpose).derive(secret)


class Sealing:
    """Seals data under the key of a purpose (AES-256-GCM): each opens only under the name that it was sealed under."""

    def __init__(self, secret: bytes, purpose: bytes) -> None:
        """Derive the key."""
        self._key = AESGCM(derived(secret, purpose))

    def seal(self, name: str, data: bytes) -> bytes:
        """Return data sealed under a name."""
        nonce = os.urandom(NONCE)
        return nonce + self._key.encrypt(nonce, data, name.encode())

    def open(self, name: str, sealed: bytes) -> bytes:
        """Return what was sealed under a name. Raises StoreError when it was changed or exchanged."""
        try:
            return self._key.decrypt(sealed[:NONCE], sealed[NONCE:], name.encode())
        except (InvalidTag, ValueError):  # ValueError: too short to hold a nonce
            raise StoreError("damaged", "what was kept sealed was changed", "ask for it again") from None
