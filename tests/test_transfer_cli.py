"""`fenji transfer`: a year of one handler, told late and corrected, with a threshold crossed by persons known by their keys."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from api.cli.options import now
from engine.evidence.fsck import fsck
from engine.evidence.installation import open_home
from engine.rulebook.days import legal_day
from engine.supervise.audit import audit
from engine.supervise.streams import history
from tests.supervise.desk import FIRM
from tests.test_cli import TWO_FLOWS, Ended, fenji

FILED = re.sub(r"^(about|  zh|  en|prior).*\n", "", TWO_FLOWS.read_text("utf-8"), flags=re.MULTILINE)


class Office:
    """An installation, and the commands of one firm in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = ("--home", str(folder / "home"))
        fenji("init", "--origin", "o/x", *self.home)
        fenji("actor", "add", "chen", "--name", "陈静", "--unit", "局", "--role", "admin", "--role", "official", *self.home)
        words = ("--name", "张三", "--unit", FIRM, "--role", "enterprise", "--as", "chen")
        assert fenji("actor", "add", "zhang", *words, *self.home).code == 0
        self.register = self.run("open", "--holder", FIRM, "--name", "甲公司", "--as", "zhang").out.strip()

    def run(self, command: str, *words: str | Path) -> Ended:
        return fenji("transfer", command, *words, *self.home)

    def filing(self, day: str, general: int, sensitive: int = 0) -> Path:
        path = self.folder / f"{day}-{general}-{sensitive}.yaml"
        text = FILED.replace("2025-04-15", day).replace("persons: 50000", f"persons: {general}")
        path.write_text(text.replace("sensitive_persons: 1", f"sensitive_persons: {sensitive}"), "utf-8")
        return path

    def record(self, name: str, path: Path, *words: str) -> Ended:
        return self.run("record", self.register, path, "--id", name, "--as", "zhang", *words, "--json")

    def listed(self) -> Any:
        return self.run("list", self.register, "--year", "2025", "--json").json()["persons"]["general"]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """Return an office in which nothing comes to pass."""
    return Office(tmp_path_factory.mktemp("office"))


def test_a_year_of_transfers(office: Office) -> None:
    first = office.record("spring", office.filing("2025-04-15", 99_990, 1), "--under", "exempt")
    assert (first.code, first.json()["crosses"]["general_route"]) == (1, "maybe")  # nobody said that this is all
    whole = ("declare", office.register, "--from", "2025-01-01", "--through", "2025-12-31", "--as", "zhang")
    assert office.run(*whole).code == 0
    assert office.listed() == {"at_least": 99_990, "at_most": 99_990}
    later = office.filing("2025-09-01", 12, 1)
    would = office.run("check", office.register, later, "--json").json()
    assert (would["record"], would["crosses"]["general_route"]) == (None, "maybe")  # they may be persons sent before
    told = office.record("autumn", later, "--fresh").json()
    assert told["crosses"]["general_route"] == "maybe"  # what was declared was not all, so it bounds nothing until declared anew
    assert office.listed() == {"at_least": 100_002, "at_most": None}
    assert office.run(*whole).code == 0
    crossed = office.run("check", office.register, later, "--id", "autumn", "--fresh", "--json").json()
    assert crossed["crosses"]["general_route"] == "yes"
    assert (crossed["route_before"]["general_route"], crossed["route_after"]["general_route"]) == (
        ["exempt"],
        ["contract_or_certification"],
    )
    assert office.listed() == {"at_least": 100_002, "at_most": 100_002}
    late = office.record("late", office.filing("2025-02-01", 30, 1), "--fresh")
    assert late.json()["before"]["general"] == {"at_least": 0, "at_most": None}
    assert office.run(*whole).code == 0
    assert office.listed() == {"at_least": 100_002, "at_most": 100_032}  # those of spring may be persons of February
    words = ("--as", "zhang", "--reasons", "重复记载")
    assert office.run("withdraw", office.register, "--id", "late", *words).code == 0
    corrected = office.run("correct", office.register, office.filing("2025-09-01", 9, 1), "--id", "autumn", "--fresh", *words)
    assert corrected.code == 0
    assert office.listed() == {"at_least": 99_999, "at_most": 99_999}
    assert office.run("list", office.register, "--year", "2025").code == 0
    text = office.run("list", office.register, "--year", "2025", "--lang", "zh").out
    assert "记载完整至2025-12-31" in text
    with open_home(Path(office.home[1])) as home:
        assert audit(home) == 1
        assert fsck(home)["event"] == 9


def test_a_list_says_by_its_exit_that_the_count_has_no_upper_bound(office: Office) -> None:
    this = office.run("list", office.register, "--json")  # this year, without --year
    assert (this.code, this.json()["year"]) == (1, legal_day(now()).year)
    assert office.record("spring", office.filing("2025-04-15", 10, 1)).code == 1
    period = ("declare", office.register, "--as", "zhang", "--from", "2025-01-01", "--through")
    assert office.run(*period, "2025-06-30").code == 0  # half of the year that is over
    assert (office.run("list", office.register, "--year", "2025").code, office.listed()["at_most"]) == (1, None)
    assert office.run(*period, "2025-12-31").code == 0
    assert (office.run("list", office.register, "--year", "2025").code, office.listed()["at_most"]) == (0, 10)
    open_ = office.filing("2025-05-01", 11, 1)
    lines = [
        line
        for line in open_.read_text("utf-8").splitlines()
        if not re.match(r"\s+persons:", line) and "general_persons:" not in line
    ]
    open_.write_text("\n".join(lines), "utf-8")
    assert office.record("open", open_).code == 1
    assert office.run(*period, "2025-12-31").code == 0
    assert (office.run("list", office.register, "--year", "2025").code, office.listed()["at_most"]) == (1, None)


def test_persons_by_their_keys_stand_in_the_log_as_hashes_only(office: Office) -> None:
    people = office.folder / "people.txt"
    people.write_text("".join(f"32010219900101{number:04d}\n" for number in range(12)), "utf-8")
    for name, day in (("a", "2025-03-01"), ("b", "2025-04-01")):
        named = f"analytics:general={people}"
        assert office.record(name, office.filing(day, 12, 1), "--persons", named).json()["after"]["general"]["at_least"] == 12
    office.run("declare", office.register, "--from", "2025-01-01", "--through", "2025-12-31", "--as", "zhang")
    assert office.listed() == {"at_least": 12, "at_most": 12}
    assert b"32010219900101" not in b"".join(path.read_bytes() for path in Path(office.home[1]).rglob("*.db*"))


def test_keys_disprove_that_persons_are_new(office: Office) -> None:
    people, others = office.folder / "people.txt", office.folder / "others.txt"
    people.write_text("a\nb\n", "utf-8")
    others.write_text("b\nc\n", "utf-8")
    named = [f"analytics:general={path}" for path in (people, others)]
    assert office.record("first", office.filing("2025-03-01", 2, 1), "--persons", named[0]).code == 1
    later = office.filing("2025-04-01", 2, 1)
    for ended in (
        office.run("check", office.register, later, "--persons", named[1], "--fresh"),
        office.record("second", later, "--persons", named[1], "--fresh"),
    ):
        assert ended.code == 2
        assert "contradiction: the persons of `" in ended.err
        assert "said to be new, and by their keys `first` has some of them" in ended.err
    with open_home(Path(office.home[1])) as home:
        attempts = [each for each in history(home, office.register) if each["name"] == "refused"]
    assert [each["values"]["code"] for each in attempts] == ["contradiction"]
    assert office.record("second", later, "--persons", named[1]).code == 1
    assert office.listed()["at_least"] == 3


def test_what_disproves_it_may_be_told_late(office: Office) -> None:
    people = office.folder / "people.txt"
    people.write_text("a\nb\n", "utf-8")
    named = ("--persons", f"analytics:general={people}")
    assert office.record("later", office.filing("2025-04-01", 2, 1), *named, "--fresh").code == 1
    assert office.record("first", office.filing("2025-03-01", 2, 1), *named).code == 1
    office.run("declare", office.register, "--from", "2025-01-01", "--through", "2025-12-31", "--as", "zhang")
    assert office.listed() == {"at_least": 2, "at_most": 2}
    shown = office.run("list", office.register, "--year", "2025", "--lang", "en").out
    assert "later (not new persons: first has some by key)" in shown
    transfers = office.run("list", office.register, "--year", "2025", "--json").json()["transfers"]
    assert [(each["transfer"], each["repeats"]) for each in transfers] == [("first", None), ("later", "first")]


@pytest.mark.parametrize(
    ("command", "words", "says"),
    [
        ("check", ["nowhere"], "no-such-stream"),
        ("check", ["--persons", "x"], "wrong-persons: `x` names no flow, kind and file"),
        ("check", ["--persons", "other:general=FILE"], "unknown-flow: the transfer has no flow `other`"),
        ("check", ["--persons", "analytics:general=FILE"], "contradiction: the flow `analytics` has "),
        ("declare", ["--from", "2025-02-01", "--through", "2025-01-01", "--as", "zhang"], "wrong-period"),
        ("declare", ["--from", "2025-02-01", "--through", "2999-01-01", "--as", "zhang"], "is-over: `through` 2999-01-01"),
        ("withdraw", ["--id", "x", "--reasons", "r", "--as", "zhang"], "recorded-before: `x` does not stand in it"),
        ("withdraw", ["--id", "x", "--reasons", "r", "--as", "nobody"], "no-actor"),
        ("correct", ["--id", "x", "--reasons", "", "--as", "zhang"], "wrong-value: `reasons`"),
    ],
)
def test_bad_input(shared: Office, command: str, words: list[str], says: str) -> None:
    filed = shared.filing("2025-04-15", 5, 1)
    given = [word.replace("FILE", str(filed)) for word in words if word != "nowhere"]
    register = "nowhere" if "nowhere" in words else shared.register
    ended = shared.run(command, register, *([filed] if command in ("check", "correct") else []), *given)
    assert (ended.code, says in ended.err) == (2, True), ended.err
