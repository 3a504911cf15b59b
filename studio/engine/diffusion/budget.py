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
from studio.engine.diffusion.vae import WHOLE
from studio.engine.machine import available_memory
from studio.engine.models.info import GET_ANOTHER, ModelInfo, Part, read_json

UNET = 40
"""Numbers that a UNet has in memory at its peak, for each latent pixel, channel of its first
block and picture in the batch. Measured on UNets of 21 and 860 million parameters: 19 to 37."""

VAE = {"AutoencoderKL": 14, "AutoencoderTiny": 6}
"""The same for decoding, for each pixel that is decoded at once: 10 to 13, and 4.3 to 5.8."""

PICTURE = 40
"""Bytes for each pixel of the largest picture: itself, its source, and its bands as floats."""

SPARE = 256 * 2**20
"""Bytes that are left to everything else."""

WHOLES = (WHOLE, 512**2, 384**2, 256**2)
"""Pixels that the VAE may work on at once: as many as there is memory for."""

SCALES = tuple(0.9**power for power in range(1, 20))
"""Of the sides asked for: what is tried in search of a size that fits."""

Smaller = Callable[[float], tuple[Size, Sequence[Pass]]]
"""A job with its sides scaled: its size, and its passes."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What a model takes on a device: bytes at rest, and for each pixel at work.

    `weights` counts all parts in the device's precision; `unet` is for one latent pixel of one
    picture in the batch, `vae` for one pixel; `granularity` is the side of a latent pixel.
    """

    weights: int
    unet: int
    vae: int
    granularity: int

    @classmethod
    def of(cls, info: ModelInfo, device: Device) -> "Budget":
        """From the model's configs and the shapes in its files; nothing is loaded.

        Raises UserError where they are damaged.
        """
        width = device.dtype.itemsize
        vae = VAE[info.part("vae").kind]
        return cls(
            weights=sum(_numbers(part) for part in info.parts) * width,
            unet=UNET * _channels(info.part(info.denoiser)) * width,
            vae=vae * _channels(info.part("vae")) * width,
            granularity=info.rule.granularity,
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


def free_memory(device: Device) -> int | None:
    """Bytes that torch can take on the device without swapping; None where that is not known."""
    if device.name == "cpu":
        return available_memory()
    if device.name in ("cuda", "xpu"):
        free, _ = torch.accelerator.get_memory_info()
        return free + torch.accelerator.memory_reserved() - torch.accelerator.memory_allocated()
    return None


def fitting_whole(
    budget: Budget,
    free: int | None,
    passes: Sequence[Pass] = (),
    batch: int = 1,
    smaller: Smaller | None = None,
) -> int:
    """The most pixels that the VAE may work on at once; `budget.weights` are still to be loaded.

    Raises UserError where even the fewest are too many, with what would fit if `smaller` knows.
    """
    for whole in WHOLES:
        if _fits(budget, free, passes, batch, whole):
            return whole
    assert free is not None
    need = budget.weights + budget.peak(passes, batch, WHOLES[-1]) + SPARE
    remedy = "Close other programs, or choose a smaller model."
    for size, plans in map(smaller, SCALES) if smaller else ():
        if _fits(budget, free, plans, batch, WHOLES[-1]):
            remedy = f"Choose at most {size}, or close other programs."
            break
    raise UserError(
        f"This takes about {_gigabytes(need)} of memory, and {_gigabytes(free)} are free.", remedy
    )


def _fits(budget: Budget, free: int | None, passes: Sequence[Pass], batch: int, whole: int) -> bool:
    return free is None or budget.weights + budget.peak(passes, batch, whole) + SPARE <= free


def _numbers(part: Part) -> int:
    """How many numbers a part's weights are."""
    return sum(map(_numbers_in, part.weights))


def _numbers_in(file: Path) -> int:
    try:
        with safe_open(file, framework="pt") as weights:
            names = weights.keys()
            return sum(math.prod(weights.get_slice(name).get_shape()) for name in names)
    except SafetensorError as error:
        raise UserError(f"The weights in {file} are damaged.", GET_ANOTHER) from error


def _channels(part: Part) -> int:
    """How many channels a part's first block has."""
    channels = read_json(part.config).get("block_out_channels")
    if not isinstance(channels, list) or not channels or not isinstance(channels[0], int):
        raise UserError(f"The config of the model's {part.name} lists no channels.", GET_ANOTHER)
    return channels[0]


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB"
