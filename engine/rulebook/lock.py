"""The hash of the legal content of every rule version, and the lock: these hashes as their author last meant them.

The hash covers what is law (sources, effect, origin, overrides, condition, outcome, dates), so a new case needs no new version.
The lock shows whoever reviews a change which versions of law it touches. What is published only the log of an installation says
(`engine/evidence/published.py`); its hashes come here as data, and what it shows never changes.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import EvidenceError, Finding, Place, RulebookError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from engine.rulebook.model import PackRules, Rulebook
    from schemas.rulebook import Rule, RuleVersion

NAME = "lock.json"
REMEDY = "restore it: what was published stays; one without end may be ended, today at the earliest, and another follow it"
Versions = dict[str, dict[str, str]]


def versions(rulebook: Rulebook) -> Versions:
    """Return per `pack/rule` and version the hash of its legal content."""
    return {name: held for _, pack in sorted(rulebook.packs.items()) for name, held in hashes(pack).items()}


def digest(pack: PackRules, rule: Rule, index: int, *, ended: bool = True) -> str:
    """Return the SHA-256 of one version's legal content; unless `ended`, as if it had no end."""
    law = rule.model_dump(mode="json", include={"on", "effect", "authority", "origin", "overrides", "principle", "sources"})
    law["date"] = pack.date_of(rule)
    law["version"] = rule.versions[index].model_dump(mode="json")
    if not ended:
        law["version"]["valid"]["end"] = None
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


def read(folder: Path) -> Versions:
    """Return the versions of a lock file; none when there is no file. Raises RulebookError for one that is damaged."""
    path = folder / NAME
    if not path.exists():
        return {}
    try:
        held = json.loads(path.read_bytes())["rules"]
        found = {name: {valid: str(entry["sha256"]) for valid, entry in each.items()} for name, each in held.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        remedy = "restore it, or delete it and run `fenji lock`"
        raise RulebookError("bad-lock", "the lock is not what `fenji lock` writes", remedy, Place(f"rules/{NAME}")) from None
    return found


def write(folder: Path, rulebook: Rulebook) -> int:
    """Write the lock and return how many versions changed."""
    before, now = read(folder), versions(rulebook)
    entries = {name: {valid: {"sha256": digest} for valid, digest in held.items()} for name, held in now.items()}
    text = json.dumps({"format": 1, "rules": entries}, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    part = folder / f"{NAME}.part"
    part.write_text(text, encoding="utf-8")
    part.replace(folder / NAME)
    return sum(now.get(name, {}).get(valid) != before.get(name, {}).get(valid) for name, valid in _keys(now) | _keys(before))


def hashes(pack: PackRules) -> Versions:
    """Return per `pack/rule` and version of one pack the hash of its legal content."""
    return {
        f"{pack.doc.id}/{rule_id}": {str(v.valid): digest(pack, rule, index) for index, v in enumerate(rule.versions)}
        for rule_id, rule in sorted(pack.rules.items())
    }


def unpublished(pack: str, now: Versions, published: Versions, used: set[str]) -> list[str]:
    """Return the rules of a pack that an answer has to mark, by the hashes of their versions now and as published.

    These are the rules it used that were not published as they are, and every rule that was published and differs or is gone:
    one that would have applied may be missing among those used. Rules of overlays (`--` in their name) concern one enterprise.
    """
    head = f"{pack}/"
    mine = {name: held for name, held in published.items() if name.startswith(head) and "--" not in name}
    fresh = {name for name in (head + rule for rule in used) if not _holds(published.get(name, {}), now.get(name, {}))}
    lost = {name for name, held in mine.items() if not _holds(now.get(name, {}), held)}
    return sorted(name.removeprefix(head) for name in fresh | lost)


def _holds(held: dict[str, str], wanted: dict[str, str]) -> bool:
    """Tell whether `held` has every version that is wanted."""
    return all(held.get(valid) == sha256 for valid, sha256 in wanted.items())


def _keys(found: Versions) -> set[tuple[str, str]]:
    return {(name, valid) for name, held in found.items() for valid in held}


def check(folder: Path, rulebook: Rulebook) -> list[Finding]:
    """Return a finding for each version that the lock does not know, or knows differently."""
    return list(_differences(read(folder), versions(rulebook)))


def _differences(locked: Versions, now: Versions) -> Iterator[Finding]:
    for name, held in now.items():
        for valid, digest_now in held.items():
            known, place = locked.get(name, {}).get(valid), Place(f"rules/{name}.yaml")
            if known is None:
                yield Finding("not-locked", place, f"the version `{valid}` is not in the lock", "run `fenji lock`")
            elif known != digest_now:
                yield Finding("not-locked", place, f"the version `{valid}` differs from the lock", "run `fenji lock`")
    for name, valid in sorted(_keys(locked) - _keys(now)):
        yield Finding("not-locked", Place(f"rules/{name}.yaml"), f"the locked version `{valid}` is gone", "run `fenji lock`")


def changed(published: Versions, rulebook: Rulebook, day: date) -> list[Finding]:
    """Return a finding for each published version that a rulebook published on a day would not hold as the log shows it.

    An open version may be ended, by a last day that is none before `day`: what it said of the days until then stays.
    """
    return list(_changed(published, rulebook, day))


def require_kept(published: Versions, rulebook: Rulebook, day: date) -> None:
    """Refuse to publish on a day what changes something that was published. Raises EvidenceError with the first that is."""
    for each in _changed(published, rulebook, day):
        raise EvidenceError(each.code, each.problem, each.help, each.place)


def _changed(published: Versions, rulebook: Rulebook, day: date) -> Iterator[Finding]:
    now = versions(rulebook)
    for name, valid in sorted(_keys(published)):
        held, place = now.get(name, {}).get(valid), Place(f"rules/{name}.yaml")
        if held == published[name][valid]:
            continue
        said, end = "was changed" if held else "is gone", _end(rulebook, name, valid, published[name][valid])
        if end is None:
            yield Finding("published-changed", place, f"the published version `{valid}` {said}", REMEDY)
        elif end < day:
            problem = f"the published version `{valid}` ends on {end}, and answers of the days from then to {day} rest on it"
            yield Finding("ended-before", place, problem, f"end it on {day} or later, and let another version follow it")


def _end(rulebook: Rulebook, name: str, valid: str, sha256: str) -> date | None:
    """Return the day on which a rule now ends a version that was published open, and is otherwise as it was published."""
    pack_id, _, rule_id = name.rpartition("/")
    pack = rulebook.packs.get(pack_id)
    rule = pack.rules.get(rule_id) if pack else None
    for index, version in enumerate(rule.versions if rule else ()):
        if version.valid.end and f"{version.valid.start}.." == valid and pack and rule:
            return version.valid.end if digest(pack, rule, index, ended=False) == sha256 else None
    return None
