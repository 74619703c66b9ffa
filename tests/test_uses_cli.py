"""`fenji share use`: a request that was granted, and uses within, beyond and open, up to what the rules are told of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from engine.evidence.installation import init, open_home
from engine.evidence.log import stamp
from engine.supervise.audit import audit
from tests.supervise.desk import START, Desk
from tests.test_cli import Ended, fenji

ASKED: dict[str, Any] = {
    "requester": "市工信局", "provider": "市公安局", "items": {"request.purpose": "监管"}, "basis": "职责", "scenario": "监管",
    "scope": "全市", "manner": "接口查询", "until": "2026-12-31",
}  # fmt: skip
GRANTED: dict[str, Any] = {
    "decision": "d", "outcome": "allow", "deviates": False, "purposes": ["监管"], "granted": ["plate", "owner"], "uses": 3,
    "records": 100,
}  # fmt: skip
INSIDE = ("--purpose", "监管", "--item", "plate", "--records", "10", "--kept")


@pytest.fixture(scope="module")
def granted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """Return an installation with a request that was granted and provided on 2026-09-01."""
    folder = tmp_path_factory.mktemp("share")
    init(folder, "share.example/log", "sqlite:store.db", stamp(START))
    with open_home(folder) as home:
        on = Desk(home)
        for event, by, fields in (("request_conditional", "chen", ASKED), ("agree", "zhao", GRANTED), ("provide", "zhao", {})):
            on.act("s", "data-sharing-request", event, by, fields)
    yield folder, "s"
    with open_home(folder) as home:
        assert audit(home) == 1


def share(granted: tuple[Path, str], command: str, *words: str) -> Ended:
    folder, request = granted
    return fenji("share", command, request, *words, "--home", folder)


def test_uses_are_compared_with_the_grant(granted: tuple[Path, str]) -> None:
    first = share(granted, "use", "--as", "chen", "--id", "u1", "--date", "2026-09-02", *INSIDE, "--json")
    assert (first.code, first.json()["verdict"]) == (0, "within")
    facts = share(granted, "uses", "--json").json()["facts"]
    assert facts == {"request.uses_before": 1, "request.used_beyond": False}
    short = share(granted, "use", "--as", "chen", "--id", "u2", "--date", "2026-09-03", "--lang", "zh")
    assert short.code == 1
    assert "未定" in short.out
    assert share(granted, "uses", "--json").json()["facts"] == {"request.uses_before": 2}  # open is not "no"
    other = share(
        granted, "use", "--as", "chen", "--id", "u3", "--date", "2026-09-04", "--purpose", "营销", "--records", "95", "--json"
    )
    assert other.json()["beyond"] == ["purpose", "records"]
    many = share(granted, "use", "--as", "chen", "--id", "u4", "--date", "2026-09-05", *INSIDE, "--times", "2", "--json")
    assert many.json()["beyond"] == ["uses", "records"]
    found = share(granted, "uses", "--json")
    assert found.code == 1
    assert found.json()["facts"] == {"request.uses_before": 5, "request.used_beyond": True}
    for name in ("u2", "u3", "u4"):
        assert share(granted, "retract", "--as", "chen", "--id", name, "--reasons", "误记").code == 0
    again = share(granted, "retract", "--as", "chen", "--id", "u4", "--reasons", "误记")
    assert (again.code, "known-use: `u4` does not stand in it" in again.err) == (2, True)
    assert "用途" in share(granted, "uses", "--lang", "zh").out
    assert share(granted, "uses", "--json").json()["facts"]["request.used_beyond"] is False


def test_a_use_without_an_id_has_a_number_by_which_it_is_taken_back(granted: tuple[Path, str]) -> None:
    name = share(granted, "use", "--as", "chen", "--date", "2026-09-02", *INSIDE, "--json").json()["use"]
    assert name.isdigit()
    assert share(granted, "retract", "--as", "chen", "--id", name, "--reasons", "误记").code == 0
    assert name not in {each["use"] for each in share(granted, "uses", "--json").json()["uses"]}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["use", "--as", "zhao", "--id", "x"], "requester-asks"),
        (["use", "--as", "chen", "--id", "u1"], "new-use: `u1` stands in it already"),
        (["use", "--as", "chen", "--date", "2026-08-31"], "before-cause: `date` 2026-08-31 lies before provide"),
        (["use", "--as", "chen", "--date", date.max.isoformat()], "has-happened"),
        (
            ["use", "--as", "chen", "--id", "x", "--passed-to", "市监局", "--kept"],
            "kept-or-passed-on: `kept` is true, and `passed_to`",
        ),
        (["use", "--as", "chen", "--id", "x", "--records", "-1"], "'--records': Input should be greater than or equal to 0"),
        (["retract", "--as", "chen", "--id", "nothing", "--reasons", "r"], "known-use"),
    ],
)
def test_bad_input(granted: tuple[Path, str], words: list[str], says: str) -> None:
    share(granted, "use", "--as", "chen", "--id", "u1", "--date", "2026-09-02", *INSIDE)
    ended = share(granted, *words)
    assert (ended.code, says in ended.err) == (2, True), ended.err


def test_what_is_no_request_has_no_uses(granted: tuple[Path, str]) -> None:
    assert "no-such-stream" in fenji("share", "uses", "nowhere", "--home", granted[0]).err
