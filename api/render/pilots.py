"""Pilots and their incidents as text: how one stands, what the rules propose, which alarms stand, what is left of its budget."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from engine.rulebook.model import Rulebook
from engine.store.append import Projection
from engine.supervise.monitors.budget import CAP, Line
from engine.supervise.monitors.simulate import Simulation
from engine.supervise.opinions import MATTERS, OPEN, PACK, UNTOUCHED, Opinion, ran_out
from engine.supervise.state import from_text
from engine.supervise.step import possible
from engine.supervise.watched import Standing

if TYPE_CHECKING:
    from engine.supervise.state import Run, State

WORDS = {
    "met": ("成立，不存在：", "met, ruled out:"),
    "unmet": ("不成立，存在：", "not met:"),
    "unproven": ("未证明，可能：", "not proven:"),
    OPEN: ("未定", "undetermined"),
    UNTOUCHED: ("从不涉及：", "never covered:"),
    "none": ("无", "none"),
    "due": ("至", "until"),
    "late": ("逾期", "late"),
    "paused": ("中止计时", "paused"),
    "unopened": ("只有被拒绝的申请", "nothing but refused attempts"),
    "next": ("可办事项", "what can happen next"),
    "never": ("按现有速度不会用尽", "never at this rate"),
    "exhausted": ("日内用尽", "days until it is used up"),
    "no_alarms": ("没有报警", "no alarms"),
    "since": ("成立于", "true since"),
    "seen": ("发现于", "seen at"),
    "ran_out": (
        "约定期限已于该日届满：变通不再适用，其后的行为不在容错之内；结束待登记（fenji clock recompute）",
        "the agreed term ran out: no easing holds any more, nothing since is tolerated; record it by `fenji clock recompute`",
    ),
    "assumed": ("等级未定，暂按可能的最高等级", "the grade is still open, the gravest possible is assumed"),
    "of_grades": ("可能的等级", "grades still possible"),
    "missing": ("尚缺的事实", "missing"),
    "stopped": ("次被监测项叫停", "runs stopped by a monitor"),
    "of": ("次模拟中", "runs of"),
    "unstated": (
        "未给出频率，模拟中从未发生（没有请写 0）",
        "no rate given, so none happened in any life (write 0 where none is assumed)",
    ),
    "not_simulated": (
        "未模拟，次数无从得知（方案不给出人数增长和保险中断）",
        "not simulated (no plan says how subjects grow or cover lapses)",
    ),
    "uncounted": ("不在条款约定的日期内，不计入", "outside of the days under terms, not counted"),
    "over": ("超出", "beyond"),
    "scale": (
        "三十日内已用/允许；条款按每千名参与者、三十日约定，现按 {} 名参与者折算，不足一的进为一",
        "used/allowed within thirty days; the terms allow per thousand subjects, here for {}, and a part of one counts as one",
    ),
    "cap": ("累计参与者/上限，不按三十日计", "subjects so far/cap, not within thirty days"),
    "middle": ("中位日", "middle day"),
}


def word(name: str, lang: str) -> str:
    """Return a word of this module in `zh` or `en`."""
    return WORDS[name][lang != "zh"]


def value(rulebook: Rulebook, outcome: str, name: str, lang: str) -> str:
    """Return a value of an outcome of the pilot pack in words."""
    found = next((each for each in rulebook.packs[PACK].outcomes[outcome].values if each.id == name), None)
    return found.label.get(lang) if found else word(OPEN, lang) if name == OPEN else name


def opinion(rulebook: Rulebook, found: Opinion, lang: str) -> str:
    """Return an opinion: what is proposed, and each condition with how it stands."""
    outcome, unions = MATTERS[found.matter]
    title = rulebook.packs[PACK].outcomes[outcome].title.get(lang)
    said = value(rulebook, outcome, found.value, lang)
    if found.value == OPEN:
        said += f" ({' / '.join(value(rulebook, outcome, each, lang) for each in found.possible)})"
    lines = [f"{title}: {said}"]
    labels = {each.id: each.label for union in unions for each in rulebook.packs[PACK].outcomes[union].values}
    for standing in ("unmet", "unproven", "met"):
        lines += [f"  {word(standing, lang)} {labels[name].get(lang)}" for name in getattr(found, standing)]
    lines += [f"  {word(UNTOUCHED, lang)} {value(rulebook, UNTOUCHED, name, lang)}" for name in found.untouched]
    return "\n".join(lines)


def state(rulebook: Rulebook, found: State, lang: str, on: date) -> str:
    """Return a stream as it stands on a day: its state, what it shows, its clocks, and what can happen next."""
    table = rulebook.lifecycles[found.process]
    label = next((each.label.get(lang) for each in table.states if each.id == found.name), word("unopened", lang))
    lines = [f"{found.stream}  {table.title.get(lang)}: {label} ({found.name or '-'}), {found.number}"]
    past = ran_out(found, on)
    lines += [f"  ! {past}: {word('ran_out', lang)}"] if past else []
    lines += [f"  ! {said}"] if (said := assumed(rulebook, found, lang)) else []
    fields = {each.id: each.label for each in table.fields}
    lines += [f"  {fields[name].get(lang)}: {_plain(each)}" for name, each in found.values.items() if name in fields]
    titles = {each.id: each.title for each in table.clocks}
    lines += [f"  {titles[run.clock].get(lang)}: {_run(run, lang)}" for run in found.clocks if not run.stopped or _late(run)]
    events = sorted({f"{each.event} ({each.title.get(lang)})" for each in possible(table, found)})
    return "\n".join([*lines, f"{word('next', lang)}: {', '.join(events) or word('none', lang)}"])


def assumed(rulebook: Rulebook, found: State, lang: str) -> str:
    """Return that the grade of an incident is a working assumption, of which grades, and what is missing; else nothing."""
    if found.process != "incident" or not found.values.get("assumed"):
        return ""
    grades = " / ".join(value(rulebook, "mishap.grade", each, lang) for each in found.values["possible"])
    labels = [rulebook.facts[name].label.get(lang) if name in rulebook.facts else name for name in found.values["missing"]]
    return f"{word('assumed', lang)} ({word('of_grades', lang)}: {grades}); {word('missing', lang)}: {', '.join(labels)}"


def _plain(given: Any) -> str:
    return ", ".join(map(str, given)) if isinstance(given, list) else str(given)


def _run(run: Run, lang: str) -> str:
    if _late(run):
        return f"{word('late', lang)} ({run.stopped} > {run.due})"
    return word("paused", lang) if run.paused else f"{word('due', lang)} {run.due or word(OPEN, lang)}"


def _late(run: Run) -> bool:
    return bool(run.stopped and run.due and run.stopped > run.due)


def row(found: Projection, on: date) -> str:
    """Return one line of a list; what ran out by a day and has no recorded end is marked with `!`."""
    past = "!" if ran_out(from_text(found.fold), on) else ""
    columns = (found.id, found.state + past, found.tier, found.unit, found.district, found.updated[:10])
    return "  ".join(each or "-" for each in columns)


def alarms(found: Sequence[Standing], lang: str) -> str:
    """Return alarms with what they propose and which monitors spoke."""
    lines = [
        f"{each.monitor.proposes}: {each.monitor.title.get(lang)}; {word('since', lang)} {moment(each.alarm.true_since)}, "
        f"{word('seen', lang)} {moment(each.alarm.seen_at)} [{each.alarm.spoke}{': ' + each.why if each.why else ''}]"
        + (f"; {word('assumed', lang)}: {', '.join(each.assumed)}" if each.assumed else "")
        for each in found
    ]
    return "\n".join(lines) or word("no_alarms", lang)


def budget(lines: Sequence[Line], lang: str) -> str:
    """Return the lines of a budget."""
    ends = {
        line.line: word("never", lang) if line.exhausted_in is None else f"{line.exhausted_in} {word('exhausted', lang)}"
        for line in lines
    }
    subjects = next((line.used for line in lines if line.line == CAP), 0)
    ends[CAP] = word("cap", lang)
    over = {line.line: f", {line.used - line.allowed} {word('over', lang)}" for line in lines if line.used > line.allowed}
    rows = [
        f"{line.line}: {line.used}/{line.allowed} ({line.percent} %{over.get(line.line, '')}), {ends[line.line]}"
        for line in lines
    ]
    return "\n".join([word("scale", lang).format(max(subjects, 1)), *rows])


def uncounted(names: Sequence[str], lang: str) -> str:
    """Return the line that says what is recorded and not counted, empty when nothing is."""
    return f"! {word('uncounted', lang)}: {', '.join(names)}" if names else ""


def simulation(found: Simulation, rulebook: Rulebook, lang: str) -> str:
    """Return how often a plan's monitors stopped it."""
    titles = {each.id: each.title for each in rulebook.packs[PACK].doc.monitors}
    middle = found.middle_day if found.middle_day is not None else "-"
    lines = [f"{found.stopped}/{found.runs} {word('stopped', lang)}, {word('middle', lang)} {middle} (seed {found.seed})"]
    lines += [f"  {each.runs}/{found.runs}  {each.proposes}: {titles[each.monitor].get(lang)}" for each in found.monitors]
    lines += [f"  -  {word('not_simulated', lang)}: {titles[name].get(lang)}" for name in found.not_simulated]
    lines += [f"  ! {word('unstated', lang)}: {', '.join(found.unstated)}"] if found.unstated else []
    return "\n".join(lines)


def moment(at: int) -> str:
    """Return a second as a moment in UTC."""
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
