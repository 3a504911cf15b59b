"""The `denoiser` step: trains the network that paints, in stretches of some minutes."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import checkpoints
import torch
from checkpoints import Checkpoint, CheckpointError
from deepening import deepened
from folders import read_denoiser, read_vae
from learner import (
    Budget,
    Learner,
    Meter,
    pick_device,
    rates,
    step_generator,
    with_run,
)
from networks import DENOISER_SHAPE, FACTOR, make_denoiser, make_vae, shape_of, signal_levels
from pool import BATCHES, Pool
from scenery import Scenery, add_sprite_arguments, load_scenery
from text import TextReader
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

ROOT = Path(__file__).resolve().parents[2]
UNCAPTIONED = 0.1
"""Share of samples whose caption is left out, for classifier-free guidance."""

FOCUS = (350, 950)
"""Timesteps that every second sample of 128x128 is drawn from: where shapes are decided."""

SAVE_SECONDS = 480.0
"""Between two copies of the state during a run, in case it is cut off."""


PORTION = 64
"""Pictures encoded at once: what they need in between is large."""


@dataclass(frozen=True)
class Bucket:
    """Pictures of one size, and how often a step trains on them."""

    height: int
    width: int
    weight: float

    def batch(self, base: int) -> int:
        """Samples in a step: `base` at 256x256, and about as many pixels at other sizes."""
        fitting = base * 256 * 256 / (self.height * self.width)
        return 4 * max(1, round(min(fitting, 2 * base) / 4))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the step takes."""
    add_sprite_arguments(parser)
    parser.add_argument("--minutes", type=float, default=9.0, help="how long (default: 9)")
    parser.add_argument("--steps", type=int, help="a number of steps instead of a time")
    parser.add_argument("--batch", type=int, default=256, help="samples of 256x256 in a step")
    parser.add_argument("--rate", type=float, default=4e-4, help="peak learning rate")
    parser.add_argument("--decay", action="store_true", help="lower the rate to zero: the last run")
    parser.add_argument(
        "--sizes", default="256:1", help='pixels and shares: "256:6,128:3,192x320:1" (HxW)'
    )
    parser.add_argument(
        "--start",
        type=Path,
        help="a 'weights' or model folder to begin with where there is no state yet",
    )
    parser.add_argument(
        "--deeper", action="store_true", help="give what --start names a stage more: twice the side"
    )
    parser.add_argument("--vae", type=Path, help="its folder, or a model's (default: vae)")
    parser.add_argument("--out", type=Path, help="checkpoint folder (default: denoiser)")
    parser.add_argument(
        "--text",
        type=Path,
        default=ROOT / "resources" / "starter-model",
        help="a model folder whose tokenizer and text encoder are used",
    )
    parser.add_argument("--compile", action="store_true", help="compile the common sizes (GPU)")
    parser.add_argument("--channels-last", action="store_true", help="keep channels innermost")


def run(options: argparse.Namespace) -> int:
    """Train until the time is over; write what to train on with, and what to use."""
    if options.compile and pick_device().type == "cpu":
        # torch 2.13 gives gradients of many weights there as if they were zero.
        print("--compile is for GPUs: what it makes for a CPU learns badly. Leave it out.")
        return 2
    budget = Budget(options.minutes, options.steps)
    out: Path = options.out or options.work / "denoiser"
    begun = (out / "state").is_dir()
    source: Path | None = out / "state" if begun else options.start
    try:
        start = read_denoiser(source) if source is not None else None
        if options.deeper and not begun:
            if start is None:
                raise CheckpointError("--deeper needs weights to begin with: name --start.")
            start = deepened(start)
        training = _set_up(options, start.facts["config"] if start else DENOISER_SHAPE)
        if start is not None:
            training.resume(start)
            print(f"going on from {source} after {training.step} steps")
    except (CheckpointError, ValueError) as error:
        print(error)
        return 2
    if options.compile:
        training.compile()
    before, saved = training.history, budget.seconds
    samples = 0
    meter = Meter()
    for rate in rates(budget, options.rate, options.decay):
        loss, count = training.advance(rate)
        samples += count
        meter.add(training.step, loss, count, rate)
        if budget.seconds - saved > SAVE_SECONDS:
            training.history = with_run(before, training.device, budget, samples)
            save(training, out)
            saved = budget.seconds
    training.history = with_run(before, training.device, budget, samples)
    save(training, out)
    print(f"{out}: step {training.step}, {samples} samples in {budget.seconds:.0f} s")
    return 0


def _set_up(options: argparse.Namespace, shape: Mapping[str, Any]) -> DenoiserTraining:
    device = pick_device()
    scenery = load_scenery(options.work, options.nouns, options.styles, device)
    latents = LatentMaker(read_vae(options.vae or options.work / "vae"))
    return DenoiserTraining(
        scenery,
        latents,
        TextReader(options.text, device),
        parse_sizes(options.sizes),
        options.batch,
        shape,
        torch.channels_last if options.channels_last else torch.contiguous_format,
    )


def parse_sizes(text: str) -> tuple[Bucket, ...]:
    """Read "256:6,128:3,192x320:1". Raises ValueError with a whole sentence for anything else."""
    buckets = []
    for entry in text.split(","):
        size, _, weight = entry.partition(":")
        height, _, width = size.partition("x")
        if not (height.isdigit() and (width or height).isdigit()):
            raise ValueError(f"'{entry}' does not name a size: write 256 or 192x320 (HxW).")
        bucket = Bucket(int(height), int(width or height), float(weight or 1))
        # The denoiser halves latents twice.
        if bucket.height % (4 * FACTOR) or bucket.width % (4 * FACTOR) or bucket.weight <= 0:
            raise ValueError(f"'{entry}' does not fit: sides are multiples of {4 * FACTOR}.")
        buckets.append(bucket)
    return tuple(buckets)


class LatentMaker:
    """A frozen autoencoder: pictures to latents of deviation 1."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.facts = checkpoint.facts
        network = make_vae(self.facts["config"])
        network.load_state_dict(dict(checkpoint.tensors))
        self._network = network.eval().requires_grad_(False)
        self._ready: torch.device | None = None

    @torch.no_grad()
    def encode(self, pictures: Tensor) -> Tensor:
        """float16 [B, 8, h / 8, w / 8] of float32 [B, 3, h, w] in -1 .. 1."""
        if self._ready != pictures.device:
            self._ready = pictures.device
            nn.Module.to(self._network, pictures.device, torch.bfloat16)
            self._network.to(memory_format=torch.channels_last)
        half = pictures.to(torch.bfloat16, memory_format=torch.channels_last)
        parts = [self._network.encode(part).latents for part in torch.split(half, PORTION)]
        scaled: Tensor = torch.cat(parts).float().contiguous() / self.facts["deviation"]
        return scaled.half()


class DenoiserTraining:
    """A learner, the scenes it sees, and how far it is."""

    def __init__(
        self,
        scenery: Scenery,
        latents: LatentMaker,
        text: TextReader,
        buckets: Sequence[Bucket],
        batch: int,
        shape: Mapping[str, Any],
        layout: torch.memory_format,
    ) -> None:
        self.device = scenery.device
        self._scenery, self._latents, self._text = scenery, latents, text
        self._buckets, self._batch, self._layout = buckets, batch, layout
        torch.manual_seed(0)  # the weights it begins with
        network = make_denoiser(shape).to(self.device, memory_format=layout)
        self.learner = Learner(network, torch.bfloat16)
        self._signal = signal_levels(self.device)
        self._focus = [focus(bucket, self._signal) for bucket in buckets]
        self._pools = [Pool(self._maker(bucket)) for bucket in buckets]
        self._networks: list[Any] = [network] * len(buckets)
        self.step = 0
        self._draws: dict[str, int] = {}  # by size: how often its pool was drawn from
        self.history: list[Any] = []

    def compile(self) -> None:
        """Compile for the sizes that a fifth of all steps see, or more: each takes a minute."""
        total = sum(bucket.weight for bucket in self._buckets)
        compiled = torch.compile(self.learner.network, dynamic=False)
        for index, bucket in enumerate(self._buckets):
            if bucket.weight / total >= 0.2:
                self._networks[index] = compiled

    def resume(self, checkpoint: Checkpoint) -> None:
        """Go on from a state, bit for bit, or from weights alone with a fresh optimiser."""
        facts = checkpoint.facts
        self.step, self.history = facts["step"], facts["history"]
        self._draws = dict(facts["draws"])
        if "updates" in facts:
            self.learner.restore(checkpoint.tensors, facts["updates"])
        else:
            self.learner.start_from(checkpoint.tensors)

    def advance(self, rate: float) -> tuple[Tensor, int]:
        """One training step; gives its loss, on the device, and its number of samples."""
        # From the CPU, so that choosing a size never waits for the device.
        pick = torch.rand(1, generator=step_generator(3, self.step, torch.device("cpu"))).item()
        index = self._choose(pick)
        bucket = self._buckets[index]
        count = bucket.batch(self._batch)
        generator = step_generator(4, self.step, self.device)
        name = f"{bucket.height}x{bucket.width}"
        number = self._draws.get(name, 0)
        latents, captions = self._pools[index].draw(number, count, generator)
        loss = self._loss(index, latents.float(), captions, generator)
        self.learner.step(loss, rate)
        self._draws[name] = number + 1
        self.step += 1
        return loss, count

    def facts(self) -> dict[str, Any]:
        """What a checkpoint says beside its tensors, the optimiser's part left out."""
        return {
            "step": self.step,
            "draws": self._draws,
            "history": self.history,
            "config": shape_of(self.learner.network),
            "nouns": list(self._scenery.grammar.nouns),
            "styles": sorted({sprite.style for sprite in self._scenery.sprites.sprites}),
        }

    def _choose(self, pick: float) -> int:
        total = sum(bucket.weight for bucket in self._buckets)
        reached = 0.0
        for index, bucket in enumerate(self._buckets):
            reached += bucket.weight / total
            if pick < reached:
                return index
        return len(self._buckets) - 1

    def _maker(self, bucket: Bucket) -> Any:
        count = bucket.batch(self._batch) * BATCHES

        def make(chunk: int) -> tuple[Tensor, ...]:
            purpose = f"denoiser {bucket.height}x{bucket.width}"
            scenes = self._scenery.scenes(purpose, chunk, count)
            pictures = self._scenery.render(scenes, (bucket.height, bucket.width))
            captions = self._text.read([scene.caption for scene in scenes])
            return self._latents.encode(pictures), captions

        return make

    def _loss(
        self, bucket: int, clean: Tensor, captions: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Mean squared error of v, all timesteps alike."""
        count = len(clean)
        bare = torch.rand(count, 1, 1, generator=generator, device=self.device) < UNCAPTIONED
        condition = torch.where(bare, self._text.empty, captions)
        timesteps = draw_timesteps(count, self._focus[bucket], generator)
        noise = torch.randn(clean.shape, generator=generator, device=self.device)
        noisy, wanted = mixed(clean, noise, timesteps, self._signal)
        with quick_attention(self.device):
            said = self._networks[bucket](
                noisy.to(torch.bfloat16, memory_format=self._layout),
                timesteps,
                encoder_hidden_states=condition.to(torch.bfloat16),
                return_dict=False,
            )[0]
        loss: Tensor = (said.float() - wanted).square().mean()
        return loss


def quick_attention(device: torch.device) -> AbstractContextManager[None]:
    """Attention in the form that trains fastest.

    On a CPU the fused kernel's way back takes a fifth of a step, plain products next to nothing.
    """
    return sdpa_kernel(SDPBackend.MATH) if device.type == "cpu" else nullcontext()


def mixed(
    clean: Tensor, noise: Tensor, timesteps: Tensor, signal: tuple[Tensor, Tensor]
) -> tuple[Tensor, Tensor]:
    """What the network is shown, and v, what it has to say: float32, in the shape of `clean`.

    v = alpha * noise - sigma * clean: Salimans & Ho 2022, arXiv:2202.00512.
    """
    alpha, sigma = (level[timesteps].view(-1, 1, 1, 1) for level in signal)
    return alpha * clean + sigma * noise, alpha * noise - sigma * clean


def focus(bucket: Bucket, signal: tuple[Tensor, Tensor]) -> tuple[int, int]:
    """FOCUS for pictures of this size. Waits for the device.

    Twice the side takes twice the noise, of signal, to hide the same shape: Hoogeboom et al. 2023,
    "simple diffusion", arXiv:2301.11093.
    """
    alpha, sigma = signal
    ratios = sigma / alpha  # rising, to infinity
    larger = math.sqrt(bucket.height * bucket.width) / 128
    low, high = torch.searchsorted(ratios, ratios[list(FOCUS)] * larger).tolist()
    return low, high


def draw_timesteps(count: int, focus: tuple[int, int], generator: torch.Generator) -> Tensor:
    """int64 [count] of 0 .. 999: half of them from anywhere, half from `focus`."""
    uniform = torch.rand(count, generator=generator, device=generator.device)
    steps = uniform * 1000
    low, high = focus
    steps[::2] = low + uniform[::2] * (high - low)
    return steps.long().clamp(max=999)


def save(training: DenoiserTraining, out: Path) -> None:
    """Write `state`, all in float32, and `weights`, the average in float16 (62 MB)."""
    facts = training.facts()
    state = training.learner.state()
    checkpoints.write(out / "state", state, {**facts, "updates": training.learner.updates})
    average = {name: tensor.half() for name, tensor in training.learner.average().items()}
    checkpoints.write(out / "weights", average, facts)
