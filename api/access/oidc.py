"""Log-in through an identity provider: OpenID Connect Core 1.0, code flow with PKCE (RFC 7636), state, nonce and issuer checked.

Whom the provider vouches for comes in only when an administrator linked that subject to an account; nobody is made here.
What a log-in needs to know at its end travels sealed in a cookie, so that any process can end what another began.
"""

from __future__ import annotations

import json
import secrets
import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from api.access.provider import MINUTES, Provider, subject_of, with_tls
from api.access.sealed import Sealing
from engine.errors import SigningError, StoreError

LEEWAY = 60  # seconds by which clocks may differ
SECONDS = 10.0  # that the provider may take for an answer
# only what a provider signs with a private key: `none`, and a MAC under our own secret, prove nothing (RFC 8725, 3.1)
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]
WANTED = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True, slots=True)
class Begun:
    """A log-in that began: where to send the browser, and the cookie that it brings back."""

    url: str
    cookie: str


class Oidc:
    """Log-in through one provider; what it publishes of itself is fetched when it is first needed."""

    def __init__(self, provider: Provider, secret: bytes) -> None:
        """Work with `provider`; the key of cookies is derived from `secret`, the installation's master key."""
        self.provider = provider
        self._seal = Sealing(secret, b"fenji/oidc")
        self._lock = threading.Lock()
        self._metadata: dict[str, Any] = {}
        self._keys: Any = None

    def begin(self, now: datetime) -> Begun:
        """Return where a log-in begins. Raises SigningError when the provider cannot be asked."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        with self._client() as client:
            where = self._published(client)["authorization_endpoint"]
            url, _ = client.create_authorization_url(where, state=state, nonce=nonce, code_verifier=verifier)
        until = int(now.timestamp()) + MINUTES * 60
        said = json.dumps([state, nonce, verifier, until]).encode()
        return Begun(url, self._seal.seal(self.provider.issuer, said).hex())

    def end(self, query: dict[str, str], cookie: str, now: datetime) -> str:
        """Return whom the provider vouches for, as `subject_of`. Raises SigningError, which never says which check failed."""
        state, nonce, verifier, until = self._opened(cookie)
        shown = query.get("state", "")
        # RFC 9207: a provider that says who it is must be the one that was asked
        same = (
            secrets.compare_digest(shown.encode(), state.encode())
            and query.get("iss", self.provider.issuer) == self.provider.issuer
        )
        if not same or not query.get("code") or now.timestamp() > until:
            raise _denied()
        try:
            with self._client() as client:
                where = self._published(client)["token_endpoint"]
                token = client.fetch_token(where, grant_type="authorization_code", code=query["code"], code_verifier=verifier)
                claims = self._claims(client, token, nonce, now)
        except (AuthlibBaseError, JoseError, KeyError, TypeError, ValueError):
            raise _denied() from None
        except httpx2.HTTPError:
            raise _unreachable() from None
        return subject_of(self.provider.issuer, str(claims["sub"]))

    def _opened(self, cookie: str) -> tuple[str, str, str, int]:
        try:
            state, nonce, verifier, until = json.loads(self._seal.open(self.provider.issuer, bytes.fromhex(cookie)))
        except (StoreError, ValueError):
            raise _denied() from None
        return state, nonce, verifier, until

    def _client(self) -> OAuth2Client:
        """Return a client that follows no redirect: a provider answers where it said that it would."""
        at = self.provider
        return OAuth2Client(
            at.client_id,
            at.client_secret,
            scope="openid",
            redirect_uri=at.redirect_uri,
            code_challenge_method="S256",
            timeout=SECONDS,
            follow_redirects=False,
            trust_env=False,
        )

    def _published(self, client: OAuth2Client) -> dict[str, Any]:
        """Return what the provider publishes of itself (OpenID Connect Discovery 1.0). Raises SigningError."""
        with self._lock:
            if not self._metadata:
                found = self._fetched(client, f"{self.provider.issuer.rstrip('/')}/.well-known/openid-configuration")
                if found.get("issuer") != self.provider.issuer:  # Discovery, 4.3
                    raise SigningError("no-provider", "the provider calls itself something else", "correct the issuer")
                for name in WANTED:
                    with_tls(str(found.get(name, "")))
                self._metadata = found
            return self._metadata

    def _claims(self, client: OAuth2Client, token: dict[str, Any], nonce: str, now: datetime) -> CodeIDToken:
        """Return the claims of an ID token after every check of Core, 3.1.3.7; a key that is new is fetched once."""
        options = {
            "iss": {"essential": True, "value": self.provider.issuer},
            "aud": {"essential": True, "value": self.provider.client_id},
            "sub": {"essential": True},
        }
        try:
            read = self._decoded(client, token["id_token"])
        except InvalidKeyIdError:
            self._keys = None
            read = self._decoded(client, token["id_token"])
        params = {"nonce": nonce, "client_id": self.provider.client_id, "access_token": token.get("access_token")}
        claims = CodeIDToken(read.claims, read.header, options, params)
        claims.validate(now=int(now.timestamp()), leeway=LEEWAY)
        return claims

    def _decoded(self, client: OAuth2Client, text: str) -> Any:
        if self._keys is None:
            self._keys = KeySet.import_key_set(self._fetched(client, self._published(client)["jwks_uri"]))
        return jwt.decode(text, self._keys, registry=JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False))

    @staticmethod
    def _fetched(client: OAuth2Client, url: str) -> Any:
        try:
            got = client.request("GET", url, withhold_token=True)
            got.raise_for_status()
            return got.json()
        except (httpx2.HTTPError, ValueError):
            raise _unreachable() from None


def _denied() -> SigningError:
    return SigningError("denied", "the log-in with the identity provider failed", "begin it again")


def _unreachable() -> SigningError:
    return SigningError("no-provider", "the identity provider does not answer as one", "try again later")
