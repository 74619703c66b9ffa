"""The demo as `make serve` starts it: one real server with everything in it, and its page in a real browser."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from api.access.permissions import permissions
from api.cli.furnished import PEOPLE, furnish
from api.cli.options import DEMO
from api.client import Client, Refused
from api.http.pages import ASSETS, POLICY
from engine.evidence.fsck import fsck
from engine.evidence.installation import open_home
from engine.store import reading
from engine.store import streams as stored
from tests import chromium
from tests.http.serving import free_port, reachable
from tests.test_cli import fenji

ROOT = Path(__file__).parents[2]


@dataclass
class Demo:
    """The server: its address, its folder, its accounts by log-in name, and what it printed."""

    url: str
    home: Path
    accounts: dict[str, dict[str, str]]

    def get(self, path: str) -> httpx2.Response:
        return httpx2.get(self.url + path, timeout=60)

    def client(self, login: str = "") -> Client:
        return Client(self.url, self.accounts[login]["key"] if login else "")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    home, port = tmp_path_factory.mktemp("demo") / "home", free_port()
    program = [sys.executable, "-c", "from api.cli import main; main()"]
    command = [*program, "serve", "--home", str(home), "--port", str(port)]
    out = (home.parent / "out").open("w+")
    made = fenji("furnish", "--home", home)
    assert "second-decider" in made.out
    server = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out)
    try:
        reachable(port)
        yield Demo(f"http://127.0.0.1:{port}", home, {each["login"]: each for each in json.loads((home / DEMO).read_text())})
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(30)
        out.close()


def test_everybody_of_the_demo_comes_in(demo: Demo) -> None:
    assert {role for role, *_ in PEOPLE.values()} == set(permissions().roles)
    for login, (role, *_) in PEOPLE.items():
        with demo.client(login) as client:
            assert client.accounts.me()["roles"] == [role]
    with demo.client() as client:
        client.log_in("decider", demo.accounts["decider"]["password"])
        with pytest.raises(Refused, match="denied"):
            client.log_in("decider", demo.accounts["applicant"]["password"])
        assert client.operators.ready()["rulebook"] == "release-1"


def test_the_demo_holds_what_it_says_and_holds_together(demo: Demo) -> None:
    with open_home(demo.home) as home:
        assert fsck(home)["record"] > 60
        processes = {row.process for row in stored.rows(home.store)}
        decision = next(each.id for each in reading.records(home.store) if each.kind == "decision")
        assert len(reading.of_kind(home.store, "policy")) == 3
    assert {"filing", "ex-ante-review", "pilot", "incident", "transfer-register", "data-sharing-request"} <= processes
    with demo.client("applicant") as owner, demo.client("auditor") as auditor, demo.client("pilot-firm") as other:
        assert owner.decisions.show(decision).id == decision
        assert auditor.decisions.replay(decision).exit == 0
        with pytest.raises(Refused, match="not-found"):
            other.decisions.show(decision)


def test_the_demo_is_made_once_and_for_this_machine_only(demo: Demo, tmp_path: Path) -> None:
    assert [each.key for each in furnish(demo.home, "")] == [each["key"] for each in demo.accounts.values()]
    assert (demo.home / DEMO).stat().st_mode & 0o077 == 0
    assert fenji("serve", "--home", demo.home, "--host", "192.0.2.1").code == 2
    fenji("init", "--origin", "fenji.example/x", "--home", tmp_path / "real")
    assert fenji("furnish", "--home", tmp_path / "real").code == 2


def test_the_page_runs_in_a_browser_under_a_strict_policy(demo: Demo, tmp_path: Path) -> None:
    got = demo.get("/docs")
    policy = got.headers["content-security-policy"]
    assert policy == "; ".join(f"{name} {value}" for name, value in POLICY.items())
    assert "unsafe" not in policy
    page = chromium.opened(f"{demo.url}/docs", tmp_path / "profile")
    assert page.console == ""  # a policy that something breaks is said on the console
    paths = demo.get("/openapi.json").json()["paths"]
    missing = [path for path in paths if f'data-path="{path}"' not in page.dom]
    assert not missing
    assert page.dom.count('class="opblock opblock-') == sum(len(operations) for operations in paths.values())


def test_the_assets_are_local_and_nothing_else_is_served(demo: Demo) -> None:
    for name, media in ASSETS.items():
        got = demo.get(f"/docs/{name}")
        assert (got.status_code, got.headers["content-type"].partition(";")[0]) == (200, media)
    assert demo.get("/docs/core.py").status_code == 404
    assert demo.get("/docs/..%2fcore.py").status_code == 404
    assert "http" not in demo.get("/docs").text.replace("HTTP", "")
    security = demo.get("/openapi.json").json()
    assert set(security["components"]["securitySchemes"]) == {"key", "session"}
