"""The noise of one picture, the same on every device."""

import torch
from torch import Tensor


class NoiseSource:
    """Standard normal noise from one CPU generator, so that a seed means one picture everywhere."""

    def __init__(self, seed: int, shape: tuple[int, ...], device: str) -> None:
        self._generator = torch.Generator("cpu").manual_seed(seed)
        self._shape = shape
        self._device = device

    def draw(self) -> Tensor:
        """The next noise: float32 in the latents' shape. The first one starts the picture."""
        noise = torch.randn(self._shape, generator=self._generator, dtype=torch.float32)
        return noise.to(self._device)
