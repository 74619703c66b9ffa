"""Publication of owners' policies and of overlays: signed by the owner or the grantor, logged, frozen from then on.

As with releases, the day on which a term became known is the day of its log entry; no author types it. What was never published,
or is not as it was published, is shown as `unpublished` in every answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from engine.errors import EvidenceError, InputError, Place, SigningError
from engine.evidence import archive, canonical
from engine.evidence.installation import Entry, Installation
from engine.evidence.keys import PublicKey
from engine.evidence.statement import actor_json, wrap
from engine.rulebook import lock
from engine.rulebook.days import day_known
from engine.rulebook.policies import OVERLAYS, Policies, catalogue_item, files_of
from engine.rulebook.read import plain, read
from engine.store import reading
from schemas.rulebook import Pack, Rule

if TYPE_CHECKING:
    from engine.rulebook.model import Rulebook
    from engine.store.reading import Record
    from schemas.rulebook import Text
    from schemas.sharing import ShareAnswer

KIND = "policy"
ENTRY = "pack.yaml"  # the register entry among the files of a policy


@dataclass(frozen=True, slots=True)
class Publication:
    """A policy or an overlay as it was published: its id, its name, where it stands in the log, and what the log says of it."""

    id: str
    name: str
    seq: int
    at: str
    predicate: dict[str, Any]

    @property
    def known(self) -> str:
        """The legal day from which it is known."""
        return day_known(self.at)

    @property
    def sha256(self) -> str:
        """The hash of its files, which a grant binds."""
        return str(self.predicate["archive_sha256"])


@dataclass(frozen=True, slots=True)
class Draft:
    """A policy or an overlay of a folder, with the rulebook in which it was proved sound."""

    policies: Policies
    name: str
    rulebook: Rulebook


def publications(home: Installation) -> list[Publication]:
    """Return every publication, oldest first. Raises StoreError."""
    return [_publication(each) for each in reading.of_kind(home.store, KIND)]


def _publication(each: Record) -> Publication:
    predicate = canonical.loads(each.payload, f"the record {each.id}")["predicate"]
    return Publication(each.id, predicate["name"], each.seq, each.at, predicate)


def known(home: Installation, day: str = "") -> dict[str, Publication]:
    """Return the newest publication of each policy and overlay by its name, as known on a day; today's without one."""
    return {each.name: each for each in publications(home) if not day or each.known <= day}


def documents(home: Installation, publication: Publication) -> tuple[Pack, dict[str, Rule]]:
    """Return the register entry and the terms of a published policy, from the files that its hash names. Raises EvidenceError."""
    data = reading.blob(home.store, publication.sha256)
    if data is None or canonical.sha256(data) != publication.sha256:
        raise EvidenceError("damaged", f"the archive of {publication.id} is missing or changed", "restore a backup")
    members = {name: plain(read(content, name)) for name, content in archive.read(data, f"policy {publication.id}").items()}
    pack = Pack.model_validate(members.pop(ENTRY))
    return pack, {name.removesuffix(".yaml"): Rule.model_validate(each) for name, each in members.items()}


def archived(policies: Policies, name: str) -> bytes:
    """Return the files of one policy or overlay as they are hashed. Raises InputError when there is none of that name."""
    members = files_of(policies, name)
    if not members:
        known = ", ".join(names(policies)) or "none"
        raise InputError(
            "unknown-policy", f"no policy named `{name[:60]}`", f"the policies are {known}", Place(str(policies.folder))
        )
    return archive.write(members)


def names(policies: Policies) -> list[str]:
    """Return what a folder holds that can be published: `owner/data-set` and `overlays/enterprise/name`."""
    return [*policies.data_sets, *policies.overlays]


def sha256(policies: Policies, name: str) -> str:
    """Return the hash of the files of one policy or overlay. Raises InputError."""
    return canonical.sha256(archived(policies, name))


def publish(home: Installation, draft: Draft, by: PublicKey, at: str) -> Publication:
    """Record a policy that was proved sound, signed by its owner or grantor. Raises InputError, SigningError, EvidenceError."""
    name, data = draft.name, archived(draft.policies, draft.name)
    role = signing_role(home, draft, by)
    before = [each for each in publications(home) if each.name == name]
    versions = versions_of(draft.rulebook, name)
    if before and before[-1].sha256 == canonical.sha256(data):
        problem = f"`{name}` is published as it is, in {before[-1].id}"
        raise EvidenceError("already-published", problem, "there is nothing to publish")
    _only_policy(home, draft)
    if before:  # the last holds what those before it froze
        lock.require_kept(before[-1].predicate["versions"], draft.rulebook, date.fromisoformat(day_known(at)))
    publication_id, archive_sha256 = home.next_id(KIND), canonical.sha256(data)
    predicate: dict[str, Any] = {
        "policy_id": publication_id,
        "name": name,
        "previous": before[-1].id if before else None,
        "archive_sha256": archive_sha256,
        "versions": versions,
        "publisher": actor_json(by.holder, role, by.keyid),
        "at": at,
    }
    payload = canonical.dumps(wrap(KIND, name, archive_sha256, predicate))
    published = home.record([Entry(publication_id, KIND, payload, at, (home.signer(by),))], [(archive_sha256, data)])
    return Publication(publication_id, name, published.start, at, predicate)


def require_published(home: Installation, policies: Policies, name: str, on: str = "") -> None:
    """Refuse a policy or overlay of a folder that is not the one published last. Raises EvidenceError, InputError."""
    require_last(home, name, sha256(policies, name), on, Place(str(policies.folder / name)))


def require_last(home: Installation, name: str, sha256: str, on: str = "", place: Place | None = None) -> None:
    """Refuse the files of a policy or overlay, by their hash, that are not those published last, as known on a day or at all.

    What they grant would rest on terms that nobody signed, or that the owner replaced. Raises EvidenceError.
    """
    last = known(home, on).get(name)
    if last is None or last.sha256 != sha256:
        said = f"is not as {last.id} published it last" if last else "was never published"
        remedy = "publish it, or take the files that were published; --unpublished records a draft's answer"
        raise EvidenceError("unpublished-policy", f"`{name}` {said}", remedy, place)


def _only_policy(home: Installation, draft: Draft) -> None:
    """Refuse a second policy for an item of the catalogue; `check` sees only those of one folder. Raises EvidenceError."""
    pack = draft.rulebook.packs.get(draft.name)
    if pack is None or pack.doc.data_set is None:
        return
    wanted = catalogue_item(pack.doc.data_set.catalogue)
    for other in known(home).values():
        if other.name == draft.name or other.name.startswith(f"{OVERLAYS}/"):
            continue
        entry = documents(home, other)[0].data_set
        if entry and catalogue_item(entry.catalogue) == wanted:
            problem = f"the catalogue item `{pack.doc.data_set.catalogue}` has a policy already: `{other.name}`, in {other.id}"
            remedy = "publish the terms as a version of that policy, or register an item of its own"
            raise EvidenceError("two-policies", problem, remedy, Place(str(draft.policies.folder / draft.name)))


def versions_of(rulebook: Rulebook, name: str) -> lock.Versions:
    """Return the versions of the terms of a policy, or of the rules that an overlay brings, by the hash of their content."""
    head = f"{name}/"
    if name.startswith(f"{OVERLAYS}/"):
        short = name.removeprefix(f"{OVERLAYS}/")
        head = f"{rulebook.overlays[short].pack}/{short.replace('/', '--')}--" if short in rulebook.overlays else head
    return {rule: versions for rule, versions in lock.versions(rulebook).items() if rule.startswith(head)}


def signing_role(home: Installation, draft: Draft, by: PublicKey) -> str:
    """Return the role in which a key may publish: a person of the owner, or of the body that grants. Raises SigningError."""
    name, rulebook = draft.name, draft.rulebook
    if name.startswith(f"{OVERLAYS}/"):
        grantor = rulebook.overlays[name.removeprefix(f"{OVERLAYS}/")].grantor
        titles, role, whose = [each.title for each in rulebook.authorities.get(grantor, ())], "grantor", grantor
    else:
        pack = rulebook.packs.get(name)
        data_set = pack.doc.data_set if pack else None
        titles, role, whose = [data_set.owner] if data_set else [], "owner", name.partition("/")[0]
    home.actors.require(by, role)
    _acts_for(by, whose, titles, f"--role {role} and --purpose rulebook")
    return role


def require_owner(by: PublicKey, doc: Pack) -> None:
    """Refuse whoever decides on the data of an owner without acting for it; a pack of law has none. Raises SigningError."""
    if doc.data_set is not None:
        _acts_for(by, doc.id.partition("/")[0], [doc.data_set.owner], "--purpose decision")


def bound(home: Installation, rulebook: Rulebook, found: ShareAnswer, by: PublicKey) -> tuple[str, ...]:
    """Return the terms that a grant of these items rests on, each by its name and the hash of its files.

    Whoever grants acts for the owner of every data set that is granted, whomever the request calls its provider, and under the
    terms that the owner published last. Raises SigningError, EvidenceError.
    """
    for each in found.policies:
        if each.kind == "policy":
            require_owner(by, rulebook.packs[each.name].doc)
        require_last(home, f"{OVERLAYS}/{each.name}" if each.kind == "overlay" else each.name, each.sha256)
    return tuple(f"{each.name} {each.sha256}" for each in found.policies)


def _acts_for(by: PublicKey, whose: str, titles: list[Text], words: str) -> None:
    """Refuse a person of another unit than that of a body, which its name or one of its titles names. Raises SigningError."""
    if by.holder.unit in {whose, *(name for title in titles for name in (title.zh, title.en))}:
        return
    problem = f"`{by.holder.sub}` acts for {by.holder.unit or 'nobody'}, not for `{whose}`"
    unit = next((title.zh for title in titles), whose)
    raise SigningError("wrong-unit", problem, f"sign as an actor added with --unit {unit} (or {whose}), {words}")
