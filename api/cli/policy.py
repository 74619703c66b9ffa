"""`fenji policy`: publish owners' policies and overlays, list and show what was published; and how `fenji check` proves them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.options import Actor, Home, Json, Rules, home_folder, now, rules_folder, say, say_json, unreadable
from engine.decide import cases
from engine.errors import CheckFailedError, EvidenceError, Finding, InputError, Place
from engine.evidence import policy
from engine.evidence.installation import open_home
from engine.evidence.log import stamp
from engine.rulebook import lock
from engine.rulebook.check import check as prove
from engine.rulebook.days import legal_day
from engine.rulebook.load import Loaded, load_all
from engine.rulebook.locate import files_of
from engine.rulebook.policies import OVERLAYS, enterprises, merged, read_folder
from engine.rulebook.policies import Policies as Read

app = typer.Typer()
group = typer.Typer(no_args_is_help=True, help="Publish owners' policies and overlays, list and show what was published.")
app.add_typer(group, name="policy")
Name = Annotated[str, typer.Argument(metavar="NAME", help="OWNER/DATA-SET, or overlays/ENTERPRISE/NAME.")]
Folder = Annotated[str, typer.Option("--policies", metavar="FOLDER", help="The folder of policies.")]


@group.command()
def publish(name: Name, policies: Folder, by: Actor, *, rules: Rules = "", home: Home = "") -> None:
    """Publish a policy as its owner, or an overlay as its grantor: proved, signed and logged. The folder stays as it is."""
    enterprise = name.split("/")[1] if name.startswith(f"{OVERLAYS}/") and name.count("/") > 1 else ""
    read, loaded = _loaded(rules_folder(rules), policies, enterprise)
    policy.archived(read, name)
    if loaded.findings:
        raise CheckFailedError(loaded.findings)
    draft = policy.Draft(read, name, loaded.rulebook)
    with open_home(home_folder(home)) as opened:
        # before the proof, which takes longest
        policy.signing_role(opened, draft, opened.actors.key_of(by, "rulebook", stamp(now())))
        if errors := [finding for finding in _findings(loaded, "") if finding.level == "error"]:
            raise CheckFailedError(errors)
        at = stamp(now())  # only now: others may have written meanwhile, and the log never goes back
        made = policy.publish(opened, draft, opened.actors.key_of(by, "rulebook", at), at)
    count = sum(map(len, made.predicate["versions"].values()))
    say(f"{made.id}: {name}, {count} versions, sha256 {made.sha256}, leaf {made.seq}, known from {made.known}")


@group.command("list")
def list_(*, json: Json = False, home: Home = "") -> None:
    """List the publications with the day on which each became known."""
    with open_home(home_folder(home)) as opened:
        found = [_shape(each) for each in policy.publications(opened)]
    if json:
        say_json(found)
    else:
        rows = [f"{e['id']}  {e['known']}  {e['sha256'][:12]}  {e['name']}  {e['publisher']}" for e in found]
        say("\n".join(rows) or "no policy was published")


@group.command()
def show(name: Name, *, json: Json = False, home: Home = "") -> None:
    """Show the newest publication of a policy or overlay: its signer, its hash, and every version that it froze."""
    with open_home(home_folder(home)) as opened:
        found = [each for each in policy.publications(opened) if name in (each.name, each.id)]
    if not found:
        raise EvidenceError("no-such-record", f"`{name[:60]}` was never published", "`fenji policy list` names what was")
    made = found[-1]
    if json:
        say_json(_shape(made) | {"previous": made.predicate["previous"], "versions": made.predicate["versions"]})
        return
    say(f"{made.id}: {made.name}, known from {made.known}, sha256 {made.sha256}")
    say(f"signed by {made.predicate['publisher']['name']}, {made.predicate['publisher']['unit']}")
    for rule, versions in made.predicate["versions"].items():
        say("\n".join(f"{rule} {valid} {digest[:12]}" for valid, digest in versions.items()))


def _shape(made: policy.Publication) -> dict[str, Any]:
    publisher = made.predicate["publisher"]["sub"]
    return {
        "id": made.id,
        "name": made.name,
        "known": made.known,
        "sha256": made.sha256,
        "leaf": made.seq,
        "publisher": publisher,
    }


def _loaded(rules: Path, folder: str, enterprise: str) -> tuple[Read, Loaded]:
    """Return a folder of policies and the rulebook that it makes with the rules, not yet proved. Raises InputError."""
    try:
        policies = read_folder(Path(folder), enterprise)
        return policies, load_all(merged(files_of(rules), policies), policies.shown)
    except OSError as error:
        raise unreadable(error, folder) from None


def proved(rules: Path, folder: str, pack: str, published: lock.Versions) -> tuple[list[Finding], int]:
    """Return what is wrong with a folder of policies, and how many terms and rules it has. Raises InputError.

    `published` are the versions of policies that the log shows: none of them may be changed, but each may be in another folder.
    The overlays of each enterprise are proved apart: two of them may move the same rule.
    """
    found: list[Finding] = []
    terms: lock.Versions = {}
    for enterprise in ("", *enterprises(Path(folder))):
        policies, loaded = _loaded(rules, folder, enterprise)
        found += _findings(loaded, pack)
        names = policy.names(policies)
        mine = {rule: each for name in names for rule, each in policy.versions_of(loaded.rulebook, name).items()}
        sets = {*policies.data_sets}
        here = {rule: held for rule, held in published.items() if rule in mine or rule.rpartition("/")[0] in sets}
        found += lock.changed(here, loaded.rulebook, legal_day(now()))
        terms |= mine
    if pack and not any(rule.startswith(f"{pack}/") for rule in terms):
        raise InputError("unknown-policy", f"no policy named `{pack[:60]}`", "name OWNER/DATA-SET of the folder", Place(folder))
    return list(dict.fromkeys(found)), sum(rule.startswith(f"{pack}/") or not pack for rule in terms)


def _findings(loaded: Loaded, pack: str) -> list[Finding]:
    """Return what is wrong; the cases of terms and of the rules that overlays bring run once all is otherwise sound."""
    findings = prove(loaded)
    if any(finding.level == "error" for finding in findings):
        return findings
    book = loaded.rulebook
    for name, each in book.packs.items():
        brought = set(each.rules) if each.doc.data_set else {rule for rule in each.rules if book.overlay_of(name, rule)}
        if brought and pack in ("", name):
            findings += cases.run(loaded, name, brought)
    return findings
