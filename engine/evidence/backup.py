"""Backups: a copy of the store in one SQLite file, from either database and back into either; the vault is never part of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.errors import Place, StoreError
from engine.evidence.fsck import fsck
from engine.evidence.installation import Installation, settings
from engine.evidence.note import read_checkpoint
from engine.store import copying
from engine.store.opening import create, open_store, sqlite_path

Progress = Callable[[int, int], None]


def backup(home: Installation, target: Path) -> int:
    """Write a copy of the store to a new file and return its size in records. Raises StoreError; then no file is left."""
    if target.exists():
        raise StoreError(
            "exists", "there is a file of this name", "choose another, so that no backup is lost", Place(str(target))
        )
    head = home.head()
    part = target.with_name(f".{target.name}.part")
    part.unlink(missing_ok=True)
    try:
        create(f"sqlite:{part}")
        copying.copy(home.store, f"sqlite:{part}", head.size if head else 0)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return head.size if head else 0


def restore(folder: Path, source: Path, kept: str | None, progress: Progress) -> int:
    """Put a backup in the place of the store, once it is proved whole and not older than `kept`. Raises EvidenceError.

    `kept` is the text of the last checkpoint known outside the store. The old store stays beside it as `.before-restore`.
    """
    if not source.exists():
        raise StoreError("no-backup", "there is no such file", "name the backup", Place(str(source)))
    origin, address = settings(folder)
    with open_store(f"sqlite:{source}") as copy:
        found = Installation(folder, origin, copy)
        head = copy.appender.head()
        size = head.size if head else 0
        known = read_checkpoint(kept) if kept is not None else None
        if known and size < known.size:
            problem = f"the backup has {size} records, but {known.size} were published"
            raise StoreError("old-backup", problem, "restore a newer one", Place(str(source)))
        fsck(found, kept, progress)
    _replace(address, source, size)
    return size


def _replace(address: str, source: Path, size: int) -> None:
    path = sqlite_path(address)
    with open_store(f"sqlite:{source}") as copy:
        if path is None:
            with open_store(address, make=True) as target:
                copying.require_empty(target)
            copying.copy(copy, address, size)
            return
        part = path.with_name(f".{path.name}.part")
        part.unlink(missing_ok=True)
        create(f"sqlite:{part}")
        copying.copy(copy, f"sqlite:{part}", size)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    if path.exists():
        path.replace(path.with_name(path.name + ".before-restore"))
    part.replace(path)
