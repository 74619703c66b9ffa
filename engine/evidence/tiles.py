"""The log as plain files that anyone may mirror: C2SP tlog-tiles 0.1, of height 8.

A folder holds `checkpoint`, hashes in `tile/<level>/<index>` and leaves in `tile/entries/<index>`; a tile that is not full has
its width after `.p/`. Each file appears whole, and the checkpoint last, so a mirror never sees a head whose tiles are missing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from engine.errors import EvidenceError, Place, StoreError
from engine.evidence import merkle
from engine.evidence.note import read_checkpoint

HEIGHT = 8
WIDTH = 1 << HEIGHT
LONGEST = 2**16 - 1
Leaves = Callable[[int, int], Iterable[bytes]]  # the bytes of the leaves from one index up to another


def tile_path(level: int | str, index: int, width: int = WIDTH) -> str:
    """Return the path of a tile: its level or `entries`, its index in groups of three digits, its width unless it is full."""
    index, last = divmod(index, 1000)
    groups = [f"{last:03}"]
    while index:
        index, last = divmod(index, 1000)
        groups.append(f"x{last:03}")
    part = "" if width == WIDTH else f".p/{width}"
    return f"tile/{level}/{'/'.join(reversed(groups))}{part}"


def tiles(size: int, since: int = 0) -> Iterator[tuple[int, int, int]]:
    """Yield level, index and width of the tiles of a tree that its first `since` leaves did not fill."""
    level = 0
    while size >> HEIGHT * level:
        count = size >> HEIGHT * level
        for index in range(since >> HEIGHT * (level + 1), (count + WIDTH - 1) >> HEIGHT):
            yield level, index, min(WIDTH, count - (index << HEIGHT))
        level += 1


def tile(level: int, index: int, width: int, read: merkle.Reader) -> bytes:
    """Return the bytes of a tile: the hashes of `width` complete subtrees side by side."""
    first = index << HEIGHT
    return b"".join(read(HEIGHT * level, at) for at in range(first, first + width))


def bundle(leaves: Iterable[bytes]) -> bytes:
    """Return the bytes of an entry bundle: each leaf after its length in two bytes. Raises EvidenceError for one too long."""
    parts = []
    for each in leaves:
        if len(each) > LONGEST:
            raise EvidenceError("too-long", f"a leaf of {len(each)} bytes does not fit a tile", "log its hash instead")
        parts += [len(each).to_bytes(2, "big"), each]
    return b"".join(parts)


def export(folder: Path, note: str, read: merkle.Reader, leaves: Leaves) -> int:
    """Write the files of the published head `note`, or those that a folder lacks; return how many. Raises EvidenceError.

    A folder with another log, or with a head that this one does not extend, is refused.
    """
    head = read_checkpoint(note)
    since = _published(folder, note, read)
    written = 0
    for level, index, width in tiles(head.size, since):
        hashes = tile(level, index, width, read)
        if level == 0:
            first = index << HEIGHT
            found = list(leaves(first, first + width))
            if b"".join(map(merkle.leaf_hash, found)) != hashes:
                raise StoreError(
                    "damaged", f"a leaf from {first} on is not what was logged", "run `fenji fsck`, then restore a backup"
                )
            _write(folder / tile_path("entries", index, width), bundle(found))
            written += 1
        _write(folder / tile_path(level, index, width), hashes)
        written += 1
    _write(folder / "checkpoint", note.encode())
    return written + 1


def _published(folder: Path, note: str, read: merkle.Reader) -> int:
    """Return the size that a folder has published, once it is shown that `note` extends it."""
    path, head = folder / "checkpoint", read_checkpoint(note)
    if not path.exists():
        return 0
    old = read_checkpoint(path.read_text("utf-8"))
    if old.origin != head.origin or old.size > head.size or merkle.frontier(old.size, read).root() != old.root:
        problem = f"the folder holds a head of {old.origin} with {old.size} leaves that this log does not extend"
        raise EvidenceError("forked", problem, "export to an empty folder, and find out what happened", Place(str(path)))
    return old.size


def _write(path: Path, data: bytes) -> None:
    part = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        part.replace(path)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StoreError(
            "not-written", f"the file cannot be written: {reason}", "choose another folder", Place(str(path))
        ) from None
