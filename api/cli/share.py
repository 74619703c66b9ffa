"""`fenji share`: a request for data -> the verdict of law and of the owners' policies, item by item."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli.options import AsOf, Enterprise, Home, Json, KnownAt, Language, Policies, Rules, day, document, home_folder, say
from api.cli.rulebooks import Beside, choose
from engine.decide.share import share

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
    found = chosen.marked_share(found, _known(home))
    if json:
        say(found.model_dump_json(by_alias=True, indent=2))
    else:
        from api.render.sharing import text  # noqa: PLC0415 - JSON needs no words

        say(text(chosen.rulebook, found, lang))
    raise typer.Exit(0 if found.determined else 1)


def _known(home: str) -> dict[str, str]:
    """Return the day from which each published policy is known, by the hash of its files; none without an installation."""
    if not (home_folder(home) / "home.json").is_file():
        return {}
    from engine.evidence import policy  # noqa: PLC0415 - as above
    from engine.evidence.installation import open_home  # noqa: PLC0415 - as above

    with open_home(home_folder(home)) as opened:
        return {each.sha256: each.known for each in reversed(policy.publications(opened))}
