"""The condition language: text, nodes, JSON and prose say the same, and the packs are written in it without a fault."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.decide import cases
from engine.errors import ConditionError, Place
from engine.rulebook import condition as ir
from engine.rulebook.check import check
from engine.rulebook.graph import expression, rule_conditions
from engine.rulebook.load import Loaded, load_all, rule_files
from engine.rulebook.model import PackRules
from engine.rulebook.parse import parse
from engine.rulebook.polarity import split_facts
from engine.rulebook.prose import prose
from tests.bad_base import BASE

INF = float("inf")
RULES = Path(__file__).parents[1] / "rules"
SPEECH = load_all([(name, text.encode()) for name, text in BASE.items()]).rulebook

# text, written canonically -> Chinese and English, over the vocabulary of the base rulebook
GOLDEN: list[tuple[str, str, str]] = [
    ("true", "始终成立", "always"),
    ("false", "从不成立", "never"),
    ("f.b", "“甲”为是", "“flag” is yes"),
    ("not f.b", "“甲”为否", "“flag” is no"),
    ("not (f.b or f.c)", "并非（“甲”为是，或者“乙”为是）", "it is not the case that (“flag” is yes, or “other flag” is yes)"),
    (
        "f.b and f.c and not d.x",
        "“甲”为是，且“乙”为是，且“推”为否",
        "“flag” is yes, and “other flag” is yes, and “derived” is no",
    ),
    (
        "f.b and (f.c or d.x)",
        "“甲”为是，且（“乙”为是，或者“推”为是）",
        "“flag” is yes, and (“other flag” is yes, or “derived” is yes)",
    ),
    (
        "f.b or f.c and d.x",
        "“甲”为是，或者（“乙”为是，且“推”为是）",
        "“flag” is yes, or (“other flag” is yes, and “derived” is yes)",
    ),
    ("f.b == true", "“甲”为是", "“flag” is yes"),
    ("f.b != true", "“甲”为否", "“flag” is no"),
    ("f.n > 5", "“人数”超过5人", "“persons” is above 5 persons"),
    ("f.n >= 10000 persons", "“人数”达到1万人", "“persons” is at least 10,000 persons"),
    ("0 < f.n <= 5", "“人数”超过0人且不超过5人", "“persons” is above 0 persons and at most 5 persons"),
    ("1 <= 2", "2达到1", "2 is at least 1"),
    ("f.m + f.n != 3", "“车数”与“人数”之和不为3辆", "the sum of “cars” and “persons” is not 3 cars"),
    ("f.d < 2.5", "“比”不满2.5", "“ratio” is below 2.5"),
    ("f.day >= 2024-03-22", "“日”不早于2024年3月22日", "“day” is on or after 2024-03-22"),
    ('f.e == "p"', "“类”为“丙”", "“kind” is “first”"),
    ('f.e in ["p", "q"]', "“类”为“丙”、“丁”之一", "“kind” is one of “first”, “second”"),
    ('f.s has "q"', "“集”包含“丁”", "“set” includes “second”"),
    ("nonempty(f.s)", "“集”至少有一项", "“set” has at least one entry"),
    ("any(w: w.b)", "至少一项项符合：“项甲”为是", "for at least one item: “item flag” is yes"),
    (
        "all(w: w.b and w.n > 2)",
        "每一项项均符合：（“项甲”为是，且“项人数”超过2人）",
        "for every item: (“item flag” is yes, and “item persons” is above 2 persons)",
    ),
    ("count(w) > 1", "项的项数超过1", "the number of entries of “item” is above 1"),
    (
        "count(w where w.b) >= 2",
        "项的项数（仅计符合下列条件的项：“项甲”为是）达到2",
        "the number of entries of “item” (counting only each item where “item flag” is yes) is at least 2",
    ),
    ("sum(w.n) > 7", "各项项“项人数”之和超过7人", "the sum over every item of “item persons” is above 7 persons"),
    (
        "max(w.n where w.b) <= 7",
        "各项项中最大的“项人数”（仅计符合下列条件的项：“项甲”为是）不超过7人",
        "the largest “item persons” of any item (counting only each item where “item flag” is yes) is at most 7 persons",
    ),
    (
        "distinct(w.n) == 1",
        "各项项“项人数”去重后的合计为1人",
        "the total over every item of “item persons”, each counted once is 1 person",
    ),
    ('lookup("tab") == "one"', "“表”所列结果为“壹”", "what “table” gives is “the one”"),
    ('level >= "high"', "“级”不低于“高”", "“level” is at least “high”"),
    ('duties has "tell"', "“义务”包含“告”", "“duties” includes “tell”"),
    ("f.e == level", "“类”与“级”相同", "“kind” and “level” are the same"),
    ('max(w.level) == "high"', "各项项中最严的“项级”为“高”", "the strictest “item level” of any item is “high”"),
    ("5 < f.n", "“人数”超过5人", "“persons” is above 5 persons"),
    ('not f.e in ["p"]', "“类”不为“丙”", "“kind” is not “first”"),
    ('not f.s has "q"', "“集”不包含“丁”", "“set” does not include “second”"),
    ("not nonempty(f.s)", "“集”一项也没有", "“set” has no entry"),
    ("not f.n > 5", "并非（“人数”超过5人）", "it is not the case that (“persons” is above 5 persons)"),
    (
        "not any(w: w.b)",
        "并非（至少一项项符合：“项甲”为是）",
        "it is not the case that (for at least one item: “item flag” is yes)",
    ),
    ("10000 <= f.n < 100000", "“人数”达到1万人且不满10万人", "“persons” is at least 10,000 persons and below 100,000 persons"),
    ("f.n >= 100000000", "“人数”达到1亿人", "“persons” is at least 100,000,000 persons"),
    ("f.n < 12345", "“人数”不满12,345人", "“persons” is below 12,345 persons"),
    ("f.n == 1", "“人数”为1人", "“persons” is 1 person"),
    ("f.b != f.c", "“甲”与“乙”不同", "“flag” and “other flag” differ"),
    ("f.b == f.c", "“甲”与“乙”相同", "“flag” and “other flag” are the same"),
    (
        "2024-01-01 <= f.day <= 2024-12-31",
        "“日”不早于2024年1月1日且不晚于2024年12月31日",
        "“day” is on or after 2024-01-01 and on or before 2024-12-31",
    ),
    ("f.n > f.m", "“人数”超过“车数”", "“persons” is above “cars”"),
    (
        "sum(w.n where w.b and w.n > 2) > 7",
        "各项项“项人数”之和（仅计符合下列条件的项：“项甲”为是，且“项人数”超过2人）超过7人",
        "the sum over every item of “item persons” (counting only each item where “item flag” is yes, and “item persons” is above 2 persons) is above 7 persons",
    ),
    (
        "f.b and any(w: w.b)",
        "“甲”为是，且（至少一项项符合：“项甲”为是）",
        "“flag” is yes, and (for at least one item: “item flag” is yes)",
    ),
    ('lookup("tab") != "two"', "“表”所列结果不为“贰”", "what “table” gives is not “the two”"),
]


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    return load_all([(path.relative_to(RULES).as_posix(), path.read_bytes()) for path in rule_files(RULES)])


@pytest.mark.parametrize(("text", "zh", "en"), GOLDEN, ids=[row[0] for row in GOLDEN])
def test_every_kind_of_node(text: str, zh: str, en: str) -> None:
    node = parse(text)
    assert ir.to_text(node) == text
    assert ir.from_json(json.loads(json.dumps(ir.to_json(node)))) == node
    assert [prose(node, SPEECH, SPEECH.packs["p"], lang) for lang in ("zh", "en")] == [zh, en]


def test_the_table_shows_every_kind() -> None:
    assert {type(part) for text, _, _ in GOLDEN for part in ir.walk(parse(text))} == set(ir.KINDS.values())


# written loosely -> canonical text
LOOSE = {
    "((f.b))": "f.b",
    "f.b and (f.c and f.d)": "f.b and f.c and f.d",
    "f.b or (f.c or f.d)": "f.b or f.c or f.d",
    "a + (b + c) > 1": "a + b + c > 1",
    "f.b\n  and\tnot (f.c)": "f.b and not f.c",
    "not (f.b and f.c)": "not (f.b and f.c)",
    "(a > 1) == b": "(a > 1) == b",
    "1.50 < a": "1.50 < a",
}


@pytest.mark.parametrize("text", LOOSE)
def test_written_loosely(text: str) -> None:
    assert ir.to_text(parse(text)) == LOOSE[text]


SYNTAX = {
    "": "r.yaml:3:9: condition-syntax: the condition ends too early",
    "f.b and": "r.yaml:3:16: condition-syntax: the condition ends too early",
    "f.b and )": "r.yaml:3:17: condition-syntax: `)` is not expected here",
    "f.b & f.c": "r.yaml:3:13: condition-syntax: `&` is not expected here",
    "f.b\n or >": "r.yaml:4:5: condition-syntax: `>` is not expected here",
    "f.day > 2024-02-31": "r.yaml:3:9: condition-syntax: day is out of range for month",
    'f.e == "p': 'r.yaml:3:16: condition-syntax: `"` is not expected here',
    "Big": "r.yaml:3:9: condition-syntax: `B` is not expected here",
    "f.s has f.e": "r.yaml:3:17: condition-syntax: `f.e` is not expected here",
    "count()": "r.yaml:3:15: condition-syntax: `)` is not expected here",
    "f.e in []": "r.yaml:3:17: condition-syntax: `]` is not expected here",
    "(" * 65: "r.yaml:3:73: condition-too-deep: nested deeper than 64 levels",
    "not " * 65 + "a": "r.yaml:3:9: condition-too-deep: `not` stands 65 times",
    "a" * 20_001: "r.yaml:3:9: condition-too-long: the condition has 20001 characters",
}


@pytest.mark.parametrize("text", SYNTAX, ids=range(len(SYNTAX)))
def test_syntax_errors(text: str) -> None:
    with pytest.raises(ConditionError) as caught:
        parse(text, Place("r.yaml", 3, 9))
    assert caught.value.text().partition("\n")[0] == SYNTAX[text]


# generated -----------------------------------------------------------------------------------------------------------

KEYWORDS = {
    "and",
    "or",
    "not",
    "in",
    "has",
    "any",
    "all",
    "count",
    "where",
    "sum",
    "max",
    "distinct",
    "lookup",
    "nonempty",
    "true",
}
WORDS = st.from_regex(r"[a-z][a-z0-9_]{0,5}", fullmatch=True).filter(lambda word: word not in KEYWORDS | {"false"})
NAMES = st.builds(ir.Name, st.lists(WORDS, min_size=2, max_size=3).map(".".join))
UNITS = st.one_of(st.just(""), WORDS)
NUMBERS = st.builds(
    ir.Const,
    st.one_of(st.integers(), st.decimals(-1000, 1000, places=2).map(lambda number: Decimal(f"{abs(number):.2f}"))),
    UNITS,
)
TEXTS = st.text(st.characters(exclude_characters='"\n', exclude_categories=["Cs"]), max_size=5)
LITERALS = st.one_of(
    NUMBERS, st.builds(ir.Const, st.booleans()), st.builds(ir.Const, TEXTS), st.builds(ir.Const, st.dates(date(1000, 1, 1)))
)
OPS = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
TESTS = st.one_of(
    NAMES,
    st.builds(ir.In, NAMES, st.lists(LITERALS, min_size=1, max_size=3).map(tuple)),
    st.builds(ir.Has, NAMES, LITERALS),
    st.builds(ir.NonEmpty, NAMES),
)


def _parts(kind: type[ir.And | ir.Or | ir.Add], inner: st.SearchStrategy[ir.Node]) -> st.SearchStrategy[ir.Node]:
    """Return sums, conjunctions or disjunctions that are flat, as the parser makes them."""
    flat = inner.filter(lambda node: not isinstance(node, kind))
    return st.builds(kind, st.lists(flat, min_size=2, max_size=3).map(tuple))


def _grow(inner: st.SearchStrategy[ir.Node]) -> st.SearchStrategy[ir.Node]:
    where = st.one_of(st.none(), inner)
    terms = st.one_of(
        NAMES,
        LITERALS,
        st.builds(ir.Lookup, WORDS),
        st.builds(ir.Count, WORDS, where),
        st.builds(ir.Fold, st.sampled_from(["sum", "max", "distinct"]), NAMES, where),
    )
    sides = st.one_of(terms, _parts(ir.Add, terms))
    rest = st.lists(st.tuples(OPS, sides), min_size=1, max_size=2).map(tuple)
    return st.one_of(
        _parts(ir.And, inner),
        _parts(ir.Or, inner),
        st.builds(ir.Not, inner),
        st.builds(ir.AnyOf, WORDS, inner),
        st.builds(ir.AllOf, WORDS, inner),
        st.builds(ir.Compare, sides, rest),
    )


@given(st.recursive(TESTS, _grow, max_leaves=12))
def test_round_trips(node: ir.Node) -> None:
    assert parse(ir.to_text(node)) == node
    assert ir.from_json(json.loads(json.dumps(ir.to_json(node), ensure_ascii=False))) == node


# the packs -----------------------------------------------------------------------------------------------------------


def test_the_packs_are_sound_and_all_their_cases_hold(loaded: Loaded) -> None:
    assert [finding.text() for finding in [*check(loaded), *cases.run(loaded)]] == []


def _written(pack: PackRules) -> list[str]:
    rules = [text for rule in pack.rules.values() for version in rule.versions for text in rule_conditions(version)]
    return [*rules, *(version.is_ for derived in pack.doc.derived for version in derived.versions)]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_rule_reads_in_both_languages(loaded: Loaded, lang: str) -> None:
    book = loaded.rulebook
    assert set(book.packs) >= {"cn-cross-border", "nanjing-tiering"}
    for pack in book.packs.values():
        for text in _written(pack):
            said = prose(book.conditions[text], book, pack, lang)
            assert said.strip(), text
            assert not any(word in said for word in ("{}", "Const(", "None")), said


def test_every_condition_of_the_packs_survives_the_round_trip(loaded: Loaded) -> None:
    for node in loaded.rulebook.conditions.values():
        assert parse(ir.to_text(node)) == node
        assert ir.from_json(ir.to_json(node)) == node


def test_an_expression_begins_with_an_equals_sign() -> None:
    assert (expression("= f.n"), expression("high")) == ("f.n", None)


# what is split: rules of the base by file -> the split facts of its pack
SPLITS: list[tuple[dict[str, str], dict[str, tuple[object, ...]]]] = [
    ({"r": "f.n > 5 persons or not f.n > sum(w.n)"}, {}),
    ({"r": "f.b or not f.b"}, {"f.b": (0, 2)}),
    ({"r": 'f.e == "p" or f.e != "p"'}, {"f.e": (1, 2)}),
    ({"r": 'f.e in ["p"]', "s": 'not f.e == "p" and f.e in ["q"]'}, {"f.e": (1, 2)}),
    ({"r": 'f.s has "p" or not f.s has "p"'}, {"f.s": ((1, 3), (0, 2))}),
    ({"r": 'f.s has "p" or not f.s has "p" or nonempty(f.s)'}, {"f.s": ((1, 3), (0, 2))}),
    ({"r": 'f.s has "p" or not f.s has "p" or f.s has "q"'}, {}),
    ({"r": "f.n > 5 or f.n < 3 or f.n == 7"}, {"f.n": ((-INF, 2), (3, 5), (6, 6), (7, 7), (8, INF))}),
    ({"r": "f.d >= 2.5 or f.d < 1.5"}, {"f.d": ((-INF, 14), (15, 24), (25, INF))}),
    ({"r": "f.day > 2024-01-01 or f.day <= 2023-01-01"}, {"f.day": ((-INF, 738521), (738522, 738886), (738887, INF))}),
    ({"r": 'lookup("tab") == "one"'}, {"f.b": (0, 2), "f.e": (1, 2)}),
    ({"r": 'f.b and not lookup("tab") != "two"'}, {"f.b": (0, 2), "f.e": (1, 2)}),
    ({"r": "d.x or not d.x"}, {"f.b": (0, 2), "f.n": ((-INF, 5), (6, INF))}),
    ({"r": "d.n > 5 or 3 > f.n"}, {}),
    ({"r": "d.n == 5"}, {}),
    ({"r": "d.x == true and d.x == false"}, {"f.b": (0, 2), "f.n": ((-INF, 5), (6, INF))}),
    ({"r": 'max(w.level) >= "high" or any(w: not w.b)'}, {"w.b": (0, 2)}),
    ({"r": "f.n + f.n > f.n"}, {}),
    ({"r": "f.b", "s": "f.c"}, {}),
    ({"r": "f.b == f.c"}, {"f.b": (0, 2), "f.c": (0, 2)}),
    ({"r": "f.n != 4"}, {}),
    ({"r": "f.n < sum(w.n)"}, {}),
    ({"r": "f.n >= f.n"}, {}),
]


@pytest.mark.parametrize(("conditions", "expected"), SPLITS, ids=range(len(SPLITS)))
def test_facts_that_pull_both_ways_are_split(conditions: dict[str, str], expected: dict[str, tuple[object, ...]]) -> None:
    rule = BASE["p/r.yaml"]
    rules = {f"p/{name}.yaml": rule.replace("when: f.b", f"when: >-\n      {text}") for name, text in conditions.items()}
    book = load_all([(name, text.encode()) for name, text in sorted((BASE | rules).items())])
    assert check(book) == []
    found = split_facts(book.rulebook, book.rulebook.packs["p"])
    assert {split.name: split.cells for split in found} == expected


def test_a_band_and_an_unknown_name_do_not_stop_the_search_for_splits() -> None:
    for text in ("1 < f.n <= 4", "f.zz", "1 < f.n + f.n <= 4 or f.b"):
        rule = BASE["p/r.yaml"].replace("when: f.b", f"when: {text}")
        book = load_all([(name, data.encode()) for name, data in (BASE | {"p/r.yaml": rule}).items()]).rulebook
        assert [split.name for split in split_facts(book, book.packs["p"])] == []


def test_a_condition_as_a_side_of_a_comparison_is_still_said() -> None:
    assert (
        prose(parse("(nonempty(f.s)) == f.b"), SPEECH, SPEECH.packs["p"], "en")
        == "“set” has at least one entry and “flag” are the same"
    )
