"""What law, which outranks an owner's terms, says against a decision that is taken under the terms alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.decide.review import OTHER
from engine.decide.share import share_filing
from engine.decide.verdict import ALLOWED
from engine.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from engine.decide.filing import Filing
    from engine.rulebook.model import PackRules, Rulebook
    from schemas.sharing import ItemVerdict

GRANTS, REFUSES = frozenset({"permit", "duty"}), frozenset({"refuse"})


def objections(rulebook: Rulebook, pack: str, filing: Filing, as_of: date, value: str = "") -> tuple[str, ...]:
    """Return, item by item, why law and terms together do not bear a decision under a policy. Raises InputError.

    All items have to be of the policy's data set: its terms say nothing of another owner's. The decision is what the terms
    propose, or the `value` of an outcome that an official decides. None are returned for a pack of law. Order 809 and the
    statutes bind the owner too: an item that they refuse is not granted by its terms, one that they owe is not refused by them,
    and one that they leave open is not yet granted.
    """
    if rulebook.packs[pack].doc.data_set is None:
        return ()
    found = share_filing(rulebook, filing, as_of, search=False)
    _only_items_of(pack, found.items)
    said = _says(rulebook.packs[pack], value) if value else ""
    return tuple(why for item in found.items for why in _against(item, said))


def _only_items_of(pack: str, items: list[ItemVerdict]) -> None:
    """Refuse a request that asks for more than one data set's items: a record under terms would grant the others as well."""
    for item in items:
        if item.data_set != pack:
            whose = "outside the register" if item.data_set == OTHER else item.data_set and f"of `{item.data_set}`"
            problem = f"item `{item.item}` is {whose or 'of no data set that is told'}, and `{pack}` is decided"
            remedy = "file the items of each data set as a request of their own, each with its `data_set`"
            raise InputError("other-data-set", problem, remedy)


def _says(pack: PackRules, value: str) -> str:
    """Return whether a value of the outcome as a whole grants or refuses, in the words of the items' values of that name.

    One that no item can have grants, so that it is never taken for harmless.
    """
    words = {
        each.id: each.request or outcome.request
        for outcome in pack.doc.outcomes
        if outcome.combine != "union"
        for each in outcome.values
        if each.request or outcome.request
    }
    silent = {each.id for outcome in pack.doc.outcomes if outcome.combine != "union" for each in outcome.values} - set(words)
    said = words.get(value, "" if value in silent else "permit")
    return "grants" if said in GRANTS else "refuses" if said in REFUSES else "silent"


def _against(item: ItemVerdict, said: str) -> Iterator[str]:
    possible = set(item.possible)
    grants = said == "grants" if said else "grant" in item.owner
    refuses = said == "refuses" if said else "refuse" in item.owner
    named = ", ".join(f"{each.pack}/{each.rule}" for each in item.smallest) or "nothing grants it"
    if grants and not possible & ALLOWED:
        told = "refused" if possible == {"refuse"} else "not allowed"
        yield f"item `{item.item}` is {told} by law and terms together ({named})"
    elif not said and item.owner == ["grant"] and not possible <= ALLOWED:
        open_ = ", ".join(f"`{each.fact}`" for each in (*item.missing, *item.may_matter)[:5])
        yield f"law leaves item `{item.item}` open" + (f" ({open_})" if open_ else "")
    if refuses and possible == {"conflict"}:
        yield f"law obliges to share item `{item.item}`, which the terms refuse ({named})"
