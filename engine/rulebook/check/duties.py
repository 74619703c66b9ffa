"""Duties: where they may stand, when they fall due, what proves them, and conflicts of regimes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.errors import Finding, Place
from engine.rulebook.check.names import nearest, pack_file
from engine.rulebook.duties import ITSELF, conditions, places, proof_pack

if TYPE_CHECKING:
    from engine.rulebook.load import Loaded
    from engine.rulebook.model import PackRules, Rulebook
    from schemas.rulebook import Due, Duty, Pack

Fault = tuple[tuple[str | int, ...], str, str, str]  # path below the value, code, problem, help


def texts(loaded: Loaded, pack: PackRules) -> Iterator[tuple[PackRules, str, str, Place, bool]]:
    """Yield each text of a pack's clause, proofs and duties, as `conditions.every` does."""
    made = proof_pack(loaded.rulebook, pack)
    if made is None:
        return
    file, place = pack_file(pack.doc.id), loaded.sources.place_in
    if pack.doc.applies_when:
        yield made, "", pack.doc.applies_when, place(pack.doc.applies_when, file, "applies_when"), True
    for d, derived in enumerate(pack.doc.proofs):
        for v, definition in enumerate(derived.versions):
            at = place(definition.is_, file, "proofs", d, "versions", v, "is")
            yield made, loaded.rulebook.list_of(derived.id), definition.is_, at, derived.type == "bool"
    for i, lasting in enumerate(pack.doc.lasting):
        yield made, "", lasting.over_when, place(lasting.over_when, file, "lasting", i, "over_when"), True
    for path, duty in places(pack.doc):
        for key, text in conditions(duty):
            yield made, "", text, place(text, file, *path, "duty", key), True


def duties(loaded: Loaded) -> Iterator[Finding]:
    """A duty is a value of a union of the filing; its deadline names dates, its conditions facts, its body a known one."""
    book = loaded.rulebook
    for pack_id, pack in book.packs.items():
        yield from _lasting(loaded, pack)
        for path, duty in places(pack.doc):
            outcome = pack.doc.outcomes[int(path[1])]
            faults = [*_faults(book, duty), *_lasts(pack.doc, duty)]
            if outcome.combine != "union" or book.list_of(outcome.id):
                remedy = "give duties as values of a union of the filing"
                faults.append(((), "duty-outside-union", f"`{outcome.id}` cannot hold duties", remedy))
            for below, code, problem, remedy in faults:
                yield Finding(code, loaded.sources.place(pack_file(pack_id), *path, "duty", *below), problem, remedy)


def _faults(book: Rulebook, duty: Duty) -> Iterator[Fault]:
    if duty.authority and duty.authority not in book.authorities:
        remedy = nearest(duty.authority, book.authorities, "add it to rules/authorities.yaml")
        yield ("authority",), "unknown-authority", f"no authority named `{duty.authority}`", remedy
    if duty.due:
        yield from _due(book, duty.due)


def _lasts(doc: Pack, duty: Duty) -> Iterator[Fault]:
    """Once a pack says of one duty how long it lasts, it says so of each: silence would read as "for ever"."""
    known = [each.id for each in doc.lasting]
    if not duty.lasts and (known or any(each.lasts for _, each in places(doc))):
        problem = "the duty does not say how long it lasts"
        yield (), "unknown-lasting", problem, f"write `lasts: {ITSELF}`, or one of `lasting:` of the pack"
    elif duty.lasts and duty.lasts not in (*known, ITSELF):
        remedy = nearest(duty.lasts, [*known, ITSELF], "add it to `lasting:` of the pack")
        yield ("lasts",), "unknown-lasting", f"nothing named `{duty.lasts}` lasts in the pack", remedy


def _lasting(loaded: Loaded, pack: PackRules) -> Iterator[Finding]:
    """What duties last as long as has dates of the filing, and a name of its own."""
    facts, seen = loaded.rulebook.facts, {ITSELF}
    for i, lasting in enumerate(pack.doc.lasting):
        at = (pack_file(pack.doc.id), "lasting", i)
        if lasting.id in seen:
            yield Finding("duplicate-name", loaded.sources.place(*at, "id"), f"`{lasting.id}` is taken", "rename it")
        seen.add(lasting.id)
        for key in ("over_on", "begun_on"):
            name = getattr(lasting, key)
            if not name:
                continue
            place, fact = loaded.sources.place(*at, key), facts.get(name)
            if fact is None:
                yield Finding("unknown-fact", place, f"no fact named `{name}`", nearest(name, facts, "declare it"))
            elif fact.type != "date" or loaded.rulebook.list_of(name):
                yield Finding("wrong-type", place, f"`{name}` is no date of the filing", "name a fact of type date")


def _due(book: Rulebook, due: Due) -> Iterator[Fault]:
    offsets = [unit for unit in ("hours", "days", "working_days", "months") if getattr(due, unit)]
    if sum(map(bool, (due.by, due.before, due.after))) != 1 or len(offsets) > 1 or (offsets and not due.after):
        problem = "a deadline is `by` a day, `before` one, or `after` one with at most one offset"
        yield ("due",), "bad-due", problem, "keep one of them"
    if (due.later and not due.after) or (due.at_once_when and not due.later):
        yield ("due", "later"), "bad-due", "`later` is what may come after `after`", "name both, or leave it out"
    if due.took and (offsets != ["days"] or due.done):
        yield ("due", "took"), "bad-due", "`took` counts the hours of an offset of days", "use it with `days`, without `done`"
    if due.since and offsets != ["hours"]:
        yield ("due", "since"), "bad-due", "`since` counts hours", "use it with `hours`"
    wanted = {
        "before": "date",
        "after": "date",
        "later": "date",
        "since": "int",
        "took": "int",
        "done": "int" if offsets == ["hours"] else "date",
    }
    for key, kind in wanted.items():
        name = getattr(due, key)
        if not name:
            continue
        fact = book.facts.get(name)
        if fact is None:
            yield ("due", key), "unknown-fact", f"no fact named `{name}`", nearest(name, book.facts, "declare it")
        elif fact.type != kind or book.list_of(name):
            yield ("due", key), "wrong-type", f"`{name}` is no {kind} of the filing", f"name a fact of type {kind}"


def conflicts(loaded: Loaded) -> Iterator[Finding]:
    """A conflict is a value of a union and stands between two instruments or more."""
    book = loaded.rulebook
    for pack_id, pack in book.packs.items():
        for o, outcome in enumerate(pack.doc.outcomes):
            for v, value in enumerate(outcome.values):
                if value.conflict is None:
                    continue
                place = loaded.sources.place(pack_file(pack_id), "outcomes", o, "values", v, "conflict")
                if outcome.combine != "union" or book.list_of(outcome.id) or len(set(value.conflict.between)) < 2:  # noqa: PLR2004 - two regimes
                    problem = f"`{value.id}` is no conflict of two regimes in a union of the filing"
                    yield Finding("bad-conflict", place, problem, "name two instruments under `between:`")
                for name in value.conflict.between:
                    if name not in book.instruments:
                        remedy = nearest(name, book.instruments, "add it to rules/instruments/")
                        yield Finding("unknown-instrument", place, f"no instrument named `{name}`", remedy)
