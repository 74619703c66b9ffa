"""Grants and their uses -> text and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from api.render import table
from api.render.text import clean
from engine.supervise.grants import Compared, Grant, Limit, Used

VERDICT = {
    "within": {"zh": "在批准范围内", "en": "within the grant"},
    "beyond": {"zh": "超出批准", "en": "beyond the grant"},
    "open": {"zh": "未定", "en": "open"},
}
LIMIT: dict[Limit, dict[str, str]] = {
    "purpose": {"zh": "目的", "en": "purpose"},
    "items": {"zh": "数据项", "en": "items"},
    "before_start": {"zh": "早于共享", "en": "before the data were provided"},
    "after_end": {"zh": "晚于使用时限", "en": "after the time allowed"},
    "uses": {"zh": "使用次数", "en": "number of uses"},
    "records": {"zh": "记录数", "en": "number of records"},
    "onward": {"zh": "再提供", "en": "onward provision"},
    "suspended": {"zh": "权限暂停期间", "en": "while suspended"},
    "ended": {"zh": "共享已终止", "en": "after the sharing ended"},
}


def compared(found: Sequence[Compared], lang: str) -> str:
    """Return uses as a table: how each stands to the grant, what it passes, what is not told."""
    heads = {"zh": ("使用", "日期", "结论", "超出", "未告知"), "en": ("use", "day", "verdict", "beyond", "not told")}[lang]
    rows = [
        (
            clean(each.use.id) + (f" x{each.use.times}" if each.use.times > 1 else ""),
            each.use.day.isoformat(),
            VERDICT[each.verdict][lang],
            _limits(each.beyond, lang),
            _limits(each.open, lang),
        )
        for each in found
    ]
    return table.render(heads, rows)


def compared_json(found: Compared) -> dict[str, Any]:
    """Return a use as a JSON value."""
    use = found.use
    return {
        "use": use.id,
        "date": use.day.isoformat(),
        "times": use.times,
        "purpose": use.purpose,
        "items": _sorted(use.items),
        "records": use.records,
        "passed_to": _sorted(use.onward),
        "verdict": found.verdict,
        "beyond": list(found.beyond),
        "open": list(found.open),
    }


def grant(found: Grant, total: Used, lang: str) -> str:
    """Return what was granted, and what was used of it."""
    anything = {"zh": "未载明", "en": "not told"}[lang]
    words = {"zh": "用途、数据项、期限、次数、记录数", "en": "purposes, items, days, uses, records"}[lang]
    limits = (
        ", ".join(map(clean, sorted(found.purposes))) if found.purposes is not None else anything,
        ", ".join(map(clean, sorted(found.items))) if found.items is not None else anything,
        f"{_day(found.start)}..{found.end or ''}",
        f"{total.uses}/{'-' if found.uses is None else found.uses}",
        f"{'' if total.exact else '>='}{total.records}/{'-' if found.records is None else found.records}",
    )
    return f"{words}: {'; '.join(limits)}"


def grant_json(found: Grant) -> dict[str, Any]:
    """Return a grant as a JSON value."""
    return {
        "purposes": _sorted(found.purposes),
        "items": _sorted(found.items),
        "start": _day(found.start) or None,
        "end": found.end.isoformat() if found.end else None,
        "uses": found.uses,
        "records": found.records,
        "onward": sorted(found.onward),
        "policies": sorted(found.policies),
    }


def _day(day: date) -> str:
    return "" if day == date.max else day.isoformat()


def _sorted(found: Iterable[str] | None) -> list[str] | None:
    return None if found is None else sorted(found)


def _limits(found: Sequence[Limit], lang: str) -> str:
    return "\n".join(LIMIT[name][lang] for name in found)
