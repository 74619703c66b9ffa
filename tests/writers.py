"""A process that appends groups to a store and prints its receipts: `python -m tests.writers ADDRESS NAME GROUPS`.

It says when it is ready and waits for a line, so that two of them write at once.
"""

from __future__ import annotations

import json
import sys
import time

from engine.evidence.log import Log
from engine.store.opening import open_store
from tests.ledger import ORIGIN, SIGNER, row


def main(address: str, name: str, groups: str) -> None:
    """Append, and print one line of JSON per group: leaves and receipts."""
    with open_store(address) as store:
        log = Log(store.appender, ORIGIN, [SIGNER])
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        for number in range(int(groups)):
            rows = [row(3 * number + i, name=name) for i in range(1 + number % 3)]
            time.sleep(0.001)  # lets the other in, which may be asleep while it waits
            published = log.append(rows)
            receipts = [published.receipt(offset).text() for offset in range(len(rows))]
            line = {"start": published.start, "leaves": [each.leaf.hex() for each in rows], "receipts": receipts}
            sys.stdout.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
