"""What fsck takes for whole and no table allows is found, and what was told late in the evening is not refused afterwards."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli.keep import app
from engine.errors import EvidenceError, InputError
from engine.evidence.erase import Wish, erase
from engine.evidence.fsck import fsck
from engine.evidence.installation import open_home
from engine.store import reading
from engine.supervise.audit import audit
from engine.supervise.streams import Streams, history
from tests.rulebook import book
from tests.supervise.desk import FILED, Desk, desk


def altered(on: Desk) -> Streams:
    """Return streams of a changed program: it forgets whose filing it is, and pins the table it should have used."""
    table = book().lifecycles["filing"]
    mild = table.model_copy(update={"transitions": [each.model_copy(update={"guards": []}) for each in table.transitions]})
    found = Streams(on.home, replace(book(), lifecycles={**book().lifecycles, "filing": mild}))
    found._pins = dict(on.streams._pins)
    return found


def test_an_event_that_the_table_does_not_allow_is_found(tmp_path: Path) -> None:
    with desk(tmp_path) as on:
        on.act("f", "filing", "draft", "firm", {})
        on.act("f", "filing", "submit", "firm", FILED)
        on.refused("f", "filing", "revise", "rival", {"facts": {}})
        seen: list[tuple[int, int]] = []
        assert audit(on.home, lambda done, total: seen.append((done, total))) == 1
        assert seen == [(1, 1)]
        on.streams, real = altered(on), on.streams
        on.act("f", "filing", "revise", "rival", {"facts": {}})
        on.streams = real
        assert fsck(on.home)["event"] == 4
        with pytest.raises(EvidenceError, match="refused by filing/revise#own-filing"):
            audit(on.home)
    found = CliRunner().invoke(app, ["fsck", "--home", str(tmp_path)])
    assert isinstance(found.exception, EvidenceError)


def test_the_day_of_a_late_evening_is_the_day_where_the_law_applies(tmp_path: Path) -> None:
    """At 16:30 UTC it is past midnight in Nanjing: a use of today told with an earlier legal day is no use of tomorrow."""
    given = {
        "requester": "市工信局",
        "provider": "市公安局",
        "items": {"a.b": True},
        "basis": "职责",
        "scenario": "监管",
        "scope": "市",
        "manner": "接口",
    }
    with desk(tmp_path) as on:
        on.act("s", "data-sharing-request", "request_conditional", "li", {**given, "until": "2027-06-30"})
        agreed = {"decision": "x", "outcome": "allow", "deviates": False}
        on.act("s", "data-sharing-request", "agree", "zhao", agreed)
        on.act("s", "data-sharing-request", "provide", "zhao", {})
        on.now = datetime(2026, 9, 1, 16, 30, tzinfo=UTC)
        use = {
            "use": "u1",
            "used": 1,
            "date": "2026-09-02",
            "purpose": "监管",
            "used_items": ["plate"],
            "used_records": 1,
            "kept": True,
        }
        on.act("s", "data-sharing-request", "use", "li", use, on=date(2026, 9, 1))
        assert audit(on.home) == 1


@pytest.mark.parametrize("name", ["", "\ud800", "a\nb", "x" * 129])
def test_a_stream_is_named_by_what_can_be_kept(tmp_path: Path, name: str) -> None:
    with desk(tmp_path) as on:
        with pytest.raises(InputError, match="no-such-stream"):
            on.act(name, "filing", "draft", "firm", {})
        on.act("f", "filing", "draft", "firm", {})
        assert on.refused("f", "filing", "save", "firm", {"unit": "a\0b"}).finding.code == "wrong-value"
        assert fsck(on.home)["event"] == 2


def test_what_is_recorded_while_everything_is_derived_is_no_fault(address: str, tmp_path: Path) -> None:
    """Another process goes on with a stream, begins one and erases facts; the derivation sees the store as it stood."""
    with desk(tmp_path, address) as on, open_home(tmp_path) as other:
        for stream in ("f", "g"):
            on.act(stream, "filing", "draft", "firm", {"facts": {"a.b": True}})
        writer = copy(on)
        writer.home, writer.streams = other, Streams(other, book())
        erased = history(other, "g")[0]["event_id"]

        def write(done: int, total: int) -> None:
            assert (done, total) == (before, before)
            writer.act("f", "filing", "submit", "firm", FILED)
            writer.act("h", "filing", "draft", "firm", {})
            erase(other, Wish(erased, ("*",), "PIPL 47"), [on.people["li"], on.people["wang"]], writer.at())

        before = reading.counts(on.home.store)["record"]
        with reading.snapshot(on.home.store):
            found = fsck(on.home, progress=write)
            assert (found["record"], audit(on.home)) == (before, 2)
        assert (fsck(on.home)["record"], audit(on.home)) == (before + 3, 3)
