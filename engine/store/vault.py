"""The vault: one key per filing and generation, wrapped by a master key, in a file of its own.

Destroying a key here makes its sealed facts unreadable for ever, in the store and in every backup of it; that is why the vault
is not part of a backup of the store.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from engine.errors import Place, StoreError
from engine.store.append import refused

NONCE = 12
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS key (filing TEXT, generation INTEGER, wrapped BLOB NOT NULL, PRIMARY KEY (filing, generation))"
)


class Vault:
    """An open vault."""

    def __init__(self, path: Path, master: bytes) -> None:
        """Open the vault at `path` with its master key of 32 bytes. Raises StoreError."""
        self._path = path
        self._master = AESGCM(master)
        try:
            self._connection = sqlite3.connect(path, isolation_level=None, timeout=5.0)
            path.chmod(0o600)
            for pragma in ("journal_mode=TRUNCATE", "synchronous=FULL", "secure_delete=ON"):
                self._connection.execute(f"PRAGMA {pragma}")
            self._connection.execute(_SCHEMA)
        except (sqlite3.Error, OSError) as error:
            raise refused(error) from None

    def close(self) -> None:
        """Give back the connection."""
        self._connection.close()

    def make(self, filings: list[tuple[str, int]]) -> list[bytes]:
        """Return a new key of 32 bytes for each filing and generation, kept durably before it is used. Raises StoreError."""
        keys = [os.urandom(32) for _ in filings]
        rows = [(f, g, self._wrap(f, g, key)) for (f, g), key in zip(filings, keys, strict=True)]
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany("INSERT INTO key (filing, generation, wrapped) VALUES (?, ?, ?)", rows)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise refused(error) from None
        return keys

    def key(self, filing: str, generation: int) -> bytes | None:
        """Return a key, or None when it was destroyed. Raises StoreError when it cannot be unwrapped."""
        row = self._fetch("SELECT wrapped FROM key WHERE filing = ? AND generation = ?", (filing, generation))
        if row is None:
            return None
        wrapped = bytes(row[0])
        try:
            return self._master.decrypt(wrapped[:NONCE], wrapped[NONCE:], _name(filing, generation))
        except InvalidTag:
            problem = f"the key of `{filing}` cannot be unwrapped"
            raise StoreError(
                "wrong-master", problem, "use the master key that the vault was made with", Place(str(self._path))
            ) from None

    def destroy(self, filing: str, below: int) -> int:
        """Destroy the keys of a filing's generations below `below`; return how many. Raises StoreError."""
        try:
            return self._connection.execute("DELETE FROM key WHERE filing = ? AND generation < ?", (filing, below)).rowcount
        except sqlite3.Error as error:
            raise refused(error) from None

    def _wrap(self, filing: str, generation: int, key: bytes) -> bytes:
        nonce = os.urandom(NONCE)
        return nonce + self._master.encrypt(nonce, key, _name(filing, generation))

    def _fetch(self, sql: str, parameters: tuple[str, int]) -> tuple[bytes] | None:
        try:
            found: tuple[bytes] | None = self._connection.execute(sql, parameters).fetchone()
        except sqlite3.Error as error:
            raise refused(error) from None
        return found


def _name(filing: str, generation: int) -> bytes:
    return f"{filing}/{generation}".encode()


def seal(key: bytes, filing: str, generation: int, clear: bytes) -> tuple[bytes, bytes]:
    """Return nonce and ciphertext of facts under a key (AES-256-GCM); they open only under the same filing and generation."""
    nonce = os.urandom(NONCE)
    return nonce, AESGCM(key).encrypt(nonce, clear, _name(filing, generation))


def unseal(key: bytes, filing: str, generation: int, nonce: bytes, ciphertext: bytes) -> bytes:
    """Return the clear facts. Raises StoreError when the ciphertext was changed or exchanged."""
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, _name(filing, generation))
    except InvalidTag:
        raise StoreError("damaged", f"the sealed facts of `{filing}` were changed", "restore a backup") from None
