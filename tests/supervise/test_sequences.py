"""Random events on every table, on both databases: no illegal state, no lost event, no negative clock, the fold as stored."""

from __future__ import annotations

import tempfile
import threading
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from engine.errors import InputError
from engine.evidence.fsck import fsck
from engine.evidence.installation import open_home
from engine.store import streams as stored
from engine.supervise.audit import audit, refold
from engine.supervise.state import State, from_text
from engine.supervise.step import possible
from engine.supervise.streams import Act, Streams, history
from schemas.lifecycle import FieldDecl
from tests import postgres
from tests.long import LONG
from tests.rulebook import book
from tests.supervise.desk import FILED, FIRM, HASH, PEOPLE, Desk, desk

EXAMPLES, STEPS = (60, 60) if LONG else (6, 30)
FILING = "x-1"  # a filing with the paper HASH, so that cases can be opened on it
VALUES: dict[str, Any] = {
    "text": "说明", "texts": ["市市场监管局", "市公安局"], "int": 1, "hash": HASH, "company": FIRM, "person": "3201",
    "persons": ["a", "b"], "files": [{"name": "f", "sha256": HASH}], "facts": {"a.b": True}, "document": [{"fault": "x"}],
    "faults": ["x"],
}  # fmt: skip


def value_of(decl: FieldDecl, draw: st.DataObject, today: date) -> Any:
    """Return a value of a field's type, now and then one that is not."""
    if draw.draw(st.integers(0, 30)) == 0:
        return {"strange": 1.5}
    if decl.type == "choice":
        return draw.draw(st.sampled_from([each.id for each in decl.values]))
    if decl.type == "bool":
        return draw.draw(st.booleans())
    if decl.type == "date":
        return today + timedelta(days=draw.draw(st.integers(-20, 20)))
    if decl.type == "moment":
        return f"{today + timedelta(days=draw.draw(st.integers(-20, 1)))}T10:00:00+08:00"
    if decl.type == "id":
        units = ["市工信局", "市公安局"] if decl.id in ("unit", "lead", "requester", "provider") else ["x-1", "li"]
        units = [FILING] if decl.id == "filing" else units
        return draw.draw(st.sampled_from(units))
    return VALUES[decl.type]


def in_order(state: State) -> None:
    """Refuse a clock that is negative, or stands still twice."""
    for run in state.clocks:
        at = run.started
        for number, pause in enumerate(run.pauses):
            assert pause.start >= at
            assert pause.end is not None or (number == len(run.pauses) - 1 and run.stopped is None)
            at = pause.end or pause.start
            assert at >= pause.start
        assert run.stopped is None or run.stopped >= at
        assert not run.due or run.due >= run.soonest >= run.started[:10]


class Sequences(RuleBasedStateMachine):
    """People who try anything, most of it possible; what happened is kept beside and compared."""

    store = "sqlite:store.db"

    def __init__(self) -> None:
        """Make an installation."""
        super().__init__()
        self._stack = ExitStack()
        folder = self._stack.enter_context(tempfile.TemporaryDirectory())
        self.desk: Desk = self._stack.enter_context(desk(Path(folder), type(self).store_address()))
        self.desk.act(FILING, "filing", "draft", "li", {})
        self.desk.act(FILING, "filing", "submit_for_party", "li", {**FILED, "mandate": HASH})
        self.happened: dict[str, list[str]] = {}
        self.tables: dict[str, str] = {}

    @classmethod
    def store_address(cls) -> str:
        """Return the address of a store of its own."""
        return cls.store

    @initialize(data=st.data())
    def some_stream(self, data: st.DataObject) -> None:
        """Begin one stream at least."""
        self.begin(data)

    @rule(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        """Begin a stream of any table."""
        process = data.draw(st.sampled_from(sorted(book().lifecycles)))
        name = f"s{len(self.tables)}"
        self.tables[name] = process
        self._attempt(data, name)

    @rule(data=st.data())
    def go_on(self, data: st.DataObject) -> None:
        """Do something on a stream."""
        self._attempt(data, data.draw(st.sampled_from(sorted(self.tables))))

    @rule(days=st.integers(1, 40))
    def wait(self, days: int) -> None:
        """Let days pass."""
        self.desk.now += timedelta(days=days)

    def _attempt(self, data: st.DataObject, name: str) -> None:
        table, state = book().lifecycles[self.tables[name]], self._state(name)
        ways = possible(table, state)
        likely = data.draw(st.integers(0, 9)) > 0
        way = data.draw(st.sampled_from(ways if ways and likely else table.transitions))
        by = data.draw(st.sampled_from([None, *PEOPLE])) if not likely else self._able(data, list(way.role))
        wanted = [*way.needs, *(each for each in way.may if data.draw(st.booleans()))]
        declared = {each.id: each for each in table.fields}
        fields = {
            each: value_of(declared[each], data, self.desk.now.date()) for each in wanted if likely or data.draw(st.booleans())
        }
        second = data.draw(st.sampled_from(["", "wang"]))
        try:
            after = self.desk.act(name, table.id, way.event, by, fields, second=second)
        except InputError as error:
            if not error.finding.place.file.startswith(table.id):
                raise
            self.happened.setdefault(name, []).append("refused")
        else:
            self.happened.setdefault(name, []).append(way.event)
            assert way in ways
            assert after.name in {state.name if way.to == "=" else way.to, *way.instead.values()}

    def _able(self, data: st.DataObject, roles: list[str]) -> str | None:
        people = [name for name, (_, _, held) in PEOPLE.items() if set(held) & set(roles) and name != "both"]
        return data.draw(st.sampled_from([*people, *([None] if "system" in roles else [])]))

    def _state(self, name: str) -> State:
        row = stored.stream(self.desk.home.store, name)
        return from_text(row.fold) if row else State(name, self.tables[name])

    @invariant()
    def legal(self) -> None:
        """The state is one of the table, its clocks are in order, and the stored state is the fold of all that happened."""
        for name in self.happened:
            row = stored.stream(self.desk.home.store, name)
            assert row
            state = from_text(row.fold)
            assert state.name in {"", *(each.id for each in book().lifecycles[self.tables[name]].states)}
            assert (row.number, state.number, row.due) == (len(self.happened[name]), row.number, state.due)
            in_order(state)

    def teardown(self) -> None:
        """Derive everything again."""
        try:
            for name, names in self.happened.items():
                assert [each["name"] for each in history(self.desk.home, name)] == names, "an event is lost"
                assert refold(self.desk.home, name) == stored.stream(self.desk.home.store, name)
            filed = self.desk.streams.state(FILING).number
            assert fsck(self.desk.home)["event"] == filed + sum(map(len, self.happened.values()))
        finally:
            self._stack.close()


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_random_sequences(database: str, request: pytest.FixtureRequest) -> None:
    class Here(Sequences):
        @classmethod
        def store_address(cls) -> str:
            if database == "sqlite":
                return cls.store
            found: postgres.Server = request.getfixturevalue("server")
            return found.database()

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a shorter example is not worth its minutes
        ),
    )


class Writer(threading.Thread):
    """Somebody who acts on one stream through a connection of their own."""

    def __init__(self, folder: Path, on: Desk, by: str, events: int) -> None:
        """Act as `by`, so many times."""
        super().__init__()
        self.done, self.error = 0, ""
        self._folder, self._by, self._events, self._now = folder, on.people[by], events, on.now

    def run(self) -> None:
        """Save the draft again and again."""
        with open_home(self._folder) as home:
            streams = Streams(home, book())
            for number in range(self._events):
                act = Act("s", "filing", "save", self._by, self._now, {"product": f"{number}"})
                try:
                    streams.perform(act)
                except InputError as error:
                    self.error = error.text()
                self.done += 1


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_writers_at_once_lose_nothing(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    store = "sqlite:store.db" if database == "sqlite" else request.getfixturevalue("server").database()
    with desk(tmp_path, store) as on:
        on.act("s", "filing", "draft", "li", {})
        writers = [Writer(tmp_path, on, by, 12) for by in ("chen", "he", "li")]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert [(writer.done, writer.error) for writer in writers] == [(12, "")] * 3
        state = on.streams.state("s")
        assert (state.number, state.done["save"].count, state.refused) == (37, 36, 0)
        assert sorted(state.done["save"].by) == ["chen", "he", "li"]
        assert fsck(on.home)["event"] == 37
        assert audit(on.home) == 1


def test_who_saw_an_older_stream_is_told(tmp_path: Path) -> None:
    with desk(tmp_path) as on:
        first = on.act("s", "filing", "draft", "chen", {})
        on.act("s", "filing", "save", "li", {}, expected=first.number)
        error = on.refused("s", "filing", "save", "chen", {}, expected=first.number)
        assert (error.finding.code, error.finding.place.file) == ("overtaken", "filing/save")


def test_the_sequences_would_see_a_wrong_table(tmp_path: Path) -> None:
    """A stream whose events another table recorded does not fold: so the comparison can fail."""
    with desk(tmp_path) as on:
        on.act("s", "filing", "draft", "firm", {})
        row = stored.stream(on.home.store, "s")
        assert row
        on.home.store.appender.replace([replace(row, state="submitted")])
        with pytest.raises(Exception, match="does not stand as its"):
            audit(on.home)
