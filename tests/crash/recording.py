"""A file system layer for SQLite (an apsw VFS) that writes down what the database asks of the disk, in order."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw

NAME = "fenji-recording"
JOURNALS = ("-wal", "-journal")


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes at an offset of a file; files are told apart by number, since names are given anew."""

    file: int
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Truncate:
    """A file cut to a size."""

    file: int
    size: int


@dataclass(frozen=True, slots=True)
class Sync:
    """All of a file made durable."""

    file: int


@dataclass(frozen=True, slots=True)
class Name:
    """A name that stands for a file from now on, or for none."""

    name: str
    file: int | None


@dataclass(frozen=True, slots=True)
class SyncFolder:
    """All names made durable."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """What the caller was told is recorded: how many groups."""

    groups: int


Event = Write | Truncate | Sync | Name | SyncFolder | Acknowledged


@dataclass
class Recording:
    """What was there at first, and every event since."""

    first: dict[str, bytes] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    unnamed: set[int] = field(default_factory=set)  # made since, and their folder not synced by them yet
    made: int = 0

    def begin(self, folder: Path) -> None:
        """Take what the folder holds as durable."""
        for path in sorted(folder.iterdir()):
            self.first[path.name] = path.read_bytes()
            self.numbers[path.name] = self._number()

    def open(self, path: Path) -> int:
        """Return the number of a file that is opened, a new one when it does not exist."""
        if path.name not in self.numbers:
            number = self.numbers[path.name] = self._number()
            self.events.append(Name(path.name, number))
            if path.name.endswith(JOURNALS):
                self.unnamed.add(number)
        return self.numbers[path.name]

    def synced(self, number: int) -> None:
        """Note a sync; the first one of a journal syncs its folder as well, as SQLite's own layer for Unix does."""
        self.events.append(Sync(number))
        if number in self.unnamed:
            self.unnamed.remove(number)
            self.events.append(SyncFolder())

    def delete(self, path: Path, *, sync: bool) -> None:
        """Note that a name is gone."""
        if self.numbers.pop(path.name, None) is not None:
            self.events.append(Name(path.name, None))
        if sync:
            self.events.append(SyncFolder())

    def _number(self) -> int:
        self.made += 1
        return self.made


class RecordingVFS(apsw.VFS):
    """The default layer, written down. It is registered while it lives."""

    def __init__(self, recording: Recording) -> None:
        """Write to `recording`."""
        self.recording = recording
        super().__init__(NAME, "", maxpathname=1024)

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's name
        """Open a file of the database with its number."""
        if name is None:  # a temporary file: nothing of it need survive
            return apsw.VFSFile("", name, flags)
        path = Path(name.filename() if isinstance(name, apsw.URIFilename) else name)
        return _File(self.recording, self.recording.open(path), name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802 - SQLite's name
        """Delete a file."""
        super().xDelete(filename, syncdir)
        self.recording.delete(Path(filename), sync=bool(syncdir))


class _File(apsw.VFSFile):
    def __init__(self, recording: Recording, number: int, name: str | apsw.URIFilename, flags: list[int]) -> None:
        self.recording = recording
        self.number = number
        super().__init__("", name, flags)

    def xWrite(self, data: Any, offset: int) -> None:  # noqa: N802 - SQLite's name
        self.recording.events.append(Write(self.number, offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 - SQLite's name
        self.recording.events.append(Truncate(self.number, newsize))
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's name
        super().xSync(flags)
        self.recording.synced(self.number)
