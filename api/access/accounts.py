"""Accounts: log in with password and one-time password, with an API key, or through an identity provider.

A failed attempt never says which part was wrong, takes as long as one with a password that exists, and after LOCK_AFTER of them
the account rests. Secrets of 256 random bits are kept as SHA-256, passwords as Argon2id (RFC 9106); one-time passwords are those
of RFC 6238.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor import InvalidToken
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from api.access.permissions import Who, permissions
from api.access.sealed import Sealing
from engine.errors import InputError, SigningError, StoreError
from engine.store.access import AccessStore, Account, ApiKey, Reading, Session
from engine.supervise import uscc

SHORTEST, LONGEST = 12, 128  # characters of a password (ASVS 5.0 V6.2 asks for 8 and recommends 15)
LOCK_AFTER, LOCK_MINUTES = 5, 15
STEP = 30  # seconds of a one-time password
SESSION_HOURS, IDLE_MINUTES = 12, 60
KEY_DAYS = 365
PREFIX = "fenji"
DENIED = ("denied", "log-in failed", "give the right name, password and one-time password, or wait and try again")


def stamp(moment: datetime) -> str:
    """Return a moment as a UTC text that sorts."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Accounts:
    """The accounts of an installation; `secret` is its master key, from which that of one-time passwords is derived."""

    def __init__(self, store: AccessStore, secret: bytes) -> None:
        """Work on `store`."""
        self.store = store
        self._hasher = PasswordHasher()
        self._seal = Sealing(secret, b"fenji/one-time-passwords")

    # making -----------------------------------------------------------------------------------------------------------

    def add(self, account: Account, password: str = "") -> Account:
        """Add an account, with a password unless only an identity provider lets it in; its code is tidied. Raises InputError."""
        known = permissions().roles
        for role in account.roles:
            if role not in known:
                raise InputError("unknown-role", f"no role `{role[:40]}`", f"the roles are {', '.join(known)}")
        account = replace(account, login=folded(account.login))
        if self.store.account("login", account.login):
            raise InputError("exists", f"the log-in name `{account.login[:60]}` is taken", "choose another")
        self._linkable(account, account.subject)
        hashed = self._hashed(password, account.login) if password else ""
        made = replace(account, enterprise=uscc.tidy(account.enterprise), password=hashed)
        self.store.put(made)
        return made

    def link(self, account: Account, subject: str) -> Account:
        """Link an account to whom an identity provider vouches for, or to nobody, and end its sessions. Raises InputError."""
        self._linkable(account, subject)
        linked = replace(account, subject=subject)
        with self.store.together():
            self.store.put(linked)
            self.store.end_sessions(account.id)
        return linked

    def disable(self, account: Account) -> None:
        """Disable an account and end its sessions; its keys let nobody in any more."""
        with self.store.together():
            self.store.put(replace(account, disabled=True))
            self.store.end_sessions(account.id)

    def _linkable(self, account: Account, subject: str) -> None:
        """Refuse to link an account to whom another one is linked to. Raises InputError."""
        other = self.store.account("subject", subject) if subject else None
        if other and other.id != account.id:
            raise InputError("exists", "another account is linked to that identity", "cut that link first")

    def set_password(self, account: Account, password: str) -> None:
        """Give an account another password and end its sessions. Raises InputError."""
        with self.store.together():
            self.store.put(replace(account, password=self._hashed(password, account.login), failed=0, locked_until=""))
            self.store.end_sessions(account.id)

    def set_totp(self, account: Account) -> str:
        """Give an account a new secret for one-time passwords and return it in base32, to be shown once."""
        secret = secrets.token_bytes(20)
        self.store.put(replace(account, totp=self._seal.seal(account.id, secret), step=0))
        return base64.b32encode(secret).decode()

    def make_key(self, account: Account, scopes: tuple[str, ...], now: datetime, days: int = KEY_DAYS) -> str:
        """Return a new API key, shown once: `fenji_ID_SECRET`, cut down to `scopes`. Raises InputError."""
        return self.new_key(account, scopes, now, days)[0]

    def new_key(self, account: Account, scopes: tuple[str, ...], now: datetime, days: int = KEY_DAYS) -> tuple[str, ApiKey]:
        """Return the same with what is kept of it. Raises InputError."""
        for scope in scopes:
            if scope not in permissions().actions:
                raise InputError("unknown-scope", f"no action `{scope[:40]}`", "a scope is an action of the permissions")
        if not scopes or not 1 <= days <= KEY_DAYS:
            raise InputError("out-of-range", "a key needs scopes and an end", f"name actions, and 1 to {KEY_DAYS} days")
        key_id, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
        made = ApiKey(key_id, account.id, digest(secret), scopes, stamp(now + timedelta(days=days)))
        self.store.put(made)
        return f"{PREFIX}_{key_id}_{secret}", made

    # coming in --------------------------------------------------------------------------------------------------------

    def log_in(self, login: str, password: str, code: str, now: datetime) -> tuple[str, Session]:
        """Return the token of a new session and the session; either way it is noted. Raises SigningError, always the same one."""
        # as it was typed too: an account may have been made before names were folded
        account = self.store.account("login", folded(login)) or self.store.account("login", login)
        way = "password and one-time password" if account and account.totp else "password"
        try:
            found = self._let_in(account, password, code, now)
        except SigningError:
            known = Who(account.id if account else "")  # a name that is none may be a secret
            self.note(known, "log-in", way, now, allowed=False)
            raise
        self.note(Who(found[1].account), "log-in", way, now, allowed=True)
        return found

    def proven(self, account: Account, password: str, code: str, now: datetime) -> Account:
        """Return an account as it is kept, once its holder is shown to ask. Raises SigningError, always the same one."""
        return self._proven(account, password, code, now)

    def _let_in(self, account: Account | None, password: str, code: str, now: datetime) -> tuple[str, Session]:
        return self._session(self._proven(account, password, code, now), now)

    def _proven(self, account: Account | None, password: str, code: str, now: datetime) -> Account:
        usable = account is not None and bool(account.password) and not account.disabled and account.locked_until <= stamp(now)
        right = self._verified(account.password if account and usable else self._nobody, password)
        if account is None or not usable:
            raise SigningError(*DENIED)
        step = self._step_of(account, code, now) if account.totp else account.step
        if not right or step is None:
            self._failed(account, now)
            raise SigningError(*DENIED)
        with self.store.together():
            newest = self.store.account("id", account.id)
            if newest is None or newest.disabled or (account.totp and newest.step >= step):  # the same code, at the same time
                raise SigningError(*DENIED)
            found = replace(newest, step=step, failed=0, locked_until="")
            self.store.put(found)
        return found

    def come_in(self, subject: str, now: datetime) -> tuple[str, Session]:
        """Return a session for whom an identity provider vouched. Raises SigningError."""
        account = self.store.account("subject", subject) if subject else None
        if account is None or account.disabled:
            self.note(Who(account.id if account else ""), "log-in", "identity provider", now, allowed=False)
            raise SigningError("denied", "nobody here is known by that identity", "an administrator links it to an account")
        self.note(Who(account.id), "log-in", "identity provider", now, allowed=True)
        return self._session(account, now)

    def by_session(self, token: str, now: datetime) -> tuple[Who, Session] | None:
        """Return who a session's token stands for, or None when it ended."""
        found = self.store.session(digest(token))
        if found is None or found.expires <= stamp(now) or found.seen <= stamp(now - timedelta(minutes=IDLE_MINUTES)):
            return None
        who = self.who(found.account)
        if who is None:
            return None
        if found.seen <= stamp(now - timedelta(minutes=1)):  # not at every request: each is a write
            self.store.put(replace(found, seen=stamp(now)))
        return who, found

    def by_key(self, text: str, now: datetime) -> Who | None:
        """Return who an API key stands for, or None when it is none, ended, or was revoked."""
        prefix, _, rest = text.partition("_")
        key_id, _, secret = rest.partition("_")
        found = self.store.key(key_id)
        same = secrets.compare_digest(digest(secret), found.hash if found else digest(""))
        if prefix != PREFIX or found is None or not same or found.revoked or found.expires <= stamp(now):
            return None
        who = self.who(found.account)
        return replace(who, scopes=frozenset(found.scopes), until=found.expires) if who else None

    def log_out(self, session: Session) -> None:
        """End a session."""
        self.store.end_sessions(session.account, session.hash)

    def revoke(self, key: ApiKey) -> None:
        """End an API key."""
        self.store.put(replace(key, revoked=True))

    def tidy(self, now: datetime) -> None:
        """Forget sessions that ended."""
        self.store.drop_sessions(stamp(now))

    def who(self, account_id: str) -> Who | None:
        """Return who an account stands for now, or None when it is none or disabled."""
        account = self.store.account("id", account_id)
        if account is None or account.disabled:
            return None
        # tidied here too: an account may have been made before codes were
        return Who(account.id, account.actor, frozenset(account.roles), uscc.tidy(account.enterprise), account.unit)

    # looking ----------------------------------------------------------------------------------------------------------

    def note(self, who: Who, action: str, thing: str, now: datetime, *, allowed: bool) -> None:
        """Record that somebody looked at something, or was refused; each is chained to the one before."""
        with self.store.together():
            last = self.store.last_reading()
            number = last.number + 1 if last else 1
            at = stamp(now)
            text = "\n".join((last.chain if last else "", str(number), at, who.account, action, thing, str(allowed)))
            self.store.put(Reading(number, at, who.account, action, thing, allowed, digest(text)))

    # ------------------------------------------------------------------------------------------------------------------

    @cached_property
    def _nobody(self) -> str:
        """A hash that no password fits: who is not there takes as long as who is."""
        return self._hasher.hash(secrets.token_hex(16))

    def _hashed(self, password: str, login: str) -> str:
        if not SHORTEST <= len(password) <= LONGEST or login.lower() in password.lower():
            remedy = f"choose {SHORTEST} to {LONGEST} characters without the log-in name"
            raise InputError("weak-password", "the password is too short, too long, or holds the log-in name", remedy)
        return self._hasher.hash(password)

    def _verified(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password[: LONGEST + 1])
        except (VerificationError, InvalidHashError):
            return False

    def _step_of(self, account: Account, code: str, now: datetime) -> int | None:
        """Return the time step that a one-time password is of, when it fits and neither it nor a later one was used."""
        try:
            secret = self._seal.open(account.id, account.totp or b"")
        except StoreError:
            return None
        once = TOTP(secret, 6, SHA1(), STEP, enforce_key_length=False)  # noqa: S303 - RFC 6238; what authenticator apps speak
        this = int(now.timestamp()) // STEP
        for step in (this, this - 1, this + 1):
            if step > account.step and _fits(once, code, step):
                return step
        return None

    def _failed(self, account: Account, now: datetime) -> None:
        with self.store.together():
            newest = self.store.account("id", account.id) or account
            failed = newest.failed + 1
            rests = failed >= LOCK_AFTER
            until = stamp(now + timedelta(minutes=LOCK_MINUTES)) if rests else newest.locked_until
            self.store.put(replace(newest, failed=0 if rests else failed, locked_until=until))

    def _session(self, account: Account, now: datetime) -> tuple[str, Session]:
        token = secrets.token_urlsafe(32)
        ends = stamp(now + timedelta(hours=SESSION_HOURS))
        made = Session(digest(token), account.id, secrets.token_urlsafe(32), stamp(now), ends)
        self.store.put(made)
        return token, made


def folded(login: str) -> str:
    """Return a log-in name as it is kept: names that look alike are one (Unicode NFKC, case folded)."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", login).casefold()).strip()


def digest(text: str) -> str:
    """Return the SHA-256 of a text: enough for a secret of 256 random bits."""
    return hashlib.sha256(text.encode()).hexdigest()


def _fits(once: TOTP, code: str, step: int) -> bool:
    try:
        once.verify(code.encode(), step * STEP)
    except InvalidToken:
        return False
    return True
