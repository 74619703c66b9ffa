"""What an official found of an open norm is a fact of the answers to its filing while it is in force, whatever the party says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from engine.errors import FenjiError, InputError
from engine.evidence.disclosed import opened as disclosed
from engine.evidence.fsck import fsck
from engine.supervise import agenda, cases, filings, reassess
from engine.supervise.audit import audit
from engine.supervise.state import State
from tests.supervise.desk import FILED, Desk, desk
from tests.supervise.test_arms import LEGAL, filed, opened
from tests.supervise.test_reassess import FACTS, SECURITY, office

NORM = "product.social_stability_field"
LOW = FACTS  # of no field in which it could be high
HIGH = FACTS | {NORM: True, "product.core_process": True}
TABLE = "undetermined"


@pytest.fixture
def on(tmp_path: object) -> Iterator[Desk]:
    with desk(tmp_path) as made:  # type: ignore[arg-type]
        yield made


def found(on: Desk, filing: str, value: Any, until: str = "2026-12-31", norm: str = NORM) -> str:
    """Have two officials of one mind find a norm on a filing; return the case."""
    case = opened(on, filing, TABLE, norm=norm, question="是否关系社会稳定", units=["市市场监管局"]).stream
    on.act(case, TABLE, "opine", "li", {"proposed": value, "reasons": "一"})
    on.act(case, TABLE, "second_opinion", "wang", {"proposed": value, "reasons": "二"})
    on.act(case, TABLE, "find", "chen", {"finding": value, "differs": False, "reasons": "三", "valid_until": until})
    return case


def track(on: Desk, filing: str, **more: Any) -> State:
    return opened(on, filing, "results-based", **more)


def test_a_finding_leads_where_the_party_s_word_does_not(on: Desk) -> None:
    filing = filed(on, "says-no", LOW)
    found(on, filing, value=True)
    with pytest.raises(InputError) as error:
        track(on, filing)  # whether it sits in a core process is now to be answered
    assert error.value.finding.code == "other-arm"
    filing = filed(on, "says-yes", HIGH)
    case = found(on, filing, value=False)
    watched = track(on, filing)
    assert [watched.values[name] for name in ("track", "deviates", "findings")] == ["results_based", False, [case]]
    said, _ = disclosed(on.home, watched.values["proposal"])
    stated = {each.name: each.value for each in said}
    assert stated[NORM] is False
    assert "product.core_process" not in stated, "what was filed of a fact that no longer applies falls away"
    assert fsck(on.home)["event"]
    assert audit(on.home)


def test_a_party_that_says_otherwise_holds_nothing_up(on: Desk) -> None:
    filing = filed(on, "otherwise", LOW)
    found(on, filing, value=True)
    reassess.revise(office(on, "firm"), filing, {"facts": {**HIGH, NORM: True}})
    high = opened(on, filing, "ex-ante-review", **LEGAL)
    assert high.values["tier"] == "t1"
    reassess.revise(office(on, "firm"), filing, {"facts": LOW})
    assert set(on.streams.state(high.stream).values["drift"]["now"]) == {"t1", "t3"}


@pytest.mark.parametrize("norm", [NORM, "function.ethics_risk"])
def test_a_filing_that_contradicts_itself_is_not_set_right(on: Desk, norm: str) -> None:
    filing = filed(on, "contradicts", LOW | {"product.core_process": True})  # as of an older log: it is refused today
    found(on, filing, value=False, norm=norm)
    if norm == NORM:
        assert track(on, filing).values["track"] == "results_based"  # the fact that does not apply falls with the finding
    else:
        with pytest.raises(InputError) as error:
            track(on, filing)
        assert error.value.finding.code == "not-applicable"


def test_a_draft_of_facts_that_the_rules_know_no_more_is_refused(on: Desk) -> None:
    on.act("old", "filing", "draft", "firm", {**FILED, "facts": {"use.gone": True}})
    with pytest.raises(FenjiError) as error:
        filings.submit(on.streams, "old", {}, on.people["firm"], on.now)
    assert error.value.finding.code == "unknown-fact"
    assert (on.streams.state("old").name, on.streams.state("old").refused) == ("draft", 1)


def test_facts_that_contradict_each_other_are_not_filed(on: Desk) -> None:
    wrong = LOW | {"product.core_process": True}
    on.act("draft", "filing", "draft", "firm", {**FILED, "facts": wrong})
    for name, act in (("draft", filings.submit), (filed(on, "sound", LOW), filings.revise)):
        before = on.streams.state(name)
        with pytest.raises(InputError) as error:
            act(on.streams, name, {"facts": wrong}, on.people["firm"], on.now)
        assert (error.value.finding.code, error.value.finding.place.file) == ("not-applicable", "product.core_process")
        after = on.streams.state(name)
        assert (after.refused, after.name) == (before.refused + 1, before.name)


def test_a_finding_that_ran_out_or_is_asked_again_counts_no_more(on: Desk) -> None:
    filing = filed(on, "open", {name: value for name, value in LOW.items() if name != NORM})
    case = found(on, filing, value=False, until="2026-09-10")
    watched = track(on, filing)
    assert (watched.values["track"], watched.values["findings"]) == ("results_based", [case])
    on.until(date(2026, 9, 10))
    assert list(reassess.affected(office(on))) == []
    on.until(date(2026, 9, 11))
    drift = next(iter(reassess.affected(office(on))))
    assert (drift.case, drift.before, drift.cause) == (watched.stream, "t3", "facts")
    assert set(drift.now) == {"t1", "t3"}
    on.at()
    assert agenda.overtake(on.streams, on.now) == [case]
    assert on.streams.state(case).name == "expired"
    assert audit(on.home)


def test_what_was_found_last_names_the_answer_and_nothing_else_does(on: Desk) -> None:
    filing = filed(on, "again", HIGH)
    case = found(on, filing, value=False)
    high = opened(on, filing, "ex-ante-review", "wang", **LEGAL, reasons="从严")
    on.act(high.stream, "ex-ante-review", "accept", "li", {})
    on.act(case, TABLE, "ask_again", "li", {"reasons": "新材料"})
    after = cases.propose(office(on), high.stream, cases.question(office(on), high.stream), {}).state
    assert (after.values["outcome"], "findings" in after.values) == ("t1", False)
    with pytest.raises(InputError) as error:
        cases.propose(office(on), high.stream, cases.question(office(on), high.stream), {"findings": [case]})
    assert error.value.finding.code in ("computed-field", "no-transition")


def test_a_finding_stands_beside_a_new_version_of_the_filing(on: Desk) -> None:
    filing = filed(on, "revised", LOW)
    found(on, filing, value=False)
    watched = track(on, filing)
    reassess.revise(office(on, "firm"), filing, {"facts": HIGH})
    assert "drift" not in on.streams.state(watched.stream).values
    reassess.revise(office(on, "firm"), filing, {"facts": HIGH | {SECURITY: True}})
    assert on.streams.state(watched.stream).values["drift"]["now"] == ["t1"]
