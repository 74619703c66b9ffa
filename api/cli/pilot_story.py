"""The demo's two pilots: one paused after a grave incident, rectified and graduated; one terminated for a hidden report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from api.cli.cast import SAMR
from api.cli.options import document
from engine.evidence import canonical
from engine.evidence.installation import Installation
from engine.evidence.keys import Holder, PublicKey
from engine.evidence.log import stamp
from engine.rulebook.days import legal_day
from engine.rulebook.model import Rulebook
from engine.rulebook.read import plain
from engine.supervise import alarms, incidents, pilots, uscc
from engine.supervise.clocks import months_after
from engine.supervise.state import State
from engine.supervise.step import transition_of
from engine.supervise.streams import Act, Recorded, Streams
from engine.supervise.terms import terms_sha256

FIRM = "91320100MA1DEMP11"
TEXTS = ("innovation", "discretion", "scope", "subjects_kind", "data", "risks", "safeguards", "stop_function", "observer")
PAPER = canonical.sha256(b"a paper of the demo")
HARM = {"mishap.grave_injuries": 1, "incident.cyber": False, "incident.work_accident": False}
Step = tuple[str, str, dict[str, Any]]  # event, who acts, fields
AGREED: tuple[Step, ...] = (
    ("sketch", "firm", {"product": "沉浸式导览"}),
    ("apply", "firm", {}),
    ("find", "official", {}),
    ("admit", "official", {}),
    ("offer", "official", {}),
    ("sign", "firm", {}),
    ("countersign", "official", {}),
    ("start", "firm", {}),
    ("count", "firm", {"subjects": 240}),
)
GRADUATED: tuple[Step, ...] = (
    ("incident", "firm", HARM),
    ("alarm", "", {}),
    ("pause", "official", {"reasons": "一名参与者重伤"}),
    ("rectify", "official", {"reasons": "加装护栏"}),
    ("rectified", "official", {"reasons": "护栏已加装"}),
    ("conclude", "official", {"reasons": "整改已验收，事件继续处置"}),
    ("exit_report", "firm", {"report": PAPER}),
    ("find", "official", {"pilot.aims": "met"}),
    ("graduate", "official", {"track": "results_based"}),
)
TERMINATED: tuple[Step, ...] = (
    ("breach", "official", {"breach": "hidden_report", "reasons": "隐瞒事件"}),
    ("alarm", "", {}),
    ("terminate", "second", {"reasons": "隐瞒事件", "event": "hidden_report"}),
    ("exit_report", "firm", {"report": PAPER}),
    ("close", "official", {}),
)


def told(home: Installation, rulebook: Rulebook, folder: Path, by: PublicKey, now: datetime) -> dict[str, list[str]]:
    """Let two pilots live; return what happened, in both languages. Raises InputError, StoreError."""
    sample: Any = plain(document(str(folder / "samples/nanjing-pilot/exhibition-guide.yaml")))
    facts = {name: value for name, value in sample.items() if name != "about"}
    story = _Story(Streams(home, rulebook), _people(home, by, now), now, facts)
    lines: dict[str, list[str]] = {"zh": ["两个试点"], "en": ["two pilots"]}
    for number, steps in enumerate((GRADUATED, TERMINATED), 1):
        for texts in story.live(f"demo-pilot-{number}", (*AGREED, *steps)):
            for lang, text in texts.items():
                lines[lang].append(text)
    return lines


def _people(home: Installation, by: PublicKey, now: datetime) -> dict[str, PublicKey]:
    firm = Holder("zhang", "张敏", FIRM + uscc.check_character(FIRM), ("enterprise",))
    second = Holder("sun", "孙立", SAMR, ("official",))
    made = {name: home.add_actor(holder, "decision", stamp(now), by) for name, holder in (("firm", firm), ("second", second))}
    return {"official": by, **made}


class _Story:
    """Acts of the demo's people, each a second after the one before."""

    def __init__(self, streams: Streams, people: dict[str, PublicKey], now: datetime, facts: dict[str, Any]) -> None:
        self.streams = streams
        self.people = people
        self.now = now
        self.facts = facts

    def live(self, pilot: str, steps: Sequence[Step]) -> Iterator[dict[str, str]]:
        """Take the steps; yield what each came to."""
        for event, who, stated in steps:
            self.now += timedelta(seconds=1)
            if event == "alarm":
                yield from self._alarm(alarms.propose(self.streams, pilot, self.now))
                continue
            before = "" if event == "sketch" else self.streams.state(pilot).name
            after = self._act(pilot, event, who, stated)
            transition = transition_of(self.streams.table("pilot"), before, event)
            label = {state.id: state.label for state in self.streams.table("pilot").states}[after.name]
            if transition:
                yield {lang: f"  {transition.title.get(lang)} → {label.get(lang)}" for lang in ("zh", "en")}

    def _act(self, pilot: str, event: str, who: str, stated: dict[str, Any]) -> State:
        if event == "incident":
            found_at = stamp(self.now - timedelta(minutes=30))
            fields = {"pilot": pilot, "reference": "2026-1", "found_at": found_at, "facts": stated}
            incidents.perform(self.streams, Act(f"{pilot}-i1", "incident", "report", self.people["firm"], self.now, fields))
            return self.streams.state(pilot)
        key, second = (self.people["official" if who == "second" else who], self.people["second"] if who == "second" else None)
        act = Act(pilot, "pilot", event, key, self.now, self._fields(event, stated), second=second)
        return pilots.perform(self.streams, act).state

    def _fields(self, event: str, stated: dict[str, Any]) -> dict[str, Any]:
        terms = self._terms()
        match event:
            case "sketch":
                return {**stated, "holder": FIRM + uscc.check_character(FIRM)}
            case "apply":
                return self._application(terms)
            case "find":
                return {"facts": {**self.facts, **stated}, "reasons": "核对"}
            case "offer":
                return {"terms": terms, **terms}
            case "sign":
                return {"signed_sha256": terms_sha256(terms)}
            case "countersign":
                return {"agreed_sha256": terms_sha256(terms)}
        return stated

    def _terms(self) -> dict[str, Any]:
        end = months_after(legal_day(self.now), 6).isoformat()
        return {"cap_subjects": 500, "ends_on": end, "insured_until": end, "bar_term": True}

    def _application(self, terms: dict[str, Any]) -> dict[str, Any]:
        """Return an application: the sample's facts, and each text in a word."""
        numbers = {name: value for name, value in terms.items() if name != "bar_term"}
        known = {
            "holder": FIRM + uscc.check_character(FIRM),
            "product": "沉浸式导览",
            "maturity": "nascent",
            "eases": "discretion",
        }
        own = {name: value for name, value in self.facts.items() if name != "pilot.tier"}
        known |= {"named_person": "张敏", "unit": self.people["official"].holder.unit}
        return {**known, **numbers, **dict.fromkeys(TEXTS, "见方案"), "facts": own}

    def _alarm(self, recorded: Recorded | None) -> Iterator[dict[str, str]]:
        """Yield what the monitors proposed."""
        if recorded is None:
            return
        values = recorded.statement["values"]
        titles = {monitor.id: monitor.title for monitor in alarms.plan_of(self.streams).monitors}
        said = [titles[name.partition("@")[0]] for name in values["monitors"]]
        spoke = {"zh": "单一监测", "en": "single monitor"} if values["single"] else {"zh": "两个监测一致", "en": "both monitors"}
        yield {lang: f"  ! {'; '.join(title.get(lang) for title in said)} [{spoke[lang]}]" for lang in ("zh", "en")}
