"""Rule mutation and the packs' pages: what is changed, what notices it, and that the pages say what the rules say."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from api.cli.pages import NAMES, page
from engine.errors import CheckFailedError, InputError
from engine.rulebook import condition as ir
from engine.rulebook.model import Rulebook
from engine.rulebook.parse import parse
from engine.rulebook.read import plain, read
from engine.study import expected
from engine.study.mutate import Expectations, Result, gather, mutants, mutate, stale
from engine.study.vary import Varying, rebuilt
from tests.long import LONG
from tests.rulebook import book
from tests.test_cli import fenji

ROOT = Path(__file__).parents[1]
HERE = ROOT / "tests/study"
VARIATIONS: Any = plain(read((HERE / "variations.yaml").read_bytes(), "variations.yaml"))
FOLDERS = [ROOT / "tests" / name for name in ("duties", "sharing", "gates", "reading")]


@cache
def expectations() -> Expectations:
    return gather(FOLDERS, ROOT / "rules")


@cache
def results(pack: str) -> list[Result]:
    return list(mutate(book(), expectations(), pack))


# expectations ---------------------------------------------------------------------------------------------------------

GATES = [case for file in sorted((ROOT / "tests/gates").glob("*.yaml")) for case in expected.read_cases(file, ROOT / "rules")]


@cache
def alone(pack: str) -> Rulebook:
    return book().with_pack(book().packs[pack], {})


@pytest.mark.parametrize("case", GATES, ids=lambda case: case.name)
def test_gates(case: expected.Case) -> None:
    found = {name: expected.about(pack, case) for name, pack in book().packs.items()}
    wrong = {name: expected.differences(part, part.answer(alone(name))) for name, part in found.items() if part}
    assert wrong
    assert not any(wrong.values())


BAD_CASES = {
    "no list": ("[{name: x}]", "bad-case: a case has at least `name:` and `on:`"),
    "unknown key": ("[{name: x, on: 2026-08-01, wants: [y]}]", "bad-case: a case has no `wants`"),
    "like nothing": ("[{name: x, on: 2026-08-01, like: y}]", "bad-case: no case named `y` stands before this one"),
}


@pytest.mark.parametrize(("text", "says"), BAD_CASES.values(), ids=BAD_CASES)
def test_bad_cases(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "cases.yaml").write_text(text, "utf-8")
    with pytest.raises(InputError) as refused:
        gather([tmp_path], ROOT / "rules")
    assert says in refused.value.text()


def test_a_reading_that_differs_is_refused(tmp_path: Path) -> None:
    text = (ROOT / "tests/reading/cn-data-security.yaml").read_text("utf-8")
    (tmp_path / "reading.yaml").write_text(text.replace("law: [dsl 33]", "law: [dsl 34]"), "utf-8")
    with pytest.raises(CheckFailedError, match="data-trading: the law is dsl 33, not dsl 34"):
        next(mutate(book(), gather([tmp_path], ROOT / "rules"), "cn-data-security"))


def test_a_case_that_fails_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cases.yaml").write_text("[{name: x, on: 2026-08-01, owes: [data_trading]}]", "utf-8")
    with pytest.raises(CheckFailedError, match="case `x`: data_trading is possible, not owed"):
        next(mutate(book(), gather([tmp_path], ROOT / "rules"), "cn-data-security"))


# mutants --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", VARIATIONS, ids=lambda row: row["when"])
def test_variations(row: dict[str, Any]) -> None:
    found = Varying(book(), book().packs[row["pack"]]).of(parse(row["when"]))
    assert [{each.kind: ir.to_text(each.whole)} for each in found] == row["becomes"]


def test_rebuilding_a_condition_from_its_parts_changes_nothing() -> None:
    for node in book().conditions.values():
        assert all(rebuilt(part, ir.children(part)) == part for part in ir.walk(node))


def test_every_mutant_differs_in_one_file_and_is_made_once() -> None:
    pack = book().packs["cn-data-security"]
    found = list(mutants(book(), pack))
    for mutant in found:
        changed = [name for name, rule in mutant.pack.rules.items() if rule != pack.rules[name]]
        assert changed == ([mutant.part] if mutant.part in pack.rules else [])
        assert (mutant.pack.doc != pack.doc) == (not changed)
    assert len({(m.part, m.made.path, m.change) for m in found}) == len(found)


def test_nothing_is_noticed_where_nothing_is_expected() -> None:
    """The rules' own cases alone see no article, effect or body."""
    found = list(mutate(book(), Expectations(), "incident-clocks", ["flaw-24h"]))
    unnoticed = {result.mutant.kind for result in found if not result.noticed}
    assert unnoticed == {"source", "effect", "authority", "outcome"}


def test_a_small_pack_has_no_survivor() -> None:
    found = results("incident-clocks")
    assert len(found) > 250
    assert [result.mutant.change for result in found if not result.noticed and not result.why] == []
    assert stale(found, expectations().readings["incident-clocks"]) == []


@pytest.mark.parametrize("pack", sorted(book().packs) if LONG else ["incident-clocks"])
def test_nine_mutants_of_ten_are_noticed(pack: str) -> None:
    noticed = sum(bool(result.noticed) for result in results(pack))
    assert noticed >= 0.9 * len(results(pack))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_report(lang: str, tmp_path: Path) -> None:
    (tmp_path / "reading.yaml").write_bytes((HERE / "partial.yaml").read_bytes())
    words = (
        "mutate",
        "incident-clocks/summary-30d",
        "cn-cross-border/treaty",
        "--cases",
        tmp_path,
        "--survivors",
        "--lang",
        lang,
    )
    ended = fenji(*words)
    assert ended.code == 1
    assert ended.out == (HERE / f"report.{lang}.txt").read_text("utf-8")


def test_report_as_json() -> None:
    ended = fenji("mutate", "cn-data-security/data-trading", "--json")
    assert ended.code == 0
    assert ended.json()["packs"] == [{"pack": "cn-data-security", "changes": 6, "noticed": 6, "explained": 0, "left": 0}]


def test_no_such_rule() -> None:
    ended = fenji("mutate", "cn-data-security/nope")
    assert (ended.code, ended.err.splitlines()[0]) == (2, "fenji: unknown-rule: no pack or rule named `cn-data-security/nope`")


# pages ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pack", sorted(path.parent.name for path in (ROOT / "rules").glob("*/pack.yaml")))
def test_page_is_current(pack: str) -> None:
    for lang, name in NAMES.items():
        written = (ROOT / "rules" / pack / name).read_text("utf-8")
        assert written == page(book(), pack, lang), f"run `fenji pages {pack}`"
        assert all(rule in written for rule in book().packs[pack].rules)
