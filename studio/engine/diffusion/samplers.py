"""Samplers: how one step leads from a noise level to the next, given the guess at the picture.

All work in sigma space (Karras et al. 2022, "Elucidating the Design Space of Diffusion-Based
Generative Models", arXiv:2206.00364): x = x0 + sigma * noise. Formulas as in k-diffusion, and for
UniPC as in diffusers.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from studio.core.request import Sampler

Step = Callable[[Tensor, Tensor, float, float], Tensor]
"""(x, x0, sigma, next sigma) -> x at the next sigma. Used once per step, in order."""

Draw = Callable[[], Tensor]

Guess = Callable[[Tensor, float], Tensor]
"""(x, sigma) -> x0: the model itself, for samplers that ask it more than once a step."""


def make_step(sampler: Sampler, draw: Draw, guess: Guess) -> Step:
    """The step function for one run of a sampler.

    `draw` gives fresh noise to those that need some, in the order in which they need it.
    """
    steps: dict[Sampler, Step] = {
        "euler": _euler,
        "euler-a": lambda x, x0, sigma, after: _euler_ancestral(x, x0, sigma, after, draw),
        "dpm++2m": _DpmSolver2M(),
        "dpm++sde": lambda x, x0, sigma, after: _dpm_sde(x, x0, sigma, after, draw, guess),
        "unipc": _UniPc(),
        "lcm": lambda _x, x0, _sigma, after: x0 + draw() * after if after > 0 else x0,
    }
    return steps[sampler]


def _euler(x: Tensor, x0: Tensor, sigma: float, after: float) -> Tensor:
    """Karras et al. 2022, algorithm 1 without its second-order correction.

    Written as a blend, because x + (x - x0) / sigma * (after - sigma) takes two numbers of the
    size of sigma from each other, and has no correct digits left where that stands for infinity.
    """
    return x * (after / sigma) + x0 * (1 - after / sigma)


def _euler_ancestral(x: Tensor, x0: Tensor, sigma: float, after: float, draw: Draw) -> Tensor:
    """Euler to below the next level, then noise up to it; eta = 1, as in k-diffusion."""
    up, down = _split(sigma, after)
    x = _euler(x, x0, sigma, down)
    return x + draw() * up if after > 0 else x


def _split(sigma: float, after: float) -> tuple[float, float]:
    """What of the next level is fresh noise, and the level below it that a step goes down to."""
    up = min(after, math.sqrt(max(0.0, after**2 * (sigma**2 - after**2) / sigma**2)))
    return up, math.sqrt(max(0.0, after**2 - up**2))


def _dpm_sde(x: Tensor, x0: Tensor, sigma: float, after: float, draw: Draw, guess: Guess) -> Tensor:
    """DPM-Solver++ (SDE) of second order in one step, r = 1/2, eta = 1: k-diffusion's dpmpp_sde.

    The guess at the middle (in log sigma) decides the step. Both noises are increments of one
    Brownian path over sigma, as there, but the path is drawn piece by piece.
    """
    if after <= 0:
        return x0
    middle = math.sqrt(sigma * after)
    first, second = draw(), draw()
    x0 = guess(_exponential(x, x0, sigma, middle, first), middle)
    whole = first * math.sqrt(sigma - middle) + second * math.sqrt(middle - after)
    return _exponential(x, x0, sigma, after, whole / math.sqrt(sigma - after))


def _exponential(x: Tensor, x0: Tensor, sigma: float, after: float, noise: Tensor) -> Tensor:
    """The exact solution to below the next level where x0 stays the same, then noise up to it."""
    up, down = _split(sigma, after)
    return _euler(x, x0, sigma, down) + noise * up


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
        return _euler(x, guess, sigma, after)


class _UniPc:
    """UniPC of order 2 with B2(h), on guesses at x0: Zhao et al. 2023, arXiv:2302.04867.

    Its predictor is a step of DPM-Solver++(2M). When the guess at the next level is there, the
    corrector takes the same step again with it.
    """

    def __init__(self) -> None:
        self._predict = _DpmSolver2M()
        self._x: Tensor | None = None  # where the last step started, corrected
        self._predicted: Tensor | None = None  # and where it led
        self._guesses: list[tuple[Tensor, float]] = []  # the last two x0, and their sigmas

    def __call__(self, x: Tensor, x0: Tensor, sigma: float, after: float) -> Tensor:
        if self._x is not None and self._predicted is not None:
            corrected = self._correct(self._x, x0, sigma)
            # What a strength map has put back since is as it should be.
            x = torch.where(x == self._predicted, corrected, x)
        self._guesses = [*self._guesses[-1:], (x0, sigma)]
        self._x, self._predicted = x, self._predict(x, x0, sigma, after)
        return self._predicted

    def _correct(self, x: Tensor, new_x0: Tensor, sigma: float) -> Tensor:
        """`x` taken from the last level to `sigma`, with the guess that was made at `sigma`."""
        x0, last = self._guesses[-1]
        step = math.log(last / sigma)
        slope = math.expm1(-step)
        change = 0.5 * (new_x0 - x0)
        if len(self._guesses) > 1:
            older_x0, older = self._guesses[-2]
            ratio = math.log(last / older) / step  # negative
            first, second = _moments(step)
            weight = (first - second) / (1 - ratio)
            change = weight / ratio * (older_x0 - x0) + (first - weight) * (new_x0 - x0)
        return x * (sigma / last) - slope * (x0 + change)


def _moments(step: float) -> tuple[float, float]:
    """The right-hand side of the equations for the corrector's weights, for a step in log sigma."""
    slope = math.expm1(-step)
    first = slope / -step - 1
    return first / slope, 2 * (first / -step - 0.5) / slope
