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

        def commit(number: int, row: Row) -> None:
            bare.execute("BEGIN IMMEDIATE")
            values = (number, row.id, row.kind, row.leaf, row.payload, row.signatures, row.at, row.supersedes)
            bare.execute("INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
            bare.execute("COMMIT")
            SIGNER.sign(row.leaf)

        ours, theirs = [], []
        for number in range(SINGLES):
            (row,) = rows(payload, number, 1)
            theirs.append(timed(lambda number=number, row=row: commit(number, row)))  # type: ignore[misc]
            ours.append(timed(lambda row=row: log.append([row]).receipt().text()))  # type: ignore[misc]
        bare.close()
        judged(
            "one durable record with receipt / bare commit and signature, total time", sum(ours) / sum(theirs), 2, at_most=True
        )
        print(f"  median {1e3 * median(ours):.3f} ms beside {1e3 * median(theirs):.3f} ms; {SINGLES / sum(ours):.0f} records/s")
        grouped = 0.0
        for number in range(GROUPS):
            group = rows(payload, SINGLES + number * GROUP, GROUP)
            grouped += timed(lambda group=group: log.append(group).receipt(GROUP - 1).text())  # type: ignore[misc]
        rate = GROUPS * GROUP / grouped
        judged(f"records/s in groups of {GROUP} / singly", rate / (SINGLES / sum(ours)), 15)
        print(f"  {rate:.0f} records/s in groups")


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
    appends(canonical.dumps(value))
    trees()
    bytes_of(value)


if __name__ == "__main__":
    main()
