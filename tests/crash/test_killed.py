"""The PostgreSQL server is killed while two writers append: nothing acknowledged is lost, and no published head is forked."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from random import Random

import pytest

from engine.errors import StoreError
from engine.evidence.log import Log, Published
from engine.store.append import Row
from engine.store.opening import open_store
from tests import postgres
from tests.crash.judge import judge
from tests.ledger import ORIGIN, SIGNER, event, row
from tests.long import LONG

RUNS, CYCLES = 10 if LONG else 1, 20


@pytest.fixture
def mortal() -> Iterator[postgres.Server]:
    programs = postgres.binaries()
    if programs is None:
        pytest.skip("PostgreSQL is not installed: no initdb")
    with postgres.Server(programs) as found:
        yield found


class Writer(threading.Thread):
    """Appends groups until the server is gone; keeps what was acknowledged."""

    def __init__(self, address: str, name: str, seed: int) -> None:
        """Write rows that begin with `name`."""
        super().__init__()
        self.acknowledged: list[tuple[Published, list[Row]]] = []
        self.error: StoreError | None = None
        self._address, self._prefix, self._random = address, name, Random(seed)

    def run(self) -> None:
        """Append until an error."""
        with open_store(self._address) as store:
            log, number = Log(store.appender, ORIGIN, [SIGNER]), 0
            while self.error is None:
                count = self._random.randrange(1, 4)
                rows = [event(row(number + i, name=self._prefix), self._prefix, number + i + 1) for i in range(count)]
                number += len(rows)
                try:
                    self.acknowledged.append((log.append(rows), rows))
                except StoreError as error:
                    self.error = error


@pytest.mark.parametrize("seed", range(RUNS))
def test_nothing_acknowledged_is_lost(seed: int, mortal: postgres.Server) -> None:
    address, random = mortal.database(), Random(seed)
    open_store(address, make=True).close()
    known: dict[int, Row] = {}
    for cycle in range(CYCLES):
        writers = [Writer(address, f"c{cycle}-{number}", random.randrange(1 << 30)) for number in range(2)]
        for writer in writers:
            writer.start()
        time.sleep(random.uniform(0.05, 0.3))
        mortal.kill(whole=bool(cycle % 2))
        for writer in writers:
            writer.join()
        mortal.start()
        heads = []
        for published, rows in (each for writer in writers for each in writer.acknowledged):
            heads.append(published.head)
            known.update(enumerate(rows, published.start))
        with open_store(address) as store:
            size = judge(store, known, heads)
        assert known.keys() <= set(range(size)), "acknowledged records are lost"
    assert len(known) > CYCLES
