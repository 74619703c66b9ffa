"""Filings: drafts, submissions and versions; by a firm for itself, by an official for a firm, or ex officio."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from api.http.acts import Filter, Id
from api.http.body import Sent, Strict, sent
from api.http.change import DONE, MADE, Changing, Doing, Making
from api.http.conditions import TAGGED
from api.http.office import Needs, Office, office
from api.http.paging import LINKED, Paging
from api.http.shown import clocks, happened, listed, shown
from api.http.things import DRAFT, FILING, cut, owned
from engine.decide.filing import from_document
from engine.errors import FenjiError, SigningError
from engine.evidence import facts
from engine.supervise import filings, reassess, uscc
from engine.supervise.streams import Recorded
from schemas.http.service import Listed
from schemas.http.streams import Clock, Happened, Row, Shown

router = APIRouter(prefix="/filings", tags=["filings"], route_class=Strict)
At = Annotated[Office, Depends(office)]
Made = Annotated[Making, Depends()]
Change = Annotated[Changing, Depends()]
Pages = Annotated[Paging, Depends()]
READS, DRAFTS, SUBMITS = ([Depends(Needs(f"filing.{action}"))] for action in ("read", "draft", "submit"))
Short = Annotated[str, Field(min_length=1, max_length=200)]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Reasons = Annotated[str, Field(min_length=1, max_length=20_000)]


class File(Sent):
    """A file of evidence: its name, and the SHA-256 of its bytes, which stay with whoever has them."""

    name: Short
    sha256: Hash


class Version(Sent):
    """What a later version of a filing may say; the facts replace those before."""

    name: Short | None = None
    phase: Literal["research", "design", "manufacture", "operation", "service"] | None = None
    facts: dict[str, Any] | None = Field(None, description="Names nested or dotted, as POST /v1/assessments takes them.")
    evidence: list[File] | None = Field(None, max_length=2_000)
    contact: Short | None = None
    contact_key: Short | None = Field(None, description="Identity number of the contact: kept as a keyed hash only.")
    district: Annotated[str, Field(min_length=1, max_length=32)] | None = None
    reasons: Reasons | None = None


class Revision(Version):
    """Another version; an official gives the mandate of the firm, or, of what was filed ex officio, reasons."""

    mandate: Hash | None = None


class Draft(Version):
    """What a draft may say; nothing of it need be there."""

    holder: Annotated[str, Field(min_length=18, max_length=18)] | None = Field(
        None, description="Unified social credit code of the firm; a firm's own, when left out."
    )
    product: Short | None = None
    pack: Short | None = None
    party_role: (
        Literal[
            "developer",
            "maker",
            "provider",
            "deployer",
            "distributor",
            "data_supplier",
            "tester",
            "department",
            "public_body",
        ]
        | None
    ) = None
    unit: Annotated[str, Field(min_length=1, max_length=64)] | None = None


class Submission(Draft):
    """What a submission adds to the draft: the mandate of the firm, or the reasons why it is filed ex officio."""

    mandate: Hash | None = None


class Withdrawal(Sent):
    """Why a filing is withdrawn, and the firm's mandate where an official does it for the firm."""

    mandate: Hash | None = None
    reasons: Reasons | None = None


class Paper(Sent):
    """A paper of the firm that came in, by its SHA-256."""

    paper: Hash
    reasons: Reasons | None = None


@router.get("", dependencies=READS, response_model=Listed[Row], responses={200: {"headers": LINKED}})
def list_(  # noqa: PLR0913, PLR0917 - a filter each
    request: Request,
    at: At,
    pages: Pages,
    state: Filter = "",
    unit: Filter = "",
    district: Filter = "",
    order: Literal["due", "updated"] = "updated",
) -> Response:
    """List filings, what changed last first; drafts of others are in no list."""
    limits = cut(at, request)
    states = at.chosen.rulebook.lifecycles[filings.PROCESS].states
    told = tuple(each.id for each in states if each.id != DRAFT)
    where: dict[str, Any] = {"state": state, "unit": unit, "district": district}
    if "holder" not in limits and state in ("", DRAFT):
        where["state"] = () if state else told
    return listed(at, pages, FILING, {**where, **limits}, order)


@router.post("", dependencies=DRAFTS, status_code=201, response_model=None, responses=MADE)
def draft(request: Request, body: Draft, made: Made) -> Response:
    """Begin a draft, however incomplete."""
    given = _given(request, made, body, opening=True)
    return made.make(FILING, lambda doing: doing.streams.perform(doing.act(filings.PROCESS, "draft", given)))


@router.get("/{filing}", dependencies=READS, response_model=Shown, responses={200: {"headers": TAGGED}})
def show(request: Request, filing: Id, at: At) -> Response:
    """Show a filing: what it says now, where it stands, and what may happen next."""
    return shown(at.streams(), owned(at, request, filing, FILING))


@router.patch("/{filing}", dependencies=DRAFTS, response_model=None, responses=DONE)
def save(request: Request, filing: Id, body: Draft, change: Change) -> Response:
    """Save a draft: what is sent takes the place of what it said."""
    given = _given(request, change, body)
    return change.change(FILING, filing, lambda doing: doing.streams.perform(doing.act(filings.PROCESS, "save", given, filing)))


@router.post("/{filing}/submission", dependencies=SUBMITS, response_model=None, responses=DONE)
def submit(request: Request, filing: Id, body: Submission, change: Change) -> Response:
    """Submit a draft; an official submits with the firm's `mandate`, or with `reasons` ex officio."""
    given = _given(request, change, body)

    def do(doing: Doing) -> Any:
        event, all_of_it = filings.submission(doing.streams, filing, given, doing.by)
        return filings.file(doing.streams, doing.act(filings.PROCESS, event, all_of_it, filing))

    return change.change(FILING, filing, do)


@router.post("/{filing}/versions", dependencies=SUBMITS, response_model=None, responses=DONE)
def revise(request: Request, filing: Id, body: Revision, change: Change) -> Response:
    """Submit another version of a filing; in its open cases it is recorded how their answer moves."""
    given = _given(request, change, body)

    def do(doing: Doing) -> Recorded:
        return reassess.revise(doing.desk, filing, given)

    return change.change(FILING, filing, do)


@router.post("/{filing}/withdrawal", dependencies=SUBMITS, response_model=None, responses=DONE)
def withdraw(filing: Id, body: Withdrawal, change: Change) -> Response:
    """Withdraw a filing."""
    given = body.model_dump(exclude_none=True)
    return change.change(
        FILING, filing, lambda doing: doing.streams.perform(doing.act(filings.PROCESS, "withdraw", given, filing))
    )


@router.post("/{filing}/papers", dependencies=SUBMITS, response_model=None, responses=DONE)
def lodge(filing: Id, body: Paper, change: Change) -> Response:
    """Put a paper of the firm on file, such as the mandate under which an official will act for it in a case."""
    given = body.model_dump(exclude_none=True)
    return change.change(FILING, filing, lambda doing: doing.streams.perform(doing.act(filings.PROCESS, "lodge", given, filing)))


@router.get("/{filing}/events", dependencies=READS)
def events(request: Request, filing: Id, at: At) -> list[Happened]:
    """List what happened to a filing, refused attempts among it, oldest first."""
    owned(at, request, filing, FILING)
    return happened(at.streams(), filing)


@router.get("/{filing}/clocks", dependencies=READS)
def running(request: Request, filing: Id, at: At) -> list[Clock]:
    """List the clocks of a filing that have not been stopped."""
    return clocks(at.streams(), owned(at, request, filing, FILING), at.now())


def _given(request: Request, made: Making, body: Version, *, opening: bool = False) -> dict[str, Any]:
    """Return the fields of an event: a firm files for itself only, and facts are those of the vocabulary. Raises InputError."""
    given = body.model_dump(exclude_none=True)
    own = uscc.tidy(made.who.enterprise)
    if own and uscc.tidy(given.get("holder", own)) != own:
        raise SigningError("forbidden", "a firm files for itself only", "leave out `holder`")
    if own and opening:
        given["holder"] = own
    if body.facts is not None:
        all_of_it, rulebook = sent(request), made.at.chosen.rulebook
        try:
            given["facts"] = facts.values_of(rulebook, from_document(rulebook, all_of_it.part("facts")))
        except FenjiError as error:
            raise all_of_it.pointed(error) from None
    return given
