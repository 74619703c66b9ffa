"""A sharing request -> its answer: per item the verdict of law and owner together, why, its duties, what would allow it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.decide.cited import Cited
from engine.decide.filing import from_document
from engine.decide.missing import Fact
from engine.decide.overall import HUMAN
from engine.decide.review import Found, Node, Review
from engine.decide.sides import REQUEST, Heard, Side, State
from engine.decide.values import T, show
from engine.decide.verdict import ALLOWED, BLOCKS, VERDICTS, Mark, Verdict, Worlds, both, smallest
from engine.decide.wishes import Wishes
from schemas import sharing as shapes
from schemas.answer import MissingFact
from schemas.rulebook import Source, Text

if TYPE_CHECKING:
    from datetime import date

    from engine.decide.filing import Filing
    from engine.rulebook.model import Rulebook
    from engine.rulebook.read import Node as Document


def share(
    rulebook: Rulebook, document: Document, as_of: date, *, enterprise: str = "", search: bool = True
) -> shapes.ShareAnswer:
    """Return the answer to a request on a day; `search` adds what would make an item allowed. Raises InputError."""
    return share_filing(rulebook, from_document(rulebook, document), as_of, enterprise=enterprise, search=search)


def share_filing(
    rulebook: Rulebook, filing: Filing, as_of: date, *, enterprise: str = "", search: bool = True
) -> shapes.ShareAnswer:
    """Return the same for a request that was read already."""
    review = Review(rulebook, filing, as_of)
    parts = review.parts()
    nodes: list[Node] = []
    for part, index in parts:  # where all items are reviewed together, the first node has what law says to the others
        nodes.append(part.node(part.filing, index, nodes[0] if nodes and part is review else None))
    review.governed(nodes[0])
    items = [_Item(part, at, node, search=search).answer() for (part, at), node in zip(parts, nodes, strict=True)]
    return shapes.ShareAnswer(
        as_of=as_of.isoformat(),
        rulebook=rulebook.digest,
        enterprise=enterprise or None,
        by_law_alone=not review.asks_owner,
        determined=all(item.verdict != "undetermined" for item in items),
        complete=review.filing.lists[REQUEST].complete,
        items=items,
        policies=[*_policies(review, items), *_overlays(rulebook, review)],
    )


class _Item:
    """Writes the answer on one item."""

    def __init__(self, review: Review, index: int, node: Node, *, search: bool) -> None:
        self.review = review
        self.rulebook = review.rulebook
        self.index = index
        self.search = search
        self.node = node
        self.rules: dict[int, dict[Heard, None]] = {}  # by version of law or terms; the node keeps these

    def answer(self) -> shapes.ItemVerdict:
        found = self.review.once("found", lambda: self.review.item(self.index, self.node))
        only: Verdict | None = next(iter(found.possible)) if len(found.possible) == 1 else None
        heard = [(side, each) for side, states in self.node.states for state in states for each in self._rules(state)]
        if only:  # where rules of one pack compete, those that lost are no reasons
            marks = {mark for worlds in self._settled() for mark in worlds}
            heard = [(side, each) for side, each in heard if any(each.mark & ~mark == 0 for mark in marks)]
        causes = [(each.mark, (side, each)) for side, each in heard if each.mark and each.applied == T]
        settled = [(mark, each) for mark, each in causes if self._certain(*each)]
        return shapes.ItemVerdict.model_construct(
            item=self.review.filing.lists[REQUEST].items[self.index].id,
            data_set=self.review.data_set(self.review.filing, self.index),
            verdict=only or "undetermined",
            possible=[verdict for verdict in VERDICTS if verdict in found.possible],
            exact=found.exact,
            law=self._words(owner=False),
            owner=self._words(owner=True),
            reasons=self._reasons(heard),
            smallest=_names(smallest(settled, only) or smallest(causes, only)) if only else [],
            duties=self._duties(),
            not_covered=[self._not_covered(side) for side in found.uncovered],
            missing=[self._missing(fact) for fact in found.missing],
            may_matter=[self._missing(fact) for fact in found.may_matter],
            allowed_if=self._allowed_if(found, causes) if self._wished(found) else None,
            to=self._to() if "conflict" in found.possible else None,
        )

    def _wished(self, found: Found) -> bool:
        """Tell whether to look for what would make the item allowed: nothing does where law of its day was not encoded."""
        return self.search and not found.possible <= ALLOWED and not any(sure for _, sure in self.node.uncovered(self.index))

    def _settled(self) -> list[Worlds]:
        return [both(*self.node.worlds)]

    def _words(self, *, owner: bool) -> list[str]:
        """Return what law, or the owner, may say to the item."""
        worlds = [found for (side, _), found in zip(self.node.states, self.node.worlds, strict=True) if side.owner == owner]
        if owner:
            worlds.append(self.node.owner)
        return sorted({_owner_word(each) if owner else _law_word(each) for each in both(*worlds)})

    # reasons ----------------------------------------------------------------------------------------------------------

    def _reasons(self, heard: list[tuple[Side, Heard]]) -> list[shapes.Reason]:
        """Return each rule and term once, with all that it says."""
        said: dict[tuple[str, str], list[tuple[Side, Heard]]] = {}
        for side, each in heard:
            if each.mark or side.word(each.outcome, each.value) == "permit":
                said.setdefault((side.pack.doc.id, each.rule), []).append((side, each))
        return [self._reason(found[0][0], [each for _, each in found]) for found in said.values()]

    def _reason(self, side: Side, said: list[Heard]) -> shapes.Reason:
        rule = side.pack.rules[said[0].rule]
        return shapes.Reason.model_construct(
            pack=side.pack.doc.id,
            rule=said[0].rule,
            basis=self._basis(side, said[0].rule),
            says=list(dict.fromkeys(each.value for each in said)),
            marks=list(dict.fromkeys(side.word(each.outcome, each.value) for each in said)),
            applies="certain" if all(self._certain(side, each) for each in said) else "possible",
            title=rule.title,
            effect=rule.effect,
            sources=self._sources(side, said[0].rule),
        )

    def _sources(self, side: Side, rule: str) -> list[Source]:
        """Return the law behind a rule on the days that are possible."""
        states = next(states for other, states in self.node.states if other is side)
        versions = {valid for state in states for valid in state.law.versions.get(rule, ())}
        return Cited(self.rulebook, side.pack, self.review.filing, self.review.as_of).sources(rule, versions)

    def _certain(self, side: Side, each: Heard) -> bool:
        """Return whether it applies in every version that may be in force: an open date leaves several."""
        states = next(states for other, states in self.node.states if other is side)
        return each.applied == T and all(each in self._rules(state) for state in states)

    def _rules(self, state: State) -> dict[Heard, None]:
        """Return the rules that bear on the item in a version, worked out once: each of many is looked for in all."""
        if id(state) not in self.rules:
            self.rules[id(state)] = dict.fromkeys(state.rules(self.index))
        return self.rules[id(state)]

    def _basis(self, side: Side, rule: str) -> shapes.Basis:
        if side.owner:
            return "owner"
        return "overlay" if self.rulebook.overlay_of(side.pack.doc.id, rule) else "law"

    def _duties(self) -> list[shapes.DutyOfItem]:
        found: dict[tuple[str, str, str], shapes.DutyOfItem] = {}
        for side, states in self.node.states:
            for state in states:
                for outcome, value, sure in state.duties(self.index):
                    key = (side.pack.doc.id, outcome, value.id)
                    found[key] = shapes.DutyOfItem(
                        pack=key[0],
                        outcome=outcome,
                        value=value.id,
                        label=value.label,
                        basis="owner" if side.owner else "law",
                        applies="certain" if sure == T and len(states) == 1 else "possible",
                    )
        return list(found.values())

    def _not_covered(self, side: Side) -> shapes.NotCovered:
        doc, sure = side.pack.doc, dict(self.node.uncovered(self.index)).get(side)
        return shapes.NotCovered(pack=doc.id, date=doc.date, covers=str(doc.covers), applies="certain" if sure else "possible")

    def _missing(self, fact: Fact) -> MissingFact:
        return MissingFact(fact=fact[0], item=self._item(fact), question=self.rulebook.facts[fact[0]].question)

    def _item(self, fact: Fact) -> str | None:
        home = self.rulebook.list_of(fact[0])
        return self.review.filing.lists[home].items[fact[1]].id if home else None

    def _to(self) -> Text:
        """Return the human who decides: the one that the regimes name, or the pack."""
        for side, states in self.node.states:
            for each in [each for state in states for each in state.rules(self.index) if each.mark & Mark.HUMAN]:
                value = next((v for v in side.pack.outcomes[each.outcome].values if v.id == each.value), None)
                clause = next((clause.to for clause in side.pack.doc.goes_to if clause.outcome == each.outcome), HUMAN)
                return value.conflict.to if value and value.conflict else clause
        return HUMAN

    # what would allow it ----------------------------------------------------------------------------------------------

    def _allowed_if(self, found: Found, causes: list[tuple[int, tuple[Side, Heard]]]) -> shapes.WouldAllow:
        wish = self.review.once("wish", lambda: Wishes(self.review, self.index, self.node).found())
        blocks = dict.fromkeys((side.pack.doc.id, each.rule) for marks, (side, each) in causes if marks & BLOCKS)
        return shapes.WouldAllow(
            facts=[self._changed(fact, cell) for fact, cell in wish.changes] if wish else [],
            smallest=bool(wish and wish.smallest),
            verdict=wish.verdict if wish else None,
            rules=[shapes.RuleName(pack=pack, rule=rule) for pack, rule in blocks] if len(found.possible) == 1 else [],
        )

    def _changed(self, fact: Fact, cell: Any) -> shapes.Changed:
        kind = self.review.kind(fact[0])
        facts = self.node.filing.facts if fact[1] < 0 else self.node.filing.lists[REQUEST].items[fact[1]].facts
        now = show(kind, facts[fact[0]]) if fact[0] in facts else None
        label = self.rulebook.facts[fact[0]].label
        return shapes.Changed(fact=fact[0], item=self._item(fact), label=label, now=now, instead=show(kind, cell))


def _names(said: tuple[tuple[Side, Heard], ...]) -> list[shapes.RuleName]:
    """Return each rule once, though it says several things."""
    names = dict.fromkeys((side.pack.doc.id, each.rule) for side, each in said)
    return [shapes.RuleName(pack=pack, rule=rule) for pack, rule in names]


def _law_word(marks: int) -> str:
    if marks & Mark.LAW_REFUSES:
        return "refuse"
    return "human" if marks & Mark.HUMAN else "oblige" if marks & Mark.LAW_OBLIGES else "open"


def _owner_word(marks: int) -> str:
    return "refuse" if marks & Mark.OWNER_REFUSES else "grant" if marks & Mark.OWNER_GRANTS else "silent"


def _policies(review: Review, items: list[shapes.ItemVerdict]) -> list[shapes.PolicyUsed]:
    """Return the policies of the data sets that are asked for."""
    names = dict.fromkeys(item.data_set for item in items if item.data_set in review.owners)
    used = [review.owners[name] for name in names if name]
    return [
        shapes.PolicyUsed(
            name=side.pack.doc.id,
            title=side.pack.doc.title,
            kind="policy",
            valid=str(side.pack.doc.covers),
            in_force=side.in_force(side.pack.doc.covers, review.filing, review.as_of),
        )
        for side in used
    ]


def _overlays(rulebook: Rulebook, review: Review) -> list[shapes.PolicyUsed]:
    """Return the overlays over the packs that are consulted."""
    consulted = {side.pack.doc.id: side for side in review.law}
    return [
        shapes.PolicyUsed(
            name=name,
            title=overlay.title,
            kind="overlay",
            valid=str(overlay.valid),
            in_force=consulted[overlay.pack].in_force(overlay.valid, review.filing, review.as_of),
            grantor=next((entry.title for entry in rulebook.authorities.get(overlay.grantor, ())), None),
            discretion=overlay.discretion,
            scope=overlay.scope,
        )
        for name, overlay in rulebook.overlays.items()
        if overlay.pack in consulted
    ]
