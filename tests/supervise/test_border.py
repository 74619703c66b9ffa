"""Routes abroad: a case opens as the rules answer its filing; another one deviates, a stricter one is the party's own choice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from api.render.streams import Shown
from engine.decide.filing import from_document
from engine.errors import InputError
from engine.evidence import facts
from engine.evidence.fsck import fsck
from engine.rulebook.read import read
from engine.store import reading
from engine.supervise import cases, reassess
from engine.supervise.audit import audit
from engine.supervise.overdue import lateness
from engine.supervise.period import count
from engine.supervise.state import State
from engine.supervise.streams import history
from tests.rulebook import RULES, book
from tests.supervise.desk import FILED, FIRM, HASH, RIVAL, Desk, desk
from tests.supervise.test_reassess import office

TABLE, PACK = "cross-border-route", "cn-cross-border"
PAPERS = [{"name": "标准合同", "sha256": HASH}]
REPORT = {"name": "自评估报告", "sha256": "2" * 64}
CONTRACT: dict[str, Any] = {"effective": "2026-08-25", "papers": PAPERS}
CERTIFICATE: dict[str, Any] = {"papers": PAPERS, "number": "认证-1", "valid_until": "2029-01-01"}
ROUTES = {"keep": "exempt", "certify": "certification", "file_contract": "contract", "declare": "assessment"}
# what each opening carries besides what the rules and the filing give
GIVEN: dict[str, dict[str, Any]] = {
    "keep": {}, "file_contract": CONTRACT, "declare": {"papers": PAPERS}, "certify": CERTIFICATE,
}  # fmt: skip
SAMPLES = {
    "exempt": "loyalty-2024-03-22", "contract_or_certification": "two-flows", "assessment": "ciio-airline",
    "undetermined": "hr-unproved",
}  # fmt: skip


def sample(name: str, **flow: Any) -> dict[str, Any]:
    """Return the facts of a sample as a filing has them, its first flow with other facts."""
    document = yaml.safe_load((RULES / "samples" / PACK / f"{name}.yaml").read_text("utf-8"))
    document["flow"]["items"][0].update(flow)
    text = yaml.safe_dump({key: value for key, value in document.items() if key != "about"}, allow_unicode=True)
    return facts.values_of(book(), from_document(book(), read(text.encode(), name)))


@pytest.fixture(scope="module")
def on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("border")) as made:
        yield made


def filed(on: Desk, name: str, values: dict[str, Any], pack: str = PACK, **more: Any) -> str:
    on.act(name, "filing", "draft", "firm", {})
    said = {**FILED, "product": name, "unit": "市工信局", "pack": pack, "facts": values, "evidence": PAPERS, **more}
    on.act(name, "filing", "submit", "firm", said)
    return name


def opened(on: Desk, filing: str, event: str, by: str = "firm", second: str = "", **fields: Any) -> State:
    how = cases.Opening(TABLE, event, {**GIVEN[event], **fields})
    return cases.open_case(office(on, by, second), filing, how).state


def refused(on: Desk, filing: str, event: str, by: str = "firm", second: str = "", **fields: Any) -> str:
    with pytest.raises(InputError) as error:
        opened(on, filing, event, by, second, **fields)
    return error.value.finding.code


@pytest.mark.parametrize(
    ("answer", "event", "state"),
    [
        ("exempt", "keep", "self_kept"),
        ("contract_or_certification", "file_contract", "filed"),
        ("contract_or_certification", "certify", "self_kept"),
        ("assessment", "declare", "declared"),
    ],
)
def test_a_firm_opens_the_route_that_the_rules_answer(on: Desk, answer: str, event: str, state: str) -> None:
    filing = filed(on, f"led-{event}", sample(SAMPLES[answer]))
    after = opened(on, filing, event)
    shown = [after.values[name] for name in ("track", "route", "deviates", "voluntary")]
    assert (after.name, shown) == (state, [answer, ROUTES[event], False, False])
    record = reading.record(on.home.store, after.values["proposal"])
    assert record
    assert record.kind == "decision"
    taken = history(on.home, filing)[-1]
    assert (taken["name"], taken["by"], taken["values"]["case"]) == ("take_up", None, after.stream)


def test_which_answers_lead_to_which_way() -> None:
    """Order 16: whoever is exempt is forbidden nothing; article 8 asks for a contract or certificate at least."""
    arm = book().lifecycles[TABLE].arm
    assert arm
    assert {way.event: (way.values, way.beyond) for way in arm.ways} == {
        "keep": (["exempt"], []),
        "certify": (["contract_or_certification"], ["exempt"]),
        "file_contract": (["contract_or_certification"], ["exempt"]),
        "declare": (["assessment"], ["exempt", "contract_or_certification"]),
    }
    openings = {each.event for each in book().lifecycles[TABLE].transitions if not each.from_}
    assert openings == {way.event for way in arm.ways}, "an opening without a way would deviate from every answer"


@pytest.mark.parametrize(("answer", "event"), [("assessment", "file_contract"), ("undetermined", "keep")])
def test_a_milder_route_or_an_open_answer_needs_two_officials(on: Desk, answer: str, event: str) -> None:
    filing = filed(on, f"other-{answer}-{event}", sample(SAMPLES[answer]))
    with pytest.raises(InputError, match=f"`track` is `{answer}`"):
        opened(on, filing, event, reasons="本企业认为")
    assert refused(on, filing, event, "li") == "other-arm"
    assert refused(on, filing, event, "li", reasons="已核实") == "other-arm-signed"
    after = opened(on, filing, event, "li", "wang", reasons="两名官员同意")
    assert (after.values["track"], after.values["deviates"], after.values["voluntary"]) == (answer, True, False)


def test_a_stricter_route_is_the_party_s_own_choice_and_no_office_imposes_it_alone(on: Desk) -> None:
    filing = filed(on, "strict", sample(SAMPLES["exempt"]))
    assert refused(on, filing, "file_contract") == "own-choice"
    assert refused(on, filing, "file_contract", "li", reasons="从严") == "other-arm-signed"
    after = opened(on, filing, "file_contract", reasons="集团统一要求")
    assert (after.values["track"], after.values["deviates"], after.values["voluntary"]) == ("exempt", False, True)


def test_what_law_prohibits_takes_no_route(on: Desk) -> None:
    filing = filed(on, "prohibited", sample("two-flows", recipient_status="forbidden"))
    assert refused(on, filing, "declare", "li", "wang", reasons="两名官员同意") == "lawful-route"


@pytest.mark.parametrize(
    ("name", "event", "code"),
    [
        ("incomplete-list", "keep", "possible-route"),  # assessment or prohibited
        ("incomplete-list", "file_contract", "possible-route"),
        ("range-of-persons", "file_contract", ""),  # exempt, or contract or certification
        ("range-of-persons", "keep", ""),
        ("range-of-persons", "declare", ""),  # stricter than all that is possible
        ("small-2023-gap", "keep", "governed"),
    ],
)
def test_an_open_answer_is_gone_beyond_only_within_what_it_leaves_possible(on: Desk, name: str, event: str, code: str) -> None:
    filing = filed(on, f"open-{name}-{event}", sample(name))
    two = {"by": "li", "second": "wang", "reasons": "两名官员同意"}
    if code:
        assert refused(on, filing, event, **two) == code
    else:
        assert opened(on, filing, event, **two).values["possible"] == ["exempt", "contract_or_certification"]


def test_where_law_may_prohibit_an_office_looks_first(on: Desk) -> None:
    """What nobody checks is not kept on file, and nothing comes into force, while the answer may be that law forbids it."""
    unknown = filed(on, "recipient", sample("loyalty-2024-03-22", recipient_status={"unknown": "not_asked"}))
    two = {"by": "li", "second": "wang", "reasons": "两名官员同意"}
    assert {refused(on, unknown, event, **two) for event in ("keep", "certify")} == {"prohibition-open"}
    case = opened(on, unknown, "file_contract", **two)
    assert "prohibited" in case.values["possible"]
    assert on.refused(case.stream, TABLE, "put_on_file", "li", {"number": "备-1"}).finding.code == "prohibition-open"
    reassess.revise(office(on, "firm"), unknown, {"facts": sample("two-flows")})
    after = cases.do(office(on), case.stream, "reassess", {"reasons": "事实已补充"}).state
    assert (after.values["track"], after.values.get("possible")) == ("contract_or_certification", None)
    assert on.act(case.stream, TABLE, "put_on_file", "li", {"number": "备-1"}).name == "in_force"


def test_what_is_kept_is_not_affirmed_on_an_answer_that_may_prohibit_it(on: Desk) -> None:
    filing = filed(on, "kept", sample("loyalty-2024-03-22"))
    case = opened(on, filing, "keep").stream
    for name, code in (("incomplete-list", "possible-route"), ("small-2023-gap", "governed")):
        reassess.revise(office(on, "firm"), filing, {"facts": sample(name)})
        with pytest.raises(InputError) as error:
            cases.do(office(on, second="wang"), case, "reassess", {"reasons": "事实变化"})
        assert error.value.finding.code == code
    unknown = sample("loyalty-2024-03-22", recipient_status={"unknown": "not_asked"})
    reassess.revise(office(on, "firm"), filing, {"facts": unknown})
    with pytest.raises(InputError) as error:
        cases.do(office(on, second="wang"), case, "reassess", {"reasons": "事实变化"})
    assert error.value.finding.code == "prohibition-open"
    assert cases.do(office(on, "firm"), case, "end", {"reasons": "不再出境"}).state.closed


def test_another_pack_says_nothing_of_routes(on: Desk) -> None:
    filing = filed(on, "tiering", FILED["facts"], "nanjing-tiering")
    assert {refused(on, filing, "keep", by) for by in ("firm", "li")} == {"possible-route"}


def test_the_route_is_typed_by_nobody(on: Desk) -> None:
    filing = filed(on, "typed", sample(SAMPLES["assessment"]))
    assert {refused(on, filing, "declare", **{name: "contract"}) for name in ("route", "track", "proposal")} == {"computed-field"}
    declared = {each.id for each in book().lifecycles[TABLE].fields if each.computed}
    assert declared >= {"route", "track", "deviates", "voluntary", "proposal"}


def test_a_declaration_stays_one(on: Desk) -> None:
    case = opened(on, filed(on, "stays", sample(SAMPLES["assessment"])), "declare").stream
    on.refused(case, TABLE, "notice", "li", {"faults": ["缺自评估报告"], "route": "contract"}, computed=frozenset())
    on.act(case, TABLE, "notice", "li", {"faults": ["缺自评估报告"]})
    assert on.refused(case, TABLE, "supplement_filing", "firm", {"papers": PAPERS}).finding.code == "is-contract"
    assert on.refused(case, TABLE, "supplement_declaration", "firm", {"papers": PAPERS}).finding.code == "nothing-new"
    on.act("stays", "filing", "lodge", "firm", {"paper": REPORT["sha256"]})
    after = on.act(case, TABLE, "supplement_declaration", "firm", {"papers": [REPORT]})
    run = after.clock("completeness")
    assert after.name == "declared"
    assert run
    assert run.running


def test_a_firm_opens_no_arm_and_nobody_else_s_route(on: Desk) -> None:
    filing = filed(on, "strange", sample(SAMPLES["exempt"]))
    with pytest.raises(InputError) as error:
        cases.open_case(office(on, "firm"), filing, cases.Opening("results-based"))
    assert error.value.finding.code == "wrong-role"
    assert refused(on, filing, "keep", "rival") == "own-case"
    assert refused(on, filing, "keep", "rival", holder=RIVAL) == "computed-field"


def test_a_moved_answer_is_answered_again_before_it_is_put_on_file(on: Desk) -> None:
    filing = filed(on, "moved", sample(SAMPLES["contract_or_certification"]))
    case = opened(on, filing, "file_contract").stream
    reassess.revise(office(on, "firm"), filing, {"facts": sample(SAMPLES["assessment"])})
    assert on.streams.state(case).values["drift"]["now"] == ["assessment"]
    assert on.refused(case, TABLE, "put_on_file", "li", {"number": "备-1"}).finding.code == "answer-stands"
    with pytest.raises(InputError) as error:
        cases.do(office(on), case, "reassess", {"reasons": "事实变化"})
    assert error.value.finding.code == "other-arm-signed"
    after = cases.do(office(on, second="wang"), case, "reassess", {"reasons": "限期改报评估"}).state
    assert (after.values["track"], after.values["deviates"]) == ("assessment", True)


def test_a_case_answered_again_shows_the_version_that_was_answered(on: Desk) -> None:
    filing = filed(on, "versions", sample(SAMPLES["exempt"]))
    case = opened(on, filing, "keep").stream
    reassess.revise(office(on, "firm"), filing, {"facts": sample(SAMPLES["exempt"])})
    assert on.streams.state(case).values["version"] == 1
    with pytest.raises(InputError) as error:
        cases.do(office(on), case, "reassess", {"reasons": "新版本", "version": 1})
    assert error.value.finding.code == "computed-field"
    assert cases.do(office(on), case, "reassess", {"reasons": "新版本"}).state.values["version"] == 2


@pytest.mark.parametrize(("effective", "due", "late"), [("2026-08-25", "2026-09-08", False), ("2023-06-01", "2023-06-15", True)])
def test_ten_working_days_run_from_the_effect_of_the_contract(on: Desk, effective: str, due: str, late: bool) -> None:
    filing = filed(on, f"effect-{effective}", sample(SAMPLES["contract_or_certification"]))
    after = opened(on, filing, "file_contract", effective=effective)
    run = after.clock("contract_filing")
    assert run
    assert (run.started, run.stopped, run.due) == (effective, after.on, due)
    assert bool(lateness(run, None, on.now)) is late
    said = next(
        line for line in Shown(book(), book().lifecycles[TABLE], "en").recorded(after).split("\n") if "file the contract" in line
    )
    assert ("overdue" in said) is late
    check = after.clock("filing_check")
    assert check
    assert check.started == after.on


def test_a_contract_filed_late_is_counted_in_the_month_of_its_last_day(on: Desk) -> None:
    case = opened(on, filed(on, "counted", sample(SAMPLES["contract_or_certification"])), "file_contract", effective="2026-07-01")
    july = count(on.streams, "2026-07-01", "2026-07-31", on.now)
    assert {place: row.party_late for place, row in july.items()} == {("市工信局", ""): 1}
    assert case.due == "2026-09-21", "what is settled is no deadline any more"


def test_an_older_contract_is_none_of_order_13(on: Desk) -> None:
    filing = filed(on, "older", sample(SAMPLES["contract_or_certification"]))
    assert refused(on, filing, "file_contract", effective="2023-05-31") == "since-order-13"
    after = opened(on, filing, "file_contract", effective="2027-01-01")
    assert after.clock("contract_filing") is None, "what takes effect later is filed early"


def test_one_filing_takes_one_route_at_a_time(on: Desk) -> None:
    filing = filed(on, "once", sample(SAMPLES["exempt"]))
    case = opened(on, filing, "keep").stream
    with pytest.raises(InputError) as error:
        opened(on, filing, "declare", reasons="集团统一要求")
    assert (error.value.finding.code, case in error.value.finding.problem) == ("duplicate", True)
    on.act(case, TABLE, "redeclare", "firm", {"reasons": "换接收方"})
    assert opened(on, filing, "declare", reasons="集团统一要求").name == "declared"


def test_everything_is_worked_out_again(on: Desk) -> None:
    assert FIRM != RIVAL
    assert audit(on.home)
    assert fsck(on.home)["event"]
