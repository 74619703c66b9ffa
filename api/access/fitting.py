"""What an account may be: roles that go together, an actor that is there and is of the account's own enterprise.

Whoever has an account that names an actor signs as that actor, so that one is never made by one administrator alone
(`alone`): a second confirms it. The first password is known to who typed it until its holder changes it.
"""

from __future__ import annotations

from api.access.permissions import permissions
from engine.errors import InputError, Place
from engine.evidence.actors import Actors
from engine.store.access import Account
from engine.supervise import uscc

ADMINISTRATOR, FIRM = "administrator", "enterprise"


def alone(account: Account) -> bool:
    """Tell whether one administrator may make an account: it signs as nobody, and administers nothing."""
    return not account.actor and ADMINISTRATOR not in account.roles


def require(account: Account, actors: Actors, at: str) -> None:
    """Refuse an account whose parts contradict each other, at a time (a stamp). Raises InputError."""
    table = permissions().roles
    of = {str(table[role]["of"]) for role in account.roles if role in table}
    if len(set(account.roles)) > 1 and ADMINISTRATOR in account.roles:
        raise _refused("roles", "who administers accounts has no other role", "make two accounts, for two persons")
    if FIRM in of and of != {FIRM}:
        raise _refused("roles", "a role of an enterprise does not go with one of the authority", "make two accounts")
    if (FIRM in of) is not bool(account.enterprise) and of:
        problem = "an account of an enterprise names it by its unified code, and no other account does"
        raise _refused("enterprise", problem, "name it, or leave it out")
    if account.actor:
        _acts(account, actors, at, of)


def _acts(account: Account, actors: Actors, at: str, of: set[str]) -> None:
    """Refuse an actor who is not there, or is another's. Raises InputError."""
    mine = [key for key in actors.keys if key.holder.sub == account.actor and not key.compromised and key.was_valid(at)]
    if not mine:
        raise _refused("actor", f"there is no actor `{account.actor[:60]}` with a valid key", "`fenji actor add` makes one")
    holder = mine[-1].holder
    if FIRM in of and (FIRM not in holder.roles or uscc.tidy(holder.unit) != uscc.tidy(account.enterprise)):
        raise _refused("actor", "the actor is not of the account's enterprise", "name an actor whose unit is that code")
    if FIRM in holder.roles and FIRM not in of:
        raise _refused("actor", "the actor is an enterprise's, and the account is not", "name an official's")
    if ADMINISTRATOR in account.roles:
        raise _refused("actor", "who administers accounts signs nothing", "leave it out")


def _refused(field: str, problem: str, remedy: str) -> InputError:
    return InputError("wrong-account", problem, remedy, Place(f"#/{field}"))
