"""What a period counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from api.render import period as render
from api.render.streams import Shown
from engine.errors import InputError
from engine.supervise import cases
from engine.supervise.overdue import lateness, over, overdue
from engine.supervise.period import Row, count, months
from engine.supervise.state import Pause, Run, State
from engine.supervise.streams import history
from tests.rulebook import book
from tests.supervise.desk import FILED, FIRM, HASH, Desk, desk
from tests.supervise.test_agenda import filed
from tests.test_cli import fenji

UNIT, DISTRICT, OTHER = "市工信局", "玄武区", "市市场监管局"
TABLE, REQUEST, INCIDENT = "ex-ante-review", "data-sharing-request", "incident"
PLAN = {"proposal": "-", "track": "ex_ante", "deviates": False, "legal": "plan", "unit": UNIT, "district": DISTRICT}


def test_counts(tmp_path: Path) -> None:
    with desk(tmp_path) as on:
        on.act("f", "filing", "draft", "firm", {})
        on.act("f", "filing", "submit", "firm", {**FILED, "unit": UNIT, "district": DISTRICT})
        on.at()
        office = cases.Office(on.streams, on.people["li"], on.now, second=on.people["wang"])
        how = cases.Opening(TABLE, fields={"legal": "plan", "reasons": "事实未齐，从严"})
        opened = cases.open_case(office, "f", how).state
        on.refused(opened.stream, TABLE, "accept", "firm", {})
        on.until(date(2026, 10, 20))
        on.act(opened.stream, TABLE, "refuse_acceptance", "li", {"reasons": "不属于本机关职权"})
        found = count(on.streams, "2026-09-01", "2026-10-31", on.now)
        row = found[UNIT, DISTRICT]
        assert (row.filings, row.opened, row.late, row.late_settled, row.late_open) == (1, 1, 1, 1, 0)
        assert (row.refusals, row.attempts) == (1, 1)
        assert count(on.streams, "2027-01-01", "2027-12-31", on.now) == {}
        assert f"| {UNIT} | {DISTRICT} | 1 | 1 |" in render.markdown(found, months("2026-09", "2026-10", on.now), "zh")
        sheet = load_workbook(BytesIO(render.workbook(found, months("2026-09", "2026-10", on.now), "en"))).active
        assert sheet is not None
        assert sheet.title == "2026-09..2026-10, to 2026-10-20"
        assert [cell.value for cell in sheet[2]][:4] == [UNIT, DISTRICT, 1, 1]


# clocks alone --------------------------------------------------------------------------------------------------------

NOON = datetime(2026, 10, 1, 4, tzinfo=UTC)  # noon of a legal day
SURE, OPEN, UNKNOWN = ("2026-09-30", "2026-09-30"), ("2026-09-28", "2026-10-08"), ("", "")
HOUR = ("2026-09-30T16:30:00.000Z",) * 2  # half an hour into the legal day 2026-10-01


def run(end: tuple[str, str], stopped: str | None = None, pauses: tuple[Pause, ...] = ()) -> Run:
    return Run("decision", "2026-09-01", pauses, stopped, *end)


@pytest.mark.parametrize(
    ("of", "closed", "wanted"),
    [
        (run(SURE), None, ("2026-09-30", "")),
        (run(SURE, "2026-09-30"), None, None),  # the last day counts whole
        (run(SURE, "2026-10-01"), None, ("2026-09-30", "2026-10-01")),
        (run(("2026-10-01", "2026-10-01")), None, None),  # the day is not over
        (run(OPEN), None, None),  # a notice to come decides it
        (run(OPEN, "2026-10-01"), None, None),
        (run(UNKNOWN, pauses=(Pause("2026-09-10", None, "hearing"),)), None, None),
        (run(("2026-09-28", "")), None, None),  # beyond the calendar
        (run(HOUR), None, ("2026-10-01", "")),
        (run(HOUR, "2026-09-30T16:29:00.000Z"), None, None),
        (run(HOUR, "2026-09-30T16:31:00.000Z"), None, ("2026-10-01", "2026-10-01")),
        (run(("2026-10-01T05:00:00.000Z",) * 2), None, None),
        (run(SURE), ("2026-09-30", "2026-09-30T02:00:00.000Z"), None),  # what is closed waits for nobody
        (run(SURE), ("2026-10-01", "2026-10-01T02:00:00.000Z"), ("2026-09-30", "2026-10-01")),
        (run(HOUR), ("2026-10-01", "2026-09-30T16:10:00.000Z"), None),
    ],
)
def test_which_clock_is_late(of: Run, closed: tuple[str, str] | None, wanted: tuple[str, str] | None) -> None:
    assert lateness(of, closed, NOON) == wanted


def test_what_only_a_notice_decides_is_open() -> None:
    assert [over(run(end), NOON) for end in (SURE, OPEN, UNKNOWN, ("2026-09-28", ""), ("2026-10-01", "2026-10-01"))] == [
        True, None, False, None, False,
    ]  # fmt: skip


def test_a_report_that_may_not_be_owed_is_never_certainly_late() -> None:
    state = State("i", INCIDENT, "reported", clocks=(replace(run(HOUR), clock="notice_2h"),))
    assert overdue(book().lifecycles, state, NOON) is None
    assert overdue(book().lifecycles, replace(state, clocks=(run(HOUR),)), NOON) is True
    assert overdue(book().lifecycles, state, datetime(2026, 9, 30, tzinfo=UTC)) is False


def test_whom_clocks_bind() -> None:
    """Each clock was thought about: nobody is late by a time to object, nor an office by the report of a firm."""
    found: dict[str, set[str]] = {}
    for name, table in book().lifecycles.items():
        for each in table.clocks:
            found.setdefault(each.binds, set()).add(f"{name}/{each.id}")
    assert found["perhaps"] == {f"{INCIDENT}/{each.id}" for each in book().lifecycles[INCIDENT].clocks}
    pilots = {f"pilot/{name}" for name in ("supplement", "midterm", "periodic", "rectification", "exit_report")}
    disclosed = {f"disclosure-tracking/{name}" for name in ("disclosure", "report", "correction")}
    routes = {f"cross-border-route/{name}" for name in ("contract_filing", "supplement")}
    assert found["party"] == pilots | disclosed | routes | {"ex-ante-review/supplement", "results-based/correction"}
    rights = {f"{TABLE}/{name}" for name in ("statement", "objection", "reconsideration", "suit", "further")}
    assert found["nobody"] == rights | {"cross-border-route/reassessment", "pilot/duration", "undetermined/validity"}


# clocks of streams ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk on 2026-12-01 whose streams stand as the tests below say."""
    with desk(tmp_path_factory.mktemp("period")) as made:
        story(made)
        yield made


def opened(on: Desk, case: str, **more: Any) -> None:
    filing = f"f-{case}"
    on.act(filing, "filing", "draft", "firm", {})
    on.act(filing, "filing", "submit", "firm", {**FILED, "product": case, "district": DISTRICT, "unit": UNIT})
    on.act(case, TABLE, "open", "li", {"filing": filing, "version": 1, "holder": FIRM, **PLAN, **more})


def ruled(on: Desk, case: str, tier: str, event: str = "decide", by: str = "chen", **more: str) -> None:
    given = {"decision": "-", "outcome": tier, "deviates": False, "tier": tier, "reasons": "合规"}
    on.act(case, TABLE, event, by, {**given, **more})


def story(on: Desk) -> None:
    """September: `never` is not looked at again, `moved` changes hands, `told` supplements late; others are decided."""
    for case in ("never", "moved", "told", "twice"):
        opened(on, case)
    on.act("told", TABLE, "notice", "li", {"faults": ["缺材料"]})
    on.act("twice", TABLE, "accept", "li", {})
    on.act("twice", TABLE, "propose", "li", {"proposal": "-", "outcome": "t1"})
    filed(on, "request", "a")
    on.act("request", REQUEST, "tell_missing", "zhao", {"faults": ["同意文书"]})  # stands still from here on
    filed(on, "late", "b")
    on.until(date(2026, 9, 15))
    ruled(on, "twice", "t1")
    on.act("twice", TABLE, "serve", "chen", {"served_on": "2026-09-15", "manner": "in_person"})
    on.act("twice", TABLE, "object", "firm", {"grounds": "等级过高"})
    on.until(date(2026, 9, 18))
    ruled(on, "twice", "t2", "change", "he", compared="milder")
    on.act("twice", TABLE, "serve", "he", {"served_on": "2026-09-18", "manner": "in_person"})
    on.until(date(2026, 10, 12))
    on.act("moved", TABLE, "assign", "chen", {"assignee": "wang", "unit": OTHER})
    on.act("f-told", "filing", "revise", "firm", {"facts": FILED["facts"]})
    on.act("told", TABLE, "supplement", "firm", {"version": 2})
    on.act(
        "late",
        REQUEST,
        "refuse",
        "zhao",
        {"decision": "-", "outcome": "refuse", "deviates": False, "reasons": "不符", "complete": True},
    )
    on.until(date(2026, 12, 1))


def of(on: Desk, first: str, last: str, at: datetime | None = None) -> dict[str, Row]:
    found = count(on.streams, f"{first}-01", f"{last}-31", at or on.now)
    return {unit: row for (unit, _), row in found.items()}


def late(row: Row) -> tuple[int, int, int, int]:
    return row.late, row.late_settled, row.late_open, row.party_late


def test_what_is_late_and_still_open_is_counted(on: Desk) -> None:
    """`never` and `moved` were to be checked by 2026-09-08, `late` to be answered by 2026-09-15."""
    september, october, both = of(on, "2026-09", "2026-09"), of(on, "2026-10", "2026-10"), of(on, "2026-09", "2026-10")
    assert late(september[UNIT]) == (2, 0, 2, 1)
    assert (late(september[""]), late(october[""]), late(both[""])) == ((1, 0, 1, 0), (0, 0, 0, 0), (1, 1, 0, 0))
    assert late(october[UNIT]) == (1, 0, 2, 0)  # `told` again: it was supplemented and not looked at
    assert late(october[OTHER]) == (0, 0, 1, 0)  # what changed hands late is open there
    assert late(both[UNIT]) == (3, 0, 2, 1)
    assert late(of(on, "2026-11", "2027-03")[UNIT]) == (0, 0, 2, 0)
    assert of(on, "2027-01", "2027-03") == {}  # nothing of it has passed


def test_what_was_in_time_only_by_the_day_that_was_typed_is_counted(tmp_path: Path) -> None:
    """The checks were to be over by 2026-09-08: one is told on the next day as of that day, one as it was, one in time."""
    with desk(tmp_path) as on:
        for case in ("typed", "late", "early"):
            opened(on, case)
        on.until(date(2026, 9, 8))
        on.act("early", TABLE, "accept", "li", {}, on=date(2026, 9, 7))
        on.until(date(2026, 9, 9))
        on.act("typed", TABLE, "accept", "li", {"document": HASH}, on=date(2026, 9, 8))
        on.act("late", TABLE, "accept", "li", {})
        run = on.streams.state("typed").clock("decision")
        assert run
        last = date.fromisoformat(run.due)
        on.until(last + timedelta(days=1))
        on.act("typed", TABLE, "order_test", "li", {"reasons": "委托检测"}, on=last - timedelta(days=3))
        on.act("early", TABLE, "order_test", "li", {"reasons": "委托检测"})
        on.until(date(2026, 12, 1))
        on.act("typed", TABLE, "resume", "li", {})
        september, both = of(on, "2026-09", "2026-09")[UNIT], of(on, "2026-09", "2026-11")[UNIT]
        assert (september.backdated, september.late, both.backdated) == (1, 1, 2)
        page = Shown(book(), book().lifecycles[TABLE], "en").page(on.streams.state("typed"), history(on.home, "typed"), {})
        assert "2026-09-08 (recorded 2026-09-09)" in page
        assert "2026-09-01 (recorded" not in page


def test_today_bounds_what_is_late(on: Desk) -> None:
    """A period that is not over counts what has passed by the moment."""
    during = of(on, "2026-09", "2026-09", datetime(2026, 9, 8, 12, tzinfo=UTC))
    assert during[UNIT].late == 0  # the last day
    assert of(on, "2026-09", "2026-09", datetime(2026, 9, 9, 1, tzinfo=UTC))[UNIT].late == 2


def test_a_clock_that_starts_again_ends_its_earlier_run(tmp_path: Path) -> None:
    """Whoever reports late begins the next year with the report: what was late stays so."""
    with desk(tmp_path) as on:
        on.act("f", "filing", "draft", "firm", {})
        on.act("f", "filing", "submit", "firm", {**FILED, "district": DISTRICT, "unit": UNIT})
        led = {"proposal": "-", "track": "transparency", "deviates": False, "unit": UNIT, "district": DISTRICT}
        on.act("d", "disclosure-tracking", "open", "li", {"filing": "f", "version": 1, "holder": FIRM, **led})
        on.act("d", "disclosure-tracking", "disclose", "firm", {"disclosure": HASH})
        on.until(date(2027, 9, 6))
        on.act("d", "disclosure-tracking", "report", "firm", {"report": HASH})
        assert late(of(on, "2027-09", "2027-09")[UNIT]) == (0, 0, 0, 1)
        assert sum(row.party_late for row in of(on, "2026-01", "2028-12").values()) == 1
        on.until(date(2028, 9, 7))
        assert late(of(on, "2028-09", "2028-09")[UNIT]) == (0, 0, 0, 1)  # the next one is late and open


def test_a_case_counts_once_by_its_last_decision(on: Desk) -> None:
    found = of(on, "2026-09", "2026-10")
    assert (found[UNIT].decided, found[UNIT].decisions, found[UNIT].answered) == ({"t2": 1}, 2, {})
    assert (found[""].decided, found[""].decisions, found[""].answered) == ({}, 0, {"refuse": 1})
    text = render.markdown(count(on.streams, "2026-09-01", "2026-10-31", on.now), months("2026-09", "2026-10", on.now), "en")
    assert "| 4 | t2:1 | 2 |  | 3 | 0 | 2 | 0 | 1 |" in text


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2026, 9, 1), "2026-09..2026-10, to 2026-09-01"),
        (date(2026, 10, 31), "2026-09..2026-10, to 2026-10-31"),
        (date(2026, 11, 1), "2026-09..2026-10"),
        (date(2026, 8, 31), "2026-09 has not begun"),
    ],
)
def test_a_period_that_runs_says_through_which_day_it_is_counted(day: date, name: str) -> None:
    at = datetime(day.year, day.month, day.day, 4, tzinfo=UTC)
    try:
        found = render.title(months("2026-09", "2026-10", at), "en")
    except InputError as error:
        found = error.finding.problem
    assert found == name


@pytest.mark.parametrize(
    ("asked", "code", "remedy"),
    [
        (("--period", "2026-01..2026-06", "--format", "html"), "wrong-form", "md or xlsx"),
        (("--period", "2026-06..2026-01"), "wrong-period", "the earlier month first"),
        (("--period", "2026"), "wrong-period", "YYYY-MM..YYYY-MM"),
        (("--period", "9998-01..9998-02"), "wrong-period", "9998-01 has not begun"),
        (("--period", "2026-01..2026-06", "--format", "xlsx"), "no-out", "--out"),
    ],
)
def test_what_is_wrong_is_said(asked: tuple[str, ...], code: str, remedy: str) -> None:
    ended = fenji("report", *asked)
    assert ended.code == 2
    assert code in ended.err
    assert remedy in ended.err
