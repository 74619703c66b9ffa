"""One effect and one answer for a key, however often it is sent; and many requests in one durable group."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest

from api.access.permissions import Who
from api.http.once import KEEP_HOURS, Answer, Once, _name
from api.http.writer import Writer
from engine.errors import InputError, StoreError
from engine.evidence import canonical
from engine.evidence.installation import Entry, Installation, init, open_home
from engine.evidence.log import stamp
from engine.evidence.statement import wrap
from engine.store import reading
from engine.store.access import AccessStore

NOW = datetime(2026, 8, 3, 1, 0, tzinfo=UTC)
CHEN, LI = Who("chen"), Who("li")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AccessStore]:
    found = AccessStore(tmp_path / "access.db")
    yield found
    found.close()


@pytest.fixture
def opened(tmp_path: Path) -> Callable[[], Installation]:
    init(tmp_path / "home", "fenji.example/http", "sqlite:store.db", stamp(NOW))
    return lambda: open_home(tmp_path / "home")


def entry(name: str) -> Entry:
    payload = canonical.dumps(wrap("event", "event", "0" * 64, {"name": name}))
    return Entry(name, "note", payload, stamp(NOW))


def told(said: list[str], text: str) -> Callable[[str], Answer]:
    """An effect that notes the id it was given."""

    def effect(reserved: str) -> Answer:
        said.append(reserved)
        return Answer(201, {"said": text})

    return effect


def test_the_same_request_has_one_effect_and_the_same_answer(store: AccessStore) -> None:
    once, said = Once(store), list[str]()
    first = once.run(CHEN, "k", "request", NOW, told(said, "first"))
    again = once.run(CHEN, "k", "request", NOW, told(said, "second"))
    restarted = Once(store).run(CHEN, "k", "request", NOW, told(said, "third"))
    assert first == again == restarted == Answer(201, {"said": "first"})
    assert len(said) == 1
    once.run(LI, "k", "request", NOW, told(said, "of another account"))
    assert len(said) == 2


@pytest.mark.parametrize(
    ("key", "request_", "code"),
    [("k", "another", "key-reused"), ("", "r", "no-key"), ("x" * 201, "r", "no-key"), ("a\n", "r", "no-key")],
)
def test_keys_that_do_not_serve(store: AccessStore, key: str, request_: str, code: str) -> None:
    once = Once(store)
    once.run(CHEN, "k", "request", NOW, told([], "first"))
    with pytest.raises(InputError, match=code):
        once.run(CHEN, key, request_, NOW, told([], "never"))


def test_a_request_that_is_still_running_is_not_started_twice(store: AccessStore) -> None:
    once, begun, go = Once(store), Event(), Event()

    def slow(_: str) -> Answer:
        begun.set()
        go.wait(10)
        return Answer(201, {})

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(once.run, CHEN, "k", "request", NOW, slow)
        begun.wait(10)
        with pytest.raises(StoreError, match="running"):
            once.run(CHEN, "k", "request", NOW, slow)
        go.set()
        assert first.result(10).status == 201


def test_what_was_refused_leaves_the_key_free(store: AccessStore) -> None:
    once, said = Once(store), list[str]()

    def refused(_: str) -> Answer:
        raise InputError("wrong", "no", "yes")

    with pytest.raises(InputError, match="wrong"):
        once.run(CHEN, "k", "request", NOW, refused)
    assert once.run(CHEN, "k", "mended", NOW, told(said, "now")).status == 201


def test_after_a_crash_or_in_doubt_the_key_has_the_same_id(store: AccessStore) -> None:
    ids: list[str] = []

    def in_doubt(reserved: str) -> Answer:
        ids.append(reserved)
        raise StoreError("in-doubt", "the commit failed", "look")

    once = Once(store)
    with pytest.raises(StoreError, match="in-doubt"):
        once.run(CHEN, "k", "request", NOW, in_doubt)
    once.run(CHEN, "k", "request", NOW, told(ids, "found in the log"))
    assert ids[0] == ids[1]


def test_a_process_that_died_leaves_its_id_to_the_next(store: AccessStore) -> None:
    ids: list[str] = []
    begun = Once(store)._begin(_name(CHEN, "k"), "request", NOW)
    Once(store).run(CHEN, "k", "request", NOW, told(ids, "found in the log"))
    assert ids == [begun.reserved]


def test_old_keys_are_forgotten(store: AccessStore) -> None:
    once, said = Once(store), list[str]()
    once.run(CHEN, "k", "request", NOW, told(said, "first"))
    once.tidy(NOW + timedelta(hours=KEEP_HOURS))
    once.run(CHEN, "k", "request", NOW, told(said, "kept"))
    once.tidy(NOW + timedelta(hours=KEEP_HOURS, seconds=1))
    once.run(CHEN, "k", "other", NOW, told(said, "fresh"))
    assert len(said) == 2


def test_requests_that_wait_go_down_in_one_group(opened: Callable[[], Installation]) -> None:
    writer = Writer(opened)
    begun, go = Event(), Event()

    def hold(_: Installation) -> None:
        begun.set()
        go.wait(10)

    with ThreadPoolExecutor(20) as pool:
        pool.submit(writer.do, hold)
        begun.wait(10)
        receipts = [pool.submit(writer.record, entry(f"n{number}")) for number in range(12)]
        while writer.waiting < 12:
            pass
        go.set()
        indexes = sorted(each.result(10).index for each in receipts)
        notes = {each.result(10).note for each in receipts}
    writer.close()
    assert indexes == list(range(1, 13))
    assert len(notes) == 1


def test_one_bad_entry_costs_no_other_its_answer(opened: Callable[[], Installation]) -> None:
    writer = Writer(opened)
    writer.record(entry("twice"))
    begun, go = Event(), Event()

    def hold(_: Installation) -> None:
        begun.set()
        go.wait(10)

    with ThreadPoolExecutor(5) as pool:
        pool.submit(writer.do, hold)
        begun.wait(10)
        asked = {name: pool.submit(writer.record, entry(name)) for name in ("a", "twice", "b")}
        while writer.waiting < 3:
            pass
        go.set()
        with pytest.raises(StoreError, match="exists"):
            asked["twice"].result(10)
        assert asked["a"].result(10).index != asked["b"].result(10).index
    writer.close()
    order = sorted("ab", key=lambda name: asked[name].result().index)
    with opened() as home:
        assert [each.id for each in reading.records(home.store, 1)] == ["twice", *order]


def test_a_closed_writer_refuses_and_what_raises_is_told(opened: Callable[[], Installation]) -> None:
    writer = Writer(opened)
    with pytest.raises(ZeroDivisionError):
        writer.do(lambda _: 1 // 0)
    assert writer.do(lambda home: home.origin) == "fenji.example/http"
    writer.close()
    with pytest.raises(StoreError, match="busy"):
        writer.record(entry("late"))


def test_a_writer_without_an_installation_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no-home"):
        Writer(lambda: open_home(tmp_path / "nowhere"))


def test_a_broken_connection_is_opened_anew(opened: Callable[[], Installation]) -> None:
    writer = Writer(opened)
    writer.do(lambda home: setattr(home.store.appender, "_broken", True))
    assert writer.record(entry("after")).index == 1
    writer.close()
