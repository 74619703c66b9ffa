"""What a server forgets in time: keys with their answers, sessions that ended, jobs that are over, old deliveries.

Each rule says for how long in its own module; all of them are design, and none touches the log.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime

LOG = logging.getLogger("fenji.upkeep")
EVERY = 3600.0  # seconds between rounds (design): what is kept for days may stay an hour longer


class Worker:
    """A thread of the server that works in rounds (`_run`) until `_end` is set."""

    def __init__(self, name: str) -> None:
        """Name the thread."""
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin with a first round."""
        self._thread.start()

    def close(self) -> None:
        """End after the round that runs."""
        self._end.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        raise NotImplementedError


class Upkeep(Worker):
    """What is to be done now and then, first when the server starts."""

    def __init__(self, clock: Callable[[], datetime], tasks: Sequence[Callable[[datetime], None]], every: float = EVERY) -> None:
        """Do `tasks` in turn every so many seconds, each of which is told the moment."""
        super().__init__("fenji-upkeep")
        self._every = every
        self._clock = clock
        self._tasks = tuple(tasks)

    def tidy(self) -> None:
        """Do every task; one that fails keeps no other from its turn, and is tried again in the next round."""
        for task in self._tasks:
            try:
                task(self._clock())
            except Exception as error:  # noqa: BLE001 - the next round tries again
                LOG.error("failed", extra={"code": type(error).__name__})  # noqa: TRY400 - a trace may show what was kept

    def _run(self) -> None:
        while not self._end.is_set():
            self.tidy()
            self._end.wait(self._every)
