"""`fenji clock`: golden answers in both languages, JSON, and an iCalendar file of a filing's deadlines."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import icalendar
import pytest

from engine.rulebook.days import legal_day
from engine.rulebook.read import plain, read
from tests.test_check import spoiled
from tests.test_cli import fenji

GOLDEN = Path(__file__).parent / "cli" / "clock.yaml"
SAYS: Any = plain(read(GOLDEN.read_bytes(), GOLDEN.name))
FILING = """\
product.offered_to_public: true
function.algorithm_service: true
function.opinion_attribute: true
launch.date: 2026-12-20
opinion.had_on: 2026-12-20
filed.algorithm: false
evidence: {complete: true, items: []}
ai.found_breached: []
"""


@pytest.mark.parametrize("case", [pytest.param(case, id=case["words"]) for case in SAYS])
def test_answers(case: dict[str, Any]) -> None:
    ended = fenji("clock", *case["words"].split())
    assert ended.code == case["code"]
    assert (ended.err if ended.code == 2 else ended.out).startswith(case["says"])


def test_json_has_bounds_rule_and_law() -> None:
    found = fenji("clock", "due", "--start", "2026-12-20", "--working-days", "10", "--json").json()
    assert [found[name] for name in ("due", "earliest", "latest", "provisional")] == [None, "2026-12-30", "2027-01-04", True]
    found = fenji("clock", "due", "--start", "2026-08-05", "--clock", "reconsideration_request", "--json").json()
    assert (found["due"], found["rolls"], found["counting"]["sources"][0]["article"]) == ("2026-10-08", True, "85")
    year = fenji("clock", "calendar", "2026", "--json").json()
    assert (year["working_days"], year["worked"][0], year["open"][0]) == (248, "2026-01-04", "2026-12-25")
    assert fenji("clock", "list", "--json").json()[0]["id"] == "licence_acceptance"
    assert "licence_decision" in fenji("clock", "list", "--lang", "zh").out


def announced(folder: Path, year: int, issued: date) -> Path:
    """Return a small rulebook with the notices for two years, that of the second issued on a day."""
    base = "holidays: [{id: may, title: {zh: 五月, en: May}, reach: 7}]\nswaps: 2\nstretch: 7\norigin: design\n"
    files = {"statutory": base + "sources: [{instrument: law, read: official}]\nnote: {zh: 说明, en: note}\nyears: []\n"}
    for number, day in ((year, date(year, 1, 1)), (year + 1, issued)):
        notice = f"{{number: n, issuer: body, issued: {day}, read: official, number_read: official"
        arranged = f"breaks: [{{holiday: may, off: {number}-05-01..{number}-05-05}}]}}"
        files[str(number)] = f"year: {number}\nnotices:\n  - {notice}, {arranged}\n"
    for name, data in spoiled({"files": {f"calendar/{name}.yaml": text for name, text in files.items()}}):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


@pytest.mark.parametrize(("later", "code"), [(0, 0), (1, 1)])
def test_a_notice_binds_from_the_day_on_which_it_is_issued(tmp_path: Path, later: int, code: int) -> None:
    day = legal_day(datetime.now(UTC))
    rules = announced(tmp_path / "rules", day.year, day + timedelta(days=later))
    words = ("--start", f"{day.year + 1}-04-20", "--working-days", "2", "--rules", rules)
    found = fenji("clock", "due", *words, "--json")
    assert (found.code, found.json()["provisional"]) == (code, bool(code))
    assert fenji("clock", "calendar", str(day.year + 1), "--rules", rules).code == code
    said = fenji("check", "--rules", rules, "--lang", "en").out
    assert (f"rules/calendar/{day.year + 1}.yaml:3:39: day-to-come: the notice `n` is of" in said) is bool(code)


def test_deadlines_of_a_filing_as_an_icalendar_file(tmp_path: Path) -> None:
    filing, out = tmp_path / "f.yaml", tmp_path / "f.ics"
    filing.write_text(FILING, "utf-8")
    words = ("clock", "ics", filing, "--as-of", "2026-12-21", "--lang", "zh", "--out")
    assert fenji(*words, out).code == 0
    events = {str(each["uid"]): each for each in icalendar.Calendar.from_ical(out.read_bytes()).walk("VEVENT")}
    event = events["cn-ai-duties.algorithm_filing@fenji"]
    assert [event.decoded(name) for name in ("dtstart", "dtend")] == [date(2026, 12, 30), date(2027, 1, 5)]
    assert str(event["summary"]) == "提供服务之日起十个工作日内办理算法备案"
    assert str(event["status"]) == "TENTATIVE"
    assert "exists" in fenji(*words, out).err


def test_a_deadline_whose_day_is_not_known_is_no_entry(tmp_path: Path) -> None:
    filing = tmp_path / "f.yaml"
    filing.write_text("product.offered_to_public: true\n", "utf-8")
    words = ("clock", "ics", filing, "--as-of", "2026-11-29", "--lang", "en")
    ended = fenji(*words)
    duties = fenji("assess", filing, "--as-of", "2026-11-29", "--json").json()["duties"]
    days = [each["deadline"] for each in duties if each["deadline"] and each["status"] != "met"]
    known = [each for each in days if each["latest"] and each["earliest"]]
    events = icalendar.Calendar.from_ical(ended.out).walk("VEVENT")
    assert (len(events), len(days) - len(known) > 50) == (len(known), True)
    assert all(str(each["summary"]).endswith(" (may apply)") and each["status"] == "TENTATIVE" for each in events)
    assert f"{len(days) - len(known)} deadlines whose last day is open are left out" in ended.err


def test_a_deadline_between_two_days_says_so(tmp_path: Path) -> None:
    filing = tmp_path / "f.yaml"
    filing.write_text(FILING, "utf-8")
    ended = fenji("clock", "ics", filing, "--as-of", "2026-12-21", "--lang", "en")
    events = {str(each["uid"]): each for each in icalendar.Calendar.from_ical(ended.out).walk("VEVENT")}
    assert "not before 2026-12-30, not after 2027-01-04" in str(events["cn-ai-duties.algorithm_filing@fenji"]["description"])
