"""C2SP text formats: signed notes, checkpoints and inclusion receipts (signed-note, tlog-checkpoint and tlog-proof v1)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from engine.errors import EvidenceError
from engine.evidence.canonical import base64, unbase64
from engine.evidence.keys import PublicKey, Signer

ED25519 = b"\x01"
PROOF = "c2sp.org/tlog-proof@v1"
_SIZE = re.compile(r"(0|[1-9][0-9]{0,15})\Z")
_LINE = re.compile("\u2014 ([^ +\n]+) ([A-Za-z0-9+/=]+)\\Z")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log: its name, how many leaves it has, and their root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return the text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64(self.root)}\n"


@dataclass(frozen=True, slots=True)
class Receipt:
    """A proof that a leaf is in the log: its index, the audit path and the signed checkpoint."""

    index: int
    path: tuple[bytes, ...]
    note: str

    def text(self) -> str:
        """Return the receipt as a `.tlog-proof` file."""
        hashes = "".join(f"{base64(step)}\n" for step in self.path)
        return f"{PROOF}\nindex {self.index}\n{hashes}\n{self.note}"


def key_hash(name: str, public: bytes) -> bytes:
    """Return the four bytes that name a key on a note."""
    return sha256(name.encode() + b"\n" + ED25519 + public).digest()[:4]


def vkey(name: str, public: bytes) -> str:
    """Return the verifier key of a note signer, as other tools read it."""
    return f"{name}+{key_hash(name, public).hex()}+{base64(ED25519 + public)}"


def sign(checkpoint: Checkpoint, signers: Iterable[Signer]) -> str:
    """Return the checkpoint as a note with one line per signer."""
    text = checkpoint.text()
    name = checkpoint.origin
    lines = [f"\u2014 {name} {base64(key_hash(name, s.public) + s.sign(text.encode()))}\n" for s in signers]
    return f"{text}\n{''.join(lines)}"


def read_checkpoint(note: str) -> Checkpoint:
    """Return what a note says, without looking at its signatures. Raises EvidenceError."""
    text, _, _ = note.rpartition("\n\n")
    lines = text.split("\n")
    if len(lines) != 3 or not lines[0] or not _SIZE.match(lines[1]):  # noqa: PLR2004 - origin, size, root
        raise _bad("a checkpoint has three lines: origin, size and root")
    return Checkpoint(lines[0], int(lines[1]), unbase64(lines[2], "the root of the checkpoint", 32))


def signed_by(note: str, keys: Iterable[PublicKey]) -> list[PublicKey]:
    """Return those of `keys` that signed; unknown lines are ignored. Raises EvidenceError when the line of a known key fails."""
    checkpoint = read_checkpoint(note)
    text, _, below = note.rpartition("\n\n")
    if not below.endswith("\n"):
        raise _bad("the note does not end with a newline")
    known = {key_hash(checkpoint.origin, key.public): key for key in keys}
    found: list[PublicKey] = []
    for line in below[:-1].split("\n"):
        matched = _LINE.match(line)
        if matched is None:
            raise _bad("a signature line is not `— name base64`")
        data = unbase64(matched[2], "a signature line")
        key = known.get(data[:4]) if matched[1] == checkpoint.origin else None
        if key in found:
            raise _bad("a key signed twice")
        if key is not None:
            key.verify(f"{text}\n".encode(), data[4:], "the checkpoint")
            found.append(key)
    return found


def read_receipt(text: str) -> Receipt:
    """Return the receipt that a `.tlog-proof` file holds. Raises EvidenceError."""
    head, gap, note = text.partition("\n\n")
    lines = head.split("\n")
    if not gap or len(lines) < 2 or lines[0] != PROOF:  # noqa: PLR2004 - name and index
        raise _bad(f"a receipt begins with `{PROOF}`")
    index = lines[1].removeprefix("index ")
    if index == lines[1] or not _SIZE.match(index):
        raise _bad("the second line of a receipt is `index N`")
    return Receipt(int(index), tuple(unbase64(line, "a hash of the receipt", 32) for line in lines[2:]), note)


def _bad(why: str) -> EvidenceError:
    return EvidenceError("bad-note", f"the signed note does not hold: {why}", "ask the log for it again")
