"""Batches and jobs: every filing answered for itself; nothing lost by a cancelled, killed or restarted worker."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from api.cli.options import now
from api.http import batch
from api.http.jobs import EACH, STARTS, Jobs, Kind, Work
from api.http.limits import MOST
from api.http.office import BATCHES
from engine.errors import InputError, StoreError
from engine.store.service import OVER, Job, ServiceStore
from tests.http.conftest import Served
from tests.http.test_app import ASKED, SURE, decided

MASTER = bytes(32)
ROWS = [{"id": "a", "facts": SURE}, {"id": "b", "facts": {"people.minos": True}}, {"facts": 1}, {"id": 4, "facts": {}}]


def sent(rows: list[Any], **more: Any) -> dict[str, Any]:
    return {"pack": "nanjing-tiering", "as_of": "2026-08-01", "filings": rows, **more}


def waited(served: Served, who: str, where: str) -> dict[str, Any]:
    for _ in range(600):
        found: dict[str, Any] = served.call(who, "GET", where).json()
        if found["state"] in OVER:
            return found
        time.sleep(0.05)
    raise AssertionError(found)


def test_each_filing_of_a_batch_is_answered_for_itself(served: Served) -> None:
    got = served.call("", "POST", "/v1/batches", sent(ROWS))
    assert got.status_code == 200, got.text
    first, *wrong = got.json()["results"]
    single = served.call("", "POST", "/v1/assessments", {**ASKED, "facts": SURE}).json()
    assert (first["number"], first["id"], first["status"], first["answer"]) == (0, "a", 200, single)
    assert [(each["number"], each["status"]) for each in wrong] == [(1, 422), (2, 422), (3, 422)]
    pointers = [each["problem"]["errors"][0]["pointer"] for each in wrong]
    assert pointers == ["/filings/1/facts/people.minos", "/filings/2/facts", "/filings/3/id"]


def test_a_batch_that_names_no_day_is_of_the_day_where_the_law_applies(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    evening = datetime(2026, 11, 29, 17, tzinfo=UTC)  # the next day has begun in Nanjing
    monkeypatch.setattr(served.office, "settings", replace(served.office.settings, clock=lambda: evening))
    asked = {"pack": "nanjing-tiering"}
    for more, day in [({}, "2026-11-30"), ({"on": "2026-11-01"}, "2026-11-01"), ({"as_of": "2026-08-01"}, "2026-08-01")]:
        got = served.call("", "POST", "/v1/batches", {**asked, **more, "filings": [{"facts": SURE}]}).json()
        assert got["as_of"] == day
        assert got["results"][0]["answer"] == served.call("", "POST", "/v1/assessments", {**asked, **more, "facts": SURE}).json()
    week = served.call("", "POST", "/v1/batches", sent([{"facts": SURE}], as_of="2026-W48-1")).json()
    assert (week["code"], week["errors"][0]["pointer"]) == ("wrong-date", "/as_of")


def test_a_batch_may_ask_every_pack(served: Served) -> None:
    got = served.call("", "POST", "/v1/batches", {"as_of": "2026-08-01", "filings": [{"facts": SURE}]}).json()
    assert {part["pack"] for part in got["results"][0]["answer"]["packs"]} == set(served.office.chosen.rulebook.packs)


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({}, 422, "/filings"),
        (sent([]), 422, "/filings"),
        (sent([1]), 422, "/filings/0"),
        (sent([{}], pack="nope"), 404, ""),
        (sent([{}], as_of="x"), 422, "/as_of"),
        (sent([{}], when="x"), 422, "/when"),
    ],
)
def test_a_batch_that_is_none_is_refused_as_a_whole(served: Served, body: Any, status: int, pointer: str) -> None:
    got = served.call("", "POST", "/v1/batches", body)
    assert (got.status_code, got.json()["errors"][0]["pointer"]) == (status, pointer)


def test_a_batch_ends_in_time_and_waits_its_turn(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "SECONDS", -1.0)
    late = served.call("", "POST", "/v1/batches", sent([{"id": "late", "facts": SURE}])).json()["results"][0]
    assert (late["id"], late["status"], late["problem"]["code"]) == ("late", 503, "out-of-time")
    monkeypatch.setattr(batch, "TURN", 0.01)
    portal, limiter = served.client.portal, served.office.batching
    assert portal is not None
    for number in range(BATCHES):
        portal.call(limiter.acquire_on_behalf_of, number)
    try:
        assert served.call("", "POST", "/v1/batches", sent([{"facts": SURE}])).json()["code"] == "busy"
    finally:
        for number in range(BATCHES):
            portal.call(limiter.release_on_behalf_of, number)


def test_who_may_ask_for_no_job_sends_little(served: Served) -> None:
    large = {"filings": [{"id": "x" * MOST, "facts": {}}]}
    assert served.call("", "POST", "/v1/batches", large).status_code == 401
    assert served.call("viewer", "POST", "/v1/batches", large).status_code == 403


def test_a_large_batch_is_a_job(served: Served) -> None:
    body, key = sent([{"id": str(n), "facts": SURE} for n in range(101)]), {"idempotency-key": str(uuid4())}
    assert served.call("", "POST", "/v1/batches", body, **key).status_code == 401
    assert served.call("viewer", "POST", "/v1/batches", body, **key).status_code == 403
    assert served.call("reviewer", "POST", "/v1/batches", body).json()["code"] == "no-key"
    taken = served.call("reviewer", "POST", "/v1/batches", body, **key)
    assert taken.status_code == 202
    where = taken.headers["location"]
    assert served.call("reviewer", "POST", "/v1/batches", body, **key).headers["location"] == where
    over = waited(served, "reviewer", where)
    assert (over["state"], over["done"], over["total"]) == ("done", 101, 101)
    rows = [json.loads(line) for line in served.call("reviewer", "GET", f"{where}/result").text.splitlines()]
    assert [row["id"] for row in rows] == [str(n) for n in range(101)]
    assert {row["status"] for row in rows} == {200}
    assert served.call("reviewer-b", "GET", where).status_code == 404
    assert served.call("administrator", "GET", where).status_code == 403
    listed = served.call("reviewer", "GET", "/v1/jobs?limit=1").json()
    assert len(listed["items"]) == 1
    assert served.call("reviewer", "DELETE", where).json()["state"] == "done"


def test_few_filings_are_a_job_when_that_is_preferred(served: Served) -> None:
    more = {"idempotency-key": str(uuid4()), "prefer": "respond-async"}
    taken = served.call("applicant", "POST", "/v1/batches", sent([{"facts": SURE}]), **more)
    assert waited(served, "applicant", taken.headers["location"])["state"] == "done"


def test_many_decisions_are_replayed(served: Served) -> None:
    mine, theirs = decided(served).json()["id"], decided(served, "applicant-b").json()["id"]
    body = {"kind": "replay", "decisions": [mine, theirs, "nope"]}
    taken = served.call("applicant", "POST", "/v1/jobs", body, **{"idempotency-key": str(uuid4())})
    waited(served, "applicant", taken.headers["location"])
    text = served.call("applicant", "GET", f"{taken.headers['location']}/result").text
    rows = [json.loads(line) for line in text.splitlines()]
    assert [(row["decision"], row["exit"]) for row in rows] == [(mine, 0), (theirs, 2), ("nope", 2)]
    taken = served.call("auditor", "POST", "/v1/jobs", body, **{"idempotency-key": str(uuid4())})
    waited(served, "auditor", taken.headers["location"])
    noted = {each.thing for each in served.office.accounts.store.readings(0, 10_000) if each.account == "auditor"}
    assert {mine, theirs} <= noted


@pytest.mark.parametrize(("form", "begins"), [("md", b"|"), ("xlsx", b"PK")])
def test_a_report_is_a_job(served: Served, form: str, begins: bytes) -> None:
    body = {"kind": "report", "period": "2026-01..2026-12", "format": form}
    key = {"idempotency-key": str(uuid4())}
    assert served.call("applicant", "POST", "/v1/jobs", body, **key).status_code == 403
    taken = served.call("reviewer", "POST", "/v1/jobs", body, **key)
    waited(served, "reviewer", taken.headers["location"])
    assert begins in served.call("reviewer", "GET", f"{taken.headers['location']}/result").content[:2000]
    wrong = served.call("reviewer", "POST", "/v1/jobs", {**body, "period": "2026"}, **{"idempotency-key": str(uuid4())})
    assert wrong.json()["errors"][0]["pointer"] == "/period"


# the threads, with work that tests can hold --------------------------------------------------------------------------------


class Held:
    """Work of ten parts that goes on as far as it is let."""

    def __init__(self) -> None:
        self.let = threading.Semaphore(0)
        self.steps: list[int] = []

    def kind(self) -> dict[str, Kind]:
        return {"held": Kind(lambda _account, asked, _: Work(10, 1, lambda start, _: self.step(start, asked)), "text/plain")}

    def step(self, start: int, asked: bytes) -> bytes:
        assert self.let.acquire(timeout=20)
        self.steps.append(start)
        if asked == b"fails":
            raise InputError("wrong", "it fails", "do not")
        if asked == b"breaks":
            raise ValueError(asked)
        return b"%d" % start


def until(jobs: Jobs, job: str, true: Callable[[Job], bool]) -> Job:
    for _ in range(400):
        found = jobs.store.job(job)
        assert found is not None
        if true(found):
            return found
        time.sleep(0.02)
    raise AssertionError(found)


@pytest.fixture
def store(tmp_path: Path) -> ServiceStore:
    return ServiceStore(tmp_path / "service.db")


def test_a_job_goes_on_where_a_process_that_died_left_it(store: ServiceStore) -> None:
    held = Held()
    first = Jobs(store, MASTER, now, held.kind())
    first.start()
    first.add("j", "me", "held", b"asked")
    held.let.release(3)
    until(first, "j", lambda job: job.done == 3)
    assert b"asked" not in b"".join(row[0] for row in store.run("SELECT asked FROM job"))
    second = Jobs(store, MASTER, now, held.kind())  # as after a kill: nobody told the first that it ends
    assert second.store.job("j")
    assert until(second, "j", lambda job: job.state == "waiting").starts == 1
    first._closing = True
    held.let.release(20)
    second.start()
    over = until(second, "j", lambda job: job.state == "done")
    assert b"".join(second.result(over)) == b"0123456789"
    first.close()
    second.close()


def test_a_job_that_ends_with_its_process_in_good_order_goes_on_too(store: ServiceStore) -> None:
    held = Held()
    first = Jobs(store, MASTER, now, held.kind())
    first.start()
    first.add("j", "me", "held", b"asked")
    held.let.release(1)
    until(first, "j", lambda job: job.done == 1)
    first._closing = True
    held.let.release(1)
    first.close()
    found = store.job("j")
    assert found
    assert (found.state, found.done, found.starts) == ("waiting", 2, 0)


def test_a_job_that_never_ends_is_marked_interrupted(store: ServiceStore) -> None:
    store.put(Job("j", "me", "held", "running", 0, 10, "2026", "2026", starts=STARTS, asked=b"sealed"))
    jobs = Jobs(store, MASTER, now, {})
    found = jobs.store.job("j")
    assert found
    assert (found.state, found.code, found.asked) == ("interrupted", "interrupted", b"")
    with pytest.raises(InputError, match="interrupted"):
        jobs.result(found)


def test_a_job_is_cancelled_between_its_parts(store: ServiceStore) -> None:
    held = Held()
    jobs = Jobs(store, MASTER, now, held.kind())
    jobs.start()
    for name in ("a", "b", "c"):
        jobs.add(name, "me", "held", b"asked")
    until(jobs, "a", lambda job: job.state == "running")
    until(jobs, "b", lambda job: job.state == "running")
    jobs.cancel("c")
    over = until(jobs, "c", lambda job: job.state == "cancelled")
    assert (over.starts, over.asked) == (0, b"")
    jobs.cancel("a")
    assert until(jobs, "a", lambda job: job.state == "cancelling")
    held.let.release(30)
    assert until(jobs, "a", lambda job: job.state == "cancelled").done == 0
    assert until(jobs, "b", lambda job: job.state == "done").asked == b""
    jobs.close()


@pytest.mark.parametrize(("asked", "code"), [(b"fails", "wrong"), (b"breaks", "internal")])
def test_a_job_that_fails_says_why_and_the_next_one_runs(store: ServiceStore, asked: bytes, code: str) -> None:
    held = Held()
    held.let.release(99)
    jobs = Jobs(store, MASTER, now, held.kind())
    jobs.start()
    jobs.add("j", "me", "held", asked)
    assert until(jobs, "j", lambda job: job.state == "failed").code == code
    jobs.add("k", "me", "held", b"asked")
    until(jobs, "k", lambda job: job.state == "done")
    jobs.close()


def test_jobs_are_bounded_and_forgotten(store: ServiceStore) -> None:
    jobs = Jobs(store, MASTER, now, Held().kind())
    for number in range(EACH):
        jobs.add(f"j{number}", "me", "held", b"asked")
    with pytest.raises(StoreError, match="too many"):
        jobs.add("more", "me", "held", b"asked")
    jobs.add("theirs", "you", "held", b"asked")
    jobs.cancel("j0")
    later = now() + timedelta(days=9)
    jobs.tidy(later)
    assert store.job("j0") is None
    assert store.job("j1") is not None


def test_a_job_that_runs_over_midnight_is_of_the_day_on_which_it_was_accepted(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    evening = datetime(2026, 11, 29, 15, 59, 59, tzinfo=UTC)  # a second before the next day begins in Nanjing
    moments = iter([evening] * 3)
    jobs = served.office.jobs
    monkeypatch.setattr(jobs, "_clock", lambda: next(moments, evening + timedelta(hours=1)))
    name = f"night-{uuid4()}"
    asked = json.dumps({"pack": "nanjing-tiering", "filings": [{"facts": SURE}]}).encode()
    jobs.add(name, "intake", "assess", asked)
    assert until(jobs, name, lambda job: job.state == "done")
    found = jobs.store.job(name)
    assert found
    assert found.changed > "2026-11-29T16"
    (line,) = b"".join(jobs.result(found)).splitlines()
    assert json.loads(line)["answer"]["as_of"] == "2026-11-29"


def test_what_is_kept_for_a_job_cannot_be_exchanged(store: ServiceStore) -> None:
    jobs = Jobs(store, MASTER, now, Held().kind())
    sealed = jobs._seal.seal("a", b"facts")
    with pytest.raises(StoreError, match="changed"):
        jobs._seal.open("b", sealed)
