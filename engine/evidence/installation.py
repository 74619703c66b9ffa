"""An installation: its folder with store, vault and keys, and the one way in which statements become records.

home.json   the name of the log and the address of the store
store.db    the store, unless home.json names a PostgreSQL server
vault.db    the keys of sealed facts, wrapped by keys/master
keys/       private keys, one file each, named by key id; `master` of the vault, `hashing` of keyed hashes
checkpoint  the last published head, for comparison after a restore
"""

from __future__ import annotations

import fcntl
import hmac
import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self, TypeVar

from engine.errors import EvidenceError, Place, SigningError, StoreError
from engine.evidence import canonical, dsse, keys
from engine.evidence.actors import Actors, Revocation, actor_statement, fold, revocation_statement
from engine.evidence.keys import FileSigner, Holder, PublicKey, Purpose, Signer
from engine.evidence.log import Log, Published, leaf
from engine.evidence.merkle import leaf_hash
from engine.evidence.note import read_checkpoint
from engine.store import reading
from engine.store.append import Head, Projection, Row
from engine.store.opening import Store, create, open_store
from engine.store.vault import Vault, seal

FORMAT = "fenji-home/1"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entry:
    """A statement to record: its id, kind and bytes, who signs it, and the facts to seal."""

    id: str
    kind: str
    payload: bytes
    at: str
    signers: tuple[Signer, ...] = ()
    supersedes: str | None = None
    facts: bytes = b""
    sealed: tuple[str, int, bytes, bytes] | None = None  # instead of `facts`: another generation of an earlier record's
    event: tuple[str, int] | None = None  # its place in a stream
    projection: Projection | None = None  # the stream after it


ACTING = ("actor", "revocation")  # the kinds of records that make the table of actors


class Installation:
    """An open installation; it is a context manager."""

    def __init__(self, home: Path, origin: str, store: Store) -> None:
        """Hold what `open_home` found."""
        self.home = home
        self.origin = origin
        self.store = store
        self._remembered: dict[tuple[str, ...], tuple[int, Any]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give back every connection."""
        if "vault" in self.__dict__:
            self.vault.close()
        self.store.close()

    @cached_property
    def vault(self) -> Vault:
        """The vault; it is made beside a store without facts only. Raises SigningError, StoreError."""
        self.require_vault()
        master = keys.read_secret(self.home / "keys" / "master")
        if len(master) != 32:  # noqa: PLR2004 - AES-256
            path = str(self.home / "keys" / "master")
            raise SigningError("no-key", "the master key is not 32 bytes", "restore it from where you keep it", Place(path))
        return Vault(self.home / "vault.db", master)

    def require_vault(self) -> None:
        """Refuse to go on without the keys of facts that the store holds: their loss is no erasure. Raises StoreError."""
        path = self.home / "vault.db"
        try:
            there = path.stat().st_size > 0
        except OSError:
            there = False
        if not there and reading.has_sealed(self.store):
            problem = "the vault of this installation is gone, and with it the keys of the facts in its store"
            remedy = (
                "put vault.db back from where you keep it: no backup of the store holds it, and nothing else opens these facts"
            )
            raise StoreError("no-vault", problem, remedy, Place(str(path)))

    @property
    def actors(self) -> Actors:
        """The table of actors as the log stands. Raises StoreError."""
        return self.remembered(ACTING, lambda: fold(self.origin, reading.of_kind(self.store, *ACTING)))

    def remembered(self, kinds: tuple[str, ...], make: Callable[[], T]) -> T:
        """Return what `make` reads from the records of some kinds that are few, read anew once another of them was recorded."""
        newest = reading.newest_of_kind(self.store, *kinds)
        kept = self._remembered.get(kinds)
        if kept is None or kept[0] != newest:  # records only ever come behind those that are there
            kept = self._remembered[kinds] = newest, make()
        found: T = kept[1]
        return found

    @cached_property
    def _hashing(self) -> bytes:
        """The key of keyed hashes. Raises SigningError."""
        return keys.read_secret(self.home / "keys" / "hashing")

    def keyed(self, kind: str, value: str) -> str:
        """Return the keyed hash (HMAC-SHA-256, RFC 2104) by which a person or a firm is found without being named."""
        return hmac.new(self._hashing, f"{kind}\0{value}".encode(), "sha256").hexdigest()

    def signer(self, key: PublicKey) -> FileSigner:
        """Return the signer of a key of this installation. Raises SigningError."""
        return keys.load(self.home / "keys" / f"{key.keyid}.pem")

    def log(self, at: str) -> Log:
        """Return the log, signed by every log key that is valid at a time. Raises SigningError when there is none."""
        valid = [
            key
            for key in self.actors.keys
            if key.purpose == "log"
            and not key.compromised
            and key.valid_from <= at
            and (key.valid_until is None or at < key.valid_until)
        ]
        if not valid:
            raise SigningError("no-log-key", "the log has no valid key", "make one with `fenji actor add --purpose log`")
        return Log(self.store.appender, self.origin, [self.signer(key) for key in valid])

    def record(self, entries: Sequence[Entry], blobs: Iterable[tuple[str, bytes]] = (), log: Log | None = None) -> Published:
        """Record entries in one durable group under one checkpoint. Raises StoreError, SigningError.

        Nothing was recorded then, unless the code is `in-doubt` or `not-kept`.
        """
        log = log or self.log(entries[0].at)
        rows = self._rows(entries)
        try:
            published = log.append(rows, blobs)
        except StoreError as error:
            if error.finding.code != "in-doubt":  # else the keys of facts that were not recorded are in the way of trying again
                for each in entries:
                    if each.facts:
                        self.vault.destroy(each.id, 1)
            raise
        self._keep(published.head)
        return published

    def head(self) -> Head | None:
        """Return the published head, None for an empty log. Raises StoreError unless it extends the one kept outside."""
        kept = kept_checkpoint(self.home)  # before the store: another writer may publish between the two readings
        head = self.store.appender.head()
        if kept and (head is None or head.size < kept[0]):
            found = head.size if head else 0
            problem = f"the store has {found} records, but {kept[0]} were published"
            raise StoreError("old-backup", problem, "restore a newer backup", Place(str(self.home / "checkpoint")))
        published = reading.checkpoint_at(self.store, kept[0]) if kept else None
        if kept and (published is None or (published.size, published.root) != kept):
            problem = f"the head of {kept[0]} records that was published is not in the store: the log forked"
            raise StoreError("forked", problem, "restore the store that was published", Place(str(self.home / "checkpoint")))
        return head

    def next_id(self, kind: str) -> str:
        """Return the id of the next record of a kind that is few: its number; two writers at once cannot take the same."""
        return f"{kind}-{len(reading.of_kind(self.store, kind)) + 1}"

    def add_actor(self, holder: Holder, purpose: Purpose, at: str, by: PublicKey | None) -> PublicKey:
        """Make a key for a holder and record it; `by` is an administrator, None at first. Raises SigningError, StoreError."""
        made = self._make(holder, purpose, at)
        signer = self.signer(made)
        payload = actor_statement(made, by.holder.sub if by else None, at)
        signers = (signer, self.signer(by)) if by else (signer,)
        entry = Entry(self.next_id("actor"), "actor", payload, at, signers)
        first = None if by else Log(self.store.appender, self.origin, [signer]) if purpose == "log" else None
        self.record([entry], log=first)
        return made

    def revoke(self, revocation: Revocation, at: str, by: PublicKey) -> None:
        """Record that a key is retired or compromised. Raises SigningError, StoreError, EvidenceError."""
        payload = revocation_statement(revocation, by.holder.sub, at)
        self.actors.require_left(revocation.keyid, at)
        self.record([Entry(self.next_id("revocation"), "revocation", payload, at, (self.signer(by),))])

    def _make(self, holder: Holder, purpose: Purpose, at: str) -> PublicKey:
        """Write a new private key under its own id and return the public one."""
        folder = self.home / "keys"
        part = folder / f"new-{os.getpid()}.pem"
        signer = keys.make(part)
        part.rename(folder / f"{keys.keyid(signer.public)}.pem")
        return PublicKey(signer.public, purpose, holder, at)

    def _rows(self, entries: Sequence[Entry]) -> list[Row]:
        sealed = {entry.id: entry.sealed for entry in entries if entry.sealed}
        with_facts = [entry for entry in entries if entry.facts]
        if with_facts:
            made = self.vault.make([(entry.id, 0) for entry in with_facts])
            for entry, key in zip(with_facts, made, strict=True):
                sealed[entry.id] = (entry.id, 0, *seal(key, entry.id, 0, entry.facts))
        rows = []
        for entry in entries:
            signatures = "[]"
            if entry.signers:
                envelope = json.loads(dsse.seal(dsse.STATEMENT, entry.payload, entry.signers))
                signatures = canonical.encode(envelope["signatures"]).decode()
            digest = leaf_hash(leaf(entry.kind, entry.payload))
            rows.append(
                Row(
                    entry.id,
                    entry.kind,
                    digest,
                    entry.payload,
                    signatures,
                    entry.at,
                    entry.supersedes,
                    sealed.get(entry.id),
                    entry.event,
                    entry.projection,
                )
            )
        return rows

    def _keep(self, head: Head) -> None:
        """Write the head beside the store, where a rollback of the store does not reach it; never a smaller one than is there."""
        part = self.home / f"checkpoint.{os.getpid()}"
        try:
            with (self.home / "checkpoint.lock").open("a") as turn:
                fcntl.flock(turn, fcntl.LOCK_EX)  # two writers may come here in another order than they committed
                kept = kept_checkpoint(self.home)
                if kept and kept[0] >= head.size:
                    return
                with part.open("w", encoding="utf-8") as out:
                    out.write(head.note)
                    out.flush()
                    os.fsync(out.fileno())  # or a power loss leaves an empty file under the new name
                part.replace(self.home / "checkpoint")
        except (OSError, EvidenceError) as error:
            told = error.strerror if isinstance(error, OSError) else error.finding.problem
            problem = f"this was recorded, but its checkpoint cannot be kept beside the store: {told}"
            raise StoreError("not-kept", problem, "mend the folder; do not record this again", Place(str(part))) from None


def kept_checkpoint(home: Path) -> tuple[int, bytes] | None:
    """Return size and root of the checkpoint that an installation keeps outside its store, or None. Raises EvidenceError."""
    path = home / "checkpoint"
    try:
        found = read_checkpoint(path.read_bytes().decode("utf-8", "replace"))
    except FileNotFoundError:
        return None
    except (OSError, EvidenceError):
        remedy = (
            "put back the last one that was published, from a mirror or a receipt: without it a rolled back store goes unseen"
        )
        raise EvidenceError(
            "bad-checkpoint", "the checkpoint kept beside the store cannot be read", remedy, Place(str(path))
        ) from None
    return found.size, found.root


def init(home: Path, origin: str, address: str, at: str) -> PublicKey | None:
    """Make an installation and return its log key; upgrade the schema of one that exists. Raises StoreError."""
    config = home / "home.json"
    if config.exists():
        create(settings(home)[1])
        _secrets(home)
        open_home(home).close()
        return None
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            "no-home", f"the folder cannot be made: {error.strerror}", "choose another --home", Place(str(home))
        ) from None
    _secrets(home)
    keys.write_secret(config, canonical.dumps({"format": FORMAT, "origin": origin, "store": address}))
    with Installation(home, origin, open_store(_address(home, address), make=True)) as made:
        if made.store.appender.head() is None:
            return made.add_actor(Holder("log", origin, "", ()), "log", at, None)
    return None


def _secrets(home: Path) -> None:
    """Make what is missing of the master key of the vault and the key of keyed hashes. Raises SigningError.

    A lost master key is not made anew beside a vault: the facts that it seals would be given up without a word.
    """
    for name in ("master", "hashing"):
        path = home / "keys" / name
        if name == "master" and (home / "vault.db").exists() and not path.exists():
            remedy = "restore it from where you keep it; without it no sealed fact can be read"
            raise SigningError("no-key", "the master key of the vault is missing", remedy, Place(str(path)))
        if not path.exists():
            keys.write_secret(path, os.urandom(32))


def open_home(home: Path) -> Installation:
    """Open an installation.

    Raises StoreError when there is none, its store lies behind its last published checkpoint, or its vault is gone.

    Raises EvidenceError when that checkpoint cannot be read.
    """
    origin, address = settings(home)
    found = Installation(home, origin, open_store(address))
    try:
        found.head()
        found.require_vault()
    except (StoreError, EvidenceError):
        found.close()
        raise
    return found


def settings(home: Path) -> tuple[str, str]:
    """Return the name of the log and the address of the store. Raises StoreError, EvidenceError."""
    path = home / "home.json"
    try:
        value = canonical.loads(path.read_bytes(), "home.json")
    except OSError:
        raise StoreError("no-home", "there is no installation here", "make one with `fenji init`", Place(str(home))) from None
    keys.fields(value, {"format", "origin", "store"}, "home.json")
    return value["origin"], _address(home, value["store"])


def _address(home: Path, address: str) -> str:
    """Return the address of the store; a relative file lies in the installation's folder."""
    return f"sqlite:{home / address.removeprefix('sqlite:')}" if address.startswith("sqlite:") else address
