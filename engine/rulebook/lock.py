"""The lock: every rule version by the hash of its legal content, and whether it is published.

The hash covers what is law (sources, effect, origin, overrides, condition, outcome, dates), so a new case needs no new version.
A published version never changes; `write` refreshes the others. Only publishing a rulebook marks a version published.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import Finding, Place, RulebookError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.rulebook.model import PackRules, Rulebook
    from schemas.rulebook import Rule, RuleVersion

NAME = "lock.json"
Entries = dict[str, dict[str, dict[str, Any]]]


def entries(rulebook: Rulebook) -> Entries:
    """Return per `pack/rule` and version the hash of its legal content, none marked published."""
    return {
        f"{pack_id}/{rule_id}": {
            str(version.valid): {"sha256": digest(pack, rule, index)} for index, version in enumerate(rule.versions)
        }
        for pack_id, pack in sorted(rulebook.packs.items())
        for rule_id, rule in sorted(pack.rules.items())
    }


def digest(pack: PackRules, rule: Rule, index: int) -> str:
    """Return the SHA-256 of one version's legal content."""
    law = rule.model_dump(mode="json", include={"on", "effect", "authority", "origin", "overrides", "principle", "sources"})
    law["date"] = pack.date_of(rule)
    law["version"] = rule.versions[index].model_dump(mode="json")
    if owed := _owed(pack, rule.versions[index]):
        law["owed"] = owed
    return hashlib.sha256(json.dumps(law, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def _owed(pack: PackRules, version: RuleVersion) -> dict[str, Any]:
    """Return the duties, conflicts and acts that a version gives, and what it says to requests: its legal content."""
    found: dict[str, Any] = {}
    for name, given in version.then.items():
        outcome = pack.outcomes.get(name)
        wanted = {given} if isinstance(given, str) else set(given)
        if outcome and outcome.request:
            found[name] = outcome.request
        for value in outcome.values if outcome else ():
            if value.id in wanted and (value.duty or value.conflict or value.act or value.request):
                found[f"{name}.{value.id}"] = value.model_dump(mode="json", exclude={"id", "label"}, exclude_defaults=True)
    return found


def read(folder: Path) -> Entries:
    """Return the entries of a lock file; none when there is no file. Raises RulebookError for one that is damaged."""
    path = folder / NAME
    if not path.exists():
        return {}
    try:
        found: Entries = json.loads(path.read_bytes())["rules"]
    except (ValueError, KeyError, TypeError):
        remedy = "restore it: it says which versions are published"
        raise RulebookError("bad-lock", "the lock is not what `fenji lock` writes", remedy, Place(f"rules/{NAME}")) from None
    return found


def write(folder: Path, rulebook: Rulebook) -> int:
    """Write the lock, keeping published entries as they are; return how many entries changed."""
    before, now = read(folder), entries(rulebook)
    for name, versions in before.items():
        for valid, entry in versions.items():
            if entry.get("published"):
                now.setdefault(name, {})[valid] = entry
    _store(folder, now)
    return sum(now.get(name, {}).get(valid) != before.get(name, {}).get(valid) for name, valid in _keys(now) | _keys(before))


def _store(folder: Path, entries: Entries) -> None:
    text = json.dumps({"format": 1, "rules": entries}, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    part = folder / f"{NAME}.part"
    part.write_text(text, encoding="utf-8")
    part.replace(folder / NAME)


def publish(folder: Path, rulebook: Rulebook, release: str) -> None:
    """Mark every version as published in `release` that was not published before."""
    write(folder, rulebook)
    mark(folder, read(folder), release)


def mark(folder: Path, versions: Entries, release: str) -> None:
    """Mark these versions as published in `release`, unless they were before; the others of the lock stay as they are."""
    marked = read(folder)
    for name, found in versions.items():
        for valid, entry in found.items():
            held = marked.setdefault(name, {}).setdefault(valid, dict(entry))
            held.setdefault("published", release)
    _store(folder, marked)


def unpublished(folder: Path, rulebook: Rulebook, pack: str, rules: set[str]) -> list[str]:
    """Return which of `rules` of a pack have a version that was never published, or differs from the published one."""
    locked, now = read(folder), {f"{pack}/{rule}": rulebook.packs[pack].rules[rule] for rule in rules}
    found = set()
    for name, rule in now.items():
        for index, version in enumerate(rule.versions):
            held = locked.get(name, {}).get(str(version.valid), {})
            if not held.get("published") or held["sha256"] != digest(rulebook.packs[pack], rule, index):
                found.add(name.removeprefix(f"{pack}/"))
    return sorted(found)


def _keys(found: Entries) -> set[tuple[str, str]]:
    return {(name, valid) for name, versions in found.items() for valid in versions}


def check(folder: Path, rulebook: Rulebook) -> list[Finding]:
    """Return a finding for each version that the lock does not know, or knows differently."""
    return list(_differences(read(folder), entries(rulebook)))


def changed(folder: Path, now: Entries) -> list[Finding]:
    """Return a finding for each published version that `now` does not hold as it was published."""
    return [finding for finding in _differences(read(folder), now) if finding.code == "published-changed"]


def _differences(locked: Entries, now: Entries) -> Iterator[Finding]:
    for name, versions in now.items():
        for valid, entry in versions.items():
            held = locked.get(name, {}).get(valid)
            place = Place(f"rules/{name}.yaml")
            if held is None:
                yield Finding("not-locked", place, f"the version `{valid}` is not in the lock", "run `fenji lock`")
            elif held["sha256"] != entry["sha256"] and held.get("published"):
                remedy = "restore it and add a version that corrects it"
                yield Finding("published-changed", place, f"the published version `{valid}` was changed", remedy)
            elif held["sha256"] != entry["sha256"]:
                yield Finding("not-locked", place, f"the version `{valid}` differs from the lock", "run `fenji lock`")
    for name, valid in sorted(_keys(locked) - _keys(now)):
        published = locked[name][valid].get("published")
        code, remedy = ("published-changed", "restore it") if published else ("not-locked", "run `fenji lock`")
        yield Finding(code, Place(f"rules/{name}.yaml"), f"the locked version `{valid}` is gone", remedy)
