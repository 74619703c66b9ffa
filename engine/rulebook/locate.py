"""Find the rules folder, and keep a loaded rulebook for the next start."""

from __future__ import annotations

import gc
import hashlib
import os
import pickle
import sys
from pathlib import Path

from engine.errors import CheckFailedError, RulesNotFoundError
from engine.rulebook.duties import proof_pack
from engine.rulebook.load import digest, load_all, rule_files
from engine.rulebook.model import Rulebook
from engine.rulebook.polarity import split_facts
from schemas import rulebook as shapes

FORMAT = "3"
OPEN = 4  # rulebooks that a process keeps: that in force, a draft, and those of earlier days
SUM = 32  # the kept file begins with the SHA-256 of the rest, so that a damaged one is not read


def find(given: str | None = None) -> Path:
    """Return the rules folder: `given`, FENJI_RULES, the checkout, or the installation. Raises RulesNotFoundError."""
    stated = given or os.environ.get("FENJI_RULES")
    places = [Path(stated)] if stated else [Path(__file__).parents[2] / "rules", Path(sys.prefix) / "share/fenji/rules"]
    for place in places:
        if (place / "vocabulary").is_dir():
            return place
    looked = ", ".join(str(place) for place in places)
    raise RulesNotFoundError("rules-not-found", f"no rules folder at {looked}", "name one with --rules or FENJI_RULES")


def open_rulebook(folder: Path) -> Rulebook:
    """Return the rulebook below `folder`, as `open_files` does. Raises CheckFailedError."""
    return open_files(files_of(folder))


def files_of(folder: Path) -> list[tuple[str, bytes]]:
    """Return the rule files below `folder`: name and bytes, sorted."""
    return [(p.relative_to(folder).as_posix(), p.read_bytes()) for p in rule_files(folder)]


_opened: dict[str, Rulebook] = {}  # by digest, the last one opened last


def open_files(files: list[tuple[str, bytes]], shown: dict[str, str] | None = None) -> Rulebook:
    """Return the rulebook of `files`, from the cache when their bytes and the engine are unchanged. Raises CheckFailedError.

    What is not cached is proved sound first, so that no rule with an error ever answers. In a process the same files give the
    same value, to which compiled packs are bound: opened anew each time, it would be compiled and kept anew.
    """
    total = digest(files)
    found = _opened.pop(total, None) or _kept(files, shown, total)
    _opened[total] = found
    for old in list(_opened)[: max(0, len(_opened) - OPEN)]:
        _opened.pop(old, None)  # another thread may have been faster
    return found


def _kept(files: list[tuple[str, bytes]], shown: dict[str, str] | None, total: str) -> Rulebook:
    """Return a rulebook from its file in the cache, or proved and kept there from now on. Raises CheckFailedError."""
    kept = _cache_file(total)
    found = _read(kept, total)
    if found is None:
        found = _proved(files, shown)
        _write(kept, found)
    gc.freeze()  # a rulebook lives as long as its process: a full collection over it takes ten times as long as an answer
    return found


def _proved(files: list[tuple[str, bytes]], shown: dict[str, str] | None) -> Rulebook:
    from engine.rulebook.check import check  # noqa: PLC0415 - not needed when cached

    loaded = load_all(files, shown)
    errors = [finding for finding in check(loaded) if finding.level == "error"]
    if errors:
        raise CheckFailedError(errors)
    for pack in loaded.rulebook.packs.values():
        for each in filter(None, (pack, proof_pack(loaded.rulebook, pack))):
            split_facts(loaded.rulebook, each)  # worked out here so that it is kept: it takes longer than an assessment
    return loaded.rulebook


def _cache_file(total: str) -> Path:
    try:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fenji"
    except RuntimeError:
        base = Path(os.devnull)  # no home: nothing can be kept there
    rooms = (Path(__file__).parent, Path(shapes.__file__).parent)
    code = sorted(path for room in rooms for path in room.rglob("*") if path.suffix in (".py", ".lark"))
    stamp = digest([(str(p), p.read_bytes()) for p in code])
    return base / f"{FORMAT}-{stamp[:16]}-{total[:32]}.rulebook"


def _read(path: Path, total: str) -> Rulebook | None:
    """Return the kept rulebook; one that is damaged or not our own file counts as absent."""
    collecting = gc.isenabled()
    try:
        status = path.stat()
        if hasattr(os, "getuid") and (status.st_uid != os.getuid() or status.st_mode & 0o022):
            return None
        data = path.read_bytes()
        gc.disable()  # what is made here lives on: a collection in the midst of it finds nothing
        if hashlib.sha256(data[SUM:]).digest() != data[:SUM]:
            return None
        found = pickle.loads(data[SUM:])  # noqa: S301 - our own file, written below with mode 0600; never used for evidence
    except (OSError, pickle.UnpicklingError, EOFError, AttributeError, ImportError, IndexError, TypeError, ValueError):
        return None
    finally:
        if collecting:
            gc.enable()
    return found if isinstance(found, Rulebook) and found.digest == total else None


def _write(path: Path, rulebook: Rulebook) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            data = pickle.dumps(rulebook, protocol=5)
            out.write(hashlib.sha256(data).digest() + data)
        part.replace(path)
    except OSError:
        return  # a cache that cannot be written costs time only
