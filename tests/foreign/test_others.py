"""Checkpoints, receipts, tiles and envelopes, verified by Go's own packages, by OpenSSL and by securesystemslib; or refused."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey  # type: ignore[attr-defined]

from engine.evidence import canonical, dsse, merkle, tiles
from engine.evidence.log import Log, leaf
from engine.evidence.note import vkey
from engine.store import reading
from engine.store.opening import open_store
from tests.ledger import LOG_KEY, ORIGIN, SIGNER, row

HERE = Path(__file__).parent
PACKAGES = Path("/usr/share/gocode")  # where Debian puts the sources of Go packages
SIZE = 600
ENVELOPE = dsse.seal(dsse.STATEMENT, row(0).payload, [SIGNER])


@dataclass(frozen=True)
class Written:
    """Our log as files for others, and their program."""

    folder: Path
    program: Path

    def verify(self, *arguments: str) -> tuple[int, str]:
        """Return what the program says."""
        done = subprocess.run([self.program, *arguments], cwd=self.folder, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    go = shutil.which("go")
    if go is None or not (PACKAGES / "src/golang.org/x/mod/sumdb/tlog").is_dir():
        pytest.skip("Go or its packages are not installed: golang-go, golang-golang-x-mod-dev")
    folder = tmp_path_factory.mktemp("go")
    env = {"GO111MODULE": "off", "GOPATH": str(PACKAGES), "GOCACHE": str(folder / "cache"), "GOPROXY": "off", "GOFLAGS": ""}
    command = [go, "build", "-o", str(folder / "verify"), str(HERE / "verify.go")]
    subprocess.run(command, check=True, env={**os.environ, **env}, cwd=folder)
    return folder / "verify"


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a log of 600 records as files."""
    folder = tmp_path_factory.mktemp("log")
    with open_store(f"sqlite:{folder / 'store.db'}", make=True) as store:
        log = Log(store.appender, ORIGIN, [SIGNER])
        old = log.append([row(i) for i in range(333)]).head
        head = log.append([row(i) for i in range(333, SIZE)]).head
        read = store.appender.hash
        (folder / "vkey").write_text(vkey(ORIGIN, LOG_KEY.public), "utf-8")
        (folder / "old").write_text(old.note, "utf-8")
        (folder / "new").write_text(head.note, "utf-8")
        for index in (0, 332, 333, SIZE - 1):
            (folder / f"receipt-{index}").write_text(log.receipt(index, head).text(), "utf-8")
            (folder / f"leaf-{index}").write_bytes(leaf("decision", row(index).payload))
        proof = merkle.consistency(old.size, head.size, read)
        (folder / "proof").write_text("".join(canonical.base64(step) + "\n" for step in proof), "utf-8")

        def leaves(start: int, end: int) -> list[bytes]:
            return [leaf(each.kind, each.payload) for each in islice(reading.records(store, start), end - start)]

        tiles.export(folder / "tiles", head.note, read, leaves)
    return folder


@pytest.fixture
def written(log: Path, program: Path, tmp_path: Path) -> Written:
    shutil.copytree(log, tmp_path / "log")
    return Written(tmp_path / "log", program)


GOOD = [
    ("note", "vkey", "old"),
    ("note", "vkey", "new"),
    *(("inclusion", "vkey", f"receipt-{index}", f"leaf-{index}") for index in (0, 332, 333, SIZE - 1)),
    ("consistency", "vkey", "old", "new", "proof"),
    ("tiles", "vkey", "tiles"),
]
Change = Callable[[bytes], bytes]


def swap(one: bytes, two: bytes) -> Change:
    return lambda data: data.replace(one, two, 1)


def flip(at: int) -> Change:
    return lambda data: data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


BAD: list[tuple[str, Change, tuple[str, ...]]] = [
    ("new", swap(b"\n600\n", b"\n601\n"), GOOD[1]),
    ("new", swap(b"log.example", b"log.exampla"), GOOD[1]),
    ("vkey", lambda _: vkey(ORIGIN, bytes(31) + b"\1").encode(), GOOD[1]),
    ("leaf-332", swap(b"decision", b"decisiom"), GOOD[3]),
    ("receipt-332", swap(b"index 332", b"index 331"), GOOD[3]),
    ("receipt-332", lambda data: b"\n".join(data.split(b"\n")[:2] + data.split(b"\n")[3:]), GOOD[3]),
    ("proof", lambda data: data[45:], GOOD[6]),
    ("proof", lambda data: data[45:90] + data[:45] + data[90:], GOOD[6]),
    ("tiles/tile/0/001", flip(77), GOOD[7]),
    ("tiles/tile/1/000.p/2", flip(40), GOOD[7]),
    ("tiles/tile/entries/002.p/88", flip(30), GOOD[7]),
    ("tiles/checkpoint", swap(b"\n600\n", b"\n599\n"), GOOD[7]),
]


@pytest.mark.parametrize("arguments", GOOD, ids=" ".join)
def test_go_verifies(written: Written, arguments: tuple[str, ...]) -> None:
    assert written.verify(*arguments) == (0, "verified\n")


@pytest.mark.parametrize(("name", "change", "arguments"), BAD, ids=[f"{number}-{each[0]}" for number, each in enumerate(BAD)])
def test_go_refuses(written: Written, name: str, change: Change, arguments: tuple[str, ...]) -> None:
    path = written.folder / name
    before = path.read_bytes()
    path.write_bytes(change(before))
    assert path.read_bytes() != before
    code, said = written.verify(*arguments)
    assert (code, said[:9]) == (1, "refused: ")


def openssl_verifies(folder: Path, message: bytes, signature: bytes) -> bool:
    """Say whether OpenSSL's command accepts a signature of the log's key."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("OpenSSL's command is not installed")
    public = Ed25519PublicKey.from_public_bytes(LOG_KEY.public)
    (folder / "key.pem").write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    (folder / "message").write_bytes(message)
    (folder / "signature").write_bytes(signature)
    command = f"{program} pkeyutl -verify -pubin -inkey key.pem -rawin -in message -sigfile signature".split()
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0 or b"Verification Failure" in done.stdout + done.stderr
    return done.returncode == 0


def test_openssl_verifies_the_checkpoint(log: Path, tmp_path: Path) -> None:
    text, _, line = (log / "new").read_text("utf-8").rpartition("\n\n")
    signature = canonical.unbase64(line.split()[-1], "the line")[4:]
    assert openssl_verifies(tmp_path, f"{text}\n".encode(), signature)
    assert not openssl_verifies(tmp_path, f"{text}x\n".encode(), signature)


def test_openssl_verifies_the_envelope(tmp_path: Path) -> None:
    value = json.loads(ENVELOPE)
    payload, signature = (canonical.unbase64(text, "it") for text in (value["payload"], value["signatures"][0]["sig"]))
    kind = value["payloadType"]
    message = f"DSSEv1 {len(kind)} {kind} {len(payload)} ".encode() + payload
    assert openssl_verifies(tmp_path, message, signature)
    assert not openssl_verifies(tmp_path, message + b" ", signature)


def securesystemslib_says(value: dict[str, Any]) -> list[str]:
    """Return the ids of the keys that securesystemslib finds to have signed an envelope."""
    key = SSlibKey(LOG_KEY.keyid, "ed25519", "ed25519", {"public": LOG_KEY.public.hex()})
    return list(Envelope.from_dict(value).verify([key], 1))


def test_securesystemslib_verifies_the_envelope() -> None:
    assert securesystemslib_says(json.loads(ENVELOPE)) == [LOG_KEY.keyid]
    changes: list[dict[str, Any]] = [{"payload": canonical.base64(b"other")}, {"payloadType": dsse.MANIFEST}, {"signatures": []}]
    for change in changes:
        with pytest.raises(VerificationError):
            securesystemslib_says({**json.loads(ENVELOPE), **change})
