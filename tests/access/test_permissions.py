"""The table of role x action x reach, and what follows from it."""

from __future__ import annotations

import pytest

from api.access.permissions import ANONYMOUS, PUBLIC, Thing, Who, permissions, table
from engine.errors import InputError

TABLE = permissions()
MINE = Thing("firm-a", frozenset({"unit-a"}), "1")
THEIRS = Thing("firm-b", frozenset({"unit-b"}), "2")
NOBODYS = Thing()
ASKS = {"case.affected", "share.check", "pilot.simulate"}  # work something out, and keep nothing
READS = {action for action in TABLE.actions if action.endswith(".read")} | ASKS
OPEN = {"dataset.read", "share.check", "pilot.simulate"}  # of the register, or of what whoever asks sends along: nobody's own


def who(role: str, **more: object) -> Who:
    of_firm = TABLE.roles[role]["of"] == "enterprise"
    return Who("1", "a", frozenset({role}), "firm-a" if of_firm else "", "" if of_firm else "unit-a", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("action", TABLE.actions)
@pytest.mark.parametrize("role", TABLE.roles)
def test_every_cell(role: str, action: str) -> None:
    reach = TABLE.actions[action].get(role)
    if PUBLIC in TABLE.actions[action]:
        assert TABLE.may(who(role), action, THEIRS)
        return
    assert TABLE.may(who(role), action) == (reach is not None)
    assert TABLE.may(who(role), action, MINE) == (reach is not None)
    assert TABLE.may(who(role), action, THEIRS) == (reach == "any")
    assert TABLE.may(who(role), action, NOBODYS) == (reach == "any")
    assert not TABLE.may(who(role, scopes=frozenset()), action, MINE)
    assert TABLE.may(who(role, scopes=frozenset({action})), action, MINE) == (reach is not None)
    assert not TABLE.may(Who("1", roles=frozenset({role})), action, NOBODYS) or reach == "any"
    assert not TABLE.may(ANONYMOUS, action, MINE)


def test_enterprises_never_reach_beyond_their_own() -> None:
    for action, allowed in TABLE.actions.items():
        if action in OPEN:
            continue
        for role in (role for role in allowed if role != PUBLIC and TABLE.roles[role]["of"] == "enterprise"):
            assert allowed[role] in ("own", "self"), (role, action)


def test_the_administrator_sees_no_case_and_the_auditor_changes_nothing() -> None:
    content = ("filing.", "case.", "decision.", "share.", "transfer.", "pilot.", "incident.", "facts.", "report.")
    administers = {action for action, allowed in TABLE.actions.items() if "administrator" in allowed}
    assert not [action for action in administers if action.startswith(content)]
    audits = {action for action, allowed in TABLE.actions.items() if "auditor" in allowed}
    assert audits <= READS | {"decision.export", "account.self", "job.start"}  # a job changes nothing but itself


def test_who_writes_rules_does_not_publish_them_and_who_examines_does_not_decide() -> None:
    def may(role: str) -> set[str]:
        return {action for action, allowed in TABLE.actions.items() if role in allowed}

    # rules are written in files and published by a command that two persons sign: here neither may do more than read
    assert may("rule_author") == may("rule_publisher") == {"account.self"}
    assert not {"decision.record", "case.decide"} & (may("reviewer") | may("intake") | may("unit_opinion"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"actions": {"x": {"king": "any"}}}, "`x` names the role `king`"),
        ({"actions": {"x": {"auditor": "all"}}}, "`x` reaches `all`"),
        ({"events": {"y": ["open"]}}, "`events` names `y`"),
    ],
)
def test_a_wrong_table_is_refused(change: dict[str, object], message: str) -> None:
    good = {"roles": {"auditor": {}}, "actions": {"x": {"auditor": "any"}}, "events": {}}
    with pytest.raises(InputError, match=message):
        table(good | change)
