"""Who comes in, with what, and who does not."""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from api.access.accounts import DENIED, IDLE_MINUTES, LOCK_AFTER, LOCK_MINUTES, SESSION_HOURS, Accounts, digest
from engine.errors import InputError, SigningError, StoreError
from engine.store.access import AccessStore, Account

NOW = datetime(2026, 8, 3, 1, 0, tzinfo=UTC)
PASSWORD = "a long enough secret"  # noqa: S105 - of a test
CHEN = Account("1", "chen", "chen", ("decider",), unit="市工信局")


@pytest.fixture
def accounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Accounts]:
    store = AccessStore(tmp_path / "access.db")
    found = Accounts(store, bytes(32))
    monkeypatch.setattr(found, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    yield found
    store.close()


def code(secret: str, moment: datetime) -> str:
    return TOTP(base64.b32decode(secret), 6, SHA1(), 30, enforce_key_length=False).generate(int(moment.timestamp())).decode()  # noqa: S303 - RFC 6238


def denied(accounts: Accounts, login: str, password: str, once: str = "", now: datetime = NOW) -> None:
    with pytest.raises(SigningError) as found:
        accounts.log_in(login, password, once, now)
    assert (found.value.finding.code, found.value.finding.problem) == DENIED[:2]


def test_a_password_lets_in_until_the_session_ends(accounts: Accounts) -> None:
    accounts.add(CHEN, PASSWORD)
    token, session = accounts.log_in("chen", PASSWORD, "", NOW)
    who, _ = accounts.by_session(token, NOW) or pytest.fail("no session")
    assert (who.account, who.actor, who.roles, who.unit) == ("1", "chen", frozenset({"decider"}), "市工信局")
    accounts.log_out(session)
    assert accounts.by_session(token, NOW) is None


def test_the_code_of_an_enterprise_is_kept_tidied_however_it_was_typed(accounts: Accounts) -> None:
    typed = " 9132 0100 ma00 0000 08"
    made = accounts.add(replace(CHEN, enterprise=typed))
    assert made.enterprise == "91320100MA00000008"
    accounts.store.put(replace(made, enterprise=typed))  # of before
    who = accounts.who("1")
    assert who
    assert who.enterprise == "91320100MA00000008"


def test_every_failure_looks_the_same(accounts: Accounts) -> None:
    accounts.add(CHEN, PASSWORD)
    accounts.add(replace(CHEN, id="2", login="gone", disabled=True), PASSWORD)
    accounts.add(replace(CHEN, id="3", login="provider"))
    for login, password in (("chen", "wrong"), ("nobody", PASSWORD), ("gone", PASSWORD), ("provider", ""), ("", "")):
        denied(accounts, login, password)


def test_an_account_rests_after_failures_and_wakes(accounts: Accounts) -> None:
    accounts.add(CHEN, PASSWORD)
    for _ in range(LOCK_AFTER):
        denied(accounts, "chen", "wrong")
    denied(accounts, "chen", PASSWORD)
    accounts.log_in("chen", PASSWORD, "", NOW + timedelta(minutes=LOCK_MINUTES))


def test_idle_and_old_sessions_end(accounts: Accounts) -> None:
    accounts.add(CHEN, PASSWORD)
    token, _ = accounts.log_in("chen", PASSWORD, "", NOW)
    moment = NOW
    while moment < NOW + timedelta(hours=SESSION_HOURS) - timedelta(minutes=IDLE_MINUTES - 1):
        moment += timedelta(minutes=IDLE_MINUTES - 1)
        assert accounts.by_session(token, moment)
    assert accounts.by_session(token, NOW + timedelta(hours=SESSION_HOURS)) is None
    token, _ = accounts.log_in("chen", PASSWORD, "", NOW)
    assert accounts.by_session(token, NOW + timedelta(minutes=IDLE_MINUTES)) is None


def test_a_one_time_password_is_needed_and_works_once(accounts: Accounts) -> None:
    accounts.add(CHEN, PASSWORD)
    secret = accounts.set_totp(accounts.store.account("id", "1") or CHEN)
    denied(accounts, "chen", PASSWORD)
    denied(accounts, "chen", "wrong", code(secret, NOW))
    accounts.log_in("chen", PASSWORD, code(secret, NOW - timedelta(seconds=30)), NOW)
    accounts.log_in("chen", PASSWORD, code(secret, NOW), NOW)
    denied(accounts, "chen", PASSWORD, code(secret, NOW))
    denied(accounts, "chen", PASSWORD, code(secret, NOW + timedelta(seconds=90)))


def test_one_code_at_the_same_time_lets_in_once(accounts: Accounts) -> None:
    accounts.add(CHEN, PASSWORD)
    once = code(accounts.set_totp(accounts.store.account("id", "1") or CHEN), NOW)

    def attempt(_: int) -> bool:
        try:
            accounts.log_in("chen", PASSWORD, once, NOW)
        except SigningError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, range(8))) == 1


def test_an_api_key_is_cut_down_ends_and_is_revoked(accounts: Accounts) -> None:
    accounts.add(CHEN, PASSWORD)
    text = accounts.make_key(CHEN, ("decision.read",), NOW, days=30)
    who = accounts.by_key(text, NOW)
    assert who is not None
    assert who.scopes == frozenset({"decision.read"})
    for other in (text + "x", text[:-1], "", "fenji", "fenji_x", "fenji_x_y", "other" + text[5:], text.upper()):
        assert accounts.by_key(other, NOW) is None
    assert accounts.by_key(text, NOW + timedelta(days=30)) is None
    accounts.revoke(accounts.store.keys_of("1")[0])
    assert accounts.by_key(text, NOW) is None


def test_a_new_password_ends_sessions_and_a_disabled_account_its_keys(accounts: Accounts) -> None:
    made = accounts.add(CHEN, PASSWORD)
    token, _ = accounts.log_in("chen", PASSWORD, "", NOW)
    key = accounts.make_key(made, ("assess",), NOW)
    accounts.set_password(made, "another secret, longer")
    assert accounts.by_session(token, NOW) is None
    accounts.store.put(replace(made, disabled=True))
    assert accounts.by_key(key, NOW) is None


def test_an_identity_provider_vouches_for_whom_we_know(accounts: Accounts) -> None:
    accounts.add(replace(CHEN, subject="https://idp/|42"))
    token, _ = accounts.come_in("https://idp/|42", NOW)
    assert accounts.by_session(token, NOW)
    for subject in ("", "https://idp/|43"):
        with pytest.raises(SigningError, match="denied"):
            accounts.come_in(subject, NOW)


@pytest.mark.parametrize("password", ["short", "x" * 129, "0123456789 CHEN"])
def test_weak_passwords(accounts: Accounts, password: str) -> None:
    with pytest.raises(InputError, match="weak-password"):
        accounts.add(CHEN, password)


def test_what_is_not_declared_is_refused(accounts: Accounts) -> None:
    accounts.add(CHEN, PASSWORD)
    with pytest.raises(InputError, match="exists"):
        accounts.add(replace(CHEN, id="2"), PASSWORD)
    with pytest.raises(InputError, match="unknown-role"):
        accounts.add(replace(CHEN, id="2", login="li", roles=("king",)), PASSWORD)
    with pytest.raises(InputError, match="unknown-scope"):
        accounts.make_key(CHEN, ("everything",), NOW)
    for scopes, days in (((), 1), (("assess",), 0), (("assess",), 366)):
        with pytest.raises(InputError, match="out-of-range"):
            accounts.make_key(CHEN, scopes, NOW, days)


def test_looks_are_chained_and_cannot_be_changed(accounts: Accounts, tmp_path: Path) -> None:
    accounts.add(CHEN, PASSWORD)
    who = (accounts.by_key(accounts.make_key(CHEN, ("case.read",), NOW), NOW)) or pytest.fail("no key")
    for thing in ("case-1", "case-2"):
        accounts.note(who, "case.read", thing, NOW, allowed=thing == "case-1")
    first, second = accounts.store.readings()
    text = f"{first.chain}\n2\n{second.at}\n1\ncase.read\ncase-2\nFalse"
    assert second.chain == digest(text)
    other = sqlite3.connect(tmp_path / "access.db")
    for change in ("UPDATE reading SET thing = 'x'", "DELETE FROM reading"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            other.execute(change)
    other.close()


def test_no_secret_is_stored(accounts: Accounts, tmp_path: Path) -> None:
    made = accounts.add(CHEN, PASSWORD)
    secret = accounts.set_totp(made)
    key = accounts.make_key(made, ("assess",), NOW)
    token, _ = accounts.log_in("chen", PASSWORD, code(secret, NOW), NOW)
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for clear in (PASSWORD.encode(), base64.b32decode(secret), key.split("_", 2)[2].encode(), token.encode()):
        assert clear not in stored
    assert (tmp_path / "access.db").stat().st_mode & 0o077 == 0


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "access.db").write_bytes(b"not a database, by far" * 100)
    with pytest.raises(StoreError):
        AccessStore(tmp_path / "access.db")
