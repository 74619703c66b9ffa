"""Which rulebook a command uses: a folder, the release in force, or the one known on a day, with policies beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from api.cli.options import day, home_folder, now, rules_folder, unreadable
from engine.errors import InputError
from engine.rulebook import lock
from engine.rulebook.days import legal_day, require_come
from engine.rulebook.load import digest
from engine.rulebook.locate import files_of, open_files
from engine.rulebook.model import Rulebook
from engine.rulebook.policies import OVERLAYS, Policies, merged, read_folder
from schemas.answer import Answer
from schemas.duties import Overall
from schemas.sharing import PolicyUsed, ShareAnswer

if TYPE_CHECKING:
    from engine.evidence.installation import Installation
    from engine.evidence.release import Release

UNPUBLISHED = "unpublished"


@dataclass(frozen=True, slots=True)
class Beside:
    """What `--policies` and `--enterprise` add to the rules."""

    folder: str = ""
    enterprise: str = ""

    def read(self) -> Policies | None:
        """Return the policies, None without a folder. Raises InputError."""
        if not self.folder:
            if self.enterprise:
                raise InputError("no-policies", "overlays lie in a folder of policies", "name it with --policies")
            return None
        try:
            return read_folder(Path(self.folder), self.enterprise)
        except OSError as error:
            raise unreadable(error, self.folder) from None


@dataclass(frozen=True, slots=True)
class Chosen:
    """A rulebook with the release it was published in, its folder when it has one, and the policies beside it."""

    rulebook: Rulebook
    release: str
    folder: Path | None
    policies: Policies | None = field(default=None)
    published: lock.Versions = field(default_factory=dict, repr=False)  # what the log shows as published
    _hashes: dict[str, lock.Versions] = field(default_factory=dict, compare=False)  # by pack; a server asks at every answer

    def marked(self, answer: Answer) -> Answer:
        """Return the answer with the names of its unpublished rules."""
        return answer.model_copy(update={"unpublished": self.unpublished(answer)})

    def marked_all(self, found: Overall) -> Overall:
        """Return the answer over all packs with the names of the unpublished rules of each."""
        packs = [part.model_copy(update={"answer": self.marked(part.answer)}) if part.answer else part for part in found.packs]
        return found.model_copy(update={"packs": packs})

    def marked_share(self, found: ShareAnswer, days: Mapping[str, str]) -> ShareAnswer:
        """Return the answer to a request with hash and day of each policy used, and what was never published.

        `days` are the days by the hash of the files of each publication.
        """
        used = {(reason.pack, reason.rule) for item in found.items for reason in item.reasons}
        unpublished = [
            f"{pack}/{rule}"
            for pack in sorted({pack for pack, _ in used})
            for rule in self.never_published(pack, {rule for each, rule in used if each == pack})
        ]
        policies = [self._hashed(each, days) for each in found.policies]
        return found.model_copy(update={"unpublished": unpublished, "policies": policies})

    def _hashed(self, used: PolicyUsed, days: Mapping[str, str]) -> PolicyUsed:
        from engine.evidence import policy  # noqa: PLC0415 - only a request under policies needs it

        if self.policies is None:
            return used
        sha256 = policy.sha256(self.policies, f"{OVERLAYS}/{used.name}" if used.kind == "overlay" else used.name)
        return used.model_copy(update={"sha256": sha256, "known": days.get(sha256, "")})

    def unpublished(self, answer: Answer) -> list[str]:
        """Return the rules that an answer marks (`lock.unpublished`)."""
        used = {rule.rule for rule in (*answer.fired, *answer.unknown, *answer.overridden)}
        return self.never_published(answer.pack, used)

    def never_published(self, pack: str, rules: set[str]) -> list[str]:
        """Return the rules of a pack that an answer which used these marks (`lock.unpublished`)."""
        if not self.published:
            return sorted(rules)
        if pack not in self._hashes:
            self._hashes[pack] = lock.hashes(self.rulebook.packs[pack])
        return lock.unpublished(pack, self._hashes[pack], self.published, rules)


def choose(rules: str, known_at: str, home: str, beside: Beside | None = None) -> Chosen:
    """Return the folder's rulebook, or with `known_at` the release known on that day. Raises RulebookError, EvidenceError.

    What is published is read from the installation, if there is one; where there is none nothing is.
    """
    if not known_at and not (home_folder(home) / "home.json").is_file():
        return of_folder(rules, beside)
    from engine.evidence.installation import open_home  # noqa: PLC0415 - an assessment without installation needs no store

    with open_home(home_folder(home)) as opened:
        return known(opened, known_at, beside) if known_at else of_folder(rules, beside, opened)


def choose_for_record(opened: Installation, rules: str, known_at: str, beside: Beside | None = None) -> Chosen:
    """Return what a decision stands on: `rules`, the release known on a day, the one in force, or else the usual folder."""
    from engine.evidence.release import active  # noqa: PLC0415 - as above

    if known_at:
        return known(opened, known_at, beside)
    current = None if rules else active(opened)
    return of_release(opened, current, beside) if current else of_folder(rules, beside, opened)


def frozen(home: str) -> lock.Versions:
    """Return every version that the log of an installation shows as published; none where there is no installation."""
    if not (home_folder(home) / "home.json").is_file():
        return {}
    from engine.evidence import published  # noqa: PLC0415 - as above
    from engine.evidence.installation import open_home  # noqa: PLC0415 - as above

    with open_home(home_folder(home)) as opened:
        return published.frozen(opened)


def of_folder(rules: str, beside: Beside | None = None, opened: Installation | None = None) -> Chosen:
    """Return the rulebook of `--rules`, or of the usual folder, compared with the log of an installation.

    Files that are those of the release in force are that release. Raises RulebookError, InputError.
    """
    folder = rules_folder(rules)
    try:
        files = files_of(folder)
    except OSError as error:
        raise unreadable(error, str(folder)) from None
    if opened is None:
        return _chosen(files, UNPUBLISHED, folder, beside, {})
    from engine.evidence.published import versions  # noqa: PLC0415 - as below
    from engine.evidence.release import active  # noqa: PLC0415 - as below

    current = active(opened)
    same = current is not None and current.rulebook == digest(files)
    return _chosen(files, current.id if current and same else UNPUBLISHED, folder, beside, versions(opened))


def known(opened: Installation, known_at: str, beside: Beside | None = None) -> Chosen:
    """Return the release that was known on a day. Raises EvidenceError when there was none."""
    from engine.evidence import release  # noqa: PLC0415 - as above

    named = day(known_at, "--known-at")
    require_come(named, now(), "--known-at")
    on = named.isoformat()
    return of_release(opened, release.known(opened, on), beside, on)


def of_release(opened: Installation, release: Release, beside: Beside | None = None, on: str = "") -> Chosen:
    """Return the rulebook of a release, with the policies as known on a day. Raises EvidenceError."""
    from engine.evidence.published import versions  # noqa: PLC0415 - as above
    from engine.evidence.release import files_of as files_of_release  # noqa: PLC0415 - as above

    return _chosen(files_of_release(opened, release), release.id, None, beside, versions(opened, release.id, on))


def _chosen(
    files: list[tuple[str, bytes]], release: str, folder: Path | None, beside: Beside | None, published: lock.Versions
) -> Chosen:
    policies, today = beside.read() if beside else None, legal_day(now())
    if policies is None:
        return Chosen(open_files(files).as_known(today), release, folder, None, published)
    book = open_files(merged(files, policies), policies.shown).as_known(today)
    return Chosen(book, release, folder, policies, published)
