"""Data sets: the register entries and terms that their owners published, as known on a day and in force on a day."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from api.http.acts import Id
from api.http.body import Strict
from api.http.conditions import KNOWN, IfNoneMatch, answer
from api.http.office import Needs, Office, not_found, office
from api.http.paging import LINKED, Paging
from api.http.times import AsOf, KnownAt, day_of, known_of
from engine.evidence import policy
from engine.rulebook.days import legal_day
from engine.rulebook.policies import OVERLAYS
from schemas.http.data import DataSet, Entry, Publication, Term, Terms
from schemas.http.service import Listed
from schemas.http.streams import Words
from schemas.rulebook import Pack, Rule, RuleVersion, Text

router = APIRouter(prefix="/data-sets", tags=["data sets"], route_class=Strict)
READS = [Depends(Needs("dataset.read"))]
At = Annotated[Office, Depends(office)]


@router.get("", dependencies=READS, response_model=Listed[Entry], responses={200: {"headers": LINKED}})
def list_(at: At, pages: Annotated[Paging, Depends()], known_at: KnownAt = "") -> Response:
    """List the data sets whose owners published terms, by name."""
    after = pages.after(at.cursors)
    found = [each for name, each in sorted(_known(at, known_at).items()) if not after or name > after[0]]
    page = found[: pages.limit]
    last = (page[-1].name,) if len(found) > pages.limit else None
    return pages.answer(at.cursors, [_entry(each, policy.documents(at.home, each)[0]) for each in page], last)


@router.get("/{owner}/{data_set}", dependencies=READS, response_model=DataSet, responses=KNOWN)
def show(request: Request, owner: Id, data_set: Id, at: At, known_at: KnownAt = "", _: IfNoneMatch = "") -> Response:
    """Show a data set: its register entry, and every publication of it that was known on the day."""
    made = _one(at, f"{owner}/{data_set}", known_at)
    pack, _terms = policy.documents(at.home, made)
    entry = pack.data_set
    if entry is None:
        raise not_found()
    earlier = [each for each in policy.publications(at.home) if each.name == made.name and each.seq <= made.seq]
    found = DataSet(
        **_entry(made, pack).model_dump(),
        source=_words(entry.source),
        licence=_words(entry.licence),
        facts=entry.facts,
        outcomes=[each.id for each in pack.outcomes],
        publications=[_publication(each) for each in earlier],
    )
    return answer(request, found.model_dump_json().encode())


@router.get("/{owner}/{data_set}/terms", dependencies=READS, response_model=Terms, responses=KNOWN)
def terms(  # noqa: PLR0913, PLR0917 - what it reads
    request: Request, owner: Id, data_set: Id, at: At, as_of: AsOf = "", known_at: KnownAt = "", _: IfNoneMatch = ""
) -> Response:
    """List the terms of a data set that are in force on a day, as known on a day."""
    made = _one(at, f"{owner}/{data_set}", known_at)
    day = day_of(as_of, "as_of") if as_of else legal_day(at.now())
    _pack, rules = policy.documents(at.home, made)
    standing = [(name, rule, each) for name, rule in sorted(rules.items()) for each in rule.versions if day in each.valid]
    shown = [_term(made, name, rule, each) for name, rule, each in standing]
    found = Terms(name=made.name, as_of=day.isoformat(), sha256=made.sha256, known=made.known, terms=shown)
    return answer(request, found.model_dump_json().encode())


def _known(at: Office, known_at: str) -> dict[str, policy.Publication]:
    day = known_of(known_at, at.now())
    return {name: each for name, each in policy.known(at.home, day).items() if not name.startswith(f"{OVERLAYS}/")}


def _one(at: Office, name: str, known_at: str) -> policy.Publication:
    """Return the newest publication of a data set that was known on a day; one firm's terms are none. Raises InputError."""
    found = _known(at, known_at).get(name)
    if found is None:
        raise not_found()
    return found


def _entry(made: policy.Publication, pack: Pack) -> Entry:
    entry = pack.data_set
    return Entry(
        name=made.name,
        title=_words(pack.title),
        owner=_words(entry.owner) if entry else Words(zh="", en=""),
        catalogue=entry.catalogue if entry else "",
        covers=str(pack.covers),
        sha256=made.sha256,
        known=made.known,
    )


def _publication(made: policy.Publication) -> Publication:
    return Publication(id=made.id, known=made.known, sha256=made.sha256, leaf=made.seq, unit=made.predicate["publisher"]["unit"])


def _term(made: policy.Publication, name: str, rule: Rule, version: RuleVersion) -> Term:
    valid = str(version.valid)
    return Term(
        term=name,
        title=_words(rule.title),
        valid=valid,
        effect=rule.effect,
        when=version.when,
        then=version.then,
        overrides=rule.overrides,
        sources=rule.sources,
        sha256=made.predicate["versions"].get(f"{made.name}/{name}", {}).get(valid, ""),
    )


def _words(text: Text) -> Words:
    return Words(zh=text.zh, en=text.en)
