"""Draws of inspections: nobody chooses the seed alone, the recused and the firm's own stay out, and the log draws again alike."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.errors import InputError
from engine.evidence.fsck import fsck
from engine.supervise import draws
from engine.supervise.audit import audit
from engine.supervise.streams import Recorded
from tests.supervise.desk import FILED, FIRM, HASH, RIVAL, Desk, desk

ARM, POOL = draws.ARM, ("wang", "zhao", "li", "both")
UNIT, OTHER = "市市场监管局", "市工信局"


@pytest.fixture(scope="module")
def on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk with eight watched cases: c0 is of the firm that `both` belongs to, `wang` is recused from c1, c7 is elsewhere."""
    with desk(tmp_path_factory.mktemp("draws")) as made:
        for number in range(8):
            holder, unit = (FIRM if number == 0 else RIVAL), (OTHER if number == 7 else UNIT)
            watched(made, f"c{number}", holder, unit)
        made.act("c1", ARM, "recuse", "chen", {"recused": "wang", "reasons": "亲属"})
        yield made


def watched(on: Desk, case: str, holder: str, unit: str = UNIT) -> None:
    """Open a case of the arm on a filing of its own, for a firm."""
    filing = f"f-{case}"
    on.act(filing, "filing", "draft", "li", {})
    on.act(filing, "filing", "submit_for_party", "li", {**FILED, "holder": holder, "product": case, "mandate": HASH})
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
        "c0": ["both"], "c1": ["both", "wang"], **{f"c{number}": ["both"] for number in range(2, 7)},
    }  # fmt: skip
    on.act("c6", ARM, "complained", "wang", {"complaint": "误导", "inspectors": ["li", "wang"]})
    done = revealed(on, stream).statement["values"]["drawn"]
    assert {each["case"] for each in done} == {f"c{number}" for number in range(7)}
    two = {each["case"]: each["inspectors"] for each in done}
    assert "both" not in {each for drawn in two.values() for each in drawn}  # nobody of a firm inspects
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
    listed = draws.eligible(on.home, head.size, on.streams.state(stream).values, on.at())
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
    ],
)
def test_plans_that_cannot_be_drawn(on: Desk, plan: draws.Plan, code: str) -> None:
    with pytest.raises(InputError, match=code):
        draws.announce(on.streams, on.people["wang"], on.now, plan)


def test_a_firm_announces_nothing(on: Desk) -> None:
    on.at()
    with pytest.raises(InputError, match="wrong-role"):
        draws.announce(on.streams, on.people["firm"], on.now, draws.Plan(1, POOL))


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
    listed = draws.eligible(on.home, head.size, on.streams.state(stream).values, on.at())
    assert "c12" not in listed
    old = {name: sorted(barred) for name, barred in listed.items()}
    on.act(stream, draws.TABLE, "freeze", "zhao", {"list": old, "size": head.size})
    revealed(on, stream)
    assert draws.check(on.streams, stream) == ["the list is not of the log between announcement and list"]
