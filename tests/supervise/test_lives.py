"""Lives of pilots as data: who does what on which day, what the rules propose, and what refuses an act.

A step is that of test_stories; `apply` and `terms` stand for a whole application and whole terms with changes (null leaves a
field out), `agree` for the numbers of an amendment, `$terms` for the hash of the last terms. `incident` names the stream of one;
`pilot` says what its pilot then shows, `ends` when clocks run out, `late` which stopped too late, `measure` what the pack
proposes, `found` what an official finds beside the usual, `tolerance` how conditions of tolerance stand, `opinion` what is
proposed on other matters and how their conditions stand, `alarms` which stand, `assumed` the incidents with grades still open on
which they rest.
`overtake` is a day's look at all streams, and names those to which time has brought something.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.render import period as render
from engine.errors import InputError
from engine.evidence.fsck import fsck
from engine.supervise import incidents, pilots
from engine.supervise.agenda import overtake
from engine.supervise.alarms import events_of, plan_of, standing, unread_budget
from engine.supervise.audit import audit
from engine.supervise.monitors.budget import Burn
from engine.supervise.monitors.events import Event
from engine.supervise.period import count, months
from engine.supervise.state import State
from engine.supervise.streams import Act, Beside, Recorded, Streams, history
from engine.supervise.terms import terms_sha256
from engine.supervise.watched import NUMBERS
from tests.rulebook import book
from tests.supervise.desk import FIRM, HASH, RIVAL, Desk, desk

LIVES = sorted((Path(__file__).parent / "lives").glob("*.yaml"))
SAMPLE: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parents[2] / "rules/samples/nanjing-pilot/exhibition-guide.yaml").read_text("utf-8")
)
FACTS = {name: str(value) if name.endswith(("_on", "_until")) else value for name, value in SAMPLE.items() if name != "about"}
OWN = (
    "pilot.tier",
    "pilot.public_interest",
    "pilot.earlier_bar",
    "pilot.terms_signed",
    "pilot.finished",
)  # not the firm's to say
APPLICATION: dict[str, Any] = {
    "holder": FIRM, "product": "沉浸式导览", "innovation": "实时生成讲解", "maturity": "nascent", "eases": "discretion",
    "discretion": "轻微违法不予处罚清单第三项", "scope": "一个展厅", "cap_subjects": 500, "ends_on": "2027-02-28",
    "subjects_kind": "成年观众", "data": "展品文字", "risks": "讲解失实", "safeguards": "人工复核", "insured_until": "2027-12-31",
    "stop_function": "馆员一键停止", "named_person": "320101199001011234", "observer": "某大学", "unit": "市工信局",
    "district": "玄武区", "facts": {name: value for name, value in FACTS.items() if name not in OWN},
}  # fmt: skip
FINDINGS = {
    "pilot.tier": "t3", "pilot.public_interest": False, "pilot.earlier_bar": False, "product.national_security_field": False,
    "product.social_stability_field": False, "product.comparable_field": False,
}  # fmt: skip
TERMS: dict[str, Any] = {"cap_subjects": 500, "ends_on": "2027-02-28", "insured_until": "2027-12-31", "bar_term": False}
QUIET = {
    "mishap.deaths": 0, "mishap.grave_injuries": 0, "mishap.social_order": False, "mishap.sensitive_leaked": 0,
    "mishap.injuries": 0, "mishap.loss": 0, "mishap.outage_hours": 0, "mishap.minor_harmed": False,
    "mishap.rights_infringed": False, "mishap.stop_failed": False, "mishap.outside_scope": False, "mishap.reached": True,
    "incident.cyber": True, "incident.other_limb": False, "incident.central_organ": False, "incident.personal_data": False,
    "incident.harms_rights": False, "incident.vulnerability": False, "incident.device": "nothing",
    "incident.work_accident": False, "operator.ciio": False, "incident.handled": False,
}  # fmt: skip


class Life:
    """One pilot at a desk: the stream `s`, the terms offered last, and its incidents."""

    def __init__(self, on: Desk) -> None:
        self.on = on
        self.terms = ""

    def words(self, value: Any) -> Any:
        words: dict[str, Any] = {"$firm": FIRM, "$rival": RIVAL, "$hash": HASH, "$terms": self.terms}
        words |= {
            "$slight": QUIET | {"mishap.persons_leaked": 0},
            "$leak": QUIET | {"mishap.persons_leaked": 150, "incident.other_limb": True},
        }
        if isinstance(value, dict):
            return {key: self.words(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.words(each) for each in value]
        if isinstance(value, str):
            return words.get(value, value)
        return value.isoformat() if hasattr(value, "isoformat") else value

    def fields(self, step: dict[str, Any]) -> dict[str, Any]:
        found = dict(self.words(step.pop("fields", {})))
        if "apply" in step:
            changed = self.words(step.pop("apply"))
            facts = {**APPLICATION["facts"], **changed.pop("facts", {})}
            found |= {name: value for name, value in {**APPLICATION, "facts": facts, **changed}.items() if value is not None}
        if "found" in step:
            found |= {"facts": FINDINGS | self.words(step.pop("found")), "reasons": "核对"}
        if "terms" in step:
            terms = TERMS | self.words(step.pop("terms"))
            self.terms = terms_sha256(terms)
            beside = NUMBERS if step["do"] == "offer" else ()
            found |= {"terms": terms} | {name: terms[name] for name in beside if name in terms}
        if "agree" in step:
            found |= TERMS | self.words(step.pop("agree")) | {"agreed_sha256": self.terms}
        return found

    def act(self, step: dict[str, Any]) -> State:
        self.on.at()
        people = self.on.people
        if "overtake" in step:
            assert overtake(self.on.streams, self.on.now) == step["overtake"]
            return self.on.streams.state("s")
        stream, process = (step["incident"], "incident") if "incident" in step else (step.get("stream", "s"), "pilot")
        by = people[step["by"]] if "by" in step else None
        second = people[step["second"]] if "second" in step else None
        act = Act(stream, process, step["do"], by, self.on.now, self.fields(step), second=second)
        perform = incidents.perform if process == "incident" else pilots.perform
        return perform(self.on.streams, act).state

    def run(self, step: dict[str, Any]) -> None:
        if "day" in step:
            self.on.until(step["day"])
        if "refused" in step:
            before = self.attempts()
            with pytest.raises(InputError) as caught:
                self.act(step)
            if "incident" not in step and "stream" not in step:
                assert self.attempts() > before, "the attempt was not recorded"
            said = caught.value.finding
            assert (said.code, said.place.file) == (step["refused"], step.get("rule", "")), said.text()
            return
        after = self.act(step)
        assert after.name == step["to"]
        assert {name: after.values.get(name) for name in step.get("shows", {})} == step.get("shows", {})
        for name, wanted in step.get("clocks", {}).items():
            found = after.clock(name)
            assert found, name
            assert ("stopped" if found.stopped else "paused" if found.paused else "running") == wanted, name
        for name, wanted in step.get("ends", {}).items():
            found = after.clock(name)
            assert found
            assert found.due == wanted, name
        self.followed(step, after)

    def attempts(self) -> int:
        return self.on.streams.state("s").refused

    def followed(self, step: dict[str, Any], after: State) -> None:
        pilot = self.on.streams.state("s")
        assert {name: pilot.values.get(name) for name in step.get("pilot", {})} == step.get("pilot", {})
        if "late" in step:
            assert sorted(incidents.late(after)) == sorted(step["late"])
        if "measure" in step:
            act = Act("s", "pilot", "propose", None, self.on.now)
            assert pilots.proposed(self.on.streams, act, "measure").value == step["measure"]
        act = Act("s", "pilot", "opine_tolerance", None, self.on.now)
        if "alarms" in step:
            assert [each.alarm.monitor for each in standing(self.on.streams, "s", self.on.now)] == step["alarms"]
        for matter, wanted in step.get("opinion", {}).items():
            found = pilots.proposed(self.on.streams, act, matter)
            shown = {how: getattr(found, how) if how == "value" else [*getattr(found, how)] for how in wanted}
            assert shown == wanted, found
        if "assumed" in step:
            rest = {name for each in standing(self.on.streams, "s", self.on.now) for name in each.assumed}
            assert rest == set(step["assumed"])
        for how, condition in step.get("tolerance", {}).items():
            assert condition in getattr(pilots.current(self.on.streams, act), how)


def said(event: Event) -> str:
    """Return what a monitor reads, without the stream's own numbers: kind, number or name, and the hour at which it happened."""
    at = datetime.fromtimestamp(event.at, UTC).strftime("%m-%dT%H:%M")
    number = datetime.fromtimestamp(event.number, UTC).strftime("until %m-%dT%H:%M") if event.kind == "due" else event.number
    clock = event.id.split(":")[1] if event.kind in ("due", "report") else ""
    return " ".join(filter(None, (event.kind, clock, event.name or str(number or ""), at)))


@pytest.mark.parametrize("file", LIVES, ids=lambda path: path.stem)
def test_life(file: Path, tmp_path: Path) -> None:
    with desk(tmp_path) as on:
        life, story = Life(on), yaml.safe_load(file.read_text("utf-8"))
        for number, step in enumerate(story["steps"]):
            try:
                life.run(dict(step))
            except Exception as error:
                raise AssertionError(f"{file.name}, step {number}: {step}") from error
        assert fsck(on.home)["event"]
        assert audit(on.home)
        seen = [said(each) for each in events_of(on.streams, "s")]
        assert seen == story.get("watched", seen)
        counted = count(on.streams, "2026-01-01", "2028-12-31", on.now)
        last = on.streams.state("s").name
        assert sum(row.pilots[last] for row in counted.values()) == 1
        assert not any(row.opened or row.filings for row in counted.values())
        assert f"{last}:1" in render.markdown(counted, months("2026-01", "2028-12", on.now), "zh")


class Meddled(Streams):
    """Streams on which somebody else is a little faster: what is put off happens just before the next act."""

    put_off: Act | None = None

    def perform(self, act: Act, beside: Beside | None = None) -> Recorded:
        first, self.put_off = self.put_off, None
        if first:
            super().perform(first)
        return super().perform(act, beside)


def test_what_the_rules_work_out_is_worked_out_again_when_somebody_was_faster(tmp_path: Path) -> None:
    with desk(tmp_path) as on:
        on.streams = meddled = Meddled(on.home, book())
        life, steps = Life(on), yaml.safe_load(LIVES[0].read_text("utf-8"))["steps"]
        for step in [each for each in steps if each["do"] in ("sketch", "apply") or "found" in each]:
            life.run({name: value for name, value in step.items() if name != "opinion"})
        fields = {"facts": {"pilot.tier": "t1"}, "reasons": "重新分级"}
        meddled.put_off = Act("s", "pilot", "find", on.people["he"], on.now, fields)
        life.run({"do": "admit", "by": "li", "refused": "reasons-for-deviation", "rule": "pilot/admit#reasons-for-deviation"})
        assert [each["name"] for each in history(on.home, "s")][-3:] == ["find", "refused", "refused"]


@pytest.mark.parametrize("budget", [{"weather": 1, "minor": 4}, {"minor": "4"}, ["minor"], "many"])
def test_a_budget_that_an_older_log_has_is_found_and_stops_no_monitor(budget: Any, tmp_path: Path) -> None:
    """Such budgets are refused now, so that they are recorded here by the table alone."""
    with desk(tmp_path) as on:
        life, steps = Life(on), yaml.safe_load(LIVES[0].read_text("utf-8"))["steps"]
        for step in [each for each in steps if each["do"] in ("sketch", "apply", "admit") or "found" in each]:
            life.run({name: value for name, value in step.items() if name != "opinion"})
        hash_ = terms_sha256(TERMS)
        on.act("s", "pilot", "offer", "li", {"terms": TERMS, **TERMS, "budget": budget, "terms_sha256": hash_})
        on.act("s", "pilot", "sign", "firm", {"signed_sha256": hash_})
        sign = Act("s", "pilot", "countersign", on.people["li"], on.now, {"agreed_sha256": hash_})
        with pytest.raises(InputError):
            pilots.perform(on.streams, sign)
        on.act("s", "pilot", "countersign", "li", {"agreed_sha256": hash_, "beyond": ["none"], "deviates": False})
        on.act("s", "pilot", "start", "firm", {})
        on.act("s", "pilot", "breach", "li", {"breach": "hidden_report", "reasons": "x"})
        on.at()
        assert [each.alarm.monitor for each in standing(on.streams, "s", on.now)] == ["hidden-report"]
        lines = Burn(plan_of(on.streams), events_of(on.streams, "s")).lines(int(on.now.timestamp()))
        assert [line.line for line in lines] == (["minor"] if len(budget) == 2 else []) + ["subjects"]
        fault = unread_budget(on.streams, "s")
        assert fault
        assert (fault.code, str(fault.place)) == ("wrong-budget", "s")
