"""What a disk may hold after the power failed: all that was synced, and of the rest any part, torn at sectors."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tests.crash.recording import Acknowledged, Event, Name, Recording, Sync, SyncFolder, Truncate, Write

SECTOR = 512
KEPT = (0.0, 0.1, 0.5, 0.9, 1.0)
GARBLED = (0.0, 0.0, 0.05)


class Disk:
    """A disk as far as it is certain, and what is still on its way there."""

    def __init__(self, recording: Recording) -> None:
        """Start with what was there before anything was recorded."""
        self.acknowledged = 0
        self._files: dict[int, bytearray] = {}
        self._names: dict[str, int | None] = {}
        self._pending: dict[int, list[Write | Truncate]] = {}
        self._renamed: dict[str, list[int | None]] = {}
        for number, (name, data) in enumerate(recording.first.items(), 1):
            self._files[number] = bytearray(data)
            self._names[name] = number

    def go_on(self, event: Event) -> None:
        """Take the next event."""
        match event:
            case Write() | Truncate():
                self._pending.setdefault(event.file, []).append(event)
            case Sync():
                target = self._files.setdefault(event.file, bytearray())
                for each in self._pending.pop(event.file, ()):
                    _apply(target, each)
            case Name():
                self._renamed.setdefault(event.name, []).append(event.file)
            case SyncFolder():
                self._names.update({name: files[-1] for name, files in self._renamed.items()})
                self._renamed.clear()
            case Acknowledged():
                self.acknowledged = event.groups

    def crash(self, random: Random) -> dict[str, bytes]:
        """Return the files after the power failed now; one of the many ways."""
        names = dict(self._names)
        for name, files in self._renamed.items():
            came = random.randrange(len(files) + 1)
            if came:
                names[name] = files[came - 1]
        kept, garbled = random.choice(KEPT), random.choice(GARBLED)
        found = {}
        for name, number in names.items():
            if number is not None:
                data = bytearray(self._files.get(number, b""))
                for each in self._pending.get(number, ()):
                    for part in _torn(each, kept, garbled, random):
                        _apply(data, part)
                found[name] = bytes(data)
        return found


def _torn(event: Write | Truncate, kept: float, garbled: float, random: Random) -> Iterator[Write | Truncate]:
    """Yield what arrives of a write or a cut, sector by sector."""
    if isinstance(event, Truncate):
        if random.random() < kept:
            yield event
        return
    start, end = event.offset, event.offset + len(event.data)
    while start < end:
        stop = min(end, (start // SECTOR + 1) * SECTOR)
        chance = random.random()
        if chance < garbled:
            yield Write(event.file, start, random.randbytes(stop - start))
        elif chance < garbled + kept:
            yield Write(event.file, start, event.data[start - event.offset : stop - event.offset])
        start = stop


def _apply(target: bytearray, event: Write | Truncate) -> None:
    if isinstance(event, Truncate):
        del target[event.size :]
        return
    if len(target) < event.offset:
        target.extend(bytes(event.offset - len(target)))
    target[event.offset : event.offset + len(event.data)] = event.data
