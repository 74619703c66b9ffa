"""Requests to share government data: asked as of the day on which they were received, granted with what was asked for.

Order 809: the time of the answer runs from receipt (article 21(1)), and data are used within the scope and purpose that was
approved (article 25(1)); so a grant that names neither carries those of the request. Whether that regulation governs a request,
and which of its times runs, say the facts of the request (governed.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from engine.decide.review import RECEIVED
from engine.errors import InputError, Place
from engine.evidence.log import new_id
from engine.rulebook.days import legal_day
from engine.supervise import cases, filings
from engine.supervise.cases import Office, Ruling
from engine.supervise.governed import OTHERWISE, opening
from engine.supervise.streams import Act, Recorded
from engine.supervise.uses import TABLE

if TYPE_CHECKING:
    from engine.rulebook.model import Rulebook

ITEMS, REFUSED = "items", "refuse"
ANSWERS = ("allow", "allow_with_duties", REFUSED)  # the values of the outcome `share` that decide something
LIST, PURPOSE = "request", "request.purpose"


def ask(
    office: Office, fields: Mapping[str, Any], rulebook: Rulebook | None = None, *, unconditional: bool | None = None
) -> Recorded:
    """File a request, received on the day that its facts say, else today: its answer is due from then. Raises InputError.

    `rulebook` has the owners' policies beside the law, where they are at hand; `unconditional` is the class of sharing of items
    of which neither they nor the facts say one.
    """
    today = legal_day(office.now)
    told = {RECEIVED: today.isoformat(), **fields.get(ITEMS, {})}
    received = told[RECEIVED]
    day = date.fromisoformat(received) if isinstance(received, str) else None
    event, channel = opening(rulebook or office.streams.rulebook, told, today, unconditional)
    given = {**fields, ITEMS: told} | ({"channel": channel} if event == OTHERWISE else {})
    stream = office.reserved or new_id(office.now)
    told_by_facts = frozenset({"channel"} - set(fields))
    act = Act(stream, TABLE, event, office.by, office.now, given, day, id=office.reserved, computed=told_by_facts)
    return office.streams.perform(act)


def answer(office: Office, stream: str, outcome: str, fields: Mapping[str, Any], *, against: bool = False) -> Recorded:
    """Refuse a request, or grant it with the items and purposes that were asked for, where `fields` name no others.

    `against` says that the owners' terms do not allow it. Raises InputError when the table refuses, or for what answers nothing:
    what is undetermined, or in conflict, is for a human to decide one way or the other.
    """
    if outcome not in ANSWERS:
        problem = f"`{outcome[:60]}` is no answer to a request"
        raise InputError("wrong-outcome", problem, f"write one of {', '.join(ANSWERS)}", Place("#/outcome"))
    asked, value = cases.question(office, stream), f"share={outcome}"
    if outcome == REFUSED:
        return cases.decide(office, stream, asked, Ruling("refuse", value, fields))
    wanted = asked_for(filings.content(office.streams, stream, (ITEMS,)).facts)
    return cases.decide(office, stream, asked, Ruling("agree", value, {**wanted, **fields}, deviates=against))


def asked_for(facts: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the items that a request names, and their purposes; no purposes where the facts leave one of them open."""
    count = facts.get(LIST, {}).get("count", 0) if isinstance(facts.get(LIST), Mapping) else 0
    items = [str(facts[name]) for index in range(count) if (name := f"{LIST}/{index}/id") in facts]
    purposes = [each for index in range(count) if isinstance(each := facts.get(f"{LIST}/{index}/{PURPOSE}"), str)]
    found = {"granted": items, "purposes": sorted(set(purposes)) if len(purposes) == count else []}
    return {name: values for name, values in found.items() if values}
