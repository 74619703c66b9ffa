"""`fenji pilot` and `fenji incident`: a pilot from its idea to an alarm, as its people would type it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.cli.options import now
from api.render import pilots as said
from engine.evidence.installation import open_home
from engine.evidence.log import stamp
from engine.supervise.opinions import ran_out, shown_by
from engine.supervise.streams import Streams
from engine.supervise.terms import terms_sha256
from tests.rulebook import book
from tests.supervise.desk import FIRM
from tests.supervise.test_lives import APPLICATION, FINDINGS, QUIET, TERMS
from tests.test_cli import Ended, fenji

BUDGET = {"minor": 4, "serious": 1, "grave": 0, "complaints": 20, "downtime": 600}
AGREED = TERMS | {"budget": BUDGET}


class Firm:
    """A folder with an installation, an official, a second one, and somebody of the firm."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pilot = ""
        self.ok("init", "--origin", "pilots.example/log")
        self.ok("actor", "add", "chen", "--name", "陈静", "--unit", "市工信局", "--role", "admin", "--role", "official")
        for name, unit, role in (("li", "市工信局", "official"), ("firm", FIRM, "enterprise"), ("plain", "麒麟", "enterprise")):
            self.ok("actor", "add", name, "--name", name, "--unit", unit, "--role", role, "--as", "chen")

    def run(self, *words: str | Path, fields: dict[str, Any] | None = None) -> Ended:
        data = json.dumps(fields, ensure_ascii=False).encode() if fields is not None else b""
        return fenji(*words, "--home", self.folder, stdin=data)

    def ok(self, *words: str | Path, fields: dict[str, Any] | None = None) -> Ended:
        ended = self.run(*words, fields=fields)
        assert ended.code == 0, ended.err
        return ended

    def act(self, event: str, by: str, fields: dict[str, Any] | None = None) -> dict[str, Any]:
        given = ["-"] if fields is not None else []
        found: dict[str, Any] = self.ok("pilot", "act", self.pilot, event, *given, "--as", by, "--json", fields=fields).json()
        return found


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Firm:
    """A pilot that runs under signed terms."""
    made = Firm(tmp_path_factory.mktemp("pilots") / "home")
    idea = {"holder": FIRM, "product": "沉浸式导览"}
    made.pilot = made.ok("pilot", "open", "-", "--as", "firm", "--json", fields=idea).json()["stream"]
    made.act("apply", "firm", APPLICATION)
    made.act("find", "li", {"facts": FINDINGS, "reasons": "核对"})
    assert made.act("admit", "li")["values"]["proposal"] == "admit"
    made.act("offer", "li", {"terms": AGREED})
    made.act("sign", "firm", {"signed_sha256": terms_sha256(AGREED)})
    made.act("countersign", "li", {"agreed_sha256": terms_sha256(AGREED)})
    assert made.act("start", "firm")["state"] == "running"
    made.act("count", "firm", {"subjects": 100})
    return made


def test_a_pilot_is_shown_and_listed(firm: Firm) -> None:
    shown = firm.ok("pilot", "show", firm.pilot, "--lang", "zh").out
    assert "试点容错: 运行中 (running)" in shown
    assert "可办事项: " in shown
    assert firm.ok("pilot", "show", firm.pilot, "--lang", "en").out.count("until 20") == 3
    assert firm.ok("pilot", "list", "--unit", "市工信局").out.startswith(f"{firm.pilot}  running")
    assert firm.ok("pilot", "list", "--district", "鼓楼区").out == "-\n"
    assert firm.ok("pilot", "list", "--state", "running", "--json").json()[0]["process"] == "pilot"


def test_an_opinion_says_how_each_condition_stands(firm: Firm) -> None:
    said = firm.run("pilot", "opinion", firm.pilot, "admission", "--lang", "en")
    assert (said.code, said.out.splitlines()[0]) == (0, "proposed answer to the application: admit once terms are agreed")
    assert "  met, ruled out: no third-party observer" in said.out
    measure = firm.run("pilot", "opinion", firm.pilot, "measure", "--lang", "zh")
    assert (measure.code, measure.out.startswith("约定措施的建议: 未定 (")) == (1, True)
    assert firm.run("pilot", "opinion", firm.pilot, "onward", "--json").json()["value"] == "running"
    assert "unknown-matter" in firm.run("pilot", "opinion", firm.pilot, "weather").err


def test_a_tolerance_opinion_says_what_it_never_covers(firm: Firm) -> None:
    early = firm.run("pilot", "opinion", firm.pilot, "tolerance", "--lang", "en")
    assert (early.code, "  met" in early.out) == (1, False)
    facts = {"tolerance.within_plan": True, "tolerance.reported": False}
    firm.act("ask_tolerance", "firm", {"event": "i-1", "facts": facts})
    assert firm.run("pilot", "opinion", firm.pilot, "tolerance").code == 1  # the word of the firm proves nothing
    firm.act("find", "chen", {"facts": facts, "reasons": "核对"})
    said = firm.run("pilot", "opinion", firm.pilot, "tolerance", "--lang", "zh")
    lines = said.out.splitlines()
    assert (said.code, lines[0]) == (0, "容错意见: 不建议容错")
    assert [line for line in lines if line.startswith("  不成立")] == ["  不成立，存在： 未及时报告"]
    assert [line.split()[1] for line in lines if "从不涉及" in line][:2] == ["民事责任", "刑事责任"]
    assert "  成立，不存在： 不在方案范围内" in lines
    assert "  未证明，可能： 不属善意" in lines


def test_an_incident_raises_an_alarm_that_is_proposed_once(firm: Firm) -> None:
    assert firm.run("pilot", "watch", firm.pilot, "--lang", "en").out == "no alarms\n"
    told = {"reference": "A1", "found_at": stamp(now()), "facts": QUIET | {"mishap.deaths": {"at_most": 1}}}
    said = firm.ok("incident", "report", firm.pilot, "-", "--as", "firm", fields=told).out.splitlines()
    assert said[1] == (
        "  ! the grade is still open, the gravest possible is assumed (grades still possible: minor / serious / grave); "
        "missing: deaths, persons in the leak"
    )
    stream = said[0].partition(":")[0]
    incident = firm.ok("incident", "show", stream, "--json").json()
    assert (incident["values"]["grade"], incident["values"]["possible"]) == ("grave", ["minor", "serious", "grave"])
    assert (
        "等级未定，暂按可能的最高等级 (可能的等级: 一般 / 严重 / 特别严重)"
        in firm.ok("incident", "show", stream, "--lang", "zh").out
    )
    assert f"the gravest possible is assumed: {stream}" in firm.run("pilot", "watch", firm.pilot, "--lang", "en").out
    told = {"facts": {"mishap.deaths": 1}, "reasons": "一名参与者死亡"}
    assert " ! " not in firm.ok("incident", "act", stream, "correct", "-", "--as", "firm", fields=told).out
    seen = firm.run("pilot", "watch", firm.pilot, "--record", "--lang", "zh")
    assert (seen.code, seen.out.count("发生特别严重事件：暂停")) == (1, 1)
    assert firm.ok("pilot", "show", firm.pilot, "--json").json()["values"]["measure"] == "pause"
    again = firm.run("pilot", "watch", firm.pilot, "--record", "--json").json()
    assert ([alarm["proposes"] for alarm in again["alarms"]].count("pause") >= 1, again["recorded"]) == (True, None)
    lines = {line["line"]: line for line in firm.ok("pilot", "budget", firm.pilot, "--json").json()}
    assert lines["subjects"]["used"] == 100
    said = firm.ok("pilot", "budget", firm.pilot, "--lang", "en").out.splitlines()
    assert said[0].startswith("used/allowed within thirty days; the terms allow per thousand subjects, here for 100,")
    assert [line for line in said if line.startswith(("minor", "subjects"))] == [
        "minor: 1/1 (100 %), 0 days until it is used up",
        "subjects: 100/500 (20 %), subjects so far/cap, not within thirty days",
    ]
    firm.ok(
        "incident",
        "act",
        incident["stream"],
        "notify",
        "-",
        "--as",
        "firm",
        fields={"told": ["notice_2h"], "told_at": stamp(now())},
    )
    assert firm.ok("incident", "show", incident["stream"], "--json").json()["late"] == []
    assert firm.ok("incident", "list").out.startswith(incident["stream"])
    assert firm.ok("fsck").code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("pilot", "act", "$", "pause", "-", "--as", "firm"), "pilot/pause: wrong-role: `firm` has not the role official"),
        (("pilot", "act", "$", "admit", "--as", "li"), "pilot/running: no-transition: the table has no `admit`"),
        (("pilot", "act", "nobody", "report", "-", "--as", "firm"), "pilot/(none): no-transition: the table has no `report`"),
        (("pilot", "show", "no-one"), "`fenji pilot list`"),
        (("incident", "show", "no-one"), "`fenji incident list` show them"),
        (("pilot", "act", "$", "halt", "-", "--as", "chen"), "wrong-role"),
        (("incident", "report", "nobody", "-", "--as", "firm"), "missing-field: `found_at` is not given"),
    ],
)
def test_what_is_refused(words: tuple[str, ...], said: str, firm: Firm) -> None:
    ended = firm.run(*(firm.pilot if word == "$" else word for word in words), fields={"reasons": "试试"})
    assert (ended.code, said in ended.err) == (2, True), ended.err


def test_what_happened_outside_of_the_days_under_terms_is_said_not_to_count(firm: Firm) -> None:
    fields = {"complaints": 3, "happened": "2026-01-01T00:00:00+08:00"}
    told = firm.ok("pilot", "act", firm.pilot, "complaint", "-", "--as", "firm", fields=fields).out.splitlines()
    place = f"{firm.pilot}/{told[0].split('event ')[1].split(',')[0]}"
    assert told[1:] == [f"! outside of the days under terms, not counted: {place}"]
    for command in ("watch", "budget"):
        assert (
            firm.run("pilot", command, firm.pilot, "--lang", "zh").out.splitlines()[-1]
            == f"! 不在条款约定的日期内，不计入: {place}"
        )
        beside = firm.run("pilot", command, firm.pilot, "--json")
        assert (place in beside.err, place in beside.out) == (True, False)
    assert "not counted" not in firm.ok("pilot", "act", firm.pilot, "count", "-", "--as", "firm", fields={"subjects": 101}).out


def test_a_term_that_ran_out_is_said_until_its_end_is_recorded(firm: Firm) -> None:
    with open_home(firm.folder) as home:
        found = Streams(home, book()).state(firm.pilot)
    last, after = date(2027, 2, 28), date(2027, 3, 1)
    assert (ran_out(found, last), ran_out(found, after)) == ("", "2027-02-28")
    for lang, words in (("zh", "变通不再适用"), ("en", "no easing holds any more")):
        assert words in said.state(book(), found, lang, after)
        assert words not in said.state(book(), found, lang, last)
    assert firm.ok("pilot", "show", firm.pilot, "--json").json()["ran_out"] == ""
    assert firm.ok("clock", "recompute").out == ""
    assert shown_by(found, after)["pilot.finished"] is True


def test_whoever_acts_for_no_firm_is_told_that_the_unit_is_a_credit_code(firm: Firm) -> None:
    ended = firm.run("pilot", "open", "-", "--as", "plain", fields={"holder": FIRM, "product": "导览"})
    assert (ended.code, "`plain` acts for no firm: the unit `麒麟` is no credit code" in ended.err) == (2, True), ended.err


SCENARIO = {
    "days": 60,
    "subjects": 500,
    "budget": {"minor": 4},
    "rates": {"minor": "1.5", "grave": "0.1"},
    "breaches": {"data": 1},
}


def test_a_plan_is_tried_before_admission(tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text(yaml.safe_dump(SCENARIO), "utf-8")
    first, again = (fenji("pilot", "simulate", file, "--runs", "20", "--json") for _ in range(2))
    assert first.out == again.out
    assert first.json()["runs"] == 20
    assert first.json()["not_simulated"] == ["cap-exceeded", "insurance-lapsed"]
    assert not {"cap-exceeded", "insurance-lapsed"} & {each["monitor"] for each in first.json()["monitors"]}
    said = fenji("pilot", "simulate", file, "--runs", "20", "--lang", "en").out
    assert "runs stopped by a monitor" in said
    assert "  -  not simulated (no plan says how subjects grow or cover lapses): the agreed cap is exceeded: pause" in said
    assert said.splitlines()[-1] == (
        "  ! no rate given, so none happened in any life (write 0 where none is assumed): rates.near_miss, rates.serious, "
        "rates.complaints, rates.downtime, breaches.hidden_report, late"
    )
    rates = dict.fromkeys(("near_miss", "minor", "serious", "grave", "complaints", "downtime"), 0)
    whole = {**SCENARIO, "rates": rates, "breaches": {"hidden_report": 0}, "late": 0}
    assert fenji("pilot", "simulate", "-", "--runs", "1", "--json", stdin=json.dumps(whole).encode()).json()["unstated"] == []


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"weeks": 3}, "unknown-field: a scenario has no `weeks`"),
        ({"days": None}, "missing-field: `days` is not given"),
        ({"days": "60"}, "wrong-type: `days` is no whole number"),
        ({"days": True}, "wrong-type: `days` is no whole number"),
        ({"days": 367}, "out-of-range: `days` is 367"),
        ({"subjects": 0}, "out-of-range: `subjects` is 0"),
        ({"late": 101}, "out-of-range: `late` is 101"),
        ({"outage_minutes": -1}, "out-of-range: `outage_minutes` is -1"),
        ({"budget": 4}, "wrong-type: `budget` has no lines"),
        ({"budget": {"minor": "4"}}, "wrong-type: `budget.minor` is no whole number"),
        ({"budget": {"minor": -4}}, "out-of-range: `budget.minor` is -4"),
        ({"budget": {"weather": 4}}, "unknown-line: no line `weather` of a budget"),
        ({"rates": {"minor": "30"}}, "wrong-type: `rates.minor` is no number"),
        ({"rates": {"minor": "1e400"}}, "wrong-type: `rates.minor` is no number"),
        ({"rates": {"minor": "-1.0"}}, "wrong-type: `rates.minor` is no number"),
        ({"breaches": {"nonsense": 1}}, "unknown-line: no kind of breach named `nonsense`"),
        ({"subjects": 10**7, "rates": {"minor": 10_000}}, "out-of-range: the lives are as much work as"),
    ],
)
def test_a_plan_that_is_none_is_refused(changed: dict[str, Any], code: str) -> None:
    stated = {name: value for name, value in {**SCENARIO, **changed}.items() if value is not None}
    ended = fenji("pilot", "simulate", "-", stdin=json.dumps(stated).encode())
    assert (ended.code, code in ended.err) == (2, True), ended.err


def test_a_stream_of_refused_attempts_is_shown(firm: Firm) -> None:
    assert firm.run("pilot", "act", "never", "report", "-", "--as", "firm", fields={}).code == 2
    assert "nothing but refused attempts (-), 1" in firm.ok("pilot", "show", "never", "--lang", "en").out
    assert [line.split()[:2] for line in firm.ok("pilot", "list").out.splitlines()] == [[firm.pilot, "running"]]


def test_a_duplicate_names_the_open_stream(firm: Firm) -> None:
    idea = {"holder": FIRM, "product": "沉浸式导览"}
    second = firm.ok("pilot", "open", "-", "--as", "firm", "--json", fields=idea).json()["stream"]
    ended = firm.run("pilot", "act", second, "apply", "-", "--as", "firm", fields=APPLICATION)
    assert (ended.code, f"duplicate: the open stream `{firm.pilot}` is about the same" in ended.err) == (2, True), ended.err
