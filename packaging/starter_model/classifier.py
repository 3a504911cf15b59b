"""The `classifier` step: trains the network that reads pictures for the `evaluate` step."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import checkpoints
import torch
from checkpoints import Checkpoint, CheckpointError
from grammar import Grammar, Scene
from learner import Budget, Learner, Meter, pick_device, rates, step_generator
from pool import BATCHES, Pool
from scenery import Scenery, add_sprite_arguments, load_scenery
from torch import Tensor, nn
from torch.nn import functional

SIDE = 96
"""Pixels along the sides of the pictures it reads; larger ones are averaged down."""

PLACES = 24
"""Along the sides of its map of where things are."""

WIDTHS = (32, 64, 128, 224)
COUNTS = 4
UNKNOWN = -1
"""Stands for a label that a scene does not have, such as one colour of two things."""

VISIBLE = 0.08
"""What a pixel must differ by, in -1 .. 1, for a thing to be there."""


@dataclass(frozen=True)
class Labels:
    """What is to be read in B pictures.

    `noun` float [B, nouns], the share of each; `colour`, `count` (from 0: one thing) and
    `background` int64 [B], UNKNOWN where there is none; `place` float [B, PLACES, PLACES], 0 .. 1.
    """

    noun: Tensor
    colour: Tensor
    count: Tensor
    background: Tensor
    place: Tensor


@dataclass(frozen=True)
class Reading:
    """What the network sees in B pictures; logits, in the shapes that Labels has classes for."""

    noun: Tensor
    colour: Tensor
    count: Tensor
    background: Tensor
    place: Tensor


class Reader(nn.Module):
    """A small residual network that finds where things are, and then looks there."""

    def __init__(self, nouns: int, colours: int, backgrounds: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, WIDTHS[0], 5, 2, 2), nn.ReLU(), _Block(WIDTHS[0]))
        self.stages = nn.ModuleList(
            nn.Sequential(nn.Conv2d(narrow, wide, 3, 2, 1), _Block(wide), _Block(wide))
            for narrow, wide in pairwise(WIDTHS)
        )
        self.near = nn.Conv2d(WIDTHS[1], 64, 1)
        self.far = nn.Conv2d(WIDTHS[-1], 64, 1)
        self.place = nn.Conv2d(64, 1, 3, padding=1)
        seen = 2 * WIDTHS[-1] + WIDTHS[1]
        self.noun = nn.Linear(seen, nouns)
        self.colour = nn.Linear(seen, colours)
        self.count = nn.Linear(seen, COUNTS)
        self.background = nn.Linear(seen, backgrounds)

    def forward(self, pictures: Tensor) -> Reading:
        """Read float [B, 3, SIDE, SIDE] in -1 .. 1."""
        features = [self.stem(pictures)]
        for stage in self.stages:
            features.append(stage(features[-1]))
        fine, coarse = features[1], features[-1]
        wide = functional.interpolate(self.far(coarse), scale_factor=4.0, mode="bilinear")
        place = self.place(torch.relu(self.near(fine) + wide))
        shares = torch.sigmoid(place)
        seen = torch.cat(
            [
                coarse.mean((2, 3)),
                _mean_where(coarse, functional.avg_pool2d(shares, 4)),
                _mean_where(fine, shares),
            ],
            dim=1,
        )
        return Reading(
            self.noun(seen), self.colour(seen), self.count(seen), self.background(seen), place[:, 0]
        )


class _Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            nn.GroupNorm(16, width),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1),
            nn.GroupNorm(16, width),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = x + self.inner(x)
        return result


def _mean_where(features: Tensor, shares: Tensor) -> Tensor:
    """[B, C]: features averaged with `shares` [B, 1, h, w] as weights."""
    return (features * shares).sum((2, 3)) / (shares.sum((2, 3)) + 1e-3)


def shrink(pictures: Tensor) -> Tensor:
    """Any size averaged to what the network reads."""
    return functional.interpolate(pictures, (SIDE, SIDE), mode="area")


def labels(scenes: Sequence[Scene], scenery: Scenery, pictures: Tensor) -> Labels:
    """What is true of scenes; `pictures` are their renderings, [B, 3, h, w]."""
    grammar, device = scenery.grammar, scenery.device
    noun = torch.zeros(len(scenes), len(grammar.nouns))
    for row, scene in enumerate(scenes):
        for thing in scene.things:
            index = grammar.nouns.index(scenery.sprites.sprites[thing.sprite].noun)
            noun[row, index] += 1 / len(scene.things)
    colour = [_colour(scene, grammar) for scene in scenes]
    same = noun.max(1).values > 0.99  # counts are told of scenes with one kind of thing only
    count = [scene.count - 1 if same[row] else UNKNOWN for row, scene in enumerate(scenes)]
    background = [grammar.backgrounds.index(scene.background) for scene in scenes]
    return Labels(
        noun.to(device),
        torch.tensor(colour, device=device),
        torch.tensor(count, device=device),
        torch.tensor(background, device=device),
        places(scenes, scenery, pictures),
    )


def _colour(scene: Scene, grammar: Grammar) -> int:
    """The colour that all things were given, if it is one."""
    colours = {thing.colour for thing in scene.things}
    only = next(iter(colours))
    return grammar.colours.index(only) if len(colours) == 1 and only is not None else UNKNOWN


def places(scenes: Sequence[Scene], scenery: Scenery, pictures: Tensor) -> Tensor:
    """Where things are: the share of pixels that they change, float [B, PLACES, PLACES]."""
    empty = [replace(scene, things=()) for scene in scenes]
    height, width = pictures.shape[2:]
    return changed(pictures, scenery.render(empty, (height, width)))


def changed(pictures: Tensor, without: Tensor) -> Tensor:
    """The share of pixels that visibly differ, float [B, PLACES, PLACES], of [B, 3, h, w]."""
    visible = ((pictures - without).abs().amax(1, keepdim=True) > VISIBLE).float()
    return functional.interpolate(visible, (PLACES, PLACES), mode="area")[:, 0]


def reader_loss(reading: Reading, truth: Labels) -> Tensor:
    """The heads' cross-entropies, added up."""
    loss = functional.cross_entropy(reading.noun, truth.noun)
    loss = loss + functional.binary_cross_entropy_with_logits(reading.place, truth.place)
    for said, wanted in (
        (reading.colour, truth.colour),
        (reading.count, truth.count),
        (reading.background, truth.background),
    ):
        known = (wanted != UNKNOWN).float()
        each = functional.cross_entropy(said, wanted, ignore_index=UNKNOWN, reduction="none")
        loss = loss + each.sum() / known.sum().clamp(min=1)
    return loss


def worn(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Pictures in various states: blurred, noisy, paler or darker, as painted ones may be."""
    count, device = len(pictures), pictures.device
    draw = torch.rand(count, 4, 1, 1, 1, generator=generator, device=device)
    soft = functional.avg_pool2d(pictures, 5, 1, 2, count_include_pad=False)
    pictures = pictures.lerp(soft, draw[:, 0])
    noise = torch.randn(pictures.shape, generator=generator, device=device)
    pictures = pictures + noise * 0.15 * draw[:, 1] ** 2
    return pictures * (0.85 + 0.3 * draw[:, 2]) + 0.2 * (draw[:, 3] - 0.5)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the step takes."""
    add_sprite_arguments(parser)
    parser.add_argument("--minutes", type=float, default=2.0, help="how long (default: 2)")
    parser.add_argument("--steps", type=int, help="a number of steps instead of a time")
    parser.add_argument("--batch", type=int, default=256, help="pictures in a step (default: 256)")
    parser.add_argument("--rate", type=float, default=1e-3, help="peak learning rate")
    parser.add_argument("--hold", action="store_true", help="do not lower the rate to zero")
    parser.add_argument("--keep", action="store_true", help="do nothing if there is one already")


def run(options: argparse.Namespace) -> int:
    """Train on from the checkpoint in the work folder, or from scratch; write it back."""
    budget = Budget(options.minutes, options.steps)
    out: Path = options.work / "classifier"
    if options.keep and out.is_dir():
        return 0
    try:
        scenery = load_scenery(options.work, options.nouns, options.styles, pick_device())
        training = ReaderTraining(scenery, options.batch)
        if out.is_dir():
            training.resume(checkpoints.read(out))
    except CheckpointError as error:
        print(error)
        return 2
    meter = Meter()
    for rate in rates(budget, options.rate, not options.hold):
        meter.add(training.step, training.advance(rate), options.batch, rate)
    average = {name: tensor.half() for name, tensor in training.learner.average().items()}
    checkpoints.write(out, average, training.facts())
    print(f"{out}: step {training.step}")
    return 0


class ReaderTraining:
    """A learner, its pictures, and how far it is."""

    def __init__(self, scenery: Scenery, batch: int) -> None:
        self._scenery, self._batch = scenery, batch
        grammar = scenery.grammar
        torch.manual_seed(0)  # the weights it begins with
        network = Reader(len(grammar.nouns), len(grammar.colours), len(grammar.backgrounds))
        self.learner = Learner(network.to(scenery.device), torch.bfloat16)
        self._pool = Pool(self._pictures)
        self.step = 0

    def resume(self, checkpoint: Checkpoint) -> None:
        """Go on from weights with a fresh optimiser. Raises CheckpointError for other nouns."""
        check_nouns(checkpoint, self._scenery.grammar)
        self.learner.start_from(checkpoint.tensors)
        self.step = checkpoint.facts["step"]

    def advance(self, rate: float) -> Tensor:
        """One training step; gives its loss, on the device."""
        generator = step_generator(5, self.step, self._scenery.device)
        pictures, *truth = self._pool.draw(self.step, self._batch, generator)
        half = worn(pictures.float(), generator).to(torch.bfloat16)
        reading: Reading = self.learner.network(half)
        loss = reader_loss(_as_float(reading), Labels(*truth))
        self.learner.step(loss, rate)
        self.step += 1
        return loss

    def facts(self) -> dict[str, Any]:
        """What the checkpoint says beside its tensors."""
        return {"step": self.step, "nouns": list(self._scenery.grammar.nouns)}

    def _pictures(self, chunk: int) -> tuple[Tensor, ...]:
        """Training scenes and asked ones, half and half: an instrument must not be biased."""
        count = self._batch * BATCHES
        asked = self._scenery.grammar.held_out(count // 2, seed=1000 + chunk)
        scenes = asked + self._scenery.scenes("classifier", chunk, count - count // 2)
        side = SIDE * (1 + chunk % 2)
        pictures = self._scenery.render(scenes, (side, side))
        truth = labels(scenes, self._scenery, pictures)
        kept = (truth.noun, truth.colour, truth.count, truth.background, truth.place)
        return shrink(pictures).half(), *kept


def _as_float(reading: Reading) -> Reading:
    return Reading(
        reading.noun.float(),
        reading.colour.float(),
        reading.count.float(),
        reading.background.float(),
        reading.place.float(),
    )


def check_nouns(checkpoint: Checkpoint, grammar: Grammar) -> None:
    """Raise CheckpointError unless the checkpoint was trained on the grammar's nouns."""
    if checkpoint.facts["nouns"] != list(grammar.nouns):
        raise CheckpointError(
            "The checkpoint knows other nouns than these sprites have: use the same --nouns."
        )


def load_reader(checkpoint: Checkpoint, scenery: Scenery) -> Reader:
    """The trained network, float32. Raises CheckpointError for other nouns."""
    grammar = scenery.grammar
    check_nouns(checkpoint, grammar)
    reader = Reader(len(grammar.nouns), len(grammar.colours), len(grammar.backgrounds))
    reader.load_state_dict(dict(checkpoint.tensors))
    return reader.to(scenery.device).eval().requires_grad_(False)


@torch.inference_mode()
def read_pictures(reader: Reader, pictures: Tensor) -> Reading:
    """Read float [B, 3, h, w] in -1 .. 1 of any size, in portions."""
    parts = [reader(shrink(batch)) for batch in torch.split(pictures, 64)]
    return Reading(
        *(
            torch.cat([getattr(part, head) for part in parts])
            for head in ("noun", "colour", "count", "background", "place")
        )
    )


def overlap(first: Tensor, second: Tensor) -> Tensor:
    """Intersection over union [B] of two maps [B, h, w] of booleans; 0 where both are empty."""
    both = (first & second).sum((1, 2)).float()
    either = (first | second).sum((1, 2)).float()
    return both / either.clamp(min=1)
