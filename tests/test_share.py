"""The verdict on requests: the algebra over every set of marks, random worlds read in another way, and cases as data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import date
from functools import cache
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any

import pytest

from api.render.sharing import text
from engine.decide.assess import assess
from engine.decide.filing import from_document
from engine.decide.review import Review
from engine.decide.share import share
from engine.decide.verdict import ALLOWED, OWNER_UNKNOWN, Mark, both, either, lift, mark, smallest, verdict
from engine.decide.wishes import Wishes
from engine.errors import DateError, FenjiError, Place
from engine.rulebook.check import check
from engine.rulebook.load import load_all
from engine.rulebook.locate import files_of
from engine.rulebook.model import Rulebook
from engine.rulebook.policies import merged, read_folder
from engine.rulebook.read import node_from, plain, read
from schemas.sharing import ItemVerdict, ShareAnswer
from tests import sharing_worlds as small
from tests.long import LONG

ROOT = Path(__file__).parents[1]
POLICIES = ROOT / "rules/samples/policies"
DAY = date(2026, 8, 3)
EVERY = range(64)
WORLDS = 10_000 if LONG else 200


# the algebra ------------------------------------------------------------------------------------------------------------


def told(marks: Mark) -> str:
    """The verdict in another order: what allows first, then what stands against it."""
    granted = Mark.LAW_OBLIGES in marks or Mark.OWNER_GRANTS in marks
    found = ("allow_with_duties" if Mark.DUTY in marks else "allow") if granted else "refuse"
    if Mark.OWNER_REFUSES in marks:
        found = "conflict" if Mark.LAW_OBLIGES in marks else "refuse"
    if Mark.HUMAN in marks:
        found = "conflict"
    return "refuse" if Mark.LAW_REFUSES in marks else found


def test_every_set_of_marks() -> None:
    assert [verdict(marks) for marks in EVERY] == [told(Mark(marks)) for marks in EVERY]


@pytest.mark.parametrize("marks", EVERY)
def test_law_outranks_the_owner(marks: int) -> None:
    """Whatever the owner says, what law refuses stays refused, and what it obliges is never simply refused by the owner."""
    for owner in OWNER_UNKNOWN:
        assert verdict(marks | Mark.LAW_REFUSES | owner) == "refuse"
        if not marks & (Mark.LAW_REFUSES | Mark.HUMAN):
            assert verdict(marks | Mark.LAW_OBLIGES | owner) in {"allow", "allow_with_duties", "conflict"}


def test_fewer_worlds_never_give_more_verdicts() -> None:
    random = Random(1)
    for _ in range(2_000):
        a, b = (frozenset(random.sample(EVERY, random.randrange(1, 5))) for _ in range(2))
        assert lift(a) <= lift(either(a, b)) == lift(a) | lift(b)
        assert lift(both(a, b)) == {verdict(x | y) for x in a for y in b}


def test_the_smallest_reasons_suffice_and_nothing_smaller_does() -> None:
    random = Random(2)
    spoken = Mark.LAW_REFUSES | Mark.OWNER_REFUSES
    for _ in range(400):
        causes = [(random.choice([1 << k for k in range(6)] + [Mark.OWNER_GRANTS | Mark.DUTY]), name) for name in range(5)]
        marks = 0
        for each, _ in causes:
            marks |= each
        wanted = verdict(marks)
        needed = [
            chosen
            for size in range(6)
            for chosen in combinations(causes, size)
            if all(verdict(_all(chosen) | _all(rest)) == wanted for k in range(6) for rest in combinations(causes, k))
            and (wanted != "refuse" or not marks & spoken or _all(chosen) & spoken)
        ]
        found = smallest(causes, wanted)
        assert len(found) == len(needed[0])
        assert {name for _, name in causes} >= set(found)


def _all(causes: tuple[tuple[int, int], ...]) -> int:
    found = 0
    for marks, _ in causes:
        found |= marks
    return found


def test_what_each_side_can_say() -> None:
    words = ("refuse", "oblige", "permit", "duty", "human", "")
    assert [mark(word, owner=False) for word in words] == [Mark.LAW_REFUSES, Mark.LAW_OBLIGES, 0, Mark.DUTY, Mark.HUMAN, 0]
    owner = [Mark.OWNER_REFUSES, 0, Mark.OWNER_GRANTS, Mark.OWNER_GRANTS | Mark.DUTY, Mark.HUMAN, 0]
    assert [mark(word, owner=True) for word in words] == owner


# small worlds -----------------------------------------------------------------------------------------------------------


def answered(of: small.Worlds, request: dict[str, Any], *, search: bool = False) -> ItemVerdict:
    return share(of.rulebook, node_from(request, Place("request")), DAY, search=search).items[0]


def reached(of: small.Worlds, left: dict[str, list[Any]]) -> set[str]:
    return set().union(*(small.verdicts(of, world) for world in small.completions(left)))


def answers(of: small.Worlds, request: dict[str, Any], *, search: bool = False) -> ItemVerdict | None:
    """Return the answer; none where no law was encoded for the day, so that the request is refused."""
    try:
        return answered(of, request, search=search)
    except DateError:
        return None


def seeds(count: int) -> Iterator[tuple[Random, small.Worlds, dict[str, Any], dict[str, list[Any]]]]:
    for seed in range(count):
        random = Random(seed)
        of = small.worlds(random)
        yield random, of, *small.request(random, random.choice((0, 0.2, 0.5, 0.8)))


def test_the_verdict_is_what_the_worlds_give() -> None:
    """Brute force over every completion agrees: no verdict is missing, none is added, and each is claimed as exact.

    Where law was not encoded for a day that is possible, none is missing; where it was for no day, the request is not answered.
    """
    refused = 0
    for _, of, request, left in seeds(WORLDS):
        encoded = {small.encoded(of, world) for world in small.completions(left)}
        found = answers(of, request)
        if found is None:
            refused += 1
            assert encoded == {False}, request
            continue
        assert set(found.possible) >= reached(of, left), request
        assert (found.verdict != "undetermined") == (len(found.possible) == 1)
        assert bool(found.not_covered) == (False in encoded), request
        if encoded == {True}:
            assert set(found.possible) == reached(of, left), request
            assert found.exact
    assert refused > WORLDS // 50


def test_knowing_more_only_narrows() -> None:
    for random, of, request, left in seeds(WORLDS // 2):
        found = answers(of, request)
        before = set(found.possible) if found else set()
        for name in random.sample(list(left), 3):
            stated = left[name] if name != small.GUARD[0] else []
            if len(stated) > 1:
                told = deepcopy(request)
                (told["request"]["items"][0] if name.startswith("request") else told)[name] = random.choice(stated)
                now = answers(of, told)
                assert set(now.possible if now else ()) <= before, (name, request)


def test_what_would_allow_allows() -> None:
    """A wish that is granted makes the item allowed in every world that is left, and one fact does where one is named."""
    granted = 0
    for _, of, request, left in seeds(WORLDS // 2):
        found = answers(of, request, search=True)
        if found is None:
            continue
        sure = any(each.applies == "certain" for each in found.not_covered)
        assert (found.allowed_if is None) == (set(found.possible) <= ALLOWED or sure)
        if not found.allowed_if or not found.allowed_if.facts:
            continue
        granted += 1
        changed = left | {each.fact: values(each.fact, each.instead) for each in found.allowed_if.facts}
        assert reached(of, changed) == {found.allowed_if.verdict}
        if len(found.allowed_if.facts) > 1:
            assert not alone(of, left)
    assert granted > WORLDS // 10


def values(name: str, told: Any) -> list[Any]:
    """The values that a fact written like this may have."""
    domain = small.DOMAINS[name]
    if isinstance(told, dict) and "one_of" in told:
        return list(told["one_of"])
    if isinstance(told, dict):
        return [v for v in domain if told.get("at_least", v) <= v <= told.get("at_most", v)]
    return [told]


WHO = (small.DATA_SET, small.DAY)  # told otherwise, it would be another request


def alone(of: small.Worlds, left: dict[str, list[Any]]) -> bool:
    """Tell whether one fact told otherwise would make the item allowed in every world."""
    for name, domain in small.DOMAINS.items():
        if name == small.GUARD[0] or (name in WHO and len(left[name]) == 1):
            continue
        for value in domain:
            if len(left[name]) > 1 and value not in left[name]:
                continue
            got = reached(of, left | {name: [value]})
            if got <= ALLOWED and len(got) == 1:
                return True
    return False


def test_reasons_of_complete_facts_give_the_verdict() -> None:
    for _, of, request, left in seeds(WORLDS // 2):
        if any(len(each) > 1 for name, each in left.items() if name != small.GUARD[0]):
            continue
        found = answers(of, request)
        if found is None or found.not_covered:
            continue
        names = {reason.rule for reason in found.reasons}
        assert {each.rule for each in found.smallest} <= names
        assert all(reason.applies == "certain" for reason in found.reasons)


# items by themselves -----------------------------------------------------------------------------------------------------


@pytest.fixture
def together(monkeypatch: pytest.MonkeyPatch) -> Callable[[Rulebook, dict[str, Any]], list[Any]]:
    """Answer in the plain way: all items in one filing, nothing kept, every change of facts tried."""

    def answer(rulebook: Rulebook, request: dict[str, Any]) -> list[Any]:
        with monkeypatch.context() as plainly:
            items = range(len(request["request"]["items"]))
            plainly.setattr(Review, "parts", lambda review: [(review, index) for index in items])
            plainly.setattr(Wishes, "_hopeless", lambda *_: False)
            return said(rulebook, request)

    return answer


def said(rulebook: Rulebook, request: dict[str, Any]) -> list[Any]:
    try:
        found = share(rulebook, node_from(request, Place("request")), DAY)
    except FenjiError as error:
        return [error.finding.code]
    return [item.model_dump() for item in found.items]


def test_items_reviewed_by_themselves_are_answered_as_together(together: Callable[..., list[Any]]) -> None:
    for seed in range(WORLDS // 8):
        random = Random(seed)
        of = small.worlds(random)
        requests = [small.request(random, 0.5)[0] for _ in range(3)]
        items = [request["request"]["items"][0] | {"id": f"i{k}"} for k, request in enumerate(requests)]
        request = requests[0] | {"request": {"complete": random.random() < 0.5, "items": [*items, items[0] | {"id": "again"}]}}
        assert said(of.rulebook, request) == together(of.rulebook, request), request


def test_sample_requests_are_answered_as_together(together: Callable[..., list[Any]]) -> None:
    for case, bases in (param.values for param in filed()[:: 1 if LONG else 12]):
        request = asked(case, bases)
        (item,) = request["request"]["items"]
        fewer = {name: value for k, (name, value) in enumerate(item.items()) if k % 3 or name in ("id", "data_set")}
        request["request"]["items"] = [item, fewer | {"id": "fewer"}]
        made = book(case.get("enterprise", ""))
        assert said(made, request) == together(made, request), case["name"]


def test_items_that_law_compares_are_reviewed_together() -> None:
    """Law that looks at all items is asked about all of them: what one says bears on another."""
    law = small.Term("law-0", ("is", "request.a"), None, "request.share", "never")
    document = small.files((law,), (), "any(request: request.b)")
    made = small.loaded(document).rulebook
    items = [{"id": "one", "request.a": True, "request.b": False}, {"id": "two", "request.a": False, "request.b": True}]
    request = {small.DAY: "2026-06-01", "request": {"complete": True, "items": items}}
    assert any(side.compares_items for side in Review(made, from_document(made, node_from(request, Place("r"))), DAY).law)
    assert share(made, node_from(request, Place("r")), DAY).items[0].law == ["refuse"]


def test_random_law_passes_the_checks() -> None:
    """The rulebooks of the small worlds are such as authors may write."""
    for seed in range(5):
        random = Random(seed)
        of = small.worlds(random)
        made = small.loaded(small.files(of.law, of.owner, small.text(of.shares)))
        codes = {finding.code for finding in check(made)}
        assert codes <= {"unlisted-clause", "always-true", "never-true", "not-translated", "band"}, codes


# the sample policies and cases as data ----------------------------------------------------------------------------------


@cache
def book(enterprise: str = "") -> Rulebook:
    policies = read_folder(POLICIES, enterprise)
    made = load_all(merged(files_of(ROOT / "rules"), policies), policies.shown)
    assert not made.findings
    return made.rulebook


EXPECTS = {
    "verdict",
    "possible",
    "law",
    "owner",
    "smallest",
    "certain",
    "reasons",
    "duties",
    "no_duties",
    "missing",
    "allowed_if",
    "blocked",
    "effect",
    "policies",
    "in_force",
    "not_covered",
    "error",
}
KEYS = {"name", "law_text", "on", "base", "facts", "item", "drop", "enterprise", *EXPECTS}


def filed() -> list[Any]:
    found = []
    for path in sorted((ROOT / "tests/sharing/policies").glob("*.yaml")):
        cases: Any = plain(read(path.read_bytes(), path.name))
        found += [pytest.param(case, cases["bases"], id=f"{path.stem}: {case['name']}") for case in cases["cases"]]
    return found


def asked(case: dict[str, Any], bases: dict[str, Any]) -> dict[str, Any]:
    """Return the request of a case: the facts and the one item of its base, with what the case changes or drops."""
    base = bases[case["base"]]
    dropped = set(case.get("drop", ()))
    item = {name: value for name, value in (base["item"] | case.get("item", {})).items() if name not in dropped}
    facts = {name: value for name, value in (base["facts"] | case.get("facts", {})).items() if name not in dropped}
    return facts | {"request": {"complete": True, "items": [{"id": "it"} | item]}}


@pytest.mark.parametrize(("case", "bases"), filed())
def test_case(case: dict[str, Any], bases: dict[str, Any]) -> None:
    assert set(case) <= KEYS, set(case) - KEYS
    document, on = node_from(asked(case, bases), Place(case["name"])), date.fromisoformat(case["on"])
    if "error" in case:
        with pytest.raises(FenjiError, match=case["error"]):
            share(book(case.get("enterprise", "")), document, on)
        return
    found = share(book(case.get("enterprise", "")), document, on, search=bool({"allowed_if", "blocked"} & set(case)))
    assert differences(case, found) == []


def differences(case: dict[str, Any], found: ShareAnswer) -> list[str]:
    """Return where an answer differs from what a case expects."""
    (item,) = found.items
    named = [f"{reason.pack}/{reason.rule}" for reason in item.reasons]
    certain = {duty.value for duty in item.duties if duty.applies == "certain"}
    wish = item.allowed_if
    got: dict[str, Any] = {
        "verdict": item.verdict,
        "possible": item.possible,
        "law": item.law,
        "owner": item.owner,
        "smallest": [f"{each.pack}/{each.rule}" for each in item.smallest],
        "certain": [f"{reason.pack}/{reason.rule}" for reason in item.reasons if reason.applies == "certain"],
        "missing": [fact.fact for fact in item.missing],
        "allowed_if": {each.fact: each.instead for each in wish.facts} if wish else None,
        "blocked": [f"{each.pack}/{each.rule}" for each in wish.rules] if wish else [],
        "policies": [each.name for each in found.policies],
        "in_force": {each.name: each.in_force for each in found.policies},
        "not_covered": {each.pack: each.applies for each in item.not_covered},
        "effect": {f"{reason.pack}/{reason.rule}": reason.effect for reason in item.reasons},
    }
    wrong = [f"{key} is {got[key]}, not {case[key]}" for key in got.keys() & case.keys() - {"effect"} if got[key] != case[key]]
    wrong += [f"no reason {name}, only {named}" for name in case.get("reasons", ()) if name not in named]
    wrong += [f"{name} is no certain duty" for name in case.get("duties", ()) if name not in certain]
    possible = {duty.value for duty in item.duties}
    wrong += [f"{name} is a duty" for name in case.get("no_duties", ()) if name in possible]
    return wrong + [
        f"{name} is {got['effect'].get(name)}" for name, e in case.get("effect", {}).items() if got["effect"].get(name) != e
    ]


FIRMS: Any = plain(read((ROOT / "tests/sharing/overlays/firms.yaml").read_bytes(), "firms.yaml"))


@pytest.mark.parametrize("case", FIRMS, ids=[case["name"] for case in FIRMS])
def test_one_firm_one_trial(case: dict[str, Any]) -> None:
    path = ROOT / f"rules/samples/{case['base']}.yaml"
    facts: Any = plain(read(path.read_bytes(), path.name))
    document = node_from(facts | case.get("facts", {}), Place(case["name"]))
    made = book(case.get("enterprise", ""))
    found = assess(made, case["pack"], document, date.fromisoformat(case["on"]), search=False)
    fired = {rule.rule: rule.effect for rule in found.fired}
    noted = {note.id for note in found.notes}
    assert {name: found.outcomes[name].value for name in case.get("outcomes", {})} == case.get("outcomes", {})
    assert not [name for name in case.get("undetermined", ()) if found.outcomes[name].determined]
    assert set(case.get("applies", ())) <= set(fired)
    assert set(case.get("overridden", ())) <= {rule.rule for rule in found.overridden}
    assert case.get("effect", {}).items() <= fired.items()
    assert set(case.get("noted", ())) <= noted
    assert not set(case.get("not_noted", ())) & noted


def test_a_request_asks_for_something() -> None:
    empty: list[dict[str, Any]] = [{}, {"request": {"items": []}}]
    for request in empty:
        with pytest.raises(FenjiError, match="no-items"):
            share(book(), node_from(request, Place("request")), DAY)


def test_the_register_is_read_into_the_request() -> None:
    request: dict[str, Any] = {"request": {"items": [{"id": "a", "data_set": "njhealth/clinic-visits"}]}}
    review = Review(book(), from_document(book(), node_from(request, Place("request"))), DAY)
    assert review.filing.lists["request"].items[0].facts["request.sensitive_data"] == 2


def test_by_law_alone_the_owner_is_not_asked() -> None:
    law = load_all(files_of(ROOT / "rules")).rulebook
    request: dict[str, Any] = {"sharing.channel": "operation", "sharing.received_on": "2026-08-03"}
    request |= {"request": {"items": [{"id": "a", "state_secret": True}]}}
    found = share(law, node_from(request, Place("request")), DAY)
    (item,) = found.items
    assert (item.verdict, item.owner) == ("refuse", ["grant", "silent"])
    assert found.by_law_alone
    assert "no owner's terms were consulted" in text(law, found, "en")
