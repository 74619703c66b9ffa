"""What pages of streams say: whose opinion it was, what may really happen next, and which deadlines a notice may still move."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from api.render.streams import Shown, listing
from engine.store.streams import Page, queue
from engine.supervise.step import offered, possible
from engine.supervise.streams import history
from tests.rulebook import book
from tests.supervise.desk import FIRM, Desk, desk
from tests.supervise.test_stories import file

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


def test_a_list_marks_deadlines_that_may_move(tmp_path: Path) -> None:
    with desk(tmp_path) as on:
        accepted(on)
        sure = listing(book(), queue(on.home.store, Page({"closed": 0}, "due", None, 10)), "zh")
        assert "暂定" not in sure
        on.until(date(2026, 12, 25))
        file(on, "g", 1)
        opened(on, "t", "g")
        (row,) = queue(on.home.store, Page({"closed": 0, "state": "submitted", "process": TABLE}, "due", None, 10))
        assert f"{row.due} (暂定)" in listing(book(), [row], "zh")
