"""Calendar feeds: a secret address shows deadlines as far as its account may see them, until it is revoked."""

from __future__ import annotations

from dataclasses import replace

import pytest
from icalendar import Calendar

from api.http.v1.feeds import MOST
from engine.evidence.installation import Installation
from engine.evidence.log import stamp
from engine.supervise import cases, filings
from engine.supervise.streams import Streams
from tests.http.conftest import FIRMS, Served
from tests.http.test_app import SURE

UNIT = "市工信局"


@pytest.fixture(scope="module")
def case(served: Served) -> str:
    """An open case of the first enterprise, handled by the first unit."""
    at = served.office
    moment = at.now()
    key = {sub: at.home.actors.key_of(sub, "decision", stamp(moment)) for sub in ("chen", "li", "firm-a")}

    def made(opened: Installation) -> str:
        streams = Streams(opened, at.chosen.rulebook)
        about = {"name": "甲公司张三", "product": "产线视觉检测", "pack": "nanjing-tiering", "party_role": "maker"}
        facts = {name: value for name, value in SURE.items() if name != "about"}
        filed = {"phase": "operation", "unit": UNIT, "holder": FIRMS["a"], "facts": facts}
        filing = filings.draft(streams, "", {**about, **filed}, key["firm-a"], moment).state.stream
        filings.submit(streams, filing, {}, key["firm-a"], moment)
        opening = cases.Opening("ex-ante-review", fields={"legal": "plan", "reasons": "拟入公共场所"})
        office = cases.Office(streams, key["chen"], moment, second=key["li"])
        return cases.open_case(office, filing, opening).state.stream

    return at.writer.do(made)


def shown(served: Served, url: str) -> list[str]:
    got = served.client.get(url)
    assert got.status_code == 200, got.text
    assert got.headers["content-type"].startswith("text/calendar")
    assert "张三" not in got.text
    return [str(event["description"]) for event in Calendar.from_ical(got.content).walk("VEVENT")]


@pytest.mark.parametrize(
    ("who", "sees"),
    [("applicant", True), ("applicant-b", False), ("reviewer", True), ("reviewer-b", False), ("unit_opinion", True)],
)
def test_a_feed_shows_what_its_account_may_see(served: Served, case: str, who: str, sees: bool) -> None:
    url = served.call(who, "POST", "/v1/calendar/feeds").json()["url"]
    assert any(case in each for each in shown(served, url)) is sees


def test_a_feed_ends_when_it_is_revoked_or_its_account_is_disabled(served: Served) -> None:
    made = served.call("viewer", "POST", "/v1/calendar/feeds").json()
    assert served.client.get(made["url"] + "?lang=en").status_code == 200
    assert made["url"] not in served.call("viewer", "GET", "/v1/calendar/feeds").text
    assert served.call("viewer-b", "DELETE", f"/v1/calendar/feeds/{made['id']}").status_code == 404
    store = served.office.accounts.store
    account = store.account("id", "viewer")
    assert account is not None
    store.put(replace(account, disabled=True))
    assert served.client.get(made["url"]).status_code == 404
    store.put(account)
    assert served.call("viewer", "DELETE", f"/v1/calendar/feeds/{made['id']}").status_code == 204
    assert served.client.get(made["url"]).status_code == 404
    assert served.client.get("/v1/calendar/feeds/guess.ics").status_code == 404
    assert served.call("administrator", "POST", "/v1/calendar/feeds").status_code == 403


def test_a_code_that_was_typed_in_another_way_is_of_the_same_firm(served: Served, case: str) -> None:
    store = served.office.accounts.store
    account = store.account("id", "viewer")
    assert account is not None
    store.put(replace(account, enterprise=f" {FIRMS['a'].lower()}"))
    try:
        made = served.call("viewer", "POST", "/v1/calendar/feeds").json()
        assert any(case in each for each in shown(served, made["url"]))
    finally:
        store.put(account)


def test_feeds_are_bounded(served: Served) -> None:
    def revoked() -> None:
        for each in served.call("editor", "GET", "/v1/calendar/feeds").json():
            assert served.call("editor", "DELETE", f"/v1/calendar/feeds/{each['id']}").status_code == 204

    revoked()  # what other tests made
    codes = [served.call("editor", "POST", "/v1/calendar/feeds").status_code for _ in range(MOST + 1)]
    assert codes == [201] * MOST + [422]
    revoked()
