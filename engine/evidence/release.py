"""Releases: the rules as published - signed by two persons, logged, and put in force all or nothing.

The day on which a rule version became known is the day of the release that the log shows; no author types it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.errors import EvidenceError, SigningError
from engine.evidence import archive, canonical, dsse, merkle
from engine.evidence.installation import Entry, Installation
from engine.evidence.keys import PublicKey, Trust
from engine.evidence.log import leaf
from engine.evidence.note import Receipt, read_checkpoint, read_receipt, signed_by
from engine.evidence.statement import actor_json, wrap
from engine.rulebook import lock
from engine.rulebook.closure import closure
from engine.rulebook.days import day_known
from engine.rulebook.load import digest, load_all
from engine.rulebook.model import Rulebook
from engine.store import reading
from engine.store.reading import Record

Files = list[tuple[str, bytes]]
ENVELOPE, RECEIPT, FOLDER = "release.dsse.json", "receipt.tlog-proof", "rules/"
PERSONS = 2


@dataclass(frozen=True, slots=True)
class Release:
    """A published rulebook: its id, where it stands in the log, and what it says of itself."""

    id: str
    seq: int
    at: str
    predicate: dict[str, Any]

    @property
    def known(self) -> str:
        """The legal day from which it is known."""
        return day_known(self.at)

    @property
    def rulebook(self) -> str:
        """The digest of its rule files."""
        return str(self.predicate["rulebook"])


def releases(home: Installation) -> list[Release]:
    """Return every release, oldest first. Raises StoreError."""
    return [_release(each) for each in reading.of_kind(home.store, "release")]


def _release(each: Record) -> Release:
    predicate = canonical.loads(each.payload, f"the record {each.id}")["predicate"]
    return Release(each.id, each.seq, each.at, predicate)


def active(home: Installation) -> Release | None:
    """Return the release in force, None before the first. Raises StoreError."""
    switched = reading.of_kind(home.store, "activation")
    if not switched:
        return None
    wanted = canonical.loads(switched[-1].payload, "an activation")["predicate"]["release_id"]
    return next(each for each in releases(home) if each.id == wanted)


def known(home: Installation, day: str) -> Release:
    """Return the newest release known at the end of a legal day (YYYY-MM-DD). Raises EvidenceError when there was none."""
    found = [each for each in releases(home) if each.known <= day]
    if not found:
        raise EvidenceError("nothing-known", f"no rulebook was published by {day}", "choose a later --known-at")
    return found[-1]


def files_of(home: Installation, release: Release) -> Files:
    """Return the rule files of a release. Raises EvidenceError when the store lost them."""
    data = reading.blob(home.store, release.predicate["archive_sha256"])
    if data is None or canonical.sha256(data) != release.predicate["archive_sha256"]:
        raise EvidenceError("damaged", f"the archive of release {release.id} is missing or changed", "restore a backup")
    return sorted(archive.read(data, f"release {release.id}").items())


def publish(home: Installation, files: Files, rulebook: Rulebook, publishers: list[PublicKey], at: str) -> Release:
    """Record the rules as a release of two persons. Raises SigningError, and EvidenceError when a published version changed."""
    two_persons(publishers)
    before = releases(home)
    versions = lock.versions(rulebook)
    if before and before[-1].rulebook == rulebook.digest:
        problem = f"these rules are published as they are, in {before[-1].id}"
        raise EvidenceError("already-published", problem, "there is nothing to publish")
    if before:  # the last holds what those before it froze
        lock.require_kept(before[-1].predicate["versions"], rulebook, date.fromisoformat(day_known(at)))
    data = archive.write(dict(files))
    release_id, archive_sha256 = home.next_id("release"), canonical.sha256(data)
    predicate: dict[str, Any] = {
        "release_id": release_id,
        "previous": before[-1].id if before else None,
        "rulebook": rulebook.digest,
        "archive_sha256": archive_sha256,
        "packs": [{"name": name, "sha256": canonical.sha256_of(closure(rulebook, name))} for name in sorted(rulebook.packs)],
        "versions": versions,
        "publishers": [actor_json(key.holder, "publisher", key.keyid) for key in publishers],
        "at": at,
    }
    payload = canonical.dumps(wrap("release", "rules", archive_sha256, predicate))
    entry = Entry(release_id, "release", payload, at, tuple(home.signer(key) for key in publishers))
    published = home.record([entry], [(archive_sha256, data)])
    return Release(entry.id, published.start, at, predicate)


def two_persons(publishers: Iterable[PublicKey]) -> None:
    """Refuse signers who are not two different publishers with keys for rulebooks. Raises SigningError."""
    holders = {key.holder.sub for key in publishers if "publisher" in key.holder.roles and key.purpose == "rulebook"}
    if len(holders) < PERSONS:
        raise SigningError("two-persons", "a release is signed by two different publishers", "name another with --and")


def pack_up(home: Installation, release: Release) -> bytes:
    """Return a release as one file: its rules, its envelope and its receipt. Raises EvidenceError."""
    stored = reading.record(home.store, release.id)
    head = home.head()
    if stored is None or head is None:
        raise EvidenceError("no-such-release", f"there is no {release.id}", "`fenji rulebook list` names them")
    members = {FOLDER + name: data for name, data in files_of(home, release)}
    members[ENVELOPE] = dsse.rebuild(stored.payload, stored.signatures)
    members[RECEIPT] = home.log(release.at).receipt(stored.seq, head).text().encode()
    return archive.write(members)


def open_file(data: bytes, trust: Trust) -> tuple[Release, Files]:
    """Return what a release file holds, proved by `trust`. Raises EvidenceError when unsigned, stripped or altered."""
    members = archive.read(data, "the release")
    if not {ENVELOPE, RECEIPT} <= set(members):
        raise EvidenceError("unsigned", "the release has no envelope or no receipt", "ask its publisher for the whole file")
    payload, signers = dsse.verify(members[ENVELOPE], dsse.STATEMENT, trust.of("rulebook"), "the release")
    predicate = canonical.loads(payload, "the release")["predicate"]
    two_persons(signers)
    receipt = read_receipt(members[RECEIPT].decode("utf-8", "replace"))
    for key in signers:
        key.may_sign("rulebook", predicate["at"], receipt.index)
    _logged(payload, receipt, trust)
    files = sorted((name.removeprefix(FOLDER), data) for name, data in members.items() if name.startswith(FOLDER))
    if digest(files) != predicate["rulebook"] or len(files) + 2 != len(members):
        raise EvidenceError("altered", "the rules are not those that were signed", "ask its publisher for the file again")
    return Release(predicate["release_id"], receipt.index, predicate["at"], predicate), files


def _logged(payload: bytes, receipt: Receipt, trust: Trust) -> None:
    head = read_checkpoint(receipt.note)
    root = merkle.root_of_inclusion(merkle.leaf_hash(leaf("release", payload)), receipt.index, head.size, receipt.path)
    if root != head.root or head.origin != trust.origin or not signed_by(receipt.note, trust.of("log")):
        raise EvidenceError("not-logged", "the release is not in the log", "only what the log holds can be activated")


def activate(home: Installation, release: Release, by: PublicKey, at: str) -> None:
    """Put a logged release in force. Raises EvidenceError when it is altered or older than the one in force, which stays."""
    stored = reading.record(home.store, release.id)
    if stored is None or stored.kind != "release" or _release(stored).predicate != release.predicate:
        raise EvidenceError("no-such-release", f"the log has no such release `{release.id}`", "`fenji rulebook list` names them")
    current = active(home)
    if current and stored.seq < current.seq:
        raise EvidenceError("older", f"{release.id} is older than {current.id}, which is in force", "publish the rules again")
    data = files_of(home, release)
    loaded = load_all(data)
    if loaded.findings or loaded.rulebook.digest != release.rulebook:
        raise EvidenceError("altered", f"the rules of {release.id} are not those that were signed", "restore a backup")
    predicate = {"release_id": release.id, "by": by.holder.sub, "at": at}
    payload = canonical.dumps(wrap("activation", "rules", release.predicate["archive_sha256"], predicate))
    home.record([Entry(home.next_id("activation"), "activation", payload, at, (home.signer(by),))])
