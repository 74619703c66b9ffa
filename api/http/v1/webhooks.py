"""Webhooks: addresses that are told what is recorded, and what became of each delivery."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field

from api.access.permissions import Thing
from api.http import hooks
from api.http.body import Sent, Strict
from api.http.office import Needs, Office, not_found, office
from api.http.outward import LONGEST
from engine.errors import InputError
from engine.evidence.log import new_id
from engine.store.service import Delivery, Webhook

router = APIRouter(prefix="/webhooks", tags=["webhooks"], route_class=Strict, dependencies=[Depends(Needs("webhook.manage"))])
At = Annotated[Office, Depends(office)]
State = Literal["", "waiting", "delivered", "dead"]
MOST = 20  # webhooks of an account
PAGE = 50


class New(Sent):
    """An address to tell, and the types of events it wants; every type that the account may see when none is named."""

    url: str = Field(min_length=1, max_length=LONGEST)
    types: list[Annotated[str, Field(max_length=100)]] = Field(default_factory=list, max_length=50)


@router.post("", status_code=201)
def add(request: Request, sent: New, at: At) -> dict[str, Any]:
    """Add a webhook; its secret is shown this once."""
    who = at.allow(request, "webhook.manage")
    if len(at.service.webhooks(who.account)) >= MOST:
        raise InputError("too-many-webhooks", f"an account has at most {MOST} webhooks", "delete one first")
    made, secret = at.hooks.add(new_id(at.now()), who, sent.url, tuple(sent.types))
    return {**hooks.summary(made), "secret": secret}


@router.get("")
def webhooks(request: Request, at: At) -> list[dict[str, Any]]:
    """List one's own webhooks."""
    who = at.allow(request, "webhook.manage")
    return [hooks.summary(each) for each in at.service.webhooks(who.account)]


@router.delete("/{webhook}", status_code=204)
def remove(request: Request, webhook: str, at: At) -> None:
    """Remove a webhook and what was still to be delivered to it."""
    at.service.drop_webhook(_own(request, webhook, at).id)


@router.get("/{webhook}/deliveries")
def deliveries(  # noqa: PLR0913, PLR0917 - each is a parameter of the query
    request: Request,
    webhook: str,
    at: At,
    state: State = "",
    after: Annotated[str, Query(max_length=100)] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> dict[str, Any]:
    """List deliveries in the order of the log: `dead` are those that were given up."""
    found = at.service.deliveries(_own(request, webhook, at).id, state, after, limit + 1)
    more = (
        f"/v1/webhooks/{webhook}/deliveries?state={state}&after={found[limit - 1].id}&limit={limit}"
        if len(found) > limit
        else None
    )
    return {"items": list(hooks.deliveries(found[:limit])), "next": more}


@router.post("/{webhook}/deliveries/{delivery}/redeliver", status_code=202)
def redeliver(request: Request, webhook: str, delivery: str, at: At) -> dict[str, Any]:
    """Deliver something again, under the same id; what waits already is attempted now."""
    own = _own(request, webhook, at)
    found = at.service.one(Delivery, "id", delivery)
    if found is None or found.webhook != own.id:
        raise not_found()
    return next(hooks.deliveries([at.hooks.redeliver(found)]))


def _own(request: Request, webhook: str, at: Office) -> Webhook:
    """Return a webhook of one's own: nobody else's is found, whatever one's reach."""
    who = at.allow(request, "webhook.manage", Thing(account=at.who(request).account, enterprise=at.who(request).enterprise))
    found = at.service.one(Webhook, "id", webhook)
    if found is None or found.account != who.account:
        raise not_found()
    return found
