"""Streams in words: where one stands, which clocks run, what may happen next and on what basis, and what happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from api.render import table
from engine.evidence.record import UNPUBLISHED
from engine.rulebook.days import legal_day
from engine.store.append import NO_DUE
from engine.supervise.overdue import binds
from engine.supervise.state import DRIFT
from engine.supervise.step import offered
from schemas.lifecycle import BUILT_IN, DRIFTED, RECOMPUTED, REFUSED

if TYPE_CHECKING:
    from engine.rulebook.model import Rulebook
    from engine.supervise.queued import Queued
    from engine.supervise.state import Run, State
    from schemas.lifecycle import Lifecycle, Transition

_WORDS = {
    "recorded": ("已记录", "recorded"), "state": ("状态", "state"), "due": ("最近期限", "next deadline"),
    "next": ("下一步", "What may happen next"), "clocks": ("时限", "Clocks"), "history": ("经过", "What happened"),
    "fields": ("内容", "What it says"), "running": ("计时中", "running"), "paused": ("暂停", "paused"),
    "stopped": ("已停止", "stopped"), "provisional": ("暂定", "provisional"), "until": ("至", "until"),
    "refused": ("被拒绝的尝试", "refused attempt"),
    "drifted": ("结论变动", "the answer moved"),
    "recomputed": ("期限重算", "ends of clocks anew"), "unpublished": ("规则未经公布", "by rules that were never published"),
    "facts": ("事实变化", "changed facts"), "rulebook": ("规则变化", "new rules"),
    "law": ("其间有法律施行或者失效", "law that began or ended meanwhile"),
    "design": ("设计", "design"), "by": ("由", "by"),
    "overdue": ("已逾期", "overdue"), "maybe_overdue": ("可能逾期", "may be overdue"), "over": ("已届满", "time is over"),
    "ended": ("所办件均已终结", "its cases have ended"),
    "on": ("记载", "recorded"),
    "closed": ("已终结", "closed"), "event": ("事件", "event"), "day": ("日期", "day"), "who": ("人员", "who"),
    "to": ("之后", "to"), "id": ("编号", "id"), "process": ("程序", "process"), "unit": ("单位", "unit"),
    "district": ("区", "district"), "tier": ("等级", "tier"), "assignee": ("承办人", "assignee"),
    "empty": ("没有符合条件的件", "no stream is like that"), "statutory": ("法定", "statutory"),
    "agreed": ("约定", "agreed"), "owner": ("所有者", "owner"), "advisory": ("建议", "advisory"),
    "system": ("系统", "system"), "admin": ("管理员", "admin"), "official": ("官员", "official"),
    "yes": ("是", "yes"), "no": ("否", "no"), "comma": ("、", ", "),
    "enterprise": ("企业", "enterprise"), "auditor": ("审计", "auditor"),
    "observer": ("第三方观察员", "third-party observer"),
}  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """A stream's table in the words of a language."""

    rulebook: Rulebook
    of: Lifecycle
    lang: str

    def recorded(self, state: State) -> str:
        """Return what was recorded and where the stream stands."""
        return "\n".join(
            [f"{self._word('recorded')}{self._sep}{state.stream}/{state.number}", *self._standing(state), *self._next(state)]
        )

    def page(self, state: State, events: Sequence[dict[str, Any]], said: Mapping[str, Any]) -> str:
        """Return a stream on one page."""
        labels = {each.id: each.label.get(self.lang) for each in self.of.fields}
        lines = [f"{self.of.title.get(self.lang)} {state.stream}", *self._standing(state), "", self._word("fields")]
        kept = {each.id: state.values[each.id] for each in self.of.fields if each.collect and each.id in state.values}
        given = {**said, **kept, **self._by_unit(events)}
        lines += [f"  {labels.get(name, name)}{self._sep}{self._value(name, value)}" for name, value in given.items()]
        heads = ("#", *(self._word(name) for name in ("day", "event", "who", "to")))
        rows = [self._happened(each) for each in events]
        return "\n".join([*lines, *self._next(state), "", self._word("history"), table.render(heads, rows)])

    def label(self, state: str) -> str:
        """Return the name of a state."""
        return next((each.label.get(self.lang) for each in self.of.states if each.id == state), state or "-")

    def _value(self, name: str, value: Any) -> str:
        """Return a value in words: choices by their labels, lists in a row."""
        if isinstance(value, bool):
            return self._word("yes" if value else "no")
        if isinstance(value, list):
            return self._word("comma").join(self._value(name, each) for each in value)
        if isinstance(value, dict):
            return " ".join(self._value("", each) for each in value.values())
        choices = {each.id: each.label.get(self.lang) for decl in self.of.fields if decl.id == name for each in decl.values}
        return choices.get(value, str(value)) if isinstance(value, str) else str(value)

    def _by_unit(self, events: Sequence[dict[str, Any]]) -> dict[str, list[str]]:
        """Return what several chose, such as the opinions of units, each with the unit whose choice it was."""
        found: dict[str, list[str]] = {}
        for decl in self.of.fields:
            for each in events if decl.collect and decl.values else ():
                if decl.id in each["values"] and each["by"]:
                    said = self._value(decl.id, each["values"][decl.id])
                    found.setdefault(decl.id, []).append(f"{said} ({each['by']['unit']})")
        return found

    def _word(self, name: str) -> str:
        return word(name, self.lang)

    @property
    def _sep(self) -> str:
        return "：" if self.lang == "zh" else ": "

    def _happened(self, event: dict[str, Any]) -> tuple[str, ...]:
        titles = {each.event: each.title.get(self.lang) for each in self.of.transitions}
        by, name = event["by"], event["name"]
        title = titles.get(name) or (self._word(name) if name in BUILT_IN else name)
        chosen = [
            self._value(each.id, event["values"][each.id])
            for each in self.of.fields
            if each.values and each.id in event["values"]
        ]
        if chosen and name not in BUILT_IN:
            title = f"{title} ({self._word('comma').join(chosen)})"
        if name == RECOMPUTED and (release := event["values"].get("release")):  # earlier ones do not say
            title = f"{title}{self._sep}{self._word('unpublished') if release == UNPUBLISHED else release}"
        if name == DRIFTED:
            title = f"{title}{self._sep}{moved(event['values'], self.lang)}"
        if name == REFUSED:
            title = f"{self._word('refused')}{self._sep}{event['values']['attempted']} ({event['values']['rule']})"
        who = f"{by['name']} ({by['unit']})" if by else self._word("system")
        return str(event["number"]), self._day(event), title, who, self.label(event["to"])

    def _day(self, event: dict[str, Any]) -> str:
        """Return the legal day of an event, and the day on which it was recorded where that is another."""
        told = legal_day(datetime.fromisoformat(event["at"])).isoformat()
        recorded = f"{self._word('on')}{'' if self.lang == 'zh' else ' '}{told}"
        return event["on"] if event["on"] == told else f"{event['on']} ({recorded})"

    def _standing(self, state: State) -> list[str]:
        closed = f" ({self._word('closed')})" if state.closed else ""
        lines = [f"{self._word('state')}{self._sep}{self.label(state.name)}{closed}"]
        if DRIFT in state.values:
            lines.append(f"{self._word('drifted')}{self._sep}{moved(state.values[DRIFT], self.lang)}")
        if state.due != NO_DUE:
            lines.append(f"{self._word('due')}{self._sep}{state.due}")
        titles = {each.id: each.title.get(self.lang) for each in self.of.clocks}
        return lines + [f"  {titles.get(run.clock, run.clock)}{self._sep}{self._run(run)}" for run in state.clocks]

    def _run(self, run: Run) -> str:
        if run.stopped is not None:
            late = run.due and run.stopped > run.due and binds(self.rulebook.lifecycles, self.of.id, run.clock) != "nobody"
            ended = f" ({self._word('overdue')}{self._sep}{self._word('until')} {run.due})" if late else ""
            return f"{self._word('stopped')} {run.stopped}{ended}"
        if run.paused:
            return f"{self._word('paused')} {run.pauses[-1].start}"
        doubt = f" ({self._word('provisional')}{self._sep}{run.due or '?'})" if run.due != run.soonest else ""
        return f"{self._word('running')} {self._word('until')} {run.soonest}{doubt}" if run.soonest else self._word("running")

    def _next(self, state: State) -> list[str]:
        found = [f"  {each.event}{self._sep}{self._way(each)}" for each in offered(self.of, state)]
        return ["", self._word("next"), *found] if found else []

    def _way(self, each: Transition) -> str:
        basis = "; ".join(
            f"{self.rulebook.instruments[source.instrument].title.get(self.lang)} {source.article}".strip()
            for source in each.sources
            if source.instrument in self.rulebook.instruments
        )
        roles = "/".join(self._word(role) for role in each.role)
        needs = f" {{{', '.join(each.needs)}}}" if each.needs else ""
        return f"{each.title.get(self.lang)}{needs} [{roles}; {self._word(each.effect)}; {basis or self._word('design')}]"


def word(name: str, lang: str) -> str:
    """Return a word of these pages."""
    return _WORDS[name][lang == "en"]


def moved(drift: Mapping[str, Any], lang: str) -> str:
    """Return how an answer moved: from what to what, by which clauses, and why."""
    now = drift["problem"] or "|".join(drift["now"])
    cause = [word(drift["cause"], lang)] if drift["cause"] else []
    return f"{drift['before']} -> {now} ({'; '.join([*cause, *drift['clauses']])})"


def drifted(stream: str, drift: Mapping[str, Any], lang: str) -> str:
    """Return a case whose answer moved, in a line."""
    return f"{stream}: {moved(drift, lang)}"


def _due(of: Queued, lang: str) -> str:
    """Return the next deadline of a row, marked where a notice to come may move it, and where it has passed or may have."""
    due = "" if of.row.due == NO_DUE else of.row.due
    passed = {True: "overdue", None: "maybe_overdue", False: "over" if of.over else ""}[of.overdue]
    marks = [word(name, lang) for name in ("provisional" if of.provisional else "", passed) if name]
    return f"{due} ({word('comma', lang).join(marks)})".lstrip() if marks else due


def listing(rulebook: Rulebook, rows: Sequence[Queued], lang: str) -> str:
    """Return a page of a queue."""
    if not rows:
        return word("empty", lang)
    heads = tuple(word(name, lang) for name in ("id", "process", "state", "due", "unit", "district", "tier", "assignee"))
    shown = []
    for each in rows:
        row, of = each.row, rulebook.lifecycles.get(each.row.process)
        title, state = (of.title.get(lang), Shown(rulebook, of, lang).label(row.state)) if of else (row.process, row.state)
        state += f" ({word('ended', lang)})" if each.ended and not row.closed else ""
        shown.append((row.id, title, state, _due(each, lang), row.unit, row.district, row.tier, row.assignee))
    return table.render(heads, shown)


def listed(of: Queued) -> dict[str, Any]:
    """Return a row of a queue as a JSON value; who holds the stream stands in no list."""
    row = {name: getattr(of.row, name) for name in of.row.__slots__ if name not in ("fold", "subject")}
    return {**row, "overdue": of.overdue, "provisional": of.provisional, "ended": of.ended}
