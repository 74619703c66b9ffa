"""Citations of law: `20`, `66(2)`, `5(1)(4)`, `3(1)-(3)`, `13-15`, `7, 9(1)`, `20之1`, `safeguards(3)` -> what they name.

An address is the way down to a clause: article, then what stands in brackets (paragraphs, items, points), each as it is written.
An article is a number, an inserted one has `之`, and a part without number has a name (`annex`). The empty address is the whole.
`第六十六条第二款` is read as well. What is written back is the first form, so that parsing it again gives the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

WHOLE = "whole"
Address = tuple[str, ...]
DIGITS = "零一二三四五六七八九"
_HEAD = r"(?:[1-9][0-9]{0,3}(?:之[1-9][0-9]?)?|[a-z]{2,}(?:-[a-z]+)*)"
_SUB = r"\((?:[1-9][0-9]{0,2}[a-z]?|[a-z]{1,3})\)"
_ITEM = re.compile(rf"(?P<head>{_HEAD})(?P<subs>(?:{_SUB})*)(?:-(?P<last>[1-9][0-9]{{0,3}}|{_SUB}))?\Z")
_PART = re.compile(r"([0-9]+)(?:之([0-9]+)|([a-z]))?\Z")
_NUMERAL = rf"[〇{DIGITS}十百千两0-9]+"
_CHINESE = re.compile(rf"第({_NUMERAL})条(?:之({_NUMERAL}))?|第({_NUMERAL})款|第?[（(]?({_NUMERAL})[）)]?项")


@dataclass(frozen=True, slots=True)
class Span:
    """The clauses from `first` to `last`, which differ in their last part only; the same twice for one clause."""

    first: Address
    last: Address

    def __str__(self) -> str:
        """Write as an author does."""
        if self.first == self.last:
            return written(self.first)
        last = self.last[-1] if len(self.last) == 1 else f"({self.last[-1]})"
        return f"{written(self.first)}-{last}"

    def hits(self, clause: Address) -> bool:
        """Tell whether a citation of this span cites `clause`: the clause, a part of it, or a whole that it is part of.

        The whole of an instrument is hit only by citing the whole, which hits nothing else: it names no clause.
        """
        if not self.first or not clause:
            return self.first == clause
        depth = min(len(self.first), len(clause))
        if clause[: depth - 1] != self.first[: depth - 1]:
            return False
        if depth < len(self.first) or self.first == self.last:
            return clause[depth - 1] == self.first[depth - 1]
        return order(self.first[-1]) <= order(clause[depth - 1]) <= order(self.last[-1])


def written(address: Address) -> str:
    """Return an address as an author writes it, `whole` for the empty one."""
    return address[0] + "".join(f"({part})" for part in address[1:]) if address else WHOLE


def order(part: str) -> tuple[int, int, int, str]:
    """Return what sorts the parts of addresses: numbers by value, inserted ones after theirs, names after numbers."""
    number = _PART.match(part)
    if not number:
        return 1, len(part) if len(part) == 1 else 2, 0, part
    return 0, int(number[1]), int(number[2] or 0), number[3] or ""


def parse(text: str) -> tuple[Span, ...]:
    """Return the spans that a citation names; none written is the whole. Raises ValueError for what is no citation."""
    items = re.split(r"\s*[,，、;；]\s*", _plain(text).strip())
    if len(items) > 1 and not all(items):
        message = f"`{text}` ends without a clause"
        raise ValueError(message)
    return tuple(_span(item) for item in items)


def expand(text: str) -> list[Address]:
    """Return each address that a list of clauses names, ranges of numbers counted out; none if empty. Raises ValueError."""
    singles = [single for span in parse(text) for single in counted(span)] if text else []
    for span in singles:
        if span.first != span.last:
            message = f"`{span}` cannot be counted out"
            raise ValueError(message)
    return [span.first for span in singles]


def counted(span: Span) -> list[Span]:
    """Return a range of numbers clause by clause; a single clause, and a range of letters, stays as it is."""
    low, high = span.first[-1:], span.last[-1:]
    if low == high or not (low[0].isdigit() and high[0].isdigit()):
        return [span]
    return [Span(each, each) for number in range(int(low[0]), int(high[0]) + 1) for each in [(*span.first[:-1], str(number))]]


def _span(item: str) -> Span:
    if item in ("", WHOLE):
        return Span((), ())
    found = _ITEM.match(item)
    if not found:
        message = f"`{item}` is not a citation"
        raise ValueError(message)
    first = (found["head"], *re.findall(r"\(([^)]+)\)", found["subs"]))
    if not found["last"]:
        return Span(first, first)
    end = found["last"]
    last = (*first[:-1], end.strip("()"))
    beside = end.startswith("(") == (len(first) > 1) and first[-1].isdigit() == last[-1].isdigit()
    if not beside or order(last[-1]) <= order(first[-1]):
        message = f"`{item}` does not run from a clause to a later one beside it"
        raise ValueError(message)
    return Span(first, last)


def _plain(text: str) -> str:
    """Return a citation with 第…条第…款第…项 in the other form."""
    if "条" not in text:
        return text.replace("（", "(").replace("）", ")")
    parts = [_CHINESE.sub(_bracketed, end) for end in text.split("至")]
    return "-".join([parts[0], *(part if len(parts) == 1 or "(" not in part else part[part.rindex("(") :] for part in parts[1:])])


def _bracketed(found: re.Match[str]) -> str:
    article, inserted, *below = found.groups()
    if article:
        return str(number(article)) + (f"之{number(inserted)}" if inserted else "")
    return f"({number(next(filter(None, below)))})"


def number(numeral: str) -> int:
    """Return the number that Chinese numerals or digits write, up to 9,999."""
    if numeral.isdigit() and numeral.isascii():
        return int(numeral)
    total = digit = 0
    for character in numeral.replace("两", "二").replace("〇", "零"):
        if character in "十百千":
            total += (digit or 1) * {"十": 10, "百": 100, "千": 1000}[character]
            digit = 0
        else:
            digit = int(character) if character.isascii() else DIGITS.index(character)
    return total + digit


def numeral(value: int) -> str:
    """Return the Chinese numeral of a number from 1 to 9,999, as articles are counted."""
    text, zero = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = value // unit % 10
        if digit:
            text += ("零" if zero and text else "") + DIGITS[digit] + name
        zero = not digit
    return text[1:] if text.startswith("一十") else text
