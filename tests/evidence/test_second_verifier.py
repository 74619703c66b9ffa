"""The second verifier on whole bundles: what it proves, and that it refuses whatever was changed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.evidence import archive, standalone
from tests.evidence.conftest import RECORDED, Office
from tests.test_cli import fenji

FLIPS = 300


@pytest.fixture(scope="session")
def trust(made: Office, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The trust file of the office."""
    path = tmp_path_factory.mktemp("trust") / "trust.json"
    path.write_text(made.said("actor", "trust"), "utf-8")
    return path


def said(capfdbinary: pytest.CaptureFixture[bytes], *words: str | Path) -> tuple[int, str]:
    """Return the exit code and what was printed."""
    code = standalone.main([str(word) for word in words])
    return code, capfdbinary.readouterr().out.decode()


@pytest.mark.parametrize("number", range(len(RECORDED) + 1))
def test_every_bundle(
    number: int, bundle_of: Callable[[int], Path], trust: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    code, text = said(capfdbinary, bundle_of(number), "--trust", trust)
    assert (code, text.splitlines()[-1]) == (0, "outcome re-derived from the rules and the facts: the same")


def test_as_the_auditor_runs_it(bundle_of: Callable[[int], Path], trust: Path, tmp_path: Path) -> None:
    """From the bundle itself, in an interpreter that sees nothing of the project."""
    (tmp_path / "verify.py").write_bytes(archive.read(bundle_of(4).read_bytes(), "it")["verify.py"])
    command = [sys.executable, "-I", "verify.py", str(bundle_of(4)), "--trust", str(trust)]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, env={"LC_ALL": "C"})
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert "陈静" in ended.stdout.decode()


DECIDED = (
    "decided: mechanism = assessment (the rules leave contract_or_certification), a deviation; reasons: 公共利益; "
    "approved by 王磊 (wang, 市工信局, official)"
)
PAGES = """\
- 正式结果：mechanism = 安全评估（规则留有 标准合同或认证），偏离规则；理由：公共利益；批准人：王磊 (wang, 市工信局, official)
- decided: mechanism = security assessment (the rules leave standard contract or certification), a deviation; reasons: 公共利益; \
approved by 王磊 (wang, 市工信局, official)
""".splitlines()


def test_what_an_official_decided_is_said_everywhere(
    made: Office, bundle_of: Callable[[int], Path], trust: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """A deviation is no open answer: outcome, reasons and who approved stand in every text, for a proposal in none."""
    texts = [fenji("verify", bundle_of(4), "--trust", trust).out, made.said("replay", made.ids[4])]
    texts += [said(capfdbinary, bundle_of(4), "--trust", trust)[1]]
    assert [DECIDED in text.splitlines() for text in texts] == [True] * 3, texts
    pages = archive.read(bundle_of(4).read_bytes(), "it")
    found = [line for lang in ("zh", "en") for line in pages[f"summary.{lang}.md"].decode().splitlines() if "王磊" in line]
    assert found == PAGES
    assert "decided:" not in fenji("verify", bundle_of(0), "--trust", trust).out + said(capfdbinary, bundle_of(0))[1]


def test_without_trust(bundle_of: Callable[[int], Path], capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    code, text = said(capfdbinary, bundle_of(0))
    assert code == 1
    assert "origin not established" in text


def test_facts_withheld(made: Office, trust: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    path = tmp_path / "public.fenji.zip"
    made.said("export", made.ids[3], "--as", "chen", "--profile", "public", "--out", path)
    code, text = said(capfdbinary, path, "--trust", trust)
    assert code == 1
    assert "evidence valid, outcome not re-derived" in text


def test_another_outcome(bundle_of: Callable[[int], Path], trust: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A verifier that reads the rules otherwise says so, since it can not know who is right."""
    monkeypatch.setitem(standalone.LIFTED, "max", min)
    assert standalone.main([str(bundle_of(2)), "--trust", str(trust)]) == 3


@pytest.mark.no_cover
def test_every_byte(bundle_of: Callable[[int], Path], trust: Path) -> None:
    good, believed = bundle_of(4).read_bytes(), trust.read_bytes()
    for k in range(FLIPS):
        bad = bytearray(good)
        bad[k * len(good) // FLIPS] ^= 1 << k % 8
        with pytest.raises(standalone.REFUSED):
            standalone.verify(bytes(bad), believed)


@pytest.mark.no_cover
def test_every_member_packed_again(bundle_of: Callable[[int], Path], trust: Path) -> None:
    """The archive is put together again, so that only the evidence can tell."""
    good, believed = archive.read(bundle_of(4).read_bytes(), "it"), trust.read_bytes()
    for name in good:
        for k in range(FLIPS // len(good)):
            bad = bytearray(good[name])
            bad[k * len(bad) * len(good) // FLIPS] ^= 1 << k % 8
            with pytest.raises(standalone.REFUSED):
                standalone.verify(archive.write({**good, name: bytes(bad)}), believed)


@pytest.mark.parametrize("bad", [b"", b"PK", b"PK\3\4" + b"\xff" * 40, b"[" * 100_000, b"\0" * 100])
def test_no_bundle_at_all(bad: bytes, tmp_path: Path, trust: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    (tmp_path / "bad.zip").write_bytes(bad)
    for words in ((tmp_path / "bad.zip", "--trust", trust), (tmp_path / "bad.zip",), (tmp_path / "none",), ()):
        code, text = said(capfdbinary, *words)
        assert code == 2
        assert text.startswith("refused: ")


@pytest.mark.parametrize(
    "bad",
    [
        b"{",
        b'{"a":1,"a":1}',
        b'{"a": 1}',
        b"1.5",
        b"NaN",
        b"9007199254740992",
        '"e\u0301"'.encode(),
        b'"\\ud800"',
        b"[" * 90 + b"]" * 90,
    ],
)
def test_json_that_is_not_canonical(bad: bytes) -> None:
    with pytest.raises(standalone.REFUSED):
        standalone.parse(bad, "it")


# what a changed trust file makes of one and the same bundle; entry 13 is the decision of chen, approved by wang
CHANGES: dict[str, tuple[str, str, dict[str, object], int]] = {
    "as it is": ("decision", "chen", {}, 0),
    "retired before": ("decision", "chen", {"valid_until": "2020-01-01T00:00:00.000Z"}, 2),
    "retired later": ("decision", "chen", {"valid_until": "2999-01-01T00:00:00.000Z"}, 0),
    "second compromised before": ("decision", "wang", {"compromised": {"since": "2026-01-01T00:00:00.000Z", "size": 1}}, 2),
    "second compromised later": ("decision", "wang", {"compromised": {"since": "2026-01-01T00:00:00.000Z", "size": 99}}, 0),
    "second retired before": ("decision", "wang", {"valid_until": "2020-01-01T00:00:00.000Z"}, 2),
    "not yet valid": ("decision", "chen", {"valid_from": "2999-01-01T00:00:00.000Z"}, 2),
    "compromised before": ("decision", "chen", {"compromised": {"since": "2026-01-01T00:00:00.000Z", "size": 1}}, 2),
    "compromised later": ("decision", "chen", {"compromised": {"since": "2026-01-01T00:00:00.000Z", "size": 99}}, 0),
    "log compromised": ("log", "log", {"compromised": {"since": "2026-01-01T00:00:00.000Z", "size": 1}}, 2),
    "log compromised later": ("log", "log", {"compromised": {"since": "2026-01-01T00:00:00.000Z", "size": 99}}, 0),
    "another purpose": ("decision", "chen", {"purpose": "rulebook"}, 2),
    "a field too many": ("decision", "chen", {"note": ""}, 2),
    "a time that is none": ("log", "log", {"valid_from": "2026"}, 2),
    "another key": ("log", "log", {"public": "A" * 43 + "="}, 2),
}


@pytest.mark.parametrize("name", CHANGES)
def test_trust(name: str, bundle_of: Callable[[int], Path], trust: Path, tmp_path: Path) -> None:
    """Windows, purposes and compromises decide whether a signature counts."""
    purpose, who, changes, code = CHANGES[name]
    value = json.loads(trust.read_bytes())
    for key in value["keys"]:
        if key["purpose"] == purpose and key["holder"]["sub"] == who:
            key.update(changes)
    (tmp_path / "trust.json").write_bytes(standalone.canonical(value))
    assert standalone.main([str(bundle_of(4)), "--trust", str(tmp_path / "trust.json")]) == code
    assert fenji("verify", bundle_of(4), "--trust", tmp_path / "trust.json").code == code


def test_trust_of_another_log(bundle_of: Callable[[int], Path], trust: Path) -> None:
    value = json.loads(trust.read_bytes()) | {"origin": "another.example/log"}
    with pytest.raises(ValueError, match="another log"):
        standalone.verify(bundle_of(4).read_bytes(), standalone.canonical(value))


@pytest.mark.parametrize("data", [b"", b"nonsense", b"PK\x03\x04", b"{}"])
def test_what_is_no_bundle_or_trust_file_is_refused_with_a_remedy(
    data: bytes, bundle_of: Callable[[int], Path], tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    (tmp_path / "it").write_bytes(data)
    bad, none, good = str(tmp_path / "it"), str(tmp_path / "none"), str(bundle_of(0))
    for words in ([bad], [good, "--trust", bad], [none], [good, "--trust", none], [bad, "--trust", none]):
        assert standalone.main(words) == 2
        first, second = capsysbinary.readouterr().out.decode().splitlines()
        assert first.startswith(f"refused: {words[-1]}: ")
        assert second.startswith("  help: give the trust file" if words[1:] else "  help: ask for the bundle again")
        assert "Error" not in first
        assert "Errno" not in first
