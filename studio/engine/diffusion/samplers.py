"""Samplers: how one step leads from a noise level to the next, given the guess at the picture.

All work in sigma space (Karras et al. 2022, "Elucidating the Design Space of Diffusion-Based
Generative Models", arXiv:2206.00364): x = x0 + sigma * noise. Formulas as in k-diffusion.
"""

import math
from collections.abc import Callable

from torch import Tensor

from studio.core.request import Sampler

Step = Callable[[Tensor, Tensor, float, float], Tensor]
"""(x, x0, sigma, next sigma) -> x at the next sigma. Used once per step, in order."""

Draw = Callable[[], Tensor]


def make_step(sampler: Sampler, draw: Draw) -> Step:
    """The step function for one run of a sampler; `draw` gives fresh noise where it needs some."""
    if sampler == "euler-a":
        return lambda x, x0, sigma, after: _euler_ancestral(x, x0, sigma, after, draw)
    if sampler == "dpm++2m":
        return _DpmSolver2M()
    return _euler


def _euler(x: Tensor, x0: Tensor, sigma: float, after: float) -> Tensor:
    """Karras et al. 2022, algorithm 1 without its second-order correction."""
    return x + (x - x0) / sigma * (after - sigma)


def _euler_ancestral(x: Tensor, x0: Tensor, sigma: float, after: float, draw: Draw) -> Tensor:
    """Euler to below the next level, then noise up to it; eta = 1, as in k-diffusion."""
    up = min(after, math.sqrt(max(0.0, after**2 * (sigma**2 - after**2) / sigma**2)))
    down = math.sqrt(max(0.0, after**2 - up**2))
    x = _euler(x, x0, sigma, down)
    return x + draw() * up if after > 0 else x


class _DpmSolver2M:
    """DPM-Solver++(2M), Lu et al. 2022, arXiv:2211.01095, algorithm 2: remembers one guess."""

    def __init__(self) -> None:
        self._before: tuple[Tensor, float] | None = None  # the last x0, and its sigma

    def __call__(self, x: Tensor, x0: Tensor, sigma: float, after: float) -> Tensor:
        guess = x0
        if self._before is not None and after > 0:
            last_x0, last_sigma = self._before
            ratio = math.log(last_sigma / sigma) / math.log(sigma / after)
            guess = x0 * (1 + 1 / (2 * ratio)) - last_x0 / (2 * ratio)
        self._before = x0, sigma
        return x * (after / sigma) + guess * (1 - after / sigma)
