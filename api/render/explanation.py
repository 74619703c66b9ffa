"""An explanation as plain text, in Chinese or English."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from api.render.text import Words, clean
from engine.rulebook.model import Rulebook
from engine.rulebook.prose import known
from schemas.explanation import Change, Explanation, Reason, UsedFact


def explanation(rulebook: Rulebook, found: Explanation, lang: str) -> str:
    """Return the explanation as lines of text in `zh` or `en`."""
    return "\n".join(_Explained(rulebook, found.answer.pack, lang).lines(found))


class _Explained(Words):
    def lines(self, found: Explanation) -> Iterator[str]:
        """Yield the whole explanation: outcomes, why, why not, what would change or settle it."""
        answer = found.answer
        yield from self.head(answer)
        for name, narrowed in found.narrowed.items():
            title = self.pack.outcomes[name].title.get(self.lang)
            only = self.pick("逐一补全后仅可能为", "after completing the filing only ")
            yield f"  {title}: {only}{self.values(name, narrowed.possible)}"
        yield from self.section(self.pick("为什么", "Why"), self.reasons(found.why))
        yield from self.section(self.pick("尚待事实的规则", "Rules that wait for facts"), self.reasons(found.awaited))
        yield from self.section(self.pick("为什么不是（最接近适用的规则）", "Why not (the nearest rules)"), self.why_not(found))
        yield from self.section(self.pick("什么会改变结论", "What would change the answer"), self.changes(found))
        yield from self.open(answer.missing, answer.may_matter, answer.settle)
        yield from self.goes_to(answer)
        yield from self.notes(answer)

    def reasons(self, reasons: list[Reason]) -> Iterator[str]:
        """Yield each rule with its condition, the facts that it reads and its sources."""
        for reason in reasons:
            first, *sources = self.rule(reason.rule, self.items_of(reason.rule))
            yield first
            yield f"  {self.pick('条件：', 'when ')}{reason.condition.get(self.lang)}"
            facts = self.pick("；", "; ").join(map(self.fact, reason.facts))
            yield from [f"  {self.pick('事实：', 'facts: ')}{facts}"] if facts else []
            yield from sources

    def fact(self, used: UsedFact) -> str:
        """Return a fact with what is known of it."""
        item = f" [{self.item(used.item)}]" if used.item else ""
        return f"{used.label.get(self.lang)}{item} = {self.known(used.fact, used.value)}"

    def known(self, fact: str, value: Any) -> str:
        """Return what is known of a fact in words, safe for a terminal."""
        return clean(known(self.rulebook, self.rulebook.facts[fact], value, self.lang))

    def why_not(self, found: Explanation) -> Iterator[str]:
        """Yield the nearest rules with the parts of their conditions that fail."""
        for entry in found.why_not:
            yield from self.rule(entry.rule, self.items_of(entry.rule), brief=True)
            yield from (f"  {self.pick('不符合：', 'fails: ')}{part.get(self.lang)}" for part in entry.lacked)

    def changes(self, found: Explanation) -> Iterator[str]:
        """Yield the facts that, told otherwise, would change an outcome."""
        if found.changes:
            yield found.changes_are.get(self.lang)
        yield from map(self.change, found.changes)

    def change(self, change: Change) -> str:
        """Return one such fact: what it is, what it would be, and what would follow."""
        then = "; ".join(
            f"{self.pack.outcomes[name].title.get(self.lang)}: {self.values(name, values)}"
            for name, values in change.outcomes.items()
        )
        item = f" [{self.item(change.item)}]" if change.item else ""
        now, instead = (self.known(change.fact, value) for value in (change.now, change.instead))
        return f"{change.label.get(self.lang)}{item}: {now} -> {instead}: {then}"
