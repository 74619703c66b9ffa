"""The one thread that writes: requests hand in entries, and all that wait go down in one durable group.

A request is answered when its group is on the disk, never before. A group that is refused is tried again one by one, so that one
request's fault never costs another its answer; a store whose commit failed is opened anew before anything else is written.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from engine.errors import StoreError
from engine.evidence.installation import Entry, Installation
from engine.evidence.note import Receipt

T = TypeVar("T")
GROUP = 64  # requests in one group
WAITING = 1_000  # requests that may wait; more are refused as busy
UNSURE = ("in-doubt", "not-kept", "broken")  # what the disk holds is not known, or the record stands


@dataclass
class _Entry:
    """One entry to record, with the values it needs beside it."""

    entry: Entry
    blobs: Sequence[tuple[str, bytes]]
    done: Future[Receipt] = field(default_factory=Future)


@dataclass
class _Work(Generic[T]):
    """Something else to do with the installation, alone."""

    do: Callable[[Installation], T]
    done: Future[T] = field(default_factory=Future)

    def settle(self, home: Installation) -> None:
        """Do it, and tell whoever waits what came of it."""
        try:
            self.done.set_result(self.do(home))
        except BaseException as error:  # noqa: BLE001 - whoever waits is told
            self.done.set_exception(error)


class Writer:
    """The writing thread, with an installation of its own that `opened` opens there."""

    def __init__(self, opened: Callable[[], Installation]) -> None:
        """Start the thread and wait until it has its installation. Raises what opening raises."""
        self._opened = opened
        self._waiting: deque[_Entry | _Work[Any]] = deque()
        self._changed = threading.Condition()
        self._closing = False
        ready: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, args=(ready,), name="fenji-writer", daemon=True)
        self._thread.start()
        ready.result()

    def close(self) -> None:
        """Finish what waits, and end."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    @property
    def waiting(self) -> int:
        """How many requests wait."""
        return len(self._waiting)

    def record(self, entry: Entry, blobs: Sequence[tuple[str, bytes]] = ()) -> Receipt:
        """Record one entry in the next group and return its receipt. Raises StoreError, SigningError."""
        asked = _Entry(entry, blobs)
        self._hand_in(asked)
        return asked.done.result()

    def do(self, work: Callable[[Installation], T]) -> T:
        """Do something with the installation, alone, and return what it returns. Raises what it raises, StoreError."""
        asked = _Work(work)
        self._hand_in(asked)
        return asked.done.result()

    def _hand_in(self, asked: _Entry | _Work[Any]) -> None:
        with self._changed:
            if self._closing or len(self._waiting) >= WAITING:
                raise StoreError("busy", "too many requests wait to be recorded", "try again later; nothing was recorded")
            self._waiting.append(asked)
            self._changed.notify()

    def _next(self) -> list[_Entry] | _Work[Any] | None:
        """Return the next work, or the entries that wait in front of one; None at the end."""
        with self._changed:
            while not self._waiting:
                if self._closing:
                    return None
                self._changed.wait()
            group: list[_Entry] = []
            while self._waiting and len(group) < GROUP:
                first = self._waiting[0]
                if isinstance(first, _Work):
                    if not group:
                        self._waiting.popleft()
                        return first
                    break
                group.append(first)
                self._waiting.popleft()
            return group

    def _run(self, ready: Future[None]) -> None:
        try:
            home = self._opened()
        except BaseException as error:  # noqa: BLE001 - whoever started the thread is told
            ready.set_exception(error)
            return
        ready.set_result(None)
        while (found := self._next()) is not None:
            if home.store.appender.broken:
                home.close()
                try:
                    home = self._opened()
                except BaseException as error:  # noqa: BLE001 - the next request tries again
                    for each in [found] if isinstance(found, _Work) else found:
                        each.done.set_exception(error)
                    continue
            if isinstance(found, _Work):
                found.settle(home)
            else:
                self._record(home, found)
        home.close()

    def _record(self, home: Installation, group: list[_Entry]) -> None:
        try:
            published = home.record([each.entry for each in group], [blob for each in group for blob in each.blobs])
        except BaseException as error:  # noqa: BLE001 - whoever waits is told
            if len(group) > 1 and not (isinstance(error, StoreError) and error.finding.code in UNSURE):
                for each in group:
                    self._record(home, [each])
                return
            for each in group:
                each.done.set_exception(error)
            return
        for number, each in enumerate(group):
            each.done.set_result(published.receipt(number))
