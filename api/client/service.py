"""Sessions and accounts, jobs, webhooks, and what operators ask."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Required

from typing_extensions import TypedDict

from api.client.declared import Noun, operation
from api.client.wire import Pages
from schemas.http.service import Batch, BatchRow, DeliveryShown, JobShown, WebhookMade, WebhookShown

SECONDS = 600.0  # that a job is waited for


class Asked(TypedDict, total=False):
    """A filing of a batch: its facts, and an `id` of the caller's own under which it is answered."""

    id: str
    facts: Required[Mapping[str, Any]]


class Sessions(Noun):
    """Sessions, for who logs in with a password; a program shows an API key instead."""

    @operation("POST", "/v1/sessions")
    def open(self, *, login: str, password: str, code: str | None = None) -> dict[str, str]:
        """Log in: the session stands in a cookie, and what writes must carry its `csrf` as X-CSRF-Token."""

    @operation("GET", "/v1/sessions/current")
    def current(self) -> dict[str, str]:
        """Show the token that writes of this session must carry, for who came in through an identity provider."""

    @operation("DELETE", "/v1/sessions/current")
    def close(self) -> None:
        """Log out."""


class Accounts(Noun):
    """One's own account and keys; and, for an administrator, every account."""

    @operation("GET", "/v1/accounts/me")
    def me(self) -> dict[str, Any]:
        """Show one's own account: roles, enterprise or unit, and the API keys without their secrets."""

    @operation("POST", "/v1/accounts/me/keys")
    def make_key(self, *, scopes: Sequence[str], days: int | None = None) -> dict[str, str]:
        """Make an API key; it is shown this once."""

    @operation("PUT", "/v1/accounts/me/password")
    def change_password(self, *, password: str, new: str, code: str | None = None) -> None:
        """Change one's own password, with the one before; every session of the account ends, keys stay."""

    @operation("POST", "/v1/accounts/me/one-time-password")
    def second_factor(self, *, password: str, code: str | None = None) -> dict[str, str]:
        """Have one-time passwords from now on (RFC 6238), or under a new secret; it is shown this once, in base32."""

    @operation("DELETE", "/v1/accounts/me/keys/{key}")
    def end_key(self, key: str) -> None:
        """End one of one's own API keys."""

    @operation("GET", "/v1/accounts")
    def all(self) -> list[dict[str, Any]]:
        """List the accounts, without anything secret."""

    @operation("POST", "/v1/accounts")
    def add(
        self,
        *,
        login: str,
        roles: Sequence[str],
        actor: str | None = None,
        enterprise: str | None = None,
        unit: str | None = None,
        password: str | None = None,
        subject: str | None = None,
    ) -> dict[str, Any]:
        """Add an account."""

    @operation("PUT", "/v1/accounts/{account}/subject")
    def link(self, account: str, *, subject: str) -> dict[str, Any]:
        """Link an account to what the identity provider calls its person, and end its sessions."""

    @operation("DELETE", "/v1/accounts/{account}")
    def disable(self, account: str) -> None:
        """Disable an account and end its sessions; its keys let nobody in any more."""


class Jobs(Noun):
    """Batches, and jobs for what takes longer."""

    @operation("POST", "/v1/batches", keyed=True)
    def batch(
        self, filings: Sequence[Asked], *, pack: str | None = None, as_of: str | None = None, on: str | None = None
    ) -> Batch | JobShown:
        """Answer up to 100 filings, `facts` with an `id` each; more become a job. `answers` waits for either."""

    @operation("POST", "/v1/jobs", keyed=True, sends=(("kind", "replay"),))
    def replay(self, decisions: Sequence[str]) -> JobShown:
        """Ask that decisions are worked out again."""

    @operation("POST", "/v1/jobs", keyed=True, sends=(("kind", "report"),))
    def report(
        self, period: str, *, format_: Literal["md", "xlsx"] | None = None, lang: Literal["zh", "en"] | None = None
    ) -> JobShown:
        """Ask for the counts of a period, YYYY-MM..YYYY-MM."""

    @operation("GET", "/v1/jobs")
    def all(self, *, limit: int | None = None) -> Pages[JobShown]:
        """List one's own jobs, the oldest first."""

    @operation("GET", "/v1/jobs/{job}")
    def show(self, job: str) -> JobShown:
        """Show how far a job is."""

    @operation("DELETE", "/v1/jobs/{job}")
    def cancel(self, job: str) -> JobShown:
        """Cancel a job: at once when it waits, after the part it works at when it runs; one that is over stays."""

    @operation("GET", "/v1/jobs/{job}/result")
    def result(self, job: str) -> bytes:
        """Fetch what came of a job; it is kept for three days."""

    def awaited(self, job: str, seconds: float = SECONDS) -> JobShown:
        """Return a job once it is over, asked after at longer and longer intervals. Raises TimeoutError, Refused."""
        until, wait = time.monotonic() + seconds, 0.05
        while not (found := self.show(job)).over:
            if time.monotonic() > until:
                raise TimeoutError(f"the job {job} is {found.state} after {seconds:g} seconds; ask after it later")
            time.sleep(wait)
            wait = min(1.5 * wait, 5.0)
        return found

    def answers(self, filings: Sequence[Asked], pack: str | None = None, as_of: str | None = None) -> list[BatchRow]:
        """Answer filings, however many: at once, or by a job that is waited for. Raises Refused, TimeoutError."""
        found = self.batch(filings, pack=pack, as_of=as_of)
        if isinstance(found, Batch):
            return found.results
        self.awaited(found.id)
        return [BatchRow.model_validate_json(line) for line in self.result(found.id).splitlines()]


class Webhooks(Noun):
    """Addresses that are told of what is recorded."""

    @operation("POST", "/v1/webhooks")
    def add(self, *, url: str, types: Sequence[str] | None = None) -> WebhookMade:
        """Add a webhook; its secret is shown this once."""

    @operation("GET", "/v1/webhooks")
    def all(self) -> list[WebhookShown]:
        """List one's own webhooks."""

    @operation("DELETE", "/v1/webhooks/{webhook}")
    def remove(self, webhook: str) -> None:
        """Remove a webhook and what was still to be delivered to it."""

    @operation("GET", "/v1/webhooks/{webhook}/deliveries")
    def deliveries(
        self, webhook: str, *, state: Literal["", "waiting", "delivered", "dead"] | None = None, limit: int | None = None
    ) -> Pages[DeliveryShown]:
        """List deliveries in the order of the log: `dead` are those that were given up."""

    @operation("POST", "/v1/webhooks/{webhook}/deliveries/{delivery}/redeliver")
    def redeliver(self, webhook: str, delivery: str) -> DeliveryShown:
        """Deliver something again, under the same id; what waits already is attempted now."""


class Operators(Noun):
    """What operators ask; none of it is under /v1."""

    @operation("GET", "/healthz")
    def alive(self) -> dict[str, str]:
        """Tell that the process runs."""

    @operation("GET", "/readyz")
    def ready(self) -> dict[str, str]:
        """Tell that the store can be read, and that the rulebook in force is the one that answers."""

    @operation("GET", "/metrics")
    def metrics(self) -> str:
        """Count requests and how long they took, by route; and what waits, in the text format of Prometheus."""
