"""The type of a term of a condition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TypeName = Literal["bool", "int", "decimal", "enum", "set", "date", "outcome", "error"]


@dataclass(frozen=True, slots=True)
class Type:
    """The type of a term; `values` in declared order, `places` decimal digits, `unit` a word."""

    name: TypeName
    values: tuple[str, ...] = ()
    unit: str = ""
    places: int = 0
