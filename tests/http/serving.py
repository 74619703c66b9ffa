"""A real server in a process of its own, that can be killed and started again; rates are not limited."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

from api.cli.options import now
from api.cli.rulebooks import choose_for_record

ROOT = Path(__file__).parents[2]


def fenji(home: str, port: str) -> None:
    """Serve an installation until interrupted; what `fenji serve` does, without a limit on rates."""
    import uvicorn

    from api.http.app import create
    from api.http.limits import Rate
    from api.http.office import Settings
    from api.http.protocol import Timely

    app = create(Settings(Path(home), now, lambda opened, day: choose_for_record(opened, "", day)), Rate(1e9, 1 << 30))
    Timely.seconds = 2.0
    uvicorn.run(app, port=int(port), http=Timely, log_level="warning", server_header=False, timeout_keep_alive=3600)


def echo(port: str) -> None:
    """Serve a bare echo of a JSON body at `/echo`."""
    import uvicorn
    from fastapi import FastAPI

    app = FastAPI()

    @app.post("/echo")
    async def said(body: dict[str, object]) -> dict[str, object]:
        return body

    uvicorn.run(app, port=int(port), log_level="warning", timeout_keep_alive=3600)


def free_port() -> int:
    """Return a port of this machine at which nothing listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def reachable(port: int, seconds: float = 60) -> None:
    """Wait until something listens at a port of this machine. Raises TimeoutError."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(port)


class Server:
    """One of the servers of this module, by its name and arguments, always at the same port."""

    def __init__(self, *arguments: str) -> None:
        """Start it and wait until it listens."""
        self.port = free_port()
        self._arguments = arguments
        self._process = self._started()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(30)

    def kill(self) -> None:
        """Kill it without warning (SIGKILL), and start it again."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(30)
        self._process = self._started()

    def _started(self) -> subprocess.Popen[bytes]:
        code = "import sys; from tests.http import serving; getattr(serving, sys.argv[1])(*sys.argv[2:])"
        found = subprocess.Popen([sys.executable, "-c", code, *self._arguments, str(self.port)], cwd=ROOT)
        reachable(self.port)
        return found
