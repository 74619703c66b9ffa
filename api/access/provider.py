"""The identity provider of an installation, kept in `oidc.json` beside the store, and what its subjects are called."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from engine.errors import InputError, Place, SigningError
from engine.evidence import keys

FILE = "oidc.json"
MINUTES = 10  # that a log-in may take
HERE = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Provider:
    """The provider of an installation: its issuer, what it knows us by, and where it sends people back to."""

    issuer: str
    client_id: str
    client_secret: str
    redirect_uri: str


def subject_of(issuer: str, subject: str) -> str:
    """Return what an account is linked to: a subject means something only with its issuer (Core, 5.7)."""
    return f"{issuer}#{subject}"


def write_provider(home: Path, provider: Provider) -> None:
    """Keep the provider of an installation. Raises InputError for an address without TLS, unless it is of this machine."""
    for address in (provider.issuer, provider.redirect_uri):
        with_tls(address)
    part = home / f"{FILE}.{os.getpid()}"
    fields = {name: getattr(provider, name) for name in Provider.__dataclass_fields__}
    keys.write_secret(part, json.dumps(fields).encode())
    part.replace(home / FILE)


def read_provider(home: Path) -> Provider | None:
    """Return the provider of an installation, or None. Raises SigningError when the file is no such thing."""
    path = home / FILE
    if not path.exists():
        return None
    try:
        return Provider(**json.loads(keys.read_secret(path)))
    except (TypeError, ValueError):
        problem = f"`{FILE}` does not name a provider"
        raise SigningError("no-provider", problem, "name it again with `fenji account provider`", Place(str(path))) from None


def with_tls(address: str) -> None:
    """Refuse an address without TLS, unless it is of this machine. Raises InputError."""
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in HERE):
        raise InputError("not-https", f"`{address[:100]}` is no address with TLS", "name one that begins with https://")
