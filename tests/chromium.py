"""A real browser: headless Chromium, started once for a page, without a network of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

FLAGS = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
--disable-component-update --disable-sync --disable-extensions --disable-dev-shm-usage"""


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it stands when its scripts have run, and what its console said."""

    dom: str
    console: str


def opened(url: str, profile: Path, milliseconds: int = 15_000) -> Page:
    """Open a page and return it; skips, loudly, where there is no Chromium."""
    program = os.environ.get("FENJI_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("Chromium is not installed")
    more = [f"--user-data-dir={profile}", f"--virtual-time-budget={milliseconds}", "--enable-logging=stderr", "--dump-dom", url]
    done = subprocess.run([program, *FLAGS.split(), *more], capture_output=True, text=True, timeout=90, check=False)
    said = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return Page(done.stdout, "\n".join(said))
