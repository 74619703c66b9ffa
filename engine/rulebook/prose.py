"""Conditions in Chinese and English: what a lawyer reads beside the article.

A label stands in quotation marks, as the term that the vocabulary defines; numbers carry their unit and are counted in 万 and 亿.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from engine.rulebook import condition as ir
from engine.rulebook.typing import type_of_term

if TYPE_CHECKING:
    from engine.rulebook.model import PackRules, Rulebook
    from schemas.rulebook import Fact, Value
    from schemas.term import Type

WORDS = {
    "zh": {
        "and": "，且", "or": "，或者", "not": "并非{}", "yes": "“{}”为是", "no": "“{}”为否", "in": "“{}”为{}之一", "not in": "“{}”不是{}之一",
        "has": "“{}”包含{}", "not has": "“{}”不包含{}", "nonempty": "“{}”至少有一项", "not nonempty": "“{}”一项也没有",
        "any": "至少一项{}符合：{}", "all": "每一项{}均符合：{}", "count": "{}的项数", "where": "{}（仅计符合下列条件的{}：{}）", "add": "{}之和", "plus": "与",
        "sum": "各项{}“{}”之和", "max": "各项{}中最大的“{}”", "strictest": "各项{}中最严的“{}”", "distinct": "各项{}“{}”去重后的合计",
        "lookup": "“{}”所列结果", "same": "{}与{}相同", "differ": "{}与{}不同", "always": "始终成立", "never": "从不成立", "comma": "、", "chain": "且",
        "unknown": "未知", "true": "是", "false": "否", "none": "无", "one of": "{}之一", "includes": "包含{}", "excludes": "不包含{}",
    },
    "en": {
        "and": ", and ", "or": ", or ", "not": "it is not the case that {}", "yes": "“{}” is yes", "no": "“{}” is no",
        "in": "“{}” is one of {}", "not in": "“{}” is none of {}", "has": "“{}” includes {}", "not has": "“{}” does not include {}",
        "nonempty": "“{}” has at least one entry", "not nonempty": "“{}” has no entry", "any": "for at least one {}: {}",
        "all": "for every {}: {}", "count": "the number of entries of “{}”", "where": "{} (counting only each {} where {})",
        "add": "the sum of {}", "plus": " and ", "sum": "the sum over every {} of “{}”", "max": "the largest “{1}” of any {0}",
        "strictest": "the strictest “{1}” of any {0}", "distinct": "the total over every {} of “{}”, each counted once",
        "lookup": "what “{}” gives", "same": "{} and {} are the same", "differ": "{} and {} differ", "always": "always", "never": "never",
        "comma": ", ", "chain": " and ", "unknown": "unknown", "true": "yes", "false": "no", "none": "none", "one of": "one of {}",
        "includes": "including {}", "excludes": "without {}",
    },
}  # fmt: skip
# operator -> how it is said of numbers, of days, and of values in their order
SAID: dict[str, dict[str, dict[str, str]]] = {
    "zh": {
        "number": {"==": "为{}", "!=": "不为{}", "<": "不满{}", "<=": "不超过{}", ">": "超过{}", ">=": "达到{}"},
        "date": {"==": "为{}", "!=": "不为{}", "<": "早于{}", "<=": "不晚于{}", ">": "晚于{}", ">=": "不早于{}"},
        "value": {"==": "为{}", "!=": "不为{}", "<": "低于{}", "<=": "不高于{}", ">": "高于{}", ">=": "不低于{}"},
    },
    "en": {
        "number": {"==": "{}", "!=": "not {}", "<": "below {}", "<=": "at most {}", ">": "above {}", ">=": "at least {}"},
        "date": {"==": "{}", "!=": "not {}", "<": "before {}", "<=": "on or before {}", ">": "after {}", ">=": "on or after {}"},
        "value": {"==": "{}", "!=": "not {}", "<": "below {}", "<=": "at most {}", ">": "above {}", ">=": "at least {}"},
    },
}
FLIP = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}


def prose(node: ir.Node, rulebook: Rulebook, pack: PackRules, lang: str) -> str:
    """Return a condition or term as a sentence part in `zh` or `en`; never empty."""
    return _Prose(rulebook, pack, lang).say(node)


def quantity(rulebook: Rulebook, value: int | Decimal | date | str, unit: str, lang: str) -> str:
    """Return a number with its unit, or a day, as people write it in `zh` or `en`."""
    if isinstance(value, date):
        return f"{value.year}年{value.month}月{value.day}日" if lang == "zh" else value.isoformat()
    number = _number(value, lang)
    if unit not in rulebook.units:
        return number
    declared = rulebook.units[unit]
    if lang == "zh":
        return f"{number}{declared.label.zh}"
    return f"{number} {declared.one if value in (1, -1) and declared.one else declared.label.en}"


def _number(value: int | Decimal | str, lang: str) -> str:
    """Return a number in digits: Chinese counts round ones in 亿 and 万, English sets commas."""
    if isinstance(value, int):
        for size, word in ((10**8, "亿"), (10**4, "万")) if lang == "zh" else ():
            if value and value % size == 0:
                return f"{value // size:,}{word}"
        return f"{value:,}"
    return str(value)


def known(rulebook: Rulebook, fact: Fact, value: Any, lang: str) -> str:
    """Return what is known of a fact, given as a filing would write it, in words; None is unknown."""
    words = WORDS[lang]
    match value:
        case None:
            return words["unknown"]
        case bool():
            return words["true" if value else "false"]
        case list():
            return _labels(fact.values, value, lang) or words["none"]
        case dict() if "one_of" in value:
            return words["one of"].format(_labels(fact.values, value["one_of"], lang))
        case dict() if "includes" in value:
            parts = (words[key].format(_labels(fact.values, value[key], lang)) for key in ("includes", "excludes") if value[key])
            return words["comma"].join(parts) or words["unknown"]
        case dict():
            said = SAID[lang]["date" if fact.type == "date" else "number"]
            bounds = ((">=", value.get("at_least")), ("<=", value.get("at_most")))
            return words["chain"].join(said[op].format(_stated(rulebook, fact, b, lang)) for op, b in bounds if b is not None)
    return _labels(fact.values, [value], lang) if fact.values else _stated(rulebook, fact, value, lang)


def _labels(values: list[Value], ids: list[str], lang: str) -> str:
    labels = {value.id: value.label.get(lang) for value in values}
    return WORDS[lang]["comma"].join(labels[each] for each in ids)


def _stated(rulebook: Rulebook, fact: Fact, value: int | str, lang: str) -> str:
    return quantity(rulebook, date.fromisoformat(str(value)) if fact.type == "date" else value, fact.unit, lang)


class _Prose:
    def __init__(self, rulebook: Rulebook, pack: PackRules, lang: str) -> None:
        self.rulebook = rulebook
        self.pack = pack
        self.lang = lang
        self.words = WORDS[lang]

    def say(self, node: ir.Node) -> str:
        """Say a condition."""
        words = self.words
        match node:
            case ir.Const(bool()):
                return words["always" if node.value else "never"]
            case ir.Name():
                return words["yes"].format(self.label(node.id))
            case ir.And() | ir.Or():
                return words["and" if isinstance(node, ir.And) else "or"].join(self.part(part) for part in node.parts)
            case ir.Not(part=(ir.Name() | ir.In() | ir.Has() | ir.NonEmpty()) as part):
                return self.atom(part, "not ")
            case ir.Not():
                return words["not"].format(self.bracketed(self.say(node.part)))
            case ir.Compare():
                return self.compare(node)
            case ir.In() | ir.Has() | ir.NonEmpty():
                return self.atom(node, "")
            case ir.AnyOf() | ir.AllOf():
                key = "any" if isinstance(node, ir.AnyOf) else "all"
                return words[key].format(self.list(node.list), self.part(node.part))
            case _:
                return self.term(node)

    def atom(self, node: ir.Name | ir.In | ir.Has | ir.NonEmpty, no: str) -> str:
        """Say an atom or, with `not `, its contrary: a label or a list of values needs no bracket."""
        match node:
            case ir.Name():
                return self.words["no"].format(self.label(node.id))
            case ir.In():
                if len(node.values) == 1:
                    return self.predicate(node.name, [("!=" if no else "==", node.values[0])])
                values = self.words["comma"].join(self.value(node.name, value) for value in node.values)
                return self.words[f"{no}in"].format(self.label(node.name.id), values)
            case ir.Has():
                return self.words[f"{no}has"].format(self.label(node.name.id), self.value(node.name, node.value))
            case ir.NonEmpty():
                return self.words[f"{no}nonempty"].format(self.label(node.name.id))

    def part(self, node: ir.Node) -> str:
        """Say a part of a longer condition; what is itself joined by and/or, or reaches over a list, is set in brackets."""
        text = self.say(node)
        return self.bracketed(text) if isinstance(node, (ir.And, ir.Or, ir.AnyOf, ir.AllOf)) else text

    def bracketed(self, text: str) -> str:
        """Set a text in the brackets of the language."""
        return f"（{text}）" if self.lang == "zh" else f"({text})"

    # comparisons ------------------------------------------------------------------------------------------------------

    def compare(self, node: ir.Compare) -> str:
        """Say a comparison, or a chain of them."""
        terms = (node.first, *(term for _, term in node.rest))
        links = list(zip(terms, [op for op, _ in node.rest], terms[1:], strict=False))
        if len(links) == 2 and isinstance(terms[0], ir.Const) and not isinstance(terms[1], ir.Const):  # noqa: PLR2004 - a < x < b
            # one subject between two ends is said once: x is above a and below b
            (low, op, term), (_, other, high) = links
            return self.predicate(term, [(FLIP.get(op, op), low), (other, high)])
        return self.words["and"].join(self.link(*link) for link in links)

    def link(self, left: ir.Node, op: str, right: ir.Node) -> str:
        """Say one comparison, with what is not a constant as its subject."""
        if isinstance(left, ir.Const):
            left, right, op = right, left, FLIP.get(op, op)
        if isinstance(left, ir.Name) and isinstance(right, ir.Const) and isinstance(right.value, bool):
            return self.words["yes" if right.value == (op == "==") else "no"].format(self.label(left.id))
        if op in ("==", "!=") and not isinstance(right, ir.Const):
            return self.words["same" if op == "==" else "differ"].format(self.term(left), self.term(right))
        return self.predicate(left, [(op, right)])

    def predicate(self, term: ir.Node, sides: list[tuple[str, ir.Node]]) -> str:
        """Say what a term is by one or two ends: “x” is at least a and below b."""
        kind = type_of_term(term, self.rulebook, self.pack)
        said = SAID[self.lang]["date" if kind.name == "date" else "number" if kind.name in ("int", "decimal") else "value"]
        ends = [said[op].format(self.value(term, end) if isinstance(end, ir.Const) else self.term(end)) for op, end in sides]
        verb = " is " if self.lang == "en" else ""
        return f"{self.term(term)}{verb}{self.words['chain'].join(ends)}"

    # terms ------------------------------------------------------------------------------------------------------------

    def term(self, node: ir.Node) -> str:
        """Say a term: what stands at a side of a comparison."""
        words = self.words
        match node:
            case ir.Const():
                return quantity(self.rulebook, node.value, node.unit, self.lang)
            case ir.Name():
                return f"“{self.label(node.id)}”"
            case ir.Add():
                return words["add"].format(words["plus"].join(self.term(part) for part in node.parts))
            case ir.Lookup():
                return words["lookup"].format(self.rulebook.tables[node.table].title.get(self.lang))
            case ir.Count():
                home, text = node.list, words["count"].format(self.list(node.list))
            case ir.Fold():
                home = self.rulebook.list_of(node.value.id)
                strict = node.op == "max" and type_of_term(node.value, self.rulebook, self.pack).name == "outcome"
                text = words["strictest" if strict else node.op].format(self.list(home), self.label(node.value.id))
            case _:
                return self.say(node)
        return words["where"].format(text, self.list(home), self.say(node.where)) if node.where else text

    def list(self, name: str) -> str:
        """Return the label of a list."""
        return self.rulebook.lists[name].label.get(self.lang)

    def label(self, name: str) -> str:
        """Return the label of a fact, derived fact or outcome."""
        for home in (self.rulebook.facts, self.pack.derived):
            if name in home:
                return home[name].label.get(self.lang)
        return self.pack.outcomes[name].title.get(self.lang)

    def value(self, term: ir.Node, const: ir.Const) -> str:
        """Say a constant as a value of `term`: its label, or the number in the unit of the term."""
        kind = type_of_term(term, self.rulebook, self.pack)
        found = self.value_label(term, kind, str(const.value))
        return f"“{found}”" if found else quantity(self.rulebook, const.value, const.unit or kind.unit, self.lang)

    def value_label(self, term: ir.Node, kind: Type, value: str) -> str | None:
        """Return the label of a value that a term can have, or None."""
        if not kind.values:
            return None
        if isinstance(term, ir.Lookup):
            gives = self.rulebook.tables[term.table].gives
            if not gives.fact:
                return gives.labels[value].get(self.lang) if value in gives.labels else None
        name = (
            gives.fact if isinstance(term, ir.Lookup) else term.value.id if isinstance(term, ir.Fold) else getattr(term, "id", "")
        )
        home = self.rulebook.facts if name in self.rulebook.facts else self.pack.outcomes
        values = home[name].values if name in home else []
        return next((each.label.get(self.lang) for each in values if each.id == value), None)
