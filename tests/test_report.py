"""The answer over all packs as people see it: table, JSON, Markdown and HTML, in both languages."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.test_cli import SAMPLES, TWO_FLOWS, fenji, first

CHAT = SAMPLES / "nanjing-tiering" / "chat-forum.yaml"
DAY = ("--as-of", "2026-08-01")


def test_without_a_pack_every_pack_answers() -> None:
    ended = fenji("assess", CHAT, *DAY, "--json")
    found = ended.json()
    assert ended.code == 1
    packs = {part["pack"]: part["applies"] for part in found["packs"]}
    assert packs["nanjing-tiering"] == packs["cn-ai-duties"] == "yes"
    assert packs["cn-cross-border"] == "no", "nothing leaves China"
    assert packs["incident-clocks"] == "maybe"
    duties = {duty["id"]: duty for duty in found["duties"]}
    filing = duties["algorithm_filing"]
    assert (filing["applies"], filing["phase"], filing["effect"]) == ("certain", "at_launch", "statutory")
    assert filing["authority"]["title"]["zh"] == "国家互联网信息办公室"
    assert filing["deadline"]["text"]["en"] == (
        "within 10 working days of “day of launch”, or of “day since which the service with the attribute is offered” if later"
    )
    assert {(source["instrument"], source["article"]) for source in filing["sources"]} == {
        ("algorithm-rules", "24"),
        ("generative-measures", "17"),
    }
    assert filing["proof"][0]["en"] == "algorithm filing number and publication"
    asked = [(question["fact"], question["item"]) for question in found["questions"]]
    assert len(asked) == len(set(asked))


def test_compliance_has_a_day_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "filing.yaml"
    facts = (
        "product.offered_to_public: true\nfunction.algorithm_service: true\nai.found_breached: []\nproduct.data_export: false\n"
        "launch.date: 2026-01-01\nend.ended: false\n"
    )
    proof = "kind: optout_function, issuer: accredited, covers: true, positive: true, issued: 2026-01-01"
    items = f"evidence: {{complete: true, items: [{{{proof}, expiring: true, expires: 2026-08-31}}]}}\n"
    path.write_text(facts + items, "utf-8")
    for on, status in (("2026-08-31", "met"), ("2026-09-01", "not_proven")):
        found = fenji("assess", path, *DAY, "--on", on, "--json").json()
        assert (found["as_of"], found["on"]) == ("2026-08-01", on)
        assert [duty["status"] for duty in found["duties"] if duty["id"] == "algo_optout"] == [status]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["assess", "cn-cross-border"], "fenji: no-file: the filing is missing"),
        (
            ["assess", "cn-cross-border", TWO_FLOWS, "--on", "2026-08-01"],
            "fenji: no-compliance: `--on` judges compliance over all packs",
        ),
        (
            ["assess", CHAT, "--on", "2026-07-31", "--as-of", "2026-08-01"],
            "--on: wrong-date: compliance on 2026-07-31 would be judged by the law of a later day, 2026-08-01",
        ),
        (
            ["report", CHAT, "--on", "2026-07-31", "--as-of", "2026-08-01"],
            "--on: wrong-date: compliance on 2026-07-31 would be judged by the law of a later day, 2026-08-01",
        ),
        (["report", CHAT, "--format", "markdown"], "--format: wrong-form: `markdown` is no form of a report"),
        (["assess", CHAT, "--on", "2026-8-1"], "--on: wrong-date: `--on` is a date, not `2026-8-1`"),
        (["assess", "no-such-file.yaml"], "no-such-file.yaml: unreadable: the system refuses: no such file or directory"),
    ],
    ids=["no file", "on with a pack", "on before the law", "report on before the law", "no such form", "bad day", "no such file"],
)
def test_bad_arguments(words: list[str | Path], says: str) -> None:
    ended = fenji(*words)
    assert ended.code == 2
    assert first(ended) == says


@pytest.mark.parametrize(
    ("lang", "words"), [("zh", ("义务：上线时", "缺口：什么可以证明", "未证明")), ("en", ("Duties: At launch", "not proven"))]
)
def test_every_form_says_the_same(lang: str, words: tuple[str, ...]) -> None:
    text = fenji("assess", CHAT, *DAY, "--lang", lang).out
    markdown = fenji("report", CHAT, *DAY, "--lang", lang).out
    page = fenji("report", CHAT, *DAY, "--lang", lang, "--format", "html").out
    for word in words:
        assert word in text
        assert word in markdown
        assert word in page
    assert markdown.startswith("# ")
    heads = [line[3:] for line in markdown.splitlines() if line.startswith("## ")]
    assert [f"<h2>{head}</h2>" in page for head in heads if "\\" not in head].count(False) == 0
    tables = [line.count(" | ") for line in markdown.splitlines() if line.startswith("| ")]
    assert set(tables) <= {2, 5, 6}


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the name of the base
        self.seen.add(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_stands_alone_and_escapes(tmp_path: Path) -> None:
    path, out = tmp_path / "filing.yaml", tmp_path / "report.html"
    path.write_text("flow: [{id: '<b>|x', persons: 5}]\n", "utf-8")
    ended = fenji("report", path, *DAY, "--format", "html", "--out", out, "--lang", "en")
    assert (ended.code, ended.out) == (1, "")
    page = out.read_text("utf-8")
    tags = _Tags()
    tags.feed(page)
    assert tags.open == []
    assert not tags.seen & {"script", "link", "img", "b"}
    assert "&lt;b&gt;" in page
    assert "\\<b\\>\\|x" in fenji("report", path, *DAY, "--lang", "en").out
    assert fenji("report", path, *DAY, "--out", out).code == 2, "never over another file"


def test_an_earlier_day_of_compliance_alone_is_the_day_of_the_law_too() -> None:
    found = fenji("assess", CHAT, "--on", "2026-07-14", "--json").json()
    assert (found["as_of"], found["on"]) == ("2026-07-14", "2026-07-14")
