"""Shape of an overlay, as its grantor writes it (一企一试)."""

from __future__ import annotations

from schemas.rulebook import Period, Shape, Source, Text


class Overlay(Shape):
    """Terms for one enterprise (一企一试): who grants them, by which discretion, for what, over which pack, and until when."""

    title: Text
    enterprise: Text
    grantor: str
    discretion: list[Source]
    scope: Text
    pack: str
    valid: Period
