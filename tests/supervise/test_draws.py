"""Draws of inspections: nobody chooses the seed alone, the recused and the firm's own stay out, and the log draws again alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from engine.errors import InputError
from engine.evidence.fsck import fsck
from engine.supervise import draws
from engine.supervise.audit import audit
from engine.supervise.rolls import ARM, eligible
from engine.supervise.streams import Recorded
from tests.rulebook import RULES
from tests.supervise.desk import FILED, FIRM, HASH, PEOPLE, RIVAL, Desk, desk
from tests.test_cli import Ended, fenji

POOL, BODY = ("wang", "zhao", "li", "organ"), PEOPLE["organ"][1]
UNIT, OTHER = "市市场监管局", "市工信局"


@pytest.fixture(scope="module")
def on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk with eight watched cases: c0 is of the body that `organ` belongs to, `wang` is recused from c1, c7 is elsewhere."""
    with desk(tmp_path_factory.mktemp("draws")) as made:
        for number in range(8):
            holder, unit = (BODY if number == 0 else RIVAL), (OTHER if number == 7 else UNIT)
            watched(made, f"c{number}", holder, unit)
        made.act("c1", ARM, "recuse", "chen", {"recused": "wang", "reasons": "亲属"})
        yield made


def watched(on: Desk, case: str, holder: str, unit: str = UNIT) -> None:
    """Open a case of the arm on a filing of its own, for a firm."""
    filing = f"f-{case}"
    official = next(sub for sub in (*POOL, *PEOPLE) if PEOPLE[sub][1] == unit and "official" in PEOPLE[sub][2])
    on.act(filing, "filing", "draft", official, {})
    on.act(filing, "filing", "submit_for_party", official, {**FILED, "holder": holder, "product": case, "mandate": HASH})
    led = {"proposal": "-", "track": "results_based", "deviates": False}
    on.act(case, ARM, "open", None, {"filing": filing, "version": 1, "holder": holder, "unit": unit, **led})


def announced(on: Desk, count: int = 3, by: str = "wang", pool: tuple[str, ...] = POOL) -> str:
    on.at()
    return draws.announce(on.streams, on.people[by], on.now, draws.Plan(count, pool, unit=UNIT)).state.stream


def frozen(on: Desk, stream: str, by: str = "zhao") -> Recorded:
    on.at()
    return draws.freeze(on.streams, stream, on.people[by], on.now)


def revealed(on: Desk, stream: str, by: str = "wang") -> Recorded:
    on.at()
    return draws.reveal(on.streams, stream, on.people[by], on.now)


def test_a_draw_from_the_announcement_to_the_inspection(on: Desk) -> None:
    stream = announced(on, 7)
    assert frozen(on, stream).statement["values"]["list"] == {
        "c0": ["organ"], "c1": ["wang"], **{f"c{number}": [] for number in range(2, 7)},
    }  # fmt: skip
    on.act("c6", ARM, "complained", "wang", {"complaint": "误导", "inspectors": ["li", "wang"]})
    done = revealed(on, stream).statement["values"]["drawn"]
    assert {each["case"] for each in done} == {f"c{number}" for number in range(7)}
    two = {each["case"]: each["inspectors"] for each in done}
    assert "organ" not in two["c0"]
    assert "wang" not in two["c1"]
    assert all(len(set(each)) == 2 for each in two.values())
    # c6 moved between list and draw: it stays drawn, gets no second inspection, and no other case takes its place
    assert {each["case"]: each["taken"] for each in done if not each["taken"]} == {"c6": False}
    assert on.streams.state("c6").values["inspectors"] == ["li", "wang"]
    assert on.streams.state("c2").values["inspectors"] == two["c2"]
    assert draws.check(on.streams, stream) == []
    first, _ = two["c2"]
    on.act("c2", ARM, "recuse", "chen", {"recused": first, "reasons": "曾任职该企业"})
    on.at()
    after = draws.replaced(on.streams, "c2", on.now).state.values["inspectors"]
    assert first not in after
    assert two["c2"][1] in after  # the seed's own order goes on
    on.act("c2", ARM, "inspected", after[0], {"finding": "none", "reasons": "无"}, second=after[1])
    assert draws.check(on.streams, stream) == []
    on.act(stream, draws.TABLE, "publish", "wang", {"document": HASH})
    assert audit(on.home)
    assert fsck(on.home)["event"]


def test_who_may_do_what(on: Desk) -> None:
    stream = announced(on)
    with pytest.raises(InputError, match="another-freezes"):
        frozen(on, stream, "wang")
    with pytest.raises(InputError, match="no-transition"):
        revealed(on, stream)
    watched(on, "c9", RIVAL)
    frozen(on, stream)
    with pytest.raises(InputError, match="announcer-reveals"):
        revealed(on, stream, "zhao")
    error = on.refused(stream, draws.TABLE, "draw", "wang", {"nonce": HASH, "root": HASH, "seed": HASH, "drawn": []})
    assert error.finding.code == "as-committed"
    error = on.refused(stream, draws.TABLE, "freeze", "zhao", {"list": {"c3": []}, "size": 1}, computed=frozenset())
    assert error.finding.code == "computed-field"
    assert on.refused(stream, draws.TABLE, "abandon", "wang", {"reasons": "不满意"}).finding.code == "two-officials"
    on.act(stream, draws.TABLE, "abandon", "wang", {"reasons": "名录有误"}, second="li")
    assert draws.check(on.streams, stream) == []


def test_a_check_says_that_nothing_is_drawn(on: Desk) -> None:
    watched(on, "c19", RIVAL)

    def checked(stream: str, *words: str) -> Ended:
        return fenji("draw", "check", stream, "--home", on.home.home, "--rules", RULES, *words)

    stream = announced(on, 1)
    ended = checked(stream, "--lang", "en")
    assert (ended.code, ended.out) == (1, "nothing is drawn (nonce committed to); what is recorded so far follows from the log\n")
    frozen(on, stream)
    assert (checked(stream, "--json").code, checked(stream, "--json").json()["drawn"]) == (1, False)
    revealed(on, stream)
    assert (checked(stream, "--lang", "en").code, checked(stream, "--json").json()["drawn"]) == (0, True)
    dropped = announced(on, 1)
    on.act(dropped, draws.TABLE, "abandon", "wang", {"reasons": "名录有误"}, second="li")
    assert "没有抽取结果（已作废）" in checked(dropped, "--lang", "zh").out


def test_the_seed_hangs_on_what_comes_after_the_commitment(on: Desk) -> None:
    """The same official with the same plan gets another seed: it takes the log's root just after the list."""
    watched(on, "c10", RIVAL)
    seeds = set()
    for _ in range(3):
        stream = announced(on, 1)
        root = (frozen(on, stream), draws.root_after_list(on.home, stream))[1]
        nonce = draws._nonce(on.home, stream, on.people["wang"]).hex()
        assert nonce == draws._nonce(on.home, stream, on.people["wang"]).hex()
        assert nonce != draws._nonce(on.home, stream, on.people["zhao"]).hex()
        seeds.add(draws.seed_of(nonce, root))
        on.act(stream, draws.TABLE, "abandon", "wang", {"reasons": "试"}, second="li")
    assert len(seeds) == 3


def test_a_list_that_leaves_a_case_out_is_seen(on: Desk) -> None:
    """Whoever changes the program to spare a firm is found out by anybody who draws again."""
    watched(on, "c11", FIRM)
    stream = announced(on, 1)
    head = on.home.head()
    assert head
    listed = eligible(on.home, head.size, on.streams.state(stream).values, on.at())
    spared = {name: sorted(barred) for name, barred in listed.items() if name != "c11"}
    on.act(stream, draws.TABLE, "freeze", "zhao", {"list": spared, "size": head.size})
    revealed(on, stream)
    assert draws.check(on.streams, stream) == ["the list is not what the log of then gives"]


@pytest.mark.parametrize(
    ("plan", "code"),
    [
        (draws.Plan(0, POOL), "wrong-value"),
        (draws.Plan(1, ("wang",)), "no-inspectors"),
        (draws.Plan(1, ("wang", "wang")), "no-inspectors"),
        (draws.Plan(1, ("wang", "nobody")), "no-inspector"),
        (draws.Plan(1, ("wang", "firm")), "no-inspector"),
        (draws.Plan(1, ("wang", "both")), "no-inspector"),
    ],
)
def test_plans_that_cannot_be_drawn(on: Desk, plan: draws.Plan, code: str) -> None:
    with pytest.raises(InputError, match=code):
        draws.announce(on.streams, on.people["wang"], on.now, plan)


def test_a_firm_announces_nothing(on: Desk) -> None:
    on.at()
    with pytest.raises(InputError, match="wrong-role"):
        draws.announce(on.streams, on.people["firm"], on.now, draws.Plan(1, POOL))


def test_whoever_has_gone_to_a_firm_since_inspects_nothing(on: Desk) -> None:
    head = on.home.head()
    assert head
    listed = eligible(on.home, head.size, {"pool": ["wang", "zhao", "both"]}, on.at())
    assert all("both" in barred for barred in listed.values())


def test_an_empty_list_is_not_frozen(on: Desk) -> None:
    on.at()
    stream = draws.announce(on.streams, on.people["wang"], on.now, draws.Plan(1, POOL, district="玄武区")).state.stream
    with pytest.raises(InputError, match="nothing-to-draw"):
        frozen(on, stream)


def test_a_list_of_an_older_log_is_seen(on: Desk) -> None:
    """Whoever freezes the list of a log of their choice, from before the announcement, chooses who can be drawn."""
    head = on.home.head()
    assert head
    watched(on, "c12", RIVAL)
    stream = announced(on, 1)
    listed = eligible(on.home, head.size, on.streams.state(stream).values, on.at())
    assert "c12" not in listed
    old = {name: sorted(barred) for name, barred in listed.items()}
    on.act(stream, draws.TABLE, "freeze", "zhao", {"list": old, "size": head.size})
    revealed(on, stream)
    assert draws.check(on.streams, stream) == ["the list is not of the log between announcement and list"]


# a roll that has come to its end ------------------------------------------------------------------------------------------


def inspected_after_draw(on: Desk, case: str) -> tuple[str, list[str]]:
    """Draw a case of a unit of its own from a roll of three; return the draw and the two inspectors."""
    watched(on, case, RIVAL, unit="市公安局")
    on.at()
    plan = draws.Plan(1, ("wang", "zhao", "li"), unit="市公安局")
    stream = draws.announce(on.streams, on.people["wang"], on.now, plan).state.stream
    frozen(on, stream)
    (drawn,) = revealed(on, stream).statement["values"]["drawn"]
    return stream, drawn["inspectors"]


def recused(on: Desk, case: str, *names: str) -> None:
    for name in names:
        on.act(case, ARM, "recuse", "chen", {"recused": name, "reasons": "亲属"})
    on.at()


def other_roll(on: Desk, case: str, pool: tuple[str, ...] = ("sun", "he", "wang"), **more: Any) -> str:
    on.at()
    return draws.announce(on.streams, on.people["chen"], on.now, draws.Plan(1, pool, case=case, **more)).state.stream


def test_other_inspectors_are_drawn_where_a_roll_has_come_to_its_end(on: Desk) -> None:
    first, two = inspected_after_draw(on, "e1")
    with pytest.raises(InputError) as nobody:
        draws.replaced(on.streams, "e1", on.now)  # neither is recused
    assert nobody.value.finding.code == "inspectors-left"
    recused(on, "e1", two[0])
    with pytest.raises(InputError) as early:
        other_roll(on, "e1")  # the seed has another: nobody gets another roll by choice
    assert early.value.finding.code == "inspectors-left"
    draws.replaced(on.streams, "e1", on.now)
    recused(on, "e1", two[1])
    with pytest.raises(InputError) as said:
        draws.replaced(on.streams, "e1", on.now)
    found = said.value.finding
    assert (found.code, found.place.file) == ("no-inspectors", "e1")
    assert f"`{two[0]}`" in found.problem
    assert "fenji draw announce --case e1" in found.help
    other, late = other_roll(on, "e1"), other_roll(on, "e1", ("sun", "chen"))
    assert set(frozen(on, other).statement["values"]["list"]) == {"e1"}
    frozen(on, late)
    (drawn,) = revealed(on, other, "chen").statement["values"]["drawn"]
    assert drawn["taken"]
    assert not {*drawn["inspectors"]} & {*two}
    assert on.streams.state("e1").values["inspectors"] == drawn["inspectors"]
    assert [each["taken"] for each in revealed(on, late, "chen").statement["values"]["drawn"]] == [False]  # it has others now
    assert on.streams.state("e1").values["inspectors"] == drawn["inspectors"]
    by, second = drawn["inspectors"]
    on.act("e1", ARM, "inspected", by, {"finding": "none", "reasons": "无"}, second=second)
    assert [draws.check(on.streams, each) for each in (first, other, late)] == [[], [], []]
    assert audit(on.home)
    assert fsck(on.home)["event"]


def test_a_complaint_whose_inspectors_are_recused_goes_on(on: Desk) -> None:
    watched(on, "e2", RIVAL, unit="市农业局")
    on.act("e2", ARM, "complained", "qq", {"complaint": "误导", "inspectors": ["li", "wang"]})
    with pytest.raises(InputError, match="inspectors-left"):
        other_roll(on, "e2")
    recused(on, "e2", "wang")
    with pytest.raises(InputError, match="not-drawn"):
        draws.replaced(on.streams, "e2", on.now)
    stream = other_roll(on, "e2", ("sun", "zhao", "wang"))
    assert frozen(on, stream).statement["values"]["list"] == {"e2": ["wang"]}
    (drawn,) = revealed(on, stream, "chen").statement["values"]["drawn"]
    assert set(drawn["inspectors"]) == {"sun", "zhao"}
    recused(on, "e2", "sun")
    with pytest.raises(InputError, match="`zhao` alone may still inspect: `sun`, `wang` stay out"):
        draws.replaced(on.streams, "e2", on.now)


@pytest.mark.parametrize(
    ("case", "more", "code"),
    [("c3", {"unit": UNIT}, "wrong-value"), ("c7", {}, "not-drawn"), ("f-c7", {}, "not-drawn"), ("none", {}, "no-such-stream")],
)
def test_other_inspectors_are_drawn_for_an_inspection_alone(on: Desk, case: str, more: dict[str, Any], code: str) -> None:
    with pytest.raises(InputError, match=code):
        other_roll(on, case, **more)
