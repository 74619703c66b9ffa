"""Uses of shared data as events of the request that granted them: record one, take one back, compare all with the grant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.errors import FenjiError, InputError
from engine.supervise.grants import Compared, Ledger, compare, fold, used
from engine.supervise.registers import Actor
from engine.supervise.streams import ATTEMPTS, Recorded, Streams, history

TABLE = "data-sharing-request"


def ledger(streams: Streams, stream: str) -> Ledger:
    """Return a grant with its uses. Raises InputError when there is no such request, EvidenceError, StoreError."""
    process = streams.state(stream).process
    if process != TABLE:
        raise InputError("wrong-process", f"`{stream[:60]}` is a stream of `{process}`", "name a request for data")
    return fold(history(streams.home, stream))


def record(streams: Streams, stream: str, actor: Actor, fields: Mapping[str, Any]) -> tuple[Recorded, Compared]:
    """Record a use; return it with how it stands to its grant. Raises InputError when the table refuses it.

    One without an id of its own has the number of its event, by which it can be taken back.
    """
    for attempt in range(ATTEMPTS):
        act = actor.act(TABLE, stream, "use", fields)
        if "use" not in fields:
            number = streams.state(stream).number if act.expected is None else act.expected
            act = replace(act, fields={**fields, "use": str(number + 1)}, expected=number)
        try:
            done = streams.perform(act)
        except FenjiError as error:
            if error.finding.code != "overtaken" or act.expected == actor.expected or attempt + 1 == ATTEMPTS:
                raise
        else:
            return done, compared(streams, stream, done.statement)
    raise AssertionError  # the last attempt returns or raises


def compared(streams: Streams, stream: str, statement: Mapping[str, Any]) -> Compared:
    """Return how a recorded use, by its statement, stands to its grant. Raises InputError, EvidenceError, StoreError."""
    name = statement["values"].get("use", str(statement["number"]))  # uses of earlier days may have none of their own
    return next(each for each in compare(ledger(streams, stream)) if each.use.id == name)


def retract(streams: Streams, stream: str, actor: Actor, use: str, reasons: str) -> Recorded:
    """Take the record of a use back. Raises InputError when the table refuses it."""
    return streams.perform(actor.act(TABLE, stream, "retract", {"use": use, "reasons": reasons}))


def facts(found: Ledger) -> dict[str, Any]:
    """Return what the rules on sharing ask of the uses so far; what is open is not stated."""
    stated: dict[str, Any] = {"request.uses_before": used(found).uses}
    verdicts = {each.verdict for each in compare(found)}
    if "beyond" in verdicts:
        return stated | {"request.used_beyond": True}
    return stated | ({} if "open" in verdicts else {"request.used_beyond": False})
