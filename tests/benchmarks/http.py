"""The price of HTTP, as ratios within one run: a request beside a bare FastAPI echo of its body and the same work in process.

Two servers on loopback, one connection each for single requests and `AT_ONCE` for recorded decisions, taken in turns so that
whatever else the machine does meets both. Bars: an assessment <= 1.5 x (echo + work), recorded decisions with durable group
commit <= 2 x, a batch of a hundred <= 1.3 x.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from api.cli.options import now
from api.cli.rulebooks import choose_for_record
from engine.decide.assess import examine
from engine.decide.filing import from_document
from engine.decide.overall import overall
from engine.evidence import decide, facts, record
from engine.evidence.installation import open_home
from engine.evidence.log import stamp
from engine.rulebook.closure import closure
from engine.rulebook.locate import find, open_rulebook
from engine.rulebook.read_json import read_json
from tests.benchmarks.evidence import judged
from tests.http.conftest import people
from tests.http.serving import Server

ROUNDS, AT_ONCE, DECISIONS, BATCH = 400, 16, 640, 100
AS_OF = "2026-08-01"
PACK = "nanjing-tiering"


class Caller:
    """One connection that is kept open."""

    def __init__(self, port: int, key: str = "") -> None:
        """Connect when it is first needed."""
        self._to = HTTPConnection("127.0.0.1", port)
        self._headers = {"content-type": "application/json", **({"authorization": f"Bearer {key}"} if key else {})}

    def post(self, path: str, body: bytes, **headers: str) -> bytes:
        """Send a body and return what came back. Raises AssertionError when it was refused."""
        self._to.request("POST", path, body, {**self._headers, **headers})
        got = self._to.getresponse()
        data = got.read()
        assert got.status < 300, (got.status, data[:500])
        return data


def spent(what: Callable[[], object]) -> float:
    """Return the seconds that something takes."""
    start = time.perf_counter()
    what()
    return time.perf_counter() - start


def compared(name: str, bar: float, parts: Sequence[Callable[[], object]], rounds: int) -> None:
    """Print the time of a request beside that of an echo and of the work: `parts` are echo, work and request, taken in turns."""
    for each in parts:
        each()
    runs = [[spent(each) for each in parts] for _ in range(rounds)]
    bare, inside, whole = (median(column) for column in zip(*runs, strict=True))
    print(f"{name}: {1e3 * whole:.2f} ms; echo {1e3 * bare:.2f} ms, the work in process {1e3 * inside:.2f} ms")
    judged(f"  {name} / (echo + work)", whole / (bare + inside), bar, at_most=True)


def filing(name: str) -> bytes:
    """Return the JSON of a sample filing."""
    import yaml

    facts_ = yaml.safe_load((find() / "samples" / PACK / f"{name}.yaml").read_text("utf-8"))
    return json.dumps(facts_, ensure_ascii=False, default=str).encode()


def assessments(echoes: int, port: int) -> None:
    """Compare assessments by one pack, by all packs, and in a batch."""
    rulebook, day = open_rulebook(find()), date.fromisoformat(AS_OF)
    theirs, ours = Caller(echoes), Caller(port)
    for sample in ("robot-assembly", "machine-vision"):
        given = filing(sample)
        one = b'{"pack": "%s", "as_of": "%s", "facts": %s}' % (PACK.encode(), AS_OF.encode(), given)
        every = b'{"as_of": "%s", "facts": %s}' % (AS_OF.encode(), given)

        def read(given: bytes = given) -> Any:
            return from_document(rulebook, read_json(given, "body"))

        def alone() -> str:
            return examine(rulebook, PACK, read(), day)[0].model_dump_json(by_alias=True)

        def all_packs() -> str:
            return overall(rulebook, read(), day, day).model_dump_json(by_alias=True)

        for name, body, work, rounds in ((PACK, one, alone, ROUNDS), ("every pack", every, all_packs, ROUNDS // 20)):

            def asked(body: bytes = body) -> bytes:
                return ours.post("/v1/assessments", body)

            def echoed(body: bytes = body) -> bytes:
                return theirs.post("/echo", body)

            compared(f"assess {sample}, {name}", 1.5, (echoed, work, asked), rounds)


def batches(echoes: int, port: int) -> None:
    """Compare a batch of a hundred filings with a hundred assessments in process."""
    rulebook, day, given = open_rulebook(find()), date.fromisoformat(AS_OF), filing("machine-vision")
    theirs, ours = Caller(echoes), Caller(port)
    rows = b", ".join(b'{"id": "%d", "facts": %s}' % (number, given) for number in range(BATCH))
    body = b'{"pack": "%s", "as_of": "%s", "filings": [%s]}' % (PACK.encode(), AS_OF.encode(), rows)

    def work() -> list[str]:
        read = (from_document(rulebook, read_json(given, "body")) for _ in range(BATCH))
        return [examine(rulebook, PACK, each, day)[0].model_dump_json(by_alias=True) for each in read]

    parts = (lambda: theirs.post("/echo", body), work, lambda: ours.post("/v1/batches", body))
    compared(f"a batch of {BATCH}", 1.3, parts, ROUNDS // 20)


def decisions(home: Path, echoes: int, port: int, key: str) -> None:
    """Compare recorded decisions, sixteen at once, with as many echoes and the same work and group commits in process."""
    given = filing("robot-assembly")
    body = b'{"pack": "%s", "as_of": "%s", "facts": %s}' % (PACK.encode(), AS_OF.encode(), given)
    local = threading.local()

    def sent(to: int, path: str, authorized: str) -> None:
        caller = getattr(local, path.strip("/").replace("/", "_"), None)
        if caller is None:
            caller = Caller(to, authorized)
            setattr(local, path.strip("/").replace("/", "_"), caller)
        caller.post(path, body, **({"idempotency-key": secrets.token_hex(8)} if authorized else {}))

    with ThreadPoolExecutor(AT_ONCE) as pool, open_home(home) as opened:
        chosen = choose_for_record(opened, "", "")
        of = record.rules(closure(chosen.rulebook, PACK))

        def many(path: str, to: int, authorized: str) -> None:
            list(pool.map(lambda _: sent(to, path, authorized), range(DECISIONS // 4)))

        def inside() -> None:
            for _ in range(0, DECISIONS // 4, AT_ONCE):
                made = []
                for _ in range(AT_ONCE):
                    values = facts.values_of(of.rulebook, from_document(chosen.rulebook, read_json(given, "body")))
                    by = opened.actors.key_of("chen", "decision", stamp(now()))
                    asked = decide.Asked(of, chosen.release, values, date.fromisoformat(AS_OF), now(), by)
                    made.append(decide.prepare(opened, asked))
                opened.record([each.entry for each in made], made[0].blobs)

        many("/echo", echoes, "")
        many("/v1/decisions", port, key)
        runs = [
            (spent(lambda: many("/echo", echoes, "")), spent(inside), spent(lambda: many("/v1/decisions", port, key)))
            for _ in range(4)
        ]
    bare, work, whole = (sum(column) / DECISIONS for column in zip(*runs, strict=True))
    print(f"decisions, {AT_ONCE} at once: {1 / whole:.0f}/s, {1e3 * whole:.2f} ms each; echo {1e3 * bare:.2f} ms,", end=" ")
    print(f"the work and its groups of {AT_ONCE} in process {1e3 * work:.2f} ms")
    judged("  recorded decisions / (echo + work)", whole / (bare + work), 2, at_most=True)


def main(*parts: str) -> None:
    """Print every figure, or those of `assessments`, `batches` or `decisions`."""
    from api.http.office import Office, Settings
    from tests.http.conftest import accounts

    print(f"machine: {os.cpu_count()} cores, Python {sys.version.split()[0]}")
    with TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        people(home, now())
        office = Office(Settings(home, now, lambda opened, day: choose_for_record(opened, "", day)))
        keys = accounts(office)
        office.close()
        with Server("echo") as echoes, Server("fenji", str(home)) as served:
            if not parts or "assessments" in parts:
                assessments(echoes.port, served.port)
            if not parts or "batches" in parts:
                batches(echoes.port, served.port)
            if not parts or "decisions" in parts:
                decisions(home, echoes.port, served.port, keys["decider"])


if __name__ == "__main__":
    main(*sys.argv[1:])
