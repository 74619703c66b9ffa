"""The interface as a page for people: the OpenAPI document rendered by Swagger UI, from files of this machine only.

The assets come out of the package fastapi-offline, which carries them and is not imported. The page runs under a policy that
allows no inline script or style, and nothing from anywhere else.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, Response

from engine.errors import InputError, Place

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",  # Swagger UI's icons are data in its style sheet
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
HEADERS = {"content-security-policy": "; ".join(f"{name} {value}" for name, value in POLICY.items())}
ASSETS = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}
BEGIN = "begin.js"
# nothing is asked of a validator elsewhere
SCRIPT = """window.addEventListener("load", function () {
  SwaggerUIBundle({
    url: "/openapi.json", dom_id: "#page", docExpansion: "list", validatorUrl: null, deepLinking: true,
    presets: [SwaggerUIBundle.presets.apis]
  });
});
"""
PAGE = """<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>fenji 分级: HTTP</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<script src="/docs/swagger-ui-bundle.js" defer></script>
<script src="/docs/begin.js" defer></script>
</head>
<body>
<main id="page"></main>
<noscript><p>接口说明 / the interface: <a href="/openapi.json">/openapi.json</a></p></noscript>
</body>
</html>
"""


def show(app: FastAPI) -> None:
    """Add the page and its assets."""

    @app.get("/docs", include_in_schema=False)
    async def page() -> HTMLResponse:
        return HTMLResponse(PAGE, headers=HEADERS)

    @app.get("/docs/{name}", include_in_schema=False)
    def asset(name: str) -> Response:
        if name == BEGIN:
            return Response(SCRIPT, headers=HEADERS, media_type="text/javascript")
        if name not in ASSETS:
            raise InputError("not-found", "there is nothing here", "the page is /docs", Place())
        kept = {"cache-control": "public, max-age=3600"}
        return Response(_read(name), headers={**HEADERS, **kept}, media_type=ASSETS[name])


@cache
def _read(name: str) -> bytes:
    """Return an asset, without running the package that carries it."""
    spec = find_spec("fastapi_offline")
    folders = list(spec.submodule_search_locations or []) if spec else []
    for folder in folders:
        path = Path(folder) / "static" / name
        if path.is_file():
            return path.read_bytes()
    raise InputError("not-found", "the assets of the page are not installed", "install fastapi-offline", Place())
