"""`fenji decide`: record what the rules propose, or what an official decides."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli.options import (
    Actor,
    AsOf,
    Enterprise,
    File,
    Home,
    Json,
    KnownAt,
    Language,
    PackName,
    Policies,
    Rules,
    day,
    document,
    home_folder,
    now,
    pack_of,
    say,
    say_json,
)
from api.cli.rulebooks import UNPUBLISHED, Beside, Chosen, choose_for_record
from api.render import text
from engine.decide.filing import from_document
from engine.errors import EvidenceError
from engine.evidence import canonical, facts, policy, record, retention
from engine.evidence import decide as evidence
from engine.evidence.installation import Installation, open_home
from engine.evidence.log import stamp
from engine.evidence.merged import objections
from engine.rulebook.closure import closure
from engine.rulebook.policies import OVERLAYS
from schemas.answer import Answer

app = typer.Typer()
OUTCOME_HELP = (
    "What an official decides: VALUE or OUTCOME=VALUE. The exit code is then 0 though the rules leave something open, "
    "and 1 for a draft's answer (--unpublished) alone."
)
Outcome = Annotated[str, typer.Option("--outcome", metavar="VALUE", help=OUTCOME_HELP)]
Reasons = Annotated[str, typer.Option("--reasons", metavar="TEXT", help="The official's reasons.")]
Approved = Annotated[str, typer.Option("--approved-by", metavar="ACTOR", help="The second official of a deviation.")]
FiledBy = Annotated[str, typer.Option("--filed-by", metavar="WHO", help="Who filed, if not the actor.")]
Supersedes = Annotated[str, typer.Option("--supersedes", metavar="ID", help="The decision that this one replaces.")]
Class = Annotated[str, typer.Option("--retention", metavar="CLASS", help="How long it is kept: rules/retention.json.")]


def _release(opened: Installation, chosen: Chosen, pack: str) -> str:
    """Return where the pinned rules were published: a policy in a publication of its own, a pack of law in the release."""
    if chosen.policies is None or chosen.rulebook.packs[pack].doc.data_set is None:
        return chosen.release
    digest = policy.sha256(chosen.policies, pack)
    return next((each.id for each in policy.publications(opened) if each.sha256 == digest), UNPUBLISHED)


Draft = Annotated[bool, typer.Option("--unpublished", help="Record it though a policy or overlay is not as published; exits 1.")]


def _draft(opened: Installation, chosen: Chosen, pack: str, known_at: str, *, allowed: bool) -> bool:
    """Tell whether the policy, or an overlay over the pack, is not as published last. Raises EvidenceError unless allowed."""
    if chosen.policies is None:
        return False
    overlays = [f"{OVERLAYS}/{name}" for name, each in chosen.rulebook.overlays.items() if each.pack == pack]
    try:
        for name in [pack] if chosen.rulebook.packs[pack].doc.data_set else overlays:
            policy.require_published(opened, chosen.policies, name, known_at)
    except EvidenceError:
        if not allowed:
            raise
        return True
    return False


@app.command()
def decide(
    pack: PackName,
    file: File,
    lang: Language,
    by: Actor,
    as_of: AsOf = "",
    known_at: KnownAt = "",
    policies: Policies = "",
    enterprise: Enterprise = "",
    outcome: Outcome = "",
    reasons: Reasons = "",
    approved_by: Approved = "",
    filed_by: FiledBy = "",
    supersedes: Supersedes = "",
    keep: Class = "decision",
    *,
    unpublished: Draft = False,
    json: Json = False,
    rules: Rules = "",
    home: Home = "",
) -> None:
    """Record a decision and print it with id and receipt. Exits 0 when determined, 1 when something is open, 2 on bad input."""
    moment = now()
    with open_home(home_folder(home)) as opened:
        chosen = choose_for_record(opened, rules, known_at, Beside(policies, enterprise))
        pack_of(chosen.rulebook, pack)
        draft = _draft(opened, chosen, pack, known_at, allowed=unpublished)
        retention.require(keep, rules)
        of = record.rules(closure(chosen.rulebook, pack))
        filing = from_document(chosen.rulebook, document(file))
        values = facts.values_of(of.rulebook, filing)
        named = evidence.named_outcome(of, outcome) if outcome else None
        actors, at = opened.actors, stamp(moment)
        asked = evidence.Asked(
            of=of,
            release=_release(opened, chosen, pack),
            values=values,
            as_of=day(as_of),
            now=moment,
            by=actors.key_of(by, "decision", at),
            known_at=known_at or None,
            filed_by=filed_by or None,
            outcome=named,
            against_terms=objections(chosen.rulebook, pack, filing, day(as_of)),
            against_outcome=objections(chosen.rulebook, pack, filing, day(as_of), named[1]) if named else (),
            ground=reasons,
            approved_by=actors.key_of(approved_by, "decision", at) if approved_by else None,
            supersedes=supersedes or None,
            retention=keep,
        )
        decided = evidence.decide(opened, asked)
    answer = Answer.model_validate(decided.statement["predicate"]["verdict"])
    if json:
        say_json({"id": decided.id, "receipt": decided.receipt.text(), "statement": decided.statement})
    else:
        ignored = sorted(set(filing.facts) - set(of.rulebook.facts))
        say(text.answer(chosen.rulebook, answer, lang))
        say(text.recorded(decided.id, decided.receipt, canonical.sha256(decided.payload), ignored, lang))
    raise typer.Exit(0 if (answer.determined or outcome) and not draft else 1)
