"""Credit codes: a published one holds, letters stand in the first two places, and one wrong character is seen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.supervise.uscc import ALPHABET, check_character, fault, tidy

BODIES = st.builds(
    "".join,
    st.tuples(
        st.text(ALPHABET, min_size=2, max_size=2),
        st.text("0123456789", min_size=6, max_size=6),
        st.text(ALPHABET, min_size=9, max_size=9),
    ),
)
KNOWN = "91110000600037341L"  # the example of python-stdnum's documentation


def test_a_known_code() -> None:
    assert fault(KNOWN) == ""
    assert tidy(" 9111 0000 6000 37341l ") == KNOWN


@given(body=BODIES, place=st.integers(0, 17), other=st.sampled_from(ALPHABET))
def test_one_wrong_character_is_seen(body: str, place: int, other: str) -> None:
    code = body + check_character(body)
    assert fault(code) == ""
    wrong = code[:place] + other + code[place + 1 :]
    assert (fault(wrong) == "") == (wrong == code)


@pytest.mark.parametrize(
    "code", ["", KNOWN[:-1], KNOWN + "0", KNOWN[:8] + "I" + KNOWN[9:], "9111000A600037341L", KNOWN[:-1] + "0"]
)
def test_bad_codes(code: str) -> None:
    assert fault(code)
