"""Reads of streams: one by its id, its events, every row, and the pages of a queue."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, tuple_

from engine.errors import InputError
from engine.store import tables as t
from engine.store.append import COLUMNS, Projection
from engine.store.reading import RECORD, Record, along, connected, record_of

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from engine.store.opening import Store

ORDERS = ("due", "updated")
_STREAM = select(*(t.stream.c[name] for name in COLUMNS))


def stream(store: Store, stream_id: str) -> Projection | None:
    """Return a stream as its last event left it, or None. Raises StoreError."""
    with connected(store) as connection:
        row = connection.execute(_STREAM.where(t.stream.c.id == stream_id)).first()
    return Projection(*row) if row else None


def rows(store: Store) -> Iterator[Projection]:
    """Yield the row of every stream by id. Raises StoreError."""
    for row in along(store, _STREAM, t.stream.c.id, ""):
        yield Projection(*row[:-1])


def events(store: Store, stream_id: str, start: int = 1) -> list[Record]:
    """Return the events of a stream from number `start` on. Raises StoreError."""
    e = t.event.c
    query = RECORD.join(t.event, e.seq == t.record.c.seq).where(e.stream == stream_id, e.number >= start).order_by(e.number)
    with connected(store) as connection:
        return [record_of(row) for row in connection.execute(query)]


def at(store: Store, place: str) -> Record | None:
    """Return the event at a place written `STREAM/NUMBER`, or None. Raises StoreError."""
    stream_id, _, number = place.rpartition("/")
    if not stream_id or not number.isdecimal() or len(number) > len("2147483647") - 1:
        return None
    e = t.event.c
    query = RECORD.join(t.event, e.seq == t.record.c.seq).where(e.stream == stream_id, e.number == int(number))
    with connected(store) as connection:
        row = connection.execute(query).first()
    return record_of(row) if row else None


def places(store: Store) -> Iterator[tuple[int, str, int]]:
    """Yield the place of every event in the order of the log: leaf, stream, number. Raises StoreError."""
    e = t.event.c
    for row in along(store, select(e.seq, e.stream, e.number), e.seq, -1):
        yield row.seq, row.stream, row.number


@dataclass(frozen=True, slots=True)
class Page:
    """What a queue asks for: the streams that have these values, along `due` or `updated`, after a row of the page before.

    A tuple of values means any of them. `before` keeps those whose next deadline, as it is written, sorts before it.
    """

    where: Mapping[str, str | int | tuple[str, ...]]
    order: str = "due"
    after: tuple[str, str] | None = None  # the order's value and the id of the last row seen
    limit: int = 50
    newest: bool = False
    before: str = ""


def _has(column: ColumnElement[Any], value: str | int | tuple[str, ...]) -> ColumnElement[bool]:
    return column.in_(value) if isinstance(value, tuple) else column == value


def open_about(store: Store, subject: str) -> str:
    """Return the open stream about a subject, by the subject's keyed hash; empty when there is none. Raises StoreError."""
    query = select(t.stream.c.id).where(t.stream.c.subject == subject, t.stream.c.closed == 0)
    with connected(store) as connection:
        return str(connection.execute(query).scalar() or "")


def open_among(store: Store, names: Collection[str]) -> frozenset[str]:
    """Return those of some streams that are there and open. Raises StoreError."""
    if not names:
        return frozenset()
    query = select(t.stream.c.id).where(t.stream.c.id.in_(sorted(names)), t.stream.c.closed == 0)
    with connected(store) as connection:
        return frozenset(connection.execute(query).scalars())


def queue(store: Store, page: Page) -> list[Projection]:
    """Return one page of streams; only the columns of `tables.QUEUE` are asked for. Raises InputError, StoreError.

    A stream of nothing but refused attempts has no state, and stands in a page only where that state is asked for.
    """
    strange = sorted(set(page.where) - set(t.QUEUE))
    if strange or page.order not in ORDERS:
        remedy = f"by {', '.join(t.QUEUE)}; in the order of {' or '.join(ORDERS)}"
        raise InputError("wrong-queue", f"there is no queue by `{', '.join(strange) or page.order}`", remedy)
    along, key = t.stream.c[page.order], t.stream.c.id
    query = _STREAM.where(*(_has(t.stream.c[name], value) for name, value in page.where.items())).limit(page.limit)
    if "state" not in page.where:
        query = query.where(t.stream.c.state != "")
    if page.before:
        query = query.where(t.stream.c.due < page.before)
    if page.after:
        seen = tuple_(along, key)
        query = query.where(seen < page.after if page.newest else seen > page.after)
    query = query.order_by(along.desc(), key.desc()) if page.newest else query.order_by(along, key)
    with connected(store) as connection:
        return [Projection(*row) for row in connection.execute(query)]
