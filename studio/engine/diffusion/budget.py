"""What a job will need at its peak, and whether there is as much, before anything runs."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open

from studio.core.errors import UserError
from studio.core.picture import Size
from studio.engine.diffusion.device import Device
from studio.engine.diffusion.passes import Pass
from studio.engine.diffusion.vae import WHOLE, WHOLES
from studio.engine.machine import available_memory
from studio.engine.models.info import GET_ANOTHER, ModelInfo, Part, read_json

UNET = 40
"""Numbers that a UNet has in memory at its peak, for each latent pixel, channel of its first
block and picture in the batch. Measured on UNets of 22 and 860 million parameters: 15 to 37, the
least where the first block is the narrowest by far; on transformers, for each token and number in
it: 16 to 45."""

VAE = {"AutoencoderKL": 14, "AutoencoderKLFlux2": 14, "AutoencoderTiny": 6}
"""The same for decoding, for each pixel that is decoded at once: 10 to 13, and 4.3 to 5.8."""

PICTURE = 40
"""Bytes for each pixel of the largest picture: itself, its source, and its bands as floats."""

SPARE = 256 * 2**20
"""Bytes that are left to everything else."""

NATIVE = 5 / 4
"""Of the area that a model makes best: as far as a picture of another shape goes beyond it."""

SCALES = tuple(0.9**power for power in range(1, 20))
"""Of the sides asked for: what is tried in search of a size that fits."""

Smaller = Callable[[float], tuple[Size, Sequence[Pass]]]
"""A job with its sides scaled: its size, and its passes."""


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes that can be taken without swapping; None where that is not known.

    `free` are on the device. `waiting` are in main memory, for weights that come to the device
    when they are needed: 0 where the device computes in main memory itself.
    """

    free: int | None
    waiting: int | None = 0


@dataclass(frozen=True, slots=True)
class Means:
    """How sparingly a job is done.

    The VAE works on `whole` pixels at once. The device holds `resident` bytes of weights at a
    time, or all of them where that is None.
    """

    whole: int
    resident: int | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    """What a model takes on a device: bytes at rest, and for each pixel at work.

    `parts` are the weights of each part in the device's precision, `layer` those of the largest
    layer; `unet` is for one latent pixel of one picture in the batch, `vae` for one pixel;
    `granularity` is the side of a latent pixel. With all the memory there could be, the VAE
    works on `whole` pixels at once.
    """

    parts: tuple[int, ...]
    layer: int
    unet: int
    vae: int
    granularity: int
    whole: int = WHOLE

    @property
    def weights(self) -> int:
        """Bytes of all parts."""
        return sum(self.parts)

    @classmethod
    def of(cls, info: ModelInfo, device: Device) -> "Budget":
        """From the model's configs and the shapes in its files; nothing is loaded.

        Raises UserError where they are damaged.
        """
        width = device.dtype.itemsize
        vae = VAE[info.part("vae").kind]
        tensors = [_numbers(part) for part in info.parts]
        return cls(
            parts=tuple(sum(numbers) * width for numbers in tensors),
            layer=max(max(numbers, default=0) for numbers in tensors) * width,
            unet=UNET * _channels(info.part(info.denoiser)) * width,
            vae=vae * _channels(info.part("vae")) * width,
            granularity=info.rule.granularity,
            whole=_whole(info, device),
        )

    def peak(self, passes: Sequence[Pass], batch: int, whole: int) -> int:
        """Bytes beside the weights while the passes run; the VAE decodes `whole` pixels at once."""
        if not passes:
            return 0
        areas = [min(plan.size.pixels, (plan.tile or math.inf) ** 2) for plan in passes]
        seen, largest = max(areas), max(plan.size.pixels for plan in passes)
        painting = self.unet * batch * seen / self.granularity**2
        decoding = self.vae * min(largest, whole)
        return int(max(painting, decoding)) + PICTURE * largest


def room_on(device: Device, held: int = 0) -> Room:
    """What torch can take there, as if nothing was loaded; `held` of its main memory is."""
    main = available_memory()
    if main is not None:
        main += held
    if device.name in ("cuda", "xpu"):
        free, _ = torch.accelerator.get_memory_info()
        return Room(free + torch.accelerator.memory_reserved(), main)
    return Room(main if device.name == "cpu" else None)


def fitting(
    budget: Budget,
    room: Room,
    passes: Sequence[Pass] = (),
    batch: int = 1,
    smaller: Smaller | None = None,
) -> Means:
    """The least sparing means by which a job fits; its weights are counted as still to be loaded.

    Raises UserError where none does, with a size that would fit if `smaller` knows one.
    """
    if means := _means(budget, room, passes, batch):
        return means
    assert room.free is not None
    need = budget.weights + budget.peak(passes, batch, WHOLES[-1]) + SPARE
    remedy = "Close other programs, or choose a smaller model."
    for size, plans in map(smaller, SCALES) if smaller else ():
        if _means(budget, room, plans, batch):
            remedy = f"Choose at most {size}, or close other programs."
            break
    raise UserError(
        f"This takes about {_gigabytes(need)} of memory, and {_gigabytes(room.free)} are free.",
        remedy,
    )


def _means(budget: Budget, room: Room, passes: Sequence[Pass], batch: int) -> Means | None:
    """Smaller tiles for the VAE come first, as they cost no time; then weights that wait."""
    if room.free is None:
        return Means(budget.whole)
    wholes = (budget.whole, *WHOLES)
    rests = {whole: room.free - SPARE - budget.peak(passes, batch, whole) for whole in wholes}
    for whole, rest in rests.items():
        if budget.weights <= rest:
            return Means(whole)
    if room.waiting is not None and room.waiting < budget.weights:
        return None
    for whole in WHOLES:
        if budget.layer <= rests[whole]:
            return Means(whole, rests[whole])
    return None


def _whole(info: ModelInfo, device: Device) -> int:
    """On a GPU as many pixels as the model's best pictures have: tiles overlap, which takes half as
    long again. On a CPU a single layer of that would take seconds, and nothing is cancelled in one.
    """
    if device.name == "cpu":
        return WHOLE
    return max(WHOLE, int(info.rule.native.pixels * NATIVE))


def _numbers(part: Part) -> list[int]:
    """How many numbers each of a part's weights are."""
    return [count for file in part.weights for count in _numbers_in(file, part.layout.prefix)]


def _numbers_in(file: Path, prefix: str) -> list[int]:
    try:
        with safe_open(file, framework="pt") as weights:
            names = [name for name in weights.keys() if name.startswith(prefix)]  # noqa: SIM118
            return [math.prod(weights.get_slice(name).get_shape()) for name in names]
    except SafetensorError as error:
        raise UserError(f"The weights in {file} are damaged.", GET_ANOTHER) from error


def _channels(part: Part) -> int:
    """How many channels a part's first block has, or each token of a transformer."""
    match read_json(part.config):
        case {"block_out_channels": [int(channels), *_]} | {"dim": int(channels)}:
            return channels
        case {"num_attention_heads": int(heads), "attention_head_dim": int(channels)}:
            return heads * channels
    raise UserError(f"The config of the model's {part.name} lists no channels.", GET_ANOTHER)


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB"
