"""Changes that nobody would notice, in a lawyer's words: what a rule says, what it would say, and why nobody can see that."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from api.render import table
from api.render.text import EFFECT, Words
from engine.rulebook.prose import prose, quantity
from engine.study.mutants import Mutant
from schemas.rulebook import Period, Source, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.rulebook.load import Sources
    from engine.rulebook.model import PackRules, Rulebook
    from engine.study.mutate import Result

KINDS = {
    "threshold": ("数值", "number"),
    "comparison": ("比较", "comparison"),
    "operator": ("逻辑连接", "connection"),
    "value": ("取值", "value"),
    "outcome": ("结论", "outcome"),
    "override": ("排除", "exception"),
    "date": ("日期", "date"),
    "source": ("条文", "article"),
    "effect": ("效力", "effect"),
    "authority": ("机关", "body"),
    "due": ("期限", "deadline"),
}
HEADS = {"zh": ("规则", "改动", "原文", "改为"), "en": ("rule", "change of", "as written", "changed to")}
COUNTS = {
    "zh": ("规则包", "改动", "被发现", "有理由", "剩余", "比例"),
    "en": ("pack", "changes", "noticed", "explained", "left", "share"),
}
TEXT = {
    "zh": {"bare": "没有任何人写下的预期会发现的改动：", "stale": "已不能说明任何改动的理由：{}", "all": "合计", "why": "理由"},
    "en": {
        "bare": "changes that no expectation written by a person notices:",
        "stale": "a reason that explains no change any more: {}",
        "all": "all",
        "why": "why",
    },
}
PARTS = {
    "covers": ("规则包的起始日", "the pack's first day"),
    "applies": ("规则包的适用条件", "when the pack applies"),
    "floor": ("“{}”的底线", "the floor of “{}”"),
    "derived": ("“{}”", "“{}”"),
    "proofs": ("“{}”", "“{}”"),
    "duty": ("“{}”", "“{}”"),
}


def wording(mutant: Mutant, said: Any, rulebook: Rulebook, lang: str) -> str:
    """Return what stands before or after a change, as people read it."""
    words = Words(rulebook, mutant.pack.doc.id, lang)
    match said:
        case None:
            return words.pick("（略去）", "(left out)")
        case Source():
            return words.source(said).rpartition(" [")[0] or words.source(said).partition("[")[0]
        case Period():
            start, end = (quantity(rulebook, day, "", lang) if isinstance(day, date) else "" for day in (said.start, said.end))
            return words.pick(f"{start}至{end or '今'}", f"{start} to {end or 'now'}")
        case str():
            return _named(mutant, said, rulebook, words)
    return prose(said, rulebook, mutant.scope, lang)


def _named(mutant: Mutant, name: str, rulebook: Rulebook, words: Words) -> str:
    """Return the words for a name: an effect, a body, a rule that is set aside, the value of an outcome, a deadline."""
    lang, pack = words.lang, words.pack
    if mutant.kind == "effect":
        return EFFECT[name][lang]
    if mutant.kind == "authority":
        return rulebook.authorities[name][-1].title.get(lang)
    if mutant.kind == "override":
        return pack.rules[name].title.get(lang)
    if mutant.kind == "outcome":
        labels = {value.id: value.label for outcome in pack.doc.outcomes for value in outcome.values}
        return labels[name].get(lang) if name in labels else name
    return name


def titled(mutant: Mutant, pack: PackRules, lang: str) -> str:
    """Return the name of what was changed: the rule's title, or that of the named thing of pack.yaml."""
    kind, colon, name = mutant.part.partition(":")
    index = 0 if lang == "zh" else 1
    if not colon:
        return PARTS[kind][index] if kind in PARTS else pack.rules[kind].title.get(lang)
    named: dict[str, Text] = {each.id: each.label for each in (*pack.doc.derived, *pack.doc.proofs)}
    for outcome in pack.doc.outcomes:
        named |= {value.id: value.label for value in outcome.values} | ({outcome.id: outcome.title} if kind == "floor" else {})
    return PARTS[kind][index].format(named[name].get(lang))


@dataclass
class Report:
    """Results pack by pack, as text and as JSON."""

    rulebook: Rulebook
    sources: Sources
    lang: str
    found: dict[str, list[Result]] = field(default_factory=dict)
    stale: list[str] = field(default_factory=list)

    def add(self, pack: str, results: list[Result], stale: list[str]) -> None:
        """Take the results of a pack, and the reasons that explain nothing any more."""
        self.found[pack] = results
        self.stale += [f"{pack}: {each}" for each in stale]

    @property
    def open(self) -> bool:
        """Tell whether a change is left that nobody noticed or explained, or a reason that explains nothing."""
        return bool(self.stale) or any(not result.noticed and not result.why for rows in self.found.values() for result in rows)

    def text(self, *, every: bool) -> str:
        """Return the survivors without a reason, with `every` those with one too, and the count of each pack."""
        words = TEXT[self.lang]
        parts = []
        bare = [(pack, r) for pack, rows in self.found.items() for r in rows if not r.noticed and not r.why]
        if bare:
            parts += [words["bare"], table.render(HEADS[self.lang], [self._row(pack, result) for pack, result in bare])]
        if every:
            parts += [self._explained(pack, result) for pack, rows in self.found.items() for result in rows if result.why]
        parts += [words["stale"].format(each) for each in self.stale]
        counts = [(pack, *count(rows)) for pack, rows in self.found.items()]
        total = count([result for rows in self.found.values() for result in rows])
        parts.append(table.render(COUNTS[self.lang], [*counts, (words["all"], *total)]))
        return "\n\n".join(parts)

    def _row(self, pack: str, result: Result) -> tuple[str, ...]:
        mutant = result.mutant
        title = f"{titled(mutant, self.rulebook.packs[pack], self.lang)}\n{self._place(mutant)}"
        kind = KINDS[mutant.kind][0 if self.lang == "zh" else 1]
        return title, kind, *(wording(mutant, said, self.rulebook, self.lang) for said in (mutant.made.before, mutant.made.after))

    def _explained(self, pack: str, result: Result) -> str:
        title, kind, before, after = self._row(pack, result)
        return f"{title.replace(chr(10), ' ')} [{kind}]\n  {before} -> {after}\n  {TEXT[self.lang]['why']}: {result.why}"

    def _place(self, mutant: Mutant) -> str:
        return str(self.sources.place(mutant.file, *mutant.made.path))

    def json(self) -> dict[str, Any]:
        """Return counts and survivors, words in both languages."""
        keys = ("changes", "noticed", "explained", "left")
        packs = [{"pack": pack} | dict(zip(keys, map(int, count(rows)[:4]), strict=True)) for pack, rows in self.found.items()]
        survivors = [each for pack, rows in self.found.items() for each in self._survivors(pack, rows)]
        return {"packs": packs, "survivors": survivors, "stale": self.stale}

    def _survivors(self, pack: str, rows: list[Result]) -> Iterator[dict[str, Any]]:
        for result in rows:
            mutant = result.mutant
            if not result.noticed:
                yield {
                    "pack": pack,
                    "of": mutant.part,
                    "kind": mutant.kind,
                    "place": self._place(mutant),
                    "change": mutant.change,
                    "before": {lang: wording(mutant, mutant.made.before, self.rulebook, lang) for lang in ("zh", "en")},
                    "after": {lang: wording(mutant, mutant.made.after, self.rulebook, lang) for lang in ("zh", "en")},
                    "why": result.why or None,
                }


def count(rows: list[Result]) -> tuple[str, str, str, str, str]:
    """Return how many changes there are, noticed, explained and left, and the share noticed."""
    noticed, explained = sum(bool(row.noticed) for row in rows), sum(bool(row.why) for row in rows)
    share = f"{100 * noticed / len(rows):.1f} %" if rows else "-"
    return str(len(rows)), str(noticed), str(explained), str(len(rows) - noticed - explained), share
