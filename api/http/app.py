"""The application: middleware, problems, routes, and what operators ask."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse

from api.http import pages, problems
from api.http.around import Around
from api.http.document import describe, ways
from api.http.hooks import Hooks
from api.http.jobs import Jobs
from api.http.limits import Limits, Rate
from api.http.measures import Measures
from api.http.office import Office, Settings
from api.http.upkeep import Upkeep
from api.http.v1 import (
    access,
    calendar,
    cases,
    datasets,
    decisions,
    feeds,
    filings,
    incidents,
    jobs,
    log,
    oidc,
    pilots,
    reports,
    rules,
    sharing,
    simulations,
    transfers,
    webhooks,
)
from api.http.work import kinds
from engine.errors import FenjiError, StoreError

EVERY = 1.0  # seconds between looks for a rulebook that was activated (design): so long answers may still stand on the old one
SUPERVISED = (datasets, sharing, transfers, pilots, incidents, simulations)
NOUNS = (rules, filings, cases, decisions, *SUPERVISED, log, calendar, reports, access, oidc, jobs, webhooks, feeds)
ROUTERS = tuple(noun.router for noun in NOUNS)


def create(settings: Settings, rate: Rate | None = None) -> FastAPI:
    """Return the application over an installation, which is opened when it starts."""

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        at = app.state.office = Office(settings)
        at.jobs = Jobs(at.service, at.master, at.now, kinds(at))
        at.hooks = Hooks(at.service, at.accounts, lambda: at.home, at.now, at.master)
        upkeep = Upkeep(at.now, (at.once.tidy, at.accounts.tidy, at.jobs.tidy, at.hooks.tidy))
        watch = Upkeep(at.now, (at.refresh,), EVERY)
        for each in (at.jobs, at.hooks, upkeep, watch):
            each.start()
        yield
        watch.close()
        upkeep.close()
        at.hooks.close()
        at.jobs.close()
        at.close()

    app = FastAPI(
        title="fenji", version="1", summary="分级", lifespan=life, docs_url=None, redoc_url=None, redirect_slashes=False
    )
    app.state.measures = Measures()
    problems.handle(app)
    for router in ROUTERS:
        app.include_router(router, prefix="/v1")
    _operators(app)
    app.state.ways = ways(ROUTERS, "/v1")
    describe(app, app.state.ways)
    pages.show(app)
    app.add_middleware(Limits, rate=rate or Rate())
    app.add_middleware(Around, measures=app.state.measures)
    return app


def _operators(app: FastAPI) -> None:
    @app.get("/healthz", tags=["operators"])
    async def alive() -> dict[str, str]:
        """Tell that the process runs."""
        return {"status": "alive"}

    @app.get("/readyz", tags=["operators"])
    def ready(request: Request) -> dict[str, str]:
        """Tell that the store can be read, and that the rulebook in force is the one that answers."""
        at: Office = request.app.state.office
        try:
            at.home.head()
        except FenjiError as error:
            problem = "the store cannot be read, or is not the one that was published"
            raise StoreError("not-ready", problem, "its operator finds the reason in the server's log") from error
        if at.outdated:
            problem = "another rulebook was activated, and is not read"
            raise StoreError("not-ready", problem, "wait; when it stays so, the server's log says why")
        return {"status": "ready", "rulebook": at.chosen.release}

    @app.get("/metrics", tags=["operators"], response_class=PlainTextResponse)
    def metrics(request: Request) -> Response:
        """Count requests and how long they took, by route; and what waits, in the text format of Prometheus."""
        at: Office = request.app.state.office
        waits = {"waiting": at.writer.waiting, "jobs_unfinished": at.service.count_unfinished()}
        for state in ("waiting", "dead"):
            waits[f"deliveries_{state}"] = at.service.count_deliveries(state)
        return Response(request.app.state.measures.text(waits), media_type="text/plain; version=0.0.4")
