"""What to ask next, and what another set of facts would give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.decide.assess import Writer, assess, evaluator
from engine.decide.filing import Filing, from_document
from engine.decide.missing import Open, Search, points, state
from engine.decide.overall import assess_all
from engine.decide.values import INF, meet, whole
from engine.errors import FactError, InputError, Place
from engine.rulebook.read import Mapping, Node, Scalar, Sequence, read
from schemas import duties
from schemas import explanation as shapes
from schemas.rulebook import Text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from engine.decide.evaluate import Evaluator
    from engine.rulebook.model import Rulebook

Key = tuple[str, Any, str]  # pack, kind and id


def questions(rulebook: Rulebook, pack: str, document: Node, as_of: date) -> shapes.Questions:
    """Return the open questions of a filing, most decisive first. Raises InputError."""
    evaluate = evaluator(rulebook, pack)
    filing = from_document(rulebook, document)
    picture = evaluate.picture(filing, as_of)
    found = Search(evaluate, filing, as_of, picture).open()
    rank = {fact: _left(evaluate, filing, as_of, fact) for fact in found.missing}
    ordered = Open(tuple(sorted(found.missing, key=lambda fact: rank[fact])), found.may_matter, found.settle)
    answer = Writer(evaluate, filing, picture, as_of).answer(ordered)
    strictest = {name: outcome.values[-1].id for name, outcome in evaluate.pack.outcomes.items()}
    settle = sorted(answer.settle, key=lambda entry: entry.value == strictest[entry.outcome])
    return shapes.Questions(questions=answer.missing, may_matter=answer.may_matter, settle=settle)


def _left(evaluate: Evaluator, filing: Filing, as_of: date, fact: tuple[str, int]) -> float:
    """Return how much stays possible on average when a fact is answered: fewer values left is more decisive."""
    name, index = fact
    home = evaluate.rulebook.list_of(name)
    kind = evaluate.inputs.layout.type_of(name)
    stated = filing.facts if index < 0 else filing.lists[home].items[index].facts
    sizes = []
    for cell in points(evaluate)[name]:
        met = meet(kind, stated.get(name, whole(evaluate.rulebook.facts[name], kind)), cell)
        if met is not None:
            try:
                picture = evaluate.picture(state(filing, home, index, name, met), as_of, split=False)
            except InputError:
                continue
            sizes.append(sum(_size(value) for (_, at), value in picture.outcomes.items() if at < 0))
    return sum(sizes) / len(sizes) if sizes else INF


def _size(value: Any) -> int:
    return int((value[1] & ~value[0]).bit_count() if isinstance(value, tuple) else value.bit_count() - 1)


def what_if(rulebook: Rulebook, pack: str, document: Node, changes: dict[str, str], as_of: date) -> shapes.WhatIf:
    """Return the outcomes before and after changes `fact` or `fact@item` to a value as a filing writes it. Raises InputError."""
    before = assess(rulebook, pack, document, as_of, search=False).outcomes
    after = assess(rulebook, pack, _changed(rulebook, document, changes), as_of, search=False).outcomes
    return shapes.WhatIf(before=before, after=after, changed=[name for name in before if before[name] != after[name]])


def questions_of_all(rulebook: Rulebook, document: Node, as_of: date) -> duties.AllQuestions:
    """Return what every pack that can apply would ask, each fact once. Raises InputError."""
    return duties.AllQuestions(as_of=as_of.isoformat(), questions=assess_all(rulebook, document, as_of).questions)


def what_if_all(rulebook: Rulebook, document: Node, changes: dict[str, str], as_of: date) -> duties.AllWhatIf:
    """Return what changes of facts would change over all packs. Raises InputError."""
    before, after = (
        dict(_shown(rulebook, assess_all(rulebook, each, as_of, search=False)))
        for each in (document, _changed(rulebook, document, changes))
    )
    found = []
    for key, (label, _) in (before | after).items():
        was, now = ([] if key not in told else told[key][1] for told in (before, after))
        if was != now:
            pack, kind, name = key
            found.append(duties.Difference(pack=pack, kind=kind, id=name, label=label, before=was, after=now))
    return duties.AllWhatIf(as_of=as_of.isoformat(), changed=found)


def _shown(rulebook: Rulebook, found: duties.Overall) -> Iterator[tuple[Key, tuple[Text, list[str]]]]:
    """Yield by pack, kind and id what an answer says; duties, conflicts and flaws speak for the outcomes that hold them."""
    for part in found.packs:
        yield (part.pack, "pack", part.pack), (part.title, [part.applies])
        for outcome in rulebook.packs[part.pack].doc.outcomes:
            told = outcome.lists != "answers" or any(value.duty or value.conflict for value in outcome.values)
            if part.answer and outcome.id in part.answer.outcomes and not told:
                yield (part.pack, "outcome", outcome.id), (outcome.title, part.answer.outcomes[outcome.id].possible)
    for duty in found.duties:
        yield (duty.pack, "duty", duty.id), (duty.label, [duty.status, *_days(duty.deadline)])
    for kind, entries in (("conflict", found.conflicts), ("flaw", found.flaws)):
        for entry in entries:
            yield (entry.pack, kind, entry.id), (entry.label, [entry.applies])


def _days(when: duties.Deadline | None) -> list[str]:
    """Return the days between which a deadline lies, written as a period where they differ: an open end is no day."""
    if when is None or not (when.earliest or when.latest):
        return []
    first, last = when.earliest or "", when.latest or ""
    return [first if first == last else f"{first}..{last}"]


def _changed(rulebook: Rulebook, document: Node, changes: dict[str, str]) -> Node:
    for name, text in changes.items():
        fact, _, item = name.partition("@")
        value = read(text.encode(), f"<{name}>")
        if fact not in rulebook.facts:
            raise FactError("unknown-fact", f"no fact named `{fact}`", "`fenji facts PACK` lists them", Place("<change>"))
        home = rulebook.list_of(fact)
        document = _in_items(document, home, item, fact, value) if home else _put(document, fact, value)
    return document


def _put(node: Node, fact: str, value: Node) -> Node:
    """Return the document with `fact` at `value`, whether it was written nested, dotted or not at all."""
    if not isinstance(node, Mapping):
        return node
    kept = tuple((key, below) for key, below in ((k, _without(v, fact, k.text)) for k, v in node.pairs) if key.text != fact)
    return Mapping((*kept, (Scalar(fact, plain=True, place=value.place), value)), node.place)


def _without(node: Node, fact: str, prefix: str) -> Node:
    if not (isinstance(node, Mapping) and fact.startswith(f"{prefix}.")):
        return node
    pairs = ((key, _without(below, fact, f"{prefix}.{key.text}")) for key, below in node.pairs if f"{prefix}.{key.text}" != fact)
    return Mapping(tuple(pairs), node.place)


def _in_items(document: Node, home: str, item: str, fact: str, value: Node) -> Node:
    listed = document.get(home) if isinstance(document, Mapping) else None
    items = listed.get("items") if isinstance(listed, Mapping) else listed
    if not isinstance(document, Mapping) or not isinstance(items, Sequence):
        raise FactError("no-such-item", f"the filing lists no {home}", f"add items to `{home}`", Place("<change>"))
    ids = [_item_id(node, index) for index, node in enumerate(items.items)]
    if (item and item not in ids) or (not item and len(ids) != 1):
        raise FactError(
            "no-such-item", f"say which {home} is meant", f"write {fact}@ITEM with one of {', '.join(ids)}", Place("<change>")
        )
    at = ids.index(item) if item else 0
    short = fact.partition(".")[2]
    row = items.items[at]
    clean = Mapping(tuple(p for p in row.pairs if p[0].text not in (fact, short)), row.place) if isinstance(row, Mapping) else row
    rows = Sequence((*items.items[:at], _put(clean, fact, value), *items.items[at + 1 :]), items.place)
    if isinstance(listed, Mapping):
        rest = tuple(pair for pair in listed.pairs if pair[0].text != "items")
        new: Node = Mapping((*rest, (Scalar("items", plain=True, place=items.place), rows)), listed.place)
    else:
        new = rows
    others = tuple(pair for pair in document.pairs if pair[0].text != home)
    return Mapping((*others, (Scalar(home, plain=True, place=items.place), new)), document.place)


def _item_id(node: Node, index: int) -> str:
    found = node.get("id") if isinstance(node, Mapping) else None
    return found.text if isinstance(found, Scalar) else str(index + 1)
