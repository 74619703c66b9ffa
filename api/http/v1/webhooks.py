"""Webhooks: addresses that are told what is recorded, and what became of each delivery."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from api.access.permissions import Thing
from api.http.acts import Id
from api.http.body import Sent, Strict
from api.http.hooks import DECIDED, RULES
from api.http.office import Needs, Office, not_found, office
from api.http.outward import LONGEST
from api.http.paging import LINKED, Paging
from engine.errors import InputError, Place
from engine.evidence.log import new_id
from engine.store.service import Delivery, Webhook
from schemas.http.service import DeliveryShown, Listed, WebhookMade, WebhookShown
from schemas.lifecycle import BUILT_IN

router = APIRouter(prefix="/webhooks", tags=["webhooks"], route_class=Strict, dependencies=[Depends(Needs("webhook.manage"))])
At = Annotated[Office, Depends(office)]
State = Literal["", "waiting", "delivered", "dead"]
MOST = 20  # webhooks of an account


class New(Sent):
    """An address to tell, and the types of events it wants; every type that the account may see when none is named."""

    url: str = Field(min_length=1, max_length=LONGEST)
    types: list[Annotated[str, Field(max_length=100)]] = Field(default_factory=list, max_length=50)


@router.post("", status_code=201)
def add(request: Request, sent: New, at: At) -> WebhookMade:
    """Add a webhook; its secret is shown this once."""
    who = at.allow(request, "webhook.manage")
    if len(at.service.webhooks(who.account)) >= MOST:
        raise InputError("too-many-webhooks", f"an account has at most {MOST} webhooks", "delete one first")
    known = _types(at)
    for number, name in enumerate(sent.types):
        if name not in known:
            problem, remedy = (
                f"no event is of the type `{name[:60]}`",
                "write PROCESS.EVENT of a life cycle, or decision.recorded",
            )
            raise InputError("invalid", problem, remedy, Place(f"#/types/{number}"))
    made, secret = at.hooks.add(new_id(at.now()), who, sent.url, tuple(sent.types))
    return WebhookMade(**_shown(made).model_dump(), secret=secret)


@router.get("")
def webhooks(request: Request, at: At) -> list[WebhookShown]:
    """List one's own webhooks."""
    who = at.allow(request, "webhook.manage")
    return [_shown(each) for each in at.service.webhooks(who.account)]


@router.delete("/{webhook}", status_code=204)
def remove(request: Request, webhook: Id, at: At) -> None:
    """Remove a webhook and what was still to be delivered to it."""
    at.service.drop_webhook(_own(request, webhook, at).id)


@router.get("/{webhook}/deliveries", response_model=Listed[DeliveryShown], responses={200: {"headers": LINKED}})
def deliveries(request: Request, webhook: Id, at: At, pages: Annotated[Paging, Depends()], state: State = "") -> Response:
    """List deliveries in the order of the log: `dead` are those that were given up."""
    after = pages.after(at.cursors) or [""]
    found = at.service.deliveries(_own(request, webhook, at).id, state, str(after[0]), pages.limit + 1)
    last = (found[pages.limit - 1].id,) if len(found) > pages.limit else None
    return pages.answer(at.cursors, [_told(each) for each in found[: pages.limit]], last)


@router.post("/{webhook}/deliveries/{delivery}/redeliver", status_code=202)
def redeliver(request: Request, webhook: Id, delivery: Id, at: At) -> DeliveryShown:
    """Deliver something again, under the same id; what waits already is attempted now."""
    own = _own(request, webhook, at)
    found = at.service.one(Delivery, "id", delivery)
    if found is None or found.webhook != own.id:
        raise not_found()
    return _told(at.hooks.redeliver(found))


def _types(at: Office) -> set[str]:
    """Return the types of what webhooks are told: records, and the events of every life cycle in force."""
    tables = at.chosen.rulebook.lifecycles
    events = {f"{name}.{each}" for name, table in tables.items() for each in (*(t.event for t in table.transitions), *BUILT_IN)}
    return {DECIDED, *RULES.values(), *events}


def _shown(of: Webhook) -> WebhookShown:
    return WebhookShown.model_validate(
        {name: getattr(of, name) for name in ("id", "url", "made", "state")} | {"types": of.types, "seen_up_to": of.cursor}
    )


def _told(of: Delivery) -> DeliveryShown:
    return DeliveryShown.model_validate({name: getattr(of, name) for name in DeliveryShown.model_fields})


def _own(request: Request, webhook: Id, at: Office) -> Webhook:
    """Return a webhook of one's own: nobody else's is found, whatever one's reach."""
    who = at.allow(request, "webhook.manage", Thing(account=at.who(request).account, enterprise=at.who(request).enterprise))
    found = at.service.one(Webhook, "id", webhook)
    if found is None or found.account != who.account:
        raise not_found()
    return found
