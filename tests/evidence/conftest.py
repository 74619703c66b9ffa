"""An installation with people, a published rulebook and recorded decisions, made once and copied for tests that change it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from api.cli.options import now
from engine.evidence import release
from engine.evidence.installation import open_home
from engine.evidence.log import stamp
from engine.rulebook.locate import files_of, open_rulebook
from tests.test_cli import Ended, fenji

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "rules" / "samples"
RECORDED = (
    "nanjing-tiering/machine-vision",
    "nanjing-tiering/nearly-empty",
    "cn-cross-border/two-flows",
    "cn-cross-border/hr-unproved",
)


@dataclass(frozen=True)
class Office:
    """An installation and what happened in it."""

    folder: Path
    rules: Path
    ids: tuple[str, ...]

    def run(self, *words: str | Path) -> Ended:
        """Run one command in this installation."""
        return fenji(*words, "--home", self.folder)

    def said(self, *words: str | Path) -> str:
        """Run a command that must succeed or leave something open; return what it printed."""
        ended = self.run(*words)
        assert ended.code in (0, 1), ended
        return ended.out

    def refused(self, *words: str | Path) -> str:
        """Run a command that must be refused; return the code of what was said."""
        ended = self.run(*words)
        assert ended.code == 2, ended
        assert "Traceback" not in ended.err
        assert "help: " in ended.err
        return ended.err.split(": ", 2)[1]


def publish(office: Office) -> bytes:
    """Publish the rules as the command does, but for the cases, which test_check runs; return the release file."""
    with open_home(office.folder) as opened:
        at = stamp(now())
        keys = [opened.actors.key_of(name, "rulebook", at) for name in ("wang", "zhao")]
        rulebook = open_rulebook(office.rules)
        made = release.publish(opened, files_of(office.rules), rulebook, keys, at)
        return release.pack_up(opened, made)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """An office as it stands after a morning's work."""
    base = tmp_path_factory.mktemp("office")
    shutil.copytree(ROOT / "rules", base / "rules")
    office = Office(base / "home", base / "rules", ())
    office.said("init", "--origin", "fenji.example/test")
    person = ("--unit", "市工信局", "--purpose", "decision", "--purpose", "rulebook")
    office.said("actor", "add", "chen", "--name", "陈静", "--role", "admin", "--role", "official", *person)
    office.said("actor", "add", "wang", "--name", "王磊", "--role", "official", "--role", "publisher", *person, "--as", "chen")
    office.said("actor", "add", "zhao", "--name", "赵敏", "--role", "publisher", *person, "--as", "chen")
    (base / "release.zip").write_bytes(publish(office))
    office.said("rulebook", "activate", "release-1", "--as", "wang")
    ids = []
    for name in RECORDED:
        pack, _, _ = name.partition("/")
        words = ("decide", pack, SAMPLES / f"{name}.yaml", "--as", "chen", "--as-of", "2026-11-20", "--json")
        ids.append(json.loads(office.said(*words))["id"])
    deviation = ("--outcome", "mechanism=assessment", "--reasons", "公共利益", "--approved-by", "wang", "--as-of", "2026-11-20")
    filing = SAMPLES / "cn-cross-border" / "two-flows.yaml"
    ids.append(json.loads(office.said("decide", "cn-cross-border", filing, "--as", "chen", *deviation, "--json"))["id"])
    return Office(office.folder, office.rules, tuple(ids))


@pytest.fixture
def office(made: Office, tmp_path: Path) -> Office:
    """A copy of the office that a test may change."""
    shutil.copytree(made.folder, tmp_path / "home")
    shutil.copytree(made.rules, tmp_path / "rules")
    return Office(tmp_path / "home", tmp_path / "rules", made.ids)


@pytest.fixture(scope="session")
def bundle_of(made: Office, tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Path]:
    """Return the full bundle of a recorded decision."""
    base = tmp_path_factory.mktemp("bundles")

    def export(number: int) -> Path:
        path = base / f"{number}.fenji.zip"
        if not path.exists():
            made.said("export", made.ids[number], "--as", "chen", "--out", path)
        return path

    return export
