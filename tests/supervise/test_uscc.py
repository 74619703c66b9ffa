"""Credit codes: a published one holds, letters stand in the first two places, and one wrong character is seen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc as stdnum

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


# python-stdnum wants digits in the first two places too; where the first eight places are digits it says what we say
DIGITS = st.builds("".join, st.tuples(st.text("0123456789", min_size=8, max_size=8), st.text(ALPHABET, min_size=9, max_size=9)))


@given(body=DIGITS, place=st.integers(0, 17), other=st.sampled_from(ALPHABET + "IOZSV"))
def test_other_hands_agree(body: str, place: int, other: str) -> None:
    code = body + check_character(body)
    assert stdnum.calc_check_digit(body) == code[17]
    wrong = code[:place] + other + code[place + 1 :]
    for each in (code, wrong, code[:-1], code + "0", ""):
        assert stdnum.is_valid(each) == (not fault(each) and each[:8].isdecimal()), each


@given(body=BODIES)
def test_letters_in_front_are_where_other_hands_differ(body: str) -> None:
    """Bodies under agriculture (N), others (Y) and more have such codes (GB 32100-2015); stdnum takes them for malformed."""
    code = body + check_character(body)
    assert fault(code) == ""
    assert stdnum.is_valid(code) == code[:2].isdecimal()
