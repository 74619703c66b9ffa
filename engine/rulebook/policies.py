"""Owners' policies and overlays: packs and rules outside rules/, read beside it into one rulebook.

    FOLDER/<owner>/<data-set>/pack.yaml       the register entry of a data set and the outcomes of its terms
    FOLDER/<owner>/<data-set>/<term>.yaml     one term, in the form of a rule
    FOLDER/overlays/<enterprise>/<name>/overlay.yaml   terms for one enterprise (一企一试): grantor, discretion, scope, expiry
    FOLDER/overlays/<enterprise>/<name>/<rule>.yaml    a rule of the pack that the overlay is over
    FOLDER/vocabulary/<topic>.yaml            facts that only owners' terms read

A policy is the pack `owner/data-set`; it is an instrument of its own, of the rank `agreement`. The rules of an overlay become
rules of their pack, `enterprise--name--rule`, and a note of that pack, so that every answer and every record shows them.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from engine.errors import InputError, Place, ReadError
from engine.rulebook.model import PackRules
from engine.rulebook.read import Mapping, Scalar, read
from schemas import rulebook as shapes
from schemas.overlay import Overlay

if TYPE_CHECKING:
    from collections.abc import Iterable

OVERLAYS, VOCABULARY = "overlays", "vocabulary"
REGISTER = "vocabulary/data-sets.yaml"
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*(\.yaml)?\Z")
_SHARED = frozenset(
    {"instruments", "lists", "samples", "lifecycles", "calendar"}
)  # folders of rules/ that an owner cannot be named


@dataclass(frozen=True)
class Policies:
    """The files of a policies folder as rule files, and where each of them really lies."""

    folder: Path
    files: list[tuple[str, bytes]]
    shown: dict[str, str] = field(default_factory=dict)

    @property
    def data_sets(self) -> list[str]:
        """The data sets of the register, `owner/data-set`, sorted."""
        return sorted(PurePosixPath(name).parent.as_posix() for name, _ in self.files if _is_policy(name))

    @property
    def overlays(self) -> list[str]:
        """The overlays that were read, `overlays/enterprise/name`, sorted."""
        head = f"{OVERLAYS}/"
        return sorted(name.removesuffix(".yaml") for name, _ in self.files if name.startswith(head))


def read_folder(folder: Path, enterprise: str = "") -> Policies:
    """Return the policies below `folder`, with the overlays of one enterprise. Raises InputError for a file that has no place."""
    if not folder.is_dir():
        raise InputError("no-policies", "there is no such folder of policies", "name one with --policies", Place(str(folder)))
    if enterprise and not (folder / OVERLAYS / enterprise).is_dir():
        known = ", ".join(enterprises(folder)) or "none"
        raise InputError("unknown-enterprise", f"no overlay for `{enterprise[:60]}`", f"the enterprises are {known}")
    files: list[tuple[str, bytes]] = []
    shown: dict[str, str] = {}
    for path in sorted(folder.rglob("*.yaml")):
        name = _name(folder, path, enterprise)
        if name:
            files.append((name, path.read_bytes()))
            shown[name] = str(path)
    found = Policies(folder, files, shown)
    if found.data_sets:
        files.append((REGISTER, _register(found.data_sets)))
    return found


def files_of(policies: Policies, name: str) -> dict[str, bytes]:
    """Return the files of one policy or overlay, by their names in its folder; none when there is none of that name."""
    home = policies.folder / name
    return {
        Path(path).name: data for file, data in policies.files if (path := policies.shown.get(file)) and Path(path).parent == home
    }


def enterprises(folder: Path) -> list[str]:
    """Return the enterprises for which there are overlays, sorted."""
    return sorted(path.name for path in (folder / OVERLAYS).glob("*") if path.is_dir())


def merged(rules: list[tuple[str, bytes]], policies: Policies) -> list[tuple[str, bytes]]:
    """Return rule files and policies as the files of one rulebook, sorted. Raises InputError when both have one name."""
    taken = {name for name, _ in rules}
    for name, _ in policies.files:
        if name in taken:
            place = Place(policies.shown.get(name, name))
            raise InputError("taken", f"`{name}` is a file of the rulebook", "choose another name", place)
    return sorted([*rules, *policies.files])


def catalogue_item(number: str) -> str:
    """Return a number of the catalogue as it is compared: width, case and spaces aside."""
    return "".join(unicodedata.normalize("NFKC", number).split()).casefold()


def agreement(doc: shapes.Pack) -> shapes.Instrument:
    """Return the instrument that an owner's policy is."""
    return shapes.Instrument(id=doc.id, title=doc.title, rank="agreement", binding=True, in_force=doc.covers)


def noted(
    pack: PackRules,
    overlays: dict[str, Overlay],
    authorities: dict[str, list[shapes.Authority]],
    instruments: dict[str, shapes.Instrument],
) -> PackRules:
    """Return a pack with a note for each overlay over it: answers show it, and closures and records pin it."""
    notes = [_note(name, overlay, authorities, instruments) for name, overlay in overlays.items() if overlay.pack == pack.doc.id]
    return replace(pack, doc=pack.doc.model_copy(update={"notes": [*pack.doc.notes, *notes]})) if notes else pack


def _note(
    name: str,
    overlay: Overlay,
    authorities: dict[str, list[shapes.Authority]],
    instruments: dict[str, shapes.Instrument],
) -> shapes.Note:
    bodies = authorities.get(overlay.grantor, ())
    grantor = next((each.title for each in bodies), shapes.Text(zh=overlay.grantor, en=overlay.grantor))
    cited = [(instruments.get(source.instrument), source) for source in overlay.discretion]
    zh = "、".join(f"{act.title.zh}{source.article and f'第{source.article}条'}" for act, source in cited if act)
    en = "; ".join(f"{act.title.en}{source.article and f', art. {source.article}'}" for act, source in cited if act)
    text = shapes.Text(
        zh=f"一企一试：{overlay.title.zh}，适用于{overlay.enterprise.zh}；授予：{grantor.zh}；裁量依据：{zh}；范围：{overlay.scope.zh}；"
        f"有效期：{overlay.valid}",
        en=f"one firm, one trial: {overlay.title.en}, for {overlay.enterprise.en}; granted by {grantor.en} under {en}; "
        f"scope: {overlay.scope.en}; valid {overlay.valid}",
    )
    return shapes.Note(id=f"overlay-{name.replace('/', '--')}", valid=overlay.valid, text=text)


def _is_policy(name: str) -> bool:
    return PurePosixPath(name).name == "pack.yaml"


def _name(folder: Path, path: Path, enterprise: str) -> str:
    """Return the name of a file as one of the rulebook; empty for one that is not of this enterprise."""
    match path.relative_to(folder).parts:
        case ("vocabulary", file):
            return f"{VOCABULARY}/{file}"
        case ("overlays", owner, name, file):
            return _overlay(path, owner, name, file) if owner == enterprise else ""
        case (owner, name, file) if owner not in (OVERLAYS, VOCABULARY, *_SHARED):
            return f"{owner}/{name}/{file}"
    remedy = "policies lie in OWNER/DATA-SET/, overlays in overlays/ENTERPRISE/NAME/"
    raise InputError("no-place", "the file is no policy and no overlay", remedy, Place(str(path)))


def _overlay(path: Path, enterprise: str, name: str, file: str) -> str:
    """Return where a file of an overlay stands: its own document, or a rule of the pack that it names."""
    if not all(map(_NAME.match, (enterprise, name, file))):  # or two rules could have one name
        raise InputError("bad-name", "an overlay has a name that is none", "lower-case words joined by dashes", Place(str(path)))
    if file == "overlay.yaml":
        return f"{OVERLAYS}/{enterprise}/{name}.yaml"
    try:
        node = read((path.parent / "overlay.yaml").read_bytes(), str(path.parent / "overlay.yaml"))
    except (OSError, ReadError):
        node = None
    pack = node.get("pack") if isinstance(node, Mapping) else None
    if not isinstance(pack, Scalar):
        remedy = "write `overlay.yaml` beside it, with the pack that it is over"
        raise InputError("no-overlay", "the rule belongs to no overlay", remedy, Place(str(path)))
    return f"{pack.text}/{enterprise}--{name}--{file}"


def _register(names: Iterable[str]) -> bytes:
    """Return the topic that declares which data set an item belongs to."""
    values = "".join(f'      - {{id: {name}, label: {{zh: "数据集 {name}", en: "data set {name}"}}}}\n' for name in names)
    return f"""\
topic: data-sets
title: {{zh: 数据集登记, en: register of data sets}}
facts:
  - id: {shapes.DATA_SET}
    type: enum
    label: {{zh: 数据集, en: data set}}
    question: {{zh: 所申请的是登记中的哪个数据集？, en: Which data set of the register is requested?}}
    supplied_by: authority
    values:
{values}      - {{id: other, label: {{zh: 登记以外的数据集, en: none of the register}}}}
""".encode()
