"""Change values in a YAML file and leave every other byte as its author wrote it: comments, order, quotes, folded lines.

What is changed in kind (a list of another length, a mapping with other keys) is written anew, each entry on one line.
"""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

from engine.rulebook.read import plain, read

Edit = tuple[int, int, str]
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # composing is safe here: the project's reader has read the text before
_BARE = re.compile(r"[A-Za-z_\u4e00-\u9fff][\w\u4e00-\u9fff .()/-]*\Z")
_SPECIAL = frozenset({"true", "false", "yes", "no", "null", "off"})


def flow(value: Any) -> str:
    """Return plain data on one line of YAML; the project's reader reads back the same data."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{flow(str(key))}: {flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    text = str(value)
    bare = (_BARE.match(text) and text.lower() not in _SPECIAL and text == text.strip()) or re.match(r"\d{4}-\d\d-\d\d\Z", text)
    return text if bare else '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t") + '"'


def rewrite(text: str, new: Any) -> str:
    """Return `text` with the values of `new`; a text that already has them is returned as it is."""
    old = plain(read(text.encode(), "<text>"))
    if _same(old, new):
        return text
    edits: list[Edit] = []
    _edit(text, yaml.compose(text, Loader=_Loader), (old, new), edits, root=True)
    for start, end, put in sorted(edits, reverse=True):
        text = text[:start] + put + text[end:]
    return text


def loses_comments(before: str, after: str) -> bool:
    """Tell whether a rewritten text has fewer comments than before."""
    return len(re.findall(r"(?m)(?:^|\s)#", after)) < len(re.findall(r"(?m)(?:^|\s)#", before))


def _same(old: Any, new: Any) -> bool:
    """Tell whether two values are the same and of the same types: `true` is not 1."""
    return json.dumps(old) == json.dumps(new)


def _edit(text: str, node: Any, pair: tuple[Any, Any], edits: list[Edit], *, root: bool = False) -> None:
    old, new = pair
    if _same(old, new):
        return
    if isinstance(old, dict) and isinstance(new, dict) and (root or list(old) == list(new)):
        pairs = {key.value: (key, value) for key, value in node.value}
        for name in [name for name in old if name in new]:
            _edit(text, pairs[name][1], (old[name], new[name]), edits)
        if root:
            _keys(text, node, old, new, edits)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for child, before, after in zip(node.value, old, new, strict=True):
            _edit(text, child, (before, after), edits)
    else:
        edits.append((node.start_mark.index, _end(text, node), _written(node, new)))


def _keys(text: str, node: Any, old: dict[str, Any], new: dict[str, Any], edits: list[Edit]) -> None:
    """Take out lines of the outermost mapping, or put some in before the sources."""
    starts = [key.start_mark.index for key, _ in node.value] + [len(text)]
    for at, (key, _) in enumerate(node.value):
        if key.value not in new:
            edits.append((starts[at], starts[at + 1], ""))
    before = next((key.start_mark.index for key, _ in node.value if key.value == "sources"), len(text))
    added = "".join(f"{name}: {flow(value)}\n" for name, value in new.items() if name not in old)
    if added:
        edits.append((before, before, added))


def _end(text: str, node: Any) -> int:
    """Return where a node ends, without the blank lines and comments that follow it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(text, last[1] if isinstance(last, tuple) else last)
    end: int = node.end_mark.index
    while end > node.start_mark.index and text[end - 1].isspace():
        end -= 1
    return end


def _written(node: Any, new: Any) -> str:
    """Return new data as they stand in the place of a node: a list in block style keeps one entry on a line."""
    indent: str = "\n" + " " * node.start_mark.column
    if isinstance(node, yaml.SequenceNode) and not node.flow_style and isinstance(new, list) and new:
        return indent.join(f"- {flow(each)}" for each in new)
    if isinstance(node, yaml.MappingNode) and not node.flow_style and isinstance(new, dict) and new:
        return indent.join(f"{flow(str(key))}: {flow(each)}" for key, each in new.items())
    return flow(new)
