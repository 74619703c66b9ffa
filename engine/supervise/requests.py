"""Requests to share government data: asked as of the day on which they were received, granted with what was asked for.

Order 809: the time of the answer runs from receipt (article 21(1)), and data are used within the scope and purpose that was
approved (article 25(1)); so a grant that names neither carries those of the request, and none goes beyond it. Whether that
regulation governs a request, and which of its times runs, say the facts of the request (governed.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from engine.decide.review import RECEIVED
from engine.decide.share import share_filing
from engine.errors import InputError, Place
from engine.evidence import facts, policy
from engine.evidence.log import new_id
from engine.rulebook.days import legal_day
from engine.supervise import cases, filings
from engine.supervise.cases import Looking, Office, Ruling
from engine.supervise.governed import OTHERWISE, opening
from engine.supervise.granting import LawAlone, Under, cover, owes
from engine.supervise.streams import Act, Recorded
from engine.supervise.uses import TABLE

if TYPE_CHECKING:
    from engine.rulebook.model import Rulebook
    from schemas.sharing import ShareAnswer

ITEMS, REFUSED = "items", "refuse"
ANSWERS = ("allow", "allow_with_duties", REFUSED)  # the values of the outcome `share` that decide something


def ask(
    office: Office, fields: Mapping[str, Any], rulebook: Rulebook | None = None, *, unconditional: bool | None = None
) -> Recorded:
    """File a request, received on the day that its facts say, else today: its answer is due from then. Raises InputError.

    Whoever provides has it in the queue, where no other unit is named. `rulebook` has the owners' policies beside the law, where
    they are at hand; `unconditional` is the class of sharing of items of which neither they nor the facts say one.
    """
    today = legal_day(office.now)
    told = {RECEIVED: today.isoformat(), **fields.get(ITEMS, {})}
    received = told[RECEIVED]
    day = date.fromisoformat(received) if isinstance(received, str) else None
    event, channel = opening(rulebook or office.streams.rulebook, told, today, unconditional)
    unit = {"unit": fields["provider"]} if "provider" in fields else {}
    given = {**unit, **fields, ITEMS: told} | ({"channel": channel} if event == OTHERWISE else {})
    stream = office.reserved or new_id(office.now)
    told_by_facts = frozenset({"channel"} - set(fields))
    act = Act(stream, TABLE, event, office.by, office.now, given, day, id=office.reserved, computed=told_by_facts)
    return office.streams.perform(act)


def verdict(office: Looking, stream: str, under: Under | None = None, *, search: bool = True) -> ShareAnswer:
    """Return what law and the owners' terms say to a request today, item by item. Raises InputError.

    Without `under` law alone is asked. `search` adds what would make an item allowed.
    """
    chosen = under or LawAlone(office.streams.rulebook)
    filing = facts.filing_of(chosen.rulebook, filings.content(office.streams, stream, (ITEMS,)).facts)
    return share_filing(chosen.rulebook, filing, legal_day(office.now), search=search)


def answer(office: Office, stream: str, outcome: str, fields: Mapping[str, Any], under: Under | None = None) -> Recorded:
    """Refuse a request, or grant it, or some of its items, within what was asked for: one decision for every way in.

    What deviates is said by the verdict on each item (granting.py): reasons and a second official then. The record of a grant
    answers the items that it grants. Raises InputError when the table refuses, for what was not asked for, and for what answers
    nothing: what is undetermined, or in conflict, is for a human to decide one way or the other; SigningError for an owner's data
    set that somebody else grants, EvidenceError for terms that are not those published last.
    """
    if outcome not in ANSWERS:
        problem = f"`{outcome[:60]}` is no answer to a request"
        raise InputError("wrong-outcome", problem, f"write one of {', '.join(ANSWERS)}", Place("#/outcome"))
    chosen = under or LawAlone(office.streams.rulebook)
    asked, value = cases.question(office, stream), f"share={outcome}"
    found = verdict(office, stream, chosen, search=False)
    if outcome == REFUSED:
        return cases.decide(office, stream, asked, Ruling("refuse", value, fields, deviates=owes(found.items)))
    until = str(office.streams.state(stream).values.get("until") or "")
    grant = cover(filings.content(office.streams, stream, (ITEMS,)).facts, until, fields, found)
    terms = policy.bound(office.streams.home, chosen.rulebook, chosen.marked_share(grant.found, {}), office.by)
    ruling = Ruling("agree", value, grant.fields, deviates=grant.deviates, policies=terms)
    return cases.decide(office, stream, asked.stating(grant.facts), ruling)
