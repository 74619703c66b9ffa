"""How streams are shown: a row of a queue, one with what it says, its events, its clocks, and what may happen next."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from fastapi import Request, Response
from pydantic import BaseModel

from api.http.acts import Filter
from api.http.conditions import etag
from api.http.office import Office
from api.http.paging import USUAL, After, Limit, Paging
from api.http.things import Noun
from api.render import streams as written
from api.render.clocks import item_json
from engine.errors import InputError, Place
from engine.store.append import NO_DUE
from engine.store.streams import Page
from engine.supervise import queued
from engine.supervise.agenda import items
from engine.supervise.filings import FACTS, content
from engine.supervise.queued import Queued
from engine.supervise.state import State
from engine.supervise.step import offered
from engine.supervise.streams import Streams, history
from schemas.http.streams import Clock, Happened, Next, Row, Shown, Words


class Queue(Paging):
    """Which page of a queue is asked for: of streams in a state, of a unit, in a district, and in which order."""

    def __init__(  # noqa: PLR0913, PLR0917 - a filter each
        self,
        request: Request,
        limit: Limit = USUAL,
        after: After = "",
        state: Filter = "",
        unit: Filter = "",
        district: Filter = "",
        order: Literal["due", "updated"] = "due",
    ) -> None:
        """Read the parameters of a request."""
        super().__init__(request, limit, after)
        self.where = {"state": state, "unit": unit, "district": district}
        self.order = order


def shown(streams: Streams, state: State, *named: str) -> Response:
    """Return a stream with what it says, under its ETag; `named` are its facts fields where they are not called `facts`."""
    said = content(streams, state.stream, named or (FACTS,))
    return tagged(standing(streams, state, said.fields, said.facts, said.erased))


def tagged(found: BaseModel) -> Response:
    """Return what is shown of a stream under its ETag, the `number` of its events."""
    headers = {"etag": etag(found.model_dump()["number"]), "cache-control": "no-store"}
    return Response(found.model_dump_json(), 200, headers, "application/json")


def standing(streams: Streams, state: State, fields: Mapping[str, Any], facts: Mapping[str, Any], erased: int = 0) -> Shown:
    """Return a stream with what it says."""
    table = streams.table(state.process)
    label = next((each.label for each in table.states if each.id == state.name), None)
    return Shown(
        id=state.stream,
        process=state.process,
        state=state.name,
        title=Words(zh=label.zh, en=label.en) if label else Words(zh="", en=""),
        number=state.number,
        refused=state.refused,
        closed=state.closed,
        due=_due(state.due),
        opened=state.opened,
        updated=state.at,
        values=state.values,
        fields=dict(fields),
        facts=dict(facts),
        erased=erased,
        next=_next(streams, state),
    )


def _next(streams: Streams, state: State) -> list[Next]:
    return [
        Next(
            event=each.event,
            title=Words(zh=each.title.zh, en=each.title.en),
            roles=list(each.role),
            needs=each.needs,
            may=each.may,
            effect=each.effect,
            basis=[f"{source.instrument} {source.article}".strip() for source in each.sources],
        )
        for each in offered(streams.table(state.process), state)
        if not state.closed
    ]


def happened(streams: Streams, stream: str) -> list[Happened]:
    """Return the events of a stream, oldest first."""
    names = set(Happened.model_fields) - {"event"}
    return [
        Happened(event=each["event_id"], **{name: value for name, value in each.items() if name in names})
        for each in history(streams.home, stream)
    ]


def clocks(streams: Streams, state: State, at: datetime) -> list[Clock]:
    """Return the clocks of a stream that have not been stopped, by the calendar in force."""
    return [Clock.model_validate(item_json(each)) for each in items(streams, state, at)]


def listed(  # noqa: PLR0913 - how a page is asked for
    at: Office,
    paging: Paging,
    noun: Noun,
    where: Mapping[str, str | int | tuple[str, ...]],
    order: str = "due",
    *,
    overdue: bool = False,
) -> Response:
    """Return a page of the streams of a noun: the next deadline first, or what changed last (`updated`); of them the overdue."""
    processes = tuple(name for name, table in at.chosen.rulebook.lifecycles.items() if noun.of(table))
    kept: dict[str, str | int | tuple[str, ...]] = {"process": processes, **{n: v for n, v in where.items() if v != ""}}
    known = {each.id for name in processes for each in at.chosen.rulebook.lifecycles[name].states}
    if isinstance(asked := where.get("state", ""), str) and asked not in ("", *known):
        raise InputError("invalid", f"no state is called `{asked[:60]}`", f"the states are {', '.join(sorted(known))}", Place())
    if kept["process"] not in (processes, *processes):
        kept["process"] = ()  # of another noun: nothing here is of it
    after = paging.after(at.cursors)
    place = (str(after[0]), str(after[1])) if after else None
    wanted = Page(kept, order, place, paging.limit + 1, newest=order == "updated")
    rows = (queued.overdue_page if overdue else queued.page)(at.streams(), wanted, at.now())
    page, more = rows[: paging.limit], len(rows) > paging.limit
    last = (getattr(page[-1].row, order), page[-1].row.id) if more else None
    return paging.answer(at.cursors, [_row(each) for each in page], last)


def _row(of: Queued) -> Row:
    """Return a stream as a queue shows it; who holds it stands in no list."""
    said = written.listed(of)
    return Row.model_validate({**{name: said[name] for name in Row.model_fields}, "due": _due(of.row.due)})


def _due(text: str) -> str | None:
    return None if text == NO_DUE else text
