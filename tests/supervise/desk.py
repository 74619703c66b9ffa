"""A desk: an installation with people, a day of its own, and streams to act on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from engine.errors import InputError
from engine.evidence.installation import Installation, init, open_home
from engine.evidence.keys import Holder, PublicKey
from engine.evidence.log import stamp
from engine.rulebook.model import Rulebook
from engine.supervise import uscc
from engine.supervise.state import State
from engine.supervise.streams import Act, Streams
from tests.rulebook import book

START = datetime(2026, 9, 1, 1, tzinfo=UTC)


def code(body: str) -> str:
    """Return a credit code: its first 17 characters with the right check character."""
    return body + uscc.check_character(body)


FIRM, RIVAL = code("91320100MA1ABCDEX"), code("91320100MA1RXVAL1".replace("V", "W"))
PEOPLE = {
    "chen": ("陈静", "市工信局", ("admin", "official")),
    "ling": ("凌云", "市政务办", ("admin",)),
    "wang": ("王磊", "市市场监管局", ("official",)),
    "zhao": ("赵敏", "市公安局", ("official",)),
    "li": ("李明", "市工信局", ("official",)),
    "gu": ("顾清", "市工信局", ("official",)),
    "qq": ("钱农", "市农业局", ("official",)),
    "he": ("何平", "市工信局", ("official",)),
    "sun": ("孙警官", "市公安局", ("official",)),
    "organ": ("机构代码", code("11320100MA1ABCDEX"), ("official",)),
    "dual": ("双重身份", RIVAL, ("official", "enterprise")),
    "rivals": ("对手职员", RIVAL, ("official",)),
    "both": ("兼职", FIRM, ("official",)),
    "firm": ("张三", FIRM, ("enterprise",)),
    "rival": ("李四", RIVAL, ("enterprise",)),
    "watcher": ("钱观", "某大学", ("observer",)),
    "auditor": ("周审", "市审计局", ("auditor",)),
}
HASH = "0" * 64
FILED: dict[str, Any] = {
    "holder": FIRM, "name": "南京某视觉科技有限公司", "product": "产线视觉检测", "pack": "nanjing-tiering",
    "party_role": "provider", "phase": "operation", "facts": {"use.domain": ["industry"]},
}  # fmt: skip


class Desk:
    """An installation in which everybody acts through the engine; `day` is today."""

    def __init__(self, home: Installation, rulebook: Rulebook | None = None, start: datetime = START) -> None:
        """Make the people."""
        self.home = home
        self.now = start
        self.streams = Streams(home, rulebook or book())
        first = self.home.add_actor(Holder("chen", *PEOPLE["chen"]), "decision", self.at(), None)
        self.people: dict[str, PublicKey] = {"chen": first}
        for name, (shown, unit, roles) in PEOPLE.items():
            if name != "chen":
                self.people[name] = home.add_actor(Holder(name, shown, unit, roles), "decision", self.at(), first)

    def at(self) -> str:
        """Return the moment, a little later each time."""
        self.now += timedelta(seconds=1)
        return stamp(self.now)

    def until(self, day: date) -> None:
        """Let days pass."""
        self.now = max(self.now, datetime(day.year, day.month, day.day, 1, tzinfo=UTC))

    def act(self, stream: str, process: str, event: str, by: str | None, fields: Mapping[str, Any], **more: Any) -> State:
        """Do something; return the stream after it. Raises InputError when it is refused."""
        self.at()
        named = more.pop("second", "")
        second = self.people[named] if named else None
        who = self.people[by] if by else None
        more.setdefault("computed", frozenset(fields))  # stories say what the engine would work out
        return self.streams.perform(Act(stream, process, event, who, self.now, fields, second=second, **more)).state

    def refused(
        self, stream: str, process: str, event: str, by: str | None, fields: Mapping[str, Any], **more: Any
    ) -> InputError:
        """Do something that must be refused and recorded as such; return what was said."""
        try:
            before: State | None = self.streams.state(stream)
        except InputError:
            before = None
        try:
            self.act(stream, process, event, by, fields, **more)
        except InputError as error:
            after = self.streams.state(stream)
            assert after.refused == (before.refused if before else 0) + 1, "the attempt was not recorded"
            assert after.name == (before.name if before else "")
            return error
        raise AssertionError(f"{event} was not refused")


@contextmanager
def desk(folder: Path, store: str = "sqlite:store.db", rulebook: Rulebook | None = None) -> Iterator[Desk]:
    """Make a desk below a folder."""
    init(folder, "cases.example/log", store, stamp(START))
    with open_home(folder) as home:
        yield Desk(home, rulebook)
