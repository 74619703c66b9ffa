"""A folder of law texts, compared with the hashes in the register: which articles changed, and which rules rest on them.

A text is found by its file's name: the instrument's id or Chinese title, of files `title(YYYY-MM-DD)` the latest that is not the
text of a later instrument of that title. What has no text is missing, never unchanged.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from engine.errors import InputError, Place
from engine.rulebook.check.names import nearest
from engine.rulebook.citation import order, written
from engine.rulebook.clauses import by_article, citing, listed
from engine.study.lawtext import articles, digest
from schemas.coverage import Comparison, Standing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from engine.rulebook.model import Rulebook
    from schemas.register import LawText, Register

MAX_BYTES = 8_000_000
FORMS = (".md", ".txt")
_DATED = re.compile(r"(?P<title>.*?)[（(](?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})[)）]\Z")
_BRACKETS = re.compile(r"[（(][^）)]*[)）]|\s|[《》]")


def compare(rulebook: Rulebook, folder: Path, instrument: str = "") -> list[Comparison]:
    """Return every article that has a hash, of every instrument or of one, compared with the texts below `folder`.

    Raises InputError for an instrument without hashes and for a text that cannot be read; OSError as the system does.
    """
    hashed = {name: register for name, register in rulebook.registers.items() if register.text and register.text.articles}
    if instrument and instrument not in hashed:
        remedy = nearest(instrument, hashed, "a hash is kept where an official text or its mirror was read")
        raise InputError("no-hash", f"no article of `{instrument}` has a hash", remedy)
    if not folder.is_dir():
        raise InputError("no-folder", "there is no such folder", "name a folder of texts", Place(str(folder)))
    files = texts(rulebook, sorted(path for path in folder.rglob("*") if path.suffix in FORMS and path.is_file()))
    wanted = [hashed[instrument]] if instrument else hashed.values()
    return [row for register in wanted for row in _compared(rulebook, register, files.get(register.instrument), folder)]


def texts(rulebook: Rulebook, files: Iterable[Path]) -> dict[str, Path]:
    """Return the file of each instrument that has one."""
    titled: dict[str, list[str]] = {}
    for name, known in rulebook.instruments.items():
        titled.setdefault(_bare(known.title.zh), []).append(name)
    found: dict[str, tuple[str, Path]] = {}
    for path in files:
        dated = _DATED.match(path.stem)
        title, day = (dated["title"], dated["day"]) if dated else (path.stem, "")
        name = title if title in rulebook.instruments else _edition(rulebook, titled.get(_bare(title), []), day)
        if name and day >= found.get(name, ("", path))[0]:
            found[name] = day, path
    return {name: path for name, (_, path) in found.items()}


def _bare(title: str) -> str:
    return _BRACKETS.sub("", title).removeprefix("中华人民共和国")


def _edition(rulebook: Rulebook, names: list[str], day: str) -> str:
    """Return which of the instruments of one title a text of `day` is: the first in force since, else the last of them."""
    starts = sorted((str(known.start) if (known := rulebook.instruments[name].in_force) else "", name) for name in names)
    since = [name for start, name in starts if day and start >= day]
    return (since or [name for _, name in starts[-1:]] or [""])[0]


def _compared(rulebook: Rulebook, register: Register, path: Path | None, folder: Path) -> Iterator[Comparison]:
    kept: LawText | None = register.text
    now = {name: digest(text) for name, text in articles(_read(path)).items()} if path else {}
    places = {sha: name for name, sha in now.items()}
    cites = by_article(rulebook.cited).get(register.instrument, {})
    for article, sha in sorted((kept.articles if kept else {}).items(), key=lambda each: order(each[0])):
        clauses = [clause.address for clause in listed(register) if clause.address[:1] == (article,)]
        status: Standing = "missing" if article not in now else "unchanged" if now[article] == sha else "stale"
        yield Comparison(
            instrument=register.instrument,
            article=article,
            status=status,
            clauses=[written(address) for address in clauses],
            rules=sorted({by for address in clauses for by in citing(cites, address)}),
            file=path.relative_to(folder).as_posix() if path else "",
            sha256=sha,
            found=now.get(article, ""),
            moved_to="" if status == "unchanged" else places.get(sha, ""),
        )


def _read(path: Path) -> str:
    """Return the text of a file in UTF-8, or in the encoding that older Chinese systems write."""
    data = path.read_bytes()
    if len(data) <= MAX_BYTES:
        for encoding in ("utf-8-sig", "gb18030"):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                continue
    problem = f"the file is no text of at most {MAX_BYTES} bytes"
    raise InputError("not-text", problem, "save it with UTF-8 encoding", Place(str(path)))
