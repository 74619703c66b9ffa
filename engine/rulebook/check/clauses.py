"""Clauses: what is cited is listed, and what is listed is encoded or in a class that says why not."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import TYPE_CHECKING

from engine.errors import Finding, Place
from engine.rulebook.check.names import nearest
from engine.rulebook.citation import Address, Span, counted, expand, parse, written
from engine.rulebook.clauses import by_article, citing, listed

if TYPE_CHECKING:
    from engine.rulebook.load import Loaded
    from schemas.register import Register

FORM = "write `20`, `66(2)`, `5(1)(4)`, `3(1)-(3)`, `13-15` or `7, 9(1)`"
HOME = "rules/instruments/clauses/"
Listing = tuple[str, tuple[str | int, ...], "Register"]


def _registers(loaded: Loaded) -> Iterator[Listing]:
    """Yield each register with its file and the path to it."""
    for file, doc in loaded.docs["registers"].items():
        for i, register in enumerate(doc.registers):
            yield file, ("registers", i), register


def _readable(register: Register) -> bool:
    """Tell whether the lists of a register are of their form: what is not would seem unlisted everywhere."""
    try:
        listed(register), expand(register.left_out)
    except ValueError:
        return False
    return True


def registers(loaded: Loaded) -> Iterator[Finding]:
    """A register is of a known instrument, once; it lists each clause once and passes over no article in silence."""
    seen: dict[str, Place] = {}
    for file, path, register in _registers(loaded):
        place = loaded.sources.place(file, *path, "instrument")
        known = loaded.rulebook.instruments
        if register.instrument not in known:
            remedy = nearest(register.instrument, known, "add it to rules/instruments/")
            yield Finding("unknown-instrument", place, f"no instrument named `{register.instrument}`", remedy)
        if register.instrument in seen:
            problem = f"the clauses of `{register.instrument}` are listed twice"
            yield Finding("duplicate-clause", place, problem, f"they stand first at {seen[register.instrument]}")
        seen.setdefault(register.instrument, place)
        yield from _forms(loaded, file, path, register)
        if _readable(register):
            yield from _once(loaded, file, path, register)
            yield from _articles(loaded, file, path, register)


def _forms(loaded: Loaded, file: str, path: tuple[str | int, ...], register: Register) -> Iterator[Finding]:
    parts = [(("clauses", i, "in"), group.in_) for i, group in enumerate(register.clauses)]
    for part, text in [*parts, (("left_out",), register.left_out)]:
        try:
            expand(text)
        except ValueError as error:
            yield Finding("bad-citation", loaded.sources.place(file, *path, *part), str(error), FORM)
    for i, group in enumerate(register.clauses):
        if group.class_ == "not_encoded" and group.reason is None:
            place = loaded.sources.place(file, *path, "clauses", i)
            yield Finding("no-reason", place, f"nothing says why `{group.in_}` is not encoded", "add `reason:` in both languages")


def _once(loaded: Loaded, file: str, path: tuple[str | int, ...], register: Register) -> Iterator[Finding]:
    """A clause stands in one group, and not as a part of another that is listed too: it would have two classes."""
    place = loaded.sources.place(file, *path)
    seen: list[Address] = []
    for clause in listed(register):
        within = next((each for each in seen if Span(each, each).hits(clause.address)), None)
        if within is not None:
            both = "twice" if within == clause.address else f"and so is `{written(within)}`"
            problem = f"`{written(clause.address)}` of `{register.instrument}` is listed {both}"
            yield Finding("duplicate-clause", place, problem, "list the parts or the whole, once")
        seen.append(clause.address)


def _articles(loaded: Loaded, file: str, path: tuple[str | int, ...], register: Register) -> Iterator[Finding]:
    """Every article up to the last is listed or said to be left out, never both; hashed articles are listed."""
    found = {clause.address[0] for clause in listed(register) if clause.address}
    out = {address[0] for address in expand(register.left_out)}
    place = loaded.sources.place(file, *path, "articles")
    wanted = {str(number) for number in range(1, register.articles + 1)}
    for article in sorted(wanted - found - out, key=int):
        problem = f"article {article} of `{register.instrument}` is neither listed nor left out"
        yield Finding("article-gap", place, problem, "list it under `clauses:`, or name it under `left_out:`")
    for article in sorted(found & out):
        yield Finding("article-gap", place, f"article {article} of `{register.instrument}` is listed and left out", "keep one")
    beyond = {article for article in found | out if article.isdigit()} - wanted if register.articles else set()
    for article in sorted(beyond, key=int):
        problem = f"`{register.instrument}` has {register.articles} articles, and no article {article}"
        yield Finding("article-gap", place, problem, "correct one of the two")
    for article in sorted(set(register.text.articles if register.text else ()) - found):
        where = loaded.sources.place(file, *path, "text", "articles", article)
        problem = f"article {article} of `{register.instrument}` has a hash and is not listed"
        yield Finding("unlisted-clause", where, problem, "list it under `clauses:`")


def citations(loaded: Loaded) -> Iterator[Finding]:
    """Every citation is of its form and hits a clause that is listed."""
    known: dict[str, list[Address] | None] = {}
    for _, _, register in _registers(loaded):
        known[register.instrument] = [clause.address for clause in listed(register)] if _readable(register) else None
    found: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
    for each in loaded.rulebook.cited:
        act = loaded.rulebook.instruments.get(each.instrument)
        if act is None or act.rank == "agreement":
            continue  # an owner's terms are numbered by the owner
        key = each.instrument, each.article
        if key not in found:
            found[key] = list(_faults(*key, known.get(each.instrument, [])))
        for code, problem, remedy in found[key]:
            yield Finding(code, loaded.sources.place(each.file, *each.path, "article"), problem, remedy)


def _faults(instrument: str, article: str, known: list[Address] | None) -> Iterator[tuple[str, str, str]]:
    """Yield code, problem and remedy of a citation; `known` is None where the register cannot be read."""
    try:
        named = parse(article)
    except ValueError as error:
        yield "bad-citation", str(error), FORM
        return
    for span in (single for each in named for single in counted(each)) if known is not None else ():
        if not any(span.hits(address) for address in known or ()):
            near = get_close_matches(str(span), map(written, known or ()), 1)
            remedy = f"did you mean `{near[0]}`? else list it in {HOME}" if near else f"list it in {HOME}"
            yield "unlisted-clause", f"no clause `{span}` of `{instrument}` is listed", remedy


def classes(loaded: Loaded) -> Iterator[Finding]:
    """A clause without class is cited by a rule; one that is not encoded is cited by none."""
    cited = by_article(loaded.rulebook.cited)
    for file, path, register in _registers(loaded):
        for i, group in enumerate(register.clauses if _readable(register) else ()):
            place = loaded.sources.place(file, *path, "clauses", i)
            for address in expand(group.in_):
                by = citing(cited.get(register.instrument, {}), address)
                named = f"`{written(address)}` of `{register.instrument}`"
                if group.class_ is None and not by:
                    remedy = "cite it in a rule, or list it under a class"
                    yield Finding("unclassified-clause", place, f"no rule cites {named}, and it is in no class", remedy)
                elif group.class_ == "not_encoded" and by:
                    problem = f"{named} is listed as not encoded, and {by[0]} cites it"
                    yield Finding("cited-not-encoded", place, problem, "take it out of the class")
