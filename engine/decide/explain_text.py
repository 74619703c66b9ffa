"""An explanation as plain text, in Chinese or English."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from schemas.answer import OutcomeAnswer, RuleAnswer
from schemas.explanation import Explanation, Reason
from schemas.rulebook import Source

WORDS = {
    "zh": {
        "head": "{pack} · 判定日 {day} · 规则集 {book}", "determined": "已确定", "open": "未确定", "outcomes": "结论", "why": "为什么",
        "awaited": "尚待事实的规则", "why_not": "为什么不是（最接近的未触发规则）", "lacked": "缺少：", "changes": "什么会改变结论",
        "missing": "缺少的事实", "may": "可能相关的事实", "settle": "如何确定", "goes_to": "未确定时交由", "notes": "说明",
        "narrowed": "逐一补全后仍可能", "when": "条件：", "facts": "事实：", "unknown": "未知", "yes": "是", "no": "否", "none": "无",
        "possible": "可能", "certain": "确定", "smallest": "（已证明为最少）", "not_smallest": "（未证明为最少）", "unread": "法律文本未读",
        "not_governed": "尚无规定", "conflict": "规则冲突", "by": "依据：", "article": "第{}条",
    },
    "en": {
        "head": "{pack} · as of {day} · rulebook {book}", "determined": "determined", "open": "undetermined", "outcomes": "Answer",
        "why": "Why", "awaited": "Rules that wait for facts", "why_not": "Why not (the nearest rules that did not fire)",
        "lacked": "lacked: ", "changes": "What would change the answer", "missing": "Missing facts", "may": "Facts that may matter",
        "settle": "What settles it", "goes_to": "While undetermined it goes to", "notes": "Notes",
        "narrowed": "still possible after completing the filing", "when": "when ", "facts": "facts: ", "unknown": "unknown", "yes": "yes",
        "no": "no", "none": "none", "possible": "possible", "certain": "certain", "smallest": " (proven smallest)",
        "not_smallest": " (not proven smallest)", "unread": "Text of law not read", "not_governed": "not governed",
        "conflict": "rules conflict", "by": "law: ", "article": "art. {}",
    },
}  # fmt: skip
READ = {
    "zh": {"official": "官方文本", "mirror": "官方文本的转载", "secondary": "二手资料，未核实", "recalled": "凭记忆，未核实"},
    "en": {"official": "official text", "mirror": "mirror of the official text", "secondary": "second-hand, unverified", "recalled": "from memory, unverified"},
}  # fmt: skip
EFFECT = {
    "zh": {"statutory": "法定", "agreed": "约定", "owner": "业主", "advisory": "建议"},
    "en": {"statutory": "statutory", "agreed": "agreed", "owner": "owner", "advisory": "advisory"},
}


def text(explanation: Explanation, lang: str) -> str:
    """Return the explanation as lines of text in `zh` or `en`."""
    return "\n".join(_Text(explanation, lang).lines())


class _Text:
    def __init__(self, explanation: Explanation, lang: str) -> None:
        self.e = explanation
        self.lang = lang
        self.w = WORDS[lang]

    def lines(self) -> Iterator[str]:
        answer = self.e.answer
        state = self.w["determined" if answer.determined else "open"]
        yield f"{self.w['head'].format(pack=answer.pack, day=answer.as_of, book=answer.rulebook[:12])} · {state}"
        yield from self.section("outcomes", (line for name, o in answer.outcomes.items() for line in self.outcome(name, o)))
        for home, items in answer.items.items():
            for item in items:
                lines = (line for name, o in item.outcomes.items() for line in self.outcome(name, o))
                yield f"\n{home} {item.id}"
                yield from lines
        yield from self.section("why", (line for reason in self.e.why for line in self.reason(reason)))
        yield from self.section("awaited", (line for reason in self.e.awaited for line in self.reason(reason)))
        yield from self.section("why_not", self.why_not())
        yield from self.section("changes", self.changes())
        yield from self.section(
            "missing", (f"  {self.name(m.fact, m.item)}: {m.question.get(self.lang)}" for m in answer.missing)
        )
        yield from self.section("may", (f"  {self.name(m.fact, m.item)}: {m.question.get(self.lang)}" for m in answer.may_matter))
        yield from self.section("settle", self.settle())
        yield from self.section("unread", (f"  {note.id}: {note.text.get(self.lang)}" for note in answer.unread_law))
        yield from self.section(
            "goes_to", (f"  {self.title(g.outcome)}: {g.to.get(self.lang)} [{g.basis}]" for g in answer.goes_to)
        )
        yield from self.section("notes", (f"  {note.text.get(self.lang)}" for note in answer.notes))

    def section(self, title: str, lines: Iterator[str]) -> Iterator[str]:
        found = list(lines)
        if found:
            yield f"\n{self.w[title]}"
            yield from found

    def title(self, outcome: str) -> str:
        return self.e.titles[outcome].get(self.lang)

    def value(self, outcome: str, value: str) -> str:
        label = self.e.labels[outcome].get(value)
        return label.get(self.lang) if label else self.w[value]

    def many(self, outcome: str, values: list[str]) -> str:
        return ("、" if self.lang == "zh" else ", ").join(self.value(outcome, value) for value in values) or self.w["none"]

    def outcome(self, name: str, found: OutcomeAnswer) -> Iterator[str]:
        if found.determined:
            shown = self.many(name, found.value if isinstance(found.value, list) else [found.value])
        elif found.certain is not None:
            shown = (
                f"{self.w['certain']} {self.many(name, found.certain)}; {self.w['possible']} {self.many(name, found.possible)}"
            )
        else:
            shown = f"{self.w['possible']} {self.many(name, found.possible)}"
        yield f"  {self.title(name)}: {shown}"
        if name in self.e.narrowed:
            yield f"    {self.w['narrowed']}: {self.many(name, self.e.narrowed[name].possible)} [{self.e.narrowed[name].decided_by}]"

    def reason(self, reason: Reason) -> Iterator[str]:
        yield f"  {self.rule(reason.rule)}"
        yield f"    {self.w['when']}{reason.condition.get(self.lang)}"
        facts = ", ".join(f"{f.label.get(self.lang)} = {self.shown(f.value)}" for f in reason.facts)
        yield f"    {self.w['facts']}{facts or self.w['none']}"
        for source in reason.rule.sources:
            yield f"    {self.w['by']}{self.source(source)}"

    def rule(self, rule: RuleAnswer) -> str:
        item = f" [{rule.item}]" if rule.item else ""
        return f"{rule.titles.get(self.lang)}{item} ({rule.rule} {', '.join(rule.version)}, {EFFECT[self.lang][rule.effect]})"

    def source(self, source: Source) -> str:
        instrument = self.e.instruments[source.instrument].title.get(self.lang)
        article = f" {self.w['article'].format(source.article)}" if source.article else ""
        note = f" ({source.note.get(self.lang)})" if source.note else ""
        return f"{instrument}{article} [{READ[self.lang][source.read]}]{note}"

    def shown(self, value: Any) -> str:
        if value is None:
            return self.w["unknown"]
        if isinstance(value, bool):
            return self.w["yes" if value else "no"]
        return ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else str(value)

    def why_not(self) -> Iterator[str]:
        for entry in self.e.why_not:
            yield f"  {self.rule(entry.rule)}"
            yield from (f"    {self.w['lacked']}{part.get(self.lang)}" for part in entry.lacked)

    def changes(self) -> Iterator[str]:
        if self.e.changes:
            yield f"  {self.e.changes_are.get(self.lang)}"
        for change in self.e.changes:
            outcomes = "; ".join(f"{self.title(name)}: {self.many(name, values)}" for name, values in change.outcomes.items())
            item = f" [{change.item}]" if change.item else ""
            yield f"  {change.label.get(self.lang)}{item}: {self.shown(change.now)} -> {self.shown(change.instead)}: {outcomes}"

    def name(self, fact: str, item: str | None) -> str:
        return f"{fact} [{item}]" if item else fact

    def settle(self) -> Iterator[str]:
        for entry in self.e.answer.settle:
            answers = ", ".join(f"{self.name(a.fact, a.item)} = {self.shown(a.value)}" for a in entry.answers)
            proof = self.w["smallest" if entry.smallest else "not_smallest"]
            yield f"  {self.title(entry.outcome)} = {self.value(entry.outcome, entry.value)}: {answers}{proof}"
