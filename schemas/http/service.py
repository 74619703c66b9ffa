"""What is told of the service itself: problems, pages, jobs, batches, webhooks."""

from __future__ import annotations

from typing import Generic, Literal, TypeVar

from pydantic import BaseModel

from schemas.answer import Answer
from schemas.duties import Overall

T = TypeVar("T")


class Fault(BaseModel):
    """One fault of a request: the JSON pointer at which it stands, its code, and its text in both languages.

    `rule` is what refuses it, as `TABLE/EVENT#CONDITION` of a life cycle or a rule of a pack; `law_ref` its clauses.
    """

    pointer: str
    code: str
    message_zh: str
    message_en: str
    help: str = ""
    rule: str = ""
    law_ref: str = ""


class Problem(BaseModel):
    """A problem of RFC 9457 with the members that fenji adds; `trace_id` is what the server's own log calls the request.

    In Chinese `detail` is the name of the code with place, rule and law; the sentences in `errors` are in English alone.
    """

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    title_zh: str
    title_en: str
    errors: list[Fault]
    trace_id: str


class Listed(BaseModel, Generic[T]):
    """A page; `next` is the address of the next one, null on the last."""

    items: list[T]
    next: str | None


class JobShown(BaseModel):
    """A job: how far it is, how long it may still take, what went wrong, and where its result is once it is done."""

    id: str
    kind: str
    state: Literal["waiting", "running", "cancelling", "done", "failed", "cancelled", "interrupted"]
    done: int
    total: int
    made: str
    changed: str
    seconds_left: int | None
    code: str
    problem: str
    result: str | None

    @property
    def over(self) -> bool:
        """Whether nothing changes it any more."""
        return self.state not in ("waiting", "running", "cancelling")


class BatchRow(BaseModel):
    """The answer to one filing of a batch, or the problem that refuses it; `id` is the caller's own."""

    number: int
    id: str
    status: int
    answer: Answer | Overall | None = None
    problem: Problem | None = None


class Batch(BaseModel):
    """The answers to a batch on a day, in the order in which the filings were sent."""

    as_of: str
    results: list[BatchRow]


class WebhookShown(BaseModel):
    """A webhook; `seen_up_to` is the leaf of the log from which it is told next, and `off` one whose receiver said 410."""

    id: str
    url: str
    types: list[str]
    made: str
    state: Literal["on", "off"]
    seen_up_to: int


class WebhookMade(WebhookShown):
    """A new webhook, with the secret that signs what it is told."""

    secret: str


class DeliveryShown(BaseModel):
    """A delivery: `said` is the status of the last answer, or in a word why there was none."""

    id: str
    type: str
    state: Literal["waiting", "delivered", "dead"]
    attempts: int
    due: str
    changed: str
    said: str
