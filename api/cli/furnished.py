"""An installation with something in it: rules in force, decisions, a case, registers, pilots, data sets, accounts of every role.

Everything in it is recorded by the same acts as in a real one; the firms and persons are invented. Its passwords and keys
are made with it and stand in `accounts.json`, so it is for a machine of one's own and for nothing else.
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import typer

from api.access.accounts import Accounts
from api.access.permissions import permissions
from api.cli import case_story, pilot_story, transfer_story
from api.cli.cast import MIIT, POLICIES, PSB, SAMR, people, proposed
from api.cli.options import DEMO, Home, Rules, home_folder, now, say
from api.cli.rulebooks import Beside, of_folder
from api.render import table
from engine.errors import InputError
from engine.evidence import decide, policy, record, release
from engine.evidence.installation import Installation, init, open_home
from engine.evidence.keys import Holder, PublicKey, read_secret, write_secret
from engine.evidence.log import new_id, stamp
from engine.rulebook.closure import closure
from engine.rulebook.days import legal_day
from engine.rulebook.locate import files_of
from engine.rulebook.model import Rulebook
from engine.store.access import AccessStore, Account
from engine.supervise import uscc

app = typer.Typer()
ORIGIN = "demo.fenji.local/log"
FIRM = case_story.BODY + uscc.check_character(case_story.BODY)
PILOT = pilot_story.FIRM + uscc.check_character(pilot_story.FIRM)
# log-in name -> role, actor whose key signs, enterprise, unit
PEOPLE: dict[str, tuple[str, str, str, str]] = {
    "applicant": ("applicant", "case-firm", FIRM, ""),
    "editor": ("editor", "case-firm", FIRM, ""),
    "viewer": ("viewer", "", FIRM, ""),
    "pilot-firm": ("applicant", "zhang", PILOT, ""),
    "intake": ("intake", "case-li", "", MIIT),
    "reviewer": ("reviewer", "case-he", "", MIIT),
    "opinion": ("unit_opinion", "case-wu", "", PSB),
    "decider": ("decider", "chen", "", MIIT),
    "second-decider": ("decider", "case-qian", "", SAMR),
    "author": ("rule_author", "", "", MIIT),
    "publisher": ("rule_publisher", "wang", "", SAMR),
    "second-publisher": ("rule_publisher", "zhao", "", PSB),
    "auditor": ("auditor", "demo-auditor", "", ""),
    "administrator": ("administrator", "", "", ""),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """An account as it is shown: its role, its password, and an API key with all that the role allows."""

    login: str
    role: str
    password: str
    key: str


@app.command("furnish")
def furnish_(*, home: Home = "", rules: Rules = "") -> None:
    """Make an installation with invented cases, pilots, data sets and accounts of every role; show the accounts."""
    folder = home_folder(home)
    if (folder / "home.json").exists() and not (folder / DEMO).exists():
        raise InputError("exists", f"`{folder}` is an installation, and not a demo's", "name another folder with --home")
    rows = [(each.login, each.role, each.password, each.key) for each in furnish(folder, rules)]
    say(table.render(("login", "role", "password", "API key"), rows))
    say(str(folder / DEMO))
    say("These accounts come in with a password alone: a demo's. POST /v1/accounts/me/one-time-password gives a second factor.")


def furnish(home: Path, rules: str) -> list[Shown]:
    """Make the installation at `home` and return its accounts, or those of one that is there. Raises what its acts raise.

    It is made beside and renamed at the end, so that half of one is never served.
    """
    if (home / DEMO).exists():
        return [Shown(**each) for each in json.loads(read_secret(home / DEMO))]
    part = home.with_name(f"{home.name}.{secrets.token_hex(4)}.part")
    chosen = of_folder(rules)
    try:
        _filled(part, chosen.rulebook, chosen.folder or Path())
        found = list(_accounts(part))
        text = json.dumps([{name: getattr(each, name) for name in Shown.__slots__} for each in found])
        write_secret(part / DEMO, text.encode())
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    part.rename(home)
    return found


def _filled(home: Path, rulebook: Rulebook, folder: Path) -> None:
    """Record what the demo shows, as of an hour ago: the stories let time pass, and the log never goes back."""
    start = now() - timedelta(hours=1)
    init(home, ORIGIN, "sqlite:store.db", stamp(start))
    with open_home(home) as opened:
        official, publishers = people(opened, stamp(start))
        published = release.publish(opened, files_of(folder), rulebook, publishers, stamp(start))
        release.activate(opened, published, publishers[0], stamp(start))
        opened.add_actor(Holder("demo-auditor", "周审", "市审计局", ("auditor",)), "decision", stamp(start), official)
        _decisions(opened, rulebook, folder, official, published.id, start)
        _data_sets(opened, folder, official, stamp(start))
        for story in (case_story, transfer_story, pilot_story):
            story.told(opened, rulebook, folder, official, start)


def _decisions(home: Installation, rulebook: Rulebook, folder: Path, official: PublicKey, published: str, at: datetime) -> None:
    """Record what the rules propose for the sample products, filed by the demo's firm."""
    of = record.rules(closure(rulebook, "nanjing-tiering"))
    asked = [
        replace(proposed(rulebook, of, path, legal_day(at), official, published), filed_by=FIRM, now=at)
        for path in sorted(folder.glob("samples/nanjing-tiering/*.yaml"))
    ]
    made = [decide.prepare(home, each) for each in asked]
    if made:
        home.record([each.entry for each in made], [blob for each in made for blob in each.blobs])


def _data_sets(home: Installation, folder: Path, official: PublicKey, at: str) -> None:
    """Publish the sample policies as their owners."""
    read = of_folder(str(folder), Beside(str(folder / POLICIES)))
    if read.policies is None:
        return
    for name in read.policies.data_sets:
        owner = Holder(f"owner-{name.replace('/', '-')}", "数据官", name.partition("/")[0], ("owner",))
        key = home.add_actor(owner, "rulebook", at, official)
        policy.publish(home, policy.Draft(read.policies, name, read.rulebook), key, at)


def _accounts(home: Path) -> Iterator[Shown]:
    """Make the accounts; a password here is a secret of the demo, so no one-time password stands beside it."""
    store, table = AccessStore(home / "access.db"), permissions()
    try:
        accounts = Accounts(store, read_secret(home / "keys" / "master"))
        for login, (role, actor, enterprise, unit) in PEOPLE.items():
            password = secrets.token_urlsafe(12)
            made = accounts.add(Account(new_id(now()), login, actor, (role,), enterprise, unit), password)
            scopes = tuple(action for action in table.actions if table.may_ever(role, action))
            yield Shown(login, role, password, accounts.make_key(made, scopes, now()))
    finally:
        store.close()
