"""The price of evidence, as ratios within one run: a durable record beside a bare commit, our trees and bytes beside others'.

The trees are compared with pymerkle's where it is installed (`pip install pymerkle`; its licence, the GPL, keeps it out of the
tests and out of fenji).
"""

from __future__ import annotations

import importlib
import json
import sqlite3
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import rfc8785

from engine.decide.filing import from_document
from engine.evidence import canonical, facts, record
from engine.evidence.keys import Holder
from engine.evidence.log import Log, leaf
from engine.evidence.merkle import Frontier, leaf_hash
from engine.rulebook.closure import closure
from engine.rulebook.locate import find, open_rulebook
from engine.rulebook.read import read
from engine.store.append import Row
from engine.store.opening import open_store, prepare_sqlite
from tests.ledger import AT, ORIGIN, SIGNER

SINGLES, GROUPS, GROUP, LEAVES = 2_000, 60, 100, 100_000
SMALL = 1_000  # beyond some kilobytes a group costs what its bytes cost the disk


def judged(what: str, figure: float, bar: float, *, at_most: bool = False) -> None:
    """Print a ratio beside its bar."""
    passed = figure <= bar if at_most else figure >= bar
    print(f"{what}: {figure:.2f} x (bar {'<=' if at_most else '>='} {bar:g}): {'pass' if passed else 'FAIL'}")


def statement() -> dict[str, Any]:
    """Return the statement of a real proposal."""
    folder = find()
    rulebook = open_rulebook(folder)
    of = record.rules(closure(rulebook, "nanjing-tiering"))
    sample = folder / "samples" / "nanjing-tiering" / "machine-vision.yaml"
    disclosed = facts.disclosures(facts.values_of(of.rulebook, from_document(rulebook, read(sample.read_bytes(), sample.name))))
    actor = Holder("a", "A", "U", ("official",))
    request = record.Request(
        *("00000000-0000-7000-8000-000000000000", "proposal", "tier", "unpublished", date(2026, 1, 1), None),
        *(AT, actor, "official", "0" * 64),
    )
    return record.statement(of, disclosed, request)


def rows(payload: bytes, start: int, count: int) -> list[Row]:
    """Return rows of one payload, as records that a checkpoint alone covers."""
    digest = leaf_hash(leaf("decision", payload))
    return [Row(f"record-{start + i}", "decision", digest, payload, "[]", AT) for i in range(count)]


def timed(what: Callable[[], object]) -> float:
    """Return the seconds that something takes."""
    start = time.perf_counter()
    what()
    return time.perf_counter() - start


def appends(payload: bytes) -> None:
    """Compare a recorded row and its receipt with a bare commit of the row and one signature, taken in turns; then groups."""
    with TemporaryDirectory() as folder, open_store(f"sqlite:{folder}/store.db", make=True) as store:
        bare = sqlite3.connect(Path(folder) / "bare.db", isolation_level=None)
        prepare_sqlite(bare)
        bare.execute("CREATE TABLE record (seq INTEGER PRIMARY KEY, id, kind, leaf, payload, signatures, at, supersedes)")
        log = Log(store.appender, ORIGIN, [SIGNER])

        def theirs(start: int, group: list[Row]) -> None:
            bare.execute("BEGIN IMMEDIATE")
            for seq, row in enumerate(group, start):
                values = (seq, row.id, row.kind, row.leaf, row.payload, row.signatures, row.at, row.supersedes)
                bare.execute("INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
            bare.execute("COMMIT")
            SIGNER.sign(group[-1].leaf)

        def ours(group: list[Row]) -> None:
            log.append(group).receipt().text()

        def both(start: int, count: int, size: int) -> tuple[list[float], list[float]]:
            groups = [(at, rows(payload, at, size)) for at in range(start, start + count * size, size)]
            pairs = [(timed(partial(theirs, at, group)), timed(partial(ours, group))) for at, group in groups]
            return [pair[0] for pair in pairs], [pair[1] for pair in pairs]

        bare_single, single = both(0, SINGLES, 1)
        bare_group, group = both(SINGLES, GROUPS, GROUP)
        bare.close()
    print(f"records of {len(payload)} bytes: {SINGLES / sum(single):.0f}/s singly, median {1e3 * median(single):.3f} ms", end="")
    print(f" (bare {1e3 * median(bare_single):.3f} ms); {GROUPS * GROUP / sum(group):.0f}/s in groups of {GROUP}")
    judged("  one record with receipt / bare commit and signature, time", sum(single) / sum(bare_single), 2, at_most=True)
    judged("  rate in groups / singly", sum(single) / SINGLES * GROUP * GROUPS / sum(group), 15)
    print(f"  the same of bare commits: {sum(bare_single) / SINGLES * GROUP * GROUPS / sum(bare_group):.2f} x")


def trees() -> None:
    """Compare appending to a tree in memory, with every node kept, with pymerkle's tree in memory."""
    leaves = [b"leaf %d" % number for number in range(LEAVES)]

    def ours() -> Frontier:
        frontier, nodes = Frontier(), []
        for each in leaves:
            nodes += frontier.append(leaf_hash(each))
        assert len(nodes) < LEAVES
        return frontier

    mine = min(timed(ours) for _ in range(3))
    print(f"tree: {LEAVES / mine:.0f} leaves/s")
    try:
        other = importlib.import_module("pymerkle")
    except ImportError:
        print("tree beside pymerkle: not installed (pip install pymerkle)")
        return

    def theirs() -> Any:
        tree = other.InmemoryTree(algorithm="sha256")
        for each in leaves:
            tree.append_entry(each)
        return tree

    assert theirs().get_root() == ours().root()
    taken = min(timed(theirs) for _ in range(3))
    judged(f"leaves/s / pymerkle {other.__version__}", taken / mine, 4)


def bytes_of(value: dict[str, Any]) -> None:
    """Compare the canonical bytes of a real statement with the rfc8785 package, with and without the checks of the domain."""
    assert canonical.encode(value) == canonical.dumps(value) == rfc8785.dumps(value)
    assert json.loads(canonical.encode(value)) == value
    ways = {"encode": canonical.encode, "dumps": canonical.dumps, "rfc8785": rfc8785.dumps}
    taken = {name: min(timed(lambda way=way: [way(value) for _ in range(50)]) for _ in range(10)) for name, way in ways.items()}  # type: ignore[misc]
    judged("canonical.encode / rfc8785, speed", taken["rfc8785"] / taken["encode"], 30)
    size = len(canonical.encode(value))
    print(f"  canonical.dumps, which checks the domain: {taken['rfc8785'] / taken['dumps']:.2f} x; {size} bytes")


def main() -> None:
    """Print every figure."""
    value = statement()
    payload = canonical.dumps(value)
    appends(payload)
    appends(payload[:SMALL])
    trees()
    bytes_of(value)


if __name__ == "__main__":
    main()
