"""The OpenAPI 3.1 document: what FastAPI derives from the routes, with what holds for all of them said once.

Every refusal is a problem (RFC 9457) of status 4XX or 5XX; headers that a request is refused without are required; a route that
not everybody may use says so, with the action it needs (`x-action`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from api.access.permissions import permissions
from api.http.office import COOKIE, Needs
from api.http.problems import MEDIA
from schemas.http.service import Problem

REQUIRED = ("Idempotency-Key", "If-Match")
REFUSED = {"4XX": "Refused: the request, or whoever sent it.", "5XX": "The server cannot answer now."}
SCHEMES = {
    "key": {"type": "http", "scheme": "bearer", "description": "An API key, `fenji_ID_SECRET`."},
    "session": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "A session; what writes needs X-CSRF-Token."},
}


@dataclass(frozen=True)
class Way:
    """A route as it is served: its path, its methods, and the action it needs, `` for one outside of the table."""

    path: str
    methods: tuple[str, ...]
    action: str


def ways(routers: Iterable[APIRouter], prefix: str) -> list[Way]:
    """Return the routes of routers below a prefix."""
    found = [route for router in routers for route in router.routes if isinstance(route, APIRoute)]
    return [Way(prefix + route.path_format, tuple(sorted(route.methods or ())), _needs(route)) for route in found]


def _needs(route: APIRoute) -> str:
    found = [each.dependency.action for each in route.dependencies if isinstance(each.dependency, Needs)]
    assert len(found) == 1, f"{route.path} needs {found}"  # noqa: S101 - INVARIANT of Needs: deny by default
    return found[0]


def describe(app: FastAPI, of: Sequence[Way]) -> None:
    """Make an application's document complete; `of` are the routes of the table of permissions."""
    made: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not made:
            made.update(_document(app, {(way.path, method.lower()): way.action for way in of for method in way.methods}))
        return made

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI documents


def _document(app: FastAPI, actions: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    found = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes, openapi_version="3.1.0")
    parts = found.setdefault("components", {})
    schemas = parts.setdefault("schemas", {})
    described = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(described.pop("$defs", {}))
    schemas["Problem"] = described
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    parts["securitySchemes"] = SCHEMES
    content = {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    parts["responses"] = {name: {"description": text, "content": content} for name, text in REFUSED.items()}
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            _complete(operation, actions.get((path, method), ""))
    return found


def _complete(operation: dict[str, Any], action: str) -> None:
    """Say of an operation how it refuses, what it requires, and what whoever asks must be allowed."""
    kept = {status: each for status, each in operation["responses"].items() if status < "4"}
    operation["responses"] = {**kept, **{name: {"$ref": f"#/components/responses/{name}"} for name in REFUSED}}
    for each in operation.get("parameters", ()):
        # one that may be left out is declared as a text or null
        if each["in"] == "header" and each["name"] in REQUIRED and each["schema"].get("type") == "string":
            each["required"] = True
            each["schema"].pop("default", None)
            each["schema"]["minLength"] = 1
    if action:
        operation["x-action"] = action
    if action and not permissions().public(action):
        operation["security"] = [{"key": []}, {"session": []}]
