"""The sample forms of a pilot, as its people would fill them in: each is taken as it stands, and none deviates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from api.cli.options import document
from api.cli.pilot import _scenario
from engine.evidence.keys import Holder
from engine.rulebook.read import plain
from engine.supervise import incidents, pilots
from engine.supervise.monitors.plan import plan
from engine.supervise.monitors.simulate import simulate
from engine.supervise.opinions import PACK
from engine.supervise.streams import Act, Recorded
from tests.rulebook import book
from tests.supervise.desk import Desk, desk

FORMS = Path(__file__).parents[2] / "rules/samples/pilots/museum-guide"
LIFE = [
    ("sketch", "idea", "zhang", "idea"),
    ("apply", "application", "zhang", "applied"),
    ("find", "findings", "li", "applied"),
    ("admit", "", "li", "admitted"),
    ("offer", "terms", "li", "offered"),
    ("sign", "sign", "zhang", "signed"),
    ("countersign", "countersign", "li", "agreed"),
]


def form(name: str) -> dict[str, Any]:
    found: Any = plain(document(str(FORMS / f"{name}.yaml"))) if name else {}
    return dict(found)


def test_every_form_is_taken(tmp_path: Path) -> None:
    with desk(tmp_path) as on:
        zhang = Holder("zhang", "张敏", form("idea")["holder"], ("enterprise",))
        on.people["zhang"] = on.home.add_actor(zhang, "decision", on.at(), on.people["chen"])
        for event, file, by, state in LIFE:
            done = act(on, event, form(file), by)
            assert (done.state.name, done.state.values.get("deviates", False)) == (state, False), event
        assert done.state.values["beyond"] == ["none"]
        on.now = on.now.replace(day=7)
        assert act(on, "start", {}, "zhang").state.name == "running"
        on.now = on.now.replace(day=9)
        report = Act("i", "incident", "report", on.people["zhang"], on.now, {"pilot": "s", **form("incident")})
        values = incidents.perform(on.streams, report).state.values
        assert (values["grade"], values["assumed"], values["missing"]) == ("grave", True, ["mishap.persons_leaked"])


def act(on: Desk, event: str, fields: dict[str, Any], by: str) -> Recorded:
    on.at()
    return pilots.perform(on.streams, Act("s", "pilot", event, on.people[by], on.now, fields))


def test_the_plan_is_drawn_with_nothing_left_unstated() -> None:
    found = simulate(plan(book().packs[PACK]), _scenario(book(), form("plan")), "1", 3)
    assert (found.runs, found.unstated) == (3, ())
