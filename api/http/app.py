"""The application: middleware, problems, routes, and what operators ask."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response
from starlette.middleware.base import RequestResponseEndpoint

from api.http import problems
from api.http.document import describe, ways
from api.http.limits import Limits, Rate
from api.http.office import Office, Settings
from api.http.v1 import access, datasets, decisions, filings, incidents, log, pilots, rules, sharing, simulations, transfers

MORE = (datasets.router, sharing.router, transfers.router, pilots.router, incidents.router, simulations.router)
ROUTERS = (rules.router, filings.router, decisions.router, *MORE, log.router, access.router)
LOG = logging.getLogger("fenji.http")
HEADERS = {
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


def create(settings: Settings, rate: Rate | None = None) -> FastAPI:
    """Return the application over an installation, which is opened when it starts."""

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        app.state.office = Office(settings)
        yield
        app.state.office.close()

    app = FastAPI(
        title="fenji", version="1", summary="分级", lifespan=life, docs_url=None, redoc_url=None, redirect_slashes=False
    )
    app.state.counts = Counter()
    problems.handle(app)
    for router in ROUTERS:
        app.include_router(router, prefix="/v1")
    _operators(app)
    app.state.ways = ways(ROUTERS, "/v1")
    describe(app, app.state.ways)
    app.add_middleware(Limits, rate=rate or Rate())

    @app.middleware("http")
    async def around(request: Request, call_next: RequestResponseEndpoint) -> Response:
        start = time.perf_counter()
        response = await call_next(request)
        route = getattr(request.scope.get("route"), "path", "")
        app.state.counts[request.method, route, response.status_code] += 1
        response.headers.update({**HEADERS, "x-trace-id": problems.trace_of(request)})
        spent = round(1000 * (time.perf_counter() - start), 1)
        told = {"trace_id": problems.trace_of(request), "route": route, "status": response.status_code, "ms": spent}
        LOG.info("answered", extra=told)
        return response

    return app


def _operators(app: FastAPI) -> None:
    @app.get("/healthz", tags=["operators"])
    async def alive() -> dict[str, str]:
        """Tell that the process runs."""
        return {"status": "alive"}

    @app.get("/readyz", tags=["operators"])
    def ready(request: Request) -> dict[str, str]:
        """Tell that the store can be read and the writer is not overrun."""
        at: Office = request.app.state.office
        at.home.head()
        return {"status": "ready", "rulebook": at.chosen.release}

    @app.get("/metrics", tags=["operators"])
    async def metrics(request: Request) -> Response:
        """Count requests by method, route and status, in the text format of Prometheus."""
        at: Office = request.app.state.office
        lines = ["# TYPE fenji_requests_total counter"]
        for (method, route, status), count in sorted(request.app.state.counts.items()):
            lines.append(f'fenji_requests_total{{method="{method}",route="{route}",status="{status}"}} {count}')
        lines += ["# TYPE fenji_waiting gauge", f"fenji_waiting {at.writer.waiting}"]
        return Response("\n".join(lines) + "\n", media_type="text/plain; version=0.0.4")
