"""A filing as a whole: one case about it at a time says what it is about, it ends after its cases, and is erased everywhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.errors import EvidenceError, FenjiError, InputError
from engine.evidence.disclosed import opened as disclosed
from engine.evidence.erase import Wish
from engine.evidence.fsck import fsck
from engine.store import reading
from engine.supervise import cases, records
from engine.supervise.audit import audit
from tests.supervise.desk import FILED, RIVAL, Desk, desk
from tests.supervise.test_arms import LOW, filed, opened
from tests.supervise.test_reassess import HIGH, SECURITY, office


@pytest.fixture
def on(tmp_path: Path):  # type: ignore[no-untyped-def]  # noqa: ANN201
    with desk(tmp_path) as made:
        yield made


@pytest.mark.parametrize(("name", "value"), [("filing", "other"), ("holder", RIVAL), ("product", "另一产品")])
def test_what_a_case_is_about_the_filing_says(on: Desk, name: str, value: str) -> None:
    filed(on, "other", LOW)
    filing = filed(on, "f", LOW)
    with pytest.raises(InputError) as error:
        cases.open_case(office(on), filing, cases.Opening("results-based", fields={name: value}))
    assert (error.value.finding.code, error.value.finding.place.file) == ("computed-field", f"results-based/open#{name}")


def test_a_filing_ends_after_its_cases(on: Desk) -> None:
    filing = filed(on, "f", LOW)
    case = opened(on, filing, "results-based").stream
    error = on.refused(filing, "filing", "conclude", "li", {})
    assert (error.finding.code, case in error.finding.problem) == ("open-case", True)
    on.act(case, "results-based", "archive", "li", {"reasons": "产品下线"}, second="wang")
    on.act(filing, "filing", "conclude", "li", {})


@pytest.mark.parametrize("again", ["评分", "评　分", " 评 分 ", "ＡＢ评分"])
def test_a_product_written_otherwise_is_the_same(on: Desk, again: str) -> None:
    first = "ab评分" if again.startswith("Ａ") else "评分"
    for name, product, code in (("one", first, None), ("two", again, "duplicate")):
        on.act(name, "filing", "draft", "firm", {})
        if code is None:
            on.act(name, "filing", "submit", "firm", {**FILED, "product": product})
        else:
            assert on.refused(name, "filing", "submit", "firm", {**FILED, "product": product}).finding.code == code


def test_facts_are_erased_from_every_record_of_a_filing(on: Desk) -> None:
    filing = filed(on, "f", LOW)
    case = opened(on, filing, "results-based")
    found = records.of_stream(on.home, filing)
    assert found
    assert found.decisions == (case.values["proposal"],)
    approvers = [on.people["chen"], on.people["li"]]
    gone = records.erase_facts(on.home, Wish(filing, (SECURITY,), "PIPL 47"), approvers, on.at(), "申请人要求删除")
    tombstone = json.loads(reading.record(on.home.store, gone[0].tombstone).payload)  # type: ignore[union-attr]
    assert tombstone["predicate"]["basis"] == "PIPL 47; although still needed: 申请人要求删除"
    assert sorted(name for each in gone for name in each.names) == [f"facts:{SECURITY}", SECURITY]
    left = [each.name for name in (*found.events, *found.decisions) for each in disclosed(on.home, name)[0]]
    assert "product" in left
    assert not [name for name in left if name.endswith(SECURITY)]
    with pytest.raises(EvidenceError) as error:
        records.erase_facts(on.home, Wish(filing, (SECURITY,), "PIPL 47"), approvers, on.at(), "申请人要求删除")
    assert error.value.finding.code == "no-such-fact"
    assert fsck(on.home)["record"]
    assert audit(on.home)


def test_what_an_open_case_rests_on_is_erased_by_its_unit_and_with_a_reason_only(on: Desk) -> None:
    """Of the filing, of the case, and of a record of either by id or place; also of one made where a case escalates."""
    filing = filed(on, "f", LOW | HIGH)
    first = opened(on, filing, "disclosure-tracking", "gu", reasons="先行观察")
    case = opened(on, filing, "ex-ante-review", "gu", reasons="升级", legal="plan", takes_over=first.stream)
    proposal = case.values["proposal"]
    everywhere = (filing, case.stream, f"{case.stream}/1", f"{filing}/2", proposal)

    def refused(name: str, one: str, other: str, although: str = "") -> str:
        with pytest.raises(FenjiError) as error:
            records.erase_facts(on.home, Wish(name, ("*",), "PIPL 47"), [on.people[one], on.people[other]], on.at(), although)
        return error.value.finding.code

    for name in everywhere:
        assert [refused(name, "sun", "zhao", "须删除"), refused(name, "sun", "li")] == ["in-charge", "still-needed"], name
    on.act(case.stream, "ex-ante-review", "recuse", "li", {"recused": "he", "reasons": "亲属"}, second="gu")
    for name in everywhere:
        assert refused(name, "he", "li", "须删除") == "recusal", name
    assert records.erase_facts(on.home, Wish(proposal, ("*",), "PIPL 47"), [on.people["li"], on.people["sun"]], on.at(), "须删除")
    on.act(case.stream, "ex-ante-review", "refuse_acceptance", "li", {"reasons": "不属本机关职权"})
    assert records.erase_facts(on.home, Wish(filing, ("*",), "PIPL 47"), [on.people["li"], on.people["sun"]], on.at())
