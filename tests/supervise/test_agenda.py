"""What is due next over all streams, and what a new notice of days off makes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import icalendar

from engine.evidence.fsck import fsck
from engine.evidence.installation import open_home
from engine.rulebook.model import Rulebook
from engine.supervise.agenda import agenda, recompute
from engine.supervise.audit import audit
from engine.supervise.period import count
from engine.supervise.streams import Streams, history
from tests import test_calendar
from tests.rulebook import book
from tests.supervise.desk import Desk, desk
from tests.test_cli import fenji


def filed(on: Desk, stream: str, product: str) -> None:
    """Ask for data that are shared on conditions: the answer is due within ten working days."""
    asked = {
        "requester": "市工信局",
        "provider": "市公安局",
        "items": {"request.purpose": product},
        "basis": "职责",
        "scenario": "监管",
    }
    more = {"scope": "全市", "manner": "接口", "until": "2027-08-31"}
    on.act(stream, "data-sharing-request", "request_conditional", "chen", asked | more)


def counted(streams: Streams, day: str, at: datetime) -> int:
    """How many clocks were late by their last day, as things stood at a moment."""
    return sum(row.late for row in count(streams, day, day, at.replace(tzinfo=UTC)).values())


def test_the_shortest_clock_comes_first_and_those_that_stand_still_last(tmp_path: Path) -> None:
    with desk(tmp_path) as on:
        filed(on, "first", "a")
        on.until(date(2026, 9, 3))
        filed(on, "second", "b")
        on.act("first", "data-sharing-request", "tell_missing", "zhao", {"faults": ["同意文书"]})
        found = agenda(on.streams, datetime(2026, 9, 4, tzinfo=UTC))
        assert [(each.stream, each.clock, each.standing) for each in found] == [
            ("second", "answer_conditional", "running"),
            ("first", "answer_conditional", "paused"),
        ]
        assert found[0].end
        assert found[0].end.earliest == date(2026, 9, 17)
        assert found[0].left == (9, 9)
        assert [each.at for each in found[0].reminders] == [date(2026, 9, 10), date(2026, 9, 15), date(2026, 9, 16)]
        assert agenda(on.streams, datetime(2026, 9, 20, tzinfo=UTC))[0].standing == "past"
        assert agenda(on.streams, datetime(2026, 9, 4, tzinfo=UTC), {"district": "nowhere"}) == []
    ended = fenji("clock", "next", "--home", tmp_path, "--lang", "zh")
    assert ended.code == 1  # past, by today's clock
    assert "答复" in ended.out
    assert fenji("clock", "next", "--home", tmp_path, "--json").json()[0]["stream"] == "second"
    assert fenji("clock", "next", "--home", tmp_path, "--ics", tmp_path / "due.ics").code == 1
    events = icalendar.Calendar.from_ical((tmp_path / "due.ics").read_bytes()).walk("VEVENT")
    assert [each.decoded("dtstart") for each in events] == [date(2026, 9, 17)]
    assert fenji("clock", "recompute", "--home", tmp_path).out == ""


def before_its_notice() -> Rulebook:
    """Return the rulebook as it was before the notice for 2026."""
    known = {year: each for year, each in book().years.items() if year < 2026}
    lawful = test_calendar.statutory().model_copy(update={"years": [test_calendar.lawful(2026), test_calendar.lawful(2027)]})
    return replace(book(), years=known, statutory=lawful)


def provisional(folder: Path) -> None:
    """Make an installation with a request whose answer is due on a day that a notice to come may move."""
    with desk(folder, rulebook=before_its_notice()) as on:
        on.until(date(2026, 9, 21))
        filed(on, "s", "a")


def test_a_new_notice_moves_what_was_provisional_and_is_recorded(tmp_path: Path) -> None:
    provisional(tmp_path)
    at = datetime(2026, 9, 22, tzinfo=UTC)
    with open_home(tmp_path) as home:
        unannounced = Streams(home, before_its_notice())
        (before,) = unannounced.state("s").clocks
        assert before.soonest < before.due
        late = datetime.fromisoformat(before.due) + timedelta(days=2)
        assert counted(unannounced, before.due, late) == 1
        assert counted(unannounced, before.due, late - timedelta(days=2)) == 0  # a notice may still make it the last day
    with open_home(tmp_path) as home:
        announced = Streams(home, book())
        (moved,) = recompute(announced, at, "release-2")
        assert (moved.stream, moved.clock) == ("s", "answer_conditional")
        assert (moved.before, moved.after) == ((before.soonest, before.due), ("2026-10-12", "2026-10-12"))
        (after,) = announced.state("s").clocks
        assert (after.soonest, after.due) == moved.after
        assert before.soonest <= after.soonest <= before.due
        assert announced.state("s").name == "requested"
        assert counted(announced, after.due, late) == 1  # on its last day as it is known now, and on no other
        assert counted(announced, before.due, late) == 0
        assert recompute(announced, at, "release-2") == []
        event = history(home, "s")[-1]
        assert (event["name"], event["by"], event["values"]) == ("recomputed", None, {"release": "release-2"})
        assert audit(home) == 1
        assert fsck(home)["event"] == 2


def test_rules_that_were_never_published_move_an_end_only_where_an_official_answers_for_it(tmp_path: Path) -> None:
    provisional(tmp_path)
    words = ("clock", "recompute", "--home", tmp_path)
    refused = fenji(*words)
    assert refused.code == 2
    assert "unpublished-calendar: the clocks of 1 streams would move by rules that were never published" in refused.err
    assert "wrong-role" in fenji(*words, "--as", "firm").err
    assert "wrong-role" in fenji(*words, "--as", "rivals").err
    with open_home(tmp_path) as home:
        assert [each["name"] for each in history(home, "s")] == ["request_conditional"]
    found = fenji(*words, "--as", "li", "--json").json()
    assert (found["release"], found["overtaken"]) == ("unpublished", [])
    assert [(each["stream"], each["clock"], each["after"]) for each in found["moved"]] == [
        ("s", "answer_conditional", {"earliest": "2026-10-12", "latest": "2026-10-12"})
    ]
    assert found["moved"][0]["before"]["earliest"] < found["moved"][0]["before"]["latest"]
    assert fenji(*words).out == ""  # nothing moves any more, and nobody need answer for it
    with open_home(tmp_path) as home:
        event = history(home, "s")[-1]
        assert (event["by"]["sub"], event["values"]) == ("li", {"release": "unpublished"})
        assert audit(home) == 1
    assert (
        "ends of clocks anew: by rules that were never published"
        in fenji("case", "show", "s", "--home", tmp_path, "--lang", "en").out
    )


def test_what_moved_is_told_with_its_old_and_its_new_end(tmp_path: Path) -> None:
    provisional(tmp_path)
    line = fenji("clock", "recompute", "--home", tmp_path, "--as", "li").out.strip()
    assert line.startswith("s  data-sharing-request/answer_conditional: 2026-")
    assert line.endswith("-> 2026-10-12  (unpublished)")
