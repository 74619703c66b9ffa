"""Which arm of supervision a filing's answer leads to: computed when a case is opened, and another arm is a deviation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from engine.errors import InputError
from engine.evidence.fsck import fsck
from engine.store import reading
from engine.supervise import cases
from engine.supervise.audit import audit
from engine.supervise.state import State
from tests.rulebook import book
from tests.supervise.desk import FILED, FIRM, Desk, desk
from tests.supervise.test_reassess import FACTS, HIGH, office

LEGAL = {"legal": "plan"}
LOW, MIDDLE, OPEN = FACTS, FACTS | {"people.minors": True}, dict[str, Any]()


@pytest.fixture(scope="module")
def on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("arms")) as made:
        yield made


def filed(on: Desk, name: str, facts: dict[str, Any], **more: Any) -> str:
    on.act(name, "filing", "draft", "firm", {})
    on.act(name, "filing", "submit", "firm", {**FILED, "product": name, "unit": "市工信局", "facts": facts, **more})
    return name


def opened(on: Desk, filing: str, process: str, second: str = "", **fields: Any) -> State:
    return cases.open_case(office(on, "li", second), filing, cases.Opening(process, fields=fields)).state


def test_an_arm_opens_as_the_answer_leads_there(on: Desk) -> None:
    watched = opened(on, filed(on, "low", LOW), "results-based")
    assert {name: watched.values[name] for name in ("tier", "track", "deviates")} == {
        "tier": "t3", "track": "results_based", "deviates": False,
    }  # fmt: skip
    record = reading.record(on.home.store, watched.values["proposal"])
    assert record
    assert record.kind == "decision"
    high = opened(on, filed(on, "high", FACTS | HIGH), "ex-ante-review", **LEGAL)
    assert (high.values["tier"], high.values["track"]) == ("t1", "ex_ante")


@pytest.mark.parametrize(
    ("name", "facts", "process", "fields", "track"),
    [
        ("d-high", FACTS | HIGH, "results-based", {}, "ex_ante"),
        ("d-open", OPEN, "results-based", {}, "undetermined"),
        ("d-open2", OPEN, "disclosure-tracking", {}, "undetermined"),
        ("d-open3", OPEN, "ex-ante-review", LEGAL, "undetermined"),
        ("d-low", LOW, "ex-ante-review", LEGAL, "results_based"),
    ],
)
def test_another_arm_deviates(  # noqa: PLR0913, PLR0917 - a column each
    on: Desk, name: str, facts: dict[str, Any], process: str, fields: dict[str, Any], track: str
) -> None:
    filing = filed(on, name, facts)
    with pytest.raises(InputError) as error:
        opened(on, filing, process, **fields)
    assert error.value.finding.code == "other-arm"
    with pytest.raises(InputError) as error:
        opened(on, filing, process, **fields, reasons="拟从轻")
    assert error.value.finding.code == "other-arm-signed"
    after = opened(on, filing, process, "wang", **fields, reasons="两名官员同意")
    assert (after.values["track"], after.values["deviates"]) == (track, True)
    assert after.values["tier"] == ("undetermined" if track == "undetermined" else after.values["tier"])


def test_a_pack_without_tracks_leads_to_no_arm(on: Desk) -> None:
    filing = filed(on, "other-pack", {}, pack="cn-data-sharing")
    with pytest.raises(InputError) as error:
        opened(on, filing, "results-based")
    assert error.value.finding.code == "other-arm"


@pytest.mark.parametrize("name", ["tier", "track", "deviates", "proposal", "filed_by"])
def test_what_the_rules_answer_is_typed_by_nobody(on: Desk, name: str) -> None:
    filing = filed(on, f"typed-{name}", FACTS | HIGH)
    typed: dict[str, Any] = {name: False if name == "deviates" else "enterprise" if name == "filed_by" else "t3"}
    with pytest.raises(InputError) as error:
        opened(on, filing, "ex-ante-review", **LEGAL, **typed)
    assert error.value.finding.code == "computed-field"


def test_an_open_answer_goes_to_a_finding(on: Desk) -> None:
    filing = filed(on, "finding", OPEN)
    after = opened(on, filing, "undetermined", norm="product.social_stability_field", question="是否关系社会稳定")
    assert after.name == "asked"


def test_a_reassessed_case_is_answered_again(on: Desk) -> None:
    filing = filed(on, "again", LOW)
    case = opened(on, filing, "results-based")
    on.act(filing, "filing", "revise", "firm", {"facts": FACTS | HIGH})
    with pytest.raises(InputError) as error:
        cases.do(office(on), case.stream, "reassess", {"reasons": "事实变化"})
    assert error.value.finding.code == "other-arm-signed"  # it would stay in an arm to which its answer no longer leads
    with pytest.raises(InputError) as error:
        cases.do(office(on), case.stream, "reassess", {"reasons": "事实变化", "tier": "t3"})
    assert error.value.finding.code == "computed-field"
    after = cases.do(office(on, second="wang"), case.stream, "reassess", {"reasons": "限期转事前审查"}).state
    assert (after.values["tier"], after.values["track"], after.values["deviates"]) == ("t1", "ex_ante", True)
    assert after.values["proposal"] != case.values["proposal"]
    assert audit(on.home)
    assert fsck(on.home)["event"]


def test_the_arms_together_take_every_answer_but_the_pilot_s() -> None:
    arms = [table.arm for table in book().lifecycles.values() if table.arm]
    tracks = next(each for each in book().packs["nanjing-tiering"].doc.outcomes if each.id == "track")
    taken = [value for arm in arms for value in arm.values]
    assert sorted(taken) == sorted({value.id for value in tracks.values} - {"pilot_tolerance"})


def test_one_filing_stands_in_one_arm_and_goes_on_in_another_in_one_step(on: Desk) -> None:
    filing = filed(on, "one", LOW)
    watched = opened(on, filing, "results-based").stream
    with pytest.raises(InputError) as error:
        opened(on, filing, "ex-ante-review", "wang", **LEGAL, reasons="拟入公共场所")
    assert error.value.finding.code == "duplicate"
    assert watched in error.value.finding.problem
    assert "takes_over" in error.value.finding.help
    assert opened(on, filing, "undetermined", norm="product.comparable_field", question="是否属于高风险领域").name == "asked"
    with pytest.raises(InputError) as error:
        opened(on, filing, "ex-ante-review", "wang", **LEGAL, takes_over=watched)
    assert error.value.finding.code == "missing-field", "whoever moves a case says why"
    high = opened(on, filing, "ex-ante-review", "wang", **LEGAL, reasons="拟入公共场所", takes_over=watched)
    moved = on.streams.state(watched)
    assert (moved.name, moved.values["case"], high.values["takes_over"]) == ("escalated", high.stream, watched)
    with pytest.raises(InputError) as error:
        opened(on, filing, "results-based")
    assert error.value.finding.code == "duplicate"


def test_two_officials_at_once_open_one_arm(on: Desk) -> None:
    """The store keeps what no check before it can: both looked, and nothing was open yet."""
    filing = filed(on, "race", LOW)
    led = {"filing": filing, "version": 1, "holder": FIRM, "unit": "市工信局", "proposal": "p", "track": "x", "deviates": False}
    on.act("race-1", "results-based", "open", "li", led)
    error = on.refused("race-2", "ex-ante-review", "open", "he", led | LEGAL)
    assert (error.finding.code, "race-1" in error.finding.problem) == ("duplicate", True)
    case = on.act(
        "race-3",
        "undetermined",
        "open",
        "li",
        {"filing": filing, "norm": "product.comparable_field", "question": "?", "unit": "市工信局"},
    )
    assert case.name == "asked"


def test_nothing_is_taken_over_from_another_filing(on: Desk) -> None:
    mine, other = filed(on, "mine", LOW), filed(on, "theirs", LOW)
    watched = opened(on, other, "results-based").stream
    with pytest.raises(InputError) as error:
        opened(on, mine, "ex-ante-review", "wang", **LEGAL, reasons="拟入公共场所", takes_over=watched)
    assert error.value.finding.code == "no-such-case"
    assert on.streams.state(watched).name == "watching"
    with pytest.raises(InputError) as error:
        cases.do(office(on), watched, "escalate", {"case": "0" * 8, "reasons": "涉及人身"})
    assert error.value.finding.code == "no-such-case"


def test_what_is_archived_says_what_is_outstanding(on: Desk) -> None:
    case = opened(on, filed(on, "outstanding", MIDDLE), "disclosure-tracking").stream
    on.act(case, "disclosure-tracking", "disclose", "firm", {"disclosure": "0" * 64})
    on.act(case, "disclosure-tracking", "check", "li", {"finding": "conforms", "reasons": "相符"})
    with pytest.raises(InputError) as error:
        cases.do(office(on), case, "archive", {"reasons": "停产", "outstanding": []})
    assert error.value.finding.code == "computed-field"
    after = cases.do(office(on), case, "archive", {"reasons": "停产"}).state
    assert [(each["clock"], each["over"]) for each in after.values["outstanding"]] == [("report", False)]
    assert audit(on.home)
