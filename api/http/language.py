"""In which of the two languages somebody is answered: as `Accept-Language` weighs them (RFC 9110, section 12.5.4)."""

from __future__ import annotations

import re
from typing import Literal

from fastapi import Request

Lang = Literal["zh", "en"]
_RANGE = re.compile(r"\s*(\*|[a-z]{1,8}(?:-[a-z0-9]{1,8})*)\s*(?:;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?))?\s*\Z")


def language(request: Request) -> Lang:
    """Return the language that a request asks for."""
    return preferred(request.headers.get("accept-language", ""))


def preferred(header: str) -> Lang:
    """Return the language that a header weighs most: Chinese where it does not say, English for who reads neither.

    What is no range of languages is passed over, as everything of a header that cannot be read.
    """
    weights: dict[str, float] = {}
    for found in filter(None, map(_RANGE.match, header.lower().split(","))):
        name, weight = found[1].partition("-")[0], float(found[2] or 1)
        weights[name] = max(weight, weights.get(name, 0.0))
    if not weights:
        return "zh"
    rest = weights.get("*", 0.0)
    chinese, english = weights.get("zh", rest), weights.get("en", rest)
    if chinese == english:
        # both alike: the one that was named first, Chinese where neither was
        return "zh" if chinese and next((name for name in weights if name in ("zh", "en", "*")), "") != "en" else "en"
    return "zh" if chinese > english else "en"
