"""A duty -> whether it is met: from what its evidence proves, what proves a breach, and the deadline.

    breached      a breach is proved once the duty is due, or the firm says that it did nothing or was late
    met           the evidence proves it, and no breach can be
    not_yet_due   the deadline is certainly not past; it may be met before
    not_proven    due, and the evidence shows neither: missing evidence is never a breach and never fulfilment
    ended         it lasted as long as a service or its data, which are over, and no breach by the last day is proved
    undetermined  open facts leave more than that: whether it applies or has ended, when it is due, or whether it was breached

The firm's own word against a paper that was issued in time proves neither: the duty may be met or breached until that is clear.

INVARIANT: the state that complete facts give lies in `possible` of every filing they complete, and knowing more only narrows it,
unless what is added contradicts what was known.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from itertools import product
from typing import TYPE_CHECKING

from engine.decide import due as deadlines
from engine.decide import lasting
from engine.decide.compile import truth
from engine.decide.evaluate import Evaluator
from engine.decide.narrow import settle
from engine.decide.values import F, T, U
from engine.rulebook import condition as ir
from engine.rulebook.duties import APPLIES, EVIDENCE, ON, duties, proof_pack, since, waits_for
from engine.rulebook.prose import prose
from schemas.rulebook import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.decide.filing import Filing
    from engine.decide.program import Program
    from engine.decide.values import Closure, Slots
    from engine.rulebook.model import PackRules, Rulebook
    from schemas.duties import Final, Status
    from schemas.rulebook import Duty

Key = tuple[str, str]  # outcome and value
FIRST = date(1900, 1, 1).toordinal()
OPEN = frozenset({"not_proven", "undetermined", "not_yet_due"})  # what more facts or evidence may still change
ORDER: tuple[Final, ...] = ("not_applicable", "ended", "met", "not_yet_due", "not_proven", "breached")


@dataclass(frozen=True, slots=True)
class Standing:
    """The states that a duty may have on complete facts, the one word for them, and its deadline.

    Where what it lasts as long as is over, or may be: `over`, and how the duty stood on its `last` day.
    """

    possible: frozenset[Final]
    deadline: deadlines.Deadline
    over: lasting.Over = lasting.GOES_ON
    last: Standing | None = None

    @property
    def status(self) -> Status:
        """Return the one word for the states: definite only when every completion of the facts agrees."""
        found: set[Status] = {state for state in self.possible if state != "not_applicable"}
        if len(found) < len(self.possible):
            return "undetermined"
        if len(found) == 1:
            return found.pop()
        if found <= {"met", "not_yet_due"}:
            return "not_yet_due"
        return "not_proven" if found <= {"met", "not_proven"} else "undetermined"


class Proofs:
    """Judges the duties of one pack; built once per rulebook and kept."""

    def __init__(self, rulebook: Rulebook, pack: PackRules) -> None:
        """Build the evaluator of the pack's proof rules, where it has any."""
        self.rulebook = rulebook
        self.giving = dict(_giving(pack))
        self.since = {
            (*key, name): {valid: day.toordinal() for valid, day in since(pack.rules[name], *key).items()}
            for key, names in self.giving.items()
            for name in names
        }
        self.first = {key: _first(pack, names, *key) for key, names in self.giving.items()}
        self.pack_doc = pack.doc
        self.lasting = {each.id: each for each in pack.doc.lasting}
        made = proof_pack(rulebook, pack)
        self.pack = made or pack  # whose names the conditions read
        self.evaluator = Evaluator(rulebook, made) if made else None
        self._holds: dict[tuple[int, ir.Node], Closure] = {}
        self._words: dict[ir.Node, Text] = {}

    def holds(self, part: ir.Node, law: Program) -> Closure:
        """Return the compiled form of a part of a duty's condition under an edition of its tables, which the evaluator keeps."""
        key = (id(law), part)
        if key not in self._holds:
            self._holds[key] = truth(part, law.layout)
        return self._holds[key]

    def words(self, part: ir.Node) -> Text:
        """Return a part of a duty's condition in both languages."""
        if part not in self._words:
            self._words[part] = Text(
                zh=prose(part, self.rulebook, self.pack, "zh"), en=prose(part, self.rulebook, self.pack, "en")
            )
        return self._words[part]

    def of(self, filing: Filing, as_of: date, on: date) -> Proven:
        """Return what a filing proves on a day. Raises ContradictionError."""
        return self.within(filing, as_of, on, (on.toordinal(), on.toordinal()))

    def within(self, filing: Filing, as_of: date, on: date, days: deadlines.Span) -> Proven:
        """Return what a filing proves on a day within bounds, asked on `on`. Raises ContradictionError."""
        days = (max(days[0], FIRST), days[1])
        judged = replace(filing, facts=filing.facts | {ON: days})
        if self.evaluator is None:
            return Proven(self, judged, as_of, on, days, {}, None)
        base = self.evaluator.inputs.slots(judged)
        settle(self.evaluator.inputs, judged, base)
        editions = self.evaluator.editions(base, self.evaluator.days(base, as_of))
        law, slots = next(editions)
        law.run(slots)
        fired = {rule: slots[law.layout.slot[f"rule:{rule}"]] for rule in law.edition.rules}
        if U in fired.values() or next(editions, None) is not None:  # what plain Kleene decides, cases cannot change
            found = self.evaluator.picture(judged, as_of, governed=False).fired
            fired = {name: value for (name, _), value in found.items()}
        return Proven(self, judged, as_of, on, days, fired, (law, slots))


@dataclass(frozen=True)
class Proven:
    """What one filing proves on a day, or on one within `days`: per rule of the proof pack whether it holds."""

    proofs: Proofs
    filing: Filing
    as_of: date
    on: date
    days: deadlines.Span
    fired: dict[str, int]
    run: tuple[Program, Slots] | None  # the program of the proof pack and the filing's slots: one version for all days
    lasts: dict[str, tuple[lasting.Over, Proven | None]] = field(default_factory=dict)  # filled once it is asked

    def applies(self) -> int:
        """Tell whether the pack applies; a pack without the clause always does."""
        return self.fired.get(APPLIES, T)

    def standing(self, key: Key, duty: Duty, applied: int, law: deadlines.Span = deadlines.EVER) -> Standing:
        """Return how a duty stands that applies (T) or may apply (U), and is law since `law`. Raises ContradictionError."""
        _, value = key
        states, when = self._judged(value, duty, law)
        over, then = self._over(duty.lasts)
        last: Standing | None = None
        if then:
            ended, before = then._judged(value, duty, law)  # noqa: SLF001 - the same filing on another day
            owed = lasting.bound(over.last, self.proofs.first[key], law)
            ended = (ended if owed != F else set()) | ({"not_applicable"} if owed != T else set())
            states = lasting.standing(states, ended, over.past)
            last = Standing(frozenset(ended), before)
        found: set[Final] = {"not_applicable"} if applied == U else set()
        return Standing(frozenset(found | states), when, over, last)

    def _over(self, name: str) -> tuple[lasting.Over, Proven | None]:
        """Return whether what a duty lasts as long as is over, and what is proved on its last day where it may be."""
        if name not in self.proofs.lasting:
            return lasting.GOES_ON, None
        if name not in self.lasts:
            found = lasting.over(self.proofs.lasting[name], self.filing, self.fired.get(f"over:{name}", F), self.on)
            then = self.proofs.within(self.filing, self.as_of, self.on, found.last) if found.past != F else None
            self.lasts[name] = found, then
        return self.lasts[name]

    def _judged(self, value: str, duty: Duty, law: deadlines.Span) -> tuple[set[Final], deadlines.Deadline]:
        """Return the states of a duty that applies, and its deadline. Raises ContradictionError."""
        met, breached = self.fired.get(f"met:{value}", F), self.fired.get(f"breached:{value}", F)
        done = self.fired.get(f"told:{duty.due.done or duty.due.took}", F) if duty.due else F
        days = deadlines.Days(self.as_of, self.days, law, self.fired.get(f"at_once:{value}", F), done)
        when = deadlines.deadline(duty.due, self.filing, days, self.proofs.rulebook.calendar)
        if begins := waits_for(self.proofs.pack_doc, duty):
            when = deadlines.waiting(when, deadlines.span(self.filing, begins), self.days)
        found: set[Final] = set()
        if when.before:  # what is not past cannot have been missed yet
            found |= {"met" if m else "not_yet_due" for m in _either(met)}
        if when.past:
            undone = min(self.fired.get(f"undone:{value}", F), 2 - when.before_law)
            for m, b in product(_either(met), _either(breached)):
                found |= {"breached"} if b else self._due(duty, when, undone, met=m)
        return found, when

    def _due(self, duty: Duty, when: deadlines.Deadline, undone: int, *, met: bool) -> set[Final]:
        """Return the states of a duty whose day is past and that nobody found breached."""
        late, hours = when.late, bool(duty.due and duty.due.hours)
        dated = met and when.before_law != T and self._dated(duty)
        papers = self._timely(duty, when.days) if dated else U
        late = F if late == U and papers == T else late
        found: set[Final] = set()
        for denied, lately in product(_either(undone), _either(late)):
            if not (denied or lately):
                found.add("met" if met else "not_proven")
            elif met and papers != F and (self._listed(duty) if denied else not hours):  # one's own word against a paper
                found |= {"met", "breached"}
            else:
                found.add("breached")
        if dated and papers != T and duty.due and not (duty.due.done or duty.due.took):
            found.add("breached")  # nobody told the day, and the papers are of after the deadline
        return found

    def _dated(self, duty: Duty) -> bool:
        """Tell whether the day of issue of the papers that prove a duty can show when it was done."""
        if duty.due is None or duty.due.hours:
            return False
        parts = ir.walk(self.proofs.rulebook.conditions[duty.satisfied_when])
        return any(isinstance(part, ir.AnyOf) and part.list == EVIDENCE for part in parts)

    def _listed(self, duty: Duty) -> bool:
        """Tell whether a paper that the filing lists proves a duty or may; what is merely not listed contradicts nobody."""
        law, slots = self._law()
        items = slots[law.layout.slot[EVIDENCE]].items
        parts = ir.walk(self.proofs.rulebook.conditions[duty.satisfied_when])
        tests = [self.proofs.holds(part.part, law) for part in parts if isinstance(part, ir.AnyOf) and part.list == EVIDENCE]
        return any(holds(slots, item) != F for holds in tests for item in items)

    def _timely(self, duty: Duty, last: deadlines.Span) -> int:
        law, slots = self._law()
        issued = law.layout.slot.get(f"{EVIDENCE}.issued")
        if issued is None:
            return U  # nothing in the pack reads the day of issue, so none was kept
        found = F
        for part in ir.walk(self.proofs.rulebook.conditions[duty.satisfied_when]):
            if isinstance(part, ir.AnyOf) and part.list == EVIDENCE:
                holds = self.proofs.holds(part.part, law)
                rows = slots[law.layout.slot[EVIDENCE]]
                for item in rows.items:
                    day = item[issued]
                    early = T if day[1] <= last[0] else F if day[0] > last[1] else U
                    found = max(found, min(early, holds(slots, item)))
                if rows.more is not None:
                    found = max(found, min(U, holds(slots, rows.more)))
        return found

    def gaps(self, duty: Duty) -> list[ir.Node]:
        """Return the parts of what would prove a duty that are not proven."""
        node = self.proofs.rulebook.conditions[duty.satisfied_when]
        parts = node.parts if isinstance(node, ir.And) else (node,)
        law, slots = self._law()
        return [part for part in parts if self.proofs.holds(part, law)(slots, []) != T]

    def _law(self) -> tuple[Program, Slots]:
        assert self.run is not None  # noqa: S101 - INVARIANT: a pack with a duty has a proof pack
        return self.run


def _giving(pack: PackRules) -> Iterator[tuple[tuple[str, str], list[str]]]:
    """Yield per value of a duty the rules that give it."""
    giving: dict[tuple[str, str], dict[str, None]] = {}
    for name, rule in pack.rules.items():
        for version in rule.versions:
            for outcome, given in version.then.items():
                for each in [given] if isinstance(given, str) else given:
                    giving.setdefault((outcome, each), {})[name] = None
    for declared, value, _ in duties(pack):
        yield (declared.id, value.id), list(giving.get((declared.id, value.id), ()))


def _first(pack: PackRules, names: list[str], outcome: str, value: str) -> float:
    """Return the first day on which a duty was law, on whatever conditions."""
    days = [
        version.valid.start.toordinal()
        for name in names
        for version in pack.rules[name].versions
        if value in ([given] if isinstance(given := version.then.get(outcome, ()), str) else given)
    ]
    return min(days, default=FIRST)


def _either(value: int) -> tuple[bool, ...]:
    return (False, True) if value == U else (value == T,)
