"""`fenji packs` and `fenji facts`: what can be asked, and what a filing may state."""

from __future__ import annotations

from typing import Any

import typer

from api.cli.options import Json, Language, PackOrFile, Policies, Rules, pack_of, say, say_json
from api.cli.rulebooks import Beside, of_folder
from api.render import table
from engine.rulebook.duties import told_of
from engine.rulebook.model import PackRules, Rulebook

app = typer.Typer()
TYPES = {
    "bool": {"zh": "是否", "en": "true or false"},
    "int": {"zh": "整数", "en": "whole number"},
    "decimal": {"zh": "小数", "en": "number"},
    "enum": {"zh": "单选", "en": "one of"},
    "set": {"zh": "多选", "en": "some of"},
    "date": {"zh": "日期", "en": "date"},
}


@app.command()
def packs(lang: Language, policies: Policies = "", *, json: Json = False, rules: Rules = "") -> None:
    """List the packs and the outcomes that each decides; with --policies the owners' policies, too."""
    found = [_pack(pack) for _, pack in sorted(of_folder(rules, Beside(policies)).rulebook.packs.items())]
    if json:
        say_json(found)
        return
    heads = {"zh": ("规则包", "名称", "结论"), "en": ("pack", "title", "outcomes")}[lang]
    rows = [
        (pack["id"], pack["titles"][lang], "\n".join(each["titles"][lang] for each in pack["outcomes"].values()))
        for pack in found
    ]
    say(table.render(heads, rows))


def _pack(pack: PackRules) -> dict[str, Any]:
    outcomes = {
        outcome.id: {
            "titles": outcome.title.model_dump(),
            "combine": outcome.combine,
            "values": [value.id for value in outcome.values],
        }
        for outcome in pack.doc.outcomes
    }
    return {"id": pack.doc.id, "titles": pack.doc.title.model_dump(), "outcomes": outcomes}


@app.command()
def facts(lang: Language, pack: PackOrFile = "", policies: Policies = "", *, json: Json = False, rules: Rules = "") -> None:
    """List the facts that a pack's rules and the proof of its duties read, or those of every pack; facts of items come last."""
    rulebook = of_folder(rules, Beside(policies)).rulebook
    asked = [pack_of(rulebook, pack)] if pack else rulebook.packs.values()
    read = {name for each in asked for name in told_of(rulebook, each)}
    names = sorted((name for name in rulebook.facts if name in read), key=lambda name: bool(rulebook.list_of(name)))
    if json:
        say_json([_fact(rulebook, name) for name in names])
        return
    heads = {"zh": ("事实", "类型", "问题"), "en": ("fact", "type", "question")}[lang]
    say(table.render(heads, [(name, _type(rulebook, name, lang), rulebook.facts[name].question.get(lang)) for name in names]))
    for home in dict.fromkeys(filter(None, map(rulebook.list_of, names))):
        form = f"{home}: {{complete: true, items: [{{id: ..., ...}}]}}"
        say(
            {"zh": f"{home}.* 属于清单“{rulebook.lists[home].label.zh}”的每一项：", "en": f"{home}.* belong to each {home}: "}[
                lang
            ]
            + form
        )


def _fact(rulebook: Rulebook, name: str) -> dict[str, Any]:
    fact = rulebook.facts[name]
    return {
        "id": fact.id,
        "type": fact.type,
        "unit": fact.unit,
        "values": [value.id for value in fact.values],
        "labels": fact.label.model_dump(),
        "question": fact.question.model_dump(),
        "applies_when": fact.applies_when,
    }


def _type(rulebook: Rulebook, name: str, lang: str) -> str:
    fact = rulebook.facts[name]
    kind, unit = TYPES[fact.type][lang], rulebook.units.get(fact.unit)
    if unit:
        return f"{kind}（{unit.label.zh}）" if lang == "zh" else f"{kind} of {unit.label.en}"
    return "\n".join([kind, *(value.id for value in fact.values)])
