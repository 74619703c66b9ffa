"""What the routes work with: the rulebook in force, the accounts, the writer, and an installation to read from in each thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from anyio import CapacityLimiter
from fastapi import Request

from api.access.accounts import Accounts
from api.access.permissions import ANONYMOUS, Thing, Who, permissions
from api.access.provider import read_provider
from api.http.once import Once
from api.http.paging import Cursors
from api.http.writer import Writer
from engine.errors import FenjiError, InputError, Place, SigningError
from engine.evidence import record, release
from engine.evidence.installation import Installation, open_home
from engine.evidence.keys import PublicKey, read_secret
from engine.evidence.log import stamp
from engine.evidence.published import newest_policy
from engine.evidence.record import Rules
from engine.rulebook.closure import closure
from engine.rulebook.model import Rulebook
from engine.store import reading
from engine.store.access import AccessStore, Session
from engine.store.service import ServiceStore
from engine.supervise.streams import Streams
from schemas.answer import Answer
from schemas.duties import Overall
from schemas.sharing import ShareAnswer

if TYPE_CHECKING:
    from api.access.oidc import Oidc
    from api.http.hooks import Hooks
    from api.http.jobs import Jobs

K = TypeVar("K")
COOKIE = "__Host-fenji"
CSRF = "x-csrf-token"
EARLIER = 3  # rulebooks of earlier days that are kept in memory
BATCHES = 2  # that are answered at a time; more wait
ASSESSING = 2  # filings of callers without an account that are answered at a time (design); more wait
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

    def marked_share(self, found: ShareAnswer, days: Mapping[str, str]) -> ShareAnswer:
        """Return the answer to a request for data with the hash and day of each policy used, and what was never published."""
        ...


@dataclass(frozen=True)
class Settings:
    """Where the installation is, what tells the time, and which rulebook an installation answers by."""

    home: Path
    clock: Callable[[], datetime]
    choose: Callable[[Installation, str], InForce]  # by the day it was published by; the one in force for ``
    draft: Callable[[], InForce] | None = None  # the rulebook in preparation, where the server has its folder
    share: Callable[[Installation, str, str], InForce] | None = None  # the same, with policies and the overlays of an enterprise


class Office:
    """An open installation behind the routes."""

    jobs: Jobs  # set by the application, which knows the kinds of work
    hooks: Hooks  # likewise

    def __init__(self, settings: Settings) -> None:
        """Open everything. Raises StoreError, SigningError, RulebookError."""
        self.settings = settings
        self._local = threading.local()
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
        self.batching = CapacityLimiter(BATCHES)
        self.assessing = CapacityLimiter(ASSESSING)
        self.cursors = Cursors(master)
        self._seen = self._switches()
        self.chosen = settings.choose(self.home, "")
        self.outdated = False  # a rulebook was activated that cannot be read
        self._earlier: dict[str, InForce] = {}
        self._choosing = threading.Lock()
        self._sharing: dict[tuple[str, ...], InForce] = {}  # read anew once a policy was published
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

    def streams(self, home: Installation | None = None) -> Streams:
        """Return the streams of this thread's installation, or of `home`; its log stays open between requests."""
        of = home or self.home
        found: Streams | None = getattr(self._local, "streams", None)
        if found is None or found.home is not of or found.rulebook is not self.chosen.rulebook:
            found = self._local.streams = Streams(of, self.chosen.rulebook)
        return found

    def as_it_is(self) -> Office:
        """Return this office with the rulebook of now: a request, or a job, goes on with the one that it began with."""
        return copy(self)

    def refresh(self, _: datetime) -> None:
        """Answer by another rulebook once the log shows that one was published or activated, by this process or by another.

        What cannot be read leaves the office `outdated`: it is tried again, and the server says that it is not ready. Raises
        what reading raises.
        """
        switches = self._switches()
        if switches == self._seen and not self.outdated:
            return
        self.outdated = True
        chosen = self.settings.choose(self.home, "")
        # INVARIANT: new dictionaries, never emptied ones: what began under the old rulebook still looks into the old ones
        self._pinned, self._sharing = {}, {}
        self.chosen, self._seen, self.outdated = chosen, switches, False

    def _switches(self) -> int:
        """Return the place in the log of the newest record that says which rules are in force, or published."""
        return reading.newest_of_kind(self.home.store, "activation", "release")

    def known(self, day: str) -> InForce:
        """Return the rulebook published by a day (YYYY-MM-DD), the one in force for ``. Raises EvidenceError before the first.

        Reading one takes seconds, so that the last few are kept, and one is read at a time.
        """
        if not day:
            return self.chosen
        with self._choosing:
            name = release.known(self.home, day).id
            return _kept(self._earlier, name, lambda: self.settings.choose(self.home, day))

    def sharing(self, day: str, enterprise: str) -> InForce:
        """Return the same with the owners' policies, and the overlays of an enterprise unless it is ``. Raises InputError too."""
        choose = self.settings.share
        if choose is None:
            return self.known(day)
        with self._choosing:
            name = (release.known(self.home, day).id if day else "", enterprise, newest_policy(self.home))
            return _kept(self._sharing, name, lambda: choose(self.home, day, enterprise))

    def draft(self) -> InForce:
        """Return the rulebook in preparation, read anew each time: it is being written. Raises InputError, RulebookError."""
        if self.settings.draft is None:
            raise InputError("no-draft", "this server has no rules in preparation", "start it with `--draft FOLDER`")
        return self.settings.draft()

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
        found: Who | None = getattr(request.state, "who", None)
        if found is None:
            found = request.state.who = self._who(request)
        return found

    def _who(self, request: Request) -> Who:
        shown = request.headers.get("authorization", "")
        if shown:
            who = self._by_key(shown)
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

    def _by_key(self, shown: str) -> Who | None:
        return self.accounts.by_key(shown.removeprefix("Bearer "), self.now()) if shown.startswith("Bearer ") else None

    def session(self, request: Request) -> tuple[Who, Session] | None:
        """Return who a request's cookie stands for, with the session, or None."""
        token = request.cookies.get(COOKIE, "")
        return self.accounts.by_session(token, self.now()) if token else None

    def account_of(self, authorization: str, token: str) -> str:
        """Return the account that an API key or the token of a session is of, empty for none: what is shown must be proven."""
        who = self._by_key(authorization) if authorization else None
        found = self.accounts.by_session(token, self.now()) if token and not authorization else None
        return who.account if who else found[0].account if found else ""

    def second(self, shown: str, first: Who, action: str = "decision.deviate") -> Who:
        """Return the second person of an act of two, who shows an API key too. Raises SigningError."""
        who = self._by_key(shown)
        if who is None or not permissions().may(who, action):
            raise SigningError("forbidden", "the second API key does not allow it", "a second person shows one of their own")
        if who.account == first.account or (who.actor and who.actor == first.actor):
            raise SigningError("two-persons", "both keys are of one person", "a second official shows one of their own")
        return who

    def allow(self, request: Request, action: str, thing: Thing | None = None, name: str = "", *, noted: bool = True) -> Who:
        """Return who asks, if the action is allowed to them; what an auditor sees, and every refusal, is noted.

        What belongs to others is not found, so that nobody learns of it. An auditor's look is not `noted` where it is asked about
        again once the thing is known. Raises SigningError, InputError.
        """
        who = self.who(request)
        allowed = permissions().may(who, action, thing)
        if who.account and (not allowed or (noted and "auditor" in who.roles)):
            self.accounts.note(who, action, name, self.now(), allowed=allowed)
        if allowed:
            return who
        if not who.account:
            raise SigningError("unauthenticated", "this needs an account", "log in, or send an API key")
        if thing is not None and permissions().may(who, action):
            raise not_found()
        raise SigningError("forbidden", f"`{action}` is not allowed to your roles", "ask somebody whose task it is")


class Needs:
    """What a route needs: the action that whoever asks must be allowed. As a dependency it is judged before anything is read.

    INVARIANT: every route under /v1 has exactly one, so that a route that forgets to ask is none (`app.create` refuses it).
    """

    def __init__(self, action: str) -> None:
        """Name an action of permissions.yaml."""
        assert action in permissions().actions, action  # noqa: S101 - the names are our own
        self.action = action

    def __call__(self, request: Request) -> None:
        """Refuse who is not allowed the action to anything at all; to which things, the route asks. Raises SigningError."""
        request.state.action = self.action
        if not permissions().public(self.action):
            office(request).allow(request, self.action, noted=False)


def _kept(cache: dict[K, InForce], name: K, read: Callable[[], InForce]) -> InForce:
    """Return a rulebook that was read before, or read it; those that were asked for least lately are dropped."""
    found = cache.pop(name, None) or read()
    cache[name] = found
    while len(cache) > EARLIER:
        del cache[next(iter(cache))]
    return found


def key_of(at: Office, who: Who, now: datetime) -> PublicKey:
    """Return the key with which somebody's acts are signed. Raises SigningError."""
    if not who.actor:
        raise SigningError("forbidden", "the account has no actor whose key signs", "an administrator names one")
    return at.home.actors.key_of(who.actor, "decision", stamp(now))


def not_found(place: Place = Place()) -> FenjiError:  # noqa: B008 - frozen
    """Return the refusal of what is not there, or not for whoever asks; `place` is where a body names it."""
    return InputError("not-found", "there is nothing here", "look at the list", place)


def office(request: Request) -> Office:
    """Return the office behind a request, the same one and by the same rulebook from its beginning to its end."""
    found: Office | None = getattr(request.state, "office", None)
    if found is None:
        found = request.state.office = request.app.state.office.as_it_is()
    return found
