"""How tests of the HTTP interface send what writes: with a fresh key, of the state that was seen."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from tests.http.conftest import Served


def post(served: Served, who: str, path: str, body: Any, **headers: str) -> Any:
    """Send a request that begins something."""
    return served.call(who, "POST", path, body, **{"idempotency-key": str(uuid4()), **headers})


def change(served: Served, who: str, path: str, body: Any, second: str = "") -> Any:
    """Send a request that changes a stream as it stands; `path` begins with the stream's address of three parts."""
    also = {"x-second-authorization": f"Bearer {served.keys[second]}"} if second else {}
    where = "/".join(path.split("/")[:4])
    seen = served.call("auditor", "GET", where).headers["etag"]
    return post(served, who, path, body, **{"if-match": seen}, **also)


def ok(answer: Any) -> Any:
    """Return the JSON of an answer that is none of refusal."""
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def register(served: Served) -> str:
    """Return the address of the first enterprise's register of transfers, opened by whichever test comes first."""
    found = ok(served.call("viewer", "GET", "/v1/transfer-registers"))["items"]
    made = found[0] if found else ok(post(served, "applicant", "/v1/transfer-registers", {"name": "甲公司"}))
    return f"/v1/transfer-registers/{made['id']}"
