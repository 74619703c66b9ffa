"""Coverage and comparisons as text: tables of clauses, with a line of counts below."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from api.render import table
from schemas.coverage import Comparison, Coverage

STATUS = {
    "encoded": {"zh": "已编码", "en": "encoded"},
    "definition": {"zh": "定义", "en": "definition"},
    "programme": {"zh": "方针", "en": "programme"},
    "penalty": {"zh": "罚则", "en": "penalty"},
    "open_norm": {"zh": "须判断", "en": "open norm"},
    "not_encoded": {"zh": "未编码", "en": "not encoded"},
    "unchanged": {"zh": "未变", "en": "unchanged"},
    "stale": {"zh": "已变", "en": "stale"},
    "missing": {"zh": "缺失", "en": "missing"},
}
SHOWN = 3  # rules named in a cell; --json names all


def clauses(rows: Sequence[Coverage], lang: str) -> str:
    """Return the table of clauses; `lang` is zh or en."""
    heads = {"zh": ("文件", "条款", "状态", "规则或者理由"), "en": ("instrument", "clause", "status", "rules, or why not")}[lang]
    cells = [(row.instrument, row.clause, STATUS[row.status][lang], _names(row.rules) or row.reason) for row in rows]
    return f"{table.render(heads, cells)}\n\n{_counts([row.status for row in rows], {'zh': '条款', 'en': 'clauses'}[lang], lang)}"


def comparisons(rows: Sequence[Comparison], lang: str) -> str:
    """Return the table of articles that are stale or missing, all clauses and rules that rest on them, and the counts."""
    heads = {
        "zh": ("文件", "条", "状态", "条款", "依据它的规则", "文本"),
        "en": ("instrument", "article", "status", "clauses", "rules that rest on it", "text"),
    }[lang]
    moved = {"zh": "现为第{}条", "en": "now article {}"}[lang]
    none = {"zh": "没有文本", "en": "no text"}[lang]
    cells = [
        (
            row.instrument,
            row.article,
            STATUS[row.status][lang],
            ", ".join(row.clauses),
            "\n".join(row.rules),
            "\n".join(filter(None, (row.file or none, moved.format(row.moved_to) if row.moved_to else ""))),
        )
        for row in rows
        if row.status != "unchanged"
    ]
    counts = _counts([row.status for row in rows], {"zh": "条", "en": "articles"}[lang], lang)
    return f"{table.render(heads, cells)}\n\n{counts}" if cells else counts


def _names(rules: Sequence[str]) -> str:
    more = len(rules) - SHOWN
    return ", ".join(rules[:SHOWN]) + (f" +{more}" if more > 0 else "")


def _counts(statuses: Sequence[str], what: str, lang: str) -> str:
    counted = Counter(statuses)
    parts = (f"{STATUS[name][lang]} {counted[name]}" for name in STATUS if counted[name])
    return f"{len(statuses)} {what}: {', '.join(parts)}" if lang == "en" else f"{len(statuses)}个{what}：{'，'.join(parts)}"
