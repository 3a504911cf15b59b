"""The `paint` step: a contact sheet of a model's pictures, to see how training goes."""

from __future__ import annotations

import argparse
from pathlib import Path

from painter import Job, paint_all, settings_for
from preview import contact_sheet

PROMPTS = (
    "a 3d apple on a white background",
    "a 3d cat in a meadow",
    "a 3d house in the snow",
    "a 3d mushroom in a forest",
    "a 3d sailboat on the sea at sunset",
    "a red car on a road",
    "a 3d dog on the beach",
    "a castle in the mountains",
    "a rocket in space",
    "an elephant in the desert",
    "a penguin in the snow",
    "a blue fish under water",
    "a yellow star at night",
    "a robot in a city",
    "a pumpkin on a table",
    "two strawberries on a pink background",
)
"""Things in their own colours and places, and in others."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to paint, and with what."""
    parser.add_argument("prompts", nargs="*", default=PROMPTS, help="(default: sixteen examples)")
    parser.add_argument("--model", type=Path, help="a model folder (default: model there)")
    parser.add_argument("--seeds", type=int, default=2, help="pictures of each (default: 2)")
    parser.add_argument("--side", type=int, help="pixels along a side (default: the model's own)")
    parser.add_argument("--guidance", type=float, help="(default: the model's own)")
    parser.add_argument("--sampler", help="(default: the model's own)")
    parser.add_argument("--out", type=Path, help="the PNG (default: painted.png there)")


def run(options: argparse.Namespace) -> int:
    """Paint every prompt with every seed, with the app's own engine."""
    model: Path = options.model or options.work / "model"
    settings = settings_for(model, options.side, guidance=options.guidance, sampler=options.sampler)
    asked = [(prompt, seed) for prompt in options.prompts for seed in range(options.seeds)]
    pictures = paint_all(settings, [Job(prompt, seed) for prompt, seed in asked])
    path: Path = options.out or options.work / "painted.png"
    contact_sheet(pictures, [prompt for prompt, _ in asked]).save(path)
    print(f"{len(asked)} pictures: {path}")
    return 0
