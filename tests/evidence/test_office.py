"""Recorded decisions from end to end, as the people of an office meet them."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from api.cli.options import day, now
from engine.errors import EvidenceError, Finding
from engine.evidence import archive, canonical, dsse, facts, release
from engine.evidence.installation import open_home
from engine.evidence.keys import write_secret
from engine.evidence.log import stamp
from engine.evidence.policy import Publication
from engine.evidence.release import Release
from engine.rulebook.check import check as prove
from engine.rulebook.days import legal_day
from engine.rulebook.load import Loaded
from tests.bad_base import BASE
from tests.evidence.conftest import RECORDED, ROOT, SAMPLES, Office, publish
from tests.test_cli import fenji

TWO_FLOWS = SAMPLES / "cn-cross-border" / "two-flows.yaml"


def trust_file(office: Office, folder: Path) -> Path:
    path = folder / "trust.json"
    path.write_text(office.said("actor", "trust"), "utf-8")
    return path


def test_everything_derives_again(made: Office) -> None:
    assert made.said("fsck").endswith("all derived again\n")
    assert [line.split()[2] for line in made.said("log").splitlines()] == ["actor"] * 7 + ["release", "activation"] + [
        "decision"
    ] * 5


@pytest.mark.parametrize("number", range(len(RECORDED) + 1))
def test_bundles_verify_and_replay(made: Office, bundle_of: Callable[[int], Path], number: int, tmp_path: Path) -> None:
    trust = trust_file(made, tmp_path)
    ended = fenji("verify", bundle_of(number), "--trust", trust, "--json")
    found = ended.json()
    assert (ended.code, found["exit"], found["withheld"], found["differences"]) == (0, 0, 0, [])
    assert found["statement"]["predicate"]["kind"] == ("decision" if number == len(RECORDED) else "proposal")
    assert made.said("replay", made.ids[number]).splitlines()[-1] == "reproduced byte for byte"
    assert made.run("replay", bundle_of(number)).code == 0


PROFILES = {"full": (0, 0), "court": (0, 0), "regulator": (0, 0), "public": (1, 1)}


@pytest.mark.parametrize("profile", PROFILES)
def test_redacted_exports_verify(made: Office, tmp_path: Path, profile: str) -> None:
    """What a reader may not see is withheld; the evidence holds all the same."""
    path = tmp_path / "it.zip"
    made.said("export", made.ids[2], "--as", "chen", "--profile", profile, "--out", path)
    ended = fenji("verify", path, "--trust", trust_file(made, tmp_path), "--json")
    code, withheld = PROFILES[profile]
    assert (ended.code, bool(ended.json()["withheld"])) == (code, bool(withheld))
    assert ("evidence valid, outcome not re-derived" in made.said("verify", path)) == bool(withheld)


def test_keys_inside_a_bundle_prove_nothing(bundle_of: Callable[[int], Path], tmp_path: Path) -> None:
    ended = fenji("verify", bundle_of(0), "--home", tmp_path / "nobody")
    assert ended.code == 1
    assert "origin not established" in ended.out


def test_replay_needs_neither_place_nor_time_nor_network(bundle_of: Callable[[int], Path], made: Office, tmp_path: Path) -> None:
    """Every sample decision is byte-equal under two time zones and two locales, without network."""
    trust = trust_file(made, tmp_path)
    offline = (
        ["unshare", "-rn"] if subprocess.run(["/usr/bin/env", "unshare", "-rn", "true"], check=False).returncode == 0 else []
    )
    for zone, locale in (("Asia/Shanghai", "C.UTF-8"), ("America/St_Johns", "POSIX")):
        for number in range(len(RECORDED) + 1):
            program = [sys.executable, "-c", "from api.cli import main; main()", "verify"]
            command = [*offline, *program, str(bundle_of(number)), "--trust", str(trust)]
            environment = {**os.environ, "TZ": zone, "LC_ALL": locale, "LANG": locale, "PYTHONPATH": str(ROOT)}
            ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False)
            assert ended.returncode == 0, ended
            assert b"reproduced byte for byte" in ended.stdout


def test_four_questions(office: Office) -> None:
    """The law of then as known now, of today, and of a draft that changes a rule."""
    decision = office.ids[2]
    assert office.run("replay", decision, "--under", "then").code == 0
    assert office.run("replay", decision, "--under", "today").code == 0
    path = office.rules / "cn-cross-border" / "state-secret.yaml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("flow.state_secret\n", "flow.state_secret or flow.personal_information\n", 1), "utf-8")
    ended = office.run("replay", decision, "--under", "draft", "--rules", office.rules)
    assert ended.code == 1
    assert "/outcomes/mechanism" in ended.out


def test_known_at(office: Office) -> None:
    words = ("assess", "cn-cross-border", TWO_FLOWS, "--as-of", "2026-11-20", "--json")
    known = json.loads(office.said(*words, "--known-at", legal_day(now()).isoformat()))
    assert known["unpublished"] == []
    assert office.refused(*words, "--known-at", "2020-01-01") == "nothing-known"
    loose = json.loads(fenji(*words, "--home", office.folder / "nobody").out)
    assert loose["unpublished"]
    assert json.loads(office.said(*words, "--rules", office.rules))["unpublished"] == []
    assert {key: value for key, value in loose.items() if key != "unpublished"} == {
        key: value for key, value in known.items() if key != "unpublished"
    }


@pytest.mark.parametrize("zone", ["America/St_Johns", "Pacific/Kiritimati", "UTC"])
def test_legal_days_are_those_of_one_zone(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is published after midnight there is known from that day on, and an answer without `--as-of` is of the same day."""
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        monkeypatch.setattr("api.cli.options.now", lambda: datetime.fromisoformat("2026-11-28T17:00:00Z").astimezone())
        assert day("").isoformat() == Release("release-1", 0, "2026-11-28T17:00:00.000Z", {}).known == "2026-11-29"
        assert Publication("policy-1", "a/b", 0, "2026-11-28T15:59:59.999Z", {}).known == "2026-11-28"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_what_will_be_known_nobody_knows(office: Office) -> None:
    tomorrow = (legal_day(now()) + timedelta(days=1)).isoformat()
    asked = ("cn-cross-border", TWO_FLOWS, "--known-at", tomorrow)
    for words in (("assess", *asked), ("explain", *asked), ("decide", *asked, "--as", "chen")):
        assert office.refused(*words) == "future-day"
    assert office.refused("replay", office.ids[2], "--under", "today", "--known-at", tomorrow) == "future-day"


def test_what_is_published_says_the_log_alone(office: Office) -> None:
    """An answer marks what the record of the same answer marks; no file beside the rules takes a mark off or puts one on."""
    filing = ("cn-cross-border", TWO_FLOWS, "--as-of", "2026-11-20", "--rules", office.rules, "--json")
    decide = ("decide", *filing, "--as", "chen")

    def marks() -> tuple[list[str], list[str], str]:
        predicate = json.loads(office.said(*decide))["statement"]["predicate"]
        return (
            json.loads(office.said("assess", *filing))["unpublished"],
            predicate["verdict"]["unpublished"],
            predicate["rulepack"]["version"],
        )

    assert marks() == ([], [], "release-1")
    lock = office.rules / "lock.json"
    lock.unlink()
    assert marks() == ([], [], "release-1")
    rule = office.rules / "cn-cross-border" / "state-secret.yaml"
    rule.write_text(rule.read_text("utf-8").replace("effect: statutory", "effect: advisory", 1), "utf-8")
    lock.write_text(json.dumps({"format": 1, "rules": {}}), "utf-8")
    assert marks() == (["state-secret"], ["state-secret"], "unpublished")  # although it applies to neither flow
    rule.unlink()
    assert marks() == (["state-secret"], ["state-secret"], "unpublished")


def test_nothing_is_published_without_a_release_in_force(office: Office, tmp_path: Path) -> None:
    new = Office(tmp_path / "new", office.rules, ())
    new.said("init", "--origin", "fenji.example/new")
    person = ("--name", "陈静", "--unit", "市工信局", "--role", "admin", "--role", "official", "--purpose", "decision")
    new.said("actor", "add", "chen", *person)
    filing = ("cn-cross-border", TWO_FLOWS, "--as-of", "2026-11-20", "--rules", office.rules, "--json")
    verdict = json.loads(new.said("decide", *filing, "--as", "chen"))["statement"]["predicate"]["verdict"]
    used = {rule["rule"] for part in ("fired", "unknown", "overridden") for rule in verdict[part]}
    assert set(verdict["unpublished"]) == used
    assert json.loads(new.said("assess", *filing))["unpublished"] == verdict["unpublished"]
    for name in ("wang", "zhao"):
        publisher = ("--name", name, "--unit", "x", "--role", "publisher", "--purpose", "rulebook")
        new.said("actor", "add", name, *publisher, "--as", "chen")
    publish(new)  # signed and logged, and not in force
    assert json.loads(new.said("assess", *filing))["unpublished"] == verdict["unpublished"]
    new.said("rulebook", "activate", "release-1", "--as", "wang")
    assert json.loads(new.said("assess", *filing))["unpublished"] == []


def test_a_clock_that_went_back_is_told_as_such(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its keys are not valid yet then; another key would not help."""
    early = now() - timedelta(days=2)
    monkeypatch.setattr("api.cli.decide.now", lambda: early)
    ended = office.run("decide", "nanjing-tiering", OPEN, "--as", "chen")
    assert (ended.code, ended.err.split(": ")[1]) == (2, "clock-backwards")
    assert "help: set the clock right; nothing was recorded" in ended.err
    ended = office.run("decide", "nanjing-tiering", OPEN, "--as", "nobody")
    assert ended.err.split(": ")[1] == "no-actor"


def test_a_dropped_trigger_is_a_finding_of_fsck(office: Office) -> None:
    with sqlite3.connect(office.folder / "store.db") as store:
        store.execute("DROP TRIGGER record_no_delete")
    assert office.refused("fsck") == "unguarded"
    office.said("init", "--origin", "fenji.example/test")
    office.said("fsck")


REFUSED = {
    "wrong-outcome": ("--outcome", "nonsense"),
    "no-ground": ("--outcome", "mechanism=assessment"),
    "two-persons": ("--outcome", "mechanism=assessment", "--reasons", "x"),
    "no-such-record": ("--supersedes", "nothing"),
    "no-outcome": ("--reasons", "x"),
    "unknown-retention": ("--retention", "for-ever"),
    "wrong-date": ("--known-at", "soon"),
}


@pytest.mark.parametrize(("code", "words"), REFUSED.items(), ids=REFUSED)
def test_decisions_that_are_refused_leave_nothing(office: Office, code: str, words: tuple[str, ...]) -> None:
    before = office.said("log")
    assert office.refused("decide", "cn-cross-border", TWO_FLOWS, "--as", "chen", *words) == code
    assert office.said("log") == before


def test_nobody_approves_a_decision_of_their_own(office: Office) -> None:
    asked = ("cn-cross-border", TWO_FLOWS)
    proposed = json.loads(office.said("assess", *asked, "--json"))["outcomes"]["mechanism"]["possible"][0]
    words = ("--outcome", f"mechanism={proposed}", "--reasons", "x", "--approved-by", "chen")
    assert office.refused("decide", *asked, "--as", "chen", *words) == "two-persons"


OPEN = SAMPLES / "nanjing-tiering" / "nearly-empty.yaml"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("no-ground", ()),
        ("no-ground", ("--reasons", " \u3000\n")),
        ("no-ground", ("--approved-by", "wang")),
        ("two-persons", ("--reasons", "现场核查")),
    ],
)
def test_what_is_open_is_not_settled_alone_or_without_reasons(office: Office, code: str, words: tuple[str, ...]) -> None:
    """A value that is only possible is not what the rules propose: choosing the mildest of them deviates."""
    possible = json.loads(office.run("assess", "nanjing-tiering", OPEN, "--json").out)["outcomes"]["tier"]["possible"]
    assert len(possible) > 1
    for value in possible:
        assert office.refused("decide", "nanjing-tiering", OPEN, "--as", "chen", "--outcome", f"tier={value}", *words) == code


def test_what_is_open_is_settled_by_two_officials_with_reasons(office: Office) -> None:
    words = ("--outcome", "tier=t3", "--reasons", "现场核查", "--approved-by", "wang", "--json")
    predicate = json.loads(office.said("decide", "nanjing-tiering", OPEN, "--as", "chen", *words))["statement"]["predicate"]
    assert predicate["overrides"] == [{"by": "chen", "approved_by": "wang", "ground": "现场核查"}]


def test_a_number_that_no_record_holds(office: Office, tmp_path: Path) -> None:
    filing = tmp_path / "large.yaml"
    filing.write_text("{transfer.date: 2026-08-01, prior.general_persons: {at_most: 9007199254740992}}", "utf-8")
    ended = office.run("decide", "cn-cross-border", filing, "--as", "chen")
    assert (ended.code, "beyond-record: `prior.general_persons` is 9007199254740992" in ended.err) == (2, True)
    filing.write_text("{transfer.date: 2026-08-01, prior.general_persons: {at_least: 9007199254740991}}", "utf-8")
    assert office.run("decide", "cn-cross-border", filing, "--as", "chen").code == 1


def test_who_may_what(office: Office) -> None:
    decide = ("decide", "cn-cross-border", TWO_FLOWS, "--as")
    assert office.refused(*decide, "nobody") == "no-actor"
    assert office.refused(*decide, "zhao") == "wrong-role"
    assert (
        office.refused("actor", "add", "li", "--name", "x", "--unit", "x", "--role", "official", "--as", "wang") == "wrong-role"
    )
    assert office.refused("actor", "add", "li", "--name", "x", "--unit", "x", "--role", "king", "--as", "chen") == "unknown-role"
    assert office.refused("rulebook", "publish", "--as", "wang", "--and", "wang", "--rules", office.rules) == "two-persons"
    assert office.refused("rulebook", "publish", "--as", "wang", "--and", "chen", "--rules", office.rules) == "two-persons"


def test_releases_that_are_refused(office: Office, made: Office, tmp_path: Path) -> None:
    """Unsigned, stripped or altered: the last good one stays in force."""
    good = archive.read((made.folder.parent / "release.zip").read_bytes(), "the release")
    rule = next(name for name in good if name.endswith("state-secret.yaml"))
    value = canonical.loads(good["release.dsse.json"])
    one = {**value, "signatures": value["signatures"][:1]}
    variants = {
        "unsigned": {name: data for name, data in good.items() if name != "release.dsse.json"},
        "two-persons": {**good, "release.dsse.json": canonical.dumps(one)},
        "altered": {**good, rule: good[rule] + b"\n"},
        "bad-note": {**good, "receipt.tlog-proof": b"no"},
    }
    for code, members in variants.items():
        path = tmp_path / f"{code}.zip"
        path.write_bytes(archive.write(members))
        assert office.refused("rulebook", "activate", path, "--as", "wang") == code
    assert "release-1" in next(line for line in office.said("rulebook", "list").splitlines() if "in force" in line)


def test_releases_follow_each_other(office: Office) -> None:
    """An older release never comes back, and what was published never changes."""
    title = office.rules / "nanjing-tiering" / "large-scale.yaml"
    title.write_text(title.read_text("utf-8").replace("title: {zh: ", "title: {zh: 新", 1), "utf-8")
    publish(office)
    office.said("rulebook", "activate", "release-2", "--as", "wang")
    assert office.refused("rulebook", "activate", "release-1", "--as", "wang") == "older"
    assert "release-2" in next(line for line in office.said("rulebook", "list").splitlines() if "in force" in line)
    secret = office.rules / "cn-cross-border" / "state-secret.yaml"
    secret.write_text(secret.read_text("utf-8").replace("effect: statutory", "effect: advisory", 1), "utf-8")
    with pytest.raises(EvidenceError, match=r"published version `.*` was changed"):
        publish(office)


def test_the_command_that_publishes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a small rulebook; test_cli runs the same check over the whole one."""
    office = Office(tmp_path / "home", tmp_path / "rules", ())
    for name, text in BASE.items():
        (office.rules / name).parent.mkdir(parents=True, exist_ok=True)
        (office.rules / name).write_text(text, "utf-8")
    office.said("init", "--origin", "fenji.example/small")
    office.said("actor", "add", "chen", "--name", "陈静", "--unit", "市工信局", "--role", "admin")
    for name in ("wang", "zhao"):
        person = ("--name", name, "--unit", "市工信局", "--role", "publisher", "--purpose", "rulebook")
        office.said("actor", "add", name, *person, "--as", "chen")
    words = ("rulebook", "publish", "--as", "wang", "--and", "zhao", "--rules", office.rules)
    ended = office.run(*words)
    assert (ended.code, ended.err.split(": ")[1]) == (2, "not-locked")
    assert fenji("lock", "--rules", office.rules).code == 0
    before = {path: path.read_bytes() for path in office.rules.rglob("*") if path.is_file()}
    assert office.said(*words).startswith("release-1: ")
    assert {path: path.read_bytes() for path in office.rules.rglob("*") if path.is_file()} == before
    assert office.refused(*words) == "already-published"
    rule = office.rules / "p" / "r.yaml"
    text = rule.read_text("utf-8")
    later, real = now() + timedelta(minutes=5), prove

    def proved(loaded: Loaded) -> list[Finding]:
        """Let time pass and somebody write while the rules are proved."""
        monkeypatch.setattr("api.cli.release.now", lambda: later)
        monkeypatch.setattr("api.cli.actors.now", lambda: later)
        office.said("actor", "add", "sun", "--name", "孙", "--unit", "市工信局", "--role", "official", "--as", "chen")
        return real(loaded)

    rule.write_text(text.replace("title: {zh: ", "title: {zh: 新", 1), "utf-8")
    monkeypatch.setattr("api.cli.release.prove", proved)
    assert office.said(*words).startswith("release-2: ")
    monkeypatch.setattr("api.cli.release.prove", real)
    with open_home(office.folder) as opened:
        assert release.releases(opened)[-1].at == stamp(later)
    for old, new, code in (("then:", "than:", "missing-field"), ("read: official", "read: mirror", "published-changed")):
        assert old in text
        rule.write_text(text.replace(old, new, 1), "utf-8")
        if code == "published-changed":
            assert fenji("lock", "--rules", office.rules).code == 0
            checking = office.run("check", "--rules", office.rules)
            assert (checking.code, ": published-changed: the published version " in checking.out) == (1, True)
        ended = office.run(*words)
        assert ended.code == 2
        assert f": {code}: " in ended.err


def test_erasure(office: Office, tmp_path: Path) -> None:
    """Facts go for ever, from backups too; record, root and receipts stay valid."""
    decision, copy = office.ids[2], tmp_path / "old.db"
    trust = trust_file(office, tmp_path)
    office.said("export", decision, "--as", "chen", "--out", tmp_path / "before.zip")
    office.said("backup", copy)
    name = next(
        each.name
        for each in facts.read(archive.read((tmp_path / "before.zip").read_bytes(), "it")["facts.json"])
        if "persons" in each.name
    )
    erase = ("erase", decision, name, "--basis", "PIPL 47")
    assert office.refused(*erase, "--as", "chen", "--and", "chen") == "two-persons"
    assert office.refused("erase", decision, "no.such", "--basis", "x", "--as", "chen", "--and", "wang") == "no-such-fact"
    office.said(*erase, "--as", "chen", "--and", "wang")
    ended = office.run("replay", decision)
    assert (ended.code, ended.out) == (1, "inputs erased: 1 facts can no longer be read\n")
    office.said("export", decision, "--as", "chen", "--out", tmp_path / "after.zip")
    ended = fenji("verify", tmp_path / "after.zip", "--trust", trust)
    assert ended.code == 1
    assert "evidence valid, outcome not re-derived" in ended.out
    assert fenji("verify", tmp_path / "before.zip", "--trust", trust).code == 0
    assert office.run("fsck").code == 0
    assert office.refused("restore", copy) == "old-backup"
    assert office.said("erase", "--finish") == "0 keys destroyed\n"
    (office.folder / "checkpoint").unlink()
    assert office.refused("restore", copy) == "fsck"
    shutil.copy(copy, office.folder / "store.db")
    ended = office.run("replay", decision)  # this store has no tombstone
    assert (ended.code, ended.out.startswith("inputs lost: ")) == (1, True)


def test_a_compromised_key_signs_no_more(office: Office, tmp_path: Path) -> None:
    """What was logged before the compromise keeps its value; what came after has none."""
    path = tmp_path / "late.zip"
    office.said("export", office.ids[4], "--as", "wang", "--out", path)
    key = next(
        k["keyid"]
        for k in json.loads(office.said("actor", "list", "--json"))
        if k["purpose"] == "decision" and k["holder"]["sub"] == "chen"
    )
    size = len(office.said("log").splitlines())
    person = ("--name", "钱", "--unit", "x", "--role", "admin", "--purpose", "decision", "--as", "chen")
    office.said("actor", "add", "qian", *person)
    office.said("actor", "revoke", key[:16], "--reason", "compromised", "--size", str(size), "--as", "qian")
    assert fenji("verify", path, "--trust", trust_file(office, tmp_path)).code == 0
    ended = office.run("decide", "cn-cross-border", TWO_FLOWS, "--as", "chen")
    assert (ended.code, "`chen` has no valid decision key" in ended.err) == (2, True)
    assert "help: actors with such a key: qian, wang, zhao; " in ended.err  # none that is refused itself
    trust = canonical.loads(office.said("actor", "trust").strip().encode())
    for entry in trust["keys"]:
        if entry["keyid"] == key:
            entry["compromised"]["size"] = 3
    (tmp_path / "strict.json").write_bytes(canonical.dumps(trust))
    ended = fenji("verify", path, "--trust", tmp_path / "strict.json")
    assert (ended.code, "compromised" in ended.err) == (2, True)
    assert office.run("fsck").code == 0  # nothing was decided since


def test_the_last_administrator_stays_and_what_counts_no_longer_is_named(office: Office) -> None:
    """Nobody could manage actors without an administrator; after a compromise fsck names what no verifier accepts."""
    keys = [key for key in json.loads(office.said("actor", "list", "--json")) if key["purpose"] == "decision"]
    mine = next(key["keyid"] for key in keys if key["holder"]["sub"] == "chen")
    revoke = ("actor", "revoke", mine, "--reason")
    for reason in ("retired", "compromised"):
        ended = office.run(*revoke, reason, "--as", "chen")
        assert (ended.code, "last-admin" in ended.err, "add another administrator first" in ended.err) == (2, True, True)
    person = ("--name", "钱", "--unit", "x", "--role", "admin", "--purpose", "decision", "--as", "chen")
    office.said("actor", "add", "qian", *person)
    size = next(int(line.split()[0]) for line in office.said("log").splitlines() if office.ids[3] in line)
    office.said(*revoke, "compromised", "--size", str(size), "--as", "qian")
    ended = office.run("fsck")
    assert ended.code == 1
    assert "remark: 2 records no longer count" in ended.out
    assert [f"decision {each}: the key of chen" in ended.out for each in office.ids] == [False, False, False, True, True]
    assert [each["id"] for each in json.loads(office.said("fsck", "--json"))["discounted"]] == [*office.ids[3:]]
    other = next(key["keyid"] for key in json.loads(office.said("actor", "list", "--json")) if key["holder"]["sub"] == "qian")
    assert office.refused("actor", "revoke", other, "--reason", "retired", "--as", "qian") == "last-admin"


def test_facts_in_clear_are_for_officials_auditors_and_who_recorded_them(office: Office, tmp_path: Path) -> None:
    """A key alone is no right to read: others get what is public."""
    people = {"firm": ("甲公司", "enterprise"), "rival": ("乙公司", "enterprise"), "audit": ("审计局", "auditor"),
              "clerk": ("市工信局", "enterprise")}  # fmt: skip
    for sub, (unit, role) in people.items():
        office.said("actor", "add", sub, "--name", sub, "--unit", unit, "--role", role, "--purpose", "decision", "--as", "chen")
    filed = json.loads(office.said("decide", "cn-cross-border", TWO_FLOWS, "--as", "firm", "--as-of", "2026-11-20", "--json"))[
        "id"
    ]
    may = {"firm": {filed}, "rival": set(), "clerk": set(), "audit": {filed, office.ids[4]}, "wang": {filed, office.ids[4]}}
    for sub, whole in may.items():
        for decision in (filed, office.ids[4]):
            for profile in ("full", "court", "regulator", "public"):
                words = ("export", decision, "--as", sub, "--profile", profile, "--out", tmp_path / f"{sub}-{decision}-{profile}")
                if profile == "public" or decision in whole:
                    office.said(*words)
                else:
                    assert office.refused(*words) == "forbidden"
                    assert not words[-1].exists()


def test_an_index_that_is_gone_is_noticed_and_made_anew(office: Office) -> None:
    for change in ("DROP INDEX record_decision", "CREATE INDEX other ON record (at)"):
        with sqlite3.connect(office.folder / "store.db") as connection:
            connection.execute(change)
        connection.close()
        ended = office.run("fsck")
        assert (ended.code, "unguarded: the index " in ended.err) == (2, True)
        if change.startswith("DROP"):
            office.said("init", "--origin", "fenji.example/test")
            assert office.run("fsck").code == 0


def test_a_proposal_of_a_compromised_key_is_remarked_upon(office: Office, tmp_path: Path) -> None:
    """Nobody signs a proposal, but it names a key: what the log held before the compromise stands, and this is told."""
    path, strict = tmp_path / "it.zip", tmp_path / "strict.json"
    office.said("export", office.ids[0], "--as", "wang", "--profile", "full", "--out", path)
    trust = canonical.loads(office.said("actor", "trust").strip().encode())
    key = next(k for k in trust["keys"] if k["purpose"] == "decision" and k["holder"]["sub"] == "chen")
    for size, code in ((10**6, 0), (3, 2)):
        key["compromised"] = {"since": "2026-11-20T00:00:00.000Z", "size": size}
        strict.write_bytes(canonical.dumps(trust))
        ended = fenji("verify", path, "--trust", strict)
        assert (ended.code, "compromised" in ended.out + ended.err) == (code, True)
        command = [sys.executable, str(ROOT / "engine/evidence/standalone.py"), str(path), "--trust", str(strict)]
        done = subprocess.run(command, capture_output=True, check=False)
        assert (done.returncode, b"compromised" in done.stdout) == (code, True), done


def test_keys_rotate_with_overlap(office: Office, tmp_path: Path) -> None:
    """Two log keys sign while they overlap; after the old one retires, old and new bundles verify."""
    old = tmp_path / "old.zip"
    office.said("export", office.ids[0], "--as", "chen", "--out", old)
    office.said("actor", "add", "log2", "--name", "log", "--unit", "x", "--role", "admin", "--purpose", "log", "--as", "chen")
    filing = SAMPLES / "nanjing-tiering" / "scrap-grading.yaml"
    answer = json.loads(office.said("decide", "nanjing-tiering", filing, "--as", "chen", "--json"))
    assert answer["receipt"].count("\n\u2014 fenji.example/test ") == 2
    first = next(k["keyid"] for k in json.loads(office.said("actor", "list", "--json")) if k["holder"]["sub"] == "log")
    office.said("actor", "revoke", first, "--reason", "retired", "--as", "chen")
    answer = json.loads(office.said("decide", "nanjing-tiering", filing, "--as", "chen", "--json"))
    assert answer["receipt"].count("\n\u2014 ") == 1
    new = tmp_path / "new.zip"
    office.said("export", answer["id"], "--as", "chen", "--out", new)
    trust = trust_file(office, tmp_path)
    assert [fenji("verify", path, "--trust", trust).code for path in (old, new)] == [0, 0]
    assert office.run("fsck").code == 0


def test_another_engine_reproduces(office: Office, bundle_of: Callable[[int], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.evidence.record.engine_sources", lambda: "0" * 64)
    ended = office.run("replay", office.ids[0])
    assert (ended.code, ended.out.startswith("reproduced by engine ")) == (0, True)
    assert "reproduced by engine" in office.said("verify", bundle_of(0))


def test_an_engine_that_decides_otherwise_is_named(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.evidence.record._obligations", lambda _answer: ["other"])
    ended = office.run("replay", office.ids[0])
    assert ended.code == 3
    assert "/predicate/obligations" in ended.out


def test_what_is_not_there(office: Office, tmp_path: Path) -> None:
    assert fenji("log", "--home", tmp_path / "nobody").code == 2
    assert office.refused("replay", "nothing") == "no-such-record"
    assert office.refused("rulebook", "activate", "release-9", "--as", "wang") == "no-such-release"
    assert office.refused("rulebook", "activate", "release-9.zip", "--as", "wang") == "no-such-release"
    assert office.refused("export", "nothing", "--as", "chen") == "no-such-record"
    assert office.refused("export", office.ids[0], "--as", "chen", "--profile", "secret") == "unknown-profile"
    assert office.refused("verify", TWO_FLOWS) == "not-canonical"
    office.said("backup", tmp_path / "a.db")
    assert office.refused("backup", tmp_path / "a.db") == "exists"
    assert office.refused("restore", tmp_path / "b.db") == "no-backup"
    assert office.refused("actor", "revoke", "", "--reason", "retired", "--as", "chen") == "unknown-key"
    assert office.refused("init", "--origin", "a b", "--home", tmp_path / "c") in ("bad-name", "unknown")


def test_the_envelope_is_dsse(bundle_of: Callable[[int], Path]) -> None:
    members = archive.read(bundle_of(4).read_bytes(), "it")
    payload, signatures = dsse.read(members["record.dsse.json"], dsse.STATEMENT, "it")
    assert payload == members["record.json"]
    assert len(signatures) == 2


def test_the_log_as_static_files(made: Office, tmp_path: Path) -> None:
    """The tiles hold every leaf and the checkpoint; they can be written again."""
    for _ in range(2):
        assert "entries, 3 files written" in made.said("log", "--tiles", tmp_path / "tiles")
    assert (tmp_path / "tiles" / "checkpoint").read_text("utf-8") == (made.folder / "checkpoint").read_text("utf-8")


@pytest.mark.parametrize("data", [b"", b"nonsense", b"\xff\xfe\x00"])
def test_a_damaged_checkpoint_is_said_and_never_passed_over(office: Office, data: bytes) -> None:
    (office.folder / "checkpoint").write_bytes(data)
    assert office.refused("log") == "bad-checkpoint"
    assert office.refused("decide", "nanjing-tiering", SAMPLES / f"{RECORDED[0]}.yaml", "--as", "chen") == "bad-checkpoint"
    ended = office.run("restore", office.folder / "store.db")
    assert (ended.code, "Traceback" in ended.err) == (2, False)


@pytest.mark.parametrize("left", [None, b""])
def test_a_lost_vault_is_never_made_anew(office: Office, left: bytes | None, tmp_path: Path) -> None:
    """Else the loss of every fact would be told as their erasure."""
    vault = office.folder / "vault.db"
    kept = vault.read_bytes()
    office.said("backup", tmp_path / "copy.db")
    vault.unlink()
    if left is not None:
        vault.write_bytes(left)
    for words in (("log",), ("fsck",), ("replay", office.ids[2]), ("restore", tmp_path / "copy.db"), ("init", "--origin", "x/y")):
        ended = office.run(*words)
        assert (ended.code, ": no-vault: the vault of this installation is gone" in ended.err) == (2, True), ended
        assert "help: put vault.db back from where you keep it" in ended.err
    assert office.refused("decide", "nanjing-tiering", OPEN, "--as", "chen") == "no-vault"
    assert (vault.read_bytes() if vault.exists() else None) == left
    vault.write_bytes(kept)
    vault.chmod(0o600)
    office.said("fsck")


def test_keys_that_are_gone_without_a_tombstone_are_lost_and_not_erased(office: Office) -> None:
    """A vault that is another, or from before, is not taken for one from which facts were erased."""
    decision = office.ids[2]
    with sqlite3.connect(office.folder / "vault.db") as vault:
        vault.execute("DELETE FROM key WHERE filing = ?", (decision,))
    ended = office.run("replay", decision, "--json")
    found = ended.json()
    assert (ended.code, found["erased"], found["lost"] > 1) == (1, 0, True)
    assert office.run("replay", decision).out.startswith(f"inputs lost: {found['lost']} facts can no longer be read")
    ended = office.run("fsck")
    assert ended.code == 2
    assert all(text in ended.err for text in ("no tombstone says that its facts were erased", "put vault.db back"))


def test_a_lost_master_key_is_never_made_anew(office: Office) -> None:
    """Else what it seals would be given up without a word."""
    master = office.folder / "keys" / "master"
    kept = master.read_bytes()
    master.unlink()
    ended = office.run("decide", "nanjing-tiering", SAMPLES / f"{RECORDED[0]}.yaml", "--as", "chen")
    assert ended.code == 2
    assert ended.err.splitlines()[1] == "  help: restore it from where you keep it"
    assert office.refused("init", "--origin", "fenji.example/test") == "no-key"
    assert not master.exists()
    write_secret(master, kept)
    office.said("fsck")
