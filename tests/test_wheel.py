"""The wheel is complete: built, installed into an empty environment and used outside the checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OFFLINE = ("NewConnectionError", "NameResolutionError", "Temporary failure in name resolution", "Network is unreachable")


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command that sees neither the checkout nor the rules it would be pointed to."""
    env = {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "FENJI_RULES", "VIRTUAL_ENV"}}
    return subprocess.run(list(map(str, command)), cwd=cwd, env=env, capture_output=True, text=True, timeout=600, check=False)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    built = run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, ROOT, cwd=out)
    assert built.returncode == 0, built.stdout + built.stderr
    (path,) = out.glob("fenji-*.whl")
    return path


def test_wheel_holds_rules_grammar_and_code_only(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    data = {name.partition("/data/share/fenji/")[2] for name in names if "/data/share/fenji/" in name}
    rules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "rules").rglob("*") if path.is_file()}
    assert rules
    assert data == rules
    grammars = {path.relative_to(ROOT).as_posix() for path in (ROOT / "engine" / "rulebook").glob("*.lark")}
    assert grammars
    assert grammars <= set(names)
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"api", "engine", "schemas", "fenji"}


def test_wheel_runs_outside_the_checkout(wheel: Path, tmp_path: Path) -> None:
    run(sys.executable, "-m", "venv", tmp_path / "clean", cwd=tmp_path)
    bin_dir = tmp_path / "clean" / ("Scripts" if os.name == "nt" else "bin")
    installed = run(bin_dir / "python", "-m", "pip", "install", "--quiet", wheel, cwd=tmp_path)
    if installed.returncode and any(sign in installed.stderr for sign in OFFLINE):
        pytest.skip("the dependencies of the wheel cannot be fetched: no network")
    assert installed.returncode == 0, installed.stderr
    packs = run(bin_dir / "fenji", "packs", "--json", cwd=tmp_path)
    assert packs.returncode == 0, packs.stdout + packs.stderr
    assert json.loads(packs.stdout), "no pack was found in the installed rules"
