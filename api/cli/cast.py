"""Who takes part in every demo, and what they ask: an official who is administrator, two publishers, the sample filings."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from api.cli.options import document, now
from engine.decide.filing import from_document
from engine.evidence import decide, facts, record
from engine.evidence.installation import Installation
from engine.evidence.keys import Holder, PublicKey
from engine.rulebook.model import Rulebook

POLICIES = "samples/policies"
MIIT, PSB, SAMR = "南京市工业和信息化局", "南京市公安局", "南京市市场监督管理局"


def people(home: Installation, at: str) -> tuple[PublicKey, list[PublicKey]]:
    """Make an official who is administrator, and two publishers."""
    official = home.add_actor(Holder("chen", "陈静", MIIT, ("admin", "official")), "decision", at, None)
    others = [Holder("wang", "王磊", "市市场监督管理局", ("publisher",)), Holder("zhao", "赵敏", PSB, ("publisher",))]
    return official, [home.add_actor(other, "rulebook", at, official) for other in others]


def proposed(rulebook: Rulebook, of: record.Rules, path: Path, today: date, by: PublicKey, published: str) -> decide.Asked:
    """Return the question whose answer is what the rules propose for a sample. Raises InputError."""
    filing = from_document(rulebook, document(str(path)))
    values = facts.values_of(of.rulebook, filing)
    return decide.Asked(of=of, release=published, values=values, as_of=today, now=now(), by=by)
