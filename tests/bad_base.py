"""The small good rulebook that every case of tests/bad/ spoils in one way."""

from __future__ import annotations

_VOCABULARY = """\
topic: t
title: {zh: 题, en: topic}
lists:
  - {id: w, label: {zh: 项, en: item}, question: {zh: 问, en: ask}}
facts:
  - {id: f.b, type: bool, label: {zh: 甲, en: flag}, question: {zh: 问, en: ask}}
  - {id: f.c, type: bool, applies_when: f.b, label: {zh: 乙, en: other flag}, question: {zh: 问, en: ask}}
  - {id: f.n, type: int, unit: persons, min: 0, max: 20, label: {zh: 人数, en: persons}, question: {zh: 问, en: ask}}
  - {id: f.m, type: int, unit: cars, label: {zh: 车数, en: cars}, question: {zh: 问, en: ask}}
  - {id: f.d, type: decimal, places: 1, label: {zh: 比, en: ratio}, question: {zh: 问, en: ask}}
  - {id: f.day, type: date, label: {zh: 日, en: day}, question: {zh: 问, en: ask}}
  - id: f.e
    type: enum
    values: [{id: p, label: {zh: 丙, en: first}}, {id: q, label: {zh: 丁, en: second}}]
    label: {zh: 类, en: kind}
    question: {zh: 问, en: ask}
  - id: f.s
    type: set
    values: [{id: p, label: {zh: 丙, en: first}}, {id: q, label: {zh: 丁, en: second}}]
    label: {zh: 集, en: set}
    question: {zh: 问, en: ask}
  - {id: w.b, type: bool, label: {zh: 项甲, en: item flag}, question: {zh: 问, en: ask}}
  - {id: w.n, type: int, unit: persons, label: {zh: 项人数, en: item persons}, question: {zh: 问, en: ask}}
constraints:
  - {id: few-cars, always: f.m >= 0, message: {zh: 错, en: wrong}}
units: [{id: persons, label: {zh: 人, en: persons}, one: person}, {id: cars, label: {zh: 辆, en: cars}, one: car}]
"""

_PACK = """\
id: p
title: {zh: 包, en: pack}
covers: 2020-01-01..
derived:
  - {id: d.x, type: bool, label: {zh: 推, en: derived}, versions: [{valid: 2020-01-01.., is: f.b and f.n > 5}]}
  - {id: d.n, type: int, unit: persons, label: {zh: 总, en: total}, versions: [{valid: 2020-01-01.., is: f.n + sum(w.n)}]}
outcomes:
  - id: level
    title: {zh: 级, en: level}
    combine: strictest
    values: [{id: low, label: {zh: 低, en: low}}, {id: high, label: {zh: 高, en: high}}]
    floor:
      - {valid: 2020-01-01.., value: low, effect: advisory, sources: [{instrument: law, article: "1", read: official}]}
  - id: duties
    title: {zh: 义务, en: duties}
    combine: union
    values: [{id: tell, label: {zh: 告, en: tell}}, {id: keep, label: {zh: 存, en: keep}}]
  - id: route
    title: {zh: 路, en: route}
    combine: unique
    values: [{id: left, label: {zh: 左, en: left}}, {id: right, label: {zh: 右, en: right}}]
  - id: w.level
    title: {zh: 项级, en: item level}
    combine: strictest
    values: [{id: low, label: {zh: 低, en: low}}, {id: high, label: {zh: 高, en: high}}]
    floor:
      - {valid: 2020-01-01.., value: low, effect: advisory, sources: [{instrument: law, article: "1", read: official}]}
goes_to:
  - {outcome: level, to: {zh: 会, en: board}, basis: plan, sources: [{instrument: law, article: "1", read: official}]}
"""

_RULE = """\
title: {zh: 规则, en: rule}
effect: statutory
authority: body
origin: {factor: law, effect: law}
sources: [{instrument: law, article: "2", read: official}]
versions:
  - valid: 2020-01-01..
    when: f.b
    then: {level: high, duties: [tell]}
cases:
  - {name: yes, on: 2021-01-01, facts: {f.b: true}, expect: applies, outcomes: {level: high, duties: tell}}
  - {name: no, on: 2021-01-01, facts: {f.b: false}, expect: not, outcomes: {level: low}}
  - {name: open, on: 2021-01-01, expect: unknown}
"""

_ITEM = """\
title: {zh: 项规则, en: item rule}
on: w
effect: advisory
origin: {factor: plan, effect: plan}
sources: [{instrument: plan, article: "2", read: official}]
versions:
  - valid: 2020-01-01..
    when: w.b
    then: {w.level: high}
cases:
  - {name: yes, on: 2021-01-01, facts: {w.b: true}, expect: applies, outcomes: {w.level: high}}
  - {name: no, on: 2021-01-01, facts: {w.b: false}, expect: not}
  - {name: open, on: 2021-01-01, expect: unknown}
"""

_TABLE = """\
id: tab
title: {zh: 表, en: table}
keys: [f.e, f.b]
gives: {values: [one, two], labels: {one: {zh: 壹, en: the one}, two: {zh: 贰, en: the two}}}
sources: [{instrument: law, read: official}]
versions:
  - valid: 2020-01-01..
    rows: [{when: {f.e: p}, is: one}]
    otherwise: two
"""

_INSTRUMENTS = """\
instruments:
  - {id: law, title: {zh: 法, en: Law}, rank: law, binding: true, in_force: 2020-01-01.., discretion: {"1": [body]}}
  - {id: plan, title: {zh: 方案, en: Plan}, rank: local_normative, binding: false, in_force: 2020-01-01.., discretion: {"1": [body]}}
  - {id: draft, title: {zh: 草案, en: Draft}, rank: law, binding: false, status: draft}
"""  # noqa: E501 - one instrument, one line: findings name it

_CLAUSES = """\
registers:
  - {instrument: law, articles: 4, left_out: "4", clauses: [{class: definition, in: "whole, 1-2, 3(1)-(2)"}]}
  - {instrument: plan, clauses: [{class: programme, in: "whole, 1-3"}]}
  - {instrument: draft, clauses: [{class: definition, in: "whole, 1-3"}]}
"""

_LIFECYCLE = """\
id: case
title: {zh: 件, en: case}
kind: case
states:
  - {id: begun, label: {zh: 始, en: begun}}
  - {id: waiting, label: {zh: 待, en: waiting}}
  - {id: ended, label: {zh: 终, en: ended}, final: true}
fields: [{id: why, type: text, label: {zh: 由, en: reasons}}]
guards: [{id: once-only, is: once, of: [pause], title: {zh: 一次, en: it happens once}, origin: design}]
clocks:
  - id: answer
    title: {zh: 答, en: answer}
    limit: {days: 5}
    origin: law
    sources: [{instrument: law, article: "2", read: official}]
transitions:
  - event: open
    to: begun
    title: {zh: 收, en: receive}
    role: [official]
    effect: advisory
    origin: design
    clocks: {start: [answer]}
  - event: pause
    from: [begun]
    to: waiting
    title: {zh: 停, en: pause}
    role: [official, enterprise]
    effect: statutory
    authority: body
    origin: law
    sources: [{instrument: law, article: "2", read: official}]
    guards: [once-only]
    needs: [why]
    clocks: {pause: [answer]}
  - {event: end, from: [begun, waiting], to: ended, title: {zh: 结, en: end}, role: [official], effect: advisory, origin: design}
"""

BASE: dict[str, str] = {
    "authorities.yaml": "authorities:\n  - {id: body, title: {zh: 局, en: Body}, valid: 2000-01-01..}\n",
    "instruments/clauses/c.yaml": _CLAUSES,
    "instruments/i.yaml": _INSTRUMENTS,
    "lifecycles/case.yaml": _LIFECYCLE,
    "lists/tab.yaml": _TABLE,
    "p/item.yaml": _ITEM,
    "p/pack.yaml": _PACK,
    "p/r.yaml": _RULE,
    "vocabulary/t.yaml": _VOCABULARY,
}
