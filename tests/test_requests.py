"""The verdict on a requested item by another way: the order of evaluation as a plain procedure, against the packs."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest

from engine.decide.assess import assess
from engine.errors import Place
from engine.rulebook.model import Rulebook
from engine.rulebook.read import node_from
from tests import rulebook

ROOT = Path(__file__).parents[1]
DAY = date(2026, 3, 2)  # Order 809, Order 790 and the national norms are in force
LONG = int(os.environ.get("FENJI_LONG", "1"))
DEPARTMENTS = {"government_department", "authorised_body"}
Facts = dict[str, Any]


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return rulebook.book()


def refusals(whole: Facts, item: Facts) -> set[str]:
    """Return why an item may not be had by its channel; an empty set when it may."""
    channel, asks = whole["sharing.channel"], whole["sharing.requester"]
    closed = item["opening"] != "unconditional"
    personal = item["personal_data"] and not item["consent"]
    found = {reason for reason in ("state_secret", "work_secret", "endangers") if item[reason]}
    if channel != "sharing":
        found |= {"core_data"} if item["core_data"] else set()
        found |= {"trade_secret"} if item["trade_secret"] and not item["holder_consent"] else set()
        found |= {"no_consent"} if personal else set()
    if channel != "trading" and whole["sharing.provider"] == "enterprise":
        found.add("provider_out_of_scope")
    match channel:
        case "sharing":
            wrong = {"conditional": "" if item["conditions_met"] else "conditions_not_met", "unlisted": "not_in_catalogue"}
            wrong["not_shared"] = "not_shared_by_law" if item["basis_named"] else "misclassified"
            found |= {wrong.get(item["class"], "")} - {""}
            found |= set() if asks in DEPARTMENTS | {"public_enterprise"} else {"requester_out_of_scope"}
            found |= {"no_consent"} if personal and asks == "public_enterprise" else set()
            found |= set() if item["duty_basis"] else {"no_statutory_purpose"}
            found |= set() if item["minimal"] else {"not_minimal"}
            found |= {"onward_without_consent"} if item["onward"] and not item["onward_consent"] else set()
        case "opening":
            found |= {{"not_open": "not_open", "unclassified": "not_classed"}.get(item["opening"], "")} - {""}
        case "operation":
            found |= set() if whole["operation.authorised"] else {"not_authorised"}
            found |= {"operator_no_legal_person"} if asks in ("individual", "overseas") else set()
            found |= {"law_forbids_opening"} if item["opening"] == "not_open" else set()
            found |= set() if item["in_authorisation"] else {"outside_authorisation"}
            found |= {"source_not_agreed"} if item["from_sharing"] and not item["source_consent"] else set()
            found |= {"raw_data"} if closed and item["environment"] == "raw_copy" else set()
        case "trading":
            public, product = item["public_data"], item["authorised_product"]
            found |= {"public_not_open"} if public and closed and not product else set()
            found |= {"raw_public"} if public and closed and product and item["environment"] == "raw_copy" else set()
            found |= set() if item["lawful_source"] else {"no_lawful_source"}
            found |= {"rights_disputed"} if item["rights_disputed"] else set()
    return found


def burdened(whole: Facts, item: Facts) -> bool:
    """Tell whether an item that may be had comes with duties of its own."""
    channel = whole["sharing.channel"]
    common = item["personal_data"] or item["important"] or item["abroad"] or channel == "operation"
    if channel == "sharing":
        own = item["class"] == "conditional" or item["core_data"] or item["trade_secret"] or item["onward"]
        return bool(common or own or not whole["sharing.complete"])
    return bool(common or (channel == "opening" and item["opening"] == "conditional"))


def drawn(book: Rulebook, random: Random) -> tuple[Facts, Facts]:
    """Return the facts of a whole request and of its one item, most of them harmless, so that many may be had."""
    whole: Facts = {}
    item: Facts = {}
    harmless = {"duty_basis", "minimal", "lawful_source", "in_authorisation", "conditions_met", "consent", "holder_consent"}
    harmless |= {"sharing.complete", "operation.authorised", "onward_consent", "source_consent"}
    for name, fact in book.facts.items():
        home, _, short = name.partition(".")
        if home not in ("sharing", "operation", "request") or fact.type not in ("bool", "enum"):
            continue
        key, facts = (short, item) if home == "request" else (name, whole)
        if fact.type == "enum":
            facts[key] = random.choice(fact.values).id
        else:
            facts[key] = (key in harmless) == (random.random() < 0.85)
    item["sensitive_data"] = item["personal_data"] and (item["sensitive_data"] or item["under_14"])
    return whole, item


def stated(book: Rulebook, whole: Facts, item: Facts) -> Facts:
    """Return the filing, without the facts that do not apply."""
    applies = {
        "basis_named": item["class"] == "not_shared",
        "conditions_met": item["class"] == "conditional",
        "extra_conditions": item["class"] in ("unconditional", "conditional"),
        "onward_consent": item["onward"],
        "holder_consent": item["trade_secret"],
        "source_consent": item["from_sharing"],
        "authorised_product": item["public_data"],
    }
    applies |= dict.fromkeys(("sensitive_data", "under_14", "consent", "notice_excused"), item["personal_data"])
    kept = {name: value for name, value in item.items() if applies.get(name, True)}
    filing = {name: value for name, value in whole.items() if not book.facts[name].applies_when}
    return filing | {"sharing.received_on": DAY.isoformat(), "request": {"complete": True, "items": [{"id": "it", **kept}]}}


def test_the_packs_follow_the_order_of_evaluation(book: Rulebook) -> None:
    random = Random(809)
    seen = set()
    for _ in range(400 * LONG):
        whole, item = drawn(book, random)
        if not item["personal_data"]:
            item |= {"sensitive_data": False, "under_14": False}
        trade = whole["sharing.channel"] == "trading"
        pack, outcome = ("cn-data-trading", "request.trade") if trade else ("cn-data-sharing", "request.share")
        answer = assess(book, pack, node_from(stated(book, whole, item), Place("request")), DAY, search=False)
        found = answer.items["request"][0].outcomes
        refused = refusals(whole, item)
        wanted = "refuse" if refused else "allow_with_duties" if burdened(whole, item) else "allow"
        assert found[outcome].value == wanted, (whole, item, refused)
        assert refused <= set(found[f"{outcome}_ground"].certain or ()), (whole, item, refused)
        seen.add((whole["sharing.channel"], wanted))
    assert len(seen) == 11  # what is operated always has the duties of its agreement
