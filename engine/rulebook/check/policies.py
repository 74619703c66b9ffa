"""Owners' policies: what an owner can say of a data set, and what its register entry tells."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from engine.errors import Finding
from engine.rulebook.check.names import nearest, pack_file, rule_file
from engine.rulebook.policies import catalogue_item

if TYPE_CHECKING:
    from engine.rulebook.load import Loaded
    from engine.rulebook.model import PackRules, Rulebook
    from schemas.rulebook import Fact

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
Fault = tuple[tuple[str | int, ...], str, str, str]  # path, code, problem, help


def policies(loaded: Loaded) -> Iterator[Finding]:
    """A policy is of one data set, says something to a request, and neither obliges anyone nor has the force of law."""
    yield from _one_per_item(loaded)
    for pack_id, pack in loaded.rulebook.packs.items():
        for path, code, problem, remedy in _policy(loaded.rulebook, pack):
            yield Finding(code, loaded.sources.place(pack_file(pack_id), *path), problem, remedy)
        for rule_id, rule in pack.rules.items() if pack.doc.data_set else ():
            if rule.effect == "statutory":
                place = loaded.sources.place(rule_file(pack_id, rule_id), "effect")
                yield Finding("beyond-grantor", place, "an owner's term has no force of law", "use owner or agreed")


def _one_per_item(loaded: Loaded) -> Iterator[Finding]:
    """One item of the catalogue has one policy: of two, a request would be judged by the milder, by naming it."""
    found: dict[str, str] = {}
    for pack_id, pack in loaded.rulebook.packs.items():
        if pack.doc.data_set and (first := found.setdefault(catalogue_item(pack.doc.data_set.catalogue), pack_id)) != pack_id:
            place = loaded.sources.place(pack_file(pack_id), "data_set", "catalogue")
            problem = f"the catalogue item `{pack.doc.data_set.catalogue}` has a policy already: `{first}`"
            yield Finding("two-policies", place, problem, "put all terms into one policy, or register items of their own")


def _policy(book: Rulebook, pack: PackRules) -> Iterator[Fault]:
    named = "/" in pack.doc.id
    if named != bool(pack.doc.data_set):
        problem = "a policy has no register entry" if named else "a register entry belongs to a policy"
        remedy = "add `data_set:`" if named else "a policy lies in OWNER/DATA-SET/ of a policies folder"
        yield ("id",), "not-a-policy", problem, remedy
    if not pack.doc.data_set:
        return
    said = {value.request or outcome.request for outcome in pack.doc.outcomes for value in outcome.values}
    if not said & {"permit", "refuse", "duty"}:
        yield ("outcomes",), "says-nothing", "no value says anything to a request", "say `request: permit` or `refuse`"
    if "oblige" in said:
        yield ("outcomes",), "beyond-grantor", "an owner cannot oblige itself by law", "use permit"
    for name, value in pack.doc.data_set.facts.items():
        fact = book.facts.get(name)
        if fact is None:
            remedy = nearest(name, book.facts, "name a fact of the vocabulary")
            yield ("data_set", "facts", name), "unknown-fact", f"no fact named `{name}`", remedy
        elif book.list_of(name) != "request":
            yield ("data_set", "facts", name), "out-of-scope", f"`{name}` is no fact of a requested item", "name one of `request`"
        elif not _fits(fact, value):
            yield ("data_set", "facts", name), "wrong-type", f"`{name}` cannot be that", f"write a value of type {fact.type}"


def _fits(fact: Fact, value: Any) -> bool:
    """Tell whether a register's value is of the type of its fact; a decimal is read when it is used."""
    known = {each.id for each in fact.values}
    match fact.type:
        case "bool":
            return isinstance(value, bool)
        case "enum":
            return isinstance(value, str) and value in known
        case "set":
            return isinstance(value, list) and set(map(str, value)) <= known
        case "int":
            return isinstance(value, int) and not isinstance(value, bool)
        case "date":
            return isinstance(value, str) and _DAY.match(value) is not None
        case _:
            return isinstance(value, (str, int)) and not isinstance(value, bool)
