"""`fenji export`, `fenji verify` and `fenji replay`: decisions for those who trust nobody."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from api.cli.options import (
    Actor,
    Enterprise,
    Home,
    Json,
    KnownAt,
    Policies,
    Rules,
    file_bytes,
    home_folder,
    now,
    pack_of,
    say,
    say_json,
    write_new,
)
from api.cli.rulebooks import Beside, known, of_folder, of_release
from engine.errors import EvidenceError, InputError
from engine.evidence import bundle, canonical, decided, record, release
from engine.evidence import replay as again
from engine.evidence.disclosed import opened as facts_of
from engine.evidence.disclosed import unread
from engine.evidence.installation import Installation, open_home
from engine.evidence.keys import Trust, read_trust
from engine.evidence.log import stamp
from engine.evidence.verify import Verified
from engine.evidence.verify import verify as prove
from engine.rulebook.closure import closure
from engine.rulebook.days import legal_day
from engine.rulebook.model import Rulebook
from engine.store import reading

app = typer.Typer()
Id = Annotated[str, typer.Argument(metavar="ID", help="The decision; `fenji log` lists them.")]
Profile = Annotated[str, typer.Option("--profile", metavar="NAME", help="full, court, regulator or public.")]
Out = Annotated[
    str, typer.Option("--out", metavar="FILE", help="A new file; - for standard output.", show_default="ID.fenji.zip")
]
TrustFile = Annotated[
    str, typer.Option("--trust", metavar="FILE", help="The keys that you trust.", show_default="this installation's")
]


class Under(StrEnum):
    """The four questions of an auditor."""

    recorded = "recorded"
    then = "then"
    today = "today"
    draft = "draft"


@dataclass(frozen=True, slots=True)
class Law:
    """Which rules a replay asks: the question, the day of knowledge, the folder of a draft, and the policies beside them."""

    under: Under
    known_at: str
    rules: str
    beside: Beside


Question = Annotated[
    Under,
    typer.Option(
        "--under",
        help="recorded: what was decided; then: the law of then as known now; today: the law of today; draft: the rules folder.",
    ),
]


@app.command()
def export(decision: Id, by: Actor, profile: Profile = "full", out: Out = "", *, home: Home = "") -> None:
    """Write one archive with everything that a stranger needs to verify a decision and work it out again."""
    with open_home(home_folder(home)) as opened:
        key = opened.actors.key_of(by, "decision", stamp(now()))
        _decision(opened, decision)
        made = bundle.export(opened, decision, profile, key)
    path = out or f"{decision}.fenji.zip"
    write_new(path, made.data)
    if path != "-":
        say(f"{path}: {len(made.data)} bytes, {made.withheld} facts withheld, sha256 {canonical.sha256(made.data)}")


@app.command()
def verify(
    file: Annotated[str, typer.Argument(metavar="BUNDLE")], trust: TrustFile = "", *, json: Json = False, home: Home = ""
) -> None:
    """Prove a bundle offline. Exits 0 proved, 1 origin or outcome open, 2 refused, 3 when another outcome comes out."""
    found = prove(file_bytes(file), _trust(trust, home))
    _say(found, json=json)
    raise typer.Exit(found.exit_code)


def _trust(file: str, home: str) -> Trust | None:
    """Return the trusted keys: of a file, else of this installation, else none."""
    if file:
        data = file_bytes(file)
        return read_trust(canonical.loads(data.rstrip(b"\n"), "the trust file"))
    folder = home_folder(home)
    if not (folder / "home.json").exists():
        return None
    with open_home(folder) as opened:
        return opened.actors.trust()


def _say(found: Verified, *, json: bool) -> None:
    p = found.statement["predicate"]
    lines = [
        f"{p['kind']} {p['decision_id']} of {p['decided_at']}, leaf {found.index}",
        f"{p['rulepack']['name']} under the law of {p['as_of']}, rules {p['rulepack']['version']} {p['rulepack']['sha256'][:16]}",
        f"by {p['actor']['name']} ({p['actor']['sub']}, {p['actor']['unit']}, {p['actor']['role']})",
        *([found.decided] if found.decided else []),
        "evidence valid",
    ]
    if found.lost:
        lines.append(f"the actor's key was compromised later, since {found.lost}: the log held this record before")
    if not found.trusted:
        lines += ["origin not established: no trust file; keys inside the bundle:", *(f"  {each}" for each in found.fingerprints)]
    if found.withheld:
        lines.append(f"evidence valid, outcome not re-derived: {found.withheld} facts are withheld or erased")
    elif found.replayed.differences:
        lines += ["another outcome comes out:", *(f"  {each}" for each in found.replayed.differences[:40])]
    else:
        by = f"reproduced by engine {found.replayed.engine}" if found.replayed.engine else "reproduced byte for byte"
        lines.append(f"outcome re-derived: {by}")
    if json:
        say_json(
            {
                "exit": found.exit_code,
                "trusted": found.trusted,
                "withheld": found.withheld,
                "differences": found.replayed.differences,
                "fingerprints": found.fingerprints,
                "leaf": found.index,
                "statement": found.statement,
            }
        )
    else:
        say("\n".join(lines))


@app.command()
def replay(
    what: Annotated[str, typer.Argument(metavar="ID|BUNDLE")],
    under: Question = Under.recorded,
    known_at: KnownAt = "",
    policies: Policies = "",
    enterprise: Enterprise = "",
    *,
    json: Json = False,
    rules: Rules = "",
    home: Home = "",
) -> None:
    """Work a decision out again. Exits 0 the same, 1 inputs erased, lost or (unless `recorded`) changed, 3 not reproducible."""
    if known_at and under in (Under.recorded, Under.draft):
        raise InputError("known-at", "`--known-at` chooses the rules for `--under then` or `today`", "add one of them")
    if Path(what).is_file():
        if under is not Under.recorded:
            raise InputError("no-rules", "a bundle holds only the rules of then", "replay the decision by its ID")
        found = prove(file_bytes(what), _trust("", home))
        _say(found, json=json)
        raise typer.Exit(found.exit_code)
    with open_home(home_folder(home)) as opened:
        _replay(opened, what, Law(under, known_at, rules, Beside(policies, enterprise)), json=json)


def _decision(opened: Installation, name: str) -> None:
    """Refuse the id of a filing or case where that of a decision is wanted, and name its decisions. Raises InputError."""
    from engine.supervise.records import of_stream  # noqa: PLC0415 - only where an id may be that of a stream

    found = of_stream(opened, name)
    if found:
        remedy = f"the decisions made in it: {', '.join(found.decisions)}" if found.decisions else "none was made in it yet"
        raise InputError("no-such-record", f"`{name[:60]}` is a filing or case, not a decision", remedy)


def _replay(opened: Installation, decision: str, law: Law, *, json: bool) -> None:
    _decision(opened, decision)
    stored = reading.record(opened.store, decision)
    if stored is None or stored.kind != "decision":
        raise EvidenceError("no-such-record", f"there is no decision `{decision[:60]}`", "`fenji log` lists them")
    statement = canonical.loads(stored.payload, "the record")
    disclosed, gone = facts_of(opened, decision)
    if gone:
        left = unread(opened, decision, disclosed)
        say_json({"exit": 1, **asdict(left)}) if json else say(left.text())
        raise typer.Exit(1)
    if law.under is Under.recorded:
        found = again.compare(bundle.rules_of(opened, statement), disclosed, statement)
        differences, code = found.differences, 3 if found.differences else 0
        same = f"reproduced by engine {found.engine}" if found.engine else "reproduced byte for byte"
    else:
        rulebook, name = _other(opened, law)
        of = record.rules(closure(rulebook, pack_of(rulebook, statement["predicate"]["rulepack"]["name"]).doc.id))
        today = legal_day(now()) if law.under is not Under.then else record.request_of(statement).as_of
        differences = again.under(of, disclosed, statement, today, name)
        code, same = 1 if differences else 0, f"the same under {name} and the law of {today}"
    if json:
        say_json({"exit": code, "under": str(law.under), "differences": differences})
    else:
        said = decided.line(statement["predicate"], opened.actors.keys)
        told = ["differs:", *(f"  {each}" for each in differences)] if differences else [same]
        say("\n".join([*([said] if said else []), *told]))
    raise typer.Exit(code)


def _other(opened: Installation, law: Law) -> tuple[Rulebook, str]:
    """Return the rules of a question with their name: the release known on a day or in force, or the folder for a draft."""
    current = None if law.under is Under.draft else release.active(opened)
    if law.known_at:
        chosen = known(opened, law.known_at, law.beside)
    elif current:
        chosen = of_release(opened, current, law.beside)
    else:
        return of_folder(law.rules, law.beside).rulebook, "the rules folder"
    return chosen.rulebook, chosen.release
