"""A real server on loopback, started by the command."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from base64 import b32decode
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from api.cli.options import now
from tests.http.conftest import people
from tests.http.serving import free_port
from tests.test_cli import fenji


def asked(url: str, body: dict[str, object] | None = None) -> tuple[int, str]:
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(url, data, {"content-type": "application/json"})  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(request, timeout=30) as got:  # noqa: S310 - as above
            return got.status, got.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_an_account_is_made_and_a_server_lets_it_in(tmp_path: Path) -> None:
    home = tmp_path / "home"
    people(home, now())
    made = json.loads(fenji("account", "add", "chen", "--role", "decider", "--actor", "chen", "--home", home, "--json").out)
    assert fenji("account", "add", "li", "--role", "king", "--home", home).code == 2
    assert fenji("serve", "--home", tmp_path / "nowhere").code == 2
    port = free_port()
    command = [sys.executable, "-c", "from api.cli import main; main()", "serve", "--port", str(port), "--home", str(home)]
    log = (tmp_path / "log").open("w+")
    server = subprocess.Popen(command, cwd=Path(__file__).parents[2], stderr=log, stdout=log)
    try:
        url = f"http://127.0.0.1:{port}"
        for _ in range(300):
            try:
                if asked(f"{url}/readyz")[0] == 200:
                    break
            except urllib.error.URLError:
                time.sleep(0.1)
        second = fenji("serve", "--home", home, "--port", str(free_port()))
        assert (second.code, second.err.splitlines()[0]) == (2, "fenji: served: another process serves this installation")
        assert asked(f"{url}/healthz") == (200, '{"status":"alive"}')
        once = TOTP(b32decode(made["one_time_secret"]), 6, SHA1(), 30, enforce_key_length=False)  # noqa: S303 - RFC 6238
        code = once.generate(int(time.time())).decode()
        status, _ = asked(f"{url}/v1/sessions", {"login": "chen", "password": made["password"], "code": code})
        assert status == 201
        assert asked(f"{url}/v1/sessions", {"login": "chen", "password": made["password"], "code": code})[0] == 401
        assert asked(f"{url}/v1/packs?name=%E5%BC%A0", {"phone": "13912345678"})[0] == 405
    finally:
        server.terminate()
        assert server.wait(20) in (0, -15)
    log.seek(0)
    lines = [json.loads(line) for line in log]
    log.close()
    assert {"event": "answered", "route": "/sessions", "status": 401}.items() <= lines[-2].items()
    assert not [
        line for line in lines if any(word in str(line) for word in ("E5%BC%A0", "13912345678", "chen", made["password"]))
    ]
