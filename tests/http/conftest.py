"""A served installation: people with keys and accounts of every role, in two enterprises and two units."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.access.permissions import permissions
from api.cli.options import now
from api.cli.rulebooks import Beside, choose_for_record
from api.client import Client
from api.http.app import create
from api.http.limits import Rate
from api.http.office import Office, Settings
from engine.evidence.installation import init, open_home
from engine.evidence.keys import Holder
from engine.evidence.log import stamp
from engine.store.access import Account
from engine.supervise import uscc
from tests.http.serving import Server


def code(body: str) -> str:
    """Return a unified code: 17 characters with the right check character."""
    return body + uscc.check_character(body)


POLICIES = Path(__file__).parents[2] / "rules/samples/policies"
PASSWORD = "a long enough secret"  # noqa: S105 - of a test
UNITS = {"a": "市工信局", "b": "市监局"}
FIRMS = {"a": code("91320100MA0000000"), "b": code("91320100MA0000001")}


@dataclass
class Served:
    """The application, a client without an account, and an API key per account (`role` or `role-b`)."""

    app: FastAPI
    client: TestClient
    keys: dict[str, str]

    @property
    def office(self) -> Office:
        found: Office = self.app.state.office
        return found

    def of(self, who: str) -> Client:
        """Return the client of an account, in this process."""
        return Client(key=self.keys[who] if who else "", http=self.client)

    def call(self, who: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Send a request as an account, or as nobody for ``."""
        shown = {"authorization": f"Bearer {self.keys[who]}"} if who else {}
        return self.client.request(method, path, json=body, headers={**shown, **headers})


def people(home: Path, moment: datetime) -> None:
    """Make the actors whose keys sign."""
    init(home, "fenji.example/http", "sqlite:store.db", stamp(moment))
    with open_home(home) as opened:
        first = opened.add_actor(Holder("chen", "陈静", "市工信局", ("admin", "official")), "decision", stamp(moment), None)
        firms = [(f"firm-{tenant}", f"{tenant}公司", FIRMS[tenant], ("enterprise",)) for tenant in FIRMS]
        for sub, name, unit, roles in [
            ("li", "李强", "市监局", ("official",)),
            ("sun", "孙立", "市监局", ("official",)),
            ("wang", "王磊", "市工信局", ("official",)),
            ("he", "何平", "市工信局", ("official",)),
            *firms,
        ]:
            opened.add_actor(Holder(sub, name, unit, roles), "decision", stamp(moment), first)


def accounts(office: Office) -> dict[str, str]:
    """Make an account of every role in each of two tenants, and return an API key of each with all its scopes."""
    table, keys = permissions(), {}
    for role, about in table.roles.items():
        for tenant, code in FIRMS.items():
            firm = about["of"] == "enterprise"
            actor = f"firm-{tenant}" if firm else {"a": "wang" if role == "reviewer" else "chen", "b": "li"}[tenant]
            name = role if tenant == "a" else f"{role}-b"
            made = Account(name, name, actor, (role,), code if firm else "", "" if firm else UNITS[tenant])
            office.accounts.store.put(made)
            scopes = tuple(action for action in table.actions if table.may_ever(role, action))
            keys[name] = office.accounts.make_key(made, scopes, office.now())
    others = [(f"{role}-c", "he", role, "a") for role in ("intake", "reviewer", "decider")]
    colleagues = [("second-b", "sun", "decider", "b"), *others]
    for name, actor, role, tenant in colleagues:  # of the same unit as the others of that tenant
        made = Account(name, name, actor, (role,), "", UNITS[tenant])
        office.accounts.store.put(made)
        scopes = tuple(action for action in table.actions if table.may_ever(role, action))
        keys[name] = office.accounts.make_key(made, scopes, office.now())
    return keys


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One application for all tests: what they record stays apart by its ids."""
    home = tmp_path_factory.mktemp("served") / "home"
    people(home, now() - timedelta(hours=1))
    settings = Settings(
        home,
        now,
        lambda opened, day: choose_for_record(opened, "", day),
        share=lambda opened, day, enterprise: choose_for_record(opened, "", day, Beside(str(POLICIES), enterprise)),
    )
    app = create(settings, Rate(10_000, 10_000))
    with TestClient(app, base_url="https://testserver", raise_server_exceptions=False) as client:
        yield Served(app, client, accounts(app.state.office))


@dataclass(frozen=True)
class Running:
    """A server in a process of its own, with an API key of every role; rates are not limited."""

    server: Server
    keys: dict[str, str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    def client(self, who: str = "") -> Client:
        """Return a client as an account, or as nobody for ``."""
        return Client(self.url, self.keys[who] if who else "", language="en")


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One real server for all tests that need one."""
    home = tmp_path_factory.mktemp("running") / "home"
    people(home, now())
    office = Office(Settings(home, now, lambda opened, day: choose_for_record(opened, "", day)))
    keys = accounts(office)
    office.close()
    with Server("fenji", str(home)) as server:
        yield Running(server, keys)
