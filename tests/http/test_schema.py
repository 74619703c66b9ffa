"""Every operation of the OpenAPI document under what schemathesis makes up: no fault of the server, only what is declared.

Each request is sent as an account of a random role, or as nobody: whether it is let in is the matrix's business, here only that
every answer is one that the document announces, and every refusal a problem of RFC 9457.
"""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.access.permissions import permissions
from api.cli.options import now
from api.cli.rulebooks import choose_for_record
from api.http.app import create
from api.http.office import Settings
from api.http.problems import MEDIA
from tests.http.conftest import Running
from tests.long import LONG

CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@schemathesis.serializer("application/zip")
def archive(_context: object, value: object) -> bytes:
    return value if isinstance(value, bytes) else b"PK"


EXAMPLES = 200 if LONG else 6


def operations() -> dict[str, Any]:
    """Every operation of the document, by method and path; the application is made and never started."""
    app = create(Settings(Path("nowhere"), now, lambda opened, day: choose_for_record(opened, "", day)))
    schema = schemathesis.openapi.from_dict(app.openapi())
    found = [result for result in schema.get_all_operations() if isinstance(result, Ok)]
    return {result.ok().label: result.ok() for result in found}


OPERATIONS = operations()


@pytest.mark.parametrize("label", OPERATIONS)
def test_every_answer_is_declared(running: Running, label: str) -> None:
    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
    @given(case=OPERATIONS[label].as_strategy(), role=st.sampled_from(["", *permissions().roles]))
    def each(case: Any, role: str) -> None:
        headers = {"authorization": f"Bearer {running.keys[role]}"} if role else {}
        got = case.call(base_url=running.url, headers=headers, timeout=60, allow_redirects=False)
        case.validate_response(got, checks=CHECKS)
        if got.status_code >= HTTPStatus.BAD_REQUEST:
            assert got.headers["content-type"][0] == MEDIA
            assert got.json()["code"]

    each()
