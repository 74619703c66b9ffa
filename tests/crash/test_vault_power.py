"""Power is lost while the vault makes and destroys keys: it then holds what was acknowledged, or that and the next step whole."""

from __future__ import annotations

import types
from pathlib import Path
from random import Random
from typing import Any

import apsw
import pytest

from engine.store import vault as module
from engine.store.vault import Vault
from tests.crash.disk import Disk
from tests.crash.recording import NAME, Acknowledged, Recording, RecordingVFS
from tests.long import LONG

RUNS, STEPS, STATES = (50 if LONG else 4), 20, 100
MASTER = bytes(32)
Keys = dict[tuple[str, int], bytes]


class _Cursor:
    """A cursor of apsw with the count of changed rows that sqlite3's has."""

    def __init__(self, cursor: apsw.Cursor, rowcount: int) -> None:
        self.fetchone, self.rowcount = cursor.fetchone, rowcount


class _Connection(apsw.Connection):
    """A connection of apsw that answers like one of sqlite3."""

    def execute(self, *arguments: Any) -> Any:  # type: ignore[override]
        return _Cursor(super().execute(*arguments), self.changes())


def session(folder: Path, random: Random) -> tuple[Recording, list[Keys]]:
    """Make and destroy keys through the recording layer; return the keys after each step."""
    recording, states, keys = Recording(), [], dict[tuple[str, int], bytes]()
    vfs = RecordingVFS(recording)
    vault = Vault(folder / "vault.db", MASTER)
    for step in range(STEPS):
        if keys and random.random() < 0.4:
            filing = random.choice(sorted(keys))[0]
            assert vault.destroy(filing, 1) == 1
            del keys[filing, 0]
        else:
            wanted = [(f"f{step}-{i}", 0) for i in range(random.randrange(1, 30))]
            keys.update(zip(wanted, vault.make(wanted), strict=True))
        states.append(dict(keys))
        recording.events.append(Acknowledged(len(states)))
        if random.random() < 0.2:
            vault.close()
            vault = Vault(folder / "vault.db", MASTER)
    vault.close()
    vfs.unregister()
    return recording, states


def held(folder: Path, names: set[tuple[str, int]]) -> Keys:
    """Return the keys that a vault holds after a crash."""
    vault = Vault(folder / "vault.db", MASTER)
    assert vault._connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    found = {name: vault.key(*name) for name in names}
    vault.close()
    return {name: key for name, key in found.items() if key is not None}


@pytest.mark.parametrize("seed", range(RUNS))
def test_keys_are_kept_and_destroyed(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded, random = tmp_path / "recorded", Random(seed)
    recorded.mkdir()
    with monkeypatch.context() as patch:
        like = types.SimpleNamespace(connect=lambda path, **_: _Connection(str(path), vfs=NAME), Error=apsw.Error)
        patch.setattr(module, "sqlite3", like)
        recording, states = session(recorded, random)
    names = {name for state in states for name in state}
    disk, done = Disk(recording), 0
    for number, point in enumerate(sorted(random.randrange(len(recording.events) + 1) for _ in range(STATES))):
        for event in recording.events[done:point]:
            disk.go_on(event)
        done = point
        after = tmp_path / str(number)
        after.mkdir()
        for name, data in disk.crash(random).items():
            (after / name).write_bytes(data)
        possible = [{}, *states][disk.acknowledged : disk.acknowledged + 2]
        assert held(after, names) in possible
