"""The command line, in this process: what each command prints, how it exits, and what it says about bad input."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.cli import COMMANDS, main
from api.render import table
from engine.rulebook.days import legal_day
from engine.rulebook.locate import find, open_rulebook

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "rules" / "samples"
TWO_FLOWS = SAMPLES / "cn-cross-border" / "two-flows.yaml"
HR = SAMPLES / "cn-cross-border" / "hr-unproved.yaml"
BAD: list[dict[str, str]] = yaml.safe_load((Path(__file__).parent / "cli" / "bad_input.yaml").read_text("utf-8"))
TRANSFER, TIERS = "cn-cross-border", "nanjing-tiering"
ANSWER = {
    *("pack", "as_of", "rulebook", "determined", "outcomes", "items", "fired", "unknown", "overridden"),
    *("missing", "may_matter", "settle", "goes_to"),
}


@dataclass
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


@contextmanager
def standard_input(data: bytes) -> Iterator[None]:
    """Let the command read `data`, as a shell's pipe would."""
    before, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(data), encoding="utf-8")
    try:
        yield
    finally:
        sys.stdin = before


def fenji(*words: str | Path, stdin: bytes = b"") -> Ended:
    """Run one command."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with standard_input(stdin), redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    return Ended(int(ended.value.code or 0), *(stream.buffer.getvalue().decode() for stream in (out, err)))


def first(ended: Ended) -> str:
    """The first line of what was said about bad input, which is all that was said."""
    assert (ended.code, ended.out) == (2, ""), ended
    lines = ended.err.splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("  help: ")
    return lines[0]


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A copy of the rules that a test may change."""
    shutil.copytree(ROOT / "rules", tmp_path / "rules")
    return tmp_path / "rules"


# bad input ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", BAD, ids=[case["name"] for case in BAD])
def test_bad_input(case: dict[str, str]) -> None:
    data: bytes = eval(case["raw"]) if "raw" in case else case["filing"].encode()  # noqa: S307 - our own table
    assert first(fenji("assess", TRANSFER, "-", stdin=data)) == case["says"]


ARGUMENTS = [
    (["assess", "nope", TWO_FLOWS], "fenji: unknown-pack: no pack named `nope`"),
    (["facts", "nope"], "fenji: unknown-pack: no pack named `nope`"),
    (["check", "nope"], "fenji: unknown-pack: no pack named `nope`"),
    (["ask", "nope"], "fenji: unknown-pack: no pack named `nope`"),
    (["assess", TRANSFER, "no/such.yaml"], "no/such.yaml: unreadable: the system refuses: no such file or directory"),
    (["assess", TRANSFER, "a\0b"], "a\\x00b: unreadable: the system refuses: embedded null byte"),
    (["assess", TRANSFER, SAMPLES], f"{SAMPLES}: unreadable: the system refuses: is a directory"),
    (["explain", TRANSFER, TWO_FLOWS, "--as-of", "2024-1-1"], "--as-of: wrong-date: `--as-of` is a date, not `2024-1-1`"),
    (["explain", TRANSFER, TWO_FLOWS, "--as-of", "2023-02-29"], "--as-of: wrong-date: `--as-of` is a date, not `2023-02-29`"),
    (["packs", "--rules", "no/such"], "fenji: rules-not-found: no rules folder at no/such"),
    (["demo", "--rules", "no/such"], "fenji: rules-not-found: no rules folder at no/such"),
    (["what-if", TRANSFER, TWO_FLOWS], "<change>: wrong-change: nothing is changed"),
    (["what-if", TRANSFER, TWO_FLOWS, "operator.ciio"], "<change>: wrong-change: `operator.ciio` is not FACT=VALUE"),
    (
        ["what-if", TRANSFER, TWO_FLOWS, "operator.ciio=\udcff"],
        "<change>: wrong-change: `operator.ciio=\\udcff` is not FACT=VALUE",
    ),
    (["what-if", TRANSFER, TWO_FLOWS, "nope=1"], "<change>: unknown-fact: no fact named `nope`"),
    (
        ["what-if", TRANSFER, TWO_FLOWS, "operator.ciio=1"],
        "<operator.ciio>:1:1: wrong-type: `operator.ciio` is true or false, not `1`",
    ),
    (["what-if", TRANSFER, TWO_FLOWS, "flow.persons=1"], "<change>: no-such-item: say which flow is meant"),
    (
        ["what-if", TRANSFER, "no/such.yaml", "operator.ciio=true"],
        "no/such.yaml: unreadable: the system refuses: no such file or directory",
    ),
    (["what-if", TWO_FLOWS, "nope=1"], "<change>: unknown-fact: no fact named `nope`"),
    (["questions", TRANSFER], "fenji: no-file: the filing is missing"),
    (["new-rule", "nope", "my-rule"], "fenji: unknown-pack: no pack named `nope`"),
    (["new-rule", TRANSFER, "My rule"], "fenji: bad-name: `My rule` is not the name of a rule"),
]


@pytest.mark.parametrize(("words", "says"), ARGUMENTS, ids=[says for _, says in ARGUMENTS])
def test_bad_arguments(words: list[str | Path], says: str) -> None:
    assert first(fenji(*words)) == says


@pytest.mark.parametrize("words", [["asess"], ["assess"], ["assess", TRANSFER, "-", "--lang", "fr"], ["packs", "--no-such"], []])
def test_usage_is_bad_input_too(words: list[str]) -> None:
    ended = fenji(*words)
    assert ended.code == 2
    assert "Traceback" not in ended.err


def test_json_errors_of_a_json_file(tmp_path: Path) -> None:
    path = tmp_path / "filing.json"
    says = {
        '{"about": "\\ud83d"}': "1:11: syntax: half of a surrogate pair stands alone",
        '{"about": "\\ud83d\\ude00",}': "1:26: syntax: a key in double quotes is missing",
        '{"about": "\\ud83d\\ude00" "b": 1}': "1:26: syntax: `,` or `}` is missing",
        '{"about" "\\ud83d\\ude00"}': "1:10: syntax: `:` is missing after the key",
        '{"about": "\\ud83d\\ude00", "b": nope}': "1:32: syntax: a value is missing",
        '{"about": "\\ud83d\\ude00"} {}': "1:27: syntax: the document goes on after its end",
        '{"about": "\\ud83d\\ude00", "b": "': "1:32: syntax: unterminated string",
        '["\\ud83d\\ude00", [], {}, [[1]]]': "1:1: not-a-filing: a filing is a mapping of facts",
    }
    for text, problem in says.items():
        path.write_text(text, "utf-8")
        assert first(fenji("assess", TRANSFER, path)) == f"{path}:{problem}"


# a broken rulebook ----------------------------------------------------------------------------------------------------

BROKEN = [
    ("flow.state_secret\n", "flow.state_secrets\n", "12:36: unknown-fact: no fact named `flow.state_secrets`"),
    (
        "flow.state_secret\n",
        "flow.state_secret" + " or flow.state_secret" * 5_000 + "\n",
        "12:11: condition-too-long: the condition has 105042 characters",
    ),
    ("flow.state_secret\n", "flow.state_secret and (\n", None),
    ("versions:", "version:", None),
]


@pytest.mark.no_cover  # each is proved three times, which takes long when traced
@pytest.mark.parametrize(("old", "new", "says"), BROKEN, ids=["unknown fact", "100 kB condition", "syntax", "unknown field"])
def test_a_rule_with_an_error_never_answers(rules: Path, old: str, new: str, says: str | None) -> None:
    path = rules / TRANSFER / "state-secret.yaml"
    path.write_text(path.read_text("utf-8").replace(old, new, 1), "utf-8")
    for words in (["assess", TRANSFER, TWO_FLOWS], ["packs"]):
        ended = fenji(*words, "--rules", rules)
        assert (ended.code, ended.out) == (2, "")
        line = ended.err.splitlines()[0]
        assert (
            line == f"rules/cn-cross-border/state-secret.yaml:{says}"
            if says
            else line.startswith("rules/cn-cross-border/state-secret.yaml:")
        )
    checked = fenji("check", "--json", "--rules", rules)
    assert checked.code == 1
    assert checked.json()[0]["place"]["file"] == "rules/cn-cross-border/state-secret.yaml"
    assert fenji("check", TIERS, "--rules", rules).code == 0 if says and "unknown" in says else True


def test_a_damaged_lock_is_said(rules: Path) -> None:
    (rules / "lock.json").write_text("{x", "utf-8")
    for command in ("lock", "check"):
        assert first(fenji(command, "--rules", rules)) == "rules/lock.json: bad-lock: the lock is not what `fenji lock` writes"


# what commands print --------------------------------------------------------------------------------------------------


def test_packs() -> None:
    found = fenji("packs", "--json").json()
    assert {tuple(pack) for pack in found} == {("id", "titles", "outcomes")}
    outcomes = {pack["id"]: pack["outcomes"] for pack in found}
    assert set(outcomes) == {path.parent.name for path in (ROOT / "rules").glob("*/pack.yaml")}
    assert "mechanism" in outcomes[TRANSFER]
    assert "tier" in outcomes[TIERS]
    assert "数据出境路径" in fenji("packs", "--lang", "zh").out


def test_facts() -> None:
    found = fenji("facts", TRANSFER, "--json").json()
    assert {tuple(fact) for fact in found} == {("id", "type", "unit", "values", "labels", "question", "applies_when")}
    by_id = {fact["id"]: fact for fact in found}
    assert by_id["flow.persons"]["applies_when"] == "flow.personal_information"
    assert by_id["flow.persons"]["unit"] == "persons"
    assert "transmitted" in by_id["flow.manner"]["values"]
    assert not [name for name in by_id if name.startswith("function.")], "a pack lists only what it reads"
    assert "flow: {complete: true, items:" in fenji("facts", TRANSFER, "--lang", "zh").out
    of_all = [fact["id"] for fact in fenji("facts", "--json").json()]
    assert set(by_id) | {"function.opinion_attribute", "end.date", "evidence.kind"} <= set(of_all), "without a pack, of every one"
    assert len(set(of_all)) == len(of_all)


@pytest.mark.parametrize(("path", "code"), [(TWO_FLOWS, 0), (HR, 1)], ids=["determined", "open"])
def test_assess(path: Path, code: int) -> None:
    ended = fenji("assess", TRANSFER, path, "--json", "--as-of", "2026-01-31")
    found = ended.json()
    assert ended.code == code
    assert set(found) >= ANSWER
    assert found["determined"] is (code == 0)
    assert (found["pack"], found["as_of"]) == (TRANSFER, "2026-01-31")
    assert ended.out == fenji("assess", TRANSFER, "-", "--json", "--as-of", "2026-01-31", stdin=path.read_bytes()).out


def test_as_of_is_today_and_printed() -> None:
    before = legal_day(datetime.now(UTC)).isoformat()
    printed = fenji("assess", TRANSFER, TWO_FLOWS, "--lang", "en").out.splitlines()[1]
    assert printed.startswith((f"as of {before}", f"as of {legal_day(datetime.now(UTC)).isoformat()}"))


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*/*.yaml")), ids=lambda path: path.stem)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_sample_has_a_text(path: Path, lang: str) -> None:
    ended = fenji("assess", path.parent.name, path, "--lang", lang)
    assert ended.code in (0, 1)
    assert ended.err == ""
    assert {"zh": "适用的规则", "en": "Rules that apply"}[lang] in ended.out or path.stem in ("nearly-empty", "date-unknown")


JSON_FORMS = {
    "surrogate pair": '{"about": "\\ud83d\\ude00", "operator.ciio": true}',
    "escaped slash": '{"about": "\\/", "operator": {"ciio": true}}',
    "control character": '{"about": "\x7f", "operator.ciio": true}',
    "long key": '{"operator": {"ciio": true}, "about": {"' + "k" * 2000 + '": [1.5e3, null, [], {}]}}',
    "yaml": "about: x\noperator.ciio: true",
}


@pytest.mark.parametrize("text", JSON_FORMS.values(), ids=JSON_FORMS.keys())
def test_json_and_yaml_say_the_same(text: str) -> None:
    plain = fenji("what-if", TRANSFER, "-", "operator.ciio=true", "--json", stdin=text.encode())
    assert plain.code == 0
    assert plain.json()["changed"] == []


def test_explain() -> None:
    for lang, word in (("zh", "为什么"), ("en", "Why")):
        assert word in fenji("explain", TRANSFER, HR, "--lang", lang).out
    assert fenji("explain", TRANSFER, HR, "--json").json()["why"]


def test_questions() -> None:
    found = fenji("questions", TRANSFER, HR, "--json").json()
    asked = fenji("questions", TRANSFER, HR, "--lang", "en").out
    assert found["questions"]
    assert all(f"{each['fact']}@{each['item']}" if each["item"] else each["fact"] in asked for each in found["questions"])
    assert "nothing is left to ask" in fenji("questions", TRANSFER, TWO_FLOWS, "--lang", "en").out


def test_what_if() -> None:
    same = fenji("what-if", TRANSFER, TWO_FLOWS, "operator.ciio=false", "--lang", "en")
    assert "the answer stays the same" in same.out
    other = fenji("what-if", TRANSFER, TWO_FLOWS, "operator.ciio=true", "flow.purpose@analytics=hr", "--lang", "en").out
    assert "+ strictest mechanism of the filing: security assessment" in other


def test_questions_of_all_packs_are_those_of_the_assessment() -> None:
    asked = fenji("questions", TWO_FLOWS, "--json").json()["questions"]
    assert asked == fenji("assess", TWO_FLOWS, "--json").json()["questions"]
    assert all(f"{each['fact']}:" in fenji("questions", TWO_FLOWS, "--lang", "en").out for each in asked[:3])


def test_what_if_over_all_packs() -> None:
    told = ("people.personal_data=true", "launch.date=2026-12-20")
    words: list[str | Path] = ["what-if", TWO_FLOWS, *told, "--as-of", "2026-08-01"]
    found = {(each["kind"], each["id"]): each for each in fenji(*words, "--json").json()["changed"]}
    assert found["duty", "pi_notice"]["after"] == ["not_yet_due", "2026-12-19"]
    assert "+ not yet due 2026-12-19" in fenji(*words, "--lang", "en").out
    open_: list[str | Path] = ["what-if", TWO_FLOWS, told[0], "launch.date={at_least: 2026-12-20}", "--as-of", "2026-08-01"]
    found = {(each["kind"], each["id"]): each for each in fenji(*open_, "--json").json()["changed"]}
    assert found["duty", "pi_notice"]["after"] == ["not_yet_due", "2026-12-19.."], "of an open day the bound is no deadline"
    assert "+ not yet due 2026-12-19.." in fenji(*open_, "--lang", "en").out
    assert "the answer stays the same" in fenji("what-if", TWO_FLOWS, "operator.ciio=false", "--lang", "en").out


def test_demo() -> None:
    ended = fenji("demo", "--lang", "en", "--as-of", "2026-01-31")
    assert ended.code == 0
    lines = ended.out.splitlines()
    assert lines[0] == "as of 2026-01-31"
    assert [line.split()[0] for line in lines[3 : 3 + len(list(SAMPLES.glob("*/*.yaml")))]] == [
        f"{path.parent.name}/{path.stem}" for path in sorted(SAMPLES.glob("*/*.yaml"))
    ]
    assert "Rules that wait for facts" in ended.out
    assert all(f"→ {end}" in ended.out for end in ("graduated to a normal track", "terminated and closed"))


def test_demo_needs_samples(rules: Path) -> None:
    shutil.rmtree(rules / "samples")
    assert first(fenji("demo", "--rules", rules)) == f"fenji: no-samples: no sample filings below {rules / 'samples'}"


def test_every_command_has_help() -> None:
    everything = fenji("--help")
    assert everything.code == 0
    assert [line.split()[0] for line in everything.out.partition("Commands:\n")[2].splitlines()] == list(COMMANDS)
    for command in COMMANDS:
        assert f"Usage: fenji {command}" in fenji(command, "--help").out


# the interview --------------------------------------------------------------------------------------------------------


def ask(pack: str, *lines: str) -> Ended:
    return fenji("ask", pack, "--lang", "en", stdin="".join(f"{line}\n" for line in lines).encode())


def test_ask_stops_at_the_end_of_the_input() -> None:
    ended = ask(TIERS)
    assert ended.code == 0
    assert "undetermined" in ended.out


def test_ask_counts_items_and_refuses_what_does_not_fit() -> None:
    ended = ask(TRANSFER, "?", "none", "0", "2", "q")
    assert "a number from 1 to 100" in ended.out
    assert ended.out.count("A number is needed.") == 2
    assert "data flow 1" in ended.out
    assert "data flow 2" in ended.out


def test_ask_takes_help_values_and_unknowns() -> None:
    ended = fenji("ask", TIERS, "--json", stdin=b"?\nperhaps\n\n" * 3)
    assert ended.code == 0
    assert ended.json()["pack"] == TIERS
    assert "nothing for unknown, q to stop" in ended.err
    assert "<answer>:1:1: " in ended.err


@pytest.mark.no_cover  # each answer works the whole pack out again
def test_ask_ends_by_itself() -> None:
    ended = fenji("ask", "cn-data-trading", "--lang", "zh", stdin=b"\n" * 200)
    assert ended.code == 0
    assert 1 < ended.out.count("> ") < 20  # each question is asked once, and most of the input is left


def test_ask_refuses_broken_bytes() -> None:
    ended = fenji("ask", TIERS, "--json", stdin=b"\xff\n")
    assert ended.code == 2
    assert "<answer>: not-utf8: the answer is not UTF-8" in ended.err


# for authors ----------------------------------------------------------------------------------------------------------


@pytest.mark.no_cover  # the cases of every rule, traced, take minutes; tests/bad runs each line of it on a small rulebook
def test_the_rules_are_sound(rules: Path) -> None:
    assert fenji("lock", "--rules", rules).code == 0
    ended = fenji("check", "--rules", rules)
    assert ended.code == 0, ended.out
    assert ended.out.splitlines()[-1].endswith("rules: 0 errors, 0 warnings")
    assert fenji("lock", "--rules", rules).out.endswith("lock.json: 0 entries changed\n")


@pytest.mark.parametrize("pack", [TRANSFER, pytest.param(TIERS, marks=pytest.mark.no_cover)])
def test_a_new_rule_lacks_only_its_todos(rules: Path, pack: str) -> None:
    assert fenji("new-rule", pack, "my-rule", "--rules", rules).code == 0
    written = (rules / pack / "my-rule.yaml").read_text("utf-8")
    again = fenji("new-rule", pack, "my-rule", "--rules", rules)
    assert first(again) == f"{rules / pack / 'my-rule.yaml'}: exists: there is a rule of this name"
    assert (rules / pack / "my-rule.yaml").read_text("utf-8") == written
    found = fenji("check", "--json", "--rules", rules).json()
    assert [(each["code"], each["problem"]) for each in found] == [("unknown-instrument", "no instrument named `TODO`")]
    source = next(iter(open_rulebook(find()).packs[pack].rules.values())).sources[0]
    start = open_rulebook(find()).instruments[source.instrument].in_force
    done = written.replace('instrument: TODO, article: "1"', f"instrument: {source.instrument}, article: '{source.article}'")
    assert start
    (rules / pack / "my-rule.yaml").write_text(done, "utf-8")
    fenji("lock", "--rules", rules)
    codes = {each["code"] for each in fenji("check", pack, "--json", "--rules", rules).json()}
    assert codes <= {"before-its-law"}


# the process ----------------------------------------------------------------------------------------------------------


def test_a_reader_who_leaves_ends_it_quietly() -> None:
    command = [sys.executable, "-c", "from api.cli import main; main()", "facts", TRANSFER]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


def test_closed_streams_and_plain_terminals() -> None:
    command = f"exec {sys.executable} -c 'from api.cli import main; main()' assess {TRANSFER} - <&-"
    closed = subprocess.run(["/bin/sh", "-c", command], cwd=ROOT, capture_output=True, check=False)
    assert (closed.returncode, closed.stderr.splitlines()[0]) == (2, b"<stdin>:1:1: empty: the document is empty")
    ascii_only = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONPATH": str(ROOT)}
    command = f"exec {sys.executable} -c 'from api.cli import main; main()' packs --lang zh"
    shown = subprocess.run(["/bin/sh", "-c", command], cwd=ROOT, env=ascii_only, capture_output=True, check=False)
    assert (shown.returncode, shown.stderr) == (0, b"")


def test_a_terminal_gets_a_box_and_a_pipe_gets_columns() -> None:
    assert table.plain(("a", "b"), [("中文", "x\ny"), ("c", "")]) == "a     b\n----  -\n中文  x\n      y\nc"
    terminal = io.StringIO()
    terminal.isatty = lambda: True  # type: ignore[method-assign]
    with redirect_stdout(terminal):
        assert "┃" in table.render(("a", "b"), [("[x]", "y")])
