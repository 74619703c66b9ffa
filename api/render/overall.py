"""An answer over all packs -> blocks of a document: headings, lines and tables, in Chinese or English.

The same blocks become text on a terminal, Markdown and HTML, so no form of the report says less than another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from api.render.text import EFFECT, Words
from schemas.rulebook import Text

if TYPE_CHECKING:
    from engine.rulebook.model import Rulebook
    from schemas.duties import AllQuestions, AllWhatIf, Difference, DutyAnswer, Ended, Overall, PackPart, Question


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; level 1 is the title."""

    text: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class Lines:
    """A list of lines."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under heads."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Block = Heading | Lines | Table
PHASES = {
    "before_launch": ("事前（上线、提供之前）", "Beforehand (before launch or provision)"),
    "at_launch": ("上线时", "At launch"),
    "running": ("运行中", "While running"),
    "yearly": ("每年、定期", "Yearly or periodic"),
    "on_event": ("发生变化或者事件时", "On a change or an event"),
    "at_end": ("终止时", "At the end"),
}
STATUS = {
    "met": ("已符合", "met"),
    "breached": ("违反", "breached"),
    "not_proven": ("未证明", "not proven"),
    "not_yet_due": ("未到期", "not yet due"),
    "ended": ("已终止", "ended"),
    "undetermined": ("未确定", "undetermined"),
}
NOT_LAW = ("尚未施行", "not yet law")
OWNERS = {
    "management": ("管理层", "management"),
    "legal": ("法务", "legal"),
    "product": ("产品", "product"),
    "algorithm": ("算法", "algorithms"),
    "data_protection": ("个人信息保护", "data protection"),
    "security": ("安全", "security"),
    "quality": ("质量", "quality"),
    "operations": ("运营", "operations"),
}
SURE = {"certain": ("确定适用", "certain"), "possible": ("可能适用", "possible")}
APPLIES = {
    "yes": ("适用", "applies"),
    "maybe": ("是否适用未确定", "may apply"),
    "no": ("不适用", "does not apply"),
    "no_law": ("当日无法律规定", "no law on that day"),
}


def blocks(rulebook: Rulebook, found: Overall, lang: str) -> Iterator[Block]:
    """Yield the blocks of the self-assessment report; `lang` is zh or en."""
    yield from _Report(rulebook, found, lang).blocks()


def asked(found: AllQuestions, lang: str) -> Iterator[str]:
    """Yield the lines of what all packs would ask."""
    zh = lang == "zh"
    yield f"{'判定日' if zh else 'as of'} {found.as_of}"
    if not found.questions:
        yield "没有需要询问的事实" if zh else "nothing is left to ask"
    for head, lines in _questions(found.questions, lang):
        yield from ("", head, *(f"  {line}" for line in lines))


def changed(rulebook: Rulebook, found: AllWhatIf, lang: str) -> Iterator[str]:
    """Yield the lines of what other facts would change."""
    zh = lang == "zh"
    yield f"{'判定日' if zh else 'as of'} {found.as_of}"
    for each in found.changed:
        yield f"{each.label.get(lang)} ({each.pack})"
        yield from (f"{sign} {_told(rulebook, each, values, lang)}" for sign, values in (("-", each.before), ("+", each.after)))
    if not found.changed:
        yield "结论不变" if zh else "the answer stays the same"
    yield "仅为推演；申报须如实" if zh else "arithmetic only: facts must be filed as they are"


def _told(rulebook: Rulebook, each: Difference, values: list[str], lang: str) -> str:
    """Return what a thing may be, in words; days stand as they are."""
    at = int(lang != "zh")
    if not values:
        return ("不适用", "does not apply")[at]
    if each.kind == "outcome":
        return Words(rulebook, each.pack, lang).values(each.id, values)
    known = {**STATUS, **APPLIES, **SURE}
    return " ".join(known[value][at] if value in known else value for value in values)


def _questions(questions: list[Question], lang: str) -> Iterator[tuple[str, list[str]]]:
    """Yield questions under their head, those that are proven to decide an answer first."""
    for decides, zh, en in ((True, "缺少的事实", "Missing facts"), (False, "可能有关的事实", "Facts that may matter")):
        lines = [
            f"{each.fact}{'@' + each.item if each.item else ''}: {each.question.get(lang)}"
            for each in questions
            if each.decides == decides
        ]
        if lines:
            yield zh if lang == "zh" else en, lines


def _untold(ended: Ended) -> bool:
    """Tell whether nothing is told of an end: neither that it came, nor since when it may have come."""
    return ended.sure != "certain" and not ended.earliest


class _Report:
    def __init__(self, rulebook: Rulebook, found: Overall, lang: str) -> None:
        self.rulebook = rulebook
        self.found = found
        self.lang = lang

    def blocks(self) -> Iterator[Block]:
        yield from self._head()
        for part in self.found.packs:
            yield from self._pack(part)
        yield from self._duties()
        yield from self._conflicts()
        yield from self._flaws()
        yield from self._gaps()
        yield from self._questions()
        yield from self._notes()

    def pick(self, zh: str, en: str) -> str:
        """Return the one of two texts that is in the language."""
        return zh if self.lang == "zh" else en

    def _say(self, text: Text) -> str:
        return text.get(self.lang)

    def _words(self, pack: str) -> Words:
        return Words(self.rulebook, pack, self.lang)

    def _head(self) -> Iterator[Block]:
        yield Heading(self.pick("自评报告", "Self-assessment report"), 1)
        found = self.found
        yield Lines(
            (
                self.pick(
                    f"判定日 {found.as_of}，合规截至 {found.on}，规则集 {found.rulebook[:12]}",
                    f"as of {found.as_of}, compliance on {found.on}, rulebook {found.rulebook[:12]}",
                ),
                self.pick("全部已确定", "everything is determined")
                if found.determined
                else self.pick("有未确定的事项", "something is open"),
                self.pick(
                    "由所填事实计算得出，未经存档，不是行政决定，也不是法律意见。",
                    "Computed from the facts stated; not recorded, no administrative decision and no legal advice.",
                ),
            )
        )
        totals = {status: sum(duty.status == status for duty in found.duties) for status in STATUS}
        heads = tuple(self.pick(*words) for words in STATUS.values())
        yield Table(heads, (tuple(str(count) for count in totals.values()),))

    def _pack(self, part: PackPart) -> Iterator[Block]:
        lines = [self.pick(*APPLIES[part.applies])] if part.applies != "yes" else []
        if part.answer:
            words = self._words(part.pack)
            shown = {
                outcome.id
                for outcome in self.rulebook.packs[part.pack].doc.outcomes
                if outcome.lists == "answers" and not any(value.duty or value.conflict for value in outcome.values)
            }
            lines += [
                line for name, outcome in part.answer.outcomes.items() if name in shown for line in words.outcome(name, outcome)
            ]
            lines += [f"{self._say(clause.to)}" for clause in part.answer.goes_to if clause.outcome in shown]
        if lines:
            yield Heading(f"{self._say(part.title)} ({part.pack})")
            yield Lines(tuple(lines))

    # duties -----------------------------------------------------------------------------------------------------------

    def _duties(self) -> Iterator[Block]:
        untold = Counter(self._say(duty.ended.what) for duty in self.found.duties if duty.ended and _untold(duty.ended))
        if untold:
            told = self.pick("未说明是否：{}（{}项义务因此未确定）", "not told whether {}: {} of the duties stay open by it")
            yield Lines(tuple(told.format(what, count) for what, count in untold.items()))
        for phase, words in PHASES.items():
            duties = [duty for duty in self.found.duties if duty.phase == phase]
            if duties:
                yield Heading(self.pick("义务：", "Duties: ") + self.pick(*words))
                yield Table(self._heads(), tuple(map(self._row, duties)))

    def _heads(self) -> tuple[str, ...]:
        if self.lang == "zh":
            return ("状态", "义务", "效力", "责任部门", "主管部门", "期限", "依据")
        return ("status", "duty", "effect", "owner", "authority", "deadline", "law")

    def _row(self, duty: DutyAnswer) -> tuple[str, ...]:
        sure = "" if duty.applies == "certain" else self.pick("（可能适用）", " (may apply)")
        law = "; ".join(dict.fromkeys(self._words(duty.pack).source(source) for source in duty.sources))
        return (
            self.pick(*STATUS[duty.status]),
            self._say(duty.label) + sure + self._ended(duty),
            EFFECT[duty.effect][self.lang],
            self.pick(*OWNERS[duty.owner]),
            self._say(duty.authority.title) if duty.authority else "",
            self._deadline(duty),
            law,
        )

    def _ended(self, duty: DutyAnswer) -> str:
        """Return until when a duty was owed, or may have been, and how it stood on that day."""
        ended = duty.ended
        if ended is None or _untold(ended):
            return ""
        days = "..".join(dict.fromkeys(day for day in (ended.earliest, ended.latest) if day))
        days = days if ended.earliest or ended.latest is None else self.pick(f"不晚于{days}", f"at the latest {days}")
        what, stood = self._say(ended.what), self.pick(*(STATUS[ended.status] if ended.status else NOT_LAW))
        if ended.sure == "certain":
            return self.pick(f"（{what}，最后一日{days}，当日{stood}）", f" ({what}: last day {days}, then {stood})")
        return self.pick(f"（可能已终止：{what}，{days}）", f" (may have ended: {what}, {days})")

    def _deadline(self, duty: DutyAnswer) -> str:
        if duty.deadline is None:
            return ""
        if duty.deadline.before_law == "certain":
            none = self.pick(
                "（起算日早于本规定施行，规定未定期限）", " (counts from before the law, which sets no day for that)"
            )
            return self._say(duty.deadline.text) + none
        days = [day for day in (duty.deadline.earliest, duty.deadline.latest) if day]
        if not days:
            return self._say(duty.deadline.text)
        if duty.deadline.latest is None:
            return self._say(duty.deadline.text) + self.pick(f"（不早于{days[0]}）", f" (not before {days[0]})")
        provisional = self.pick("，暂定", ", provisional") if duty.deadline.provisional else ""
        return f"{self._say(duty.deadline.text)} ({'..'.join(dict.fromkeys(days))}{provisional})"

    # the rest ---------------------------------------------------------------------------------------------------------

    def _conflicts(self) -> Iterator[Block]:
        if self.found.conflicts:
            yield Heading(self.pick("口径冲突，由人决定", "Regimes in conflict, for a human to decide"))
            yield Lines(
                tuple(
                    f"{self._say(each.label)} ({self.pick('；', '; ').join(map(self._say, each.between))}): {self._say(each.to)}"
                    for each in self.found.conflicts
                )
            )

    def _flaws(self) -> Iterator[Block]:
        if self.found.flaws:
            yield Heading(self.pick("预检：常见退回原因", "Pre-check: usual reasons for rejection"))
            sure = {"certain": "", "possible": self.pick("（可能）", " (possibly)")}
            yield Lines(tuple(self._say(flaw.label) + sure[flaw.applies] for flaw in self.found.flaws))

    def _gaps(self) -> Iterator[Block]:
        rows = [
            (
                self._say(duty.label),
                self.pick("；", "; ").join(map(self._say, duty.proof)),
                self.pick("；", "; ").join(map(self._say, duty.gaps)),
            )
            for duty in self.found.duties
            if duty.gaps and duty.applies == "certain"
        ]
        if rows:
            yield Heading(self.pick("缺口：什么可以证明", "Gaps: what would prove it"))
            yield Table(
                (self.pick("义务", "duty"), self.pick("可证明的材料", "evidence"), self.pick("未证明的条件", "not proven")),
                tuple(rows),
            )

    def _questions(self) -> Iterator[Block]:
        for head, lines in _questions(self.found.questions, self.lang):
            yield Heading(head)
            yield Lines(tuple(lines))

    def _notes(self) -> Iterator[Block]:
        notes = [self._say(note.text) for part in self.found.packs if part.answer for note in part.answer.notes]
        if notes:
            yield Heading(self.pick("说明", "Notes"))
            yield Lines(tuple(notes))
