"""Where training and evaluation get their scenes: numbered portions, the same on every machine."""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from pathlib import Path

import torch
from checkpoints import CheckpointError
from grammar import Grammar, HeldOut, Scene
from render import render, sketch
from sprites import SpriteSet
from torch import Tensor

Side = tuple[int, int]
"""Height and width in pixels."""


class Scenery:
    """A grammar over some sprites, and the device that draws its scenes."""

    def __init__(self, sprites: SpriteSet, device: torch.device, seed: int = 0) -> None:
        self.sprites = sprites
        self.grammar = Grammar(sprites, HeldOut())
        self.device = device
        self._seed = seed

    def scenes(self, purpose: str, portion: int, count: int) -> list[Scene]:
        """Training scenes, never held-out ones: a pure function of the seed and the arguments."""
        rng = random.Random(f"{self._seed}/{purpose}/{portion}")
        return [self.grammar.sample(rng) for _ in range(count)]

    def render(self, scenes: Sequence[Scene], size: Side) -> Tensor:
        """Finished pictures of scenes, float32 [B, 3, height, width] in -1 .. 1."""
        return render(scenes, self.sprites, size, self.device)

    def sketch(self, scenes: Sequence[Scene], size: Side) -> Tensor:
        """The same scenes as a rough hand draws them, in the same form."""
        return sketch(scenes, self.sprites, size, self.device)


def add_sprite_arguments(parser: argparse.ArgumentParser) -> None:
    """`--nouns` and `--styles`: steps that are to speak of the same things take the same."""
    parser.add_argument("--nouns", type=int, help="only the first K nouns (default: all)")
    parser.add_argument(
        "--styles",
        type=lambda text: text.split(","),
        help="only these, as in 3d,flat (default: all)",
    )


def load_scenery(
    work: Path, nouns: int | None, styles: Sequence[str] | None, device: torch.device
) -> Scenery:
    """The scenery of the work folder.

    Raises CheckpointError where its sprites are missing, or none is of these styles.
    """
    file = work / "sprites.safetensors"
    if not file.is_file():
        raise CheckpointError(f"There are no sprites at {file}: run the step 'sprites' first.")
    sprites = SpriteSet.load(file)
    known = {sprite.style for sprite in sprites.sprites}
    if not known.issuperset(styles or ()):
        raise CheckpointError(f"--styles takes some of {','.join(sorted(known))}.")
    return Scenery(sprites.take(nouns, styles), device)
