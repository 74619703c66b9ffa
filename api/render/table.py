"""Rows -> a table: boxed by rich on a terminal, aligned columns elsewhere. A Chinese character is two columns wide."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import zip_longest
from unicodedata import east_asian_width

Row = Sequence[str]


def render(heads: Row, rows: Sequence[Row]) -> str:
    """Return the table for standard output; a cell may have several lines."""
    return _boxed(heads, rows) if sys.stdout.isatty() else plain(heads, rows)


def plain(heads: Row, rows: Sequence[Row]) -> str:
    """Return aligned columns, heads underlined."""
    lines = [
        heads,
        ["" for _ in heads],
        *(line for row in rows for line in zip_longest(*(cell.split("\n") for cell in row), fillvalue="")),
    ]
    widths = [max(map(width, column)) for column in zip(*lines, strict=True)]
    lines[1] = ["-" * size for size in widths]
    return "\n".join("  ".join(pad(cell, size) for cell, size in zip(line, widths, strict=True)).rstrip() for line in lines)


def width(text: str) -> int:
    """Return the columns that `text` takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def pad(text: str, size: int) -> str:
    """Return `text` filled with blanks to `size` columns."""
    return text + " " * (size - width(text))


def _boxed(heads: Row, rows: Sequence[Row]) -> str:
    from rich.console import Console  # noqa: PLC0415 - only a terminal needs it
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    made = Table(*heads)
    for row in rows:
        made.add_row(*map(Text, row))
    console = Console()
    with console.capture() as captured:
        console.print(made)
    return captured.get().rstrip("\n")
