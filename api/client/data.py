"""Data sets with their terms, requests for government data, and registers of transfers abroad."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Required, Unpack

from typing_extensions import TypedDict

from api.client.declared import Noun, operation
from api.client.supervised import Order
from api.client.wire import Pages
from schemas.http.data import DataSet, Entry, Ledger, Meaning, Registered, RegisterShown, Terms, Used, YearShown
from schemas.http.streams import Changed, Clock, Happened, Row, Shown
from schemas.sharing import ShareAnswer

Mechanism = Literal["exempt", "contract", "certification", "assessment"]


class Persons(TypedDict):
    """The persons of a kind in a flow, by whatever identifies them in the same way each time."""

    flow: str
    kind: Literal["general", "sensitive"]
    identifiers: Sequence[str]


class Told(TypedDict, total=False):
    """A transfer as it is told: facts of the pack cn-cross-border, and its persons where they are named."""

    transfer: Required[str]
    facts: Required[Mapping[str, Any]]
    persons: Sequence[Persons]
    fresh: bool
    under: Mechanism
    mandate: str


class Correction(Told, total=False):
    """A transfer as it should have been told, and why it was not."""

    reasons: Required[str]


class DataSets(Noun):
    """Data sets whose owners published terms."""

    @operation("GET", "/v1/data-sets")
    def all(self, *, known_at: str | None = None, limit: int | None = None) -> Pages[Entry]:
        """List the data sets whose owners published terms, by name."""

    @operation("GET", "/v1/data-sets/{owner}/{data_set}", kept=True)
    def show(self, owner: str, data_set: str, *, known_at: str | None = None) -> DataSet:
        """Show a data set: its register entry, and every publication of it that was known on the day."""

    @operation("GET", "/v1/data-sets/{owner}/{data_set}/terms", kept=True)
    def terms(self, owner: str, data_set: str, *, as_of: str | None = None, known_at: str | None = None) -> Terms:
        """List the terms of a data set that are in force on a day, as known on a day."""


class Requests(Noun):
    """Requests for government data, and checks of which nothing is stored."""

    @operation("POST", "/v1/sharing-checks")
    def check(
        self, *, request: Mapping[str, Any], as_of: str | None = None, known_at: str | None = None, enterprise: str | None = None
    ) -> ShareAnswer:
        """Check a request for data against law and the owners' terms, item by item; nothing is stored."""

    @operation("GET", "/v1/sharing-requests")
    def all(
        self,
        *,
        limit: int | None = None,
        state: str | None = None,
        unit: str | None = None,
        district: str | None = None,
        order: Order | None = None,
    ) -> Pages[Row]:
        """List requests for data, the one whose answer is due first at the head."""

    @operation("POST", "/v1/sharing-requests", keyed=True)
    def file(
        self,
        *,
        requester: str,
        provider: str,
        items: Mapping[str, Any],
        basis: str,
        scenario: str,
        scope: str,
        manner: str,
        until: str,
        unconditional: bool | None = None,
        unit: str | None = None,
        district: str | None = None,
        assignee: str | None = None,
        document: str | None = None,
    ) -> Changed:
        """File a request for data; the time for its answer begins."""

    @operation("GET", "/v1/sharing-requests/{request_id}")
    def show(self, request_id: str) -> Shown:
        """Show a request: what it says, where it stands, and what may happen next."""

    @operation("GET", "/v1/sharing-requests/{request_id}/events")
    def events(self, request_id: str) -> list[Happened]:
        """List what happened to a request, refused attempts among it, oldest first."""

    @operation("POST", "/v1/sharing-requests/{request_id}/events", changes=True)
    def act(self, request_id: str, *, event: str, fields: Mapping[str, Any] | None = None, on: str | None = None) -> Changed:
        """Do something else in the life of a request: as the department that asks, or the one that provides."""

    @operation("GET", "/v1/sharing-requests/{request_id}/clocks")
    def clocks(self, request_id: str) -> list[Clock]:
        """List the clocks of a request that have not been stopped."""

    @operation("GET", "/v1/sharing-requests/{request_id}/verdict")
    def verdict(self, request_id: str) -> ShareAnswer:
        """Tell what law and the owners' terms say to a request today, item by item."""

    @operation("POST", "/v1/sharing-requests/{request_id}/decision", changes=True)
    def decide(
        self,
        request_id: str,
        *,
        outcome: str,
        reasons: str | None = None,
        complete: bool | None = None,
        purposes: Sequence[str] | None = None,
        granted: Sequence[str] | None = None,
        uses: int | None = None,
        records: int | None = None,
        passed_on: Sequence[str] | None = None,
        until: str | None = None,
        competent: str | None = None,
        document: str | None = None,
        enterprise: str | None = None,
    ) -> Changed:
        """Agree to share, or refuse, as an official of the department that provides; its record stands beside the event."""

    @operation("GET", "/v1/sharing-requests/{request_id}/uses")
    def ledger(self, request_id: str) -> Ledger:
        """List the uses of a grant, each compared with its limits."""

    @operation("POST", "/v1/sharing-requests/{request_id}/uses", changes=True)
    def use(
        self,
        request_id: str,
        *,
        use: str | None = None,
        used: int | None = None,
        date: str | None = None,
        purpose: str | None = None,
        used_items: Sequence[str] | None = None,
        used_records: int | None = None,
        passed_to: Sequence[str] | None = None,
        kept: bool | None = None,
    ) -> Used:
        """Record a use. One beyond the grant is recorded as such: it has happened."""

    @operation("POST", "/v1/sharing-requests/{request_id}/retractions", changes=True)
    def retract(self, request_id: str, *, use: str, reasons: str) -> Changed:
        """Take the record of a use back."""


class Registers(Noun):
    """Registers of transfers abroad, one for each handler."""

    @operation("GET", "/v1/transfer-registers")
    def all(self, *, unit: str | None = None, district: str | None = None, limit: int | None = None) -> Pages[Row]:
        """List registers, what changed last first."""

    @operation("POST", "/v1/transfer-registers", keyed=True)
    def open(self, *, name: str, holder: str | None = None, unit: str | None = None, district: str | None = None) -> Changed:
        """Open the register of a handler."""

    @operation("GET", "/v1/transfer-registers/{register}")
    def show(self, register: str) -> RegisterShown:
        """Show a register: whose it is, the years it has transfers of, and what may happen next."""

    @operation("GET", "/v1/transfer-registers/{register}/years/{year}")
    def year(self, register: str, year: int) -> YearShown:
        """List the transfers of a year, and count the distinct persons that went abroad: exactly, or in bounds."""

    @operation("GET", "/v1/transfer-registers/{register}/events")
    def events(self, register: str) -> list[Happened]:
        """List what happened to a register, refused attempts among it, oldest first; without the keys of persons."""

    @operation("POST", "/v1/transfer-registers/{register}/checks")
    def check(self, register: str, **told: Unpack[Told]) -> Meaning:
        """Tell what a transfer would mean in its year; nothing is stored."""

    @operation("POST", "/v1/transfer-registers/{register}/transfers", changes=True)
    def record(self, register: str, **told: Unpack[Told]) -> Registered:
        """Record a transfer, and tell what it means in its year."""

    @operation("POST", "/v1/transfer-registers/{register}/corrections", changes=True)
    def correct(self, register: str, **told: Unpack[Correction]) -> Registered:
        """Correct a transfer; what was recorded first stays in the log."""

    @operation("POST", "/v1/transfer-registers/{register}/withdrawals", changes=True)
    def withdraw(self, register: str, *, transfer: str, reasons: str, mandate: str | None = None) -> Changed:
        """Take a transfer back."""

    @operation("POST", "/v1/transfer-registers/{register}/declarations", changes=True)
    def declare(self, register: str, *, from_: str, through: str, mandate: str | None = None) -> Changed:
        """Declare that every transfer of a period is recorded."""
