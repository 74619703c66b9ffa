"""The log: rows in, receipts out; one signed checkpoint per group of rows, published in the transaction that stores them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from engine.errors import StoreError
from engine.evidence import canonical, merkle
from engine.evidence.keys import Signer
from engine.evidence.note import Checkpoint, Receipt, sign
from engine.store.append import Appender, Growth, Head, Row

LEAF = "fenji-leaf/1"
SKEW = timedelta(seconds=10)  # design: writers that waited for each other may be so much out of order


def leaf(kind: str, payload: bytes) -> bytes:
    """Return the bytes of a leaf: what kind of statement, and its hash."""
    return canonical.encode({"format": LEAF, "kind": kind, "sha256": canonical.sha256(payload)})


def stamp(moment: datetime) -> str:
    """Return a moment in UTC with milliseconds, as statements write it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def new_id(now: datetime) -> str:
    """Return a fresh id that sorts by time: UUID version 7 (RFC 9562)."""
    moment = int(now.timestamp() * 1000)
    bits = moment << 80 | int.from_bytes(os.urandom(10))
    bits = bits & ~(0xF << 76) & ~(0x3 << 62) | 0x7 << 76 | 0x2 << 62
    text = f"{bits:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


@dataclass(frozen=True, slots=True)
class Published:
    """A group of rows that is durable: the head that covers it, and what its receipts are made from."""

    start: int
    head: Head
    hashes: dict[tuple[int, int], bytes]

    def receipt(self, offset: int = 0) -> Receipt:
        """Return the receipt of one row of the group."""
        index = self.start + offset
        path = merkle.inclusion(index, self.head.size, lambda level, at: self.hashes[level, at])
        return Receipt(index, tuple(path), self.head.note)


class Log:
    """Appends to one store under one origin; the peaks of the tree are kept between groups."""

    def __init__(self, appender: Appender, origin: str, signers: Iterable[Signer]) -> None:
        """Sign checkpoints of `origin` with the log keys `signers`: two of them while keys overlap."""
        self.appender = appender
        self.origin = origin
        self._signers = tuple(signers)
        self._frontier = merkle.Frontier()
        self._root = merkle.EMPTY

    def append(self, rows: Sequence[Row], blobs: Iterable[tuple[str, bytes]] = ()) -> Published:
        """Append rows durably and publish the head that covers them. Raises StoreError; then nothing was recorded."""
        hashes: dict[tuple[int, int], bytes] = {}
        grown = merkle.Frontier()

        def grow(head: Head | None, rows: Sequence[Row]) -> Growth:
            nonlocal grown
            grown = self._peaks(head).copy()
            self._in_order(head, rows)
            hashes.update(zip(merkle.peaks(grown.size), grown.hashes, strict=True))
            nodes = []
            for row in rows:
                hashes[0, grown.size] = row.leaf
                nodes += grown.append(row.leaf)
            hashes.update(((level, index), value) for level, index, value in nodes)
            root = grown.root()
            return Growth(nodes, root, sign(Checkpoint(self.origin, grown.size, root), self._signers))

        head = self.appender.append(rows, grow, blobs)
        self._frontier, self._root = grown, head.root
        return Published(head.size - len(rows), head, hashes)

    def receipt(self, index: int, head: Head) -> Receipt:
        """Return the receipt of a stored leaf under a published head. Raises EvidenceError."""
        return Receipt(index, tuple(merkle.inclusion(index, head.size, self.appender.hash)), head.note)

    def _peaks(self, head: Head | None) -> merkle.Frontier:
        """Return the peaks of the head, from memory when no other writer came between."""
        size, root = (head.size, head.root) if head else (0, merkle.EMPTY)
        if self._frontier.size != size or self._root != root:
            self._frontier, self._root = merkle.frontier(size, self.appender.hash), root
        if self._frontier.root() != root:
            raise StoreError("damaged", "the tree does not lead to the published root", "run `fenji fsck`, then restore a backup")
        return self._frontier

    @staticmethod
    def _in_order(head: Head | None, rows: Sequence[Row]) -> None:
        if head and min(row.at for row in rows) < stamp(datetime.fromisoformat(head.at) - SKEW):
            problem = f"the clock says {rows[0].at}, but the log was last written at {head.at}"
            raise StoreError("clock-backwards", problem, "set the clock right; nothing was recorded")
