"""The one loop that every kind of picture goes through, and what steers it locally."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from studio.core.errors import UserError
from studio.engine.diffusion.families.denoiser import Predict
from studio.engine.diffusion.samplers import Step
from studio.engine.diffusion.schedules.level import Level

Hold = Callable[[Tensor, Level], Tensor]


class OutOfBounds(UserError):
    """The model's numbers are not finite. In float32 they might be, with the same seed."""

    def __init__(self) -> None:
        super().__init__(
            "The model's numbers grew out of bounds, so there is no picture to show.",
            "Try a lower guidance, or another sampler.",
        )


def denoise(
    predict: Predict,
    levels: Sequence[Level],
    x: Tensor,
    step: Step,
    hold: Hold,
    told: Callable[[Tensor], None],
) -> Tensor:
    """Take latents `x`, float32 at the first level, down to sigma 0.

    `hold` may put pixels back before each step; `told` hears the guess (x0) after each.
    Raises OutOfBounds as soon as a number is not finite.
    """
    sigmas = [level.sigma for level in levels] + [0.0]
    for index, level in enumerate(levels):
        x = hold(x, level)
        x0 = predict(x, level)
        x = step(x, x0, level.sigma, sigmas[index + 1])
        if not x.isfinite().all():
            raise OutOfBounds
        told(x0)
    return x


def hold_nothing(x: Tensor, _: Level) -> Tensor:
    """All pixels take part from the first step on."""
    return x


def hold_by_strength(clean: Tensor, noise: Tensor, values: Tensor) -> Hold:
    """Differential diffusion (Levin & Fried 2023, arXiv:2306.00950).

    A pixel takes part once no more of the run is left than its own strength in `values`
    ([1, 1, h, w], 0 .. 1); until then it is the source's latents `clean` under the same `noise`.
    """

    def hold(x: Tensor, level: Level) -> Tensor:
        return torch.where(values >= level.share, x, clean + noise * level.sigma)

    return hold
