"""Everything that fenji needs at run time carries a licence that lets a city use it and pass it on."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

# SPDX identifiers; MPL-2.0 binds the files of the library only
ALLOWED = {
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "PSF-2.0",
    "Python-2.0",
    "Unlicense",
}
# what authors wrote before there were SPDX expressions in the metadata
SPOKEN = {
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}


@cache
def runtime_closure() -> tuple[str, ...]:
    """Names of all installed distributions that the dependencies of fenji lead to."""
    todo = [Requirement(line) for line in PROJECT["dependencies"] + PROJECT["optional-dependencies"]["monitor"]]
    optional = {Requirement(line).name for line in PROJECT["optional-dependencies"]["monitor"]}
    found: set[str] = set()
    while todo:
        wanted = todo.pop()
        name = re.sub(r"[-_.]+", "-", wanted.name).lower()
        if name in found:
            continue
        try:
            requires = distribution(name).requires or []
        except PackageNotFoundError:
            assert name in optional, f"`{name}` is needed and not installed"
            continue
        found.add(name)
        lines = [Requirement(line) for line in requires]
        extras = wanted.extras or {""}
        todo += [each for each in lines if not each.marker or any(each.marker.evaluate({"extra": x}) for x in extras)]
    return tuple(sorted(found))


def licences(name: str) -> set[str]:
    """Every licence that the metadata of `name` speaks of, as SPDX where known."""
    meta = distribution(name).metadata
    if "License-Expression" in meta:
        return set(re.split(r"[()\s]+", meta["License-Expression"])) - {"", "AND", "OR"}
    classified = [line.rpartition(" :: ")[2] for line in meta.get_all("Classifier", []) if line.startswith("License ::")]
    spoken = [line for line in classified if line != "OSI Approved"] or meta.get_all("License", ["none stated"])
    return {SPOKEN.get(each, each) for each in spoken}


@pytest.mark.parametrize("name", runtime_closure())
def test_licence_is_allowed(name: str) -> None:
    refused = licences(name) - ALLOWED
    assert not refused, f"`{name}` is under {sorted(refused)}; allowed are {sorted(ALLOWED)}"


def test_closure_reaches_indirect_dependencies() -> None:
    assert {"pydantic", "pydantic-core", "starlette", "click"} & set(runtime_closure()) >= {
        "pydantic",
        "pydantic-core",
        "starlette",
    }


def test_own_licence_is_the_declared_one() -> None:
    assert PROJECT["license"] == "Apache-2.0"
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
