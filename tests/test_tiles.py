"""The log as files: the root is rebuilt from them, they grow with the log, and another log does not overwrite them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import EvidenceError, StoreError
from engine.evidence import merkle, tiles
from engine.evidence.note import Checkpoint, read_checkpoint, sign
from tests.ledger import ORIGIN, SIGNER

Reader = Callable[[int, int], bytes]


def leaves(start: int, end: int) -> list[bytes]:
    return [b"leaf %d" % index * (index % 5) for index in range(start, end)]


def tree(data: list[bytes]) -> tuple[merkle.Frontier, dict[tuple[int, int], bytes]]:
    """Return a tree over leaves, and every complete node of it."""
    frontier, stored = merkle.Frontier(), {}
    for index, each in enumerate(data):
        stored[0, index] = merkle.leaf_hash(each)
        stored.update({(level, at): node for level, at, node in frontier.append(stored[0, index])})
    return frontier, stored


def write(folder: Path, size: int) -> int:
    """Export the tree of `size` leaves."""
    frontier, stored = tree(leaves(0, size))
    note = sign(Checkpoint(ORIGIN, size, frontier.root()), [SIGNER])
    return tiles.export(folder, note, lambda level, index: stored[level, index], leaves)


def read_back(folder: Path) -> tuple[bytes, bytes]:
    """Return the roots that the entries and the tiles of a folder lead to, independently of how they were written."""
    size = read_checkpoint((folder / "checkpoint").read_text("utf-8")).size
    frontier = merkle.Frontier()
    while frontier.size < size:
        width = min(256, size - frontier.size)
        data = (folder / tiles.tile_path("entries", frontier.size // 256, width)).read_bytes()
        while data:
            end = 2 + int.from_bytes(data[:2], "big")
            frontier.append(merkle.leaf_hash(data[2:end]))
            data = data[end:]

    def read(level: int, index: int) -> bytes:
        high, low = divmod(level, 8)
        first = index << low
        width = min(256, (size >> 8 * high) - (first // 256 << 8))
        data = (folder / tiles.tile_path(high, first // 256, width)).read_bytes()
        hashes = [data[32 * at : 32 * at + 32] for at in range(first % 256, first % 256 + (1 << low))]
        while len(hashes) > 1:
            hashes = [merkle.parent(*pair) for pair in zip(hashes[::2], hashes[1::2], strict=True)]
        return hashes[0]

    return frontier.root(), merkle.frontier(size, read).root()


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 600, 70_000])
def test_root_is_rebuilt(size: int, tmp_path: Path) -> None:
    write(tmp_path, size)
    root = read_checkpoint((tmp_path / "checkpoint").read_text("utf-8")).root
    assert read_back(tmp_path) == (root, root)
    assert not list(tmp_path.rglob("*.new"))


def test_paths() -> None:
    assert tiles.tile_path(0, 1_234_067) == "tile/0/x001/x234/067"
    assert tiles.tile_path("entries", 1_000, 7) == "tile/entries/x001/000.p/7"
    assert tiles.tile_path(63, 0) == "tile/63/000"


def test_names_of_a_small_log(tmp_path: Path) -> None:
    assert write(tmp_path, 600) == 8
    names = ["checkpoint", "tile/0/000", "tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2"]
    names += ["tile/entries/000", "tile/entries/001", "tile/entries/002.p/88"]
    assert sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()) == names


def test_grows(tmp_path: Path) -> None:
    for size in (3, 256, 300, 300, 513):
        write(tmp_path, size)
        root = tree(leaves(0, size))[0].root()
        assert read_back(tmp_path) == (root, root)
    kept = (tmp_path / "tile/0/000").stat().st_mtime_ns
    assert write(tmp_path, 520) == 4
    assert (tmp_path / "tile/0/000").stat().st_mtime_ns == kept


def test_empty_log(tmp_path: Path) -> None:
    assert write(tmp_path, 0) == 1
    assert write(tmp_path, 1) == 3


def test_another_log_is_refused(tmp_path: Path) -> None:
    write(tmp_path, 300)
    before = (tmp_path / "checkpoint").read_bytes()
    with pytest.raises(EvidenceError, match="forked"):
        write(tmp_path, 299)
    frontier, stored = tree([b"other", *leaves(1, 400)])
    for origin in (ORIGIN, "log.example/other"):
        note = sign(Checkpoint(origin, 400, frontier.root()), [SIGNER])
        with pytest.raises(EvidenceError, match="forked"):
            tiles.export(tmp_path, note, lambda level, index: stored[level, index], leaves)
    assert (tmp_path / "checkpoint").read_bytes() == before


def test_head_comes_last(tmp_path: Path) -> None:
    """A leaf that is not what was logged stops the export before its head is published."""
    write(tmp_path, 300)
    frontier, stored = tree(leaves(0, 700))
    note = sign(Checkpoint(ORIGIN, 700, frontier.root()), [SIGNER])
    with pytest.raises(StoreError, match="damaged"):
        tiles.export(tmp_path, note, lambda level, index: stored[level, index], lambda start, end: [b"x"] * (end - start))
    assert read_checkpoint((tmp_path / "checkpoint").read_text("utf-8")).size == 300
    root = tree(leaves(0, 300))[0].root()
    assert read_back(tmp_path) == (root, root)


def test_what_does_not_fit(tmp_path: Path) -> None:
    assert tiles.bundle([b"", bytes(65_535)]) == b"\0\0\xff\xff" + bytes(65_535)
    with pytest.raises(EvidenceError, match="too-long"):
        tiles.bundle([bytes(65_536)])
    (tmp_path / "tile").write_bytes(b"")
    with pytest.raises(StoreError, match="not-written"):
        write(tmp_path, 1)
