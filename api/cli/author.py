"""`fenji check`, `fenji new-rule` and `fenji lock`: for those who write rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from api.cli.options import Home, Json, Language, PackName, Policies, Rules, now, pack_of, rules_folder, say, say_json, unreadable
from api.cli.rulebooks import frozen
from api.render import findings as said
from engine.decide import cases
from engine.errors import CheckFailedError, Finding, InputError, Place
from engine.rulebook import lock as locks
from engine.rulebook.check import check as prove
from engine.rulebook.check.calendars import to_come
from engine.rulebook.days import legal_day
from engine.rulebook.graph import mentioned, pack_facts
from engine.rulebook.load import Loaded, load_all, rule_files
from engine.rulebook.model import PackRules, Rulebook
from schemas.rulebook import Outcome

app = typer.Typer()
OnePack = Annotated[str, typer.Argument(metavar="[PACK]", help="Only this pack; every pack when left out.", show_default=False)]
RuleName = Annotated[str, typer.Argument(metavar="NAME", help="The name of the rule: lower-case words joined by dashes.")]
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")
_PREFERRED = ("union", "strictest", "unique")  # a duty too many harms least

_TEMPLATE = """\
title: {{zh: TODO 规则名称, en: TODO name of the rule}}
{on}effect: advisory  # TODO statutory (needs `authority:`), agreed, owner or advisory
origin: {{factor: design, effect: design}}  # TODO law, plan, analogy or design
sources:
  - {{instrument: TODO, article: "1", read: recalled}}  # TODO one of rules/instruments/; official, mirror, secondary or recalled
versions:
  - valid: {start}..  # TODO the day on which it became law
    when: {fact}  # TODO the condition
    then: {{{outcome}: {value}}}  # TODO what follows
cases:  # TODO at least one that applies, one that does not, one unknown
  - {{name: it applies, on: {start}, facts: {{{fact}: true}}, expect: applies}}
  - {{name: it does not, on: {start}, facts: {{{fact}: false}}, expect: not}}
  - {{name: not told, on: {start}, facts: {{}}, expect: unknown}}
"""


@app.command()
def check(
    lang: Language, pack: OnePack = "", policies: Policies = "", *, json: Json = False, rules: Rules = "", home: Home = ""
) -> None:
    """Prove the rules sound and run their cases; all problems at once. Exits 1 when there are errors.

    With --policies the owners' policies and the overlays are proved instead, each enterprise's apart, beside the rules.
    What the log of the installation, if there is one, shows as published must stand there unchanged.
    """
    folder = rules_folder(rules)
    if policies:
        from api.cli.policy import proved  # noqa: PLC0415 - the rules alone need it not

        findings, count = proved(folder, policies, pack, frozen(home))
    else:
        loaded = _loaded(folder)
        if pack and not loaded.findings:
            pack_of(loaded.rulebook, pack)
        findings = [finding for finding in _findings(folder, loaded, pack, home) if _concerns(finding, pack, loaded.rulebook)]
        count = sum(len(each.rules) for name, each in loaded.rulebook.packs.items() if pack in ("", name))
    errors = sum(finding.level == "error" for finding in findings)
    if json:
        say_json([asdict(finding) for finding in findings])
    else:
        last = said.summary(count, errors, len(findings) - errors, lang)
        say("\n".join([*(said.finding(finding, lang) for finding in findings), last]))
    raise typer.Exit(1 if errors else 0)


def _loaded(folder: Path) -> Loaded:
    try:
        return load_all([(path.relative_to(folder).as_posix(), path.read_bytes()) for path in rule_files(folder)])
    except OSError as error:
        raise unreadable(error, str(folder)) from None


def _formed(folder: Path) -> Rulebook:
    """Return a rulebook without faults of form: another rule may still be unfinished. Raises CheckFailedError."""
    loaded = _loaded(folder)
    if loaded.findings:
        raise CheckFailedError(loaded.findings)
    return loaded.rulebook


def _findings(folder: Path, loaded: Loaded, pack: str, home: str) -> list[Finding]:
    """Return what is wrong; cases run only on rules that are otherwise sound."""
    today = legal_day(now())
    findings = [*prove(loaded), *to_come(loaded, today)]
    if any(finding.level == "error" for finding in findings):
        return findings
    unlocked = locks.check(folder, loaded.rulebook)  # before the cases, which take longest: a damaged lock is said at once
    law = {rule: held for rule, held in frozen(home).items() if rule.rpartition("/")[0] in loaded.rulebook.packs}
    return [*findings, *cases.run(loaded, pack or None), *unlocked, *locks.changed(law, loaded.rulebook, today)]


def _concerns(finding: Finding, pack: str, rulebook: Rulebook) -> bool:
    """Tell whether a finding is about `pack` or about what all packs share."""
    home = Path(finding.place.file).parent.name
    return not pack or home == pack or home not in rulebook.packs


@app.command("new-rule")
def new_rule(pack: PackName, name: RuleName, *, rules: Rules = "") -> None:
    """Write a rule that passes `check` except for its TODOs; never over another."""
    folder = rules_folder(rules)
    rulebook = _formed(folder)
    if not _NAME.match(name):
        raise InputError("bad-name", f"`{name[:60]}` is not the name of a rule", "use lower-case words joined by dashes")
    text = _new(rulebook, pack_of(rulebook, pack))
    path = folder / pack / f"{name}.yaml"
    try:
        with path.open("x", encoding="utf-8") as out:
            out.write(text)
    except FileExistsError:
        raise InputError("exists", "there is a rule of this name", "choose another name, or edit it", Place(str(path))) from None
    except OSError as error:
        raise unreadable(error, str(path)) from None
    say(f"{path}\nwrite what is marked TODO, then run `fenji check {pack}` and `fenji lock`")


def _new(rulebook: Rulebook, pack: PackRules) -> str:
    for outcome in sorted(pack.doc.outcomes, key=lambda each: (_PREFERRED.index(each.combine), bool(rulebook.list_of(each.id)))):
        home = rulebook.list_of(outcome.id)
        fact = next(_free(rulebook, pack, home), None)
        if fact:
            values = {"start": pack.doc.covers.start, "fact": fact, "outcome": outcome.id, "value": _mildest(outcome)}
            return _TEMPLATE.format(on=f"on: {home}\n" if home else "", **values)
    raise InputError("no-fact", f"the pack `{pack.doc.id}` reads no true-or-false fact", "declare one in rules/vocabulary/")


def _free(rulebook: Rulebook, pack: PackRules, home: str) -> Iterator[str]:
    """Yield the true-or-false facts of a scope that stand alone: any value of theirs makes a valid case."""
    tied = {name for constraint in rulebook.constraints.values() for name in mentioned(rulebook, constraint.always)}
    for name in pack_facts(rulebook, pack):
        fact = rulebook.facts[name]
        if fact.type == "bool" and not fact.applies_when and name not in tied and rulebook.list_of(name) == home:
            yield name


def _mildest(outcome: Outcome) -> str:
    return f"[{outcome.values[0].id}]" if outcome.combine == "union" else outcome.values[0].id


@app.command()
def lock(lang: Language, *, rules: Rules = "") -> None:
    """Write the hash of every rule version to the lock; what is published never changes."""
    folder = rules_folder(rules)
    try:
        changed = locks.write(folder, _formed(folder))
    except OSError as error:
        raise unreadable(error, str(folder)) from None
    changes = f"更新{changed}项" if lang == "zh" else f"{changed} entries changed"
    say(f"{folder / locks.NAME}: {changes}")
