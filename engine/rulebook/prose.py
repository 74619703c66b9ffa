"""Conditions in Chinese and English: what a lawyer reads beside the article."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from engine.rulebook import condition as ir
from engine.rulebook.typing import type_of_term

if TYPE_CHECKING:
    from engine.rulebook.model import PackRules, Rulebook

WORDS = {
    "zh": {
        "and": "，且", "or": "，或者", "not": "并非（{}）", "yes": "“{}”为是", "no": "“{}”为否", "in": "“{}”是{}之一", "has": "“{}”包含{}",
        "nonempty": "“{}”不为空", "any": "有一项{}满足：{}", "all": "每一项{}都满足：{}", "count": "{}的项数", "where": "{}（限于{}）",
        "sum": "各项“{}”之和", "max": "各项“{}”的最大（最严）值", "distinct": "各项“{}”去重合计", "add": "加", "lookup": "表“{}”给出的值",
        "==": "等于", "!=": "不等于", "<": "小于", "<=": "不超过", ">": "超过", ">=": "达到", "always": "总是", "never": "从不", "comma": "、",
    },
    "en": {
        "and": ", and ", "or": ", or ", "not": "it is not the case that ({})", "yes": "“{}” is yes", "no": "“{}” is no",
        "in": "“{}” is one of {}", "has": "“{}” includes {}", "nonempty": "“{}” is not empty", "any": "some {} satisfies: {}",
        "all": "every {} satisfies: {}", "count": "the number of items of {}", "where": "{} (only where {})", "sum": "the sum of “{}”",
        "max": "the largest (strictest) “{}”", "distinct": "the distinct total of “{}”", "add": "plus", "lookup": "the value in the table “{}”",
        "==": "is", "!=": "is not", "<": "is below", "<=": "is at most", ">": "is above", ">=": "is at least", "always": "always",
        "never": "never", "comma": ", ",
    },
}  # fmt: skip


def prose(node: ir.Node, rulebook: Rulebook, pack: PackRules, lang: str) -> str:
    """Return a condition or term as a sentence part in `zh` or `en`; never empty."""
    return _Prose(rulebook, pack, lang).say(node)


class _Prose:
    def __init__(self, rulebook: Rulebook, pack: PackRules, lang: str) -> None:
        self.rulebook = rulebook
        self.pack = pack
        self.lang = lang
        self.words = WORDS[lang]

    def say(self, node: ir.Node) -> str:
        words = self.words
        match node:
            case ir.Const():
                return words["always" if node.value else "never"] if isinstance(node.value, bool) else self.literal(node)
            case ir.Name():
                return words["yes"].format(self.label(node.id))
            case ir.And() | ir.Or():
                key = "and" if isinstance(node, ir.And) else "or"
                return words[key].join(self.part(part) for part in node.parts)
            case ir.Not():
                return (
                    words["no"].format(self.label(node.part.id))
                    if isinstance(node.part, ir.Name)
                    else words["not"].format(self.say(node.part))
                )
            case ir.Compare():
                return self.compare(node)
            case ir.In():
                return words["in"].format(
                    self.label(node.name.id), words["comma"].join(self.value(node.name, v) for v in node.values)
                )
            case ir.Has():
                return words["has"].format(self.label(node.name.id), self.value(node.name, node.value))
            case ir.NonEmpty():
                return words["nonempty"].format(self.label(node.name.id))
            case ir.AnyOf() | ir.AllOf():
                key = "any" if isinstance(node, ir.AnyOf) else "all"
                return words[key].format(self.rulebook.lists[node.list].label.get(self.lang), self.say(node.part))
            case _:
                return self.term(node)

    def part(self, node: ir.Node) -> str:
        text = self.say(node)
        return (
            f"（{text}）"
            if isinstance(node, (ir.And, ir.Or)) and self.lang == "zh"
            else f"({text})"
            if isinstance(node, (ir.And, ir.Or))
            else text
        )

    def compare(self, node: ir.Compare) -> str:
        if not isinstance(node.first, ir.Const) and len(node.rest) == 1:
            (op, right), left = node.rest[0], node.first
            if isinstance(left, ir.Name) and isinstance(right, ir.Const) and isinstance(right.value, bool):
                return self.words["yes" if right.value == (op == "==") else "no"].format(self.label(left.id))
        text = self.term(node.first)
        gap = " " if self.lang == "en" else ""
        before = node.first
        for op, term in node.rest:
            shown = self.value(before, term) if isinstance(term, ir.Const) else self.term(term)
            text += f"{gap}{self.words[op]}{gap}{shown}"
            before = term
        return text

    def term(self, node: ir.Node) -> str:
        words = self.words
        match node:
            case ir.Const():
                return self.literal(node)
            case ir.Name():
                return f"“{self.label(node.id)}”"
            case ir.Add():
                gap = " " if self.lang == "en" else ""
                return f"{gap}{words['add']}{gap}".join(self.term(part) for part in node.parts)
            case ir.Lookup():
                return words["lookup"].format(self.rulebook.tables[node.table].title.get(self.lang))
            case ir.Count():
                text = words["count"].format(self.rulebook.lists[node.list].label.get(self.lang))
            case ir.Fold():
                text = words[node.op].format(self.label(node.value.id))
            case _:
                return self.say(node)
        return words["where"].format(text, self.say(node.where)) if node.where else text

    def label(self, name: str) -> str:
        for home in (self.rulebook.facts, self.pack.derived):
            if name in home:
                return home[name].label.get(self.lang)
        return self.pack.outcomes[name].title.get(self.lang)

    def value(self, term: ir.Node, const: ir.Const) -> str:
        kind = type_of_term(term, self.rulebook, self.pack)
        inner = term.value if isinstance(term, ir.Fold) else term
        name = inner.id if isinstance(inner, ir.Name) else ""
        values = self.rulebook.facts[name].values if name in self.rulebook.facts else []
        values = values or (self.pack.outcomes[name].values if name in self.pack.outcomes else [])
        found = next((value.label.get(self.lang) for value in values if value.id == const.value), None)
        return f"“{found}”" if found else self.literal(ir.Const(const.value, const.unit or kind.unit))

    def literal(self, node: ir.Const) -> str:
        value = node.value
        text = f"{value:,}" if isinstance(value, int) else value.isoformat() if isinstance(value, date) else str(value)
        return f"{text} {node.unit}" if node.unit else text
