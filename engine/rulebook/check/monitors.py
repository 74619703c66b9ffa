"""Monitors: what they count can be counted, what they compare with exists, and what they propose was agreed or is advice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.errors import Finding
from engine.rulebook.check.names import nearest, pack_file

if TYPE_CHECKING:
    from engine.rulebook.load import Loaded
    from engine.rulebook.model import PackRules, Rulebook
    from schemas.rulebook import Monitor

Fault = tuple[str, str, str, str]  # the part at fault, code, problem, help
GRADED = frozenset({"incidents", "rising"})
LOOKS_BACK = frozenset({"rising", "complaints", "downtime"})  # these mean nothing without a window; others may look at all
WINDOWED = GRADED | LOOKS_BACK | {"breaches", "repeats"}
TERMS = {"subjects": ("cap_subjects",), "budget": ("budget",)}  # the numbers of signed terms with which a counter can be compared


def monitors(loaded: Loaded) -> Iterator[Finding]:
    """Every part of a monitor fits its counter, and no monitor claims a statutory effect: only law has one."""
    for pack_id, pack in loaded.rulebook.packs.items():
        file = pack_file(pack_id)
        if pack.doc.graded_by and not _grades(loaded.rulebook, pack):
            problem = f"`{pack.doc.graded_by}` is not a `strictest` outcome of a list"
            yield Finding("bad-grade", loaded.sources.place(file, "graded_by"), problem, "name the outcome that grades incidents")
        seen: set[str] = set()
        for m, monitor in enumerate(pack.doc.monitors):
            for part, code, problem, remedy in _faults(loaded.rulebook, pack, monitor, seen):
                yield Finding(code, loaded.sources.place(file, "monitors", m, part), problem, remedy)
            seen.add(monitor.id)


def _grades(book: Rulebook, pack: PackRules) -> list[str]:
    """Return the grades of incidents, mildest first; none when the pack names no outcome of incidents."""
    outcome = pack.outcomes.get(pack.doc.graded_by)
    if outcome is None or outcome.combine != "strictest" or not book.list_of(outcome.id):
        return []
    return [value.id for value in outcome.values]


def _faults(book: Rulebook, pack: PackRules, monitor: Monitor, seen: set[str]) -> Iterator[Fault]:
    if monitor.id in seen:
        yield "id", "duplicate-name", f"`{monitor.id}` is declared twice", "choose another name"
    yield from _counted(monitor)
    grades = _grades(book, pack)
    if monitor.grade and monitor.grade not in grades:
        yield "grade", "unknown-value", f"no grade named `{monitor.grade}`", nearest(monitor.grade, grades, "set `graded_by:`")
    if (monitor.at_least is None) == (not monitor.beyond):
        yield "id", "bad-monitor", "a monitor compares with one number", "keep either `at_least:` or `beyond:`"
    terms = TERMS.get(monitor.counts, ())
    if monitor.beyond and monitor.beyond not in terms:
        remedy = f"one of {', '.join(terms)}" if terms else "use `at_least:`"
        yield "beyond", "bad-monitor", f"`{monitor.counts}` is not compared with `{monitor.beyond}`", remedy
    if monitor.effect not in ("agreed", "advisory"):
        problem = f"a monitor has no {monitor.effect} effect"
        yield "effect", "beyond-plan", problem, "what was signed is `agreed`, anything else `advisory`"
    acts = {value.id: value.act for outcome in pack.doc.outcomes for value in outcome.values}
    if monitor.proposes not in acts:
        yield "proposes", "unknown-value", f"no outcome has the value `{monitor.proposes}`", "declare it, with its words"
    elif acts[monitor.proposes] and monitor.effect == "advisory":
        problem = f"`{monitor.proposes}` is more than advice"
        yield "effect", "beyond-plan", problem, "make it a term: `effect: agreed`"
    for source in monitor.sources:
        if source.instrument not in book.instruments:
            remedy = nearest(source.instrument, book.instruments, "add it to rules/instruments/")
            yield "sources", "unknown-instrument", f"no instrument named `{source.instrument}`", remedy
    if not monitor.sources:
        yield "sources", "no-source", "nothing says where this comes from", "name an instrument"


def _counted(monitor: Monitor) -> Iterator[Fault]:
    """Yield what a counter lacks, or has although it means nothing for it."""
    needs = {
        "grade": (monitor.grade, monitor.counts in GRADED, monitor.counts in GRADED),
        "kind": (monitor.kind, monitor.counts == "breaches", monitor.counts == "breaches"),
        "days": (monitor.days, monitor.counts in LOOKS_BACK, monitor.counts in WINDOWED),
    }
    for part, (stated, needed, allowed) in needs.items():
        if needed and not stated:
            yield "counts", "bad-monitor", f"`{monitor.counts}` needs `{part}:`", f"add `{part}:`"
        elif stated and not allowed:
            yield part, "bad-monitor", f"`{part}` means nothing for `{monitor.counts}`", f"remove `{part}:`"
