"""Errors of fenji: one tree, drawn here, open to every room.

FenjiError                      anything fenji refuses, with code, place, problem and help
  InputError                    a filing or an argument that cannot be read
    ReadError                   bytes that are not a document (encoding, syntax, depth, size, duplicate keys)
    FactError                   a fact that does not exist or has an impossible value
    ContradictionError          facts that cannot be true together
    DateError                   a date that no version of the pack covers
  RulebookError                 a rulebook that cannot be used
    RulesNotFoundError          no rules folder at the places that are searched
    CheckFailedError            `fenji check` found errors; they are in `.findings`
    ConditionError              a condition that is not of the language
  EvidenceError                 evidence that does not hold, or cannot be made
    SigningError                a key that is missing, unsafe, or not allowed to sign this
    StoreError                  a store that cannot be used, or that would lose something

Callers catch one root:

    try:
        answer = assess(rulebook, "nanjing-tiering", filing)
    except InputError as error:
        print(error.text())
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where in a document something stands: file, line and column, counted from 1; 0 is not known."""

    file: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """Render as `file:line:col`, leaving out what is not known."""
        # a document that was sent has no name; a command that is refused is no document: then a program says who it is
        parts = [self.file or ("<input>" if self.line else "fenji")]
        return ":".join([*parts, *(str(number) for number in (self.line, self.column) if number)])


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem: a stable code, its place, the problem and the remedy, each one line of text.

    `law` names the clauses that refuse it, where it is law that does.
    """

    code: str
    place: Place
    problem: str
    help: str = ""
    level: str = "error"
    law: str = ""

    def text(self) -> str:
        """Render as `place: code: problem` with the help on a second line."""
        head = f"{self.place}: {self.code}: {self.problem}"
        return f"{head}\n  help: {self.help}" if self.help else head


class FenjiError(Exception):
    """Anything fenji refuses; `finding` says code, place, problem and help."""

    def __init__(
        self,
        code: str,
        problem: str,
        help: str = "",  # noqa: A002 - the field's name
        place: Place | None = None,
        law: str = "",
    ) -> None:
        """Hold one finding; `place` is the empty place when it is not known."""
        self.finding = Finding(code, place or Place(), problem, help, law=law)
        self.headers: dict[str, str] = {}  # what a way in may tell besides, such as the state after a refused attempt
        super().__init__(self.finding.text())

    def text(self) -> str:
        """Return what a person should read."""
        return self.finding.text()


class InputError(FenjiError):
    """A filing or an argument that cannot be read."""


class ReadError(InputError):
    """Bytes that are not a document: encoding, syntax, depth, size or duplicate keys."""


class FactError(InputError):
    """A fact that does not exist or has an impossible value."""


class ContradictionError(InputError):
    """Facts that cannot be true together."""


class DateError(InputError):
    """A date that no version of the pack covers."""


class RulebookError(FenjiError):
    """A rulebook that cannot be used."""


class RulesNotFoundError(RulebookError):
    """No rules folder at the places that are searched."""


class ConditionError(RulebookError):
    """A condition that is not of the language."""


class CheckFailedError(RulebookError):
    """A rulebook with errors; all of them are in `findings`."""

    def __init__(self, findings: list[Finding]) -> None:
        """Hold the findings, worst first."""
        self.findings = findings
        first = findings[0]
        super().__init__(first.code, first.problem, first.help, first.place)

    def text(self) -> str:
        """Return every finding, one below the other."""
        return "\n".join(finding.text() for finding in self.findings)


class EvidenceError(FenjiError):
    """Evidence that does not hold, or cannot be made."""


class SigningError(EvidenceError):
    """A key that is missing, unsafe, or not allowed to sign this."""


class StoreError(EvidenceError):
    """A store that cannot be used, or that would lose something."""
