"""What `fenji check` says: each file of tests/bad/ spoils the base rulebook once and states every finding that follows.

`files` adds a file or replaces it whole, `edit` replaces one text in a file of the base. With `lock` the base was locked
before, and `published` tells whether its versions were published.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.decide import cases
from engine.errors import Finding
from engine.rulebook import check, lock
from engine.rulebook.load import load_all
from tests.bad_base import BASE

BAD = sorted((Path(__file__).parent / "bad").glob("*.yaml"))


def spoiled(case: dict[str, Any]) -> list[tuple[str, bytes]]:
    """Return the files of the base with the changes of a case."""
    files = BASE | case.get("files", {})
    for name, changes in case.get("edit", {}).items():
        for old, new in changes.items():
            assert files[name].count(old) == 1, f"{old} stands {files[name].count(old)} times in {name}"
            files[name] = files[name].replace(old, new)
    return [(name, text.encode()) for name, text in sorted(files.items())]


def findings(case: dict[str, Any], folder: Path) -> list[Finding]:
    """Return what is found: as the command does, cases run only in a rulebook without errors."""
    loaded = load_all(spoiled(case))
    found = check.check(loaded)
    if not any(finding.level == "error" for finding in found):
        found += cases.run(loaded, "p")
    if "lock" in case:
        lock.write(folder, load_all(spoiled({})).rulebook)
        publish(folder, case["lock"] == "published")
        found += lock.check(folder, loaded.rulebook)
    return found


def publish(folder: Path, published: bool) -> None:
    """Mark every version of a lock."""
    path = folder / lock.NAME
    document = json.loads(path.read_text("utf-8"))
    for versions in document["rules"].values():
        for entry in versions.values():
            entry["published"] = published
    path.write_text(json.dumps(document), "utf-8")


@pytest.mark.parametrize("path", BAD, ids=lambda path: str(path.stem))
def test_bad(path: Path, tmp_path: Path) -> None:
    case = yaml.safe_load(path.read_text("utf-8"))
    assert [finding.text() for finding in findings(case, tmp_path)] == case["expect"]


def test_the_base_is_good(tmp_path: Path) -> None:
    assert findings({}, tmp_path) == []
