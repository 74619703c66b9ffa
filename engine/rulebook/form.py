"""Faults of form -> findings: what pydantic says of a document, in the words of its author and at its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.errors import Finding
from engine.rulebook.read import Node, place_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import ValidationError

# how pydantic names the forms of a union in the path of a fault -> what an author calls them
FORMS = {"str": "a text", "list[str]": "a list of texts", "bool": "true or false", "int": "a whole number", "date": "a date"}
README = "see the rule format in the README"
Path = tuple[str | int, ...]


def findings(node: Node, error: ValidationError) -> Iterator[Finding]:
    """Yield one finding for each part that is not of its form; pydantic has a fault for each form that a part may have."""
    found: dict[Path, list[Any]] = {}
    for fault in error.errors():
        found.setdefault(_path(fault), []).append(fault)
    for path, faults in found.items():
        yield _finding(node, path, faults)


def _path(fault: Any) -> Path:
    """Return the steps into the document, up to the name of a form where there is one."""
    steps: Path = fault["loc"]
    last = next((i for i, step in enumerate(steps) if _form(step) in FORMS), len(steps))
    return steps if fault["type"] == "extra_forbidden" else steps[:last]


def _form(step: str | int) -> str:
    """Return the form that a step names: a date is read by a function of the schema."""
    return "date" if str(step).startswith("function-before[_date") else str(step)


def _finding(node: Node, path: Path, faults: list[Any]) -> Finding:
    fault, place = faults[0], place_of(node, path)
    name = ".".join(map(str, path)) or "the document"
    if fault["type"] == "extra_forbidden":
        return Finding("unknown-field", place, f"there is no field `{path[-1]}` here", README)
    if fault["type"] == "missing":
        return Finding("missing-field", place, f"the field `{name}` is missing", f"add `{path[-1]}:`")
    forms = dict.fromkeys(FORMS[_form(step)] for each in faults for step in each["loc"] if _form(step) in FORMS)
    problem = f"should be {' or '.join(forms)}" if forms else str(fault["msg"]).removeprefix("Value error, ")
    return Finding("bad-value", place, f"`{name}`: {problem[:1].lower()}{problem[1:]}", README)
