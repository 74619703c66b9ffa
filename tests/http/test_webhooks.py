"""Webhooks against a real receiver: signed, repeated until taken, given up at last; and never into our own network."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from api.access.accounts import stamp
from api.http import hooks, outward
from api.http.hooks import BACKOFF, DEAD_DAYS, KEEP_DAYS, Hooks, told
from api.http.outward import Outward, public
from engine.errors import InputError
from engine.store import reading
from engine.store.service import Delivery, Webhook
from tests.http.conftest import FIRMS, Served
from tests.http.serving import free_port
from tests.http.test_app import SURE, decided


@dataclass
class Receiver:
    """A real server that keeps what it gets and answers what it is told to, 204 when nothing is left."""

    port: int = 0
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?token=t"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    kept = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            kept.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(kept.answers.pop(0) if kept.answers else 204)
            self.send_header("location", "http://127.0.0.1:1/")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield kept
    server.shutdown()
    server.server_close()


@dataclass
class Clock:
    at: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))  # due times are whole seconds

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def told_by(served: Served, clock: Clock) -> Iterator[Hooks]:
    """The webhooks of the served installation, told when the test says so, by a clock of its own."""
    at = served.office
    at.hooks.close()
    made = Hooks(at.service, at.accounts, lambda: at.home, clock, at.master)
    made.outward = Outward(here=True)
    at.hooks = made
    yield made
    made.outward = Outward()
    for each in at.service.webhooks():
        at.service.drop_webhook(each.id)


def added(served: Served, receiver: Receiver, who: str = "applicant", **more: Any) -> dict[str, Any]:
    got = served.call(who, "POST", "/v1/webhooks", {"url": receiver.url, **more})
    assert got.status_code == 201, got.text
    found: dict[str, Any] = got.json()
    return found


def recorded(served: Served, who: str = "applicant") -> Any:
    return decided(served, who, facts=SURE)


def rounds(hooks: Hooks, number: int = 1) -> None:
    with ThreadPoolExecutor(2) as pool:
        for _ in range(number):
            hooks.collect()
            hooks.send(pool)


def test_what_is_recorded_is_told_and_anybody_verifies_it(served: Served, told_by: Hooks, receiver: Receiver) -> None:
    made = added(served, receiver)
    assert "secret" not in served.call("applicant", "GET", "/v1/webhooks").json()[0]
    mine, _ = recorded(served).json()["id"], recorded(served, "applicant-b").json()["id"]
    rounds(told_by, 2)
    ((headers, body),) = receiver.got
    said = Verifier(made["secret"]).verify(body, headers)
    assert said["type"] == "decision.recorded"
    assert said["data"] == {"id": mine, "kind": "proposal", "pack": "nanjing-tiering"}
    with pytest.raises(WebhookVerificationError):
        Verifier(made["secret"]).verify(body + b" ", headers)
    assert set(said) == {"type", "timestamp", "data"}
    (one,) = served.call("applicant", "GET", f"/v1/webhooks/{made['id']}/deliveries").json()["items"]
    assert (one["state"], one["said"], one["id"]) == ("delivered", "204", headers["webhook-id"])
    for other in ("applicant-b", "decider"):
        assert served.call(other, "GET", f"/v1/webhooks/{made['id']}/deliveries").status_code == 404
    assert served.call("auditor", "GET", "/v1/webhooks").status_code == 403
    assert served.call("applicant", "DELETE", f"/v1/webhooks/{made['id']}").status_code == 204
    assert served.office.service.deliveries(made["id"]) == []


def test_who_is_told_what(served: Served, told_by: Hooks, receiver: Receiver) -> None:
    official = added(served, receiver, "decider")
    administrator = added(served, receiver, "administrator")
    choosy = added(served, receiver, "applicant-b", types=["ex-ante-review.notice"])
    recorded(served, "applicant-b")
    told_by.collect()
    service = served.office.service
    counts = [len(service.deliveries(each["id"])) for each in (official, administrator, choosy)]
    assert counts == [1, 0, 0]
    account = served.office.accounts.store.account("id", "decider")
    assert account is not None
    served.office.accounts.store.put(replace(account, disabled=True))
    try:
        recorded(served)
        told_by.collect()
        assert len(service.deliveries(official["id"])) == 1
    finally:
        served.office.accounts.store.put(account)


def test_a_failed_delivery_is_repeated_given_up_and_let_through_again(
    served: Served, told_by: Hooks, receiver: Receiver, clock: Clock
) -> None:
    made = added(served, receiver)
    recorded(served)
    receiver.answers = [500, 302] + [503] * 20
    waits = []
    for _ in range(len(BACKOFF) + 1):
        rounds(told_by)
        (one,) = served.office.service.deliveries(made["id"])
        if one.state == "dead":
            break
        waits.append(round((datetime.fromisoformat(one.due) - clock.at).total_seconds()))
        rounds(told_by)  # too early: nothing is sent
        clock.at = datetime.fromisoformat(one.due) + timedelta(seconds=1)
    assert len(receiver.got) == len(BACKOFF) + 1
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    assert all(low <= wait <= 1.1 * low + 1 for low, wait in zip(BACKOFF, waits, strict=True))
    path = f"/v1/webhooks/{made['id']}/deliveries"
    (dead,) = served.call("applicant", "GET", f"{path}?state=dead").json()["items"]
    assert dead["said"] == "503"
    assert served.call("applicant", "POST", f"{path}/nope/redeliver").status_code == 404
    receiver.answers = []
    assert served.call("applicant", "POST", f"{path}/{dead['id']}/redeliver").json()["state"] == "waiting"
    rounds(told_by)
    assert served.office.service.deliveries(made["id"])[0].state == "delivered"
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1


def test_a_receiver_that_is_gone_is_told_no_more(served: Served, told_by: Hooks, receiver: Receiver) -> None:
    made = added(served, receiver)
    receiver.answers = [410]
    for _ in range(2):
        recorded(served)
        rounds(told_by, 2)
    assert len(receiver.got) == 1
    assert served.call("applicant", "GET", "/v1/webhooks").json()[0]["state"] == "off"
    assert [each.state for each in served.office.service.deliveries(made["id"])] == ["dead"]


def test_nothing_is_forgotten_when_the_process_dies(served: Served, told_by: Hooks, receiver: Receiver) -> None:
    made = added(served, receiver)
    recorded(served)
    told_by.collect()
    recorded(served)
    again = Hooks(told_by.store, served.office.accounts, lambda: served.office.home, told_by._clock, served.office.master)
    again.outward = Outward(here=True)
    rounds(again, 2)
    told_by.store.run("UPDATE webhook SET cursor = cursor - 2")  # as if the transaction had been lost
    rounds(again, 2)
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 2
    assert len(served.office.service.deliveries(made["id"])) == 2


def test_the_thread_tells_by_itself(served: Served, told_by: Hooks, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "EVERY", 0.05)
    told_by.start()
    added(served, receiver)
    recorded(served)
    for _ in range(200):
        if receiver.got:
            break
        time.sleep(0.05)
    told_by.close()
    assert len(receiver.got) == 1


def test_an_event_of_a_stream_tells_its_state_only(served: Served) -> None:
    from api.cli import case_story
    from engine.evidence.log import stamp

    home, moment = served.office.home, served.office.now()
    official = home.actors.key_of("chen", "decision", stamp(moment))
    folder = Path(__file__).parents[2] / "rules"
    before = home.head()
    assert before is not None
    lines = served.office.writer.do(
        lambda opened: case_story.told(opened, served.office.chosen.rulebook, folder, official, moment)
    )
    assert lines
    events = [told(each) for each in reading.records(home.store, before.size) if each.kind == "event"]
    assert len(events) > 10
    for event in events:
        assert event is not None
        assert event[1].keys() == {"stream", "number", "process", "state"}
        assert not any("\u4e00" <= letter <= "\u9fff" for letter in json.dumps(event[1], ensure_ascii=False))


PRIVATE = """127.0.0.1 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 0.0.0.0 224.0.0.1 255.255.255.255 100.64.0.1 198.18.0.1
192.0.0.1 192.0.2.1 192.88.99.1 240.0.0.1 ::1 :: fe80::1 fe80::1%eth0 fc00::1 fd00::1 ff02::1 fec0::1 2001:db8::1
::ffff:127.0.0.1 ::ffff:10.0.0.1 ::127.0.0.1 ::ffff:0:127.0.0.1 64:ff9b::7f00:1 64:ff9b::a00:1 64:ff9b:1::1 2002:7f00:1::
2002:c0a8:101::1 2001::1 100::1"""
PUBLIC = "1.1.1.1 8.8.8.8 2606:4700:4700::1111 ::ffff:8.8.8.8 64:ff9b::808:808 2002:808:808::1 223.5.5.5"


def test_only_public_addresses_are_called() -> None:
    assert [each for each in PRIVATE.split() if public(each)] == []
    assert [each for each in PUBLIC.split() if not public(each)] == []


WRONG = [
    "http://example.org/", "ftp://example.org/", "https://", "https://user@example.org/", "https://127.0.0.1/", "https://[::1]/",
    "https://0x7f000001/", "https://2130706433/", "https://127.1/", "https://[::ffff:7f00:1]/", "https://localhost/",
    "https://169.254.169.254/latest", "https://[fe80::1%25lo]/", "https://example.org:99999/", "https://例子.中国/",
    "https://exa mple.org/", "https://no-such-host.invalid/", "//example.org", "javascript:alert(1)",
]  # fmt: skip


@pytest.mark.parametrize("url", WRONG)
def test_an_address_that_is_not_public_is_no_webhook(served: Served, url: str) -> None:
    got = served.call("applicant", "POST", "/v1/webhooks", {"url": url})
    assert (got.status_code, got.json()["code"] in ("private-address", "unknown-host")) == (422, True)


def test_a_name_is_resolved_once_and_every_address_it_has_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def resolver(found: list[str]) -> Any:
        def resolve(host: str, port: int, **_: Any) -> Any:
            asked.append(host)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in found]

        return resolve

    monkeypatch.setattr(socket, "getaddrinfo", resolver(["8.8.8.8", "10.0.0.1"]))
    with pytest.raises(InputError):
        Outward().checked("https://rebound.example/")
    asked.clear()
    monkeypatch.setattr(socket, "getaddrinfo", resolver(["8.8.8.8"]))
    called: list[Any] = []

    def connect(address: Any, _: float) -> Any:
        called.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(ConnectionRefusedError):
        Outward().post("https://rebound.example/", b"", {})
    assert (called, asked) == ([("8.8.8.8", 443)], ["rebound.example"])


def certificate(folder: Path, name: str) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(key.private_bytes(*form))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


@pytest.mark.parametrize(
    ("name", "trusted", "said"), [("localhost", True, 204), ("other.example", True, 0), ("localhost", False, 0)]
)
def test_a_receiver_proves_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, trusted: bool, said: int) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = certificate(tmp_path, name).wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    try:
        url = f"https://localhost:{server.server_address[1]}/"
        if said:
            assert Outward(here=True).post(url, b"{}", {}) == said
        else:
            with pytest.raises(ssl.SSLCertVerificationError):
                Outward(here=True).post(url, b"{}", {})
    finally:
        server.shutdown()
        server.server_close()


def test_a_receiver_that_dawdles_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outward, "SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def dawdle() -> None:
            sock, _ = server.accept()
            with sock:
                for _ in range(40):
                    try:
                        sock.sendall(b"H")
                    except OSError:
                        return
                    time.sleep(0.1)

        thread = threading.Thread(target=dawdle)
        thread.start()
        start = time.monotonic()
        with pytest.raises((OSError, HTTPException)):
            Outward(here=True).post(f"http://127.0.0.1:{server.getsockname()[1]}/", b"{}", {})
        assert time.monotonic() - start < 3
        thread.join()


def test_a_resolver_that_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outward, "SECONDS", 0.2)
    let = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [None] * (not let.wait(10)))
    start = time.monotonic()
    with pytest.raises(InputError, match="unknown-host"):
        Outward().post("https://slow.example/", b"{}", {})
    assert time.monotonic() - start < 3
    let.set()


def test_old_deliveries_are_forgotten_by_the_server_itself(served: Served) -> None:
    store, moment = served.office.service, served.office.now()
    store.put(Webhook("old", "applicant", "https://fenji.example/", b"", (), "2026", 0, "off"))
    ages = [
        ("delivered", KEEP_DAYS, 1),
        ("delivered", KEEP_DAYS, -1),
        ("dead", DEAD_DAYS, 1),
        ("dead", DEAD_DAYS, -1),
        ("waiting", 999, 0),
    ]
    for number, (state, days, hours) in enumerate(ages):
        changed = stamp(moment - timedelta(days=days) + timedelta(hours=hours))
        store.put(Delivery(f"d{number}", "old", number, "x", "{}", state, 1, "9999", changed))
    served.office.hooks.tidy(moment)
    assert [each.id for each in store.deliveries("old")] == ["d0", "d2", "d4"]
    store.drop_webhook("old")
    for state in ("delivered", "dead"):
        plan = store.run("EXPLAIN QUERY PLAN DELETE FROM delivery WHERE state = ? AND changed < ?", (state, "2026"))
        assert "delivery_changed (state=? AND changed<?)" in plan[0][3]


def test_a_receiver_that_is_not_there_is_said_in_a_word(served: Served, told_by: Hooks) -> None:
    made = added(served, Receiver(free_port()))
    recorded(served)
    rounds(told_by)
    (one,) = served.office.service.deliveries(made["id"])
    assert isinstance(one, Delivery)
    assert (one.state, one.said) == ("waiting", "ConnectionRefusedError")
    assert FIRMS["a"] not in one.body
