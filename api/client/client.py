"""The client of one server, as one account."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Self

import httpx2

from api.client.data import DataSets, Registers, Requests
from api.client.records import Calendar, Decisions, Log, Reports, Rules
from api.client.service import Accounts, Jobs, Operators, Sessions, Webhooks
from api.client.supervised import Cases, Filings, Incidents, Pilots
from api.client.wire import KEY, SECOND, Wire

SECONDS = 60.0  # that an answer may take: a batch may wait for its turn, and then be worked at


class Client:
    """Everything that the interface offers, by noun. One client is for one thread at a time, since it remembers what was seen.

    What a server refuses raises `Refused`; a connection that fails for good raises httpx2.TransportError.
    """

    def __init__(self, address: str = "", key: str = "", *, language: str = "zh", http: httpx2.Client | None = None) -> None:
        """Speak to the server at an address with an API key; `http` brings proxies or certificates of one's own."""
        self._http = http or httpx2.Client(base_url=address, timeout=SECONDS)
        self._wire = wire = Wire(self._http, {"accept-language": language, **({"authorization": f"Bearer {key}"} if key else {})})
        self.rules, self.decisions, self.log = Rules(wire), Decisions(wire), Log(wire)
        self.calendar, self.reports = Calendar(wire), Reports(wire)
        self.filings, self.cases, self.pilots, self.incidents = Filings(wire), Cases(wire), Pilots(wire), Incidents(wire)
        self.data_sets, self.requests, self.registers = DataSets(wire), Requests(wire), Registers(wire)
        self.sessions, self.accounts, self.jobs = Sessions(wire), Accounts(wire), Jobs(wire)
        self.webhooks, self.operators = Webhooks(wire), Operators(wire)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give back the connection."""
        self._http.close()

    def log_in(self, login: str, password: str, code: str = "") -> None:
        """Log in with a password, and with a one-time password where the account has one. Raises Refused."""
        self._wire.headers["x-csrf-token"] = self.sessions.open(login=login, password=password, code=code)["csrf"]

    def under(self, key: str) -> AbstractContextManager[None]:
        """Send the one write inside under an Idempotency-Key of one's own, such as one that was kept before a crash."""
        return self._wire.also(KEY, key)

    def seconded(self, key: str) -> AbstractContextManager[None]:
        """Let a second official, by their own API key, sign what is written inside."""
        return self._wire.also(SECOND, f"Bearer {key}")
