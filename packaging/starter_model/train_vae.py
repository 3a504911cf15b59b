"""The `vae` step: trains the autoencoder that the denoiser's latents come from."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

import checkpoints
import torch
from checkpoints import CheckpointError
from learner import (
    Budget,
    Learner,
    Meter,
    learning_rate,
    pick_device,
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
    parser.add_argument("--out", type=Path, help="checkpoint folder (default: vae in the work one)")


def run(options: argparse.Namespace) -> int:
    """Train from the checkpoint in the out folder, or from scratch; write it back."""
    budget = Budget(options.minutes, options.steps)
    out: Path = options.out or options.work / "vae"
    device = pick_device()
    try:
        scenery = load_scenery(options.work, options.nouns, device)
        training = VaeTraining(scenery, options.batch, VAE_SHAPE)
        if (out / "state").is_dir():
            training.resume(checkpoints.read(out / "state"))
    except CheckpointError as error:
        print(error)
        return 2
    begun = training.step
    meter = Meter()
    while (used := budget.used(training.step - begun)) < 1:
        rate = learning_rate(options.rate, used, not options.hold)
        meter.add(training.step, training.advance(rate), options.batch, rate)
    samples = (training.step - begun) * options.batch
    training.history = with_run(training.history, device, budget, samples)
    save(training, out)
    return 0


class VaeTraining:
    """A learner, its crops, and how far it is."""

    def __init__(self, scenery: Scenery, batch: int, shape: Any) -> None:
        self._scenery = scenery
        self._batch = batch
        network = make_vae(shape).to(scenery.device, memory_format=torch.channels_last)
        self.learner = Learner(network, torch.bfloat16)
        self._pool = Pool(self._crops)
        self.step = 0
        self.history: list[Any] = []

    def resume(self, checkpoint: checkpoints.Checkpoint) -> None:
        """Go on where `state` was taken."""
        self.step, self.history = checkpoint.facts["step"], checkpoint.facts["history"]
        self.learner.restore(checkpoint.tensors, checkpoint.facts["updates"])

    def advance(self, rate: float) -> Tensor:
        """One training step; gives its loss, on the device."""
        generator = step_generator(1, self.step, self._scenery.device)
        (crops,) = self._pool.draw(self.step, self._batch, generator)
        half = crops.to(torch.bfloat16, memory_format=torch.channels_last)
        loss = vae_loss(self.learner.network, half, generator, coarse=self.step % 4 == 3)
        self.learner.step(loss, rate)
        self.step += 1
        return loss

    def facts(self) -> dict[str, Any]:
        """What a checkpoint says beside its tensors."""
        return {
            "step": self.step,
            "updates": self.learner.updates,
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
        scenes = self._scenery.scenes("vae", chunk, math.ceil((count - textured) / tiles))
        sketches = scenes[: math.ceil(drawn / tiles)]
        generator = step_generator(2, chunk, self._scenery.device)
        crops = torch.cat(
            [
                textures(textured, CROP, generator),
                tiled(self._scenery.sketch(sketches, (side, side)))[:drawn],
                tiled(self._scenery.render(scenes, (side, side))),
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
    exact = latents.float()
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
    network = training.learner.network
    checkpoints.write(out / "state", training.learner.state(), training.facts())
    average = {name: tensor.half() for name, tensor in training.learner.average().items()}
    network.load_state_dict(average)
    network.float()
    measured = measure(network, training._scenery)
    checkpoints.write(out / "weights", average, {**training.facts(), **measured})
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
