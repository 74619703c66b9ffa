"""Keys: who may sign what and when, the files that hold them, and the one-method port behind which any other custody fits.

A key has one purpose (`decision`, `log` or `rulebook`), one holder, and a window of time. Rotation overlaps two windows; after a
compromise nothing counts that the key signed at or after a size of the log, since the log orders what a clock cannot.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from engine.errors import EvidenceError, Place, SigningError
from engine.evidence.canonical import base64, unbase64

Purpose = Literal["decision", "log", "rulebook"]
PURPOSES: tuple[Purpose, ...] = ("decision", "log", "rulebook")
TRUST = "fenji-trust/1"
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z\Z")


class Signer(Protocol):
    """Custody of one private key: a file, a token, a security module."""

    public: bytes

    def sign(self, message: bytes) -> bytes:
        """Return the Ed25519 signature of a message, 64 bytes."""
        ...


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a key: the actor's id, name, unit and roles."""

    sub: str
    name: str
    unit: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key with its holder, its purpose, its window, and since when it is compromised (time, size of the log)."""

    public: bytes
    purpose: Purpose
    holder: Holder
    valid_from: str
    valid_until: str | None = None
    compromised: tuple[str, int] | None = None

    @property
    def keyid(self) -> str:
        """The SHA-256 of the raw public key."""
        return keyid(self.public)

    def verify(self, message: bytes, signature: bytes, what: str) -> None:
        """Refuse a signature that is not this key's over `message`. Raises EvidenceError."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature:
            remedy = "it was changed after it was signed, or signed by another key"
            raise EvidenceError("bad-signature", f"the signature of {what} does not hold", remedy) from None

    def was_valid(self, at: str) -> bool:
        """Tell whether a time lies in the key's window."""
        return self.valid_from <= at and (self.valid_until is None or at < self.valid_until)

    def may_sign(self, purpose: Purpose, at: str, index: int) -> None:
        """Refuse a use outside purpose or window, or after a compromise; `index` is the leaf's. Raises SigningError."""
        name = f"the key {self.keyid[:16]} of {self.holder.sub}"
        if self.purpose != purpose:
            raise SigningError("wrong-purpose", f"{name} is for {self.purpose}, not for {purpose}", "sign with the right key")
        if purpose != "log" and not self.was_valid(at):
            raise SigningError("outside-window", f"{name} was not valid at {at}", "sign with the key of that time")
        if self.compromised and index >= self.compromised[1]:
            raise SigningError("compromised", f"{name} was compromised before this was logged", "decide again with a new key")

    def to_json(self) -> dict[str, Any]:
        """Return the key as a trust file holds it."""
        return {
            "keyid": self.keyid,
            "public": base64(self.public),
            "purpose": self.purpose,
            "holder": {
                "sub": self.holder.sub,
                "name": self.holder.name,
                "unit": self.holder.unit,
                "roles": list(self.holder.roles),
            },
            "valid_from": self.valid_from,
            "valid_until": self.valid_until,
            "compromised": {"since": self.compromised[0], "size": self.compromised[1]} if self.compromised else None,
        }


@dataclass(frozen=True, slots=True)
class Trust:
    """The keys that a verifier trusts, and the name of the log."""

    origin: str
    keys: tuple[PublicKey, ...]

    def by_id(self, wanted: str) -> PublicKey | None:
        """Return the key of an id, or None."""
        return next((key for key in self.keys if key.keyid == wanted), None)

    def of(self, purpose: Purpose) -> list[PublicKey]:
        """Return the keys of a purpose."""
        return [key for key in self.keys if key.purpose == purpose]

    def to_json(self) -> dict[str, Any]:
        """Return the trust file's value, keys in the order of their ids."""
        keys = sorted(self.keys, key=lambda key: key.keyid)
        return {"format": TRUST, "origin": self.origin, "keys": [key.to_json() for key in keys]}


def read_trust(value: Any) -> Trust:
    """Return the trust that a file's value says; unknown and missing fields are refused. Raises EvidenceError."""
    fields(value, {"format", "origin", "keys"}, "the trust file")
    if value["format"] != TRUST or not isinstance(value["origin"], str) or not isinstance(value["keys"], list):
        raise _form("the trust file")
    found = tuple(_key(entry) for entry in value["keys"])
    if len({key.keyid for key in found}) != len(found):
        raise _form("the trust file: a key stands twice")
    return Trust(value["origin"], found)


def _key(value: Any) -> PublicKey:
    fields(value, {"keyid", "public", "purpose", "holder", "valid_from", "valid_until", "compromised"}, "a key")
    holder, broken = value["holder"], value["compromised"]
    fields(holder, {"sub", "name", "unit", "roles"}, "the holder of a key")
    if broken is not None:
        fields(broken, {"since", "size"}, "the compromise of a key")
    texts = [holder["sub"], holder["name"], holder["unit"], value["valid_from"]]
    sound = (
        value["purpose"] in PURPOSES
        and all(isinstance(text, str) for text in texts)
        and isinstance(holder["roles"], list)
        and all(isinstance(role, str) for role in holder["roles"])
        and all(isinstance(t, str) and TIME.match(t) for t in (value["valid_from"], value["valid_until"]) if t is not None)
        and (broken is None or (isinstance(broken["since"], str) and type(broken["size"]) is int))
    )
    if not sound:
        raise _form("a key")
    key = PublicKey(
        unbase64(value["public"], "a public key", 32),
        value["purpose"],
        Holder(holder["sub"], holder["name"], holder["unit"], tuple(holder["roles"])),
        value["valid_from"],
        value["valid_until"],
        None if broken is None else (broken["since"], broken["size"]),
    )
    if key.keyid != value["keyid"]:
        raise _form("a key: its id is not its hash")
    return key


def fields(value: Any, wanted: set[str], what: str) -> None:
    """Refuse an object with unknown or missing fields. Raises EvidenceError."""
    if not isinstance(value, dict) or set(value) != wanted:
        raise _form(what)


def _form(what: str) -> EvidenceError:
    return EvidenceError(
        "wrong-form", f"{what} has not the form that FORMATS.md gives", "it was changed, or is of another version"
    )


def keyid(public: bytes) -> str:
    """Return the id of a public key: the SHA-256 of its 32 bytes."""
    return sha256(public).hexdigest()


# files ----------------------------------------------------------------------------------------------------------------


class FileSigner:
    """A private key in a PEM file that only its owner may read."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        """Hold a key that was read from its file."""
        self._key = key
        self.public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, message: bytes) -> bytes:
        """Return the Ed25519 signature of a message, 64 bytes."""
        return self._key.sign(message)


def write_secret(path: Path, data: bytes) -> None:
    """Write a new file that only its owner may read, durably. Raises SigningError when it exists or cannot be written."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        raise _refused(error, path) from None


def read_secret(path: Path) -> bytes:
    """Return the bytes of a file that only its owner may read. Raises SigningError when it is missing or open to others."""
    try:
        mode = path.stat().st_mode
        data = path.read_bytes()
    except OSError as error:
        raise _refused(error, path) from None
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SigningError(
            "unsafe-key", "others may read this key", f"chmod 600 {path.name}, and think of replacing it", Place(str(path))
        )
    return data


def _refused(error: OSError, path: Path) -> SigningError:
    reason = (error.strerror or str(error)).lower()
    return SigningError("no-key", f"the key file cannot be used: {reason}", _remedy(path), Place(str(path)))


def _remedy(path: Path) -> str:
    """Return what helps: an actor's key can be replaced, a secret of the installation only restored."""
    return "restore it, or make another with `fenji actor`" if path.suffix == ".pem" else "restore it from where you keep it"


def make(path: Path) -> FileSigner:
    """Make a key and write it to a new file. Raises SigningError."""
    key = Ed25519PrivateKey.generate()
    write_secret(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return FileSigner(key)


def load(path: Path) -> FileSigner:
    """Return the signer of a key file. Raises SigningError."""
    data = read_secret(path)
    try:
        key = load_pem_private_key(data, None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise SigningError(
            "no-key", "the file holds no Ed25519 key", "restore it, or make another with `fenji actor`", Place(str(path))
        )
    return FileSigner(key)
