"""An answer -> text in Chinese or English: outcomes, reasons with their law and how it was read, what is missing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

from engine.rulebook.model import Rulebook
from schemas.answer import Answer, MissingFact, OutcomeAnswer, Reply, RuleAnswer, Settle
from schemas.explanation import Questions, WhatIf
from schemas.rulebook import Source

if TYPE_CHECKING:
    from engine.evidence.note import Receipt

READ = {
    "official": {"zh": "官方文本", "en": "official text"},
    "mirror": {"zh": "官方文本的转载", "en": "copy of the official text"},
    "secondary": {"zh": "二手资料，未核对", "en": "secondary, unverified"},
    "recalled": {"zh": "凭记忆，未核对", "en": "from memory, unverified"},
}
TERMS = {"zh": "条款原文", "en": "the terms themselves"}
EFFECT = {
    "statutory": {"zh": "法定", "en": "statutory"},
    "agreed": {"zh": "约定", "en": "agreed"},
    "owner": {"zh": "所有者要求", "en": "owner's terms"},
    "advisory": {"zh": "建议", "en": "advisory"},
}
BASIS = {
    "law": {"zh": "法律", "en": "law"},
    "plan": {"zh": "市方案", "en": "the city plan"},
    "analogy": {"zh": "类推", "en": "analogy"},
    "design": {"zh": "本系统的设计", "en": "design of this system"},
}
DECIDED = {
    "cases": {"zh": "各种情形下均相同", "en": "the same in every case"},
    "floor": {"zh": "无规则适用时的底线", "en": "the floor: no rule applied"},
    "no_law": {"zh": "当日无法律规定", "en": "no law on that day"},
    "completion": {"zh": "逐一补全得出", "en": "by completion"},
}
PARTS = {"annex": "附件", "goals": "建设目标", "safeguards": "保障措施"}  # parts of an instrument that are no articles
SPECIAL = {"not_governed": {"zh": "不受规范", "en": "not governed"}, "conflict": {"zh": "规则冲突", "en": "rules conflict"}}


def answer(rulebook: Rulebook, found: Answer, lang: str) -> str:
    """Return an answer as text; `lang` is zh or en."""
    return "\n".join(Words(rulebook, found.pack, lang).answer(found))


def clean(text: str) -> str:
    """Return `text` from a filing with control characters escaped, so that it cannot drive a terminal."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else character.encode("unicode_escape").decode() for character in text)


def value_text(value: Any) -> str:
    """Return a fact's value as a filing would write it on one line."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _article(number: str, lang: str) -> str:
    """Return `5(1)(4)` as 第5条(1)(4): whether a bracket counts paragraphs or items, only the instrument tells."""
    article, bracket, rest = number.partition("(")
    if not article[0].isdigit():
        return f"{PARTS.get(article, article)}{bracket}{rest}" if lang == "zh" else f", {number}"
    return f"第{article}条{bracket}{rest}" if lang == "zh" else f", art. {number}"


class Words:
    """The words of one pack in one language."""

    def __init__(self, rulebook: Rulebook, pack: str, lang: str) -> None:
        """Take titles and labels from `rulebook`."""
        self.rulebook = rulebook
        self.pack = rulebook.packs[pack]
        self.lang = lang

    def pick(self, zh: str, en: str) -> str:
        """Return the one of two texts that is in the language."""
        return zh if self.lang == "zh" else en

    def questions(self, found: Questions, as_of: date) -> Iterator[str]:
        """Yield the lines of what to ask next."""
        yield self._head(as_of.isoformat())
        if not found.questions and not found.may_matter:
            yield self.pick("没有需要询问的事实", "nothing is left to ask")
        yield from self.open(found.questions, found.may_matter, found.settle)

    def what_if(self, found: WhatIf, as_of: date) -> Iterator[str]:
        """Yield the outcomes before and after a change of facts."""
        yield self._head(as_of.isoformat())
        for name in found.changed:
            for sign, outcome in (("-", found.before[name]), ("+", found.after[name])):
                yield from (f"{sign} {line}" for line in self.outcome(name, outcome.model_copy(update={"at_least": None})))
        if not found.changed:
            yield self.pick("结论不变", "the answer stays the same")
        yield self.pick("仅为推演；申报须如实", "arithmetic only: facts must be filed as they are")

    # the parts of an answer -------------------------------------------------------------------------------------------

    def answer(self, found: Answer) -> Iterator[str]:
        """Yield the lines of an answer."""
        yield from self.head(found)
        yield from self._rules(self.pick("适用的规则", "Rules that apply"), found.fired)
        yield from self._rules(self.pick("可能适用的规则", "Rules that may apply"), found.unknown, brief=True)
        yield from self._rules(self.pick("被排除的规则", "Rules overridden"), found.overridden)
        yield from self.open(found.missing, found.may_matter, found.settle)
        yield from self.goes_to(found)
        yield from self.notes(found)

    def head(self, found: Answer) -> Iterator[str]:
        """Yield what was asked and the outcomes."""
        yield self._head(found.as_of)
        yield self.pick("已确定", "determined") if found.determined else self.pick("未确定", "undetermined")
        yield from (f"  {line}" for name, outcome in found.outcomes.items() for line in self.outcome(name, outcome))
        yield from self._items(found)

    def notes(self, found: Answer) -> Iterator[str]:
        """Yield remarks on the law of the day, and what of it was not read."""
        used = len({rule.rule for rule in (*found.fired, *found.unknown, *found.overridden)})
        unpublished = [f"{len(found.unpublished)}/{used}: {', '.join(found.unpublished)}"] if found.unpublished else []
        yield from self.section(self.pick("尚未发布的规则", "Unpublished rules"), unpublished)
        notes = [note.text.get(self.lang) for note in (*found.notes, *found.unread_law)]
        yield from self.section(self.pick("说明", "Notes"), notes)

    def _head(self, as_of: str) -> str:
        day = self.pick("判定日", "as of")
        book = self.pick("规则集", "rulebook")
        return f"{self.pack.doc.title.get(self.lang)} ({self.pack.doc.id})\n{day} {as_of}, {book} {self.rulebook.digest[:12]}"

    def open(self, missing: list[MissingFact], may_matter: list[MissingFact], settle: list[Settle]) -> Iterator[str]:
        """Yield the facts that are missing or may matter, and what would settle each outcome."""
        yield from self.section(self.pick("缺少的事实", "Missing facts"), map(self.missing, missing))
        may = ", ".join(self.named(fact.fact, fact.item) for fact in may_matter)
        yield from self.section(self.pick("可能有关的事实", "Facts that may matter"), [may] if may else [])
        yield from self.section(self.pick("如何确定", "What would settle it"), map(self.settle, settle))

    def outcome(self, name: str, found: OutcomeAnswer) -> Iterator[str]:
        """Yield the lines of one outcome."""
        title = self.pack.outcomes[name].title.get(self.lang)
        if found.determined:
            values = found.value if isinstance(found.value, list) else [found.value]
            why = DECIDED.get(found.decided_by or "", {}).get(self.lang)
            yield f"{title}: {self.values(name, values)}" + (f" ({why})" if why else "")
        elif found.certain is not None:
            open_values = [value for value in found.possible if value not in found.certain]
            yield (
                f"{title}: {self.values(name, found.certain)}"
                + self.pick("；另可能：", "; possibly also: ")
                + self.values(name, open_values)
            )
        elif found.at_least not in (None, "not_governed") and found.at_most is not None:
            low, high = self.value(name, found.at_least), self.value(name, found.at_most)
            yield f"{title}: " + self.pick(f"至少{low}，至多{high}", f"at least {low}, at most {high}")
        else:
            yield f"{title}: " + self.pick("可能为", "one of ") + self.values(name, found.possible)

    def value(self, name: str, value: str) -> str:
        """Return the label of an outcome's value."""
        labels = {entry.id: entry.label.get(self.lang) for entry in self.pack.outcomes[name].values}
        return labels.get(value) or SPECIAL[value][self.lang]

    def values(self, name: str, values: Iterable[str]) -> str:
        """Return the labels of several values of an outcome."""
        return self.pick("、", "; ").join(self.value(name, value) for value in values) or self.pick("无", "none")

    def _items(self, found: Answer) -> Iterator[str]:
        for home, items in found.items.items():
            for item in items:
                label = self.rulebook.lists[home].label.get(self.lang)
                yield f"{label} {self.item(item.id)}"
                yield from (f"  {line}" for name, outcome in item.outcomes.items() for line in self.outcome(name, outcome))

    def item(self, name: str) -> str:
        """Return the name of an item."""
        return self.pick("（尚未列出的各项）", "(those not yet listed)") if name == "unlisted" else clean(name)

    def _rules(self, head: str, rules: list[RuleAnswer], *, brief: bool = False) -> Iterator[str]:
        """Yield the rules under their head, one entry for the items that share a rule."""
        items: dict[str, list[str]] = {}
        for rule in rules:
            items.setdefault(rule.rule, []).extend(self.items_of(rule))
        first = {rule.rule: rule for rule in reversed(rules)}
        yield from self.section(
            head, (line for name, where in items.items() for line in self.rule(first[name], where, brief=brief))
        )

    def items_of(self, rule: RuleAnswer) -> list[str]:
        """Return the name of the item on which a rule is answered, if it is one."""
        return [self.item(rule.item)] if rule.item else []

    def rule(self, rule: RuleAnswer, items: list[str], *, brief: bool = False) -> Iterator[str]:
        """Yield a rule with its version and effect, then its sources."""
        where = f" [{', '.join(items)}]" if items else ""
        over = self.pick("，被排除于 ", ", overridden by ") + ", ".join(rule.overridden_by) if rule.overridden_by else ""
        law = f"{rule.rule} {', '.join(rule.version)}, {EFFECT[rule.effect][self.lang]}"
        yield f"{rule.titles.get(self.lang)}{where} ({law}{over})"
        if not brief:
            yield from (f"  {self.source(source)}" for source in rule.sources)

    def source(self, source: Source) -> str:
        """Return instrument, article and how the text was read."""
        instrument = self.rulebook.instruments.get(source.instrument)
        title = instrument.title.get(self.lang) if instrument else source.instrument
        article = _article(source.article, self.lang) if source.article else ""
        note = f"; {source.note.get(self.lang)}" if source.note else ""
        # an owner's terms are no law that was read in some copy: they are the owner's own
        read = TERMS if instrument and instrument.rank == "agreement" else READ[source.read]
        return f"{title}{article} [{read[self.lang]}{note}]"

    def named(self, fact: str, item: str | None) -> str:
        """Return a fact with the item it belongs to, as `what-if` takes it."""
        return f"{fact}@{self.item(item)}" if item else fact

    def missing(self, found: MissingFact) -> str:
        """Return a missing fact with its question."""
        return f"{self.named(found.fact, found.item)}: {found.question.get(self.lang)}"

    def settle(self, found: Settle) -> str:
        """Return a value of an outcome with the answers that fix it."""
        title, value = self.pack.outcomes[found.outcome].title.get(self.lang), self.value(found.outcome, found.value)
        size = "" if found.smallest else self.pick("（未证明最少）", " (not proven smallest)")
        return f"{title} = {value}{size}: " + ", ".join(map(self.reply, found.answers))

    def reply(self, reply: Reply) -> str:
        """Return one answer as `fact=value`."""
        return f"{self.named(reply.fact, reply.item)}={clean(value_text(reply.value))}"

    def goes_to(self, found: Answer) -> Iterator[str]:
        """Yield where each open outcome goes, with the basis of that."""
        lines = []
        for clause in found.goes_to:
            title = self.pack.outcomes[clause.outcome].title.get(self.lang)
            lines.append(
                f"{title}: {clause.to.get(self.lang)} ({self.pick('依据：', 'basis: ')}{BASIS[clause.basis][self.lang]})"
            )
            lines += [f"  {self.source(source)}" for source in clause.sources]
        yield from self.section(self.pick("未确定时的去向", "Where this goes"), lines)

    def section(self, head: str, lines: Iterable[str]) -> Iterator[str]:
        """Yield lines under their head; nothing when there are none."""
        written = [f"  {line}" for line in lines]
        if written:
            yield ""
            yield head
            yield from written


_RECORDED = {
    "recorded": {"zh": "已记录", "en": "recorded as"},
    "ignored": {"zh": "本规则包不读取、未记录的事实", "en": "facts that the pack does not read, not recorded"},
}


def recorded(decision_id: str, receipt: Receipt, sha256: str, ignored: list[str], lang: str) -> str:
    """Return what a person keeps of a recorded decision: id, hash, leaf and receipt."""
    lines = [f"{_RECORDED['recorded'][lang]} {decision_id} #{receipt.index} sha256 {sha256}"]
    if ignored:
        lines.append(f"{_RECORDED['ignored'][lang]}: {', '.join(ignored)}")
    return "\n".join([*lines, "", receipt.text().rstrip("\n")])
