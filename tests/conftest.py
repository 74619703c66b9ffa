"""What holds for every test: nothing is skipped in silence, and examples are the same on every machine."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import settings

from tests import postgres

REQUIRE_ALL = os.environ.get("FENJI_REQUIRE_ALL") == "1"

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)

# `default` replays to the byte, as the engine does; `explore` looks for what nobody thought of.
settings.register_profile("default", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("explore", derandomize=False, deadline=None, print_blob=True, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def _refuse_skip(report: Report) -> Report:
    """Turn a skip into a failure where everything must run; an expected failure is not a skip."""
    if REQUIRE_ALL and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"FENJI_REQUIRE_ALL=1 and this did not run: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Judge the skip of one test."""
    return _refuse_skip((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Judge the skip of a whole module."""
    return _refuse_skip((yield))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly how much did not run."""
    skipped = len(terminalreporter.stats.get("skipped", []))
    if skipped:
        terminalreporter.section(f"{skipped} SKIPPED: this run does not show that they pass", sep="!", red=True, bold=True)
        terminalreporter.line("FENJI_REQUIRE_ALL=1 makes each of them fail; .ci/run sets it")


@pytest.fixture(scope="session")
def server() -> Iterator[postgres.Server]:
    """Start a PostgreSQL server of the tests' own."""
    programs = postgres.binaries()
    if programs is None:
        pytest.skip("PostgreSQL is not installed: no initdb")
    with postgres.Server(programs) as found:
        yield found


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of a store that is not made yet, on each database."""
    if request.param == "sqlite":
        return f"sqlite:{tmp_path / 'store.db'}"
    found: str = request.getfixturevalue("server").database()
    return found
