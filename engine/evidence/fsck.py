"""Derive everything in a store again, in the order of the log, and name the first thing that is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from engine.errors import EvidenceError, StoreError
from engine.evidence import canonical, dsse, facts, merkle
from engine.evidence.actors import Revocation, key_from, revoked
from engine.evidence.events import Chains
from engine.evidence.installation import Installation
from engine.evidence.keys import PublicKey, Purpose
from engine.evidence.log import leaf
from engine.evidence.note import Checkpoint, read_checkpoint, signed_by
from engine.evidence.statement import PREDICATE
from engine.store import reading, streams
from engine.store.reading import Record
from engine.store.vault import unseal

KINDS = ("decision", "event", "release", "activation", "actor", "revocation", "erasure", "policy")
EVERY = 10_000
Progress = Callable[[int, int], None]


@dataclass
class _State:
    """What the records so far have shown."""

    chains: Chains
    keys: dict[str, PublicKey] = field(default_factory=dict)
    seen: set[bytes] = field(default_factory=set)  # ids as 16-byte digests: a million of them fit
    pinned: set[str] = field(default_factory=set)
    erased: dict[str, list[str]] = field(default_factory=dict)  # hashes of the generations whose keys are gone
    kinds: Counter[str] = field(default_factory=Counter)
    at: str = ""  # of the last record
    sealed: int = 0  # generations of sealed facts that there must be


def fsck(home: Installation, kept: str | None = None, progress: Progress = lambda _done, _all: None) -> dict[str, int]:
    """Check every record, node, checkpoint, link, signature, blob and sealed fact; return how many of each.

    Everything is read from one snapshot, so that what is recorded meanwhile is no fault. `kept` is the text of a checkpoint kept
    outside the store, read before. Raises EvidenceError for the first thing that is wrong.
    """
    with reading.snapshot(home.store):
        return _derived(home, kept, progress)


def _derived(home: Installation, kept: str | None, progress: Progress) -> dict[str, int]:
    total = reading.counts(home.store)
    state, tree = _State(Chains(streams.places(home.store))), merkle.Frontier()
    heads = reading.checkpoints(home.store)
    size, upcoming = 0, next(heads, None)
    outside = read_checkpoint(kept) if kept is not None else None
    for each in reading.records(home.store):
        _record(each, tree.size, state)
        tree.append(each.leaf)
        if upcoming and upcoming[1].size == tree.size:
            if upcoming[0] != size:
                raise _wrong(f"checkpoint {tree.size}", f"extends {upcoming[0]}, not {size}")
            _head(home.origin, upcoming[1], tree, state)
            size, upcoming = tree.size, next(heads, None)
        if outside and outside.size == tree.size and outside.root != tree.root():
            raise _wrong(f"checkpoint {tree.size}", "is not the one that was kept outside: the log was forked or rewritten")
        if tree.size % EVERY == 0 or tree.size == total["record"]:
            progress(tree.size, total["record"])
    if size != tree.size or upcoming:
        raise _wrong("the last checkpoint", f"covers {upcoming[1].size if upcoming else size} records, but there are {tree.size}")
    if outside and outside.size > tree.size:
        raise _wrong("the store", f"has {tree.size} records, but {outside.size} were published: it was rolled back")
    nodes = _nodes(home, tree.size)
    if nodes != total["node"]:
        raise _wrong("the tree", f"has {total['node']} stored nodes, not {nodes}")
    state.chains.compare(home)
    _blobs(home, state.pinned)
    return {**total, "sealed": _sealed(home, state)}


def _wrong(what: str, problem: str) -> EvidenceError:
    return EvidenceError("fsck", f"{what} {problem}", "restore a backup that is not older than the last checkpoint")


def _record(each: Record, seq: int, state: _State) -> None:
    what = f"record {seq} ({each.id[:40]})"
    if each.seq != seq or each.kind not in KINDS:
        raise _wrong(what, f"is record {each.seq} of kind {each.kind[:16]}: one is missing, or the order was changed")
    if each.leaf != merkle.leaf_hash(leaf(each.kind, each.payload)):
        raise _wrong(what, "does not give its leaf")
    try:
        statement = canonical.loads(each.payload, what)
        predicate = statement["predicate"]
        if statement["predicateType"] != PREDICATE.format(each.kind):
            raise _wrong(what, "is not of the kind that its leaf says")
        _links(each, predicate, state, what)
        _signed(each, predicate, state, what)
    except (KeyError, TypeError, AttributeError) as error:
        raise _wrong(what, f"lacks {error}") from None


def _links(each: Record, predicate: dict[str, Any], state: _State, what: str) -> None:
    """Check the columns against the statement, and what the statement points to against what came before."""
    mark = bytes.fromhex(canonical.sha256(each.id.encode())[:32])
    state.kinds[each.kind] += 1
    named = _name(each.kind, predicate, state)
    at = predicate["decided_at"] if each.kind == "decision" else predicate["at"]
    if named != each.id or at != each.at or mark in state.seen:
        raise _wrong(what, "does not carry its own id and time, or its id stands twice")
    state.seen.add(mark)
    state.at = at
    earlier = predicate.get("supersedes")
    if earlier != each.supersedes or (
        earlier is not None and bytes.fromhex(canonical.sha256(earlier.encode())[:32]) not in state.seen
    ):
        raise _wrong(what, "supersedes a record that is not before it")
    if each.kind == "decision":
        state.pinned.add(predicate["rulepack"]["sha256"])
        state.sealed += bool(predicate["input_commitments"])
    elif each.kind == "event":
        state.pinned.add(predicate["table_sha256"])
        state.sealed += bool(predicate["input_commitments"])
        state.chains.go_on(each, predicate)
    elif each.kind in ("release", "policy"):
        state.pinned.add(predicate["archive_sha256"])
    elif each.kind == "erasure":
        state.erased[predicate["decision_id"]] = predicate["sealed"]
        state.sealed += bool(predicate["kept"])


def _name(kind: str, predicate: dict[str, Any], state: _State) -> str:
    """Return the id that a statement gives its record."""
    match kind:
        case "decision":
            return str(predicate["decision_id"])
        case "event":
            return str(predicate["event_id"])
        case _:
            return f"{kind}-{state.kinds[kind]}"


def _signed(each: Record, predicate: dict[str, Any], state: _State, what: str) -> None:
    """Check the signatures, and learn keys from actor records."""
    if each.kind == "actor":
        key = key_from(predicate["key"])
        state.keys[key.keyid] = key
    stored = canonical.loads(each.signatures.encode(), f"the signatures of {what}")
    wanted = _signers(each.kind, predicate)
    if not stored and each.kind in ("decision", "event") and not wanted:
        return
    envelope = dsse.rebuild(each.payload, each.signatures)
    _, signers = dsse.verify(envelope, dsse.STATEMENT, list(state.keys.values()), what)
    by = predicate["by"] if each.kind in ("actor", "activation", "revocation") else None
    promised = by is None or by in {key.holder.sub for key in signers}
    if len(signers) != len(stored) or not wanted <= {key.keyid for key in signers} or not promised:
        raise _wrong(what, "lacks a signature, or has one of an unknown key")
    purpose: Purpose = "rulebook" if each.kind in ("release", "policy") else "decision"
    for key in signers:
        if each.kind in ("decision", "event", "release", "policy"):
            key.may_sign(purpose, each.at, each.seq)
    if each.kind == "revocation":
        revocation = Revocation(predicate["keyid"], predicate["reason"], predicate["since"], predicate["size"])
        state.keys[revocation.keyid] = revoked(state.keys[revocation.keyid], predicate, each.seq)


def _signers(kind: str, predicate: dict[str, Any]) -> set[str]:
    """Return the key ids whose signatures a statement needs."""
    match kind:
        case "decision":
            return {predicate["actor"]["key"]} if predicate["kind"] == "decision" else set()
        case "event":
            return {each["key"] for each in (predicate["by"], predicate["second"]) if each}
        case "release":
            return {each["key"] for each in predicate["publishers"]}
        case "policy":
            return {predicate["publisher"]["key"]}
        case "erasure":
            return {each["key"] for each in predicate["approvers"]}
        case "actor":
            return {predicate["key"]["keyid"]}
        case _:
            return set()


def _head(origin: str, head: Any, tree: merkle.Frontier, state: _State) -> None:
    what = f"checkpoint {head.size}"
    if head.at != state.at:
        raise _wrong(what, f"is of {head.at}, but its last record of {state.at}")
    if head.root != tree.root() or read_checkpoint(head.note) != Checkpoint(origin, head.size, head.root):
        raise _wrong(what, "does not have the root that the records give")
    if not signed_by(head.note, [key for key in state.keys.values() if key.purpose == "log"]):
        raise _wrong(what, "is signed by no key of the log")


def _nodes(home: Installation, size: int) -> int:
    """Check every stored node against its two children, level by level; return how many there must be."""
    children: Iterator[tuple[int, bytes]] = ((each.seq, each.leaf) for each in reading.records(home.store))
    count, level = 0, 1
    while size >> level:
        stored = ((index, node) for _, index, node in reading.nodes(home.store, level))
        for index in range(size >> level):
            left, right = next(children, (0, b"")), next(children, (0, b""))
            if next(stored, None) != (index, merkle.parent(left[1], right[1])):
                raise _wrong(f"tree node {level}/{index}", "is missing, or is not the hash of its children")
        count += size >> level
        children = ((index, node) for _, index, node in reading.nodes(home.store, level))
        level += 1
    return count


def _erased_since(home: Installation, filing: str) -> list[str]:
    """Return the hashes of the generations that the last tombstone of a filing names, as the log stands now."""
    with reading.beyond_snapshot():
        tombstones = [canonical.loads(each.payload, "a record")["predicate"] for each in reading.of_kind(home.store, "erasure")]
    found: list[str] = next((each["sealed"] for each in reversed(tombstones) if each["decision_id"] == filing), [])
    return found


def _blobs(home: Installation, pinned: set[str]) -> None:
    found = set()
    for name, data in reading.blobs(home.store):
        if canonical.sha256(data) != name:
            raise _wrong(f"blob {name[:16]}", "does not have its hash")
        found.add(name)
    missing = sorted(pinned - found)
    if missing:
        raise _wrong(f"blob {missing[0][:16]}", "is missing, but a record pins it")


def _sealed(home: Installation, state: _State) -> int:
    """Open what can be opened and compare it with the commitments; return how many filings are still readable."""
    readable = count = 0
    for filing, generation, nonce, ciphertext in reading.all_sealed(home.store):
        count += 1
        stored = reading.record(home.store, filing)
        if stored is None:
            raise _wrong(f"sealed facts of {filing[:40]}", "belong to no record")
        gone = state.erased.get(filing, [])
        key = home.vault.key(filing, generation)
        if key is None and generation >= len(gone):  # the vault is no part of the snapshot: a tombstone may have come since
            gone = _erased_since(home, filing)
        if (key is None) != (generation < len(gone)):
            if key:
                raise _wrong(f"the key of {filing}", "is there although its facts were erased: run `fenji erase --finish`")
            problem = f"the key of {filing} is lost: no tombstone says that its facts were erased"
            raise EvidenceError("fsck", problem, "put vault.db back from where you keep it, or restore a store as new as it")
        if key is None:
            if canonical.sha256(nonce + ciphertext) != gone[generation]:
                raise _wrong(f"sealed facts of {filing}", "are not those that were erased")
            continue
        try:
            shown = facts.commitments(facts.read(unseal(key, filing, generation, nonce, ciphertext)))
        except StoreError as error:
            raise _wrong(f"sealed facts of {filing}", f"cannot be opened: {error.finding.problem}") from None
        committed = canonical.loads(stored.payload, "a record")["predicate"]["input_commitments"]
        if not set(shown) <= set(committed):
            raise _wrong(f"sealed facts of {filing}", "are not those that the record commits to")
        readable += 1
    if count != state.sealed:
        raise _wrong("sealed facts", f"are there {count} times, but the records need {state.sealed}")
    return readable
