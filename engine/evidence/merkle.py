"""RFC 6962 Merkle tree as pure functions over one reader: who holds the hashes does not matter.

A reader gives the hash of the complete subtree `(level, index)` that covers the leaves `index * 2^level` up to the next one.
Sizes and indexes count leaves; hashes are 32 bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256

from engine.errors import EvidenceError

Reader = Callable[[int, int], bytes]
Node = tuple[int, int, bytes]  # level, index, hash
EMPTY = sha256(b"").digest()
SIZE = 32


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf (RFC 6962 section 2.1)."""
    return sha256(b"\0" + data).digest()


def parent(left: bytes, right: bytes) -> bytes:
    """Return the hash of two subtrees (RFC 6962 section 2.1)."""
    return sha256(b"\1" + left + right).digest()


def peaks(size: int) -> list[tuple[int, int]]:
    """Return the complete subtrees of a tree, largest first."""
    found, start = [], 0
    for level in range(size.bit_length() - 1, -1, -1):
        if size >> level & 1:
            found.append((level, start >> level))
            start += 1 << level
    return found


class Frontier:
    """The peaks of a tree that grows: appending costs amortised one hash, and yields the nodes that became complete."""

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        """Start with a tree of `size` leaves whose peaks are `hashes`, largest first."""
        self.size = size
        self.hashes = list(hashes)

    def append(self, leaf: bytes) -> list[Node]:
        """Add a leaf hash; return the complete nodes above it that this closes."""
        made: list[Node] = []
        index, level, node = self.size, 0, leaf
        while index & 1:
            node = parent(self.hashes.pop(), node)
            index >>= 1
            level += 1
            made.append((level, index, node))
        self.hashes.append(node)
        self.size += 1
        return made

    def root(self) -> bytes:
        """Return the root of the tree."""
        return fold(self.hashes) if self.hashes else EMPTY

    def copy(self) -> Frontier:
        """Return a frontier that grows by itself."""
        return Frontier(self.size, self.hashes)


def fold(hashes: Sequence[bytes]) -> bytes:
    """Return the root over peaks, largest first."""
    node = hashes[-1]
    for left in reversed(hashes[:-1]):
        node = parent(left, node)
    return node


def frontier(size: int, read: Reader) -> Frontier:
    """Return the frontier of a stored tree."""
    return Frontier(size, [read(level, index) for level, index in peaks(size)])


def range_hash(start: int, end: int, read: Reader) -> bytes:
    """Return the hash over the leaves `start` up to `end`; `start` is a multiple of the largest power of two in the length."""
    hashes = []
    for level, index in peaks(end - start):
        hashes.append(read(level, (start >> level) + index))
    return fold(hashes)


def inclusion(index: int, size: int, read: Reader) -> list[bytes]:
    """Return the audit path of a leaf in a tree of `size` leaves (RFC 6962 section 2.1.1), lowest first. Raises EvidenceError."""
    if not 0 <= index < size:
        raise EvidenceError("no-such-leaf", f"there is no leaf {index} in a tree of {size}", "ask for one that was recorded")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        split = 1 << (end - start - 1).bit_length() - 1
        if index < start + split:
            path.append(range_hash(start + split, end, read))
            end = start + split
        else:
            path.append(range_hash(start, start + split, read))
            start += split
    return path[::-1]


def consistency(old: int, new: int, read: Reader) -> list[bytes]:
    """Return the proof that the tree of `new` leaves extends that of `old` (RFC 6962 section 2.1.2). Raises EvidenceError."""
    if not 0 < old <= new:
        raise EvidenceError("no-such-tree", f"no proof leads from a tree of {old} to one of {new}", "both were published sizes")
    path: list[bytes] = []
    start, end, whole = 0, new, True
    while old != end:
        split = 1 << (end - start - 1).bit_length() - 1
        if old - start <= split:
            path.append(range_hash(start + split, end, read))
            end = start + split
        else:
            path.append(range_hash(start, start + split, read))
            start += split
            whole = False
    if not whole:
        path.append(range_hash(start, end, read))
    return path[::-1]


def root_of_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """Return the root that a path leads to (RFC 9162 section 2.1.3.2). Raises EvidenceError for a path of the wrong length."""
    if not 0 <= index < size or any(len(step) != SIZE for step in path):
        raise _bad("the index lies outside the tree, or a hash is not 32 bytes")
    fn, sn, node = index, size - 1, leaf
    for step in path:
        if sn == 0:
            raise _bad("it has too many hashes")
        if fn & 1 or fn == sn:
            node = parent(step, node)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            node = parent(node, step)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:
        raise _bad("it has too few hashes")
    return node


def verify_consistency(old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]) -> None:
    """Refuse a proof that the newer tree extends the older unless it holds (RFC 9162 section 2.1.4.2). Raises EvidenceError."""
    if not 0 < old <= new or any(len(step) != SIZE for step in path):
        raise _bad("the sizes are out of order, or a hash is not 32 bytes")
    if old == new:
        if path or old_root != new_root:
            raise _bad("two trees of one size differ")
        return
    steps = [old_root, *path] if old & (old - 1) == 0 else list(path)
    if not steps:
        raise _bad("it has too few hashes")
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    first = second = steps[0]
    for step in steps[1:]:
        if sn == 0:
            raise _bad("it has too many hashes")
        if fn & 1 or fn == sn:
            first, second = parent(step, first), parent(step, second)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            second = parent(second, step)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0 or first != old_root or second != new_root:
        raise _bad("it does not lead from one root to the other")


def _bad(why: str) -> EvidenceError:
    return EvidenceError("bad-proof", f"the Merkle proof does not hold: {why}", "ask the log for the proof again")
