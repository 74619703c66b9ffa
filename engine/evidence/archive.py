"""One canonical container: a ZIP of stored members in the order of their names, the same bytes on every machine.

Compression is left out because its bytes depend on the library; a reader rebuilds the archive and compares.
"""

from __future__ import annotations

import io
import zipfile

from engine.errors import EvidenceError

MAX_BYTES = 64_000_000
MAX_MEMBERS = 5_000
_TIME = (1980, 1, 1, 0, 0, 0)
_MODE = 0o100644 << 16


def write(members: dict[str, bytes]) -> bytes:
    """Return the archive of members by name."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            info = zipfile.ZipInfo(name, _TIME)
            info.create_system, info.external_attr = 3, _MODE
            archive.writestr(info, members[name])
    return out.getvalue()


def read(data: bytes, what: str) -> dict[str, bytes]:
    """Return the members of an archive. Raises EvidenceError unless `data` is exactly what `write` makes of them."""
    if len(data) > MAX_BYTES:
        raise EvidenceError("too-large", f"{what} is larger than {MAX_BYTES} bytes", "no evidence needs that")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            plain = all(i.compress_type == zipfile.ZIP_STORED and i.file_size == i.compress_size for i in infos)
            sound = plain and 0 < len(infos) <= MAX_MEMBERS and sum(i.file_size for i in infos) <= len(data)
            members = {i.filename: archive.read(i) for i in infos} if sound else {}
    except (
        zipfile.BadZipFile,
        ValueError,
        NotImplementedError,
        RuntimeError,
        EOFError,
        OSError,
        KeyError,
        IndexError,
        OverflowError,
    ):
        members = {}
    if not members or write(members) != data:
        raise EvidenceError("not-canonical", f"{what} is not the archive that fenji writes", "it was changed, or repacked")
    return members
