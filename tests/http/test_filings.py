"""Filings over HTTP, and with them the one way in which a request changes a stream."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from engine.store import reading
from tests.http.conftest import FIRMS, Served

FILED: dict[str, Any] = {
    "name": "甲公司", "product": "产线视觉检测", "pack": "nanjing-tiering", "party_role": "provider", "phase": "operation",
    "facts": {"people.minors": False},
}  # fmt: skip


def key() -> dict[str, str]:
    return {"idempotency-key": str(uuid4())}


def drafted(served: Served, who: str = "applicant", **more: Any) -> Any:
    return served.call(who, "POST", "/v1/filings", {**FILED, "product": f"产品 {uuid4()}", **more}, **key())


def changed(served: Served, who: str, path: str, body: Any, match: str, method: str = "POST") -> Any:  # noqa: PLR0913, PLR0917
    return served.call(who, method, path, body, **key(), **{"if-match": match})


def submitted(served: Served, **more: Any) -> str:
    """A submitted filing of the first firm, for the first unit; its address."""
    where = str(drafted(served, **{"unit": "市工信局", **more}).headers["location"])
    assert changed(served, "applicant", f"{where}/submission", {}, '"1"').status_code == 200
    return where


def test_a_draft_is_its_makers_until_it_is_submitted(served: Served) -> None:
    where = drafted(served, unit="市工信局").headers["location"]
    for who in ("intake", "decider", "unit_opinion", "auditor", "applicant-b"):
        for path in (where, f"{where}/events", f"{where}/clocks"):
            assert served.call(who, "GET", path).status_code == 404, who
        assert changed(served, who, where, {}, '"1"', "PATCH").status_code in (403, 404)
    listed = served.call("intake", "GET", "/v1/filings?limit=200").json()["items"]
    assert {each["state"] for each in listed} <= {"submitted", "withdrawn", "concluded"}
    assert served.call("intake", "GET", "/v1/filings?state=draft").json()["items"] == []
    assert served.call("editor", "GET", where).status_code == 200
    assert where.rpartition("/")[2] in {
        each["id"] for each in served.call("viewer", "GET", "/v1/filings?state=draft").json()["items"]
    }
    own = drafted(served, "intake", holder=FIRMS["a"]).headers["location"]
    assert (served.call("intake", "GET", own).status_code, served.call("decider-b", "GET", own).status_code) == (200, 404)
    assert changed(served, "applicant", f"{where}/submission", {}, '"1"').status_code == 200
    assert served.call("intake", "GET", where).status_code == 200


def test_a_filing_from_the_draft_to_its_second_version(served: Served) -> None:
    made = drafted(served)
    assert made.status_code == 201, made.text
    where = made.headers["location"]
    assert (made.status_code, made.json()["state"], made.headers["etag"]) == (201, "draft", '"1"')
    saved = changed(served, "editor", where, {"contact": "张三"}, '"1"', "PATCH")
    assert (saved.status_code, saved.headers["etag"]) == (200, '"2"')
    assert served.call("editor", "POST", f"{where}/submission", {}, **key()).status_code == 403
    sent = changed(served, "applicant", f"{where}/submission", {}, '"2"')
    assert (sent.status_code, sent.json()["state"]) == (200, "submitted")
    revised = changed(served, "applicant", f"{where}/versions", {"facts": {"people.minors": True}}, '"3"')
    assert revised.status_code == 200, revised.text
    got = served.call("viewer", "GET", where)
    assert got.headers["etag"] == '"4"'
    assert got.json()["facts"] == {"people.minors": True}
    assert (got.json()["fields"]["contact"], got.json()["fields"]["holder"]) == ("张三", FIRMS["a"])
    assert {each["event"] for each in got.json()["next"]} == {"revise", "lodge", "take_up", "withdraw", "conclude"}
    names = [each["name"] for each in served.call("viewer", "GET", f"{where}/events").json()]
    assert names == ["draft", "save", "submit", "revise"]
    assert served.call("viewer", "GET", f"{where}/clocks").json() == []
    gone = changed(served, "applicant", f"{where}/withdrawal", {}, '"4"')
    assert (gone.json()["state"], gone.json()["closed"]) == ("withdrawn", True)
    late = changed(served, "applicant", f"{where}/withdrawal", {}, '"5"')
    assert (late.status_code, late.json()["code"], late.headers["etag"]) == (409, "closed", '"6"')


def test_a_change_is_of_the_state_that_was_seen(served: Served) -> None:
    where = drafted(served).headers["location"]
    assert served.call("applicant", "PATCH", where, {}, **key()).json()["code"] == "no-match"
    for stale in ('"0"', '"2"', 'W/"1"', "1", '""', "nonsense"):
        got = changed(served, "applicant", where, {"contact": "李四"}, stale, "PATCH")
        assert (got.status_code, got.json()["code"]) == (412, "overtaken"), stale
    assert served.call("applicant", "GET", where).headers["etag"] == '"1"'
    for number, fresh in enumerate(('"1"', '"x", "2"', "*"), 2):
        assert changed(served, "applicant", where, {"contact": "李四"}, fresh, "PATCH").headers["etag"] == f'"{number}"'


def test_the_same_key_changes_once_and_gives_the_same_answer(served: Served) -> None:
    where = drafted(served).headers["location"]
    headers = {**key(), "if-match": '"1"'}
    first = served.call("applicant", "PATCH", where, {"contact": "李四"}, **headers)
    again = served.call("applicant", "PATCH", where, {"contact": "李四"}, **headers)
    assert (first.status_code, first.content, first.headers["etag"]) == (again.status_code, again.content, again.headers["etag"])
    assert served.call("applicant", "PATCH", where, {"contact": "王五"}, **headers).json()["code"] == "key-reused"
    assert served.call("applicant", "GET", where).headers["etag"] == '"2"'
    assert served.call("applicant", "PATCH", where, {}, **{"if-match": '"2"'}).json()["code"] == "no-key"


def test_what_was_recorded_before_a_crash_is_found_and_not_recorded_again(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    where, once = drafted(served).headers["location"], served.office.once
    headers = {**key(), "if-match": '"1"'}
    put = once._store.put

    def dies(row: Any) -> None:
        if getattr(row, "status", 0):
            raise RuntimeError  # after the event, before the answer is kept
        put(row)

    with monkeypatch.context() as patched:
        patched.setattr(once._store, "put", dies)
        assert served.call("applicant", "PATCH", where, {"contact": "李四"}, **headers).status_code == 500
        patched.undo()
        patched.setattr(once, "_process", "the next one")
        got = served.call("applicant", "PATCH", where, {"contact": "李四"}, **headers)
    assert (got.status_code, got.headers["etag"]) == (200, '"2"')
    assert reading.record(served.office.home.store, got.json()["event"]) is not None
    assert served.call("applicant", "GET", where).headers["etag"] == '"2"'


def test_a_refusal_names_its_rule_and_its_law_and_is_an_event(served: Served) -> None:
    where = drafted(served, "intake", holder=FIRMS["a"]).headers["location"]
    held = changed(served, "intake", f"{where}/submission", {"evidence": [{"name": "x", "sha256": "0"}]}, '"1"')
    assert (held.status_code, held.json()["errors"][0]["pointer"]) == (422, "/evidence/0/sha256")
    got = changed(served, "intake", f"{where}/submission", {}, '"1"')
    assert (got.status_code, got.json()["code"]) == (422, "missing-field")
    assert got.json()["errors"][0]["rule"] == "filing/submit_ex_officio#reasons"
    assert got.headers["etag"] == '"2"'
    assert served.call("intake", "GET", f"{where}/events").json()[-1]["name"] == "refused"
    for_it = changed(served, "intake", f"{where}/submission", {"mandate": "0" * 64}, '"2"')
    assert for_it.json()["state"] == "submitted"
    alone = changed(served, "intake", f"{where}/withdrawal", {"reasons": "重复"}, '"3"')
    assert (alone.status_code, alone.json()["code"]) == (403, "mandated")
    assert changed(served, "intake", f"{where}/papers", {"paper": "1" * 64}, '"4"').json()["state"] == "submitted"
    assert changed(served, "intake", f"{where}/versions", {"facts": {}, "mandate": "0" * 64}, '"5"').status_code == 200
    assert changed(served, "intake", f"{where}/withdrawal", {"mandate": "1" * 64}, '"6"').json()["state"] == "withdrawn"


def test_a_firm_files_for_itself(served: Served) -> None:
    assert drafted(served, holder=FIRMS["b"]).json()["code"] == "forbidden"
    assert drafted(served, facts={"people": {"minos": 1}}).json()["errors"][0]["pointer"] == "/facts/people/minos"
    where = drafted(served).headers["location"]
    for path, method, body in (("", "GET", None), ("/events", "GET", None), ("", "PATCH", {}), ("/submission", "POST", {})):
        theirs = changed(served, "applicant-b", where + path, body, '"1"', method)
        nothing = changed(served, "applicant-b", f"/v1/filings/nope{path}", body, '"1"', method)
        assert (theirs.status_code, nothing.status_code) == (404, 404)
        assert theirs.json()["errors"] == nothing.json()["errors"]


def test_lists_go_on_where_a_page_ended(served: Served) -> None:
    mine = [drafted(served).json()["id"] for _ in range(5)]
    drafted(served, "applicant-b")
    first = served.call("viewer", "GET", "/v1/filings?limit=2&state=draft")
    assert [each["id"] for each in first.json()["items"]] == mine[:2:-1]
    newest = drafted(served).json()["id"]
    following = first.json()["next"]
    assert first.headers["link"] == f'<{following}>; rel="next"'
    second = served.call("viewer", "GET", following).json()
    assert [each["id"] for each in second["items"]] == [mine[2], mine[1]]
    assert newest not in str(second)
    seen, page = [], "/v1/filings?limit=200"
    while page:
        got = served.call("viewer-b", "GET", page).json()
        seen += [each["id"] for each in got["items"]]
        page = got["next"]
    assert not set(seen) & {*mine, newest}
    for wrong in (
        following.replace("after=", "after=x"),
        following.replace("draft", "submitted"),
        following.replace("filings", "filings/"),
    ):
        assert served.call("viewer", "GET", wrong).json()["code"] in ("wrong-cursor", "not-found")
    assert served.call("viewer", "GET", "/v1/filings?limit=201").status_code == 422
