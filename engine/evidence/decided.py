"""What an official decided, in one line: how it stands to the rules, why, and who approved it.

An official's outcome is the decision; the verdict beside it is only what the rules leave. A reader who sees the verdict alone
takes a deviation for an open answer, so the summary, both verifiers and a replay all say this line (FORMATS.md, section 12).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from engine.evidence.keys import PublicKey

_WORDS = {
    "en": {
        "head": "decided: {name} = {value} (the rules leave {left}), {how}; reasons: {reasons}",
        "by": "; approved by {who}",
        "deviation": "a deviation",
        "same": "as the rules propose",
        "unmarked": "recorded as no deviation",
    },
    "zh": {
        "head": "正式结果：{name} = {value}（规则留有 {left}），{how}；理由：{reasons}",
        "by": "；批准人：{who}",
        "deviation": "偏离规则",
        "same": "与规则建议一致",
        "unmarked": "未记为偏离",
    },
}


def line(
    p: dict[str, Any],
    signers: Iterable[PublicKey],
    lang: str = "en",
    label: Callable[[str, str], str] = lambda _name, value: value,
) -> str:
    """Return the line for a predicate, empty for a proposal; `label` names a value of an outcome.

    `signers` are looked up for the name and unit of who approved; one whose key is not among them is named by id alone.
    Raises KeyError, TypeError, AttributeError for a predicate that is malformed.
    """
    if not p["outcome"]:
        return ""
    word, name, value = _WORDS[lang], p["outcome"]["name"], p["outcome"]["value"]
    left = p["verdict"]["outcomes"][name]["possible"]
    # records of before two officials were asked for an open outcome hold none: they are told of as they are
    how = "deviation" if p["overrides"] else "same" if left == [value] else "unmarked"
    reasons = " ".join(p["outcome"]["reasons"].split()) or "-"
    shown = "|".join(label(name, each) for each in left)
    said = word["head"].format(name=name, value=label(name, value), left=shown, how=word[how], reasons=reasons)
    # whoever approved may hold a later key, with which only the bundle was exported: the holder of then is named
    holders = {key.holder.sub: key.holder for key in signers if key.purpose == "decision" and key.was_valid(p["decided_at"])}
    seconds = [each["approved_by"] for each in p["overrides"] if each["approved_by"]]
    who = [f"{holders[sub].name} ({sub}, {holders[sub].unit}, official)" if sub in holders else sub for sub in seconds]
    return said + (word["by"].format(who=", ".join(who)) if who else "")
