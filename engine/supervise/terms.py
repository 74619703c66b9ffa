"""The terms of a pilot: what both sides sign, what monitors read of it, and where it goes beyond what was admitted.

Numbers are taken from the terms and from nowhere else, so that nobody signs one text and enters another. What was admitted are
the cap, the last day and the insurance of the application at its admission, then what was agreed or extended since under the
same test. A higher cap, a later last day, a shorter insurance, or a condition of admission that held and holds no more is a
deviation: it needs reasons and a second official, or the pilot is applied for again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.errors import InputError
from engine.evidence import canonical
from engine.evidence.disclosed import opened
from engine.supervise.fields import given
from engine.supervise.monitors.plan import plan
from engine.supervise.opinions import PACK, PROCESS
from engine.supervise.step import Refusal
from engine.supervise.streams import Act, Streams, history, refusal_error

if TYPE_CHECKING:
    from engine.supervise.opinions import Opinion

OFFERS = frozenset({"offer", "amend"})
AGREES = frozenset({"countersign", "countersign_amendment"})
MOST = 10**6  # of a line of the budget: more is no limit, and its product with the persons stays within 2^53
# what the stream shows of the terms, and what no terms lack
NUMBERS = ("cap_subjects", "ends_on", "insured_until", "bar_term", "bar_months", "observed_by", "budget")
NEEDED = NUMBERS[:4]
ADMITTED = NUMBERS[:3]


def terms_sha256(terms: Any) -> str:
    """Return the hash by which both sides name the terms that they sign (RFC 8785). Raises EvidenceError."""
    return canonical.sha256(canonical.dumps(terms))


def offered(streams: Streams, act: Act) -> dict[str, Any]:
    """Return the fields of an offer or amendment with the hash of its terms. Raises InputError where none can be agreed."""
    terms = act.fields["terms"]
    numbers = _numbers(streams, act, terms)
    named = {"terms_sha256": terms_sha256(terms)}
    return {**act.fields, **(numbers if act.name == "offer" else {}), **named}


def agreed(streams: Streams, act: Act) -> dict[str, Any]:
    """Return what the terms say that an official is about to sign; those of an offer stand in the stream already.

    Raises InputError when there are none, or none that a monitor could read.
    """
    if act.name == "countersign":
        _readable(streams, streams.state(act.stream).values)
        return {}
    terms = _amendment(streams, act.stream)
    if terms is None:
        raise InputError("no-amendment", "no amendment is offered, or its text was erased", "let `amend` come first")
    return _numbers(streams, act, terms)


def _numbers(streams: Streams, act: Act, terms: Any) -> dict[str, Any]:
    """Return what the terms say of caps, days and budget. Raises InputError when that is missing, of no form, or typed beside."""
    if not isinstance(terms, Mapping):
        raise InputError("wrong-type", "the terms are no names with values", "write `terms: {cap_subjects: 500, ...}`")
    found = {name: terms[name] for name in NUMBERS if name in terms}
    for name in NUMBERS:
        if name in act.fields and (name not in found or act.fields[name] != found[name]):
            problem = f"`{name}` is not what the terms say" if name in found else f"`{name}` does not stand in the terms"
            raise InputError("terms-differ", problem, "write it into the terms that are signed: it is taken from there")
    missing = [name for name in NEEDED if name not in found]
    if missing:
        raise InputError("missing-field", f"the terms do not say `{missing[0]}`", f"terms say {', '.join(NEEDED)}")
    refused = given(streams.table(PROCESS), act.name, found, streams.home.keyed)
    if isinstance(refused, Refusal):
        raise refusal_error(refused)
    _readable(streams, found)
    return found


def _readable(streams: Streams, values: Mapping[str, Any]) -> None:
    """Refuse a budget that no monitor could read, before anybody signs it. Raises InputError."""
    budget = values.get("budget")
    lines = plan(streams.rulebook.packs[PACK]).lines
    if budget is not None and not isinstance(budget, Mapping):
        remedy = f"write `line: number`, of {', '.join(lines)}"
        raise InputError("wrong-budget", "`budget` of the terms is no list of lines", remedy)
    for line, allowed in (budget or {}).items():
        if line not in lines:
            raise InputError("unknown-line", f"no line `{str(line)[:40]}` of a budget", f"the lines are {', '.join(lines)}")
        if type(allowed) is not int or not 0 <= allowed <= MOST:
            problem = f"`{line}` of the budget is not a whole number from 0 to {MOST}"
            raise InputError("wrong-type", problem, "write what is tolerated per thousand persons and thirty days")


def _amendment(streams: Streams, stream: str) -> Any:
    """Return the terms offered last as an amendment; nothing when there are none, or when they were erased."""
    for predicate in reversed(history(streams.home, stream)):
        if predicate["name"] == "amend":
            disclosed, _ = opened(streams.home, predicate["event_id"])
            return next((each.value for each in disclosed if each.name == "terms"), None)
    return None


def beyond(told: list[dict[str, Any]], terms: Mapping[str, Any], before: Opinion | None, after: Opinion) -> list[str]:
    """Return where terms go beyond what was admitted: names of numbers, and of conditions that held `before` and hold no more.

    `told` are the events of the pilot; without `before`, the conditions are those that were open when it was admitted.
    """
    known, open_ = _admitted(told)
    if before is not None:
        open_ = {"unmet": set(before.unmet), "unproven": {*before.unmet, *before.unproven}}
    cap, ends, insured = ((terms.get(name), known.get(name)) for name in ADMITTED)
    more = {
        "cap_subjects": cap[0] is None or cap[1] is None or cap[0] > cap[1],
        "ends_on": ends[0] is None or ends[1] is None or ends[0] > ends[1],
        "insured_until": insured[0] is None or insured[1] is None or insured[0] < insured[1],
    }
    fallen = [name for name in after.unmet if name not in open_["unmet"]]
    fallen += [name for name in after.unproven if name not in open_["unproven"]]
    return [*(name for name, is_so in more.items() if is_so), *fallen]


def _admitted(told: list[dict[str, Any]]) -> tuple[dict[str, Any], dict[str, set[str]]]:
    """Return the numbers that were admitted, or agreed since under this test, and the conditions open at admission."""
    known: dict[str, Any] = {}
    offer: dict[str, Any] = {}
    open_: dict[str, set[str]] = {"unmet": set(), "unproven": set()}
    for predicate in told:
        name, values = predicate["name"], predicate["values"]
        numbers = {each: values[each] for each in ADMITTED if each in values}
        if name in ("apply", "supplement", "extend") or (name == "countersign_amendment" and "beyond" in values):
            known |= numbers
        elif name == "offer":
            offer = numbers
        elif name == "countersign" and "beyond" in values:
            known |= offer
        elif name == "admit":
            unmet = set(values.get("unmet", ()))
            open_ = {"unmet": unmet, "unproven": unmet | set(values.get("unproven", ()))}
    return known, open_
