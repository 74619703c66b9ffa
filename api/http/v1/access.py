"""Log in and out, one's own account and API keys, and the accounts that an administrator keeps."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from api.access import fitting
from api.access.accounts import KEY_DAYS, SESSION_HOURS, stamp
from api.access.permissions import Thing, Who, permissions
from api.access.provider import subject_of
from api.http.acts import Id
from api.http.body import Sent, Strict
from api.http.conditions import Second
from api.http.office import COOKIE, Needs, Office, not_found, office
from engine.errors import InputError, Place, SigningError
from engine.evidence.log import new_id
from engine.evidence.log import stamp as moment
from engine.store.access import Account

router = APIRouter(tags=["access"], route_class=Strict)
SELF, MANAGES = [Depends(Needs("account.self"))], [Depends(Needs("account.manage"))]
At = Annotated[Office, Depends(office)]


class LogIn(Sent):
    """A log-in; `code` is the one-time password of an account that has one."""

    login: str = Field(max_length=200)
    password: str = Field(max_length=200)
    code: str = Field("", max_length=20)


class NewKey(Sent):
    """A new API key, cut down to `scopes`."""

    scopes: list[str] = Field(min_length=1, max_length=60)
    days: int = 90


class Proof(Sent):
    """That it is oneself who asks: the password, and the one-time password of an account that has one."""

    password: str = Field(max_length=200)
    code: str = Field("", max_length=20)


class NewPassword(Proof):
    """Another password."""

    new: str = Field(max_length=200)


class NewAccount(Sent):
    """A new account; without a password only an identity provider lets it in."""

    login: str = Field(min_length=1, max_length=200)
    actor: str = Field("", max_length=60)
    roles: list[str] = Field(min_length=1, max_length=20)
    enterprise: str = Field("", max_length=40, description="Its unified social credit code; spaces and small letters are tidied.")
    unit: str = Field("", max_length=100)
    password: str = Field("", max_length=200)
    subject: str = Field("", max_length=400, description="what the installation's identity provider calls the person")


class Linked(Sent):
    """What the installation's identity provider calls a person; empty cuts the link."""

    subject: str = Field(max_length=400)


@router.post("/sessions", status_code=201, dependencies=[Depends(Needs("session.open"))])
def log_in(sent: LogIn, response: Response, at: At) -> dict[str, str]:
    """Log in: the session stands in a cookie, and what writes must carry its `csrf` as X-CSRF-Token."""
    token, session = at.accounts.log_in(sent.login, sent.password, sent.code, at.now())
    response.set_cookie(COOKIE, token, SESSION_HOURS * 3600, path="/", secure=True, httponly=True, samesite="strict")
    return {"csrf": session.csrf, "expires": session.expires}


@router.get("/sessions/current", dependencies=[Depends(Needs("session.open"))])
def session(request: Request, at: At) -> dict[str, str]:
    """Show the token that writes of this session must carry, for who came in through an identity provider."""
    found = at.session(request)
    if found is None:
        raise SigningError("unauthenticated", "there is no session", "log in")
    return {"csrf": found[1].csrf, "expires": found[1].expires}


@router.delete("/sessions/current", status_code=204, dependencies=SELF)
def log_out(request: Request, response: Response, at: At) -> None:
    """Log out."""
    at.allow(request, "account.self", Thing(account=at.who(request).account))
    found = at.session(request)
    if found:
        at.accounts.log_out(found[1])
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")
    response.headers["clear-site-data"] = '"cache", "storage"'


@router.get("/accounts/me", dependencies=SELF)
def me(request: Request, at: At) -> dict[str, Any]:
    """Show one's own account: roles, enterprise or unit, and the API keys without their secrets."""
    who = at.allow(request, "account.self", Thing(account=at.who(request).account))
    keys = at.accounts.store.keys_of(who.account)
    return {
        "account": who.account,
        "actor": who.actor,
        "roles": sorted(who.roles),
        "enterprise": who.enterprise,
        "unit": who.unit,
        "keys": [{"id": key.id, "scopes": key.scopes, "expires": key.expires, "revoked": key.revoked} for key in keys],
    }


@router.post("/accounts/me/keys", status_code=201, dependencies=SELF)
def make_key(request: Request, sent: NewKey, at: At) -> dict[str, str]:
    """Make an API key; it is shown this once. Asked for by a key, it may do no more than that key, nor live longer."""
    who = at.allow(request, "account.self", Thing(account=at.who(request).account))
    now = at.now()
    _within(who, sent, now)
    shown, key = at.accounts.new_key(_account(at, who.account), tuple(sent.scopes), now, sent.days)
    return {"key": shown, "id": key.id, "expires": key.expires}


def _within(who: Who, sent: NewKey, now: datetime) -> None:
    """Refuse a key that reaches further than the one that asks for it. Raises InputError, SigningError."""
    if who.scopes is None:
        return
    known = permissions().actions
    wider = [f"#/scopes/{place}" for place, scope in enumerate(sent.scopes) if scope in known and scope not in who.scopes]
    longer = 1 <= sent.days <= KEY_DAYS and stamp(now + timedelta(days=sent.days)) > who.until
    if wider or longer:
        place = Place(wider[0] if wider else "#/days")
        raise InputError("wider-key", "a key makes none that may do more or lives longer", "log in to make it", place)


@router.put("/accounts/me/password", status_code=204, dependencies=SELF)
def change_password(request: Request, sent: NewPassword, at: At) -> None:
    """Change one's own password, with the one before; every session of the account ends, keys stay."""
    at.accounts.set_password(_proven(request, sent, at), sent.new)


@router.post("/accounts/me/one-time-password", status_code=201, dependencies=SELF)
def second_factor(request: Request, sent: Proof, at: At) -> dict[str, str]:
    """Have one-time passwords from now on (RFC 6238), or under a new secret; it is shown this once, in base32."""
    return {"secret": at.accounts.set_totp(_proven(request, sent, at))}


@router.delete("/accounts/me/keys/{key}", status_code=204, dependencies=SELF)
def end_key(request: Request, key: Id, at: At) -> None:
    """End one of one's own API keys."""
    who = at.allow(request, "account.self", Thing(account=at.who(request).account))
    found = at.accounts.store.key(key)
    if found is None or found.account != who.account:
        raise not_found()
    at.accounts.revoke(found)


@router.get("/accounts", dependencies=MANAGES)
def accounts(request: Request, at: At) -> list[dict[str, Any]]:
    """List the accounts, without anything secret."""
    at.allow(request, "account.manage")
    return [_shown(account) for account in at.accounts.store.accounts()]


@router.post("/accounts", status_code=201, dependencies=MANAGES)
def add(request: Request, sent: NewAccount, at: At, second: Second = "") -> dict[str, Any]:
    """Add an account; one that signs as an actor, or administers, is confirmed by a second administrator."""
    who, now = at.allow(request, "account.manage"), at.now()
    made = Account(
        new_id(now), sent.login, sent.actor, tuple(sent.roles), sent.enterprise, sent.unit, subject=_linked(at, sent.subject)
    )
    fitting.require(made, at.home.actors, moment(now))
    _confirmed(at, who, made, second)
    return _shown(at.accounts.add(made, sent.password))


@router.put("/accounts/{account}/subject", dependencies=MANAGES)
def link(request: Request, account: Id, sent: Linked, at: At, second: Second = "") -> dict[str, Any]:
    """Link an account to what the identity provider calls its person, and end its sessions; confirmed as a new account is."""
    who, found = at.allow(request, "account.manage"), _account(at, account)
    if sent.subject:
        _confirmed(at, who, found, second)
    return _shown(at.accounts.link(found, _linked(at, sent.subject)))


@router.delete("/accounts/{account}", status_code=204, dependencies=MANAGES)
def disable(request: Request, account: Id, at: At) -> None:
    """Disable an account and end its sessions; its keys let nobody in any more."""
    at.allow(request, "account.manage")
    at.accounts.disable(_account(at, account))


def _account(at: Office, name: str) -> Account:
    found = at.accounts.store.account("id", name)
    if found is None:
        raise not_found()
    return found


def _proven(request: Request, sent: Proof, at: At) -> Account:
    """Return one's own account once its password is shown again: a key or a session that was left open is not enough."""
    who = at.allow(request, "account.self", Thing(account=at.who(request).account))
    return at.accounts.proven(_account(at, who.account), sent.password, sent.code, at.now())


def _confirmed(at: Office, who: Who, account: Account, second: str) -> None:
    """Refuse that one administrator alone makes who signs as an actor, or administers. Raises SigningError."""
    if fitting.alone(account):
        return
    if not second:
        problem = "one administrator alone lets nobody sign as an actor, nor administer"
        raise SigningError("two-persons", problem, "a second administrator shows their key as X-Second-Authorization")
    at.second(second, who, "account.manage")


def _linked(at: Office, subject: str) -> str:
    if not subject:
        return ""
    if at.oidc is None:
        raise InputError("not-found", "this installation has no identity provider", "name one first", Place("#/subject"))
    return subject_of(at.oidc.provider.issuer, subject)


def _shown(account: Account) -> dict[str, Any]:
    return {
        "id": account.id,
        "login": account.login,
        "actor": account.actor,
        "roles": list(account.roles),
        "enterprise": account.enterprise,
        "unit": account.unit,
        "disabled": account.disabled,
        "one_time_password": account.totp is not None,
        "linked": bool(account.subject),
    }
