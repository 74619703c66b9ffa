"""What the log shows as published: every rule version of a release, and every term of the policies, by its hash.

Only the log says what was published, never a file beside the rules: whoever edits files cannot take the mark `unpublished` off an
answer, and an answer marks what the record of the same answer marks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.evidence import policy, release
from engine.rulebook import lock

if TYPE_CHECKING:
    from engine.evidence.installation import Installation
    from engine.evidence.record import Rules
    from engine.rulebook.lock import Versions
    from schemas.answer import Answer

KINDS = ("release", "activation", "policy")


def versions(home: Installation, release_id: str = "", day: str = "") -> Versions:
    """Return the published versions: of a release, of the one in force where the id is none, with the policies of a day.

    Without a release in force no rule is published. Raises StoreError.
    """
    releases, current, publications = home.remembered(KINDS, lambda: _read(home))
    law = releases.get(release_id, current)
    found = dict(law.predicate["versions"]) if law else {}
    for each in publications:  # of each name the newest comes last, and holds what those before it froze
        if not day or each.known <= day:
            found.update(each.predicate["versions"])
    return found


def frozen(home: Installation) -> Versions:
    """Return every version that was ever published, in force or not: none of them changes any more. Raises StoreError."""
    releases, _, _ = home.remembered(KINDS, lambda: _read(home))
    return versions(home, next(reversed(releases), ""))


def newest_policy(home: Installation) -> str:
    """Return the id of the publication of a policy that came last, empty before the first. Raises StoreError."""
    _, _, publications = home.remembered(KINDS, lambda: _read(home))
    return publications[-1].id if publications else ""


def unpublished(home: Installation, of: Rules, answer: Answer, release_id: str, day: str = "") -> list[str]:
    """Return the rules that the record of an answer marks as unpublished (`lock.unpublished`). Raises StoreError."""
    used = {rule.rule for rule in (*answer.fired, *answer.unknown, *answer.overridden)}
    return lock.unpublished(of.pack, of.hashes, versions(home, release_id, day), used)


def _read(home: Installation) -> tuple[dict[str, release.Release], release.Release | None, list[policy.Publication]]:
    found = {each.id: each for each in release.releases(home)}
    return found, release.active(home), policy.publications(home)
