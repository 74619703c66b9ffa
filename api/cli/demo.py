"""`fenji demo`: every sample filing answered, recorded, replayed and verified by two programs; one explained in full."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import typer

from api.cli import case_story, pilot_story, transfer_story
from api.cli.cast import POLICIES, people, proposed
from api.cli.options import AsOf, Language, Rules, day, document, now, rulebook_of, rules_folder, say, unreadable
from api.cli.rulebooks import Beside, of_folder
from api.render import table
from api.render.explanation import explanation as explained
from api.render.sharing import VERDICT
from api.render.text import Words
from engine.decide.assess import assess
from engine.decide.explain import explain
from engine.decide.filing import from_document
from engine.decide.review import RECEIVED
from engine.decide.share import share_filing
from engine.errors import RulesNotFoundError
from engine.evidence import archive, bundle, canonical, decide, record, release, replay
from engine.evidence.disclosed import opened
from engine.evidence.fsck import fsck
from engine.evidence.installation import Installation, init, open_home
from engine.evidence.log import stamp
from engine.evidence.verify import verify
from engine.rulebook.closure import closure
from engine.rulebook.locate import files_of
from engine.rulebook.model import Rulebook
from schemas.answer import Answer

app = typer.Typer()
REQUEST = "samples/requests/bus-flows/request.yaml"


@app.command()
def demo(lang: Language, as_of: AsOf = "", *, rules: Rules = "") -> None:
    """Answer the sample filings, then explain one of them in full."""
    today, folder, rulebook = day(as_of), rules_folder(rules), rulebook_of(rules)
    paths = [path for path in sorted(folder.glob("samples/*/*.yaml")) if path.parent.name in rulebook.packs]
    if not paths:
        raise RulesNotFoundError("no-samples", f"no sample filings below {folder / 'samples'}", "name a folder with --rules")
    answers = {path: assess(rulebook, path.parent.name, document(str(path)), today) for path in paths}
    shown = next((path for path, answer in answers.items() if not answer.determined), paths[0])
    heads = {"zh": ("样例", "结论", "已确定", "缺少"), "en": ("sample", "answer", "determined", "missing")}[lang]
    say({"zh": f"判定日 {today}", "en": f"as of {today}"}[lang])
    say(table.render(heads, [_row(rulebook, path, answer, lang) for path, answer in answers.items()]))
    explanation = explain(rulebook, shown.parent.name, document(str(shown)), today)
    say(f"\n{shown.relative_to(folder)}\n{explained(rulebook, explanation, lang)}")
    if (folder / REQUEST).is_file():
        say(f"\n{REQUEST}\n{_requested(folder, lang, today)}")
    with TemporaryDirectory() as place:
        init(Path(place), "demo.fenji.local/log", "sqlite:store.db", stamp(now()))
        with open_home(Path(place)) as home:
            say("\n" + "\n".join(_recorded(home, rulebook, folder, list(answers), today)[lang]))
            official = home.actors.key_of("chen", "decision", stamp(now()))
            for story in (case_story, transfer_story, pilot_story):
                say("\n" + "\n".join(story.told(home, rulebook, folder, official, now())[lang]))


def _requested(folder: Path, lang: str, today: date) -> str:
    """Return what law and the sample policies say to the sample request, item by item, on the day it came in at the earliest."""
    rulebook = of_folder(str(folder), Beside(str(folder / POLICIES))).rulebook
    filing = from_document(rulebook, document(str(folder / REQUEST)))
    received = date.fromordinal(filing.facts[RECEIVED][0])
    found = share_filing(rulebook, filing, max(today, received))
    heads = {"zh": ("数据项", "数据集", "结论", "最小理由"), "en": ("item", "data set", "verdict", "fewest reasons")}[lang]
    rows = [
        (each.item, each.data_set or "", VERDICT[each.verdict][lang], "\n".join(f"{r.pack}/{r.rule}" for r in each.smallest))
        for each in found.items
    ]
    return table.render(heads, rows)


def _recorded(home: Installation, rulebook: Rulebook, folder: Path, paths: list[Path], today: date) -> dict[str, list[str]]:
    """Publish the rules, record every sample, replay all, and leave one bundle that two programs verify; return what happened."""
    official, publishers = people(home, stamp(now()))
    published = release.publish(home, files_of(folder), rulebook, publishers, stamp(now()))
    release.activate(home, published, publishers[0], stamp(now()))
    rules = {pack: record.rules(closure(rulebook, pack)) for pack in rulebook.packs}
    asked = [proposed(rulebook, rules[path.parent.name], path, today, official, published.id) for path in paths]
    made = [decide.decide(home, each) for each in asked]
    again = sum(_same(home, each, rules) for each in made)
    counts = fsck(home)
    exported = bundle.export(home, made[0].id, "full", official)
    trust = canonical.dumps(home.actors.trust().to_json())
    try:
        Path("demo.fenji.zip").write_bytes(exported.data)
        Path("demo.trust.json").write_bytes(trust)
    except OSError as error:
        raise unreadable(error, "demo.fenji.zip") from None
    ours = verify(exported.data, home.actors.trust()).exit_code
    theirs = _second(home.home, exported.data, trust)
    texts = {
        "zh": (
            "{release} 由两人签名发布并生效；{made} 项决定已记录，{again} 项逐字节重放一致；日志 {log} 条全部重新推导",
            "demo.fenji.zip（{size} 字节）：本程序核验退出码 {ours}，包内独立核验程序退出码 {theirs}",
        ),
        "en": (
            "{release} published by two persons; {made} decisions recorded, {again} replayed byte for byte, {log} log entries",
            "demo.fenji.zip ({size} bytes): verified with exit code {ours}, by the second verifier inside it with {theirs}",
        ),
    }
    values = {"release": published.id, "made": len(made), "again": again, "log": counts["record"], "size": len(exported.data)}
    values |= {"ours": ours, "theirs": theirs}
    command = "fenji verify demo.fenji.zip --trust demo.trust.json"
    return {lang: [*(line.format(**values) for line in lines), command] for lang, lines in texts.items()}


def _same(home: Installation, made: decide.Decided, rules: dict[str, record.Rules]) -> bool:
    disclosed, _ = opened(home, made.id)
    pack = made.statement["predicate"]["rulepack"]["name"]
    return not replay.compare(rules[pack], disclosed, made.statement).differences


def _second(place: Path, data: bytes, trust: bytes) -> int:
    """Run the second verifier out of the bundle, as a stranger would."""
    members = {"verify.py": archive.read(data, "the bundle")["verify.py"], "demo.fenji.zip": data, "demo.trust.json": trust}
    for name, member in members.items():
        (place / name).write_bytes(member)
    command = [sys.executable, "-I", "verify.py", "demo.fenji.zip", "--trust", "demo.trust.json"]
    return subprocess.run(command, cwd=place, capture_output=True, check=False).returncode  # noqa: S603 - our own program


def _row(rulebook: Rulebook, path: Path, answer: Answer, lang: str) -> tuple[str, str, str, str]:
    words = Words(rulebook, answer.pack, lang)
    name = _headline(rulebook, answer)
    (line, *_) = words.outcome(name, answer.outcomes[name])
    sure = {"zh": "是", "en": "yes"} if answer.determined else {"zh": "否", "en": "no"}
    return f"{answer.pack}/{path.stem}", line, sure[lang], str(len(answer.missing) or "")


def _headline(rulebook: Rulebook, answer: Answer) -> str:
    """Return the outcome that names the answer: the first of the filing for which the pack says where it goes when open."""
    routed = [clause.outcome for clause in rulebook.packs[answer.pack].doc.goes_to]
    return next(name for name in (*routed, *answer.outcomes) if name in answer.outcomes)
