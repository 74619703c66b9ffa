"""What must always hold of compliance: no definite answer that the facts do not decide, over all packs together."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.decide.evaluate import Evaluator
from engine.decide.filing import Filing, Item, Listing
from engine.decide.overall import overall
from engine.decide.values import F, T
from engine.errors import ContradictionError, FactError, InputError
from engine.rulebook.duties import proof_pack, told_of
from engine.rulebook.model import PackRules
from schemas.duties import DutyAnswer, Overall
from schemas.rulebook import Derived, Duty, Outcome, Rule
from tests import randomness
from tests.rulebook import book

LONG = int(os.environ.get("FENJI_LONG", "1"))
AS_OF, ON = date(2026, 8, 1), date(2026, 8, 20)
BOOK = book()
BEGINNINGS = sorted({v.valid.start.toordinal() for p in BOOK.packs.values() for r in p.rules.values() for v in r.versions})
EVE = date(2027, 1, 4)  # on this day working days depend on a notice that has not been published
# overlay of the city pack -> the duties by which the national packs say the same
OVERLAYS = {
    "algorithm_filing": {"algorithm_filing", "companion_filing"},
    "security_assessment": {
        "security_assessment",
        "change_assessment",
        "assessment_report",
        "synthesis_assessment",
        "companion_launch_assessment",
        "companion_assessment",
    },
    "face_filing": {"face_filing", "face_filing_stock"},
    "ethics_review": {"ethics_review"},
    "ethics_expert_review": {"ethics_expert_review"},
    "minors_content": {"minors_content"},
    "device_registration_2": {"device_registration_2"},
    "device_registration_3": {"device_registration_3"},
}
PROOF = re.compile(r'any\(evidence: evidence.kind == "(\w+)" (?:and evidence.issuer in \["authority"\] )?and evidence.stands\)')
LATER = {"not_yet_due": {"not_yet_due", "met"}}  # a duty met early is not yet due either


@cache
def everything() -> Evaluator:
    """Return an evaluator over the facts of all packs and of all proofs: the one from which random filings are drawn."""
    rules: dict[str, Rule] = {}
    derived: dict[str, Derived] = {}
    outcomes: dict[str, Outcome] = {}
    for name, pack in BOOK.packs.items():
        for each in filter(None, (pack, proof_pack(BOOK, pack))):
            derived |= each.derived
            for outcome in each.doc.outcomes:
                values = [*(outcomes[outcome.id].values if outcome.id in outcomes else []), *outcome.values]
                outcomes[outcome.id] = outcome.model_copy(update={"values": values})
            for rule_id, rule in each.rules.items():
                overrides = [f"{name}/{other}" for other in rule.overrides]
                rules[f"{name}/{rule_id}"] = rule.model_copy(update={"overrides": overrides})
    made = {"id": "everything", "date": "as_of", "derived": list(derived.values()), "outcomes": list(outcomes.values())}
    return Evaluator(BOOK, PackRules(next(iter(BOOK.packs.values())).doc.model_copy(update=made), rules))


def dated(filing: Filing, random: Random, on: date = ON) -> dict[str, tuple[int, int]]:
    """Return every date that applies, most of them around the day of the answer."""
    found = {}
    for name, fact in BOOK.facts.items():
        applies = not fact.applies_when or filing.facts.get(fact.applies_when) == T  # guards of dates are single facts
        if fact.type == "date" and not BOOK.list_of(name) and applies:
            day = on.toordinal() + random.choice((-400, -31, -30, -14, -10, -5, -1, 0, 1, 20))
            if random.random() < 0.3:
                day = random.choice(BEGINNINGS) + random.choice((-30, -1, 0, 1))
            day = min(day, on.toordinal()) if fact.past else day
            found[name] = (day, day)
    if "end.date" in found:  # what ended was launched by then, and its data went with it or later
        end = found["end.date"][0]
        found["launch.date"] = (min(found["launch.date"][0], end),) * 2
        if "end.deleted_on" in found:
            found["end.deleted_on"] = (max(found["end.deleted_on"][0], end),) * 2
    if "incident.hours_since" in filing.facts:
        day = min(found["incident.found_on"][0], AS_OF.toordinal())  # of one found later no hours can be told yet
        hours = (AS_OF.toordinal() - day) * 24
        found |= {"incident.found_on": (day, day), "incident.hours_since": (hours, hours)}
    if "incident.report_hours" in filing.facts:
        most = (AS_OF.toordinal() - min(found["incident.found_on"][0], AS_OF.toordinal())) * 24
        took = min(filing.facts["incident.report_hours"][0], most)
        found["incident.report_hours"] = (took, took)
    return found


def proven(filing: Filing, random: Random, on: date = ON) -> Filing:
    """Return the filing with much good evidence and, mostly, nothing found breached, so that duties are met as well."""
    kinds = len(BOOK.facts["evidence.kind"].values)
    day = random.randint(AS_OF.toordinal() - 90, AS_OF.toordinal() + 30)
    good = {"evidence.covers": T, "evidence.positive": T, "evidence.expiring": F, "evidence.issued": (day, day)}
    items = [
        Item(str(kind), {**good, "evidence.kind": 1 << kind, "evidence.issuer": 1 << random.choice((0, 3, 3))})
        for kind in random.sample(range(kinds), random.randint(0, kinds))
    ]
    facts = filing.facts | dated(filing, random, on)
    for name in facts:
        if (name.endswith(".found_breached") and random.random() < 0.8) or (name == "opinion.triggers" and random.random() < 0.3):
            facts[name] = (0, 0)
    return replace(filing, facts=facts, lists=filing.lists | {"evidence": Listing(tuple(items), complete=True)})


def answer(filing: Filing, on: date = ON) -> Overall | None:
    try:
        return overall(BOOK, filing, AS_OF, on, search=False)
    except InputError:
        return None  # the random filing is impossible for one pack


def asks(duty: DutyAnswer) -> Duty:
    """Return what the rulebook says of a duty."""
    found = next(value.duty for value in BOOK.packs[duty.pack].outcomes[duty.outcome].values if value.id == duty.id)
    assert found
    return found


def listed(filing: Filing) -> set[str]:
    """Return the papers that a filing lists."""
    return {item.id for item in filing.lists["evidence"].items} if "evidence" in filing.lists else set()


def cleared_up(duty: DutyAnswer, filing: Filing, fewer: Filing) -> bool:
    """Tell whether a standing is no word and a paper against each other of which the fewer facts know but one.

    Only a paper that was not listed, and a day that was not told, open what the other alone had settled.
    """
    asked = asks(duty)
    done = asked.due.done if asked.due else ""
    denied = filing.facts.get(asked.undone_when.removeprefix("not "), T) == F
    paper = (denied or done in filing.facts) and not listed(filing) <= listed(fewer)
    word = done in filing.facts and done not in fewer.facts
    return not {"met", "breached"} <= set(duty.possible) or not (paper or word)


def outside(narrow: Overall, wide: Overall, filing: Filing, fewer: Filing) -> list[str]:
    """Return what the answer to a filing says that the answer to fewer facts had excluded."""
    found = []
    before: dict[tuple[str, str], DutyAnswer] = {(duty.pack, duty.id): duty for duty in wide.duties}
    after = {(duty.pack, duty.id): duty for duty in narrow.duties}
    found += [f"{key} appears" for key in after if key not in before]
    found += [f"{key} is gone" for key, duty in before.items() if duty.applies == "certain" and key not in after]
    for key, duty in after.items():
        earlier = before.get(key)
        if earlier is None or not cleared_up(duty, filing, fewer):
            continue
        if not set(duty.possible) <= set(earlier.possible):
            found.append(f"{key}: {duty.possible} outside {earlier.possible}")
        if earlier.status in ("met", "breached", "not_yet_due") and duty.status not in LATER.get(
            earlier.status, {earlier.status}
        ):
            found.append(f"{key}: {earlier.status} became {duty.status}")
    for part, whole in zip(narrow.packs, wide.packs, strict=True):
        if part.answer is None or whole.answer is None:
            continue
        for name, outcome in part.answer.outcomes.items():
            if not set(outcome.possible) <= set(whole.answer.outcomes[name].possible):
                found.append(f"{part.pack} {name}: {outcome.possible} appears")
    for kind in ("conflicts", "flaws"):
        had = {entry.id: entry.applies for entry in getattr(wide, kind)}
        has = {entry.id: entry.applies for entry in getattr(narrow, kind)}
        found += [f"{kind} {name} appears" for name in has if name not in had]
        found += [
            f"{kind} {name} is gone" for name, applies in had.items() if applies == "certain" and has.get(name) != "certain"
        ]
    return found


def unlawful(found: Overall, filing: Filing) -> list[str]:
    """Return the standings of a complete filing that rest on a day before the law began, or on one word against another."""
    wrong = []
    for duty in found.duties:
        asked = asks(duty)
        if asked.due is None or duty.status not in ("met", "breached") or breached_otherwise(duty.id, asked, filing):
            continue
        versions = [version for each in duty.rules for version in BOOK.packs[duty.pack].rules[each.rule].versions]
        law = min(version.valid.start for version in versions).toordinal()
        started = begun(asked, filing, law)
        if started < law:
            wrong += [f"{duty.id} is breached by a day before its law"] if duty.status == "breached" else []
        elif duty.deadline and duty.deadline.latest and not asked.due.hours:
            last, on = (date.fromisoformat(day).toordinal() for day in (duty.deadline.latest, found.on))
            wrong += against_word(duty, asked, filing, last, on)
    return wrong


def begun(asked: Duty, filing: Filing, law: int) -> float:
    """Return the day from which the deadline of a duty counts in a complete filing."""
    assert asked.due
    started: float = filing.facts.get(asked.due.before or asked.due.after, (law, law))[0]
    later: float = filing.facts.get(asked.due.later, (started, started))[0]
    _, may = filing.facts.get("opinion.triggers", (0, 0))
    launched = [value.id for value in BOOK.facts["opinion.triggers"].values].index("launch")
    return started if asked.due.at_once_when and may >> launched & 1 else max(started, later)


def premature(found: Overall, filing: Filing) -> list[str]:
    """Return what a complete filing is said to owe already of a service that is not yet offered, or was not of that kind."""
    wrong, on = [], date.fromisoformat(found.on).toordinal()
    for duty in found.duties:
        asked, begins = asks(duty), BOOK.packs[duty.pack].doc.begins
        if duty.status not in ("breached", "not_proven"):
            continue
        if begins and duty.phase not in ("on_event", "at_end") and on < filing.facts[begins][0]:
            wrong.append(f"{duty.id} is {duty.status} before the launch")
        elif asked.due and asked.due.later and on <= begun(asked, filing, 0):
            wrong.append(f"{duty.id} is {duty.status} before its service had what it is owed for")
    return wrong


def at_odds(found: Overall, filing: Filing) -> list[str]:
    """Return the duties that one paper proves and one deadline dates, and that stand differently without a finding."""
    told: dict[tuple[str, float, bool], dict[str, str]] = {}
    for duty in found.duties:
        asked = asks(duty)
        dated = asked.due and asked.due.later and duty.deadline and not duty.deadline.before_law
        if dated and duty.applies == "certain" and not breached_otherwise(duty.id, asked, filing):
            key = (asked.satisfied_when, begun(asked, filing, 0), bool(asked.undone_when))
            told.setdefault(key, {})[duty.id] = duty.status
    return [str(stands) for stands in told.values() if len(set(stands.values())) > 1]


def against_word(duty: DutyAnswer, asked: Duty, filing: Filing, last: int, on: int) -> list[str]:
    """Return whether a standing takes a paper over one's own word, or the word over a paper in time."""
    done = filing.facts.get(asked.due.done if asked.due else "", (0, 0))
    denied = filing.facts.get(asked.undone_when.removeprefix("not "), T) == F
    if duty.status == "met" and on > last and (denied or done[0] > last):
        return [f"{duty.id} is met against one's own word"]
    if duty.status == "breached" and asked.due and asked.due.done and shown(asked, filing, min(last, on)):
        return [f"{duty.id} is breached against a paper in time"]
    return []


def breached_otherwise(name: str, asked: Duty, filing: Filing) -> bool:
    """Tell whether a finding of the body, or a figure, breaches a duty: then its day does not matter."""
    fact, has, found = asked.breached_when.partition(" has ")
    if not has or found != f'"{name}"' or fact not in BOOK.facts:
        return bool(asked.breached_when)
    sure, _ = filing.facts.get(fact, (-1, -1))
    return bool(sure >> [value.id for value in BOOK.facts[fact].values].index(name) & 1)


def shown(asked: Duty, filing: Filing, last: int) -> bool:
    """Tell whether a good paper of the kind that proves a duty, by the body, was issued in time."""
    proof = PROOF.fullmatch(asked.satisfied_when)
    kinds = [value.id for value in BOOK.facts["evidence.kind"].values]
    issuer = 1 << [value.id for value in BOOK.facts["evidence.issuer"].values].index("authority")
    good = {"evidence.covers": T, "evidence.positive": T, "evidence.expiring": F, "evidence.issuer": issuer}
    good["evidence.kind"] = 1 << kinds.index(proof[1]) if proof else -1
    return any(
        all(item.facts.get(name) == value for name, value in good.items()) and item.facts["evidence.issued"][1] <= last
        for item in filing.lists["evidence"].items
    )


def contradictions(found: Overall) -> list[str]:
    """Return where the city's overlays say one thing and the national duties another."""
    answers = {part.pack: part.answer for part in found.packs if part.answer}
    if "nanjing-tiering" not in answers or "cn-ai-duties" not in answers:
        return []
    overlays = answers["nanjing-tiering"].outcomes["overlays"]
    duties = {duty.id: duty.applies for duty in found.duties if duty.pack == "cn-ai-duties"}
    wrong = []
    for name, same in OVERLAYS.items():
        if name in (overlays.certain or ()) and not same & set(duties):
            wrong.append(f"the overlay {name} is certain, no duty is owed")
        if name not in overlays.possible and any(duties.get(each) == "certain" for each in same):
            wrong.append(f"the overlay {name} is excluded, and a duty is owed")
    return wrong


@pytest.mark.no_cover
@settings(max_examples=25 * LONG)
@given(st.integers(min_value=0, max_value=2**32))
def test_no_definite_answer_that_the_facts_do_not_decide(seed: int) -> None:
    random = Random(seed)
    on = random.choice((ON, EVE))
    whole = randomness.complete(everything(), random, AS_OF, random.randint(1, 4))
    whole = proven(whole, random, on) if random.random() < 0.7 else replace(whole, facts=whole.facts | dated(whole, random, on))
    some = randomness.forget(whole, random, random.choice((0.02, 0.1, 0.3)), open_lists=random.random() < 0.5)
    fewer = randomness.forget(some, random, 0.3, open_lists=True)
    answers = [(found, each) for each in (whole, some, fewer) if (found := answer(each, on))]
    for (narrow, filing), (wide, fewer) in pairwise(answers):
        assert outside(narrow, wide, filing, fewer) == []
    for found, _ in answers:
        assert contradictions(found) == []
    if found := answer(whole, on):
        assert unlawful(found, whole) == []
        assert premature(found, whole) == []
        assert at_odds(found, whole) == []


def test_a_deadline_into_a_year_without_notice_narrows_with_its_start() -> None:
    for days in range(1, 40):
        low, high = EVE.toordinal() - days, EVE.toordinal() - days // 2
        wide = BOOK.calendar.after(low, 10).earliest, BOOK.calendar.after(high, 10).latest
        for start in range(low, high + 1):
            found = BOOK.calendar.after(start, 10)
            assert wide[0] <= found.earliest <= found.latest <= wide[1]


def test_hours_that_the_days_exclude_are_refused() -> None:
    found = ON.toordinal()
    facts = {
        "incident.happened": T,
        "incident.vulnerability": T,
        "incident.found_on": (found, found),
        "incident.hours_since": (25, 25),
    }
    with pytest.raises(ContradictionError, match="exclude each other"):
        overall(BOOK, Filing(facts, {}, {}), ON, ON, search=False)


@pytest.mark.parametrize("device", ["group", "death"])
def test_no_report_takes_more_hours_than_have_passed(device: str) -> None:
    found = ON.toordinal() - 2
    kinds = [value.id for value in BOOK.facts["incident.device"].values]
    facts = {"incident.happened": T, "incident.device": 1 << kinds.index(device), "incident.found_on": (found, found)}
    facts |= {"incident.reported": T, "incident.report_hours": (73, 73)}
    with pytest.raises(ContradictionError, match="more than the hours that have passed"):
        overall(BOOK, Filing(facts, {}, {}), ON, ON, search=False)
    overall(BOOK, Filing(facts | {"incident.report_hours": (72, 72)}, {}, {}), ON, ON, search=False)


def test_hours_are_of_the_day_of_the_question() -> None:
    found = AS_OF.toordinal()
    facts = {
        "incident.happened": T,
        "incident.vulnerability": T,
        "incident.found_on": (found, found),
        "incident.found_breached": (0, 0),
        "incident.reported": F,
        "incident.hours_since": (3, 3),
    }
    told = {}
    for on in (AS_OF, AS_OF + timedelta(days=1), AS_OF + timedelta(days=2)):  # 3 hours; 3 to 48; 27 to 72
        duties = overall(BOOK, Filing(facts, {}, {}), AS_OF, on, search=False).duties
        told[(on - AS_OF).days] = next(duty.status for duty in duties if duty.id == "flaw_24h")
    assert told == {0: "not_yet_due", 1: "undetermined", 2: "breached"}


@pytest.mark.parametrize("name", [fact.id for fact in BOOK.facts.values() if fact.past])
def test_what_has_happened_lies_on_no_day_to_come(name: str) -> None:
    tomorrow = ON.toordinal() + 1
    with pytest.raises(FactError, match=f"`{name}` says what has happened on 2026-08-21, after 2026-08-20"):
        overall(BOOK, Filing({name: (tomorrow, tomorrow)}, {}, {}), AS_OF, ON, search=False)
    overall(BOOK, Filing({name: (tomorrow - 1, tomorrow)}, {}, {}), AS_OF, ON, search=False)


def test_nothing_stated_proves_nothing() -> None:
    found = overall(BOOK, Filing({}, {}, {}), AS_OF, ON)
    assert {duty.status for duty in found.duties} == {"undetermined"}
    assert {duty.applies for duty in found.duties} == {"possible"}
    assert not found.determined
    for question in found.questions:
        for name in question.packs:
            listed = told_of(BOOK, BOOK.packs[name])
            assert question.fact in {*listed, *map(BOOK.list_of, listed)}, (name, question.fact)
    asked = [(question.fact, question.item) for question in found.questions]
    assert len(asked) == len(set(asked))
