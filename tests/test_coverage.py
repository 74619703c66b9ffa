"""Clauses of the law: how they are cited, that every one is classified, and that a changed text is noticed."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from api.render import coverage as said
from engine.errors import InputError
from engine.rulebook import citation
from engine.rulebook.citation import Address, Span, expand, parse, written
from engine.rulebook.clauses import listed
from engine.rulebook.load import load_all
from engine.rulebook.model import Rulebook
from engine.study.coverage import coverage
from engine.study.lawtext import articles, digest
from engine.study.stale import compare, texts
from tests.bad_base import BASE
from tests.rulebook import book
from tests.test_cli import fenji, first

HERE = Path(__file__).parent / "coverage"
DIGESTS = next((each for p in HERE.parents if (each := p / "shared/law/ai.md").is_file()), None)


def data(name: str) -> Any:
    return yaml.safe_load((HERE / f"{name}.yaml").read_text("utf-8"))


CITATIONS, TEXTS, STALE, DIGESTED = (data(name) for name in ("citations", "texts", "stale", "digested"))


@pytest.fixture(scope="module")
def rulebook() -> Rulebook:
    return book()


# citations -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CITATIONS["read"], ids=lambda case: case["text"] or "none")
def test_a_citation_hits_what_it_names_and_nothing_else(case: dict[str, Any]) -> None:
    spans = parse(case["text"])
    assert [str(span) for span in spans] == case["is"]
    for clauses, expected in ((case["hits"], True), (case["misses"], False)):
        for clause in clauses:
            ((address,),) = (expand(clause),)
            assert any(span.hits(address) for span in spans) is expected, clause


@pytest.mark.parametrize("case", CITATIONS["refused"], ids=lambda case: case["text"])
def test_what_is_no_citation_is_refused(case: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=re.escape(case["says"])):
        parse(case["text"])


numbers = st.integers(1, 300).map(str)
heads = numbers | st.builds("{}之{}".format, numbers, st.integers(1, 12)) | st.sampled_from(["annex", "annex-iii", "safeguards"])
subs = st.lists(numbers | st.sampled_from(["a", "ba", "1a"]), max_size=3)
addresses = st.builds(lambda head, below: (head, *below), heads, subs)


@st.composite
def ranges(draw: st.DrawFn) -> Span:
    *above, last = draw(addresses.filter(lambda address: address[-1].isdigit()))
    return Span((*above, last), (*above, str(int(last) + draw(st.integers(1, 20)))))


spans = addresses.map(lambda address: Span(address, address)) | ranges()


@given(st.lists(spans, min_size=1, max_size=4))
def test_a_citation_written_back_and_read_again_is_the_same(cited: list[Span]) -> None:
    assert list(parse(", ".join(map(str, cited)))) == cited


@given(st.integers(1, 9999))
def test_a_numeral_read_again_is_the_number(value: int) -> None:
    assert citation.number(citation.numeral(value)) == value
    assert parse(f"第{citation.numeral(value)}条第{citation.numeral(value % 99 + 1)}款") == parse(f"{value}({value % 99 + 1})")


@given(ranges(), addresses)
def test_a_range_hits_what_one_of_its_clauses_hits(span: Span, clause: Address) -> None:
    singles = citation.counted(span)
    assert [str(each) for each in singles] == [written(each) for each in expand(str(span))]
    inserted = "之" in clause[min(len(span.first), len(clause)) - 1]  # 13之1 lies within 12-14 and is none of the three
    assert inserted or any(each.hits(clause) for each in singles) == span.hits(clause)


# every clause --------------------------------------------------------------------------------------------------------


def test_every_clause_is_encoded_or_says_why_not(rulebook: Rulebook) -> None:
    names = {f"{pack}/{rule}" for pack, found in rulebook.packs.items() for rule in found.rules}
    for lang in ("zh", "en"):
        rows = coverage(rulebook, lang)
        assert len({(row.instrument, row.clause) for row in rows}) == len(rows)
        for row in rows:
            assert (row.status == "encoded") == bool(row.rules) == (not row.reason), row
            assert {rule for rule in row.rules if ":" not in rule and rule.partition("/")[0] in rulebook.packs} <= names
            assert row.locator, row
    assert {row.instrument for row in rows} == set(rulebook.registers) >= {each.instrument for each in rulebook.cited}


def test_every_article_is_listed_or_said_to_be_left_out(rulebook: Rulebook) -> None:
    """`fenji check` proves it where the number of articles is known; this says where it is not."""
    unknown = {name for name, register in rulebook.registers.items() if not register.articles}
    assert {name for name in unknown if any(clause.address[:1] for clause in listed(rulebook.registers[name]))} == set(
        DIGESTED["number of articles not known"]
    )


def test_as_many_clauses_as_the_digests_list(rulebook: Rulebook) -> None:
    counted = Counter(row.instrument for row in coverage(rulebook, "en"))
    fewer = {name: counted[name] for name, count in DIGESTED["clauses"].items() if counted[name] < count}
    assert not fewer, "fewer clauses than the digests list"


@pytest.mark.skipif(DIGESTS is None, reason="the digests of the law do not lie beside this checkout")
@pytest.mark.parametrize("table", DIGESTED["tables"], ids=lambda table: table["heading"])
def test_every_article_of_the_digests_is_listed(rulebook: Rulebook, table: dict[str, Any]) -> None:
    assert DIGESTS
    text = (DIGESTS.parent / table["file"]).read_text("utf-8")
    section = text.partition(f"\n{table['heading']}")[2].partition("\n#")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in section.splitlines() if line.startswith("|")]
    cells = [row[table["column"]] for row in rows[2:]]
    assert len(cells) >= table["rows"], "the table of the digest was not found whole"
    known = [clause.address for clause in listed(rulebook.registers[table["instrument"]])]
    for cell in cells:
        for span in _cited(cell):
            assert any(span.hits(address) for address in known), f"{cell} of {table['instrument']}"


@pytest.mark.skipif(DIGESTS is None, reason="the digests of the law do not lie beside this checkout")
def test_the_plan_is_listed_whole_and_unchanged(rulebook: Rulebook) -> None:
    assert DIGESTS
    found = compare(rulebook, DIGESTS.parent, "nanjing-plan-2022")
    assert [(row.article, row.status) for row in found] == [(str(n), "unchanged") for n in range(1, 23)]


def _cited(cell: str) -> list[Span]:
    """Return the articles that a cell of a digest names; what has no number there names none."""
    plain = re.sub(r"\([一二三四五六七八九十]\)", lambda found: f"({citation.number(found[0][1:-1])})", cell.replace("–", "-"))
    plain = re.sub(r"\(\?\)|\*+|\(old [0-9]+\)", "", plain)
    found = re.findall(r"(?<![\w(/.])[1-9][0-9]{0,2}(?:\([0-9]+\))*(?:-[1-9][0-9]*)?(?![\w%])", plain)
    return [span for each in found for span in parse(each)]


# texts ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", TEXTS, ids=lambda case: case["name"])
def test_a_law_is_split_into_its_articles(case: dict[str, Any]) -> None:
    assert articles(case["file"]) == case["is"]


@given(st.text(alphabet="甲乙丙，。；（）“”1２ab", min_size=1), st.data())
def test_another_copy_has_the_same_hash_and_another_text_has_not(text: str, draws: st.DataObject) -> None:
    marks = st.sampled_from([" ", "\u3000", "\n", "\u200b", "**", "\ufeff"])
    copy = "".join(character + draws.draw(marks) for character in text).replace("（", "(").replace("，", ",").replace("“", '"')
    assert digest(copy) == digest(text)
    assert digest(text + "丁") != digest(text)


def _book(texts: dict[str, str]) -> Rulebook:
    hashes = "".join(f"{json.dumps(name)}: {digest(text)}, " for name, text in texts.items())
    kept = f"text: {{read: mirror, address: there, on: 2024-01-01, articles: {{{hashes}}}}}"
    files = BASE | {
        "instruments/clauses/c.yaml": BASE["instruments/clauses/c.yaml"].replace('left_out: "4",', f'left_out: "4", {kept},')
    }
    return load_all([(name, text.encode()) for name, text in sorted(files.items())]).rulebook


@pytest.mark.parametrize("case", STALE["cases"], ids=lambda case: case["name"])
def test_a_changed_text_is_noticed(case: dict[str, Any], tmp_path: Path) -> None:
    for name, text in case["texts"].items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    found = {row.article: row for row in compare(_book(STALE["base"]), tmp_path)}
    assert {article: row.status for article, row in found.items()} == case["expect"]
    assert {article: row.moved_to for article, row in found.items() if row.moved_to} == case.get("moved", {})
    assert "p/r" in found["2"].rules


@pytest.mark.parametrize(("name", "instrument"), STALE["files"].items())
def test_a_text_is_known_by_its_name(rulebook: Rulebook, name: str, instrument: str) -> None:
    assert texts(rulebook, [Path(name)]) == ({instrument: Path(name)} if instrument else {})


def test_an_older_encoding_is_read_and_what_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "law.txt").write_bytes("第一条 甲方应当备案。".encode("gb18030"))
    assert compare(_book(STALE["base"]), tmp_path)[0].status == "unchanged"
    (tmp_path / "law.txt").write_bytes(b"\xff\xff\xff")
    with pytest.raises(InputError, match="not-text: the file is no text"):
        compare(_book(STALE["base"]), tmp_path)


def test_a_text_without_the_register_s_law_says_so_in_both_languages(tmp_path: Path) -> None:
    rows = compare(_book(STALE["base"]), tmp_path)
    assert said.comparisons(rows, "en").splitlines()[2].split() == ["law", "1", "missing", "1", "p/floor:level", "no", "text"]
    assert said.comparisons(rows, "zh").splitlines()[-1] == "2个条：缺失 2"


# the commands --------------------------------------------------------------------------------------------------------


def test_coverage_of_one_instrument() -> None:
    rows = fenji("coverage", "--instrument", "order-16", "--json", "--lang", "en").json()
    assert [row["clause"] for row in rows][:5] == ["2", "3", "4", "5(1)(1)", "5(1)(2)"]
    assert all({"instrument", "clause", "status", "rules", "reason"} <= set(row) for row in rows)
    assert next(row for row in rows if row["clause"] == "5(1)(4)")["rules"][0] == "cn-cross-border/small-volume"
    text = fenji("coverage", "--instrument", "order-16", "--lang", "zh").out.splitlines()
    assert text[0].split() == ["文件", "条款", "状态", "规则或者理由"]
    assert text[-1].startswith("18个条款：已编码 ")
    assert first(fenji("coverage", "--instrument", "order-61")) == "fenji: unknown-instrument: no clause of `order-61` is listed"


def test_stale_tells_a_changed_law_by_its_exit_code(tmp_path: Path) -> None:
    assert first(fenji("stale", tmp_path, "--instrument", "order-16")) == "fenji: no-hash: no article of `order-16` has a hash"
    assert first(fenji("stale", tmp_path)) == f"{tmp_path}: no-text: no file here is the text of a listed instrument"
    assert first(fenji("stale", tmp_path / "none")) == f"{tmp_path / 'none'}: no-folder: there is no such folder"
    ended = fenji("stale", tmp_path, "--instrument", "foreign-investment-law", "--json")
    assert ended.code == 1
    assert [(row["article"], row["status"], row["rules"]) for row in ended.json()] == [
        ("4", "missing", ["cn-ai-duties/gen-foreign-investment"])
    ]
