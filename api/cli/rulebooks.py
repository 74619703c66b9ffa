"""Which rulebook a command uses: a folder, the release in force, or the one known on a day."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from api.cli.options import day, home_folder, rulebook_of, rules_folder
from engine.rulebook import lock
from engine.rulebook.locate import open_files
from engine.rulebook.model import Rulebook
from schemas.answer import Answer
from schemas.duties import Overall

if TYPE_CHECKING:
    from engine.evidence.installation import Installation
    from engine.evidence.release import Release

UNPUBLISHED = "unpublished"


@dataclass(frozen=True, slots=True)
class Chosen:
    """A rulebook with the release it was published in, and its folder when it has one."""

    rulebook: Rulebook
    release: str
    folder: Path | None

    def marked(self, answer: Answer) -> Answer:
        """Return the answer with the names of its unpublished rules."""
        return answer.model_copy(update={"unpublished": self.unpublished(answer)})

    def marked_all(self, found: Overall) -> Overall:
        """Return the answer over all packs with the names of the unpublished rules of each."""
        packs = [part.model_copy(update={"answer": self.marked(part.answer)}) if part.answer else part for part in found.packs]
        return found.model_copy(update={"packs": packs})

    def unpublished(self, answer: Answer) -> list[str]:
        """Return the rules that an answer used and that were never published as they are."""
        if self.folder is None:
            return []
        used = {rule.rule for rule in (*answer.fired, *answer.unknown, *answer.overridden)}
        return lock.unpublished(self.folder, self.rulebook, answer.pack, used)


def choose(rules: str, known_at: str, home: str) -> Chosen:
    """Return the folder's rulebook, or with `known_at` the release known on that day. Raises RulebookError, EvidenceError."""
    if not known_at:
        return Chosen(rulebook_of(rules), UNPUBLISHED, rules_folder(rules))
    from engine.evidence.installation import open_home  # noqa: PLC0415 - an assessment of the folder needs no store

    with open_home(home_folder(home)) as opened:
        return known(opened, known_at)


def choose_for_record(opened: Installation, rules: str, known_at: str) -> Chosen:
    """Return what a decision stands on: `rules`, the release known on a day, the one in force, or else the usual folder."""
    from engine.evidence.release import active  # noqa: PLC0415 - as above

    if known_at:
        return known(opened, known_at)
    current = None if rules else active(opened)
    return of_release(opened, current) if current else Chosen(rulebook_of(rules), UNPUBLISHED, rules_folder(rules))


def known(opened: Installation, known_at: str) -> Chosen:
    """Return the release that was known on a day. Raises EvidenceError when there was none."""
    from engine.evidence import release  # noqa: PLC0415 - as above

    return of_release(opened, release.known(opened, day(known_at, "--known-at").isoformat()))


def of_release(opened: Installation, release: Release) -> Chosen:
    """Return the rulebook of a release. Raises EvidenceError."""
    from engine.evidence.release import files_of  # noqa: PLC0415 - as above

    return Chosen(open_files(files_of(opened, release)), release.id, None)
