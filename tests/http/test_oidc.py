"""Log-in through a real identity provider, and everything that a wrong answer of one must not let in."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey, RSAKey

from api.access.oidc import Oidc
from api.access.provider import FILE, Provider, read_provider, subject_of, write_provider
from api.cli.options import now
from engine.errors import InputError, SigningError
from tests.http.conftest import FIRMS, Served, people
from tests.http.serving import free_port
from tests.test_cli import fenji

SECRET = "the secret of the provider"  # noqa: S105 - of a test
REDIRECT = "https://testserver/v1/oidc/callback"
MASTER = bytes(32)


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    """Start canaille."""
    port = free_port()
    program = Path(__file__).with_name("provider.py")
    server = subprocess.Popen([sys.executable, str(program), str(port), SECRET, REDIRECT], stderr=subprocess.DEVNULL)
    issuer = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            try:
                httpx2.get(f"{issuer}/.well-known/openid-configuration")
                break
            except httpx2.HTTPError:
                time.sleep(0.1)
        yield Provider(issuer, "fenji", SECRET, REDIRECT)
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture
def office(served: Served, provider: Provider) -> Iterator[Served]:
    """Let the served installation use the provider."""
    served.office.oidc = Oidc(provider, MASTER)
    served.client.cookies.clear()
    yield served
    served.client.cookies.clear()
    served.office.oidc = None


def through(url: str, login: str) -> dict[str, str]:
    """Log in at the provider as a browser does, and return what it sends back."""
    browser = httpx2.Client(follow_redirects=False)
    got = browser.get(url)
    for _ in range(8):
        if got.is_redirect:
            where = got.headers["location"]
            if where.startswith(REDIRECT):
                return {name: values[0] for name, values in parse_qs(urlsplit(where).query).items()}
            got = browser.get(httpx2.URL(url).join(where))
            continue
        form = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', got.text))
        form |= {"password": SECRET} if 'name="password"' in got.text else {"login": login}
        got = browser.post(got.url, data=form)
    raise AssertionError(got.text)


def test_who_is_linked_comes_in_and_nobody_else(office: Served) -> None:
    client = office.client
    new = {"login": "chen-oidc", "roles": ["viewer"], "enterprise": FIRMS["a"], "subject": "chen"}
    made = office.call("administrator", "POST", "/v1/accounts", new)
    assert (made.status_code, made.json()["linked"]) == (201, True)
    assert office.call("administrator", "POST", "/v1/accounts", {**new, "login": "other"}).json()["code"] == "exists"
    path = f"/v1/accounts/{made.json()['id']}/subject"
    assert office.call("viewer", "PUT", path, {"subject": "chen"}).status_code == 403

    begun = client.get("/v1/oidc/log-in", follow_redirects=False)
    assert begun.status_code == 303
    cookie = begun.headers["set-cookie"].lower()
    assert all(word in cookie for word in ("__host-fenji-oidc=", "secure", "httponly", "samesite=lax", "path=/"))
    asked = parse_qs(urlsplit(begun.headers["location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert {"state", "nonce", "code_challenge"} <= asked.keys()
    said = through(begun.headers["location"], "chen")
    assert client.get("/v1/oidc/callback", params={**said, "state": "forged"}).json()["code"] == "denied"
    came = client.get("/v1/oidc/callback", params=said)
    assert came.status_code == 200, came.text
    assert "samesite=strict" in came.headers["set-cookie"].lower()
    assert client.get("/v1/accounts/me").json()["account"] == made.json()["id"]
    csrf = client.get("/v1/sessions/current").json()["csrf"]
    assert client.delete("/v1/sessions/current", headers={"x-csrf-token": csrf}).status_code == 204
    assert client.get("/v1/oidc/callback", params=said).json()["code"] == "denied"  # a code, and its cookie, serve once

    begun = client.get("/v1/oidc/log-in", follow_redirects=False)
    unknown = client.get("/v1/oidc/callback", params=through(begun.headers["location"], "stranger"))
    assert (unknown.status_code, unknown.json()["code"]) == (401, "denied")
    assert office.call("administrator", "PUT", path, {"subject": ""}).json()["linked"] is False
    begun = client.get("/v1/oidc/log-in", follow_redirects=False)
    assert client.get("/v1/oidc/callback", params=through(begun.headers["location"], "chen")).status_code == 401


def test_what_a_cookie_or_an_answer_must_not_be(provider: Provider) -> None:
    oidc, moment = Oidc(provider, MASTER), now()
    begun = oidc.begin(moment)
    said = through(begun.url, "chen")
    wrong: list[tuple[Oidc, dict[str, str], str, Any]] = [
        (oidc, {}, begun.cookie, moment),
        (oidc, said, "", moment),
        (oidc, said, "00" + begun.cookie[2:], moment),
        (oidc, {**said, "iss": "https://other.example"}, begun.cookie, moment),
        (oidc, {**said, "state": "forged"}, begun.cookie, moment),
        (oidc, said, begun.cookie, moment + timedelta(minutes=11)),
        (oidc, {"error": "access_denied", "state": said["state"]}, begun.cookie, moment),
        (Oidc(provider, bytes([1] * 32)), said, begun.cookie, moment),
    ]
    for asked, query, cookie, at in wrong:
        with pytest.raises(SigningError) as told:
            asked.end(query, cookie, at)
        assert told.value.finding.code == "denied"
    # none of them came as far as the provider: there the code would have been used up
    assert oidc.end(said, begun.cookie, moment) == subject_of(provider.issuer, "chen")


# last of those that log in: after a code that it refused, this provider now and then refuses the next one too
def test_a_code_without_its_verifier_is_worth_nothing(provider: Provider) -> None:
    first, second = Oidc(provider, MASTER), Oidc(provider, MASTER)
    stolen = through(first.begin(now()).url, "chen")
    mine = second.begin(now())
    state = parse_qs(urlsplit(mine.url).query)["state"][0]
    with pytest.raises(SigningError, match="failed"):
        second.end({**stolen, "state": state}, mine.cookie, now())


CHANGES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "issuer": lambda claims: {**claims, "iss": "https://other.example"},
    "audience": lambda claims: {**claims, "aud": "another"},
    "many audiences, not for us": lambda claims: {**claims, "aud": ["fenji", "another"], "azp": "another"},
    "another audience, in our name": lambda claims: {**claims, "aud": "another", "azp": "fenji"},
    "nonce": lambda claims: {**claims, "nonce": "replayed"},
    "no nonce": lambda claims: {name: value for name, value in claims.items() if name != "nonce"},
    "ended": lambda claims: {**claims, "exp": claims["iat"] - 600},
    "no subject": lambda claims: {name: value for name, value in claims.items() if name != "sub"},
    "token of another": lambda claims: {**claims, "at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
}


@pytest.mark.parametrize("what", ["right", "unsigned", "by our own secret", "by another key", *CHANGES])
def test_every_claim_of_an_id_token_is_checked(provider: Provider, what: str) -> None:
    key, other = RSAKey.generate_key(2048, {"kid": "k"}), RSAKey.generate_key(2048, {"kid": "k"})
    oidc, moment = Oidc(provider, MASTER), now()
    oidc._keys = KeySet([key])
    begun = int(moment.timestamp())
    claims = {"iss": provider.issuer, "aud": "fenji", "sub": "chen", "nonce": "n", "iat": begun, "exp": begun + 60}
    claims = CHANGES[what](claims) if what in CHANGES else claims
    if what == "unsigned":
        header, said = (urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in ({"alg": "none"}, claims))
        text = f"{header}.{said}."
    elif what == "by our own secret":
        text = jwt.encode({"alg": "HS256", "kid": "k"}, claims, OctKey.import_key(SECRET * 2))
    else:
        text = jwt.encode({"alg": "RS256", "kid": "k"}, claims, other if what == "by another key" else key)
    with oidc._client() as client:
        if what == "right":
            assert oidc._claims(client, {"id_token": text, "access_token": "a"}, "n", moment)["sub"] == "chen"
            return
        with pytest.raises((JoseError, ValueError)):
            oidc._claims(client, {"id_token": text, "access_token": "a"}, "n", moment)


def test_a_provider_is_who_it_was_named(provider: Provider) -> None:
    with pytest.raises(SigningError, match="calls itself"):
        Oidc(replace(provider, issuer=provider.issuer + "/"), MASTER).begin(now())
    with pytest.raises(SigningError, match="does not answer"):
        Oidc(replace(provider, issuer=f"http://127.0.0.1:{free_port()}"), MASTER).begin(now())


def test_the_provider_is_named_by_command_and_kept_secret(tmp_path: Path, provider: Provider) -> None:
    home = tmp_path / "home"
    people(home, now())
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    named = ("--client", "fenji", "--secret", secret, "--address", "https://testserver", "--home", home)
    assert fenji("account", "provider", "http://provider.example", *named).code == 2
    assert read_provider(home) is None
    assert fenji("account", "provider", provider.issuer, *named).code == 0
    assert read_provider(home) == provider
    assert (home / FILE).stat().st_mode & 0o077 == 0
    with pytest.raises(InputError, match="TLS"):
        write_provider(home, replace(provider, redirect_uri="http://data.example/"))
    (home / FILE).write_text(json.dumps({"issuer": "x"}))
    with pytest.raises(SigningError, match="does not name"):
        read_provider(home)


def test_an_installation_without_a_provider_says_so(served: Served) -> None:
    assert served.client.get("/v1/oidc/log-in", follow_redirects=False).status_code == 404
    new = {"login": "linked", "roles": ["viewer"], "subject": "chen"}
    assert served.call("administrator", "POST", "/v1/accounts", new).json()["errors"][0]["pointer"] == "/subject"
    assert subject_of("a", "b") != subject_of("a#b", "")
