"""`fenji actor`: who may sign what, from when to when."""

from __future__ import annotations

from typing import Annotated, cast

import typer

from api.cli.options import Home, Json, home_folder, now, say, say_json
from engine.errors import InputError
from engine.evidence import canonical
from engine.evidence.actors import ROLES, Revocation
from engine.evidence.installation import Installation, open_home
from engine.evidence.keys import PURPOSES, Holder, PublicKey, Purpose
from engine.evidence.log import stamp

app = typer.Typer()
group = typer.Typer(no_args_is_help=True, help="Who may sign what, from when to when.")
app.add_typer(group, name="actor")
Sub = Annotated[str, typer.Argument(metavar="ACTOR", help="A short name for the person.")]
Name = Annotated[str, typer.Option("--name", help="The person's name.")]
Unit = Annotated[str, typer.Option("--unit", help="The person's unit.")]
Role = Annotated[list[str], typer.Option("--role", help=f"One of {', '.join(ROLES)}; may be repeated.")]
For = Annotated[
    list[str], typer.Option("--purpose", help=f"One of {', '.join(PURPOSES)}; may be repeated.", show_default="decision")
]
By = Annotated[str, typer.Option("--as", metavar="ADMIN", help="The administrator who adds; nobody for the first actor.")]


@group.command()
def add(sub: Sub, name: Name, unit: Unit, role: Role, purpose: For = ["decision"], by: By = "", *, home: Home = "") -> None:  # noqa: B006 - typer copies it
    """Make keys for a person and record them. The first actor must be an administrator; an actor may add keys to rotate them."""
    if unknown := [each for each in role if each not in ROLES] + [each for each in purpose if each not in PURPOSES]:
        raise InputError("unknown-role", f"there is no role or purpose `{unknown[0][:40]}`", f"{', '.join((*ROLES, *PURPOSES))}")
    at = stamp(now())
    with open_home(home_folder(home)) as opened:
        admin = _admin(opened, by, role, at)
        holder = Holder(sub, name, unit, tuple(role))
        for each in purpose:
            made = opened.add_actor(holder, cast("Purpose", each), at, admin)
            say(f"{sub}: {each} key {made.keyid}")


def _admin(opened: Installation, by: str, role: list[str], at: str) -> PublicKey | None:
    people = [key for key in opened.actors.keys if key.purpose != "log"]
    if people:
        key = opened.actors.key_of(by, "decision", at)
        opened.actors.require(key, "admin")
        return key
    if "admin" not in role:
        raise InputError("no-admin", "the first actor must be an administrator", "add `--role admin`")
    return None


@group.command("list")
def list_(*, json: Json = False, home: Home = "") -> None:
    """List every key with its holder, purpose and window."""
    with open_home(home_folder(home)) as opened:
        keys = [key.to_json() for key in opened.actors.keys]
    if json:
        say_json(keys)
        return
    for key in keys:
        holder, until = key["holder"], key["valid_until"] or ""
        state = f" compromised since {key['compromised']['since']}" if key["compromised"] else ""
        roles = ",".join(holder["roles"])
        say(
            f"{key['keyid'][:16]} {key['purpose']:8} {holder['sub']} {holder['unit']} {roles} {key['valid_from']}..{until}{state}"
        )


@group.command()
def trust(*, home: Home = "") -> None:
    """Print the trust file of this installation: pass it to verifiers by a channel of its own."""
    with open_home(home_folder(home)) as opened:
        say(canonical.dumps(opened.actors.trust().to_json()).decode())


@group.command()
def revoke(
    keyid: Annotated[str, typer.Argument(metavar="KEYID", help="The id of the key, or its beginning.")],
    reason: Annotated[str, typer.Option("--reason", help="retired or compromised.")],
    by: Annotated[str, typer.Option("--as", metavar="ADMIN", help="The administrator.")],
    since: Annotated[str, typer.Option("--since", metavar="TIME", help="RFC 3339 in UTC.", show_default="now")] = "",
    size: Annotated[
        int, typer.Option("--size", help="compromised: distrust what was logged from this leaf on; -1 from now.")
    ] = -1,
    *,
    home: Home = "",
) -> None:
    """Retire a key, or declare it compromised: what it signed from a leaf on counts no longer."""
    at = stamp(now())
    with open_home(home_folder(home)) as opened:
        admin = opened.actors.key_of(by, "decision", at)
        opened.actors.require(admin, "admin")
        found = [key for key in opened.actors.keys if key.keyid.startswith(keyid)]
        if len(found) != 1:
            raise InputError("unknown-key", f"`{keyid[:64]}` names {len(found)} keys", "`fenji actor list` shows their ids")
        opened.revoke(Revocation(found[0].keyid, reason, since or at, None if size < 0 else size), at, admin)
    say(f"{found[0].keyid}: {reason}")
