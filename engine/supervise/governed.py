"""Which law governs a request for data, and of which class its items are: both say how it is opened and which time runs.

Order 809 governs sharing between government departments (article 2). Its time for the answer goes by the class that the catalogue
gives an item: one working day where it is shared without conditions, ten where on conditions, none for the rest (articles 14,
21(1)). No clock runs on what is merely not known: a request that leaves open what decides is refused, and told what to state.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from engine.decide.assess import examine
from engine.decide.review import RECEIVED, Review
from engine.decide.sides import REQUEST
from engine.decide.values import known, show
from engine.errors import InputError, Place
from engine.evidence import facts

if TYPE_CHECKING:
    from engine.decide.filing import Filing
    from engine.rulebook.model import Rulebook

PACK, REGIME, ORDER_809 = "cn-data-sharing", "share_regime", "order_809"
CHANNEL, CLASS = "sharing.channel", "request.class"
PARTIES = (CHANNEL, "sharing.requester", "sharing.provider")  # with the day, what the scope of Order 809 hangs on
UNCONDITIONAL, CONDITIONAL = "unconditional", "conditional"
# the opening by whether an item is shared without conditions, and whether one is on conditions
OPENING = {
    (True, False): "request_unconditional",
    (False, True): "request_conditional",
    (True, True): "request_mixed",
    (False, False): "request_not_shared",
}
OTHERWISE = "request_other"


def opening(rulebook: Rulebook, values: Mapping[str, Any], on: date, unconditional: bool | None) -> tuple[str, str]:
    """Return the event that opens a request of these facts, and its channel. Raises InputError for what they leave open.

    `rulebook` holds the owners' register where there is one: it gives the class of a data set. `unconditional` is what whoever
    asks says of the class; it counts for items of which the facts say none, and must not contradict them.
    """
    filing = Review(rulebook, facts.filing_of(rulebook, dict(values)), on).filing
    channel = _shown(rulebook, CHANNEL, filing.facts)
    if not _among_departments(rulebook, filing, on):
        return OTHERWISE, str(channel)
    return OPENING[_classes(rulebook, filing, unconditional)], str(channel)


def _among_departments(rulebook: Rulebook, filing: Filing, on: date) -> bool:
    """Tell whether Order 809 governs. Raises InputError where the facts leave it open, or the channel itself."""
    found = examine(rulebook, PACK, filing, on, search=False)[0].outcomes[REGIME]
    certain = ORDER_809 in (found.certain or ())
    open_ = [name for name in (*PARTIES, RECEIVED) if not _told(rulebook, name, filing.facts)]
    if CHANNEL in open_ or (ORDER_809 in found.possible and not certain):
        named = ", ".join(f"`{name}`" for name in open_)
        problem = f"which law governs the request hangs on {named}, and the time for the answer with it"
        raise InputError("law-open", problem, f"state {named} in the request", Place(f"#/items/{open_[0]}"))
    return certain


def _classes(rulebook: Rulebook, filing: Filing, unconditional: bool | None) -> tuple[bool, bool]:
    """Return whether an item is shared without conditions, and whether one is on conditions. Raises InputError."""
    said = None if unconditional is None else UNCONDITIONAL if unconditional else CONDITIONAL
    found = set()
    for name, possible in _possible(rulebook, filing):
        place = Place("#/unconditional")
        if said is not None and said not in possible:
            problem = f"the class of the item `{name[:60]}` is {' or '.join(possible)}, not {said}"
            raise InputError("other-class", problem, "leave out what the facts say already, or correct them", place)
        if said is None and len(possible) > 1:
            problem = f"the class of the item `{name[:60]}` is not told (`{CLASS}`), and the time for the answer hangs on it"
            remedy = "state the `class` that the catalogue gives it, or its `data_set` under the owners' policies"
            remedy += "; who knows it otherwise says `--unconditional` or `--conditional` (HTTP: `unconditional`)"
            raise InputError("class-open", problem, remedy, place)
        found.add(said or possible[0])
    return UNCONDITIONAL in found, CONDITIONAL in found


def _possible(rulebook: Rulebook, filing: Filing) -> Iterator[tuple[str, list[str]]]:
    """Yield each item with the classes that it may have."""
    every = [each.id for each in rulebook.facts[CLASS].values]
    for item in filing.lists[REQUEST].items:
        told = _shown(rulebook, CLASS, item.facts)
        yield item.id, [told] if isinstance(told, str) else told["one_of"] if told else every


def _told(rulebook: Rulebook, name: str, stated: Mapping[str, Any]) -> bool:
    return name in stated and known(rulebook.type_of_fact(rulebook.facts[name]), stated[name])


def _shown(rulebook: Rulebook, name: str, stated: Mapping[str, Any]) -> Any:
    """Return the value of a fact as a filing would write it, None where nothing is known of it."""
    return show(rulebook.type_of_fact(rulebook.facts[name]), stated[name]) if name in stated else None
