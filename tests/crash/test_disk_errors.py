"""The disk refuses the n-th write or sync, for every n: what was acknowledged stays, and a failed commit is not retried."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from typing import Any

import apsw
import pytest

from engine.errors import StoreError
from engine.evidence.log import Log
from engine.store.append import Appender, Head
from engine.store.opening import create, open_store, prepare_sqlite
from tests.crash.judge import judge
from tests.crash.session import DIALECT, STORE
from tests.ledger import ORIGIN, SIGNER, row

NAME = "fenji-failing"
GROUPS = 5


class FailingVFS(apsw.VFS):
    """The default layer, which refuses one call. It is registered while it lives."""

    def __init__(self, call: str, error: type[apsw.Error]) -> None:
        """Refuse with `error` a `call` that is still to be chosen."""
        self.call, self.error = call, error
        self.calls, self.refuse = 0, 0
        super().__init__(NAME, "", maxpathname=1024)

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's name
        """Open a file whose calls are counted."""
        return _File(self, name, flags)

    def count(self, call: str) -> None:
        """Refuse the call whose turn it is."""
        if call == self.call:
            self.calls += 1
            if self.calls == self.refuse:
                raise self.error


class _File(apsw.VFSFile):
    def __init__(self, vfs: FailingVFS, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        self._vfs = vfs
        super().__init__("", name, flags)

    def xWrite(self, data: Any, offset: int) -> None:  # noqa: N802 - SQLite's name
        self._vfs.count("write")
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's name
        self._vfs.count("sync")
        super().xSync(flags)


def appended(folder: Path, vfs: FailingVFS, refuse: int) -> tuple[list[Head], list[str]]:
    """Append until the store is closed to more; return what was acknowledged, and the codes of what was refused."""
    connection = apsw.Connection(str(folder / STORE), vfs=NAME)
    prepare_sqlite(connection)
    connection.execute("PRAGMA wal_autocheckpoint=10")
    vfs.calls, vfs.refuse = 0, refuse
    log, heads, codes = Log(Appender(connection, DIALECT), ORIGIN, [SIGNER]), [], []
    for number in range(1, GROUPS + 1):
        try:
            heads.append(log.append([row(number), row(-number)]).head)
        except StoreError as error:
            codes.append(error.finding.code)
    with contextlib.suppress(apsw.Error):  # the last call may be one of those that clear up when the store is closed
        connection.close()
    return heads, codes


@pytest.mark.parametrize(("call", "error"), [("write", apsw.IOError), ("write", apsw.FullError), ("sync", apsw.IOError)])
def test_nothing_acknowledged_is_lost(call: str, error: type[apsw.Error], tmp_path: Path) -> None:
    create(f"sqlite:{tmp_path / 'fresh.db'}")
    vfs = FailingVFS(call, error)
    refused: set[str] = set()
    try:
        refuse = 1
        while True:
            folder = tmp_path / str(refuse)
            folder.mkdir()
            shutil.copy(tmp_path / "fresh.db", folder / STORE)
            heads, codes = appended(folder, vfs, refuse)
            with open_store(f"sqlite:{folder / STORE}") as store:
                size = judge(store, {}, heads)
                assert size >= max((head.size for head in heads), default=0)
            assert "broken" not in codes or codes[0] == "in-doubt"
            assert set(codes[1:]) <= {"broken"}
            refused |= set(codes)
            if vfs.calls < refuse:
                break
            refuse += 1
    finally:
        vfs.unregister()
    assert refuse > GROUPS
    assert {"in-doubt", "broken"} <= refused
