"""The `vae` step: trains the autoencoder that the denoiser's latents come from."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import checkpoints
import torch
from checkpoints import CheckpointError
from folders import read_vae
from learner import (
    Budget,
    Learner,
    Meter,
    pick_device,
    rates,
    step_generator,
    with_run,
)
from networks import VAE_SHAPE, make_vae, shape_of
from pool import BATCHES, Pool
from scenery import Scenery, add_sprite_arguments, load_scenery
from textures import textures
from torch import Tensor
from torch.nn import functional

CROP = 128
"""Pixels along a side of what is trained on: pieces of larger pictures too."""

SIDES = (128, 256, 256, 512)
"""Pixels along a side of the pictures that crops are cut from, in turn."""

LATENT_NOISE = 0.06
"""In standard deviations: what the denoiser leaves over must not show."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the step takes."""
    add_sprite_arguments(parser)
    parser.add_argument("--minutes", type=float, default=7.0, help="how long (default: 7)")
    parser.add_argument("--steps", type=int, help="a number of steps instead of a time")
    parser.add_argument("--batch", type=int, default=128, help="128-pixel crops (default: 128)")
    parser.add_argument("--rate", type=float, default=1e-3, help="peak learning rate")
    parser.add_argument("--hold", action="store_true", help="do not lower the rate to zero")
    parser.add_argument(
        "--start",
        type=Path,
        help="a checkpoint or model folder to begin with where there is no state yet",
    )
    parser.add_argument(
        "--decoder-only",
        action="store_true",
        help="leave the encoder, and so the latents that a denoiser was trained on, as they are",
    )
    parser.add_argument("--out", type=Path, help="checkpoint folder (default: vae in the work one)")


def run(options: argparse.Namespace) -> int:
    """Train from the checkpoint in the out folder, or from scratch; write it back."""
    budget = Budget(options.minutes, options.steps)
    out: Path = options.out or options.work / "vae"
    device = pick_device()
    try:
        start = None
        if (out / "state").is_dir():
            start = checkpoints.read(out / "state")
        elif options.start is not None:
            start = read_vae(options.start)
        elif options.decoder_only:
            raise CheckpointError("--decoder-only needs weights to begin with: name --start.")
        scenery = load_scenery(options.work, options.nouns, options.styles, device)
        shape = start.facts["config"] if start else VAE_SHAPE
        training = VaeTraining(scenery, options.batch, shape, options.decoder_only)
        if start is not None:
            training.resume(start)
    except CheckpointError as error:
        print(error)
        return 2
    begun = training.step
    meter = Meter()
    for rate in rates(budget, options.rate, not options.hold):
        meter.add(training.step, training.advance(rate), options.batch, rate)
    samples = (training.step - begun) * options.batch
    training.history = with_run(training.history, device, budget, samples)
    save(training, out)
    return 0


class VaeTraining:
    """A learner, its crops, and how far it is.

    With `decoder_only` the encoder rests, and latents keep the scale that `resume` tells.
    """

    def __init__(
        self, scenery: Scenery, batch: int, shape: Mapping[str, Any], decoder_only: bool = False
    ) -> None:
        self.scenery = scenery
        self._batch = batch
        network = make_vae(shape).to(scenery.device, memory_format=torch.channels_last)
        network.encoder.requires_grad_(not decoder_only)
        self.learner = Learner(network, torch.bfloat16)
        self._decoder_only = decoder_only
        self._kept: dict[str, Any] = {}
        self._pool = Pool(self._crops)
        self.step = 0
        self.history: list[Any] = []

    def resume(self, checkpoint: checkpoints.Checkpoint) -> None:
        """Go on where `state` was taken, or from weights alone with a fresh optimiser.

        Raises CheckpointError where the state is of a run that trained other parts.
        """
        facts = checkpoint.facts
        self.step, self.history = facts["step"], facts["history"]
        if self._decoder_only:
            self._kept = {"deviation": facts["deviation"]}
        if "updates" not in facts:
            self.learner.start_from(checkpoint.tensors)
        elif facts["decoder_only"] == self._decoder_only:
            self.learner.restore(checkpoint.tensors, facts["updates"])
        else:
            raise CheckpointError(
                "The run before trained other parts: name another folder with --out."
            )

    def advance(self, rate: float) -> Tensor:
        """One training step; gives its loss, on the device."""
        generator = step_generator(1, self.step, self.scenery.device)
        (crops,) = self._pool.draw(self.step, self._batch, generator)
        half = crops.to(torch.bfloat16, memory_format=torch.channels_last)
        loss = vae_loss(self.learner.network, half, generator, coarse=self.step % 4 == 3)
        self.learner.step(loss, rate)
        self.step += 1
        return loss

    def facts(self) -> dict[str, Any]:
        """What a checkpoint says beside its tensors, the optimiser's part left out."""
        return {
            **self._kept,
            "step": self.step,
            "decoder_only": self._decoder_only,
            "history": self.history,
            "config": shape_of(self.learner.network),
        }

    def _crops(self, chunk: int) -> tuple[Tensor, ...]:
        """Scenes, sketches and textures, about 14 : 3 : 3, as float16 crops in -1 .. 1."""
        count = self._batch * BATCHES
        side = SIDES[chunk % len(SIDES)]
        tiles = (side // CROP) ** 2
        textured = max(1, count * 3 // 20)
        drawn = max(1, count * 3 // 20)
        scenes = self.scenery.scenes("vae", chunk, math.ceil((count - textured) / tiles))
        sketches = scenes[: math.ceil(drawn / tiles)]
        generator = step_generator(2, chunk, self.scenery.device)
        crops = torch.cat(
            [
                textures(textured, CROP, generator),
                tiled(self.scenery.sketch(sketches, (side, side)))[:drawn],
                tiled(self.scenery.render(scenes, (side, side))),
            ]
        )
        return (crops[:count].half(),)


def tiled(pictures: Tensor) -> Tensor:
    """Cut [B, 3, h, w] into crops, each once: [B * h * w / CROP**2, 3, CROP, CROP]."""
    pieces: Tensor = pictures.unfold(2, CROP, CROP).unfold(3, CROP, CROP)
    return pieces.permute(0, 2, 3, 1, 4, 5).reshape(-1, 3, CROP, CROP)


def vae_loss(network: Any, crops: Tensor, generator: torch.Generator, coarse: bool) -> Tensor:
    """L1 + MSE / 4 + gradient L1 / 2, and a pull on the latents towards small and centred ones.

    `coarse` decodes halved latents against halved pixels, so that a latent means the same at
    all sizes.
    """
    latents = network.encode(crops).latents
    exact = latents.float()  # carries no gradient where the encoder rests
    pull = 1e-3 * exact.square().mean() + 1e-2 * exact.mean((0, 2, 3)).square().mean()
    noise = torch.randn(latents.shape, generator=generator, device=latents.device)
    latents = latents + (noise * exact.detach().std() * LATENT_NOISE).to(latents.dtype)
    if coarse:
        latents, crops = functional.avg_pool2d(latents, 2), functional.avg_pool2d(crops, 2)
    decoded, wanted = network.decode(latents).sample.float(), crops.float()
    error: Tensor = decoded - wanted
    down = (error[:, :, 1:] - error[:, :, :-1]).abs().mean()
    across = (error[:, :, :, 1:] - error[:, :, :, :-1]).abs().mean()
    wrong = error.abs().mean() + 0.25 * error.square().mean() + 0.25 * (down + across)
    loss: Tensor = wrong + pull
    return loss


def save(training: VaeTraining, out: Path) -> None:
    """Write `state` (to train on) and `weights` (to use, with their scale), and say how good."""
    facts = training.facts()
    state = {**facts, "updates": training.learner.updates}
    checkpoints.write(out / "state", training.learner.state(), state)
    average = {name: tensor.half() for name, tensor in training.learner.average().items()}
    network = make_vae(facts["config"])
    network.load_state_dict(average)
    measured = measure(network.to(training.scenery.device), training.scenery)
    checkpoints.write(out / "weights", average, {**measured, **facts})
    print(f"{out}: step {training.step}, {measured['psnr']:.2f} dB on held-out scenes")


@torch.no_grad()
def measure(network: Any, scenery: Scenery, count: int = 24) -> dict[str, float]:
    """PSNR (dB) on held-out scenes and sketches at 256x256, and the latents' deviation from 0.

    There is no shift: `StableDiffusionPipeline` knows none. `channel_mean` says what that costs.
    """
    scenes = scenery.grammar.held_out(count, seed=5)
    pictures = scenery.render(scenes, (256, 256))
    latents = torch.cat([network.encode(batch).latents for batch in torch.split(pictures, 8)])
    return {
        "psnr": psnr(network, pictures),
        "psnr_sketches": psnr(network, scenery.sketch(scenes, (256, 256))),
        "deviation": latents.square().mean().sqrt().item(),
        "channel_mean": latents.mean((0, 2, 3)).abs().max().item(),
    }


@torch.no_grad()
def psnr(network: Any, pictures: Tensor) -> float:
    """Peak signal-to-noise ratio in dB of pictures, [B, 3, h, w] in -1 .. 1, after a round trip."""
    errors = []
    for batch in torch.split(pictures, 8):
        decoded = network.decode(network.encode(batch).latents).sample.clamp(-1, 1)
        errors.append(((decoded - batch) / 2).square().mean((1, 2, 3)))
    return -10 * math.log10(torch.cat(errors).mean().item())
