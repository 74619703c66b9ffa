"""The second monitor as its users see it: it answers, or it is silent and says why."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from engine.supervise.monitors import worker
from engine.supervise.monitors.to_stream import message

if TYPE_CHECKING:
    from engine.supervise.monitors.fold import Ask

ROOT = Path(__file__).parents[3]
BATCH = 512  # messages in one frame
STARTS = 4  # design: a worker that died this often is not started again


class Stream:
    """A worker with durable_rules; `silent` says why there is none, or none any more."""

    def __init__(self, monitors: int) -> None:
        """Start the worker for a number of monitors, where durable_rules is installed."""
        self.silent = ""
        self._number = count()
        self._process: subprocess.Popen[bytes] | None = None
        self._monitors = monitors
        self._left = 0
        if sys.version_info >= (3, 13):
            self.silent = "durable_rules does not import on Python 3.13 and later"
        elif find_spec("durable") is None:
            self.silent = "durable_rules is not installed"
        else:
            self._left = STARTS
            self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the worker."""
        self._left, self.silent = 0, self.silent or "closed"
        self._end()

    @property
    def alive(self) -> bool:
        """Tell whether it may speak again."""
        return self._process is not None or self._left > 0

    @property
    def pid(self) -> int | None:
        """The process of the worker."""
        return self._process.pid if self._process else None

    def ask(self, asks: list[Ask]) -> list[list[int]] | None:
        """Return per ask the bits of its instants; None when the second monitor is silent, and `silent` then says why.

        An instant at which nothing moved is no question, and has no bits.
        """
        if self._process is None and self._left:
            self._start()
        if self._process is None:
            return None
        wanted = [pairs for ask in asks for _, pairs in ask.instants if pairs]
        found: list[int] = []
        for start in range(0, len(wanted), BATCH):
            part = [message(next(self._number), pairs) for pairs in wanted[start : start + BATCH]]
            answer = self._exchange(part)
            if answer is None:
                return None
            found += answer
        bits = iter(found)
        return [[next(bits) if pairs else 0 for _, pairs in ask.instants] for ask in asks]

    def _start(self) -> None:
        self._left -= 1
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))}
        command = [sys.executable, "-m", "engine.supervise.monitors.worker"]
        try:
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)  # noqa: S603
        except OSError as error:
            self.silent = f"its process cannot be started: {error.strerror}"
            return
        if "ready" not in (self._frame(self._monitors) or {}):
            self._died()

    def _exchange(self, messages: list[dict[str, Any]]) -> list[int] | None:
        if self._process is None:
            return None
        answer = self._frame(messages)
        if answer is None or "failed" in answer:
            self._died((answer or {}).get("failed", ""))
            return None
        self.silent = ""
        bits: list[int] = answer["bits"]
        return bits

    def _frame(self, value: Any) -> dict[str, Any] | None:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            return None
        try:
            worker.write(process.stdin, value)  # type: ignore[arg-type]
            found: dict[str, Any] | None = worker.read(process.stdout)  # type: ignore[arg-type]
        except (OSError, ValueError):
            return None
        return found

    def _died(self, raised: str = "") -> None:
        """Give up a worker that ended, or in which a rule `raised`: what it said of the batch is not known whole."""
        code = self._end()
        self.silent = f"a rule failed: {raised}" if raised else f"its process ended with {code}"

    def _end(self) -> int | None:
        process, self._process = self._process, None
        if process is None:
            return None
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):  # what was not written is lost with the process
                pipe.close()  # type: ignore[union-attr]
        return process.wait(timeout=10)
