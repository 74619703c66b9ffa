"""What happens in a pilot, as monitors read it: integers and names, never text that looks like a number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from engine.errors import FactError

Kind = Literal["terms", "subjects", "incident", "correction", "complaint", "downtime", "breach", "due", "report", "tick"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
DAY = 86_400
LARGEST = 2**53 - 1  # integers that canonical JSON and every reader of it keep exactly


@dataclass(frozen=True, slots=True)
class Terms:
    """The agreed terms that monitors read.

    `cap_subjects` persons, `insured_until` the second after which cover has ended, `budget` per line (a grade, `complaints` or
    `downtime`) what is tolerated per thousand subjects and thirty days.
    """

    cap_subjects: int
    insured_until: int
    budget: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a pilot.

    `at` is when it happened and `seen` when it was recorded, both in whole seconds since 1970-01-01T00:00Z; `seq` orders the
    recording. `id` names the thing that happened: a second event of one kind and id is a duplicate and has the same `at` (what
    records events sees to that). `number` counts (persons, complaints, minutes) or is the second at which a report is `due`;
    `name` is a grade (empty when a correction withdraws the incident) or a kind of breach; `of` is the incident corrected.
    """

    pilot: str
    kind: Kind
    id: str
    at: int
    seq: int
    seen: int = 0
    number: int = 0
    name: str = ""
    of: str = ""
    terms: Terms | None = None


# kind -> field of the recorded event -> its type; the reader takes these and nothing else
FIELDS: dict[Kind, dict[str, type]] = {
    "terms": {"cap_subjects": int, "insured_until": int, "budget": dict},
    "subjects": {"count": int},
    "incident": {"grade": str},
    "correction": {"of": str, "grade": str},
    "complaint": {"count": int},
    "downtime": {"minutes": int},
    "breach": {"kind": str},
    "due": {"until": int},
    "report": {},
    "tick": {},
}
_NUMBER = {"subjects": "count", "complaint": "count", "downtime": "minutes", "due": "until"}
_NAME = {"incident": "grade", "correction": "grade", "breach": "kind"}


def read(pilot: str, kind: str, values: Mapping[str, Any], recorded: tuple[int, int]) -> Event:
    """Return the event of a kind with its `values`: `id`, `at` and the fields of FIELDS; `recorded` is its (seq, second).

    Raises FactError for a field that is missing, unknown, or not of its type; nothing is coerced.
    """
    if kind not in KINDS:
        raise FactError("unknown-event", f"no event of kind `{kind[:40]}`", f"the kinds are {', '.join(KINDS)}")
    found: Kind = kind
    wanted = {"id": str, "at": int, **FIELDS[found]}
    for name in values.keys() - wanted.keys():
        raise FactError("unknown-field", f"`{found}` has no field `{name[:40]}`", f"its fields are {', '.join(wanted)}")
    for name, kind_of in wanted.items():
        _typed(found, name, values.get(name), kind_of)
    terms = Terms(values["cap_subjects"], values["insured_until"], _budget(values["budget"])) if found == "terms" else None
    number = values[_NUMBER[found]] if found in _NUMBER else 0
    name = values[_NAME[found]] if found in _NAME else ""
    return Event(pilot, found, values["id"], values["at"], *recorded, number, name, values.get("of", ""), terms)


def _typed(kind: str, name: str, value: object, wanted: type) -> None:
    if type(value) is not wanted or (isinstance(value, int) and abs(value) > LARGEST):
        said = {int: "a whole number within 2^53", str: "a text", dict: "names with whole numbers"}[wanted]
        raise FactError("wrong-type", f"`{name}` of `{kind}` is not {said}", "write it as that; nothing is converted")
    if isinstance(value, int) and value < 0:
        raise FactError("negative", f"`{name}` of `{kind}` is negative", "count from nought")


def _budget(lines: dict[Any, Any]) -> tuple[tuple[str, int], ...]:
    for name, allowed in lines.items():
        _typed("terms", "budget", name, str)
        _typed("terms", f"budget.{name}", allowed, int)
    return tuple(sorted(lines.items()))
