"""The demo's year of one handler: three transfers, the last of which crosses a threshold, and what is due when."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

from api.cli.options import document
from api.render import transfers as render
from engine.decide.filing import Filing, from_document
from engine.evidence.installation import Installation
from engine.evidence.keys import Holder, PublicKey
from engine.evidence.log import stamp
from engine.rulebook.model import Rulebook
from engine.supervise import clocks, registers, uscc
from engine.supervise.routes import DAY, fact
from engine.supervise.streams import Streams
from engine.supervise.transfers import KINDS

HANDLER, NAME = "91320100MA1DEMX42", "南京某跨境电商有限公司"
YEAR = 2025
TRANSFERS = ((date(YEAR, 2, 10), 60_000), (date(YEAR, 6, 3), 39_000), (date(YEAR, 9, 15), 2_000))
NEW_CONTRACT = clocks.Term("working_days", 10)  # Order 13, article 7: filed within ten working days of effect


def told(home: Installation, rulebook: Rulebook, folder: Path, by: PublicKey, now: datetime) -> dict[str, list[str]]:
    """Record a handler's transfers of a year; return what each meant, in both languages. Raises InputError, StoreError."""
    code = HANDLER + uscc.check_character(HANDLER)
    handler = home.add_actor(Holder("transfer-handler", "孙丽", code, ("enterprise",)), "decision", stamp(now), by)
    streams, actor = Streams(home, rulebook), registers.Actor(handler, now)
    stream = registers.open_register(streams, actor, code, NAME).state.stream
    sample = from_document(rulebook, document(str(folder / "samples/cn-cross-border/two-flows.yaml")))
    lines: dict[str, list[str]] = {
        "zh": [f"{NAME}：{YEAR}年向境外提供个人信息"],
        "en": [f"{NAME}: personal information sent abroad in {YEAR}"],
    }
    for number, (day, persons) in enumerate(TRANSFERS, 1):
        filing = _filing(sample, day, persons)
        sent = registers.Told(f"{YEAR}-{number}", filing, {}, fresh=True)
        registers.record(streams, stream, actor, sent)
        registers.declare(streams, stream, actor, (date(YEAR, 1, 1), date(YEAR, 12, 31)))  # that this was all bounds the count
        found = registers.check(streams, stream, sent)
        for lang, text in lines.items():
            text.append(render.routed(rulebook, found, lang))
    for lang, text in lines.items():
        text.append(_filed_by(rulebook, TRANSFERS[-1][0], lang))
    return lines


def _filing(sample: Filing, day: date, persons: int) -> Filing:
    """Return the sample's first flow alone, on a day, of so many persons; the register counts those before."""
    counted = {fact(kind) for kind in KINDS}
    facts = {name: value for name, value in sample.facts.items() if name not in counted}
    item = sample.lists["flow"].items[0]
    many = item.facts | {f"flow.{name}": (persons, persons) for name in ("persons", "general_persons")}
    flows = replace(sample.lists["flow"], items=(replace(item, facts=many),))
    return replace(sample, facts=facts | {DAY: (day.toordinal(), day.toordinal())}, lists={"flow": flows})


def _filed_by(rulebook: Rulebook, day: date, lang: str) -> str:
    """Say until when a contract that takes effect on a day is filed, over National Day with its weekend days worked."""
    end = clocks.due(rulebook.calendar, NEW_CONTRACT, clocks.Run((day + timedelta(days=7)).isoformat()))
    if end is None:
        return ""
    effect = (day + timedelta(days=7)).isoformat()
    return {
        "zh": f"标准合同{effect}生效的，应当在{end.earliest}前备案（10个工作日，含调休）",
        "en": f"a standard contract that takes effect on {effect} is filed by {end.earliest} (10 working days, 调休 included)",
    }[lang]
