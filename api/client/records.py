"""Rules and assessments, recorded decisions, the log that holds them, the calendar, and counts of a period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Required

from typing_extensions import TypedDict

from api.client.declared import Noun, operation
from api.client.wire import Pages
from schemas.answer import Answer
from schemas.calendar import Clock as OfLaw
from schemas.duties import Overall
from schemas.http.records import (
    Consistency,
    Days,
    DecisionRow,
    DecisionShown,
    PackRow,
    PeriodEnd,
    PeriodReport,
    Release,
    Replay,
    RuleRow,
    Verified,
)
from schemas.http.streams import Clock
from schemas.rulebook import Fact, Pack, Rule

Unit = Literal["hours", "days", "working_days", "months"]


class Paused(TypedDict, total=False):
    """A pause: the day on which the clock pauses still counts; without an end it lasts."""

    start: Required[str]
    end: str
    reason: str


class Rules(Noun):
    """Packs, rules and facts, and assessments of which nothing is kept."""

    @operation("GET", "/v1/packs", kept=True)
    def packs(self, *, known_at: str | None = None) -> list[PackRow]:
        """List the packs that can be asked; `known_at` asks for those of a rulebook of then."""

    @operation("GET", "/v1/packs/{pack}", kept=True)
    def pack(self, pack: str, *, known_at: str | None = None) -> Pack:
        """Show a pack: its outcomes, and where undetermined ones go."""

    @operation("GET", "/v1/packs/{pack}/rules", kept=True)
    def rules(self, pack: str, *, known_at: str | None = None) -> list[RuleRow]:
        """List the rules of a pack with the days of their versions."""

    @operation("GET", "/v1/packs/{pack}/rules/{rule}", kept=True)
    def rule(self, pack: str, rule: str, *, known_at: str | None = None) -> Rule:
        """Show a rule: its versions, conditions, sources and effect."""

    @operation("GET", "/v1/packs/{pack}/facts", kept=True)
    def facts(self, pack: str, *, known_at: str | None = None) -> list[Fact]:
        """List the facts that a pack reads, with type and question."""

    @operation("GET", "/v1/releases")
    def releases(self) -> list[Release]:
        """List the rulebooks that were published, oldest first; `known_at` asks for what one of them said."""

    @operation("POST", "/v1/assessments")
    def assess(self, pack: str, facts: Mapping[str, Any], *, as_of: str | None = None) -> Answer:
        """Answer a filing by one pack; nothing is kept."""

    @operation("POST", "/v1/assessments")
    def assess_all(self, facts: Mapping[str, Any], *, as_of: str | None = None, on: str | None = None) -> Overall:
        """Answer a filing by every pack that can apply; nothing is kept. `on` is the day compliance is judged on."""


class Decisions(Noun):
    """Recorded proposals of the rules and decisions of officials."""

    @operation("POST", "/v1/decisions", keyed=True)
    def make(
        self,
        *,
        pack: str,
        facts: Mapping[str, Any],
        as_of: str | None = None,
        outcome: str | None = None,
        reasons: str | None = None,
        filed_by: str | None = None,
        supersedes: str | None = None,
        retention: str | None = None,
    ) -> DecisionShown:
        """Record what the rules propose, or what an official decides; the answer is given when it is durable."""

    @operation("GET", "/v1/decisions")
    def all(
        self, *, kind: Literal["", "proposal", "decision"] | None = None, pack: str | None = None, limit: int | None = None
    ) -> Pages[DecisionRow]:
        """List decisions in the order of the log, as far as whoever asks may read them."""

    @operation("GET", "/v1/decisions/{decision}")
    def show(self, decision: str) -> DecisionShown:
        """Show a decision: its statement and its receipt; facts stand in it as commitments only."""

    @operation("GET", "/v1/decisions/{decision}/explanation")
    def explanation(self, decision: str) -> Answer:
        """Show why: the rules behind it with their law, what was missing, and where it goes."""

    @operation("GET", "/v1/decisions/{decision}/receipt")
    def receipt(self, decision: str) -> str:
        """Show the proof that a decision is in the log (C2SP tlog-proof)."""

    @operation("GET", "/v1/decisions/{decision}/replay")
    def replay(
        self, decision: str, *, under: Literal["recorded", "then", "today", "draft"] | None = None, known_at: str | None = None
    ) -> Replay:
        """Work a decision out again: as recorded; by the law of then as known now; of today; or by a rulebook in preparation."""

    @operation("GET", "/v1/decisions/{decision}/bundle")
    def bundle(self, decision: str, *, profile: Literal["full", "court", "regulator", "public"] | None = None) -> bytes:
        """Export one archive with which a stranger verifies the decision; the profile says how much of the facts it shows."""


class Log(Noun):
    """The log as anybody may read it."""

    @operation("GET", "/v1/log/checkpoint")
    def checkpoint(self) -> str:
        """Show the published head of the log: a signed note (C2SP tlog-checkpoint)."""

    @operation("GET", "/v1/log/trust")
    def trust(self) -> dict[str, Any]:
        """Show the keys of this installation; whoever verifies compares them with those got another way."""

    @operation("GET", "/v1/log/records/{record}/receipt")
    def receipt(self, record: str) -> str:
        """Show the proof that a record is in the log (C2SP tlog-proof); it tells nothing of what the record says."""

    @operation("GET", "/v1/log/consistency")
    def consistency(self, *, old: int, new: int) -> Consistency:
        """Prove that the log of `new` leaves extends that of `old` (RFC 6962, 2.1.2); sizes up to that of the checkpoint."""

    @operation("GET", "/v1/log/tile/{path}")
    def tile(self, path: str) -> bytes:
        """Show a tile of hashes, or of leaves (`entries`), as mirrors fetch them (C2SP tlog-tiles): `L/N` or `L/N.p/W`."""

    @operation("POST", "/v1/verify")
    def verify(self, archive: bytes) -> Verified:
        """Prove a bundle under the keys of this installation, and work its outcome out again; nothing is kept."""


class Calendar(Noun):
    """Working days, periods of law, what is due next, and feeds of it."""

    @operation("GET", "/v1/calendar/years/{year}")
    def year(self, year: int) -> Days:
        """Show the days off and the weekend days worked of a year, with the notice behind them."""

    @operation("GET", "/v1/calendar/clocks")
    def periods(self) -> list[OfLaw]:
        """List the periods of law: length, rule of counting, what interrupts them, and their articles."""

    @operation("POST", "/v1/calendar/due")
    def due(
        self,
        *,
        start: str,
        unit: Unit | None = None,
        length: int | None = None,
        rolls: bool | None = None,
        clock: str | None = None,
        extended: bool | None = None,
        pauses: Sequence[Paused] | None = None,
    ) -> PeriodEnd:
        """Say when a period ends, and when to be reminded; nothing is kept."""

    @operation("GET", "/v1/calendar/next")
    def next(self, *, unit: str | None = None, district: str | None = None, limit: int | None = None) -> list[Clock]:
        """List what is due next over the open streams that whoever asks may see, the shortest first."""

    @operation("GET", "/v1/calendar/feeds")
    def feeds(self) -> list[dict[str, str]]:
        """List one's own feeds, without their addresses."""

    @operation("POST", "/v1/calendar/feeds")
    def add_feed(self) -> dict[str, str]:
        """Make a feed of the deadlines of one's enterprise or unit; its address is secret and shown this once."""

    @operation("DELETE", "/v1/calendar/feeds/{feed}")
    def revoke_feed(self, feed: str) -> None:
        """Revoke a feed: its address shows nothing any more."""

    @operation("GET", "/v1/calendar/feeds/{token}.ics")
    def feed(self, token: str, *, lang: Literal["zh", "en"] | None = None) -> str:
        """Show the deadlines of a feed as iCalendar (RFC 5545), as far as its account may see them now."""


class Reports(Noun):
    """Counts for the report on supervision."""

    @operation("GET", "/v1/reports/period")
    def period(self, first: str, last: str) -> PeriodReport:
        """Count what was recorded from one month, YYYY-MM, to another. A long log takes long: `jobs.report` counts it later."""

    @operation("GET", "/v1/reports/period")
    def written(self, first: str, last: str, *, format_: Literal["md", "xlsx"], lang: Literal["zh", "en"] | None = None) -> bytes:
        """Count likewise, and write it as Markdown or as a workbook."""
