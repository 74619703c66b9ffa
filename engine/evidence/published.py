"""What the log shows as published: every rule version of a release, and every term of the policies, by its hash.

Only the log says what was published, never a file beside the rules: whoever edits files cannot take the mark `unpublished` off an
answer, and an answer marks what the record of the same answer marks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.evidence import canonical
from engine.rulebook import lock
from engine.rulebook.days import day_known
from engine.store import reading

if TYPE_CHECKING:
    from engine.evidence.installation import Installation
    from engine.rulebook.lock import Versions
    from schemas.answer import Answer

KINDS = ("release", "activation", "policy")


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the log shows: the versions of each release by its id, which is in force, and (id, day, versions) of each policy."""

    releases: dict[str, Versions]
    current: str
    policies: list[tuple[str, str, Versions]]


def _shown(home: Installation) -> _Shown:
    def read() -> _Shown:
        found = {kind: [(each, _predicate(each)) for each in reading.of_kind(home.store, kind)] for kind in KINDS}
        current = found["activation"][-1][1]["release_id"] if found["activation"] else ""
        policies = [(each.id, day_known(each.at), predicate["versions"]) for each, predicate in found["policy"]]
        return _Shown({each.id: predicate["versions"] for each, predicate in found["release"]}, current, policies)

    return home.remembered(KINDS, read)


def _predicate(each: reading.Record) -> dict[str, Any]:
    found: dict[str, Any] = canonical.loads(each.payload, f"the record {each.id}")["predicate"]
    return found


def versions(home: Installation, release_id: str = "", day: str = "") -> Versions:
    """Return the published versions: of a release, of the one in force where the id is none, with the policies of a day.

    Without a release in force no rule is published. Raises StoreError.
    """
    shown = _shown(home)
    found = dict(shown.releases.get(release_id) or shown.releases.get(shown.current, {}))
    for _, known, held in shown.policies:  # of each name the newest comes last, and holds what those before it froze
        if not day or known <= day:
            found.update(held)
    return found


def frozen(home: Installation) -> Versions:
    """Return every version that was ever published, in force or not: none of them changes any more. Raises StoreError."""
    return versions(home, next(reversed(_shown(home).releases), ""))


def newest_policy(home: Installation) -> str:
    """Return the id of the publication of a policy that came last, empty before the first. Raises StoreError."""
    policies = _shown(home).policies
    return policies[-1][0] if policies else ""


def unpublished(home: Installation, hashes: Versions, answer: Answer, release_id: str, day: str = "") -> list[str]:
    """Return the rules that the record of an answer marks (`lock.unpublished`), by the hashes of its pack. Raises StoreError."""
    used = {rule.rule for rule in (*answer.fired, *answer.unknown, *answer.overridden)}
    return lock.unpublished(answer.pack, hashes, versions(home, release_id, day), used)
