"""The answer to a sharing request as plain text, in Chinese or English."""

from __future__ import annotations

from collections.abc import Iterator

from api.render.text import EFFECT, Words, clean, value_text
from engine.rulebook.model import Rulebook
from schemas.answer import MissingFact
from schemas.sharing import Changed, DutyOfItem, ItemVerdict, NotCovered, PolicyUsed, Reason, ShareAnswer

VERDICT = {
    "allow": {"zh": "可以提供", "en": "allow"},
    "allow_with_duties": {"zh": "可以提供，附带义务", "en": "allow with duties"},
    "refuse": {"zh": "不予提供", "en": "refuse"},
    "conflict": {"zh": "冲突，由人决定", "en": "conflict: a human decides"},
    "undetermined": {"zh": "未确定", "en": "undetermined"},
}
LAW = {
    "refuse": {"zh": "禁止", "en": "refuses"},
    "human": {"zh": "口径冲突", "en": "regimes collide"},
    "oblige": {"zh": "应当提供", "en": "obliges to share"},
    "open": {"zh": "不禁止，由提供方决定", "en": "leaves it to the owner"},
}
OWNER = {
    "refuse": {"zh": "拒绝", "en": "refuses"},
    "grant": {"zh": "同意", "en": "grants"},
    "silent": {"zh": "未授予", "en": "grants nothing"},
}
BASIS = {
    "law": {"zh": "法", "en": "law"},
    "owner": {"zh": "提供方条款", "en": "owner's term"},
    "overlay": {"zh": "一企一试", "en": "overlay"},
}
MARK = {
    "refuse": {"zh": "不予提供", "en": "refuses"},
    "oblige": {"zh": "应当提供", "en": "obliges"},
    "permit": {"zh": "可以提供", "en": "permits"},
    "duty": {"zh": "附带义务", "en": "asks for a duty"},
    "human": {"zh": "须由人决定", "en": "needs a human"},
}
IN_FORCE = {
    "possible": {"zh": "该日是否有效未定", "en": "in force on some days that are possible"},
    "no": {"zh": "该日无效，未授予任何事项", "en": "not in force on this day: it grants nothing"},
}
NOTHING = {"zh": "没有任何条款授予", "en": "nothing grants it"}


def text(rulebook: Rulebook, found: ShareAnswer, lang: str) -> str:
    """Return the answer as lines of text in `zh` or `en`."""
    return "\n".join(_Shared(rulebook, lang).lines(found))


class _Shared:
    """The words of an answer to a request in one language."""

    def __init__(self, rulebook: Rulebook, lang: str) -> None:
        self.rulebook = rulebook
        self.lang = lang
        self.words = Words(rulebook, next(iter(rulebook.packs)), lang)  # for what is said of no pack: sources, sections
        self.pick = self.words.pick

    def lines(self, found: ShareAnswer) -> Iterator[str]:
        """Yield the whole answer."""
        yield self.pick("数据申请审查", "Request for data")
        book = self.pick("规则集", "rulebook")
        yield f"{self.pick('判定日', 'as of')} {found.as_of}, {book} {found.rulebook[:12]}"
        if found.by_law_alone:
            yield self.pick(
                "仅依法律：未查阅任何提供方的条款（--policies）", "by law alone: no owner's terms were consulted (--policies)"
            )
        if not found.complete:
            yield self.pick(
                "清单未声明完整，可能还有其他数据项", "the list does not say that it is complete: there may be more items"
            )
        for item in found.items:
            yield ""
            yield from self.item(item, by_law_alone=found.by_law_alone)
        yield from self.words.section(
            self.pick("所用政策", "Policies used"), (line for p in found.policies for line in self.policy(p))
        )
        yield from self.words.section(self.pick("尚未发布的规则", "Unpublished rules"), found.unpublished)

    def item(self, found: ItemVerdict, *, by_law_alone: bool) -> Iterator[str]:
        """Yield the lines of one item."""
        name = f"{self.pick('数据项', 'item')} {clean(found.item)}" + (f" ({found.data_set})" if found.data_set else "")
        yield f"{name}: {VERDICT[found.verdict][self.lang]}"
        if found.verdict == "undetermined":
            may = self.pick("、", ", ").join(VERDICT[each][self.lang] for each in found.possible)
            yield f"  {self.pick('可能为', 'one of')} {may}" + (
                "" if found.exact else self.pick("（未逐一证明）", " (not each proven)")
            )
        law = self.told(LAW, found.law)
        owner = self.pick("未查阅", "not consulted") if by_law_alone else self.told(OWNER, found.owner)
        yield f"  {self.pick('法', 'law')}: {law}; {self.pick('提供方', 'owner')}: {owner}"
        yield from (f"  {line}" for line in map(self.not_covered, found.not_covered))
        if found.to:
            yield f"  {self.pick('由谁决定', 'decided by')}: {found.to.get(self.lang)}"
        for head, lines in self._parts(found):
            yield from (f"  {line}" for line in self.words.section(head, lines) if line)

    def _parts(self, found: ItemVerdict) -> Iterator[tuple[str, list[str]]]:
        known = {(reason.pack, reason.rule): reason for reason in found.reasons}
        if found.verdict != "undetermined":
            least = [f"{known[r.pack, r.rule].title.get(self.lang)} ({r.pack}/{r.rule})" for r in found.smallest]
            yield self.pick("最小理由", "The fewest reasons that suffice"), least or [NOTHING[self.lang]]
        yield self.pick("理由", "Reasons"), [line for reason in found.reasons for line in self.reason(reason)]
        yield self.pick("义务", "Duties"), list(map(self.duty, found.duties))
        yield self.pick("缺少的事实", "Missing facts"), list(map(self.missing, found.missing))
        may = ", ".join(map(self._named, found.may_matter))
        yield self.pick("可能有关的事实", "Facts that may matter"), [may] if may else []
        if found.allowed_if:
            yield self.pick("什么会使其获准", "What would make it allowed"), list(self.allowed(found))

    def not_covered(self, found: NotCovered) -> str:
        """Return that law of the day was not encoded, which leaves open what it says."""
        sure = "" if found.applies == "certain" else self.pick("可能", "perhaps ")
        day = self.words.named(found.date, None)
        return self.pick(
            f"{found.pack} 只收录 {found.covers} 的法，{day} {sure}在此之外：法如何规定未知",
            f"{found.pack} covers {found.covers}, and {day} lies {sure}outside of it: what law says then is not known",
        )

    def told(self, words: dict[str, dict[str, str]], said: list[str]) -> str:
        """Return what a side says, or may say."""
        return self.pick(" 或者 ", " or ").join(words[each][self.lang] for each in said)

    def reason(self, found: Reason) -> Iterator[str]:
        """Yield a rule or term with what it says, its effect and sources."""
        sure = "" if found.applies == "certain" else self.pick("可能", "may: ")
        says = sure + self.pick("，", ", ").join(MARK[mark][self.lang] for mark in found.marks if mark)
        basis, effect = BASIS[found.basis][self.lang], "" if found.effect == "owner" else EFFECT[found.effect][self.lang]
        yield f"{found.title.get(self.lang)} ({found.pack}/{found.rule}, {', '.join(filter(None, (basis, says, effect)))})"
        yield from (f"  {self.words.source(source)}" for source in found.sources)

    def duty(self, found: DutyOfItem) -> str:
        """Return a duty with its basis."""
        sure = "" if found.applies == "certain" else self.pick("（可能）", " (possibly)")
        return f"{found.label.get(self.lang)}{sure} ({BASIS[found.basis][self.lang]}: {found.pack})"

    def missing(self, found: MissingFact) -> str:
        """Return a missing fact with its question."""
        return f"{self._named(found)}: {found.question.get(self.lang)}"

    def _named(self, found: MissingFact) -> str:
        return self.words.named(found.fact, found.item)

    def allowed(self, found: ItemVerdict) -> Iterator[str]:
        """Yield the facts that would have to be other, or the rules that would have to fall."""
        wish = found.allowed_if
        if wish is None:
            return
        if wish.facts and wish.verdict:
            size = "" if wish.smallest else self.pick("（未证明最少）", " (not proven smallest)")
            changes = self.pick("；", "; ").join(map(self.changed, wish.facts))
            yield f"{VERDICT[wish.verdict][self.lang]}{size}: {changes}"
            yield self.pick("仅为推演；申报须如实", "arithmetic only: facts must be filed as they are")
        if wish.rules:
            names = ", ".join(f"{each.pack}/{each.rule}" for each in wish.rules)
            yield self.pick(f"或者下列规则均不适用：{names}", f"or none of these applied: {names}")
        if not wish.facts and not wish.rules and found.verdict == "undetermined":  # one may allow it yet
            yield self.pick("取决于未说明的事实", "that turns on facts that are not told")
        elif not wish.facts and not wish.rules:
            yield self.pick("改变一项或者两项事实均不足以获准", "no one or two facts would allow it")

    def changed(self, found: Changed) -> str:
        """Return a fact with what it is and what it would be."""
        label = found.label.get(self.lang)
        instead = clean(value_text(found.instead))
        if found.now is None:
            return f"{label} = {instead}"
        return f"{label}: {clean(value_text(found.now))} -> {instead}"

    def policy(self, found: PolicyUsed) -> Iterator[str]:
        """Yield a policy or an overlay with its hash and the day from which it is known."""
        known = (
            self.pick("自 {} 公开", "known from {}").format(found.known) if found.known else self.pick("未发布", "not published")
        )
        digest = f", sha256 {found.sha256[:16]}" if found.sha256 else ""
        force = f", {IN_FORCE[found.in_force][self.lang]}" if found.in_force in IN_FORCE else ""
        yield f"{found.title.get(self.lang)} ({found.name}, {found.valid}{digest}, {known}{force})"
        if found.grantor and found.scope:
            yield f"  {self.pick('授予机关', 'granted by')} {found.grantor.get(self.lang)}; {found.scope.get(self.lang)}"
            yield from (f"  {self.pick('裁量依据', 'discretion')}: {self.words.source(source)}" for source in found.discretion)
