"""What `fenji check` says: each file of tests/bad/ spoils the base rulebook once and states every finding that follows.

`files` adds a file or replaces it whole, `edit` replaces one text in a file of the base. With `lock` the base was locked
before, `published` or `open`; `cases: false` leaves the cases of the rules out.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.render.findings import NAMES, finding, summary
from engine.decide import cases
from engine.errors import CheckFailedError, Finding, Place, ReadError, RulebookError, RulesNotFoundError
from engine.rulebook import check, locate, lock, read, read_json
from engine.rulebook.load import load, load_all
from tests.bad_base import BASE

BAD = sorted((Path(__file__).parent / "bad").glob("*.yaml"))


def spoiled(case: dict[str, Any]) -> list[tuple[str, bytes]]:
    """Return the files of the base with the changes of a case."""
    files = BASE | case.get("files", {})
    for name, changes in case.get("edit", {}).items():
        for old, new in changes.items():
            assert files[name].count(old) == 1, f"{old} stands {files[name].count(old)} times in {name}"
            files[name] = files[name].replace(old, new)
    return [(name, text.encode()) for name, text in sorted(files.items())]


def findings(case: dict[str, Any], folder: Path) -> list[Finding]:
    """Return what is found: as the command does, cases run only in a rulebook without errors."""
    loaded = load_all(spoiled(case))
    found = check.check(loaded)
    if case.get("cases", True) and not any(finding.level == "error" for finding in found):
        found += cases.run(loaded, "p")
    if "lock" in case:
        good = load_all(spoiled({})).rulebook
        lock.write(folder, good)
        if case["lock"] == "published":  # as the log shows
            found += lock.changed(lock.versions(good), loaded.rulebook, date(2026, 11, 29))
        else:
            found += lock.check(folder, loaded.rulebook)
    return found


@pytest.mark.parametrize("path", BAD, ids=lambda path: str(path.stem))
def test_bad(path: Path, tmp_path: Path) -> None:
    case = yaml.safe_load(path.read_text("utf-8"))
    assert [finding.text() for finding in findings(case, tmp_path)] == case["expect"]


def test_the_base_is_good(tmp_path: Path) -> None:
    assert findings({}, tmp_path) == []


def test_form_is_refused_at_once(tmp_path: Path) -> None:
    for name, data in spoiled({"files": {"p/r.yaml": "a: 1\na: 2\n", "samples/s.yaml": "not: read"}}):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    with pytest.raises(CheckFailedError, match="duplicate-key"):
        load(tmp_path)


def test_a_place_in_a_file_that_was_not_read_is_the_file() -> None:
    assert load_all([]).sources.place("rules/x.yaml", "a") == Place("rules/x.yaml")


def test_nothing_is_no_rulebook_and_has_no_faults() -> None:
    assert check.check(load_all([])) == []
    assert check.check(load_all([("vocabulary/t.yaml", BASE["vocabulary/t.yaml"].encode())])) == []


# documents -----------------------------------------------------------------------------------------------------------


def outcome(reader: Callable[[bytes, str], read.Node], data: bytes, file: str = "f.json") -> object:
    """Return what is read, or the first line of the refusal."""
    try:
        return read.plain(reader(data, file))
    except ReadError as error:
        return error.text().partition("\n")[0]


DOCUMENTS: list[tuple[bytes, object]] = [
    (b"a: 1", {"a": 1}),
    (b"\xef\xbb\xbfa: -1", {"a": -1}),
    (
        b"a: yes\nb: 1:30\nc: 1.5\nd: ~\ne: true\nf: 'true'\ng: '1'",
        {"a": "yes", "b": "1:30", "c": "1.5", "d": "~", "e": True, "f": "true", "g": "1"},
    ),
    (b"a: 0123", {"a": "0123"}),
    (b"a: " + b"9" * 31, {"a": "9" * 31}),
    (b"- [x, 1]\n- {}", [["x", 1], {}]),
    (b"a: 1\nb: \xff", "f.json:2:4: not-utf8: the document is not UTF-8"),
    (b"x" * (read.MAX_BYTES + 1), "f.json: too-large: the document is larger than 4000000 bytes"),
    (b"a: ! x", {"a": "x"}),
]
JSON: list[tuple[bytes, object]] = [
    (b' {"a": [1, true, null, -1.5e3, "x"], "b": {}, "c": []} ', {"a": [1, True, "null", "-1.5e3", "x"], "b": {}, "c": []}),
    (b'{"\\ud83d\\ude00": "\x7f"}', {"\U0001f600": "\x7f"}),
    (b"7", 7),
    (b'{"a": 1} 2', "f.json:1:10: syntax: the document goes on after its end"),
    (b"", "f.json:1:1: syntax: a value is missing"),
    (b"[1 2]", "f.json:1:4: syntax: `,` or `]` is missing"),
    (b'{"a": 1', "f.json:1:8: syntax: `,` or `}` is missing"),
    (b"[1, ]", "f.json:1:5: syntax: a value is missing"),
    (b"{a: 1}", "f.json:1:2: syntax: a key in double quotes is missing"),
    (b'{"a" 1}', "f.json:1:6: syntax: `:` is missing after the key"),
    (b'{"a":\n "x}', "f.json:2:2: syntax: unterminated string"),
    (b'["\\ud83d"]', "f.json:1:2: syntax: half of a surrogate pair stands alone"),
    (b'{"a": 1,\n "a": 2}', "f.json:2:2: duplicate-key: `a` is given twice"),
    (b"[" * 65, "f.json:1:65: too-deep: nested deeper than 64 levels"),
]


@pytest.mark.parametrize(("data", "expected"), DOCUMENTS, ids=range(len(DOCUMENTS)))
def test_documents(data: bytes, expected: object) -> None:
    assert outcome(read.read, data) == expected
    assert outcome(read_json.read_filing, data) == expected


@pytest.mark.parametrize(("data", "expected"), JSON, ids=range(len(JSON)))
def test_json(data: bytes, expected: object) -> None:
    assert outcome(read_json.read_json, data) == expected


def test_a_filing_is_yaml_or_json() -> None:
    surrogates = b'{"a": "\\ud83d\\ude00"}'
    assert outcome(read_json.read_filing, surrogates) == {"a": "\U0001f600"}
    assert outcome(read_json.read_filing, surrogates, "f.yaml") == {"a": "\U0001f600"}
    assert outcome(read_json.read_filing, b"a: [1", "f.json") == "f.json:1:1: syntax: a value is missing"
    assert outcome(read_json.read_filing, b"a: [1\n", "f.yaml") == "f.yaml:2:1: syntax: did not find expected ',' or ']'"
    double = b'{"a": "\\ud83d\\ude00", "a": 1}'
    assert outcome(read_json.read_filing, double, "f.yaml") == "f.yaml:1:23: duplicate-key: `a` is given twice"


def test_plain_data_becomes_nodes() -> None:
    node = read.node_from({"a": [True, False, None, 1, "x", ""], "b": ("1",)}, Place("f", 2, 3))
    assert read.plain(node) == {"a": [True, False, "", 1, "x", ""], "b": [1]}
    assert read.place_of(node, ("a", 9, "c")) == Place("f", 2, 3)


# the lock and the cache ----------------------------------------------------------------------------------------------


def test_the_lock_is_written_anew(tmp_path: Path) -> None:
    first, second = (load_all(spoiled(case)).rulebook for case in ({}, {"edit": {"p/r.yaml": {"when: f.b": "when: f.c"}}}))
    assert lock.write(tmp_path, first) == 2
    assert lock.write(tmp_path, second) == 1
    assert lock.write(tmp_path, second) == 0
    assert lock.write(tmp_path, first) == 1
    assert [finding.code for finding in lock.check(tmp_path, second)] == ["not-locked"]


def test_rules_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "vocabulary").mkdir()
    monkeypatch.delenv("FENJI_RULES", raising=False)
    assert locate.find() == Path(__file__).parents[1] / "rules"
    monkeypatch.setenv("FENJI_RULES", str(tmp_path))
    assert locate.find() == tmp_path
    with pytest.raises(RulesNotFoundError, match="no rules folder at /nowhere"):
        locate.find("/nowhere")


def test_a_rulebook_is_kept_and_a_damaged_one_is_read_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rules, cache = tmp_path / "rules", tmp_path / "cache"
    for name, data in spoiled({}):
        (rules / name).parent.mkdir(parents=True, exist_ok=True)
        (rules / name).write_bytes(data)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.setattr(locate, "OPEN", 0)  # as if each were opened by a process of its own
    book = locate.open_rulebook(rules)
    (kept,) = (cache / "fenji").iterdir()
    assert locate.open_rulebook(rules).digest == book.digest
    good = kept.read_bytes()
    for bad in (b"", b"nonsense", good[:100], b"N."):
        kept.write_bytes(bad)
        assert locate.open_rulebook(rules).packs == book.packs
        assert kept.read_bytes() == good
    kept.chmod(0o666)
    assert locate.open_rulebook(rules).packs == book.packs
    monkeypatch.setenv("XDG_CACHE_HOME", str(rules / "p/r.yaml"))
    assert locate.open_rulebook(rules).packs == book.packs


def test_a_process_keeps_the_rulebooks_opened_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(locate, "_opened", {})
    files = [[(name, data + b"\n" * number) for name, data in spoiled({})] for number in range(locate.OPEN + 1)]
    books = [locate.open_files(each) for each in files]
    assert all(locate.open_files(each) is book for each, book in zip(files[1:], books[1:], strict=True))
    assert locate.open_files(files[0]) is not books[0]
    assert len(locate._opened) == locate.OPEN


def test_a_faulty_rulebook_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    rules = tmp_path / "rules"
    for name, data in spoiled({"edit": {"p/r.yaml": {"when: f.b": "when: f.zz"}}}):
        (rules / name).parent.mkdir(parents=True, exist_ok=True)
        (rules / name).write_bytes(data)
    with pytest.raises(CheckFailedError, match="unknown-fact"):
        locate.open_rulebook(rules)
    assert load(rules).packs  # its form is good


@pytest.mark.parametrize("text", ["{", "{}", "[]"])
def test_a_damaged_lock_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / lock.NAME).write_text(text, "utf-8")
    with pytest.raises(RulebookError, match=r"rules/lock.json: bad-lock: the lock is not what"):
        lock.read(tmp_path)


def test_every_code_has_a_chinese_name() -> None:
    said = [line for path in BAD for text in yaml.safe_load(path.read_text("utf-8"))["expect"] for line in text.splitlines()[:1]]
    assert {line.split(": ")[1] for line in said} - set(NAMES) == set()


def test_findings_in_chinese() -> None:
    found = Finding("no-pack", Place("rules/q/r.yaml"), "the problem", "the remedy")
    assert finding(found, "zh") == "rules/q/r.yaml: no-pack（不属于任何规则包）: the problem\n  办法: the remedy"
    assert finding(found, "en") == found.text()
    assert [summary(3, 2, 1, lang) for lang in ("zh", "en")] == ["3条规则：2个错误，1个警告", "3 rules: 2 errors, 1 warnings"]
