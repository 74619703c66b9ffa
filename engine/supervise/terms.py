"""The terms of a pilot: what both sides sign, and what monitors read of it.

Numbers are taken from the terms and from nowhere else, so that nobody signs one text and enters another. New terms bind by what
they say: what earlier ones said beside them stands in neither signed hash, and the stream keeps none of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import InputError
from engine.evidence import canonical
from engine.supervise.admitted import text_of
from engine.supervise.fields import given
from engine.supervise.monitors.plan import plan
from engine.supervise.opinions import PACK, PROCESS
from engine.supervise.step import Refusal
from engine.supervise.streams import Act, Streams, history, refusal_error
from engine.supervise.watched import NEEDED, NUMBERS

MOST = 10**6  # of a line of the budget: more is no limit, and its product with the persons stays within 2^53


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
        readable(streams, streams.state(act.stream).values)
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
    readable(streams, found)
    return found


def readable(streams: Streams, values: Mapping[str, Any]) -> None:
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
    told = (each for each in reversed(history(streams.home, stream)) if each["name"] == "amend")
    last = next(told, None)
    return (text_of(streams, last) or None) if last else None
