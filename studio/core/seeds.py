"""Seeds: the numbers that decide all noise."""

import secrets

from studio.core.errors import UserError

SEEDS = 2**32
"""How many seeds there are: 0 to SEEDS - 1, as in the rest of the field."""


def draw_seed() -> int:
    """A fresh seed from the system's randomness."""
    return secrets.randbelow(SEEDS)


def check_seed(seed: int) -> int:
    """Give the seed back. Raises UserError outside 0 .. 2**32 - 1."""
    if not 0 <= seed < SEEDS:
        raise UserError(f"{seed} is not a seed.", f"Choose a whole number from 0 to {SEEDS - 1}.")
    return seed


def seed_after(seed: int, places: int = 1) -> int:
    """The seed `places` further on; after the last one comes 0."""
    return (seed + places) % SEEDS
