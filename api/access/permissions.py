"""The one table of role x action x reach (permissions.yaml); what it does not name is denied."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from engine.errors import InputError

Reach = Literal["any", "own", "unit", "self"]
PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class Who:
    """Who asks: the account, the actor whose keys it uses, its roles, its enterprise (unified code) or its unit, and its scopes.

    `scopes` are the actions that an API key was cut down to, and `until` when it ends; None and empty for a session.
    """

    account: str
    actor: str = ""
    roles: frozenset[str] = frozenset()
    enterprise: str = ""
    unit: str = ""
    scopes: frozenset[str] | None = None
    until: str = ""


ANONYMOUS = Who("")


@dataclass(frozen=True, slots=True)
class Thing:
    """What is asked for: the enterprise that owns it, the units that handle it, the account it belongs to."""

    enterprise: str = ""
    units: frozenset[str] = frozenset()
    account: str = ""


@dataclass(frozen=True)
class Permissions:
    """The table."""

    roles: dict[str, Any]
    actions: dict[str, dict[str, Reach]]
    events: dict[str, str]  # event of a case -> action

    def may(self, who: Who, action: str, thing: Thing | None = None) -> bool:
        """Tell whether somebody may do an action to a thing; without a thing: whether to any thing at all."""
        allowed = self.actions[action]
        if PUBLIC in allowed:
            return True
        if who.scopes is not None and action not in who.scopes:
            return False
        reaches = {allowed[role] for role in who.roles if role in allowed}
        return any(_reaches(reach, who, thing) if thing else _reaches_any(reach, who) for reach in reaches)

    def public(self, action: str) -> bool:
        """Tell whether an action is open to everybody, known or not."""
        return PUBLIC in self.actions[action]

    def may_ever(self, role: str, action: str) -> bool:
        """Tell whether a role may do an action to anything at all."""
        return bool({PUBLIC, role} & self.actions[action].keys())

    def reach(self, who: Who, action: str) -> frozenset[Reach]:
        """Return how far an action of somebody reaches, to limit a list to it; empty when it is denied."""
        if not self.may(who, action):
            return frozenset()
        if PUBLIC in self.actions[action]:
            return frozenset({"any"})
        return frozenset(self.actions[action][role] for role in who.roles if role in self.actions[action])


def _reaches_any(reach: Reach, who: Who) -> bool:
    """Tell whether a reach comes to anything at all: that of an enterprise to nothing for whoever is of none."""
    return bool(who.enterprise) if reach == "own" else bool(who.unit) if reach == "unit" else True


def _reaches(reach: Reach, who: Who, thing: Thing) -> bool:
    """INVARIANT: what has no owner, unit or account belongs to nobody, so an empty name never matches an empty name."""
    match reach:
        case "any":
            return True
        case "own":
            return bool(who.enterprise) and who.enterprise == thing.enterprise
        case "unit":
            return bool(who.unit) and who.unit in thing.units
        case "self":
            return bool(who.account) and who.account == thing.account


@cache
def permissions() -> Permissions:
    """Return the table as it stands in the file beside this module."""
    value = yaml.safe_load(Path(__file__).with_name("permissions.yaml").read_text("utf-8"))
    return table(value)


def table(value: dict[str, Any]) -> Permissions:
    """Return the table of a document. Raises InputError for a role, reach or action that is not declared."""
    roles, actions = value["roles"], value["actions"]
    for action, allowed in actions.items():
        for role, reach in allowed.items():
            if role != PUBLIC and role not in roles:
                raise InputError("unknown-role", f"`{action}` names the role `{role}`", f"the roles are {', '.join(roles)}")
            if reach not in get_args(Reach):
                raise InputError("unknown-reach", f"`{action}` reaches `{reach}`", f"write one of {', '.join(get_args(Reach))}")
    events = {event: action for action, named in value["events"].items() for event in named}
    for action in value["events"]:
        if action not in actions:
            raise InputError("unknown-action", f"`events` names `{action}`", "declare it among the actions")
    return Permissions(roles, actions, events)
