"""A pack -> its page: every rule in plain words, with articles, dates, parameters and their origin, and where a fact is used.

The words are made from the rules, so that the page cannot say anything else; the README beside it says what its authors thought.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from api.render.overall import OWNERS, PHASES, Block, Heading, Lines, Table
from api.render.text import BASIS, EFFECT, Words
from engine.decide import due as deadlines
from engine.rulebook import condition as ir
from engine.rulebook import graph
from engine.rulebook.duties import proof_pack
from engine.rulebook.prose import prose, quantity

if TYPE_CHECKING:
    from engine.rulebook.model import PackRules, Rulebook
    from schemas.rulebook import Duty, Outcome, Period, Rule, RuleVersion, Source, Value

COMBINE = {
    "strictest": ("从严", "the strictest applies"),
    "union": ("并集", "all that apply"),
    "unique": ("唯一，不一致即为冲突", "one; two that differ are a conflict"),
}


class Parameter(NamedTuple):
    """A number or a day of a condition: what it is, on which days, and where it comes from."""

    value: str
    used: str
    days: str
    origin: str
    law: str


def blocks(rulebook: Rulebook, pack: str, lang: str) -> list[Block]:
    """Return the page of a pack in `zh` or `en`."""
    return list(_Page(rulebook, rulebook.packs[pack], lang).all())


class _Page:
    def __init__(self, rulebook: Rulebook, pack: PackRules, lang: str) -> None:
        self.rulebook = rulebook
        self.pack = pack
        self.proofs = proof_pack(rulebook, pack) or pack
        self.lang = lang
        self.words = Words(rulebook, pack.doc.id, lang)
        self.pick = self.words.pick
        self.index = 0 if lang == "zh" else 1

    def all(self) -> Iterator[Block]:
        """Yield the page from top to bottom."""
        doc, pick = self.pack.doc, self.pick
        yield Heading(f"{doc.title.get(self.lang)} ({doc.id})", 1)
        written = pick("由 fenji pages 根据规则生成，请勿手改。", "Written by fenji pages from the rules; do not edit.")
        covers = pick(f"适用于{self.days(doc.covers)}。", f"Covers {self.days(doc.covers)}.")
        applies = self.say(doc.applies_when, self.proofs) if doc.applies_when else ""
        yield Lines((written, covers, *([pick(f"适用条件：{applies}", f"Applies when {applies}")] if applies else [])))
        yield Heading(pick("结论", "Outcomes"))
        yield Table(
            (("结论", "合并", "可能的值", "底线"), ("outcome", "combined", "values", "floor"))[self.index], tuple(self.outcomes())
        )
        if doc.derived:
            yield Heading(pick("推导事实", "Derived facts"))
            heads = (("事实", "日期", "定义", "依据"), ("fact", "dates", "definition", "law"))[self.index]
            yield Table(heads, tuple(self.derived()))
        yield Heading(pick("规则", "Rules"))
        for name, rule in self.pack.rules.items():
            yield Heading(f"{rule.title.get(self.lang)} ({name})", 3)
            yield Lines(tuple(self.rule(rule)))
        if parameters := tuple(self.parameters()):
            yield Heading(pick("参数", "Parameters"))
            yield Table(
                (("数值", "用于", "日期", "来源", "依据"), ("value", "used in", "dates", "origin", "law"))[self.index], parameters
            )
        yield Heading(pick("读取的事实", "Facts that are read"))
        yield Table((("事实", "用于"), ("fact", "used in"))[self.index], tuple(self.facts()))

    # parts ------------------------------------------------------------------------------------------------------------

    def say(self, text: str, scope: PackRules | None = None) -> str:
        """Return a condition in words."""
        return prose(self.rulebook.conditions[text], self.rulebook, scope or self.pack, self.lang)

    def days(self, valid: Period) -> str:
        """Return a period in words."""
        start = quantity(self.rulebook, valid.start, "", self.lang)
        if valid.end is None:
            return self.pick(f"{start}起", f"from {start}")
        end = quantity(self.rulebook, valid.end, "", self.lang)
        return self.pick(f"{start}至{end}", f"{start} to {end}")

    def law(self, sources: list[Source]) -> str:
        """Return sources with how they were read."""
        return self.pick("；", "; ").join(map(self.words.source, sources))

    def outcomes(self) -> Iterator[tuple[str, ...]]:
        """Yield each outcome with its values and floors."""
        for outcome in self.pack.doc.outcomes:
            floors = [
                f"{self.days(floor.valid)}: {self.words.value(outcome.id, floor.value)} ({EFFECT[floor.effect][self.lang]}; "
                f"{self.law(floor.sources)})"
                for floor in outcome.floor
            ]
            values = self.pick("；", "; ").join(value.label.get(self.lang) for value in outcome.values)
            combined = COMBINE[outcome.combine][self.index]
            yield f"{outcome.title.get(self.lang)} ({outcome.id})", combined, values, " / ".join(floors)

    def derived(self) -> Iterator[tuple[str, ...]]:
        """Yield each definition of a derived fact."""
        for derived in self.pack.doc.derived:
            for version in derived.versions:
                label = f"{derived.label.get(self.lang)} ({derived.id})"
                yield label, self.days(version.valid), self.say(version.is_), self.law(derived.sources)

    def rule(self, rule: Rule) -> Iterator[str]:
        """Yield the lines of a rule: when, then, by what law, with what effect."""
        for version in rule.versions:
            yield self.pick(
                f"{self.days(version.valid)}：{self.say(version.when)}", f"{self.days(version.valid)}: {self.say(version.when)}"
            )
            yield from (f"→ {line}" for line in self.then(version))
            if version.sources:
                yield self.pick("依据：", "law: ") + self.law(version.sources)
        yield self.pick("依据：", "law: ") + self.law(rule.sources)
        body = self.rulebook.authorities[rule.authority][-1].title.get(self.lang) if rule.authority else ""
        factor, effect = BASIS[rule.origin.factor][self.lang], BASIS[rule.origin.effect][self.lang]
        said = EFFECT[rule.effect][self.lang] + (self.pick("，", ", ") + body if body else "")
        yield self.pick(
            f"效力：{said}；因素来源：{factor}；效力来源：{effect}", f"effect: {said}; factor from {factor}, effect from {effect}"
        )
        if rule.overrides:
            titles = self.pick("、", "; ").join(self.pack.rules[name].title.get(self.lang) for name in rule.overrides)
            yield self.pick(f"排除：{titles}", f"sets aside: {titles}")
        if rule.note:
            yield rule.note.get(self.lang)

    def then(self, version: RuleVersion) -> Iterator[str]:
        """Yield what follows from a version, a duty with its deadline and proof."""
        for name, given in version.then.items():
            outcome = self.pack.outcomes[name]
            computed = graph.expression(given) if isinstance(given, str) else None
            if computed is not None:
                yield f"{outcome.title.get(self.lang)} = {self.say(computed)}"
                continue
            for value in outcome.values:
                if value.id in ([given] if isinstance(given, str) else given):
                    yield self.given(outcome, value)

    def given(self, outcome: Outcome, value: Value) -> str:
        """Return one value that follows."""
        said = f"{outcome.title.get(self.lang)}: {value.label.get(self.lang)}"
        return f"{said} ({self.duty(value.duty)})" if value.duty else said

    def duty(self, duty: Duty) -> str:
        """Return when a duty is due, who does it, until when it lasts, and what proves it."""
        parts = [PHASES[duty.phase][self.index], OWNERS[duty.owner][self.index]]
        if text := deadlines.words(duty.due, self.rulebook):
            parts.append(text.get(self.lang))
        if duty.authority:
            parts.append(self.rulebook.authorities[duty.authority][-1].title.get(self.lang))
        titles = [each.title.get(self.lang) for each in self.pack.doc.lasting if each.id == duty.lasts]
        parts += [self.pick(f"{title}后不再承担", f"no longer owed once {title}") for title in titles]
        parts.append(self.pick("证明：", "proved when ") + self.say(duty.satisfied_when, self.proofs))
        return self.pick("；", "; ").join(parts)

    # parameters and facts -----------------------------------------------------------------------------------------------

    def parameters(self) -> Iterator[Parameter]:
        """Yield every number and day that a condition compares with, in the order of the pack."""
        for name, rule in self.pack.rules.items():
            for version in rule.versions:
                law = self.law(version.sources or rule.sources)
                for value in self.constants(version.when):
                    yield Parameter(value, name, self.days(version.valid), BASIS[rule.origin.factor][self.lang], law)
        for derived in self.pack.doc.derived:
            for definition in derived.versions:
                for value in self.constants(definition.is_):
                    origin = BASIS["law" if derived.sources else "design"][self.lang]
                    yield Parameter(value, derived.id, self.days(definition.valid), origin, self.law(derived.sources))

    def constants(self, text: str) -> Iterator[str]:
        """Yield the numbers and days of a condition in words, each once."""
        parts = ir.walk(self.rulebook.conditions[text])
        found = [part for part in parts if isinstance(part, ir.Const) and not isinstance(part.value, (bool, str))]
        for const in dict.fromkeys(found):
            assert isinstance(const.value, (int, Decimal, date))  # noqa: S101 - INVARIANT: nothing else is left
            yield quantity(self.rulebook, const.value, const.unit, self.lang)

    def facts(self) -> Iterator[tuple[str, ...]]:
        """Yield each fact that the pack reads, with the rules and derived facts that read it."""
        used: dict[str, list[str]] = {}
        texts = [
            (name, text) for name, rule in self.pack.rules.items() for v in rule.versions for text in graph.rule_conditions(v)
        ]
        texts += [(derived.id, version.is_) for derived in self.pack.doc.derived for version in derived.versions]
        for name, text in texts:
            for fact in graph.mentioned(self.rulebook, text):
                used.setdefault(fact, []).append(name)
        for fact in graph.pack_facts(self.rulebook, self.pack):
            readers = ", ".join(dict.fromkeys(used.get(fact, []))) or self.pick("（仅用于适用条件）", "(only for what applies)")
            yield f"{self.rulebook.facts[fact].label.get(self.lang)} ({fact})", readers
