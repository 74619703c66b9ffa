"""Draw streams and inspectors at random (双随机), so that anybody can draw them again from the seed.

Each name is ranked by the SHA-256 of seed and name, and the first so many are drawn: neither the order in which names are given
nor who draws decides anything. Regulation on improving the business environment, article 54.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256

from engine.errors import InputError

INSPECTORS = 2  # of a stream: two at least, as the Administrative Penalty Law asks of enforcement (article 42)


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a seed draws: each stream with its inspectors, in the order drawn."""

    seed: str
    streams: tuple[tuple[str, tuple[str, ...]], ...]


def draw(seed: str, count: int, streams: Mapping[str, Collection[str]], inspectors: Collection[str]) -> Drawn:
    """Return the streams that a seed draws of `streams` (id -> who may not inspect it), two inspectors each.

    Raises InputError for an empty seed, or when too few inspectors are left for a stream.
    """
    if not seed.strip():
        raise InputError("no-seed", "a draw needs a seed", "give one that was not known before, such as a public draw of the day")
    found = []
    for name in _ranked(seed, streams)[:count]:
        able = [each for each in _ranked(f"{seed}/{name}", inspectors) if each not in streams[name]]
        if len(able) < INSPECTORS:
            raise InputError("no-inspectors", f"fewer than {INSPECTORS} may inspect `{name[:60]}`", "name more inspectors")
        found.append((name, tuple(able[:INSPECTORS])))
    return Drawn(seed, tuple(found))


def _ranked(seed: str, names: Collection[str]) -> list[str]:
    """Return names by the hash of seed and name; equal names count once."""
    return sorted(set(names), key=lambda name: sha256(f"{seed}\0{name}".encode()).digest())
