"""Log-in through the identity provider of the installation, for browsers."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from api.access.accounts import SESSION_HOURS
from api.access.provider import MINUTES
from api.http.body import Strict
from api.http.office import COOKIE, Needs, Office, office
from engine.errors import InputError, Place

if TYPE_CHECKING:
    from api.access.oidc import Oidc


class Returned(Strict):
    """A route to which a provider sends a browser back with whatever it adds."""

    known_only = False


router = APIRouter(prefix="/oidc", tags=["access"], route_class=Returned, dependencies=[Depends(Needs("session.open"))])
At = Annotated[Office, Depends(office)]
BEGUN = "__Host-fenji-oidc"
AFTER = "/docs"
HTML: dict[int | str, dict[str, Any]] = {200: {"content": {"text/html": {}}}}


@router.get("/log-in", status_code=303, response_class=RedirectResponse)
def begin(at: At) -> Response:
    """Send the browser to the identity provider; 404 when the installation has none."""
    begun = _provider(at).begin(at.now())
    answer = RedirectResponse(begun.url, 303)
    # Lax: the provider sends the browser back from another site, and this cookie must come along
    answer.set_cookie(BEGUN, begun.cookie, MINUTES * 60, path="/", secure=True, httponly=True, samesite="lax")
    return answer


@router.get("/callback", response_class=HTMLResponse, responses=HTML)
def end(request: Request, at: At) -> Response:
    """End a log-in that the provider sends back: a session in a cookie, as after a log-in with a password."""
    subject = _provider(at).end(dict(request.query_params), request.cookies.get(BEGUN, ""), at.now())
    token, _ = at.accounts.come_in(subject, at.now())
    # a page, not a redirect: the strict cookie is not sent on a chain that began at another site
    where = escape(AFTER)
    text = f'<!doctype html><meta http-equiv="refresh" content="0;url={where}"><title>fenji</title><a href="{where}">fenji</a>'
    answer = HTMLResponse(text, headers={"cache-control": "no-store"})
    answer.delete_cookie(BEGUN, path="/", secure=True, httponly=True, samesite="lax")
    answer.set_cookie(COOKIE, token, SESSION_HOURS * 3600, path="/", secure=True, httponly=True, samesite="strict")
    return answer


def _provider(at: Office) -> Oidc:
    if at.oidc is None:
        raise InputError("not-found", "this installation has no identity provider", "log in at /v1/sessions", Place())
    return at.oidc
