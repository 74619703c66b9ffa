"""`fenji rulebook`: publish rules, put them in force, list what was published."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from api.cli.options import (
    Actor,
    Home,
    Json,
    Rules,
    file_bytes,
    home_folder,
    now,
    progress,
    rules_folder,
    say,
    say_json,
    unreadable,
    write_new,
)
from api.cli.rulebooks import of_release
from api.render.streams import drifted
from engine.decide import cases
from engine.errors import CheckFailedError, EvidenceError
from engine.evidence import release
from engine.evidence.installation import Installation, open_home
from engine.evidence.keys import PublicKey
from engine.evidence.log import stamp
from engine.rulebook import lock
from engine.rulebook.check import check as prove
from engine.rulebook.check.calendars import to_come
from engine.rulebook.days import legal_day
from engine.rulebook.load import load_all
from engine.rulebook.locate import files_of
from engine.rulebook.model import Rulebook

app = typer.Typer()
group = typer.Typer(no_args_is_help=True, help="Publish rules, put them in force, list what was published.")
app.add_typer(group, name="rulebook")
And = Annotated[str, typer.Option("--and", metavar="ACTOR", help="The second publisher, another person.")]
Out = Annotated[str, typer.Option("--out", metavar="FILE", help="Write the release as a file, too.")]


@group.command()
def publish(by: Actor, and_by: And, out: Out = "", *, rules: Rules = "", home: Home = "") -> None:
    """Publish the rules folder: checked whole, signed by two publishers, appended to the log. The folder stays as it is."""
    folder = rules_folder(rules)
    try:
        files = files_of(folder)
    except OSError as error:
        raise unreadable(error, str(folder)) from None
    with open_home(home_folder(home)) as opened:
        _signers(opened, by, and_by, stamp(now()))  # before the proof, which takes longest
        rulebook = _proved(folder, files)
        at = stamp(now())  # only now: others may have written meanwhile, and the log never goes back
        made = release.publish(opened, files, rulebook, _signers(opened, by, and_by, at), at)
        if out:
            write_new(out, release.pack_up(opened, made))
    count = sum(map(len, made.predicate["versions"].values()))
    say(f"{made.id}: {count} rule versions, leaf {made.seq}, known from {made.known}")


def _signers(opened: Installation, by: str, and_by: str, at: str) -> list[PublicKey]:
    """Return the keys of two publishers, valid at a moment. Raises SigningError."""
    actors = opened.actors
    keys = [actors.key_of(name, "rulebook", at) for name in (by, and_by)]
    release.two_persons(keys)
    return keys


def _proved(folder: Path, files: release.Files) -> Rulebook:
    """Return the rulebook of some files, checked whole with its cases. Raises CheckFailedError."""
    loaded = load_all(files)
    sound = [*prove(loaded), *to_come(loaded, legal_day(now()))]
    findings = sound or [*cases.run(loaded, None), *lock.check(folder, loaded.rulebook)]
    if errors := [finding for finding in findings if finding.level == "error"]:
        raise CheckFailedError(errors)
    return loaded.rulebook


@group.command()
def activate(what: Annotated[str, typer.Argument(metavar="ID|FILE")], by: Actor, *, home: Home = "") -> None:
    """Put a release in force, all or nothing; one that is unsigned, altered or older is refused and the last good one stays.

    Open cases are answered again under it: how the answer of one moves is recorded in it, with the clauses.
    """
    with open_home(home_folder(home)) as opened:
        at, actors = stamp(now()), opened.actors
        key = actors.key_of(by, "rulebook", at)
        actors.require(key, "publisher", "admin")
        found = next((each for each in release.releases(opened) if each.id == what), None)
        if found is None and not Path(what).exists():
            known = ", ".join(each.id for each in release.releases(opened)) or "none"
            problem = f"`{what[:60]}` is no release of this log, and no file"
            raise EvidenceError("no-such-release", problem, f"the releases are {known}")
        if found is None:
            found, _ = release.open_file(file_bytes(what), actors.trust())
        release.activate(opened, found, key, at)
        say(f"{found.id} is in force")
        _reassess(opened, found, key)


def _reassess(opened: Installation, made: release.Release, key: PublicKey) -> None:
    """Record in every open case how the release moves its answer, and list these."""
    from engine.supervise import reassess  # noqa: PLC0415 - only this command answers cases again
    from engine.supervise.cases import Office  # noqa: PLC0415 - as above
    from engine.supervise.streams import Streams  # noqa: PLC0415 - as above

    office = Office(Streams(opened, of_release(opened, made).rulebook), key, now(), made.id)
    for moved in reassess.affected(office, progress):
        for drift in reassess.record(replace(office, now=now()), [moved]):  # many cases take long, and others write meanwhile
            say(drifted(drift.case, drift.values(made.id), "en"))


@group.command("list")
def list_(*, json: Json = False, home: Home = "") -> None:
    """List the releases with the day on which each became known."""
    with open_home(home_folder(home)) as opened:
        current = release.active(opened)
        found = [
            {
                "id": each.id,
                "known": each.known,
                "rulebook": each.rulebook,
                "leaf": each.seq,
                "in_force": bool(current and current.id == each.id),
                "publishers": [publisher["sub"] for publisher in each.predicate["publishers"]],
            }
            for each in release.releases(opened)
        ]
    if json:
        say_json(found)
    else:
        rows = [
            f"{e['id']}  {e['known']}  {str(e['rulebook'])[:12]}  {'in force' if e['in_force'] else ''}".rstrip() for e in found
        ]
        say("\n".join(rows) or "nothing was published")
