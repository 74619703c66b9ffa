"""What the routes work with: the rulebook in force, the accounts, the writer, and an installation to read from in each thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from fastapi import Request

from api.access.accounts import Accounts
from api.access.permissions import ANONYMOUS, Thing, Who, permissions
from api.access.provider import read_provider
from api.http.once import Once
from api.http.writer import Writer
from engine.errors import FenjiError, InputError, Place, SigningError
from engine.evidence import record
from engine.evidence.installation import Installation, open_home
from engine.evidence.keys import read_secret
from engine.evidence.record import Rules
from engine.rulebook.closure import closure
from engine.rulebook.model import Rulebook
from engine.store.access import AccessStore, Session
from engine.store.service import ServiceStore
from schemas.answer import Answer
from schemas.duties import Overall

if TYPE_CHECKING:
    from api.access.oidc import Oidc
    from api.http.hooks import Hooks
    from api.http.jobs import Jobs

COOKIE = "__Host-fenji"
CSRF = "x-csrf-token"
BATCHES = 2  # that are answered at a time; more wait
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class InForce(Protocol):
    """The rulebook that answers stand on, with the release it was published in."""

    @property
    def rulebook(self) -> Rulebook:
        """The rulebook."""
        ...

    @property
    def release(self) -> str:
        """The id of its release, or `unpublished`."""
        ...

    def marked(self, answer: Answer) -> Answer:
        """Return the answer with the names of its unpublished rules."""
        ...

    def marked_all(self, found: Overall) -> Overall:
        """Return the answer over all packs with the names of the unpublished rules of each."""
        ...

    def unpublished(self, answer: Answer) -> list[str]:
        """Return the rules that an answer used and that were never published as they are."""
        ...


@dataclass(frozen=True)
class Settings:
    """Where the installation is, what tells the time, and which rulebook an installation answers by."""

    home: Path
    clock: Callable[[], datetime]
    choose: Callable[[Installation], InForce]


class Office:
    """An open installation behind the routes."""

    jobs: Jobs  # set by the application, which knows the kinds of work
    hooks: Hooks  # likewise

    def __init__(self, settings: Settings) -> None:
        """Open everything. Raises StoreError, SigningError, RulebookError."""
        self.settings = settings
        self._local = threading.local()
        self._opened: list[Installation] = []
        self.writer = Writer(lambda: open_home(settings.home))
        store = AccessStore(settings.home / "access.db")
        self.master = master = read_secret(settings.home / "keys" / "master")
        self.accounts = Accounts(store, master)
        provider = read_provider(settings.home)
        self.oidc: Oidc | None = None
        if provider:
            from api.access.oidc import Oidc  # noqa: PLC0415 - Authlib is loaded only where there is a provider

            self.oidc = Oidc(provider, master)
        self.once = Once(store)
        self.service = ServiceStore(settings.home / "service.db")
        self.batching = threading.BoundedSemaphore(BATCHES)
        self.chosen = settings.choose(self.home)
        self._pinned: dict[str, Rules] = {}

    def close(self) -> None:
        """Finish what waits to be written, and give everything back."""
        self.writer.close()
        self.accounts.store.close()
        self.service.close()

    @property
    def home(self) -> Installation:
        """The installation of this thread, to read from."""
        found: Installation | None = getattr(self._local, "home", None)
        if found is None:
            found = self._local.home = open_home(self.settings.home)
        return found

    def rules_of(self, pack: str) -> Rules:
        """Return the rules of a pack as a record pins them; worked out once, for they are large."""
        if pack not in self._pinned:
            self._pinned[pack] = record.rules(closure(self.chosen.rulebook, pack))
        return self._pinned[pack]

    def now(self) -> datetime:
        """Return the moment."""
        return self.settings.clock()

    def who(self, request: Request) -> Who:
        """Return who asks: by API key, or by session, which needs its token for anything that writes. Raises SigningError."""
        shown = request.headers.get("authorization", "")
        if shown:
            who = self.accounts.by_key(shown.removeprefix("Bearer "), self.now()) if shown.startswith("Bearer ") else None
            if who is None:
                raise SigningError("unauthenticated", "the API key is none, ended, or was revoked", "use a valid one")
            return who
        found = self.session(request)
        if found is None:
            return ANONYMOUS
        who, session = found
        if request.method not in SAFE and request.headers.get(CSRF, "") != session.csrf:
            raise SigningError("forbidden", f"`{CSRF}` is missing or not that of the session", "send what log-in returned")
        return who

    def session(self, request: Request) -> tuple[Who, Session] | None:
        """Return who a request's cookie stands for, with the session, or None."""
        token = request.cookies.get(COOKIE, "")
        return self.accounts.by_session(token, self.now()) if token else None

    def second(self, shown: str, first: Who) -> Who:
        """Return the second person of an act of two, who shows an API key too. Raises SigningError."""
        who = self.accounts.by_key(shown.removeprefix("Bearer "), self.now())
        if who is None or not permissions().may(who, "decision.deviate"):
            raise SigningError("forbidden", "the second API key does not allow it", "a second official shows one of their own")
        if who.account == first.account or who.actor == first.actor:
            raise SigningError("two-persons", "both keys are of one person", "a second official shows one of their own")
        return who

    def allow(self, request: Request, action: str, thing: Thing | None = None, name: str = "") -> Who:
        """Return who asks, if the action is allowed to them; what an auditor sees, and every refusal, is noted.

        What belongs to others is not found, so that nobody learns of it. Raises SigningError, InputError.
        """
        who = self.who(request)
        allowed = permissions().may(who, action, thing)
        if who.account and ("auditor" in who.roles or not allowed):
            self.accounts.note(who, action, name, self.now(), allowed=allowed)
        if allowed:
            return who
        if not who.account:
            raise SigningError("unauthenticated", "this needs an account", "log in, or send an API key")
        if thing is not None and permissions().may(who, action):
            raise not_found()
        raise SigningError("forbidden", f"`{action}` is not allowed to your roles", "ask somebody whose task it is")


def not_found() -> FenjiError:
    """Return the refusal of what is not there, or not for whoever asks."""
    return InputError("not-found", "there is nothing here", "look at the list", Place())


def office(request: Request) -> Office:
    """Return the office behind a request."""
    found: Office = request.app.state.office
    return found
