"""Blocks -> text for a terminal, Markdown, or a page of HTML that stands alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from api.render import table
from api.render.overall import Block, Heading, Lines, Table
from api.render.text import clean

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:80rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}th,td{border:1px solid #666;padding:.3rem .5rem;text-align:left}"
    "td{vertical-align:top}"
    "@media print{body{margin:0}}"
)


def text(blocks: Iterable[Block]) -> str:
    """Return blocks as text for standard output."""
    parts = []
    for block in blocks:
        match block:
            case Heading():
                parts.append(f"\n{clean(block.text)}" if block.level > 1 else clean(block.text))
            case Lines():
                parts.append("\n".join(f"  {clean(line)}" for line in block.lines))
            case Table():
                parts.append(table.render(block.heads, [tuple(map(clean, row)) for row in block.rows]))
    return "\n".join(parts)


def markdown(blocks: Iterable[Block]) -> str:
    """Return blocks as Markdown; what could be markup in a filing is escaped."""
    return "\n\n".join(_markdown(blocks)) + "\n"


def _markdown(blocks: Iterable[Block]) -> Iterator[str]:
    for block in blocks:
        match block:
            case Heading():
                yield f"{'#' * block.level} {_plain(block.text)}"
            case Lines():
                yield "\n".join(f"- {_plain(line)}" for line in block.lines)
            case Table():
                rows = [block.heads, tuple("---" for _ in block.heads), *block.rows]
                yield "\n".join(f"| {' | '.join(cell if row is rows[1] else _plain(cell) for cell in row)} |" for row in rows)


def _plain(text_: str) -> str:
    return "".join(f"\\{character}" if character in "\\|<>*_`[]#" else character for character in clean(text_))


def page(blocks: Iterable[Block], lang: str) -> str:
    """Return blocks as one page of HTML without script or outside parts."""
    found = list(blocks)
    title = next((block.text for block in found if isinstance(block, Heading)), "fenji")
    body = "\n".join(map(_html, found))
    return (
        f'<!doctype html>\n<html lang="{"zh-CN" if lang == "zh" else "en"}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{escape(title)}</title>\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _html(block: Block) -> str:
    match block:
        case Heading():
            return f"<h{block.level}>{escape(clean(block.text))}</h{block.level}>"
        case Lines():
            return "<ul>\n" + "\n".join(f"<li>{escape(clean(line))}</li>" for line in block.lines) + "\n</ul>"
        case Table():
            heads = "".join(f'<th scope="col">{escape(clean(cell))}</th>' for cell in block.heads)
            rows = "\n".join(f"<tr>{''.join(f'<td>{escape(clean(cell))}</td>' for cell in row)}</tr>" for row in block.rows)
            return f"<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>"
