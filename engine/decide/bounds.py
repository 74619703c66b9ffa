"""Bounded work: an answer that takes longer than whoever asks may take is refused, never cut short to something else.

Many open items cost more than proportionally: each outcome of each item is worked out for every case of the facts that are split.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from engine.errors import InputError

_UNTIL: ContextVar[float] = ContextVar("until", default=float("inf"))


@contextmanager
def until(moment: float) -> Iterator[None]:
    """Bound the work within to what is done by a monotonic second (`time.monotonic`)."""
    before = _UNTIL.set(min(moment, _UNTIL.get()))
    try:
        yield
    finally:
        _UNTIL.reset(before)


def check() -> None:
    """Stop work whose time is over. Raises InputError."""
    if time.monotonic() > _UNTIL.get():
        problem = "these facts leave so much open that the answer takes longer than may be waited for"
        raise InputError("out-of-time", problem, "say more, ask about fewer items, or ask for a job with an account")
