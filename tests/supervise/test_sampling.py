"""Draws at random are drawn again from their seed, leave out who may not inspect, and favour nobody."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InputError
from engine.supervise.sampling import draw

STREAMS = {f"s{number}": frozenset({"wang"} if number % 2 else ()) for number in range(20)}
PEOPLE = ("chen", "li", "wang", "zhao")


@given(seed=st.text(min_size=1).filter(str.strip), order=st.permutations(sorted(STREAMS)), people=st.permutations(PEOPLE))
def test_the_order_of_names_decides_nothing(seed: str, order: list[str], people: list[str]) -> None:
    found = draw(seed, 5, STREAMS, PEOPLE)
    assert draw(seed, 5, {name: STREAMS[name] for name in order}, people) == found
    assert len({name for name, _ in found.streams}) == 5
    assert all(len(set(two)) == 2 and not set(two) & STREAMS[name] for name, two in found.streams)


def test_a_longer_draw_goes_on_where_a_shorter_ended() -> None:
    assert draw("x", 9, STREAMS, PEOPLE).streams[:4] == draw("x", 4, STREAMS, PEOPLE).streams


def test_every_stream_has_its_chance() -> None:
    drawn = Counter(name for seed in range(400) for name, _ in draw(f"{seed}", 5, STREAMS, PEOPLE).streams)
    assert set(drawn) == set(STREAMS)
    assert max(drawn.values()) < 2 * min(drawn.values())


@pytest.mark.parametrize(("seed", "people", "code"), [(" ", PEOPLE, "no-seed"), ("x", ("wang", "li"), "no-inspectors")])
def test_bad_draws(seed: str, people: tuple[str, ...], code: str) -> None:
    with pytest.raises(InputError, match=code):
        draw(seed, 20, STREAMS, people)
