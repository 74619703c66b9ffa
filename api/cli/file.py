"""`fenji file`: filings from the first draft to their versions; by a firm, by an official for it, or ex officio."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from api.cli.desk import Desk, Evidence, Set, Stream, evidence_of, facts_of, fields_of, open_desk, show, tell, tell_cases
from api.cli.options import Actor, Home, Json, Language, Rules, say, say_json
from api.render.streams import drifted
from engine.supervise import filings
from engine.supervise.queued import ended
from engine.supervise.state import DRIFT

app = typer.Typer()
group = typer.Typer(no_args_is_help=True, help="Filings: drafts, submissions and versions.")
app.add_typer(group, name="file")
ENDED = {"zh": "所办件均已终结，申报待办结", "en": "its cases have ended; the filing is still to be concluded"}
Facts = Annotated[str, typer.Argument(metavar="FILE", help="The facts, YAML or JSON; - for standard input; nothing for none.")]
Draft = Annotated[str, typer.Option("--filing", metavar="ID", help="The draft to go on with.", show_default="a new one")]


def _given(desk: Desk, file: str, typed: list[str], evidence: list[str]) -> dict[str, Any]:
    """Return the fields of a filing from FILE, `--set` and `--evidence`."""
    fields = fields_of(desk.streams.table(filings.PROCESS), typed)
    if file:
        fields[filings.FACTS] = facts_of(desk.rulebook, file)
    if evidence:
        fields["evidence"] = evidence_of(evidence)
    return fields


@group.command()
def draft(
    lang: Language,
    by: Actor,
    file: Facts = "",
    filing: Draft = "",
    typed: Set = [],  # noqa: B006 - typer copies it
    evidence: Evidence = [],  # noqa: B006 - as above
    *,
    json: Json = False,
    rules: Rules = "",
    home: Home = "",
) -> None:
    """Save a draft, however incomplete. Its fields: holder, name, product, pack, party_role, phase, contact, district, unit."""
    with open_desk(home, rules) as desk:
        office = desk.office(by)
        done = filings.draft(desk.streams, filing, _given(desk, file, typed, evidence), office.by, office.now)
        tell(desk, done, lang, json=json)


@group.command()
def submit(
    filing: Stream,
    lang: Language,
    by: Actor,
    file: Facts = "",
    typed: Set = [],  # noqa: B006 - as above
    evidence: Evidence = [],  # noqa: B006 - as above
    *,
    json: Json = False,
    rules: Rules = "",
    home: Home = "",
) -> None:
    """Submit a draft. An official submits with `--set mandate=@FILE` for the firm, or with `--set reasons=...` ex officio."""
    with open_desk(home, rules) as desk:
        office = desk.office(by)
        done = filings.submit(desk.streams, filing, _given(desk, file, typed, evidence), office.by, office.now)
        tell(desk, done, lang, json=json)


@group.command()
def revise(
    filing: Stream,
    file: Facts,
    lang: Language,
    by: Actor,
    typed: Set = [],  # noqa: B006 - as above
    evidence: Evidence = [],  # noqa: B006 - as above
    *,
    json: Json = False,
    rules: Rules = "",
    home: Home = "",
) -> None:
    """Submit another version of a filing; in its open cases it is recorded how their answer moves, with the clauses."""
    from engine.supervise import reassess  # noqa: PLC0415 - only this command answers cases again

    with open_desk(home, rules) as desk:
        office = desk.office(by)
        done = reassess.revise(office, filing, _given(desk, file, typed, evidence))
        tell(desk, done, lang, json=json)
        moved = [state for state in reassess.cases_of(office, filing) if DRIFT in state.values]
        if moved and not json:
            say("\n".join(drifted(state.stream, state.values[DRIFT], lang) for state in moved))


@group.command("show")
def show_(filing: Stream, lang: Language, *, json: Json = False, rules: Rules = "", home: Home = "") -> None:
    """Show a filing: what it says now, its state, and its history."""
    with open_desk(home, rules) as desk:
        state = desk.streams.state(filing, filings.PROCESS)
        said = filings.content(desk.streams, filing)
        show(desk, filing, {**said.fields, **said.facts}, lang, json=json)
        if not json:
            tell_cases(desk, filing, lang)
            if not state.closed and ended(desk.streams, state):
                say(ENDED[lang])


@group.command()
def fields(lang: Language, *, json: Json = False, rules: Rules = "", home: Home = "") -> None:
    """List the fields of a filing."""
    with open_desk(home, rules) as desk:
        declared = desk.streams.table(filings.PROCESS).fields
    if json:
        say_json([each.model_dump(mode="json") for each in declared])
        return
    for each in declared:
        values = f" ({', '.join(value.id for value in each.values)})" if each.values else ""
        say(f"{each.id}: {each.label.get(lang)}, {each.type}{values}")
