"""`python -m tests.benchmarks.million [RECORDS]`: fill a store, then derive every record again within the bar.

The records are one real proposal, each with its own id and time, in commit groups of 1,000 with a signed checkpoint each.
"""

from __future__ import annotations

import resource
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.decide.filing import from_document
from engine.evidence import canonical, facts, record
from engine.evidence.fsck import fsck
from engine.evidence.installation import Entry, init, open_home
from engine.evidence.keys import Holder
from engine.evidence.log import stamp
from engine.rulebook.closure import closure
from engine.rulebook.locate import find, open_rulebook
from engine.rulebook.read import read

GROUP = 1_000
SECONDS, BYTES = 300, 2**30


def main(count: int) -> None:
    """Fill, verify, and print the figures beside the bars."""
    folder = find()
    rulebook = open_rulebook(folder)
    of = record.rules(closure(rulebook, "nanjing-tiering"))
    sample = folder / "samples" / "nanjing-tiering" / "machine-vision.yaml"
    disclosed = facts.disclosures(facts.values_of(of.rulebook, from_document(rulebook, read(sample.read_bytes(), sample.name))))
    start = datetime(2026, 1, 1, tzinfo=UTC)
    with TemporaryDirectory() as place:
        home = Path(place)
        init(home, "bench.fenji.local/log", "sqlite:store.db", stamp(start))
        with open_home(home) as opened:
            official = opened.add_actor(Holder("a", "A", "U", ("admin", "official")), "decision", stamp(start), None)
            asked = record.Request(
                *("00000000-0000-7000-8000-000000000000", "proposal", "tier", "unpublished", date(2026, 1, 1), None),
                *("2026-01-01T00:00:00.000Z", official.holder, "official", official.keyid),
            )
            value = record.statement(of, disclosed, asked)
            value["predicate"] |= {"subject_digests": [canonical.sha256_of([])], "input_commitments": []}
            value["subject"][0]["digest"]["sha256"] = canonical.sha256_of([])
            pattern = canonical.dumps(value)
            began = time.perf_counter()
            log = opened.log(stamp(start))
            for first in range(0, count, GROUP):
                at = stamp(start + timedelta(milliseconds=first))
                made = []
                for number in range(first, min(first + GROUP, count)):
                    name = f"00000000-0000-7000-8000-{number:012x}"
                    payload = pattern.replace(asked.decision_id.encode(), name.encode()).replace(
                        asked.decided_at.encode(), at.encode()
                    )
                    made.append(Entry(name, "decision", payload, at))
                opened.record(made, [(canonical.sha256(of.data), of.data)] if not first else (), log)
            filled = time.perf_counter() - began
            size = (home / "store.db").stat().st_size
        began = time.perf_counter()
        with open_home(home) as opened:
            found = fsck(opened, (home / "checkpoint").read_text("utf-8"))
        taken = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(f"{count} records of {len(pattern)} bytes ({size / 1e9:.2f} GB) recorded in {filled:.0f} s ({count / filled:.0f}/s)")
    print(f"verified in {taken:.0f} s (bar {SECONDS}), peak memory {peak / 2**20:.0f} MB (bar {BYTES / 2**20:.0f}); {found}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
