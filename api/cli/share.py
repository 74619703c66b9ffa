"""`fenji share`: a request for data -> the verdict of law and of the owners' policies, item by item."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli.options import AsOf, Enterprise, Home, Json, KnownAt, Language, Policies, Rules, day, document, home_folder, say
from api.cli.rulebooks import Beside, Chosen, choose
from engine.decide.share import share
from schemas.sharing import PolicyUsed, ShareAnswer

app = typer.Typer()
group = typer.Typer(no_args_is_help=True, help="Requests for data: what law and the owners' policies say to them.")
app.add_typer(group, name="share")
Request = Annotated[str, typer.Argument(metavar="REQUEST", help="The request, YAML or JSON; - for standard input.")]


@group.command()
def check(
    request: Request,
    lang: Language,
    policies: Policies = "",
    enterprise: Enterprise = "",
    as_of: AsOf = "",
    known_at: KnownAt = "",
    *,
    json: Json = False,
    rules: Rules = "",
    home: Home = "",
) -> None:
    """Check a request; nothing is stored. Exits 0 when every item is determined, 1 when one is open, 2 on bad input."""
    chosen = choose(rules, known_at, home, Beside(policies, enterprise))
    found = share(chosen.rulebook, document(request), day(as_of), enterprise=enterprise)
    found = _marked(chosen, found, home)
    if json:
        say(found.model_dump_json(by_alias=True, indent=2))
    else:
        from api.render.sharing import text  # noqa: PLC0415 - JSON needs no words

        say(text(chosen.rulebook, found, lang))
    raise typer.Exit(0 if found.determined else 1)


def _marked(chosen: Chosen, found: ShareAnswer, home: str) -> ShareAnswer:
    """Return the answer with the hash and the day of each policy that was used, and with what was never published."""
    used = {(reason.pack, reason.rule) for item in found.items for reason in item.reasons}
    unpublished = [
        f"{pack}/{rule}"
        for pack in sorted({pack for pack, _ in used})
        for rule in chosen.never_published(pack, {rule for each, rule in used if each == pack})
    ]
    days = _known(home)
    policies = [_hashed(chosen, each, days) for each in found.policies]
    return found.model_copy(update={"unpublished": unpublished, "policies": policies})


def _hashed(chosen: Chosen, used: PolicyUsed, days: dict[str, str]) -> PolicyUsed:
    from engine.evidence import policy  # noqa: PLC0415 - only a request under policies needs it

    if chosen.policies is None:
        return used
    digest = policy.sha256(chosen.policies, f"overlays/{used.name}" if used.kind == "overlay" else used.name)
    return used.model_copy(update={"sha256": digest, "known": days.get(digest, "")})


def _known(home: str) -> dict[str, str]:
    """Return the day from which each published policy is known, by the hash of its files; none without an installation."""
    if not (home_folder(home) / "home.json").is_file():
        return {}
    from engine.evidence import policy  # noqa: PLC0415 - as above
    from engine.evidence.installation import open_home  # noqa: PLC0415 - as above

    with open_home(home_folder(home)) as opened:
        return {each.sha256: each.known for each in reversed(policy.publications(opened))}
