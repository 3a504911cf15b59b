"""What the evaluation counts: how much of what was asked for is in the pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from classifier import UNKNOWN, Labels, Reading
from torch import Tensor

ASPECTS = ("object", "object, recoloured", "colour", "count", "background")


@dataclass(frozen=True)
class Score:
    """A share of pictures in which something was right, of how many."""

    share: float
    of: int


def score(reading: Reading, asked: Labels) -> dict[str, Score]:
    """The share of pictures that are read as asked, by aspect; only where the aspect was asked.

    Recoloured objects are counted apart as well, because a thing's own colour can give it away.
    """
    noun = _right(reading.noun, asked.noun.argmax(1))
    coloured = asked.colour != UNKNOWN
    return {
        "object": _share(noun, torch.ones_like(coloured)),
        "object, recoloured": _share(noun, coloured),
        "colour": _share(_right(reading.colour, asked.colour), coloured),
        "count": _share(_right(reading.count, asked.count), asked.count != UNKNOWN),
        "background": _share(
            _right(reading.background, asked.background), asked.background != UNKNOWN
        ),
    }


def shuffled(asked: Labels, by: int = 1) -> Labels:
    """Each picture's labels given to the one `by` places on: what is right by chance.

    With several pictures of each prompt, as many places as these are.
    """
    return Labels(
        asked.noun.roll(by, 0),
        asked.colour.roll(by),
        asked.count.roll(by),
        asked.background.roll(by),
        asked.place.roll(by, 0),
    )


def repeated(asked: Labels, times: int) -> Labels:
    """The labels of `times` pictures to each prompt, prompt by prompt."""
    return Labels(
        asked.noun.repeat_interleave(times, 0),
        asked.colour.repeat_interleave(times),
        asked.count.repeat_interleave(times),
        asked.background.repeat_interleave(times),
        asked.place.repeat_interleave(times, 0),
    )


def of_ceiling(painted: Mapping[str, Score], ceiling: Mapping[str, Score]) -> dict[str, float]:
    """Scores as shares of what the reader gets right in real renderings."""
    return {
        aspect: painted[aspect].share / ceiling[aspect].share if ceiling[aspect].share else 0.0
        for aspect in ASPECTS
    }


def _right(said: Tensor, wanted: Tensor) -> Tensor:
    return said.argmax(1) == wanted


def _share(right: Tensor, counted: Tensor) -> Score:
    of = int(counted.sum())
    return Score(float((right & counted).sum()) / of if of else 0.0, of)
