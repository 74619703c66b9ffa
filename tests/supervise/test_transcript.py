"""Filings, cases and requests as people type them, in both languages: real runs of the commands, their answers kept as text."""

from __future__ import annotations

import os
import re
import shlex
from datetime import UTC, datetime
from pathlib import Path

import yaml

from engine.rulebook.days import legal_day
from tests.supervise.desk import FIRM, RIVAL
from tests.test_cli import fenji

RULES = Path(__file__).parents[2] / "rules"
FILE = Path(__file__).parent / "transcript.txt"
SAMPLE = RULES / "samples/nanjing-tiering/machine-vision.yaml"
REQUEST = min((RULES / "samples/cn-data-sharing").glob("*.yaml"))
PEOPLE = {
    "li": ("李明", "市工信局", "official"),
    "he": ("何平", "市工信局", "official"),
    "wu": ("吴刚", "市公安局", "official"),
    "qian": ("钱颖", "市市场监管局", "official"),
    "sun": ("孙健", "市公安局", "official"),
    "both": ("兼职", FIRM, "official"),
    "firm": ("张三", FIRM, "enterprise"),
    "rival": ("李四", RIVAL, "enterprise"),
}
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
_DAY = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")
_PROVISIONAL = re.compile(r" \((暂定：|provisional: )\{day\}\)")  # whether the notice of the year is out yet
_HASH = re.compile(r"[0-9a-f]{64}")


class Typed:
    """An installation at which commands are typed, and the names of the ids that were seen."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        high = folder / "high.yaml"
        facts = yaml.safe_load(SAMPLE.read_text("utf-8")) | {"function.life_safety": True}
        high.write_text(yaml.safe_dump(facts, allow_unicode=True), "utf-8")
        wrong = FIRM[:-1] + ("0" if FIRM[-1] != "0" else "1")
        today = legal_day(datetime.now(UTC)).isoformat()
        self.words = {"facts": str(SAMPLE), "high": str(high), "request": str(REQUEST), "firm": FIRM, "wrong": wrong}
        self.times = {"today": today, "month": today[:7]}
        self.ids: dict[str, str] = {}
        self.run("init --origin cases.example/log")
        self.run("actor add chen --name 陈静 --unit 市工信局 --role admin --role official")
        for sub, (name, unit, role) in PEOPLE.items():
            self.run(f"actor add {sub} --name {name} --unit {unit} --role {role} --as chen")

    def run(self, line: str) -> str:
        """Return what a command prints, with its exit code when it is not 0."""
        for name, value in {**self.words, **self.times, **{short: long for long, short in self.ids.items()}}.items():
            line = line.replace(f"{{{name}}}", value)
        ended = fenji(*shlex.split(line.replace('"', '\\"')), "--home", self.folder / "home")
        code = f"[{ended.code}]\n" if ended.code else ""
        return self.plain(f"{ended.out}{ended.err}") + code

    def plain(self, text: str) -> str:
        """Return a text in which ids have short names, and what changes from day to day and place to place none."""
        for found in _ID.findall(text):
            self.ids.setdefault(found, chr(ord("a") + len(self.ids)))
        for long, short in self.ids.items():
            text = text.replace(long, f"{{{short}}}")
        for name, value in self.words.items():
            text = text.replace(value, f"{{{name}}}")
        text = text.replace(self.times["month"] + "..", "{month}..").replace(f"..{self.times['month']}", "..{month}")
        return _PROVISIONAL.sub("", _HASH.sub("{hash}", _DAY.sub("{day}", text)))


def test_transcript(tmp_path: Path) -> None:
    typed, kept = Typed(tmp_path), FILE.read_text("utf-8")
    said = [kept[: kept.index("$ ")]]
    for line in kept.splitlines():
        if line.startswith(("$ ", "> ")):
            answer = typed.run(line[2:])
            head = answer.split("\n\n", maxsplit=1)[0].rstrip() + "\n"
            said += [f"{line}\n", answer if line[0] == "$" else head]
    found = "".join(said)
    if os.environ.get("FENJI_GOLDEN"):
        FILE.write_text(found, "utf-8")
    assert found == kept
