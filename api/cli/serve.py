"""`fenji serve`: the HTTP interface; `fenji account`: who may log in to it."""

from __future__ import annotations

import fcntl
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from api.cli.options import DEMO, Home, Json, Policies, Rules, file_bytes, home_folder, now, say, say_json
from api.cli.rulebooks import Beside, Chosen, choose_for_record, of_folder
from engine.errors import InputError, Place, StoreError
from engine.evidence.installation import Installation, open_home, settings
from engine.evidence.keys import read_secret
from engine.evidence.log import new_id, stamp
from engine.store.access import AccessStore, Account

app = typer.Typer()
group = typer.Typer(no_args_is_help=True, help="Accounts for the HTTP interface.")
app.add_typer(group, name="account")
Login = Annotated[str, typer.Argument(metavar="LOGIN")]
Roles = Annotated[list[str], typer.Option("--role", metavar="ROLE", help="A role of api/access/permissions.yaml; repeat it.")]


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on; TLS is for a proxy before it.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535)] = 8080,
    *,
    draft: Annotated[str, typer.Option("--draft", metavar="FOLDER", help="Rules in preparation, for replays under them.")] = "",
    rules: Rules = "",
    policies: Policies = "",
    home: Home = "",
) -> None:
    """Serve the HTTP interface until interrupted; its pages for people are at /docs."""
    import uvicorn  # noqa: PLC0415 - only this command serves

    from api.http import logs  # noqa: PLC0415 - as above
    from api.http.app import create  # noqa: PLC0415 - as above
    from api.http.office import Settings  # noqa: PLC0415 - as above
    from api.http.protocol import Timely  # noqa: PLC0415 - as above

    folder = home_folder(home)
    settings(folder)  # says what is missing before a server starts
    if (folder / DEMO).exists() and host not in ("127.0.0.1", "::1", "localhost"):
        problem = f"`{host[:60]}` is not this machine, and the passwords of a demo are no secret"
        raise InputError("not-here", problem, "leave it out, or serve an installation of `fenji init`")

    def share(opened: Installation, known: str, enterprise: str) -> Chosen:
        return choose_for_record(opened, rules, known, Beside(policies, enterprise))

    preparing = (lambda: of_folder(draft)) if draft else None
    served = create(Settings(folder, now, lambda opened, day: choose_for_record(opened, rules, day), preparing, share))
    with alone(folder):
        logs.configure()
        uvicorn.run(served, host=host, port=port, http=Timely, log_config=None, access_log=False, server_header=False)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Be the only server of an installation: two would take each other's jobs, and count rates apart. Raises StoreError.

    The lock ends with the process, however it ends. Commands need no turn: the store orders who writes.
    """
    with (folder / "serving.lock").open("a") as turn:
        try:
            fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreError(
                "served", "another process serves this installation", "stop it first, or serve another one"
            ) from None
        yield


@group.command()
def provider(
    issuer: Annotated[str, typer.Argument(metavar="ISSUER", help="The address that the identity provider calls itself.")],
    client: Annotated[str, typer.Option("--client", metavar="ID", help="What the provider knows this installation by.")],
    secret: Annotated[str, typer.Option("--secret", metavar="FILE", help="A file with the secret it gave; `-` reads it.")],
    address: Annotated[str, typer.Option("--address", metavar="URL", help="Where browsers find this installation.")],
    *,
    home: Home = "",
) -> None:
    """Let people in through an OpenID Connect provider; an administrator links each person's account to their subject there."""
    from api.access.provider import Provider, write_provider  # noqa: PLC0415 - as in `add`

    folder = home_folder(home)
    settings(folder)
    try:
        given = file_bytes(secret, 10_000).decode().strip()
    except UnicodeDecodeError:
        raise InputError(
            "not-utf8", "the secret is no text in UTF-8", "write it as the provider gave it", Place(secret)
        ) from None
    write_provider(folder, Provider(issuer, client, given, f"{address.rstrip('/')}/v1/oidc/callback"))
    say(f"{issuer} -> {address.rstrip('/')}/v1/oidc/callback")


@group.command()
def add(
    login: Login,
    role: Roles,
    actor: Annotated[str, typer.Option("--actor", metavar="ACTOR", help="Whose key signs; `fenji actor add` makes one.")] = "",
    enterprise: Annotated[str, typer.Option(metavar="CODE", help="The unified code of the account's enterprise.")] = "",
    unit: Annotated[str, typer.Option(metavar="UNIT", help="The official's unit.")] = "",
    *,
    json: Json = False,
    home: Home = "",
) -> None:
    """Add an account; its password and the secret of its one-time passwords are made here and printed this once."""
    from api.access import fitting  # noqa: PLC0415 - Argon2 is not needed to serve help
    from api.access.accounts import Accounts  # noqa: PLC0415 - as above

    folder = home_folder(home)
    settings(folder)
    store = AccessStore(folder / "access.db")
    try:
        accounts = Accounts(store, read_secret(folder / "keys" / "master"))
        if not login.strip():
            raise InputError("no-name", "the log-in name is empty", "give one")
        password = secrets.token_urlsafe(18)
        made = Account(new_id(now()), login, actor, tuple(role), enterprise, unit)
        with open_home(folder) as opened:
            fitting.require(made, opened.actors, stamp(now()))
        made = accounts.add(made, password)
        found = {"login": login, "password": password, "one_time_secret": accounts.set_totp(made)}
    finally:
        store.close()
    if json:
        say_json(found)
    else:
        say("\n".join(f"{name}: {value}" for name, value in found.items()))
