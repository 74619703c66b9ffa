"""A program: canaille, a real identity provider, on loopback with one person and one client: PORT ISSUER-SECRET REDIRECT."""

from __future__ import annotations

import sys
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from canaille import create_app
from canaille.app import models
from canaille.backends import Backend


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


def main(port: int, secret: str, redirect: str) -> None:
    config = {"SECRET_KEY": secret, "SERVER_NAME": f"127.0.0.1:{port}", "PREFERRED_URL_SCHEME": "http"}
    app = create_app({**config, "CANAILLE": {"DATABASE": "memory", "HTMX": False, "JAVASCRIPT": False}, "CANAILLE_OIDC": {}})
    with app.app_context():
        for name in ("chen", "stranger"):
            said = {"user_name": name, "family_name": name, "formatted_name": name, "emails": [f"{name}@provider.example"]}
            Backend.instance.save(models.User(**said, password=secret))
        client = models.Client(
            client_id="fenji",
            client_secret=secret,
            client_name="fenji",
            client_uri=f"http://127.0.0.1:{port}",  # a trusted domain: the provider asks for no consent
            redirect_uris=[redirect],
            grant_types=["authorization_code"],
            response_types=["code"],
            scope=["openid"],
            token_endpoint_auth_method="client_secret_basic",  # noqa: S106 - the name of a method
        )
        Backend.instance.save(client)
        client.audience = [client]
        Backend.instance.save(client)
    make_server("127.0.0.1", port, app, Server, Quiet).serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
