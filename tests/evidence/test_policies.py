"""Owners' policies and overlays in an office: published by the right person, frozen, shown, and pinned by what is granted."""

from __future__ import annotations

import json
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from api.cli.options import now
from engine.errors import EvidenceError
from engine.evidence import policy, published, standalone
from engine.evidence.installation import open_home
from engine.evidence.log import stamp
from engine.evidence.policy import publications
from engine.rulebook.days import legal_day
from engine.rulebook.load import load_all
from engine.rulebook.locate import files_of, open_rulebook
from engine.rulebook.policies import merged, read_folder
from engine.store import reading
from engine.supervise import filings
from engine.supervise.streams import Streams
from tests.evidence.conftest import ROOT, SAMPLES, Office
from tests.test_cli import fenji

BUS, TRIAL = "njtransport/bus-flows", "overlays/qilin-robotics/curb-trial"
REQUEST = SAMPLES / "requests/bus-flows/request.yaml"
DAY = ("--as-of", "2026-08-03")


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    """A copy of the sample policies that a test may change."""
    shutil.copytree(SAMPLES / "policies", tmp_path / "policies")
    return tmp_path / "policies"


@pytest.fixture
def owners(office: Office) -> Office:
    """The office with a person of the owner, one of another owner, and one of the body that grants."""
    people = {
        "liu": ("南京市交通运输局", "owner"),
        "sun": ("南京市卫生健康委员会", "owner"),
        "he": ("南京市工业和信息化局", "grantor"),
        "wei": ("南京市交通运输局", "official"),
    }
    for sub, (unit, role) in people.items():
        purposes = ("--purpose", "rulebook", "--purpose", "decision")
        office.said("actor", "add", sub, "--name", sub, "--unit", unit, "--role", role, *purposes, "--as", "chen")
    return office


def publish(office: Office, policies: Path, name: str, by: str) -> tuple[str, ...]:
    return ("policy", "publish", name, "--policies", str(policies), "--as", by, "--rules", str(office.rules))


def checked(office: Office, policies: Path) -> Any:
    """What `share check` says to the sample request."""
    command = ("share", "check", REQUEST, "--policies", policies, "--rules", office.rules, *DAY, "--json")
    return json.loads(office.said(*command))


def test_a_policy_is_published_by_its_owner(owners: Office, policies: Path) -> None:
    ended = owners.run(*publish(owners, policies, BUS, "sun"))
    assert (ended.code, ": wrong-unit: " in ended.err) == (2, True)
    assert "--unit 南京市交通运输局 (or njtransport), --role owner and --purpose rulebook" in ended.err
    assert owners.refused(*publish(owners, policies, BUS, "he")) == "wrong-role"
    assert owners.refused(*publish(owners, policies, "njtransport/nothing", "liu")) == "unknown-policy"
    before = checked(owners, policies)
    assert f"{BUS}/training" in before["unpublished"]
    assert [used["known"] for used in before["policies"]] == [""]
    said = owners.said(*publish(owners, policies, BUS, "liu"))
    assert said.startswith(f"policy-1: {BUS}, ")
    after = checked(owners, policies)
    assert not [name for name in after["unpublished"] if name.startswith(BUS)]
    (used,) = after["policies"]
    (listed,) = json.loads(owners.said("policy", "list", "--json"))
    assert (used["sha256"], used["known"]) == (listed["sha256"], listed["known"])
    assert used["sha256"] in said
    shown = json.loads(owners.said("policy", "show", BUS, "--json"))
    assert set(shown["versions"][f"{BUS}/training"]) == {"2026-01-01..2026-06-30", "2026-07-01.."}
    assert "liu" in owners.said("policy", "show", "policy-1")
    assert owners.refused(*publish(owners, policies, BUS, "liu")) == "already-published"
    owners.said("fsck")


def test_one_item_of_the_catalogue_has_one_policy(owners: Office, policies: Path, tmp_path: Path) -> None:
    """A milder policy for the same item, named by the request, would set the stricter one aside."""
    owners.said(*publish(owners, policies, BUS, "liu"))
    other, mild = tmp_path / "other", "njtransport/bus-easy"
    shutil.copytree(policies / BUS, other / mild)
    shutil.copytree(policies / "vocabulary", other / "vocabulary")
    for file in (other / mild).glob("*.yaml"):
        file.write_text(file.read_text("utf-8").replace(BUS, mild).replace("NJ-JT-0107", "nj-jt-0107"), "utf-8")
    shutil.copytree(other / mild, policies / mild)
    checking = fenji("check", "--policies", policies, "--rules", owners.rules)
    assert (checking.code, "two-policies" in checking.out) == (1, True)
    assert owners.refused(*publish(owners, other, mild, "liu")) == "two-policies"


def test_a_grant_rests_on_the_policy_published_last(owners: Office, policies: Path) -> None:
    """Not on a draft, not on one that was changed, not on one that was replaced; a draft is recorded only when asked for."""
    words = ("decide", BUS, REQUEST, "--as", "liu", "--policies", policies, "--rules", owners.rules, "--as-of", "2026-08-03")
    assert owners.refused(*words) == "unpublished-policy"
    owners.said(*publish(owners, policies, BUS, "liu"))
    assert owners.run(*words).code == 0
    term = policies / BUS / "not-abroad.yaml"
    text = term.read_text("utf-8")
    term.write_text(text + "  - {name: not there either, on: 2026-08-01, facts: {request.abroad: false}, expect: not}\n", "utf-8")
    assert owners.refused(*words) == "unpublished-policy"
    owners.said(*publish(owners, policies, BUS, "liu"))
    term.write_text(text, "utf-8")
    ended = owners.run(*words)
    assert (ended.code, "is not as policy-2 published it last" in ended.err) == (2, True)
    assert owners.run(*words, "--unpublished").code == 1


ASKED = {
    "sharing.requested": True,
    "sharing.channel": "operation",
    "sharing.requester": "enterprise",
    "sharing.provider": "government_department",
    "sharing.received_on": "2026-08-03",
    "operation.authorised": True,
}
ITEM = {
    "id": "it",
    "data_set": BUS,
    "purpose": "model_training",
    "environment": "usable_invisible",
    "onward": False,
    "abroad": False,
    "uses": 10,
    "uses_before": 0,
    "retention_months": 12,
    "destruction_agreed": True,
    "minimal": True,
    "endangers": False,
    "in_authorisation": True,
    "from_sharing": False,
}


def test_terms_grant_nothing_that_law_refuses(owners: Office, policies: Path, tmp_path: Path) -> None:
    """A grant under the terms is not recorded against law, nor where law is open; two officials deviate, with reasons."""
    owners.said(*publish(owners, policies, BUS, "liu"))
    under = ("--policies", policies, "--rules", owners.rules, "--as-of", "2026-08-03")
    second = ("--name", "boss", "--unit", "市数据局", "--role", "official", "--purpose", "decision")
    owners.said("actor", "add", "boss", *second, "--as", "chen")

    def filed(name: str, **changed: Any) -> Path:
        made: Path = tmp_path / f"{name}.json"
        item = {key: value for key, value in (ITEM | changed).items() if value is not None}
        made.write_text(json.dumps(ASKED | {"request": {"complete": True, "items": [item]}}), "utf-8")
        return made

    lawful, forbidden, open_ = filed("lawful"), filed("forbidden", endangers=True), filed("open", endangers=None)
    assert owners.run("decide", BUS, lawful, "--as", "liu", *under).code == 0
    ended = owners.run("decide", BUS, forbidden, "--as", "liu", *under)
    assert (ended.code, ": against-law: item `it` is refused by law" in ended.err) == (2, True), ended.err
    assert "cn-data-sharing/endangers" in ended.err
    ended = owners.run("decide", BUS, open_, "--as", "liu", *under)
    assert (ended.code, "law leaves item `it` open (`request.endangers`)" in ended.err) == (2, True), ended.err
    grant = ("decide", BUS, forbidden, "--as", "wei", *under, "--outcome", "answer=granted")
    assert owners.refused(*grant) == "no-ground"
    assert owners.refused(*grant, "--reasons", "an emergency") == "two-persons"
    made = json.loads(owners.said(*grant, "--reasons", "an emergency", "--approved-by", "boss", "--json"))
    assert made["statement"]["predicate"]["overrides"]
    refusal = ("decide", BUS, forbidden, "--as", "wei", *under, "--outcome", "answer=refused", "--reasons", "endangers safety")
    made = json.loads(owners.said(*refusal, "--json"))  # law does not bear what the terms propose, so this deviates from nothing
    assert not made["statement"]["predicate"].get("overrides")
    made = json.loads(owners.said("decide", BUS, lawful, "--as", "wei", *under, "--outcome", "answer=granted", "--json"))
    assert not made["statement"]["predicate"].get("overrides")


def test_an_item_of_another_data_set_is_never_granted(owners: Office, policies: Path, tmp_path: Path) -> None:
    """The terms of one data set say nothing of another's items, nor of one of which nothing says whose it is."""
    owners.said(*publish(owners, policies, BUS, "liu"))
    under = ("--policies", policies, "--rules", owners.rules, "--as-of", "2026-08-03")
    other = ITEM | {"id": "theirs", "data_set": "njhealth/clinic-visits", "endangers": True}
    unnamed = {key: value for key, value in ITEM.items() if key != "data_set"} | {"id": "whose"}
    for items in ([other], [ITEM, other], [unnamed], [ITEM, ITEM | {"id": "out", "data_set": "other"}]):
        request = tmp_path / "request.json"
        request.write_text(json.dumps(ASKED | {"request": {"complete": True, "items": items}}), "utf-8")
        for official in ((), ("--outcome", "answer=granted", "--reasons", "x", "--approved-by", "chen")):
            ended = owners.run("decide", BUS, request, "--as", "wei" if official else "liu", *under, *official)
            assert (ended.code, f": other-data-set: item `{items[-1]['id']}`" in ended.err) == (2, True), ended
    with open_home(owners.folder) as opened:
        assert {each.id for each in reading.decisions(opened.store)} == set(owners.ids)


def test_nobody_grants_the_data_of_another_owner(owners: Office, policies: Path) -> None:
    """Whoever decides under an owner's terms acts for that owner, as whoever publishes them; an official too."""
    owners.said(*publish(owners, policies, BUS, "liu"))
    under = ("--policies", policies, "--rules", owners.rules, "--as-of", "2026-08-03")
    official = ("--outcome", "answer=refused", "--reasons", "x", "--approved-by", "wei")
    for who, words in (("sun", ()), ("he", ()), ("chen", ()), ("chen", official)):
        ended = owners.run("decide", BUS, REQUEST, "--as", who, *under, *words)
        assert (ended.code, ": wrong-unit: " in ended.err) == (2, True), (who, ended)
    assert owners.run("decide", BUS, REQUEST, "--as", "wei", *under).code == 0


REGISTERED = {"class": "conditional", "opening": "conditional"} | dict.fromkeys(
    ("personal_data", "state_secret", "work_secret", "core_data", "important", "trade_secret"), False
)  # what the register says of the data set; the record of the law's own question has what was filed
FILED = {
    "requester": "市工信局",
    "provider": "南京市交通运输局",
    "basis": "职责",
    "scenario": "监管",
    "scope": "全市",
    "manner": "接口查询",
}


def test_a_request_is_filed_and_decided_under_policies(owners: Office, policies: Path, tmp_path: Path) -> None:
    """A grant binds the terms as published; what they refuse needs a second official; a request is received when it is filed."""
    owners.said(*publish(owners, policies, BUS, "liu"))
    role = ("--role", "official", "--purpose", "decision", "--as", "chen")
    for name, unit in (("boss", "南京市交通运输局"), ("deputy", "市数据局")):
        owners.said("actor", "add", name, "--name", name, "--unit", unit, *role)
    fields = [word for name, value in (FILED | {"until": "2030-12-31"}).items() for word in ("--set", f"{name}={value}")]
    under = ("--rules", owners.rules, "--policies", policies)

    def filed(provider: str = "", **changed: Any) -> str:
        request = tmp_path / "request.json"
        facts = {name: value for name, value in ASKED.items() if name != "sharing.received_on"}
        request.write_text(json.dumps(facts | {"request": {"complete": True, "items": [ITEM | REGISTERED | changed]}}), "utf-8")
        other = ("--set", f"provider={provider}") if provider else ()
        made = json.loads(owners.said("share", "file", request, "--as", "chen", *fields, *other, *under, "--json"))
        return str(made["stream"])

    before, first = legal_day(now()), filed()
    with open_home(owners.folder) as opened:
        told = filings.content(Streams(opened, open_rulebook(owners.rules)), first, ("items",)).facts
    assert date.fromisoformat(str(told["sharing.received_on"])) in (before, legal_day(now()))
    limits = ("--set", "granted=it", "--set", "uses=10", "--set", "records=9", "--set", "reasons=职责")
    grant = ("--outcome", "allow_with_duties", *limits, "--as", "boss", *under, "--json")
    done = json.loads(owners.said("share", "decide", first, *grant))
    (published,) = json.loads(owners.said("policy", "list", "--json"))
    assert done["statement"]["values"]["policies"] == [f"{BUS} {published['sha256']}"]
    assert done["statement"]["values"]["deviates"] is False
    marketing = filed(purpose="marketing")
    assert owners.refused("share", "decide", marketing, *grant) == "two-officials"
    done = json.loads(owners.said("share", "decide", marketing, *grant, "--second", "wei"))
    assert done["statement"]["values"]["deviates"] is True
    foreign = filed(provider="市数据局")  # whoever a request calls its provider grants nothing of another owner's
    assert owners.refused("share", "decide", foreign, *("deputy" if word == "boss" else word for word in grant)) == "wrong-unit"
    term = policies / BUS / "not-abroad.yaml"
    term.write_text(term.read_text("utf-8") + "# changed\n", "utf-8")
    assert owners.refused("share", "decide", filed(uses_before=1), *grant) == "unpublished-policy"


def test_a_published_term_is_frozen(owners: Office, policies: Path) -> None:
    owners.said(*publish(owners, policies, BUS, "liu"))
    term = policies / BUS / "retention.yaml"
    text = term.read_text("utf-8")
    term.write_text(text.replace("> 12 months", "> 13 months").replace("retention_months: 13", "retention_months: 14"), "utf-8")
    checking = owners.run("check", "--policies", policies, "--rules", owners.rules, "--json")
    assert checking.code == 1
    assert {finding["code"] for finding in checking.json()} == {"published-changed"}
    assert owners.refused(*publish(owners, policies, BUS, "liu")) == "published-changed"
    term.write_text(text, "utf-8")
    added = text.replace(
        "title: {zh: 保存不超过十二个月, en: Kept for twelve months at most}", "title: {zh: 另一条款, en: another}"
    )
    (policies / BUS / "retention-too.yaml").write_text(added, "utf-8")
    owners.said(*publish(owners, policies, BUS, "liu"))
    with open_home(owners.folder) as opened:
        assert [each.predicate["previous"] for each in publications(opened)] == [None, "policy-1"]


def test_a_published_term_is_ended_and_followed(owners: Office, policies: Path) -> None:
    """From the day of the change on there are two versions; what was known before it is the open one, for ever."""
    owners.said(*publish(owners, policies, BUS, "liu"))
    today, term, name = legal_day(now()), policies / BUS / "retention.yaml", f"{BUS}/retention"
    changed_on, follows = today + timedelta(days=1), today + timedelta(days=2)
    text = term.read_text("utf-8")
    version = text[text.index("  - valid: ") : text.index("cases:")]
    after = version.replace("2026-01-01..", f"{follows}..").replace("> 12 months", "> 24 months")
    term.write_text(text.replace(version, version.replace("2026-01-01..", f"2026-01-01..{changed_on}") + after), "utf-8")
    assert owners.run("check", BUS, "--policies", policies, "--rules", owners.rules).code == 0
    read = read_folder(policies)
    draft = policy.Draft(read, BUS, load_all(merged(files_of(owners.rules), read), read.shown).rulebook)
    with open_home(owners.folder) as opened:
        late, on = stamp(now() + timedelta(days=2)), stamp(now() + timedelta(days=1))
        key = opened.actors.key_of("liu", "rulebook", on)
        with pytest.raises(EvidenceError) as refused:
            policy.publish(opened, draft, key, late)
        assert refused.value.finding.code == "ended-before"
        policy.publish(opened, draft, key, on)
        for day, wanted in ((today, {"2026-01-01.."}), (changed_on, {f"2026-01-01..{changed_on}", f"{follows}.."})):
            told = policy.known(opened, day.isoformat())[BUS]
            assert {str(each.valid) for each in policy.documents(opened, told)[1]["retention"].versions} == wanted
            assert set(published.versions(opened, day=day.isoformat())[name]) == wanted


def test_a_grant_pins_the_policy_it_was_given_under(owners: Office, policies: Path, tmp_path: Path) -> None:
    """The record holds the policy's closure: it replays, and a stranger verifies it, after the policy was changed."""
    under = ("--policies", policies, "--rules", owners.rules, *DAY, "--json")
    owners.said(*publish(owners, policies, BUS, "liu"))
    first = json.loads(owners.said("decide", BUS, REQUEST, "--as", "liu", *under))
    (policies / BUS / "not-abroad.yaml").unlink()
    second = json.loads(owners.said("decide", BUS, REQUEST, "--as", "liu", "--unpublished", *under))
    packs = [made["statement"]["predicate"]["rulepack"] for made in (first, second)]
    assert packs[0]["sha256"] != packs[1]["sha256"]
    assert [(pack["name"], pack["version"]) for pack in packs] == [(BUS, "policy-1"), (BUS, "unpublished")]
    items = first["statement"]["predicate"]["verdict"]["items"]["request"]
    assert [item["outcomes"]["request.terms"]["value"] for item in items] == ["granted", "refused", None]
    assert first["statement"]["predicate"]["verdict"]["unpublished"] == []
    assert owners.run("replay", first["id"], "--under", "recorded").code == 0
    for under_what in ("then", "today", "draft"):
        ended = owners.run("replay", first["id"], "--under", under_what)
        assert (ended.code, ": unknown-pack: " in ended.err, "--policies" in ended.err) == (2, True, True)
    assert owners.run("replay", first["id"], "--under", "then", "--policies", policies).code == 0
    bundle, trust = tmp_path / "grant.zip", tmp_path / "trust.json"
    trust.write_text(owners.said("actor", "trust"), "utf-8")
    owners.said("export", first["id"], "--as", "chen", "--out", bundle)
    assert owners.run("verify", bundle, "--trust", trust).code == 0
    assert standalone.main([str(bundle), "--trust", str(trust)]) == 0


def test_an_overlay_is_shown_in_every_answer_that_used_it(owners: Office, policies: Path, tmp_path: Path) -> None:
    filing = tmp_path / "robot.yaml"
    robot = (SAMPLES / "nanjing-tiering/robot-assembly.yaml").read_text("utf-8")
    filing.write_text(robot.replace("function.life_safety: true", "function.life_safety: false"), "utf-8")
    under = ("--policies", policies, "--enterprise", "qilin-robotics", "--rules", owners.rules, *DAY)
    assert owners.refused(*publish(owners, policies, TRIAL, "liu")) == "wrong-role"
    assert owners.refused("decide", "nanjing-tiering", filing, "--as", "chen", *under) == "unpublished-policy"
    owners.said(*publish(owners, policies, TRIAL, "he"))
    without = json.loads(owners.said("assess", "nanjing-tiering", filing, "--rules", owners.rules, *DAY, "--json"))
    answer = json.loads(owners.said("assess", "nanjing-tiering", filing, *under, "--json"))
    assert (without["outcomes"]["tier"]["value"], answer["outcomes"]["tier"]["value"]) == ("t1", "t2")
    fired = {rule["rule"] for rule in answer["fired"]}
    assert "qilin-robotics--curb-trial--low-speed" in fired
    assert "autonomous-actuation" in {rule["rule"] for rule in answer["overridden"]}
    (note,) = [note for note in answer["notes"] if note["id"].startswith("overlay-")]
    assert all(word in note["text"]["en"] for word in ("Qilin Robotics", "granted by", "art. 1", "2026-12-31"))
    assert not [rule for rule in answer["unpublished"] if rule.startswith("qilin")]
    made = json.loads(owners.said("decide", "nanjing-tiering", filing, "--as", "chen", *under, "--json"))
    assert note in made["statement"]["predicate"]["verdict"]["notes"]
    assert owners.run("replay", made["id"], "--under", "recorded").code == 0
    later = json.loads(owners.said("assess", "nanjing-tiering", filing, *under[:-1], "2027-01-01", "--json"))
    assert later["outcomes"]["tier"]["value"] == "t1"
    assert not [each for each in later["notes"] if each["id"].startswith("overlay-")]


def test_what_is_said_in_words(owners: Office, policies: Path) -> None:
    command = ("share", "check", REQUEST, "--policies", policies, "--rules", owners.rules, *DAY)
    english, chinese = (owners.said(*command, "--lang", lang) for lang in ("en", "zh"))
    for text in (
        "item training (njtransport/bus-flows): allow with duties",
        "The fewest reasons that suffice",
        "not published",
        "[the terms themselves]",
    ):
        assert text in english
    for text in ("数据项 training (njtransport/bus-flows): 可以提供，附带义务", "最小理由", "什么会使其获准", "未发布"):
        assert text in chinese


BAD = [
    (("share", "check", REQUEST, "--policies", "nowhere"), "no-policies"),
    (("share", "check", REQUEST, "--enterprise", "qilin-robotics"), "no-policies"),
    (("share", "check", REQUEST, "--policies", SAMPLES / "policies", "--enterprise", "nobody"), "unknown-enterprise"),
    (("share", "check", REQUEST), "unknown-fact"),
    (("check", "no/such", "--policies", SAMPLES / "policies"), "unknown-policy"),
    (("policy", "show", "no/such"), "no-such-record"),
]


def test_a_data_set_without_policies_names_no_other_fact() -> None:
    remedy = "help: data sets are known from the owners' policies: name their folder with --policies"
    assert remedy in fenji("share", "check", REQUEST).err


@pytest.mark.parametrize(("words", "code"), BAD, ids=[code for _, code in BAD])
def test_bad_input(office: Office, words: tuple[str | Path, ...], code: str) -> None:
    ended = fenji(*words) if words[0] == "check" else office.run(*words)
    assert ended.code == 2
    assert f": {code}: " in ended.err


MISPLACED = {
    "stray.yaml": "no-place",
    "njtransport/stray.yaml": "no-place",
    "lists/data/t.yaml": "no-place",
    "overlays/qilin-robotics/alone/rule.yaml": "no-overlay",
    "overlays/qilin-robotics/Alone/rule.yaml": "bad-name",
    "vocabulary/sharing.yaml": "taken",
}


@pytest.mark.parametrize("name", MISPLACED)
def test_files_without_a_place(policies: Path, name: str) -> None:
    (policies / name).parent.mkdir(parents=True, exist_ok=True)
    (policies / name).write_text("a: 1", "utf-8")
    ended = fenji("share", "check", REQUEST, "--policies", policies, "--enterprise", "qilin-robotics", "--rules", ROOT / "rules")
    assert ended.code == 2
    assert f": {MISPLACED[name]}: " in ended.err
