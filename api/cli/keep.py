"""`fenji init`, `log`, `fsck`, `erase`, `backup` and `restore`: for those who keep an installation."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from api.cli.options import Home, Json, file_bytes, home_folder, now, progress, say, say_json, unreadable
from engine.errors import InputError, StoreError
from engine.evidence import backup as backups
from engine.evidence import erase as erasing
from engine.evidence import tiles
from engine.evidence.discounted import discounted
from engine.evidence.fsck import fsck as derive
from engine.evidence.installation import Installation, open_home
from engine.evidence.installation import init as make
from engine.evidence.log import leaf, stamp
from engine.evidence.note import vkey
from engine.store import reading
from engine.store.guarding import require_guarded, require_indexed

app = typer.Typer()
Address = Annotated[
    str, typer.Option("--store", metavar="ADDRESS", help="sqlite:FILE or postgresql://...; the folder's own file.")
]
Origin = Annotated[
    str, typer.Option("--origin", metavar="NAME", help="The name of the log, unique in the world, such as a domain.")
]
Checkpoint = Annotated[
    str,
    typer.Option("--checkpoint", metavar="FILE", help="A checkpoint kept outside the store.", show_default="the installation's"),
]
FileName = Annotated[str, typer.Argument(metavar="FILE")]


@app.command()
def init(address: Address = "sqlite:store.db", origin: Origin = "", *, home: Home = "") -> None:
    """Make an installation: a store, a vault, and the key of its log; or upgrade the schema of one that exists."""
    folder = home_folder(home)
    name = origin or f"fenji.local/{os.urandom(6).hex()}"
    if any(character in name for character in " +\n") or not name.isprintable():
        raise InputError("bad-name", "the name of a log has no space, plus sign or line break", "use a domain and a path")
    key = make(folder, name, address, stamp(now()))
    say(f"{folder}: {vkey(name, key.public)}" if key else f"{folder}: the schema is current")


@app.command()
def log(
    tiles_to: Annotated[
        str, typer.Option("--tiles", metavar="FOLDER", help="Export the log as static files (C2SP tlog-tiles).")
    ] = "",
    *,
    json: Json = False,
    home: Home = "",
) -> None:
    """List the records, oldest first; or export the log as tiles that any mirror can serve."""
    with open_home(home_folder(home)) as opened:
        if tiles_to:
            _export(opened, Path(tiles_to))
            return
        for each in reading.records(opened.store):
            if json:
                say_json({"leaf": each.seq, "id": each.id, "kind": each.kind, "at": each.at, "supersedes": each.supersedes})
            else:
                say(f"{each.seq:8} {each.at} {each.kind:10} {each.id}")


def _export(opened: Installation, folder: Path) -> None:
    head = opened.head()
    if head is None:
        raise InputError("empty-log", "the log has no records", "record something first")

    def leaves(first: int, end: int) -> Iterator[bytes]:
        return (leaf(each.kind, each.payload) for each in islice(reading.records(opened.store, first), end - first))

    try:
        written = tiles.export(folder, head.note, opened.store.appender.hash, leaves)
    except OSError as error:
        raise unreadable(error, str(folder)) from None
    say(f"{folder}: {head.size} entries, {written} files written")


@app.command()
def fsck(checkpoint: Checkpoint = "", *, json: Json = False, home: Home = "") -> None:
    """Derive every leaf, root, link and signature again, and every stream from its events; name the first bad thing.

    Exits 0 sound, 1 sound, but records no longer count since a key is compromised (each is named), 2 when something is wrong.
    """
    from engine.supervise.audit import audit  # noqa: PLC0415 - only this command judges events again

    folder = home_folder(home)
    with open_home(folder) as opened:
        kept = _kept(folder, checkpoint)  # before the snapshot: another writer may publish between the two
        with reading.snapshot(opened.store):
            found = derive(opened, kept, progress)
            audit(opened, progress)
            with reading.connected(opened.store) as connection:
                require_guarded(connection)
                require_indexed(connection)
            void = discounted(opened)
    if json:
        say_json({**found, "discounted": [asdict(each) for each in void]})
    else:
        say(", ".join(f"{count} {name}" for name, count in found.items()) + ": all derived again")
        if void:
            say(f"remark: {len(void)} records no longer count, since a key was compromised before they were logged:")
        for each in void:
            say(f"  {each.seq} {each.kind} {each.id}: the key of {each.sub}")
    raise typer.Exit(1 if void else 0)


def _kept(folder: Path, checkpoint: str) -> str | None:
    """Return the checkpoint that is kept outside the store: of a file, else the installation's."""
    if checkpoint:
        return file_bytes(checkpoint).decode("utf-8", "replace")
    path = folder / "checkpoint"
    return file_bytes(str(path)).decode("utf-8", "replace") if path.exists() else None


@app.command()
def erase(
    decision: Annotated[str, typer.Argument(metavar="ID")] = "",
    names: Annotated[list[str], typer.Argument(metavar="FACT...", help="Names as in the facts of a bundle; * for all.")] = [],  # noqa: B006 - typer copies it
    basis: Annotated[str, typer.Option("--basis", help="The legal basis, as `PIPL 47`.")] = "",
    by: Annotated[str, typer.Option("--as", metavar="ACTOR", help="The first approver.")] = "",
    and_by: Annotated[str, typer.Option("--and", metavar="ACTOR", help="The second approver, another person.")] = "",
    although: Annotated[str, typer.Option("--although", metavar="TEXT", help="Why it goes while a case still needs it.")] = "",
    *,
    finish: Annotated[bool, typer.Option("--finish", help="Destroy again what tombstones say is gone.")] = False,
    home: Home = "",
) -> None:
    """Erase facts for ever: of a decision, or of a filing or case in all its records; records, roots and receipts stay valid.

    Of a filing or case an approver is an official of the unit in charge, and neither is recused in it.
    """
    from engine.supervise import records  # noqa: PLC0415 - only this command reads streams

    at = stamp(now())
    with open_home(home_folder(home)) as opened:
        if finish:
            say(f"{erasing.finish(opened)} keys destroyed")
            return
        approvers = [opened.actors.key_of(name, "decision", at) for name in (by, and_by)]
        wish = erasing.Wish(decision, tuple(names), basis)
        erased = records.erase_facts(opened, wish, approvers, at, although)
    for each in erased:
        say(f"{each.tombstone}: {', '.join(each.names)} erased")


@app.command()
def backup(file: FileName, *, home: Home = "") -> None:
    """Copy the store to a new file; the vault is kept apart, so that no backup brings erased facts back."""
    with open_home(home_folder(home)) as opened:
        say(f"{file}: {backups.backup(opened, Path(file))} records")


@app.command()
def restore(file: FileName, checkpoint: Checkpoint = "", *, home: Home = "") -> None:
    """Put a backup in the place of the store, unless it is older than the last published checkpoint."""
    folder = home_folder(home)
    if not (folder / "home.json").exists():
        raise StoreError("no-home", "there is no installation here", "make one with `fenji init`")
    size = backups.restore(folder, Path(file), _kept(folder, checkpoint), progress)
    say(f"{file}: {size} records restored")
