"""Canonical JSON: the bytes that are hashed and signed, RFC 8785 restricted to what every language writes alike.

No floats, integers within 2^53 - 1, NFC strings without lone surrogates, keys within the BMP: there a sorted serializer gives the
bytes of RFC 8785, which tests compare with the `rfc8785` package.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode, urlsafe_b64encode
from hashlib import sha256 as _sha256
from typing import Any
from unicodedata import is_normalized

import orjson

from engine.errors import EvidenceError

MAX_INT = 2**53 - 1
MAX_DEPTH = 64
MAX_KEY = "\uffff"
_ASTRAL = tuple(bytes([lead]) for lead in range(0xF0, 0xF5))  # how UTF-8 begins what lies beyond the BMP


def encode(value: Any) -> bytes:
    """Return the canonical bytes of a value that was checked before."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def dumps(value: Any) -> bytes:
    """Return the canonical bytes of a value. Raises EvidenceError for what lies outside the domain."""
    check(value)
    return encode(value)


def check(value: Any, path: str = "", depth: int = 0) -> None:
    """Refuse what lies outside the domain of canonical JSON; `path` names the place. Raises EvidenceError."""
    if value is None or value is True or value is False:
        return
    kind = type(value)
    if kind is str:
        _text(value, path)
    elif kind is int:
        if not -MAX_INT <= value <= MAX_INT:
            raise _outside(path, "an integer beyond 2^53 - 1", "write it as text")
    elif depth >= MAX_DEPTH:
        raise _outside(path, f"nested deeper than {MAX_DEPTH} levels", "no record needs that")
    elif kind is dict:
        for key, inner in value.items():
            if type(key) is not str or max(key, default="") > MAX_KEY:
                raise _outside(path, "a key that is no text within the BMP", "rename it")
            _text(key, path)
            check(inner, f"{path}/{key}", depth + 1)
    elif kind is list or kind is tuple:
        for index, inner in enumerate(value):
            check(inner, f"{path}/{index}", depth + 1)
    else:
        raise _outside(path, f"a value of type {kind.__name__}", "write numbers with decimals as text")


def _text(value: str, path: str) -> None:
    if value.isascii():
        return
    if not is_normalized("NFC", value) or any("\ud800" <= c <= "\udfff" for c in value):
        raise _outside(path, "text that is not NFC, or half a surrogate pair", "normalise it to NFC")


def _outside(path: str, problem: str, remedy: str) -> EvidenceError:
    return EvidenceError("not-canonical", f"`{path or '/'}` holds {problem}", remedy)


def loads(data: bytes, what: str = "the document") -> Any:
    """Return the value whose canonical bytes `data` are; `what` names it in messages. Raises EvidenceError for others."""
    try:
        text = data.decode("utf-8")
        value = json.loads(text, parse_float=_no_float, parse_constant=_no_float, parse_int=_integer)
        again = encode(value)
        if not text.isascii() and (any(lead in data for lead in _ASTRAL) or not is_normalized("NFC", text)):
            check(value)  # rare, and slower than everything else here
    except (ValueError, TypeError, RecursionError, EvidenceError):
        again = None
    if again != data:
        raise EvidenceError("not-canonical", f"{what} is not canonical JSON", "it was changed, or written by something else")
    return value


def _integer(text: str) -> int:
    value = int(text) if len(text) < 20 else MAX_INT + 1  # noqa: PLR2004 - beyond any 64-bit integer
    if not -MAX_INT <= value <= MAX_INT:
        raise ValueError(text)
    return value


def _no_float(text: str) -> None:
    raise ValueError(text)


def sha256(data: bytes) -> str:
    """Return the SHA-256 of bytes, 64 lower-case hexadecimal digits."""
    return _sha256(data).hexdigest()


def sha256_of(value: Any) -> str:
    """Return the SHA-256 of a value's canonical bytes. Raises EvidenceError."""
    return sha256(dumps(value))


def base64(data: bytes) -> str:
    """Return RFC 4648 base64, padded."""
    return b64encode(data).decode("ascii")


def base64url(data: bytes) -> str:
    """Return RFC 4648 base64url without padding."""
    return urlsafe_b64encode(data).decode("ascii").rstrip("=")


def unbase64(text: object, what: str, size: int | None = None) -> bytes:
    """Return the bytes of padded base64 in its one canonical form, `size` of them when given. Raises EvidenceError."""
    try:
        data = b64decode(str(text), validate=True)
    except ValueError:
        data = b""
    if not isinstance(text, str) or base64(data) != text or (size is not None and len(data) != size):
        raise EvidenceError("bad-encoding", f"{what} is not canonical base64", "it was changed, or written by something else")
    return data


__all__ = ["base64", "base64url", "check", "dumps", "encode", "loads", "sha256", "sha256_of", "unbase64"]
