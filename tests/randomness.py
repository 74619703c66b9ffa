"""Random rulebooks, filings and completions: the material of the properties and of the tightness benchmark."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any

from engine.decide.filing import Filing, Item, Listing
from engine.decide.missing import Draft, points  # `points` are the values that stand for all
from engine.decide.values import INF, show
from engine.errors import InputError, Place
from engine.rulebook.load import load_all
from engine.rulebook.read import Node, node_from

if TYPE_CHECKING:
    from datetime import date

    from engine.decide.evaluate import Evaluator, Picture
    from engine.rulebook.model import Rulebook

OPS = (">=", "<", "==", "!=", ">", "<=")


def rulebook(random: Random) -> Rulebook:
    """Return a small random rulebook with derived facts, items, folds, overrides and two dates of law."""
    loaded = load_all([(name, text.encode()) for name, text in _files(random).items()])
    assert not loaded.findings, [finding.text() for finding in loaded.findings]
    return loaded.rulebook


def _text(label: str) -> str:
    return f"{{zh: {label}, en: {label}}}"


def _fact(name: str, kind: str, extra: str = "") -> str:
    return f"  - {{id: {name}, type: {kind}, label: {_text('x')}, question: {_text('x')}{extra}}}\n"


def _files(random: Random) -> dict[str, str]:
    values = ", ".join(f"{{id: {v}, label: {_text(v)}}}" for v in "pqr")
    facts = _fact("t.day", "date", ", min: 2020-01-01, max: 2030-01-01")
    facts += "".join(_fact(f"f.b{i}", "bool") for i in range(4)) + _fact("f.dep", "bool", ", applies_when: f.b0")
    facts += (
        _fact("f.n", "int", ", min: 0, max: 20") + _fact("f.m", "int", ", min: 0") + _fact("f.e", "enum", f", values: [{values}]")
    )
    facts += _fact("f.s", "set", f", values: [{values}]")
    facts += _fact("w.b", "bool") + _fact("w.c", "bool") + _fact("w.n", "int", ", min: 0, max: 50, applies_when: w.b")
    lists = f"lists:\n  - {{id: w, label: {_text('w')}, question: {_text('w')}, min: {random.randint(0, 1)}}}\n"
    rule_constraint = f"constraints:\n  - {{id: n-below-m, always: f.n <= f.m, message: {_text('x')}}}\n"
    files = {"vocabulary/v.yaml": f"topic: v\ntitle: {_text('v')}\n{lists}facts:\n{facts}{rule_constraint}"}
    source = "[{instrument: act, read: official}]"
    files["instruments/i.yaml"] = (
        f"instruments:\n  - {{id: act, title: {_text('a')}, rank: law, binding: true, in_force: 2020-01-01..}}\n"
    )
    files["instruments/clauses/c.yaml"] = "registers:\n  - {instrument: act, clauses: [{in: whole}]}\n"
    ordered = "[" + ", ".join(f"{{id: {v}, label: {_text(v)}}}" for v in ("low", "mid", "high")) + "]"
    floor = f"[{{valid: 2021-01-01.., value: low, effect: advisory, sources: {source}}}]"
    files["p/pack.yaml"] = (
        f"id: p\ntitle: {_text('p')}\ncovers: 2020-01-01..\ndate: t.day\nderived:\n"
        f"  - {{id: d.x, type: bool, label: {_text('d')}, versions: [{{valid: 2020-01-01.., is: '{_filing(random, 2)}'}}]}}\n"
        f"  - {{id: w.d, type: bool, label: {_text('d')}, versions: [{{valid: 2020-01-01.., is: '{_item(random, 2)}'}}]}}\n"
        f"  - {{id: d.t, type: int, label: {_text('d')}, versions: [{{valid: 2020-01-01.., is: 'f.n + sum(w.n where w.d)'}}]}}\n"
        f"outcomes:\n  - {{id: grade, title: {_text('g')}, combine: strictest, values: {ordered}, floor: {floor}}}\n"
        f"  - {{id: w.grade, title: {_text('g')}, combine: strictest, values: {ordered}, floor: {floor}}}\n"
        f"  - {{id: kind, title: {_text('k')}, combine: unique, values: {ordered}}}\n"
        f"  - {{id: duties, title: {_text('k')}, combine: union, values: {ordered}}}\n"
    )
    over_items = [random.random() < 0.3 for _ in range(random.randint(4, 8))]
    for k, local in enumerate(over_items):
        files[f"p/r{k}.yaml"] = _rule(random, k, source, local=local, defeats=k > 0 and not over_items[k - 1] and not local)
    return files


def _rule(random: Random, k: int, source: str, *, local: bool, defeats: bool) -> str:
    value = random.choice(("low", "mid", "high"))
    if local:
        then, when = f"{{w.grade: {value}}}", _item(random, 3)
    else:
        then = random.choice((f"{{grade: {value}}}", f"{{kind: {value}}}", f"{{duties: [{value}]}}", "{grade: '= max(w.grade)'}"))
        when = _filing(random, 3)
    start = random.choice(("2020-01-01..", "2022-06-01..", "2020-01-01..2023-01-01"))
    over = f"overrides: [r{k - 1}]\nprinciple: later_over_earlier\n" if defeats and random.random() < 0.4 else ""
    on = "on: w\n" if local else ""
    return (
        f"title: {_text('r')}\n{on}{over}effect: advisory\norigin: {{factor: design, effect: design}}\nsources: {source}\n"
        f"versions:\n  - {{valid: {start}, when: '{when}', then: {then}}}\n"
    )


def _filing(random: Random, depth: int) -> str:
    if depth and random.random() < 0.6:
        a, b = _filing(random, depth - 1), _filing(random, depth - 1)
        return random.choice((f"({a} and {b})", f"({a} or {b})", f"not ({a})"))
    leaves = [
        f"f.b{random.randint(0, 3)}",
        f"f.n {random.choice(OPS)} {random.randint(1, 19)}",
        f'f.e == "{random.choice("pqr")}"',
    ]
    leaves += [f'f.s has "{random.choice("pqr")}"', "f.dep", f"any(w: {_item(random, 1)})", f"all(w: {_item(random, 1)})"]
    leaves += [f"count(w where w.c) >= {random.randint(1, 2)}", f"f.n + f.m >= {random.randint(5, 30)}"]
    leaves += [f"distinct(w.n where w.c) > {random.randint(5, 60)}", f"max(w.n) >= {random.randint(1, 40)}"]
    return random.choice(leaves)


def _item(random: Random, depth: int) -> str:
    if depth and random.random() < 0.5:
        a, b = _item(random, depth - 1), _item(random, depth - 1)
        return random.choice((f"({a} and {b})", f"({a} or {b})", f"not ({a})"))
    return random.choice(("w.b", "w.c", f"w.n >= {random.randint(1, 40)}", "f.b1", "f.b2"))


# filings -------------------------------------------------------------------------------------------------------------


def complete(evaluator: Evaluator, random: Random, as_of: date, items: int = 1, tries: int = 60) -> Filing:
    """Return a random filing with every fact that applies stated and every list complete."""
    for _ in range(tries):
        filing = _fill(evaluator, random, items)
        try:
            evaluator.picture(filing, as_of)
        except InputError:
            continue
        return filing
    msg = "no consistent filing found"
    raise AssertionError(msg)


def _fill(evaluator: Evaluator, random: Random, items: int) -> Filing:
    cells = points(evaluator)
    lists = {name: Listing(tuple(Item(str(k + 1), {}) for k in range(items)), complete=True) for name in evaluator.inputs.lists}
    draft = Draft.of(evaluator.inputs, Filing({}, lists, {}))
    for name in [n for n in evaluator.inputs.facts if n not in evaluator.inputs.layout.applies] + [
        n for n, _ in evaluator.inputs.applies
    ]:
        for index in range(items) if evaluator.rulebook.list_of(name) else (-1,):
            draft = _state(draft, name, index, random.sample(cells[name], len(cells[name])))
    return draft.filing


def _state(draft: Draft, name: str, index: int, cells: list[Any]) -> Draft:
    if not draft.can_apply(name, index):
        return draft
    if draft.inputs.layout.type_of(name).name in ("int", "decimal"):
        cells = [*cells, *((end, end) for end in draft.bounds(name, index) if abs(end) != INF)]
    return next((changed for cell in cells if (changed := draft.stating(name, index, cell))), draft)


def forget(filing: Filing, random: Random, share: float, *, open_lists: bool = False) -> Filing:
    """Return the filing with each fact forgotten with probability `share`, and perhaps its lists open."""
    facts = {name: value for name, value in filing.facts.items() if random.random() >= share}
    lists = {}
    for name, listing in filing.lists.items():
        items = tuple(Item(i.id, {n: v for n, v in i.facts.items() if random.random() >= share}) for i in listing.items)
        shut = not open_lists or random.random() < 0.5
        kept = items if shut else items[: random.randint(0, len(items))]
        lists[name] = Listing(kept, listing.complete and shut)
    return replace(filing, facts=facts, lists=lists)


def inside(evaluator: Evaluator, narrow: Picture, wide: Picture) -> list[str]:
    """Return the outcomes of `narrow` that do not lie inside `wide`; listed items against theirs or the unlisted one."""
    outside = []
    for (name, index), value in narrow.outcomes.items():
        last = max(i for n, i in wide.outcomes if n == name) if any(n == name for n, _ in wide.outcomes) else -2
        bound = wide.outcomes.get((name, index), wide.outcomes.get((name, last)))
        if bound is None:
            continue
        if evaluator.pack.outcomes[name].combine == "union":
            good = bound[0] & ~value[0] == 0 and value[1] & ~bound[1] == 0
        else:
            good = value & ~bound == 0
        if not good:
            outside.append(f"{name}[{index}]: {value} outside {bound}")
    return outside


def document(evaluator: Evaluator, filing: Filing) -> Node:
    """Return a document that states the filing."""

    def written(facts: dict[str, Any]) -> dict[str, Any]:
        shown = {name: show(evaluator.inputs.layout.type_of(name), value) for name, value in facts.items()}
        return {name: value for name, value in shown.items() if value is not None}

    lists = {
        name: {"complete": listing.complete, "items": [{"id": item.id, **written(item.facts)} for item in listing.items]}
        for name, listing in filing.lists.items()
    }
    return node_from(written(filing.facts) | lists, Place("random"))
