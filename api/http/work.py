"""The kinds of jobs: assess many filings, replay many decisions, count a period for a report."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from api.access.permissions import Thing, Who, permissions
from api.http import batch
from api.http.jobs import Kind, Work
from api.http.office import Office
from api.http.things import of_decision
from api.http.v1.decisions import worked_out
from api.render import period as counts
from engine.errors import InputError, Place
from engine.evidence import canonical
from engine.store import reading
from engine.supervise.period import Months, count, months

NDJSON = "application/x-ndjson"
_MONTHS = re.compile(r"([0-9]{4}-(?:0[1-9]|1[0-2]))\.\.([0-9]{4}-(?:0[1-9]|1[0-2]))\Z")


def kinds(at: Office) -> Mapping[str, Kind]:
    """Return the kinds of jobs of an installation."""
    return {
        "assess": Kind(lambda _, asked, accepted: _assess(at, asked, accepted), NDJSON),
        "replay": Kind(lambda account, asked, _: _replay(at, account, asked), NDJSON),
        "report.md": Kind(lambda _account, asked, _: _report(at, asked, _markdown), "text/markdown; charset=utf-8"),
        "report.xlsx": Kind(lambda _account, asked, _: _report(at, asked, counts.workbook), counts.SHEET),
    }


def _assess(at: Office, asked: bytes, accepted: datetime) -> Work:
    """Answer filings, a line each; fewer to a part where every pack is asked, because that takes longer."""
    at = at.as_it_is()  # one rulebook for all of it
    sent = batch.read_batch(at, asked, accepted)
    size = 20 if sent.pack else 2
    return Work(len(sent.rows), size, lambda start, stop: _lines(batch.answered(at, sent, start, stop)))


def _replay(at: Office, account: str, asked: bytes) -> Work:
    """Work decisions out again, a line each; what the account may not read is not found."""
    decisions: list[str] = json.loads(asked)["decisions"]
    return Work(len(decisions), 10, lambda start, stop: _lines(_again(at, account, each) for each in decisions[start:stop]))


def _again(at: Office, account: str, decision: str) -> str:
    who = at.accounts.who(account) or Who("")
    stored = reading.record(at.home.store, decision)
    statement: dict[str, Any] = canonical.loads(stored.payload, "the record") if stored and stored.kind == "decision" else {}
    owner = of_decision(at, who, stored, statement["predicate"]) if stored and statement else Thing()
    if not statement or not permissions().may(who, "decision.read", owner):
        return json.dumps({"decision": decision, "exit": 2, "problem": "not-found", "differences": []})
    if "auditor" in who.roles:
        at.accounts.note(who, "decision.read", decision, at.now(), allowed=True)
    return json.dumps({"decision": decision, **worked_out(at, decision, statement)}, ensure_ascii=False)


def _report(at: Office, asked: bytes, written: Callable[[Any, Months, str], bytes]) -> Work:
    """Count a period, in one part."""
    said = json.loads(asked)
    named = _MONTHS.match(said["period"])
    if named is None:
        raise InputError("wrong-period", f"`{said['period'][:40]}` is no period", "write YYYY-MM..YYYY-MM", Place("#/period"))
    months(named[1], named[2], at.now(), Place("#/period"))  # what is wrong is told at once

    def counted(*_: Any) -> bytes:
        moment = at.now()
        wanted = months(named[1], named[2], moment)
        return written(count(at.streams(), *wanted.days(), moment), wanted, said["lang"])

    return Work(1, 1, counted)


def _markdown(found: Any, period: Months, lang: str) -> bytes:
    return counts.markdown(found, period, lang).encode()


def _lines(lines: Any) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()
