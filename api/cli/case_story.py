"""The demo's cases: a review with a supplement, dissent, a decision that deviates and an objection; a request refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from api.cli.cast import PSB, SAMR
from api.cli.desk import facts_of
from api.render.streams import Shown
from engine.errors import InputError
from engine.evidence.installation import Installation
from engine.evidence.keys import Holder, PublicKey
from engine.evidence.log import stamp
from engine.rulebook.days import legal_day
from engine.rulebook.model import Rulebook
from engine.supervise import cases, filings, requests, uscc
from engine.supervise.audit import audit
from engine.supervise.streams import Recorded, Streams

BODY, FIRM = "91320100MA1DEMX77", "南京某视觉科技有限公司"
SAMPLE, REQUEST = "samples/nanjing-tiering/machine-vision.yaml", "samples/cn-data-sharing"
ASKED = {"provider": PSB, "basis": "职责清单", "scenario": "试点监管", "scope": "全市", "manner": "接口查询"}


@dataclass
class _Story:
    """Who takes part, and what was told so far in each language."""

    home: Installation
    streams: Streams
    people: dict[str, PublicKey]
    now: datetime
    lines: dict[str, list[str]] = field(default_factory=lambda: {"zh": [], "en": []})

    @property
    def unit(self) -> str:
        """The unit in charge: that of whoever decides."""
        return self.people["chen"].holder.unit

    def office(self, by: str, second: str = "") -> cases.Office:
        return cases.Office(self.streams, self.people[by], self.now, second=self.people[second] if second else None)

    def do(self, stream: str, event: str, by: str, fields: Mapping[str, Any]) -> Recorded:
        """Record an event and tell it."""
        return self.told(cases.do(self.office(by), stream, event, fields), by)

    def told(self, done: Recorded, by: str) -> Recorded:
        """Tell a recorded event: who did what, and where it led."""
        table = self.streams.table(done.state.process)
        for lang, lines in self.lines.items():
            titles = {each.event: each.title.get(lang) for each in table.transitions}
            shown = Shown(self.streams.rulebook, table, lang).label(done.state.name)
            outcome = done.statement["values"].get("outcome", "")
            what = titles[done.statement["name"]] + (f" ({outcome})" if outcome else "")
            lines.append(f"  {self.people[by].holder.name}: {what} -> {shown}")
        return done

    def refused(self, error: InputError) -> None:
        """Tell an attempt that was refused, with the rule that refused it."""
        words = {"zh": "被拒绝并已记录", "en": "refused and recorded"}
        for lang, lines in self.lines.items():
            lines.append(f"  {words[lang]}: {error.finding.place} - {error.finding.problem}")


def told(home: Installation, rulebook: Rulebook, folder: Path, by: PublicKey, now: datetime) -> dict[str, list[str]]:
    """Lead the case and the request; return what happened, in both languages. Raises InputError, StoreError."""
    story = _Story(home, Streams(home, rulebook), _people(home, by, stamp(now)), now)
    _review(story, facts_of(rulebook, str(folder / SAMPLE)))
    _request(story, facts_of(rulebook, str(next(iter(sorted((folder / REQUEST).glob("*.yaml")))))))
    count = audit(home)
    story.lines["zh"].append(f"{count} 个流程按各自固定的流程表重新推导，结果一致")
    story.lines["en"].append(f"{count} streams worked out again under the tables that they pin, all as stored")
    return story.lines


def _people(home: Installation, by: PublicKey, at: str) -> dict[str, PublicKey]:
    """Return who takes part, made if they are new."""
    code = BODY + uscc.check_character(BODY)
    new = (
        Holder("case-li", "李明", by.holder.unit, ("official",)),
        Holder("case-he", "何平", by.holder.unit, ("official",)),
        Holder("case-wu", "吴刚", PSB, ("official",)),
        Holder("case-sun", "孙健", PSB, ("official",)),
        Holder("case-qian", "钱颖", SAMR, ("official",)),
        Holder("case-firm", "张三", code, ("enterprise",)),
    )
    made = {holder.sub.removeprefix("case-"): home.add_actor(holder, "decision", at, by) for holder in new}
    return {"chen": by, **made}


def _review(story: _Story, facts: dict[str, Any]) -> None:
    story.lines["zh"].append(f"{FIRM}：事前审查")
    story.lines["en"].append(f"{FIRM}: ex-ante review")
    firm = story.people["firm"]
    said = {"name": FIRM, "product": "产线视觉检测", "pack": "nanjing-tiering", "party_role": "maker", "phase": "operation"}
    said |= {"unit": story.unit, "holder": firm.holder.unit}
    draft = filings.draft(story.streams, "", {**said, "facts": facts}, firm, story.now)
    filing = story.told(filings.submit(story.streams, draft.state.stream, {}, firm, story.now), "firm").state.stream
    opening = cases.Opening("ex-ante-review", fields={"legal": "plan", "reasons": "首次进入厂区，从严事前审查"})
    try:
        cases.open_case(story.office("li"), filing, opening)
    except InputError as error:
        story.refused(error)
    case = story.told(cases.open_case(story.office("li", "qian"), filing, opening), "li").state.stream
    story.do(case, "notice", "li", {"faults": [{"field": "evidence", "fault": "缺少检测报告", "article": "行政许可法 32"}]})
    story.told(filings.revise(story.streams, filing, {"facts": facts}, firm, story.now), "firm")
    story.do(case, "supplement", "firm", {})
    story.do(case, "accept", "li", {})
    story.do(case, "consult", "li", {"units": [PSB, SAMR], "lead": story.unit})
    story.do(case, "opine", "wu", {"opinion": "agree", "reasons": "无公共安全风险"})
    story.do(case, "opine", "qian", {"opinion": "dissent", "reasons": "检测样本不足"})
    office = story.office("li")
    asked = cases.question(office, case)
    story.told(cases.propose(office, case, asked, {}), "li")
    story.do(case, "state", "firm", {"statement": "产品不直接作用于人身"})
    _decided(story, case, asked)


def _decided(story: _Story, case: str, asked: cases.Question) -> None:
    """Decide against the proposal: another unit in vain, alone in vain, then by two; object, and change the decision."""
    harsh = cases.Ruling("decide", "tier=t1", {"reasons": "采纳不同意见：样本不足，从严"})
    for alone in ("wu", "chen"):
        try:
            cases.decide(story.office(alone), case, asked, harsh)
        except InputError as error:
            story.refused(error)
    story.told(cases.decide(story.office("chen", "qian"), case, asked, harsh), "chen")
    today = legal_day(story.now)
    story.do(case, "serve", "li", {"served_on": today, "manner": "electronic"})
    story.do(case, "object", "firm", {"grounds": "补充检测已合格"})
    kept = cases.Ruling("change", "tier=t3", {"reasons": "补充检测合格，异议成立"})
    story.told(cases.decide(story.office("he", "li"), case, asked, kept), "he")


def _request(story: _Story, facts: dict[str, Any]) -> None:
    story.lines["zh"].append("政务数据共享申请")
    story.lines["en"].append("a request to share government data")
    fields = {**ASKED, "requester": story.unit, "items": facts, "until": f"{story.now.year + 1}-06-30"}
    request = story.told(requests.ask(story.office("li"), fields), "li").state.stream
    refusal = {"reasons": "超出申请部门法定职责", "complete": True}
    try:
        requests.answer(story.office("qian"), request, requests.REFUSED, refusal)
    except InputError as error:
        story.refused(error)
    story.told(requests.answer(story.office("wu", "sun"), request, requests.REFUSED, refusal), "wu")
