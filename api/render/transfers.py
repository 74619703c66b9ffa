"""Registers of transfers -> text and JSON: the counts of a year, and the route before and after a transfer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from math import inf
from typing import Any

from api.render import table
from api.render.text import clean
from engine.rulebook.model import Rulebook
from engine.supervise.routes import PACK, Routed
from engine.supervise.transfers import KINDS, Flow, Interval, Kind, Persons, Register, Transfer, count
from schemas.answer import Answer

KIND: dict[Kind, dict[str, str]] = {
    "general": {"zh": "一般个人信息", "en": "ordinary data"},
    "sensitive": {"zh": "敏感个人信息", "en": "sensitive data"},
}
CROSSES = {
    "yes": {"zh": "跨越门槛", "en": "crosses a threshold"},
    "maybe": {"zh": "可能跨越门槛", "en": "may cross a threshold"},
    "no": {"zh": "未跨越门槛", "en": "crosses no threshold"},
}
COUNTED = {
    "yes": {"zh": "计入", "en": "counts"},
    "no": {"zh": "不计入", "en": "does not count"},
    "unknown": {"zh": "是否计入未定", "en": "open whether it counts"},
}


def routed(rulebook: Rulebook, found: Routed, lang: str, recorded: str = "") -> str:
    """Return a transfer in its year: the counts and routes before and after it, and what it crosses."""
    day = found.transfer.day
    lines = [f"{clean(found.transfer.id)}  {day}" + (f"  {recorded}" if recorded else "")]
    for name, kind in (("general_route", "general"), ("sensitive_route", "sensitive")):
        which: Kind = "general" if kind == "general" else "sensitive"
        before, after = numbers(found.before[which], lang), numbers(found.after[which], lang)
        people = {"zh": "人", "en": "persons"}[lang]
        lines.append(f"  {KIND[which][lang]} {day.year}: {before} -> {after} {people}")
        was, now = (_values(rulebook, each, name, lang) for each in (found.was, found.now))
        lines.append(f"    {was} -> {now}  [{CROSSES[found.crosses[name]][lang]}]")
    whole = rulebook.packs[PACK].outcomes["mechanism"].title.get(lang)
    lines.append(f"  {whole}: {_values(rulebook, found.now, 'mechanism', lang)}")
    return "\n".join(lines)


def routed_json(found: Routed, recorded: str = "") -> dict[str, Any]:
    """Return the same as a JSON value."""
    return {
        "record": recorded or None,
        "transfer": found.transfer.id,
        "date": found.transfer.day.isoformat(),
        "before": {kind: _interval(found.before[kind]) for kind in KINDS},
        "after": {kind: _interval(found.after[kind]) for kind in KINDS},
        "route_before": {name: found.was.outcomes[name].possible for name in (*found.crosses, "mechanism")},
        "route_after": {name: found.now.outcomes[name].possible for name in (*found.crosses, "mechanism")},
        "crosses": found.crosses,
    }


def listed(register: Register, through: date, lang: str) -> str:
    """Return the transfers of a year up to a day, and how many distinct persons went abroad."""
    heads = {
        "zh": ("出境", "日期", "数据流", "一般", "敏感", "计数", "路径"),
        "en": ("transfer", "day", "flow", "ordinary", "sensitive", "counting", "under"),
    }[lang]
    found, repeats = register.of_year(through.year), register.repeats(through.year)
    rows = [
        (
            clean(each.id) + _fresh(each, repeats, lang),
            each.day.isoformat(),
            "\n".join(clean(flow.id) for flow in each.flows),
            "\n".join(_people(flow, "general", lang) for flow in each.flows),
            "\n".join(_people(flow, "sensitive", lang) for flow in each.flows),
            "\n".join(COUNTED[flow.counted][lang] for flow in each.flows),
            each.under,
        )
        for each in found
    ]
    people = {"zh": "人", "en": "persons"}[lang]
    lines = [f"{through.year} .. {through}"]
    lines += [f"  {KIND[kind][lang]}: {numbers(count(register, kind, through), lang)} {people}" for kind in KINDS]
    known = register.known_through(through.year)
    if known is None:
        lines.append({"zh": "  本年没有申报记载完整的期间", "en": "  nobody declared the year complete so far"}[lang])
    else:
        lines.append({"zh": f"  记载完整至{known}", "en": f"  declared complete through {known}"}[lang])
    return "\n".join([*([table.render(heads, rows)] if rows else []), *lines])


def listed_json(register: Register, through: date) -> dict[str, Any]:
    """Return the same as a JSON value."""
    known, repeats = register.known_through(through.year), register.repeats(through.year)
    return {
        "year": through.year,
        "through": through.isoformat(),
        "complete_through": known.isoformat() if known else None,
        "persons": {kind: _interval(count(register, kind, through)) for kind in KINDS},
        "transfers": [
            {
                "transfer": each.id,
                "date": each.day.isoformat(),
                "fresh": each.fresh,
                "repeats": repeats.get(each.id),
                "under": each.under or None,
                "routes": list(each.routes),
                "flows": [{"id": flow.id, "counted": flow.counted, **_flow(flow)} for flow in each.flows],
            }
            for each in register.of_year(through.year)
        ],
    }


def numbers(found: Interval, lang: str) -> str:
    """Return an interval of persons in words."""
    low, high = found
    if low == high:
        return f"{low:,}"
    if high == inf:
        return {"zh": f"至少{low:,}", "en": f"at least {low:,}"}[lang]
    return {"zh": f"{low:,}至{int(high):,}", "en": f"{low:,} to {int(high):,}"}[lang]


def _fresh(transfer: Transfer, repeats: Mapping[str, str], lang: str) -> str:
    """Return what is said of the persons of a transfer: that they are new, and what disproves it."""
    if not transfer.fresh:
        return ""
    if other := repeats.get(transfer.id):
        return {
            "zh": f"（称新增人员，但键值与{clean(other)}重复，不采）",
            "en": f" (not new persons: {clean(other)} has some by key)",
        }[lang]
    return {"zh": "（新增人员）", "en": " (new persons)"}[lang]


def _people(flow: Flow, kind: Kind, lang: str) -> str:
    persons = flow.persons(kind)
    keyed = {"zh": "（按键值）", "en": " (by keys)"}[lang] if persons.keys is not None else ""
    return numbers((persons.least, persons.most), lang) + keyed


def _flow(flow: Flow) -> dict[str, Any]:
    persons: dict[Kind, Persons] = {kind: flow.persons(kind) for kind in KINDS}
    return {kind: {**_interval((each.least, each.most)), "keys": each.keys is not None} for kind, each in persons.items()}


def _interval(found: Interval) -> dict[str, int | None]:
    return {"at_least": found[0], "at_most": None if found[1] == inf else int(found[1])}


def _values(rulebook: Rulebook, answer: Answer, name: str, lang: str) -> str:
    labels = {value.id: value.label.get(lang) for value in rulebook.packs[PACK].outcomes[name].values}
    return " | ".join(labels.get(value, value) for value in answer.outcomes[name].possible)
