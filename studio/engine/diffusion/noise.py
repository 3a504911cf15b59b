"""The noise of one picture, the same on every device."""

import hashlib
import math
from typing import Protocol

import torch
from torch import Tensor

from studio.core.request import GenerationRequest, NoiseMode

BLOCK = 64
"""Latent pixels along an edge of the squares that a noise canvas is drawn in."""

Shape = tuple[int, int, int, int]
"""Latents: 1, channels, height, width."""


class Noise(Protocol):
    """Standard normal noise in the latents' shape, float32, one piece after another."""

    def draw(self) -> Tensor:
        """The next noise. The first one starts the picture."""
        ...


def noise_for(request: GenerationRequest, shape: Shape, device: str) -> Noise:
    """The noise that a request asks for: its seed's, or a blend with its variation seed's."""
    if request.variation == 0:
        return _noise_of(request.seed, shape, device, request.noise)
    noise = _noise_of(request.seed, shape, "cpu", request.noise)
    other = _noise_of(request.variation_seed, shape, "cpu", request.noise)
    return VariedNoise(noise, other, request.variation, device)


def _noise_of(seed: int, shape: Shape, device: str, mode: NoiseMode) -> Noise:
    kind = CanvasNoise if mode == "canvas" else NoiseSource
    return kind(seed, shape, device)


class NoiseSource:
    """Noise from one CPU generator, so that a seed means one picture everywhere."""

    def __init__(self, seed: int, shape: tuple[int, ...], device: str) -> None:
        self._generator = torch.Generator("cpu").manual_seed(seed)
        self._shape = shape
        self._device = device

    def draw(self) -> Tensor:
        """The next noise."""
        noise = torch.randn(self._shape, generator=self._generator, dtype=torch.float32)
        return noise.to(self._device)


class CanvasNoise:
    """Noise cut from the middle of a canvas without end, which a seed fixes.

    Two shapes share what both cover. The canvas consists of blocks, each with a generator of its
    own, and only those in reach are drawn.
    """

    def __init__(self, seed: int, shape: Shape, device: str) -> None:
        _, self._channels, self._height, self._width = shape
        self._device = device
        self._rows, self._top = _reach(self._height)
        self._columns, self._left = _reach(self._width)
        self._generators = {
            (row, column): torch.Generator("cpu").manual_seed(_block_seed(seed, row, column))
            for row in self._rows
            for column in self._columns
        }

    def draw(self) -> Tensor:
        """The next noise."""
        canvas = torch.cat([self._row(row) for row in self._rows], 1)
        down = slice(self._top, self._top + self._height)
        across = slice(self._left, self._left + self._width)
        return canvas[None, :, down, across].contiguous().to(self._device)

    def _row(self, row: int) -> Tensor:
        shape = (self._channels, BLOCK, BLOCK)
        generators = [self._generators[row, column] for column in self._columns]
        return torch.cat([torch.randn(shape, generator=each) for each in generators], 2)


def _reach(length: int) -> tuple[range, int]:
    """The blocks that `length` pixels around the origin touch, and where among them they start."""
    start = -(length // 2)
    blocks = range(start // BLOCK, (start + length - 1) // BLOCK + 1)
    return blocks, start - blocks.start * BLOCK


def _block_seed(seed: int, row: int, column: int) -> int:
    digest = hashlib.sha256(f"{seed} {row} {column}".encode()).digest()
    return int.from_bytes(digest[:8], "big")


class VariedNoise:
    """From one noise on the CPU (`amount` 0) to another (1), each piece on its own."""

    def __init__(self, noise: Noise, other: Noise, amount: float, device: str) -> None:
        self._noise = noise
        self._other = other
        self._amount = amount
        self._device = device

    def draw(self) -> Tensor:
        """The next noise."""
        return slerp(self._noise.draw(), self._other.draw(), self._amount).to(self._device)


def slerp(one: Tensor, other: Tensor, amount: float) -> Tensor:
    """Spherical interpolation of two noises; exactly the first at 0, and the second at 1.

    Shoemake 1985, "Animating Rotation with Quaternion Curves". A plain blend of independent
    noises would have too little spread (0.71 halfway), and give dull pictures.
    """
    if amount in (0.0, 1.0):
        return other if amount else one
    flat, other_flat = one.double().flatten(), other.double().flatten()
    cosine = float(flat @ other_flat / (flat.norm() * other_flat.norm()))
    angle = math.acos(min(max(cosine, -1.0), 1.0))
    if math.sin(angle) < 1e-6:  # the same noise twice
        return one
    first, second = math.sin((1 - amount) * angle), math.sin(amount * angle)
    return (one * first + other * second) / math.sin(angle)


def upsampled(noise: Tensor, fresh: Tensor) -> Tensor:
    """White noise in the larger shape of `fresh` that looks like `noise` from afar.

    It is `fresh`, on the condition that its area averages (brought to unit spread) are `noise`:
    no pixel depends on another, as in any other noise, and where the shape is a whole multiple,
    averaging gives back `noise / factor`. After Chang et al. 2024, "How I Warped Your Noise",
    here for any factor from 1 on. Both are float32 on the CPU; raises ValueError where `fresh`
    is smaller.
    """
    rows = _averages(noise.shape[2], fresh.shape[2])
    columns = _averages(noise.shape[3], fresh.shape[3])
    missing = noise - rows @ fresh @ columns.T
    return fresh + rows.T @ missing @ columns


def _averages(few: int, many: int) -> Tensor:
    """Area averages of `many` numbers as a matrix [few, many] with orthonormal rows.

    Between factors that are not whole, neighbours share a number, and the plain averages would
    not be independent; the symmetric orthogonalisation is the nearest matrix whose are.
    """
    if many < few:
        raise ValueError(f"{few} noise values cannot be upsampled to {many}")
    edges = torch.arange(few + 1, dtype=torch.float64) * many / few
    places = torch.arange(many, dtype=torch.float64)
    low = torch.maximum(edges[:-1, None], places)
    high = torch.minimum(edges[1:, None], places + 1)
    overlap = (high - low).clamp(min=0)
    left, _, right = torch.linalg.svd(overlap, full_matrices=False)
    nearest: Tensor = left @ right
    return nearest.float()
