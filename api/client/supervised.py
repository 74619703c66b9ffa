"""Filings, cases, pilots and incidents: what firms and officials do with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Required, Unpack

from typing_extensions import TypedDict

from api.client.declared import Noun, operation
from api.client.wire import Pages
from schemas.http.streams import (
    Alarm,
    Changed,
    Clock,
    Drift,
    Happened,
    IncidentClocks,
    Line,
    Opinion,
    Row,
    Shown,
    Simulated,
)

Phase = Literal["research", "design", "manufacture", "operation", "service"]
Order = Literal["due", "updated"]
Matter = Literal["admission", "extension", "tolerance", "measure", "onward"]


class File(TypedDict):
    """A file of evidence: its name and the SHA-256 of its bytes, in hexadecimal."""

    name: str
    sha256: str


class Version(TypedDict, total=False):
    """What a version of a filing says."""

    name: str
    phase: Phase
    facts: Mapping[str, Any]
    evidence: Sequence[File]
    contact: str
    contact_key: str
    district: str
    reasons: str


class Revision(Version, total=False):
    """What another version says besides: the SHA-256 of the firm's mandate, where an official submits it for the firm."""

    mandate: str


class Draft(Version, total=False):
    """What a draft says besides; `holder` is the unified social credit code of the firm."""

    holder: str
    product: str
    pack: str
    party_role: str
    unit: str


class Submission(Draft, total=False):
    """What a submission adds: the SHA-256 of the firm's mandate."""

    mandate: str


class Assumed(TypedDict, total=False):
    """What a simulation assumes of a pilot; rates are within 30 days, per thousand persons."""

    days: Required[int]
    subjects: Required[int]
    budget: Mapping[str, int]
    rates: Mapping[str, float]
    breaches: Mapping[str, float]
    outage_minutes: int
    late: int
    late_days: int


class Filings(Noun):
    """Filings; a firm's own, or those of the firms that an official handles."""

    @operation("GET", "/v1/filings")
    def all(
        self,
        *,
        state: str | None = None,
        unit: str | None = None,
        district: str | None = None,
        order: Order | None = None,
        limit: int | None = None,
    ) -> Pages[Row]:
        """List filings, what changed last first."""

    @operation("POST", "/v1/filings", keyed=True)
    def draft(self, **said: Unpack[Draft]) -> Changed:
        """Begin a draft, however incomplete."""

    @operation("GET", "/v1/filings/{filing}")
    def show(self, filing: str) -> Shown:
        """Show a filing: what it says now, where it stands, and what may happen next."""

    @operation("PATCH", "/v1/filings/{filing}", changes=True)
    def save(self, filing: str, **said: Unpack[Draft]) -> Changed:
        """Save a draft: what is sent takes the place of what it said."""

    @operation("POST", "/v1/filings/{filing}/submission", changes=True)
    def submit(self, filing: str, **said: Unpack[Submission]) -> Changed:
        """Submit a draft; an official submits with the firm's `mandate`, or with `reasons` ex officio."""

    @operation("POST", "/v1/filings/{filing}/versions", changes=True)
    def revise(self, filing: str, **said: Unpack[Revision]) -> Changed:
        """Submit another version of a filing; in its open cases it is recorded how their answer moves."""

    @operation("POST", "/v1/filings/{filing}/withdrawal", changes=True)
    def withdraw(self, filing: str, *, mandate: str | None = None, reasons: str | None = None) -> Changed:
        """Withdraw a filing."""

    @operation("POST", "/v1/filings/{filing}/papers", changes=True)
    def lodge(self, filing: str, *, paper: str, reasons: str | None = None) -> Changed:
        """Put a paper of the firm on file, such as the mandate under which an official will act for it in a case."""

    @operation("GET", "/v1/filings/{filing}/events")
    def events(self, filing: str) -> list[Happened]:
        """List what happened to a filing, refused attempts among it, oldest first."""

    @operation("GET", "/v1/filings/{filing}/clocks")
    def clocks(self, filing: str) -> list[Clock]:
        """List the clocks of a filing that have not been stopped."""


class Cases(Noun):
    """Cases, opened on filings."""

    @operation("GET", "/v1/cases")
    def all(
        self,
        *,
        process: str | None = None,
        state: str | None = None,
        unit: str | None = None,
        district: str | None = None,
        tier: str | None = None,
        assignee: str | None = None,
        closed: bool | None = None,
        overdue: bool | None = None,
        order: Order | None = None,
        limit: int | None = None,
    ) -> Pages[Row]:
        """List cases as a queue: open ones, the next deadline first; with `overdue` those in which something is, or may be."""

    @operation("POST", "/v1/cases", keyed=True)
    def open(self, *, filing: str, process: str, event: str | None = None, fields: Mapping[str, Any] | None = None) -> Changed:
        """Open a case on a submitted filing; its clocks start on the day of the submission."""

    @operation("GET", "/v1/cases/affected")
    def affected(self, *, limit: int | None = None) -> Pages[Drift]:
        """List open cases that today's rules answer otherwise, with the clauses; `limit` counts the cases looked at."""

    @operation("GET", "/v1/cases/{case}")
    def show(self, case: str) -> Shown:
        """Show a case: where it stands, what it says, and what may happen next by whom on what basis."""

    @operation("GET", "/v1/cases/{case}/events")
    def events(self, case: str) -> list[Happened]:
        """List what happened in a case, refused attempts among it, oldest first."""

    @operation("POST", "/v1/cases/{case}/events", changes=True)
    def act(self, case: str, *, event: str, fields: Mapping[str, Any] | None = None, on: str | None = None) -> Changed:
        """Record an event of a case; what the table does not allow is refused with its rule, and the attempt recorded."""

    @operation("GET", "/v1/cases/{case}/clocks")
    def clocks(self, case: str) -> list[Clock]:
        """List the clocks of a case that have not been stopped, with their bounds and reminders."""

    @operation("POST", "/v1/cases/{case}/proposal", changes=True)
    def propose(self, case: str, *, fields: Mapping[str, Any] | None = None) -> Changed:
        """Record what the rules propose for a case, and that the party is told."""

    @operation("POST", "/v1/cases/{case}/decision", changes=True)
    def decide(
        self,
        case: str,
        *,
        outcome: str,
        event: Literal["decide", "change"] | None = None,
        fields: Mapping[str, Any] | None = None,
    ) -> Changed:
        """Record what an official decides; what the rules do not propose needs `fields.reasons` and a second official."""


class Pilots(Noun):
    """Pilots: one firm, one trial."""

    @operation("GET", "/v1/pilots")
    def all(
        self,
        *,
        tier: str | None = None,
        limit: int | None = None,
        state: str | None = None,
        unit: str | None = None,
        district: str | None = None,
        order: Order | None = None,
    ) -> Pages[Row]:
        """List pilots, the one whose clock ends first at the head."""

    @operation("POST", "/v1/pilots", keyed=True)
    def open(
        self,
        *,
        product: str,
        holder: str | None = None,
        innovation: str | None = None,
        maturity: Literal["research", "nascent", "growing", "mature"] | None = None,
        facts: Mapping[str, Any] | None = None,
        unit: str | None = None,
        district: str | None = None,
    ) -> Changed:
        """Bring an idea: it begins a pilot."""

    @operation("GET", "/v1/pilots/{pilot}")
    def show(self, pilot: str) -> Shown:
        """Show a pilot: its application and terms, where it stands, and what may happen next."""

    @operation("GET", "/v1/pilots/{pilot}/events")
    def events(self, pilot: str) -> list[Happened]:
        """List what happened to a pilot, refused attempts among it, oldest first."""

    @operation("POST", "/v1/pilots/{pilot}/events", changes=True)
    def act(self, pilot: str, *, event: str, fields: Mapping[str, Any] | None = None, on: str | None = None) -> Changed:
        """Do something in the life of a pilot, as the firm or as an official; what the rules work out is added."""

    @operation("GET", "/v1/pilots/{pilot}/clocks")
    def clocks(self, pilot: str) -> list[Clock]:
        """List the clocks of a pilot that have not been stopped."""

    @operation("GET", "/v1/pilots/{pilot}/opinions/{matter}")
    def opinion(self, pilot: str, matter: Matter, *, as_of: str | None = None) -> Opinion:
        """Say what the rules propose on a matter on a day, each condition met, not met or not proven."""

    @operation("GET", "/v1/pilots/{pilot}/alarms")
    def alarms(self, pilot: str) -> list[Alarm]:
        """Let both monitors speak of a pilot as of now, and list the alarms that stand."""

    @operation("GET", "/v1/pilots/{pilot}/budget")
    def budget(self, pilot: str) -> list[Line]:
        """Show what is used and left of a pilot's tolerance budget, and when it would be used up."""

    @operation("POST", "/v1/pilots/{pilot}/proposals", changes=True)
    def propose(self, pilot: str) -> Changed | None:
        """Record the strictest of what new alarms propose; an official decides on it. No alarm is proposed twice."""

    @operation("POST", "/v1/pilot-simulations")
    def simulate(self, *, scenario: Assumed, seed: str | None = None, runs: int | None = None) -> Simulated:
        """Draw lives of a pilot and count how often its monitors would stop it; nothing is stored."""


class Incidents(Noun):
    """Incidents of pilots."""

    @operation("GET", "/v1/incidents")
    def all(
        self,
        *,
        limit: int | None = None,
        state: str | None = None,
        unit: str | None = None,
        district: str | None = None,
        order: Order | None = None,
    ) -> Pages[Row]:
        """List incidents, the one whose clock ends first at the head."""

    @operation("POST", "/v1/incidents", keyed=True)
    def report(
        self,
        *,
        pilot: str,
        reference: str,
        found_at: str,
        facts: Mapping[str, Any],
        unit: str | None = None,
        district: str | None = None,
    ) -> Changed:
        """Report an incident of a pilot: rules grade it and start its clocks, and its pilot notes it."""

    @operation("GET", "/v1/incidents/{incident}")
    def show(self, incident: str) -> Shown:
        """Show an incident: its grade, the reports owed and given, and what may happen next."""

    @operation("GET", "/v1/incidents/{incident}/events")
    def events(self, incident: str) -> list[Happened]:
        """List what happened to an incident, refused attempts among it, oldest first."""

    @operation("POST", "/v1/incidents/{incident}/events", changes=True)
    def act(self, incident: str, *, event: str, fields: Mapping[str, Any] | None = None, on: str | None = None) -> Changed:
        """Correct, tell, grade, handle or close an incident; facts that are corrected grade it anew."""

    @operation("GET", "/v1/incidents/{incident}/clocks")
    def clocks(self, incident: str) -> IncidentClocks:
        """List the clocks of an incident, the one that ends first at the head; notice under terms stops no statutory clock."""
