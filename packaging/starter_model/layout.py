"""Where things stand in a scene and how large, so that they look placed, not scattered."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import words

Spot: TypeAlias = tuple[float, float, float]
"""x and y of a thing's middle, 0..1 on a square canvas, and its scale."""

NATURAL = {"s": 0.72, "m": 1.0, "l": 1.25, "x": 1.45}
"""Scale beside other things, by a noun's size."""

FEET = {"plain": 0.86, "land": 0.88, "indoors": 0.88, "deep": 0.90, "water": 0.74}
"""How far down things stand, by a background's ground; ground always reaches up to GROUND_TOP."""

GROUND_TOP = 0.68


@dataclass(frozen=True)
class Box:
    """What placing a sprite needs to know of it."""

    half_width: float  # of what is visible, in shares of the sprite's side
    half_height: float
    place: str
    size: str


def single(
    rng: random.Random, box: Box, place: words.Background, size: str | None, position: str | None
) -> Spot:
    """One thing, large in the picture unless it is to be small."""
    low, high = {None: (0.60, 0.90), "small": (0.24, 0.36), "big": (0.88, 1.0)}[size]
    if position in ("left", "right"):
        high = min(high, 0.56)
        low = min(low, 0.36)
    scale = rng.uniform(low, high)
    room = max(0.0, 0.5 - box.half_width * scale)
    x = 0.5 + rng.uniform(-1, 1) * min(room, 0.14)
    if position == "middle":
        x = 0.5
    elif position is not None:
        x = 0.27 if position == "left" else 0.73
    return x, _y(rng, box, scale, place), scale


def several(
    rng: random.Random, box: Box, copies: int, place: words.Background, size: str | None
) -> list[Spot]:
    """Copies of one thing, side by side; four, and now and then three, in two rows."""
    if copies == 1:
        return [single(rng, box, place, size, None)]
    rows = 2 if copies == 4 or (copies == 3 and rng.random() < 0.4) else 1
    if rows == 1 and box.half_width > 2 * box.half_height:
        rows = 2  # long things lie one above another
    split = [copies] if rows == 1 else [copies // 2, copies - copies // 2]
    widest = max(split)
    scale = min(0.90 / widest / (2 * box.half_width), 0.84 / rows / (2 * box.half_height), 0.62)
    scale *= rng.uniform(0.82, 0.95) * (0.6 if size == "small" else 1.0)
    base = _y(rng, box, scale, place)
    tall = 2 * box.half_height * scale
    if rows == 2:
        base = max(min(base - tall * 0.53, 0.97 - tall * 1.56), 0.02 + tall / 2)
    spots: list[Spot] = []
    for row, number in enumerate(split):
        step = 0.94 / max(number, widest)
        for column in range(number):
            x = 0.5 + (column - (number - 1) / 2) * step + rng.uniform(-0.02, 0.02)
            y = base + row * tall * 1.06 + rng.uniform(-0.012, 0.012)
            spots.append((x, min(y, 0.97 - tall / 2), scale))
    return spots


def pair(
    rng: random.Random, boxes: Sequence[Box], place: words.Background, relation: str
) -> list[Spot]:
    """The first thing and the second, in this relation."""
    if relation in ("above", "on"):
        return _stacked(rng, boxes[0], boxes[1], place, touching=relation == "on")
    if relation == "below":
        upper, lower = _stacked(rng, boxes[1], boxes[0], place, touching=False)
        return [lower, upper]
    if relation == "in front of":
        return _overlapping(rng, boxes[0], boxes[1], place)
    if relation == "behind":
        front, back = _overlapping(rng, boxes[1], boxes[0], place)
        return [back, front]
    spots = row(rng, boxes, place)
    if relation == "right of" or (relation == "next to" and rng.random() < 0.5):
        first, second = row(rng, boxes[::-1], place)
        return [second, first]
    return spots


def row(rng: random.Random, boxes: Sequence[Box], place: words.Background) -> list[Spot]:
    """Side by side from left to right, by their natural sizes."""
    wanted = [NATURAL[box.size] for box in boxes]
    middle = sum(wanted) / len(wanted)
    # Half-way to equal sizes: a mouse beside a castle must still be seen.
    scales = [0.5 * (middle + natural) for natural in wanted]
    across = sum(2 * box.half_width * s for box, s in zip(boxes, scales, strict=True))
    tallest = max(2 * box.half_height * s for box, s in zip(boxes, scales, strict=True))
    fit = min(0.86 / across, 0.8 / tallest) * rng.uniform(0.86, 1.0)
    scales = [min(fit * s, 0.62) for s in scales]
    widths = [2 * box.half_width * s for box, s in zip(boxes, scales, strict=True)]
    gap = (1.0 - sum(widths)) / (len(boxes) + 1)
    spots: list[Spot] = []
    left = 0.0
    for box, scale, width in zip(boxes, scales, widths, strict=True):
        left += gap
        spots.append((left + width / 2, _y(rng, box, scale, place), scale))
        left += width
    return spots


def _stacked(
    rng: random.Random, upper: Box, lower: Box, place: words.Background, touching: bool
) -> list[Spot]:
    """One over the other, the upper first."""
    ratio = min(max(NATURAL[upper.size] / NATURAL[lower.size], 0.55), 1.1)
    gap = -0.03 if touching else rng.uniform(0.05, 0.1)
    tall = 2 * (upper.half_height * ratio + lower.half_height)
    scale = min((0.84 - gap) / tall, 0.5 / lower.half_width, 0.6) * rng.uniform(0.88, 1.0)
    low_y = _standing(rng, lower, scale, place)
    high_y = low_y - lower.half_height * scale - gap - upper.half_height * scale * ratio
    x = 0.5 + rng.uniform(-0.1, 0.1)
    return [(x + rng.uniform(-0.03, 0.03), high_y, scale * ratio), (x, low_y, scale)]


def _overlapping(rng: random.Random, front: Box, back: Box, place: words.Background) -> list[Spot]:
    """The nearer one first: lower in the picture, and hiding a part of the other."""
    ratio = min(max(NATURAL[front.size] / NATURAL[back.size], 0.45), 0.7)
    scale = rng.uniform(0.6, 0.78)
    side = rng.choice((-1, 1))
    back_y = _standing(rng, back, scale, place) - 0.05
    front_y = min(
        _standing(rng, front, scale * ratio, place) + 0.05, 0.98 - front.half_height * scale * ratio
    )
    x = 0.5 - side * rng.uniform(0.06, 0.12)
    away = side * max(0.12, back.half_width * scale * 0.55)
    return [(x + away, front_y, scale * ratio), (x, back_y, scale)]


def _standing(rng: random.Random, box: Box, scale: float, place: words.Background) -> float:
    """The height of its middle when its foot is where things stand."""
    feet = FEET.get(place.ground, 0.86) + rng.uniform(-0.03, 0.05)
    return min(feet, 0.97) - box.half_height * scale


def _y(rng: random.Random, box: Box, scale: float, place: words.Background) -> float:
    """The height of its middle: on the ground, in the air, or in the middle where all float."""
    tall = 2 * box.half_height * scale
    top = tall / 2 + 0.03
    if place.ground == "none" or (place.ground == "deep" and box.place in ("fish", "boat", "air")):
        return _between(0.5 + rng.uniform(-0.1, 0.1), top, 0.97 - tall / 2)
    if box.place == "air":
        return _between(0.42 + rng.uniform(-0.1, 0.08), top, 0.97 - tall / 2)
    if place.ground == "plain":
        # Studio pictures: in the middle, or a little below it.
        return _between(0.52 + rng.uniform(-0.04, 0.1), top, 0.95 - tall / 2)
    return _between(_standing(rng, box, scale, place), top, 0.98 - tall / 2)


def _between(value: float, low: float, high: float) -> float:
    """Clamps; where there is no room between, the middle."""
    return min(max(value, low), high) if low <= high else (low + high) / 2
