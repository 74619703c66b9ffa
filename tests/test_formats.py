"""The formats of evidence, to the byte: trees, canonical JSON, notes, receipts, keys, envelopes and sealed facts."""

from __future__ import annotations

import copy
import functools
import json
import unicodedata
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import EvidenceError, SigningError, StoreError
from engine.evidence import canonical, dsse, keys, merkle, note
from engine.evidence.keys import FileSigner, Holder, PublicKey, Trust, read_trust
from engine.evidence.note import Checkpoint, Receipt
from engine.store.vault import Vault, seal, unseal
from tests.ledger import AT, LOG_KEY, ORIGIN, SIGNER, verify

# trees ----------------------------------------------------------------------------------------------------------------

# the leaves and roots of the reference implementation of RFC 6962
LEAVES = [bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")]
LEAVES.append(bytes.fromhex("606162636465666768696a6b6c6d6e6f"))
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
SIZES = range(1, 71)


@functools.cache
def hash_of(start: int, end: int) -> bytes:
    """Return the hash over leaves, as RFC 6962 section 2.1 defines it."""
    if end - start == 1:
        return merkle.leaf_hash(b"leaf %d" % start)
    split = 1
    while 2 * split < end - start:
        split *= 2
    return sha256(b"\1" + hash_of(start, start + split) + hash_of(start + split, end)).digest()


def read(level: int, index: int) -> bytes:
    return hash_of(index << level, (index + 1) << level)


def spoilt(path: list[bytes]) -> list[list[bytes]]:
    """Return paths that differ from one: shorter, longer, with another hash, with a short hash."""
    found = [[*path, bytes(32)], [bytes(32), *path]]
    for at, step in enumerate(path):
        found += [path[:at] + path[at + 1 :], [*path[:at], bytes([step[0] ^ 1]) + step[1:], *path[at + 1 :]]]
        found += [[*path[:at], step[:31], *path[at + 1 :]], [*path[:at], step + b"x", *path[at + 1 :]]]
    return found


def test_reference_roots() -> None:
    assert merkle.Frontier().root() == sha256(b"").digest()
    frontier = merkle.Frontier()
    for leaf, root in zip(LEAVES, ROOTS, strict=True):
        frontier.append(merkle.leaf_hash(leaf))
        assert frontier.root().hex() == root


def test_frontier_is_what_is_stored() -> None:
    frontier, stored = merkle.Frontier(), {}
    for size in SIZES:
        stored.update({(level, at): node for level, at, node in frontier.append(read(0, size - 1))})
        assert frontier.root() == hash_of(0, size)
        again = merkle.frontier(size, read)
        assert (again.size, again.hashes) == (frontier.size, frontier.hashes)
    assert all(node == read(level, at) for (level, at), node in stored.items())
    assert len(stored) == sum(70 >> level for level in range(1, 7))


def test_inclusion_of_every_leaf() -> None:
    for size in SIZES:
        for index in range(size):
            path = merkle.inclusion(index, size, read)
            assert merkle.root_of_inclusion(read(0, index), index, size, path) == hash_of(0, size)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 33])
def test_no_other_inclusion(size: int) -> None:
    for index in range(size):
        path, leaf = merkle.inclusion(index, size, read), read(0, index)
        for other in spoilt(path):
            assert not leads(leaf, index, size, other)
        for elsewhere in set(range(-1, size + 2)) - {index}:
            assert not leads(leaf, elsewhere, size, path)
        assert not leads(bytes(32), index, size, path)
    assert not leads(read(0, 0), 0, 0, [])


def leads(leaf: bytes, index: int, size: int, path: list[bytes]) -> bool:
    try:
        return merkle.root_of_inclusion(leaf, index, size, path) == hash_of(0, size)
    except EvidenceError as error:
        return error.finding.code != "bad-proof"


def test_consistency_of_every_pair() -> None:
    for new in SIZES:
        for old in range(1, new + 1):
            merkle.verify_consistency(old, hash_of(0, old), new, hash_of(0, new), merkle.consistency(old, new, read))


@pytest.mark.parametrize(("old", "new"), [(1, 1), (1, 2), (3, 7), (4, 7), (6, 8), (8, 8), (8, 33), (31, 33)])
def test_no_other_consistency(old: int, new: int) -> None:
    path, roots = merkle.consistency(old, new, read), (hash_of(0, old), hash_of(0, new))
    for other in spoilt(path):
        with pytest.raises(EvidenceError, match="bad-proof"):
            merkle.verify_consistency(old, roots[0], new, roots[1], other)
    wrong = [(0, new), (new + 1, new), (old, 0), (-1, new)]
    for sizes in wrong:
        with pytest.raises(EvidenceError, match="bad-proof"):
            merkle.verify_consistency(sizes[0], roots[0], sizes[1], roots[1], path)
    if path:
        with pytest.raises(EvidenceError, match="bad-proof"):
            merkle.verify_consistency(old, roots[0], new, roots[1], [])
    for one, two in ((bytes(32), roots[1]), (roots[0], bytes(32))):
        with pytest.raises(EvidenceError, match="bad-proof"):
            merkle.verify_consistency(old, one, new, two, path)


@pytest.mark.parametrize(("one", "two"), [(0, 1), (2, 1), (-1, 3), (0, 0)])
def test_no_proof_of_what_is_not(one: int, two: int) -> None:
    with pytest.raises(EvidenceError, match="no-such-tree"):
        merkle.consistency(one, two, read)
    with pytest.raises(EvidenceError, match="no-such-leaf"):
        merkle.inclusion(one if one < 0 else two, two, read)


# canonical JSON -------------------------------------------------------------------------------------------------------

TEXT = st.text().map(lambda text: unicodedata.normalize("NFC", text))
KEY = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"])).map(lambda text: unicodedata.normalize("NFC", text))
LEAF = st.none() | st.booleans() | st.integers(-canonical.MAX_INT, canonical.MAX_INT) | TEXT
VALUE = st.recursive(LEAF, lambda inner: st.lists(inner) | st.dictionaries(KEY, inner), max_leaves=30)


@given(VALUE)
def test_canonical_is_rfc_8785(value: Any) -> None:
    data = canonical.dumps(value)
    assert data == rfc8785.dumps(value)
    assert canonical.loads(data) == value


def nested(depth: int) -> Any:
    """Return lists in lists."""
    return [nested(depth - 1)] if depth > 1 else []


OUTSIDE: dict[str, Any] = {
    "float": 1.5,
    "whole float": 1.0,
    "nan": float("nan"),
    "2^53": 2**53,
    "-2^53": -(2**53),
    "not NFC": "e\u0301",
    "set": {1},
    "key not NFC": {"e\u0301": 1},
    "surrogate": "\ud800",
    "key surrogate": {"\udfff": 1},
    "key beyond the BMP": {"\U0001f600": 1},
    "number as key": {1: 1},
    "bytes": b"x",
    "below": {"a": [1, {"b": 1.5}]},
    "deep": nested(65),
}


@pytest.mark.parametrize("what", OUTSIDE)
def test_outside_canonical(what: str) -> None:
    with pytest.raises(EvidenceError, match="not-canonical"):
        canonical.dumps(OUTSIDE[what])


def test_outside_is_named() -> None:
    with pytest.raises(EvidenceError, match="`/a/1/b` holds a value of type float"):
        canonical.dumps({"a": [1, {"b": 1.5}]})
    assert canonical.dumps(nested(64)) == b"[" * 64 + b"]" * 64


NOT_CANONICAL = [
    b"",
    b" 1",
    b"1\n",
    b'{"a": 1}',
    b'{"b":1,"a":2}',
    b'{"a":1,"a":1}',
    b'{"a":1,"a":2}',
    b"1.0",
    b"1e3",
    b"-0",
    b"01",
    b"NaN",
    b"Infinity",
    b"9007199254740992",
    b'"\\u0041"',
    b'"\\/"',
    b'"\\u000A"',
    b'"e\xcc\x81"',
    b'"\\ud800"',
    b"\xef\xbb\xbf1",
    b'"\xff"',
    b"[" * 300 + b"]" * 300,
    b"-9007199254740992",
    b"99999999999999999999",
    b'{"a":[{"\xf0\x9f\x98\x80":1}]}',
    b'{"e\xcc\x81":1}',
    b"[" * 100_000,
    b"1" * 5000,
    b"[1,]",
    b"'a'",
    b'"\x00"',
    b'"\xed\xa0\x80"',
    b'{"\xf0\x9f\x98\x80":1}',
]


@pytest.mark.parametrize("data", NOT_CANONICAL, ids=lambda data: repr(data[:20]))
def test_not_canonical(data: bytes) -> None:
    with pytest.raises(EvidenceError, match="it is not canonical JSON"):
        canonical.loads(data, "it")


@pytest.mark.parametrize("text", ["AA", "AA=", "AB==", "AA==\n", " AA==", "AA==AA==", "A-==", "", None, 1, "AAA="])
def test_base64_has_one_form(text: object) -> None:
    assert canonical.unbase64("AA==", "it", 1) == b"\0"
    with pytest.raises(EvidenceError, match="it is not canonical base64"):
        canonical.unbase64(text, "it", 1)


# notes and receipts ---------------------------------------------------------------------------------------------------

HOLDER = Holder("someone", "Someone", "unit", ("official",))
OTHER_SIGNER = FileSigner(Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))))
OTHER_KEY = PublicKey(OTHER_SIGNER.public, "log", HOLDER, AT)
NOTE = note.sign(Checkpoint(ORIGIN, 7, hash_of(0, 7)), [SIGNER])
RECEIPT = Receipt(5, tuple(merkle.inclusion(5, 7, read)), NOTE)


def test_receipt_round_trip() -> None:
    text = RECEIPT.text()
    assert note.read_receipt(text) == RECEIPT
    assert note.read_receipt(text).text() == text
    assert verify(read(0, 5), text) == Checkpoint(ORIGIN, 7, hash_of(0, 7))
    alone = Receipt(0, (), note.sign(Checkpoint(ORIGIN, 1, read(0, 0)), [SIGNER]))
    assert verify(read(0, 0), alone.text()).size == 1
    assert note.read_receipt(alone.text()) == alone


def test_vkey_as_others_write_it() -> None:
    """The worked example of the specification of signed notes."""
    public = canonical.unbase64("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "it")[1:]
    name = "PeterNeumann"
    assert note.vkey(name, public) == "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"


CHANGES: dict[str, Callable[[bytes, int], list[bytes]]] = {
    "flipped": lambda data, at: [data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :] for bit in range(8)],
    "left out": lambda data, at: [data[:at] + data[at + 1 :]],
    "doubled": lambda data, at: [data[: at + 1] + data[at:]],
    "cut": lambda data, at: [data[:at]],
    "added": lambda data, at: [data[:at] + extra + data[at:] for extra in (b"\n", b" ", b"\0", b"A", b"\r")],
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_changed_byte_of_a_receipt(change: str) -> None:
    data, accepted = RECEIPT.text().encode(), []
    for at in range(len(data)):
        for changed in CHANGES[change](data, at):
            try:
                verify(read(0, 5), changed.decode())
            except (EvidenceError, UnicodeDecodeError):
                continue
            if changed != data:
                accepted.append((at, changed))
    assert accepted == []


def test_notes_with_more_lines() -> None:
    both = note.sign(Checkpoint(ORIGIN, 7, hash_of(0, 7)), [SIGNER, OTHER_SIGNER])
    assert note.signed_by(both, [LOG_KEY, OTHER_KEY]) == [LOG_KEY, OTHER_KEY]
    assert note.signed_by(both, [OTHER_KEY]) == [OTHER_KEY]
    assert note.signed_by(NOTE, [OTHER_KEY]) == []
    unknown = NOTE + "\u2014 witness.example AAAAAAAA\n"
    assert note.signed_by(unknown, [LOG_KEY]) == [LOG_KEY]


LINE = NOTE.splitlines()[-1]
BAD_NOTES = {
    "twice": NOTE + LINE + "\n",
    "no end": NOTE[:-1],
    "no signature": NOTE.rpartition("\n\n")[0] + "\n\n",
    "hyphen": NOTE.replace("\u2014", "-"),
    "two roots": NOTE.replace("\n\n", f"\n{canonical.base64(bytes(32))}\n\n"),
    "size": NOTE.replace("\n7\n", "\n07\n"),
    "negative": NOTE.replace("\n7\n", "\n-7\n"),
    "other digits": NOTE.replace("\n7\n", "\n\u0667\n"),
    "no origin": NOTE[len(ORIGIN) :],
    "short root": NOTE.replace(canonical.base64(hash_of(0, 7)), canonical.base64(hash_of(0, 7)[:31])),
    "empty": "",
    "text": "a\n\nb",
    "huge": NOTE.replace("\n7\n", f"\n{10**20}\n"),
    "short signature": NOTE[: -len(LINE) - 1] + LINE[:-4] + "\n",
}


@pytest.mark.parametrize("what", BAD_NOTES)
def test_bad_note(what: str) -> None:
    with pytest.raises(EvidenceError):
        note.signed_by(BAD_NOTES[what], [LOG_KEY])


BAD_RECEIPTS = [
    "",
    "c2sp.org/tlog-proof@v1\n\n" + NOTE,
    "c2sp.org/tlog-proof@v2\nindex 0\n\n" + NOTE,
    "c2sp.org/tlog-proof@v1\nindex -1\n\n" + NOTE,
    "c2sp.org/tlog-proof@v1\nindex 01\n\n" + NOTE,
    "c2sp.org/tlog-proof@v1\nIndex 0\n\n" + NOTE,
    "c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\n" + NOTE,
    "c2sp.org/tlog-proof@v1\nindex 0",
]


@pytest.mark.parametrize("text", BAD_RECEIPTS)
def test_bad_receipt(text: str) -> None:
    with pytest.raises(EvidenceError):
        note.read_receipt(text)


# keys and envelopes ---------------------------------------------------------------------------------------------------

ORDER = 2**252 + 27742317777372353535851937790883648493
SIGNATURE = SIGNER.sign(b"message")
MALLEATED = SIGNATURE[:32] + (int.from_bytes(SIGNATURE[32:], "little") + ORDER).to_bytes(32, "little")
BAD_SIGNATURES = {
    "S + L": MALLEATED,
    "empty": b"",
    "zero": bytes(64),
    "short": SIGNATURE[:63],
    "long": SIGNATURE + b"\0",
    "halves": SIGNATURE[32:] + SIGNATURE[:32],
    "R alone": SIGNATURE[:32] + bytes(32),
    "S alone": bytes(32) + SIGNATURE[32:],
    "of another": OTHER_SIGNER.sign(b"message"),
    "of another message": SIGNER.sign(b"message "),
    "high bit": SIGNATURE[:63] + bytes([SIGNATURE[63] | 0x80]),
}


@pytest.mark.parametrize("what", BAD_SIGNATURES)
def test_bad_signature(what: str) -> None:
    LOG_KEY.verify(b"message", SIGNATURE, "it")
    with pytest.raises(EvidenceError, match="the signature of it does not hold"):
        LOG_KEY.verify(b"message", BAD_SIGNATURES[what], "it")


TRUST = Trust(
    ORIGIN, (LOG_KEY, PublicKey(OTHER_KEY.public, "decision", HOLDER, AT, "2027-01-01T00:00:00.000Z", (AT, 3)))
).to_json()


def test_trust_round_trip() -> None:
    assert read_trust(TRUST).to_json() == TRUST
    assert read_trust(TRUST).by_id(LOG_KEY.keyid) == LOG_KEY
    assert read_trust(TRUST).by_id("x") is None
    assert read_trust(TRUST).of("log") == [LOG_KEY]


FAULTS: dict[str, tuple[str, Any]] = {
    "format": ("format", "fenji-trust/2"),
    "origin": ("origin", 1),
    "keys": ("keys", {}),
    "more": ("more", 1),
    "a key": ("keys/0", 1),
    "key more": ("keys/0/more", 1),
    "keyid": ("keys/0/keyid", "0" * 64),
    "public": ("keys/0/public", "AA=="),
    "purpose": ("keys/0/purpose", "root"),
    "purpose list": ("keys/0/purpose", []),
    "holder": ("keys/0/holder", None),
    "holder more": ("keys/0/holder/more", 1),
    "sub": ("keys/0/holder/sub", None),
    "roles": ("keys/0/holder/roles", "admin"),
    "role": ("keys/0/holder/roles", [1]),
    "from": ("keys/0/valid_from", None),
    "day": ("keys/0/valid_from", "2026-01-01"),
    "until": ("keys/0/valid_until", "2026-01-01T00:00:00Z"),
    "compromised": ("keys/0/compromised", {}),
    "size": ("keys/0/compromised", {"since": AT, "size": True}),
    "since": ("keys/0/compromised", {"since": 1, "size": 1}),
    "public number": ("keys/0/public", 1),
    "late newline": ("keys/0/valid_from", AT + "\n"),
}


@pytest.mark.parametrize("what", FAULTS)
def test_trust_is_strict(what: str) -> None:
    path, put = FAULTS[what]
    value: Any = copy.deepcopy(TRUST)
    *way, last = path.split("/")
    place = functools.reduce(lambda inner, step: inner[int(step)] if isinstance(inner, list) else inner[step], way, value)
    place[int(last) if isinstance(place, list) else last] = put
    with pytest.raises(EvidenceError):
        read_trust(value)


def test_trust_refuses_what_is_missing_or_double() -> None:
    for name in ("format", "origin", "keys"):
        with pytest.raises(EvidenceError, match="wrong-form"):
            read_trust({key: value for key, value in TRUST.items() if key != name})
    for name in TRUST["keys"][0]:
        with pytest.raises(EvidenceError, match="wrong-form"):
            read_trust({**TRUST, "keys": [{key: value for key, value in TRUST["keys"][0].items() if key != name}]})
    with pytest.raises(EvidenceError, match="twice"):
        read_trust({**TRUST, "keys": [TRUST["keys"][0]] * 2})
    with pytest.raises(EvidenceError, match="wrong-form"):
        read_trust([])


def test_when_a_key_may_sign() -> None:
    key = PublicKey(OTHER_KEY.public, "decision", HOLDER, "2026-01-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z", (AT, 3))
    key.may_sign("decision", "2026-01-01T00:00:00.000Z", 2)
    for purpose, at, index, code in (
        ("rulebook", AT, 0, "wrong-purpose"),
        ("decision", "2025-12-31T23:59:59.999Z", 0, "outside-window"),
        ("decision", "2027-01-01T00:00:00.000Z", 0, "outside-window"),
        ("decision", AT, 3, "compromised"),
    ):
        with pytest.raises(SigningError) as caught:
            key.may_sign(purpose, at, index)  # type: ignore[arg-type]
        assert caught.value.finding.code == code
    LOG_KEY.may_sign("log", "2020-01-01T00:00:00.000Z", 0)  # any window


def test_key_files(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "a.pem"
    made = keys.make(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert keys.load(path).public == made.public
    with pytest.raises(SigningError, match="file exists"):
        keys.make(path)
    assert keys.load(path).public == made.public


SEALED = dsse.seal(dsse.STATEMENT, b"payload", [SIGNER, OTHER_SIGNER])


def test_envelope() -> None:
    payload, signers = dsse.verify(SEALED, dsse.STATEMENT, [LOG_KEY, OTHER_KEY], "it")
    assert (payload, signers) == (b"payload", [LOG_KEY, OTHER_KEY])
    assert dsse.pae("http://example.com/HelloWorld", b"hello world") == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


def change(what: str) -> bytes:
    """Return the envelope, changed."""
    value = json.loads(SEALED)
    match what:
        case "order":
            value["signatures"].reverse()
        case "twice":
            value["signatures"].append(value["signatures"][-1])
        case "none":
            value["signatures"] = []
        case "type":
            value["payloadType"] = dsse.MANIFEST
        case "payload":
            value["payload"] = canonical.base64(b"Payload")
        case "exchanged":
            one, two = value["signatures"]
            one["sig"], two["sig"] = two["sig"], one["sig"]
        case "more":
            value["more"] = 1
        case "short":
            value["signatures"][0]["sig"] = "AAAA"
        case "space":
            return SEALED.replace(b",", b", ", 1)
    return canonical.dumps(value)


@pytest.mark.parametrize("what", ["order", "twice", "none", "type", "payload", "exchanged", "more", "short", "space"])
def test_changed_envelope(what: str) -> None:
    with pytest.raises(EvidenceError):
        dsse.verify(change(what), dsse.STATEMENT, [LOG_KEY, OTHER_KEY], "it")


# sealed facts ---------------------------------------------------------------------------------------------------------


def test_vault(tmp_path: Path) -> None:
    path = tmp_path / "vault.db"
    vault = Vault(path, bytes(32))
    one, two = vault.make([("a", 0), ("b", 0)])
    assert path.stat().st_mode & 0o777 == 0o600
    assert (vault.key("a", 0), vault.key("b", 0), vault.key("a", 1)) == (one, two, None)
    with pytest.raises(StoreError, match="exists"):
        vault.make([("c", 0), ("a", 0)])
    assert vault.key("c", 0) is None
    vault.make([("a", 1)])
    assert vault.destroy("a", 1) == 1
    assert vault.key("a", 0) is None
    assert vault.key("a", 1) is not None
    vault.close()
    other = Vault(path, bytes(31) + b"x")
    with pytest.raises(StoreError, match="wrong-master"):
        other.key("b", 0)
    other.close()


def test_vault_that_refuses(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="refuses"):
        Vault(tmp_path / "none" / "vault.db", bytes(32))
    vault = Vault(tmp_path / "vault.db", bytes(32))
    vault._connection.execute("PRAGMA query_only=ON")
    for use in (lambda: vault.make([("a", 0)]), lambda: vault.destroy("a", 1)):
        with pytest.raises(StoreError, match="read-only"):
            use()
    vault.close()
    with pytest.raises(StoreError, match="refuses"):
        vault.key("a", 0)


def test_destroyed_key_leaves_no_bytes(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "vault.db", bytes(32))
    vault.make([("a", 0)])
    (wrapped,) = vault._connection.execute("SELECT wrapped FROM key").fetchone()
    assert any(wrapped in path.read_bytes() for path in tmp_path.iterdir())
    vault.destroy("a", 1)
    assert not any(wrapped in path.read_bytes() for path in tmp_path.iterdir())
    vault.close()


def test_sealed_facts_are_not_exchanged(tmp_path: Path) -> None:
    """Neither ciphertexts nor wrapped keys open in the place of others."""
    key = bytes(range(32))
    nonce, cipher = seal(key, "a", 0, b"facts")
    assert unseal(key, "a", 0, nonce, cipher) == b"facts"
    wrong = [(key, "b", 0, nonce, cipher), (key, "a", 1, nonce, cipher), (bytes(32), "a", 0, nonce, cipher)]
    wrong += [(key, "a", 0, bytes(12), cipher), (key, "a", 0, nonce, cipher[:-1] + bytes([cipher[-1] ^ 1]))]
    for each in wrong:
        with pytest.raises(StoreError, match="damaged"):
            unseal(*each)
    vault = Vault(tmp_path / "vault.db", bytes(32))
    vault.make([("a", 0), ("b", 0)])
    vault._connection.execute("UPDATE key SET wrapped = (SELECT wrapped FROM key WHERE filing = 'b')")
    with pytest.raises(StoreError, match="wrong-master"):
        vault.key("a", 0)
    vault.close()
