"""The unified social credit code of organisations (统一社会信用代码), as GB 32100-2015 makes it.

Eighteen places: who registers (1), what it registered (2), the region (3-8), the body's own code (9-17), a check character (18).
A code of the right shape does not say that the firm exists; the register of firms does.
"""

from __future__ import annotations

import re

# GB 32100-2015: digits and capital letters without I, O, Z, S, V; a character counts its place here
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
STATE_BODY = "1"  # in the first place: organs and institutions of the state
WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
# the first two places may be letters, as of N (agriculture), Y (others), A (military) and more; the region is six digits
SHAPE = re.compile(f"[{ALPHABET}]{{2}}[0-9]{{6}}[{ALPHABET}]{{10}}\\Z")


def fault(code: str) -> str:
    """Return what is wrong with a code, nothing when its shape and its check character are right."""
    if len(code) != 18:  # noqa: PLR2004 - as said above
        return f"a code has 18 characters, not {len(code)}"
    if not SHAPE.match(code):
        return "a code is two digits or letters, six digits of the region, and ten digits or letters; never I, O, Z, S or V"
    wanted = check_character(code[:17])
    return "" if code[17] == wanted else f"the check character is {wanted}, not {code[17]}"


def check_character(body: str) -> str:
    """Return the character that makes the weighted sum of all places a multiple of 31."""
    total = sum(ALPHABET.index(character) * weight for character, weight in zip(body, WEIGHTS, strict=True))
    return ALPHABET[-total % 31]


def is_firm(unit: str) -> bool:
    """Tell whether a unit is the code of a firm, which is of a body that no office for establishments (机构编制) registers."""
    code = tidy(unit)
    return not fault(code) and code[0] != STATE_BODY


def tidy(code: str) -> str:
    """Return a code as it is kept: without spaces, in capitals."""
    return "".join(code.split()).upper()
