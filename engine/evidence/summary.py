"""One page about a decision, for a reader who has only the bundle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.evidence import decided
from schemas.rulebook import Source

if TYPE_CHECKING:
    from engine.evidence.keys import PublicKey
    from engine.evidence.record import Rules

_WORDS = {
    "zh": {
        "title": "决定摘要", "id": "编号", "kind": "性质", "proposal": "规则引擎的建议", "decision": "有签名的正式决定", "law": "适用法律日期",
        "at": "记录时间", "by": "记录人", "rules": "规则", "outcome": "结果", "open": "尚未确定", "why": "依据", "read": "文本来源",
        "official": "官方文本", "mirror": "官方文本镜像", "secondary": "二手来源，未核实", "recalled": "凭记忆，未核实",
        "missing": "仍缺的事实", "withheld": "未披露或已删除的事实", "verify": "核验",
        "how": "用另行取得的信任文件核验：`python verify.py 本文件.fenji.zip --trust trust.json`。包内的密钥本身不能证明来源。",
        "sep": "：", "comma": "、",
    },
    "en": {
        "title": "Summary of a decision", "id": "id", "kind": "kind", "proposal": "a proposal of the rule engine",
        "decision": "a signed decision", "law": "law of", "at": "recorded", "by": "by", "rules": "rules", "outcome": "Outcomes",
        "open": "undetermined", "why": "Because", "read": "text", "official": "official text", "mirror": "mirror of the official text",
        "secondary": "second-hand, unverified", "recalled": "from memory, unverified",
        "missing": "Facts still missing", "withheld": "facts withheld or erased", "verify": "To verify",
        "how": "Run `python verify.py THIS.fenji.zip --trust trust.json` with a trust file obtained another way; "
        "keys inside the bundle prove nothing by themselves.",
        "sep": ": ", "comma": ", ",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a page is about: the predicate, its leaf, and the keys that a verifier of the bundle looks up."""

    predicate: dict[str, Any]
    index: int
    signers: tuple[PublicKey, ...]


def page(of: Rules, recorded: Recorded, withheld: int, lang: str) -> bytes:
    """Return the page in Markdown, in `zh` or `en`; `withheld` counts the facts that the bundle lacks."""
    word, p = _WORDS[lang], recorded.predicate
    sep, doc = word["sep"], of.rulebook.packs[of.pack].doc
    actor = p["actor"]
    lines = [
        f"# {word['title']}{sep}{doc.title.get(lang)}",
        "",
        f"- {word['id']}{sep}{p['decision_id']} (#{recorded.index})",
        f"- {word['kind']}{sep}{word[p['kind']]}",
        f"- {word['law']}{sep}{p['as_of']}",
        f"- {word['at']}{sep}{p['decided_at']} {word['by']} {actor['name']} ({actor['sub']}, {actor['unit']}, {actor['role']})",
        f"- {word['rules']}{sep}{p['rulepack']['name']} {p['rulepack']['version']} {p['rulepack']['sha256'][:16]}",
    ]
    if withheld:
        lines.append(f"- {word['withheld']}{sep}{withheld}")
    if p["outcome"]:
        lines.append(f"- {decided.line(p, recorded.signers, lang, lambda name, value: _value(of, name, value, lang))}")
    lines += ["", f"## {word['outcome']}", "", *_outcomes(of, p["verdict"], lang), "", f"## {word['why']}", ""]
    lines += [_rule(of, rule, lang) for rule in p["verdict"]["fired"]]
    if p["verdict"]["missing"]:
        lines += ["", f"## {word['missing']}", "", *(f"- {entry['question'][lang]}" for entry in p["verdict"]["missing"])]
    lines += ["", f"## {word['verify']}", "", word["how"], ""]
    return "\n".join(lines).encode()


def _outcomes(of: Rules, verdict: dict[str, Any], lang: str) -> list[str]:
    word = _WORDS[lang]
    titles = {outcome.id: outcome.title.get(lang) for outcome in of.rulebook.packs[of.pack].doc.outcomes}
    lines = []
    for name, outcome in verdict["outcomes"].items():
        values = outcome["certain"] if outcome["combine"] == "union" and not outcome["determined"] else outcome["possible"]
        shown = word["comma"].join(_value(of, name, value, lang) for value in values or ()) or "-"
        doubt = "" if outcome["determined"] else f" ({word['open']})"
        lines.append(f"- {titles[name]}{doubt}{word['sep']}{shown}")
    return lines


def _value(of: Rules, name: str, value: str, lang: str) -> str:
    outcome = of.rulebook.packs[of.pack].outcomes[name]
    return next((entry.label.get(lang) for entry in outcome.values if entry.id == value), value)


def _rule(of: Rules, rule: dict[str, Any], lang: str) -> str:
    word = _WORDS[lang]
    cited = word["comma"].join(_source(of, Source.model_validate(source), lang) for source in rule["sources"])
    return f"- {rule['titles'][lang]} ({rule['effect']}){word['sep']}{cited}"


def _source(of: Rules, source: Source, lang: str) -> str:
    instrument = of.rulebook.instruments.get(source.instrument)
    title = instrument.title.get(lang) if instrument else source.instrument
    return f"{title} {source.article} [{_WORDS[lang][source.read]}]".replace("  ", " ")
