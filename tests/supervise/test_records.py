"""A filing as a whole: one case about it at a time says what it is about, it ends after its cases, and is erased everywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import EvidenceError, InputError
from engine.evidence.disclosed import opened as disclosed
from engine.evidence.erase import Wish
from engine.evidence.fsck import fsck
from engine.supervise import cases, records
from engine.supervise.audit import audit
from tests.supervise.desk import FILED, RIVAL, Desk, desk
from tests.supervise.test_arms import LOW, filed, opened
from tests.supervise.test_reassess import SECURITY, office


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
    gone = records.erase_all(on.home, Wish(filing, (SECURITY,), "PIPL 47"), approvers, on.at())
    assert sorted(name for each in gone for name in each.names) == [f"facts:{SECURITY}", SECURITY]
    left = [each.name for name in (*found.events, *found.decisions) for each in disclosed(on.home, name)[0]]
    assert "product" in left
    assert not [name for name in left if name.endswith(SECURITY)]
    with pytest.raises(EvidenceError) as error:
        records.erase_all(on.home, Wish(filing, (SECURITY,), "PIPL 47"), approvers, on.at())
    assert error.value.finding.code == "no-such-fact"
    assert fsck(on.home)["record"]
    assert audit(on.home)
