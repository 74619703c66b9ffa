"""Stories as data: who does what on which day, the state it leads to, or the rule that refuses it and that this was recorded.

A step names `do`, `by`, its fields; `dated` is its legal day, `day` lets days pass before. `to` is the state after it, `runs`
clocks that run with their start and end, `refused` a code with `rule`. `filings` names filings of the firm that are there
before, with how many versions. `$firm` and `$hash` stand for the firm of the desk and the hash of a document, `filed` for a
whole filing, `given` for the fields of the story.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.evidence.fsck import fsck
from engine.supervise.audit import audit
from tests.supervise.desk import FILED, FIRM, HASH, RIVAL, Desk, desk

STORIES = sorted((Path(__file__).parent / "stories").glob("*.yaml"))
WRONG = FIRM[:-1] + ("0" if FIRM[-1] != "0" else "1")
WORDS = {"$firm": FIRM, "$rival": RIVAL, "$hash": HASH, "$other": "1" * 64, "$wrong": WRONG}


def filled(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: filled(each) for key, each in value.items()}
    if isinstance(value, list):
        return [filled(each) for each in value]
    return WORDS.get(value, value) if isinstance(value, str) else value


def run(on: Desk, step: dict[str, Any], process: str, given: dict[str, Any]) -> None:
    step = dict(step)
    if "dated" in step:
        step["on"] = step.pop("dated")
    stream, event, by = step.pop("stream", "s"), step.pop("do"), step.pop("by", None)
    if "day" in step:
        on.until(step.pop("day"))
    to, code, rule = step.pop("to", None), step.pop("refused", None), step.pop("rule", None)
    process, fields = step.pop("process", process), filled(step.pop("fields", {}))
    if step.pop("filed", False):
        fields = {**FILED, **fields}
    shows, clocks, due = filled(step.pop("shows", {})), step.pop("clocks", {}), step.pop("due", None)
    runs = step.pop("runs", {})
    if step.pop("given", False):
        fields = {**given, **fields}
    if code:
        error = on.refused(stream, process, event, by, fields, **step)
        assert (error.finding.code, error.finding.place.file) == (code, rule), error.text()
        return
    after = on.act(stream, process, event, by, fields, **step)
    assert after.name == to, event
    assert {name: after.values.get(name) for name in shows} == shows
    assert due is None or after.due == str(due)
    for name, wanted in runs.items():
        run_of = after.clock(name)
        assert run_of
        assert (run_of.running, f"{run_of.started} {run_of.due}") == (True, wanted), name
    for name, wanted in clocks.items():
        run_of = after.clock(name)
        assert run_of
        assert ("stopped" if run_of.stopped else "paused" if run_of.paused else "running") == wanted


def file(on: Desk, name: str, versions: int) -> None:
    """Submit a filing of the firm, in so many versions; its product is its name."""
    on.act(name, "filing", "draft", "firm", {})
    on.act(name, "filing", "submit", "firm", FILED | {"product": name})
    for _ in range(versions - 1):
        on.act(name, "filing", "revise", "firm", {"facts": FILED["facts"]})


@pytest.mark.parametrize("path", STORIES, ids=lambda each: each.stem)
def test_story(path: Path, tmp_path: Path) -> None:
    story = yaml.safe_load(path.read_text("utf-8"))
    with desk(tmp_path) as on:
        versions = story.get("filings", {})
        for name, count in versions.items():
            file(on, name, count)
        for number, step in enumerate(story["steps"]):
            try:
                run(on, step, story["process"], story.get("fields", {}))
            except Exception as error:
                raise AssertionError(f"{path.name}, step {number}: {step}") from error
        assert fsck(on.home)["event"] == len(story["steps"]) + len(versions) + sum(versions.values())
        assert audit(on.home)
