"""What is read over HTTP: rules under their hash, the calendar, counts, the log as a mirror reads it, lists of decisions."""

from __future__ import annotations

from typing import Any

import pytest

from engine.evidence import merkle
from engine.evidence.note import read_checkpoint
from tests.http.calls import post
from tests.http.conftest import FIRMS, Served
from tests.http.test_app import SURE, decided
from tests.http.test_cases import act, proposed
from tests.http.test_cases import decided as ruled

READ = ["/v1/packs", "/v1/packs/nanjing-tiering", "/v1/packs/nanjing-tiering/rules", "/v1/packs/nanjing-tiering/facts"]


@pytest.mark.parametrize("path", [*READ, "/v1/packs/nanjing-tiering/rules/daily-consumption"])
def test_rules_are_fetched_once(served: Served, path: str) -> None:
    got = served.client.get(path)
    tag = got.headers["etag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = served.client.get(path, headers={"if-none-match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert served.client.get(path, headers={"if-none-match": '"other"'}).content == got.content


def test_no_rulebook_was_known_before_one_was_published(served: Served) -> None:
    assert served.client.get("/v1/releases").json() == []
    assert served.client.get("/v1/packs?known_at=2026-01-01").json()["code"] == "nothing-known"
    assert served.client.get("/v1/packs?known_at=today").json()["code"] == "wrong-date"


NO_PAUSE = {"code": "no-such-pause"}
PERIODS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"start": "2026-09-14", "unit": "working_days", "length": 20}, {"due": "2026-10-16", "provisional": False}),
    (
        {"start": "2026-12-20", "unit": "working_days", "length": 10},
        {"due": None, "earliest": "2026-12-30", "latest": "2027-01-04", "provisional": True},
    ),
    ({"start": "2026-09-14", "clock": "licence_decision"}, {"unit": "working_days", "length": 20, "due": "2026-10-16"}),
    (
        {
            "start": "2026-09-14",
            "clock": "licence_decision",
            "pauses": [{"start": "2026-09-18", "end": "2026-10-09", "reason": "hearing"}],
        },
        {"due": "2026-10-30"},  # four days before the pause; 10 October is a Saturday worked
    ),
    ({"start": "2026-09-14", "unit": "days", "length": 3, "pauses": [{"start": "2026-09-15"}]}, {"paused": True, "due": None}),
    ({"start": "2026-09-14", "clock": "licence_decision", "pauses": [{"start": "2026-09-15", "reason": "holiday"}]}, NO_PAUSE),
    ({"start": "2026-09-14", "clock": "licence_decision", "pauses": [{"start": "2026-09-15"}]}, NO_PAUSE),
    ({"start": "2026-09-14", "clock": "litigation", "pauses": [{"start": "2026-09-15", "reason": "hearing"}]}, NO_PAUSE),
    ({"start": "2026-09-14", "clock": "litigation", "extended": True}, {"code": "no-extension"}),
    ({"start": "2026-09-14", "clock": "licence_decision", "extended": True}, {"length": 30}),
    ({"start": "2026-09-14", "unit": "days", "length": 1, "extended": True}, {"code": "no-period"}),
    ({"start": "2026-09-14"}, {"code": "no-period"}),
    ({"start": "2026-09-14", "unit": "days", "length": 1, "clock": "licence_decision"}, {"code": "no-period"}),
    ({"start": "2026-09-14", "clock": "nope"}, {"code": "unknown-clock"}),
    ({"start": "2026-09-14", "unit": "working_days", "length": 1, "rolls": True}, {"code": "no-roll"}),
    ({"start": "2026-09-14T10:00:00", "unit": "hours", "length": 24}, {"status": 422}),
    ({"start": "2026-09-14T10:00:00+08:00", "unit": "hours", "length": 24}, {"unit": "hours", "provisional": False}),
    ({"start": "2026-09-14", "unit": "days", "length": 0}, {"code": "invalid"}),
    ({"start": "yesterday", "unit": "days", "length": 1}, {"code": "wrong-date"}),
]


@pytest.mark.parametrize(("asked", "wanted"), PERIODS)
def test_when_a_period_ends(served: Served, asked: dict[str, Any], wanted: dict[str, Any]) -> None:
    got = served.call("", "POST", "/v1/calendar/due", asked).json()
    assert {name: got[name] for name in wanted} == wanted


def test_the_calendar_names_its_notices_and_periods_their_articles(served: Served) -> None:
    year = served.client.get("/v1/calendar/years/2026").json()
    assert (year["announced"], year["notices"][0]["number"] != "") == (True, True)
    assert served.client.get("/v1/calendar/years/2027").json()["announced"] is False
    assert served.client.get("/v1/calendar/years/1").status_code == 422
    clocks = {each["id"]: each for each in served.client.get("/v1/calendar/clocks").json()}
    assert clocks["licence_decision"]["sources"]


def test_what_is_due_next_is_cut_down_to_whoever_asks(served: Served) -> None:
    case = proposed(served).rpartition("/")[2]
    found = served.call("reviewer", "GET", "/v1/calendar/next?limit=200").json()
    assert case in {each["stream"] for each in found}
    assert case in {each["stream"] for each in served.call("viewer", "GET", "/v1/calendar/next?limit=200").json()}
    assert served.call("viewer-b", "GET", "/v1/calendar/next?limit=200").json() == []
    assert served.call("reviewer", "GET", "/v1/calendar/next?unit=none").json() == []


def test_counts_of_a_period_in_three_forms(served: Served) -> None:
    case = proposed(served)
    assert act(served, "applicant", case, "state", statement="无异议").status_code == 200
    assert ruled(served, case, "decider", "t3").status_code == 200
    month = f"{served.office.now():%Y-%m}"
    path = f"/v1/reports/period?first={month}&last={month}"
    found = served.call("auditor", "GET", path).json()
    assert sum(each["filings"] for each in found["counts"]) > 0
    assert sum(each["decided"].get("t3", 0) for each in found["counts"]) > 0
    assert (found["running"], found["through"][:7]) == (True, month)
    last = found["counts"][-1]
    row = f"| {last['unit']} | {last['district']} | {last['filings']} |"
    assert row in served.call("auditor", "GET", f"{path}&format=md").text
    assert served.call("auditor", "GET", f"{path}&format=xlsx").content[:2] == b"PK"
    assert served.call("auditor", "GET", "/v1/reports/period?first=2026-02&last=2026-01").json()["code"] == "wrong-period"
    assert served.call("auditor", "GET", "/v1/reports/period?first=2999-01&last=2999-01").json()["code"] == "wrong-period"
    assert served.call("auditor", "GET", "/v1/reports/period?first=2026-13&last=2026-13").json()["code"] == "invalid"


def test_a_mirror_rebuilds_the_root_from_tiles(served: Served) -> None:
    decided(served)
    head = read_checkpoint(served.client.get("/v1/log/checkpoint").text)
    leaves: list[bytes] = []
    for index in range(-(-head.size // 256)):
        width = min(256, head.size - index * 256)
        part = "" if width == 256 else f".p/{width}"
        hashes = served.client.get(f"/v1/log/tile/0/{index:03}{part}").content
        entries = served.client.get(f"/v1/log/tile/entries/{index:03}{part}").content
        at = 0
        for number in range(width):
            length = int.from_bytes(entries[at : at + 2], "big")
            leaves.append(merkle.leaf_hash(entries[at + 2 : at + 2 + length]))
            assert leaves[-1] == hashes[number * 32 : number * 32 + 32]
            at += 2 + length
    tree = merkle.Frontier()
    old = head.size // 2 + 1
    for number, leaf in enumerate(leaves, 1):
        tree.append(leaf)
        if number == old:
            first = tree.root()
    assert tree.root() == head.root
    proof = served.client.get(f"/v1/log/consistency?old={old}&new={head.size}").json()
    assert (proof["old"], proof["new"]) == (old, head.size)
    merkle.verify_consistency(old, first, head.size, head.root, [bytes.fromhex(each) for each in proof["hashes"]])
    for wrong in ("0/000.p/0", "0/0", "0/x000/000", "9/000", "0/999", "..%2fcheckpoint", "0/000.p/256", "entries/000.p/900"):
        assert served.client.get(f"/v1/log/tile/{wrong}").status_code == 404, wrong
    assert served.client.get(f"/v1/log/consistency?old=1&new={head.size + 1000}").json()["code"] == "no-such-tree"
    assert served.client.get(f"/v1/log/consistency?old={head.size}&new=1").json()["code"] == "no-such-tree"


def test_decisions_are_listed_to_whoever_may_read_them(served: Served) -> None:
    mine, theirs = decided(served).json()["id"], decided(served, "applicant-b").json()["id"]
    ofcase = served.call("auditor", "GET", proposed(served)).json()["values"]["proposal"]

    def listed(who: str, **asked: Any) -> list[str]:
        return [each.id for each in served.of(who).decisions.all(**asked)]

    all_of_them = listed("decider", limit=7)
    assert len(all_of_them) == len(set(all_of_them))
    assert {mine, theirs, ofcase} <= set(all_of_them)
    assert {mine, ofcase} <= set(listed("viewer", kind="proposal"))
    assert theirs not in listed("viewer")
    assert ofcase in listed("unit_opinion")
    assert listed("decider", pack="none") == []


def test_a_decision_is_replayed_under_the_rules_of_today(served: Served) -> None:
    made = decided(served, "applicant", facts=SURE).json()["id"]
    for under in ("then", "today"):
        got = served.call("auditor", "GET", f"/v1/decisions/{made}/replay?under={under}").json()
        assert (got["exit"], got["differences"], got["release"]) == (0, [], "unpublished")
    assert served.call("auditor", "GET", f"/v1/decisions/{made}/replay?under=draft").json()["code"] == "no-draft"
    assert served.call("auditor", "GET", f"/v1/decisions/{made}/replay?under=once").status_code == 422
    text = served.call("applicant", "GET", f"/v1/decisions/{made}/receipt").text
    assert text.startswith("c2sp.org/tlog-proof@v1")


def _sent(served: Served, who: str, **more: Any) -> Any:
    return post(served, who, "/v1/decisions", {"pack": "nanjing-tiering", "facts": SURE, **more})


def test_a_decision_supersedes_only_what_is_ones_own_of_the_same_matter(served: Served) -> None:
    case = proposed(served)
    in_case = str(served.call("auditor", "GET", case).json()["values"]["proposal"])
    own = _sent(served, "applicant").json()["id"]
    theirs = _sent(served, "applicant-b").json()["id"]
    official = _sent(served, "decider", outcome="tier=t3", filed_by=FIRMS["a"]).json()["id"]
    cases: list[tuple[str, dict[str, Any], int, str]] = [
        ("applicant", {"supersedes": "nothing"}, 404, "not-found"),
        ("applicant", {"supersedes": theirs}, 404, "not-found"),
        ("applicant", {"supersedes": official}, 422, "wrong-superseded"),
        ("applicant", {"supersedes": in_case}, 422, "wrong-superseded"),
        ("applicant", {"supersedes": own, "pack": "cn-ai-duties"}, 422, "wrong-superseded"),
        ("decider", {"supersedes": in_case, "outcome": "tier=t3", "filed_by": FIRMS["a"]}, 422, "wrong-superseded"),
        ("decider", {"supersedes": official, "outcome": "tier=t3", "filed_by": FIRMS["b"]}, 422, "wrong-superseded"),
        ("decider", {"supersedes": official, "filed_by": FIRMS["a"]}, 422, "wrong-superseded"),
        ("applicant", {"supersedes": own}, 201, ""),
        ("decider", {"supersedes": official, "outcome": "tier=t3", "filed_by": FIRMS["a"]}, 201, ""),
    ]
    for who, more, status, code in cases:
        got = _sent(served, who, **more)
        assert (got.status_code, got.json().get("code", "")) == (status, code), (who, more, got.text)


@pytest.mark.parametrize(
    ("who", "more", "pointer"),
    [
        ("applicant", {"filed_by": "陈静"}, "/filed_by"),
        ("applicant", {"retention": "decision"}, "/retention"),
        ("decider", {"as_of": "2999-01-01"}, "/as_of"),
    ],
)
def test_a_record_says_nothing_that_is_not_the_askers_to_say(
    served: Served, who: str, more: dict[str, Any], pointer: str
) -> None:
    got = _sent(served, who, **more)
    assert (got.status_code, got.json()["errors"][0]["pointer"]) == (422, pointer)
    assert _sent(served, "decider", retention="for-ever").json()["code"] == "unknown-retention"
