"""What pages of streams say: whose opinion it was, what may happen next, which deadlines have passed or may still move."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from api.render.streams import Shown, listing
from engine.store.streams import Page
from engine.supervise.filings import content
from engine.supervise.queued import overdue_page, page
from engine.supervise.step import offered, possible
from engine.supervise.streams import history
from tests.rulebook import book
from tests.supervise.desk import FIRM, HASH, Desk, desk
from tests.supervise.test_stories import file
from tests.test_cli import fenji

TABLE = "ex-ante-review"


def opened(on: Desk, case: str, filing: str) -> None:
    led: dict[str, Any] = {"proposal": "-", "track": "ex_ante", "deviates": False, "legal": "plan", "unit": "市工信局"}
    on.act(case, TABLE, "open", "li", {"filing": filing, "version": 1, "holder": FIRM, **led})


def accepted(on: Desk) -> None:
    file(on, "f", 1)
    opened(on, "s", "f")
    on.act("s", TABLE, "accept", "li", {})


def test_opinions_are_shown_with_their_units(tmp_path: Path) -> None:
    with desk(tmp_path) as on:
        accepted(on)
        on.act("s", TABLE, "consult", "li", {"units": ["市市场监管局", "市公安局"], "lead": "市工信局"})
        on.act("s", TABLE, "opine", "wang", {"opinion": "dissent", "reasons": "样本不足"})
        on.act("s", TABLE, "opine", "zhao", {"opinion": "agree", "reasons": "无"})
        page = Shown(book(), book().lifecycles[TABLE], "zh").page(on.streams.state("s"), history(on.home, "s"), {})
        assert "部门意见：不同意 (市市场监管局)、同意 (市公安局)" in page


def test_what_the_past_rules_out_is_not_offered(tmp_path: Path) -> None:
    with desk(tmp_path) as on:
        accepted(on)
        table, state = book().lifecycles[TABLE], on.streams.state("s")
        assert "keep" in {each.event for each in possible(table, state)}
        assert "keep" not in {each.event for each in offered(table, state)}  # no decision was served yet
        assert {"prolong", "withdraw", "propose"} <= {each.event for each in offered(table, state)}
        on.act("s", TABLE, "prolong", "li", {"reasons": "量大"}, second="wang")
        assert "prolong" not in {each.event for each in offered(table, on.streams.state("s"))}  # once


def test_a_refusal_names_what_may_happen_and_how_it_is_decided(tmp_path: Path) -> None:
    with desk(tmp_path) as on:
        accepted(on)
        assert "keep" not in on.refused("s", TABLE, "object", "firm", {"grounds": "x"}).finding.help
        told = {"decision": "d", "outcome": "t1", "deviates": False}
        on.act("s", TABLE, "propose", "li", {"proposal": "p", "outcome": "t1", "tier": "t1"})
        on.act("s", TABLE, "waive", "firm", {"document": HASH})
        on.act("s", TABLE, "decide", "chen", told)
        on.act("s", TABLE, "serve", "li", {"served_on": on.now.date().isoformat(), "manner": "post"})
        on.act("s", TABLE, "reassess", "li", {"cause": "facts", "clause": ["x"]})
        on.act("s", TABLE, "propose", "li", {"proposal": "p-2", "outcome": "t3", "tier": "t3"})
        on.act("s", TABLE, "keep", "li", {"reasons": "照旧"})
        said = content(on.streams, "s").fields  # what the page says is what was decided
        assert (said["outcome"], said["decision"], said["proposal"], "tier" in said) == ("t1", "d", "p-2", True)
        on.act("s", TABLE, "object", "firm", {"grounds": "x"})
        again = on.refused("s", TABLE, "decide", "chen", told).finding.help
        assert "change (`fenji case decide --event change`)" in again


def test_a_list_marks_deadlines_that_may_move(tmp_path: Path) -> None:
    with desk(tmp_path) as on:
        accepted(on)
        sure = listing(book(), page(on.streams, Page({"closed": 0}), on.now), "zh")
        assert "暂定" not in sure
        on.until(date(2026, 12, 25))
        file(on, "g", 1)
        opened(on, "t", "g")
        (row,) = page(on.streams, Page({"closed": 0, "state": "submitted", "process": TABLE}), on.now)
        assert f"{row.row.due} (暂定)" in listing(book(), [row], "zh")


# a case, a day, and how it is marked then: whether overdue, in Chinese and in English
PASSED: list[tuple[str, str, bool | None, str, str]] = [
    ("s", "2026-09-29", False, "2026-09-29", "2026-09-29"),  # the last day of the decision, whole
    ("s", "2026-09-30", True, "2026-09-29 (已逾期)", "2026-09-29 (overdue)"),
    ("over", "2026-10-10", False, "2026-09-21 (已届满)", "2026-09-21 (time is over)"),  # a time to object makes nobody late
    ("still", "2026-10-10", True, "(已逾期)", "(overdue)"),  # paused after it ran out: late, and with no next deadline
    ("newyear", "2026-12-30", False, "2026-12-30 (暂定)", "2026-12-30 (provisional)"),
    ("newyear", "2027-01-04", None, "2026-12-30 (暂定、可能逾期)", "2026-12-30 (provisional, may be overdue)"),
    ("newyear", "2027-01-05", True, "2026-12-30 (暂定、已逾期)", "2026-12-30 (provisional, overdue)"),
]


@pytest.fixture(scope="module")
def late(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk with cases whose deadlines pass: `s` accepted, `over` served, `still` paused late, `newyear` opened in December."""
    with desk(tmp_path_factory.mktemp("late")) as on:
        accepted(on)
        for case in ("over", "still"):
            file(on, f"f-{case}", 1)
            opened(on, case, f"f-{case}")
            on.act(case, TABLE, "accept", "li", {})
        on.act("over", TABLE, "propose", "li", {"proposal": "-", "outcome": "t1"})
        on.act("over", TABLE, "waive", "firm", {"document": HASH})
        decided = {"decision": "-", "outcome": "t1", "deviates": False, "tier": "t1"}
        on.act("over", TABLE, "decide", "chen", decided)
        on.act("over", TABLE, "serve", "chen", {"served_on": "2026-09-01", "manner": "in_person"})
        on.until(date(2026, 10, 8))
        on.act("still", TABLE, "hold_hearing", "li", {"reasons": "争议大"})
        on.until(date(2026, 12, 25))
        file(on, "f-newyear", 1)
        opened(on, "newyear", "f-newyear")
        yield on


@pytest.mark.parametrize("told", PASSED, ids=[f"{each[0]} {each[1]}" for each in PASSED])
def test_a_list_says_what_has_passed(late: Desk, told: tuple[str, str, bool | None, str, str]) -> None:
    case, day, overdue, zh, en = told
    at = datetime.fromisoformat(f"{day}T12:00:00+08:00")
    rows = page(late.streams, Page({"closed": 0, "process": TABLE}, limit=10), at)
    (row,) = [each for each in rows if each.row.id == case]
    assert row.overdue is overdue
    for lang, wanted in (("zh", zh), ("en", en)):
        found = [line for line in listing(book(), [row], lang).splitlines() if line.lstrip("│| ").startswith(case)]
        assert f" {wanted} " in f"{found} ", found
    filtered = {each.row.id for each in overdue_page(late.streams, Page({"closed": 0}, limit=10), at)}
    assert (case in filtered) == (overdue is not False and case != "still")


def test_overdue_pages_follow_one_another(late: Desk) -> None:
    """No row is lost or shown twice where pages are cut."""
    at, seen, after = datetime(2027, 3, 1, tzinfo=UTC), [], None
    while found := overdue_page(late.streams, Page({"closed": 0}, after=after, limit=1), at):
        seen += [each.row.id for each in found]
        after = found[-1].row.due, found[-1].row.id
    assert seen == ["s", "newyear"]


def test_a_filing_whose_cases_have_ended_is_shown_as_such(tmp_path: Path) -> None:
    with desk(tmp_path) as on:
        file(on, "f", 1)
        filing = Page({"closed": 0, "process": "filing"})

        def shown() -> tuple[bool, bool]:
            (row,) = page(on.streams, filing, on.now)
            return row.ended, "(its cases have ended)" in listing(book(), [row], "en")

        assert shown() == (False, False)
        for case in ("one", "two"):  # another is opened once the first has ended
            opened(on, case, "f")
            on.act("f", "filing", "take_up", None, {"case": case})
            assert shown() == (False, False)
            on.act(case, TABLE, "refuse_acceptance", "li", {"reasons": "不属于本机关职权"})
            assert shown() == (True, True)
    assert "所办件均已终结，申报待办结" in fenji("file", "show", "f", "--home", tmp_path, "--lang", "zh").out
    assert fenji("file", "show", "f", "--home", tmp_path, "--json").json()["ended"] is True
    (listed,) = fenji("case", "list", "--where", "process=filing", "--home", tmp_path, "--json").json()
    assert (listed["ended"], listed["overdue"], listed["provisional"]) == (True, False, False)
    assert "没有符合条件的件" in fenji("case", "list", "--overdue", "--home", tmp_path, "--lang", "zh").out
