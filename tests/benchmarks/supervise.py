"""What a transition costs beside its durable append, and a page of the queue over many cases.

`python -m tests.benchmarks.supervise`; times are CPU times of this process.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory

from engine.store.append import NO_DUE, Projection
from engine.store.streams import Page, queue
from engine.supervise import queued
from engine.supervise.state import Run, State
from engine.supervise.streams import Act
from tests.ledger import projected
from tests.supervise.desk import Desk, desk

CASES, EVENTS, PAGES = 100_000, 200, 30
BAR_TRANSITION, BAR_PAGE = 5.0, 20.0  # milliseconds
UNITS = ("市工信局", "市市场监管局", "市公安局", "市数据局", "市科技局")
DISTRICTS = ("玄武区", "秦淮区", "建邺区", "鼓楼区", "浦口区", "栖霞区", "雨花台区", "江宁区", "六合区", "溧水区", "高淳区")
FILTERS: tuple[dict[str, str | int], ...] = (
    {"closed": 0},
    {"closed": 0, "unit": UNITS[0]},
    {"closed": 0, "unit": UNITS[1], "district": DISTRICTS[3], "tier": "t1"},
    {"closed": 0, "assignee": "p7", "state": "objected"},
    {"closed": 1, "state": "archived", "tier": "t0"},
    {"assignee": "nobody"},
)


def timed(work: Callable[[int], object], count: int) -> float:
    """Return the median of so many runs, in milliseconds."""
    found = []
    for number in range(count):
        start = time.process_time()  # of this process alone: SQLite runs in it, and others may share the machine
        work(number)
        found.append(1000 * (time.process_time() - start))
    return median(found)


def judged(what: str, figure: float, bar: float) -> None:
    """Print a figure beside its bar."""
    print(f"{what}: {figure:.2f} ms (bar <= {bar:g} ms): {'pass' if figure <= bar else 'FAIL'}")


def transitions(on: Desk) -> None:
    """Time the judgement and the building of an event, and the whole with its durable append."""
    on.act("s", "filing", "draft", "firm", {})
    who, streams = on.people["firm"], on.streams

    def act(number: int) -> Act:
        return Act("s", "filing", "save", who, on.now, {"product": f"{number}", "facts": {"a.b": True}})

    judged(
        "a transition: state read, judged, event built",
        timed(lambda number: streams._entry(streams._prepared(act(number))), EVENTS),
        BAR_TRANSITION,
    )
    print(f"the same with its durable append: {timed(lambda number: streams.perform(act(number)), EVENTS):.2f} ms")


def rows(random: Random) -> Iterator[Projection]:
    """Yield the rows of many cases, most of them closed."""
    for number in range(CASES):
        closed, name = int(random.random() < 0.6), f"case-{number:06}"
        due = NO_DUE if closed else f"2026-{random.randrange(1, 13):02}-{random.randrange(1, 29):02}"
        run = Run("decision", "2026-01-01", stopped="2026-01-02") if closed else Run("decision", "2026-01-01", (), None, due, due)
        yield projected(
            name,
            1 + random.randrange(30),
            process=random.choice(("ex-ante-review", "disclosure-tracking", "results-based")),
            state="archived" if closed else random.choice(("submitted", "accepted", "proposed", "served", "objected")),
            closed=closed,
            unit=random.choice(UNITS),
            district=random.choice(DISTRICTS),
            tier=random.choice(("t1", "t2", "t3")),
            assignee=f"p{random.randrange(60)}",
            due=due,
            updated=f"2026-{random.randrange(1, 13):02}-{random.randrange(1, 29):02}T08:00:00.000Z",
            fold=State(name, "ex-ante-review", "accepted", clocks=(run,), due=due, closed=bool(closed)).text(),
        )


def pages(on: Desk) -> None:
    """Time the first page of every filter in both orders, and a page in the middle."""
    store = on.home.store
    store.appender.replace(list(rows(Random(1))))
    worst = 0.0
    for where in FILTERS:
        for order in ("due", "updated"):
            page = Page(where, order, newest=order == "updated")
            figure = timed(lambda _, page=page: queue(store, page), PAGES)  # type: ignore[misc]
            worst = max(worst, figure)
            print(f"  {order} {where}: {figure:.2f} ms, {len(queue(store, page))} rows")
    middle = Page({"closed": 0}, after=("2026-06-15", "case-050000"))
    worst = max(worst, timed(lambda _: queue(store, middle), PAGES))
    judged(f"a page of the queue over {CASES} cases, the slowest of {2 * len(FILTERS) + 1}", worst, BAR_PAGE)
    marked = timed(lambda _: queued.page(on.streams, middle, on.now), PAGES)
    judged("a page with its marks", marked, BAR_PAGE)
    overdue = timed(lambda _: queued.overdue_page(on.streams, middle, datetime(2026, 6, 20, tzinfo=UTC)), PAGES)
    judged("a page of what is overdue", overdue, BAR_PAGE)


def run() -> None:
    """Print all figures."""
    with TemporaryDirectory() as folder, desk(Path(folder)) as on:
        transitions(on)
        pages(on)


if __name__ == "__main__":
    run()
