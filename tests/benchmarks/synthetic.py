"""A synthetic rulebook of 10,000 rules, written below a folder and checked without cases."""

from __future__ import annotations

import resource
import time
from pathlib import Path
from random import Random

from engine.rulebook.check import check
from engine.rulebook.load import load_all, rule_files

RULES = 10_000


def write(folder: Path, rules: int) -> None:
    """Write a rulebook with one pack of `rules` rules over 400 facts."""
    random = Random(1)
    text = "{zh: x, en: x}"
    facts = "".join(f"  - {{id: f.b{i}, type: bool, label: {text}, question: {text}}}\n" for i in range(300))
    facts += "".join(f"  - {{id: f.n{i}, type: int, min: 0, label: {text}, question: {text}}}\n" for i in range(100))
    _put(folder, "vocabulary/v.yaml", f"topic: v\ntitle: {text}\nfacts:\n{facts}")
    entry = f"{{id: act, title: {text}, rank: law, binding: true, in_force: 2020-01-01..}}"
    _put(folder, "instruments/i.yaml", f"instruments:\n  - {entry}\n")
    _put(folder, "instruments/clauses/c.yaml", 'registers:\n  - {instrument: act, clauses: [{in: "whole, 1-70"}]}\n')
    values = "[" + ", ".join(f"{{id: {v}, label: {text}}}" for v in ("low", "mid", "high")) + "]"
    floor = "[{valid: 2020-01-01.., value: low, effect: advisory, sources: [{instrument: act, read: official}]}]"
    outcome = f"  - {{id: grade, title: {text}, combine: strictest, values: {values}, floor: {floor}}}\n"
    _put(folder, "p/pack.yaml", f"id: p\ntitle: {text}\ncovers: 2020-01-01..\noutcomes:\n{outcome}")
    for k in range(rules):
        a, b, n = random.randrange(300), random.randrange(300), random.randrange(100)
        when = f"f.b{a} and (not f.b{b} or f.n{n} >= {random.randrange(1, 9999)})"
        _put(
            folder,
            f"p/rule-{k}.yaml",
            f"title: {text}\neffect: advisory\norigin: {{factor: design, effect: design}}\n"
            f"sources: [{{instrument: act, article: '{k % 70 + 1}', read: official}}]\n"
            f"versions:\n  - valid: 2020-01-01..\n    when: {when}\n    then: {{grade: {random.choice(('mid', 'high'))}}}\n",
        )


def _put(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def main(folder: str) -> None:
    """Write the rulebook, check it, print time and peak memory."""
    root = Path(folder)
    write(root, RULES)
    start = time.perf_counter()
    loaded = load_all([(p.relative_to(root).as_posix(), p.read_bytes()) for p in rule_files(root)])
    findings = check(loaded)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"check of {RULES} rules without cases: {seconds:.1f} s, peak {peak:.0f} MB, {len(findings)} findings")
