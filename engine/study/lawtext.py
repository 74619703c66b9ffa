"""The text of a law, plain or Markdown -> its articles, and the hash of each, so that a changed article is noticed.

An article begins a line with `第…条` (or `第…条之…`), in a plan with `1．`. A heading of a part or chapter ends it, and so does
a line that begins with `附件`. Before hashing a text is normalised, so that two copies of one law agree: Unicode NFKC, quotation
marks made equal, Markdown marks, comments, white space and invisible characters removed. The heading is not hashed: an article
that only moved keeps its hash.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import TYPE_CHECKING

from engine.rulebook.citation import DIGITS, number, order

if TYPE_CHECKING:
    from collections.abc import Iterator

_NUMERAL = rf"[〇{DIGITS}十百千0-9]+"
_MARKS = re.compile(r"[#>*_\s\-]+(?=第|\d)")
_ARTICLE = re.compile(rf"第({_NUMERAL})条(?:之({_NUMERAL}))?(?:\*\*|__)?")
_POINT = re.compile(r"([0-9]{1,3})[．.、]\s*(?=\D)")
_CHAPTER = re.compile(rf"#+\s|第{_NUMERAL}[编章节]|附件|[{DIGITS}十]+、[^。]*$")
_SECTION = re.compile(rf"[（(][{DIGITS}十]+[）)][^。；;]*$")  # where points are the articles; elsewhere it may be an item
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_CITES = re.compile(r"第|规定|的|、|，|和|或|至")  # how a line goes on that begins by citing another article
_QUOTES = str.maketrans(dict.fromkeys("“”„«»「」『』", '"') | dict.fromkeys("‘’‚", "'"))
_DROPPED = frozenset(("Cc", "Cf", "Zs", "Zl", "Zp"))


def articles(text: str) -> dict[str, str]:
    """Return the text of each article by its number (`20`, `20之1`), without heading.

    Where a text counts points (`1．`) instead, they are its articles; of several counts from 1 the longest is taken.
    """
    lines = [line.strip() for line in _COMMENT.sub("", text).splitlines()]
    found = _articles(lines) or max(_points(lines), key=len)
    return {name: "\n".join(part).strip() for name, part in found.items()}


def digest(article: str) -> str:
    """Return the SHA-256 of the normalised text of an article."""
    plain = unicodedata.normalize("NFKC", article).translate(_QUOTES)
    kept = (c for c in plain if unicodedata.category(c) not in _DROPPED and c not in "*_#>`")
    return hashlib.sha256("".join(kept).encode()).hexdigest()


def _articles(lines: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    current: list[str] | None = None
    last = "0"
    for line in lines:
        bare = _MARKS.sub("", line, count=1) if _MARKS.match(line) else line
        head = _ARTICLE.match(bare)
        if head and _begins(head, bare, last):
            last = _name(head)
            current = found[last] = [bare[head.end() :]]
        elif _CHAPTER.match(line):
            current = None
        elif current is not None:
            current.append(line)
    return found


def _name(head: re.Match[str]) -> str:
    return str(number(head[1])) + (f"之{number(head[2])}" if head[2] else "")


def _begins(head: re.Match[str], line: str, last: str) -> bool:
    """Tell whether a line begins an article, and does not merely begin by citing one.

    Articles follow each other; a heading stands apart, or is the very next one.
    """
    name, rest = _name(head), line[head.end() :]
    if order(name) <= order(last):
        return False
    if not rest or rest[0].isspace():
        return True
    follows = name in (str(order(last)[1] + 1), f"{order(last)[1]}之{order(last)[2] + 1}")
    return follows and not _CITES.match(rest)


def _points(lines: list[str]) -> Iterator[dict[str, list[str]]]:
    """Yield each count of points from 1 upwards."""
    run: dict[str, list[str]] = {}
    current: list[str] | None = None
    for line in lines:
        head = _POINT.match(line)
        if head and head[1] in ("1", str(len(run) + 1)):
            if head[1] == "1":
                yield run
                run = {}
            current = run[head[1]] = [line[head.end() :]]
        elif _CHAPTER.match(line) or _SECTION.match(line):
            current = None
        elif current is not None:
            current.append(line)
    yield run
