"""A PostgreSQL server of the tests' own: made in a temporary folder, reached through a socket in it, killed at will."""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Self

import psycopg

PLACES = ("/usr/local/bin", *sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True))
SECONDS = 60.0
OPTIONS = {"listen_addresses": "", "autovacuum": "off", "max_connections": "20", "shared_buffers": "16MB"}


def binaries() -> Path | None:
    """Return the folder of the server's programs, or None where it is not installed."""
    found = shutil.which("initdb", path=os.pathsep.join((os.environ.get("PATH", ""), *PLACES)))
    folder = Path(found).resolve().parent if found else None
    return folder if folder and (folder / "postgres").exists() else None


class Server:
    """A running server; it is a context manager."""

    def __init__(self, programs: Path) -> None:
        """Make a cluster and start it."""
        self._programs = programs
        self._folder = Path(tempfile.mkdtemp(prefix="fenji-pg-"))
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:  # the server refuses to run as root
            user = next(each for each in pwd.getpwall() if each.pw_name in ("postgres", "nobody"))
            self._as = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": ()}
            os.chown(self._folder, user.pw_uid, user.pw_gid)
        make = ["initdb", "--auth=trust", "--username=fenji", "--encoding=UTF8", "--no-locale", "--no-sync", "--data-checksums"]
        self._run([*make, "--pgdata=data"])
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process:
            self._process.send_signal(signal.SIGQUIT)  # nothing of it is wanted any more
            self._process.wait(SECONDS)
        shutil.rmtree(self._folder)

    def address(self, database: str = "postgres") -> str:
        """Return the address of a database."""
        return f"postgresql://fenji@/{database}?host={self._folder}"

    def database(self, template: str = "template1") -> str:
        """Make a database, empty or a copy of another, and return its address."""
        name = f"fenji_{secrets.token_hex(6)}"
        with psycopg.connect(self.address(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
        return self.address(name)

    def start(self) -> None:
        """Start the server, again and again while processes of a killed one still hold its memory."""
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            with (self._folder / "log").open("ab") as log:
                command = [str(self._programs / "postgres"), "-D", "data", "-k", str(self._folder)]
                for name, value in OPTIONS.items():
                    command += ["-c", f"{name}={value}"]
                self._process = subprocess.Popen(command, cwd=self._folder, stdout=log, stderr=log, **self._as)
            if self._answers(end):
                return
        raise TimeoutError((self._folder / "log").read_text()[-2000:])

    def kill(self, *, whole: bool) -> None:
        """End the server without warning: its first process, or all of them."""
        assert self._process
        pids = [self._process.pid]
        if whole:
            children = Path(f"/proc/{pids[0]}/task/{pids[0]}/children")
            pids += [int(pid) for pid in (children.read_text().split() if children.exists() else ())]
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait(SECONDS)
        self._process = None

    def _answers(self, end: float) -> bool:
        assert self._process
        while self._process.poll() is None and time.monotonic() < end:
            try:
                psycopg.connect(self.address()).close()
            except psycopg.OperationalError:
                time.sleep(0.02)
            else:
                return True
        return False

    def _run(self, command: list[str]) -> None:
        command[0] = str(self._programs / command[0])
        subprocess.run(command, cwd=self._folder, check=True, capture_output=True, **self._as)
