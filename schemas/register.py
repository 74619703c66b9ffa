"""Shapes of the registers of clauses: what each instrument says, and what becomes of it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from schemas.rulebook import Day, Shape, Text

Class = Literal["definition", "programme", "penalty", "open_norm", "not_encoded"]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class ClauseGroup(Shape):
    """Clauses in a citation's form (`3, 5(1)(4), 13-15`) that share a class; without one, rules must cite each of them."""

    in_: str = Field(alias="in", min_length=1)
    class_: Class | None = Field(default=None, alias="class")
    reason: Text | None = None


class LawText(Shape):
    """Where the text was read, when, and the SHA-256 of each article that was (engine/study/lawtext.py says over what)."""

    read: Literal["official", "mirror"]
    address: str = Field(min_length=1)
    on: Day
    articles: dict[str, Sha256] = Field(min_length=1)


class Register(Shape):
    """The clauses of an instrument. `articles` is how many it has, where that is known; what is left out is said.

    `address` is where the text can be read when the instrument names no official address.
    """

    instrument: str
    address: str = ""
    anchor: Literal["article", "point", "foreign"] = "article"
    articles: int = Field(default=0, ge=0, le=2_000)
    left_out: str = ""
    text: LawText | None = None
    clauses: list[ClauseGroup] = Field(min_length=1)


class Registers(Shape):
    """A file of registers."""

    registers: list[Register]
