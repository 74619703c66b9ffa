"""Clocks -> text and JSON: the end of a period with its rule and law, the days off of a year, the periods there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from api.render.table import Row
from api.render.text import READ
from engine.rulebook.model import Rulebook
from engine.rulebook.workdays import span
from engine.supervise.clocks import Due, Moment, Reminder, Run, Term
from engine.supervise.ics import Entry
from schemas.calendar import Clock, Counting
from schemas.rulebook import Source

if TYPE_CHECKING:
    from engine.supervise.agenda import Item, Moved
    from engine.supervise.state import State

UNITS = {
    "hours": {"zh": "小时", "en": "hours"},
    "days": {"zh": "日", "en": "days"},
    "working_days": {"zh": "个工作日", "en": "working days"},
    "months": {"zh": "个月", "en": "months"},
}
REASONS = {
    "supplement": {"zh": "补正", "en": "supplement"},
    "hearing": {"zh": "听证", "en": "hearing"},
    "test": {"zh": "检验检测", "en": "test"},
    "experts": {"zh": "专家评审", "en": "experts"},
}
WEEKDAYS = {
    "zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}


@dataclass(frozen=True, slots=True)
class Counted:
    """A period as it was counted: its clock of law, if any, its run, its end, and when to be reminded."""

    term: Term
    run: Run
    end: Due | None
    reminders: list[Reminder]
    clock: Clock | None
    counting: Counting | None


def due(book: Rulebook, found: Counted, lang: str) -> str:
    """Return when a period ends, by what rule, and when to be reminded."""
    words = _Words(book, lang)
    first = words.pick("，当日不计", ", that day not counted") if found.term.unit != "hours" else ""
    lines = [words.end(found.end), f"  {words.term(found.term)}{words.pick('，自', ' from ')}{found.run.started}{first}"]
    lines += [
        f"  {words.pick('中止', 'paused')} {each.start}..{each.end or ''} {words.reason(each.reason)}".rstrip()
        for each in found.run.pauses
    ]
    laws = (found.clock, found.counting) if found.clock and found.counting else ()
    lines += [f"  {law.title.get(lang)}{words.pick('：', ': ')}{words.sources(law.sources)}" for law in laws]
    if found.end and found.end.provisional and book.statutory:
        lines.append(f"  {book.statutory.note.get(lang)}")
    lines += [f"  {words.pick('提醒', 'reminder')} {words.moment(each.at)} ({words.share(each)})" for each in found.reminders]
    return "\n".join(lines)


def due_json(found: Counted) -> dict[str, Any]:
    """Return the same as a JSON value."""
    end = found.end
    return {
        "start": found.run.started,
        "unit": found.term.unit,
        "length": found.term.length,
        "rolls": found.term.rolls,
        "pauses": [{"start": each.start, "end": each.end, "reason": each.reason} for each in found.run.pauses],
        "due": None if end is None or end.earliest != end.latest else end.earliest.isoformat(),
        "earliest": end.earliest.isoformat() if end else None,
        "latest": end.latest.isoformat() if end and end.latest else None,
        "provisional": bool(end and end.provisional),
        "paused": end is None,
        "clock": found.clock.model_dump(mode="json") if found.clock else None,
        "counting": found.counting.model_dump(mode="json") if found.counting else None,
        "reminders": [{"at": each.at.isoformat(), "percent": each.percent} for each in found.reminders],
    }


def year(book: Rulebook, number: int, lang: str) -> str:
    """Return the arrangement of a year: breaks, weekend days worked, notices; before its notice the statutory days."""
    words = _Words(book, lang)
    lines = []
    doc = book.years.get(number)
    if doc is None:
        lines.append(words.pick(f"{number}年的放假通知尚未公布", f"no notice for {number} has been published"))
        for name, period in _statutory(book, number):
            lines.append(f"  {words.holiday(name)}  {words.day(period.start)}..{words.day(period.end or period.start)}")
        return "\n".join([*lines, *([f"  {book.statutory.note.get(lang)}"] if book.statutory else [])])
    for notice in doc.notices:
        issuer = next((each.title.get(lang) for each in book.authorities.get(notice.issuer, [])), notice.issuer)
        read = READ[notice.read][lang]
        lines.append(f"{issuer} {notice.number} ({notice.issued}; {read}) {notice.address}".rstrip())
        for each in notice.breaks:
            off = f"{words.day(each.off.start)}..{words.day(each.off.end or each.off.start)}"
            worked = ", ".join(words.day(day) for day in each.worked)
            tail = f"  {words.pick('上班', 'worked')}: {worked}" if worked else ""
            lines.append(f"  {words.holiday(each.holiday)}  {off}{tail}")
    lines.append(words.pick(f"工作日{_count(book, number)}天", f"{_count(book, number)} working days"))
    if late := [day for day in _days(number) if book.calendar.open(day.toordinal())]:
        problem = words.pick("下一年的通知还可能调整：", "the notice of the next year may still move: ")
        lines.append(f"{problem}{late[0]}..{late[-1]}")
    return "\n".join(lines)


def year_json(book: Rulebook, number: int) -> dict[str, Any]:
    """Return the same as a JSON value, each day that is not as its weekday says under its state."""
    doc = book.years.get(number)
    works = {day: book.calendar.works(day.toordinal()) for day in _days(number)}
    return {
        "year": number,
        "announced": doc is not None,
        "notices": [each.model_dump(mode="json") for each in doc.notices] if doc else [],
        "working_days": _count(book, number) if doc else None,
        "worked": [day.isoformat() for day, worked in works.items() if worked and day.weekday() > 4],  # noqa: PLR2004 - Friday
        "off": [day.isoformat() for day, worked in works.items() if worked is False and day.weekday() <= 4],  # noqa: PLR2004
        "open": [day.isoformat() for day in works if book.calendar.open(day.toordinal())],
    }


def listed(book: Rulebook, lang: str) -> tuple[Row, list[Row]]:
    """Return the table of the periods of law."""
    words = _Words(book, lang)
    heads = {
        "zh": ("时钟", "事项", "起算", "期限", "中止", "计期方法", "依据"),
        "en": ("clock", "what", "starts", "period", "pauses", "counting", "law"),
    }[lang]
    rows: list[Row] = []
    for each in book.clocks.values():
        counting = book.countings[each.counting]
        longer = f" + {each.extension}" if each.extension else ""
        rows.append(
            (
                each.id,
                each.title.get(lang),
                each.starts.get(lang),
                f"{each.length}{longer} {UNITS[counting.unit][lang]}",
                "\n".join(words.reason(reason) for reason in each.pauses),
                f"{counting.title.get(lang)}\n{words.sources(counting.sources)}",
                words.sources(each.sources),
            )
        )
    return heads, rows


STANDING = {
    "running": {"zh": "计时中", "en": "running"},
    "paused": {"zh": "已中止", "en": "paused"},
    "open": {"zh": "是否逾期未定", "en": "open whether it is past"},
    "past": {"zh": "已逾期", "en": "past"},
    "stopped": {"zh": "已停止", "en": "stopped"},
}


def items(found: list[Item], lang: str) -> tuple[Row, list[Row]]:
    """Return the table of clocks that are due next."""
    heads = {
        "zh": ("到期", "事项", "状态", "剩余", "下次提醒", "办件"),
        "en": ("due", "what", "standing", "left", "next reminder", "stream"),
    }[lang]
    rows: list[Row] = [
        (
            _end_text(each.end),
            each.title.get(lang),
            STANDING[each.standing][lang],
            "..".join(dict.fromkeys(map(str, each.left))) + f" {UNITS[_left_unit(each)][lang]}",
            each.reminders[0].at.isoformat() if each.reminders else "",
            f"{each.process} {each.stream}",
        )
        for each in found
    ]
    return heads, rows


def item_json(found: Item) -> dict[str, Any]:
    """Return a clock that is due next as a JSON value."""
    return {
        "stream": found.stream,
        "process": found.process,
        "clock": found.clock,
        "title": found.title.model_dump(),
        "started": found.run.started,
        "earliest": found.end.earliest.isoformat() if found.end else None,
        "latest": found.end.latest.isoformat() if found.end and found.end.latest else None,
        "provisional": bool(found.end and found.end.provisional),
        "standing": found.standing,
        "left": {"at_least": found.left[0], "at_most": found.left[1], "unit": _left_unit(found)},
        "reminders": [{"at": each.at.isoformat(), "percent": each.percent} for each in found.reminders],
    }


def entry(found: Item, lang: str) -> Entry | None:
    """Return a clock as an entry of an iCalendar file; None while it stands still."""
    if found.end is None:
        return None
    uid = f"{found.stream}.{found.clock}.{found.run.started}@fenji"
    return Entry(uid, found.title.get(lang), found.end, f"{found.process} {found.stream}", found.reminders)


def recomputed(release: str, moved: list[Moved], overtaken: list[State]) -> str:
    """Return what time alone brought, a line each: a clock with its old and its new end and the rules that say so, or a state."""
    lines = [
        f"{each.stream}  {each.process}/{each.clock}: {_span(each.before)} -> {_span(each.after)}  ({release})" for each in moved
    ]
    return "\n".join([*lines, *(f"{each.stream}  {each.process}: {each.name} {each.on}" for each in overtaken)])


def recomputed_json(release: str, moved: list[Moved], overtaken: list[State]) -> dict[str, Any]:
    """Return the same as a JSON value."""
    return {
        "release": release,
        "moved": [
            {
                "stream": each.stream,
                "process": each.process,
                "clock": each.clock,
                "before": {"earliest": each.before[0] or None, "latest": each.before[1] or None},
                "after": {"earliest": each.after[0] or None, "latest": each.after[1] or None},
            }
            for each in moved
        ],
        "overtaken": [
            {"stream": each.stream, "process": each.process, "state": each.name, "date": each.on} for each in overtaken
        ],
    }


def _span(end: tuple[str, str]) -> str:
    return "..".join(dict.fromkeys((end[0], end[1] or "?"))) if end[0] else "-"


def _left_unit(found: Item) -> str:
    return "days" if found.term.unit == "months" else found.term.unit


def _end_text(end: Due | None) -> str:
    if end is None:
        return "-"
    return " .. ".join(dict.fromkeys((end.earliest.isoformat(), end.latest.isoformat() if end.latest else "?")))


def _days(number: int) -> list[date]:
    return list(span(date(number, 1, 1), date(number, 12, 31)))


def _count(book: Rulebook, number: int) -> int:
    return sum(book.calendar.works(day.toordinal()) is True for day in _days(number))


def _statutory(book: Rulebook, number: int) -> list[tuple[str, Any]]:
    found = next((each for each in book.statutory.years if each.year == number), None) if book.statutory else None
    return list(found.days.items()) if found else []


class _Words:
    def __init__(self, book: Rulebook, lang: str) -> None:
        self.book = book
        self.lang = lang
        self.holidays = {each.id: each.title.get(lang) for each in (book.statutory.holidays if book.statutory else [])}

    def pick(self, zh: str, en: str) -> str:
        """Return the text in the language."""
        return zh if self.lang == "zh" else en

    def end(self, end: Due | None) -> str:
        """Return the end of a period, with its bounds while a notice may move it."""
        if end is None:
            return self.pick("时钟中止，到期日未定", "the clock stands still, its end is open")
        if end.latest is None:
            return self.pick(f"不早于 {end.earliest}（日历之外）", f"not before {end.earliest} (beyond the calendar)")
        if not end.provisional:
            return self.moment(end.earliest)
        ends = " .. ".join(dict.fromkeys((self.moment(end.earliest), self.moment(end.latest))))
        return f"{ends} {self.pick('（暂定：放假通知尚未公布）', '(provisional: a notice of days off is still to come)')}"

    def term(self, term: Term) -> str:
        """Return a period in words."""
        unit = UNITS[term.unit][self.lang]
        unit = unit.removesuffix("s") if term.length == 1 else unit
        rolls = self.pick("，末日为休假日的顺延", ", a last day that is a day off moves on,") if term.rolls else ""
        return f"{term.length}{unit}{rolls}" if self.lang == "zh" else f"{term.length} {unit}{rolls}"

    def moment(self, value: Moment) -> str:
        """Return a day with its weekday, or a moment."""
        return value.isoformat(timespec="minutes") if isinstance(value, datetime) else self.day(value)

    def day(self, value: date) -> str:
        """Return a day with its weekday."""
        return f"{value} {WEEKDAYS[self.lang][value.weekday()]}"

    def holiday(self, name: str) -> str:
        """Return the name of a holiday."""
        return self.holidays.get(name, name)

    def reason(self, name: str) -> str:
        """Return a reason to pause in words."""
        return REASONS[name][self.lang] if name in REASONS else "".join(c for c in name if c.isprintable())

    def share(self, each: Reminder) -> str:
        """Return why one is reminded."""
        if each.percent is None:
            return self.pick("到期前最后一个工作日", "the last working day before")
        return self.pick(f"期限过了{each.percent}%", f"{each.percent} % of the period have run")

    def sources(self, sources: list[Source]) -> str:
        """Return the law with how it was read."""
        return "; ".join(self._source(each) for each in sources)

    def _source(self, source: Source) -> str:
        title = self.book.instruments[source.instrument].title.get(self.lang)
        article = self.pick(f"第{source.article}条", f" art. {source.article}") if source.article else ""
        return f"{title}{article}" + ("" if source.verified else f" ({READ[source.read][self.lang]})")
